"""What a person decides: each action with exactly its ledger and events, and refused where it does not fit."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

import emvco
from paygate.core.credits import Channel
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.payments import QUARANTINE_OTHER, Payment
from paygate.core.reviews import Action
from paygate.services import audit, evidence, ledger, reviews
from paygate.services.context import Context
from paygate.services.review_actions import Wish
from paygate.services.reviews import Resolved
from tests.services.helpers import (
    CANCELLED,
    CREATED,
    HELD,
    MINUTE,
    OPEN,
    PAID_LINES,
    PARKED_LINES,
    PRICE,
    SUCCESS,
    Shop,
    assert_balanced,
    booked,
    credits,
    expire,
    facts,
    now,
    open_shop,
    sql,
)

FROM_SUSPENSE = {"suspense": PRICE, "payable": -14_550, "fee_revenue": -450}
RELEASED_LINES = {"bank_central": -PRICE, "suspense": PRICE}
FAILED = ("payment.failed", 1)


async def the_review(ctx: Context, reason: str | None = None) -> UUID:
    """The only open review, or the only one with this reason."""
    [row] = await sql(
        ctx, "SELECT id FROM reviews WHERE closed_at IS NULL AND ($1::text IS NULL OR reason = $1)", reason
    )
    found: UUID = row["id"]
    return found


async def decide(
    ctx: Context,
    action: str,
    payment: Payment | None = None,
    *,
    owner: int = 0,
    review: UUID | None = None,
    **wish: Any,
) -> Resolved:
    """Resolve the only open review."""
    values: dict[str, Any] = {"actor": "cli:somchai", "words": "เห็นในแอปธนาคาร"} | wish
    wanted = Wish(Action(action), payment_id=payment.id if payment else None, **values)
    return await reviews.resolve(ctx, owner, review or await the_review(ctx), wanted)


async def closed(ctx: Context) -> list[tuple[str, str | None, str | None, str | None]]:
    rows = await sql(ctx, "SELECT reason, resolution, resolved_by, resolve_reason FROM reviews ORDER BY opened_at, id")
    return [tuple(row) for row in rows]


async def refused(ctx: Context, action: str, *wish: Any, error: type[Exception] = Conflict, **more: Any) -> str:
    """Refuse it, and change nothing at all. Returns the words."""
    tables = ("payments", "credits", "reviews", "journals", "events", "audit_log", "slips", "observations", "slots")
    state = [await sql(ctx, f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) AS h FROM {t} t") for t in tables]
    with pytest.raises(error) as caught:
        await decide(ctx, action, *wish, **more)
    assert state == [
        await sql(ctx, f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) AS h FROM {t} t") for t in tables
    ]
    return str(caught.value)


async def orphan(shop: Shop, amount_satang: int = PRICE, **facts_: Any) -> UUID:
    """Money that nobody held; the credit's id."""
    outcome = await shop.hears(amount_satang, **facts_)
    assert outcome.credit_id is not None and outcome.word in (evidence.Word.ORPHAN, evidence.Word.REVIEW)
    return outcome.credit_id


async def duplicate(ctx: Context, shop: Shop) -> UUID:
    """Money that may be another channel's tale of one of two credits; the review."""
    await shop.hears()
    await shop.hears()
    await evidence.record(ctx, shop.says(source_id=uuid4(), reference=None, rank="C"))
    return await the_review(ctx, "POSSIBLE_DUPLICATE")


# ---------------------------------------------------------------------------------------------- match


async def test_an_orphan_is_matched_to_an_open_payment_once_and_told(ctx: Context) -> None:
    shop = await open_shop(ctx)
    credit_id = await orphan(shop, at=now() - 30 * MINUTE)
    payment = await shop.sell()
    done = await decide(ctx, "match", payment)
    assert (done.payment_id, done.payment_status, done.credit_ids) == (payment.id, "PAID", (credit_id,))
    after = await facts(ctx, payment)
    assert (after.status, after.exception, after.received) == ("PAID", None, PRICE)
    assert after.events == (CREATED, SUCCESS)
    assert await booked(ctx) == [("credit.parked", PARKED_LINES), ("payment.paid", FROM_SUSPENSE)]
    assert await credits(ctx) == [("SETTLED", None, payment.id)]
    assert await closed(ctx) == [("ORPHAN", "match", "cli:somchai", "เห็นในแอปธนาคาร")]
    [row] = await audit.list_records(ctx, 0, limit=1)
    assert (row.record.actor, row.record.action) == ("cli:somchai", "review.match")
    assert json.loads(row.record.before or "") == {
        "credit": "UNASSIGNED",
        "mode": "live",
        "review": "ORPHAN",
        "sequence": 1,
        "status": "PENDING",
        "transactionId": str(payment.id),
    }
    said = json.loads(row.record.after or "")
    assert (said["credit"], said["status"], said["reason"]) == ("SETTLED", "PAID", "เห็นในแอปธนาคาร")
    assert (await audit.verify(ctx)).whole
    await assert_balanced(ctx)


