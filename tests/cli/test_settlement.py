"""A day as operator: what README tells, typed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import emvco
from paygate.cli.invoice import invoice
from paygate.cli.refund import refund
from paygate.cli.settlement import settlement
from paygate.core import ids
from paygate.services import installation
from paygate.services.context import Context, SettlementRules
from tests.cli.conftest import Answer, Paygate
from tests.services.helpers import open_shop
from tests.services.payouts import ask as asked
from tests.services.payouts import sell_and_pay, shop_with
from tests.services.test_invoices import MONTH, month_ago

Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
def say(inside: Paygate) -> Ask:
    """A command beside the test's own event loop: `await say("settlement", "list")`."""

    async def run(*arguments: str) -> Answer:
        return await asyncio.to_thread(inside, *arguments)

    return run


async def test_a_day_as_operator(ctx: Context, say: Ask, tmp_path: Path) -> None:
    shop = await shop_with(ctx, 100_000, place=False)
    merchant = ids.show_merchant(shop.principal.merchant_id)
    assert (await say("balance", merchant)).out.splitlines()[0].split() == ["available", "970.00", "THB"]
    nowhere = await say("merchant", "payout-destination", merchant)
    assert "said nowhere yet" in nowhere.out
    place = await say(
        *("merchant", "payout-destination", merchant, "--bank", "014", "--number", "4061234567", "--name", "ร้านกาแฟ")
    )
    assert place.out.startswith("Money goes to bank 014 4061234567 (ร้านกาแฟ)")
    made = (await say("settlement", "request", merchant, "500.50", "--json")).json
    assert (made["amount"], made["status"]) == (500.5, "REQUESTED")
    one = made["settlementId"]
    assert json.loads((await say("balance", merchant, "--json")).out)["held"] == 500.5

    refused = await say("settlement", "qr", one)
    assert refused.status == 1 and "The settlement is REQUESTED" in refused.err
    assert "APPROVED" in (await say("settlement", "approve", one)).out
    assert "is yours" in (await say("settlement", "pay", one, "--by", "malee")).out
    drawn = (await say("settlement", "qr", one, "--by", "malee", "--json")).json
    assert emvco.parse(drawn["qrPayload"]).amount_satang == 50_050
    in_words = await say("settlement", "qr", one, "--by", "malee")
    assert "500.50 THB to bank 014 4061234567" in in_words.out and "█" in in_words.out
    assert "claimed this payout" in (await say("settlement", "qr", one, "--by", "somchai")).err

    file = tmp_path / "payouts.csv"
    told = await say("settlement", "export", "--by", "malee", "--output", str(file))
    assert told.out == f"1 payouts, 500.50 THB, are in {file}.\n"
    [row] = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    assert row == {
        "settlement": one,
        "bank": "014",
        "account": "4061234567",
        "promptpay": "",
        "name": "ร้านกาแฟ",
        "amount": "500.50",
        "merchant": merchant,
    }
    listed = (await say("settlement", "list", "--json")).json["settlements"]
    assert [(s["settlementId"], s["claimedBy"]) for s in listed] == [(one, "cli:malee")]
    assert "COMPLETED" in (await say("settlement", "complete", one, "--reference", "REF-1")).out
    assert "is wrong" not in (await say("ledger", "check")).out
    assert (await say("settlement", "list")).out == "There are none.\n"
    done = (await say("settlement", "list", "--status", "COMPLETED", "--merchant", merchant, "--json")).json
    assert done["settlements"][0]["bankReference"] == "REF-1"
    assert "RETURNED" in (await say("settlement", "return", one, "--reason", "ปิดบัญชีแล้ว")).out
    shown = (await say("settlement", "show", one)).out
    assert "bank reference REF-1" in shown and "reason: ปิดบัญชีแล้ว" in shown


async def test_a_second_approval_names_its_person(ctx: Context, say: Ask) -> None:
    await installation.check(ctx)
    ctx.settlements = SettlementRules(second_above_satang=10_000)
    await installation.remember_limit(ctx)  # The commands below are not told of the limit.
    one = ids.show("stl", (await asked(ctx, await shop_with(ctx, 100_000), 20_000)).id)
    assert "approval of a second person" in (await say("settlement", "approve", one, "--by", "Malee")).out
    nobody = await say("settlement", "approve", one)
    assert nobody.status != 0 and "--by NAME" in nobody.err
    same = await say("settlement", "approve", one, "--by", "malee ")
    assert same.status == 1 and "another person" in same.err
    assert "APPROVED" in (await say("settlement", "approve", one, "--by", "Somchai")).out


