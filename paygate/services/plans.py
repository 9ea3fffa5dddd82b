"""Plans: which one a merchant is on and what it pays, from a moment on; and what plans cost.

A payment keeps what it was made with. What was decided for a moment to come is in force by itself when it is there: the
database's clock says so at each request, and nobody has to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.events import of_merchant, timestamp
from paygate.core.fees import CENTRAL_PLANS, PLAN_FEE_BPS
from paygate.core.payouts import Balance
from paygate.db import accounts as account_rows
from paygate.db import balances, events, merchants
from paygate.db import plans as rows
from paygate.db.accounts import Account, NewAccount
from paygate.db.merchants import Merchant
from paygate.db.plans import PlanRate, Terms
from paygate.db.pool import Conn
from paygate.services import accounts, audit, licence, receiving
from paygate.services.context import Context

PLANS = tuple(plan for plan in PLAN_FEE_BPS if plan != "platform")
PLATFORM = 0
MAX_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """A plan for a merchant. `fee_bps` None: the plan's rate; `valid_from` None: from now on.

    `account`: where its money shall arrive, of a direct plan; what is not said stays as it is.
    """

    plan: str
    fee_bps: int | None = None
    valid_from: datetime | None = None
    account: receiving.Wish = receiving.NOTHING


@dataclass(frozen=True, slots=True)
class Standing:
    """A merchant's plan today: `rate_bps` is what a payment costs, `rate_of` says whose word that is (merchant, rates,
    setting). `terms` is all that was decided, what is to come last. `account`: its own one, if it has one."""

    merchant: Merchant
    rate_bps: int
    rate_of: str
    terms: Sequence[Terms]
    account: Account | None
    has: Balance

    @property
    def coming(self) -> Sequence[Terms]:
        """What has not begun yet."""
        return [one for one in self.terms if not one.begun]


@dataclass(frozen=True, slots=True)
class Rates:
    """What a plan costs today, whose word that is, and what was said for later."""

    plan: str
    bps: int
    rate_of: str
    coming: Sequence[PlanRate]


async def show(ctx: Context, merchant_id: int) -> Standing:
    """How a merchant stands. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return await _standing(ctx, conn, merchant_id)


async def change(ctx: Context, merchant_id: int, wish: Wish, *, actor: audit.By) -> Standing:
    """Put a merchant on a plan, from now on or from a moment to come. Saying what is in force changes nothing.

    Raises NotFound; InvalidInput (plan, feeBps, validFrom: over already; promptpay, bank, number, name); Conflict
    (validFrom: something begins at that moment; plan: a direct one without an account of its own, the Free plan where
    it is off).
    """
    if wish.plan not in PLANS:
        raise InvalidInput(f"The plan is one of {', '.join(PLANS)}.", field="plan")
    _check_bps(wish.fee_bps)
    if wish.plan in CENTRAL_PLANS and not wish.account.empty:
        raise InvalidInput(
            f"On the {wish.plan} plan money arrives on the operator's central account; a PromptPay ID is for other"
            " plans.",
            field="promptpay",
        )
    terms_id, event_id, *new_ids = (ctx.new_id() for _ in range(7))

    async def work(conn: Conn) -> Standing:
        if not await merchants.lock(conn, merchant_id):
            raise _unknown(merchant_id)
        await _check_moment(conn, wish.valid_from)
        was = await _standing(ctx, conn, merchant_id)
        if wish.plan not in CENTRAL_PLANS:
            await _own_account(ctx, conn, was.merchant, wish, actor, new_ids)
        elif was.merchant.plan not in CENTRAL_PLANS:
            licence.require_plan(ctx, wish.plan)
        same = (was.merchant.plan, was.merchant.fee_bps) == (wish.plan, wish.fee_bps)
        if not (same and wish.valid_from is None):
            made = await rows.insert(
                conn,
                merchant_id=merchant_id,
                terms_id=terms_id,
                plan=wish.plan,
                fee_bps=wish.fee_bps,
                valid_from=wish.valid_from,
            )
            if made is None:
                raise Conflict("Another plan begins at that moment already; withdraw it first.", field="validFrom")
            after = {"plan": wish.plan, "fee_bps": wish.fee_bps, "valid_from": timestamp(made.valid_from)}
            await _log(ctx, conn, actor, "merchant.plan", merchant_id, _terms(was.merchant), after)
            await _tell(conn, made, event_id)
        return await _standing(ctx, conn, merchant_id)

    standing = await ctx.db.transaction(work)
    ctx.wake()
    return standing


async def withdraw(ctx: Context, merchant_id: int, *, actor: audit.By) -> Standing:
    """Forget what was decided for later: the plan in force goes on. Raises NotFound."""
    event_id = ctx.new_id()

    async def work(conn: Conn) -> Standing:
        if not await merchants.lock(conn, merchant_id):
            raise _unknown(merchant_id)
        gone = await rows.withdraw(conn, merchant_id)
        standing = await _standing(ctx, conn, merchant_id)
        if gone:
            shown = [{"plan": t.plan, "fee_bps": t.fee_bps, "valid_from": timestamp(t.valid_from)} for t in gone]
            before, after = {"coming": shown}, {"coming": [], **_terms(standing.merchant)}
            await _log(ctx, conn, actor, "merchant.plan_withdrawn", merchant_id, before, after)
            data = {"plan": standing.merchant.plan, "feeBps": standing.merchant.fee_bps, "validFrom": None}
            at = await balances.clock(conn)
            await events.announce(conn, of_merchant("plan.changed", merchant_id, event_id, data, event_id, at))
        return standing

    standing = await ctx.db.transaction(work)
    ctx.wake()
    return standing


