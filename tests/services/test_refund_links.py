"""A payer says where its refund shall go: once, in time, through the link that its merchant was shown."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from paygate.core import refund_links as signed
from paygate.core.errors import Conflict, InvalidInput, NotFound, WrongState
from paygate.core.payouts import Refund
from paygate.core.sealing import SealingKey
from paygate.services import freezes, merchants, refund_links, refunds, reversals
from paygate.services.context import Context, SettlementRules
from paygate.services.once import Answered, unanswered
from paygate.services.payouts import Place
from paygate.services.refund_desk import REFUNDS, open_payee
from paygate.services.refund_links import Standing
from paygate.services.refunds import Wish
from paygate.workers import lapse
from tests.services.helpers import Shop, assert_balanced, now, open_shop, sql
from tests.services.payouts import A, B, available, sell_and_pay, shop_with, told

HERS = Place("0066811112222", None, None, "สมชาย ใจดี")
OTHER = Place(None, "014", "4061234567", "Malee")


async def wait_for_payer(ctx: Context, shop: Shop, payment: UUID, amount: int | None = None, **wish: Any) -> Refund:
    key = (shop.principal.merchant_id, shop.principal.mode, payment)
    done = await refunds.request(ctx, *key, Wish(amount, **wish), None, unanswered, "key:test")
    assert isinstance(done, Answered)
    return done.value


async def ask_again(ctx: Context, one: Refund) -> Refund:
    key = (one.merchant_id, one.mode, one.id)
    done = await refund_links.ask(ctx, *key, None, unanswered, "key:test")
    assert isinstance(done, Answered)
    return done.value


def link(ctx: Context, one: Refund) -> str:
    return signed.make(ctx.key, one)


async def be_late(ctx: Context, one: Refund) -> Refund:
    """Its link's time is over."""
    await sql(ctx, "UPDATE refunds SET link_until = now() - interval '1 second' WHERE id = $1", one.id)
    return (await REFUNDS.show(ctx, one.id)).payout


async def stands(ctx: Context, one: Refund) -> tuple[str, str | None]:
    found = (await REFUNDS.show(ctx, one.id)).payout
    place = open_payee(ctx, found)
    return found.status, place.name if place else None


async def test_the_payer_is_asked_says_where_and_gets_its_money(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    payment = await sell_and_pay(shop, 10_000)
    one = await wait_for_payer(ctx, shop, payment, 4_000)
    assert (one.status, one.link_number) == ("WAITING", 1)
    assert one.link_until is not None and one.link_until - one.created_at == timedelta(days=14)
    assert await available(ctx, shop) == (102_700, 4_000, 0)
    await assert_balanced(ctx)
    with pytest.raises(Conflict, match="or its payer by a link"):
        await REFUNDS.approve(ctx, one.id, A)
    url = refund_links.link_of(ctx, one)
    assert url == f"{ctx.public_url}/refund/{link(ctx, one)}"
    seen = await refund_links.look(ctx, link(ctx, one))
    assert (seen.standing, seen.place, seen.shop) == (Standing.OPEN, None, "ร้าน")
    given = await refund_links.give(ctx, link(ctx, one), HERS)
    assert (given.standing, given.place, given.refund.status) == (Standing.GIVEN, HERS, "REQUESTED")
    assert await available(ctx, shop) == (102_700, 4_000, 0)
    await REFUNDS.approve(ctx, one.id, A)
    await REFUNDS.claim(ctx, one.id, B)
    assert (await REFUNDS.instruction(ctx, one.id, B)).place == HERS
    await REFUNDS.complete(ctx, one.id, B, "R-1")
    assert (await refund_links.look(ctx, link(ctx, one))).standing is Standing.PAID
    await assert_balanced(ctx)
    assert await told(ctx, one.id) == ["refund.account_given"]
    [event] = await sql(ctx, "SELECT body FROM events WHERE type = 'refund.account_given'")
    data = json.loads(event["body"])["data"]
    assert (data["transactionId"], data["refund"]["status"], data["refund"]["amount"]) == (
        str(payment),
        "REQUESTED",
        40,
    )
    assert "1112222" not in event["body"] and "สมชาย" not in event["body"]
    [row] = await sql(ctx, "SELECT actor, before, after FROM audit_log WHERE action = 'refund.account-given'")
    assert row["actor"] == "payer" and json.loads(row["after"]) == {"link": 1, "status": "REQUESTED"}


async def test_the_link_is_good_once_and_the_same_word_again_is_no_error(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    one = await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000))
    await refund_links.give(ctx, link(ctx, one), HERS)
    again = await refund_links.give(ctx, link(ctx, one), HERS)
    assert again.standing is Standing.GIVEN
    with pytest.raises(Conflict, match="said already"):
        await refund_links.give(ctx, link(ctx, one), OTHER)
    assert await told(ctx, one.id) == ["refund.account_given"]
    assert await stands(ctx, one) == ("REQUESTED", HERS.name)