async def test_an_expired_payment_is_paid_late_by_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await expire(ctx, payment, ago=120 * MINUTE)
    await orphan(shop)
    await decide(ctx, "match", payment)
    after = await facts(ctx, payment)
    assert (after.status, after.exception) == ("PAID", "LATE")
    assert [kind for kind, _ in after.events] == ["payment.created", "payment.expired", "payment.success"]
    await assert_balanced(ctx)


async def test_money_of_a_direct_merchant_is_matched_by_the_merchant_and_books_the_fee_only(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="pro")
    await orphan(shop, at=now() - 30 * MINUTE)
    payment = await shop.sell()
    review = await the_review(ctx)
    with pytest.raises(NotFound):
        await decide(ctx, "match", payment, owner=0)
    await decide(ctx, "match", payment, owner=shop.principal.merchant_id, review=review)
    assert await booked(ctx) == [("payment.paid", {"receivable": 300, "fee_revenue": -300})]
    assert (await facts(ctx, payment)).events == (CREATED, SUCCESS)
    await assert_balanced(ctx)


async def test_too_little_is_refused_and_too_much_has_to_be_said(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await orphan(shop, PRICE + 1_000)
    small, large = await shop.sell(PRICE), await shop.sell(PRICE + 2_000)
    assert "10.00 THB are missing" in await refused(ctx, "match", large)
    assert "160.00" in await refused(ctx, "match", small, error=InvalidInput)
    assert "160.00" in await refused(ctx, "match", small, error=InvalidInput, amount_satang=PRICE)
    await decide(ctx, "match", small, amount_satang=PRICE + 1_000)
    after = await facts(ctx, small)
    assert (after.status, after.exception, after.received) == ("PAID", "OVERPAID", PRICE + 1_000)
    assert (await booked(ctx))[1] == ("payment.paid", FROM_SUSPENSE)  # The excess stays in suspense.
    report = await ledger.check(ctx)
    assert ("live", "suspense", -1_000) in report.balances
    await assert_balanced(ctx)


async def test_a_payment_on_another_account_is_refused(ctx: Context) -> None:
    shop, other = await open_shop(ctx), await open_shop(ctx)
    await orphan(shop)
    assert "another account" in await refused(ctx, "match", await other.sell())


async def test_what_match_cannot_pay_is_refused(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    gone, paid = await shop.sell(), await shop.sell(PRICE + 100)
    await shop.hears(PRICE + 100)
    await shop.cancel(gone)
    await orphan(shop)
    assert "pay-cancelled" in await refused(ctx, "match", gone)
    assert "already" in await refused(ctx, "match", paid)
    open_ = await shop.sell(PRICE + 200)
    assert "match" in await refused(ctx, "pay-cancelled", open_)
    assert "payment" in await refused(ctx, "match", error=InvalidInput)
    assert "combine" in await refused(ctx, "match", open_, error=InvalidInput, credit_ids=(uuid4(),))
    assert "payment" in await refused(ctx, "refund-orphan", open_, error=InvalidInput)


@pytest.mark.parametrize("words", ["", "  ", "x" * 501, "a\0b"])
async def test_a_reason_is_mandatory(ctx: Context, words: str) -> None:
    shop = await open_shop(ctx)
    await orphan(shop)
    await refused(ctx, "refund-orphan", error=InvalidInput, words=words)


# ---------------------------------------------------------------------------------------------- combine


async def test_partial_credits_pay_one_payment_together(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    start = now()
    one, two, three = [
        await orphan(shop, amount, at=start + n * timedelta(seconds=1))
        for n, amount in enumerate((5_000, 4_000, 6_000))
    ]
    [review] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1", two)
    done = await decide(ctx, "combine", payment, review=review["id"], credit_ids=(three, one))
    assert done.credit_ids == (one, two, three)
    after = await facts(ctx, payment)
    assert (after.status, after.exception, after.received, after.events) == ("PAID", None, PRICE, (CREATED, SUCCESS))
    rows = await sql(ctx, "SELECT id, part, state, payment_id FROM credits ORDER BY part")
    assert [tuple(row) for row in rows] == [
        (credit_id, part, "SETTLED", payment.id) for part, credit_id in enumerate((one, two, three), 1)
    ]
    assert (await booked(ctx))[-1] == ("payment.paid", FROM_SUSPENSE)
    assert {(resolution, by) for _, resolution, by, _ in await closed(ctx)} == {("combine", "cli:somchai")}
    await assert_balanced(ctx)


async def test_what_is_too_much_of_several_credits_stays_in_suspense(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    one, two = await orphan(shop, 9_000), await orphan(shop, 7_000)
    [review] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1", one)
    await decide(ctx, "combine", payment, review=review["id"], credit_ids=(two,), amount_satang=16_000)
    after = await facts(ctx, payment)
    assert (after.status, after.exception, after.received) == ("PAID", "OVERPAID", 16_000)
    assert ("live", "suspense", -1_000) in (await ledger.check(ctx)).balances
    await assert_balanced(ctx)


async def test_parts_of_a_bill_payment_that_showed_as_underpaid_pay_it(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    one, two = await orphan(shop, 9_000, ref1="INV1"), await orphan(shop, 6_000, ref1="INV1")
    assert (await facts(ctx, payment)).received == PRICE
    [review] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1", two)
    await decide(ctx, "combine", payment, review=review["id"], credit_ids=(one,))
    after = await facts(ctx, payment)
    assert (after.status, after.exception, after.received) == ("PAID", None, PRICE)
    await assert_balanced(ctx)


async def test_what_cannot_be_combined_is_refused(ctx: Context) -> None:
    shop, other = await open_shop(ctx), await open_shop(ctx, plan="pro")
    payment = await shop.sell()
    one, two = await orphan(shop, 9_000), await orphan(shop, 5_000)
    foreign = await orphan(other, 1_000)
    [review] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1", one)
    at = review["id"]
    assert "10.00 THB are missing" in await refused(ctx, "combine", payment, review=at, credit_ids=(two,))
    await refused(ctx, "combine", payment, review=at, error=InvalidInput)
    await refused(ctx, "combine", payment, review=at, error=InvalidInput, credit_ids=(one,))
    await refused(ctx, "combine", payment, review=at, error=NotFound, credit_ids=(foreign,))
    await refused(ctx, "combine", payment, review=at, error=NotFound, credit_ids=(uuid4(),))
    await refused(ctx, "combine", payment, review=at, error=InvalidInput, credit_ids=tuple(uuid4() for _ in range(20)))
    elsewhere = await open_shop(ctx)
    third = await orphan(elsewhere, 6_000)
    assert "another account" in await refused(ctx, "combine", payment, review=at, credit_ids=(third,))
    [two_review] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1", two)
    await decide(ctx, "refund-orphan", review=two_review["id"])
    assert "REFUND_DUE" in await refused(ctx, "combine", payment, review=at, credit_ids=(two,))


# ---------------------------------------------------------------------------------------------- cancelled and failed


@pytest.mark.parametrize("end", ["CANCELLED", "FAILED"])
async def test_a_cancelled_or_failed_payment_is_paid_by_a_person_alone(ctx: Context, end: str) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    if end == "CANCELLED":
        await shop.cancel(payment)
    else:
        await orphan(shop, 7)
        await decide(ctx, "fail", payment)
        await decide(ctx, "refund-orphan")
    assert (await shop.hears()).word == "REVIEW"
    await decide(ctx, "pay-cancelled", payment)
    after = await facts(ctx, payment)
    ended = CANCELLED if end == "CANCELLED" else FAILED
    assert (after.status, after.exception, after.received) == ("PAID", None, PRICE)
    assert after.events == (CREATED, ended, HELD, SUCCESS)
    assert after.held == QUARANTINE_OTHER  # Its earlier end still counts.
    assert (await booked(ctx))[-1] == ("payment.paid", FROM_SUSPENSE)
    await assert_balanced(ctx)


async def test_a_failed_payment_is_told_and_its_money_goes_on_waiting(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    credit_id = await orphan(shop, 9_000, ref1="INV1")
    done = await decide(ctx, "fail", payment)
    assert (done.payment_status, done.credit_ids, done.credit_state) == ("FAILED", (credit_id,), "UNASSIGNED")
    after = await facts(ctx, payment)
    assert (after.status, after.events) == ("FAILED", (CREATED, HELD, FAILED, HELD))
    assert [row[:3] for row in await closed(ctx)] == [
        ("UNDERPAID", "fail", "cli:somchai"),
        ("CANCELLED", None, None),
    ]
    assert len(await booked(ctx)) == 1
    await refused(ctx, "fail", payment)
    await decide(ctx, "refund-orphan")
    await assert_balanced(ctx)


async def test_only_an_open_or_expired_payment_fails(ctx: Context) -> None:
    shop = await open_shop(ctx)
    paid, ended = await shop.sell(PRICE + 100), await shop.sell(PRICE + 200)
    await shop.hears(PRICE + 100)
    await expire(ctx, ended, swept=False)
    await orphan(shop)
    assert "PAID" in await refused(ctx, "fail", paid)
    assert (await decide(ctx, "fail", ended)).payment_status == "FAILED"
    await refused(ctx, "fail", error=InvalidInput)
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- not a payment of ours


async def test_an_orphan_marked_for_refund_is_taken_by_no_later_payment_or_evidence(ctx: Context) -> None:
    shop = await open_shop(ctx)
    seen = shop.says(at=now() - MINUTE)
    await evidence.record(ctx, seen)
    done = await decide(ctx, "refund-orphan")
    assert (done.credit_state, done.payment_id) == ("REFUND_DUE", None)
    payment = await shop.sell()  # Made within the skew: an orphan would pay it.
    assert await facts(ctx, payment) == OPEN
    assert (await evidence.record(ctx, seen)).word == "DUPLICATE"
    tale = shop.says(source_id=uuid4(), at=seen.occurred_at, reference=None, rank="C")
    assert (await evidence.record(ctx, tale)).word != "PAID"
    assert await facts(ctx, payment) == OPEN
    assert await credits(ctx) == [("REFUND_DUE", "ORPHAN", None)]
    assert await booked(ctx) == [("credit.parked", PARKED_LINES)]
    assert (await closed(ctx))[0][:3] == ("ORPHAN", "refund", "cli:somchai")
    await assert_balanced(ctx)


async def test_money_that_never_came_leaves_the_books(ctx: Context) -> None:
    shop = await open_shop(ctx)
    seen = shop.says()
    await evidence.record(ctx, seen)
    done = await decide(ctx, "reject")
    assert done.credit_state == "REVERSED"
    assert await booked(ctx) == [("credit.parked", PARKED_LINES), ("credit.released", RELEASED_LINES)]
    assert await credits(ctx) == [("REVERSED", "REJECTED", None)]
    assert (await evidence.record(ctx, seen)).word != "PAID"
    assert len(await booked(ctx)) == 2
    await assert_balanced(ctx)


async def test_rejected_money_of_a_direct_account_books_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="pro")
    await orphan(shop)
    await decide(ctx, "reject", owner=shop.principal.merchant_id)
    assert await booked(ctx) == []
    assert await credits(ctx) == [("REVERSED", "REJECTED", None)]
    await assert_balanced(ctx)


async def test_what_is_like_rejected_money_is_asked_about_and_never_silently_dropped(ctx: Context) -> None:
    shop = await open_shop(ctx)
    forged = shop.says(reference=None, rank="C")
    await evidence.record(ctx, forged)
    await decide(ctx, "reject")
    genuine = shop.says(source_id=uuid4(), at=forged.occurred_at)
    assert (await evidence.record(ctx, genuine)).word == "REVIEW"
    await decide(ctx, "distinct")
    assert [state for state, _, _ in await credits(ctx)] == ["REVERSED", "UNASSIGNED"]
    await assert_balanced(ctx)


async def test_others_who_speak_for_rejected_money_raise_an_alarm(ctx: Context) -> None:
    shop = await open_shop(ctx)
    seen = shop.says(reference="R1")
    await evidence.record(ctx, seen)
    await decide(ctx, "reject")
    assert (await evidence.record(ctx, seen)).word == "DUPLICATE"  # The same words are no news.
    other = shop.says(source_id=uuid4(), reference="R1", at=seen.occurred_at)
    assert (await evidence.record(ctx, other)).word == "REVIEW"
    await decide(ctx, "acknowledge", review=await the_review(ctx, "REFERENCE_CONFLICT"))
    await assert_balanced(ctx)


async def test_a_confirmed_duplicate_stays_unbooked_and_is_asked_about_no_more(ctx: Context) -> None:
    shop = await open_shop(ctx)
    review = await duplicate(ctx, shop)
    before = await booked(ctx)
    done = await decide(ctx, "reject", review=review)
    assert done.credit_state == "POSSIBLE_DUPLICATE"
    assert await booked(ctx) == before
    assert (await credits(ctx))[-1] == ("POSSIBLE_DUPLICATE", "DUPLICATE", None)
    await assert_balanced(ctx)


async def test_a_distinct_credit_is_booked_and_decided_again(ctx: Context) -> None:
    shop = await open_shop(ctx)
    review = await duplicate(ctx, shop)
    before = len(await booked(ctx))
    done = await decide(ctx, "distinct", review=review)
    assert done.credit_state == "UNASSIGNED"
    assert (await booked(ctx))[before:] == [("credit.parked", PARKED_LINES)]
    assert [row[1] for row in await closed(ctx)].count("distinct") == 1
    assert (await credits(ctx))[-1] == ("UNASSIGNED", "ORPHAN", None)
    await assert_balanced(ctx)


async def test_a_distinct_credit_pays_the_payment_that_held_its_amount(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first, second = shop.says(at=now() - 3 * MINUTE), shop.says(at=now() - 3 * MINUTE)
    await evidence.record(ctx, first)
    await evidence.record(ctx, second)
    payment = await shop.sell()
    tale = shop.says(source_id=uuid4(), reference=None, rank="A")
    assert (await evidence.record(ctx, tale)).word == "REVIEW"
    done = await decide(ctx, "distinct", review=await the_review(ctx, "POSSIBLE_DUPLICATE"))
    assert (done.payment_id, done.payment_status, done.credit_state) == (payment.id, "PAID", "SETTLED")
    assert (await booked(ctx))[-1] == ("payment.paid", PAID_LINES)
    assert (await facts(ctx, payment)).events == (CREATED, SUCCESS)
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- what fits what


FITTING = {
    "orphan": {"match", "combine", "pay-cancelled", "refund-orphan", "reject", "fail"},
    "duplicate": {"distinct", "reject"},
    "conflict": {"acknowledge"},
    "unread": {"match", "pay-cancelled", "dismiss"},
    "slip": {"match", "pay-cancelled", "reject", "fail"},
}


async def raised(ctx: Context, shop: Shop, kind: str) -> UUID:
    """An open review of each kind."""
    if kind == "orphan":
        await orphan(shop)
    elif kind == "duplicate":
        return await duplicate(ctx, shop)
    elif kind == "conflict":
        await shop.hears(reference="SAME")
        await shop.hears(PRICE + 1, reference="SAME")
        return await the_review(ctx, "REFERENCE_CONFLICT")
    elif kind == "unread":
        await ask(ctx, "UNREAD_NOTICE")
    else:
        await slip_in_review(ctx, await shop.sell())
    return await the_review(ctx)


async def ask(ctx: Context, reason: str, *, slip_id: UUID | None = None, owner: int = 0) -> None:
    """A review about evidence that made no credit."""
    await sql(
        ctx,
        """INSERT INTO reviews (merchant_id, mode, id, slip_id, reason, detail, opened_at)
           VALUES ($1, 'live', $2, $3, $4, 'Transfer of something', clock_timestamp())""",
        owner,
        ctx.new_id(),
        slip_id,
        reason,
    )


async def slip_in_review(ctx: Context, payment: Payment, reference: str = "Abc123") -> UUID:
    """A slip that nobody could verify, as its service leaves it; the slip's id."""
    slip_id = ctx.new_id()
    await sql(ctx, "UPDATE payments SET verifying = true, sequence = sequence + 1 WHERE id = $1", payment.id)
    await sql(
        ctx,
        """INSERT INTO slips (merchant_id, mode, id, payment_id, payload, sending_bank, trans_ref, outcome, reason,
                              created_at, decided_at)
           VALUES ($1, 'live', $2, $3, $4, '014', $5, 'REVIEW', 'SLIP_UNVERIFIED', clock_timestamp(),
                   clock_timestamp())""",
        payment.merchant_id,
        slip_id,
        payment.id,
        emvco.slip_payload("014", reference),
        reference,
    )
    await ask(ctx, "SLIP_UNVERIFIED", slip_id=slip_id, owner=payment.owner_id)
    return slip_id


@pytest.mark.parametrize("kind", FITTING)
async def test_an_action_that_does_not_fit_is_refused_and_changes_nothing(ctx: Context, kind: str) -> None:
    shop = await open_shop(ctx)
    review = await raised(ctx, shop, kind)
    detail = await reviews.get(ctx, 0, review)
    assert set(detail.actions) == FITTING[kind]
    for action in set(Action) - FITTING[kind]:
        assert "does not fit" in await refused(ctx, action, review=review)


async def test_an_alarm_is_acknowledged_and_moves_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx)
    review = await raised(ctx, shop, "conflict")
    before = await booked(ctx)
    await decide(ctx, "acknowledge", review=review)
    assert await booked(ctx) == before
    reasons = [(reason, resolution) for reason, resolution, _, _ in await closed(ctx)]
    assert reasons == [("ORPHAN", None), ("REFERENCE_CONFLICT", "acknowledge")]


# ---------------------------------------------------------------------------------------------- slips and texts


async def slip_of(ctx: Context, slip_id: UUID) -> tuple[str, str | None]:
    [row] = await sql(ctx, "SELECT outcome, reason FROM slips WHERE id = $1", slip_id)
    return row["outcome"], row["reason"]


async def test_a_slip_is_believed_by_a_person_and_its_reference_is_used_up(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    slip_id = await slip_in_review(ctx, payment)
    assert "amount" in (await refused(ctx, "match", error=InvalidInput)).lower()
    assert "when" in await refused(ctx, "match", error=InvalidInput, amount_satang=PRICE)
    at = now()
    await refused(ctx, "match", error=InvalidInput, amount_satang=PRICE, occurred_at=at - 30 * MINUTE)
    await refused(ctx, "match", error=InvalidInput, amount_satang=PRICE, occurred_at=at + 30 * MINUTE)
    await decide(ctx, "match", amount_satang=PRICE, occurred_at=at)
    after = await facts(ctx, payment)
    assert (after.status, after.events[-1][0]) == ("PAID", "payment.success")
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    assert await slip_of(ctx, slip_id) == ("PAID", None)
    [ref] = await sql(ctx, "SELECT trust, namespace, ref FROM credit_refs")
    assert tuple(ref) == ("host", "bank:014", "Abc123")
    [seen] = await sql(ctx, "SELECT channel, rank FROM observations")
    assert tuple(seen) == (Channel.PERSON, "D")
    assert [row["verifying"] for row in await sql(ctx, "SELECT verifying FROM payments")] == [False]
    await assert_balanced(ctx)
    again = await shop.sell()
    other = await slip_in_review(ctx, again)
    assert str(payment.id) in await refused(ctx, "match", amount_satang=PRICE, occurred_at=at)
    await decide(ctx, "reject")
    assert await slip_of(ctx, other) == ("REJECTED", "NOT_ACCEPTED")


async def test_what_the_slips_bank_said_need_not_be_typed(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    slip_id = await slip_in_review(ctx, payment)
    told = {"provider": "easyslip", "amountSatang": PRICE, "currency": "THB", "occurredAt": now().isoformat()}
    told |= {"payerName": "นาย ก", "payerAccount": "x-1234"} | dict.fromkeys(
        ("receivingBank", "receiverAccount", "receiverProxy", "toMerchantId")
    )
    await sql(ctx, "UPDATE slips SET facts = $1::jsonb", json.dumps(told))
    detail = await reviews.get(ctx, 0, await the_review(ctx))
    assert detail.slip is not None and detail.slip.facts == told
    done = await decide(ctx, "match")
    assert done.payment_status == "PAID"
    [slip] = await sql(ctx, "SELECT outcome, credit_id FROM slips WHERE id = $1", slip_id)
    assert tuple(slip) == ("PAID", done.credit_ids[0])
    [credit] = await sql(ctx, "SELECT payer_name, sending_bank FROM credits")
    assert tuple(credit) == ("นาย ก", "014")
    await assert_balanced(ctx)


async def test_a_slip_of_money_that_waits_already_takes_that_money(ctx: Context) -> None:
    shop = await open_shop(ctx)
    at = now() - 2 * MINUTE - timedelta(seconds=30)
    waiting = await orphan(shop, at=at, reference=None, rank="C")
    payment = await shop.sell()
    await slip_in_review(ctx, payment)
    review = await the_review(ctx, "SLIP_UNVERIFIED")
    done = await decide(ctx, "match", review=review, amount_satang=PRICE, occurred_at=at + MINUTE)
    assert done.credit_ids == (waiting,)
    assert await booked(ctx) == [("credit.parked", PARKED_LINES), ("payment.paid", FROM_SUSPENSE)]
    assert [row[1] for row in await closed(ctx)] == ["settled", "match"]
    await assert_balanced(ctx)


async def test_a_rejected_slip_frees_its_payment_and_uses_up_no_reference(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    slip_id = await slip_in_review(ctx, payment)
    await decide(ctx, "reject")
    assert await slip_of(ctx, slip_id) == ("REJECTED", "NOT_ACCEPTED")
    assert (await facts(ctx, payment)).status == "PENDING"
    assert await sql(ctx, "SELECT 1 FROM credit_refs") == []
    await shop.cancel(payment)
    assert (await facts(ctx, payment)).status == "CANCELLED"
    await assert_balanced(ctx)


async def test_a_payment_with_another_slip_under_way_stays_closed_to_cancels(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await slip_in_review(ctx, payment, "One")
    await slip_in_review(ctx, payment, "Two")
    one, two = [row["id"] for row in await sql(ctx, "SELECT id FROM reviews ORDER BY opened_at")]
    await decide(ctx, "reject", review=one)
    with pytest.raises(Conflict):
        await shop.cancel(payment)
    await decide(ctx, "reject", review=two)
    await shop.cancel(payment)


async def test_a_slip_that_was_decided_otherwise_is_not_decided_again(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await slip_in_review(ctx, payment)
    await sql(ctx, "UPDATE slips SET outcome = 'PAID', reason = NULL")
    for action, facts_ in (("reject", {}), ("match", {"amount_satang": PRICE, "occurred_at": now()})):
        assert "decided already: PAID" in await refused(ctx, action, **facts_)


async def test_money_that_a_slip_told_of_takes_the_slip_along(ctx: Context) -> None:
    shop = await open_shop(ctx)
    paid, other = await shop.sell(), await shop.sell(PRICE + 100)
    for action, target, end in (
        ("match", paid, ("PAID", None)),
        ("match", other, ("REJECTED", "DUPLICATE")),
        ("refund-orphan", None, ("REJECTED", "NOT_ACCEPTED")),
    ):
        slip_id = await slip_in_review(ctx, paid, action + str(target and target.payable_satang))
        await sql(ctx, "DELETE FROM reviews WHERE slip_id = $1", slip_id)
        credit_id = await orphan(shop, target.payable_satang if target else 77, at=now() - 300 * MINUTE)
        await sql(ctx, "UPDATE reviews SET slip_id = $1 WHERE credit_id = $2", slip_id, credit_id)
        [review] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1 AND closed_at IS NULL", credit_id)
        await decide(ctx, action, target, review=review["id"])
        assert await slip_of(ctx, slip_id) == end
    await assert_balanced(ctx)


async def test_a_payment_fails_with_its_slip(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    slip_id = await slip_in_review(ctx, payment)
    await decide(ctx, "fail")
    assert await slip_of(ctx, slip_id) == ("REJECTED", "NOT_ACCEPTED")
    assert (await facts(ctx, payment)).events[-1][0] == "payment.failed"


async def test_an_unread_text_is_read_by_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await ask(ctx, "UNREAD_NOTICE")
    await refused(ctx, "match", error=InvalidInput)
    await decide(ctx, "match", payment, amount_satang=PRICE, occurred_at=now())
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    assert await sql(ctx, "SELECT 1 FROM credit_refs") == []
    notice = shop.says(reference=None, rank="C")  # The same money, told by a reader that understands it.
    assert (await evidence.record(ctx, notice)).word == "DUPLICATE"
    await assert_balanced(ctx)


async def test_an_unread_text_without_money_is_dismissed(ctx: Context) -> None:
    await open_shop(ctx)
    await ask(ctx, "UNREAD_NOTICE")
    done = await decide(ctx, "dismiss")
    assert (done.payment_id, done.credit_ids) == (None, ())
    assert (await closed(ctx))[0][1] == "dismiss"


# ---------------------------------------------------------------------------------------------- who may


async def test_a_hostile_merchant_reaches_nothing_of_others(ctx: Context) -> None:
    shop, direct, hostile = await open_shop(ctx), await open_shop(ctx, plan="pro"), await open_shop(ctx, plan="pro")
    me = hostile.principal.merchant_id
    central_payment, theirs, mine = await shop.sell(PRICE + 5), await direct.sell(PRICE + 5), await hostile.sell()
    central, direct_credit = await orphan(shop), await orphan(direct)
    own = await orphan(hostile, 100)
    [of_central] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1", central)
    [of_direct] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1", direct_credit)
    [of_mine] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1", own)
    for review in (of_central["id"], of_direct["id"]):
        with pytest.raises(NotFound):
            await reviews.get(ctx, me, review)
        await refused(ctx, "match", mine, owner=me, review=review, error=NotFound)
        with pytest.raises(NotFound):
            await reviews.list_reviews(ctx, me, after=review)
    for payment in (central_payment, theirs):
        for action in ("match", "fail"):
            await refused(ctx, action, payment, owner=me, review=of_mine["id"], error=NotFound)
    for credit in (central, direct_credit):
        await refused(ctx, "combine", mine, owner=me, review=of_mine["id"], credit_ids=(credit,), error=NotFound)
    page = await reviews.list_reviews(ctx, me)
    assert [one.review.id for one in page.reviews] == [of_mine["id"]]


async def test_a_free_merchants_payment_on_the_central_account_is_not_the_merchants_to_decide(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await orphan(shop)
    assert (await reviews.list_reviews(ctx, shop.principal.merchant_id)).reviews == ()
    assert len((await reviews.list_reviews(ctx, 0)).reviews) == 1


async def test_live_money_never_pays_a_test_payment(ctx: Context) -> None:
    shop, test = await open_shop(ctx), await open_shop(ctx, mode="test")
    await orphan(shop)
    await refused(ctx, "match", await test.sell(), error=NotFound)


# ---------------------------------------------------------------------------------------------- seen


async def test_the_queue_is_read_in_pages_by_mode_reason_and_state(ctx: Context) -> None:
    shop, test = await open_shop(ctx), await open_shop(ctx, mode="test")
    for n in range(5):
        await orphan(shop, PRICE + n)
    await orphan(test)
    await ask(ctx, "UNREAD_NOTICE")
    seen: list[UUID] = []
    after = None
    while True:
        page = await reviews.list_reviews(ctx, 0, mode="live", reason="ORPHAN", after=after, limit=2)
        seen += [one.review.id for one in page.reviews]
        if not page.more:
            break
        after = seen[-1]
    assert len(seen) == len(set(seen)) == 5
    assert [one.amount_satang for one in (await reviews.list_reviews(ctx, 0, mode="test")).reviews] == [PRICE]
    await decide(ctx, "refund-orphan", review=seen[0])
    await decide(ctx, "reject", review=seen[1])
    done = await reviews.list_reviews(ctx, 0, is_open=False)
    assert [one.review.resolution for one in done.reviews] == ["reject", "refund"]
    rest = await reviews.list_reviews(ctx, 0, is_open=False, after=done.reviews[0].review.id)
    assert [one.review.id for one in rest.reviews] == [seen[0]]
    assert len((await reviews.list_reviews(ctx, 0)).reviews) == 5


async def test_candidates_are_shown_best_first_with_the_reason(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="auto")
    gone = await shop.sell()
    await shop.cancel(gone)
    tagged = await shop.sell()
    assert tagged.payable_satang == PRICE + 1
    half = await shop.sell(2 * PRICE + 700)
    await orphan(shop, PRICE + 700)
    credit_id = await orphan(shop)
    [review] = await sql(ctx, "SELECT id FROM reviews WHERE credit_id = $1", credit_id)
    detail = await reviews.get(ctx, 0, review["id"])
    assert [(h.payment.id, h.status, h.why) for h in detail.hints] == [
        (gone.id, "CANCELLED", ("the same amount", "ended shortly before the money moved", "cancelled since")),
        (
            half.id,
            "PENDING",
            ("157.00 THB too little for it", "open when the money moved", "exact together with another credit"),
        ),
        (tagged.id, "PENDING", ("0.01 THB too little for it", "open when the money moved")),
    ]
    assert detail.merchants == {shop.principal.merchant_id: "ร้าน"}
    assert detail.credit is not None and detail.credit.id == credit_id
    assert [(t.channel, t.rank) for t in detail.told] == [("bridge", "A")]
    assert (await decide(ctx, "pay-cancelled", gone, review=review["id"])).payment_status == "PAID"
    after = await reviews.get(ctx, 0, review["id"])
    assert (after.actions, after.review.resolution, after.hints) == ((), "pay-cancelled", ())


async def test_a_payment_made_long_after_or_before_is_offered_with_its_distance(ctx: Context) -> None:
    shop = await open_shop(ctx)
    old = await shop.sell()
    await expire(ctx, old, ago=200 * MINUTE)
    await orphan(shop, at=now() - 30 * MINUTE)
    new = await shop.sell()
    detail = await reviews.get(ctx, 0, await the_review(ctx))
    found = {h.payment.id: h.why for h in detail.hints}
    assert found[new.id] == ("the same amount", "made 30 min after the money moved")
    assert found[old.id] == ("the same amount", "ended 2 h before the money moved")
