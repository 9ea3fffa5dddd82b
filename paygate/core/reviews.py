"""The review queue: which actions fit which question, and why a payment may be the one that is meant.

A review is about money (a credit), about a slip, about a text that nobody could read, or an alarm about something that
happened already. What can be done follows from that alone, so it is a table, and no caller decides it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from paygate.core.credits import SKEW, Credit, CreditState
from paygate.core.errors import Conflict, InvalidInput
from paygate.core.matching import Candidate, Reason, names
from paygate.core.money import show
from paygate.core.payments import Payment, Status, standing

MAX_WORDS = 500  # Of a person's reason.
MAX_PARTS = 20  # Credits that together pay one payment.


class Action(StrEnum):
    """What a person may do, in the words of the command line."""

    MATCH = "match"  # This money pays that payment.
    COMBINE = "combine"  # Several partial credits pay one payment together.
    PAY_CANCELLED = "pay-cancelled"  # It pays a payment that was cancelled or failed.
    REFUND_ORPHAN = "refund-orphan"  # It is nobody's: it waits to be sent back.
    REJECT = "reject"  # It is not believed, or not a payment of ours.
    DISTINCT = "distinct"  # It is no duplicate but money of its own.
    FAIL = "fail"  # Nothing more will come for that payment.
    DISMISS = "dismiss"  # The text says nothing of money for us.
    ACKNOWLEDGE = "acknowledge"  # Seen; nothing is to be done here.


RESOLUTIONS: dict[Action, str] = {action: action.value for action in Action} | {Action.REFUND_ORPHAN: "refund"}
PAYING = frozenset({Action.MATCH, Action.COMBINE, Action.PAY_CANCELLED})
DECIDING = PAYING | {Action.REFUND_ORPHAN, Action.REJECT, Action.DISTINCT, Action.FAIL}  # What becomes of the money.
PAYABLE_BY: dict[Action, frozenset[Status]] = {
    Action.MATCH: frozenset({Status.PENDING, Status.EXPIRED}),
    Action.COMBINE: frozenset({Status.PENDING, Status.EXPIRED}),
    Action.PAY_CANCELLED: frozenset({Status.CANCELLED, Status.FAILED}),
}

# Alarms about what happened already, whatever became of the money.
ALARMS = frozenset(
    {
        Reason.REFERENCE_CONFLICT,
        Reason.REVERSED,
        Reason.MISSING_IN_STATEMENT,
        Reason.CALLBACK_UNCONFIRMED,
    }
)
TEXTS = frozenset({Reason.UNREAD_NOTICE, Reason.RECEIVER_UNKNOWN, Reason.WRONG_RECEIVER})
OF_MONEY: dict[CreditState, tuple[Action, ...]] = {
    CreditState.UNASSIGNED: (
        Action.MATCH,
        Action.COMBINE,
        Action.PAY_CANCELLED,
        Action.REFUND_ORPHAN,
        Action.REJECT,
        Action.FAIL,
    ),
    CreditState.POSSIBLE_DUPLICATE: (Action.DISTINCT, Action.REJECT),
}


def allowed(reason: str, credit_state: CreditState | None, *, slip: bool) -> tuple[Action, ...]:
    """The actions that fit an open review: about *reason*, a credit in this state (None: no credit), or a slip."""
    if reason in ALARMS:
        return (Action.ACKNOWLEDGE,)
    if credit_state is not None:
        return OF_MONEY.get(credit_state, (Action.ACKNOWLEDGE,))
    if slip:
        return (Action.MATCH, Action.PAY_CANCELLED, Action.REJECT, Action.FAIL)
    if reason in TEXTS:
        return (Action.MATCH, Action.PAY_CANCELLED, Action.DISMISS)
    return (Action.ACKNOWLEDGE,)


def read_words(text: str) -> str:
    """A person's reason: 1 to 500 characters. Raises InvalidInput (reason)."""
    found = text.strip()
    if not 1 <= len(found) <= MAX_WORDS or "\0" in found or any(0xD800 <= ord(c) <= 0xDFFF for c in found):
        raise InvalidInput(f"Say why, in 1 to {MAX_WORDS} characters.", field="reason")
    return found


