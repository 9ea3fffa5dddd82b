"""Refunds as a merchant sees them: money back to the payer, all of it or a part, never more than is left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import Conflict, InsufficientBalance, InvalidInput, NotFound, WrongState
from paygate.core.payments import Payment
from paygate.core.payouts import (
    AccountGiven,
    Approved,
    Balance,
    Cancelled,
    Claimed,
    Confirmed,
    Event,
    PayoutStatus,
    PayoutStep,
    Refund,
    advance,
    requested,
    shortfall_netted,
)
from paygate.core.refunds import Share, share, shortfall
from paygate.db import balances, payments
from paygate.db import bookings as books
from paygate.db import payout_references as references
from paygate.db import refunds as rows
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.refunds import Page
from paygate.services import audit, inputs
from paygate.services.context import Context
from paygate.services.once import Answered, once
from paygate.services.payments import Replayed
from paygate.services.payouts import Place, read_reference, same_reference
from paygate.services.refund_desk import REFUNDS, payment_of, seal_payee
from paygate.services.settlements import too_little

TEST = "test"  # Who says yes to test money.
TEST_MODE = "test"
Answer = Callable[[Refund], tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Wish:
    """A refund as a merchant asks for it. No amount: all that is left. `advance`: the operator pays what is missing.

    `ask_payer`: whether the payer gets a link; None: where nobody can go on without knowing.
    """

    amount_satang: int | None = None
    words: str | None = None
    payee: Place | None = None
    advance: bool = False
    ask_payer: bool | None = None


def read_payee(promptpay: str | None, bank: str | None, number: str | None, name: str | None) -> Place | None:
    """Where a payer wants the money; None when nothing is said. Raises InvalidInput."""
    if promptpay is None and bank is None and number is None:
        return None
    proxy = inputs.payable_proxy(promptpay)[1] if promptpay is not None else None
    bank_code, digits = inputs.bank_account(bank, number)
    return Place(proxy, bank_code, digits, inputs.name(name or "-"))


async def request(
    ctx: Context,
    merchant_id: int,
    mode: str,
    payment_id: UUID,
    wish: Wish,
    claim: Claim | None,
    answer: Answer,
    actor: str,
) -> Answered[Refund] | Replayed:
    """Give money of a PAID payment back. Central money is set aside; in test mode it is COMPLETED at once. Without a
    payee the refund may be WAITING until its payer said where to: see services/refund_links.py.

    Raises NotFound, WrongState (not PAID), Conflict (reversed, nothing left, payouts frozen), InvalidInput (amount,
    askPayer), InsufficientBalance, IdempotencyMismatch, IdempotencyBusy.
    """
    if wish.ask_payer and wish.payee is not None:
        raise InvalidInput(
            "askPayer and payee exclude each other: it is known where the payer wants it.", field="askPayer"
        )
    refund_id = ctx.new_id()
    payee = None if wish.payee is None else seal_payee(ctx, refund_id, wish.payee)
    new_ids = [ctx.new_id() for _ in range(8)]

    async def work(conn: Conn) -> Refund:
        payment = await payments.lock(conn, merchant_id, mode, payment_id)
        if payment is None:
            raise NotFound("No such payment.")
        taken = await rows.taken(conn, payment)
        wanted = share(
            payment,
            wish.amount_satang,
            taken.amount_satang,
            taken.fee_satang,
            taken.vat_satang,
            fee_back=ctx.settlements.refund_fee,
        )
        central = payment.flow == "central"
        has = await balances.lock(conn, merchant_id, mode, at_once=ctx.settlements.notices_at_once) if central else None
        missing = _missing(has, wanted, wish)
        now = await balances.clock(conn)
        asks = wish.ask_payer if wish.ask_payer is not None else payee is None and central and mode == "live"
        refund = _asked(payment, refund_id, wanted, missing, wish.words, payee, now)
        if asks:
            until = now + timedelta(days=ctx.settlements.refund_link_days)
            refund = replace(refund, status=PayoutStatus.WAITING, link_number=1, link_until=until)
        await rows.insert(conn, refund)
        if has is not None and (netted := min(has.shortfall_satang, has.payable_satang)) > 0:
            booking = shortfall_netted(merchant_id, mode, refund_id, now, netted)
            await books.book(conn, booking, new_ids[0], now)
        if (journal := requested(refund)) is not None:
            await books.book(conn, journal, new_ids[1], now)
        if not asks:
            refund = await walk(ctx, conn, refund, by_itself(refund, actor, now), new_ids[2:], now)
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=actor,
            action="refund.request",
            subject=f"refund:{ids.show('rfd', refund_id)}",
            after={"amount_satang": refund.amount_satang, "payment": str(payment_id), "status": refund.status},
        )
        return refund

    done = await once(ctx, claim, answer, work)
    ctx.wake()
    return done


def by_itself(refund: Refund, actor: str, now: datetime) -> tuple[Event, ...]:
    """What happens at once to a refund that nobody of ours has to say yes to."""
    if refund.mode == TEST_MODE:
        return Approved(now, TEST, None, False), Claimed(now, TEST), Confirmed(now, TEST, f"TEST-{refund.id}")
    return () if refund.ours else (Approved(now, actor, None, False),)  # A direct merchant pays it itself.


async def cancel(
    ctx: Context, merchant_id: int, mode: str, refund_id: UUID, claim: Claim | None, answer: Answer, actor: str
) -> Answered[Refund] | Replayed:
    """The merchant does not want it any more; saying so again changes nothing. Raises NotFound, WrongState."""

    def decide(refund: Refund, now: datetime) -> tuple[Event, ...]:
        return () if refund.status is PayoutStatus.CANCELLED else (Cancelled(now),)

    return await change(ctx, (merchant_id, mode, refund_id), claim, answer, actor, "cancel", decide)


async def say_payee(
    ctx: Context,
    merchant_id: int,
    mode: str,
    refund_id: UUID,
    payee: Place,
    claim: Claim | None,
    answer: Answer,
    actor: str,
) -> Answered[Refund] | Replayed:
    """Say where the payer wants the money, before it is approved. A link that the payer got is worthless then, and who
    said yes to another account has to do so again. Raises NotFound, WrongState."""
    sealed = seal_payee(ctx, refund_id, payee)
    new_ids = [ctx.new_id() for _ in range(8)]

    async def work(conn: Conn) -> Refund:
        refund, now = await locked(conn, merchant_id, mode, refund_id)
        open_to_change = (PayoutStatus.REQUESTED, *(() if refund.ours else (PayoutStatus.APPROVED,)))
        if refund.status is PayoutStatus.WAITING:
            after = await given(ctx, conn, refund, sealed, actor, new_ids, now)
        elif refund.status in open_to_change:
            yes = refund.approved_by if refund.status is PayoutStatus.APPROVED else None
            after = replace(refund, payee=sealed, approved_by=yes, sequence=refund.sequence + 1)
            await rows.move(conn, refund, after)
        else:
            raise WrongState(refund.status, "sent elsewhere", what="refund")
        subject = f"refund:{ids.show('rfd', refund_id)}"
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=actor,
            action="refund.payee",
            subject=subject,
            after={"status": after.status},
        )
        return after

    done = await once(ctx, claim, answer, work)
    ctx.wake()
    return done


async def given(
    ctx: Context, conn: Conn, refund: Refund, sealed: bytes, actor: str, new_ids: list[UUID], now: datetime
) -> Refund:
    """It is known now where the payer wants a WAITING refund, which goes on; in the caller's transaction."""
    refund = await walk(ctx, conn, refund, (AccountGiven(now, sealed),), new_ids, now)
    return await walk(ctx, conn, refund, by_itself(refund, actor, now), new_ids[2:], now)


