"""Which payment a credit pays: the policy table, as one pure function.

A bill-payment credit is matched by its references, any other by its amount: whoever *held* the amount of the account
when the money moved owns it, however late the news. What is not certain is never PAID: it goes to a person, with the
candidates.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from paygate.core.credits import SKEW, Credit
from paygate.core.payments import Payment, Status, standing


class Reason(StrEnum):
    """Why a credit did not pay, in the words of the review queue."""

    ORPHAN = "ORPHAN"  # Nobody held this amount when the money moved.
    ALREADY_PAID = "ALREADY_PAID"  # The holder has its money: this one is to be refunded.
    AMBIGUOUS = "AMBIGUOUS"  # Several payments fit.
    UNDERPAID = "UNDERPAID"
    OVERPAID = "OVERPAID"
    CANCELLED = "CANCELLED"  # The holder was cancelled or failed: only a person may pay it.
    STALE = "STALE"  # The money moved before the payment existed.
    TOO_LATE = "TOO_LATE"  # The quarantine was over when the money moved.
    WRONG_ACCOUNT = "WRONG_ACCOUNT"  # The reference belongs to a payment on another account.
    REFERENCE_MISSING = (
        "REFERENCE_MISSING"  # Only bill payments of this amount are open, and no reference came with it.
    )
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"  # A reference that no payment has, while its amount is held.
    IN_FUTURE = "IN_FUTURE"  # Later than now and the allowed skew: a clock is wrong, or worse.
    REFERENCE_CONFLICT = "REFERENCE_CONFLICT"  # A known reference came with other facts.
    POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"  # Perhaps another channel's tale of a known credit.
    BALANCE_BREAK = "BALANCE_BREAK"  # A notice whose balance does not follow from the one before.
    ABOVE_CEILING = "ABOVE_CEILING"  # More than a notice alone may pay.
    TIME_UNKNOWN = "TIME_UNKNOWN"  # Only the day is known: nobody can say who held the amount.
    REVERSED = "REVERSED"  # The bank took the money back.
    # About evidence that made no credit:
    UNREAD_NOTICE = "UNREAD_NOTICE"  # A text of a known bank that no reader understands.
    SLIP_UNVERIFIED = "SLIP_UNVERIFIED"  # Nobody could ask the bank about this slip.
    RECEIVER_UNKNOWN = "RECEIVER_UNKNOWN"  # The evidence shows too little of the receiving account.
    WRONG_RECEIVER = "WRONG_RECEIVER"  # It shows another account.
    MISSING_IN_STATEMENT = "MISSING_IN_STATEMENT"  # Paid, and the bank's statement does not have it.
    CALLBACK_UNCONFIRMED = "CALLBACK_UNCONFIRMED"  # A bank's callback that its inquiry contradicts.


ORPHANS = frozenset({Reason.ORPHAN, Reason.ALREADY_PAID})
ALARMING = frozenset(
    {
        Reason.REFERENCE_CONFLICT,
        Reason.IN_FUTURE,
        Reason.BALANCE_BREAK,
        Reason.REVERSED,
        Reason.MISSING_IN_STATEMENT,
        Reason.CALLBACK_UNCONFIRMED,
    }
)
CERTAIN = frozenset(  # Whose money it is, is known; whether it pays is not.
    {Reason.ALREADY_PAID, Reason.CANCELLED, Reason.TOO_LATE, Reason.BALANCE_BREAK, Reason.ABOVE_CEILING}
)
NOTICE_RANK = "C"
NOTICE_CEILING_SATANG = 500_000  # A notice without a balance pays no more than this on a central account, by default.


@dataclass(frozen=True, slots=True)
class Candidate:
    """A payment with the time in which it holds its amount, or its references: `[from_at, until_at)`."""

    payment: Payment
    from_at: datetime
    until_at: datetime

    def held(self, at: datetime) -> bool:
        """Whether it held its amount at that moment."""
        return self.from_at <= at < self.until_at

    def open(self, at: datetime) -> bool:
        """Whether its QR was good at that moment."""
        closed = min(self.payment.closed_at or self.payment.expires_at, self.payment.expires_at)
        return self.from_at <= at < closed


@dataclass(frozen=True, slots=True)
class Match:
    """The credit pays this payment."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class Unmatched:
    """It does not; `differs` is the payment that it names with another amount."""

    reason: Reason
    candidates: tuple[Candidate, ...] = ()
    differs: Payment | None = None


