"""Money back to payers: never more than is left, out of what the merchant has, and the books follow."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.errors import Conflict, InsufficientBalance, InvalidInput, NotFound, WrongState
from paygate.core.payouts import Refund
from paygate.core.refunds import share
from paygate.services import evidence, refunds, reversals
from paygate.services.context import Context, SettlementRules
from paygate.services.once import Answered, unanswered
from paygate.services.payouts import Place
from paygate.services.refund_desk import REFUNDS
from paygate.services.refunds import Wish
from tests.core.samples import paid
from tests.services.helpers import Shop, assert_balanced, now, open_shop, sql
from tests.services.payouts import A, B, ask, available, pay_out, sell_and_pay, shop_with

PAYEE = Place("0066811112222", None, None, "สมชาย")


async def back(ctx: Context, shop: Shop, payment_id: UUID, amount: int | None = None, **wish: Any) -> Refund:
    key = (shop.principal.merchant_id, shop.principal.mode, payment_id)
    done = await refunds.request(ctx, *key, Wish(amount, payee=PAYEE, **wish), None, unanswered, "key:test")
    assert isinstance(done, Answered)
    return done.value


async def paid_back(ctx: Context, one: Refund, reference: str) -> Refund:
    await REFUNDS.approve(ctx, one.id, A)
    await REFUNDS.claim(ctx, one.id, B)
    return await REFUNDS.complete(ctx, one.id, B, reference)


async def told(ctx: Context, payment_id: UUID) -> list[dict[str, Any]]:
    rows = await sql(
        ctx, "SELECT body FROM events WHERE subject_id = $1 AND type = 'payment.refunded' ORDER BY sequence", payment_id
    )
    return [json.loads(row["body"])["data"] for row in rows]


async def test_all_and_parts_of_a_payment_go_back_and_never_more_than_is_left(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    payment = await sell_and_pay(shop, 10_000)  # 9,700 of it are the shop's.
    first = await back(ctx, shop, payment, 3_000, words="ส่งผิดไซซ์")
    assert await available(ctx, shop) == (103_700, 3_000, 0)
    with pytest.raises(InvalidInput, match=r"at most 70\.00 THB"):
        await back(ctx, shop, payment, 7_001)
    rest = await back(ctx, shop, payment)
    assert rest.amount_satang == 7_000
    with pytest.raises(Conflict, match="refunded already"):
        await back(ctx, shop, payment)
    await paid_back(ctx, first, "R-1")
    await REFUNDS.reject(ctx, rest.id, A, "wrong account")
    again = await back(ctx, shop, payment)
    await paid_back(ctx, again, "R-2")
    assert await available(ctx, shop) == (96_700, 0, 0)  # The fee of 3.00 is kept.
    one, two = await told(ctx, payment)
    assert (one["refundedAmount"], one["refund"]["amount"], one["status"]) == (30, 30, "PAID")
    assert (two["refundedAmount"], two["refund"]["amount"], two["refund"]["status"]) == (100, 70, "COMPLETED")
    assert two["sequence"] == one["sequence"] + 1
    await assert_balanced(ctx)


async def test_the_fee_goes_back_by_its_part_where_the_operator_says_so(ctx: Context) -> None:
    ctx.settlements = SettlementRules(refund_fee=True)
    shop = await shop_with(ctx, 10_000)
    [row] = await sql(ctx, "SELECT id FROM payments")
    parts = [await back(ctx, shop, row["id"], amount) for amount in (3_333, 3_333, None)]
    assert [one.fee_returned_satang for one in parts] == [99, 100, 101]
    assert await available(ctx, shop) == (0, 10_000, 0)
    for number, one in enumerate(parts):
        await paid_back(ctx, one, f"R-{number}")
    rows = await sql(ctx, "SELECT account, sum(amount_satang)::bigint AS n FROM entries GROUP BY account")
    assert {row["account"]: row["n"] for row in rows if row["n"]} == {}
    await assert_balanced(ctx)


@given(price=st.integers(100, 10_000_00), cuts=st.lists(st.integers(1, 10_000_00), max_size=6), vat=st.booleans())
def test_parts_give_back_no_more_than_the_fee_and_all_of_it_in_the_end(price: int, cuts: list[int], vat: bool) -> None:
    fee, tax = price * 3 // 100, (price * 3 // 100) * 7 // 100 if vat else 0
    payment = paid(amount_satang=price, payable_satang=price, fee_satang=fee, vat_satang=tax)
    taken = fees = vats = 0
    for cut in [*cuts, None]:
        if taken == price:
            break
        if cut is not None and cut > price - taken:
            continue
        part = share(payment, cut, taken, fees, vats, fee_back=True)
        taken, fees, vats = taken + part.amount_satang, fees + part.fee_satang, vats + part.vat_satang
        assert 0 <= fees <= fee and 0 <= vats <= tax and part.fee_satang + part.vat_satang <= part.amount_satang
    assert (taken, fees, vats) == (price, fee, tax)


async def test_a_refund_after_everything_was_settled_is_refused_or_advanced_and_owed(ctx: Context) -> None:
    shop = await shop_with(ctx)
    payment = await sell_and_pay(shop, 100_000)
    await pay_out(ctx, await ask(ctx, shop, 97_000), "S-1")
    with pytest.raises(InsufficientBalance, match=r"0\.00 THB are available"):
        await back(ctx, shop, payment)
    one = await back(ctx, shop, payment, advance=True)
    assert one.shortfall_satang == 100_000
    await paid_back(ctx, one, "R-1")
    await assert_balanced(ctx)
    await sell_and_pay(shop, 200_000)
    assert await available(ctx, shop) == (94_000, 0, 0)
    await REFUNDS.bounce(ctx, one.id, A, "account closed")  # Its money is the shop's again, owed or not.
    assert await available(ctx, shop) == (194_000, 0, 0)
    await ask(ctx, shop, 194_000)
    [row] = await sql(ctx, "SELECT sum(amount_satang)::bigint AS n FROM entries WHERE account = 'receivable'")
    assert row["n"] == 0
    [row] = await sql(ctx, "SELECT refunded_satang FROM payments WHERE id = $1", payment)
    assert row["refunded_satang"] == 0
    await assert_balanced(ctx)


async def test_a_reversed_payment_is_not_refunded_and_a_refund_under_way_is_stopped(ctx: Context) -> None:
    ctx.settlements = SettlementRules(refund_fee=True)
    shop = await shop_with(ctx, 100_000)
    at = now()
    payment = await shop.sell(10_000)
    await shop.hears(payment.payable_satang, at=at, reference="T-1")
    done = await paid_back(ctx, await back(ctx, shop, payment.id, 4_000), "R-1")
    waiting = await back(ctx, shop, payment.id)
    await reversals.reverse(ctx, shop.says(payment.payable_satang, at=at, reference="T-1"))
    with pytest.raises(Conflict, match="took this payment's money back"):
        await REFUNDS.approve(ctx, waiting.id, A)
    await REFUNDS.reject(ctx, waiting.id, A, "reversed")
    with pytest.raises(Conflict, match="took this payment's money back"):
        await back(ctx, shop, payment.id)
    assert done.status == "COMPLETED"
    # The payer has 40.00 twice, and the shop its other sale of 970.00 less those; no fee is left of this one.
    assert await available(ctx, shop) == (93_000, 0, 0)
    [row] = await sql(ctx, "SELECT -sum(amount_satang)::bigint AS n FROM entries WHERE account = 'fee_revenue'")
    assert row["n"] == 3_000
    await assert_balanced(ctx)


async def test_a_direct_merchant_pays_its_refund_itself_and_says_so(ctx: Context) -> None:
    ctx.settlements = SettlementRules(refund_fee=True)
    shop = await shop_with(ctx, place=False, plan="pro")
    key = (shop.principal.merchant_id, "live")
    payment = await sell_and_pay(shop, 10_000)
    one = await back(ctx, shop, payment, 5_000)
    assert (one.status, one.flow, one.fee_returned_satang) == ("APPROVED", "direct", 100)
    done = await refunds.complete_direct(ctx, *key, one.id, "MY-1", None, unanswered, "key:x")
    assert isinstance(done, Answered) and done.value.status == "COMPLETED"
    again = await refunds.complete_direct(ctx, *key, one.id, "MY-1", None, unanswered, "key:x")
    assert isinstance(again, Answered) and again.value == done.value
    second = await back(ctx, shop, payment, 5_000)
    with pytest.raises(Conflict, match="completed another refund") as used:
        await refunds.complete_direct(ctx, *key, second.id, "my-1", None, unanswered, "key:x")
    assert used.value.field == "bankReference"
    await refunds.complete_direct(ctx, *key, second.id, "MY-9", None, unanswered, "key:x")
    stranger = await shop_with(ctx, place=False, plan="pro")  # With a bank of its own.
    theirs = await back(ctx, stranger, await sell_and_pay(stranger, 10_000), 5_000)
    their_key = (stranger.principal.merchant_id, "live")
    await refunds.complete_direct(ctx, *their_key, theirs.id, "MY-1", None, unanswered, "key:x")
    await refunds.complete_direct(ctx, *their_key, theirs.id, "My-1", None, unanswered, "key:x")
    rows = await sql(ctx, "SELECT account, sum(amount_satang)::bigint AS n FROM entries GROUP BY account")
    assert {row["account"]: row["n"] for row in rows} == {"receivable": 100, "fee_revenue": -100}
    assert [data["refundedAmount"] for data in await told(ctx, payment)] == [50, 100]
    other = await shop_with(ctx, 100_000)
    central = await back(ctx, other, (await sql(ctx, "SELECT id FROM payments WHERE flow = 'central'"))[0]["id"], 100)
    with pytest.raises(Conflict, match="operator pays"):
        await refunds.complete_direct(
            ctx, other.principal.merchant_id, "live", central.id, "MY-2", None, unanswered, "key:x"
        )
    await assert_balanced(ctx)


async def test_in_test_mode_a_refund_is_completed_at_once(ctx: Context) -> None:
    shop = await shop_with(ctx, mode="test", place=False)
    payment = await sell_and_pay(shop, 10_000)
    await sell_and_pay(shop, 10_000)
    one = await back(ctx, shop, payment)
    assert (one.status, one.bank_reference) == ("COMPLETED", f"TEST-{one.id}")
    assert [data["refundedAmount"] for data in await told(ctx, payment)] == [100]
    await assert_balanced(ctx)


async def test_the_payee_is_needed_before_approval_and_sealed(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    key = (shop.principal.merchant_id, "live")
    [row] = await sql(ctx, "SELECT id FROM payments")
    done = await refunds.request(ctx, *key, row["id"], Wish(500), None, unanswered, "key:x")
    assert isinstance(done, Answered)
    one = done.value
    with pytest.raises(Conflict, match="where the payer wants"):
        await REFUNDS.approve(ctx, one.id, A)
    await refunds.say_payee(ctx, *key, one.id, PAYEE, None, unanswered, "key:x")
    [kept] = await sql(ctx, "SELECT payee FROM refunds")
    assert b"0066811112222" not in kept["payee"]
    await REFUNDS.approve(ctx, one.id, A)
    with pytest.raises(WrongState):
        await refunds.say_payee(ctx, *key, one.id, PAYEE, None, unanswered, "key:x")
    await REFUNDS.claim(ctx, one.id, A)
    assert (await REFUNDS.instruction(ctx, one.id, A)).place == PAYEE
    for merchant_id in (ctx.new_merchant_id(), 1):
        with pytest.raises(NotFound):
            await refunds.get(ctx, merchant_id, "live", one.id)


@pytest.mark.parametrize(("status", "when"), [("PENDING", "yet"), ("CANCELLED", "any more")])
async def test_what_is_not_paid_is_not_refunded(ctx: Context, status: str, when: str) -> None:
    shop = await shop_with(ctx, 100_000)
    payment = await shop.sell(10_000)
    if status == "CANCELLED":
        await shop.cancel(payment)
    with pytest.raises(WrongState, match=f"is {status}; it cannot be refunded {when}"):
        await back(ctx, shop, payment.id)
    with pytest.raises(NotFound):
        await back(ctx, shop, ctx.new_id())


async def test_many_refunds_of_one_payment_at_once_take_no_more_than_it(crowd: Context) -> None:
    shop = await shop_with(crowd, 100_000)
    payment = await sell_and_pay(shop, 10_000)
    done = await asyncio.gather(*(back(crowd, shop, payment, 3_000) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, Refund) for one in done) == 3
    assert all(isinstance(one, Refund | InvalidInput) for one in done)
    await asyncio.gather(
        *(back(crowd, shop, payment, 1_000) for _ in range(4)),
        *(ask(crowd, shop, 20_000) for _ in range(8)),
        return_exceptions=True,
    )
    await assert_balanced(crowd)


async def test_a_refund_that_fails_is_told_each_once(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    payment = await sell_and_pay(shop, 10_000)
    refused, other = await back(ctx, shop, payment, 1_000), await back(ctx, shop, payment, 2_000)
    for one in (refused, other):  # Two of one payment: neither hides the other.
        await REFUNDS.reject(ctx, one.id, A, "wrong account")
    bounced = await paid_back(ctx, await back(ctx, shop, payment, 3_000), "R-9")
    await REFUNDS.bounce(ctx, bounced.id, A, "account closed")
    cancelled = await back(ctx, shop, payment, 4_000)
    key = (shop.principal.merchant_id, "live", cancelled.id)
    await refunds.cancel(ctx, *key, None, unanswered, "key:test")  # Its own wish: nothing failed.
    rows = await sql(
        ctx,
        """SELECT e.body, (SELECT count(*) FROM deliveries d WHERE d.event_id = e.id) AS deliveries
             FROM events e WHERE e.type = 'refund.failed' ORDER BY e.created_at""",
    )
    said = [json.loads(row["body"])["data"] for row in rows]
    assert [(one["refund"]["amount"], one["refund"]["status"], one["refund"]["refusal"]) for one in said] == [
        (10, "REJECTED", "wrong account"),
        (20, "REJECTED", "wrong account"),
        (30, "RETURNED", "account closed"),
    ]
    assert [one["refundedAmount"] for one in said] == [0, 0, 0] and said[0]["transactionId"] == str(payment)
    assert all(row["deliveries"] == 1 for row in rows)
    await assert_balanced(ctx)


async def test_a_refund_rejected_after_its_direct_payment_was_reversed_charges_no_fee_again(ctx: Context) -> None:
    ctx.settlements = SettlementRules(refund_fee=True)
    shop = await open_shop(ctx, plan="pro")
    payment = await shop.sell(100_000)
    news = shop.says(payment.payable_satang, reference="D-1")
    assert (await evidence.record(ctx, news)).word == "PAID"
    one = await back(ctx, shop, payment.id, 50_000)
    await reversals.reverse(ctx, news)
    await REFUNDS.reject(ctx, one.id, A, "reversed")
    [row] = await sql(ctx, "SELECT coalesce(sum(amount_satang), 0) AS n FROM entries WHERE account = 'receivable'")
    assert row["n"] == 0  # Nothing was sold, so nothing is owed.
    await assert_balanced(ctx)
