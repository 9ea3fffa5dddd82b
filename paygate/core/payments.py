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
from paygate.core.errors import Conflict, WrongState
from paygate.core.ledger import Journal, payment_paid, payment_reversed
from paygate.core.money import show


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
VERIFYING_TIME = timedelta(minutes=90)  # For so long an accepted slip keeps a payment open.
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
    extended: bool = False  # A slip moved the deadline; no other moves it again.
    renews_id: UUID | None = None  # The expired payment that its payer made it in place of.
    link_id: UUID | None = None  # The payment link that fixed its amount.
    refunded_satang: int = 0  # Gone back to the payer.

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
    """Credits that name it by reference are of another amount, *received_satang* in all: a person has to decide."""

    at: datetime
    received_satang: int


@dataclass(frozen=True, slots=True)
class FundsHeld:
    """Money that can only be for it waits for a person."""

    at: datetime


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline is over."""

    at: datetime


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """The merchant or the payer does not want it any more."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SlipAccepted:
    """A slip was handed in and is being checked: the payment stays open meanwhile, and cannot be cancelled."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SlipDecided:
    """A slip was decided without paying it; *verifying*: another one is still being checked."""

    at: datetime
    verifying: bool = False


@dataclass(frozen=True, slots=True)
class PersonPaid:
    """A person found *credits* to pay it: one, or several parts whose sum is enough."""

    at: datetime
    credits: tuple[Credit, ...]


@dataclass(frozen=True, slots=True)
class MarkedFailed:
    """A person, or the bank, says that nothing will come."""

    at: datetime


@dataclass(frozen=True, slots=True)
class FundsReversed:
    """The bank took the money of *credits* back; *payable_satang* is what the merchant still has with us."""

    at: datetime
    credits: tuple[Credit, ...]
    payable_satang: int
    fee_returned_satang: int = 0  # By refunds, already.
    vat_returned_satang: int = 0


Event = (
    FundsMatched
    | FundsDiffer
    | FundsHeld
    | TimePassed
    | CancelAsked
    | SlipAccepted
    | SlipDecided
    | PersonPaid
    | MarkedFailed
    | FundsReversed
)

TRANSITIONS: dict[tuple[Status, type[Event]], Status] = {
    (Status.PENDING, FundsMatched): Status.PAID,
    (Status.EXPIRED, FundsMatched): Status.PAID,  # Late money is still the customer's money.
    (Status.PENDING, FundsDiffer): Status.PENDING,
    (Status.EXPIRED, FundsDiffer): Status.EXPIRED,
    **{(status, FundsHeld): status for status in Status},
    (Status.PENDING, TimePassed): Status.EXPIRED,
    (Status.PENDING, CancelAsked): Status.CANCELLED,
    (Status.PENDING, SlipAccepted): Status.PENDING,
    (Status.EXPIRED, SlipAccepted): Status.EXPIRED,
    **{(status, SlipDecided): status for status in Status},  # Whatever became of the payment meanwhile.
    (Status.PENDING, PersonPaid): Status.PAID,
    (Status.EXPIRED, PersonPaid): Status.PAID,
    (Status.CANCELLED, PersonPaid): Status.PAID,  # Only a person may.
    (Status.FAILED, PersonPaid): Status.PAID,
    (Status.PENDING, MarkedFailed): Status.FAILED,
    (Status.EXPIRED, MarkedFailed): Status.FAILED,
    (Status.PAID, FundsReversed): Status.PAID,  # History stays; the exception tells.
}

ANNOUNCED: dict[type[Event], str] = {
    FundsMatched: "payment.success",
    FundsDiffer: "payment.verification",
    FundsHeld: "payment.verification",
    TimePassed: "payment.expired",
    CancelAsked: "payment.cancelled",
    SlipAccepted: "payment.verification",
    SlipDecided: "payment.verification",
    PersonPaid: "payment.success",
    MarkedFailed: "payment.failed",
    FundsReversed: "payment.refunded",
}


WISHES: dict[type[Event], str] = {  # For the sentence that says no.
    FundsMatched: "paid",
    FundsDiffer: "paid in part",
    FundsHeld: "checked by a person",
    TimePassed: "expired",
    CancelAsked: "cancelled",
    SlipAccepted: "checked by a slip",
    SlipDecided: "checked by a slip",
    PersonPaid: "paid",
    MarkedFailed: "marked as failed",
    FundsReversed: "reversed",
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
    match event:
        case FundsMatched():
            return _paid(payment, event.at, (event.credit,))
        case PersonPaid():
            return _paid_by_person(payment, event)
        case FundsReversed():
            return _reversed(payment, event)
        case FundsDiffer():
            return _differs(payment, event)
        case SlipAccepted():
            return _slip_accepted(payment, event.at)
        case SlipDecided() | FundsHeld():
            verifying = payment.verifying and (event.verifying if isinstance(event, SlipDecided) else True)
            after = replace(payment, verifying=verifying, sequence=payment.sequence + 1)
            return Step(payment, after, ANNOUNCED[type(event)], None, None)
        case TimePassed() | CancelAsked() | MarkedFailed():
            closed_at = payment.expires_at if isinstance(event, TimePassed) else event.at
            closed_at = min(closed_at, payment.closed_at or closed_at, payment.expires_at)
            after = replace(payment, status=target, verifying=False, closed_at=closed_at, sequence=payment.sequence + 1)
            return Step(payment, after, ANNOUNCED[type(event)], None, closed_at + QUARANTINE_OTHER)


def _differs(payment: Payment, event: FundsDiffer) -> Step:
    after = replace(
        payment,
        exception=Oddity.OVERPAID if event.received_satang > payment.payable_satang else Oddity.UNDERPAID,
        received_satang=event.received_satang,
        sequence=payment.sequence + 1,
    )
    return Step(payment, after, ANNOUNCED[FundsDiffer], None, None)


def _slip_accepted(payment: Payment, at: datetime) -> Step:
    """Once, the deadline moves: it is no slip's fault that a bank answers late."""
    after = replace(payment, verifying=True, sequence=payment.sequence + 1)
    if payment.extended or standing(payment, at) is not Status.PENDING:
        return Step(payment, after, ANNOUNCED[SlipAccepted], None, None)
    expires_at = max(payment.expires_at, at + VERIFYING_TIME)
    after = replace(after, expires_at=expires_at, extended=True)
    return Step(payment, after, ANNOUNCED[SlipAccepted], None, expires_at + QUARANTINE_OTHER)


