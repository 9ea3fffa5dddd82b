"""Endpoints: where a merchant wants to hear of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from paygate.core.keys import Mode
from paygate.db.pool import Conn
from paygate.db.sql import Sql

INSERT = Sql("""
    INSERT INTO endpoints (merchant_id, mode, id, url, events, format, secret)
    VALUES (:merchant_id, :mode, :id, :url, :events, :format, :secret)
""")

LIST = Sql("""
    SELECT merchant_id, mode, id, url, events, format, failing_since, disabled_at, disabled_reason, created_at
      FROM endpoints
     WHERE merchant_id = :merchant_id
  ORDER BY mode, id
""")

# Disabling twice keeps the first moment and reason.
DISABLE = Sql("""
    UPDATE endpoints
       SET disabled_reason = coalesce(disabled_reason, :reason), disabled_at = coalesce(disabled_at, clock_timestamp())
     WHERE merchant_id = :merchant_id AND id = :id
 RETURNING 1
""")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as its owner sees it in a list; its secret is not among that."""

    merchant_id: int
    mode: Mode
    id: UUID
    url: str
    events: tuple[str, ...]
    format: str
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    created_at: datetime


async def insert(
    conn: Conn,
    *,
    merchant_id: int,
    mode: Mode,
    endpoint_id: UUID,
    url: str,
    events: Sequence[str],
    body_format: str,
    secret: bytes,
) -> None:
    """A new endpoint; *secret* is sealed for `endpoint:<id>`."""
    await conn.execute(
        *INSERT.bind(
            merchant_id=merchant_id,
            mode=mode,
            id=endpoint_id,
            url=url,
            events=list(events),
            format=body_format,
            secret=secret,
        )
    )


async def listed(conn: Conn, merchant_id: int) -> Sequence[Endpoint]:
    """All endpoints of a merchant, disabled ones too."""
    rows = await conn.fetch(*LIST.bind(merchant_id=merchant_id))
    return [Endpoint(**{**row, "events": tuple(row["events"])}) for row in rows]


async def disable(conn: Conn, merchant_id: int, endpoint_id: UUID, reason: str) -> bool:
    """Tell it nothing more; False when there is no such endpoint."""
    return await conn.fetchval(*DISABLE.bind(merchant_id=merchant_id, id=endpoint_id, reason=reason)) is not None
