"""Statements: the credits of a span of time, what lines say of them in bulk, and the files with their reports.

A bulk step holds many amounts until it commits, as a batch of payments does, so it goes behind the same gate: the
account's rows. Whoever else decides an amount holds one and waits for none meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.credits import MERGE_WINDOW, SKEW, CreditState
from paygate.core.reconcile import Known
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# The credits of an account in a span of time, a page at a time.
BETWEEN = Sql("""
    SELECT c.id, c.amount_satang, c.occurred_at, c.state, c.day_only, c.balance_satang, c.ref1, c.payment_merchant_id,
           c.payment_id, c.reason,
           ARRAY(SELECT r.ref FROM credit_refs r
                  WHERE r.mode = c.mode AND r.merchant_id = c.merchant_id AND r.credit_id = c.id) AS refs,
           ARRAY(SELECT (o.digest, o.occurred_at) FROM observations o
                  WHERE o.merchant_id = c.merchant_id AND o.mode = c.mode AND o.credit_id = c.id
                    AND o.channel = 'statement') AS told
      FROM credits c
     WHERE c.merchant_id = :merchant_id
       AND c.mode = :mode
       AND c.receiving_id = :receiving_id
       AND c.occurred_at >= :after_at::timestamptz
       AND (c.occurred_at, c.id) > (:after_at, :after_id::uuid)
       AND c.occurred_at < :until_at::timestamptz
  ORDER BY c.occurred_at, c.id
     LIMIT :limit
""")

# All versions of the account, in the order in which batches lock them.
GATE = Sql("""
    SELECT 1
      FROM accounts a
     WHERE a.merchant_id = :merchant_id AND a.mode = :mode AND a.receiving_id = :receiving_id
  ORDER BY a.id
       FOR NO KEY UPDATE
""")

LOCK_SLOTS = Sql("""
    INSERT INTO slots AS s (mode, receiving_id, amount_satang)
    SELECT :mode, :receiving_id, a.amount
      FROM unnest(:amounts::bigint[]) AS a (amount)
  ORDER BY a.amount
        ON CONFLICT (mode, receiving_id, amount_satang) DO UPDATE SET payment_id = s.payment_id
""")

# Lines that speak of credits we know: the bank confirms them, and an alarm that they were missing is answered. A credit
# of which another statement told since we looked (`tales` is how many had) is left out: it may be that one's line.
CONFIRM = Sql("""
      WITH told AS MATERIALIZED (
           SELECT t.*, clock_timestamp() AS now
             FROM unnest(:credit_ids::uuid[], :digests::bytea[], :moments::timestamptz[], :balances::bigint[],
                         :tales::integer[]) AS t (credit_id, digest, at, balance_satang, tales)
       CROSS JOIN LATERAL (
                  SELECT count(*) AS found, coalesce(bool_or(o.digest = t.digest), false) AS same
                    FROM observations o
                   WHERE o.merchant_id = :merchant_id::bigint AND o.mode = :mode::text AND o.credit_id = t.credit_id
                     AND o.channel = 'statement') now_told
            WHERE now_told.found = t.tales OR now_told.same
           ),
           heard AS (
           INSERT INTO observations (merchant_id, mode, credit_id, source_id, digest, rank, occurred_at, observed_at,
                                     channel, partial)
           SELECT :merchant_id, :mode, t.credit_id, :source_id::uuid, t.digest, 'D', t.at, t.now,
                  'statement', false
             FROM told t
      ON CONFLICT DO NOTHING
        RETURNING 1
           ),
           confirmed AS (
           UPDATE credits c
              SET confirmed_at = coalesce(c.confirmed_at, t.now),
                  balance_satang = coalesce(c.balance_satang, t.balance_satang),
                  recheck_at = CASE WHEN c.state = 'UNASSIGNED' AND c.reason IN ('BALANCE_BREAK', 'ABOVE_CEILING')
                                         THEN t.now ELSE c.recheck_at END
             FROM told t
            WHERE c.merchant_id = :merchant_id
              AND c.mode = :mode
              AND c.id = t.credit_id
              AND (c.confirmed_at IS NULL OR (c.balance_satang IS NULL AND t.balance_satang IS NOT NULL))
           ),
           answered AS (
           UPDATE reviews r
              SET closed_at = t.now, resolution = 'superseded'
             FROM told t
            WHERE r.merchant_id = :merchant_id
              AND r.mode = :mode
              AND r.credit_id = t.credit_id
              AND r.reason = 'MISSING_IN_STATEMENT'
              AND r.closed_at IS NULL
           )
    SELECT count(*) FROM told
