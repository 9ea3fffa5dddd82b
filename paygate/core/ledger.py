"""Double entry: what each change of a payment or a credit means in the books.

Debit is positive, credit negative; the lines of a journal sum to zero; a correction is another journal. Platform legs
carry the merchant's id, so that two merchants never wait for one row; money that belongs to nobody yet is booked under
merchant 0. Only central accounts touch `bank_central` and `suspense`: a direct merchant's money is never ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from paygate.core.errors import Bug

if TYPE_CHECKING:
    from paygate.core.credits import Credit
    from paygate.core.payments import Payment

PLATFORM = 0


class Account(StrEnum):
    """The chart of accounts."""

    PAYABLE = "payable"  # What the central account owes the merchant.
    HELD = "held"  # Of that, asked for in a settlement or refund.
    RECEIVABLE = "receivable"  # What the merchant owes: fees of a direct merchant, shortfalls.
    BANK_CENTRAL = "bank_central"
    FEE_REVENUE = "fee_revenue"
    VAT_PAYABLE = "vat_payable"
    SUSPENSE = "suspense"  # Arrived, but not known whose.
    PAYOUT_CLEARING = "payout_clearing"
    WHT_RECEIVABLE = "wht_receivable"  # Tax that merchants withheld of our fees, to be set off against ours.


@dataclass(frozen=True, slots=True)
class Journal:
    """One booking, ready to be written. `lines` are (account, signed satang), zero lines left out."""

    merchant_id: int
    mode: str
    kind: str
    subject_id: UUID
    happened_at: datetime
    lines: tuple[tuple[Account, int], ...]
    part: int = 1  # Of a subject that is booked several times under one kind.

    def __post_init__(self) -> None:
        if sum(amount for _, amount in self.lines) != 0 or not self.lines:
            raise Bug(f"The lines of {self.kind} {self.subject_id} do not sum to zero: {self.lines}")


def journal(
    merchant_id: int,
    mode: str,
    kind: str,
    subject_id: UUID,
    happened_at: datetime,
    *lines: tuple[Account, int],
    part: int = 1,
) -> Journal:
    """A journal of the lines that are not zero. Raises Bug when they do not sum to zero."""
    kept = tuple(line for line in lines if line[1] != 0)
    return Journal(merchant_id, mode, kind, subject_id, happened_at, kept, part)


def payment_paid(payment: Payment, *credits: Credit) -> Journal | None:
    """The money of *credits* pays *payment*. None when there is nothing to book (a direct payment without a fee).

    Central: the bank (or suspense, where the money was parked) against payable, fee and VAT; what is above the
    payable amount goes to suspense until a person decides. Direct: only the fee, on the merchant's receivable.
    """
    charge = payment.fee_satang + payment.vat_satang
    costs = ((Account.FEE_REVENUE, -payment.fee_satang), (Account.VAT_PAYABLE, -payment.vat_satang))
    happened_at = max(credit.occurred_at for credit in credits)
    head = (payment.merchant_id, payment.mode, "payment.paid", payment.id, happened_at)
    if payment.flow == "direct":
        return journal(*head, (Account.RECEIVABLE, charge), *costs) if charge else None
    parked = sum(credit.amount_satang for credit in credits if credit.booked)
    fresh = sum(credit.amount_satang for credit in credits if not credit.booked)
    excess = parked + fresh - payment.payable_satang
    if excess < 0:
        raise Bug(f"The credits of payment {payment.id} are less than it asks for.")
    return journal(
        *head,
        (Account.BANK_CENTRAL, fresh),
        (Account.SUSPENSE, parked - excess),
        (Account.PAYABLE, charge - payment.payable_satang),
        *costs,
    )


def payment_reversed(
    payment: Payment,
    at: datetime,
    credits: Sequence[Credit],
    payable_satang: int,
    fee_returned_satang: int = 0,
    vat_returned_satang: int = 0,
) -> Journal | None:
    """The bank took the money of *payment* back: its booking the other way round. None when nothing was booked.

    What the merchant has with us (*payable_satang*) pays first; the rest it owes. An excess that lay in suspense goes
    too. The fee is given back, as far as refunds have not given it back already: nothing was sold.
    """
    fee, vat = payment.fee_satang - fee_returned_satang, payment.vat_satang - vat_returned_satang
    charge = fee + vat
    costs = ((Account.FEE_REVENUE, fee), (Account.VAT_PAYABLE, vat))
    head = (payment.merchant_id, payment.mode, "payment.reversed", payment.id, at)
    if payment.flow == "direct":
        return journal(*head, (Account.RECEIVABLE, -charge), *costs) if charge else None
    received = sum(credit.amount_satang for credit in credits)
    net = payment.payable_satang - charge
    taken = max(0, min(net, payable_satang))
    return journal(
        *head,
        (Account.BANK_CENTRAL, -received),
        (Account.SUSPENSE, received - payment.payable_satang),
        (Account.PAYABLE, taken),
        (Account.RECEIVABLE, net - taken),
        *costs,
    )


def credit_parked(credit: Credit) -> Journal | None:
    """Money on a central account that no payment explains. None for a direct account: it is not ours."""
    if credit.merchant_id != PLATFORM:
        return None
    return journal(
        PLATFORM,
        credit.mode,
        "credit.parked",
        credit.id,
        credit.occurred_at,
        (Account.BANK_CENTRAL, credit.amount_satang),
        (Account.SUSPENSE, -credit.amount_satang),
    )


def credit_released(credit: Credit, at: datetime) -> Journal | None:
    """Parked money that left again, or never came: the parking undone. None where nothing was parked."""
    if not credit.booked:
        return None
    return journal(
        PLATFORM,
        credit.mode,
        "credit.released",
        credit.id,
        at,
        (Account.BANK_CENTRAL, -credit.amount_satang),
        (Account.SUSPENSE, credit.amount_satang),
    )
