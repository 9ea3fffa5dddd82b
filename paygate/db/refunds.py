"""Refunds: asked for, read, listed, moved on by compare-and-set; and how much of a payment went back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.errors import Moved
from paygate.core.payments import Payment
from paygate.core.payouts import PayoutStatus, Refund
from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = """merchant_id, mode, id, amount_satang, status, sequence, approved_by, second_by, claimed_by, claimed_at,
                  bank_reference, refusal AS reason, created_at, completed_at, paid_from, payment_id, flow,
                  fee_returned_satang, vat_returned_satang, shortfall_satang, reason AS words, payee, link_number,
                  link_until"""

INSERT = Sql("""
    INSERT INTO refunds (merchant_id, mode, id, payment_id, amount_satang, fee_returned_satang, vat_returned_satang,
                         shortfall_satang, flow, status, sequence, reason, payee, created_at, link_number, link_until)
    VALUES (:merchant_id, :mode, :id, :payment_id, :amount_satang, :fee_returned_satang, :vat_returned_satang,
            :shortfall_satang, :flow, :status, :sequence, :words, :payee, :created_at,
            :link_number, :link_until)
""")

GET = Sql(f"""
    SELECT {COLUMNS}
      FROM refunds
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
""")  # noqa: S608

FIND = Sql(f"SELECT {COLUMNS} FROM refunds WHERE id = :id")  # noqa: S608

LOCK = Sql(f"""
    SELECT {COLUMNS}, clock_timestamp() AS now
      FROM refunds
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
       FOR NO KEY UPDATE
""")  # noqa: S608

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM refunds
     WHERE merchant_id = :merchant_id
       AND mode = :mode
       AND (:before_at::timestamptz IS NULL OR (created_at, id) < (:before_at, :before_id::uuid))
       AND (:status::text IS NULL OR status = :status)
       AND (:payment_id::uuid IS NULL OR payment_id = :payment_id)
       AND (:from_at::timestamptz IS NULL OR created_at >= :from_at)
       AND (:to_at::timestamptz IS NULL OR created_at < :to_at)
  ORDER BY created_at DESC, id DESC
     LIMIT :limit
""")  # noqa: S608

# What waits for the operator, the oldest first. Direct merchants pay theirs themselves.
QUEUE = Sql(f"""
    SELECT {COLUMNS}
      FROM refunds
     WHERE status IN ('REQUESTED', 'APPROVED', 'PAYING')
       AND status = ANY(:statuses::text[])
       AND (:merchant_id::bigint IS NULL OR merchant_id = :merchant_id)
       AND (:claimed_by::text IS NULL OR lower(claimed_by) = lower(:claimed_by))
  ORDER BY created_at, id
     LIMIT :limit
""")  # noqa: S608

CLOSED = Sql(f"""
    SELECT {COLUMNS}
      FROM refunds
     WHERE status = ANY(:statuses::text[])
       AND (:merchant_id::bigint IS NULL OR merchant_id = :merchant_id)
  ORDER BY created_at DESC, id DESC
     LIMIT :limit
""")  # noqa: S608

MOVE = Sql("""
    UPDATE refunds
       SET status = :status, sequence = :sequence, approved_by = :approved_by, second_by = :second_by,
           claimed_by = :claimed_by, claimed_at = :claimed_at, bank_reference = :bank_reference,
           refusal = :reason, completed_at = :completed_at, paid_from = :paid_from, payee = :payee,
           link_number = :link_number, link_until = :link_until
     WHERE merchant_id = :merchant_id
       AND mode = :mode
       AND id = :id
       AND status = :was_status                                 -- Another person may have moved it.
       AND sequence = :was_sequence
 RETURNING 1
""")

# Of a payment, what its refunds took or will take; read behind the payment's lock.
TAKEN = Sql("""
    SELECT coalesce(sum(amount_satang), 0)::bigint AS amount_satang,
           coalesce(sum(fee_returned_satang), 0)::bigint AS fee_satang,
           coalesce(sum(vat_returned_satang), 0)::bigint AS vat_satang
      FROM refunds
     WHERE merchant_id = :merchant_id AND mode = :mode AND payment_id = :payment_id
       AND status NOT IN ('REJECTED', 'CANCELLED', 'RETURNED', 'EXPIRED')
""")

MARK = Sql("""
    UPDATE payments
       SET refunded_satang = :refunded_satang, sequence = :sequence
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
       AND status = 'PAID'
       AND sequence = :was_sequence
 RETURNING 1
""")


# Links that are over and that nobody used, the oldest first; whoever lets them lapse locks each one and looks again.
OVERDUE = Sql(f"""
    SELECT {COLUMNS}
      FROM refunds
     WHERE status = 'WAITING' AND link_until <= clock_timestamp()
  ORDER BY link_until
     LIMIT :limit
""")  # noqa: S608

# Nobody was paid: what the payer said of itself is of no use any more.
FORGET = Sql("""
    UPDATE refunds SET payee = NULL
     WHERE ctid = ANY (ARRAY(
           SELECT ctid
             FROM refunds
            WHERE payee IS NOT NULL
              AND status IN ('REJECTED', 'CANCELLED', 'EXPIRED')
              AND created_at <= statement_timestamp() - :age::interval
         ORDER BY created_at
            LIMIT :limit
              FOR UPDATE SKIP LOCKED))
""")


