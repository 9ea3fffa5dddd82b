"""Money that waits and is decided later, bill payments, and one credit of which several channels tell."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from paygate.services import evidence
from paygate.services.context import Context
from tests.services.helpers import (
    HELD,
    MINUTE,
    OPEN,
    PAID,
    PAID_LINES,
    PARKED_LINES,
    PRICE,
    SECOND,
    Review,
    assert_balanced,
    beside_bills,
    booked,
    credits,
    expire,
    facts,
    now,
    open_shop,
    reviews,
    shift,
    sql,
)

# ---------------------------------------------------------------------------------------------- which of several


async def test_a_tie_of_payments_that_reserve_nothing_waits_for_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    pair = [await shop.sell(), await shop.sell()]
    assert {p.payable_satang for p in pair} == {PRICE}
    assert await shop.hears() == evidence.Outcome(evidence.Word.REVIEW)
    assert [await facts(ctx, p) for p in pair] == [OPEN, OPEN]
    [review] = await reviews(ctx)
    assert (review.reason, set(review.candidates)) == ("AMBIGUOUS", {str(p.id) for p in pair})
    await assert_balanced(ctx)


async def test_the_only_open_payment_that_reserves_nothing_is_paid(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    ended, cancelled = await shop.sell(), await shop.sell()
    await expire(ctx, ended)
    await shop.cancel(cancelled)
    payment = await shop.sell()
    assert (await shop.hears()).payment_id == payment.id
    assert await facts(ctx, payment) == PAID
    await assert_balanced(ctx)


async def test_a_tie_is_a_tie_however_many_ended_payments_had_the_amount(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    long = await shop.sell(expiry_minutes=1_440)
    await shift(ctx, long, 60 * MINUTE)
    for _ in range(21):
        await expire(ctx, await shop.sell(), swept=False)
    short = await shop.sell()
    assert (await shop.hears()).word == "REVIEW"
    [review] = await reviews(ctx)
    assert (review.reason, set(review.candidates)) == ("AMBIGUOUS", {str(long.id), str(short.id)})


async def test_of_two_equal_credits_the_second_is_an_orphan_to_be_refunded(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    assert (await shop.hears()).word == "PAID"
    assert (await shop.hears()).word == "ORPHAN"
    assert await facts(ctx, payment) == replace(PAID, events=(*PAID.events, HELD))
    assert await booked(ctx) == [("payment.paid", PAID_LINES), ("credit.parked", PARKED_LINES)]
    assert await credits(ctx) == [("SETTLED", None, payment.id), ("UNASSIGNED", "ALREADY_PAID", None)]
    assert await reviews(ctx) == [Review("ALREADY_PAID", None, False, (str(payment.id),))]
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- orphans


@pytest.mark.parametrize("tagging", ["auto", "off"])
async def test_a_payment_made_within_the_skew_after_the_money_finds_it(ctx: Context, tagging: str) -> None:
    shop = await open_shop(ctx, tagging=tagging)
    assert (await shop.hears(at=now() - MINUTE)).word == "ORPHAN"
    payment = await shop.sell()
    assert payment.payable_satang == PRICE
    assert await facts(ctx, payment) == PAID
    assert await booked(ctx) == [
        ("credit.parked", PARKED_LINES),
        ("payment.paid", {"suspense": PRICE, "payable": -14_550, "fee_revenue": -450}),
    ]
    assert await reviews(ctx) == [Review("ORPHAN", "settled", False, ())]
    assert await sql(ctx, "SELECT 1 FROM credits WHERE recheck_at IS NOT NULL") == []
    await assert_balanced(ctx)


async def test_a_bill_payment_made_after_the_money_finds_it_by_its_reference(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    assert (await shop.hears(ref1="INV1")).word == "ORPHAN"
    other = await shop.sell(ref1="INV2")
    payment = await shop.sell(ref1="INV1")
    assert (await facts(ctx, other), await facts(ctx, payment)) == (OPEN, PAID)
    await assert_balanced(ctx)


async def test_a_payment_made_after_the_skew_does_not_find_old_money(ctx: Context) -> None:
    shop = await open_shop(ctx)
    assert (await shop.hears(at=now() - 3 * MINUTE)).word == "ORPHAN"
    payment = await shop.sell()
    assert await facts(ctx, payment) == OPEN
    assert await reviews(ctx) == [Review("ORPHAN", None, False, ())]


async def test_an_orphan_is_decided_again_when_its_evidence_comes_again(ctx: Context) -> None:
    shop, bills = await beside_bills(ctx)
    transfer, bill = await shop.sell(), await bills.sell(ref1="INV1")
    seen = shop.says()
    assert (await evidence.record(ctx, seen)).word == "REVIEW"
    assert (await shop.hears(ref1="INV1")).payment_id == bill.id
    assert await evidence.record(ctx, seen) == evidence.Outcome(evidence.Word.PAID, transfer.id)
    assert await facts(ctx, transfer) == PAID
    [review] = await reviews(ctx)
    assert (review.reason, review.resolution) == ("AMBIGUOUS", "settled")
    assert [kind for kind, _ in await booked(ctx)] == ["credit.parked", "payment.paid", "payment.paid"]
    await assert_balanced(ctx)


async def test_later_evidence_with_the_missing_reference_resolves_an_orphan(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1", ref2="A")
    notice = shop.says(reference=None, rank="C")
    assert (await evidence.record(ctx, notice)).word == "REVIEW"
    inquiry = shop.says(source_id=uuid4(), at=notice.occurred_at + MINUTE, ref1="INV1", ref2="A")
    assert await evidence.record(ctx, inquiry) == evidence.Outcome(evidence.Word.PAID, payment.id)
    assert await credits(ctx) == [("SETTLED", None, payment.id)]
    [row] = await sql(ctx, "SELECT rank, ref1, ref2 FROM credits")
    assert tuple(row) == ("A", "INV1", "A")
    assert await reviews(ctx) == [Review("REFERENCE_MISSING", "settled", False, (str(payment.id),))]
    await assert_balanced(ctx)


@pytest.mark.parametrize("code", ["57P01", "P0001"], ids=["the database is away", "it refuses"])
async def test_a_payment_is_made_even_if_deciding_a_fitting_credit_again_fails(ctx: Context, code: str) -> None:
    shop = await open_shop(ctx)
    await shop.hears(at=now() - MINUTE)
    await sql(
        ctx,
        f"""CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '{code}'; END $$""",
    )
    await sql(
        ctx,
        """CREATE TRIGGER away BEFORE UPDATE ON credits FOR EACH ROW WHEN (NEW.state = 'SETTLED')
           EXECUTE FUNCTION away()""",
    )
    payment = await shop.sell()
    assert (await facts(ctx, payment)).status == "PENDING"
    [waiting] = await sql(ctx, "SELECT merchant_id, mode, id FROM credits WHERE recheck_at IS NOT NULL")
    await sql(ctx, "DROP TRIGGER away ON credits")
    assert (await evidence.decide_again(ctx, *waiting)).payment_id == payment.id
    assert await facts(ctx, payment) == PAID
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- bill payment


async def test_both_references_find_the_payment_among_others_of_the_amount(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    sold = [await shop.sell(ref1="SHOP", ref2=f"B{n}") for n in range(25)]
    assert (await shop.hears(ref1="SHOP", ref2="B3")).payment_id == sold[3].id
    assert await facts(ctx, sold[3]) == PAID
    assert await facts(ctx, sold[24]) == OPEN
    await assert_balanced(ctx)


async def test_a_bank_that_leaves_out_ref2_still_finds_the_only_payment_of_ref1(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1", ref2="A")
    assert (await shop.hears(ref1="INV1")).payment_id == payment.id
    assert await facts(ctx, payment) == PAID


async def test_a_missing_ref2_that_leaves_two_payments_waits_for_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    pair = [await shop.sell(ref1="INV1", ref2=ref2) for ref2 in "AB"]
    assert (await shop.hears(ref1="INV1")).word == "REVIEW"
    [review] = await reviews(ctx)
    assert (review.reason, set(review.candidates)) == ("AMBIGUOUS", {str(p.id) for p in pair})


async def test_a_wrong_ref2_pays_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payments = [await shop.sell(ref1="INV1", ref2="A"), await shop.sell(ref1="INV2")]
    for ref1 in ("INV1", "INV2"):
        assert (await shop.hears(ref1=ref1, ref2="X")).word == "ORPHAN"
    assert [await facts(ctx, p) for p in payments] == [OPEN, OPEN]
    await assert_balanced(ctx)


async def test_a_bill_payment_is_never_found_by_its_amount_alone(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    assert (await shop.hears()).word == "REVIEW"
    assert await facts(ctx, payment) == OPEN
    assert await reviews(ctx) == [Review("REFERENCE_MISSING", None, False, (str(payment.id),))]
    assert await booked(ctx) == [("credit.parked", PARKED_LINES)]
    await assert_balanced(ctx)


async def test_an_unknown_reference_is_not_overruled_by_an_amount_that_is_held(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    assert (await shop.hears(ref1="WHAT")).word == "REVIEW"
    assert await facts(ctx, payment) == OPEN
    assert await reviews(ctx) == [Review("UNKNOWN_REFERENCE", None, False, (str(payment.id),))]


async def test_backlogged_money_finds_its_bill_payment_behind_many_later_ones_of_one_ref1(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    old = await shop.sell(ref1="SHOP")
    await shift(ctx, old, 100 * MINUTE)
    for _ in range(21):
        await shop.sell(ref1="SHOP")
    assert (await shop.hears(at=now() - 95 * MINUTE, ref1="SHOP")).payment_id == old.id


# ---------------------------------------------------------------------------------------------- one credit, told twice


async def test_another_channels_tale_without_a_reference_joins_the_credit(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    seen = shop.says()
    await evidence.record(ctx, seen)
    for minutes in (9, -9):
        other = shop.says(source_id=uuid4(), at=seen.occurred_at + minutes * MINUTE, reference=None, rank="C")
        for _ in range(2):
            assert await evidence.record(ctx, other) == evidence.Outcome(evidence.Word.DUPLICATE, payment.id)
    assert len(await credits(ctx)) == 1
    assert len(await sql(ctx, "SELECT 1 FROM observations")) == 3
    await assert_balanced(ctx)


async def test_better_evidence_raises_the_rank_of_settled_money_and_brings_its_reference(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    notice = shop.says(reference=None, rank="C")
    await evidence.record(ctx, notice)
    slip = shop.says(source_id=uuid4(), at=notice.occurred_at, rank="B")
    assert await evidence.record(ctx, slip) == evidence.Outcome(evidence.Word.DUPLICATE, payment.id)
    assert [row["rank"] for row in await sql(ctx, "SELECT rank FROM credits")] == ["B"]
    [settled] = await sql(ctx, "SELECT recorded_at = settled_at AS at_once FROM credits")
    assert settled["at_once"]
    worse = shop.says(source_id=uuid4(), at=notice.occurred_at, reference=None, rank="D")
    assert (await evidence.record(ctx, worse)).word == "DUPLICATE"
    assert [row["rank"] for row in await sql(ctx, "SELECT rank FROM credits")] == ["B"]
    assert [row["ref"] for row in await sql(ctx, "SELECT ref FROM credit_refs")] == [slip.reference]
    await assert_balanced(ctx)


async def test_one_channel_tells_each_credit_once_so_two_tales_are_two_credits(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.sell()
    source = uuid4()
    assert (await shop.hears(source_id=source, reference=None)).word == "PAID"
    assert (await shop.hears(source_id=source, reference=None)).word == "ORPHAN"
    await assert_balanced(ctx)


async def test_different_references_or_balances_are_different_credits(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.sell()
    assert (await shop.hears(balance_satang=100_000)).word == "PAID"
    assert (await shop.hears(source_id=uuid4())).word == "ORPHAN"
    assert (await shop.hears(source_id=uuid4(), reference=None, balance_satang=200_000)).word != "DUPLICATE"
    await assert_balanced(ctx)


async def test_tales_of_two_bills_are_two_credits(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    pair = [await shop.sell(ref1="INV1"), await shop.sell(ref1="INV2")]
    for payment in pair:
        outcome = await shop.hears(source_id=uuid4(), reference=None, ref1=payment.ref1)
        assert outcome == evidence.Outcome(evidence.Word.PAID, payment.id)
    await assert_balanced(ctx)


async def test_what_a_person_closed_the_same_words_do_not_reopen(ctx: Context) -> None:
    shop = await open_shop(ctx)
    seen = shop.says()
    await evidence.record(ctx, seen)
    await sql(ctx, "UPDATE reviews SET closed_at = now(), resolution = 'refund', resolved_by = 'somebody'")
    assert (await evidence.record(ctx, seen)).word == "ORPHAN"
    assert await reviews(ctx) == [Review("ORPHAN", "refund", False, ())]


async def test_what_may_be_another_tale_of_one_of_two_credits_is_kept_unbooked_for_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shop.hears()
    await shop.hears()
    before = await booked(ctx)
    doubtful = shop.says(source_id=uuid4(), reference=None, rank="C")
    for _ in range(2):
        assert (await evidence.record(ctx, doubtful)).word == "REVIEW"
    assert [state for state, _, _ in await credits(ctx)] == ["SETTLED", "UNASSIGNED", "POSSIBLE_DUPLICATE"]
    assert await booked(ctx) == before
    assert [r.reason for r in await reviews(ctx)] == ["ALREADY_PAID", "POSSIBLE_DUPLICATE"]
    assert await facts(ctx, payment) == replace(PAID, events=(*PAID.events, HELD))
    await assert_balanced(ctx)


async def test_a_repeated_tale_is_known_however_many_equal_credits_came_around_it(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    start = now()
    tales = [shop.says(at=start + n * SECOND, reference=None, rank="C") for n in range(25)]
    for tale in tales:
        await evidence.record(ctx, tale)
    await shop.sell()
    assert len(await credits(ctx)) == 25
    for tale in tales:
        await evidence.record(ctx, tale)
    assert len(await credits(ctx)) == 25
    other = uuid4()
    await evidence.record(ctx, shop.says(at=start + 30 * SECOND, reference=None, rank="C", source_id=other))
    assert [state for state, _, _ in await credits(ctx)].count("POSSIBLE_DUPLICATE") == 1
    await assert_balanced(ctx)
