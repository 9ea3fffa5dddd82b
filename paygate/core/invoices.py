"""Fee invoices: what a direct merchant's invoice of a month is, and what its payment means in the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from paygate.core.ledger import PLATFORM, Account, Journal, journal
from paygate.core.money import MIN_AMOUNT_SATANG


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice as its row has it. `credit_satang`: what was paid too much before."""

    merchant_id: int
    mode: str
    id: UUID
    number: str
    month: date
    fee_satang: int
    vat_satang: int
    credit_satang: int
    due_on: date
    issued_at: datetime
    paid_at: datetime | None
    payment_id: UUID | None

    @property
    def total_satang(self) -> int:
        """Fees and VAT."""
        return self.fee_satang + self.vat_satang

    @property
    def to_pay_satang(self) -> int:
        """What is left to pay."""
        return self.total_satang - self.credit_satang

    def status(self, today: date) -> str:
        """PAID, OPEN, or OVERDUE on *today* in Bangkok."""
        if self.paid_at is not None:
            return "PAID"
        return "OVERDUE" if today > self.due_on else "OPEN"


def amounts(fee_satang: int, vat_satang: int, overpaid_satang: int) -> tuple[int, int, int] | None:
    """(fee, VAT, credit) of an invoice for fees that are not invoiced yet; None when they wait for the next month:
    nothing new, more was given back than earned, or too little for a payment."""
    if fee_satang < 0 or vat_satang < 0:
        return None
    credit = max(0, overpaid_satang)
    if fee_satang + vat_satang - credit < MIN_AMOUNT_SATANG:
        return None
    return fee_satang, vat_satang, credit


def invoice_paid(invoice: Invoice, payment_id: UUID, satang: int, at: datetime, part: int) -> tuple[Journal, Journal]:
    """Money of the platform's own payment pays what a merchant owes: out of its books, into the merchant's.

    They meet in suspense, so that no journal is about two merchants.
    """
    out = (PLATFORM, invoice.mode, "invoice.paid", payment_id, at)
    into = (invoice.merchant_id, invoice.mode, "invoice.paid", invoice.id, at)
    return (
        journal(*out, (Account.PAYABLE, satang), (Account.SUSPENSE, -satang)),
        journal(*into, (Account.SUSPENSE, satang), (Account.RECEIVABLE, -satang), part=part),
    )
