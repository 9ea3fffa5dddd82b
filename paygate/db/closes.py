"""Rows of the daily close: what banks said, what people explained, and the days that were compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.closes import GRACE, Figures, bounds
from paygate.db.pool import Conn
from paygate.db.sql import Sql

CENTRAL = 0
MODE = "live"
STATEMENT = "statement"

# The real accounts of the platform, whether in force or not, each by its latest version; the oldest is the first.
ACCOUNTS = Sql("""
      WITH latest AS (
           SELECT DISTINCT ON (receiving_id) receiving_id, id, name, number, retired_at,
                  min(created_at) OVER (PARTITION BY receiving_id) AS since_at
             FROM accounts
            WHERE merchant_id = 0 AND mode = 'live'
         ORDER BY receiving_id, created_at DESC, id DESC
           )
    SELECT receiving_id, id, name, number, retired_at IS NOT NULL AS retired
      FROM latest
  ORDER BY retired, since_at, receiving_id
""")

# A statement's word stands above a person's; of two statements the later one counts.
NOTE_BALANCES = Sql("""
    INSERT INTO bank_balances AS b (merchant_id, mode, receiving_id, day, balance_satang, told_by, told_at)
    SELECT 0, 'live', :receiving_id, t.day, t.satang, :told_by, clock_timestamp()
      FROM unnest(:days::date[], :satang::bigint[]) AS t (day, satang)
        ON CONFLICT (merchant_id, mode, receiving_id, day) DO UPDATE
       SET balance_satang = excluded.balance_satang, told_by = excluded.told_by, told_at = excluded.told_at
     WHERE excluded.told_by = 'statement' OR b.told_by <> 'statement'
 RETURNING day
""")

BALANCE = Sql("""
    SELECT balance_satang, told_by FROM bank_balances
     WHERE merchant_id = 0 AND mode = 'live' AND receiving_id = :receiving_id AND day = :day
""")

# Where no statement and no person said it: the last balance that a notice or the bank's bridge told of.
POINT = Sql("""
    SELECT balance_satang FROM balance_points
     WHERE merchant_id = 0 AND mode = 'live' AND receiving_id = :receiving_id AND at < :until_at
  ORDER BY at DESC
     LIMIT 1
""")

IN = Sql("""
    SELECT coalesce(sum(amount_satang), 0)::bigint
      FROM credits
     WHERE merchant_id = 0 AND mode = 'live' AND receiving_id = :receiving_id AND booked
       AND occurred_at >= :since_at AND occurred_at < :until_at
""")

# What the bank took back, on the day on which the books say so.
TAKEN_BACK = Sql("""
    SELECT coalesce(sum(c.amount_satang), 0)::bigint
      FROM credits c
     WHERE c.merchant_id = 0 AND c.mode = 'live' AND c.receiving_id = :receiving_id AND c.booked
       AND c.state = 'REVERSED'
       AND EXISTS (SELECT 1 FROM journals j
                    WHERE j.mode = 'live' AND j.happened_at >= :since_at AND j.happened_at < :until_at
                      AND ((j.kind = 'credit.released' AND j.merchant_id = 0 AND j.subject_id = c.id)
                        OR (j.kind = 'payment.reversed' AND j.merchant_id = c.payment_merchant_id
                            AND j.subject_id = c.payment_id)))
""")

# Payouts of all merchants that left from the account. What does not say so left from the first one.
OUT = Sql("""
    SELECT coalesce(-sum(e.amount_satang), 0)::bigint
      FROM journals j
      JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
 LEFT JOIN settlements s ON s.merchant_id = j.merchant_id AND s.mode = j.mode AND s.id = j.subject_id
 LEFT JOIN refunds r ON r.merchant_id = j.merchant_id AND r.mode = j.mode AND r.id = j.subject_id
     WHERE j.mode = 'live' AND j.kind IN ('payout.confirmed', 'payout.returned') AND e.account = 'bank_central'
       AND j.happened_at >= :since_at AND j.happened_at < :until_at
       AND CASE WHEN coalesce(s.paid_from, r.paid_from) IS NULL THEN :first::boolean
                ELSE coalesce(s.paid_from, r.paid_from) = :receiving_id END
