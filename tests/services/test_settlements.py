"""A merchant takes its money out; the operator approves, pays and completes; the books follow."""

from __future__ import annotations

from datetime import timedelta

import pytest

import emvco
from paygate.core.errors import (
    Conflict,
    Forbidden,
    IdempotencyMismatch,
    InsufficientBalance,
    InvalidInput,
    NotFound,
    WrongState,
)
from paygate.db.payments import Claim
from paygate.services import audit, destinations, freezes, installation, ledger, merchants, reversals, settlements
from paygate.services.context import Context, SettlementRules
from paygate.services.once import unanswered
from paygate.services.payments import Replayed
from paygate.services.settlement_desk import SETTLEMENTS
from tests.services.helpers import assert_balanced, now, sql
from tests.services.payouts import A, B, ask, available, pay_out, sell_and_pay, settle_to, shop_with, told

THOUSAND = 100_000  # Satang; 97,000 are left after 3 %.


async def test_from_the_request_to_the_banks_reference(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND)
    one = await ask(ctx, shop, 50_000)
    assert (one.status, one.sequence) == ("REQUESTED", 1)
    assert await available(ctx, shop) == (47_000, 50_000, 0)
    assert (await SETTLEMENTS.approve(ctx, one.id, A)).status == "APPROVED"
    assert (await SETTLEMENTS.claim(ctx, one.id, B)).status == "PAYING"
    assert await available(ctx, shop) == (47_000, 50_000, 0)  # On its way is still not out.
    order = await SETTLEMENTS.instruction(ctx, one.id, B)
    payload = emvco.parse(order.qr_payload)
    assert (payload.amount_satang, order.place.proxy) == (50_000, "0066899999999")
    done = await SETTLEMENTS.complete(ctx, one.id, B, "2026112012345678")
    assert (done.status, done.bank_reference, done.completed_at is not None) == ("COMPLETED", "2026112012345678", True)
    assert await SETTLEMENTS.complete(ctx, one.id, B, "2026112012345678") == done  # Said twice, done once.
    assert await available(ctx, shop) == (47_000, 0, 0)
    assert await told(ctx, one.id) == ["settlement.created", "settlement.completed"]
    await assert_balanced(ctx)
    acts = [row.record.action for row in await audit.list_records(ctx, shop.principal.merchant_id)]
    assert acts == [
        *("settlement.complete", "settlement.claim", "settlement.approve", "settlement.request"),
        "merchant.payout_destination",
    ]
    assert (await audit.verify(ctx)).whole


async def test_more_than_is_available_is_refused_and_nothing_is_written(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND)
    with pytest.raises(InsufficientBalance, match=r"970\.00 THB are available"):
        await ask(ctx, shop, 97_001)
    with pytest.raises(InvalidInput, match=r"at least 100\.00"):
        await ask(ctx, shop, 9_999)
    await ask(ctx, shop, 97_000)
    with pytest.raises(InsufficientBalance):
        await ask(ctx, shop, 10_000)
    assert len(await sql(ctx, "SELECT 1 FROM settlements")) == 1
    await assert_balanced(ctx)


async def test_test_money_never_pays_out(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND, mode="test")
    assert await available(ctx, shop) == (97_000, 0, 0)
    with pytest.raises(Forbidden, match="Test money"):
        await ask(ctx, shop, 10_000)


