"""Many payments in one transaction: all of them or none."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from paygate import telemetry
from paygate.core import fields
from paygate.core.errors import InvalidInput, SlotsExhausted
from paygate.core.events import of_payment
from paygate.core.payments import Payment, Status
from paygate.core.principals import Principal
from paygate.core.sealing import NONCE_BYTES
from paygate.db import batches as rows
from paygate.db import idempotency
from paygate.db.batches import Want, Written
from paygate.db.idempotency import Stored
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.reservations import Taken, Wish
from paygate.services import drafts, evidence
from paygate.services.context import Context
from paygate.services.drafts import Draft, NewPayment
from paygate.services.payments import Replayed, replay

log = telemetry.logger("services.batches")

Answer = Callable[[Sequence[Payment]], tuple[int, bytes]]
"""Renders the answer of a face to a whole batch."""


@dataclass(frozen=True, slots=True)
class Made:
    """The payments that were made now, in the order of the wishes; `status` and `body` are the rendered answer."""

    payments: Sequence[Payment]
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Reserved:
    wish: Wish
    taken: Taken


async def create(
    ctx: Context, principal: Principal, news: Sequence[NewPayment], claim: Claim | None, answer: Answer
) -> Made | Replayed:
    """Make all of *news* or none: amounts reserved, QR texts built, `payment.created` announced for each.

    Three round trips, four with *claim* (BEGIN and COMMIT apart), and one more for each further account that has to
    help out. Raises NoAccount; SlotsExhausted, InvalidInput and Conflict (`field` is `payments[3].amount`);
    IdempotencyMismatch, IdempotencyBusy.
    """
    made = await asyncio.to_thread(_drafts, ctx, principal, news)
    event_ids, nonce = [ctx.new_id() for _ in made], secrets.token_bytes(NONCE_BYTES)

    async def work(conn: Conn) -> tuple[Made | Replayed, list[tuple[int, UUID]]]:
        if claim and (stored := await idempotency.claim_key(conn, claim)) is not None:
            return replay(ctx, claim, stored), []
        reserved = await _reserve(conn, principal, made)

        def rendered() -> tuple[Made, list[Written], Stored | None]:
            written = [_written(*one) for one in zip(made, reserved, event_ids, strict=True)]
            payments = [one.payment for one in written]
            status, body = answer(payments)
            sealed = Stored(status, ctx.key.seal(body, idempotency.purpose(claim), nonce)) if claim else None
            return Made(payments, status, body), written, sealed

        done, written, sealed = await asyncio.to_thread(rendered)
        return done, await rows.insert(conn, written, claim, sealed)

    done, fitting = await ctx.db.transaction(work)
    ctx.wake()
    if isinstance(done, Made):
        telemetry.count_payment(principal.mode, Status.PENDING, len(done.payments))
    try:
        for owner_id, credit_id in fitting:
            await evidence.decide_again(ctx, owner_id, principal.mode, credit_id)
    except Exception:  # The payments are made, and the credits are marked: the workers decide them.
        log.exception("money that came before its batch was not decided", payments=len(made))
    return done


def _drafts(ctx: Context, principal: Principal, news: Sequence[NewPayment]) -> list[Draft]:
    made: list[Draft] = []
    for place, new in enumerate(news):
        try:
            one = drafts.draft(ctx, principal, new)
            drafts.wishes(one)
        except InvalidInput as error:
            raise fields.within(f"payments[{place}]", error) from error
        made.append(one)
    return made


async def _reserve(conn: Conn, principal: Principal, made: Sequence[Draft]) -> list[_Reserved]:
    """An amount for each draft, of its first account that has one. Raises SlotsExhausted."""
    await rows.enter(conn, principal.mode, principal.accounts)
    wishes = [drafts.wishes(one) for one in made]
    reserved: dict[int, _Reserved] = {}
    for turn in range(max(len(several) for several in wishes)):
        tries = [
            (place, several[turn])
            for place, several in enumerate(wishes)
            if place not in reserved and turn < len(several)
        ]
        if not tries:
            break
        # Exclusive amounts before shared ones: a lock is never strengthened.
        tries.sort(key=lambda one: (one[1].account.receiving_id, not one[1].exclusive, one[1].amounts[0]))
        wants = [Want(made[place].id, wish, made[place].hold) for place, wish in tries]
        given = await rows.take(conn, principal.merchant_id, principal.mode, wants)
        for (place, wish), taken in zip(tries, given, strict=True):
            if taken is not None:
                reserved[place] = _Reserved(wish, taken)
    short = next((place for place in range(len(made)) if place not in reserved), None)
    if short is not None:
        telemetry.count_refused("full")
        raise SlotsExhausted(field=f"payments[{short}].amount")
    return [reserved[place] for place in range(len(made))]


def _written(made: Draft, reserved: _Reserved, event_id: UUID) -> Written:
    payment = drafts.payment(made, reserved.wish.account, reserved.taken)
    created = of_payment("payment.created", payment, event_id, payment.created_at)
    return Written(payment, created, reserved.wish.exclusive)