""")

OTHER = Sql("""
    SELECT coalesce(sum(amount_satang), 0)::bigint FROM bank_movements
     WHERE merchant_id = 0 AND mode = 'live' AND receiving_id = :receiving_id AND day = :day
""")

MOVE = Sql("""
    INSERT INTO bank_movements (merchant_id, mode, id, receiving_id, day, amount_satang, reason, told_by, told_at)
    VALUES (0, 'live', :id, :receiving_id, :day, :amount_satang, :reason, :told_by, clock_timestamp())
""")

MOVEMENTS = Sql("""
    SELECT amount_satang, reason, told_by, told_at
      FROM bank_movements
     WHERE merchant_id = 0 AND mode = 'live' AND receiving_id = :receiving_id AND day = :day
  ORDER BY told_at, id
""")

COLUMNS = "day, opening_satang, in_satang, out_satang, other_satang, bank_satang, state, run_at, run_by"

WRITE = Sql("""
    INSERT INTO daily_closes AS c (merchant_id, mode, receiving_id, day, opening_satang, in_satang, out_satang,
                                   other_satang, bank_satang, state, run_at, run_by)
    VALUES (0, 'live', :receiving_id, :day, :opening_satang, :in_satang, :out_satang, :other_satang, :bank_satang,
            :state, clock_timestamp(), :run_by)
        ON CONFLICT (merchant_id, mode, receiving_id, day) DO UPDATE
       SET opening_satang = excluded.opening_satang, in_satang = excluded.in_satang, out_satang = excluded.out_satang,
           other_satang = excluded.other_satang, bank_satang = excluded.bank_satang, state = excluded.state,
           run_at = excluded.run_at, run_by = excluded.run_by
     WHERE c.state = 'OPEN'
 RETURNING day, opening_satang, in_satang, out_satang, other_satang, bank_satang, state, run_at, run_by
""")

LAST = Sql(f"""
    SELECT {COLUMNS} FROM daily_closes
     WHERE merchant_id = 0 AND mode = 'live' AND receiving_id = :receiving_id
       AND (NOT :closed::boolean OR state = 'CLOSED')
  ORDER BY day DESC
     LIMIT 1
""")  # noqa: S608

GET = Sql(f"""
    SELECT {COLUMNS} FROM daily_closes
     WHERE merchant_id = 0 AND mode = 'live' AND receiving_id = :receiving_id AND day = :day
""")  # noqa: S608

LISTED = Sql(f"""
    SELECT {COLUMNS} FROM daily_closes
     WHERE merchant_id = 0 AND mode = 'live' AND receiving_id = :receiving_id
  ORDER BY day DESC
     LIMIT :limit
""")  # noqa: S608

# Of each account whose days were ever closed: how many are over since the last closed one, but for the grace.
OVERDUE = Sql("""
    SELECT receiving_id,
           greatest(0, ((statement_timestamp() - :grace::interval) AT TIME ZONE 'Asia/Bangkok')::date - 1
                       - max(day) FILTER (WHERE state = 'CLOSED'))::integer AS days
      FROM daily_closes
     WHERE merchant_id = 0 AND mode = 'live'
       AND (:receiving_id::uuid IS NULL OR receiving_id = :receiving_id)
  GROUP BY receiving_id
    HAVING max(day) FILTER (WHERE state = 'CLOSED') IS NOT NULL
""")

CLOCK = Sql("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Account:
    """A real account of the platform; `id` is its latest version's."""

    receiving_id: UUID
    id: UUID
    name: str
    number: str | None
    retired: bool


@dataclass(frozen=True, slots=True)
class Close:
    """A day as it was compared last."""

    figures: Figures
    state: str
    run_at: datetime
    run_by: str


@dataclass(frozen=True, slots=True)
class Movement:
    """What a person explained."""

    amount_satang: int
    reason: str
    told_by: str
    told_at: datetime


async def accounts(conn: Conn) -> list[Account]:
    """All real live accounts of the platform; payouts leave from the first one unless somebody says otherwise."""
    return [Account(**row) for row in await conn.fetch(*ACCOUNTS.bind())]


async def note_balances(conn: Conn, receiving_id: UUID, found: Sequence[tuple[date, int]], told_by: str) -> int:
    """Keep what an account had on some evenings; how many were taken (a person does not change a statement's word)."""
    days, satang = [day for day, _ in found], [balance for _, balance in found]
    statement = NOTE_BALANCES.bind(receiving_id=receiving_id, days=days, satang=satang, told_by=told_by)
    return len(await conn.fetch(*statement))


