"""What a merchant can look up of its webhooks: events, deliveries, the log of every try. Newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate.core.keys import Mode
from paygate.db.pool import Conn
from paygate.db.sql import Sql

MOST_ATTEMPTS = 50
"""Of one delivery, the latest: more there are only of one that was sent again and again by hand."""

_EVENT_COLUMNS = "v.id, v.type, v.subject_id, v.sequence, v.body, v.created_at"
_EVENT_BOUNDS = """v.merchant_id = :merchant_id
       AND v.mode = :mode
       AND (:before_at::timestamptz IS NULL OR (v.created_at, v.id) < (:before_at, :before_id::uuid))
       AND (:type::text IS NULL OR v.type = :type)
       AND (:from_at::timestamptz IS NULL OR v.created_at >= :from_at)
       AND (:to_at::timestamptz IS NULL OR v.created_at < :to_at)"""

EVENTS = Sql(f"""
    SELECT {_EVENT_COLUMNS}
      FROM events v
     WHERE {_EVENT_BOUNDS}
  ORDER BY v.created_at DESC, v.id DESC
     LIMIT :limit
""")  # noqa: S608 - constants of this module

# About one payment or endpoint: they are few, found by their own index.
EVENTS_ABOUT = Sql(f"""
      WITH v AS MATERIALIZED (
    SELECT *
      FROM events
     WHERE merchant_id = :merchant_id AND mode = :mode AND subject_id = :subject_id)
    SELECT {_EVENT_COLUMNS}
      FROM v
     WHERE {_EVENT_BOUNDS}
  ORDER BY v.created_at DESC, v.id DESC
     LIMIT :limit
""")  # noqa: S608

EVENT = Sql(f"""
    SELECT {_EVENT_COLUMNS} FROM events v WHERE v.merchant_id = :merchant_id AND v.mode = :mode AND v.id = :id
""")  # noqa: S608

_DELIVERY = """d.event_id, d.endpoint_id, d.state, d.attempts, d.run_at, d.created_at, d.finished_at, d.lease_id,
           v.type, v.subject_id, e.url, e.format, CASE WHEN e.format = 'paygate' THEN v.body ELSE b.body END AS body"""
_BESIDE = """JOIN events v ON v.merchant_id = d.merchant_id AND v.mode = d.mode AND v.id = d.event_id
 LEFT JOIN event_bodies b ON b.merchant_id = d.merchant_id AND b.mode = d.mode AND b.event_id = d.event_id
       AND b.format = e.format"""
_WITHIN = """d.merchant_id = e.merchant_id
              AND d.mode = e.mode
              AND d.endpoint_id = e.id
              AND (:before_at::timestamptz IS NULL
                   OR (d.created_at, d.event_id, d.endpoint_id)
                    < (:before_at, :before_id::uuid, :before_endpoint::uuid))
              AND (:from_at::timestamptz IS NULL OR d.created_at >= :from_at)
              AND (:to_at::timestamptz IS NULL OR d.created_at < :to_at)
         ORDER BY d.created_at DESC, d.event_id DESC, d.endpoint_id DESC
            LIMIT :limit"""
_OF_ENDPOINTS = """WHERE e.merchant_id = :merchant_id
       AND e.mode = :mode
       AND (:endpoint_id::uuid IS NULL OR e.id = :endpoint_id)
  ORDER BY d.created_at DESC, d.event_id DESC, d.endpoint_id DESC
     LIMIT :limit"""

# From each endpoint, which has an index of its own for each of these, the newest; of those the newest.
DELIVERIES = Sql(f"""
    SELECT {_DELIVERY}
      FROM endpoints e
CROSS JOIN LATERAL (SELECT d.* FROM deliveries d WHERE (:state::text IS NULL OR d.state = :state) AND {_WITHIN}) d
      {_BESIDE}
     {_OF_ENDPOINTS}
""")  # noqa: S608

DELIVERIES_DUE = Sql(f"""
    SELECT {_DELIVERY}
      FROM endpoints e
CROSS JOIN LATERAL (SELECT d.* FROM deliveries d WHERE d.state = 'DUE' AND {_WITHIN}) d
      {_BESIDE}
     {_OF_ENDPOINTS}
""")  # noqa: S608

DELIVERIES_DEAD = Sql(f"""
    SELECT {_DELIVERY}
      FROM endpoints e
CROSS JOIN LATERAL (SELECT d.* FROM deliveries d WHERE d.state = 'DEAD' AND {_WITHIN}) d
      {_BESIDE}
     {_OF_ENDPOINTS}
""")  # noqa: S608

DELIVERIES_OF_EVENT = Sql(f"""
    SELECT {_DELIVERY}
      FROM deliveries d
      JOIN endpoints e ON e.merchant_id = d.merchant_id AND e.mode = d.mode AND e.id = d.endpoint_id
      {_BESIDE}
     WHERE d.merchant_id = :merchant_id
       AND d.mode = :mode
       AND d.event_id = :event_id
       AND (:endpoint_id::uuid IS NULL OR d.endpoint_id = :endpoint_id)
       AND (:state::text IS NULL OR d.state = :state)
       AND (:before_at::timestamptz IS NULL
            OR (d.created_at, d.event_id, d.endpoint_id) < (:before_at, :before_id::uuid, :before_endpoint::uuid))
       AND (:from_at::timestamptz IS NULL OR d.created_at >= :from_at)
       AND (:to_at::timestamptz IS NULL OR d.created_at < :to_at)
  ORDER BY d.created_at DESC, d.event_id DESC, d.endpoint_id DESC
     LIMIT :limit
