"""A payment is made, read, cancelled, and expires. How it becomes PAID is in `services.evidence` alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import emvco
from paygate import telemetry
from paygate.core import ids
from paygate.core.credits import SKEW
from paygate.core.errors import Bug, InvalidInput, Moved, NoAccount, NotFound, SlotsExhausted
from paygate.core.events import of_payment
from paygate.core.fees import Charge, charge
from paygate.core.money import MIN_AMOUNT_SATANG
from paygate.core.payments import (
    QUARANTINE_OTHER,
    CancelAsked,
    Payment,
    Status,
    TimePassed,
    advance,
    payable_amounts,
    standing,
)
from paygate.core.principals import Principal, ReceivingAccount
from paygate.core.sealing import NONCE_BYTES
from paygate.db import credits, idempotency, steps
from paygate.db import payments as rows
from paygate.db.payments import Claim, Page, Taken
from paygate.db.pool import Conn
from paygate.services import evidence
from paygate.services.context import Context

PROXY_KINDS: dict[str, Literal["mobile", "national_id", "ewallet"]] = {
    "mobile": "mobile",
    "national_id": "national_id",
    "ewallet": "ewallet",
}

log = telemetry.logger("services.payments")

Answer = Callable[[Payment], tuple[int, bytes]]
"""Renders the answer of a face: HTTP status and body. It is kept with the Idempotency-Key."""


@dataclass(frozen=True, slots=True)
class NewPayment:
    """What a merchant asks for, already checked. `metadata` is canonical JSON text."""

    amount_satang: int
    order_id: str | None = None
    description: str | None = None
    metadata: str = "{}"
    customer_email: str | None = None
    callback_url: str | None = None
    cancel_url: str | None = None
    expiry_minutes: int | None = None
    ref1: str | None = None
    ref2: str | None = None
    amount_source: str = "server"


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
    ctx: Context, principal: Principal, new: NewPayment, claim: Claim | None, answer: Answer
) -> Done | Replayed:
    """Make a payment: an amount is reserved, the QR's text built, fee and net frozen, `payment.created` announced.

    Two round trips, BEGIN and COMMIT apart. Raises NoAccount, SlotsExhausted, InvalidInput (a reference without a
    biller ID), IdempotencyMismatch, IdempotencyBusy.
    """
    payment_id, event_id, nonce = ctx.new_id(), ctx.new_id(), secrets.token_bytes(NONCE_BYTES)
    rate = principal.fee_bps if principal.fee_bps is not None else ctx.plan_fee_bps[principal.plan]
    costs = charge(new.amount_satang, rate, ctx.vat)
    expiry = timedelta(minutes=new.expiry_minutes or principal.expiry_minutes)
    accounts = _usable(principal, new, payment_id)

    async def work(conn: Conn) -> tuple[Done | Replayed, list[UUID]]:
        for turn, account in enumerate(accounts):
            try:
                taken = await _take(
                    ctx, conn, claim if turn == 0 else None, principal, new, account, payment_id, costs, expiry
                )
            except rows.KeyKnown:
                return await _known(ctx, conn, claim), []
            if taken is not None:
                payment = _payment(principal, new, account, payment_id, costs, expiry, taken)
                status, body = answer(payment)
                sealed = ctx.key.seal(body, idempotency.purpose(claim), nonce) if claim else None
                fitting = await rows.insert(
                    conn,
                    payment,
                    of_payment("payment.created", payment, event_id, payment.created_at),
                    exclusive=_exclusive(account, new),
                    claim=claim,
                    status=status if claim else None,
                    answer=sealed,
                )
                return Done(payment, status, body), fitting
        raise SlotsExhausted()

    done, fitting = await ctx.db.transaction(work)
    ctx.wake()
    if isinstance(done, Done) and fitting:
        try:
            await evidence.decide_again(ctx, done.payment.owner_id, done.payment.mode, fitting[0])
        except Exception:  # The payment is made, and the credits are marked: the workers decide them.
            log.exception("money that came before its payment was not decided", payment=str(done.payment.id))
    return done


async def get(ctx: Context, principal: Principal, payment_id: UUID) -> Payment:
    """One payment of the merchant, with its effective status. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return _as_of(await rows.get(conn, principal.merchant_id, principal.mode, payment_id))


