"""Bank notices: each text of a phone once, what it was read as, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from paygate.core.keys import Mode
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# Said again it is counted, nothing else changes: what was read first counts, and when.
TAKE_IN = Sql("""
    INSERT INTO notices AS n (merchant_id, mode, id, source_id, digest, kind, bank, channel, direction, reason,
                              amount_satang, account_mask, counterparty, balance_satang, truncated, occurred_at,
                              received_at, heard_at, text, day_only)
    VALUES (:merchant_id, :mode, :id, :source_id, :digest, :kind, :bank, :channel, :direction, :reason, :amount_satang,
            :account_mask, :counterparty, :balance_satang, :truncated, :occurred_at, :received_at, clock_timestamp(),
            :text, :day_only)
        ON CONFLICT (merchant_id, mode, source_id, digest) DO UPDATE SET told = n.told + 1
 RETURNING n.id, n.told = 1 AS is_new, n.occurred_at, n.outcome
""")

CONCLUDE = Sql("""
    UPDATE notices SET outcome = :outcome WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
""")

# Credits that were read and kept, and whose deciding was cut short.
UNDECIDED = Sql("""
    SELECT n.merchant_id, n.mode, n.id, n.source_id, s.receiving_id, s.trust, n.digest, n.channel, n.amount_satang,
           n.counterparty, n.balance_satang, n.truncated, n.day_only, n.occurred_at
      FROM notices n
      JOIN sources s ON s.merchant_id = n.merchant_id AND s.mode = n.mode AND s.id = n.source_id
     WHERE n.outcome IS NULL
       AND n.kind = 'credit'
       AND n.reason IS NULL
       AND n.heard_at < clock_timestamp() - :age::interval
  ORDER BY n.heard_at
     LIMIT :limit
""")

ASK = Sql("""
    INSERT INTO reviews (merchant_id, mode, id, reason, detail, digest, alarm, opened_at)
    VALUES (:merchant_id, :mode, :id, :reason, :detail, :digest, :alarm, clock_timestamp())
""")

FORGET = Sql("""
    UPDATE notices
       SET text = NULL, counterparty = NULL
     WHERE (merchant_id, mode, id) IN (
           SELECT merchant_id, mode, id
             FROM notices
            WHERE heard_at < clock_timestamp() - :age::interval
              AND (text IS NOT NULL OR counterparty IS NOT NULL)
         ORDER BY heard_at
            LIMIT :limit)
""")

# A review that waits for a person keeps its text; one that is closed does not need it for longer than anything else.
FORGET_REVIEWED = Sql("""
    UPDATE reviews
       SET detail = ''
     WHERE (merchant_id, mode, id) IN (
           SELECT merchant_id, mode, id
             FROM reviews
            WHERE closed_at < clock_timestamp() - :age::interval
              AND reason IN ('UNREAD_NOTICE', 'RECEIVER_UNKNOWN')
              AND detail <> ''
         ORDER BY closed_at
            LIMIT :limit)
""")


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A text as it was read. `text` is None where it shall not be kept."""

    merchant_id: int
    mode: Mode
    id: UUID
    source_id: UUID
    digest: bytes
    kind: str
    bank: str | None
    channel: str | None
    direction: str
    reason: str | None
    amount_satang: int | None
    account_mask: str | None
    counterparty: str | None
    balance_satang: int | None
    truncated: bool
    occurred_at: datetime
    received_at: datetime
    text: str | None
    day_only: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """The row of a text: whether it was made just now, else what was read and answered when it was."""

    id: UUID
    is_new: bool
    occurred_at: datetime
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Tale:
    """What a kept notice says of a credit, with the source that said it."""

    merchant_id: int
    mode: Mode
    id: UUID
    source_id: UUID
    receiving_id: UUID
    trust: str
    digest: bytes
    channel: str
    amount_satang: int
    counterparty: str | None
    balance_satang: int | None
    truncated: bool
    day_only: bool
    occurred_at: datetime


async def take_in(conn: Conn, new: NewNotice) -> Taken:
    """Keep a text, or count it once more."""
    values = {name: getattr(new, name) for name in NewNotice.__dataclass_fields__}
    return Taken(**await conn.fetchrow(*TAKE_IN.bind(**values)))


async def conclude(conn: Conn, merchant_id: int, mode: Mode, notice_id: UUID, outcome: str) -> None:
    """Write down what the phone is told."""
    await conn.execute(*CONCLUDE.bind(merchant_id=merchant_id, mode=mode, id=notice_id, outcome=outcome))


async def undecided(conn: Conn, age: timedelta, limit: int) -> Sequence[Tale]:
    """Credits that were read longer than *age* ago and never decided, the oldest first."""
    return [Tale(**row) for row in await conn.fetch(*UNDECIDED.bind(age=age, limit=limit))]


async def ask(
    conn: Conn, *, merchant_id: int, mode: Mode, review_id: UUID, reason: str, detail: str, digest: bytes, alarm: bool
) -> None:
    """Ask a person: a review about a text that made no credit."""
    values = {"reason": reason, "detail": detail, "digest": digest, "alarm": alarm}
    await conn.execute(*ASK.bind(merchant_id=merchant_id, mode=mode, id=review_id, **values))


async def forget(conn: Conn, age: timedelta, limit: int) -> int:
    """Forget texts and names that are older than *age*, at most *limit* at once, and as many of closed reviews; how
    many of the one that were more."""
    counts = [await conn.execute(*statement.bind(age=age, limit=limit)) for statement in (FORGET, FORGET_REVIEWED)]
    return max(int(status.rsplit(" ", 1)[1]) for status in counts)
