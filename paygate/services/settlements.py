"""Settlements as a merchant sees them: what it has with us, and taking it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import Conflict, Forbidden, InsufficientBalance, InvalidInput, NotFound
from paygate.core.events import of_settlement
from paygate.core.money import show
from paygate.core.payouts import (
    Balance,
    Cancelled,
    PayoutStatus,
    Settlement,
    advance,
    requested,
    shortfall_netted,
)
from paygate.db import balances, events, merchants
from paygate.db import bookings as books
from paygate.db import destinations as places
from paygate.db import settlements as rows
from paygate.db.destinations import Destination
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.settlements import Page
from paygate.services import audit, holidays
from paygate.services.context import Context
from paygate.services.once import Answered, once
from paygate.services.payments import Replayed
from paygate.services.settlement_desk import SETTLEMENTS

Answer = Callable[[Settlement], tuple[int, bytes]]


async def balance(ctx: Context, merchant_id: int, mode: str) -> Balance:
    """What the merchant has with us. Raises NotFound (merchant)."""
    async with ctx.db.connection() as conn:
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        return await balances.standing(conn, merchant_id, mode, at_once=ctx.settlements.notices_at_once)


async def request(
    ctx: Context,
    merchant_id: int,
    mode: str,
    amount_satang: int,
    claim: Claim | None,
    answer: Answer,
    actor: str,
) -> Answered[Settlement] | Replayed:
    """Ask for money: it is set aside at once, whoever else asks at the same moment.

    What the merchant owes us is netted first. Raises InvalidInput (amount: under the minimum), InsufficientBalance,
    Forbidden (test money never pays out), Conflict (payouts are frozen), NotFound (merchant), IdempotencyMismatch,
    IdempotencyBusy.
    """
    if mode != "live":
        raise Forbidden("Test money never pays out. Use a live key (sk_live_...).")
    if amount_satang < ctx.settlements.min_satang:
        raise InvalidInput(f"amount must be at least {show(ctx.settlements.min_satang)} THB.", field="amount")
    settlement_id, event_id, journal_id, netting_id = (ctx.new_id() for _ in range(4))

    async def work(conn: Conn) -> Settlement:
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        has = await balances.lock(conn, merchant_id, mode, at_once=ctx.settlements.notices_at_once)
        if has.frozen_reason is not None:
            raise Conflict("Payouts of this merchant are frozen. Ask the operator.")
        if amount_satang > has.available_satang:
            raise InsufficientBalance(too_little(has), field="amount")
        now = await balances.clock(conn)
        settlement = Settlement(
            merchant_id=merchant_id,
            mode=mode,
            id=settlement_id,
            amount_satang=amount_satang,
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
            destination_id=None,
            promised_on=holidays.promised_on(ctx, now),
        )
        await rows.insert(conn, settlement)
        if has.shortfall_satang > 0:
            netted = shortfall_netted(merchant_id, mode, settlement_id, now, has.shortfall_satang)
            await books.book(conn, netted, netting_id, now)
        if (journal := requested(settlement)) is not None:
            await books.book(conn, journal, journal_id, now)
        await events.announce(conn, of_settlement("settlement.created", settlement, event_id, now))
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=actor,
            action="settlement.request",
            subject=f"settlement:{ids.show('stl', settlement_id)}",
            after={"amount_satang": amount_satang, "status": settlement.status},
        )
        return settlement

    done = await once(ctx, claim, answer, work)
    ctx.wake()
    return done


async def cancel(
    ctx: Context,
    merchant_id: int,
    mode: str,
    settlement_id: UUID,
    claim: Claim | None,
    answer: Answer,
    actor: str,
) -> Answered[Settlement] | Replayed:
    """The merchant does not want it any more; saying so again changes nothing.

    Raises NotFound, WrongState once somebody approved it, IdempotencyMismatch, IdempotencyBusy.
    """
    journal_id, event_id = ctx.new_id(), ctx.new_id()

    async def work(conn: Conn) -> Settlement:
        found = await rows.lock(conn, merchant_id, mode, settlement_id)
        if found is None:
            raise NotFound("No such settlement.")
        settlement, now = found
        if settlement.status is PayoutStatus.CANCELLED:
            return settlement
        step = advance(settlement, Cancelled(now))
        await SETTLEMENTS.apply(ctx, conn, step, journal_id=journal_id, event_id=event_id, now=now)
        await SETTLEMENTS.log(ctx, conn, step, actor, "cancel")
        return step.after

    return await once(ctx, claim, answer, work)


async def get(ctx: Context, merchant_id: int, mode: str, settlement_id: UUID) -> Settlement:
    """One settlement of a merchant. Raises NotFound."""
    async with ctx.db.connection() as conn:
        found = await rows.get(conn, merchant_id, mode, settlement_id)
    if found is None:
        raise NotFound("No such settlement.")
    return found


async def list_page(ctx: Context, merchant_id: int, mode: str, page: Page) -> list[Settlement]:
    """A page of a merchant's settlements, newest first."""
    async with ctx.db.connection() as conn:
        return await rows.listed(conn, merchant_id, mode, page)


async def destinations(ctx: Context, settlements: list[Settlement]) -> Mapping[UUID, Destination]:
    """Where settlements of one merchant go, by the id of the destination."""
    wanted = [s.destination_id for s in settlements if s.destination_id is not None]
    if not wanted:
        return {}
    async with ctx.db.connection() as conn:
        return await places.get(conn, settlements[0].merchant_id, wanted)


def too_little(has: Balance) -> str:
    """What is available, and why it is not more."""
    message = f"{show(has.available_satang)} THB are available."
    if has.pending_review_satang:
        message += (
            f" {show(has.pending_review_satang)} THB more are known from bank notices alone; they are available once a"
            " bank statement, a slip or the bank itself confirms them."
        )
    if has.shortfall_satang:
        message += f" {show(has.shortfall_satang)} THB, which the merchant owes for money taken back, are kept."
    return message
