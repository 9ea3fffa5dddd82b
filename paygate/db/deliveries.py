"""The outbox at work: which deliveries are due, who has them in hand, and what became of each try.

A delivery that was claimed is due again when its lease ends (`run_at` is both), so a killed worker loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql

# One probe of the index for each endpoint that has open deliveries, then from each as many as it has room for: a long
# queue of one is never read through to find the first of another. Everybody's first goes before anybody's second.
# What belongs to a disabled endpoint dies here unsent, and what was claimed :most_unfinished times without an end;
# after :many_unfinished it comes back more slowly, as it may be what ends its workers.
CLAIM = Sql("""
      WITH RECURSIVE lanes AS (
         (SELECT d.merchant_id, d.mode, d.endpoint_id, d.run_at
            FROM deliveries d
           WHERE d.state = 'DUE'
        ORDER BY d.merchant_id, d.mode, d.endpoint_id, d.run_at
           LIMIT 1)
           UNION ALL
          SELECT n.*
            FROM lanes l
      CROSS JOIN LATERAL (
                 SELECT d.merchant_id, d.mode, d.endpoint_id, d.run_at
                   FROM deliveries d
                  WHERE d.state = 'DUE'
                    AND (d.merchant_id, d.mode, d.endpoint_id) > (l.merchant_id, l.mode, l.endpoint_id)
               ORDER BY d.merchant_id, d.mode, d.endpoint_id, d.run_at
                  LIMIT 1) n
           ),
           open AS (
          SELECT l.merchant_id, l.mode, l.endpoint_id, e.disabled_at IS NOT NULL AS disabled,
                 CASE WHEN e.disabled_at IS NOT NULL THEN :most_buried::integer
                      WHEN k.room IS NOT NULL THEN k.room
                      WHEN e.failing_since IS NOT NULL THEN 1       -- Known to be in trouble: ask, do not press.
                      ELSE :new_room::integer END AS room
            FROM lanes l
            JOIN endpoints e ON e.merchant_id = l.merchant_id AND e.mode = l.mode AND e.id = l.endpoint_id
       LEFT JOIN unnest(:known::uuid[], :rooms::integer[]) AS k (endpoint_id, room) ON k.endpoint_id = l.endpoint_id
           WHERE l.run_at <= statement_timestamp()
           ),
           due AS (
          SELECT x.*, o.disabled
            FROM open o
      CROSS JOIN LATERAL (
                 SELECT d.merchant_id, d.mode, d.event_id, d.endpoint_id, d.run_at,
                        d.attempts - d.attempts_before - d.failures AS unfinished
                   FROM deliveries d
                  WHERE d.state = 'DUE'
                    AND d.merchant_id = o.merchant_id
                    AND d.mode = o.mode
                    AND d.endpoint_id = o.endpoint_id
                    AND d.run_at <= statement_timestamp()
               ORDER BY d.run_at
                  LIMIT o.room
                    FOR NO KEY UPDATE SKIP LOCKED) x                -- Another worker has it.
           ),
           placed AS (
          SELECT u.*, u.disabled OR u.unfinished >= :most_unfinished AS hopeless,
                 row_number() OVER (PARTITION BY u.merchant_id, u.mode, u.endpoint_id ORDER BY u.run_at) AS place
            FROM due u
           ),
           chosen AS (
          SELECT p.*, row_number() OVER (ORDER BY p.hopeless, p.place, p.run_at) AS turn
            FROM placed p
           ),
           claimed AS (
          UPDATE deliveries d
             SET state = CASE WHEN c.hopeless THEN 'DEAD' ELSE d.state END,
                 finished_at = CASE WHEN c.hopeless THEN clock_timestamp() END,
                 attempts = d.attempts + CASE WHEN c.hopeless THEN 0 ELSE 1 END,
                 run_at = CASE WHEN c.hopeless THEN d.run_at
                               WHEN c.unfinished < :many_unfinished THEN clock_timestamp() + :lease::interval
                               ELSE clock_timestamp() + :long_lease::interval END,
                 lease_id = :lease_id::uuid
            FROM chosen c
           WHERE d.merchant_id = c.merchant_id
             AND d.mode = c.mode
             AND d.event_id = c.event_id
             AND d.endpoint_id = c.endpoint_id
             AND (c.turn <= :limit OR c.hopeless)
       RETURNING d.merchant_id, d.mode, d.event_id, d.endpoint_id, d.state, d.attempts, d.attempts_before, d.failures,
                 d.lease_id, d.created_at, c.turn
           )
    SELECT c.merchant_id, c.mode, c.event_id, c.endpoint_id, c.state, c.attempts, c.attempts_before, c.failures,
           c.lease_id, c.created_at, clock_timestamp() AS claimed_at, v.type AS event_type, e.url, e.format, e.secret,
           CASE WHEN e.format = 'paygate' THEN v.body ELSE b.body END AS body,
           CASE WHEN e.old_until > clock_timestamp() THEN e.old_secret END AS old_secret
      FROM claimed c
      JOIN events v ON v.merchant_id = c.merchant_id AND v.mode = c.mode AND v.id = c.event_id
      JOIN endpoints e ON e.merchant_id = c.merchant_id AND e.mode = c.mode AND e.id = c.endpoint_id
 LEFT JOIN event_bodies b ON b.merchant_id = c.merchant_id AND b.mode = c.mode AND b.event_id = c.event_id
       AND b.format = e.format
  ORDER BY c.turn
