"""What became of tries: logged, the deliveries moved, their endpoints judged; for many tries in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.keys import Mode
from paygate.db.deliveries import Due
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# The log of a try stands whoever has the lease by now; the delivery itself moves only under its own. An endpoint stands
# as its last try says; it is disabled by an answer that says so, or when nothing succeeded for :patience.
RECORD = Sql("""
      WITH result AS (
    SELECT *
      FROM unnest(:merchant_ids::bigint[], :modes::text[], :event_ids::uuid[], :endpoint_ids::uuid[],
                  :lease_ids::uuid[], :attempts::smallint[], :ats::timestamptz[], :statuses::smallint[],
                  :latencies_ms::integer[], :request_headers::text[], :response_headers::text[],
                  :response_heads::text[], :errors::text[], :states::text[], :pauses::interval[], :disables::text[])
           WITH ORDINALITY AS r (merchant_id, mode, event_id, endpoint_id, lease_id, attempt, at, status, latency_ms,
                                 request_headers, response_headers, response_head, error, state, pause, disable, place)
           ),
           clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
           logged AS (
           INSERT INTO attempts (merchant_id, mode, event_id, endpoint_id, attempt, at, status, latency_ms,
                                 response_head, error, request_headers, response_headers)
           SELECT r.merchant_id, r.mode, r.event_id, r.endpoint_id, r.attempt, r.at, r.status, r.latency_ms,
                  r.response_head, r.error, r.request_headers, r.response_headers
             FROM result r
      ON CONFLICT DO NOTHING                                        -- A repeat after a commit whose answer was lost.
           ),
           moved AS (
           UPDATE deliveries d
              SET state = r.state,
                  run_at = CASE WHEN r.state = 'DUE' THEN c.now + r.pause ELSE d.run_at END,
                  finished_at = CASE WHEN r.state <> 'DUE' THEN c.now END,
                  failures = d.failures + CASE WHEN r.state <> 'DELIVERED' THEN 1 ELSE 0 END,
                  lease_id = NULL
             FROM result r, clock c
            WHERE d.merchant_id = r.merchant_id
              AND d.mode = r.mode
              AND d.event_id = r.event_id                           -- By the primary key: an event has few endpoints,
              AND d.endpoint_id IS NOT DISTINCT FROM r.endpoint_id  -- an endpoint may have a million deliveries,
              AND d.finished_at IS NULL                             -- and as many may be due.
              AND d.lease_id = r.lease_id                           -- A successor may have it by now.
        RETURNING r.place
           ),
           verdict AS (
    SELECT r.merchant_id, r.mode, r.endpoint_id, min(r.disable) AS disable,
           (array_agg(r.state = 'DELIVERED' ORDER BY r.place DESC))[1] AS well,
           bool_or(r.state = 'DELIVERED') AS once_well
      FROM result r
  GROUP BY r.merchant_id, r.mode, r.endpoint_id
           ),
           judged AS (
    SELECT e.merchant_id, e.mode, e.id, v.well, v.once_well, e.failing_since,
           coalesce(v.disable, CASE WHEN NOT v.once_well AND e.failing_since <= c.now - :patience::interval
                                    THEN :patience_over::text END) AS disable
      FROM verdict v
CROSS JOIN clock c
      JOIN endpoints e ON e.merchant_id = v.merchant_id AND e.mode = v.mode AND e.id = v.endpoint_id
     WHERE e.disabled_at IS NULL
       AND (v.disable IS NOT NULL                                   -- Else it is neither locked nor written.
            OR v.well = (e.failing_since IS NOT NULL)
            OR NOT v.well AND v.once_well
            OR NOT v.once_well AND e.failing_since <= c.now - :patience)
  ORDER BY e.merchant_id, e.mode, e.id
       FOR NO KEY UPDATE OF e
           ),
           told AS (
           UPDATE endpoints e
              SET failing_since = CASE WHEN j.well THEN NULL
                                       WHEN j.once_well THEN c.now
                                       ELSE coalesce(j.failing_since, c.now) END,
                  disabled_at = CASE WHEN j.disable IS NOT NULL THEN c.now END,
                  disabled_reason = j.disable,
                  sequence = e.sequence + CASE WHEN j.disable IS NOT NULL THEN 1 ELSE 0 END
             FROM judged j, clock c
            WHERE e.merchant_id = j.merchant_id
              AND e.mode = j.mode
              AND e.id = j.id
        RETURNING e.merchant_id, e.mode, e.id, e.url, e.disabled_reason, e.sequence, c.now
           )
    SELECT m.place, NULL::bigint AS merchant_id, NULL AS mode, NULL::uuid AS id, NULL AS url, NULL AS reason,
           NULL::integer AS sequence, NULL::timestamptz AS at
      FROM moved m
     UNION ALL
    SELECT NULL, t.merchant_id, t.mode, t.id, t.url, t.disabled_reason, t.sequence, t.now
      FROM told t
     WHERE t.disabled_reason IS NOT NULL
