"""Fees of direct merchants are invoiced month by month and paid to the central account; statements equal the ledger."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paygate.core import canonical, ids
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.fees import Vat
from paygate.core.invoices import amounts
from paygate.db import migrate
from paygate.services import evidence, invoices, monthly, refunds, reversals
from paygate.services.context import Context, SettlementRules
from paygate.services.once import unanswered
from paygate.services.refunds import Wish
from paygate.web.invoices import printable
from paygate.workers import invoice as chore
from tests.services.helpers import Shop, assert_balanced, open_account, open_shop, says, sql
from tests.services.payouts import ask, pay_out, sell_and_pay, shop_with

MONTH = (datetime.now(UTC).replace(day=1) - timedelta(days=20)).date().replace(day=1)
DAYS = Path(migrate.__file__).with_name("migrations") / "0039_invoice_days.sql"


async def month_ago(ctx: Context) -> None:
    """As if all that was booked so far had happened in the middle of MONTH."""
    async with ctx.db.connection() as conn, conn.transaction():
        await conn.execute("ALTER TABLE journals DISABLE TRIGGER USER")
        middle = datetime(MONTH.year, MONTH.month, 15, tzinfo=UTC)
        await conn.execute("UPDATE journals SET happened_at = $1 WHERE happened_at > $1", middle)
        await conn.execute("ALTER TABLE journals ENABLE TRIGGER USER")


async def transferred(ctx: Context, shop: Shop, satang: int, **facts: Any) -> None:
    """The bank says that so much arrived on the central account."""
    outcome = await evidence.record(ctx, says(shop.account, ctx.new_id(), satang, **facts))
    assert outcome.word == "PAID", outcome


async def owes(ctx: Context, shop: Shop) -> int:
    [row] = await sql(
        ctx,
        """SELECT coalesce(sum(amount_satang), 0)::bigint AS n FROM entries
            WHERE merchant_id = $1 AND account = 'receivable'""",
        shop.principal.merchant_id,
    )
    return int(row["n"])


async def test_all_who_pay_an_invoice_at_once_get_the_same_payment(ctx: Context) -> None:
    await open_shop(ctx)  # Its account is the operator's.
    await sell_and_pay(await open_shop(ctx, plan="pro"), 100_000)
    await month_ago(ctx)
    [made] = await invoices.issue(ctx, MONTH, "cli:a")
    first = await asyncio.gather(*(invoices.pay(ctx, made.id) for _ in range(20)))
    assert len({payment.id for payment in first}) == 1
    await sql(ctx, "UPDATE payments SET status = 'EXPIRED', closed_at = now() WHERE id = $1", first[0].id)
    second = await asyncio.gather(*(invoices.pay(ctx, made.id) for _ in range(20)))
    assert len({payment.id for payment in second}) == 1 and second[0].id != first[0].id


async def test_a_month_is_invoiced_once_paid_by_a_payment_and_booked(ctx: Context) -> None:
    central = await open_shop(ctx)  # Its account is the operator's.
    shop = await open_shop(ctx, plan="pro")
    for _ in range(3):
        await sell_and_pay(shop, 100_000)
    await month_ago(ctx)
    [made] = await invoices.issue(ctx, MONTH, "cli:a")
    assert (made.number, made.month, made.fee_satang, made.to_pay_satang) == ("INV-0001", MONTH, 6_000, 6_000)
    assert await invoices.issue(ctx, MONTH, "cli:a") == []
    [shown] = await invoices.list_invoices(ctx, unpaid=True)
    assert (shown.status, shown.merchant_name, invoices.sums([shown])) == ("OPEN", "ร้าน", 6_000)
    payment = await invoices.pay(ctx, made.id)
    assert (await invoices.pay(ctx, made.id)).id == payment.id  # The open one, not a second one.
    assert (payment.merchant_id, payment.fee_satang, payment.payable_satang) == (0, 0, 6_000)
    await transferred(ctx, central, payment.payable_satang)
    await chore.work(ctx)
    assert await invoices.settle_paid(ctx) == 0
    assert (await invoices.show(ctx, made.id)).status == "PAID"
    with pytest.raises(Conflict, match="paid already"):
        await invoices.pay(ctx, made.id)
    rows = await sql(ctx, "SELECT account, sum(amount_satang)::bigint AS n FROM entries GROUP BY account")
    books = {row["account"]: row["n"] for row in rows if row["n"]}
    assert books == {"bank_central": 6_000, "fee_revenue": -6_000}
    await assert_balanced(ctx)


async def test_an_invoice_says_day_by_day_what_it_is_for_and_what_changed_is_on_the_next(
    ctx: Context,
) -> None:
    ctx.settlements, ctx.vat = SettlementRules(refund_fee=True), Vat.EXCLUSIVE
    shop = await open_shop(ctx, plan="pro")
    await sell_and_pay(shop, 50_000)
    await month_ago(ctx)
    payments = [await sell_and_pay(shop, amount) for amount in (100_000, 33_333)]
    async with ctx.db.connection() as conn, conn.transaction():
        await conn.execute("ALTER TABLE journals DISABLE TRIGGER USER")
        at = datetime(MONTH.year, MONTH.month, 2, 17, 30, tzinfo=UTC)  # The third in Bangkok.
        await conn.execute("UPDATE journals SET happened_at = $1 WHERE subject_id = ANY ($2)", at, payments)
        await conn.execute("ALTER TABLE journals ENABLE TRIGGER USER")
    [made] = await invoices.issue(ctx, MONTH, "cli:a")
    shown = await invoices.show(ctx, made.id)
    assert [(one.day.day, one.payments, one.amount_satang) for one in shown.days] == [(3, 2, 133_333), (15, 1, 50_000)]
    assert [(one.fee_satang, one.vat_satang) for one in shown.days] == [(2_667, 187), (1_000, 70)]
    assert sum(one.fee_satang for one in shown.days) == made.fee_satang
    assert sum(one.vat_satang for one in shown.days) == made.vat_satang
    page = printable(shown, "en")
    for cell in (f"<td>03/{MONTH:%m/%Y}</td><td>2</td><td>1,333.33</td><td>26.67</td><td>1.87</td>", "<td>10.00</td>"):
        assert cell in page
    await sell_and_pay(shop, 200_000)
    key = (shop.principal.merchant_id, "live")
    await refunds.request(ctx, *key, payments[0], Wish(50_000), None, unanswered, "key:x")
    await month_ago(ctx)
    await sql(ctx, "UPDATE fee_invoices SET month = $1", (MONTH - timedelta(days=1)).replace(day=1))
    [second] = await invoices.issue(ctx, MONTH, "cli:a")
    [line] = (await invoices.show(ctx, second.id)).days
    assert (line.day.day, line.payments, line.amount_satang) == (15, 1, 200_000)
    assert (line.fee_satang, line.vat_satang) == (second.fee_satang, second.vat_satang) == (3_000, 210)
    await assert_balanced(ctx)


async def test_invoices_of_before_they_had_days_get_those_that_they_were_made_of(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="pro")
    for _ in "12":
        await sell_and_pay(shop, 150_000)
    await month_ago(ctx)
    await invoices.issue(ctx, MONTH, "cli:a")
    before = MONTH - timedelta(days=1)
    await sql(ctx, "UPDATE fee_invoices SET month = $1, fee_satang = fee_satang + 5", before.replace(day=1))
    async with ctx.db.connection() as conn, conn.transaction():
        await conn.execute("ALTER TABLE journals DISABLE TRIGGER USER")
        await conn.execute("UPDATE journals SET happened_at = $1", datetime(before.year, before.month, 9, tzinfo=UTC))
        await conn.execute("ALTER TABLE journals ENABLE TRIGGER USER")
    await sell_and_pay(shop, 100_000)
    await month_ago(ctx)
    await sql(ctx, "DELETE FROM fee_invoice_days")
    await sql(
        ctx,
        """INSERT INTO fee_invoices (merchant_id, mode, id, number, month, fee_satang, vat_satang, due_on, issued_at)
           SELECT merchant_id, mode, gen_random_uuid(), 'INV-0002', $1, 2000, 0, due_on, now() FROM fee_invoices""",
        MONTH,
    )
    await sql(ctx, DAYS.read_text("utf-8").partition(");\n")[2])
    rows = await sql(ctx, "SELECT day, payments, amount_satang, fee_satang FROM fee_invoice_days ORDER BY day")
    assert [tuple(row) for row in rows] == [
        (before.replace(day=1), 0, 0, 5),  # What its bookings do not explain.
        (before.replace(day=9), 2, 300_000, 6_000),
        (MONTH.replace(day=15), 1, 100_000, 2_000),
    ]


async def test_what_was_paid_too_much_and_what_refunds_gave_back_is_taken_off_the_next_one(ctx: Context) -> None:
    ctx.settlements = SettlementRules(refund_fee=True)
    account = await open_account(ctx, 0, tagging="add")  # Payments to it carry satang of a tag.
    central = await open_shop(ctx, accounts=[account])
    shop = await open_shop(ctx, plan="pro")
    payments = [await sell_and_pay(shop, 100_000) for _ in range(2)]
    await month_ago(ctx)
    [first] = await invoices.issue(ctx, MONTH, "cli:a")
    payment = await invoices.pay(ctx, first.id)
    tag = payment.payable_satang - first.to_pay_satang
    assert 1 <= tag <= 99
    await transferred(ctx, central, payment.payable_satang)
    assert await invoices.settle_paid(ctx) == 1
    await sell_and_pay(shop, 100_000)
    key = (shop.principal.merchant_id, "live")
    await refunds.request(ctx, *key, payments[0], Wish(50_000), None, unanswered, "key:x")
    await month_ago(ctx)
    await sql(ctx, "UPDATE fee_invoices SET month = $1", (MONTH - timedelta(days=1)).replace(day=1))
    [second] = await invoices.issue(ctx, MONTH, "cli:a")
    assert (second.number, second.fee_satang, second.credit_satang) == ("INV-0002", 2_000 - 1_000, tag)
    assert second.to_pay_satang == 1_000 - tag
    await assert_balanced(ctx)


@pytest.mark.parametrize("settled_before", [True, False])
async def test_an_invoice_whose_payment_is_reversed_is_open_again(ctx: Context, settled_before: bool) -> None:
    central, shop = await open_shop(ctx), await open_shop(ctx, plan="pro")
    await sell_and_pay(shop, 300_000)
    await month_ago(ctx)
    [made] = await invoices.issue(ctx, MONTH, "cli:a")
    payment = await invoices.pay(ctx, made.id)
    news = says(central.account, ctx.new_id(), payment.payable_satang, reference="F-1", sending_bank="014")
    assert (await evidence.record(ctx, news)).word == "PAID"
    if settled_before:
        assert await invoices.settle_paid(ctx) == 1
        assert ((await invoices.show(ctx, made.id)).status, await owes(ctx, shop)) == ("PAID", 0)
    await reversals.reverse(ctx, news)
    await reversals.reverse(ctx, news)  # Said again: nothing new.
    assert await invoices.settle_paid(ctx) == 0  # What the bank took back pays nothing.
    assert ((await invoices.show(ctx, made.id)).status, await owes(ctx, shop)) == ("OPEN", 6_000)
    actions = [row["action"] for row in await sql(ctx, "SELECT action FROM audit_log WHERE action ~ '^invoice'")]
    assert actions.count("invoice.reopened") == settled_before
    await assert_balanced(ctx)
    again = await invoices.pay(ctx, made.id)
    assert again.id != payment.id
    await transferred(ctx, central, again.payable_satang, reference="F-2")
    assert await invoices.settle_paid(ctx) == 1
    paid = await invoices.show(ctx, made.id)
    assert (paid.status, paid.invoice.payment_id, await owes(ctx, shop)) == (
        "PAID",
        again.id,
        6_000 - again.payable_satang,
    )
    await assert_balanced(ctx)


async def test_an_invoice_paid_twice_stays_paid_when_one_of_them_is_reversed(ctx: Context) -> None:
    central, shop = await open_shop(ctx), await open_shop(ctx, plan="pro")
    await sell_and_pay(shop, 300_000)
    await month_ago(ctx)
    [made] = await invoices.issue(ctx, MONTH, "cli:a")
    first = await invoices.pay(ctx, made.id)
    await sql(ctx, "UPDATE payments SET expires_at = now() + interval '30 seconds' WHERE id = $1", first.id)
    second = await invoices.pay(ctx, made.id)
    assert first.id != second.id
    for payment, reference in ((first, "F-1"), (second, "F-2")):
        await transferred(ctx, central, payment.payable_satang, reference=reference)
        assert await invoices.settle_paid(ctx) == 1
    await reversals.reverse(ctx, says(central.account, ctx.new_id(), first.payable_satang, reference="F-1"))
    shown = await invoices.show(ctx, made.id)
    assert (shown.status, shown.invoice.payment_id) == ("PAID", second.id)
    await reversals.reverse(ctx, says(central.account, ctx.new_id(), second.payable_satang, reference="F-2"))
    assert (await invoices.show(ctx, made.id)).status == "OPEN"
    await assert_balanced(ctx)


async def test_what_a_tag_left_unpaid_is_on_the_next_invoice(ctx: Context) -> None:
    account = await open_account(ctx, 0, tagging="subtract")
    central, shop = await open_shop(ctx, accounts=[account]), await open_shop(ctx, plan="pro")
    await sell_and_pay(shop, 300_000)
    await month_ago(ctx)
    [first] = await invoices.issue(ctx, MONTH, "cli:a")
    payment = await invoices.pay(ctx, first.id)
    tag = first.to_pay_satang - payment.payable_satang
    assert 1 <= tag <= 99
    await transferred(ctx, central, payment.payable_satang)
    await invoices.settle_paid(ctx)
    await assert_balanced(ctx)
    await sell_and_pay(shop, 100_000)
    await month_ago(ctx)
    await sql(ctx, "UPDATE fee_invoices SET month = $1", (MONTH - timedelta(days=1)).replace(day=1))
    [second] = await invoices.issue(ctx, MONTH, "cli:a")
    assert (second.fee_satang, second.credit_satang, second.to_pay_satang) == (2_000, -tag, 2_000 + tag)
    assert "ค้างจากครั้งก่อน" in printable(await invoices.show(ctx, second.id), "th")


async def test_a_month_that_is_not_over_is_not_invoiced_and_little_waits(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="pro")
    await sell_and_pay(shop, 1_000)  # A fee of 0.20: too little for a payment.
    await month_ago(ctx)
    assert await invoices.issue(ctx, MONTH, "cli:a") == []
    with pytest.raises(InvalidInput, match="not over"):
        await invoices.issue(ctx, datetime.now(UTC).date().replace(day=1), "cli:a")
    with pytest.raises(NotFound):
        await invoices.pay(ctx, ctx.new_id())
    assert amounts(-1, 0, 0) is None and amounts(100, 0, 0) == (100, 0, 0) and amounts(199, 0, 100) is None
    assert amounts(100, 7, -50) == (100, 7, -50)


async def test_an_invoice_is_overdue_after_its_day_and_prints_in_two_languages(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="basic")
    await sell_and_pay(shop, 100_000)
    await month_ago(ctx)
    [made] = await invoices.issue(ctx, MONTH, "cli:a")
    assert await invoices.list_invoices(ctx, overdue=True) == []
    await sql(ctx, "UPDATE fee_invoices SET due_on = $1", date(2026, 1, 1))
    [late] = await invoices.list_invoices(ctx, overdue=True)
    assert late.status == "OVERDUE" and late.invoice.id == made.id
    thai, english = printable(late, "th"), printable(late, "en")
    assert "ใบแจ้งค่าธรรมเนียม INV-0001" in thai and "เกินกำหนด" in thai and ">25.00<" in thai
    assert "Fee invoice INV-0001" in english and "VAT" not in english


async def test_a_merchant_hears_once_that_its_invoice_is_overdue_and_never_of_a_paid_one(ctx: Context) -> None:
    central, shops = await open_shop(ctx), [await open_shop(ctx, plan="pro") for _ in "12"]
    for shop in shops:
        await sell_and_pay(shop, 300_000)
    await month_ago(ctx)
    made = {one.merchant_id: one for one in await invoices.issue(ctx, MONTH, "cli:a")}
    late, paid = (made[shop.principal.merchant_id] for shop in shops)
    await transferred(ctx, central, (await invoices.pay(ctx, paid.id)).payable_satang)
    await invoices.settle_paid(ctx)
    assert await invoices.tell_overdue(ctx) == 0
    await sql(ctx, "UPDATE fee_invoices SET due_on = $1", date(2026, 1, 1))
    assert sorted(await asyncio.gather(*(invoices.tell_overdue(ctx) for _ in range(5)))) == [0, 0, 0, 0, 1]
    assert await chore.issue(ctx) is False
    [told] = await sql(ctx, "SELECT merchant_id, body FROM events WHERE type = 'invoice.overdue'")
    data = canonical.loads(told["body"].encode())
    assert isinstance(data, dict) and told["merchant_id"] == late.merchant_id
    assert data["data"]["invoiceId"] == ids.show("inv", late.id) and '"toPay":60' in told["body"]
    assert '"dueOn":"2026-01-01"' in told["body"] and '"number":"INV-0001"' in told["body"]


async def test_a_statement_is_the_ledger_to_the_satang_and_months_join(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000, 33_333)
    await month_ago(ctx)
    await pay_out(ctx, await ask(ctx, shop, 50_000), "S-1")
    await ask(ctx, shop, 10_000)
    merchant_id = shop.principal.merchant_id
    lines: list[monthly.Line] = []
    then = await monthly.statement(ctx, merchant_id, "live", MONTH)
    today = monthly.read_month(f"{datetime.now(UTC) + timedelta(hours=7):%Y-%m}")
    this = await monthly.statement(ctx, merchant_id, "live", today, lines.append)
    assert (then.opening.has_satang, then.closing.has_satang) == (0, 97_000 + 32_333)
    assert this.opening == then.closing
    assert this.closing.has_satang == then.closing.has_satang - 50_000  # What is held is still the merchant's.
    assert this.opening.has_satang + sum(line.has_satang for line in lines) == this.closing.has_satang
    changed = sum(sums.has_satang for _, sums in this.kinds.values())
    assert this.opening.has_satang + changed == this.closing.has_satang
    [row] = await sql(
        ctx,
        """SELECT -sum(amount_satang)::bigint AS n FROM entries
            WHERE merchant_id = $1 AND account IN ('payable', 'held', 'payout_clearing')""",
        merchant_id,
    )
    assert this.closing.has_satang == row["n"]
    with pytest.raises(NotFound):
        await monthly.statement(ctx, 1, "live", MONTH)


@pytest.mark.parametrize("text", ["2026", "2026-13", "1926-01", "26-01", "2026-1", "x"])
def test_a_month_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="month"):
        monthly.read_month(text)
