"""Fee invoices: what a direct merchant's invoice of a month is, and what its payment means in the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from paygate.core.ledger import PLATFORM, Account, Journal, journal
from paygate.core.money import MIN_AMOUNT_SATANG


@dataclass(frozen=True, slots=True)
class Day:
    """What an invoice is for: the payments of a day in Bangkok, less those that the bank took back, and what they cost,
    less what reversals and refunds gave back that day."""

    day: date
    payments: int
    amount_satang: int
    fee_satang: int
    vat_satang: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice as its row has it. `withheld_satang`: tax that the merchant withheld, by `certificate`.

    `credit_satang`: what was paid too much before; below zero: too little. `received_satang`: what payments brought
    for it; with less than its due it is open.
    """

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
    tax_number: str | None = None
    withheld_satang: int = 0
    certificate: str | None = None
    certificate_on: date | None = None
    received_satang: int = 0

    @property
    def total_satang(self) -> int:
        """Fees and VAT."""
        return self.fee_satang + self.vat_satang

    @property
    def due_satang(self) -> int:
        """What is paid by transfer, beside what the certificate of withheld tax stands for."""
        return self.total_satang - self.credit_satang - self.withheld_satang

    @property
    def to_pay_satang(self) -> int:
        """What is left of that while it is open; of a paid one, all that it asked for."""
        return self.due_satang - (self.received_satang if self.paid_at is None else 0)

    @property
    def enough(self) -> bool:
        """Whether what was received pays it. What nobody can transfer is left to the next one, as a tag's satang."""
        return self.received_satang > 0 and self.due_satang - self.received_satang < MIN_AMOUNT_SATANG

    def status(self, today: date) -> str:
        """PAID, OPEN, or OVERDUE on *today* in Bangkok."""
        if self.paid_at is not None:
            return "PAID"
        return "OVERDUE" if today > self.due_on else "OPEN"


WITHHELD_BPS = 300
"""Of services, by Thai companies: 3 % of the fee without VAT."""


def tax_number(number: int) -> str:
    """How the number of a tax invoice is written."""
    return f"TAX-{number:06d}"


def amounts(fee_satang: int, vat_satang: int, overpaid_satang: int) -> tuple[int, int, int] | None:
    """(fee, VAT, credit) of an invoice for fees that are not invoiced yet; None when they wait for the next month:
    nothing new, more was given back than earned, or too little for a payment.

    *overpaid_satang* below zero was paid too little: by the satang of a tag, or because money was taken back."""
    if fee_satang < 0 or vat_satang < 0:
        return None
    if fee_satang + vat_satang - overpaid_satang < MIN_AMOUNT_SATANG:
        return None
    return fee_satang, vat_satang, overpaid_satang


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


def invoice_unpaid(invoice: Invoice, payment_id: UUID, satang: int, at: datetime, part: int) -> tuple[Journal, Journal]:
    """The bank took the money of `invoice_paid` back: the same the other way round, so that the reversal of the
    platform's payment finds it there, and the merchant owes it again."""
    out = (invoice.merchant_id, invoice.mode, "invoice.unpaid", invoice.id, at)
    into = (PLATFORM, invoice.mode, "invoice.unpaid", payment_id, at)
    return (
        journal(*out, (Account.RECEIVABLE, satang), (Account.SUSPENSE, -satang), part=part),
        journal(*into, (Account.SUSPENSE, satang), (Account.PAYABLE, -satang)),
    )


def invoice_withheld(invoice: Invoice, satang: int, at: datetime, part: int) -> Journal:
    """So much more (or, below zero, less) of what the merchant owes is paid by its certificate of withheld tax."""
    head = (invoice.merchant_id, invoice.mode, "invoice.withheld", invoice.id, at)
    return journal(*head, (Account.WHT_RECEIVABLE, satang), (Account.RECEIVABLE, -satang), part=part)