async def test_a_refused_a_cancelled_and_a_bounced_one_give_the_money_back(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND)
    merchant_id = shop.principal.merchant_id
    rejected, cancelled, bounced = [await ask(ctx, shop, 20_000) for _ in range(3)]
    await SETTLEMENTS.reject(ctx, rejected.id, A, "ชื่อบัญชีไม่ตรง")
    for _ in range(2):
        await settlements.cancel(ctx, merchant_id, "live", cancelled.id, None, unanswered, "key:x")
    await pay_out(ctx, bounced, "REF-1")
    assert await available(ctx, shop) == (77_000, 0, 0)
    await SETTLEMENTS.bounce(ctx, bounced.id, A, "The account is closed")
    assert await available(ctx, shop) == (97_000, 0, 0)
    assert await told(ctx, rejected.id) == ["settlement.created", "settlement.rejected"]
    assert await told(ctx, cancelled.id) == ["settlement.created"]
    assert await told(ctx, bounced.id) == ["settlement.created", "settlement.completed", "settlement.rejected"]
    with pytest.raises(WrongState):
        await SETTLEMENTS.approve(ctx, rejected.id, A)
    with pytest.raises(Conflict, match="has completed another payout"):  # Also of one that came back.
        await pay_out(ctx, await ask(ctx, shop, 20_000), "REF-1")
    with pytest.raises(Conflict, match="has completed another payout") as refused:  # However it is written.
        await pay_out(ctx, await ask(ctx, shop, 20_000), "ref-1")
    assert refused.value.field == "bankReference"
    paid = await pay_out(ctx, await ask(ctx, shop, 20_000), "Ref-2")
    assert (await SETTLEMENTS.complete(ctx, paid.id, A, "REF-2")).bank_reference == "Ref-2"  # Said again: nothing new.
    await assert_balanced(ctx)


async def test_a_cancel_after_approval_and_an_unknown_or_foreign_settlement_are_refused(ctx: Context) -> None:
    shop, other = await shop_with(ctx, THOUSAND), await shop_with(ctx)
    one = await ask(ctx, shop, 20_000)
    for merchant_id, settlement_id in (
        (other.principal.merchant_id, one.id),
        (shop.principal.merchant_id, ctx.new_id()),
    ):
        with pytest.raises(NotFound):
            await settlements.get(ctx, merchant_id, "live", settlement_id)
        with pytest.raises(NotFound):
            await settlements.cancel(ctx, merchant_id, "live", settlement_id, None, unanswered, "key:x")
    with pytest.raises(NotFound):
        await SETTLEMENTS.approve(ctx, ctx.new_id(), A)
    await SETTLEMENTS.approve(ctx, one.id, A)
    with pytest.raises(WrongState) as refused:
        await settlements.cancel(ctx, shop.principal.merchant_id, "live", one.id, None, unanswered, "key:x")
    assert refused.value.status == "APPROVED"


async def test_the_same_key_asks_once(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND)
    merchant_id = shop.principal.merchant_id

    def claim(body: bytes) -> Claim:
        return Claim(merchant_id, "live", "secret", "POST /api/v1/settlements", "k", (body * 32)[:32])

    first = await ask(ctx, shop, 20_000, claim(b"a"))
    again = await settlements.request(ctx, merchant_id, "live", 20_000, claim(b"a"), unanswered, "key:x")
    assert isinstance(again, Replayed)
    with pytest.raises(IdempotencyMismatch):
        await settlements.request(ctx, merchant_id, "live", 20_000, claim(b"b"), unanswered, "key:x")
    assert [row["id"] for row in await sql(ctx, "SELECT id FROM settlements")] == [first.id]


