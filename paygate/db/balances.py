"""Balances: of an account as its bank tells them in notices, and of a merchant as the ledger has them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from paygate.core.credits import MERGE_WINDOW, Credit
from paygate.core.payouts import Balance
from paygate.db.pool import Conn
from paygate.db.sql import Sql

LOOKED_BACK = timedelta(days=1)  # News comes late and out of order, but not later than this without a gap.

# Whether the balance before a credit is one that the bank told of; true where nothing had been told when the credit's
# own balance was first heard.
CHAINED = Sql("""
    SELECT EXISTS (SELECT 1
                     FROM balance_points b
                    WHERE b.merchant_id = :merchant_id
                      AND b.mode = :mode
                      AND b.receiving_id = :receiving_id
                      AND b.at >= coalesce((SELECT max(l.at)
                                              FROM balance_points l
                                             WHERE l.merchant_id = :merchant_id AND l.mode = :mode
                                               AND l.receiving_id = :receiving_id
                                               AND l.at < :occurred_at::timestamptz - :looked_back::interval),
                                           '-infinity')
                      AND b.at <= :occurred_at + :window::interval
                      AND b.balance_satang = :before_satang::bigint)
        OR NOT EXISTS (SELECT 1
                         FROM balance_points b
                        WHERE b.merchant_id = :merchant_id AND b.mode = :mode AND b.receiving_id = :receiving_id
                          AND b.at <= :occurred_at + :window
                          AND b.heard_at < coalesce((SELECT min(o.heard_at)
                                                       FROM balance_points o
                                                      WHERE o.merchant_id = :merchant_id AND o.mode = :mode
                                                        AND o.receiving_id = :receiving_id
                                                        AND o.at BETWEEN :occurred_at - :window
                                                                     AND :occurred_at + :window
                                                        AND o.balance_satang = :after_satang::bigint),
                                                    'infinity'))
""")

# A balance that the bank told of. Credits that seemed to break the chain for want of it are decided again.
NOTE = Sql("""
      WITH point AS (
           INSERT INTO balance_points (merchant_id, mode, receiving_id, at, balance_satang, heard_at)
           VALUES (:merchant_id, :mode, :receiving_id, :at, :balance_satang::bigint, clock_timestamp())
      ON CONFLICT DO NOTHING
        RETURNING 1
           )
    UPDATE credits c
       SET recheck_at = clock_timestamp()
     WHERE c.merchant_id = :merchant_id
       AND c.mode = :mode
       AND c.receiving_id = :receiving_id
       AND c.state = 'UNASSIGNED'
       AND c.reason = 'BALANCE_BREAK'
       AND c.balance_satang = c.amount_satang + :balance_satang
       AND EXISTS (SELECT 1 FROM point)
""")

PRUNE = Sql("""
    DELETE FROM balance_points b
     WHERE (b.merchant_id, b.mode, b.receiving_id, b.at, b.balance_satang) IN (
           SELECT o.merchant_id, o.mode, o.receiving_id, o.at, o.balance_satang
             FROM balance_points o
            WHERE o.heard_at < statement_timestamp() - :age::interval
              AND EXISTS (SELECT 1 FROM balance_points n              -- The newest stays: the chain goes on from it.
                           WHERE n.merchant_id = o.merchant_id AND n.mode = o.mode
                             AND n.receiving_id = o.receiving_id AND n.at > o.at)
         ORDER BY o.heard_at
            LIMIT :limit)
""")

# What the ledger owes a merchant, behind the lock that every debit of it takes.
LOCK_PAYABLE = Sql("""
      WITH locked AS (
           INSERT INTO balances AS b (merchant_id, mode) VALUES (:merchant_id, :mode)
      ON CONFLICT (merchant_id, mode) DO UPDATE SET frozen_reason = b.frozen_reason
        RETURNING 1
           )
    SELECT count(*) FROM locked
""")
PAYABLE = Sql("""
    SELECT -coalesce(sum(amount_satang), 0)::bigint
      FROM entries
     WHERE merchant_id = :merchant_id AND mode = :mode AND account = 'payable'