async def test_of_two_tabs_with_different_accounts_one_is_heard(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    one = await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000))
    places = [replace(HERS, proxy=f"006681111222{n}", name=f"N{n}") for n in range(8)]
    done = await asyncio.gather(
        *(refund_links.give(ctx, link(ctx, one), place) for place in places), return_exceptions=True
    )
    [heard] = [place for place, result in zip(places, done, strict=True) if not isinstance(result, BaseException)]
    assert all(isinstance(result, Conflict) for result in done if isinstance(result, BaseException))
    assert await stands(ctx, one) == ("REQUESTED", heard.name)
    assert await told(ctx, one.id) == ["refund.account_given"]


async def test_a_payer_and_a_merchant_who_cancels_race_and_the_books_follow_the_winner(ctx: Context) -> None:
    shop = await shop_with(ctx, 1_000_000)
    for number in range(6):
        one = await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000 + number))
        key = (one.merchant_id, one.mode, one.id)
        await asyncio.gather(
            refund_links.give(ctx, link(ctx, one), HERS),
            refunds.cancel(ctx, *key, None, unanswered, "key:test"),
            return_exceptions=True,
        )
        # A merchant may cancel what the payer has answered; a payer cannot answer what is cancelled.
        assert (await REFUNDS.show(ctx, one.id)).payout.status == "CANCELLED"
        assert (await refund_links.look(ctx, link(ctx, one))).standing is Standing.CLOSED
        with pytest.raises(Conflict, match="not good any more"):
            await refund_links.give(ctx, link(ctx, one), OTHER)
    assert (await available(ctx, shop))[1] == 0
    await assert_balanced(ctx)


async def test_a_link_that_is_over_gives_the_money_back_and_takes_no_account(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    payment = await sell_and_pay(shop, 10_000)
    one = await wait_for_payer(ctx, shop, payment)
    patient = await wait_for_payer(ctx, shop, await sell_and_pay(shop, 5_000))
    late = await be_late(ctx, one)
    assert (await refund_links.look(ctx, link(ctx, late))).standing is Standing.CLOSED
    with pytest.raises(Conflict, match="not good any more"):
        await refund_links.give(ctx, link(ctx, late), HERS)
    await asyncio.gather(*(lapse.work(ctx) for _ in range(4)))
    assert await stands(ctx, one) == ("EXPIRED", None)
    assert await stands(ctx, patient) == ("WAITING", None)
    assert (await available(ctx, shop))[1] == 5_000
    assert await told(ctx, one.id) == ["refund.failed"]
    [event] = await sql(ctx, "SELECT body FROM events WHERE type = 'refund.failed'")
    told_of = json.loads(event["body"])["data"]["refund"]
    assert told_of["status"] == "EXPIRED" and "did not say in time" in told_of["refusal"]
    [row] = await sql(ctx, "SELECT actor FROM audit_log WHERE action = 'refund.expire'")
    assert row["actor"] == "worker"
    with pytest.raises(WrongState, match="EXPIRED"):
        await ask_again(ctx, one)
    assert (await wait_for_payer(ctx, shop, payment)).amount_satang == 10_000  # All of it may be asked for anew.
    await assert_balanced(ctx)


async def test_a_payer_who_is_quicker_than_the_sweeper_keeps_its_refund(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    one = await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000))
    late = await be_late(ctx, one)
    renewed = await ask_again(ctx, late)  # The merchant, just before it would have expired.
    await lapse.work(ctx)
    assert await stands(ctx, one) == ("WAITING", None)
    await refund_links.give(ctx, link(ctx, renewed), HERS)
    await lapse.work(ctx)
    assert await stands(ctx, one) == ("REQUESTED", HERS.name)


