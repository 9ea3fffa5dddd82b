"""A payment is made, read, cancelled, and expires. How it becomes PAID is in `services.evidence` alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from paygate import telemetry
from paygate.core import ids
from paygate.core.errors import Conflict, InvalidInput, Moved, NotFound, PayGateError, SlotsExhausted, TooManyOpen
from paygate.core.events import of_payment
from paygate.core.payments import (
    CancelAsked,
    Payment,
    Status,
    TimePassed,
    advance,
    standing,
)
from paygate.core.principals import Principal
from paygate.core.sealing import NONCE_BYTES
from paygate.db import credits, idempotency, reservations, steps
from paygate.db import payments as rows
from paygate.db.payments import Claim, Page
from paygate.db.pool import Conn
from paygate.db.reservations import Browser
from paygate.services import audit, drafts, evidence, visitors
from paygate.services.context import Context
from paygate.services.drafts import NewPayment, draft

log = telemetry.logger("services.payments")

Answer = Callable[[Payment], tuple[int, bytes]]
"""Renders the answer of a face: HTTP status and body. It is kept with the Idempotency-Key."""


@dataclass(frozen=True, slots=True)
class Done:
    """It was done now; `status` and `body` are the rendered answer."""

    payment: Payment
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """The Idempotency-Key was known: the answer that was given then."""

    status: int
    body: bytes


async def create(
    ctx: Context,
    principal: Principal,
    new: NewPayment,
    claim: Claim | None,
    answer: Answer,
    *,
    client: str | None = None,
) -> Done | Replayed:
    """Make a payment: an amount is reserved, the QR's text built, fee and net frozen, `payment.created` announced.

    With a pk_ key the payment is a browser's, and *client* is the browser's network address; its amount is the page's
    word, or the merchant's where *new* says that a token or a payment link has fixed it.

    Two round trips, BEGIN and COMMIT apart. Raises NoAccount, SlotsExhausted, TooManyOpen, Conflict (`orderId` is of a
    payment of the merchant's server), InvalidInput (a reference without a biller ID, an amount that must be signed),
    IdempotencyMismatch, IdempotencyBusy.
    """
    browser = None
    if principal.kind == "public":
        signed = new.amount_source in ("token", "link")
        if principal.signed_amounts and not signed:
            message = "This merchant takes only amounts that its server has signed: send amountToken or paymentLink."
            raise InvalidInput(message, field="amountToken")
        new = new if signed else replace(new, amount_source="browser")
        # Whose order it is, the merchant has signed as well.
        browser = Browser(visitors.address_hash(ctx, client), None if signed else new.order_id)
    made, event_id, nonce = draft(ctx, principal, new), ctx.new_id(), secrets.token_bytes(NONCE_BYTES)
    wishes = drafts.wishes(made)
    exclusive = {wish.account.id: wish.exclusive for wish in wishes}

    async def work(conn: Conn) -> tuple[Done | Replayed, list[UUID]]:
        try:
            taken = await reservations.take(
                conn,
                claim,
                merchant_id=principal.merchant_id,
                mode=principal.mode,
                payment_id=made.id,
                wishes=wishes,
                hold=made.hold,
                browser=browser,
            )
        except reservations.KeyKnown:
            return await _known(ctx, conn, claim), []
        if isinstance(taken, reservations.Refused):
            raise refusal(taken)
        payment = drafts.payment(made, *taken)
        status, body = answer(payment)
        sealed = ctx.key.seal(body, idempotency.purpose(claim), nonce) if claim else None
        fitting = await rows.insert(
            conn,
            payment,
            of_payment("payment.created", payment, event_id, payment.created_at),
            exclusive=exclusive[payment.account_id],
            claim=claim,
            status=status if claim else None,
            answer=sealed,
        )
        return Done(payment, status, body), fitting

    done, fitting = await ctx.db.transaction(work)
    ctx.wake()
    if isinstance(done, Done):
        telemetry.count_payment(principal.mode, Status.PENDING)
        await _decide_again(ctx, done.payment, fitting)
    return done


async def _decide_again(ctx: Context, payment: Payment, fitting: Sequence[UUID]) -> None:
    """Money may have come before its payment could be seen: the oldest credit that fits is decided again now."""
    if not fitting:
        return
    try:
        await evidence.decide_again(ctx, payment.owner_id, payment.mode, fitting[0])
    except Exception:  # The payment is made, and the credits are marked: the workers decide them.
        log.exception("money that came before its payment was not decided", payment=str(payment.id))


def refusal(refused: reservations.Refused) -> PayGateError:
    """Why no amount was given, in words; it is counted."""
    telemetry.count_refused(refused.why)
    if refused.why == "order":
        message = "This orderId is of a payment that the merchant's server made; a pk_ key cannot use it."
        return Conflict(message, field="orderId")
    soon_s = max(refused.free_in_s or 1, 1)
    return TooManyOpen(soon_s) if refused.why == "address" else SlotsExhausted(refused.why, retry_after_s=soon_s)


async def get(ctx: Context, principal: Principal, payment_id: UUID) -> Payment:
    """One payment of the merchant, with its effective status. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return as_of(await rows.get(conn, principal.merchant_id, principal.mode, payment_id))


async def get_by_order(ctx: Context, principal: Principal, order_id: str) -> Payment:
    """The payment that stands for an order of the merchant. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return as_of(await rows.get_by_order(conn, principal.merchant_id, principal.mode, order_id))


async def list_page(ctx: Context, principal: Principal, page: Page) -> list[Payment]:
    """A page of the merchant's payments, newest first."""
    async with ctx.db.connection() as conn:
        return [as_of(row) for row in await rows.listed(conn, principal.merchant_id, principal.mode, page)]


async def public(ctx: Context, payment_id: UUID) -> Payment:
    """A payment by its id alone, for what its payer may see. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return as_of(await rows.get_by_id(conn, payment_id))


def client_secret(ctx: Context, payment: Payment) -> str:
    """What lets the payer's page act on this one payment; made of the installation's key, so nothing is stored."""
    token = ctx.key.token(f"client:{payment.mode}:{payment.merchant_id}:{payment.id}")
    return f"{ids.show('pi', payment.id)}_secret_{token}"


PAYER = "payer"  # Who acts with a payment's client secret.


class Whose(Protocol):
    """Whose payment, and in which mode."""

    @property
    def merchant_id(self) -> int:
        """The merchant."""
        ...

    @property
    def mode(self) -> str:
        """live or test."""
        ...


async def cancel(
    ctx: Context,
    principal: Whose,
    payment_id: UUID,
    claim: Claim | None,
    answer: Answer,
    actor: audit.By = PAYER,
) -> Done | Replayed:
    """Cancel an open payment; a cancelled one is answered as it is. Raises NotFound, WrongState."""
    event_id, nonce = ctx.new_id(), secrets.token_bytes(NONCE_BYTES)

    async def work(conn: Conn) -> tuple[Done | Replayed, bool]:
        if claim and (stored := await idempotency.claim_key(conn, claim)) is not None:
            return replay(ctx, claim, stored), False
        seen, _ = await rows.get(conn, principal.merchant_id, principal.mode, payment_id) or (None, None)
        if seen is None:
            raise NotFound("No such payment.")
        now = await credits.lock_slot(conn, seen.mode, seen.receiving_id, seen.payable_satang)
        payment = await rows.lock(conn, principal.merchant_id, principal.mode, payment_id)
        if payment is None:
            raise NotFound("No such payment.")
        cancels = payment.status is not Status.CANCELLED
        if cancels:
            step = advance(payment, CancelAsked(now))
            payment = step.after
            event = of_payment("payment.cancelled", payment, event_id, now)
            await steps.write(conn, steps.Writing(now, payment.mode, step=step, event=event))
        status, body = answer(payment)
        if claim:
            sealed = ctx.key.seal(body, idempotency.purpose(claim), nonce)
            await idempotency.answer_key(conn, claim, idempotency.Stored(status, sealed))
        if cancels:
            await audit.append(
                conn,
                ctx,
                merchant_id=payment.merchant_id,
                actor=actor,
                action="payment.cancel",
                subject=f"payment:{payment.id}",
                before={"status": seen.status},
                after={"mode": payment.mode, "status": payment.status},
            )
        return Done(payment, status, body), cancels

    done, cancelled = await ctx.db.transaction(work)
    ctx.wake()
    if cancelled:
        telemetry.count_payment(principal.mode, Status.CANCELLED)
    return done


async def expire(ctx: Context, limit: int = 100) -> int:
    """Announce payments whose deadline is over, each once; how many there were.

    Their status is EXPIRED from the deadline on, announced or not: every read says so by the database's clock.
    """

    async def work(conn: Conn) -> list[str]:
        due = await rows.due(conn, limit)
        for payment, now in due:
            step = advance(payment, TimePassed(now))
            event = of_payment("payment.expired", step.after, ctx.new_id(), now)
            # The quarantine was fixed at creation, as deadline plus an hour: the hold on the amount stays as it is.
            await steps.write(conn, steps.Writing(now, payment.mode, step=replace(step, until_at=None), event=event))
        return [payment.mode for payment, _ in due]

    expired = await ctx.db.transaction(work)
    if expired:
        ctx.wake()
    for mode in expired:
        telemetry.count_payment(mode, Status.EXPIRED)
    return len(expired)


def as_of(found: tuple[Payment, datetime] | None) -> Payment:
    """A payment with its effective status, by the database's clock that was read with it. Raises NotFound."""
    if found is None:
        raise NotFound("No such payment.")
    payment, now = found
    return replace(payment, status=standing(payment, now))


async def _known(ctx: Context, conn: Conn, claim: Claim | None) -> Replayed:
    stored = await idempotency.find(conn, claim) if claim else None
    if claim is None or stored is None:
        raise Moved()  # Forgotten between two questions: it is a new key.
    return replay(ctx, claim, stored)


def replay(ctx: Context, claim: Claim, stored: idempotency.Stored) -> Replayed:
    """The answer that was kept with *claim*."""
    return Replayed(stored.status, ctx.key.open(stored.answer, idempotency.purpose(claim)))