Decision = Match | Unmatched


def decide(
    credit: Credit,
    named: Sequence[Candidate],
    holders: Sequence[Candidate],
    now: datetime,
    *,
    bills: Sequence[Candidate] = (),
    accept_overpaid: Collection[int] = (),
) -> Decision:
    """What *credit* pays.

    *named*: payments with its references (any account of the same owner). *holders*: payments whose payable amount
    on its account is the credit's and that are found by amount. *bills*: bill payments of that amount,
    which money without a reference may be for. *now*: the database's clock. *accept_overpaid*:
    merchants who take too much money as paid and keep the rest aside.
    """
    if credit.occurred_at > now + SKEW and not credit.day_only:
        return Unmatched(Reason.IN_FUTURE, tuple(named or holders))
    if credit.day_only and not named:
        return Unmatched(Reason.TIME_UNKNOWN, (*holders, *bills))
    if named:
        return _by_reference(credit, named, now, accept_overpaid)
    decision = _by_amount(credit, holders, now)
    if credit.ref1 is None:
        return _beside_bills(decision, holders, bills, credit.occurred_at, now)
    if isinstance(decision, Unmatched) and decision.reason is Reason.ORPHAN:
        return decision
    return Unmatched(Reason.UNKNOWN_REFERENCE, tuple(holders))


def claimed(decision: Decision, credit: Credit, about: Payment | None) -> Decision:
    """Money that nobody waits for, and that somebody says is for *about*, by a slip: too little or too much for it.

    It is asked about so from then on, also when nobody repeats it. What somebody says pays nothing.
    """
    if not isinstance(decision, Unmatched) or decision.reason is not Reason.ORPHAN:
        return decision
    if about is not None and about.payable_satang != credit.amount_satang:
        reason = Reason.UNDERPAID if credit.amount_satang < about.payable_satang else Reason.OVERPAID
        return Unmatched(reason, (Candidate(about, about.created_at, about.expires_at),))
    if credit.ref1 is None and credit.reason in (Reason.UNDERPAID, Reason.OVERPAID):
        return Unmatched(Reason(credit.reason))
    return decision


def doubted(decision: Decision, credit: Credit, *, chained: bool, ceiling_satang: int | None) -> Decision:
    """A match that a bank notice alone (rank C) may not make: on a central account one that breaks the chain of
    balances, or has no balance and is above the ceiling; anywhere, one above the payee's own *ceiling_satang*.

    *chained*: the balance follows from a known one, or nothing is known yet.
    """
    if not isinstance(decision, Match) or credit.rank != NOTICE_RANK:
        return decision
    if not chained:
        reason = Reason.BALANCE_BREAK
    elif ceiling_satang is not None and credit.amount_satang > ceiling_satang:
        reason = Reason.ABOVE_CEILING
    else:
        return decision
    payment = decision.payment
    return Unmatched(reason, (Candidate(payment, payment.created_at, payment.expires_at),))


def _beside_bills(
    decision: Decision, holders: Sequence[Candidate], bills: Sequence[Candidate], at: datetime, now: datetime
) -> Decision:
    """A channel that knows no references may be telling of a bill payment as well as of a transfer."""
    rivals = tuple(c for c in bills if (c.held(at) or c.held(at + SKEW)) and _payable(c, now))
    if not rivals:
        return decision
    if isinstance(decision, Match):
        own = tuple(c for c in holders if c.payment is decision.payment)
        return Unmatched(Reason.AMBIGUOUS, (*own, *rivals))
    if decision.reason is Reason.ORPHAN:
        return Unmatched(Reason.REFERENCE_MISSING, rivals)
    return Unmatched(Reason.AMBIGUOUS, (*decision.candidates, *rivals))