""")  # noqa: S608

ATTEMPTS = Sql("""
    SELECT a.*
      FROM unnest(:event_ids::uuid[], :endpoint_ids::uuid[]) AS w (event_id, endpoint_id)
CROSS JOIN LATERAL (
           SELECT t.event_id, t.endpoint_id, t.attempt, t.at, t.status, t.latency_ms, t.request_headers,
                  t.response_headers, t.response_head, t.error
             FROM attempts t
            WHERE t.merchant_id = :merchant_id
              AND t.mode = :mode
              AND t.event_id = w.event_id
              AND t.endpoint_id = w.endpoint_id
         ORDER BY t.attempt DESC
            LIMIT :most) a
  ORDER BY a.attempt
""")

_BY_STATE = {"DUE": DELIVERIES_DUE, "DEAD": DELIVERIES_DEAD}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, as it was written: `body` is the text of format paygate."""

    id: UUID
    type: str
    subject_id: UUID
    sequence: int
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EventPage:
    """What a list of events is asked for. Times are half-open; `before` is the last row of the page before."""

    limit: int
    type: str | None = None
    subject_id: UUID | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    before: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One try of a delivery. Headers are lines of `name: value`; `response_head` is the beginning of the body."""

    attempt: int
    at: datetime
    status: int | None
    latency_ms: int
    request_headers: str
    response_headers: str
    response_head: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to one endpoint. `body` None: it was never written in the endpoint's format yet."""

    event_id: UUID
    endpoint_id: UUID
    type: str
    subject_id: UUID
    url: str
    format: str
    body: str | None
    state: str  # DUE, DELIVERED, DEAD.
    under_way: bool
    attempts: int
    run_at: datetime
    created_at: datetime
    finished_at: datetime | None
    tries: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """What a list of deliveries is asked for; see EventPage."""

    limit: int
    endpoint_id: UUID | None = None
    event_id: UUID | None = None
    state: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    before: tuple[datetime, UUID, UUID] | None = None


async def events(conn: Conn, merchant_id: int, mode: Mode, page: EventPage) -> list[Event]:
    """A page of events."""
    before_at, before_id = page.before or (None, None)
    values = {
        "merchant_id": merchant_id,
        "mode": mode,
        "type": page.type,
        "from_at": page.from_at,
        "to_at": page.to_at,
        "before_at": before_at,
        "before_id": before_id,
        "limit": page.limit,
    }
    if page.subject_id is not None:
        rows = await conn.fetch(*EVENTS_ABOUT.bind(**values, subject_id=page.subject_id))
    else:
        rows = await conn.fetch(*EVENTS.bind(**values))
    return [Event(**row) for row in rows]


async def event(conn: Conn, merchant_id: int, mode: Mode, event_id: UUID) -> Event | None:
    """One event of a merchant."""
    row = await conn.fetchrow(*EVENT.bind(merchant_id=merchant_id, mode=mode, id=event_id))
    return Event(**row) if row else None


async def deliveries(conn: Conn, merchant_id: int, mode: Mode, page: DeliveryPage) -> list[Delivery]:
    """A page of deliveries with their tries."""
    before_at, before_id, before_endpoint = page.before or (None, None, None)
    values = {
        "merchant_id": merchant_id,
        "mode": mode,
        "endpoint_id": page.endpoint_id,
        "from_at": page.from_at,
        "to_at": page.to_at,
        "before_at": before_at,
        "before_id": before_id,
        "before_endpoint": before_endpoint,
        "limit": page.limit,
    }
    if page.event_id is not None:
        rows = await conn.fetch(*DELIVERIES_OF_EVENT.bind(**values, event_id=page.event_id, state=page.state))
    elif page.state in _BY_STATE:
        rows = await conn.fetch(*_BY_STATE[page.state].bind(**values))
    else:
        rows = await conn.fetch(*DELIVERIES.bind(**values, state=page.state))
    tries = await _tries(conn, merchant_id, mode, rows)
    return [_delivery(row, tries) for row in rows]


_Tries = dict[tuple[UUID, UUID], list[Tried]]


async def _tries(conn: Conn, merchant_id: int, mode: Mode, of: Sequence[Any]) -> _Tries:
    rows = await conn.fetch(
        *ATTEMPTS.bind(
            merchant_id=merchant_id,
            mode=mode,
            event_ids=[row["event_id"] for row in of],
            endpoint_ids=[row["endpoint_id"] for row in of],
            most=MOST_ATTEMPTS,
        )
    )
    found: _Tries = {}
    for row in rows:
        values = dict(row)
        key = (values.pop("event_id"), values.pop("endpoint_id"))
        found.setdefault(key, []).append(Tried(**values))
    return found


def _delivery(row: Any, tries: _Tries) -> Delivery:
    values = dict(row)
    under_way = values.pop("lease_id") is not None and row["state"] == "DUE"
    return Delivery(**values, under_way=under_way, tries=tuple(tries.get((row["event_id"], row["endpoint_id"]), ())))