async def test_a_new_link_makes_the_old_one_worthless_and_what_was_said_forgotten(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    first = await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000))
    second = await ask_again(ctx, first)
    assert link(ctx, first) != link(ctx, second)
    for call in (refund_links.look(ctx, link(ctx, first)), refund_links.give(ctx, link(ctx, first), HERS)):
        with pytest.raises(NotFound):
            await call
    await refund_links.give(ctx, link(ctx, second), HERS)
    third = await ask_again(ctx, first)  # She mistyped, and says so to the shop.
    assert (third.status, third.link_number, await stands(ctx, first)) == ("WAITING", 3, ("WAITING", None))
    await refund_links.give(ctx, link(ctx, third), OTHER)
    await REFUNDS.approve(ctx, first.id, A)
    with pytest.raises(WrongState, match="APPROVED"):
        await ask_again(ctx, first)
    await assert_balanced(ctx)


async def test_no_link_opens_another_refund_nor_one_of_another_installation(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    payment = await sell_and_pay(shop, 10_000)
    one, other = [await wait_for_payer(ctx, shop, payment, 100) for _ in range(2)]
    good = link(ctx, one)
    number, _, signature = good.partition("_secret_")
    stranger = signed.make(SealingKey.of("another installation's secret key, long enough"), one)
    forged = (
        f"{link(ctx, other).partition('_secret_')[0]}_secret_{signature}",
        f"{number}_secret_{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}",
        f"{number}_secret_",
        number,
        stranger,
        good + "x" * 200,
        "é_secret_é",
    )
    for text in forged:
        with pytest.raises(NotFound):
            await refund_links.look(ctx, text)
        with pytest.raises(NotFound):
            await refund_links.give(ctx, text, HERS)
    assert await stands(ctx, one) == await stands(ctx, other) == ("WAITING", None)


async def test_the_merchant_may_still_say_it_and_the_link_is_worthless_then(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    one = await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000))
    key = (one.merchant_id, one.mode, one.id)
    await refunds.say_payee(ctx, *key, OTHER, None, unanswered, "key:test")
    assert await stands(ctx, one) == ("REQUESTED", OTHER.name)
    with pytest.raises(Conflict, match="said already"):
        await refund_links.give(ctx, link(ctx, one), HERS)


async def test_who_approved_another_account_has_to_approve_again(ctx: Context) -> None:
    ctx.settlements = SettlementRules(second_above_satang=1_000)
    shop = await shop_with(ctx, 100_000)
    one = await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000))
    await refund_links.give(ctx, link(ctx, one), HERS)
    assert (await REFUNDS.approve(ctx, one.id, A)).approved_by == A
    key = (one.merchant_id, one.mode, one.id)
    await refunds.say_payee(ctx, *key, OTHER, None, unanswered, "key:test")
    assert (await REFUNDS.approve(ctx, one.id, B)).status == "REQUESTED"
    assert (await ask_again(ctx, one)).approved_by is None
    await refund_links.give(ctx, link(ctx, (await REFUNDS.show(ctx, one.id)).payout), HERS)
    await REFUNDS.approve(ctx, one.id, A)
    assert (await REFUNDS.approve(ctx, one.id, B)).status == "APPROVED"


async def test_a_payer_may_answer_while_the_shop_is_frozen_or_suspended_and_nothing_is_paid_meanwhile(
    ctx: Context,
) -> None:
    shop = await shop_with(ctx, 100_000)
    one, other = [await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000)) for _ in range(2)]
    await freezes.freeze(ctx, shop.principal.merchant_id, "police", actor=A)
    await refund_links.give(ctx, link(ctx, one), HERS)
    with pytest.raises(Conflict, match="frozen"):
        await REFUNDS.approve(ctx, one.id, A)
    await freezes.thaw(ctx, shop.principal.merchant_id, "cleared", actor=A)
    await merchants.suspend(ctx, shop.principal.merchant_id, "why")
    await refund_links.give(ctx, link(ctx, other), OTHER)
    with pytest.raises(Conflict, match="suspended"):
        await REFUNDS.approve(ctx, other.id, A)
    late = await be_late(ctx, await wait_for_payer(ctx, shop, await first_payment(ctx), 100))
    await lapse.work(ctx)
    assert await stands(ctx, late) == ("EXPIRED", None)
    await assert_balanced(ctx)


async def first_payment(ctx: Context) -> UUID:
    [row] = await sql(ctx, "SELECT id FROM payments ORDER BY id LIMIT 1")
    found: UUID = row["id"]
    return found


