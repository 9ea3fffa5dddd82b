"""Sending again: deliveries that ended, or never were, become due, with the whole schedule before them.

A delivery that a worker has in hand at this moment is left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from paygate.core.keys import Mode
from paygate.db.pool import Conn
from paygate.db.sql import Sql

_AGAIN = """ON CONFLICT (merchant_id, mode, event_id, endpoint_id) DO UPDATE
       SET state = 'DUE', run_at = excluded.run_at, finished_at = NULL, lease_id = NULL, attempts_before = d.attempts,
           failures = 0
     WHERE d.state <> 'DUE' OR d.lease_id IS NULL"""

# :spread: also to endpoints that want such events but have none of this one.
ONE = Sql(f"""
    INSERT INTO deliveries AS d (merchant_id, mode, event_id, endpoint_id, run_at, created_at)
    SELECT e.merchant_id, e.mode, v.id, e.id, clock_timestamp(), clock_timestamp()
      FROM events v
      JOIN endpoints e ON e.merchant_id = v.merchant_id AND e.mode = v.mode
     WHERE v.merchant_id = :merchant_id
       AND v.mode = :mode
       AND v.id = :event_id
       AND e.disabled_at IS NULL
       AND e.format = ANY(:formats::text[])
       AND (:endpoint_id::uuid IS NULL OR e.id = :endpoint_id)
       AND (:spread::boolean AND (:endpoint_id IS NOT NULL OR e.events && ARRAY['*', v.type])
            OR EXISTS (SELECT 1 FROM deliveries o
                        WHERE o.merchant_id = v.merchant_id AND o.mode = v.mode AND o.event_id = v.id
                          AND o.endpoint_id = e.id))
  ORDER BY e.id
{_AGAIN}
 RETURNING d.endpoint_id
""")  # noqa: S608 - a constant of this module

FAILED = Sql("""
      WITH dead AS (
    SELECT d.merchant_id, d.mode, d.event_id, d.endpoint_id
      FROM endpoints e
CROSS JOIN LATERAL (
           SELECT d.*
             FROM deliveries d
            WHERE d.state = 'DEAD'
              AND d.merchant_id = e.merchant_id
              AND d.mode = e.mode
              AND d.endpoint_id = e.id
              AND d.created_at >= :from_at
              AND d.created_at < :to_at
         ORDER BY d.created_at DESC
            LIMIT :limit
              FOR NO KEY UPDATE SKIP LOCKED) d
     WHERE e.merchant_id = :merchant_id
       AND e.mode = :mode
       AND e.disabled_at IS NULL
       AND (:endpoint_id::uuid IS NULL OR e.id = :endpoint_id)
     LIMIT :limit
           )
    UPDATE deliveries d
       SET state = 'DUE', run_at = clock_timestamp(), finished_at = NULL, lease_id = NULL, attempts_before = d.attempts,
           failures = 0
      FROM dead x
     WHERE d.merchant_id = x.merchant_id
       AND d.mode = x.mode
       AND d.event_id = x.event_id
       AND d.endpoint_id = x.endpoint_id
 RETURNING 1
""")

# Oldest first, so that a page's end is where the next one goes on, whatever happens meanwhile.
SPAN = Sql("""
    SELECT v.id, v.type, v.created_at
      FROM events v
     WHERE v.merchant_id = :merchant_id
       AND v.mode = :mode
       AND v.created_at >= :from_at
       AND v.created_at < :to_at
       AND (:after_at::timestamptz IS NULL OR (v.created_at, v.id) > (:after_at, :after_id::uuid))
       AND v.type NOT LIKE 'webhook.%'
  ORDER BY v.created_at, v.id
     LIMIT :limit
""")

ALL = Sql(f"""
    INSERT INTO deliveries AS d (merchant_id, mode, event_id, endpoint_id, run_at, created_at)
    SELECT e.merchant_id, e.mode, w.event_id, e.id, clock_timestamp(), clock_timestamp()
      FROM unnest(:event_ids::uuid[], :types::text[]) AS w (event_id, type)
      JOIN endpoints e ON e.events && ARRAY['*', w.type]
     WHERE e.merchant_id = :merchant_id
       AND e.mode = :mode
       AND e.disabled_at IS NULL
       AND (:endpoint_id::uuid IS NULL OR e.id = :endpoint_id)
       AND (w.type, e.format) IN (SELECT * FROM unnest(:spoken_types::text[], :spoken_formats::text[]))
  ORDER BY w.event_id, e.id
{_AGAIN}
 RETURNING 1
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Span:
    """Which events: from, to (half-open), of one endpoint or all; `after` is where the page before ended."""

    from_at: datetime
    to_at: datetime
    endpoint_id: UUID | None = None
    after: tuple[datetime, UUID] | None = None


async def one(
    conn: Conn,
    merchant_id: int,
    mode: Mode,
    event_id: UUID,
    endpoint_id: UUID | None,
    *,
    formats: Sequence[str],
    spread: bool,
) -> list[UUID]:
    """Send an event again, to one endpoint or to all that want it; the endpoints that it goes to now."""
    rows = await conn.fetch(
        *ONE.bind(
            merchant_id=merchant_id,
            mode=mode,
            event_id=event_id,
            endpoint_id=endpoint_id,
            formats=list(formats),
            spread=spread,
        )
    )
    return [row["endpoint_id"] for row in rows]


async def failed(conn: Conn, merchant_id: int, mode: Mode, span: Span, limit: int) -> int:
    """Send what was given up again; how many deliveries, *limit* at most."""
    rows = await conn.fetch(
        *FAILED.bind(
            merchant_id=merchant_id,
            mode=mode,
            from_at=span.from_at,
            to_at=span.to_at,
            endpoint_id=span.endpoint_id,
            limit=limit,
        )
    )
    return len(rows)


async def whole(
    conn: Conn, merchant_id: int, mode: Mode, span: Span, limit: int, spoken: Sequence[tuple[str, str]]
) -> tuple[int, tuple[datetime, UUID] | None]:
    """Send *limit* events of the span, to whoever wants them and has them or not: how many deliveries, and where the
    page ended (None: it was the last). *spoken* are the pairs of event type and format that go together."""
    after_at, after_id = span.after or (None, None)
    rows = await conn.fetch(
        *SPAN.bind(
            merchant_id=merchant_id,
            mode=mode,
            from_at=span.from_at,
            to_at=span.to_at,
            after_at=after_at,
            after_id=after_id,
            limit=limit + 1,
        )
    )
    page = rows[:limit]
    queued = await conn.fetch(
        *ALL.bind(
            merchant_id=merchant_id,
            mode=mode,
            event_ids=[row["id"] for row in page],
            types=[row["type"] for row in page],
            endpoint_id=span.endpoint_id,
            spoken_types=[event_type for event_type, _ in spoken],
            spoken_formats=[body_format for _, body_format in spoken],
        )
    )
    return len(queued), (page[-1]["created_at"], page[-1]["id"]) if len(rows) > limit else None