async def test_a_destination_is_needed_for_approval_frozen_there_and_a_change_waits_a_day(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND, place=False)
    one, two = await ask(ctx, shop, 20_000), await ask(ctx, shop, 20_000)
    with pytest.raises(Conflict, match="payout-destination"):
        await SETTLEMENTS.approve(ctx, one.id, A)
    await settle_to(ctx, shop)  # The first one serves at once.
    await SETTLEMENTS.approve(ctx, one.id, A)
    await settle_to(ctx, shop, "0811111111")
    await settle_to(ctx, shop, "0811111111")  # Saying it again changes nothing, nor begins the day anew.
    heard = await sql(
        ctx,
        """SELECT e.body, e.subject_id, (SELECT count(*) FROM deliveries d WHERE d.event_id = e.id) AS deliveries
             FROM events e WHERE e.type = 'destination.changed' ORDER BY e.created_at""",
    )
    assert [('"promptPayId":"xxxxxxxxx1111"' in row["body"], row["deliveries"]) for row in heard] == [
        (False, 1),
        (True, 1),
    ]
    assert '"usableAt":"' in heard[1]["body"] and "0066811111111" not in heard[1]["body"]
    with pytest.raises(Conflict, match="may be used from"):
        await SETTLEMENTS.approve(ctx, two.id, A)
    await SETTLEMENTS.claim(ctx, one.id, A)
    assert (await SETTLEMENTS.instruction(ctx, one.id, A)).place.proxy == "0066899999999"
    place = await destinations.in_force(ctx, shop.principal.merchant_id)
    assert place is not None and place.usable_at - place.created_at == timedelta(hours=24)
    await sql(ctx, "UPDATE payout_destinations SET usable_at = usable_at - interval '24 hours'")
    approved = await SETTLEMENTS.approve(ctx, two.id, A)
    assert approved.destination_id == place.id
    assert len(await sql(ctx, "SELECT 1 FROM payout_destinations")) == 2


async def test_a_bank_account_is_a_destination_too(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND, place=False)
    wanted = destinations.read(None, "014", "406-1-23456-7", "ร้านกาแฟ")
    await destinations.change(ctx, shop.principal.merchant_id, wanted, actor=A)
    one = await ask(ctx, shop, 20_000)
    await SETTLEMENTS.approve(ctx, one.id, A)
    await SETTLEMENTS.claim(ctx, one.id, A)
    [order] = await SETTLEMENTS.claimed_by(ctx, A)
    found = emvco.detect(order.qr_payload)
    assert found is not None and "0144061234567" in order.qr_payload
    with pytest.raises(InvalidInput):
        destinations.read(None, None, None, "x")


async def test_above_the_operators_limit_a_second_person_approves(ctx: Context) -> None:
    ctx.settlements = SettlementRules(second_above_satang=30_000)
    shop = await shop_with(ctx, THOUSAND)
    small, large = await ask(ctx, shop, 30_000), await ask(ctx, shop, 30_001)
    assert (await SETTLEMENTS.approve(ctx, small.id, A)).status == "APPROVED"
    assert (await SETTLEMENTS.approve(ctx, large.id, A)).status == "REQUESTED"
    with pytest.raises(Conflict, match="another person"):
        await SETTLEMENTS.approve(ctx, large.id, A)
    with pytest.raises(WrongState):
        await SETTLEMENTS.claim(ctx, large.id, A)
    approved = await SETTLEMENTS.approve(ctx, large.id, B)
    assert (approved.status, approved.approved_by, approved.second_by) == ("APPROVED", A, B)


async def test_two_approvals_are_of_one_destination_and_a_change_between_them_forgets_the_first(ctx: Context) -> None:
    ctx.settlements = SettlementRules(second_above_satang=10_000)
    shop = await shop_with(ctx, THOUSAND)
    one = await ask(ctx, shop, 20_000)
    await SETTLEMENTS.approve(ctx, one.id, A)
    await settle_to(ctx, shop, "0811111111")
    await sql(ctx, "UPDATE payout_destinations SET usable_at = usable_at - interval '24 hours'")
    detail = await SETTLEMENTS.show(ctx, one.id)
    assert detail.place is not None and detail.place.proxy == "0066811111111"  # What a yes of now would be for.
    waits = await SETTLEMENTS.approve(ctx, one.id, B)
    assert (waits.status, waits.approved_by, waits.second_by) == ("REQUESTED", B, None)
    with pytest.raises(Conflict, match="another person"):
        await SETTLEMENTS.approve(ctx, one.id, B)
    done = await SETTLEMENTS.approve(ctx, one.id, A)
    place = await destinations.in_force(ctx, shop.principal.merchant_id)
    assert place is not None
    assert (done.status, done.approved_by, done.second_by, done.destination_id) == ("APPROVED", B, A, place.id)


