"""Refunds from the order page: a request, and what became of it."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from paygate.core import ids
from paygate.core.credits import Observation
from paygate.services import reversals
from paygate.services.context import Context
from paygate.services.refund_desk import REFUNDS
from tests.sdk.test_examples import pay as bank_pays
from tests.woocommerce.conftest import PayGateHost, Shop, until
from tests.woocommerce.test_orders import becomes, begin, deliver, event_of


def paid(shop: Shop, paygate: PayGateHost, total: str) -> tuple[int, str]:
    """A paid order and its payment."""
    order = shop.do("order", {"total": total})
    payment = begin(shop, order)
    paygate.play(payment)
    becomes(shop, order, "processing")
    return order, payment


def test_a_refund_of_a_part_and_of_the_rest_are_asked_for_and_told(shop: Shop, paygate: PayGateHost) -> None:
    paid(shop, paygate, "10.00")  # The balance has to cover the fee of the other.
    order, payment = paid(shop, paygate, "110.00")
    assert shop.do("refundable", order)
    made = shop.do("refund", order, "50.50", "  wrong \n size ")
    assert "id" in made, made
    asked = paygate.api.get("/refunds", params={"transactionId": payment}).json()["refunds"]
    assert [(one["amount"], one["reason"]) for one in asked] == [(50.5, "wrong size")]
    assert "Refund of ฿50.50" in shop.notes(order) and "no real money" in shop.notes(order)
    assert shop.see(order)["refunds"][0]["meta"] == {"_paygate_refund_id": asked[0]["id"]}
    made = shop.do("refund", order, "59.50", "")
    assert "id" in made, made
    assert shop.see(order)["status"] == "refunded"
    assert paygate.payment(payment)["refundedAmount"] == 110
    until(lambda: paygate.api.get("/webhooks/deliveries").json()["deliveries"][0]["state"] == "DELIVERED", "not told")
    assert len(shop.see(order)["refunds"]) == 2, "the webhooks made refunds of their own"
    assert shop.do("refund", order, "0.01", "")["error"] == "Invalid refund amount."


def test_an_order_that_paygate_did_not_see_paid_is_not_refunded_there(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "111", "status": "processing"})
    assert not shop.do("refundable", order)
    assert "not paid through PayGate" in shop.do("refund", order, "1", "")["error"]
    assert shop.see(order)["refunds"] == []


def test_a_refusal_of_paygate_is_told_in_its_words_and_leaves_no_refund(shop: Shop, paygate: PayGateHost) -> None:
    order, payment = paid(shop, paygate, "112.00")
    paygate.api.post(f"/payment/{payment}/refund", json={"amount": 100})
    until(lambda: shop.see(order)["refunds"], "the refund begun at PayGate was not recorded")
    shop.do("change", order, {"total": "500.00"})
    assert "so much is left" in shop.do("refund", order, "200", "")["error"]
    assert len(shop.see(order)["refunds"]) == 1
    shop.do("settings", {"host": "http://127.0.0.1:9"})
    assert "it will not be paid twice" in shop.do("refund", order, "12", "")["error"]


def test_a_refund_that_was_begun_at_paygate_is_recorded_in_the_shop_once(shop: Shop, paygate: PayGateHost) -> None:
    order, payment = paid(shop, paygate, "113.00")
    answer = paygate.api.post(f"/payment/{payment}/refund", json={"amount": 13, "reason": "chipped"})
    refund = answer.json()["refund"]["id"]
    until(lambda: shop.see(order)["refunds"], "the shop was not told")
    deliver(shop, event_of(paygate, payment, "payment.refunded"))
    [made] = shop.see(order)["refunds"]
    assert (made["amount"], made["reason"]) == ("13.00", "chipped")
    assert made["meta"]["_paygate_refund_id"] == refund
    assert shop.notes(order).count("the money has gone to the customer") == 1


class Live:
    """A shop with the live key, whose refunds wait for people, and what the operator does."""

    def __init__(self, shop: Shop, paygate: PayGateHost) -> None:
        self.shop, self.paygate = shop, paygate
        self.api = paygate.client(paygate.world.secret_key)
        shop.do("settings", {"secret_key": paygate.world.secret_key})
        told = shop.do("ajax", "webhook", ["manage_woocommerce"])
        assert told["body"]["data"][0]["good"], told

    def paid(self, total: str) -> tuple[int, Any]:
        order = self.shop.do("order", {"total": total})
        payment = self.api.get(f"/payment/{begin(self.shop, order)}").json()["transaction"]
        bank_pays(self.paygate, payment["payableAmount"], f"W{payment['id'][-12:]}")  # type: ignore[arg-type]
        becomes(self.shop, order, "processing")
        return order, payment

    def refund(self, payment: str) -> Any:
        return self.api.get("/refunds", params={"transactionId": payment}).json()["refunds"][0]

    def operator(self, work: Callable[[Context], Awaitable[Any]]) -> Any:
        """Somebody at the operator's desk does *work*."""
        return self.paygate.operator(work)

    def close(self) -> None:
        for one in self.api.get("/webhooks/endpoints").json()["endpoints"]:
            self.api.delete(f"/webhooks/endpoints/{one['id']}")
        self.api.close()