def require_sum(payment: Payment, credits: Sequence[Credit], said_satang: int | None) -> None:
    """Refuse money that is not enough, and money that is too much unless the person says how much it is.

    Raises Conflict (too little), InvalidInput (amount).
    """
    sum_satang = sum(credit.amount_satang for credit in credits)
    more_satang = sum_satang - payment.payable_satang
    if more_satang < 0:
        raise Conflict(
            f"The payment asks for {show(payment.payable_satang)} THB and this is {show(sum_satang)} THB:"
            f" {show(-more_satang)} THB are missing. Combine it with the credit that has the rest."
        )
    if said_satang is not None and said_satang != sum_satang:
        raise InvalidInput(f"The money is {show(sum_satang)} THB, not {show(said_satang)} THB.", field="amount")
    if more_satang > 0 and said_satang is None:
        raise InvalidInput(
            f"This is {show(more_satang)} THB more than the payment asks for. To accept it, say the amount:"
            f" {show(sum_satang)}. What is too much is kept aside.",
            field="amount",
        )


@dataclass(frozen=True, slots=True)
class Hint:
    """A payment that may be meant. `why`: for people, the best first; `with_credit`: what would have to come along."""

    payment: Payment
    status: Status
    why: tuple[str, ...]
    with_credit: UUID | None = None


def hints(
    credit: Credit, candidates: Sequence[Candidate], listed: Sequence[UUID], pairs: dict[UUID, UUID], now: datetime
) -> tuple[Hint, ...]:
    """The candidates for *credit*, best first.

    *listed*: payments that the review named when it was raised; *pairs*: payment -> another unassigned credit with
    which the sum is exact.
    """
    scored = sorted(
        ((_score(credit, c, listed, pairs, now), _hint(credit, c, pairs, now)) for c in candidates),
        key=lambda pair: (*pair[0], pair[1].payment.created_at),
        reverse=True,
    )
    return tuple(hint for _, hint in scored)


def _score(
    credit: Credit, c: Candidate, listed: Sequence[UUID], pairs: dict[UUID, UUID], now: datetime
) -> tuple[bool, ...]:
    return (
        standing(c.payment, now) is not Status.PAID,
        names(credit.ref1, credit.ref2, c.payment),
        c.payment.payable_satang == credit.amount_satang,
        c.held(credit.occurred_at) or c.held(credit.occurred_at + SKEW),
        c.payment.id in listed,
        c.payment.id in pairs,
        standing(c.payment, now) in (Status.PENDING, Status.EXPIRED),
    )


def _hint(credit: Credit, c: Candidate, pairs: dict[UUID, UUID], now: datetime) -> Hint:
    payment, status, at = c.payment, standing(c.payment, now), credit.occurred_at
    why = []
    if names(credit.ref1, credit.ref2, payment):
        why.append("named by its reference")
    more_satang = credit.amount_satang - payment.payable_satang
    if more_satang == 0:
        why.append("the same amount")
    else:
        why.append(f"{show(abs(more_satang))} THB too {'much' if more_satang > 0 else 'little'} for it")
    if payment.receiving_id != credit.receiving_id:
        why.append("on another account")
    elif not credit.day_only:
        why.append(_when(c, at))
    if status is Status.PAID:
        why.append("has its money already")
    elif status in (Status.CANCELLED, Status.FAILED):
        why.append(f"{status.lower()} since")
    together = pairs.get(payment.id)
    if together is not None:
        why.append("exact together with another credit")
    return Hint(payment, status, tuple(why), together)


def _when(c: Candidate, at: datetime) -> str:
    if c.held(at):
        return "open when the money moved" if c.open(at) else "ended shortly before the money moved"
    if c.held(at + SKEW):
        return "made just after the money moved"
    if at < c.from_at:
        return f"made {_minutes(c.from_at - at)} after the money moved"
    return f"ended {_minutes(at - min(c.payment.closed_at or c.payment.expires_at, c.until_at))} before the money moved"


def _minutes(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
