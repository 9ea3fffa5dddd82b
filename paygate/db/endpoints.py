"""Endpoints: where a merchant wants to hear of events. A deleted one is there for its log alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.keys import Mode
from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = """merchant_id, mode, id, url, events, format, description, failing_since, disabled_at, disabled_reason,
           CASE WHEN old_until > statement_timestamp() THEN old_until END AS old_until, created_at"""

# Who adds an endpoint locks the merchant's row first, so that two at once cannot both be the last one allowed.
LOCK_MERCHANT = Sql("SELECT 1 FROM merchants WHERE merchant_id = :merchant_id FOR NO KEY UPDATE")

COUNT = Sql("""
    SELECT count(*) FROM endpoints WHERE merchant_id = :merchant_id AND mode = :mode AND deleted_at IS NULL
""")

INSERT = Sql(f"""
    INSERT INTO endpoints (merchant_id, mode, id, url, events, format, description, secret)
    VALUES (:merchant_id, :mode, :id, :url, :events, :format, :description, :secret)
 RETURNING {COLUMNS}
""")  # noqa: S608 - a constant of this module

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM endpoints
     WHERE merchant_id = :merchant_id AND mode = ANY(:modes::text[]) AND deleted_at IS NULL
  ORDER BY mode, created_at, id
""")  # noqa: S608

GET = Sql(f"""
    SELECT {COLUMNS}
      FROM endpoints
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id AND deleted_at IS NULL
""")  # noqa: S608

LOCK = Sql(f"""
    SELECT {COLUMNS}
      FROM endpoints
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id AND deleted_at IS NULL
       FOR NO KEY UPDATE
""")  # noqa: S608

OWNER = Sql("SELECT merchant_id, mode FROM endpoints WHERE id = :id AND deleted_at IS NULL")

# An enabled endpoint begins anew: what failed before is forgotten.
UPDATE = Sql(f"""
    UPDATE endpoints
       SET url = :url, events = :events, description = :description, disabled_reason = :disabled_reason::text,
           disabled_at = CASE WHEN :disabled_reason IS NOT NULL THEN coalesce(disabled_at, clock_timestamp()) END,
           failing_since = CASE WHEN disabled_at IS NULL OR :disabled_reason IS NOT NULL THEN failing_since END
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id AND deleted_at IS NULL
 RETURNING {COLUMNS}
""")  # noqa: S608

# Its secrets are worth nothing any more, so they are not kept.
DELETE = Sql("""
    UPDATE endpoints
       SET deleted_at = clock_timestamp(), disabled_at = coalesce(disabled_at, clock_timestamp()),
           disabled_reason = coalesce(disabled_reason, 'Deleted.'), secret = '', old_secret = NULL, old_until = NULL
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id AND deleted_at IS NULL
 RETURNING 1
""")

ROTATE = Sql(f"""
    UPDATE endpoints
       SET old_secret = secret, old_until = clock_timestamp() + :overlap::interval, secret = :secret
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id AND deleted_at IS NULL
 RETURNING {COLUMNS}
""")  # noqa: S608

# The number of the next event about the endpoint itself.
COUNT_EVENT = Sql("""
    UPDATE endpoints
       SET sequence = sequence + 1
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id AND deleted_at IS NULL
 RETURNING url, format, disabled_at, sequence, clock_timestamp() AS at
""")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as its owner sees it; its secret is not among that. `old_until`: the old secret signs until then."""

    merchant_id: int
    mode: Mode
    id: UUID
    url: str
    events: tuple[str, ...]
    format: str
    description: str | None
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    old_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Numbered:
    """What an event about an endpoint says of it, and the event's number."""

    url: str
    format: str
    disabled: bool
    sequence: int
    at: datetime