async def complete_direct(
    ctx: Context,
    merchant_id: int,
    mode: str,
    refund_id: UUID,
    bank_reference: str,
    claim: Claim | None,
    answer: Answer,
    actor: str,
) -> Answered[Refund] | Replayed:
    """A direct merchant paid its payer back, by this transfer of its own bank.

    Raises NotFound, WrongState, Conflict (central money is the operator's to pay; that reference completed another
    refund of the merchant), InvalidInput (bankReference).
    """
    reference = read_reference(bank_reference)

    def decide(refund: Refund, now: datetime) -> tuple[Event, ...]:
        if refund.ours:
            raise Conflict("The operator pays this refund from the central account.")
        if refund.status is PayoutStatus.COMPLETED and same_reference(refund.bank_reference, reference):
            return ()
        return Claimed(now, actor), Confirmed(now, actor, reference)

    async def use(conn: Conn, refund: Refund) -> None:
        if not await references.use_own(conn, refund, reference):
            raise Conflict(f"The bank's reference {reference} has completed another refund.", field="bankReference")

    return await change(ctx, (merchant_id, mode, refund_id), claim, answer, actor, "complete", decide, use)


async def get(ctx: Context, merchant_id: int, mode: str, refund_id: UUID) -> Refund:
    """One refund of a merchant. Raises NotFound."""
    async with ctx.db.connection() as conn:
        found = await rows.get(conn, merchant_id, mode, refund_id)
    if found is None:
        raise NotFound("No such refund.")
    return found