async def evening(conn: Conn, receiving_id: UUID, day: date) -> tuple[int, str] | None:
    """What the bank said that the account had on an evening, and who told us; None: nobody did."""
    row = await conn.fetchrow(*BALANCE.bind(receiving_id=receiving_id, day=day))
    if row is not None:
        return row["balance_satang"], row["told_by"]
    _, until = bounds(day)
    point: int | None = await conn.fetchval(*POINT.bind(receiving_id=receiving_id, until_at=until))
    return None if point is None else (point, "notice")


async def figures(conn: Conn, receiving_id: UUID, day: date, opening_satang: int, *, pays: bool) -> Figures:
    """A day as it stands now. *pays*: payouts that do not say from where left from this account."""
    since, until = bounds(day)
    span = {"since_at": since, "until_at": until}
    came: int = await conn.fetchval(*IN.bind(receiving_id=receiving_id, **span))
    back: int = await conn.fetchval(*TAKEN_BACK.bind(receiving_id=receiving_id, **span))
    out: int = await conn.fetchval(*OUT.bind(receiving_id=receiving_id, first=pays, **span))
    other: int = await conn.fetchval(*OTHER.bind(receiving_id=receiving_id, day=day))
    told = await evening(conn, receiving_id, day)
    return Figures(day, opening_satang, came - back, out, other, told[0] if told else None)


async def move(
    conn: Conn, *, movement_id: UUID, receiving_id: UUID, day: date, amount_satang: int, reason: str, told_by: str
) -> None:
    """Keep what a person explained."""
    await conn.execute(
        *MOVE.bind(
            id=movement_id,
            receiving_id=receiving_id,
            day=day,
            amount_satang=amount_satang,
            reason=reason,
            told_by=told_by,
        )
    )


async def movements(conn: Conn, receiving_id: UUID, day: date) -> list[Movement]:
    """What people explained of a day."""
    return [Movement(**row) for row in await conn.fetch(*MOVEMENTS.bind(receiving_id=receiving_id, day=day))]


async def write(conn: Conn, receiving_id: UUID, found: Figures, run_by: str) -> Close | None:
    """Keep a day as it was compared: CLOSED when books and bank agree. None when it was closed before."""
    row = await conn.fetchrow(
        *WRITE.bind(
            receiving_id=receiving_id,
            day=found.day,
            opening_satang=found.opening_satang,
            in_satang=found.in_satang,
            out_satang=found.out_satang,
            other_satang=found.other_satang,
            bank_satang=found.bank_satang,
            state="CLOSED" if found.agrees else "OPEN",
            run_by=run_by,
        )
    )
    return _close(row) if row else None


async def last(conn: Conn, receiving_id: UUID, *, closed: bool) -> Close | None:
    """The last day that was compared, or closed."""
    row = await conn.fetchrow(*LAST.bind(receiving_id=receiving_id, closed=closed))
    return _close(row) if row else None


async def get(conn: Conn, receiving_id: UUID, day: date) -> Close | None:
    """One day as it was compared last."""
    row = await conn.fetchrow(*GET.bind(receiving_id=receiving_id, day=day))
    return _close(row) if row else None


async def listed(conn: Conn, receiving_id: UUID, limit: int) -> list[Close]:
    """The days of an account, the last one first."""
    return [_close(row) for row in await conn.fetch(*LISTED.bind(receiving_id=receiving_id, limit=limit))]


async def overdue(conn: Conn, receiving_id: UUID | None = None) -> dict[UUID, int]:
    """How many days of an account should have been closed by now."""
    rows = await conn.fetch(*OVERDUE.bind(receiving_id=receiving_id, grace=timedelta(seconds=GRACE.total_seconds())))
    return {row["receiving_id"]: row["days"] for row in rows}


async def clock(conn: Conn) -> datetime:
    """The database's clock."""
    now: datetime = await conn.fetchval(*CLOCK.bind())
    return now


def _close(row: Any) -> Close:
    names = ("day", "opening_satang", "in_satang", "out_satang", "other_satang", "bank_satang")
    return Close(Figures(**{name: row[name] for name in names}), row["state"], row["run_at"], row["run_by"])