""")

# Lines never heard of, of which it is certain what becomes of them: nobody held the amount, or no time of day is told.
# What is not certain (another credit near, a holder, a reference somebody has, a clock that is wrong) is left out.
PARK = Sql("""
      WITH told AS MATERIALIZED (
           SELECT t.*, clock_timestamp() AS now
             FROM unnest(:places::integer[], :credit_ids::uuid[], :journal_ids::uuid[], :review_ids::uuid[],
                         :amounts::bigint[], :moments::timestamptz[], :day_onlys::boolean[], :digests::bytea[],
                         :balances::bigint[], :ref1s::text[], :ref2s::text[])
                  AS t (place, credit_id, journal_id, review_id, amount_satang, at, day_only, digest, balance_satang,
                        ref1, ref2)
           ),
           new AS MATERIALIZED (
           SELECT t.*
             FROM told t
        LEFT JOIN LATERAL (                                         -- One look at an index for each line: LIMIT keeps
                  SELECT true AS found                              -- it from becoming a join with the whole account.
                    FROM credits c
                   WHERE c.merchant_id = :merchant_id::bigint
                     AND c.mode = :mode::text
                     AND c.receiving_id = :receiving_id::uuid
                     AND c.amount_satang = t.amount_satang
                     AND c.occurred_at >= t.at - CASE WHEN t.day_only THEN :half_day::interval ELSE :window END
                     AND c.occurred_at <= t.at + CASE WHEN t.day_only THEN :half_day ELSE :window::interval END
                     AND NOT (t.day_only AND c.id = ANY (:left_ids::uuid[]))
                     AND (NOT EXISTS (SELECT 1 FROM observations o      -- Nobody's line yet: it may be this one's.
                                       WHERE o.merchant_id = c.merchant_id AND o.mode = c.mode AND o.credit_id = c.id
                                         AND o.channel = 'statement')
                          OR EXISTS (SELECT 1 FROM observations o       -- Another run was quicker.
                                      WHERE o.merchant_id = c.merchant_id AND o.mode = c.mode AND o.credit_id = c.id
                                        AND o.source_id = :source_id::uuid AND o.digest = t.digest))
                   LIMIT 1) near ON true
        LEFT JOIN LATERAL (
                  SELECT true AS found
                    FROM reservations r
                   WHERE r.mode = :mode AND r.ref1 = t.ref1 AND r.owner_id = :merchant_id
                   LIMIT 1) named ON true
        LEFT JOIN LATERAL (
                  SELECT true AS found
                    FROM reservations r
                   WHERE r.mode = :mode AND r.receiving_id = :receiving_id AND r.amount_satang = t.amount_satang
                     AND r.until_at > t.at - :skew::interval AND r.from_at <= t.at + :skew
                     AND NOT t.day_only
                   LIMIT 1) held ON true
            WHERE (t.at <= t.now + :skew OR t.day_only)
              AND near.found IS NULL
              AND named.found IS NULL
              AND held.found IS NULL
           ),
           money AS (
           INSERT INTO credits (merchant_id, mode, id, receiving_id, amount_satang, occurred_at, recorded_at, rank,
                                ref1, ref2, balance_satang, state, reason, booked, day_only, confirmed_at)
           SELECT :merchant_id, :mode, n.credit_id, :receiving_id, n.amount_satang, n.at, n.now, 'D', n.ref1, n.ref2,
                  n.balance_satang, 'UNASSIGNED', CASE WHEN n.day_only THEN 'TIME_UNKNOWN' ELSE 'ORPHAN' END,
                  :booked::boolean, n.day_only, n.now
             FROM new n
           ),
           heard AS (
           INSERT INTO observations (merchant_id, mode, credit_id, source_id, digest, rank, occurred_at, observed_at,
                                     channel, partial)
           SELECT :merchant_id, :mode, n.credit_id, :source_id, n.digest, 'D', n.at, n.now, 'statement', false
             FROM new n
           ),
           booking AS (
           INSERT INTO journals (merchant_id, mode, id, kind, subject_id, happened_at, booked_at)
           SELECT :merchant_id, :mode, n.journal_id, 'credit.parked', n.credit_id, n.at, n.now FROM new n WHERE :booked
           ),
           lines AS (
           INSERT INTO entries (merchant_id, mode, journal_id, line, account, amount_satang)
           SELECT :merchant_id, :mode, n.journal_id, l.line, l.account, l.sign * n.amount_satang
             FROM new n
       CROSS JOIN (VALUES (1::smallint, 'bank_central', 1), (2::smallint, 'suspense', -1)) AS l (line, account, sign)
            WHERE :booked
           ),
           asked AS (
           INSERT INTO reviews (merchant_id, mode, id, credit_id, reason, detail, candidates, digest, alarm, opened_at)
           SELECT :merchant_id, :mode, n.review_id, n.credit_id,
                  CASE WHEN n.day_only THEN 'TIME_UNKNOWN' ELSE 'ORPHAN' END, '', coalesce(h.candidates, '[]'),
                  n.digest, false, n.now
             FROM new n
        LEFT JOIN LATERAL (
                  SELECT jsonb_agg(jsonb_build_object('merchantId', f.merchant_id, 'paymentId', f.payment_id,
                                                      'status', f.status)) AS candidates
                    FROM (SELECT r.merchant_id, r.payment_id, p.status
                            FROM reservations r
                            JOIN payments p ON p.merchant_id = r.merchant_id AND p.mode = r.mode AND p.id = r.payment_id
                           WHERE n.day_only AND r.mode = :mode AND r.receiving_id = :receiving_id
                             AND r.owner_id = :merchant_id AND r.amount_satang = n.amount_satang
                             AND r.until_at > n.at - :half_day AND r.from_at < n.at + :half_day
                        ORDER BY r.from_at
                           LIMIT 20) f) h ON true
           )
    SELECT n.place, n.credit_id FROM new n
