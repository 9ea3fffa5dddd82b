"""Fee invoices of direct merchants: what is owed for fees, issued month by month, and what was paid for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from paygate.core.invoices import Day, Invoice
from paygate.core.payments import Payment
from paygate.db.payments import COLUMNS as PAYMENT_COLUMNS
from paygate.db.payments import payment_of
from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = """merchant_id, mode, id, number, month, fee_satang, vat_satang, credit_satang, due_on, issued_at, paid_at,
                  payment_id, tax_number, withheld_satang, certificate, certificate_on,
                  received_satang"""

# Merchants that owe fees, or did: who may need an invoice.
DEBTORS = Sql("""
    SELECT m.merchant_id
      FROM merchants m
     WHERE m.merchant_id > 0
       AND NOT EXISTS (SELECT 1 FROM fee_invoices i
                        WHERE i.merchant_id = m.merchant_id AND i.mode = 'live' AND i.month = :month)
       AND EXISTS (SELECT 1 FROM entries e
                    WHERE e.merchant_id = m.merchant_id AND e.mode = 'live' AND e.account = 'receivable')
""")

# Fees on direct payments up to a moment, less what reversals and refunds gave back; what was invoiced and paid of it;
# and what no invoice had, day by day.
ACCOUNT = Sql("""
      WITH direct AS (
           SELECT DISTINCT j.id, j.kind, j.subject_id, (j.happened_at AT TIME ZONE 'Asia/Bangkok')::date AS day
             FROM journals j
             JOIN entries r ON r.merchant_id = j.merchant_id AND r.mode = j.mode AND r.journal_id = j.id
                           AND r.account = 'receivable'
            WHERE j.merchant_id = :merchant_id
              AND j.mode = 'live'
              AND j.happened_at < :to_at
              AND (j.kind IN ('payment.paid', 'refund.released', 'payout.returned')
                   OR (j.kind IN ('payment.reversed', 'refund.requested') AND r.amount_satang < 0))
           ),
           moved AS (
           SELECT d.day, d.id, coalesce(p.amount_satang, 0) AS amount_satang,
                  CASE d.kind WHEN 'payment.paid' THEN 1 WHEN 'payment.reversed' THEN -1 ELSE 0 END AS payments
             FROM direct d
        LEFT JOIN payments p ON p.merchant_id = :merchant_id AND p.mode = 'live' AND p.id = d.subject_id
           ),
           days AS (
           SELECT day, sum(payments)::bigint AS payments, sum(amount_satang)::bigint AS amount_satang,
                  sum(fee_satang)::bigint AS fee_satang, sum(vat_satang)::bigint AS vat_satang
             FROM (SELECT day, payments, payments * amount_satang AS amount_satang, 0 AS fee_satang, 0 AS vat_satang
                     FROM moved
                UNION ALL
                   SELECT m.day, 0, 0,
                          CASE e.account WHEN 'fee_revenue' THEN -e.amount_satang ELSE 0 END,
                          CASE e.account WHEN 'vat_payable' THEN -e.amount_satang ELSE 0 END
                     FROM moved m
                     JOIN entries e ON e.merchant_id = :merchant_id AND e.mode = 'live' AND e.journal_id = m.id
                UNION ALL
                   SELECT b.day, -b.payments, -b.amount_satang, -b.fee_satang, -b.vat_satang
                     FROM fee_invoice_days b
                    WHERE b.merchant_id = :merchant_id AND b.mode = 'live') AS lines
         GROUP BY day
           HAVING sum(payments) <> 0 OR sum(amount_satang) <> 0 OR sum(fee_satang) <> 0 OR sum(vat_satang) <> 0
           )
    SELECT (SELECT coalesce(-sum(e.amount_satang), 0)::bigint FROM entries e JOIN direct d ON d.id = e.journal_id
             WHERE e.merchant_id = :merchant_id AND e.mode = 'live' AND e.account = 'fee_revenue') AS fee_satang,
           (SELECT coalesce(-sum(e.amount_satang), 0)::bigint FROM entries e JOIN direct d ON d.id = e.journal_id
             WHERE e.merchant_id = :merchant_id AND e.mode = 'live' AND e.account = 'vat_payable') AS vat_satang,
           (SELECT coalesce(-sum(e.amount_satang), 0)::bigint
              FROM journals j
              JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
             WHERE j.merchant_id = :merchant_id AND j.mode = 'live'
               AND j.kind IN ('invoice.paid', 'invoice.unpaid')
               AND e.account = 'receivable') AS paid_satang,
           (SELECT count(*) FROM fee_invoices i WHERE i.merchant_id = :merchant_id AND i.mode = 'live') AS invoices,
           (SELECT coalesce(sum(i.fee_satang), 0)::bigint FROM fee_invoices i
             WHERE i.merchant_id = :merchant_id AND i.mode = 'live') AS invoiced_fee_satang,
           (SELECT coalesce(sum(i.vat_satang), 0)::bigint FROM fee_invoices i
             WHERE i.merchant_id = :merchant_id AND i.mode = 'live') AS invoiced_vat_satang,
           (SELECT coalesce(sum(i.credit_satang), 0)::bigint FROM fee_invoices i
             WHERE i.merchant_id = :merchant_id AND i.mode = 'live') AS credited_satang,
           (SELECT coalesce(sum(CASE WHEN i.paid_at IS NULL THEN i.received_satang
                                     ELSE i.fee_satang + i.vat_satang - i.credit_satang - i.withheld_satang END),
                            0)::bigint
              FROM fee_invoices i
             WHERE i.merchant_id = :merchant_id AND i.mode = 'live') AS settled_satang,
           (SELECT array_agg((day, payments, amount_satang, fee_satang, vat_satang) ORDER BY day) FROM days) AS days,
           clock_timestamp() AS now
