"""What a person may do about a review, each action with exactly the ledger and the events that it should have.

Every function here works inside the transaction of `reviews.resolve`, which holds the locks of the amounts, the
review, the credits and the payment, and afterwards closes the review and writes the audit log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from paygate.core import ids
from paygate.core.credits import (
    BANK_NAMESPACE,
    DUPLICATE,
    REJECTED,
    SKEW,
    Channel,
    Credit,
    CreditState,
    Observation,
    Sameness,
    recognise,
    voice,
)
from paygate.core.errors import Bug, Conflict, InvalidInput
from paygate.core.events import of_payment, of_verification
from paygate.core.ledger import PLATFORM, credit_released
from paygate.core.payments import MarkedFailed, Payment, PersonPaid, SlipDecided, Status, advance, standing
from paygate.core.reviews import PAYABLE_BY, Action, require_sum
from paygate.core.slips import told_of_slip
from paygate.db import credits as credit_rows
from paygate.db import payments as payment_rows
from paygate.db import reviews as rows
from paygate.db import steps
from paygate.db.pool import Conn
from paygate.db.reviews import Review, Slip
from paygate.services import evidence
from paygate.services.context import Context

PERSON_RANK = "D"
NOT_ACCEPTED = "NOT_ACCEPTED"  # A slip's reason, in the words of core/slips: a person did not accept it.
USED_ELSEWHERE = DUPLICATE  # Its money paid another payment.


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants done, and why. `actor`: who, as the audit log names them.

    `payment_id` for what pays, fails or is meant; `credit_ids`: further credits to combine; `amount_satang`: said to
    accept too much money, and with `occurred_at` the facts that the person read on a slip or in a text.
    """

    action: Action
    actor: str
    words: str
    payment_id: UUID | None = None
    credit_ids: tuple[UUID, ...] = ()
    amount_satang: int | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A review with all that is locked for it. `credits`: its own first; `now`: read behind the locks."""

    review: Review
    wish: Wish
    now: datetime
    credits: tuple[Credit, ...]
    payment: Payment | None
    slip: Slip | None
    slip_payment: Payment | None

    @property
    def credit(self) -> Credit:
        """The money that the review is about."""
        if not self.credits:
            raise Bug("This action is about money, and there is none.")
        return self.credits[0]

    def the_payment(self) -> Payment:
        """The payment that was named. Raises InvalidInput (payment)."""
        if self.payment is None:
            raise InvalidInput("Name the payment.", field="payment")
        return self.payment


@dataclass(frozen=True, slots=True)
class Done:
    """What stands afterwards, for the answer and the audit log."""

    credit_ids: tuple[UUID, ...] = ()
    credit_state: CreditState | None = None
    payment: Payment | None = None


async def pay(ctx: Context, conn: Conn, case: Case) -> Done:
    """Money pays a payment: the review's credit, several of them, or one that the person's word brings.

    Raises Conflict (too little, the wrong status, another account), InvalidInput.
    """
    payment, wish = case.the_payment(), case.wish
    _require_status(payment, wish.action, case.now)
    if wish.credit_ids and case.review.credit_id is None:
        raise InvalidInput("Only credits are combined; this review is about none.", field="credit")
    if wish.action is Action.COMBINE and len(case.credits) < 2:
        raise InvalidInput("Name the other credits to combine it with.", field="credit")
    if case.credits:
        seen, is_new, parts = None, False, tuple(sorted(case.credits, key=lambda c: (c.occurred_at, c.id)))
        _require_unassigned(parts)
    else:
        seen, is_new, credit = await _told(ctx, conn, case, payment)
        parts = (credit,)
    if any(credit.receiving_id != payment.receiving_id for credit in parts):
        raise Conflict("The money arrived on another account than the one that this payment asks for.")
    require_sum(payment, parts, wish.amount_satang)
    step = advance(payment, PersonPaid(case.now, parts))
    first = parts[0]
    settled = replace(
        first,
        state=CreditState.SETTLED,
        reason=None,
        booked=first.merchant_id == PLATFORM,
        payment_merchant_id=payment.merchant_id,
        payment_id=payment.id,
    )
    new_reference = (
        seen is not None and seen.reference is not None and (seen.namespace, seen.reference) not in first.references
    )
    await steps.write(
        conn,
        steps.Writing(
            case.now,
            payment.mode,
            step=step,
            event=of_payment("payment.success", step.after, ctx.new_id(), case.now),
            journal=step.journal,
            journal_id=ctx.new_id(),
            credit=settled,
            was_state=None if is_new else first.state,
            seen=seen,
            observed_id=first.id if seen else None,
            new_reference=new_reference,
        ),
    )
    await rows.settle_parts(
        conn, parts[1:], payment_merchant_id=payment.merchant_id, payment_id=payment.id, now=case.now
    )
    if case.slip is not None:
        paid_by_slip = case.slip.payment_id == payment.id
        await _settle_slip(ctx, conn, case, "PAID" if paid_by_slip else "REJECTED", USED_ELSEWHERE, first.id)
    return Done(tuple(credit.id for credit in parts), CreditState.SETTLED, step.after)


async def refund_orphan(ctx: Context, conn: Conn, case: Case) -> Done:
    """Nobody's money: it stays where it is, marked to be sent back, and no later payment takes it."""
    credit = case.credit
    marked = replace(credit, state=CreditState.REFUND_DUE)
    await steps.write(conn, steps.Writing(case.now, credit.mode, credit=marked, was_state=credit.state))
    await _settle_slip(ctx, conn, case, "REJECTED", NOT_ACCEPTED)
    return Done((credit.id,), marked.state)