async def rates(ctx: Context) -> list[Rates]:
    """What each plan costs."""
    async with ctx.db.connection() as conn:
        return _rates(ctx, await rows.rates(conn))


async def set_rate(
    ctx: Context, plan: str, fee_bps: int | None, valid_from: datetime | None, *, actor: audit.By
) -> list[Rates]:
    """Say what a plan costs from now on or from a moment to come; None: what the setting says. Merchants with a rate
    of their own keep it, and payments theirs.

    Raises InvalidInput (plan, feeBps, validFrom), Conflict (validFrom: something was said for that moment).
    """
    if plan not in PLANS:
        raise InvalidInput(f"The plan is one of {', '.join(PLANS)}.", field="plan")
    _check_bps(fee_bps)

    async def work(conn: Conn) -> list[Rates]:
        await merchants.lock(conn, PLATFORM)
        await _check_moment(conn, valid_from)
        was = {one.plan: one.bps for one in _rates(ctx, await rows.rates(conn))}
        made = await rows.insert_rate(conn, plan, fee_bps, valid_from)
        if made is None:
            raise Conflict("Something was said for that moment already.", field="validFrom")
        after = {"fee_bps": fee_bps, "valid_from": timestamp(made.valid_from)}
        await audit.append(
            conn,
            ctx,
            merchant_id=PLATFORM,
            actor=actor,
            action="plan.rate",
            subject=f"plan:{plan}",
            before={"fee_bps": was[plan]},
            after=after,
        )
        return _rates(ctx, await rows.rates(conn))

    return await ctx.db.transaction(work)


async def _standing(ctx: Context, conn: Conn, merchant_id: int) -> Standing:
    merchant = await merchants.get(conn, merchant_id)
    if merchant is None:
        raise _unknown(merchant_id)
    rate_of = "merchant" if merchant.fee_bps is not None else "setting" if merchant.rate_bps is None else "rates"
    return Standing(
        merchant,
        ctx.plan_fee_bps[merchant.plan] if merchant.rate_bps is None else merchant.rate_bps,
        rate_of,
        await rows.listed(conn, merchant_id),
        await receiving.in_force(conn, merchant_id),
        await balances.standing(conn, merchant_id, "live", at_once=ctx.settlements.notices_at_once),
    )


async def _own_account(
    ctx: Context, conn: Conn, merchant: Merchant, wish: Wish, actor: audit.By, new_ids: Sequence[UUID]
) -> None:
    """A direct plan needs a place for the money, known by its bank account; and one to try things out."""
    merchant_id = merchant.merchant_id
    first, second, third, test_id, test_receiving = new_ids
    if not wish.account.empty:
        await receiving.write(ctx, conn, merchant_id, wish.account, actor, (first, second, third))
    account = await receiving.in_force(conn, merchant_id)
    if account is None or account.number is None:
        raise Conflict(
            f"The {wish.plan} plan needs the merchant's own PromptPay or biller ID, and the bank account behind it.",
            field="number" if account else "promptpay",
        )
    if not any(one.mode == "test" for one in await account_rows.listed(conn, merchant_id)):
        new = virtual(merchant_id, merchant.name)
        await accounts.write(conn, new, account_id=test_id, receiving_id=test_receiving)


def virtual(merchant_id: int, name: str) -> NewAccount:
    """A direct merchant's account in test mode: an e-wallet ID that no wallet has, with digits of its number."""
    return NewAccount(
        merchant_id=merchant_id,
        mode="test",
        proxy_kind="ewallet",
        proxy=f"00000{merchant_id % 10**10:010d}",
        biller_id=None,
        bank_code=None,
        number=None,
        name=name,
        amount_tagging="auto",
    )


async def _check_moment(conn: Conn, valid_from: datetime | None) -> None:
    if valid_from is not None and valid_from <= await balances.clock(conn):
        raise InvalidInput("validFrom must be a moment to come; without it, it counts from now on.", field="validFrom")


def _check_bps(fee_bps: int | None) -> None:
    if fee_bps is not None and not 0 <= fee_bps <= MAX_BPS:
        raise InvalidInput(f"feeBps must be from 0 to {MAX_BPS} hundredths of a percent.", field="feeBps")


def _rates(ctx: Context, said: Sequence[PlanRate]) -> list[Rates]:
    found = []
    for plan in PLANS:
        begun = [one for one in said if one.plan == plan and one.begun]
        in_force = begun[-1].fee_bps if begun else None
        bps = ctx.plan_fee_bps[plan] if in_force is None else in_force
        coming = [one for one in said if one.plan == plan and not one.begun]
        found.append(Rates(plan, bps, "setting" if in_force is None else "rates", coming))
    return found


async def _tell(conn: Conn, made: Terms, event_id: UUID) -> None:
    data = {"plan": made.plan, "feeBps": made.fee_bps, "validFrom": timestamp(made.valid_from)}
    event = of_merchant("plan.changed", made.merchant_id, made.id, data, event_id, made.created_at)
    await events.announce(conn, event)


async def _log(
    ctx: Context,
    conn: Conn,
    actor: audit.By,
    action: str,
    merchant_id: int,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    await audit.append(
        conn,
        ctx,
        merchant_id=merchant_id,
        actor=actor,
        action=action,
        subject=f"merchant:{ids.show_merchant(merchant_id)}",
        before=before,
        after=after,
    )


def _terms(merchant: Merchant) -> dict[str, Any]:
    return {"plan": merchant.plan, "fee_bps": merchant.fee_bps}


def _unknown(merchant_id: int) -> NotFound:
    return NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