""")

INSERT = Sql("""
    INSERT INTO fee_invoices (merchant_id, mode, id, number, month, fee_satang, vat_satang, credit_satang, due_on,
                              issued_at)
    VALUES (:merchant_id, 'live', :id, :number, :month, :fee_satang, :vat_satang, :credit_satang, :due_on, :issued_at)
        ON CONFLICT DO NOTHING
 RETURNING 1
""")

INSERT_DAYS = Sql("""
    INSERT INTO fee_invoice_days (merchant_id, mode, invoice_id, day, payments, amount_satang, fee_satang, vat_satang)
    SELECT :merchant_id, 'live', :id, *
      FROM unnest(:days::date[], :payments::bigint[], :amounts_satang::bigint[], :fees_satang::bigint[],
                  :vats_satang::bigint[])
""")

DAYS = Sql("""
    SELECT day, payments, amount_satang, fee_satang, vat_satang
      FROM fee_invoice_days
     WHERE merchant_id = :merchant_id AND mode = 'live' AND invoice_id = :id
  ORDER BY day
""")

FIND = Sql(f"SELECT {COLUMNS} FROM fee_invoices WHERE id = :id")  # noqa: S608

LOCK = Sql(f"""
    SELECT {COLUMNS} FROM fee_invoices WHERE merchant_id = :merchant_id AND mode = 'live' AND id = :id
       FOR NO KEY UPDATE
""")  # noqa: S608

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM fee_invoices
     WHERE (:merchant_id::bigint IS NULL OR merchant_id = :merchant_id)
       AND (NOT :unpaid::boolean OR paid_at IS NULL)
       AND (:due_before::date IS NULL OR due_on < :due_before)
  ORDER BY issued_at DESC, id DESC
     LIMIT :limit
""")  # noqa: S608

# A payment of an invoice that is still open.
PENDING = Sql(f"""
    SELECT {PAYMENT_COLUMNS}
      FROM payments p
     WHERE p.merchant_id = 0 AND p.mode = 'live' AND p.order_id = :order_id
       AND p.amount_satang = :amount_satang
       AND p.status = 'PENDING' AND p.expires_at > clock_timestamp() + interval '1 minute'
  ORDER BY p.created_at DESC
     LIMIT 1
""")  # noqa: S608

TRIES = Sql("SELECT count(*) FROM payments WHERE merchant_id = 0 AND mode = 'live' AND order_id = :order_id")

# Money of the platform's own payments: for invoices, and not yet booked to them.
ARRIVED = Sql(f"""
    SELECT {PAYMENT_COLUMNS}
      FROM payments p
     WHERE p.merchant_id = 0 AND p.mode = 'live' AND p.status = 'PAID' AND p.order_id LIKE 'mer_%'
       AND p.exception IS DISTINCT FROM 'REVERSED'
       AND NOT EXISTS (SELECT 1 FROM journals j
                        WHERE j.merchant_id = 0 AND j.mode = 'live' AND j.kind = 'invoice.paid'
                          AND j.subject_id = p.id)
  ORDER BY p.paid_at
     LIMIT :limit
""")  # noqa: S608

PARTS = Sql("""
    SELECT count(*) FROM journals
     WHERE merchant_id = :merchant_id AND mode = 'live' AND kind = :kind AND subject_id = :id
""")