@pytest.fixture
def live(shop: Shop, paygate: PayGateHost) -> Any:
    made = Live(shop, paygate)
    yield made
    made.close()


async def pays(ctx: Context, refund: str) -> None:
    """Two people: approved, and paid in the bank's app."""
    one = ids.read("rfd", refund)
    await REFUNDS.approve(ctx, one, "admin:a")
    await REFUNDS.claim(ctx, one, "admin:b")
    await REFUNDS.complete(ctx, one, "admin:b", f"BANK-{refund[-8:]}")


def link_in(shop: Shop, order: int) -> str:
    """The end of the newest link that was mailed to the customer."""
    _, to, subject, text = shop.told("sent")[-1]
    assert to == "noi@customer.example" and str(order) in subject
    links = re.findall(r"https?://[^\s<\"]+/refund/([^\s<\"]+)", text)
    assert links and links[-1] not in shop.notes(order), "the notes are read by others, too"
    assert "/refund/" not in json.dumps(shop.see(order))
    return str(links[-1])


def test_a_live_refund_is_a_request_until_the_money_has_gone(live: Live) -> None:
    shop, (order, payment) = live.shop, live.paid("120.00")
    made = shop.do("refund", order, "20.00", "late")
    assert "id" in made, made
    notes = shop.notes(order)
    assert "A refund of ฿20.00 was ASKED FOR at PayGate" in notes and "has not gone yet" in notes
    assert "The operator of PayGate pays it by hand" in notes and "The customer was mailed a link" in notes
    assert shop.told("mail") == [], "the customer was told that the money is there"
    refund = live.refund(payment["id"])
    assert refund["status"] == "WAITING"

    first = link_in(shop, order)
    shop.do("action", order, "paygate_promptpay_ask_payee")
    second = link_in(shop, order)
    assert second != first, "the customer was not asked again"
    payee = {"payee": {"promptpay": "0899999999", "name": "Somchai"}}
    path = f"{live.paygate.base}/api/v1/refunds/{refund['id']}/payee"
    said = httpx2.post(path, json=payee, headers={"X-Client-Secret": second}, trust_env=False)
    assert said.status_code == 200, said.text
    until(lambda: "PayGate knows now where to send refund" in shop.notes(order), "the shop was not told")

    live.operator(lambda ctx: pays(ctx, refund["id"]))
    until(lambda: f"Bank reference BANK-{refund['id'][-8:]}" in shop.notes(order), "the shop was not told")
    until(lambda: shop.told("mail"), "the customer was not told")
    body = live.api.get("/webhooks/events", params={"type": "payment.refunded"}).json()["events"][0]["payload"]
    assert deliver(shop, body).json()["outcome"] == "DONE"
    assert shop.notes(order).count("the money has gone to the customer") == 1
    assert shop.told("mail") == [["customer_partially_refunded_order", order]]
    assert len(shop.see(order)["refunds"]) == 1


def test_the_link_is_in_the_customers_language_and_the_note_in_that_of_who_asked(live: Live) -> None:
    shop, (order, _) = live.shop, live.paid("124.00")
    shop.do("option", "site_locale", "th")
    shop.do("option", "mails_plain", True)
    assert "id" in shop.do("refund", order, "24.00", "")
    link = link_in(shop, order)
    _, _, subject, text = shop.told("sent")[-1]
    assert "คืนเงิน ฿24.00" in text and subject.startswith("จะให้")
    assert text.rstrip().endswith(link) and "The customer was mailed a link" in shop.notes(order)
    shop.do("option", "mails_plain", False)
    shop.do("action", order, "paygate_promptpay_ask_payee")
    assert f'/refund/{link_in(shop, order)}">' in shop.told("sent")[-1][3]