@dataclass(frozen=True, slots=True)
class Taken:
    """What refunds of a payment took or will take, and the fee that they give back."""

    amount_satang: int
    fee_satang: int
    vat_satang: int


@dataclass(frozen=True, slots=True)
class Page:
    """What a merchant's list is asked for. Times are half-open; `before` is the last row of the page before."""

    limit: int
    status: PayoutStatus | None = None
    payment_id: UUID | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    before: tuple[datetime, UUID] | None = None


async def insert(conn: Conn, refund: Refund) -> None:
    """A refund that was just asked for."""
    names = ("merchant_id", "mode", "id", "payment_id", "amount_satang", "fee_returned_satang", "vat_returned_satang")
    more = (
        "shortfall_satang",
        "flow",
        "status",
        "sequence",
        "words",
        "payee",
        "created_at",
        "link_number",
        "link_until",
    )
    await conn.execute(*INSERT.bind(**{name: getattr(refund, name) for name in (*names, *more)}))


async def get(conn: Conn, merchant_id: int, mode: str, refund_id: UUID) -> Refund | None:
    """One refund of a merchant."""
    row = await conn.fetchrow(*GET.bind(merchant_id=merchant_id, mode=mode, id=refund_id))
    return _refund(row) if row else None


async def find(conn: Conn, refund_id: UUID) -> Refund | None:
    """One refund, whosever it is: for the operator."""
    row = await conn.fetchrow(*FIND.bind(id=refund_id))
    return _refund(row) if row else None


async def lock(conn: Conn, merchant_id: int, mode: str, refund_id: UUID) -> tuple[Refund, datetime] | None:
    """One refund, held until the transaction ends, and the database's clock. Its payment is locked before it."""
    row = await conn.fetchrow(*LOCK.bind(merchant_id=merchant_id, mode=mode, id=refund_id))
    return (_refund(row), row["now"]) if row else None


async def listed(conn: Conn, merchant_id: int, mode: str, page: Page) -> list[Refund]:
    """A page of a merchant's refunds, newest first."""
    before_at, before_id = page.before or (None, None)
    rows = await conn.fetch(
        *LIST.bind(
            merchant_id=merchant_id,
            mode=mode,
            before_at=before_at,
            before_id=before_id,
            status=page.status,
            payment_id=page.payment_id,
            from_at=page.from_at,
            to_at=page.to_at,
            limit=page.limit,
        )
    )
    return [_refund(row) for row in rows]


async def queue(
    conn: Conn,
    statuses: Sequence[PayoutStatus],
    *,
    merchant_id: int | None = None,
    claimed_by: str | None = None,
    limit: int,
) -> list[Refund]:
    """What waits, of all merchants or one, the oldest first."""
    values = {"statuses": list(statuses), "merchant_id": merchant_id, "claimed_by": claimed_by, "limit": limit}
    return [_refund(row) for row in await conn.fetch(*QUEUE.bind(**values))]


async def closed(conn: Conn, statuses: Sequence[PayoutStatus], *, merchant_id: int | None, limit: int) -> list[Refund]:
    """Those that stand so, the newest first."""
    rows = await conn.fetch(*CLOSED.bind(statuses=list(statuses), merchant_id=merchant_id, limit=limit))
    return [_refund(row) for row in rows]


async def overdue(conn: Conn, limit: int) -> list[Refund]:
    """Those whose payers said nothing in time."""
    return [_refund(row) for row in await conn.fetch(*OVERDUE.bind(limit=limit))]


async def forget(conn: Conn, age: timedelta, limit: int) -> int:
    """Forget where payers wanted what was never paid, of refunds older than *age*; how many."""
    result: str = await conn.execute(*FORGET.bind(age=age, limit=limit))
    return int(result.rsplit(maxsplit=1)[-1])


async def move(conn: Conn, before: Refund, after: Refund) -> None:
    """Compare-and-set. Raises Moved when it does not stand where it stood."""
    names = ("status", "sequence", "approved_by", "second_by", "claimed_by", "claimed_at", "bank_reference", "reason")
    values = {
        name: getattr(after, name)
        for name in (*names, "completed_at", "paid_from", "payee", "link_number", "link_until")
    }
    key = {"merchant_id": before.merchant_id, "mode": before.mode, "id": before.id}
    was = {"was_status": before.status, "was_sequence": before.sequence}
    if not await conn.fetchval(*MOVE.bind(**values, **key, **was)):
        raise Moved()


async def taken(conn: Conn, payment: Payment) -> Taken:
    """What refunds of *payment* took or will take. Whoever decides by it holds the payment's row."""
    key = {"merchant_id": payment.merchant_id, "mode": payment.mode, "payment_id": payment.id}
    return Taken(**dict(await conn.fetchrow(*TAKEN.bind(**key))))


async def mark(conn: Conn, before: Payment, after: Payment) -> None:
    """Say on the payment how much of it went back. Raises Moved when it does not stand where it stood."""
    key = {"merchant_id": before.merchant_id, "mode": before.mode, "id": before.id}
    values = {"refunded_satang": after.refunded_satang, "sequence": after.sequence, "was_sequence": before.sequence}
    if not await conn.fetchval(*MARK.bind(**key, **values)):
        raise Moved()


def _refund(row: Any) -> Refund:
    values = {name: value for name, value in row.items() if name != "now"}
    return Refund(**values | {"status": PayoutStatus(row["status"])})