STAND = Sql("""
    UPDATE fee_invoices
       SET received_satang = :received_satang, paid_at = :paid_at, payment_id = :payment_id
     WHERE merchant_id = :merchant_id AND mode = 'live' AND id = :id
""")

# Each once, whoever looks at the same time.
TELL_OVERDUE = Sql(f"""
    UPDATE fee_invoices
       SET overdue_told_at = clock_timestamp()
     WHERE (merchant_id, mode, id) IN (
           SELECT merchant_id, mode, id
             FROM fee_invoices
            WHERE mode = 'live' AND paid_at IS NULL AND overdue_told_at IS NULL AND due_on < :today
         ORDER BY due_on
            LIMIT :limit
              FOR NO KEY UPDATE SKIP LOCKED)
       AND overdue_told_at IS NULL
 RETURNING {COLUMNS}
""")  # noqa: S608

NUMBER_TAX = Sql("""
    INSERT INTO tax_invoices (number, merchant_id, invoice_id, issued_at)
    SELECT coalesce(max(number), 0) + 1, :merchant_id, :id, :issued_at FROM tax_invoices
 RETURNING number
""")

SET_TAX_NUMBER = Sql("""
    UPDATE fee_invoices
       SET tax_number = :number, buyer = :buyer
     WHERE merchant_id = :merchant_id AND mode = 'live' AND id = :id
""")

BUYER = Sql("SELECT buyer FROM fee_invoices WHERE merchant_id = :merchant_id AND mode = 'live' AND id = :id")

WITHHOLD = Sql("""
    UPDATE fee_invoices
       SET withheld_satang = :withheld_satang, certificate = :certificate, certificate_on = :certificate_on
     WHERE merchant_id = :merchant_id AND mode = 'live' AND id = :id
""")

