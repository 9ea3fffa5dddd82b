"""The system log's own rows, of requests, and what other tables have to say in it. Newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.system_log import Facts, Key
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# When it was: by the database's clock, so long ago as the process says.
WRITE = Sql("""
    INSERT INTO system_log (merchant_id, mode, id, at, level, source, request_id, method, path, form, status, took_ms,
                            reason, field, actor, credential, times)
    SELECT n.merchant_id, n.mode, n.id, clock_timestamp() - n.age, n.level, n.source, n.request_id, n.method, n.path,
           n.form, n.status, n.took_ms, n.reason, n.field, n.actor, n.credential, n.times
      FROM unnest(:merchant_ids::bigint[], :modes::text[], :line_ids::uuid[], :ages::interval[], :levels::text[],
                  :sources::text[], :request_ids::text[], :methods::text[], :paths::text[], :forms::text[],
                  :statuses::smallint[], :tooks_ms::integer[], :reasons::text[], :fields::text[], :actors::text[],
                  :credentials::text[], :times::integer[])
        AS n (merchant_id, mode, id, age, level, source, request_id, method, path, form, status, took_ms, reason, field,
              actor, credential, times)
        ON CONFLICT DO NOTHING                                      -- A repeat after a commit whose answer was lost.
""")

REQUESTS = Sql("""
    SELECT l.merchant_id, l.mode, l.id, l.at, l.request_id, l.method, l.path, l.form, l.status, l.took_ms, l.reason,
           l.field, l.actor, l.credential, l.times
      FROM system_log l
     WHERE l.merchant_id = :merchant_id
       AND l.mode = :mode
       AND (l.at, l.id) < (:before_at::timestamptz, :before_id::uuid)
       AND l.at >= :from_at::timestamptz
       AND (:level::text IS NULL OR l.level = :level)
       AND (:source::text IS NULL OR l.source = :source)
       AND (:request_id::text IS NULL OR l.request_id = :request_id)
  ORDER BY l.at DESC, l.id DESC
     LIMIT :limit
""")

# An act without a mode is one of the live twin: of the merchant itself, or of its people.
ACTS = Sql("""
    SELECT a.id, a.at, a.actor, a.action, a.subject, a.request_id, a.credential
      FROM audit_log a
     WHERE a.merchant_id = :merchant_id
       AND coalesce(a.after ->> 'mode', a.before ->> 'mode', 'live') = :mode
       AND (a.at, a.id) < (:before_at::timestamptz, :before_id::bigint)
       AND a.at >= :from_at::timestamptz
       AND (:request_id::text IS NULL OR a.request_id = :request_id)
  ORDER BY a.at DESC, a.id DESC
     LIMIT :limit
""")

# Of endpoints themselves the deliveries tell.
EVENTS = Sql("""
    SELECT v.id, v.created_at, v.type, v.subject_id, v.sequence
      FROM events v
     WHERE v.merchant_id = :merchant_id
       AND v.mode = :mode
       AND v.type NOT LIKE 'webhook.%'
       AND (v.created_at, v.id) < (:before_at::timestamptz, :before_id::uuid)
       AND v.created_at >= :from_at::timestamptz
  ORDER BY v.created_at DESC, v.id DESC
     LIMIT :limit