async def get_by_order(ctx: Context, principal: Principal, order_id: str) -> Payment:
    """The payment that stands for an order of the merchant. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return _as_of(await rows.get_by_order(conn, principal.merchant_id, principal.mode, order_id))


async def list_page(ctx: Context, principal: Principal, page: Page) -> list[Payment]:
    """A page of the merchant's payments, newest first."""
    async with ctx.db.connection() as conn:
        return [_as_of(row) for row in await rows.listed(conn, principal.merchant_id, principal.mode, page)]


async def public(ctx: Context, payment_id: UUID) -> Payment:
    """A payment by its id alone, for what its payer may see. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return _as_of(await rows.get_by_id(conn, payment_id))


def client_secret(ctx: Context, payment: Payment) -> str:
    """What lets the payer's page act on this one payment; made of the installation's key, so nothing is stored."""
    token = ctx.key.token(f"client:{payment.mode}:{payment.merchant_id}:{payment.id}")
    return f"{ids.show('pi', payment.id)}_secret_{token}"


async def cancel(
    ctx: Context, principal: Principal, payment_id: UUID, claim: Claim | None, answer: Answer
) -> Done | Replayed:
    """Cancel an open payment; a cancelled one is answered as it is. Raises NotFound, WrongState."""
    event_id, nonce = ctx.new_id(), secrets.token_bytes(NONCE_BYTES)

    async def work(conn: Conn) -> Done | Replayed:
        if claim and (stored := await idempotency.claim_key(conn, claim)) is not None:
            return _replay(ctx, claim, stored)
        seen, _ = await rows.get(conn, principal.merchant_id, principal.mode, payment_id) or (None, None)
        if seen is None:
            raise NotFound("No such payment.")
        now = await credits.lock_slot(conn, seen.mode, seen.receiving_id, seen.payable_satang)
        payment = await rows.lock(conn, principal.merchant_id, principal.mode, payment_id)
        if payment is None:
            raise NotFound("No such payment.")
        if payment.status is not Status.CANCELLED:
            step = advance(payment, CancelAsked(now))
            payment = step.after
            event = of_payment("payment.cancelled", payment, event_id, now)
            await steps.write(conn, steps.Writing(now, payment.mode, step=step, event=event))
        status, body = answer(payment)
        if claim:
            sealed = ctx.key.seal(body, idempotency.purpose(claim), nonce)
            await idempotency.answer_key(conn, claim, idempotency.Stored(status, sealed))
        return Done(payment, status, body)

    done = await ctx.db.transaction(work)
    ctx.wake()
    return done


async def expire(ctx: Context, limit: int = 100) -> int:
    """Announce payments whose deadline is over, each once; how many there were.

    Their status is EXPIRED from the deadline on, announced or not: every read says so by the database's clock.
    """

    async def work(conn: Conn) -> int:
        due = await rows.due(conn, limit)
        for payment, now in due:
            step = advance(payment, TimePassed(now))
            event = of_payment("payment.expired", step.after, ctx.new_id(), now)
            # The quarantine was fixed at creation, as deadline plus an hour: the hold on the amount stays as it is.
            await steps.write(conn, steps.Writing(now, payment.mode, step=replace(step, until_at=None), event=event))
        return len(due)

    expired = await ctx.db.transaction(work)
    if expired:
        ctx.wake()
    return expired


def _as_of(found: tuple[Payment, datetime] | None) -> Payment:
    if found is None:
        raise NotFound("No such payment.")
    payment, now = found
    return replace(payment, status=standing(payment, now))


async def _known(ctx: Context, conn: Conn, claim: Claim | None) -> Replayed:
    stored = await idempotency.find(conn, claim) if claim else None
    if claim is None or stored is None:
        raise Moved()  # Forgotten between two questions: it is a new key.
    return _replay(ctx, claim, stored)


def _replay(ctx: Context, claim: Claim, stored: idempotency.Stored) -> Replayed:
    return Replayed(stored.status, ctx.key.open(stored.answer, idempotency.purpose(claim)))


def _usable(principal: Principal, new: NewPayment, payment_id: UUID) -> Sequence[ReceivingAccount]:
    """The accounts that can take this payment, a different one first for each payment, so that a pool fills evenly."""
    if not principal.accounts:
        raise NoAccount()
    fitting = [a for a in principal.accounts if (a.biller_id if new.ref1 else a.proxy or a.biller_id)]
    if not fitting:
        raise InvalidInput("The receiving account has no biller ID for bill-payment references.", field="promptpayRef1")
    # Money on an account that no source speaks for would not be heard of: such an account is the last resort.
    fitting = [a for a in fitting if a.heard] or fitting
    start = payment_id.int % len(fitting)
    return [*fitting[start:], *fitting[:start]]


def _proxy(account: ReceivingAccount) -> emvco.Proxy:
    kind = PROXY_KINDS.get(account.proxy_kind or "")
    if kind is None or account.proxy is None:
        raise Bug(f"Account {account.id} has no PromptPay ID.")
    return emvco.Proxy(kind, account.proxy)


def _by_bill(account: ReceivingAccount, new: NewPayment) -> bool:
    return new.ref1 is not None or account.proxy is None


def _exclusive(account: ReceivingAccount, new: NewPayment) -> bool:
    return account.amount_tagging != "off" and not _by_bill(account, new)


async def _take(
    ctx: Context,
    conn: Conn,
    claim: Claim | None,
    principal: Principal,
    new: NewPayment,
    account: ReceivingAccount,
    payment_id: UUID,
    costs: Charge,
    expiry: timedelta,
) -> Taken | None:
    tagging = account.amount_tagging if _exclusive(account, new) else "off"
    charge_satang = costs.fee_satang + costs.vat_satang
    amounts = payable_amounts(new.amount_satang, tagging, charge_satang, MIN_AMOUNT_SATANG)
    if not amounts:
        raise InvalidInput("amount is too small for the receiving account's amounts and fee.", field="amount")
    return await rows.take(
        conn,
        claim,
        merchant_id=principal.merchant_id,
        mode=principal.mode,
        receiving_id=account.receiving_id,
        payment_id=payment_id,
        amounts=amounts,
        exact=tagging == "auto",
        exclusive=tagging != "off",
        hold=expiry + QUARANTINE_OTHER + SKEW,
    )


def _payment(
    principal: Principal,
    new: NewPayment,
    account: ReceivingAccount,
    payment_id: UUID,
    costs: Charge,
    expiry: timedelta,
    taken: Taken,
) -> Payment:
    ref1, ref2 = new.ref1, new.ref2
    if _by_bill(account, new):
        ref1 = ref1 or ids.show("", payment_id)[-20:].upper()
        payload = emvco.bill_payment_payload(account.biller_id or "", ref1, ref2, taken.amount_satang)
    else:
        payload = emvco.promptpay_payload(_proxy(account), taken.amount_satang)
    return Payment(
        merchant_id=principal.merchant_id,
        mode=principal.mode,
        id=payment_id,
        order_id=new.order_id,
        description=new.description,
        metadata=new.metadata,
        customer_email=new.customer_email,
        callback_url=new.callback_url,
        cancel_url=new.cancel_url,
        amount_source=new.amount_source,
        amount_satang=new.amount_satang,
        payable_satang=taken.amount_satang,
        fee_bps=costs.fee_bps,
        fee_satang=costs.fee_satang,
        vat_bps=costs.vat_bps,
        vat_satang=costs.vat_satang,
        flow="central" if account.owner_id == 0 else "direct",
        owner_id=account.owner_id,
        account_id=account.id,
        receiving_id=account.receiving_id,
        ref1=ref1,
        ref2=ref2,
        qr_payload=payload,
        status=Status.PENDING,
        exception=None,
        sequence=1,
        received_satang=None,
        credit_id=None,
        verifying=False,
        created_at=taken.at,
        expires_at=taken.at + expiry,
        paid_at=None,
        closed_at=None,
    )
