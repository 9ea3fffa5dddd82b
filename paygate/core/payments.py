"""The life of one payment. Whatever decides a status is in this file; nothing here reads a clock or a database.

Two axes: `status` says where the payment stands, `exception` says what was odd. Money that comes after the deadline is
a row of the table, not an `if`: late money is still the customer's money.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from paygate.core.credits import Credit
from paygate.core.errors import WrongState
from paygate.core.ledger import Journal, payment_paid


class Status(StrEnum):
    """Where a payment stands."""

    PENDING = "PENDING"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class Oddity(StrEnum):
    """What was odd about the money."""

    LATE = "LATE"
    OVERPAID = "OVERPAID"
    UNDERPAID = "UNDERPAID"
    REVERSED = "REVERSED"


QUARANTINE_PAID = timedelta(minutes=10)  # A payer who pays twice does so soon.
QUARANTINE_OTHER = timedelta(minutes=60)  # A payer who pays late has the old QR still open.
TAGS_SATANG = range(1, 100)


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as its row has it. Money in satang; times aware, UTC. See schema.sql for each member."""

    merchant_id: int
    mode: str
    id: UUID
    order_id: str | None
    description: str | None
    metadata: str
    customer_email: str | None
    callback_url: str | None
    cancel_url: str | None
    amount_source: str
    amount_satang: int
    payable_satang: int
    fee_bps: int
    fee_satang: int
    vat_bps: int
    vat_satang: int
    flow: str
    owner_id: int
    account_id: UUID
    receiving_id: UUID
    ref1: str | None
    ref2: str | None
    qr_payload: str
    status: Status
    exception: Oddity | None
    sequence: int
    received_satang: int | None
    credit_id: UUID | None
    verifying: bool
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    closed_at: datetime | None

    @property
    def net_satang(self) -> int:
        """What is left for the merchant."""
        return self.payable_satang - self.fee_satang - self.vat_satang


# What can happen to a payment. Each event says when, by the database's clock; nobody here calls one.


@dataclass(frozen=True, slots=True)
class FundsMatched:
    """A credit was found to pay it."""

    at: datetime
    credit: Credit


@dataclass(frozen=True, slots=True)
class FundsDiffer:
    """A credit that names it by reference is of another amount: a person has to decide."""

    at: datetime
    credit: Credit


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline is over."""

    at: datetime


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """The merchant or the payer does not want it any more."""

    at: datetime


Event = FundsMatched | FundsDiffer | TimePassed | CancelAsked

TRANSITIONS: dict[tuple[Status, type[Event]], Status] = {
    (Status.PENDING, FundsMatched): Status.PAID,
    (Status.EXPIRED, FundsMatched): Status.PAID,  # Late money is still the customer's money.
    (Status.PENDING, FundsDiffer): Status.PENDING,
    (Status.EXPIRED, FundsDiffer): Status.EXPIRED,
    (Status.PENDING, TimePassed): Status.EXPIRED,
    (Status.PENDING, CancelAsked): Status.CANCELLED,
}

ANNOUNCED: dict[type[Event], str] = {
    FundsMatched: "payment.success",
    TimePassed: "payment.expired",
    CancelAsked: "payment.cancelled",
}


WISHES: dict[type[Event], str] = {  # For the sentence that says no.
    FundsMatched: "paid",
    FundsDiffer: "paid in part",
    TimePassed: "expired",
    CancelAsked: "cancelled",
}


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an event: the payment afterwards, what to announce and book, how long to keep its amount."""

    before: Payment
    after: Payment
    event_type: str | None
    journal: Journal | None
    until_at: datetime | None


def standing(payment: Payment, at: datetime) -> Status:
    """The effective status at a moment: an open payment whose deadline is over is EXPIRED, whoever looked or did not.

    The same rule as `db.payments.STANDING` in SQL.
    """
    if payment.status is Status.PENDING and payment.expires_at <= at:
        return Status.EXPIRED
    return payment.status


def advance(payment: Payment, event: Event) -> Step:
    """Say what follows from *event*; change nothing.

    Raises WrongState when the payment's standing does not allow it, or a slip is being checked and it is a cancel.
    """
    status = payment.status if isinstance(event, TimePassed) else standing(payment, event.at)
    target = TRANSITIONS.get((status, type(event)))
    if target is None or (isinstance(event, CancelAsked) and payment.verifying):
        raise WrongState("VERIFYING" if target else status, WISHES[type(event)])
    if isinstance(event, FundsMatched):
        return _paid(payment, event)
    if isinstance(event, FundsDiffer):
        received_satang = (payment.received_satang or 0) + event.credit.amount_satang
        after = replace(
            payment,
            exception=Oddity.OVERPAID if received_satang > payment.payable_satang else Oddity.UNDERPAID,
            received_satang=received_satang,
            sequence=payment.sequence + 1,
        )
        return Step(payment, after, None, None, None)
    closed_at = payment.expires_at if isinstance(event, TimePassed) else event.at
    after = replace(payment, status=target, closed_at=closed_at, sequence=payment.sequence + 1)
    return Step(payment, after, ANNOUNCED[type(event)], None, closed_at + QUARANTINE_OTHER)


def _paid(payment: Payment, event: FundsMatched) -> Step:
    credit = event.credit
    after = replace(
        payment,
        status=Status.PAID,
        exception=oddity(payment, credit),
        received_satang=credit.amount_satang,
        credit_id=credit.id,
        verifying=False,
        paid_at=credit.occurred_at,
        closed_at=payment.closed_at or event.at,
        sequence=payment.sequence + 1,
    )
    until_at = event.at + QUARANTINE_PAID
    if standing(payment, event.at) is Status.EXPIRED:
        until_at = max(until_at, payment.expires_at + QUARANTINE_OTHER)  # Its earlier end still counts.
    return Step(payment, after, ANNOUNCED[FundsMatched], payment_paid(payment, credit), until_at)


def oddity(payment: Payment, credit: Credit) -> Oddity | None:
    """What was odd about money that pays: too much weighs more than too late, since it has to be given back."""
    if credit.amount_satang > payment.payable_satang:
        return Oddity.OVERPAID
    if credit.occurred_at >= payment.expires_at:
        return Oddity.LATE
    return None


def payable_amounts(amount_satang: int, tagging: str, charge_satang: int, low_satang: int) -> Sequence[int]:
    """The payable amounts that an account's tagging allows for an order, the preferred one first.

    *charge_satang* is fee plus VAT: no tag makes the net negative, nor the payable amount less than *low_satang*. Empty
    when the order is too small for the account's tagging.
    """
    tags: Sequence[int] = TAGS_SATANG
    if tagging == "off":
        tags = (0,)
    elif tagging == "auto":
        tags = (0, *TAGS_SATANG)
    elif tagging == "subtract":
        tags = [-tag for tag in TAGS_SATANG]
    return [amount_satang + tag for tag in tags if amount_satang + tag >= max(low_satang, charge_satang)]
