"""The life of a payout: money on its way out, by a person's hand in the operator's bank app. Nothing here reads a clock
or a database.

PayGate moves no money. A payout is an instruction: someone approves it, someone else may have to approve it too, one
person claims it, pays it in the bank's app, and says by which reference of the bank. Only that claim shows where the
money goes, and it never ends by itself: whether a transfer was sent, only the person who claimed it knows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, Self, TypeVar
from uuid import UUID

from paygate.core import ids
from paygate.core.credits import BANGKOK
from paygate.core.errors import Bug, Conflict, WrongState
from paygate.core.ledger import Account, Journal, journal


class PayoutStatus(StrEnum):
    """Where a payout stands. WAITING and EXPIRED are of refunds: nobody has said yet, or in time, where to."""

    WAITING = "WAITING"
    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    PAYING = "PAYING"
    COMPLETED = "COMPLETED"
    RETURNED = "RETURNED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


OPEN = (PayoutStatus.REQUESTED, PayoutStatus.APPROVED, PayoutStatus.PAYING)
SETTLEMENT = "settlement"
REFUND = "refund"
NO_ACCOUNT = "The payer did not say in time where the money shall go."
Lines = tuple[tuple[Account, int], ...]


@dataclass(frozen=True, slots=True)
class Payout(ABC):
    """What settlements and refunds have in common, as their rows have it. `sequence` counts the changes."""

    merchant_id: int
    mode: str
    id: UUID
    amount_satang: int
    status: PayoutStatus
    sequence: int
    approved_by: str | None
    second_by: str | None
    claimed_by: str | None
    claimed_at: datetime | None
    bank_reference: str | None
    reason: str | None
    created_at: datetime
    completed_at: datetime | None
    paid_from: UUID | None  # The real account of ours that it left from.

    @property
    @abstractmethod
    def kind(self) -> str:
        """settlement or refund; the first word of its journals."""

    @property
    @abstractmethod
    def taken(self) -> Lines:
        """The debits that set it aside: what it was taken from."""

    @property
    def back(self) -> Lines:
        """The same money where it goes when nobody is paid after all."""
        return tuple((account, -satang) for account, satang in self.taken)

    @property
    def ours(self) -> bool:
        """Whether the operator pays it, from the central account."""
        return True

    @property
    def due(self) -> str:
        """The day by which it shall be paid, or how old it is."""
        return f"{self.created_at.astimezone(BANGKOK):%Y-%m-%d}"

    @property
    def logged(self) -> dict[str, object]:
        """What else the audit log tells of it."""
        return {}

    def frozen(self, destination_id: UUID | None) -> Self:
        """The same, approved: it goes to *destination_id*, if that is how it says where to."""
        return self

    def goes_to(self, destination_id: UUID | None) -> bool:
        """Whether that is where it was approved for so far."""
        return True

    def asked(self, until: datetime) -> Self:
        """The same, its payer being asked until then. Raises WrongState where nobody can be asked."""
        raise WrongState(self.status, WISHES[AccountAsked], what=self.kind)

    def given(self, payee: bytes) -> Self:
        """The same, with where its payer wants it. Raises WrongState where nobody was asked."""
        raise WrongState(self.status, WISHES[AccountGiven], what=self.kind)


@dataclass(frozen=True, slots=True)
class Settlement(Payout):
    """A merchant takes its money out."""

    destination_id: UUID | None
    promised_on: date

    @property
    def kind(self) -> str:
        """A settlement."""
        return SETTLEMENT

    @property
    def taken(self) -> Lines:
        """From what we owe the merchant."""
        return ((Account.PAYABLE, self.amount_satang),)

    @property
    def due(self) -> str:
        """The day that was promised."""
        return self.promised_on.isoformat()

    @property
    def logged(self) -> dict[str, object]:
        """Where it goes."""
        return {"destination": ids.show("dst", self.destination_id) if self.destination_id else None}

    def frozen(self, destination_id: UUID | None) -> Self:
        """Approved. Raises Bug without knowing where to."""
        if destination_id is None:
            raise Bug("A settlement cannot be approved without knowing where to.")
        return replace(self, destination_id=destination_id)

    def goes_to(self, destination_id: UUID | None) -> bool:
        """See Payout."""
        return self.destination_id == destination_id


@dataclass(frozen=True, slots=True)
class Refund(Payout):
    """Money back to a payer. Of a direct payment it is an instruction to the merchant, and only the fee is booked.

    `payee` is sealed: where the payer wants it. `words` are the merchant's, `reason` the operator's. Of the links that
    its payer was given the one with `link_number` is good, until `link_until`.
    """

    payment_id: UUID
    flow: str
    fee_returned_satang: int
    vat_returned_satang: int
    shortfall_satang: int
    words: str | None
    payee: bytes | None
    link_number: int = 0
    link_until: datetime | None = None

    @property
    def kind(self) -> str:
        """A refund."""
        return REFUND

    @property
    def ours(self) -> bool:
        """Whether the money is with us."""
        return self.flow == "central"

    @property
    def taken(self) -> Lines:
        """From the merchant and the fee that it gets back; what it has not, it owes. Direct: only the fee."""
        given_back = self.fee_returned_satang + self.vat_returned_satang
        fees = ((Account.FEE_REVENUE, self.fee_returned_satang), (Account.VAT_PAYABLE, self.vat_returned_satang))
        if not self.ours:
            return ((Account.RECEIVABLE, -given_back), *fees)
        own = self.amount_satang - given_back - self.shortfall_satang
        return ((Account.PAYABLE, own), (Account.RECEIVABLE, self.shortfall_satang), *fees)

    @property
    def back(self) -> Lines:
        """To the merchant; a shortfall may have been netted meanwhile, so it comes back as money."""
        lines = [
            (Account.PAYABLE if account is Account.RECEIVABLE and self.ours else account, -satang)
            for account, satang in self.taken
        ]
        return tuple(lines)

    def asked(self, until: datetime) -> Self:
        """See Payout. What was approved goes to where it was approved for; a direct merchant approves by itself."""
        if self.status is PayoutStatus.APPROVED and self.ours:
            raise WrongState(self.status, WISHES[AccountAsked], what=self.kind)
        number = self.link_number + 1
        return replace(self, payee=None, approved_by=None, link_number=number, link_until=until)

    def given(self, payee: bytes) -> Self:
        """See Payout."""
        return replace(self, payee=payee)


# What can happen to a payout. `by` is a person; each event says when, by the database's clock.


@dataclass(frozen=True, slots=True)
class AccountAsked:
    """Its payer gets a new link, good until then; older ones are worthless, and so is what was said before."""

    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class AccountGiven:
    """Somebody said where the payer wants it; *payee* is sealed."""

    at: datetime
    payee: bytes


@dataclass(frozen=True, slots=True)
class Lapsed:
    """The link's time is over, and nobody said anything."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Approved:
    """*by* says yes. Where it goes is frozen from here on."""

    at: datetime
    by: str
    destination_id: UUID | None
    two_needed: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """The operator says no: the money is the merchant's again."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The merchant does not want it any more."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """*by* is going to pay it now, and nobody else."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Released:
    """A person knows that it was not sent: somebody may claim it again."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """It was sent; the bank calls the transfer *bank_reference*. *paid_from*: from that real account of ours."""

    at: datetime
    by: str
    bank_reference: str
    paid_from: UUID | None = None


@dataclass(frozen=True, slots=True)
class Bounced:
    """The bank brought the money back."""

    at: datetime
    by: str
    reason: str


Kind = TypeVar("Kind", bound=Payout)
Event = (
    AccountAsked | AccountGiven | Lapsed | Approved | Rejected | Cancelled | Claimed | Released | Confirmed | Bounced
)

TRANSITIONS: dict[tuple[PayoutStatus, type[Event]], PayoutStatus] = {
    (PayoutStatus.WAITING, AccountGiven): PayoutStatus.REQUESTED,
    (PayoutStatus.WAITING, AccountAsked): PayoutStatus.WAITING,  # A new link, in place of the one before.
    (PayoutStatus.WAITING, Lapsed): PayoutStatus.EXPIRED,
    (PayoutStatus.WAITING, Rejected): PayoutStatus.REJECTED,
    (PayoutStatus.WAITING, Cancelled): PayoutStatus.CANCELLED,
    (PayoutStatus.REQUESTED, AccountAsked): PayoutStatus.WAITING,
    (PayoutStatus.APPROVED, AccountAsked): PayoutStatus.WAITING,  # Only what a direct merchant pays itself.
    (PayoutStatus.REQUESTED, Approved): PayoutStatus.APPROVED,  # Or it waits for the second person.
    (PayoutStatus.REQUESTED, Rejected): PayoutStatus.REJECTED,
    (PayoutStatus.REQUESTED, Cancelled): PayoutStatus.CANCELLED,
    (PayoutStatus.APPROVED, Rejected): PayoutStatus.REJECTED,  # Its frozen destination may turn out to be wrong.
    (PayoutStatus.APPROVED, Claimed): PayoutStatus.PAYING,
    (PayoutStatus.PAYING, Released): PayoutStatus.APPROVED,
    (PayoutStatus.PAYING, Confirmed): PayoutStatus.COMPLETED,
    (PayoutStatus.COMPLETED, Bounced): PayoutStatus.RETURNED,
}
WISHES: dict[type[Event], str] = {  # For the sentence that says no.
    AccountAsked: "put to its payer",
    AccountGiven: "given an account",
    Lapsed: "expired",
    Approved: "approved",
    Rejected: "rejected",
    Cancelled: "cancelled",
    Claimed: "paid",
    Released: "released",
    Confirmed: "completed",
    Bounced: "returned",
}
# Its money is in the merchant's balance again, whether it was refused or came back.
ANNOUNCED: dict[tuple[str, type[Event]], str] = {
    (SETTLEMENT, Rejected): "settlement.rejected",
    (SETTLEMENT, Confirmed): "settlement.completed",
    (SETTLEMENT, Bounced): "settlement.rejected",
    (REFUND, AccountGiven): "refund.account_given",
    (REFUND, Lapsed): "refund.failed",
    (REFUND, Confirmed): "payment.refunded",
    (REFUND, Rejected): "refund.failed",
    (REFUND, Bounced): "refund.failed",
}
# (kind of journal, debited account, credited account; None: back to where it was taken from)
BOOKED: dict[type[Event], tuple[str, Account, Account | None]] = {
    Rejected: ("released", Account.HELD, None),
    Cancelled: ("released", Account.HELD, None),
    Lapsed: ("released", Account.HELD, None),
    Claimed: ("payout.sent", Account.HELD, Account.PAYOUT_CLEARING),
    Released: ("payout.unsent", Account.PAYOUT_CLEARING, Account.HELD),
    Confirmed: ("payout.confirmed", Account.PAYOUT_CLEARING, Account.BANK_CENTRAL),
    Bounced: ("payout.returned", Account.BANK_CENTRAL, None),
}


@dataclass(frozen=True, slots=True)
class PayoutStep(Generic[Kind]):
    """What follows from an event: the payout afterwards, what to announce and to book."""

    before: Kind
    after: Kind
    event_type: str | None
    journal: Journal | None


def advance(payout: Kind, event: Event) -> PayoutStep[Kind]:
    """Say what follows from *event*; change nothing.

    Raises WrongState when its status does not allow it, Conflict when the second approval is the first one's again.
    """
    target = TRANSITIONS.get((payout.status, type(event)))
    if target is None:
        raise WrongState(payout.status, WISHES[type(event)], what=payout.kind)
    changed = replace(payout, status=target, sequence=payout.sequence + 1)
    match event:
        case Approved():
            changed = _approved(payout, changed, event)
        case Rejected() | Bounced():
            changed = replace(changed, reason=event.reason)
        case Released():  # Why is for the operator's log: the merchant's payout goes on.
            changed = replace(changed, claimed_by=None, claimed_at=None)
        case Cancelled():
            pass
        case AccountAsked():
            changed = replace(payout.asked(event.until), status=target, sequence=changed.sequence)
        case AccountGiven():
            changed = replace(payout.given(event.payee), status=target, sequence=changed.sequence)
        case Lapsed():
            changed = replace(changed, reason=NO_ACCOUNT)
        case Claimed():
            changed = replace(changed, claimed_by=event.by, claimed_at=event.at, reason=None)
        case Confirmed():
            changed = replace(
                changed, bank_reference=event.bank_reference, completed_at=event.at, paid_from=event.paid_from
            )
    return PayoutStep(payout, changed, ANNOUNCED.get((payout.kind, type(event))), _booking(changed, event))


def _approved(payout: Kind, changed: Kind, event: Approved) -> Kind:
    changed = changed.frozen(event.destination_id)
    # Whoever said yes to another destination did not say yes to this one.
    if payout.approved_by is None or not payout.goes_to(event.destination_id):
        return replace(changed, approved_by=event.by, status=payout.status if event.two_needed else changed.status)
    if same_person(payout.approved_by, event.by):
        raise Conflict("The second approval must be another person's.")
    return replace(changed, second_by=event.by)


def same_person(one: str | None, other: str) -> bool:
    """Whether two actors are one, as people write a name: `cli:Malee` and `cli:malee `."""
    return one is not None and _folded(one) == _folded(other)


def _folded(actor: str) -> tuple[str, str]:
    kind, _, name = actor.partition(":")
    return kind, " ".join(name.split()).casefold()


def _booking(changed: Payout, event: Event) -> Journal | None:
    if type(event) not in BOOKED:
        return None
    kind, debit, credit = BOOKED[type(event)]
    name = kind if "." in kind else f"{changed.kind}.{kind}"
    whole = changed.amount_satang if changed.ours else 0  # A direct merchant's money is never in our books.
    back = changed.back if credit is None else ((credit, -whole),)
    lines = [(account, satang) for account, satang in ((debit, whole), *back) if satang]
    head = (changed.merchant_id, changed.mode, name, changed.id, event.at)
    return journal(*head, *lines, part=changed.sequence) if lines else None


def requested(payout: Payout) -> Journal | None:
    """What is asked for is set aside. None when nothing is to be booked."""
    whole = payout.amount_satang if payout.ours else 0
    lines = [(account, satang) for account, satang in (*payout.taken, (Account.HELD, -whole)) if satang]
    head = (payout.merchant_id, payout.mode, f"{payout.kind}.requested", payout.id, payout.created_at)
    return journal(*head, *lines) if lines else None


def shortfall_netted(merchant_id: int, mode: str, subject_id: UUID, at: datetime, satang: int) -> Journal:
    """What the merchant owed us is taken out of what we owe it."""
    head = (merchant_id, mode, "shortfall.netted", subject_id, at)
    return journal(*head, (Account.PAYABLE, satang), (Account.RECEIVABLE, -satang))


@dataclass(frozen=True, slots=True)
class Balance:
    """What a merchant has with us, in satang.

    *payable*: what we owe it. *held*: of what it asked for, not yet paid. *shortfall*: what it owes us because money
    was taken back. *pending*: of the payable, what only bank notices told of.
    """

    payable_satang: int
    held_satang: int
    shortfall_satang: int
    pending_satang: int
    frozen_reason: str | None = None

    @property
    def available_satang(self) -> int:
        """What may be asked for now; never negative."""
        return max(0, self.payable_satang - self.shortfall_satang - self.pending_satang)

    @property
    def pending_review_satang(self) -> int:
        """Of the money that waits for more than a notice, what is still with us."""
        return max(0, min(self.pending_satang, self.payable_satang - self.shortfall_satang))