""")

# Balances that the chain of notices goes on from: the newest, and those that a broken chain waits for.
BALANCES = Sql("""
      WITH told AS MATERIALIZED (
           SELECT * FROM unnest(:moments::timestamptz[], :balances::bigint[]) AS t (at, balance_satang)
           ),
           broken AS MATERIALIZED (
           SELECT c.id, c.balance_satang - c.amount_satang AS before_satang
             FROM credits c
            WHERE c.merchant_id = :merchant_id::bigint AND c.mode = :mode::text AND c.receiving_id = :receiving_id::uuid
              AND c.state = 'UNASSIGNED' AND c.reason = 'BALANCE_BREAK'
           ),
           point AS (
           INSERT INTO balance_points (merchant_id, mode, receiving_id, at, balance_satang, heard_at)
           SELECT :merchant_id, :mode, :receiving_id, t.at, t.balance_satang, clock_timestamp()
             FROM told t
            WHERE t.at >= :recent_at::timestamptz
               OR t.balance_satang IN (SELECT b.before_satang FROM broken b)
      ON CONFLICT DO NOTHING
        RETURNING balance_satang
           )
    UPDATE credits c
       SET recheck_at = clock_timestamp()
      FROM broken b
     WHERE c.merchant_id = :merchant_id AND c.mode = :mode AND c.id = b.id AND c.state = 'UNASSIGNED'
       AND b.before_satang IN (SELECT p.balance_satang FROM point p)
""")

# Credits that a statement should have and has not: a person is alarmed, once for each.
ALARM = Sql("""
    INSERT INTO reviews (merchant_id, mode, id, credit_id, reason, detail, candidates, digest, alarm, opened_at)
    SELECT c.merchant_id, c.mode, m.review_id, c.id, 'MISSING_IN_STATEMENT', m.detail,
           CASE WHEN c.payment_id IS NULL THEN '[]'::jsonb
                ELSE jsonb_build_array(jsonb_build_object('merchantId', c.payment_merchant_id,
                                                          'paymentId', c.payment_id, 'status', 'PAID')) END,
           m.digest, true, clock_timestamp()
      FROM unnest(:review_ids::uuid[], :credit_ids::uuid[], :details::text[], :digests::bytea[])
           AS m (review_id, credit_id, detail, digest)
      JOIN credits c ON c.merchant_id = :merchant_id AND c.mode = :mode AND c.id = m.credit_id
     WHERE NOT EXISTS (SELECT 1 FROM observations o
                        WHERE o.merchant_id = c.merchant_id AND o.mode = c.mode AND o.credit_id = c.id
                          AND o.channel = 'statement')
       AND NOT EXISTS (SELECT 1 FROM reviews r
                        WHERE r.merchant_id = c.merchant_id AND r.mode = c.mode AND r.digest = m.digest
                          AND r.reason = 'MISSING_IN_STATEMENT' AND r.resolution IS DISTINCT FROM 'superseded')
        ON CONFLICT DO NOTHING
""")


CLOCK = Sql("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Book:
    """The account whose statement it is: its owner (0: central), and the source id of all its statements."""

    merchant_id: int
    mode: str
    receiving_id: UUID
    source_id: UUID

    @property
    def keys(self) -> dict[str, Any]:
        """As statements take it."""
        return {"merchant_id": self.merchant_id, "mode": self.mode, "receiving_id": self.receiving_id}


@dataclass(frozen=True, slots=True)
class Told:
    """What a line says of a credit: CONFIRM's and PARK's part of one line. The three ids are those of new rows;
    `tales` is how many statement lines were known to speak of the credit."""

    credit_id: UUID
    digest: bytes
    at: datetime
    balance_satang: int | None
    amount_satang: int = 0
    day_only: bool = False
    ref1: str | None = None
    ref2: str | None = None
    journal_id: UUID | None = None
    review_id: UUID | None = None
    tales: int = 0


async def clock(conn: Conn) -> datetime:
    """The database's clock."""
    now: datetime = await conn.fetchval(*CLOCK.bind())
    return now