""")

_LAST_TRY = """LEFT JOIN LATERAL (
           SELECT t.status, t.latency_ms, t.error
             FROM attempts t
            WHERE t.merchant_id = :merchant_id
              AND t.mode = :mode
              AND t.event_id = d.event_id
              AND t.endpoint_id = d.endpoint_id
         ORDER BY t.attempt DESC
            LIMIT 1) t ON true"""
_DELIVERY = """d.event_id, d.endpoint_id, d.created_at, d.state, d.attempts, v.type, t.status, t.latency_ms, t.error"""
_OF_ENDPOINT = """d.merchant_id = e.merchant_id
              AND d.mode = e.mode
              AND d.endpoint_id = e.id
              AND (d.created_at, d.event_id, d.endpoint_id)
                < (:before_at::timestamptz, :before_id::uuid, :before_endpoint::uuid)
              AND d.created_at >= :from_at::timestamptz
         ORDER BY d.created_at DESC, d.event_id DESC, d.endpoint_id DESC
            LIMIT :limit) d"""
_NEWEST = f"""JOIN events v ON v.merchant_id = :merchant_id AND v.mode = :mode AND v.id = d.event_id
      {_LAST_TRY}
     WHERE e.merchant_id = :merchant_id
       AND e.mode = :mode
  ORDER BY d.created_at DESC, d.event_id DESC, d.endpoint_id DESC
     LIMIT :limit"""

# From each endpoint the newest; of those the newest. What was not tried yet is no news.
DELIVERIES = Sql(f"""
    SELECT {_DELIVERY}
      FROM endpoints e