async def test_what_is_not_paid_is_rejected_released_or_cancelled(ctx: Context, say: Ask) -> None:
    shop = await shop_with(ctx, 100_000)
    one, two = [ids.show("stl", (await asked(ctx, shop, 20_000)).id) for _ in range(2)]
    assert "REJECTED" in (await say("settlement", "reject", one, "--reason", "no")).out
    assert "CANCELLED" in (await say("settlement", "cancel", two)).out
    three = ids.show("stl", (await asked(ctx, shop, 20_000)).id)
    await say("settlement", "approve", three)
    await say("settlement", "pay", three)
    assert "APPROVED" in (await say("settlement", "release", three, "--reason", "nothing sent")).out
    late = await say("settlement", "cancel", three)
    assert late.status == 1 and late.err == "Error: The settlement is APPROVED; it cannot be cancelled now.\n"
    for words in (("approve", "stl_x"), ("request", "mer_x", "500"), ("request", "mer_" + "0" * 13, "500")):
        assert (await say("settlement", *words)).err.startswith("Error: ")


def test_every_command_has_an_example(inside: Paygate) -> None:
    for noun, group in (("settlement", settlement), ("refund", refund), ("invoice", invoice)):
        for name in group.commands:
            told = inside(noun, name, "--help").out
            assert "Examples:" in told and f"paygate {noun} {name}" in told, name


async def test_a_refund_is_asked_for_and_paid_in_the_same_words(ctx: Context, say: Ask) -> None:
    shop = await shop_with(ctx, 100_000)
    payment = str(await sell_and_pay(shop, 20_000))
    made = (await say("refund", "request", payment, "--amount", "50", "--reason", "ส่งผิด", "--json")).json
    one = made["refundId"]
    assert (made["amount"], made["status"], made["reason"]) == (50, "WAITING", "ส่งผิด")
    link = f"{ctx.public_url}/refund/{one}_secret_"
    assert made["payeeUrl"].startswith(link)
    asked_again = await say("refund", "ask-payer", one)
    assert link in asked_again.out and made["payeeUrl"] not in asked_again.out
    assert link not in (await say("refund", "show", one)).out
    assert one in (await say("refund", "list", "--status", "waiting")).out
    assert "where the payer wants" in (await say("refund", "approve", one)).err
    await say("refund", "payee", one, "--promptpay", "0811112222", "--name", "สมชาย")
    assert "APPROVED" in (await say("refund", "approve", one)).out
    assert "is yours" in (await say("refund", "pay", one)).out
    drawn = (await say("refund", "qr", one, "--json")).json
    assert emvco.parse(drawn["qrPayload"]).amount_satang == 5_000
    assert one in (await say("refund", "export")).out
    assert "COMPLETED" in (await say("refund", "complete", one, "--reference", "R-1")).out
    rest = (await say("refund", "request", payment, "--promptpay", "0811112222", "--name", "x", "--json")).json
    assert rest["amount"] == 150
    assert "CANCELLED" in (await say("refund", "cancel", rest["refundId"])).out
    plain = (await say("refund", "request", payment, "--amount", "1", "--no-ask-payer", "--json")).json
    assert plain["status"] == "REQUESTED" and "payeeUrl" not in plain
    assert "CANCELLED" in (await say("refund", "cancel", plain["refundId"])).out
    too_much = await say("refund", "request", payment, "--amount", "150.01")
    assert too_much.status == 1 and "150.00 THB" in too_much.err
    assert (await say("ledger", "check", "--json")).json["balanced"] is True


async def test_fees_are_invoiced_printed_and_paid_and_a_month_is_told(ctx: Context, say: Ask, tmp_path: Path) -> None:
    await open_shop(ctx)
    shop = await open_shop(ctx, plan="pro")
    await sell_and_pay(shop, 100_000)
    merchant = ids.show_merchant(shop.principal.merchant_id)
    await month_ago(ctx)
    month = f"{MONTH:%Y-%m}"
    [issued] = (await say("invoice", "issue", month, "--json")).json["issued"]
    assert (issued["number"], issued["toPay"], issued["merchantId"]) == ("INV-0001", 20, merchant)
    assert "There was none" in (await say("invoice", "issue", month)).out
    assert "INV-0001" in (await say("invoice", "list", "--unpaid", "--merchant", merchant)).out
    withheld = ("invoice", "withhold", issued["invoiceId"])
    certified = (await say(*withheld, "--certificate", "7", "--date", "2026-01-05", "--amount", "1.5", "--json")).json
    assert (certified["withheld"], certified["certificate"], certified["toPay"]) == (1.5, "7", 18.5)
    assert (await say(*withheld)).status == (await say(*withheld, "--certificate", "7")).status == 2
    assert "Left to pay: 20.00 THB" in (await say(*withheld, "--withdraw")).out
    paying = (await say("invoice", "pay", issued["invoiceId"], "--json")).json
    assert emvco.parse(paying["qrPayload"]).amount_satang == 2_000
    page = tmp_path / "invoice.html"
    await say("invoice", "print", issued["invoiceId"], "--output", str(page), "--lang", "en")
    assert "Fee invoice INV-0001" in page.read_text(encoding="utf-8")
    file = tmp_path / "month.csv"
    told = (await say("merchant", "statement", merchant, month, "--output", str(file), "--json")).json
    assert (told["opening"], told["closing"]) == ({"balance": 0, "owed": 0}, {"balance": 0, "owed": 20})
    [row] = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    assert (row["kind"], row["owed"]) == ("payment.paid", "20")