# The last payment that is booked to it and that the bank left: somebody may have paid it twice, or in parts.
PAYER = Sql("""
    SELECT p.id, p.paid_at
      FROM payments p
     WHERE p.merchant_id = 0 AND p.mode = 'live' AND p.order_id = :order_id AND p.status = 'PAID'
       AND p.exception IS DISTINCT FROM 'REVERSED'
       AND EXISTS (SELECT 1 FROM journals j
                    WHERE j.merchant_id = 0 AND j.mode = 'live' AND j.kind = 'invoice.paid' AND j.subject_id = p.id)
  ORDER BY p.paid_at DESC
     LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Account:
    """A merchant's fees up to a moment: accrued, invoiced, paid."""

    fee_satang: int
    vat_satang: int
    paid_satang: int
    invoices: int
    invoiced_fee_satang: int
    invoiced_vat_satang: int
    credited_satang: int
    settled_satang: int
    days: Sequence[Day]
    now: datetime


async def debtors(conn: Conn, month: date) -> list[int]:
    """Merchants with fees, and no invoice of *month* yet."""
    return [row["merchant_id"] for row in await conn.fetch(*DEBTORS.bind(month=month))]


async def account(conn: Conn, merchant_id: int, to_at: datetime) -> Account:
    """The merchant's fees before *to_at*. Whoever issues by it holds the merchant's row."""
    row = dict(await conn.fetchrow(*ACCOUNT.bind(merchant_id=merchant_id, to_at=to_at)))
    return Account(**row | {"days": [Day(*one) for one in row["days"] or ()]})


async def insert(conn: Conn, invoice: Invoice, lines: Sequence[Day]) -> bool:
    """A new invoice for what *lines* say; False when that month has one."""
    names = ("merchant_id", "id", "number", "month", "fee_satang", "vat_satang", "credit_satang", "due_on", "issued_at")
    if not await conn.fetchval(*INSERT.bind(**{name: getattr(invoice, name) for name in names})):
        return False
    values = {
        "days": [one.day for one in lines],
        "payments": [one.payments for one in lines],
        "amounts_satang": [one.amount_satang for one in lines],
        "fees_satang": [one.fee_satang for one in lines],
        "vats_satang": [one.vat_satang for one in lines],
    }
    await conn.execute(*INSERT_DAYS.bind(merchant_id=invoice.merchant_id, id=invoice.id, **values))
    return True


async def days(conn: Conn, invoice: Invoice) -> list[Day]:
    """What an invoice is for, day by day."""
    found = await conn.fetch(*DAYS.bind(merchant_id=invoice.merchant_id, id=invoice.id))
    return [Day(*row) for row in found]


async def number_tax(conn: Conn, invoice: Invoice) -> int:
    """The next number of a tax invoice, for *invoice*. Whoever asks holds the platform's row: no gap, no race."""
    number: int = await conn.fetchval(
        *NUMBER_TAX.bind(merchant_id=invoice.merchant_id, id=invoice.id, issued_at=invoice.issued_at)
    )
    return number


async def set_tax_number(conn: Conn, invoice: Invoice, number: str, buyer: bytes) -> None:
    """Write the number of its tax invoice to an invoice that was just made, and whom it names."""
    values = {"merchant_id": invoice.merchant_id, "id": invoice.id, "number": number, "buyer": buyer}
    await conn.execute(*SET_TAX_NUMBER.bind(**values))


async def buyer(conn: Conn, invoice: Invoice) -> bytes | None:
    """Whom its tax invoice names, sealed; None of one without VAT, and of those from before buyers were kept."""
    found: bytes | None = await conn.fetchval(*BUYER.bind(merchant_id=invoice.merchant_id, id=invoice.id))
    return found


async def withhold(conn: Conn, invoice: Invoice) -> None:
    """Write what was withheld of it, and the certificate."""
    names = ("merchant_id", "id", "withheld_satang", "certificate", "certificate_on")
    await conn.execute(*WITHHOLD.bind(**{name: getattr(invoice, name) for name in names}))


async def find(conn: Conn, invoice_id: UUID) -> Invoice | None:
    """One invoice, whosever it is."""
    return _invoice(await conn.fetchrow(*FIND.bind(id=invoice_id)))


async def lock(conn: Conn, merchant_id: int, invoice_id: UUID) -> Invoice | None:
    """One invoice, held until the transaction ends."""
    return _invoice(await conn.fetchrow(*LOCK.bind(merchant_id=merchant_id, id=invoice_id)))


async def listed(
    conn: Conn, *, merchant_id: int | None, unpaid: bool, due_before: date | None, limit: int
) -> list[Invoice]:
    """Invoices, the newest first."""
    values = {"merchant_id": merchant_id, "unpaid": unpaid, "due_before": due_before, "limit": limit}
    return [Invoice(**dict(row)) for row in await conn.fetch(*LIST.bind(**values))]


async def tell_overdue(conn: Conn, today: date, limit: int) -> list[Invoice]:
    """Open invoices whose day is over, and of which nobody was told; from now on they are told of."""
    return [Invoice(**dict(row)) for row in await conn.fetch(*TELL_OVERDUE.bind(today=today, limit=limit))]


async def pending(conn: Conn, order_id: str, amount_satang: int) -> Payment | None:
    """The open payment of an invoice for what is left to pay, if there is one with a minute left."""
    row = await conn.fetchrow(*PENDING.bind(order_id=order_id, amount_satang=amount_satang))
    return payment_of(row) if row else None


async def tries(conn: Conn, order_id: str) -> int:
    """How many payments were made for an invoice so far."""
    count: int = await conn.fetchval(*TRIES.bind(order_id=order_id))
    return count


async def arrived(conn: Conn, limit: int) -> list[Payment]:
    """Paid payments that are not booked to their invoices yet."""
    return [payment_of(row) for row in await conn.fetch(*ARRIVED.bind(limit=limit))]


async def parts(conn: Conn, merchant_id: int, invoice_id: UUID, kind: str = "invoice.paid") -> int:
    """How often an invoice was paid, or something else of *kind* was booked of it."""
    count: int = await conn.fetchval(*PARTS.bind(merchant_id=merchant_id, id=invoice_id, kind=kind))
    return count


async def booked(conn: Conn, payment_id: UUID) -> bool:
    """Whether a payment of the platform was booked to its invoice."""
    count: int = await conn.fetchval(*PARTS.bind(merchant_id=0, id=payment_id, kind="invoice.paid"))
    return count > 0


async def payer(conn: Conn, order_id: str) -> tuple[UUID, datetime] | None:
    """The payment that pays an invoice, and when: the last one whose money is booked to it and still there."""
    row = await conn.fetchrow(*PAYER.bind(order_id=order_id))
    return (row["id"], row["paid_at"]) if row else None


async def stand(conn: Conn, invoice: Invoice) -> None:
    """Write what was received for it, and whether that pays it."""
    names = ("merchant_id", "id", "received_satang", "paid_at", "payment_id")
    await conn.execute(*STAND.bind(**{name: getattr(invoice, name) for name in names}))


def _invoice(row: Any) -> Invoice | None:
    return Invoice(**dict(row)) if row else None