def _paid_by_person(payment: Payment, event: PersonPaid) -> Step:
    received_satang = sum(credit.amount_satang for credit in event.credits)
    if received_satang < payment.payable_satang:
        missing_satang = payment.payable_satang - received_satang
        raise Conflict(f"The money is not enough: {show(missing_satang)} THB are missing.")
    return _paid(payment, event.at, event.credits)


def _paid(payment: Payment, at: datetime, credits: tuple[Credit, ...]) -> Step:
    after = replace(
        payment,
        status=Status.PAID,
        exception=oddity(payment, credits),
        received_satang=sum(credit.amount_satang for credit in credits),
        credit_id=credits[0].id,
        verifying=False,
        paid_at=max(credit.occurred_at for credit in credits),
        closed_at=payment.closed_at or at,
        sequence=payment.sequence + 1,
    )
    until_at = at + QUARANTINE_PAID
    if standing(payment, at) is not Status.PENDING:
        until_at = max(
            until_at, (payment.closed_at or payment.expires_at) + QUARANTINE_OTHER
        )  # Its earlier end counts.
    return Step(payment, after, ANNOUNCED[FundsMatched], payment_paid(payment, *credits), until_at)


def _reversed(payment: Payment, event: FundsReversed) -> Step:
    if payment.exception is Oddity.REVERSED:
        raise WrongState("REVERSED", WISHES[FundsReversed])
    after = replace(payment, exception=Oddity.REVERSED, sequence=payment.sequence + 1)
    returned = (event.fee_returned_satang, event.vat_returned_satang)
    journal = payment_reversed(payment, event.at, event.credits, event.payable_satang, *returned)
    return Step(payment, after, ANNOUNCED[FundsReversed], journal, None)


def oddity(payment: Payment, credits: Sequence[Credit]) -> Oddity | None:
    """What was odd about money that pays: too much weighs more than too late, since it has to be given back."""
    if sum(credit.amount_satang for credit in credits) > payment.payable_satang:
        return Oddity.OVERPAID
    if any(credit.occurred_at >= payment.expires_at for credit in credits):
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