async def between(conn: Conn, book: Book, since: datetime, until: datetime, limit: int) -> list[Known]:
    """The credits of the account in `[since, until)`, oldest first."""
    found: list[Known] = []
    after: tuple[datetime, UUID] = since - timedelta(microseconds=1), UUID(int=(1 << 128) - 1)
    while True:
        rows = await conn.fetch(
            *BETWEEN.bind(**book.keys, after_at=after[0], after_id=after[1], until_at=until, limit=limit)
        )
        found += [_known(row) for row in rows]
        if len(rows) < limit:
            return found
        after = rows[-1]["occurred_at"], rows[-1]["id"]


def _known(row: Any) -> Known:
    return Known(
        row["id"],
        row["amount_satang"],
        row["occurred_at"],
        CreditState(row["state"]),
        row["day_only"],
        row["balance_satang"],
        row["ref1"],
        frozenset(row["refs"]),
        tuple((digest, at) for digest, at in row["told"]),
        row["payment_merchant_id"],
        row["payment_id"],
        row["reason"],
    )


async def enter(conn: Conn, book: Book, amounts: Sequence[int] = ()) -> None:
    """Wait for the batches and statements of this account that are at work; then hold *amounts*, too."""
    await conn.fetch(*GATE.bind(**book.keys))
    if amounts:
        values = {"mode": book.mode, "receiving_id": book.receiving_id}
        await conn.execute(*LOCK_SLOTS.bind(**values, amounts=sorted(set(amounts))))


async def confirm(conn: Conn, book: Book, told: Sequence[Told]) -> int:
    """Write that lines speak of these credits; of how many of them it still may be so. Only behind `enter`."""
    count: int = await conn.fetchval(
        *CONFIRM.bind(
            merchant_id=book.merchant_id,
            mode=book.mode,
            source_id=book.source_id,
            credit_ids=[one.credit_id for one in told],
            digests=[one.digest for one in told],
            moments=[one.at for one in told],
            balances=[one.balance_satang for one in told],
            tales=[one.tales for one in told],
        )
    )
    return count


async def park(conn: Conn, book: Book, told: Sequence[Told], left_ids: Sequence[UUID]) -> dict[int, UUID]:
    """Make credits of the lines whose fate is certain: place in *told* -> credit. Only behind `enter` with their
    amounts. *left_ids*: credits that are known not to be any of these lines."""
    rows = await conn.fetch(
        *PARK.bind(
            **book.keys,
            source_id=book.source_id,
            booked=book.merchant_id == 0,
            skew=SKEW,
            window=MERGE_WINDOW,
            half_day=timedelta(hours=12),
            left_ids=list(left_ids),
            places=list(range(len(told))),
            credit_ids=[one.credit_id for one in told],
            journal_ids=[one.journal_id for one in told],
            review_ids=[one.review_id for one in told],
            amounts=[one.amount_satang for one in told],
            moments=[one.at for one in told],
            day_onlys=[one.day_only for one in told],
            digests=[one.digest for one in told],
            balances=[one.balance_satang for one in told],
            ref1s=[one.ref1 for one in told],
            ref2s=[one.ref2 for one in told],
        )
    )
    return {row["place"]: row["credit_id"] for row in rows}


async def analyze(conn: Conn) -> None:
    """Have PostgreSQL count anew after many new rows: plans that it made for small tables are slow on large ones."""
    await conn.execute("ANALYZE credits, observations, journals, entries, reviews, slots")


async def note_balances(conn: Conn, book: Book, points: Sequence[tuple[datetime, int]], recent_at: datetime) -> None:
    """Keep the balances that notices are compared with: those from *recent_at* on, and those that some wait for."""
    values = {"moments": [at for at, _ in points], "balances": [satang for _, satang in points]}
    await conn.execute(*BALANCES.bind(**book.keys, **values, recent_at=recent_at))


async def alarm(conn: Conn, book: Book, missing: Sequence[tuple[UUID, UUID, str, bytes]]) -> int:
    """Tell a person of credits that the statement lacks: (review id, credit id, words, digest) each; how many are
    news."""
    status: str = await conn.execute(
        *ALARM.bind(
            merchant_id=book.merchant_id,
            mode=book.mode,
            review_ids=[one[0] for one in missing],
            credit_ids=[one[1] for one in missing],
            details=[one[2] for one in missing],
            digests=[one[3] for one in missing],
        )
    )
    return int(status.rsplit(" ", 1)[1])