def _payable(candidate: Candidate, now: datetime) -> bool:
    return standing(candidate.payment, now) in (Status.PENDING, Status.EXPIRED)


def _by_amount(credit: Credit, holders: Sequence[Candidate], now: datetime) -> Decision:
    at = credit.occurred_at
    last = at + _unsaid(at)
    held = [c for c in holders if c.held(at) or c.held(last)] or [c for c in holders if c.held(at + SKEW)]
    if not held:
        return Unmatched(Reason.ORPHAN)
    return _among(held, at, now)


def _unsaid(at: datetime) -> timedelta:
    """How much later it may have been: whole minutes and seconds stand for all of the minute or second.

    Where amounts are reserved it changes nothing, since nobody gets an amount so soon after somebody else.
    """
    if at.microsecond:
        return timedelta(0)
    return timedelta(seconds=1 if at.second else 60) - timedelta.resolution


def _among(held: Sequence[Candidate], at: datetime, now: datetime) -> Decision:
    """One of *held* if it is certain. More than one exist only where amounts are not reserved, or references repeat."""
    payable = [c for c in held if _payable(c, now)]
    fresh = [c for c in payable if c.open(at) or c.open(at + SKEW)]
    # Who was open then and was cancelled since may be whose money it is, whatever the order of the news.
    gone = [c for c in held if c.payment.status in (Status.CANCELLED, Status.FAILED) and c.open(at)]
    if len(fresh) == 1 and not gone:
        return Match(fresh[0].payment)
    if fresh:
        return Unmatched(Reason.AMBIGUOUS, (*fresh, *gone))
    if len(payable) == 1 and len(held) == 1:
        return Match(payable[0].payment)
    if payable:
        return Unmatched(Reason.AMBIGUOUS, tuple(held))
    ended = [c for c in held if c.payment.status in (Status.CANCELLED, Status.FAILED)]
    if ended:
        return Unmatched(Reason.CANCELLED, tuple(ended))
    return Unmatched(Reason.ALREADY_PAID, tuple(held))


def _by_reference(
    credit: Credit, named: Sequence[Candidate], now: datetime, accept_overpaid: Collection[int]
) -> Decision:
    at = credit.occurred_at
    here = [c for c in named if c.payment.receiving_id == credit.receiving_id]
    if not here:
        return Unmatched(Reason.WRONG_ACCOUNT, tuple(named))
    held = [c for c in here if c.held(at) or c.held(at + SKEW)]
    if not held:
        early = all(at < c.from_at for c in here)
        return Unmatched(Reason.STALE if early else Reason.TOO_LATE, tuple(here))
    held = [c for c in held if c.payment.payable_satang == credit.amount_satang] or held
    if len({c.payment.merchant_id for c in held}) > 1:
        return Unmatched(Reason.AMBIGUOUS, tuple(held))  # No merchant's reference takes another's money.
    decision = _among(held, at, now)
    if isinstance(decision, Unmatched):
        return decision
    payment, chosen = decision.payment, tuple(c for c in held if c.payment is decision.payment)
    if credit.amount_satang < payment.payable_satang:
        return Unmatched(Reason.UNDERPAID, chosen, payment)
    if credit.amount_satang > payment.payable_satang and payment.merchant_id not in accept_overpaid:
        return Unmatched(Reason.OVERPAID, chosen, payment)
    return decision


def names(credit_ref1: str | None, credit_ref2: str | None, payment: Payment) -> bool:
    """Whether a credit's references are those of a payment. A bank may leave out ref2; it may not change it."""
    return credit_ref1 is not None and credit_ref1 == payment.ref1 and credit_ref2 in (None, payment.ref2)
