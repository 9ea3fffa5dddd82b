"""The only door to PAID, row by row of the policy table (facts/matching.md section 8) on a real PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import uuid4

import pytest

from paygate.core.payments import QUARANTINE_OTHER, QUARANTINE_PAID
from paygate.services import evidence, payments
from paygate.services.context import Context
from tests.services.helpers import (
    CANCELLED,
    CREATED,
    EXPIRED,
    HELD,
    MINUTE,
    OPEN,
    PAID,
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
    expire,
    facts,
    now,
    open_account,
    open_shop,
    reviews,
    says,
    shift,
    since,
    sql,
)

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
    for other in (shop.says(20_000, reference=seen.reference), shop.says(30_000, reference=seen.reference)):
        for _ in range(2):  # Said again it is no news.
            assert (await evidence.record(ctx, other)).word == "REVIEW"
    assert (await shop.hears(at=now() + 11 * MINUTE, reference=seen.reference)).word == "REVIEW"
    assert await facts(ctx, first) == PAID
    assert await facts(ctx, second) == OPEN
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    assert await reviews(ctx) == [Review("REFERENCE_CONFLICT", None, True, ())] * 3
    told = [row["detail"] for row in await sql(ctx, "SELECT detail FROM reviews ORDER BY opened_at")]
    assert ["20000 satang" in told[0], "30000 satang" in told[1], "15000 satang" in told[2]] == [True] * 3
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
    await shift(ctx, old, 77 * MINUTE + 30 * SECOND)  # Its hold ended two and a half minutes ago.
    new = await shop.sell()
    assert new.payable_satang == old.payable_satang
    assert (await shop.hears(at=now() - 151 * SECOND)).payment_id == old.id
    assert (await facts(ctx, old)).exception == "LATE"
    assert (await shop.hears(at=now() - 140 * SECOND)).word == "ORPHAN"  # Nobody's: no skew reaches so far.
    assert (await shop.hears(at=now() - 60 * SECOND)).payment_id == new.id
    await assert_balanced(ctx)


@pytest.mark.parametrize(("how", "minutes"), [("PAID", 10), ("EXPIRED", 75)])
async def test_money_just_after_a_hold_is_never_the_next_holders(ctx: Context, how: str, minutes: int) -> None:
    shop = await open_shop(ctx)
    old = await shop.sell()
    if how == "PAID":
        await shop.hears()
    await shift(ctx, old, minutes * MINUTE + SECOND)  # The hold is over, the bank's clock may not know.
    new = await shop.sell()
    assert new.payable_satang != old.payable_satang
    assert (await shop.hears()).word == "ORPHAN"
    assert await facts(ctx, new) == OPEN
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
    assert await facts(ctx, payment) == Facts("PENDING", "UNDERPAID", 10_000, (CREATED, HELD), QUARANTINE_OTHER)
    assert (await shop.get(payment)).sequence == 2
    assert await reviews(ctx) == [Review("UNDERPAID", None, False, (str(payment.id),))]
    parked = ("credit.parked", {"bank_central": 10_000, "suspense": -10_000})
    assert await booked(ctx) == [parked]
    await assert_balanced(ctx)
    assert (await shop.hears(ref1="INV1")).word == "PAID"
    assert await facts(ctx, payment) == replace(PAID, events=(CREATED, HELD, SUCCESS))
    assert await booked(ctx) == [parked, ("payment.paid", PAID_LINES)]
    assert await reviews(ctx) == [Review("UNDERPAID", None, False, (str(payment.id),))]
    await assert_balanced(ctx)


async def test_too_much_waits_for_a_person_when_the_merchant_wants_to_be_asked(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    assert await shop.hears(20_000, ref1="INV1") == evidence.Outcome(evidence.Word.REVIEW, payment.id)
    assert await facts(ctx, payment) == Facts("PENDING", "OVERPAID", 20_000, (CREATED, HELD), QUARANTINE_OTHER)
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
    assert (await facts(ctx, payment)).exception == "OVERPAID"
    assert await evidence.record(ctx, seen) == evidence.Outcome(evidence.Word.DUPLICATE, payment.id)
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
    # Its hour after the deadline had ten minutes left: as long as the ten after PAID.
    assert QUARANTINE_PAID - MINUTE < await since(ctx, payment) <= QUARANTINE_PAID
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    assert await reviews(ctx) == []
    assert await payments.expire(ctx) == 0
    await assert_balanced(ctx)


@pytest.mark.parametrize("swept", [True, False], ids=["announced", "not yet announced"])
@pytest.mark.parametrize(("ago", "rest"), [(5, 55), (57, 10)], ids=["the hour is longer", "the ten minutes are"])
async def test_a_late_payment_is_held_for_the_later_of_its_two_quarantines(
    ctx: Context, ago: int, rest: int, swept: bool
) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await expire(ctx, payment, swept=swept, ago=ago * MINUTE)
    assert (await shop.hears()).payment_id == payment.id
    assert (rest - 1) * MINUTE < await since(ctx, payment) <= rest * MINUTE
    assert (await shop.hears()).word == "ORPHAN"  # Its second money is nobody else's.


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
    assert await facts(ctx, payment) == Facts("CANCELLED", None, None, (CREATED, CANCELLED, HELD), QUARANTINE_OTHER)
    assert await reviews(ctx) == [Review("CANCELLED", None, False, (str(payment.id),))]
    assert await booked(ctx) == [("credit.parked", PARKED_LINES)]
    await assert_balanced(ctx)
