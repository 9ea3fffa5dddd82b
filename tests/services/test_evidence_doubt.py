"""What could carry money to the wrong payment: likeness, shared references, bills of one amount, cancelled rivals."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from paygate.core.errors import Conflict
from paygate.core.payments import Payment
from paygate.services import evidence, ledger
from paygate.services.context import Context
from tests.services.helpers import (
    CANCELLED,
    CREATED,
    HELD,
    MINUTE,
    OPEN,
    PAID,
    PARKED_LINES,
    PRICE,
    SECOND,
    Review,
    assert_balanced,
    beside_bills,
    booked,
    credits,
    facts,
    now,
    open_account,
    open_shop,
    reviews,
    shift,
    sql,
)

DOUBT = ("POSSIBLE_DUPLICATE", "POSSIBLE_DUPLICATE", None)


async def age(ctx: Context, payment: Payment, back: timedelta) -> None:
    """As if *back* more time had passed since the payment and since all money moved."""
    await shift(ctx, payment, back)
    await sql(ctx, "UPDATE credits SET occurred_at = occurred_at - $1::interval", back)


# ---------------------------------------------------------------------------------------------- likeness


@pytest.mark.parametrize("tagging", ["auto", "off"])
async def test_two_channels_with_references_of_different_namespaces_wait_for_a_person(
    ctx: Context, tagging: str
) -> None:
    shop = await open_shop(ctx, tagging=tagging)
    first = await shop.sell()
    at = now()
    assert (await shop.hears(reference="T1", namespace="source:x", at=at)).payment_id == first.id
    second = await shop.sell(PRICE)
    other = shop.says(reference="B99", namespace="bank:014", at=at, source_id=uuid4())
    for _ in range(2):
        assert await evidence.record(ctx, other) == evidence.Outcome(evidence.Word.REVIEW)
    assert (await facts(ctx, first), await facts(ctx, second)) == (PAID, OPEN)
    assert await credits(ctx) == [("SETTLED", None, first.id), DOUBT]
    assert await reviews(ctx) == [Review("POSSIBLE_DUPLICATE", None, False, ())]
    assert [kind for kind, _ in await booked(ctx)] == ["payment.paid"]
    await assert_balanced(ctx)


@pytest.mark.parametrize(("first", "then"), [("source:x", "bank:014"), ("bank:014", "source:x")])
async def test_a_source_that_names_the_sending_bank_once_and_once_not_told_of_one_credit(
    ctx: Context, first: str, then: str
) -> None:
    shop = await open_shop(ctx, tagging="off")
    payment = await shop.sell()
    at = now()
    assert (await shop.hears(reference="T1", namespace=first, at=at)).payment_id == payment.id
    other = await shop.sell()
    again = shop.says(reference="T1", namespace=then, at=at + SECOND)
    for _ in range(2):
        assert await evidence.record(ctx, again) == evidence.Outcome(evidence.Word.DUPLICATE, payment.id)
    assert (await facts(ctx, payment), await facts(ctx, other)) == (PAID, OPEN)
    refs = await sql(ctx, "SELECT namespace FROM credit_refs ORDER BY namespace")
    assert [row["namespace"] for row in refs] == ["bank:014", "source:x"]
    await assert_balanced(ctx)


async def test_what_may_be_a_duplicate_stays_one_credit_when_its_source_names_the_bank_as_well(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    payment, source = await shop.sell(), uuid4()
    at = now()
    assert (await shop.hears(reference="R1", at=at)).payment_id == payment.id
    assert (await shop.hears(reference="T1", namespace="source:x", at=at, source_id=source)).word == "REVIEW"
    other = await shop.sell()
    assert (await shop.hears(reference="T1", namespace="bank:025", at=at, source_id=source)).word == "REVIEW"
    assert await credits(ctx) == [("SETTLED", None, payment.id), DOUBT]
    assert await facts(ctx, other) == OPEN
    await assert_balanced(ctx)


async def test_a_doubtful_tale_takes_in_no_reference_so_the_next_payment_is_paid(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    first = await shop.sell()
    at = now()
    assert (await shop.hears(reference="R1", at=at)).payment_id == first.id
    assert (await shop.hears(reference="R2", at=at + SECOND)).word == "ORPHAN"
    assert (await shop.hears(reference=None, at=at + 2 * SECOND, source_id=uuid4(), rank="C")).word == "REVIEW"
    third = await shop.sell()
    assert (await shop.hears(reference="R3")).payment_id == third.id
    assert [state for state, _, _ in await credits(ctx)].count("SETTLED") == 2
    await assert_balanced(ctx)


async def test_a_tale_in_the_time_of_another_holder_is_not_swallowed_by_the_credit_before(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first = await shop.sell()
    assert (await shop.hears(at=now() + 60 * SECOND)).payment_id == first.id  # The bank's clock is fast.
    await age(ctx, first, 12 * MINUTE + SECOND)  # Hold and slot ended; the credit is eleven minutes old.
    await sql(ctx, "UPDATE credits SET occurred_at = occurred_at + interval '2 minutes'")
    second = await shop.sell()
    assert second.payable_satang == first.payable_satang
    assert await shop.hears(reference=None, source_id=uuid4()) == evidence.Outcome(evidence.Word.REVIEW)
    assert await facts(ctx, second) == OPEN
    assert await credits(ctx) == [("SETTLED", None, first.id), DOUBT]
    assert (await shop.hears()).payment_id == second.id  # Its own channel's word is certain.
    await assert_balanced(ctx)


async def test_a_tale_in_the_time_of_a_holder_is_not_swallowed_by_an_orphan(ctx: Context) -> None:
    shop = await open_shop(ctx)
    assert (await shop.hears(at=now() - 5 * MINUTE)).word == "ORPHAN"
    payment = await shop.sell()
    assert (await shop.hears(reference=None, source_id=uuid4())).word == "REVIEW"
    assert await facts(ctx, payment) == OPEN
    assert [state for state, _, _ in await credits(ctx)] == ["UNASSIGNED", "POSSIBLE_DUPLICATE"]
    assert (await shop.hears()).payment_id == payment.id
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- bills beside transfers


async def test_settled_money_that_is_told_of_again_with_a_bill_reference_raises_an_alarm(ctx: Context) -> None:
    transfers, bills = await beside_bills(ctx)
    transfer = await transfers.sell()
    at = now()
    assert (await transfers.hears(reference=None, at=at, rank="C")).payment_id == transfer.id
    bill = await bills.sell(ref1="INV1")
    callback = transfers.says(reference="R1", ref1="INV1", at=at + SECOND, source_id=uuid4())
    for _ in range(2):
        assert await evidence.record(ctx, callback) == evidence.Outcome(evidence.Word.REVIEW)
    assert (await facts(ctx, transfer), await facts(ctx, bill)) == (PAID, OPEN)
    assert await credits(ctx) == [("SETTLED", None, transfer.id)]
    assert await reviews(ctx) == [Review("REFERENCE_CONFLICT", None, True, ())]
    [row] = await sql(ctx, "SELECT detail FROM reviews")
    assert "ref1 INV1" in row["detail"]
    await assert_balanced(ctx)


async def test_money_without_a_reference_may_be_the_transfers_or_the_bills(ctx: Context) -> None:
    transfers, bills = await beside_bills(ctx)
    transfer, bill = await transfers.sell(), await bills.sell(ref1="INV1")
    notice = transfers.says(reference=None, rank="C")
    assert await evidence.record(ctx, notice) == evidence.Outcome(evidence.Word.REVIEW)
    assert (await facts(ctx, transfer), await facts(ctx, bill)) == (OPEN, OPEN)
    [review] = await reviews(ctx)
    assert (review.reason, set(review.candidates)) == ("AMBIGUOUS", {str(transfer.id), str(bill.id)})
    assert await booked(ctx) == [("credit.parked", PARKED_LINES)]
    callback = transfers.says(reference="R1", ref1="INV1", at=notice.occurred_at, source_id=uuid4())
    assert await evidence.record(ctx, callback) == evidence.Outcome(evidence.Word.PAID, bill.id)
    assert (await facts(ctx, transfer), await facts(ctx, bill)) == (OPEN, PAID)
    assert len(await credits(ctx)) == 1
    await assert_balanced(ctx)


async def test_a_second_money_of_a_transfer_may_be_the_bills(ctx: Context) -> None:
    transfers, bills = await beside_bills(ctx)
    transfer = await transfers.sell()
    assert (await transfers.hears()).payment_id == transfer.id
    bill = await bills.sell(ref1="INV1")
    assert (await transfers.hears()).word == "REVIEW"
    [review] = await reviews(ctx)
    assert (review.reason, set(review.candidates)) == ("AMBIGUOUS", {str(transfer.id), str(bill.id)})
    await assert_balanced(ctx)


@pytest.mark.parametrize("how", ["paid", "cancelled", "of another amount"])
async def test_a_bill_that_cannot_take_the_money_stands_in_no_transfers_way(ctx: Context, how: str) -> None:
    transfers, bills = await beside_bills(ctx)
    bill = await bills.sell(PRICE + 1 if how == "of another amount" else PRICE, ref1="INV1")
    if how == "paid":
        await transfers.hears(ref1="INV1")
    elif how == "cancelled":
        await bills.cancel(bill)
    transfer = await transfers.sell()
    assert (await transfers.hears(reference=None)).payment_id == transfer.id
    await assert_balanced(ctx)


async def test_transfers_and_bills_of_one_amount_are_told_apart_by_what_the_bank_says(ctx: Context) -> None:
    transfers, bills = await beside_bills(ctx)
    transfer, bill = await transfers.sell(), await bills.sell(ref1="INV1")
    assert (await transfers.hears(ref1="INV1")).payment_id == bill.id
    assert (await transfers.hears()).payment_id == transfer.id
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- rivals


@pytest.mark.parametrize("ended", ["CANCELLED", "FAILED"])
async def test_who_was_open_when_the_money_moved_and_ended_since_is_a_rival(ctx: Context, ended: str) -> None:
    shop = await open_shop(ctx, tagging="off")
    gone, left = await shop.sell(), await shop.sell()
    at = now()
    if ended == "CANCELLED":
        await shop.cancel(gone)
    else:
        await sql(ctx, "UPDATE payments SET status = 'FAILED', closed_at = now() WHERE id = $1", gone.id)
    assert (await shop.hears(at=at)).word == "REVIEW"
    assert await facts(ctx, left) == OPEN
    [review] = await reviews(ctx)
    assert (review.reason, set(review.candidates)) == ("AMBIGUOUS", {str(gone.id), str(left.id)})
    await assert_balanced(ctx)


async def test_who_was_cancelled_before_the_money_moved_is_no_rival(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    gone, left = await shop.sell(), await shop.sell()
    await shop.cancel(gone)
    assert (await shop.hears(at=now())).payment_id == left.id
    assert (await facts(ctx, gone)).events == (CREATED, CANCELLED)


async def test_a_cancelled_bill_of_the_same_reference_is_a_rival(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    gone, left = await shop.sell(ref1="X"), await shop.sell(ref1="X")
    at = now()
    await shop.cancel(gone)
    assert (await shop.hears(at=at, ref1="X")).word == "REVIEW"
    assert await facts(ctx, left) == OPEN


async def test_no_number_of_finished_payments_hides_a_cancelled_rival(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    gone = await shop.sell()
    for _ in range(21):
        await sql(
            ctx,
            """UPDATE payments SET created_at = created_at - interval '20 minutes', closed_at = created_at,
                      expires_at = expires_at - interval '20 minutes', status = 'EXPIRED' WHERE id = $1""",
            (await shop.sell()).id,
        )
    left = await shop.sell()
    at = now()
    await shop.cancel(gone)
    assert (await shop.hears(at=at)).word == "REVIEW"
    assert await facts(ctx, left) == OPEN
    [review] = await reviews(ctx)
    assert (review.reason, set(review.candidates)) == ("AMBIGUOUS", {str(gone.id), str(left.id)})


# ---------------------------------------------------------------------------------------------- shared references


async def test_the_exact_amount_goes_before_others_of_the_reference(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True, overpay="accept")
    exact, less = await shop.sell(ref1="X"), await shop.sell(10_000, ref1="X")
    assert (await shop.hears(ref1="X")).payment_id == exact.id
    assert await facts(ctx, exact) == PAID
    assert (await facts(ctx, less)).status == "PENDING"
    await assert_balanced(ctx)


async def test_no_merchants_reference_takes_anothers_money(ctx: Context) -> None:
    account = await open_account(ctx, 0, biller=True)
    one, other = await open_shop(ctx, accounts=[account]), await open_shop(ctx, accounts=[account])
    first, second = await one.sell(ref1="X", ref2="A"), await other.sell(ref1="X", ref2="B")
    assert (await one.hears(ref1="X")).word == "REVIEW"  # The bank left out ref2.
    assert [(await facts(ctx, p)) for p in (first, second)] == [OPEN, OPEN]
    assert [r.reason for r in await reviews(ctx)] == ["AMBIGUOUS"]
    assert (await one.hears(ref1="X", ref2="B")).payment_id == second.id
    await assert_balanced(ctx)


@pytest.mark.parametrize("amount", [PRICE, 10_000])
@pytest.mark.parametrize("refs", [{"ref1": "X"}, {"ref1": "X", "ref2": "A"}])
async def test_a_reference_that_another_merchants_payment_holds_is_refused_and_nothing_is_written(
    ctx: Context, amount: int, refs: dict[str, str]
) -> None:
    account = await open_account(ctx, 0, biller=True)
    one, other = await open_shop(ctx, accounts=[account]), await open_shop(ctx, accounts=[account])
    first = await one.sell(**refs)
    for claim in (None, other.key("k")):
        with pytest.raises(Conflict) as refused:
            await other.sell(amount, claim, **refs)
        assert refused.value.field == "promptpayRef1"
    for table in ("payments", "reservations", "events"):
        assert len(await sql(ctx, f"SELECT 1 FROM {table}")) == 1
    assert await sql(ctx, "SELECT 1 FROM idempotency_keys") == []
    assert (await one.sell(**refs)).ref1 == "X"  # Its own merchant may.
    assert (await other.sell(ref1="X", ref2="OTHER")).ref2 == "OTHER"
    for payment in (first, await one.sell(ref1="Y")):
        await shift(ctx, payment, 76 * MINUTE)
    assert (await other.sell(ref1="Y")).ref1 == "Y"  # Nobody's any more.


async def test_what_arrives_in_parts_is_summed_and_each_part_counts_once(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="X")
    parts = [shop.says(10_000, ref1="X"), shop.says(4_000, ref1="X")]
    for part in (*parts, *parts):
        assert (await evidence.record(ctx, part)).payment_id == payment.id
    told = await facts(ctx, payment)
    assert (told.status, told.exception, told.received) == ("PENDING", "UNDERPAID", 14_000)
    await shop.hears(2_000, ref1="X")
    told = await facts(ctx, payment)
    assert (told.status, told.exception, told.received) == ("PENDING", "OVERPAID", 16_000)
    assert [r.reason for r in await reviews(ctx)] == ["UNDERPAID"] * 3
    await assert_balanced(ctx)


async def test_too_little_that_was_doubtful_in_between_is_counted_and_told_of_once(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="X")
    part = shop.says(10_000, ref1="X")
    assert await evidence.record(ctx, part) == evidence.Outcome(evidence.Word.REVIEW, payment.id)
    alone = await facts(ctx, payment)
    assert (alone.exception, alone.received, alone.events) == ("UNDERPAID", 10_000, (CREATED, HELD))

    rival = await shop.sell(20_000, ref1="X")  # Now the part may be for either of them.
    assert await evidence.record(ctx, part) == evidence.Outcome(evidence.Word.REVIEW)
    assert [r.reason for r in await reviews(ctx) if r.resolution is None] == ["AMBIGUOUS"]
    assert (await facts(ctx, payment), await facts(ctx, rival)) == (alone, OPEN)

    await shop.cancel(rival)  # And now for the first one only, again.
    assert await evidence.record(ctx, part) == evidence.Outcome(evidence.Word.REVIEW, payment.id)
    assert [r for r in await reviews(ctx) if r.resolution is None] == [
        Review("UNDERPAID", None, False, (str(payment.id),))
    ]
    assert await facts(ctx, payment) == alone
    assert len(await reviews(ctx)) == 3
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- money that came first


async def test_a_new_payment_decides_one_credit_and_leaves_the_rest_to_the_workers(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    for n in range(12):
        assert (await shop.hears(at=now() - n * SECOND)).word == "ORPHAN"
    payment = await shop.sell()
    assert await facts(ctx, payment) == PAID
    assert (await sql(ctx, "SELECT count(*) AS n FROM credits WHERE recheck_at IS NOT NULL"))[0]["n"] == 9
    waiting = await sql(ctx, "SELECT merchant_id, mode, id FROM credits WHERE recheck_at IS NOT NULL")
    for row in waiting:
        assert (await evidence.decide_again(ctx, *row)).word == "ORPHAN"
    assert await sql(ctx, "SELECT 1 FROM credits WHERE recheck_at IS NOT NULL") == []
    await assert_balanced(ctx)


async def test_money_that_came_twice_for_one_payment_is_not_the_next_ones(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    await shop.sell()
    await shop.hears()
    assert (await shop.hears()).word == "ORPHAN"
    payment = await shop.sell()
    assert await facts(ctx, payment) == OPEN
    assert await sql(ctx, "SELECT 1 FROM credits WHERE recheck_at IS NOT NULL") == []


async def test_a_transfer_looks_at_no_money_that_names_a_bill_and_a_bill_at_no_others(ctx: Context) -> None:
    transfers, bills = await beside_bills(ctx)
    for n in range(11):
        await transfers.hears(ref1=f"OTHER{n}")
    await transfers.hears(14_000, ref1="INV1")
    await transfers.sell()
    assert await sql(ctx, "SELECT 1 FROM credits WHERE recheck_at IS NOT NULL") == []
    bill = await bills.sell(ref1="INV1")
    told = await facts(ctx, bill)
    assert (told.status, told.exception, told.received) == ("PENDING", "UNDERPAID", 14_000)
    assert await sql(ctx, "SELECT 1 FROM credits WHERE recheck_at IS NOT NULL") == []
    assert (await ledger.check(ctx)).balanced