async def test_the_same_name_written_otherwise_is_the_same_person(ctx: Context) -> None:
    ctx.settlements = SettlementRules(second_above_satang=10_000)
    one = await ask(ctx, await shop_with(ctx, THOUSAND), 20_000)
    await SETTLEMENTS.approve(ctx, one.id, "cli:Malee Dee")
    for same in ("cli:malee dee ", "cli: MALEE  DEE"):
        with pytest.raises(Conflict, match="another person"):
            await SETTLEMENTS.approve(ctx, one.id, same)
    await SETTLEMENTS.approve(ctx, one.id, A)
    await SETTLEMENTS.claim(ctx, one.id, "cli:Malee Dee")
    assert (await SETTLEMENTS.instruction(ctx, one.id, "cli:malee dee")).payout.id == one.id
    assert [order.payout.id for order in await SETTLEMENTS.claimed_by(ctx, "cli:MALEE dee")] == [one.id]


async def test_a_process_that_was_told_no_limit_keeps_to_the_servers(ctx: Context) -> None:
    await installation.check(ctx)
    ctx.settlements = SettlementRules(second_above_satang=10_000)
    await installation.remember_limit(ctx)
    shop = await shop_with(ctx, THOUSAND)
    for limit_satang, amount_satang, status in (
        (None, 15_000, "REQUESTED"),  # The variable was forgotten.
        (90_000, 15_000, "REQUESTED"),
        (5_000, 9_000, "REQUESTED"),  # It is stricter itself.
        (None, 10_000, "APPROVED"),
    ):
        ctx.settlements = SettlementRules(second_above_satang=limit_satang, min_satang=100)
        one = await ask(ctx, shop, amount_satang)
        assert (await SETTLEMENTS.approve(ctx, one.id, A)).status == status
        await SETTLEMENTS.reject(ctx, one.id, A, "only a test")
    ctx.settlements = SettlementRules()  # A server that is started without it takes it away, and the log tells.
    assert await installation.remember_limit(ctx) == 10_000
    assert await installation.remember_limit(ctx) is None
    assert (await SETTLEMENTS.approve(ctx, (await ask(ctx, shop, 15_000)).id, A)).status == "APPROVED"
    rows = await sql(ctx, "SELECT after FROM audit_log WHERE action = 'installation.second_approval' ORDER BY id")
    assert ["10000" in str(row["after"]) for row in rows] == [True, False]


async def test_only_who_claimed_it_sees_where_it_goes_and_only_while_it_is_claimed(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND)
    one = await ask(ctx, shop, 20_000)
    await SETTLEMENTS.approve(ctx, one.id, A)
    with pytest.raises(WrongState):
        await SETTLEMENTS.instruction(ctx, one.id, A)
    await SETTLEMENTS.claim(ctx, one.id, A)
    await SETTLEMENTS.claim(ctx, one.id, A)
    for refused in (SETTLEMENTS.instruction(ctx, one.id, B), SETTLEMENTS.claim(ctx, one.id, B)):
        with pytest.raises(Conflict, match="somchai claimed"):
            await refused
    assert await SETTLEMENTS.claimed_by(ctx, B) == []
    with pytest.raises(WrongState):
        await SETTLEMENTS.reject(ctx, one.id, B, "too late")
    released = await SETTLEMENTS.release(ctx, one.id, A, "the app was down")
    assert (released.status, released.claimed_by, released.reason) == ("APPROVED", None, None)
    [row] = await sql(ctx, "SELECT before, after FROM audit_log WHERE action = 'settlement.release'")
    assert "the app was down" in str(row["after"]) and A in str(row["before"])  # For the operator, not the merchant.
    await SETTLEMENTS.claim(ctx, one.id, B)
    await SETTLEMENTS.complete(ctx, one.id, A, "REF-2")  # Who claimed it may be away; the log has both.
    [row] = await sql(ctx, "SELECT actor, before FROM audit_log WHERE action = 'settlement.complete'")
    assert row["actor"] == A and B in str(row["before"])
    with pytest.raises(WrongState):
        await SETTLEMENTS.instruction(ctx, one.id, B)
    await assert_balanced(ctx)


