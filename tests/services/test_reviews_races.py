"""A person at once with another person, new evidence, a cancel or the sweeper; and cut off anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from paygate.core.errors import Conflict, Unavailable
from paygate.core.payments import Payment
from paygate.core.reviews import Action
from paygate.services import audit, evidence, payments, reviews
from paygate.services.context import Context
from paygate.services.review_actions import Wish
from paygate.services.reviews import Resolved
from tests.services.helpers import (
    CREATED,
    HELD,
    MINUTE,
    PARKED_LINES,
    PRICE,
    SUCCESS,
    assert_balanced,
    booked,
    credits,
    facts,
    now,
    open_shop,
    shift,
    sql,
)
from tests.services.test_evidence_races import Mortal

TURNS = 8


async def review_of(ctx: Context, credit_id: UUID | None) -> UUID:
    [row] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1 AND closed_at IS NULL", credit_id)
    found: UUID = row["id"]
    return found


def wish(action: Action, payment_id: UUID | None = None, **more: Any) -> Wish:
    return Wish(action, "cli:somchai", "seen", payment_id, **more)


def won(outcomes: list[Any]) -> list[Resolved]:
    """Those that were done; all others were told so in words."""
    done = [one for one in outcomes if isinstance(one, Resolved)]
    assert all(isinstance(one, Resolved | Conflict) for one in outcomes), outcomes
    return done


async def test_of_ten_people_one_decides_and_the_others_are_told(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    for turn in range(4):
        pair = [await shop.sell(PRICE + 10 * turn), await shop.sell(PRICE + 10 * turn - 5)]
        outcome = await shop.hears(PRICE + 10 * turn, at=now() - 300 * MINUTE)
        review = await review_of(ctx, outcome.credit_id)
        amount = {"amount_satang": PRICE + 10 * turn}
        asked = [
            *(reviews.resolve(crowd, 0, review, wish(Action.MATCH, p.id, **amount)) for p in pair for _ in range(3)),
            *(reviews.resolve(crowd, 0, review, wish(Action.REFUND_ORPHAN)) for _ in range(2)),
            *(reviews.resolve(crowd, 0, review, wish(Action.REJECT)) for _ in range(2)),
        ]
        done = won(await asyncio.gather(*asked, return_exceptions=True))
        assert len(done) == 1
        paid = [(await facts(ctx, p)).status for p in pair].count("PAID")
        assert paid == (done[0].action is Action.MATCH)
        logged = await sql(ctx, "SELECT count(*) AS n FROM audit_log WHERE action LIKE 'review.%'")
        assert logged[0]["n"] == turn + 1
    assert (await audit.verify(ctx)).whole
    await assert_balanced(ctx)


async def test_two_reviews_that_want_one_payment_pay_it_once(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    for turn in range(TURNS):
        told = [await shop.hears(PRICE + turn, at=now() - 300 * MINUTE) for _ in range(2)]
        payment = await shop.sell(PRICE + turn)
        ids = [await review_of(ctx, one.credit_id) for one in told]
        outcomes = await asyncio.gather(
            *(reviews.resolve(crowd, 0, one, wish(Action.MATCH, payment.id)) for one in ids), return_exceptions=True
        )
        assert len(won(list(outcomes))) == 1
        assert (await facts(ctx, payment)).events == (CREATED, SUCCESS)
    await assert_balanced(ctx)


async def test_combining_crosswise_ends_well(ctx: Context, crowd: Context) -> None:
    """Two people take the same parts in opposite order: nobody waits for ever, one wins."""
    shop = await open_shop(crowd)
    for turn in range(TURNS):
        payment = await shop.sell(PRICE + turn)
        one, two = await shop.hears(9_000 + turn), await shop.hears(6_000)
        assert one.credit_id is not None and two.credit_id is not None
        asked = [
            reviews.resolve(crowd, 0, await review_of(ctx, mine), wish(Action.COMBINE, payment.id, credit_ids=(other,)))
            for mine, other in ((one.credit_id, two.credit_id), (two.credit_id, one.credit_id))
        ]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert len(won(list(outcomes))) == 1
        after = await facts(ctx, payment)
        assert (after.status, after.received) == ("PAID", PRICE + turn)
    await assert_balanced(ctx)


async def test_a_person_racing_new_evidence_pays_once(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    for turn in range(TURNS):
        late = await shop.hears(PRICE + turn, at=now() - 300 * MINUTE)
        payment = await shop.sell(PRICE + turn)
        review = await review_of(ctx, late.credit_id)
        person = reviews.resolve(crowd, 0, review, wish(Action.MATCH, payment.id))
        bank = shop.hears(PRICE + turn)
        both = (person, bank) if turn % 2 else (bank, person)
        outcomes = await asyncio.gather(*both, return_exceptions=True)
        await paid_once(ctx, payment, outcomes)
    await assert_balanced(ctx)


async def test_new_evidence_after_a_persons_decision_is_told_as_money_that_came_a_second_time(
    ctx: Context, crowd: Context
) -> None:
    """What the loser of the race sees, however seldom it loses."""
    shop = await open_shop(crowd)
    late = await shop.hears(PRICE, at=now() - 300 * MINUTE)
    payment = await shop.sell(PRICE)
    person = await reviews.resolve(crowd, 0, await review_of(ctx, late.credit_id), wish(Action.MATCH, payment.id))
    await paid_once(ctx, payment, [person, await shop.hears(PRICE)])
    await assert_balanced(ctx)


async def paid_once(ctx: Context, payment: Payment, outcomes: list[Any]) -> None:
    """By the bank, or by the person; then the bank's money is a second one, which the merchant hears of."""
    heard = next(one for one in outcomes if isinstance(one, evidence.Outcome))
    done = won([one for one in outcomes if one is not heard])
    assert (heard.word, len(done)) in {(evidence.Word.PAID, 0), (evidence.Word.ORPHAN, 1)}
    second = (HELD,) if done else ()
    assert (await facts(ctx, payment)).events == (CREATED, SUCCESS, *second)


