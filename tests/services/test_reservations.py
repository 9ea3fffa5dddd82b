"""Payable amounts: who gets which, for how long, and that nobody shares one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from paygate.core.errors import InvalidInput, SlotsExhausted
from paygate.core.fees import CENTRAL_PLANS
from paygate.core.payments import Payment
from paygate.core.principals import ReceivingAccount
from paygate.services import batches, payments
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from tests.services.helpers import (
    MINUTE,
    PRICE,
    SECOND,
    Shop,
    assert_balanced,
    now,
    open_account,
    open_shop,
    shift,
    sql,
)

TAGGED = set(range(PRICE + 1, PRICE + 100))
FILL = """INSERT INTO slots (mode, receiving_id, amount_satang, busy_until)
          SELECT 'live', $1, amount, now() + amount % 100 * interval '1 second' + $4::interval
            FROM generate_series($2::bigint, $3::bigint) amount"""


async def fill(shop: Shop, first: int, last: int, free_in: timedelta, account: int = 0) -> None:
    """Amounts that were taken: `first` ends *free_in* from now, each further one a second later."""
    receiving_id = shop.principal.accounts[account].receiving_id
    await sql(shop.ctx, FILL, receiving_id, first, last, free_in)


async def test_auto_gives_the_exact_amount_while_nobody_holds_it_and_then_a_tag(ctx: Context) -> None:
    shop = await open_shop(ctx)
    assert (await shop.sell()).payable_satang == PRICE
    others = [(await shop.sell()).payable_satang for _ in range(5)]
    assert others == [PRICE + tag for tag in range(1, 6)]  # The smallest first.
    assert (await shop.sell(PRICE + 200)).payable_satang == PRICE + 200


async def test_an_exact_price_that_another_price_took_as_its_tag_is_not_given_twice(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await fill(shop, PRICE, PRICE + 49, 60 * MINUTE)
    await fill(shop, PRICE + 51, PRICE + 99, 60 * MINUTE)
    assert (await shop.sell()).payable_satang == PRICE + 50
    assert (await shop.sell(PRICE + 50)).payable_satang > PRICE + 99


@pytest.mark.parametrize(("tagging", "amounts"), [("add", [1, 2, 3, 4, 5]), ("subtract", [-1, -2, -3, -4, -5])])
async def test_add_and_subtract_always_tag_and_the_smallest_first(
    ctx: Context, tagging: str, amounts: list[int]
) -> None:
    shop = await open_shop(ctx, tagging=tagging)
    assert [(await shop.sell()).payable_satang - PRICE for _ in range(5)] == amounts


async def test_off_reserves_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    assert [(await shop.sell()).payable_satang for _ in range(3)] == [PRICE] * 3
    assert await sql(ctx, "SELECT 1 FROM slots WHERE busy_until > now()") == []
    assert await sql(ctx, "SELECT 1 FROM reservations WHERE exclusive") == []
    await assert_balanced(ctx)


async def test_bill_payments_reserve_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    sold = [await shop.sell(ref1=ref) for ref in ("A", "B", None)]
    assert [p.payable_satang for p in sold] == [PRICE] * 3
    assert sold[2].ref1
    assert len({p.ref1 for p in sold}) == 3
    assert await sql(ctx, "SELECT 1 FROM slots WHERE busy_until > now()") == []


async def test_no_tag_takes_an_order_below_the_smallest_amount(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="subtract")
    with pytest.raises(InvalidInput) as refused:
        await shop.sell(100)
    assert refused.value.field == "amount"
    assert {(await shop.sell(103)).payable_satang for _ in range(3)} == {100, 101, 102}
    with pytest.raises(SlotsExhausted):
        await shop.sell(103)
    assert (await sql(ctx, "SELECT count(*) AS n FROM payments"))[0]["n"] == 3


@pytest.mark.parametrize(("tagging", "first", "last"), [("auto", 0, 99), ("add", 1, 99), ("subtract", -99, -1)])
async def test_when_every_amount_is_taken_the_request_is_refused_and_nothing_is_written(
    ctx: Context, tagging: str, first: int, last: int
) -> None:
    shop = await open_shop(ctx, tagging=tagging)
    await fill(shop, PRICE + first, PRICE + last, 60 * MINUTE)
    for claim in (None, shop.key("k")):
        with pytest.raises(SlotsExhausted):
            await shop.sell(PRICE, claim)
    for table in ("payments", "reservations", "events", "idempotency_keys"):
        assert await sql(ctx, f"SELECT 1 FROM {table}") == []
    await sql(ctx, "UPDATE slots SET busy_until = now() WHERE amount_satang = $1", PRICE + last)
    assert (await shop.sell(PRICE, shop.key("k"))).payable_satang == PRICE + last


async def test_the_least_recently_used_amount_is_given_next_and_an_unused_one_before(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="add")
    await fill(shop, PRICE + 1, PRICE + 97, -60 * MINUTE)
    assert {(await shop.sell()).payable_satang for _ in range(2)} == {PRICE + 98, PRICE + 99}
    assert [(await shop.sell()).payable_satang - PRICE for _ in range(3)] == [1, 2, 3]


async def test_the_exact_amount_is_preferred_however_recently_it_was_used(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await fill(shop, PRICE, PRICE, -SECOND)
    assert (await shop.sell()).payable_satang == PRICE


async def ended(ctx: Context, shop: Shop, how: str) -> Payment:
    payment = await shop.sell()
    if how == "PAID":
        await shop.hears(payment.payable_satang)
    elif how == "CANCELLED":
        await shop.cancel(payment)
    else:
        await shift(ctx, payment, payment.expires_at - now())
        await payments.expire(ctx)
    assert (await shop.get(payment)).status == how
    return payment


@pytest.mark.parametrize(("how", "minutes"), [("PAID", 10), ("CANCELLED", 60), ("EXPIRED", 60)])
async def test_an_amount_is_free_again_when_its_quarantine_is_over(ctx: Context, how: str, minutes: int) -> None:
    shop = await open_shop(ctx)
    payment = await ended(ctx, shop, how)
    await shift(ctx, payment, minutes * MINUTE + 100 * SECOND)  # The skew keeps it two minutes longer.
    meanwhile = await shop.sell()
    assert meanwhile.payable_satang != PRICE
    await shift(ctx, payment, 20 * SECOND)
    assert (await shop.sell()).payable_satang == PRICE
    await assert_balanced(ctx)


async def test_a_slot_stays_busy_for_the_skew_after_its_reservation_ends(ctx: Context) -> None:
    shop = await open_shop(ctx)
    for how in ("PAID", "CANCELLED", "EXPIRED"):
        await ended(ctx, shop, how)
    await shop.sell()
    rows = await sql(
        ctx, "SELECT s.busy_until, r.until_at FROM slots s JOIN reservations r USING (payment_id) WHERE r.exclusive"
    )
    assert len(rows) == 4
    assert all(row["busy_until"] == row["until_at"] + 2 * MINUTE for row in rows)


async def test_late_news_moves_neither_a_hold_nor_a_slot_whose_quarantine_is_over(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shift(ctx, payment, 76 * MINUTE)  # The slot is busy for another minute.
    [before] = await sql(ctx, "SELECT busy_until FROM slots WHERE payment_id = $1", payment.id)
    assert (await shop.hears(at=now() - 70 * MINUTE)).payment_id == payment.id
    [after] = await sql(ctx, "SELECT busy_until FROM slots WHERE payment_id = $1", payment.id)
    assert after == before


async def test_a_hundred_payments_of_one_price_at_once_never_share_an_amount(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    sold = await asyncio.gather(*(shop.sell() for _ in range(100)), return_exceptions=True)
    given = [p.payable_satang for p in sold if isinstance(p, Payment)]
    assert sorted(given) == [PRICE, *sorted(TAGGED)]
    with pytest.raises(SlotsExhausted):
        await shop.sell()
    await assert_balanced(ctx)


@pytest.mark.parametrize("tagging", ["auto", "subtract"])
async def test_sixty_payments_of_one_price_at_once_among_credits_never_share_an_amount(
    ctx: Context, crowd: Context, tagging: str
) -> None:
    shop = await open_shop(crowd, tagging=tagging)
    sell = [shop.sell() for _ in range(60)]
    hear = [shop.hears(PRICE + n - 10) for n in range(20)]
    sold = [p for p in await asyncio.gather(*sell, *hear) if isinstance(p, Payment)]
    assert len({p.payable_satang for p in sold}) == 60
    await assert_balanced(ctx)


async def test_two_merchants_on_one_central_account_never_share_an_amount(ctx: Context, crowd: Context) -> None:
    account = await open_account(ctx, 0)
    shops = [await open_shop(crowd, accounts=[account]) for _ in range(2)]
    sold = await asyncio.gather(*(shops[n % 2].sell() for n in range(40)))
    assert len({p.payable_satang for p in sold}) == 40
    for shop, payment in zip(shops, sold, strict=False):
        assert (await shop.hears(payment.payable_satang)).payment_id == payment.id
    await assert_balanced(ctx)


async def test_a_pool_of_two_accounts_fills_evenly(ctx: Context, crowd: Context) -> None:
    pool = [await open_account(ctx, 0) for _ in range(2)]
    shop = await open_shop(crowd, accounts=pool)
    sold = await asyncio.gather(*(shop.sell() for _ in range(60)))
    assert len({(p.receiving_id, p.payable_satang) for p in sold}) == 60
    shares = [sum(p.receiving_id == account.receiving_id for p in sold) for account in pool]
    assert min(shares) > 12  # 30 each on average; one in a million runs is below.
    assert {p.account_id for p in sold} == {account.id for account in pool}
    await assert_balanced(ctx)


@pytest.mark.parametrize("keyed", [False, True], ids=["without a key", "with a key"])
async def test_a_pool_uses_its_other_account_when_one_is_full(ctx: Context, keyed: bool) -> None:
    pool = [await open_account(ctx, 0) for _ in range(2)]
    shop = await open_shop(ctx, accounts=pool)
    await fill(shop, PRICE, PRICE + 99, 60 * MINUTE, account=0)
    for turn in range(4):
        claim = shop.key(f"k{turn}") if keyed else None
        assert (await shop.sell(PRICE, claim)).receiving_id == pool[1].receiving_id
    await fill(shop, PRICE + 500, PRICE + 599, 60 * MINUTE, account=0)
    await fill(shop, PRICE + 500, PRICE + 599, 60 * MINUTE, account=1)
    with pytest.raises(SlotsExhausted):
        await shop.sell(PRICE + 500, shop.key("full") if keyed else None)
    await assert_balanced(ctx)


async def test_test_mode_takes_no_amount_from_live_mode(ctx: Context) -> None:
    live, test = await open_shop(ctx), await open_shop(ctx, mode="test")
    assert (await live.sell()).payable_satang == (await test.sell()).payable_satang == PRICE


# --- what one merchant leaves to others on a shared account ----------------------------------------------------------


async def test_the_last_twenty_amounts_of_a_shared_account_are_for_merchants_that_hold_fewer_than_twenty(
    ctx: Context, crowd: Context
) -> None:
    account = await open_account(ctx, 0)
    big, small, late = [await open_shop(crowd, accounts=[account]) for _ in range(3)]
    sold = await asyncio.gather(*(big.sell() for _ in range(110)), return_exceptions=True)
    assert sum(isinstance(p, Payment) for p in sold) == 80
    assert all(isinstance(p, Payment) or (isinstance(p, SlotsExhausted) and p.why == "share") for p in sold)
    assert {(await small.sell()).payable_satang for _ in range(12)} <= TAGGED
    with pytest.raises(SlotsExhausted, match="fewer than 20"):
        await big.sell()
    rest = await asyncio.gather(*(late.sell() for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(p, Payment) for p in rest) == 8
    with pytest.raises(SlotsExhausted) as refused:
        await late.sell()
    assert refused.value.why == "full" and 4_000 < (refused.value.retry_after_s or 0) <= 4_620
    assert (await big.sell(PRICE + 200)).payable_satang == PRICE + 200
    await assert_balanced(ctx)


async def test_a_merchant_that_ends_payments_may_take_more_of_a_shared_account(ctx: Context) -> None:
    account = await open_account(ctx, 0)
    big, _ = [await open_shop(ctx, accounts=[account]) for _ in range(2)]
    sold = [await big.sell() for _ in range(80)]
    with pytest.raises(SlotsExhausted):
        await big.sell()
    await big.hears(sold[7].payable_satang)
    await shift(ctx, await big.get(sold[7]), 13 * MINUTE)
    assert (await big.sell()).payable_satang == sold[7].payable_satang


async def test_a_merchant_that_is_alone_on_a_central_account_may_have_all_of_it(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await open_shop(ctx, plan="pro")
    assert len({(await shop.sell()).payable_satang for _ in range(100)}) == 100
    with pytest.raises(SlotsExhausted) as refused:
        await shop.sell()
    assert refused.value.why == "full"


async def test_a_batch_leaves_the_last_twenty_to_others_as_well(ctx: Context) -> None:
    account = await open_account(ctx, 0)
    big, _ = [await open_shop(ctx, accounts=[account]) for _ in range(2)]

    async def batch(count: int) -> Any:
        news = [NewPayment(PRICE) for _ in range(count)]
        return await batches.create(ctx, big.principal, news, None, lambda _: (201, b""))

    with pytest.raises(SlotsExhausted):
        await batch(81)
    assert len((await batch(80)).payments) == 80


def test_the_plans_that_share_the_central_accounts_are_those_that_the_database_knows() -> None:
    assert frozenset({"free"}) == CENTRAL_PLANS  # take_slot_v2 names it.


# --- pools -----------------------------------------------------------------------------------------------------------


async def test_a_pool_gives_the_account_that_holds_the_fewest_of_a_price(ctx: Context) -> None:
    pool = [await open_account(ctx, 0) for _ in range(3)]
    shop = await open_shop(ctx, accounts=pool)
    await fill(shop, PRICE, PRICE + 29, 60 * MINUTE, account=0)
    await fill(shop, PRICE, PRICE + 9, 60 * MINUTE, account=1)
    await fill(shop, PRICE + 500, PRICE + 599, 60 * MINUTE, account=2)  # Another price does not count.
    given = [(await shop.sell()).receiving_id for _ in range(60)]
    counts = [given.count(account.receiving_id) for account in pool]
    assert sum(counts) == 60 and [counts[0] + 30, counts[1] + 10, counts[2]] in (
        *([34, 33, 33], [33, 34, 33], [33, 33, 34]),
    )


async def test_of_two_idle_accounts_the_one_that_was_used_longer_ago_is_given(ctx: Context) -> None:
    pool = [await open_account(ctx, 0) for _ in range(2)]
    shop = await open_shop(ctx, accounts=pool)
    await fill(shop, PRICE, PRICE, -5 * MINUTE, account=0)
    await fill(shop, PRICE, PRICE, -60 * MINUTE, account=1)
    assert (await shop.sell()).receiving_id == pool[1].receiving_id


async def test_a_pool_of_accounts_without_tags_fills_evenly_too(ctx: Context) -> None:
    pool = [await open_account(ctx, 0, tagging="off") for _ in range(2)]
    shop = await open_shop(ctx, accounts=pool)
    given = [(await shop.sell()).receiving_id for _ in range(20)]
    assert given.count(pool[0].receiving_id) == 10


async def test_an_account_that_an_order_is_too_small_for_is_passed_over(ctx: Context) -> None:
    pool = [await open_account(ctx, 0, tagging=tagging) for tagging in ("subtract", "add")]
    shop = await open_shop(ctx, accounts=pool)
    assert {(await shop.sell(100)).receiving_id for _ in range(6)} == {pool[1].receiving_id}


async def test_a_pool_is_full_when_each_of_its_accounts_is_and_says_when_the_first_hold_ends(ctx: Context) -> None:
    pool = [await open_account(ctx, 0) for _ in range(2)]
    shop = await open_shop(ctx, accounts=pool)
    await fill(shop, PRICE, PRICE + 99, 60 * MINUTE, account=0)
    await fill(shop, PRICE, PRICE + 99, 5 * MINUTE, account=1)
    with pytest.raises(SlotsExhausted) as refused:
        await shop.sell()
    assert refused.value.why == "full" and 290 <= (refused.value.retry_after_s or 0) <= 300


# --- weights ---------------------------------------------------------------------------------------------------------


async def weighed_pool(ctx: Context, *weights: int, tagging: str = "auto") -> list[ReceivingAccount]:
    return [replace(await open_account(ctx, 0, tagging=tagging), weight=weight) for weight in weights]


def shares_of(sold: Sequence[Payment], pool: Sequence[ReceivingAccount]) -> list[int]:
    return [sum(one.receiving_id == account.receiving_id for one in sold) for account in pool]


async def test_what_waits_around_a_price_is_shared_by_weight_exactly(ctx: Context) -> None:
    pool = await weighed_pool(ctx, 3, 1, 2)
    shop = await open_shop(ctx, accounts=pool)
    assert shares_of([await shop.sell() for _ in range(60)], pool) == [30, 10, 20]
    assert shares_of([await shop.sell(PRICE + 50_000) for _ in range(30)], pool) == [15, 5, 10]
    untagged = await weighed_pool(ctx, 10, 30, tagging="off")  # One to three.
    other = await open_shop(ctx, accounts=untagged)
    assert shares_of([await other.sell() for _ in range(40)], untagged) == [10, 30]


async def test_payments_of_many_prices_are_shared_by_weight_too(ctx: Context) -> None:
    pool = await weighed_pool(ctx, 3, 1)
    shop = await open_shop(ctx, accounts=pool)
    many, _ = shares_of([await shop.sell(PRICE + 200 * n) for n in range(160)], pool)
    assert 80 < many < 152  # 120 on average; one in a million runs is outside.


async def test_payments_at_once_are_shared_by_weight_and_never_share_an_amount(ctx: Context, crowd: Context) -> None:
    pool = await weighed_pool(ctx, 4, 1)
    shop = await open_shop(crowd, accounts=pool)
    sold = await asyncio.gather(*(shop.sell() for _ in range(60)))
    assert len({(p.receiving_id, p.payable_satang) for p in sold}) == 60
    many, few = shares_of(sold, pool)
    assert 36 <= many <= 59 and few >= 1  # 48 and 12; who asks at the same moment does not see the others yet.
    await assert_balanced(ctx)


async def test_a_heavy_account_that_is_full_leaves_the_rest_to_the_others(ctx: Context) -> None:
    pool = await weighed_pool(ctx, 100, 1)
    shop = await open_shop(ctx, accounts=pool)
    await fill(shop, PRICE, PRICE + 99, 60 * MINUTE, account=0)
    assert shares_of([await shop.sell() for _ in range(5)], pool) == [0, 5]


async def test_a_batch_is_shared_by_weight(ctx: Context) -> None:
    pool = await weighed_pool(ctx, 3, 1)
    shop = await open_shop(ctx, accounts=pool)
    news = [NewPayment(PRICE + 200 * n) for n in range(160)]
    made = await batches.create(ctx, shop.principal, news, None, lambda _: (201, b""))
    assert isinstance(made, batches.Made)
    many, _ = shares_of(list(made.payments), pool)
    assert 80 < many < 152