async def reject(ctx: Context, conn: Conn, case: Case) -> Done:
    """The evidence is not believed. Parked money leaves the books; a duplicate stays what it is; a slip is refused."""
    if not case.credits:
        await _settle_slip(ctx, conn, case, "REJECTED", NOT_ACCEPTED)
        return Done()
    credit = case.credit
    if credit.state is CreditState.POSSIBLE_DUPLICATE:
        gone, journal = replace(credit, reason=DUPLICATE), None
    else:
        gone = replace(credit, state=CreditState.REVERSED, reason=REJECTED)
        journal = credit_released(credit, case.now)
    await steps.write(
        conn,
        steps.Writing(
            case.now,
            credit.mode,
            credit=gone,
            was_state=credit.state,
            journal=journal,
            journal_id=ctx.new_id() if journal else None,
        ),
    )
    await _settle_slip(ctx, conn, case, "REJECTED", NOT_ACCEPTED)
    return Done((credit.id,), gone.state)


async def distinct(ctx: Context, conn: Conn, case: Case) -> Done:
    """What looked like another tale is money of its own: it is decided like any other, and booked."""
    credit = case.credit
    fresh = replace(credit, state=CreditState.UNASSIGNED, reason=None)
    outcome = await evidence.decide_within(ctx, conn, fresh, CreditState.POSSIBLE_DUPLICATE, case.now)
    paid = outcome.word is evidence.Word.PAID and outcome.payment_id is not None
    found = await payment_rows.get_by_id(conn, outcome.payment_id) if paid and outcome.payment_id else None
    state = CreditState.SETTLED if paid else CreditState.UNASSIGNED
    return Done((credit.id,), state, found[0] if found else None)


async def fail(ctx: Context, conn: Conn, case: Case) -> Done:
    """Nothing more will come for a payment. Money that waits goes on waiting: it is asked about anew."""
    payment = case.the_payment()
    step = advance(payment, MarkedFailed(case.now))
    event = of_payment("payment.failed", step.after, ctx.new_id(), case.now)
    await steps.write(conn, steps.Writing(case.now, payment.mode, step=step, event=event))
    if case.slip is not None and case.slip.payment_id == payment.id:  # Told with the payment's own end.
        await rows.settle_slip(conn, case.slip, outcome="REJECTED", reason=NOT_ACCEPTED, now=case.now)
    else:
        await _settle_slip(ctx, conn, case, "REJECTED", NOT_ACCEPTED)
    if not case.credits:
        return Done((), None, step.after)
    credit = case.credit
    outcome = await evidence.decide_within(ctx, conn, credit, credit.state, case.now)
    state = CreditState.SETTLED if outcome.word is evidence.Word.PAID else CreditState.UNASSIGNED
    return Done((credit.id,), state, step.after)


async def note(_: Context, __: Conn, case: Case) -> Done:
    """Nothing is to be done but to say so."""
    return Done(tuple(credit.id for credit in case.credits), case.credit.state if case.credits else None)


ACTIONS: dict[Action, Callable[[Context, Conn, Case], Awaitable[Done]]] = {
    Action.MATCH: pay,
    Action.COMBINE: pay,
    Action.PAY_CANCELLED: pay,
    Action.REFUND_ORPHAN: refund_orphan,
    Action.REJECT: reject,
    Action.DISTINCT: distinct,
    Action.FAIL: fail,
    Action.DISMISS: note,
    Action.ACKNOWLEDGE: note,
}


def _require_status(payment: Payment, action: Action, now: datetime) -> None:
    status = standing(payment, now)
    if status in PAYABLE_BY[action]:
        return
    if status in PAYABLE_BY[Action.PAY_CANCELLED]:
        raise Conflict(f"The payment is {status}: paying it after all is {Action.PAY_CANCELLED}.")
    if status is Status.PAID:
        raise Conflict("The payment has its money already.")
    raise Conflict(f"The payment is {status}: money for it is a {Action.MATCH}.")