async def test_money_known_from_notices_alone_waits_until_something_confirms_it(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND, rank="C")
    await sell_and_pay(shop, 20_000)
    assert await available(ctx, shop) == (19_400, 0, 97_000)
    with pytest.raises(InsufficientBalance, match=r"970\.00 THB more are known from bank notices alone"):
        await ask(ctx, shop, 30_000)
    ctx.settlements = SettlementRules(notices_at_once=True)
    assert await available(ctx, shop) == (116_400, 0, 0)
    ctx.settlements = SettlementRules()
    await sql(ctx, "UPDATE credits SET confirmed_at = now() WHERE rank = 'C'")  # As a statement line does.
    assert await available(ctx, shop) == (116_400, 0, 0)


async def test_a_reversal_after_settlement_is_owed_and_netted_before_the_next_one(ctx: Context) -> None:
    shop = await shop_with(ctx, place=True)
    at = now()
    payment = await shop.sell(THOUSAND)
    await shop.hears(payment.payable_satang, at=at, reference="T-1")
    await pay_out(ctx, await ask(ctx, shop, 97_000), "REF-3")
    seen = shop.says(payment.payable_satang, at=at, reference="T-1")
    await reversals.reverse(ctx, seen)
    assert await available(ctx, shop) == (0, 0, 0)
    await sell_and_pay(shop, 200_000)  # 194,000 of it are the shop's, of which it owes 97,000.
    assert await available(ctx, shop) == (97_000, 0, 0)
    with pytest.raises(InsufficientBalance, match=r"owes for money taken back"):
        await ask(ctx, shop, 97_001)
    await ask(ctx, shop, 97_000)
    assert await available(ctx, shop) == (0, 97_000, 0)
    [row] = await sql(ctx, "SELECT sum(amount_satang) AS satang FROM entries WHERE account = 'receivable'")
    assert row["satang"] == 0
    await assert_balanced(ctx)


async def test_payouts_of_a_frozen_or_suspended_merchant_stand_still(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND)
    merchant_id = shop.principal.merchant_id
    one, two = await ask(ctx, shop, 20_000), await ask(ctx, shop, 20_000)
    await SETTLEMENTS.approve(ctx, one.id, A)
    await freezes.freeze(ctx, merchant_id, "police", A)
    for refused in (ask(ctx, shop, 10_000), SETTLEMENTS.approve(ctx, two.id, A), SETTLEMENTS.claim(ctx, one.id, A)):
        with pytest.raises(Conflict, match="frozen"):
            await refused
    await freezes.thaw(ctx, merchant_id, "police", A)
    await merchants.suspend(ctx, merchant_id, "why")
    with pytest.raises(Conflict, match="suspended"):
        await SETTLEMENTS.claim(ctx, one.id, A)


async def test_the_check_of_the_books_sees_a_settlement_that_they_do_not_tell_of(ctx: Context) -> None:
    shop = await shop_with(ctx, THOUSAND)
    one = await ask(ctx, shop, 20_000)
    await sql(ctx, "UPDATE settlements SET status = 'CANCELLED' WHERE id = $1", one.id)
    report = await ledger.check(ctx)
    assert [d.what for d in report.differences] == ["payout and its booking differ"]


@pytest.mark.parametrize("reference", ["", "ab", "a b c", "ก" * 5, "x" * 65, "-abc"])
async def test_a_reference_that_no_bank_prints_is_refused(ctx: Context, reference: str) -> None:
    with pytest.raises(InvalidInput, match="reference"):
        await SETTLEMENTS.complete(ctx, ctx.new_id(), A, reference)