async def count(conn: Conn, merchant_id: int, mode: Mode) -> int | None:
    """How many endpoints the merchant has, None when there is no such merchant. Others who count wait."""
    if await conn.fetchval(*LOCK_MERCHANT.bind(merchant_id=merchant_id)) is None:
        return None
    return int(await conn.fetchval(*COUNT.bind(merchant_id=merchant_id, mode=mode)))


async def insert(
    conn: Conn,
    *,
    merchant_id: int,
    mode: Mode,
    endpoint_id: UUID,
    url: str,
    events: Sequence[str],
    body_format: str,
    description: str | None,
    secret: bytes,
) -> Endpoint:
    """A new endpoint; *secret* is sealed for `endpoint:<id>`."""
    row = await conn.fetchrow(
        *INSERT.bind(
            merchant_id=merchant_id,
            mode=mode,
            id=endpoint_id,
            url=url,
            events=list(events),
            format=body_format,
            description=description,
            secret=secret,
        )
    )
    return _endpoint(row)


async def listed(conn: Conn, merchant_id: int, modes: Sequence[Mode]) -> list[Endpoint]:
    """All endpoints of a merchant, disabled ones too, the oldest first."""
    return [_endpoint(row) for row in await conn.fetch(*LIST.bind(merchant_id=merchant_id, modes=list(modes)))]


async def get(conn: Conn, merchant_id: int, mode: Mode, endpoint_id: UUID) -> Endpoint | None:
    """One endpoint of a merchant."""
    row = await conn.fetchrow(*GET.bind(merchant_id=merchant_id, mode=mode, id=endpoint_id))
    return _endpoint(row) if row else None


async def lock(conn: Conn, merchant_id: int, mode: Mode, endpoint_id: UUID) -> Endpoint | None:
    """The same, held until the transaction ends."""
    row = await conn.fetchrow(*LOCK.bind(merchant_id=merchant_id, mode=mode, id=endpoint_id))
    return _endpoint(row) if row else None


async def owner(conn: Conn, endpoint_id: UUID) -> tuple[int, Mode] | None:
    """Whose an endpoint is, and in which mode."""
    row = await conn.fetchrow(*OWNER.bind(id=endpoint_id))
    return (row["merchant_id"], row["mode"]) if row else None


async def update(conn: Conn, wanted: Endpoint) -> Endpoint | None:
    """Write what a merchant may change: url, events, description, and (by its reason) whether it is disabled."""
    row = await conn.fetchrow(
        *UPDATE.bind(
            merchant_id=wanted.merchant_id,
            mode=wanted.mode,
            id=wanted.id,
            url=wanted.url,
            events=list(wanted.events),
            description=wanted.description,
            disabled_reason=wanted.disabled_reason,
        )
    )
    return _endpoint(row) if row else None


async def delete(conn: Conn, merchant_id: int, mode: Mode, endpoint_id: UUID) -> bool:
    """Tell it nothing more and show it no more; False when there is no such endpoint."""
    return await conn.fetchval(*DELETE.bind(merchant_id=merchant_id, mode=mode, id=endpoint_id)) is not None


async def rotate(
    conn: Conn, merchant_id: int, mode: Mode, endpoint_id: UUID, secret: bytes, overlap: timedelta
) -> Endpoint | None:
    """Give it a new sealed secret; the one it had signs beside it for *overlap*."""
    row = await conn.fetchrow(
        *ROTATE.bind(merchant_id=merchant_id, mode=mode, id=endpoint_id, secret=secret, overlap=overlap)
    )
    return _endpoint(row) if row else None


async def count_event(conn: Conn, merchant_id: int, mode: Mode, endpoint_id: UUID) -> Numbered | None:
    """The number of the next event about the endpoint; None when there is no such endpoint."""
    row = await conn.fetchrow(*COUNT_EVENT.bind(merchant_id=merchant_id, mode=mode, id=endpoint_id))
    if row is None:
        return None
    return Numbered(row["url"], row["format"], row["disabled_at"] is not None, row["sequence"], row["at"])


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(**{**row, "events": tuple(row["events"])})
