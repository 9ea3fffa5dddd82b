"""Plans change from a moment on; a payment keeps what it was made with, and no satang is lost between two plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.principals import Principal
from paygate.db import keys
from paygate.services import accounts, installation, merchants, plans, receiving, settlements
from paygate.services.context import Context
from paygate.services.plans import Wish
from tests.services.helpers import Shop, assert_balanced, open_account, open_shop, sql
from tests.services.payouts import ask, pay_out, sell_and_pay, settle_to

ACTOR = "cli:somchai"
HOUR = timedelta(hours=1)
OWN = receiving.Wish(promptpay="0899999999", bank="004", number="1234567890")


async def as_of_now(shop: Shop, mode: Any = "live") -> Principal:
    """The shop as a request would find it."""
    async with shop.ctx.db.connection() as conn:
        found = await keys.as_merchant(conn, shop.principal.merchant_id, mode, "secret")
    assert found is not None
    return found


async def begin(ctx: Context, *tables: str) -> None:
    """As if what is to come had begun."""
    async with ctx.db.connection() as conn, conn.transaction():
        for table in tables or ("merchant_plans", "plan_rates"):
            await conn.execute(
                f"""UPDATE {table} SET created_at = now() - interval '1 hour', valid_from = clock_timestamp()
                     WHERE valid_from > now()"""
            )


async def events_of(shop: Shop, kind: str) -> list[str]:
    rows = await sql(
        shop.ctx,
        """SELECT e.body, (SELECT count(*) FROM deliveries d WHERE d.event_id = e.id) AS deliveries
             FROM events e WHERE e.merchant_id = $1 AND e.type = $2 ORDER BY e.created_at""",
        shop.principal.merchant_id,
        kind,
    )
    assert all(row["deliveries"] == 1 for row in rows)
    return [row["body"] for row in rows]


async def test_a_change_counts_from_now_on_and_a_payment_keeps_its_rate(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first = await shop.sell(100_000)
    done = await plans.change(ctx, shop.principal.merchant_id, Wish("free", 120), actor=ACTOR)
    assert (done.merchant.plan, done.merchant.fee_bps, done.rate_bps, done.rate_of) == ("free", 120, 120, "merchant")
    shop.principal = await as_of_now(shop)
    second = await shop.sell(100_000)
    assert (first.fee_bps, first.fee_satang) == (300, 3_000)
    assert (second.fee_bps, second.fee_satang) == (120, 1_200)
    outcome = await shop.hears(first.payable_satang)
    assert outcome.word == "PAID"
    has = await settlements.balance(ctx, shop.principal.merchant_id, "live")
    assert has.payable_satang == 97_000
    again = await plans.change(ctx, shop.principal.merchant_id, Wish("free", 120), actor=ACTOR)
    assert len(again.terms) == 1  # Said again: nothing new.
    [told] = await events_of(shop, "plan.changed")
    assert '"plan":"free","feeBps":120' in told
    [row] = await sql(ctx, "SELECT actor, before, after FROM audit_log WHERE action = 'merchant.plan'")
    assert row["actor"] == ACTOR and '"fee_bps": 120' in str(row["after"])


async def test_a_change_to_come_is_in_force_by_itself_and_may_be_withdrawn_before(ctx: Context) -> None:
    shop = await open_shop(ctx)
    merchant_id = shop.principal.merchant_id
    later = datetime.now(UTC) + HOUR
    with pytest.raises(InvalidInput, match="to come"):
        await plans.change(ctx, merchant_id, Wish("free", 100, datetime.now(UTC) - HOUR), actor=ACTOR)
    planned = await plans.change(ctx, merchant_id, Wish("free", 100, later), actor=ACTOR)
    assert (planned.rate_bps, [one.fee_bps for one in planned.coming]) == (300, [100])
    with pytest.raises(Conflict, match="begins at that moment"):
        await plans.change(ctx, merchant_id, Wish("free", 90, later), actor=ACTOR)
    assert (await as_of_now(shop)).fee_bps is None
    gone = await plans.withdraw(ctx, merchant_id, actor=ACTOR)
    assert gone.coming == [] and len(await events_of(shop, "plan.changed")) == 2
    assert len((await plans.withdraw(ctx, merchant_id, actor=ACTOR)).terms) == 0
    assert len(await events_of(shop, "plan.changed")) == 2
    await plans.change(ctx, merchant_id, Wish("free", 100, later), actor=ACTOR)
    await begin(ctx)  # Nobody did anything but wait.
    assert (await as_of_now(shop)).fee_bps == 100
    assert (await merchants.show(ctx, merchant_id)).rate_bps == 100
    with pytest.raises(asyncpg.PostgresError, match="frozen"):
        await sql(ctx, "DELETE FROM merchant_plans")  # What was in force stays written.


async def test_what_a_plan_costs_is_the_setting_then_the_operators_word_then_the_merchants_own(ctx: Context) -> None:
    shop = await open_shop(ctx)
    merchant_id = shop.principal.merchant_id
    ctx.plan_fee_bps["free"] = 310
    assert (await plans.show(ctx, merchant_id)).rate_bps == 310
    await plans.set_rate(ctx, "free", 290, None, actor=ACTOR)
    shop.principal = await as_of_now(shop)
    assert (await shop.sell(100_000)).fee_satang == 2_900
    found = await plans.set_rate(ctx, "free", 280, datetime.now(UTC) + HOUR, actor=ACTOR)
    [free] = [one for one in found if one.plan == "free"]
    assert (free.bps, free.rate_of, [one.fee_bps for one in free.coming]) == (290, "rates", [280])
    await begin(ctx)
    assert ((await plans.show(ctx, merchant_id)).rate_bps, (await as_of_now(shop)).fee_bps) == (280, 280)
    await plans.change(ctx, merchant_id, Wish("free", 0), actor=ACTOR)
    assert (await as_of_now(shop)).fee_bps == 0
    await plans.change(ctx, merchant_id, Wish("free"), actor=ACTOR)
    await plans.set_rate(ctx, "free", None, None, actor=ACTOR)  # As the setting says, again.
    standing = await plans.show(ctx, merchant_id)
    assert (standing.rate_bps, standing.rate_of) == (310, "setting")
    assert {one.plan: one.bps for one in await plans.rates(ctx)} == {
        "free": 310,
        "basic": 250,
        "pro": 200,
        "enterprise": 150,
    }


async def test_a_direct_plan_needs_an_own_account_with_its_bank_account(ctx: Context) -> None:
    await installation.check(ctx)
    shop = await open_shop(ctx)
    merchant_id = shop.principal.merchant_id
    with pytest.raises(Conflict) as refused:
        await plans.change(ctx, merchant_id, Wish("pro"), actor=ACTOR)
    assert refused.value.field == "promptpay"
    for wish, field in (
        (receiving.Wish(promptpay="0899999999"), "number"),
        (receiving.Wish(promptpay="0299999999", bank="004", number="1234567890"), "promptpay"),
        (receiving.Wish(promptpay="0899999999", bank="004"), "number"),
        (receiving.Wish(promptpay="0899999999", bank="4", number="1234567890"), "bank"),
        (receiving.Wish(bank="004", number="1234567890"), "promptpay"),
        (receiving.Wish(biller_id="12", bank="004", number="1234567890"), "biller_id"),
    ):
        with pytest.raises(InvalidInput) as wrong:
            await plans.change(ctx, merchant_id, Wish("pro", account=wish), actor=ACTOR)
        assert wrong.value.field == field
    with pytest.raises(InvalidInput, match="other plans"):
        await plans.change(ctx, merchant_id, Wish("free", account=OWN), actor=ACTOR)
    with pytest.raises(InvalidInput, match="plan is one of"):
        await plans.change(ctx, merchant_id, Wish("platform"), actor=ACTOR)
    with pytest.raises(InvalidInput, match="feeBps"):
        await plans.change(ctx, merchant_id, Wish("free", 10_001), actor=ACTOR)
    with pytest.raises(NotFound):
        await plans.change(ctx, 1, Wish("free"), actor=ACTOR)
    assert await sql(ctx, "SELECT 1 FROM merchant_plans") == []
    assert await sql(ctx, "SELECT 1 FROM accounts WHERE merchant_id = $1", merchant_id) == []
    await plans.change(ctx, merchant_id, Wish("enterprise", account=OWN), actor=ACTOR)
    live, test = await as_of_now(shop), await as_of_now(shop, "test")
    assert [(a.owner_id, a.proxy) for a in live.accounts] == [(merchant_id, "0066899999999")]
    assert [(a.owner_id, a.virtual) for a in test.accounts] == [(merchant_id, True)]


@pytest.mark.parametrize("own", ["0899999999", "1101700230708", "004999123456789", None])
async def test_each_kind_of_own_id_will_do(ctx: Context, own: str | None) -> None:
    await installation.check(ctx)
    shop = await open_shop(ctx)
    biller = None if own else "099400016550100"
    wish = receiving.Wish(promptpay=own, biller_id=biller, bank="004", number="1234567890")
    done = await plans.change(ctx, shop.principal.merchant_id, Wish("basic", account=wish), actor=ACTOR)
    assert done.account is not None and (done.account.biller_id, done.account.number) == (biller, "1234567890")


async def test_from_free_to_direct_and_back_the_money_and_the_open_payments_stay_where_they_were(ctx: Context) -> None:
    central = await open_account(ctx, 0, tagging="auto")
    shop = await open_shop(ctx, accounts=[central])
    merchant_id = shop.principal.merchant_id
    await settle_to(ctx, shop)
    await sell_and_pay(shop, 100_000)
    still_open = await shop.sell(50_000)
    asked = await ask(ctx, shop, 20_000)
    await plans.change(ctx, merchant_id, Wish("pro", account=OWN), actor=ACTOR)
    before = shop.principal
    shop.principal = await as_of_now(shop)
    direct = await shop.sell(100_000)
    assert (direct.flow, direct.fee_bps, still_open.flow) == ("direct", 200, "central")
    direct_source = ctx.new_id()
    shop.sources[direct.receiving_id] = direct_source
    # The QR that was out pays into the central account, and the merchant's balance: at its old rate.
    assert (await replace(shop, principal=before).hears(still_open.payable_satang)).word == "PAID"
    assert (await shop.hears(direct.payable_satang)).word == "PAID"
    has = await settlements.balance(ctx, merchant_id, "live")
    assert (has.payable_satang, has.held_satang) == (97_000 - 20_000 + 48_500, 20_000)
    await pay_out(ctx, asked, "BACK-1")
    await pay_out(ctx, await ask(ctx, shop, 50_000), "BACK-2")  # A direct merchant may still take out what it has.
    owed = "SELECT sum(amount_satang)::bigint AS n FROM entries WHERE account = 'receivable' AND merchant_id = $1"
    assert (await sql(ctx, owed, merchant_id))[0]["n"] == 2_000
    await plans.change(ctx, merchant_id, Wish("free"), actor=ACTOR)
    shop.principal = await as_of_now(shop)
    assert (await shop.sell(100_000)).flow == "central"
    await pay_out(ctx, await ask(ctx, shop, 10_000), "BACK-3")
    assert (await sql(ctx, owed, merchant_id))[0]["n"] == 2_000  # Fees are invoiced, and never netted beside that.
    await assert_balanced(ctx)


async def test_another_promptpay_id_is_a_version_that_old_qrs_still_match_and_the_merchant_is_told(
    ctx: Context,
) -> None:
    await installation.check(ctx)
    shop = await open_shop(ctx)
    merchant_id = shop.principal.merchant_id
    await plans.change(ctx, merchant_id, Wish("pro", account=OWN), actor=ACTOR)
    shop.principal = await as_of_now(shop)
    shop.sources[shop.principal.accounts[0].receiving_id] = ctx.new_id()
    old_qr, before = await shop.sell(30_000), shop.principal
    changed = await receiving.change(ctx, merchant_id, receiving.Wish(promptpay="0811111111"), actor="user:usr_1")
    again = await receiving.change(ctx, merchant_id, receiving.Wish(promptpay="081-111-1111"), actor="user:usr_1")
    assert again.id == changed.id and (changed.proxy, changed.number) == ("0066811111111", "1234567890")
    shop.principal = await as_of_now(shop)
    assert [a.id for a in shop.principal.accounts] == [changed.id]
    assert "0066811111111" in (await shop.sell(30_100)).qr_payload
    assert (await replace(shop, principal=before).hears(old_qr.payable_satang)).word == "PAID"
    told = await events_of(shop, "account.changed")
    assert len(told) == 2 and '"promptPayId":"xxxxxxxxx1111"' in told[1] and "0066811111111" not in told[1]
    rows = await sql(ctx, "SELECT actor, before, after FROM audit_log WHERE action = 'account.change' ORDER BY id")
    assert [row["actor"] for row in rows] == [ACTOR, "user:usr_1"] and "0066811111111" in str(rows[1]["after"])
    other = await open_shop(ctx)
    with pytest.raises(Conflict) as taken:
        await plans.change(
            ctx, other.principal.merchant_id, Wish("pro", account=replace(OWN, promptpay="0811111111")), actor=ACTOR
        )
    assert taken.value.field == "number"


async def test_another_bank_account_takes_the_place_of_the_old_one(ctx: Context) -> None:
    await installation.check(ctx)
    shop = await open_shop(ctx)
    merchant_id = shop.principal.merchant_id
    await plans.change(ctx, merchant_id, Wish("pro", account=OWN), actor=ACTOR)
    there = receiving.Wish(promptpay="0811111111", bank="014", number="4061234567", name="ร้านใหม่")
    moved = await receiving.change(ctx, merchant_id, there, actor=ACTOR)
    [only] = [one for one in await accounts.list_accounts(ctx, merchant_id) if one.mode == "live"]
    assert (only.id, only.name) == (moved.id, "ร้านใหม่")
    with pytest.raises(NotFound):
        await receiving.change(ctx, 1, there, actor=ACTOR)
    shown = await receiving.show(ctx, merchant_id)
    assert shown is not None and shown.id == moved.id