async def test_of_a_payment_that_the_bank_took_back_no_account_is_taken(ctx: Context) -> None:
    ctx.settlements = SettlementRules(refund_fee=True)
    shop = await shop_with(ctx, 100_000)
    at = now()
    payment = await shop.sell(10_000)
    await shop.hears(payment.payable_satang, at=at, reference="T-1")
    one = await wait_for_payer(ctx, shop, payment.id)
    await reversals.reverse(ctx, shop.says(payment.payable_satang, at=at, reference="T-1"))
    assert (await refund_links.look(ctx, link(ctx, one))).standing is Standing.CLOSED
    with pytest.raises(Conflict, match="not good any more"):
        await refund_links.give(ctx, link(ctx, one), HERS)
    await be_late(ctx, one)
    await lapse.work(ctx)
    assert await stands(ctx, one) == ("EXPIRED", None)
    assert await available(ctx, shop) == (97_000, 0, 0)
    await assert_balanced(ctx)


async def test_a_direct_merchants_payer_is_asked_when_the_merchant_wants_it(ctx: Context) -> None:
    shop = await shop_with(ctx, place=False, plan="pro")
    payment = await sell_and_pay(shop, 10_000)
    assert (await wait_for_payer(ctx, shop, payment, 100)).status == "APPROVED"  # It pays in its own way.
    one = await wait_for_payer(ctx, shop, payment, 200, ask_payer=True)
    assert one.status == "WAITING"
    given = await refund_links.give(ctx, link(ctx, one), HERS)
    assert (given.refund.status, given.refund.approved_by) == ("APPROVED", "payer")
    again = await ask_again(ctx, one)
    assert (again.status, again.payee) == ("WAITING", None)
    await refund_links.give(ctx, link(ctx, again), OTHER)
    key = (one.merchant_id, one.mode, one.id)
    done = await refunds.complete_direct(ctx, *key, "MY-1", None, unanswered, "key:test")
    assert isinstance(done, Answered) and done.value.status == "COMPLETED"
    await assert_balanced(ctx)


async def test_in_test_mode_the_payer_is_asked_on_request_and_the_rest_happens_at_once(ctx: Context) -> None:
    shop = await open_shop(ctx, mode="test")
    payment = await sell_and_pay(shop, 10_000)
    assert (await wait_for_payer(ctx, shop, payment, 100)).status == "COMPLETED"
    one = await wait_for_payer(ctx, shop, payment, 200, ask_payer=True)
    assert one.status == "WAITING"
    assert (await refund_links.give(ctx, link(ctx, one), HERS)).standing is Standing.PAID
    assert (await refund_links.give(ctx, link(ctx, one), HERS)).standing is Standing.PAID
    assert (await REFUNDS.show(ctx, one.id)).payout.status == "COMPLETED"
    await assert_balanced(ctx)


async def test_who_says_where_to_does_not_ask_and_who_does_not_want_to_ask_need_not(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    payment = await sell_and_pay(shop, 10_000)
    with pytest.raises(InvalidInput) as refused:
        await wait_for_payer(ctx, shop, payment, 100, payee=HERS, ask_payer=True)
    assert refused.value.field == "askPayer"
    plain = await wait_for_payer(ctx, shop, payment, 100, ask_payer=False)
    assert plain.status == "REQUESTED"
    with pytest.raises(Conflict, match="Nobody has said"):
        await REFUNDS.approve(ctx, plain.id, A)
    asked = await ask_again(ctx, plain)
    assert (asked.status, asked.link_number) == ("WAITING", 1)
    await REFUNDS.reject(ctx, plain.id, A, "no such order")
    assert (await refund_links.look(ctx, link(ctx, asked))).standing is Standing.CLOSED
    await assert_balanced(ctx)


async def test_the_account_of_a_payer_who_was_never_paid_is_forgotten_and_of_others_kept(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    made = [await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000)) for _ in range(2)]
    for one in made:
        await refund_links.give(ctx, link(ctx, one), HERS)
    gone, young = made
    for one in made:
        await REFUNDS.reject(ctx, one.id, A, "no")
    paid = await wait_for_payer(ctx, shop, await sell_and_pay(shop, 10_000), payee=HERS)
    await sql(ctx, "UPDATE refunds SET created_at = created_at - interval '31 days' WHERE id <> $1", young.id)
    assert await refund_links.forget(ctx, 100) == 1
    assert [await stands(ctx, one) for one in (gone, young, paid)] == [
        ("REJECTED", None),
        ("REJECTED", HERS.name),
        ("REQUESTED", HERS.name),
    ]
