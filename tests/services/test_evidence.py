"""The only door to PAID, row by row of the policy table (facts/matching.md section 8) on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from paygate.core.errors import Unavailable
from paygate.core.payments import QUARANTINE_OTHER, QUARANTINE_PAID, Payment
from paygate.db.pool import Database
from paygate.services import evidence, payments
from paygate.services.context import Context
from tests.services.helpers import (
    CANCELLED,
    CREATED,
    EXPIRED,
    MINUTE,
    PAID_LINES,
    PARKED_LINES,
    PRICE,
    SECOND,
    SUCCESS,
    Facts,
    Review,
    assert_balanced,
    booked,
    credits,
    facts,
    now,
    open_account,
    open_shop,
    reviews,
    says,
    shift,
    sql,
)

OPEN = Facts("PENDING", None, None, (CREATED,), QUARANTINE_OTHER)
PAID = Facts("PAID", None, PRICE, (CREATED, SUCCESS), QUARANTINE_PAID)


@pytest.fixture
async def crowd(ctx: Context, dsn: str) -> AsyncIterator[Context]:
    """The same database with twenty connections."""
    db = await Database.open(dsn, size=20)
    yield Context(db, ctx.key, ctx.public_url)
    await db.close()


async def expire(ctx: Context, payment: Payment, *, swept: bool = True, ago: timedelta = 5 * MINUTE) -> None:
    """Its deadline was *ago*."""
    await shift(ctx, payment, payment.expires_at - payment.created_at + ago)
    if swept:
        await payments.expire(ctx)


async def since(ctx: Context, payment: Payment) -> timedelta:
    """How much longer than now its amount is held."""
    [row] = await sql(
        ctx, "SELECT until_at - clock_timestamp() AS rest FROM reservations WHERE payment_id = $1", payment.id
    )
    rest: timedelta = row["rest"]
    return rest


# ---------------------------------------------------------------------------------------------- paid


async def test_exact_money_in_time_pays(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    assert await facts(ctx, payment) == OPEN
    at = now()
    assert await shop.hears(at=at) == evidence.Outcome(evidence.Word.PAID, payment.id)
    assert await facts(ctx, payment) == PAID
    assert (await shop.get(payment)).paid_at == at
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    assert await credits(ctx) == [("SETTLED", None, payment.id)]
    assert await reviews(ctx) == []
    await assert_balanced(ctx)


async def test_exact_money_pays_a_direct_merchant_and_only_the_fee_is_booked(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="pro")
    payment = await shop.sell()
    assert (await shop.hears()).word == "PAID"
    assert await facts(ctx, payment) == PAID
    assert await booked(ctx) == [("payment.paid", {"receivable": 300, "fee_revenue": -300})]
    await assert_balanced(ctx)


async def test_a_direct_merchant_without_a_fee_has_nothing_in_the_books(ctx: Context) -> None:
    ctx.plan_fee_bps["pro"] = 0
    shop = await open_shop(ctx, plan="pro")
    payment = await shop.sell()
    assert (await shop.hears()).word == "PAID"
    assert await facts(ctx, payment) == PAID
    assert await booked(ctx) == []
    await assert_balanced(ctx)


async def test_the_success_event_tells_what_receivers_need(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell(order_id="ORD-1", metadata='{"a":1}')
    await shop.hears()
    [row] = await sql(ctx, "SELECT id, body FROM events WHERE type = 'payment.success'")
    body = json.loads(row["body"])
    assert body["event"] == "payment.success"
    assert body["data"]["transactionId"] == str(payment.id)
    assert (body["data"]["amount"], body["data"]["fee"], body["data"]["netAmount"]) == (150, 4.5, 145.5)
    assert (body["data"]["status"], body["data"]["sequence"]) == ("PAID", 2)
    assert body["data"]["metadata"] == {"a": 1}


@pytest.mark.parametrize("reference", ["new", None], ids=["with a reference", "without one"])
async def test_the_same_evidence_again_changes_nothing(ctx: Context, reference: str | None) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    seen = shop.says(reference=reference)
    assert (await evidence.record(ctx, seen)).word == "PAID"
    for _ in range(3):
        assert await evidence.record(ctx, seen) == evidence.Outcome(evidence.Word.DUPLICATE, payment.id)
    assert await facts(ctx, payment) == PAID
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    assert len(await sql(ctx, "SELECT 1 FROM observations")) == 1
    await assert_balanced(ctx)


async def test_a_reference_that_paid_one_payment_never_pays_another_of_the_same_amount(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first = await shop.sell()
    seen = shop.says()
    await evidence.record(ctx, seen)
    await shift(ctx, first, 20 * MINUTE)
    second = await shop.sell()
    assert second.payable_satang == first.payable_satang
    assert await evidence.record(ctx, seen) == evidence.Outcome(evidence.Word.DUPLICATE, first.id)
    assert await facts(ctx, second) == OPEN
    await assert_balanced(ctx)


async def test_a_reference_reused_for_other_facts_raises_an_alarm_and_pays_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first, second = await shop.sell(), await shop.sell(20_000)
    seen = shop.says()
    await evidence.record(ctx, seen)
    for _ in range(2):
        assert (await shop.hears(20_000, reference=seen.reference)).word == "REVIEW"
    assert (await shop.hears(at=now() + 11 * MINUTE, reference=seen.reference)).word == "REVIEW"
    assert await facts(ctx, first) == PAID
    assert await facts(ctx, second) == OPEN
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    assert await reviews(ctx) == [Review("REFERENCE_CONFLICT", None, True, ())]
    await assert_balanced(ctx)


async def test_a_reference_said_with_other_bill_references_raises_an_alarm(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    seen = shop.says(ref1="OTHER")
    assert (await evidence.record(ctx, seen)).word == "ORPHAN"
    assert (await shop.hears(at=seen.occurred_at, reference=seen.reference, ref1="INV1")).word == "REVIEW"
    assert (await facts(ctx, payment)).status == "PENDING"
    assert ("REFERENCE_CONFLICT", True) in {(r.reason, r.alarm) for r in await reviews(ctx)}
    await assert_balanced(ctx)


async def test_an_alarm_stays_open_until_a_person_closes_it(ctx: Context) -> None:
    shop = await open_shop(ctx)
    seen = shop.says()
    await evidence.record(ctx, seen)
    await shop.hears(777, reference=seen.reference)
    await evidence.record(ctx, seen)
    assert {(r.reason, r.resolution) for r in await reviews(ctx)} == {("ORPHAN", None), ("REFERENCE_CONFLICT", None)}
    payment = await shop.sell()
    assert (await shop.get(payment)).status == "PAID"
    assert {(r.reason, r.resolution) for r in await reviews(ctx)} == {
        ("ORPHAN", "settled"),
        ("REFERENCE_CONFLICT", None),
    }


async def test_a_host_wide_reference_of_anothers_credit_is_told_to_the_one_who_was_told_it(ctx: Context) -> None:
    one, other = await open_shop(ctx, plan="pro"), await open_shop(ctx, plan="pro")
    first, second = await one.sell(), await other.sell()
    seen = one.says(trust="host")
    assert (await evidence.record(ctx, seen)).word == "PAID"
    again = other.says(trust="host", reference=seen.reference)
    for _ in range(2):
        assert (await evidence.record(ctx, again)).word == "REVIEW"
    assert (await facts(ctx, first), await facts(ctx, second)) == (PAID, OPEN)
    rows = await sql(ctx, "SELECT merchant_id, reason, alarm, credit_id FROM reviews")
    assert [tuple(row) for row in rows] == [(other.principal.merchant_id, "REFERENCE_CONFLICT", True, None)]
    await assert_balanced(ctx)


async def test_the_same_reference_from_another_bank_or_under_another_trust_is_another_reference(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first = await shop.sell()
    seen = shop.says()
    await evidence.record(ctx, seen)
    await shift(ctx, first, 60 * MINUTE)
    second = await shop.sell()
    assert (await shop.hears(reference=seen.reference, namespace="bank:004")).payment_id == second.id
    await shift(ctx, second, 20 * MINUTE)
    third = await shop.sell()
    assert (await shop.hears(reference=str(seen.reference).upper())).payment_id == third.id  # Case matters.
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- whose


async def test_backlogged_news_pays_the_one_who_held_the_amount_when_the_money_moved(ctx: Context) -> None:
    shop = await open_shop(ctx)
    old = await shop.sell()
    await shift(ctx, old, 90 * MINUTE)  # Its deadline and its quarantine are over.
    new = await shop.sell()
    assert new.payable_satang == old.payable_satang
    assert (await shop.hears(at=now() - 85 * MINUTE)).payment_id == old.id
    paid = await facts(ctx, old)
    assert (paid.status, paid.exception, paid.events) == ("PAID", None, (CREATED, SUCCESS))
    assert await facts(ctx, new) == OPEN
    assert (await shop.hears()).payment_id == new.id
    assert await facts(ctx, new) == PAID
    [slot] = await sql(ctx, "SELECT payment_id FROM slots WHERE payment_id IS NOT NULL")
    assert slot["payment_id"] == new.id
    await assert_balanced(ctx)


async def test_money_is_the_holders_up_to_the_last_instant_of_the_quarantine(ctx: Context) -> None:
    shop = await open_shop(ctx)
    old = await shop.sell()
    await shift(ctx, old, 75 * MINUTE + 30 * SECOND)  # Free for half a minute.
    new = await shop.sell()
    assert (await shop.hears(at=now() - 31 * SECOND)).payment_id == old.id
    assert (await facts(ctx, old)).exception == "LATE"
    assert (await shop.hears(at=now() - 29 * SECOND)).payment_id == new.id  # Skew: nobody held it then.
    await assert_balanced(ctx)


async def test_money_that_moved_within_the_skew_before_the_payment_was_made_is_its(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    assert (await shop.hears(at=payment.created_at - 119 * SECOND)).payment_id == payment.id
    assert await facts(ctx, payment) == PAID


async def test_stale_money_that_moved_before_the_payment_is_an_orphan(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    assert await shop.hears(at=payment.created_at - 121 * SECOND) == evidence.Outcome(evidence.Word.ORPHAN)
    assert await facts(ctx, payment) == OPEN
    assert await booked(ctx) == [("credit.parked", PARKED_LINES)]
    assert await reviews(ctx) == [Review("ORPHAN", None, False, ())]
    await assert_balanced(ctx)


async def test_stale_money_with_the_payments_reference_waits_for_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    assert (await shop.hears(at=payment.created_at - 121 * SECOND, ref1="INV1")).word == "REVIEW"
    assert await facts(ctx, payment) == OPEN
    assert await reviews(ctx) == [Review("STALE", None, False, (str(payment.id),))]
    await assert_balanced(ctx)


async def test_money_for_one_account_is_not_for_the_same_amount_on_another(ctx: Context) -> None:
    shop = await open_shop(ctx)
    elsewhere = await open_account(ctx, 0)
    payment = await shop.sell()
    outcome = await evidence.record(ctx, says(elsewhere, uuid4(), PRICE))
    assert outcome.word == "ORPHAN"
    assert await facts(ctx, payment) == OPEN
    await assert_balanced(ctx)


async def test_a_bill_reference_on_the_wrong_account_waits_for_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    elsewhere = await open_account(ctx, 0, biller=True)
    payment = await shop.sell(ref1="INV1")
    outcome = await evidence.record(ctx, says(elsewhere, uuid4(), PRICE, ref1="INV1"))
    assert outcome == evidence.Outcome(evidence.Word.REVIEW, payment.id)
    assert await facts(ctx, payment) == OPEN
    assert await reviews(ctx) == [Review("WRONG_ACCOUNT", None, False, (str(payment.id),))]
    await assert_balanced(ctx)


async def test_evidence_for_one_owners_account_never_pays_another_owners_payment(ctx: Context) -> None:
    victim, attacker = await open_shop(ctx, plan="pro"), await open_shop(ctx, plan="pro")
    bill = await open_shop(ctx, plan="pro", biller=True)
    payment, referenced = await victim.sell(), await bill.sell(ref1="INV1")
    mine = attacker.account
    own = says(mine, uuid4(), PRICE, ref1="INV1")
    assert (await evidence.record(ctx, own)).word == "ORPHAN"
    # Even a source of the attacker that names the victim's account.
    forged = says(
        victim.account, uuid4(), PRICE, merchant_id=attacker.principal.merchant_id, trust=str(mine.receiving_id)
    )
    assert (await evidence.record(ctx, forged)).word == "ORPHAN"
    assert await facts(ctx, payment) == OPEN
    assert await facts(ctx, referenced) == OPEN
    central = await open_shop(ctx)
    theirs = await central.sell()
    forged = says(
        central.account, uuid4(), PRICE, merchant_id=attacker.principal.merchant_id, trust=str(mine.receiving_id)
    )
    assert (await evidence.record(ctx, forged)).word == "ORPHAN"
    assert await facts(ctx, theirs) == OPEN
    assert {row["merchant_id"] for row in await sql(ctx, "SELECT merchant_id FROM reviews")} == {
        attacker.principal.merchant_id
    }
    assert await booked(ctx) == []
    await assert_balanced(ctx)


async def test_test_money_never_pays_a_live_payment_nor_the_other_way(ctx: Context) -> None:
    live = await open_shop(ctx)
    test = await open_shop(ctx, mode="test")
    real, played = await live.sell(), await test.sell()
    crossed = says(live.account, uuid4(), PRICE, "test")
    assert (await evidence.record(ctx, crossed)).word == "ORPHAN"
    assert (await facts(ctx, real), await facts(ctx, played)) == (OPEN, OPEN)
    assert (await test.hears()).payment_id == played.id
    assert (await facts(ctx, real), await facts(ctx, played)) == (OPEN, PAID)
    assert {row["mode"] for row in await sql(ctx, "SELECT mode FROM entries")} == {"test"}
    await assert_balanced(ctx)


async def test_an_open_payment_of_a_suspended_merchant_can_still_be_paid(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await sql(ctx, "UPDATE merchants SET status = 'SUSPENDED' WHERE merchant_id = $1", shop.principal.merchant_id)
    assert (await shop.hears()).word == "PAID"
    assert await facts(ctx, payment) == PAID


async def test_a_payment_on_a_retired_account_can_still_be_paid(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await sql(ctx, "UPDATE accounts SET retired_at = now() WHERE id = $1", shop.account.id)
    assert (await shop.hears()).word == "PAID"
    assert await facts(ctx, payment) == PAID


async def test_money_of_the_future_raises_an_alarm(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    assert (await shop.hears(at=now() + 3 * MINUTE)).word == "REVIEW"
    assert await facts(ctx, payment) == OPEN
    assert await reviews(ctx) == [Review("IN_FUTURE", None, True, (str(payment.id),))]
    assert await booked(ctx) == [("credit.parked", PARKED_LINES)]
    assert (await shop.hears(at=now() + MINUTE)).word == "PAID"
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- how much


async def test_an_amount_that_nobody_holds_is_an_orphan(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    for amount in (PRICE - 1, PRICE + 1):
        assert (await shop.hears(amount)).word == "ORPHAN"
    assert await facts(ctx, payment) == OPEN
    assert [r.reason for r in await reviews(ctx)] == ["ORPHAN", "ORPHAN"]
    await assert_balanced(ctx)


async def test_too_little_under_the_payments_reference_is_shown_and_the_whole_still_pays(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    seen = shop.says(10_000, ref1="INV1")
    for _ in range(2):
        assert await evidence.record(ctx, seen) == evidence.Outcome(evidence.Word.REVIEW, payment.id)
    assert await facts(ctx, payment) == Facts("PENDING", "UNDERPAID", 10_000, (CREATED,), QUARANTINE_OTHER)
    assert (await shop.get(payment)).sequence == 2
    assert await reviews(ctx) == [Review("UNDERPAID", None, False, (str(payment.id),))]
    parked = ("credit.parked", {"bank_central": 10_000, "suspense": -10_000})
    assert await booked(ctx) == [parked]
    await assert_balanced(ctx)
    assert (await shop.hears(ref1="INV1")).word == "PAID"
    assert await facts(ctx, payment) == PAID
    assert await booked(ctx) == [parked, ("payment.paid", PAID_LINES)]
    assert await reviews(ctx) == [Review("UNDERPAID", None, False, (str(payment.id),))]
    await assert_balanced(ctx)


async def test_too_much_waits_for_a_person_when_the_merchant_wants_to_be_asked(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    assert await shop.hears(20_000, ref1="INV1") == evidence.Outcome(evidence.Word.REVIEW, payment.id)
    assert await facts(ctx, payment) == Facts("PENDING", "OVERPAID", 20_000, (CREATED,), QUARANTINE_OTHER)
    assert await reviews(ctx) == [Review("OVERPAID", None, False, (str(payment.id),))]
    assert await booked(ctx) == [("credit.parked", {"bank_central": 20_000, "suspense": -20_000})]
    await assert_balanced(ctx)


async def test_too_much_pays_when_the_merchant_accepts_it_and_the_rest_is_kept_aside(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True, overpay="accept")
    payment = await shop.sell(ref1="INV1")
    assert await shop.hears(20_000, ref1="INV1") == evidence.Outcome(evidence.Word.PAID, payment.id)
    assert await facts(ctx, payment) == Facts("PAID", "OVERPAID", 20_000, (CREATED, SUCCESS), QUARANTINE_PAID)
    lines = {"bank_central": 20_000, "suspense": -5_000, "payable": -14_550, "fee_revenue": -450}
    assert await booked(ctx) == [("payment.paid", lines)]
    assert await reviews(ctx) == []
    await assert_balanced(ctx)


async def test_too_much_that_was_parked_pays_later_and_the_rest_stays_in_suspense(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True, overpay="accept")
    seen = shop.says(20_000, ref1="INV1")
    assert (await evidence.record(ctx, seen)).word == "ORPHAN"
    payment = await shop.sell(ref1="INV1")
    assert await evidence.record(ctx, seen) == evidence.Outcome(evidence.Word.PAID, payment.id)
    assert await booked(ctx) == [
        ("credit.parked", {"bank_central": 20_000, "suspense": -20_000}),
        ("payment.paid", {"suspense": 15_000, "payable": -14_550, "fee_revenue": -450}),
    ]
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- when


@pytest.mark.parametrize("swept", [True, False], ids=["announced", "not yet announced"])
async def test_late_money_within_the_grace_pays(ctx: Context, swept: bool) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await expire(ctx, payment, swept=swept, ago=50 * MINUTE)
    assert (await shop.get(payment)).status == "EXPIRED"
    assert (await shop.hears()).payment_id == payment.id
    paid = await facts(ctx, payment)
    assert (paid.status, paid.exception) == ("PAID", "LATE")
    assert paid.events == ((CREATED, EXPIRED, SUCCESS) if swept else (CREATED, SUCCESS))
    assert QUARANTINE_PAID - MINUTE < await since(ctx, payment) <= QUARANTINE_PAID
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    assert await reviews(ctx) == []
    assert await payments.expire(ctx) == 0
    await assert_balanced(ctx)


async def test_money_that_moved_in_time_is_not_late_when_the_news_is(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await expire(ctx, payment)
    assert (await shop.hears(at=now() - 6 * MINUTE)).payment_id == payment.id
    assert (await facts(ctx, payment)).exception is None


async def test_money_beyond_the_grace_is_an_orphan(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await expire(ctx, payment, ago=61 * MINUTE)
    assert (await shop.hears()).word == "ORPHAN"
    assert (await facts(ctx, payment)).status == "EXPIRED"
    assert await reviews(ctx) == [Review("ORPHAN", None, False, ())]
    await assert_balanced(ctx)


async def test_money_beyond_the_grace_with_the_payments_reference_waits_for_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    await expire(ctx, payment, ago=61 * MINUTE)
    assert (await shop.hears(ref1="INV1")).word == "REVIEW"
    assert (await facts(ctx, payment)).status == "EXPIRED"
    assert await reviews(ctx) == [Review("TOO_LATE", None, False, (str(payment.id),))]
    await assert_balanced(ctx)


async def test_money_for_a_cancelled_payment_waits_for_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shop.cancel(payment)
    assert await shop.hears() == evidence.Outcome(evidence.Word.REVIEW, payment.id)
    assert await facts(ctx, payment) == Facts("CANCELLED", None, None, (CREATED, CANCELLED), QUARANTINE_OTHER)
    assert await reviews(ctx) == [Review("CANCELLED", None, False, (str(payment.id),))]
    assert await booked(ctx) == [("credit.parked", PARKED_LINES)]
    await assert_balanced(ctx)


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
    assert await facts(ctx, payment) == PAID
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
    shop = await open_shop(ctx, tagging="off")
    pair = [await shop.sell(), await shop.sell()]
    seen = shop.says()
    assert (await evidence.record(ctx, seen)).word == "REVIEW"
    await shop.cancel(pair[0])
    assert await evidence.record(ctx, seen) == evidence.Outcome(evidence.Word.PAID, pair[1].id)
    assert await facts(ctx, pair[1]) == PAID
    [review] = await reviews(ctx)
    assert (review.reason, review.resolution) == ("AMBIGUOUS", "settled")
    assert [kind for kind, _ in await booked(ctx)] == ["credit.parked", "payment.paid"]
    await assert_balanced(ctx)


async def test_later_evidence_with_the_missing_reference_resolves_an_orphan(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1", ref2="A")
    notice = shop.says(reference=None, rank="C")
    assert (await evidence.record(ctx, notice)).word == "ORPHAN"
    inquiry = shop.says(source_id=uuid4(), at=notice.occurred_at + MINUTE, ref1="INV1", ref2="A")
    assert await evidence.record(ctx, inquiry) == evidence.Outcome(evidence.Word.PAID, payment.id)
    assert await credits(ctx) == [("SETTLED", None, payment.id)]
    [row] = await sql(ctx, "SELECT rank, ref1, ref2 FROM credits")
    assert tuple(row) == ("A", "INV1", "A")
    await assert_balanced(ctx)


async def test_a_payment_is_made_even_if_deciding_a_fitting_credit_again_fails(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.hears(at=now() - MINUTE)
    await sql(
        ctx,
        """CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '57P01'; END $$""",
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
    assert (await shop.hears()).word == "ORPHAN"
    assert await facts(ctx, payment) == OPEN


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
    assert await facts(ctx, payment) == PAID
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


# ---------------------------------------------------------------------------------------------- at once


async def test_fifty_identical_credits_at_once_pay_once(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    payment = await shop.sell()
    seen = shop.says()
    outcomes = await asyncio.gather(*(evidence.record(crowd, seen) for _ in range(50)))
    assert sorted({o.word for o in outcomes}) == ["DUPLICATE", "PAID"]
    assert sum(o.word == "PAID" for o in outcomes) == 1
    assert {o.payment_id for o in outcomes} == {payment.id}
    assert await facts(ctx, payment) == PAID
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    await assert_balanced(ctx)


async def test_fifty_different_credits_at_once_pay_once(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    payment = await shop.sell()
    outcomes = await asyncio.gather(*(shop.hears() for _ in range(50)))
    assert sorted(o.word for o in outcomes) == ["ORPHAN"] * 49 + ["PAID"]
    assert await facts(ctx, payment) == PAID
    assert len(await booked(ctx)) == 50
    await assert_balanced(ctx)


async def test_one_reference_with_fifty_amounts_at_once_pays_one_payment(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    sold = [await shop.sell(PRICE + 100 * n) for n in range(50)]
    outcomes = await asyncio.gather(*(shop.hears(p.payable_satang, reference="SAME") for p in sold))
    assert sorted(o.word for o in outcomes) == ["PAID"] + ["REVIEW"] * 49
    assert [(await facts(ctx, p)).status for p in sold].count("PAID") == 1
    await assert_balanced(ctx)


async def test_fifty_amounts_at_once_under_one_bill_reference_pay_once(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd, biller=True, overpay="accept")
    payment = await shop.sell(ref1="INV1")
    outcomes = await asyncio.gather(*(shop.hears(PRICE + n - 25, ref1="INV1") for n in range(50)))
    assert [o.word for o in outcomes].count("PAID") == 1
    assert (await facts(ctx, payment)).status == "PAID"
    await assert_balanced(ctx)


@pytest.mark.parametrize("biller", [False, True], ids=["by amount", "by reference"])
async def test_a_credit_racing_a_cancel_pays_or_waits_for_a_person(ctx: Context, crowd: Context, biller: bool) -> None:
    shop = await open_shop(crowd, biller=biller, overpay="accept")
    for turn in range(20):
        ref = {"ref1": f"INV{turn}"} if biller else {}
        payment = await shop.sell(PRICE + 100 * turn, **ref)
        amount = payment.payable_satang + (7 if biller and turn % 2 else 0)  # A larger amount is another lock.
        both = (shop.hears(amount, **ref), shop.cancel(payment))
        credit, cancelled = await asyncio.gather(*(both if turn % 2 else reversed(both)), return_exceptions=True)
        if not turn % 2:
            credit, cancelled = cancelled, credit
        status = (await facts(ctx, payment)).status
        assert isinstance(credit, evidence.Outcome)
        assert (credit.word, status) in {("PAID", "PAID"), ("REVIEW", "CANCELLED")}
        assert isinstance(cancelled, payments.Done) == (status == "CANCELLED")
    await assert_balanced(ctx)


async def test_a_credit_racing_the_sweeper_pays(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    for turn in range(20):
        payment = await shop.sell(PRICE + 100 * turn)
        await shift(ctx, payment, 16 * MINUTE)
        _, outcome, _ = await asyncio.gather(
            payments.expire(crowd), shop.hears(payment.payable_satang), payments.expire(crowd)
        )
        assert outcome == evidence.Outcome(evidence.Word.PAID, payment.id)
        after = await facts(ctx, payment)
        assert (after.status, after.exception) == ("PAID", "LATE")
        assert [kind for kind, _ in after.events].count("payment.expired") <= 1
    await assert_balanced(ctx)


@pytest.mark.parametrize("tagging", ["auto", "off", "bill"])
async def test_a_credit_racing_its_payments_creation_is_never_left_an_orphan(
    ctx: Context, crowd: Context, tagging: str
) -> None:
    bill = tagging == "bill"
    shop = await open_shop(crowd, tagging="auto" if bill else tagging, biller=bill)
    for turn in range(30):
        ref = {"ref1": f"INV{turn}"} if bill else {}
        amount = PRICE + 100 * turn
        if turn % 3:
            await sql(ctx, "INSERT INTO slots VALUES ('live', $1, $2)", shop.account.receiving_id, amount)
        payment, _ = await asyncio.gather(shop.sell(amount, **ref), shop.hears(amount, **ref))
        assert payment.payable_satang == amount
        assert (await facts(ctx, payment)).status == "PAID", turn
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- cut anywhere


async def test_a_transaction_cut_anywhere_is_whole_or_not_there(ctx: Context, dsn: str) -> None:
    """Its own connection is killed while it works; then the evidence comes again."""
    shop = await open_shop(ctx)
    chance = random.Random(7)
    dying = Context(await Database.open(dsn, size=1), ctx.key, ctx.public_url)
    cut = 0
    for turn in range(40):
        payment = await shop.sell(PRICE + 100 * turn)
        seen = shop.says(payment.payable_satang)
        pid = await _pid(dying)
        work = asyncio.create_task(evidence.record(dying, seen))
        await asyncio.sleep(chance.random() * 0.02)
        await sql(ctx, "SELECT pg_terminate_backend($1)", pid)
        try:
            await work
        except Unavailable:
            cut += 1
        after = await facts(ctx, payment)
        journals = await sql(ctx, "SELECT 1 FROM journals WHERE subject_id = $1", payment.id)
        heard = await sql(ctx, "SELECT 1 FROM observations WHERE digest = $1", seen.digest)
        whole = after.status == "PAID"
        assert (len(after.events), len(journals), len(heard)) == ((2, 1, 1) if whole else (1, 0, 0))
        outcome = await evidence.record(ctx, seen)
        assert outcome == evidence.Outcome(evidence.Word.DUPLICATE if whole else evidence.Word.PAID, payment.id)
        assert (await facts(ctx, payment)).events == (CREATED, SUCCESS)
    await dying.db.close()
    assert cut > 5
    await assert_balanced(ctx)


async def _pid(ctx: Context) -> int:
    while True:
        try:
            [row] = await sql(ctx, "SELECT pg_backend_pid() AS pid")
        except Unavailable:  # The connection that was killed last.
            continue
        return int(row["pid"])


class Mortal:
    """A real connection that breaks in place of its question number *life* + 1."""

    def __init__(self, conn: Any, life: int) -> None:
        self.conn, self.life = conn, life

    def __getattr__(self, name: str) -> Any:
        self.live()
        return getattr(self.conn, name)

    def live(self) -> None:
        if self.life == 0:
            self.conn.terminate()
        self.life -= 1


@pytest.mark.parametrize("life", range(5))
async def test_a_process_that_dies_between_two_questions_leaves_nothing(ctx: Context, life: int) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    seen = shop.says()

    class Dying:
        async def transaction(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
            async def cut_short(conn: Any) -> Any:
                mortal = Mortal(conn, life)
                result = await work(mortal)
                mortal.live()  # In place of COMMIT.
                return result

            return await ctx.db.transaction(cut_short)

    with pytest.raises(Unavailable):
        await evidence.record(Context(Dying(), ctx.key, ctx.public_url), seen)  # type: ignore[arg-type]
    assert await facts(ctx, payment) == OPEN
    assert await credits(ctx) == []
    assert await booked(ctx) == []
    assert (await evidence.record(ctx, seen)).word == "PAID"
    assert await facts(ctx, payment) == PAID
    await assert_balanced(ctx)