async def list_page(ctx: Context, merchant_id: int, mode: str, page: Page) -> list[Refund]:
    """A page of a merchant's refunds, newest first."""
    async with ctx.db.connection() as conn:
        return await rows.listed(conn, merchant_id, mode, page)


def _missing(has: Balance | None, wanted: Share, wish: Wish) -> int:
    """What the operator advances, in satang."""
    if has is None:
        return 0
    if has.frozen_reason is not None:
        raise Conflict("Payouts of this merchant are frozen. Ask the operator.")
    missing = shortfall(wanted, has)
    if missing and not wish.advance:
        raise InsufficientBalance(too_little(has), field="amount")
    return missing


def _asked(
    payment: Payment,
    refund_id: UUID,
    wanted: Share,
    missing_satang: int,
    words: str | None,
    payee: bytes | None,
    now: datetime,
) -> Refund:
    return Refund(
        merchant_id=payment.merchant_id,
        mode=payment.mode,
        id=refund_id,
        amount_satang=wanted.amount_satang,
        status=PayoutStatus.REQUESTED,
        sequence=1,
        approved_by=None,
        second_by=None,
        claimed_by=None,
        claimed_at=None,
        bank_reference=None,
        reason=None,
        created_at=now,
        completed_at=None,
        paid_from=None,
        payment_id=payment.id,
        flow=payment.flow,
        fee_returned_satang=wanted.fee_satang,
        vat_returned_satang=wanted.vat_satang,
        shortfall_satang=missing_satang,
        words=words,
        payee=payee,
    )


async def locked(conn: Conn, merchant_id: int, mode: str, refund_id: UUID) -> tuple[Refund, datetime]:
    """A refund and its payment, held until the transaction ends, with the database's clock. Raises NotFound."""
    known = await rows.get(conn, merchant_id, mode, refund_id)
    if known is None:
        raise NotFound("No such refund.")
    found = await REFUNDS.lock(conn, known)
    if found is None:
        raise NotFound("No such refund.")
    return found


async def change(
    ctx: Context,
    key: tuple[int, str, UUID],
    claim: Claim | None,
    answer: Answer,
    actor: str,
    verb: str,
    decide: Callable[[Refund, datetime], tuple[Event, ...]],
    also: Callable[[Conn, Refund], Awaitable[None]] | None = None,
) -> Answered[Refund] | Replayed:
    """What a merchant does with a refund of its own: one transaction, under its Idempotency-Key. *also* is done after
    the steps, in the same transaction."""
    new_ids = [ctx.new_id() for _ in range(6)]

    async def work(conn: Conn) -> Refund:
        refund, now = await locked(conn, *key)
        steps = decide(refund, now)
        if not steps:
            return refund
        before = refund
        if verb == "cancel":
            refund = await REFUNDS.given_back(conn, refund)
        after = await walk(ctx, conn, refund, steps, new_ids, now)
        if also is not None:
            await also(conn, after)
        await REFUNDS.log(ctx, conn, PayoutStep(before, after, None, None), actor, verb)
        return after

    done = await once(ctx, claim, answer, work)
    ctx.wake()
    return done


async def walk(
    ctx: Context, conn: Conn, refund: Refund, steps: tuple[Event, ...], new_ids: list[UUID], now: datetime
) -> Refund:
    """Several steps at once, in the caller's transaction."""
    await payment_of(conn, refund)
    for place, event in enumerate(steps):
        step = advance(refund, event)
        await REFUNDS.apply(ctx, conn, step, journal_id=new_ids[2 * place], event_id=new_ids[2 * place + 1], now=now)
        refund = step.after
    return refund