""")


PRUNE = Sql("""
    DELETE FROM attempts
     WHERE (merchant_id, mode, event_id, endpoint_id, attempt) IN (
           SELECT merchant_id, mode, event_id, endpoint_id, attempt
             FROM attempts
            WHERE at < clock_timestamp() - :age::interval
            LIMIT :limit)
""")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one try. `status` None: no answer came. Headers are lines of `name: value`.

    `state` is DELIVERED, DUE (again after `pause_s`) or DEAD; `disable` is why the endpoint shall hear no more, if so.
    """

    status: int | None
    latency_ms: int
    response_head: str
    error: str | None
    state: str
    pause_s: float = 0.0
    disable: str | None = None
    request_headers: str = ""
    response_headers: str = ""


@dataclass(frozen=True, slots=True)
class Disabled:
    """An endpoint that was disabled just now; `sequence` is the number of the event that says so."""

    merchant_id: int
    mode: Mode
    endpoint_id: UUID
    url: str
    reason: str
    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """`ours`: for each result, whether its lease was still ours; `disabled`: endpoints that were, by these results."""

    ours: tuple[bool, ...]
    disabled: tuple[Disabled, ...]


async def record(
    conn: Conn, results: Sequence[tuple[Due, Attempt]], *, patience_s: float, patience_over: str
) -> Recorded:
    """Log the tries, in the order in which they ended, move the deliveries and judge the endpoints.

    An endpoint where nothing succeeded for *patience_s* is disabled with the words *patience_over*.
    """
    dues, attempts = [due for due, _ in results], [attempt for _, attempt in results]
    rows = await conn.fetch(
        *RECORD.bind(
            merchant_ids=[due.merchant_id for due in dues],
            modes=[due.mode for due in dues],
            event_ids=[due.event_id for due in dues],
            endpoint_ids=[due.endpoint_id for due in dues],
            lease_ids=[due.lease_id for due in dues],
            attempts=[due.attempt for due in dues],
            ats=[due.claimed_at for due in dues],
            statuses=[attempt.status for attempt in attempts],
            latencies_ms=[attempt.latency_ms for attempt in attempts],
            request_headers=[attempt.request_headers for attempt in attempts],
            response_headers=[attempt.response_headers for attempt in attempts],
            response_heads=[attempt.response_head for attempt in attempts],
            errors=[attempt.error for attempt in attempts],
            states=[attempt.state for attempt in attempts],
            pauses=[timedelta(seconds=attempt.pause_s) for attempt in attempts],
            disables=[attempt.disable for attempt in attempts],
            patience=timedelta(seconds=patience_s),
            patience_over=patience_over,
        )
    )
    moved = {row["place"] for row in rows}
    return Recorded(
        tuple(place in moved for place in range(1, len(results) + 1)),
        tuple(_disabled(row) for row in rows if row["id"] is not None),
    )


async def prune(conn: Conn, age: timedelta, limit: int) -> int:
    """Forget tries that were made longer than *age* ago; how many."""
    status: str = await conn.execute(*PRUNE.bind(age=age, limit=limit))
    return int(status.rsplit(" ", 1)[1])


def _disabled(row: Any) -> Disabled:
    return Disabled(row["merchant_id"], row["mode"], row["id"], row["url"], row["reason"], row["sequence"], row["at"])