""")


# A merchant's money. Shortfall: what it owes us beside fees. Told only: nothing but bank notices said so.
STANDING = Sql("""
    SELECT (SELECT -coalesce(sum(e.amount_satang), 0)::bigint
              FROM entries e
             WHERE e.merchant_id = :merchant_id AND e.mode = :mode AND e.account = 'payable') AS payable_satang,
           (SELECT -coalesce(sum(e.amount_satang), 0)::bigint
              FROM entries e
             WHERE e.merchant_id = :merchant_id AND e.mode = :mode
               AND e.account IN ('held', 'payout_clearing')) AS held_satang,
           (SELECT coalesce(sum(e.amount_satang), 0)::bigint
              FROM journals j
              JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
             WHERE j.merchant_id = :merchant_id AND j.mode = :mode
               AND (j.kind = 'shortfall.netted'
                    OR (j.kind IN ('payment.reversed', 'refund.requested') AND e.amount_satang > 0))
               AND e.account = 'receivable') AS shortfall_satang,
           (SELECT coalesce(sum(p.payable_satang - p.fee_satang - p.vat_satang), 0)::bigint
              FROM payments p
             WHERE p.merchant_id = :merchant_id AND p.mode = :mode
               AND p.id IN (SELECT c.payment_id
                              FROM credits c
                             WHERE c.merchant_id = 0 AND c.mode = :mode AND c.payment_merchant_id = :merchant_id
                               AND c.state = 'SETTLED' AND c.rank = 'C'
                               AND c.confirmed_at IS NULL)) AS told_only_satang,
           (SELECT b.frozen_reason FROM balances b
             WHERE b.merchant_id = :merchant_id AND b.mode = :mode) AS frozen_reason
""")

FROZEN = Sql("SELECT frozen_reason FROM balances WHERE merchant_id = :merchant_id AND mode = :mode")

# The same, and it stays so until the transaction ends: a freeze waits for it, and is waited for.
HOLD_FROZEN = Sql("""
    SELECT frozen_reason FROM balances WHERE merchant_id = :merchant_id AND mode = :mode FOR SHARE
""")

CLOCK = Sql("SELECT clock_timestamp()")


async def chained(conn: Conn, credit: Credit) -> bool:
    """Whether the balance before *credit* is one we were told of within a day, or the last one before that; True where
    the account has no history, or the credit no balance."""
    if credit.balance_satang is None:
        return True
    found: bool = await conn.fetchval(
        *CHAINED.bind(
            merchant_id=credit.merchant_id,
            mode=credit.mode,
            receiving_id=credit.receiving_id,
            occurred_at=credit.occurred_at,
            looked_back=LOOKED_BACK,
            window=MERGE_WINDOW,
            before_satang=credit.balance_satang - credit.amount_satang,
            after_satang=credit.balance_satang,
        )
    )
    return found


async def note(
    conn: Conn, *, merchant_id: int, mode: str, receiving_id: UUID, at: datetime, balance_satang: int
) -> None:
    """Keep a balance that the bank told of, after whatever movement."""
    await conn.execute(
        *NOTE.bind(merchant_id=merchant_id, mode=mode, receiving_id=receiving_id, at=at, balance_satang=balance_satang)
    )


async def prune(conn: Conn, age: timedelta, limit: int) -> int:
    """Forget balances that nothing can follow from any more; how many."""
    status: str = await conn.execute(*PRUNE.bind(age=age, limit=limit))
    return int(status.rsplit(" ", 1)[1])


async def lock_payable(conn: Conn, merchant_id: int, mode: str) -> int:
    """What we owe the merchant, in satang; nobody else takes of it until the transaction ends."""
    await conn.fetchval(*LOCK_PAYABLE.bind(merchant_id=merchant_id, mode=mode))
    payable_satang: int = await conn.fetchval(*PAYABLE.bind(merchant_id=merchant_id, mode=mode))
    return payable_satang


async def standing(conn: Conn, merchant_id: int, mode: str, *, at_once: bool) -> Balance:
    """What the merchant has with us. *at_once*: money that only notices told of counts as well."""
    row = await conn.fetchrow(*STANDING.bind(merchant_id=merchant_id, mode=mode))
    return Balance(
        row["payable_satang"],
        row["held_satang"],
        row["shortfall_satang"],
        0 if at_once else row["told_only_satang"],
        row["frozen_reason"],
    )


async def lock(conn: Conn, merchant_id: int, mode: str, *, at_once: bool) -> Balance:
    """The same; nobody else takes of it until the transaction ends."""
    await conn.fetchval(*LOCK_PAYABLE.bind(merchant_id=merchant_id, mode=mode))
    return await standing(conn, merchant_id, mode, at_once=at_once)


async def frozen_reason(conn: Conn, merchant_id: int, mode: str, *, held: bool = False) -> str | None:
    """Why payouts of the merchant stand still; None: they do not. *held*: nobody freezes them, or thaws, until the
    transaction ends."""
    statement = HOLD_FROZEN if held else FROZEN
    reason: str | None = await conn.fetchval(*statement.bind(merchant_id=merchant_id, mode=mode))
    return reason


async def clock(conn: Conn) -> datetime:
    """The database's clock, behind whatever lock was taken before."""
    now: datetime = await conn.fetchval(*CLOCK.bind())
    return now
