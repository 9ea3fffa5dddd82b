"""The review queue: what only a person can decide, shown with all that is known, and decided once.

The operator (owner 0) has the reviews of central accounts, a merchant those of its own direct accounts; another
owner's is not there. A decision is one transaction: locks on the amounts first, then the review, then the payment, so
that a second person, new evidence, a cancel or the sweeper come before it or after it, never beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate import telemetry
from paygate.core import ids
from paygate.core.credits import Credit, CreditState
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.payments import Payment, Status, standing
from paygate.core.reviews import DECIDING, MAX_PARTS, PAYING, RESOLUTIONS, Action, Hint, allowed, hints, read_words
from paygate.db import credits as credit_rows
from paygate.db import payments as payment_rows
from paygate.db import reviews as rows
from paygate.db.pool import Conn
from paygate.db.reviews import Listed, Payer, Review, Slip, Told
from paygate.services import audit
from paygate.services.context import Context
from paygate.services.review_actions import ACTIONS, Case, Done, Wish

PAGE_ROWS = 50
WAITING = "REVIEW"  # A slip's outcome while a person has to look at it.


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the queue; `more`: there are others behind its last one."""

    reviews: tuple[Listed, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """A review with all that a person needs to decide it. `payment`: the one that its slip was handed in for."""

    review: Review
    actions: tuple[Action, ...]
    credit: Credit | None
    payer: Payer | None
    told: tuple[Told, ...]
    hints: tuple[Hint, ...]
    merchants: dict[int, str]
    slip: Slip | None
    payment: Payment | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a decision did."""

    review_id: UUID
    action: Action
    credit_ids: tuple[UUID, ...]
    credit_state: CreditState | None
    payment_id: UUID | None
    payment_status: Status | None


async def list_reviews(
    ctx: Context,
    owner: int,
    *,
    mode: str | None = None,
    is_open: bool = True,
    reason: str | None = None,
    after: UUID | None = None,
    limit: int = PAGE_ROWS,
) -> Page:
    """A page of an owner's queue: open ones from the oldest, or closed ones from the latest.

    *after*: the last review of the page before. Raises NotFound when that is not in the queue.
    """
    async with ctx.db.connection() as conn:
        last = _found(await rows.get(conn, owner, after)) if after else None
        found = await rows.listed(conn, owner, is_open=is_open, mode=mode, reason=reason, after=last, limit=limit + 1)
    return Page(tuple(found[:limit]), len(found) > limit)


async def get(ctx: Context, owner: int, review_id: UUID) -> Detail:
    """One review with its money, who told of it, the payments that may be meant and why, and what can be done.

    Raises NotFound.
    """
    async with ctx.db.connection() as conn:
        review = _found(await rows.get(conn, owner, review_id))
        slip = await rows.slip(conn, owner, review.mode, review.slip_id) if review.slip_id else None
        payment = await payment_rows.get(conn, slip.merchant_id, slip.mode, slip.payment_id) if slip else None
        credit = await credit_rows.get(conn, owner, review.mode, review.credit_id) if review.credit_id else None
        payer: Payer | None = None
        told: list[Told] = []
        likely: tuple[Hint, ...] = ()
        names: dict[int, str] = {}
        if credit is not None:
            payer, told = await rows.payer(conn, credit), await rows.told(conn, credit)
            if credit.state in (CreditState.UNASSIGNED, CreditState.POSSIBLE_DUPLICATE):
                found = await rows.candidates(conn, credit, review.candidates)
                now, names = await rows.clock(conn), found.merchants
                likely = hints(credit, found.candidates, review.candidates, found.pairs, now)
    state = credit.state if credit else None
    actions = allowed(review.reason, state, slip=slip is not None) if review.closed_at is None else ()
    return Detail(review, actions, credit, payer, tuple(told), likely, names, slip, payment[0] if payment else None)


async def resolve(ctx: Context, owner: int, review_id: UUID, wish: Wish) -> Resolved:
    """Do what a person decided about an open review of *owner*'s queue.

    One transaction: the money, the payment with its event, the ledger, the review and the audit log, or nothing of it.
    Raises NotFound (review, payment, credit), InvalidInput (reason, payment, credit, amount, occurred_at), Conflict:
    somebody or something decided it first, the action does not fit, or the money is not enough.
    """
    words = read_words(wish.words)
    if len(wish.credit_ids) >= MAX_PARTS:
        raise InvalidInput(f"At most {MAX_PARTS} credits pay one payment.", field="credit")

    async def work(conn: Conn) -> tuple[str, Resolved]:
        case = await _lock(conn, owner, review_id, wish)
        before = _facts(case.credits[0].state if case.credits else None, case.payment, case.now)
        await rows.close(
            conn,
            case.review,
            [credit.id for credit in case.credits if wish.action in DECIDING],
            now=case.now,
            resolution=RESOLUTIONS[wish.action],
            by=wish.actor,
            words=words,
        )
        done = await ACTIONS[wish.action](ctx, conn, case)
        await _log(ctx, conn, case, words, before, done)
        payment = done.payment
        status = standing(payment, case.now) if payment else None
        return case.review.mode, Resolved(
            review_id, wish.action, done.credit_ids, done.credit_state, payment.id if payment else None, status
        )

    mode, resolved = await ctx.db.transaction(work)
    if resolved.payment_status is not None and wish.action in PAYING | {Action.FAIL}:
        telemetry.count_payment(mode, resolved.payment_status)
    ctx.wake()
    return resolved


async def picture(ctx: Context, owner: int, review_id: UUID) -> bytes:
    """The picture of the slip that a review is about. Raises NotFound."""
    async with ctx.db.connection() as conn:
        review = _found(await rows.get(conn, owner, review_id))
        found = await rows.picture(conn, owner, review.mode, review.slip_id) if review.slip_id else None
    if found is None:
        raise NotFound("This review has no picture.")
    return found


async def _lock(conn: Conn, owner: int, review_id: UUID, wish: Wish) -> Case:
    """Everything that the decision touches, locked in the order of the house: slots, review, payments."""
    if wish.payment_id and wish.action not in PAYING | {Action.FAIL}:
        raise InvalidInput(f"{wish.action} is not about a payment.", field="payment")
    if wish.credit_ids and wish.action not in (Action.COMBINE, Action.PAY_CANCELLED):
        raise InvalidInput(f"Several credits are for {Action.COMBINE}.", field="credit")
    review = _found(await rows.get(conn, owner, review_id))
    credit_ids = list(dict.fromkeys([*([review.credit_id] if review.credit_id else []), *wish.credit_ids]))
    known = await rows.credits_of(conn, owner, review.mode, credit_ids)
    if len(known) != len(credit_ids):
        raise NotFound("No such credit.")
    slip = await rows.slip(conn, owner, review.mode, review.slip_id) if review.slip_id else None
    wanted = await _payment(conn, owner, review.mode, wish.payment_id) if wish.payment_id else None
    if wanted is None and slip is not None and wish.action in PAYING | {Action.FAIL}:
        wanted = await _payment(conn, owner, review.mode, slip.payment_id)
    slots = {(credit.receiving_id, credit.amount_satang) for credit in known}
    if wanted is not None:
        slots.add((wanted.receiving_id, wanted.payable_satang))
        said = wish.amount_satang or (slip.facts.get("amountSatang") if slip and slip.facts else None)
        if not known and said is not None:
            slots.add((wanted.receiving_id, said))
    now = await rows.clock(conn)
    for receiving_id, amount_satang in sorted(slots, key=str):
        now = await credit_rows.lock_slot(conn, review.mode, receiving_id, amount_satang)
    held = _found(await rows.lock(conn, review))
    if held.closed_at is not None:
        raise Conflict(f"This review is closed already: {held.resolution}, by {held.resolved_by or 'later evidence'}.")
    now = await rows.clock(conn) if not slots else now
    credits = await rows.credits_of(conn, owner, review.mode, credit_ids)
    own = sorted(credits, key=lambda credit: credit.id != review.credit_id)
    state = own[0].state if own and own[0].id == review.credit_id else None
    _require_fitting(held, state, slip, wish.action)
    payments = await _lock_payments(conn, wanted, slip)
    if slip is not None:  # Behind the lock on its payment it stands still.
        slip = await _waiting_slip(conn, held)
    return Case(
        held,
        wish,
        now,
        tuple(own),
        payments.get(wanted.id) if wanted else None,
        slip,
        payments.get(slip.payment_id) if slip else None,
    )


async def _waiting_slip(conn: Conn, review: Review) -> Slip | None:
    """The slip of a review, if it still waits. Raises Conflict when it does not, and the review is about it alone."""
    slip = await rows.slip(conn, review.merchant_id, review.mode, review.slip_id) if review.slip_id else None
    if slip is not None and slip.outcome == WAITING:
        return slip
    if review.credit_id is None:
        raise Conflict(f"The slip is decided already: {slip.outcome if slip else 'gone'}.")
    return None


async def _lock_payments(conn: Conn, wanted: Payment | None, slip: Slip | None) -> dict[UUID, Payment]:
    keys = {(wanted.merchant_id, wanted.mode, wanted.id)} if wanted else set()
    keys |= {(slip.merchant_id, slip.mode, slip.payment_id)} if slip else set()
    locked = [await payment_rows.lock(conn, *key) for key in sorted(keys, key=lambda key: (key[0], key[2]))]
    return {payment.id: payment for payment in locked if payment is not None}


def _require_fitting(review: Review, state: CreditState | None, slip: Slip | None, action: Action) -> None:
    fitting = allowed(review.reason, state, slip=slip is not None)
    if action not in fitting:
        raise Conflict(f"{action} does not fit here; what fits: {', '.join(fitting)}.")


async def _payment(conn: Conn, owner: int, mode: str, payment_id: UUID) -> Payment:
    """A payment on an account of *owner*. Raises NotFound for any other."""
    found = await payment_rows.get_by_id(conn, payment_id)
    if found is None or (found[0].owner_id, found[0].mode) != (owner, mode):
        raise NotFound("No such payment on these accounts.")
    return found[0]


async def _log(ctx: Context, conn: Conn, case: Case, words: str, before: dict[str, Any], done: Done) -> None:
    wish, review = case.wish, case.review
    after = _facts(done.credit_state, done.payment, case.now) | {
        "resolution": RESOLUTIONS[wish.action],
        "reason": words,
        "credits": [ids.show("crd", credit_id) for credit_id in done.credit_ids],
        "amountSatang": wish.amount_satang,
        "occurredAt": wish.occurred_at,
    }
    await audit.append(
        conn,
        ctx,
        merchant_id=review.merchant_id,
        actor=wish.actor,
        action=f"review.{wish.action}",
        subject=f"review:{ids.show('rev', review.id)}",
        before=before | {"mode": review.mode, "review": review.reason},
        after={name: value for name, value in after.items() if value is not None},
    )


def _facts(state: CreditState | None, payment: Payment | None, at: datetime) -> dict[str, Any]:
    facts: dict[str, Any] = {} if state is None else {"credit": state}
    if payment is not None:
        facts |= {"transactionId": payment.id, "status": standing(payment, at), "sequence": payment.sequence}
    return facts


def _found(review: Review | None) -> Review:
    if review is None:
        raise NotFound("No such review.")
    return review