CROSS JOIN LATERAL (
           SELECT d.* FROM deliveries d WHERE (d.state <> 'DUE' OR d.failures > 0) AND {_OF_ENDPOINT}
      {_NEWEST}
""")  # noqa: S608 - constants of this module

DELIVERED = Sql(f"""
    SELECT {_DELIVERY}
      FROM endpoints e
CROSS JOIN LATERAL (SELECT d.* FROM deliveries d WHERE d.state = 'DELIVERED' AND {_OF_ENDPOINT}
      {_NEWEST}
""")  # noqa: S608

FAILING = Sql(f"""
    SELECT {_DELIVERY}
      FROM endpoints e
CROSS JOIN LATERAL (SELECT d.* FROM deliveries d WHERE d.state = 'DUE' AND d.failures > 0 AND {_OF_ENDPOINT}
      {_NEWEST}
""")  # noqa: S608

GIVEN_UP = Sql(f"""
    SELECT {_DELIVERY}
      FROM endpoints e
CROSS JOIN LATERAL (SELECT d.* FROM deliveries d WHERE d.state = 'DEAD' AND {_OF_ENDPOINT}
      {_NEWEST}
""")  # noqa: S608

NOW = Sql("SELECT clock_timestamp()")

PRUNE = Sql("""
    DELETE FROM system_log
     WHERE ctid = ANY (ARRAY(
           SELECT ctid
             FROM system_log
            WHERE at < clock_timestamp() - :age::interval
            LIMIT :limit
              FOR UPDATE SKIP LOCKED))
""")

# Whoever makes more lines than that keeps the newest.
PRUNE_SURPLUS = Sql("""
    DELETE FROM system_log
     WHERE ctid = ANY (ARRAY(
           SELECT s.ctid
             FROM merchants m
       CROSS JOIN unnest(ARRAY['live', 'test']) AS o (mode)
       CROSS JOIN LATERAL (
                  SELECT l.ctid
                    FROM system_log l
                   WHERE l.merchant_id = m.merchant_id AND l.mode = o.mode
                ORDER BY l.at DESC, l.id DESC
                  OFFSET :most
                   LIMIT :limit) s
            LIMIT :limit))
""")

_BY_LEVEL = {None: DELIVERIES, "info": DELIVERED, "warn": FAILING, "error": GIVEN_UP}


@dataclass(frozen=True, slots=True)
class Kept:
    """What one row says: a request, or `times` that were alike, so long ago."""

    id: UUID
    facts: Facts
    age: timedelta
    times: int = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: older than `before`, not older than `from_at`."""

    merchant_id: int
    mode: str
    from_at: datetime
    limit: int
    level: str | None = None
    source: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A row of requests."""

    id: UUID
    at: datetime
    facts: Facts
    times: int


@dataclass(frozen=True, slots=True)
class Act:
    """A row of the audit log, without what changed."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    request_id: str | None
    credential: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that became of a payment or payout."""

    id: UUID
    created_at: datetime
    type: str
    subject_id: UUID
    sequence: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that was tried, and what the last try brought."""

    event_id: UUID
    endpoint_id: UUID
    created_at: datetime
    state: str
    attempts: int
    type: str
    status: int | None
    latency_ms: int | None
    error: str | None


async def write(conn: Conn, kept: Sequence[Kept]) -> None:
    """Keep rows. Repeating it is harmless."""
    facts = [one.facts for one in kept]
    await conn.execute(
        *WRITE.bind(
            merchant_ids=[one.merchant_id for one in facts],
            modes=[one.mode for one in facts],
            line_ids=[one.id for one in kept],
            ages=[one.age for one in kept],
            levels=[one.level for one in facts],
            sources=[one.source for one in facts],
            request_ids=[one.request_id for one in facts],
            methods=[one.method for one in facts],
            paths=[one.path for one in facts],
            forms=[one.form for one in facts],
            statuses=[one.status for one in facts],
            tooks_ms=[one.took_ms for one in facts],
            reasons=[one.reason for one in facts],
            fields=[one.field for one in facts],
            actors=[one.actor for one in facts],
            credentials=[one.credential for one in facts],
            times=[one.times for one in kept],
        )
    )


async def requests(conn: Conn, wanted: Wanted, before: tuple[datetime, Key]) -> list[Request]:
    """Rows of requests."""
    rows = await conn.fetch(
        *REQUESTS.bind(
            **_bounds(wanted, before),
            before_id=UUID(int=before[1][0]),
            level=wanted.level,
            source=wanted.source,
            request_id=wanted.request_id,
        )
    )
    return [_request(row) for row in rows]


async def acts(conn: Conn, wanted: Wanted, before: tuple[datetime, Key]) -> list[Act]:
    """Rows of the audit log."""
    most = (1 << 63) - 1
    rows = await conn.fetch(
        *ACTS.bind(**_bounds(wanted, before), before_id=min(before[1][0], most), request_id=wanted.request_id)
    )
    return [Act(**row) for row in rows]


async def events(conn: Conn, wanted: Wanted, before: tuple[datetime, Key]) -> list[Event]:
    """What became of payments and payouts."""
    rows = await conn.fetch(*EVENTS.bind(**_bounds(wanted, before), before_id=UUID(int=before[1][0])))
    return [Event(**row) for row in rows]


async def deliveries(conn: Conn, wanted: Wanted, before: tuple[datetime, Key]) -> list[Delivery]:
    """Webhooks that were tried; `level`: delivered, failing, given up."""
    event, endpoint = (UUID(int=part) for part in before[1])
    statement = _BY_LEVEL[wanted.level]
    rows = await conn.fetch(*statement.bind(**_bounds(wanted, before), before_id=event, before_endpoint=endpoint))
    return [Delivery(**row) for row in rows]


async def now(conn: Conn) -> datetime:
    """What time it is."""
    at: datetime = await conn.fetchval(*NOW.bind())
    return at


async def prune(conn: Conn, age: timedelta, limit: int) -> int:
    """Forget rows that are older than *age*; how many."""
    status: str = await conn.execute(*PRUNE.bind(age=age, limit=limit))
    return int(status.rsplit(" ", 1)[1])


async def prune_surplus(conn: Conn, most: int, limit: int) -> int:
    """Forget the oldest of whoever has more than *most* rows in a mode; how many."""
    status: str = await conn.execute(*PRUNE_SURPLUS.bind(most=most, limit=limit))
    return int(status.rsplit(" ", 1)[1])


def _bounds(wanted: Wanted, before: tuple[datetime, Key]) -> dict[str, Any]:
    return {
        "merchant_id": wanted.merchant_id,
        "mode": wanted.mode,
        "from_at": wanted.from_at,
        "limit": wanted.limit,
        "before_at": before[0],
    }


def _request(row: Any) -> Request:
    facts = {name: row[name] for name in Facts.__dataclass_fields__}
    return Request(row["id"], row["at"], Facts(**facts), row["times"])
