"""Money that the bank took back: the payment tells of it, the books undo it, a person is alarmed. Once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from paygate.core.credits import Observation
from paygate.services import evidence, reversals
from paygate.services.context import Context
from paygate.services.evidence import Outcome, Word
from tests.services.helpers import (
    CREATED,
    PAID_LINES,
    PARKED_LINES,
    PRICE,
    SUCCESS,
    Review,
    assert_balanced,
    booked,
    credits,
    facts,
    now,
    open_shop,
    reviews,
)

REVERSED = Review("REVERSED", None, True, ())


def taken_back(seen: Observation) -> Observation:
    """The bank's word that this credit was reversed."""
    return replace(seen, digest=b"r" * 32)


@pytest.mark.parametrize("plan", ["free", "pro"])
async def test_a_paid_payment_whose_money_was_taken_back_tells_so(ctx: Context, plan: str) -> None:
    shop = await open_shop(ctx, plan=plan)
    payment = await shop.sell()
    seen = shop.says()
    await evidence.record(ctx, seen)
    assert await reversals.reverse(ctx, taken_back(seen)) == Outcome(Word.REVIEW, payment.id)
    found = await facts(ctx, payment)
    assert (found.status, found.exception) == ("PAID", "REVERSED")
    assert found.events == (CREATED, SUCCESS, ("payment.refunded", 1))
    assert await credits(ctx) == [("REVERSED", "REVERSED", payment.id)]
    assert await reviews(ctx) == [REVERSED]
    (_, paid), (kind, undone) = await booked(ctx)
    assert kind == "payment.reversed"
    assert undone == {account: -satang for account, satang in paid.items()}
    assert plan != "free" or paid == PAID_LINES
    await assert_balanced(ctx)


async def test_a_reversal_that_is_told_three_times_on_three_connections_happens_once(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    seen = shop.says()
    await evidence.record(ctx, seen)
    told = await asyncio.gather(*(reversals.reverse(ctx, taken_back(seen)) for _ in range(3)))
    assert sorted(outcome.word for outcome in told) == [Word.DUPLICATE, Word.DUPLICATE, Word.REVIEW]
    assert {outcome.payment_id for outcome in told} == {payment.id}
    assert len(await booked(ctx)) == 2
    assert await reviews(ctx) == [REVERSED]
    await assert_balanced(ctx)


async def test_parked_money_that_was_taken_back_leaves_suspense(ctx: Context) -> None:
    shop = await open_shop(ctx)
    seen = shop.says()
    await evidence.record(ctx, seen)
    assert await reversals.reverse(ctx, taken_back(seen)) == Outcome(Word.REVIEW)
    assert await credits(ctx) == [("REVERSED", "REVERSED", None)]
    undone = {account: -satang for account, satang in PARKED_LINES.items()}
    assert await booked(ctx) == [("credit.parked", PARKED_LINES), ("credit.released", undone)]
    await assert_balanced(ctx)


async def test_reversed_money_pays_nothing_afterwards(ctx: Context) -> None:
    shop = await open_shop(ctx)
    seen = shop.says(at=now())
    await evidence.record(ctx, seen)
    await reversals.reverse(ctx, taken_back(seen))
    payment = await shop.sell()
    assert (await evidence.record(ctx, seen)).word is Word.DUPLICATE
    assert (await facts(ctx, payment)).status == "PENDING"
    await assert_balanced(ctx)


@pytest.mark.parametrize("change", [{"reference": "UNKNOWN"}, {"amount_satang": PRICE + 1}])
async def test_a_reversal_of_what_is_not_known_alarms_a_person_and_moves_nothing(
    ctx: Context, change: dict[str, object]
) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    seen = shop.says()
    await evidence.record(ctx, seen)
    assert await reversals.reverse(ctx, replace(taken_back(seen), **change)) == Outcome(Word.REVIEW)  # type: ignore[arg-type]
    assert (await facts(ctx, payment)).exception is None
    assert await reviews(ctx) == [REVERSED]
    await assert_balanced(ctx)