""")


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed delivery with all it takes to send it. Secrets are sealed.

    `attempt` counts from 1 over its whole life. `turn` counts the tries that ended, this one included, since it was
    made or last sent `again` by hand: the schedule goes by that, so what a kill cut short costs no turn.
    `body` None: nobody has written it in the endpoint's format yet.
    """

    merchant_id: int
    mode: str
    event_id: UUID
    endpoint_id: UUID
    attempt: int
    turn: int
    again: bool
    lease_id: UUID
    created_at: datetime
    claimed_at: datetime
    event_type: str
    body: str | None
    url: str
    format: str
    secret: bytes
    old_secret: bytes | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one claim brought: deliveries to send at once, and how many were given up."""

    due: tuple[Due, ...]
    buried: int


async def claim(
    conn: Conn,
    lease_id: UUID,
    *,
    lease_s: float,
    rooms: Mapping[UUID, int],
    new_room: int,
    limit: int,
    many_unfinished: int,
    long_lease_s: float,
    most_unfinished: int,
    most_buried: int = 200,
) -> Claimed:
    """Claim at most *limit* due deliveries for *lease_s*: from an endpoint in *rooms* as many as it says, from any
    other *new_room* (one, when it is failing). Rows that another worker holds are left to it.

    A delivery that *many_unfinished* claims brought to no end is claimed for *long_lease_s*; *most_unfinished* end it.
    """
    rows = await conn.fetch(
        *CLAIM.bind(
            lease_id=lease_id,
            lease=timedelta(seconds=lease_s),
            known=list(rooms),
            rooms=list(rooms.values()),
            new_room=new_room,
            limit=limit,
            many_unfinished=many_unfinished,
            long_lease=timedelta(seconds=long_lease_s),
            most_unfinished=most_unfinished,
            most_buried=most_buried,
        )
    )
    due = tuple(_due(row) for row in rows if row["state"] == "DUE")
    return Claimed(due, len(rows) - len(due))


def _due(row: Any) -> Due:
    return Due(
        merchant_id=row["merchant_id"],
        mode=row["mode"],
        event_id=row["event_id"],
        endpoint_id=row["endpoint_id"],
        attempt=row["attempts"],
        turn=row["failures"] + 1,
        again=row["attempts_before"] > 0,
        lease_id=row["lease_id"],
        created_at=row["created_at"],
        claimed_at=row["claimed_at"],
        event_type=row["event_type"],
        body=row["body"],
        url=row["url"],
        format=row["format"],
        secret=row["secret"],
        old_secret=row["old_secret"],
    )
