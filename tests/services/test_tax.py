"""VAT on fees: tax invoices without gaps; withheld tax by its certificate; the books follow to the satang."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.fees import Vat, share
from paygate.core.invoices import Invoice
from paygate.services import dossiers, invoices, merchants, reversals, withholding
from paygate.services.context import Context, Seller
from paygate.services.withholding import Certificate
from paygate.settings import Settings, SettingsError
from paygate.web.invoices import printable
from tests.services.helpers import Shop, assert_balanced, open_shop, says, sql
from tests.services.payouts import sell_and_pay
from tests.services.test_invoices import MONTH, month_ago, owes, transferred

ACTOR = "cli:somchai"
DAY = date(2026, 1, 5)
SELLER = Seller("บริษัท เพย์เกต จำกัด", "1 ถนนสีลม กรุงเทพฯ 10500", "0105561000001")


async def invoiced(ctx: Context, *fees_of: int) -> tuple[Shop, Invoice]:
    """A direct shop that sold for so much a month ago, and its invoice."""
    shop = await open_shop(ctx, plan="pro")
    for amount in fees_of:
        await sell_and_pay(shop, amount)
    await month_ago(ctx)
    made = await invoices.issue(ctx, MONTH, ACTOR)
    [mine] = [one for one in made if one.merchant_id == shop.principal.merchant_id]
    return shop, mine


async def books(ctx: Context) -> dict[str, int]:
    rows = await sql(ctx, "SELECT account, sum(amount_satang)::bigint AS n FROM entries GROUP BY account")
    return {row["account"]: row["n"] for row in rows if row["n"]}


@pytest.mark.parametrize(
    ("vat", "fee", "tax"), [(Vat.EXCLUSIVE, 6_000, 420), (Vat.INCLUSIVE, 5_607, 393), (Vat.NONE, 6_000, 0)]
)
async def test_vat_is_booked_and_on_the_invoice_that_is_a_tax_invoice_then(
    ctx: Context, vat: Vat, fee: int, tax: int
) -> None:
    ctx.vat = vat
    _, made = await invoiced(ctx, 300_000)
    assert (made.fee_satang, made.vat_satang, made.to_pay_satang) == (fee, tax, fee + tax)
    found = await books(ctx)
    assert found == {"receivable": fee + tax, "fee_revenue": -fee} | ({"vat_payable": -tax} if tax else {})
    assert made.tax_number == ("TAX-000001" if tax else None)
    page = printable(await invoices.show(ctx, made.id), "th", SELLER)
    assert ("ใบกำกับภาษี" in page) is (tax > 0) and "0105561000001" in page and "สำนักงานใหญ่" in page
    assert ("ภาษีมูลค่าเพิ่ม" in page) is (tax > 0)
    await assert_balanced(ctx)


async def test_a_tax_invoice_names_its_buyer_as_its_dossier_does(ctx: Context) -> None:
    ctx.vat = Vat.EXCLUSIVE
    shop, made = await invoiced(ctx, 300_000)
    assert "ถึง: ร้าน\n" in printable(await invoices.show(ctx, made.id), "th", SELLER)
    told = {"legal_name": "บริษัท <กาแฟ> จำกัด", "tax_id": "0105536000313", "address": "9 ถนนสุขุมวิท กรุงเทพฯ 10110"}
    await dossiers.change(ctx, shop.principal.merchant_id, told, ACTOR)
    page = printable(await invoices.show(ctx, made.id), "th", SELLER)
    assert "ถึง: บริษัท &lt;กาแฟ&gt; จำกัด (ร้าน)" in page
    assert "9 ถนนสุขุมวิท กรุงเทพฯ 10110" in page and "เลขประจำตัวผู้เสียภาษี 0105536000313" in page


async def test_a_tax_invoice_goes_on_naming_the_buyer_of_its_day(ctx: Context) -> None:
    ctx.vat = Vat.EXCLUSIVE
    shop = await open_shop(ctx, plan="pro")
    merchant_id = shop.principal.merchant_id
    told = {"legal_name": "Old Name Ltd.", "tax_id": "0105536000313", "address": "9 Old Road"}
    await dossiers.change(ctx, merchant_id, told, ACTOR)
    await sell_and_pay(shop, 300_000)
    await month_ago(ctx)
    [made] = await invoices.issue(ctx, MONTH, ACTOR)
    await dossiers.change(ctx, merchant_id, {"legal_name": "New Name Ltd.", "address": "1 New Road"}, ACTOR)
    await merchants.suspend(ctx, merchant_id, "They closed", actor=ACTOR)
    await dossiers.forget(ctx, merchant_id, "They closed", ACTOR)
    page = printable(await invoices.show(ctx, made.id), "en", SELLER)
    assert "Old Name Ltd." in page and "9 Old Road" in page and "0105536000313" in page and "New" not in page
    [row] = await sql(ctx, "SELECT buyer FROM fee_invoices")
    assert b"Old" not in row["buyer"]  # It is personal, so it is sealed.


async def test_the_invoice_is_the_sum_of_its_payments_vat_and_not_rounded_again(ctx: Context) -> None:
    ctx.vat = Vat.EXCLUSIVE
    _, made = await invoiced(ctx, 33_333, 44_444, 55_555)
    fees = [share(amount, 200) for amount in (33_333, 44_444, 55_555)]
    assert made.fee_satang == sum(fees) and made.vat_satang == sum(share(fee, 700) for fee in fees)
    await assert_balanced(ctx)


async def test_tax_invoices_are_numbered_without_gaps_over_all_merchants_at_once(ctx: Context) -> None:
    ctx.vat = Vat.EXCLUSIVE
    for _ in range(6):
        await sell_and_pay(await open_shop(ctx, plan="pro"), 300_000)
    ctx.vat = Vat.NONE
    await sell_and_pay(await open_shop(ctx, plan="pro"), 300_000)
    await month_ago(ctx)
    done = await asyncio.gather(*(invoices.issue(ctx, MONTH, ACTOR) for _ in range(4)))
    numbers = sorted(one.tax_number for made in done for one in made if one.tax_number)
    assert numbers == [f"TAX-{number:06d}" for number in range(1, 7)]
    kept = await sql(ctx, "SELECT number, merchant_id, invoice_id FROM tax_invoices ORDER BY number")
    assert [row["number"] for row in kept] == [1, 2, 3, 4, 5, 6] and len({row["invoice_id"] for row in kept}) == 6
    with pytest.raises(asyncpg.PostgresError):
        await sql(ctx, "DELETE FROM tax_invoices")


async def test_an_invoice_is_paid_by_a_transfer_and_a_certificate(ctx: Context) -> None:
    ctx.vat = Vat.EXCLUSIVE
    central = await open_shop(ctx)
    shop, made = await invoiced(ctx, 5_000_000)
    assert (made.fee_satang, made.vat_satang) == (100_000, 7_000)
    whole = await invoices.pay(ctx, made.id)  # Somebody opened it before the certificate came.
    shown = await withholding.record(ctx, made.id, Certificate(" 12/2569 ", DAY), actor=ACTOR)
    one = shown.invoice
    assert (one.withheld_satang, one.certificate, one.certificate_on) == (3_000, "12/2569", DAY)
    assert (one.to_pay_satang, shown.status, await owes(ctx, shop)) == (104_000, "OPEN", 104_000)
    payment = await invoices.pay(ctx, made.id)
    assert payment.id != whole.id and payment.amount_satang == 104_000
    assert "12/2569" in printable(shown, "en") and "-30.00" in printable(shown, "en")
    await assert_balanced(ctx)
    await transferred(ctx, central, payment.payable_satang)
    assert await invoices.settle_paid(ctx) == 1
    assert (await invoices.show(ctx, made.id)).status == "PAID"
    found = await books(ctx)
    assert (found["wht_receivable"], found["vat_payable"], found["fee_revenue"]) == (3_000, -7_000, -100_000)
    await assert_balanced(ctx)
    [row] = await sql(ctx, "SELECT actor, after FROM audit_log WHERE action = 'invoice.withheld'")
    assert row["actor"] == ACTOR and "12/2569" in str(row["after"])


async def test_a_certificate_is_corrected_and_taken_back(ctx: Context) -> None:
    shop, made = await invoiced(ctx, 5_000_000)
    for satang in (2_500, 3_100, 3_100, 3_000):
        shown = await withholding.record(ctx, made.id, Certificate("A-1", DAY, satang), actor=ACTOR)
        assert (shown.invoice.withheld_satang, await owes(ctx, shop)) == (satang, 100_000 - satang)
        await assert_balanced(ctx)
    await withholding.record(ctx, made.id, Certificate("A-2", DAY), actor=ACTOR)
    gone = (await withholding.record(ctx, made.id, None, actor=ACTOR)).invoice
    assert (gone.withheld_satang, gone.certificate, gone.certificate_on) == (0, None, None)
    assert await owes(ctx, shop) == 100_000
    await assert_balanced(ctx)


async def test_what_was_withheld_of_a_paid_invoice_is_taken_off_the_next_one(ctx: Context) -> None:
    central = await open_shop(ctx)
    shop, made = await invoiced(ctx, 5_000_000)
    await transferred(ctx, central, (await invoices.pay(ctx, made.id)).payable_satang)
    await invoices.settle_paid(ctx)
    late = await withholding.record(ctx, made.id, Certificate("A-1", DAY), actor=ACTOR)
    assert (late.status, await owes(ctx, shop)) == ("PAID", -3_000)
    await sell_and_pay(shop, 1_000_000)
    await month_ago(ctx)
    await sql(ctx, "UPDATE fee_invoices SET month = $1", (MONTH - timedelta(days=1)).replace(day=1))
    [second] = await invoices.issue(ctx, MONTH, ACTOR)
    assert (second.fee_satang, second.credit_satang, second.to_pay_satang) == (20_000, 3_000, 17_000)
    await assert_balanced(ctx)


async def part_paid(ctx: Context) -> tuple[Shop, Shop, Invoice]:
    """An invoice of 1,000.00, paid by a certificate of 30.00 and a transfer of the rest."""
    central = await open_shop(ctx)
    shop, made = await invoiced(ctx, 5_000_000)
    await withholding.record(ctx, made.id, Certificate("C1", DAY), actor=ACTOR)
    await transferred(ctx, central, (await invoices.pay(ctx, made.id)).payable_satang, reference="F-1")
    await invoices.settle_paid(ctx)
    assert (await invoices.show(ctx, made.id)).status == "PAID"
    return central, shop, made


@pytest.mark.parametrize("before_the_money", [True, False])
async def test_a_certificate_taken_back_leaves_its_part_of_a_paid_invoice_to_pay(
    ctx: Context, before_the_money: bool
) -> None:
    if before_the_money:
        central = await open_shop(ctx)
        shop, made = await invoiced(ctx, 5_000_000)
        await withholding.record(ctx, made.id, Certificate("C1", DAY), actor=ACTOR)
        first = await invoices.pay(ctx, made.id)
        await withholding.record(ctx, made.id, None, actor=ACTOR)
        await transferred(ctx, central, first.payable_satang, reference="F-1")
        await invoices.settle_paid(ctx)
    else:
        central, shop, made = await part_paid(ctx)
        await withholding.record(ctx, made.id, None, actor=ACTOR)
    shown = await invoices.show(ctx, made.id)
    missing = 100_000 - shown.invoice.received_satang
    assert 2_900 < missing <= 3_000 and (shown.status, shown.invoice.to_pay_satang) == ("OPEN", missing)
    assert await owes(ctx, shop) == missing == invoices.sums([shown])
    assert "Received already" in printable(shown, "en")
    await assert_balanced(ctx)
    await sell_and_pay(shop, 1_000_000)  # What is open is not on the next one too, nor is what was received.
    await month_ago(ctx)
    await sql(ctx, "UPDATE fee_invoices SET month = $1", (MONTH - timedelta(days=1)).replace(day=1))
    [second] = await invoices.issue(ctx, MONTH, ACTOR)
    assert second.to_pay_satang == 20_000
    rest = await invoices.pay(ctx, made.id)
    assert rest.amount_satang == missing
    await transferred(ctx, central, rest.payable_satang, reference="F-2")
    assert await invoices.settle_paid(ctx) == 1
    paid = await invoices.show(ctx, made.id)
    assert (paid.status, paid.invoice.payment_id) == ("PAID", rest.id)
    await assert_balanced(ctx)
    await reversals.reverse(ctx, says(central.account, ctx.new_id(), rest.payable_satang, reference="F-2"))
    again = await invoices.show(ctx, made.id)
    assert (again.status, again.invoice.to_pay_satang) == ("OPEN", missing)
    await assert_balanced(ctx)


async def test_a_certificate_recorded_again_pays_what_its_withdrawal_left_open(ctx: Context) -> None:
    _, _, made = await part_paid(ctx)
    paid = await invoices.show(ctx, made.id)
    await withholding.record(ctx, made.id, None, actor=ACTOR)
    again = await withholding.record(ctx, made.id, Certificate("C2", DAY), actor=ACTOR)
    assert (again.status, again.invoice.payment_id) == ("PAID", paid.invoice.payment_id)
    assert again.invoice.paid_at == paid.invoice.paid_at
    await assert_balanced(ctx)
    little = await withholding.record(ctx, made.id, Certificate("C2", DAY, 2_999), actor=ACTOR)
    assert little.status == "PAID"  # Nobody can transfer one satang: it is on the next one.
    await assert_balanced(ctx)


async def test_what_cannot_be_withheld_is_refused(ctx: Context) -> None:
    _, made = await invoiced(ctx, 10_000)  # A fee of 2.00.
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    for given, field in (
        (Certificate("", DAY), "certificate"),
        (Certificate("x" * 51, DAY), "certificate"),
        (Certificate("a\nb", DAY), "certificate"),
        (Certificate("A", tomorrow), "date"),
        (Certificate("A", DAY, 201), "amount"),
        (Certificate("A", DAY, 0), "amount"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await withholding.record(ctx, made.id, given, actor=ACTOR)
        assert refused.value.field == field
    with pytest.raises(Conflict, match=r"Less than 1\.00 THB"):
        await withholding.record(ctx, made.id, Certificate("A", DAY, 150), actor=ACTOR)
    with pytest.raises(NotFound):
        await withholding.record(ctx, ctx.new_id(), None, actor=ACTOR)


def test_who_sells_is_a_setting() -> None:
    secret = {"PAYGATE_SECRET_KEY": "k" * 40}
    told = secret | {"PAYGATE_TAX_SELLER": "Co; 1 Silom, Bangkok; 0105561000001; 00002"}
    assert Settings.from_env(told).settlements.seller == Seller("Co", "1 Silom, Bangkok", "0105561000001", "00002")
    for wrong in ("Co", "Co; here; 12", "Co; here; 0105561000001; 2", "; here; 0105561000001"):
        with pytest.raises(SettingsError, match="PAYGATE_TAX_SELLER"):
            Settings.from_env(secret | {"PAYGATE_TAX_SELLER": wrong})