def _require_unassigned(credits: tuple[Credit, ...]) -> None:
    for credit in credits:
        if credit.state is not CreditState.UNASSIGNED:
            raise Conflict(f"The credit {ids.show('crd', credit.id)} is {credit.state}: it cannot pay.")


async def _told(ctx: Context, conn: Conn, case: Case, payment: Payment) -> tuple[Observation, bool, Credit]:
    """The credit that a person's word brings: a new one (True), or a known one that it speaks of."""
    seen = _word_of(case, payment)
    by_reference, nearby = await credit_rows.known(conn, seen)
    sameness, credit = recognise(seen, by_reference, nearby)
    if sameness is Sameness.CONTRADICTION:
        raise Conflict("The slip's reference is known, with another amount, time or account.")
    if sameness is Sameness.DOUBTFUL:
        raise Conflict("This may be the money of one of several known credits: decide about those first.")
    if credit is None:
        return seen, True, _credit_of(ctx, seen, case.now)
    if credit.merchant_id != seen.merchant_id:
        raise Conflict("The slip's reference belongs to money on another account.")
    if credit.state is CreditState.SETTLED:
        raise Conflict(
            f"This money is known and paid the payment {credit.payment_id}. Two equal transfers are told apart by"
            " the bank's statement."
        )
    if credit.state is not CreditState.UNASSIGNED:
        raise Conflict(f"This money is known: the credit {ids.show('crd', credit.id)} is {credit.state}.")
    return seen, False, credit


def _word_of(case: Case, payment: Payment) -> Observation:
    """What the person says that they read, or what the slip's bank said. Raises InvalidInput (amount, occurred_at)."""
    wish, review, slip = case.wish, case.review, case.slip
    facts = (slip.facts if slip else None) or {}
    amount_satang = wish.amount_satang if wish.amount_satang is not None else facts.get("amountSatang")
    occurred_at = wish.occurred_at or (datetime.fromisoformat(facts["occurredAt"]) if facts else None)
    if amount_satang is None:
        raise InvalidInput("Say the amount that the slip or text shows.", field="amount")
    if occurred_at is None:
        raise InvalidInput("Say when the money moved, as the slip or text shows it.", field="occurred_at")
    if occurred_at > case.now + SKEW:
        raise InvalidInput("That time is still to come.", field="occurred_at")
    if occurred_at < payment.created_at - SKEW:
        raise InvalidInput("At that time the payment was not yet made.", field="occurred_at")
    reference = slip.trans_ref if slip else None
    said = f"{review.id} {payment.receiving_id} {amount_satang} {occurred_at.timestamp()} {reference}"
    return Observation(
        merchant_id=review.merchant_id,
        mode=review.mode,
        receiving_id=payment.receiving_id,
        source_id=voice(f"person:{wish.actor}"),
        rank=PERSON_RANK,
        amount_satang=amount_satang,
        occurred_at=occurred_at,
        trust="host" if review.merchant_id == PLATFORM else str(payment.receiving_id),
        namespace=f"{BANK_NAMESPACE}{slip.sending_bank}" if slip else "person",
        reference=reference,
        digest=hashlib.sha256(said.encode()).digest(),
        sending_bank=slip.sending_bank if slip else None,
        payer_name=facts.get("payerName"),
        payer_account=facts.get("payerAccount"),
        channel=Channel.PERSON,
    )


def _credit_of(ctx: Context, seen: Observation, now: datetime) -> Credit:
    return Credit(
        merchant_id=seen.merchant_id,
        mode=seen.mode,
        id=ctx.new_id(),
        receiving_id=seen.receiving_id,
        amount_satang=seen.amount_satang,
        occurred_at=seen.occurred_at,
        recorded_at=now,
        rank=seen.rank,
        state=CreditState.UNASSIGNED,
        booked=False,
    )


async def _settle_slip(
    ctx: Context, conn: Conn, case: Case, outcome: str, reason: str, credit_id: UUID | None = None
) -> None:
    """Give the review's slip its outcome; its payment is let go when no other slip of it waits."""
    slip = case.slip
    if slip is None:
        return
    await rows.settle_slip(
        conn,
        slip,
        outcome=outcome,
        reason=None if outcome == "PAID" else reason,
        now=case.now,
        credit_id=credit_id if outcome == "PAID" else None,
    )
    payment = case.slip_payment
    if outcome == "PAID" or payment is None:
        return
    step = advance(payment, SlipDecided(case.now, await rows.slips_waiting(conn, slip) > 0))
    event = of_verification(step.after, told_of_slip(outcome, reason, case.now), ctx.new_id(), case.now)
    await steps.write(conn, steps.Writing(case.now, payment.mode, step=step, event=event))
