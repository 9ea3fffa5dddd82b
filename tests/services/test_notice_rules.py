"""Bank notices (rank C) pay less easily than a bank's word: chain of balances, ceiling, cut-off texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from paygate.core.credits import BANGKOK, Channel, Observation
from paygate.core.payments import Payment
from paygate.db import balances
from paygate.services import evidence
from paygate.services.context import Context
from paygate.services.evidence import Word
from paygate.workers import prune
from tests.services.helpers import (
    CREATED,
    HELD,
    MINUTE,
    OPEN,
    PAID,
    PRICE,
    SECOND,
    Review,
    Shop,
    assert_balanced,
    booked,
    credits,
    facts,
    now,
    open_shop,
    reviews,
    sql,
)


def notice(shop: Shop, amount_satang: int = PRICE, **told: Any) -> Observation:
    """What a phone forwards: no reference, rank C."""
    return shop.says(amount_satang, **{"rank": "C", "reference": None, "channel": Channel.SMS} | told)


async def forward(shop: Shop, amount_satang: int = PRICE, **told: Any) -> evidence.Outcome:
    return await evidence.record(shop.ctx, notice(shop, amount_satang, **told))


async def recheck(ctx: Context) -> list[Word]:
    """What the worker would do with credits that wait to be decided again."""
    rows = await sql(ctx, "SELECT merchant_id, mode, id FROM credits WHERE recheck_at IS NOT NULL")
    return [(await evidence.decide_again(ctx, r["merchant_id"], r["mode"], r["id"])).word for r in rows]


async def confirmed(ctx: Context) -> list[bool]:
    return [
        r["is"] for r in await sql(ctx, 'SELECT confirmed_at IS NOT NULL AS "is" FROM credits ORDER BY recorded_at')
    ]


async def settled(ctx: Context, payment: Payment) -> bool:
    return (await facts(ctx, payment)).status == "PAID"


async def test_the_first_notice_with_a_balance_pays(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    assert (await forward(shop, balance_satang=500_000)).word is Word.PAID
    assert await facts(ctx, payment) == PAID
    assert await confirmed(ctx) == [False]
    await assert_balanced(ctx)


async def test_a_notice_whose_balance_follows_from_the_last_one_pays(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.sell()
    await shop.sell(20_000)
    assert (await forward(shop, balance_satang=500_000)).word is Word.PAID
    assert (await forward(shop, 20_000, balance_satang=520_000)).word is Word.PAID


async def test_a_notice_that_breaks_the_chain_of_balances_goes_to_review_with_an_alarm(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.sell()
    second = await shop.sell(20_000)
    await forward(shop, balance_satang=500_000)
    assert await forward(shop, 20_000, balance_satang=999_999) == evidence.Outcome(Word.REVIEW, second.id)
    assert await facts(ctx, second) == replace(OPEN, events=(*OPEN.events, HELD))
    assert await reviews(ctx) == [Review("BALANCE_BREAK", None, True, (str(second.id),))]
    assert await recheck(ctx) == [Word.REVIEW]
    assert await recheck(ctx) == []
    await assert_balanced(ctx)


async def test_notices_out_of_order_are_put_in_order_by_their_balances(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first, second = await shop.sell(), await shop.sell(20_000)
    await forward(shop, 5_000, balance_satang=485_000, at=now() - MINUTE)
    assert (await forward(shop, 20_000, balance_satang=520_000)).word is Word.REVIEW
    assert (await forward(shop, balance_satang=500_000, at=now() - SECOND)).word is Word.PAID
    assert await recheck(ctx) == [Word.PAID]
    assert (await settled(ctx, first), await settled(ctx, second)) == (True, True)
    assert [(r.reason, r.resolution) for r in await reviews(ctx)] == [("ORPHAN", None), ("BALANCE_BREAK", "settled")]
    await assert_balanced(ctx)


@pytest.mark.parametrize("later", [False, True])
async def test_the_first_notice_that_came_before_its_payment_breaks_no_chain_when_it_is_looked_at_again(
    ctx: Context, later: bool
) -> None:
    """Its own balance, and those that followed, say nothing of the one before it."""
    shop = await open_shop(ctx)
    assert (await forward(shop, balance_satang=500_000)).word is Word.ORPHAN
    if later:
        await forward(shop, 7_000, balance_satang=507_000)
    payment = await shop.sell()
    assert await recheck(ctx) in ([], [Word.PAID])
    assert await settled(ctx, payment)
    assert next((r.reason, r.resolution) for r in await reviews(ctx)) == ("ORPHAN", "settled")


async def test_a_forged_notice_is_not_made_good_by_its_own_balance(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await forward(shop, 5_000, balance_satang=485_000, at=now() - MINUTE)
    assert (await forward(shop, balance_satang=999_999)).word is Word.ORPHAN
    payment = await shop.sell()
    await recheck(ctx)
    assert not await settled(ctx, payment)
    assert ("BALANCE_BREAK", None) in [(r.reason, r.resolution) for r in await reviews(ctx)]


async def test_money_that_went_out_is_a_link_of_the_chain(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.sell()
    await shop.sell(20_000)
    await forward(shop, balance_satang=500_000)
    async with ctx.db.connection() as conn:
        account = shop.account.receiving_id
        await balances.note(conn, merchant_id=0, mode="live", receiving_id=account, at=now(), balance_satang=100_000)
    assert (await forward(shop, 20_000, balance_satang=120_000)).word is Word.PAID


async def test_after_a_long_silence_the_last_balance_is_the_one_to_follow(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await forward(shop, 7_000, balance_satang=407_000, at=now() - timedelta(days=9))
    await forward(shop, 3_000, balance_satang=410_000, at=now() - timedelta(days=8))
    await shop.sell()
    await shop.sell(20_000)
    assert (await forward(shop, 20_000, balance_satang=427_000)).word is Word.REVIEW  # It follows the last but one.
    assert (await forward(shop, balance_satang=425_000)).word is Word.PAID


async def test_a_direct_merchants_notices_need_no_chain(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="pro")
    await shop.sell()
    await shop.sell(20_000)
    await forward(shop, balance_satang=500_000)
    assert (await forward(shop, 20_000, balance_satang=1)).word is Word.PAID


@pytest.mark.parametrize(("amount_satang", "word"), [(500_000, Word.PAID), (500_001, Word.REVIEW)])
async def test_a_central_notice_without_a_balance_pays_up_to_the_ceiling(
    ctx: Context, amount_satang: int, word: Word
) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell(amount_satang)
    assert await forward(shop, amount_satang) == evidence.Outcome(word, payment.id)
    assert [r.reason for r in await reviews(ctx)] == (["ABOVE_CEILING"] if word is Word.REVIEW else [])


async def test_a_slip_of_the_same_credit_lifts_the_ceiling(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell(600_000)
    at = now()
    await forward(shop, 600_000, at=at)
    slip = shop.says(600_000, rank="B", channel=Channel.SLIP, source_id=ctx.new_id(), at=at)
    assert await evidence.record(ctx, slip) == evidence.Outcome(Word.PAID, payment.id)
    assert await credits(ctx) == [("SETTLED", None, payment.id)]
    assert [(r.reason, r.resolution) for r in await reviews(ctx)] == [("ABOVE_CEILING", "settled")]
    assert await confirmed(ctx) == [True]
    await assert_balanced(ctx)


async def test_a_slip_of_the_same_minute_as_payment_and_notice_is_the_same_credit(ctx: Context) -> None:
    """A bank's text tells the minute alone, which began before the payment was made."""
    shop = await open_shop(ctx)
    payment = await shop.sell(600_000)
    told_at = payment.created_at - 40 * SECOND
    await forward(shop, 600_000, at=told_at, channel=Channel.PUSH)
    slip = shop.says(600_000, rank="B", channel=Channel.SLIP, source_id=ctx.new_id(), at=now())
    assert await evidence.record(ctx, slip) == evidence.Outcome(Word.PAID, payment.id)
    assert await credits(ctx) == [("SETTLED", None, payment.id)]


