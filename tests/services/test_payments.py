"""A payment is made, read, listed, cancelled, and expires."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from uuid import uuid4

import pytest

import emvco
from paygate.core.errors import InvalidInput, NoAccount, NotFound, WrongState
from paygate.core.fees import Vat
from paygate.core.payments import QUARANTINE_OTHER, Status
from paygate.db.payments import Page
from paygate.db.pool import Database
from paygate.services import payments
from paygate.services.context import Context
from paygate.services.payments import Done
from tests.services.helpers import (
    CANCELLED,
    CREATED,
    EXPIRED,
    MINUTE,
    Facts,
    answer,
    assert_balanced,
    facts,
    now,
    open_shop,
    shift,
    sql,
)


async def test_a_new_payment_is_open_priced_and_announced(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="pro")
    payment = await shop.sell(order_id="ORD-1", metadata='{"cart":7}', expiry_minutes=30)
    assert (payment.status, payment.flow, payment.owner_id) == ("PENDING", "direct", shop.principal.merchant_id)
    assert (payment.fee_satang, payment.net_satang, payment.fee_bps) == (300, 14_700, 200)
    assert payment.expires_at - payment.created_at == 30 * MINUTE
    assert abs(payment.created_at - now()) < MINUTE
    assert await facts(ctx, payment) == Facts("PENDING", None, None, (CREATED,), QUARANTINE_OTHER)
    assert await shop.get(payment) == payment
    [event] = await sql(ctx, "SELECT body FROM events")
    assert json.loads(event["body"])["data"]["metadata"] == {"cart": 7}


async def test_the_qr_asks_for_the_payable_amount_on_the_account(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.sell()
    tagged = await shop.sell()
    read = emvco.parse(tagged.qr_payload)
    assert str(tagged.payable_satang / 100) in tagged.qr_payload
    assert shop.account.proxy is not None
    assert shop.account.proxy in tagged.qr_payload
    assert read


async def test_a_bill_payments_qr_carries_its_references(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1", ref2="A2")
    assert all(text in payment.qr_payload for text in ("INV1", "A2", str(shop.account.biller_id), "150.00"))


async def test_the_rate_is_the_merchants_own_else_the_plans_and_frozen(ctx: Context) -> None:
    shop = await open_shop(ctx)
    before = await shop.sell(10_000)
    shop.principal = replace(shop.principal, fee_bps=0)
    free = await shop.sell(20_000)
    ctx.plan_fee_bps["free"] = 9_999
    assert [p.fee_satang for p in (before, free)] == [300, 0]
    assert (await shop.get(before)).fee_satang == 300


@pytest.mark.parametrize(
    ("vat", "fee", "tax"), [(Vat.NONE, 300, 0), (Vat.INCLUSIVE, 280, 20), (Vat.EXCLUSIVE, 300, 21)]
)
async def test_vat_is_booked_beside_the_fee(ctx: Context, vat: Vat, fee: int, tax: int) -> None:
    ctx.vat = vat
    shop = await open_shop(ctx)
    payment = await shop.sell(10_000)
    assert (payment.fee_satang, payment.vat_satang, payment.net_satang) == (fee, tax, 10_000 - fee - tax)
    assert (await shop.hears(10_000)).word == "PAID"
    rows = await sql(ctx, "SELECT account, amount_satang FROM entries WHERE account IN ('fee_revenue', 'vat_payable')")
    assert dict(tuple(row) for row in rows) == {"fee_revenue": -fee} | ({"vat_payable": -tax} if tax else {})
    await assert_balanced(ctx)


async def test_without_an_account_there_is_no_payment(ctx: Context) -> None:
    shop = await open_shop(ctx, accounts=[])
    with pytest.raises(NoAccount):
        await shop.sell()


async def test_references_need_an_account_with_a_biller_id(ctx: Context) -> None:
    shop = await open_shop(ctx)
    with pytest.raises(InvalidInput) as refused:
        await shop.sell(ref1="INV1")
    assert refused.value.field == "promptpayRef1"
    assert await sql(ctx, "SELECT 1 FROM payments") == []


async def test_another_merchants_payment_and_another_modes_do_not_exist(ctx: Context) -> None:
    shop, other, test = await open_shop(ctx), await open_shop(ctx), await open_shop(ctx, mode="test")
    payment = await shop.sell(order_id="ORD-1")
    twin = replace(shop.principal, mode="test")
    for principal, payment_id in (
        (other.principal, payment.id),
        (test.principal, payment.id),
        (twin, payment.id),
        (shop.principal, uuid4()),
    ):
        with pytest.raises(NotFound):
            await payments.get(ctx, principal, payment_id)
        with pytest.raises(NotFound):
            await payments.cancel(ctx, principal, payment_id, None, answer)
        if principal is not shop.principal:
            with pytest.raises(NotFound):
                await payments.get_by_order(ctx, principal, "ORD-1")
            assert await payments.list_page(ctx, principal, Page(10)) == []
    assert (await payments.public(ctx, payment.id)).id == payment.id
    with pytest.raises(NotFound):
        await payments.public(ctx, uuid4())


async def test_after_the_deadline_a_payment_reads_expired_though_nobody_swept(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell(order_id="ORD-1")
    await shift(ctx, payment, 15 * MINUTE)
    assert [row["status"] for row in await sql(ctx, "SELECT status FROM payments")] == ["PENDING"]
    reads = [
        await shop.get(payment),
        await payments.get_by_order(ctx, shop.principal, "ORD-1"),
        await payments.public(ctx, payment.id),
        *await payments.list_page(ctx, shop.principal, Page(10)),
        *await payments.list_page(ctx, shop.principal, Page(10, status=Status.EXPIRED)),
    ]
    assert [p.status for p in reads] == ["EXPIRED"] * 5
    assert await payments.list_page(ctx, shop.principal, Page(10, status=Status.PENDING)) == []
    with pytest.raises(WrongState) as refused:
        await shop.cancel(payment)
    assert refused.value.status == "EXPIRED"


async def test_a_list_by_status_shows_no_other_status_while_deadlines_pass(ctx: Context) -> None:
    shop = await open_shop(ctx, tagging="off")
    for _ in range(40):
        await shop.sell()
    await sql(
        ctx,
        """UPDATE payments p SET expires_at = clock_timestamp() + n.n * interval '5 milliseconds'
             FROM (SELECT id, row_number() OVER () AS n FROM payments) n WHERE n.id = p.id""",
    )
    deadline = now() + MINUTE
    expired = 0
    while expired < 40 and now() < deadline:
        for status in (Status.PENDING, Status.EXPIRED):
            shown = await payments.list_page(ctx, shop.principal, Page(100, status=status))
            assert {p.status for p in shown} <= {status}
        expired = len(shown)
    assert expired == 40


async def test_the_end_of_a_payment_is_announced_once_however_many_sweep(ctx: Context, dsn: str) -> None:
    shop = await open_shop(ctx)
    sold = [await shop.sell(10_000 + 100 * n) for n in range(12)]
    for payment in sold[:10]:
        await shift(ctx, payment, 16 * MINUTE)
    assert sum(await asyncio.gather(*(payments.expire(ctx, limit=4) for _ in range(8)))) == 10
    assert await payments.expire(ctx) == 0
    swept = [await facts(ctx, payment) for payment in sold]
    assert swept[:10] == [Facts("EXPIRED", None, None, (CREATED, EXPIRED), QUARANTINE_OTHER)] * 10
    assert [f.status for f in swept[10:]] == ["PENDING"] * 2
    ended = await shop.get(sold[0])
    assert ended.closed_at == ended.expires_at
    await assert_balanced(ctx)


async def test_a_sweeper_leaves_to_others_what_they_work_on(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shift(ctx, payment, 16 * MINUTE)
    async with ctx.db.connection() as conn, conn.transaction():
        await conn.execute("SELECT 1 FROM payments FOR UPDATE")
        assert await payments.expire(ctx) == 0
    assert await payments.expire(ctx) == 1


async def test_an_open_payment_is_cancelled_once_and_stays_so(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    first = await shop.cancel(payment)
    assert isinstance(first, Done)
    assert (first.payment.status, first.payment.sequence) == ("CANCELLED", 2)
    again = await shop.cancel(payment)
    assert isinstance(again, Done)
    assert again.payment == first.payment
    assert await facts(ctx, payment) == Facts("CANCELLED", None, None, (CREATED, CANCELLED), QUARANTINE_OTHER)


async def test_a_paid_payment_cannot_be_cancelled(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shop.hears()
    with pytest.raises(WrongState) as refused:
        await shop.cancel(payment)
    assert refused.value.status == "PAID"


async def test_while_a_slip_is_checked_a_payment_cannot_be_cancelled(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await sql(ctx, "UPDATE payments SET verifying = true")
    with pytest.raises(WrongState) as refused:
        await shop.cancel(payment)
    assert refused.value.status == "VERIFYING"


async def test_cancels_at_once_announce_it_once(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    done = await asyncio.gather(*(shop.cancel(payment) for _ in range(10)))
    assert {d.payment.sequence for d in done if isinstance(d, Done)} == {2}
    assert (await facts(ctx, payment)).events == (CREATED, CANCELLED)


async def test_an_order_is_its_servers_payment_then_a_paid_one_then_the_latest(ctx: Context) -> None:
    shop = await open_shop(ctx)

    async def standing() -> object:
        return (await payments.get_by_order(ctx, shop.principal, "O")).id

    browser = await shop.sell(10_000, order_id="O", amount_source="browser")
    assert await standing() == browser.id
    await shop.hears(10_000)
    first = await shop.sell(20_000, order_id="O")
    assert await standing() == first.id
    second = await shop.sell(30_000, order_id="O", amount_source="token")
    assert await standing() == second.id
    await shop.hears(20_000)
    assert await standing() == first.id
    with pytest.raises(NotFound):
        await payments.get_by_order(ctx, shop.principal, "o")


async def test_pages_are_newest_first_and_new_payments_shift_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx)
    sold = [await shop.sell(10_000 + 100 * n, order_id=f"ORD-{n % 2}", description="กาแฟ") for n in range(7)]
    seen, before = [], None
    for _ in range(4):
        page = await payments.list_page(ctx, shop.principal, Page(2, before=before))
        await shop.sell(50_000)
        seen += [p.id for p in page]
        before = (page[-1].created_at, page[-1].id)
    assert seen == [p.id for p in reversed(sold)]

    async def found(**wanted: object) -> set[object]:
        return {p.id for p in await payments.list_page(ctx, shop.principal, Page(100, **wanted))}  # type: ignore[arg-type]

    assert await found(order_id="ORD-1") == {p.id for p in sold[1::2]}
    assert await found(q="ord-1") == {p.id for p in sold[1::2]}
    assert await found(q="กาแฟ") == {p.id for p in sold}
    assert await found(q="%") == set()
    assert await found(from_at=sold[2].created_at, to_at=sold[5].created_at) == {p.id for p in sold[2:5]}
    await shop.hears(sold[3].payable_satang)
    assert await found(status=Status.PAID) == {sold[3].id}


async def test_a_client_secret_is_the_payments_own_and_always_the_same(ctx: Context) -> None:
    shop = await open_shop(ctx)
    one, other = await shop.sell(), await shop.sell()
    secret = payments.client_secret(ctx, one)
    assert secret == payments.client_secret(ctx, await shop.get(one))
    assert secret.split("_secret_")[1] != payments.client_secret(ctx, other).split("_secret_")[1]


async def test_a_payment_keeps_the_account_it_was_made_with(ctx: Context, dsn: str) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    for column in ("payable_satang", "fee_satang", "account_id"):
        assert getattr(await shop.get(payment), column) == getattr(payment, column)
    db = await Database.open(dsn, size=1)  # Another process sees the same.
    elsewhere = Context(db, ctx.key, ctx.public_url)
    assert await payments.get(elsewhere, shop.principal, payment.id) == payment
    await db.close()
