"""Payouts that stand still: nothing is asked for, approved, claimed, shown or completed, whoever is quicker."""

from __future__ import annotations

import asyncio
import json

import pytest

from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.payouts import PayoutStatus
from paygate.services import audit, freezes, refunds
from paygate.services.context import Context
from paygate.services.once import unanswered
from paygate.services.refunds import Wish
from paygate.services.settlement_desk import SETTLEMENTS
from tests.services.helpers import assert_balanced, sql
from tests.services.payouts import A, B, ask, available, sell_and_pay, settle_to, shop_with

WHY = "Bank of Ayudhya, case 4711"


async def test_a_freeze_stops_every_step_and_bites_between_claim_and_completion(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    merchant_id = shop.principal.merchant_id
    asked, approved, claimed = [await ask(ctx, shop, 20_000) for _ in range(3)]
    for one in (approved, claimed):
        await SETTLEMENTS.approve(ctx, one.id, A)
    await SETTLEMENTS.claim(ctx, claimed.id, B)
    frozen = await freezes.freeze(ctx, merchant_id, WHY, A)
    assert (frozen.reason, frozen.by, await freezes.get(ctx, merchant_id)) == (WHY, A, frozen)
    assert [one.merchant_id for one in await freezes.listed(ctx)] == [merchant_id]
    for step in (
        ask(ctx, shop, 20_000),
        SETTLEMENTS.approve(ctx, asked.id, A),
        SETTLEMENTS.claim(ctx, approved.id, A),
        SETTLEMENTS.instruction(ctx, claimed.id, B),
        SETTLEMENTS.complete(ctx, claimed.id, B, "REF-1"),
    ):
        with pytest.raises(Conflict, match="frozen"):
            await step
    assert await SETTLEMENTS.claimed_by(ctx, B) == []
    assert [one.id for one in await SETTLEMENTS.frozen_claims(ctx, B)] == [claimed.id]
    assert not await sql(ctx, "SELECT 1 FROM payout_references")
    assert await available(ctx, shop) == (37_000, 60_000, 0)
    await freezes.thaw(ctx, merchant_id, "The case is closed", B)
    assert await freezes.get(ctx, merchant_id) is None
    assert (await SETTLEMENTS.complete(ctx, claimed.id, B, "REF-1")).status == "COMPLETED"
    assert (await SETTLEMENTS.claim(ctx, approved.id, A)).status == "PAYING"
    rows = [one.record for one in await audit.list_records(ctx, merchant_id)]
    acts = {one.action: (one.actor, json.loads(one.before or "null"), json.loads(one.after or "")) for one in rows}
    assert acts["merchant.freeze"] == (A, {"reason": None}, {"reason": WHY})
    assert acts["merchant.unfreeze"] == (B, {"reason": WHY}, {"because": "The case is closed", "reason": None})
    await assert_balanced(ctx)


async def test_what_was_sent_before_the_freeze_is_completed_by_saying_so(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    one = await ask(ctx, shop, 20_000)
    await SETTLEMENTS.approve(ctx, one.id, A)
    await SETTLEMENTS.claim(ctx, one.id, B)
    await freezes.freeze(ctx, shop.principal.merchant_id, WHY, A)
    done = await SETTLEMENTS.complete(ctx, one.id, B, "REF-1", sent_before_freeze=True)
    assert done.status == "COMPLETED"
    assert await SETTLEMENTS.complete(ctx, one.id, B, "REF-1") == done  # The same again changes nothing.
    [row, *_] = await audit.list_records(ctx, shop.principal.merchant_id)
    assert row.record.action == "settlement.complete"
    assert json.loads(row.record.after or "")["sent_before_freeze"] is True
    await assert_balanced(ctx)


async def test_refunds_of_central_money_stand_still_and_other_merchants_go_on(ctx: Context) -> None:
    shop, other = await shop_with(ctx), await shop_with(ctx, 100_000)
    payment_id = await sell_and_pay(shop, 100_000)
    await settle_to(ctx, other)
    await freezes.freeze(ctx, shop.principal.merchant_id, WHY, A)
    with pytest.raises(Conflict, match=r"frozen\. Ask the operator"):
        await refunds.request(
            ctx, shop.principal.merchant_id, "live", payment_id, Wish(5_000), None, unanswered, "key:test"
        )
    assert (await ask(ctx, other, 20_000)).status == "REQUESTED"


async def test_saying_it_again_changes_the_reason_alone_and_thawing_the_thawed_nothing(ctx: Context) -> None:
    shop = await shop_with(ctx)
    merchant_id = shop.principal.merchant_id
    await freezes.thaw(ctx, merchant_id, "Nothing to do", A)
    first = await freezes.freeze(ctx, merchant_id, WHY, A)
    assert await freezes.freeze(ctx, merchant_id, f" {WHY} ", B) == first
    second = await freezes.freeze(ctx, merchant_id, "The police asks, too", B)
    assert (second.at, second.reason, second.by) == (first.at, "The police asks, too", B)
    acts = [one.record.action for one in await audit.list_records(ctx, merchant_id)]
    assert acts.count("merchant.freeze") == 2 and "merchant.unfreeze" not in acts
    for words in ("", "x" * 501):
        with pytest.raises(InvalidInput) as refused:
            await freezes.freeze(ctx, merchant_id, words, A)
        assert refused.value.field == "reason"
    with pytest.raises(NotFound):
        await freezes.freeze(ctx, 12345, WHY, A)
    with pytest.raises(NotFound):
        await freezes.freeze(ctx, 0, WHY, A)  # The platform has no payouts.


async def test_once_a_freeze_is_written_no_claim_and_no_completion_comes_after_it(crowd: Context) -> None:
    shop = await shop_with(crowd, 400_000)
    ones = [await ask(crowd, shop, 20_000) for _ in range(16)]
    for one in ones:
        await SETTLEMENTS.approve(crowd, one.id, A)
    for one in ones[:8]:
        await SETTLEMENTS.claim(crowd, one.id, A)
    done_before: list[set[str]] = []

    async def stop() -> None:
        await asyncio.sleep(0)
        await freezes.freeze(crowd, shop.principal.merchant_id, WHY, B)
        rows = await sql(crowd, "SELECT id, status FROM settlements WHERE status IN ('PAYING', 'COMPLETED')")
        done_before.append({f"{row['id']} {row['status']}" for row in rows})

    work = [SETTLEMENTS.complete(crowd, one.id, A, f"REF-{one.id}") for one in ones[:8]]
    work += [SETTLEMENTS.claim(crowd, one.id, A) for one in ones[8:]]
    results = await asyncio.gather(*work, stop(), return_exceptions=True)
    assert all(isinstance(one, Conflict) for one in results if isinstance(one, Exception))
    rows = await sql(crowd, "SELECT id, status FROM settlements WHERE status IN ('PAYING', 'COMPLETED')")
    assert {f"{row['id']} {row['status']}" for row in rows} == done_before[0]
    moved = [one for one in results if one is not None and not isinstance(one, BaseException)]
    assert all(one.status in {PayoutStatus.PAYING, PayoutStatus.COMPLETED} for one in moved)
    await assert_balanced(crowd)