@pytest.mark.parametrize(("name", "value"), [("mails_off", ["paygate_refund_link"]), ("mails_broken", True)])
def test_a_mail_that_did_not_go_out_is_not_said_to_have(live: Live, name: str, value: Any) -> None:
    shop, (order, _) = live.shop, live.paid("125.00")
    shop.do("option", name, value)
    assert "id" in shop.do("refund", order, "25.00", "")
    assert "could NOT be mailed a link" in shop.notes(order) and "was mailed" not in shop.notes(order)
    shop.do("action", order, "paygate_promptpay_ask_payee")
    assert shop.notes(order).count("could NOT be mailed a link") == 2
    shop.do("change", order, {"billing_email": ""})
    shop.do("option", name, [])
    shop.do("action", order, "paygate_promptpay_ask_payee")
    assert shop.notes(order).count("could NOT be mailed a link") == 3


def test_the_shop_may_say_where_a_refund_shall_go(live: Live) -> None:
    shop, (order, payment) = live.shop, live.paid("123.00")
    assert "id" in shop.do("refund", order, "23.00", "")
    shop.do("payee", order, "089-999-9999", "Somchai")
    refund = live.refund(payment["id"])
    assert refund["payee"]["name"] == "Somchai" and refund["payee"]["promptpay"].endswith("9999")
    until(lambda: "PayGate knows now where to send refund" in shop.notes(order), "no note")
    shop.do("action", order, "paygate_promptpay_ask_payee")
    assert "Please tell us the PromptPay number" in shop.see(order)["notes"][-1][0]


def test_the_customers_number_is_kept_until_paygate_has_it_and_shown_to_no_api(live: Live) -> None:
    shop, (order, payment) = live.shop, live.paid("126.00")
    live.paid("20.00")  # The balance has to cover the fees.
    shop.do("payee", order, "089-999-9999", "Somchai")
    shop.do("payee", order, "", "Somchai J.")
    assert shop.see(order)["meta"]["_paygate_payee"] == {"promptpay": "0899999999", "name": "Somchai J."}
    assert "0899999999" not in json.dumps(shop.do("rest", order)) and shop.do("rest", order)["meta_data"]
    assert shop.do("export", order) == {"PromptPay for refunds": "0899999999, Somchai J."}
    shop.do("payee", order, "", "Somchai J.", True)
    assert shop.see(order)["meta"]["_paygate_payee"] == "" and not shop.do("export", order)

    shop.do("payee", order, "0899999999", "Somchai")
    assert "id" in shop.do("refund", order, "6.00", "")
    assert live.refund(payment["id"])["payee"]["name"] == "Somchai"
    assert "0899999999" not in json.dumps(shop.see(order)) and "Somchai" not in json.dumps(shop.see(order))
    assert "PayGate has ••••9999" in shop.do("pages", order)["order"]
    shop.do("payee", order, "", "")  # Saving the order again changes nothing.
    assert shop.do("export", order) == {"PromptPay for refunds": "••••9999"}
    shop.do("erase", order)
    assert not shop.see(order)["meta"]["_paygate_payee"]

    assert "id" in shop.do("refund", order, "7.00", "")
    shop.do("payee", order, "0899999999", "Somchai")
    assert "PayGate knows now where to send refund" in shop.notes(order)
    assert "0899999999" not in json.dumps(shop.see(order))
    name, text = shop.do("policy")
    assert name == "PayGate PromptPay" and "PromptPay number" in text


def test_of_two_refunds_each_is_mailed_when_its_own_money_has_gone(live: Live) -> None:
    shop, (order, payment) = live.shop, live.paid("127.00")
    live.paid("20.00")  # The balance has to cover the fees.
    shop.do("payee", order, "0899999999", "Somchai")
    assert "id" in shop.do("refund", order, "7.00", "")
    first = live.refund(payment["id"])["id"]
    assert "id" in shop.do("refund", order, "8.00", "")
    live.operator(lambda ctx: pays(ctx, first))
    until(lambda: f"BANK-{first[-8:]}" in shop.notes(order), "the shop was not told")
    until(lambda: shop.told("mail"), "the customer was not told")
    assert shop.told("mail") == [["customer_partially_refunded_order", order]], "the other has not gone"