async def test_a_person_racing_a_cancel_or_the_sweeper_is_before_or_after(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    for turn in range(TURNS):
        late = await shop.hears(PRICE + turn, at=now() - 300 * MINUTE)
        payment = await shop.sell(PRICE + turn)
        review = await review_of(ctx, late.credit_id)
        person = reviews.resolve(crowd, 0, review, wish(Action.MATCH, payment.id))
        if turn % 2:
            outcomes = await asyncio.gather(shop.cancel(payment), person, return_exceptions=True)
            status = (await facts(ctx, payment)).status
            assert status == ("PAID" if isinstance(outcomes[1], Resolved) else "CANCELLED")
            assert isinstance(outcomes[0], payments.Done) == (status == "CANCELLED")
        else:
            await shift(ctx, payment, 16 * MINUTE)
            outcomes = await asyncio.gather(payments.expire(crowd), person, return_exceptions=True)
            assert isinstance(outcomes[1], Resolved), outcomes
            after = await facts(ctx, payment)
            assert after.status == "PAID"
            assert [kind for kind, _ in after.events].count("payment.expired") <= 1
    await assert_balanced(ctx)


async def test_a_refund_racing_a_payment_that_would_take_the_money_is_one_or_the_other(
    ctx: Context, crowd: Context
) -> None:
    shop = await open_shop(crowd)
    for turn in range(TURNS):
        early = await shop.hears(PRICE + turn, at=now() - MINUTE)
        review = await review_of(ctx, early.credit_id)
        outcomes = await asyncio.gather(
            shop.sell(PRICE + turn),
            reviews.resolve(crowd, 0, review, wish(Action.REFUND_ORPHAN)),
            return_exceptions=True,
        )
        [row] = await sql(ctx, "SELECT state FROM credits WHERE id = $1", early.credit_id)
        assert row["state"] == ("REFUND_DUE" if isinstance(outcomes[1], Resolved) else "SETTLED")
        assert not isinstance(outcomes[0], BaseException)
    await assert_balanced(ctx)


@pytest.mark.parametrize("action", [Action.COMBINE, Action.REJECT, Action.FAIL, Action.REFUND_ORPHAN])
async def test_a_process_that_dies_between_two_questions_of_a_decision_leaves_nothing(
    ctx: Context, action: Action
) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    one, two = await shop.hears(9_000), await shop.hears(6_000)
    assert two.credit_id is not None
    review = await review_of(ctx, one.credit_id)
    named = payment.id if action in (Action.COMBINE, Action.FAIL) else None
    wanted = wish(action, named, credit_ids=(two.credit_id,) if action is Action.COMBINE else ())
    before = (await facts(ctx, payment), await credits(ctx), await booked(ctx))

    class Dying:
        def __init__(self, life: int) -> None:
            self.life = life

        async def transaction(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
            async def cut_short(conn: Any) -> Any:
                mortal = Mortal(conn, self.life)
                result = await work(mortal)
                mortal.live()  # In place of COMMIT.
                return result

            return await ctx.db.transaction(cut_short)

    for life in range(60):
        try:
            await reviews.resolve(Context(Dying(life), ctx.key, ctx.public_url), 0, review, wanted)  # type: ignore[arg-type]
        except Unavailable:
            assert (await facts(ctx, payment), await credits(ctx), await booked(ctx)) == before
            assert await sql(ctx, "SELECT 1 FROM audit_log") == []
            assert await review_of(ctx, one.credit_id) == review
            continue
        break
    assert life > 8
    assert len(await sql(ctx, "SELECT 1 FROM audit_log")) == 1
    assert (await booked(ctx))[0] == ("credit.parked", PARKED_LINES | {"bank_central": 9_000, "suspense": -9_000})
    assert (await audit.verify(ctx)).whole
    await assert_balanced(ctx)
