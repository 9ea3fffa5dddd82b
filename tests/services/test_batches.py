"""Many payments at once: all or none, an amount for each, in few questions, and nobody waits in a circle."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

import emvco
from paygate.core.credits import SKEW
from paygate.core.errors import Conflict, IdempotencyMismatch, InvalidInput, NoAccount, SlotsExhausted
from paygate.core.payments import Payment
from paygate.db.pool import Database
from paygate.services import batches, payments
from paygate.services.batches import Made
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from paygate.services.evidence import Word
from paygate.services.payments import Done, Replayed
from tests.services.helpers import (
    PRICE,
    Shop,
    assert_balanced,
    now,
    open_account,
    open_shop,
    sql,
)
from tests.services.test_speed import Count, asked

__all__ = ["asked"]

TABLES = ("payments", "reservations", "events", "deliveries", "idempotency_keys")


def answer(made: Sequence[Payment]) -> tuple[int, bytes]:
    return 201, json.dumps([str(payment.id) for payment in made]).encode()


async def make(shop: Shop, wanted: Sequence[int | NewPayment], claim: Any = None) -> Made | Replayed:
    news = [NewPayment(one) if isinstance(one, int) else one for one in wanted]
    return await batches.create(shop.ctx, shop.principal, news, claim, answer)


async def made_of(shop: Shop, wanted: Sequence[int | NewPayment], claim: Any = None) -> Sequence[Payment]:
    done = await make(shop, wanted, claim)
    assert isinstance(done, Made)
    return done.payments


async def rows(ctx: Context) -> dict[str, int]:
    return {table: (await sql(ctx, f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in TABLES}


async def test_a_batch_makes_what_single_requests_would_have_made_in_their_order(ctx: Context) -> None:
    shop = await open_shop(ctx)
    news = [
        NewPayment(20_000, order_id="B", description="กาแฟ", metadata='{"b":1,"a":"☕"}', expiry_minutes=60),
        NewPayment(10_050, order_id="A", customer_email="a@example.com", callback_url="https://a.example/"),
    ]
    made = await made_of(shop, news)
    assert [p.order_id for p in made] == ["B", "A"] and [p.payable_satang for p in made] == [20_000, 10_050]
    for payment, new in zip(made, news, strict=True):
        assert await shop.get(payment) == payment
        single = await shop.sell(new.amount_satang + 10_000, **{k: getattr(new, k) for k in ("order_id", "metadata")})
        differing = {"id", "amount_satang", "payable_satang", "fee_satang", "qr_payload", "created_at", "expires_at"}
        differing |= {"description", "customer_email", "callback_url"}
        for name in set(Payment.__slots__) - differing:
            assert getattr(payment, name) == getattr(single, name), name
        assert emvco.parse(payment.qr_payload).amount_satang == payment.payable_satang
    held = await sql(ctx, "SELECT payment_id, exclusive, until_at FROM reservations")
    busy = await sql(ctx, "SELECT payment_id, busy_until FROM slots")
    holds = {row["payment_id"]: row["until_at"] for row in held if row["exclusive"]}
    assert all(holds[row["payment_id"]] + SKEW == row["busy_until"] for row in busy) and len(busy) == len(holds) == 4


async def test_each_payment_of_a_batch_is_announced_to_each_endpoint_that_listens(ctx: Context) -> None:
    shop = await open_shop(ctx)
    made = await made_of(shop, [10_000, 11_000, 12_000])
    events = await sql(ctx, "SELECT id, subject_id, sequence, body, type FROM events")
    assert {row["subject_id"] for row in events} == {p.id for p in made}
    assert {(row["type"], row["sequence"]) for row in events} == {("payment.created", 1)}
    assert {json.loads(row["body"])["data"]["amount"] for row in events} == {100, 110, 120}
    due = await sql(ctx, "SELECT event_id FROM deliveries WHERE state = 'DUE'")
    assert {row["event_id"] for row in due} == {row["id"] for row in events} and len(due) == 3


@pytest.mark.parametrize("tagging", ["auto", "add", "subtract"])
async def test_equal_prices_in_a_batch_get_amounts_of_their_own(ctx: Context, tagging: str) -> None:
    shop = await open_shop(ctx, tagging=tagging)
    other = await shop.sell()
    made = await made_of(shop, [PRICE] * 30 + [PRICE + 50] * 30)
    assert len({p.payable_satang for p in [*made, other]}) == 61
    assert all(abs(p.payable_satang - p.amount_satang) <= 99 for p in made)


async def test_without_tags_and_with_references_any_number_fits(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    assert {p.payable_satang for p in await made_of(shop, [PRICE] * 150)} == {PRICE}
    bill = await open_shop(ctx, biller=True)
    made = await made_of(bill, [PRICE] * 100 + [NewPayment(PRICE, ref1=f"INV{n}", ref2="T7") for n in range(100)])
    assert {p.payable_satang for p in made} == {PRICE} and len({p.ref1 for p in made}) == 200


async def test_when_one_amount_cannot_be_had_nothing_is_made_and_the_place_is_named(ctx: Context) -> None:
    shop = await open_shop(ctx)
    before = await rows(ctx)
    with pytest.raises(SlotsExhausted) as refused:
        await make(shop, [20_000, *[PRICE] * 101], shop.key("k"))
    assert refused.value.field is not None and refused.value.field.startswith("payments[")
    assert await rows(ctx) == before and await sql(ctx, "SELECT 1 FROM slots") == []
    assert len(await made_of(shop, [20_000, *[PRICE] * 100], shop.key("k"))) == 101


async def test_a_second_account_helps_out_where_the_first_has_no_amount_left(ctx: Context) -> None:
    accounts = [await open_account(ctx, 0), await open_account(ctx, 0)]
    shop = await open_shop(ctx, accounts=accounts)
    made = await made_of(shop, [PRICE] * 200)
    assert set(Counter(p.receiving_id for p in made).values()) == {100}
    with pytest.raises(SlotsExhausted):
        await make(shop, [PRICE])


async def test_a_refusal_names_the_place_in_the_batch(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="subtract")
    with pytest.raises(InvalidInput) as refused:
        await make(shop, [PRICE, PRICE, 100])
    assert refused.value.field == "payments[2].amount"
    with pytest.raises(InvalidInput) as refused:
        await make(shop, [PRICE, NewPayment(PRICE, ref1="A")])
    assert refused.value.field == "payments[1].promptpayRef1"
    with pytest.raises(NoAccount):
        await make(await open_shop(ctx, accounts=[]), [PRICE])


async def test_a_batch_is_repeated_by_its_key_and_made_once(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first = await make(shop, [PRICE, PRICE], shop.key("k"))
    again = await make(shop, [PRICE, PRICE], shop.key("k"))
    assert isinstance(first, Made) and again == Replayed(first.status, first.body)
    with pytest.raises(IdempotencyMismatch):
        await make(shop, [PRICE], shop.key("k", b"[]"))
    done = await asyncio.gather(*[make(shop, [PRICE, PRICE], shop.key("new")) for _ in range(4)])
    assert len({one.body for one in done}) == 1 and sum(isinstance(one, Made) for one in done) == 1
    assert (await rows(ctx))["payments"] == 4


async def test_money_that_came_before_the_batch_is_found_by_it(ctx: Context) -> None:
    shop = await open_shop(ctx)
    for amount in (PRICE, 20_000):
        assert (await shop.hears(amount, at=now())).word is Word.ORPHAN
    made = await made_of(shop, [PRICE, 20_000, 30_000])
    assert [(await shop.get(p)).status for p in made] == ["PAID", "PAID", "PENDING"]
    await assert_balanced(ctx)


async def test_money_for_a_reference_that_came_before_the_batch_is_found_by_it(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    assert (await shop.hears(PRICE, ref1="INV7")).word is Word.ORPHAN
    made = await made_of(shop, [NewPayment(PRICE, ref1=f"INV{n}") for n in range(9)])
    assert [n for n, p in enumerate(made) if (await shop.get(p)).status == "PAID"] == [7]
    await assert_balanced(ctx)


async def test_another_merchants_reference_cannot_be_taken_and_is_named(ctx: Context) -> None:
    account = await open_account(ctx, 0, biller=True)
    first, second = [await open_shop(ctx, accounts=[account]) for _ in range(2)]
    await made_of(first, [NewPayment(PRICE, ref1="A", ref2="1"), NewPayment(PRICE, ref1="A", ref2="1")])
    before = await rows(ctx)
    with pytest.raises(Conflict) as refused:
        await make(second, [NewPayment(PRICE, ref1="B"), NewPayment(PRICE, ref1="A", ref2="1")])
    assert refused.value.field == "payments[1].promptpayRef1" and await rows(ctx) == before
    await made_of(second, [NewPayment(PRICE, ref1="A", ref2="2"), NewPayment(PRICE, ref1="B")])


@pytest.mark.parametrize("keyed", [False, True], ids=["without a key", "with a key"])
@pytest.mark.parametrize("tagging", ["auto", "add", "off"])
async def test_a_batch_asks_a_handful_of_questions_however_large_it_is(
    ctx: Context, asked: Count, tagging: str, keyed: bool
) -> None:
    shop = await open_shop(ctx, tagging=tagging)
    wanted = [10_000 + 100 * n for n in range(300)]
    await make(shop, [5_000])  # A connection asks for the types of arrays once.
    made, count = await asked(make(shop, wanted, shop.key("k") if keyed else None))
    assert isinstance(made, Made) and count <= 3 + keyed


@pytest.mark.parametrize("tagging", ["auto", "add", "subtract"])
async def test_batches_singles_and_bank_news_at_once_share_no_amount_and_never_deadlock(
    ctx: Context, dsn: str, tagging: str
) -> None:
    account = await open_account(ctx, 0, tagging=tagging)
    db = await Database.open(dsn, size=8)
    crowd = Context(db, ctx.key, ctx.public_url)
    shops = [await open_shop(ctx, accounts=[account]) for _ in range(3)]
    for shop in shops:
        shop.ctx = crowd
    dice = Random(7)
    prices = [PRICE + 10 * n for n in range(80)]

    async def single(shop: Shop) -> Sequence[Payment]:
        done = await payments.create(
            crowd, shop.principal, NewPayment(dice.choice(prices)), None, lambda _: (201, b"{}")
        )
        assert isinstance(done, Done)
        await shop.hears(done.payment.payable_satang)
        return [done.payment]

    work = [made_of(shop, dice.sample(prices, len(prices))) for shop in shops for _ in range(2)]
    work += [single(dice.choice(shops)) for _ in range(20)]
    dice.shuffle(work)
    made = [payment for part in await asyncio.gather(*work) for payment in part]
    await db.close()
    assert len({p.payable_satang for p in made}) == len(made) == 6 * 80 + 20
    assert (await sql(ctx, "SELECT count(*) AS n FROM payments WHERE status = 'PAID'"))[0]["n"] == 20
    sessions = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
    async with asyncio.timeout(20):  # A session tells of its deadlocks when it ends; one is left to ask.
        while (await sql(ctx, sessions))[0]["n"] > 1:
            await asyncio.sleep(0.02)
    found = await sql(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert found[0]["deadlocks"] == 0
    await assert_balanced(ctx)