def test_a_failed_refund_of_a_completed_order_is_found_without_its_tie_and_mails_nothing_again(live: Live) -> None:
    shop = live.shop
    live.paid("50.00")  # The balance has to cover the fee of the other.
    order, payment = live.paid("128.00")
    shop.do("move", order, "completed")
    mails = shop.told("mail")
    shop.do("payee", order, "0899999999", "Somchai")
    assert "id" in shop.do("refund", order, "128.00", "")
    refund = live.refund(payment["id"])["id"]
    meta = shop.see(order)["meta"]
    untied = {refund: meta["_paygate_refunds"][refund] | {"wc": 0}}  # The lock was held by somebody else.
    shop.do("change", order, {"meta": meta | {"_paygate_refunds": untied}})
    live.operator(lambda ctx: REFUNDS.reject(ctx, ids.read("rfd", refund), "admin:a", "no such account"))
    becomes(shop, order, "completed")
    assert shop.see(order)["refunds"] == [] and shop.told("mail") == mails
    shop.do("move", order, "processing")
    shop.do("move", order, "completed")
    assert len(shop.told("mail")) == len(mails) + 1, "a person's own doing is mailed"


def test_a_refund_that_failed_is_taken_back_in_the_shop(live: Live) -> None:
    shop = live.shop
    live.paid("50.00")  # The balance has to cover the fee of the other.
    order, payment = live.paid("121.00")
    shop.do("payee", order, "0899999999", "Somchai")
    made = shop.do("refund", order, "121.00", "")
    assert "id" in made, made
    refund = live.refund(payment["id"])
    assert refund["payee"]["name"] == "Somchai" and shop.see(order)["status"] == "refunded"
    live.operator(lambda ctx: REFUNDS.reject(ctx, ids.read("rfd", refund["id"]), "admin:a", "no such account"))
    until(lambda: "did NOT reach the customer: no such account" in shop.notes(order), "the shop was not told")
    becomes(shop, order, "processing")
    body = live.api.get("/webhooks/events", params={"type": "refund.failed"}).json()["events"][0]["payload"]
    late = body | {"event": "payment.refunded"}
    late["data"]["refund"]["status"] = "COMPLETED"  # Older news that was long on its way.
    assert (deliver(shop, body).status_code, deliver(shop, late).status_code) == (200, 200)
    assert shop.notes(order).count("did NOT reach the customer") == 1
    assert shop.see(order)["refunds"] == [] and shop.told("mail") == []


def test_money_that_the_bank_took_back_stops_the_order(live: Live) -> None:
    shop, (order, payment) = live.shop, live.paid("122.00")

    world = live.paygate.world
    told = Observation(
        merchant_id=0,
        mode="live",
        receiving_id=world.receiving_id,
        source_id=ids.read("src", world.source),
        rank="A",
        amount_satang=round(payment["payableAmount"] * 100),
        occurred_at=datetime.now(UTC),
        trust="host",
        namespace="bank:004",
        reference=f"W{payment['id'][-12:]}",
        digest=b"x" * 32,
    )

    async def take_back(ctx: Context) -> None:
        assert (await reversals.reverse(ctx, told)).payment_id, "the bank's reference is not known"

    live.operator(take_back)
    becomes(shop, order, "on-hold")
    until(lambda: "The bank took the money back: ฿122" in shop.notes(order), "no note")

    shop.do("move", order, "pending")  # The customer shall pay again.
    again = live.api.get(f"/payment/{begin(shop, order)}").json()["transaction"]
    assert again["id"] != payment["id"] and again["status"] == "PENDING"
    bank_pays(live.paygate, again["payableAmount"], f"W{again['id'][-12:]}")  # type: ignore[arg-type]
    becomes(shop, order, "processing")
    assert shop.see(order)["transaction_id"] == again["id"]


def test_a_refund_of_all_that_was_begun_at_paygate_leaves_the_order_refunded(shop: Shop, paygate: PayGateHost) -> None:
    paid(shop, paygate, "20.00")  # The balance has to cover the fee of the other.
    order, payment = paid(shop, paygate, "114.00")
    shop.do("option", "sync", True)
    assert paygate.api.post(f"/payment/{payment}/refund", json={"amount": 114}).status_code == 201
    until(lambda: shop.see(order)["refunds"], "the shop was not told")
    until(lambda: not any(name.startswith("paygate_lock_") for name in shop.do("options")), "it is still at it")
    assert shop.see(order)["status"] == "refunded"
    assert shop.see(order)["refunds"][0]["meta"]["_paygate_refund_id"] in shop.see(order)["meta"]["_paygate_refunds"]