async def test_a_merchants_own_ceiling_holds_on_its_own_account_as_well(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="pro")
    await sql(ctx, "UPDATE merchants SET notice_ceiling_satang = 10000 WHERE merchant_id <> 0")
    await shop.sell()
    assert (await forward(shop, balance_satang=1)).word is Word.REVIEW
    assert (await shop.hears()).word is Word.PAID  # The bank's own word has no ceiling, and is the same credit's.


@pytest.mark.parametrize("rank", ["A", "B"])
async def test_a_settled_notice_is_confirmed_by_better_evidence(ctx: Context, rank: str) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    at = now()
    await forward(shop, at=at)
    better = shop.says(rank=rank, channel=Channel.SLIP, source_id=ctx.new_id(), at=at)
    assert await evidence.record(ctx, better) == evidence.Outcome(Word.DUPLICATE, payment.id)
    assert await confirmed(ctx) == [True]
    assert [r["rank"] for r in await sql(ctx, "SELECT rank FROM credits")] == [rank]


async def test_a_line_of_the_banks_statement_confirms_a_notice_and_leaves_its_rank(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.sell()
    at = now()
    await forward(shop, at=at)
    line = shop.says(rank="D", channel=Channel.STATEMENT, reference=None, source_id=ctx.new_id(), at=at)
    assert (await evidence.record(ctx, line)).word is Word.DUPLICATE
    assert await confirmed(ctx) == [True]
    assert [r["rank"] for r in await sql(ctx, "SELECT rank FROM credits")] == ["C"]


async def test_a_line_of_the_banks_statement_lifts_the_ceiling(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell(600_000)
    at = now()
    await forward(shop, 600_000, at=at)
    line = shop.says(600_000, rank="D", channel=Channel.STATEMENT, reference=None, source_id=ctx.new_id(), at=at)
    assert await evidence.record(ctx, line) == evidence.Outcome(Word.PAID, payment.id)
    assert await confirmed(ctx) == [True]


# ---------------------------------------------------------------------------------------------- one credit, many tales


async def test_an_sms_a_push_a_slip_and_a_statement_line_of_one_credit_are_one_credit(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    at = now()
    phone = shop.sources[shop.account.receiving_id]
    tales = [
        notice(shop, at=at, balance_satang=500_000),
        notice(shop, at=at + 40 * SECOND, channel=Channel.PUSH),
        notice(shop, at=at + 60 * SECOND, channel=Channel.LINE, balance_satang=500_000),
        shop.says(rank="B", channel=Channel.SLIP, source_id=ctx.new_id(), at=at + 5 * SECOND),
        shop.says(rank="D", channel=Channel.STATEMENT, reference=None, source_id=ctx.new_id(), at=at),
    ]
    assert [tale.source_id for tale in tales[:3]] == [phone] * 3
    words = [(await evidence.record(ctx, tale)).word for tale in tales]
    assert words == [Word.PAID, *[Word.DUPLICATE] * 4]
    assert await credits(ctx) == [("SETTLED", None, payment.id)]
    assert await reviews(ctx) == []
    await assert_balanced(ctx)


@pytest.mark.parametrize("whole_first", [True, False])
async def test_a_cut_off_text_and_the_whole_one_are_one_credit(ctx: Context, whole_first: bool) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    tales = [notice(shop, balance_satang=500_000), notice(shop, partial=True)]
    words = [(await evidence.record(ctx, tale)).word for tale in (tales if whole_first else reversed(tales))]
    assert words == [Word.PAID, Word.DUPLICATE]
    assert await credits(ctx) == [("SETTLED", None, payment.id)]


async def test_two_whole_texts_of_one_amount_in_one_minute_are_two_credits(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    assert (await forward(shop, balance_satang=500_000)).word is Word.PAID
    assert (await forward(shop, balance_satang=500_000 + PRICE)).word is Word.ORPHAN
    assert await credits(ctx) == [("SETTLED", None, payment.id), ("UNASSIGNED", "ALREADY_PAID", None)]
    await assert_balanced(ctx)


async def test_a_cut_off_text_that_fits_two_credits_waits_for_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.sell()
    await forward(shop, balance_satang=500_000)
    await forward(shop, balance_satang=500_000 + PRICE)
    assert (await forward(shop, partial=True)).word is Word.REVIEW
    assert (await credits(ctx))[-1] == ("POSSIBLE_DUPLICATE", "POSSIBLE_DUPLICATE", None)
    await assert_balanced(ctx)


async def test_the_same_text_again_is_the_same_credit(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    tale = notice(shop, balance_satang=500_000)
    words = [(await evidence.record(ctx, replace(tale))).word for _ in range(3)]
    assert words == [Word.PAID, Word.DUPLICATE, Word.DUPLICATE]
    assert await credits(ctx) == [("SETTLED", None, payment.id)]


# ---------------------------------------------------------------------------------------------- only the day is known


def noon(at: datetime) -> datetime:
    return at.astimezone(BANGKOK).replace(hour=12, minute=0, second=0, microsecond=0)


async def test_money_of_which_only_the_day_is_known_waits_with_the_holders_of_that_day(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    at = noon(payment.created_at)
    line = notice(shop, at=at, rank="D", channel=Channel.STATEMENT, day_only=True)
    assert await evidence.record(ctx, line) == evidence.Outcome(Word.REVIEW, payment.id)
    assert await facts(ctx, payment) == OPEN
    assert await reviews(ctx) == [Review("TIME_UNKNOWN", None, False, (str(payment.id),))]
    assert (await booked(ctx))[0][0] == "credit.parked"
    [row] = await sql(ctx, "SELECT merchant_id, mode, id FROM credits")
    assert (await evidence.decide_again(ctx, *row)).word is Word.REVIEW
    await assert_balanced(ctx)


async def test_a_reference_that_comes_with_the_time_tells_it(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    at = now()
    line = shop.says(at=noon(at), rank="D", channel=Channel.STATEMENT, day_only=True, reference="T-DAY")
    await evidence.record(ctx, line)
    slip = shop.says(at=at, rank="B", channel=Channel.SLIP, source_id=ctx.new_id(), reference="T-DAY")
    assert await evidence.record(ctx, slip) == evidence.Outcome(Word.PAID, payment.id)
    assert (await facts(ctx, payment)).events[0] == CREATED
    assert await credits(ctx) == [("SETTLED", None, payment.id)]
    await assert_balanced(ctx)


async def test_old_balances_are_forgotten_and_the_newest_stays(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await forward(shop, 7_000, balance_satang=407_000, at=now() - timedelta(days=90))
    await forward(shop, 3_000, balance_satang=410_000, at=now() - timedelta(days=80))
    await sql(ctx, "UPDATE balance_points SET heard_at = heard_at - interval '80 days'")
    assert not await prune.work(ctx)
    assert [r["balance_satang"] for r in await sql(ctx, "SELECT balance_satang FROM balance_points")] == [410_000]
