"""An order's way through the shop: begun, paid, told by real signed webhooks, completed exactly once."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from paygate.core.webhooks import sign
from tests.woocommerce.conftest import PayGateHost, Shop, until

PAGE = re.compile(r"/pay/([0-9a-f-]{36})\Z")


def begin(shop: Shop, order: int) -> str:
    """Go to the checkout; the id of the payment whose page the payer is sent to."""
    answer = shop.do("pay", order)
    assert answer["result"] == "success", answer
    match = PAGE.search(answer["redirect"])
    assert match, answer
    return match[1]


def status(shop: Shop, order: int) -> str:
    return str(shop.see(order)["status"])


def becomes(shop: Shop, order: int, wanted: str) -> None:
    until(lambda: status(shop, order) == wanted, f"{order} is not {wanted}")


def secret(shop: Shop) -> str:
    return str(shop.do("options")["paygate_promptpay_secrets"]["webhook_secret"])


def deliver(shop: Shop, event: dict[str, Any] | str, with_secret: str | None = None, age_s: int = 0) -> Any:
    """An event as PayGate signs it."""
    body = event if isinstance(event, str) else json.dumps(event)
    at = int(time.time()) - age_s
    headers = sign([with_secret or secret(shop)], event_id="wh_1", event_type="x", timestamp_s=at, body=body.encode())
    return shop.http.post(shop.hook, content=body, headers=headers)


def event_of(paygate: PayGateHost, payment: str, kind: str) -> dict[str, Any]:
    """The body of an event that PayGate has of a payment."""
    query = {"transactionId": payment, "type": kind}
    found: dict[str, Any] = paygate.api.get("/webhooks/events", params=query).json()["events"][0]["payload"]
    return found


def mute(shop: Shop, paygate: PayGateHost) -> None:
    """From now on PayGate tells the shop nothing."""
    for one in paygate.api.get("/webhooks/endpoints").json()["endpoints"]:
        if one["url"] == shop.hook:
            paygate.api.patch(f"/webhooks/endpoints/{one['id']}", json={"status": "disabled"})


def test_an_order_is_paid_and_completed_exactly_once(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "150.07"})
    payment = begin(shop, order)
    made, seen = paygate.payment(payment), shop.see(order)
    assert (made["amount"], made["orderId"], made["currency"]) == (150.07, str(order), "THB")
    assert made["description"] == f"Order {order}, Tom & Noi's"
    assert made["callbackUrl"] == f"{shop.base}/checkout/order-received/{order}/?key={seen['key']}"
    assert made["cancelUrl"].startswith(f"{shop.base}/checkout/order-pay/{order}/")
    assert made["metadata"]["wcOrder"] == order and seen["key"] not in json.dumps(made["metadata"])
    assert seen["status"] == "pending" and list(seen["meta"]["_paygate_payments"]) == [payment]
    assert "Waiting for a PromptPay payment of ฿150.07" in shop.notes(order)

    paygate.play(payment)
    becomes(shop, order, "processing")
    body = event_of(paygate, payment, "payment.success")
    for _ in range(2):
        answer = deliver(shop, body)
        assert (answer.status_code, answer.json()) == (200, {"received": True, "outcome": "DONE"})
    seen = shop.see(order)
    assert seen["transaction_id"] == payment and seen["date_paid"]
    assert shop.told("paid") == [order] and shop.told("payment_complete") == [[order, payment]]
    assert shop.notes(order).count("Paid by PromptPay: ฿150.07 arrived") == 1
    assert "(TEST: no real money.)" in shop.notes(order)


def test_eight_webhooks_at_once_complete_an_order_once(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {})
    payment = begin(shop, order)
    kept = secret(shop)
    mute(shop, paygate)
    paygate.play(payment)
    body = json.dumps(event_of(paygate, payment, "payment.success"))
    assert status(shop, order) == "pending"
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: deliver(shop, body, kept).status_code, range(8)))
    assert set(answers) <= {200, 503} and 200 in answers
    assert shop.told("payment_complete") == [[order, payment]] and shop.told("paid") == [order]
    assert shop.notes(order).count("Paid by PromptPay") == 1
    assert not [name for name in shop.do("options") if name.startswith("paygate_lock_")]


def test_paying_again_keeps_the_open_payment_and_a_paid_order_makes_none(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "99.5"})
    first = begin(shop, order)
    with ThreadPoolExecutor(4) as many:
        assert set(many.map(lambda _: begin(shop, order), range(4))) == {first}
    paygate.play(first)
    becomes(shop, order, "processing")
    assert shop.do("pay", order)["redirect"].startswith(f"{shop.base}/checkout/order-received/{order}/")
    assert list(shop.see(order)["meta"]["_paygate_payments"]) == [first]


def test_a_payment_that_is_over_is_followed_by_a_new_one_and_late_money_of_the_old_still_pays(
    shop: Shop, paygate: PayGateHost
) -> None:
    order = shop.do("order", {"total": "61"})
    first = begin(shop, order)
    assert paygate.api.post(f"/payment/{first}/cancel").status_code == 200
    until(lambda: "The payment was cancelled" in shop.notes(order), "the shop was not told")
    assert status(shop, order) == "pending"
    second = begin(shop, order)
    assert second != first and list(shop.see(order)["meta"]["_paygate_payments"]) == [first, second]
    paygate.play(second)
    becomes(shop, order, "processing")
    assert shop.see(order)["transaction_id"] == second


def test_a_changed_total_withdraws_the_open_payment(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "70.00"})
    first = begin(shop, order)
    shop.do("change", order, {"total": "80.00"})
    second = begin(shop, order)
    assert (paygate.payment(first)["status"], paygate.payment(second)["amount"]) == ("CANCELLED", 80)


def test_money_for_a_total_that_was_changed_meanwhile_does_not_complete_the_order(
    shop: Shop, paygate: PayGateHost
) -> None:
    order = shop.do("order", {"total": "71.00"})
    payment = begin(shop, order)
    shop.do("change", order, {"total": "99.00"})
    paygate.play(payment)
    becomes(shop, order, "on-hold")
    words = "A payment of ฿71.00 is PAID, but the total of this order is ฿99.00"
    until(lambda: words in shop.notes(order), "no note")
    assert shop.told("paid") == []


def test_on_the_way_back_the_shop_asks_itself_when_the_webhook_is_late(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "72"})
    payment = begin(shop, order)
    mute(shop, paygate)
    paygate.play(payment)
    shop.do("visit", "order-received", order, "wc_order_wrong")
    assert status(shop, order) == "pending", "a stranger made the shop ask"
    shop.do("visit", "order-received", order, shop.see(order)["key"])
    assert status(shop, order) == "processing" and shop.told("paid") == [order]


def test_who_comes_back_while_the_webhook_is_at_work_does_not_complete_the_order_again(
    shop: Shop, paygate: PayGateHost
) -> None:
    order = shop.do("order", {"total": "82"})
    payment = begin(shop, order)
    mute(shop, paygate)
    paygate.play(payment)
    key = shop.see(order)["key"]
    lock = f"paygate_lock_{order}"
    shop.do("option", lock, f"{int(time.time())}:webhook")
    with ThreadPoolExecutor(1) as browser:
        before = len(shop.told("read"))
        visit = browser.submit(shop.do, "visit", "order-received", order, key)
        until(lambda: len(shop.told("read")) > before, "the page did not look")  # Now it waits for the lock.
        paid = {"status": "processing", "date_paid": int(time.time()), "transaction_id": payment}
        shop.do("change", order, paid)
        shop.do("forget", lock)
        visit.result()
    assert shop.told("payment_complete") == [], "it believed what it had read before the lock"


def test_a_slip_that_is_being_looked_at_holds_the_order(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "73"})
    payment = begin(shop, order)
    paygate.play(payment, via="slip", amount=70)
    becomes(shop, order, "on-hold")
    until(lambda: "a person at PayGate looks at it" in shop.notes(order), "the shop was not told")
    assert status(shop, order) == "on-hold"
    assert shop.do("pay", order)["redirect"].endswith(f"/pay/{payment}"), "nobody pays twice"
    assert shop.told("paid") == []


def renew(paygate: PayGateHost, first: str) -> str:
    """What PayGate's page makes when the payer asks for a new QR; the shop is not asked."""
    assert paygate.api.post(f"/payment/{first}/cancel").status_code == 200
    old = paygate.payment(first)
    wish = {name: old[name] for name in ("amount", "orderId", "metadata", "callbackUrl", "cancelUrl")}
    return str(paygate.api.post("/payment/create", json=wish).json()["transaction"]["id"])


def test_an_order_whose_payer_renewed_the_qr_is_not_cancelled_and_gets_no_second_payment(
    shop: Shop, paygate: PayGateHost
) -> None:
    order = shop.do("order", {"total": "83"})
    first = begin(shop, order)
    mute(shop, paygate)
    second = renew(paygate, first)
    shop.do("change", order, {"meta": over(shop.see(order)["meta"])})
    assert not shop.do("may_cancel", order), "the renewed QR can be paid"
    assert begin(shop, order) == second
    assert list(shop.see(order)["meta"]["_paygate_payments"]) == [first, second]
    paygate.play(second)
    shop.do("change", order, {"meta": over(shop.see(order)["meta"])})
    assert not shop.do("may_cancel", order), "it is paid"
    assert status(shop, order) == "processing"


def over(meta: dict[str, Any]) -> dict[str, Any]:
    """As if the payments had expired by the shop's clock."""
    payments = {name: one | {"until": 1} for name, one in meta["_paygate_payments"].items()}
    return meta | {"_paygate_payments": payments}


def test_an_unpaid_order_is_cancelled_when_no_qr_of_it_can_be_paid_and_paygate_says_so(
    shop: Shop, paygate: PayGateHost
) -> None:
    order = shop.do("order", {"total": "84"})
    first = begin(shop, order)
    mute(shop, paygate)
    assert paygate.api.post(f"/payment/{first}/cancel").status_code == 200
    shop.do("change", order, {"meta": over(shop.see(order)["meta"])})
    shop.do("settings", {"host": "http://127.0.0.1:9"})
    assert not shop.do("may_cancel", order), "nobody knows whether it was renewed"
    shop.do("settings", {"host": paygate.base})
    assert shop.do("may_cancel", order)


def test_who_comes_back_from_a_renewed_payment_is_believed_when_paygate_says_so(
    shop: Shop, paygate: PayGateHost
) -> None:
    order, other = shop.do("order", {"total": "85"}), shop.do("order", {"total": "85"})
    first, foreign = begin(shop, order), begin(shop, other)
    mute(shop, paygate)
    second = renew(paygate, first)
    paygate.play(second)
    paygate.play(foreign)
    key = shop.see(order)["key"]
    for stranger in (foreign, "x", "../transactions", "0" * 8):
        shop.do("change", order, {"meta": shop.see(order)["meta"]})
        shop.do("visit", "order-received", order, key, stranger)
        assert foreign not in shop.see(order)["meta"]["_paygate_payments"]
    assert (status(shop, order), shop.see(order)["transaction_id"]) == ("processing", second)


def test_who_comes_back_with_the_payments_id_needs_no_list(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "86"})
    first = paygate.payment(begin(shop, order))
    mute(shop, paygate)
    wish = {name: first[name] for name in ("amount", "metadata")}  # Its number is not that of the order.
    second = paygate.api.post("/payment/create", json=wish).json()["transaction"]["id"]
    paygate.play(second)
    shop.do("visit", "order-received", order, shop.see(order)["key"], second)
    assert (status(shop, order), shop.see(order)["transaction_id"]) == ("processing", second)


@pytest.mark.parametrize("status_of_other", ["on-hold", "processing", "completed"])
def test_an_order_that_goes_another_way_gives_its_qr_up(shop: Shop, paygate: PayGateHost, status_of_other: str) -> None:
    order = shop.do("order", {"total": "87"})
    payment = begin(shop, order)
    shop.do("change", order, {"payment_method": "bacs"})
    assert not shop.do("may_cancel", order), "its QR is still open"
    shop.do("move", order, status_of_other)
    assert paygate.payment(payment)["status"] == "CANCELLED"
    shop.do("move", order, "cancelled")
    assert not [one for one in shop.told("log") if one[0] == "error"]


def test_a_renewed_qr_of_which_the_shop_never_heard_is_given_up_too(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "89"})
    first = begin(shop, order)
    mute(shop, paygate)
    second = renew(paygate, first)
    shop.do("change", order, {"payment_method": "cod", "meta": over(shop.see(order)["meta"])})
    shop.do("move", order, "processing")
    assert paygate.payment(second)["status"] == "CANCELLED"
    shop.do("settings", {"host": "http://127.0.0.1:9"})
    shop.do("move", order, "completed")  # A PayGate that is away stops no order.
    assert status(shop, order) == "completed" and "Looking for renewed payments" in str(shop.told("log"))


def test_what_others_do_to_an_order_that_is_paid_is_not_undone(shop: Shop, paygate: PayGateHost) -> None:
    shop.do("option", "sync", True)
    shop.do("option", "completes_at_once", True)
    order = shop.do("order", {"total": "88"})
    shop.do("change", order, {"payment_method_title": "Cash"})
    payment = begin(shop, order)
    shop.do("change", order, {"payment_method": "cod"})
    paygate.play(payment)
    until(lambda: "Paid by PromptPay" in shop.notes(order), "the shop was not told")
    until(lambda: not any(name.startswith("paygate_lock_") for name in shop.do("options")), "it is still at it")
    seen = shop.see(order)
    assert (seen["status"], seen["payment_method_title"]) == ("completed", "PromptPay QR")


@pytest.mark.parametrize("language", ["/en", "/th"])
def test_a_renewed_payment_is_known_again_whatever_language_the_page_was_in(
    shop: Shop, paygate: PayGateHost, language: str
) -> None:
    shop.do("option", "language_path", language)
    order = shop.do("order", {"total": "76.50"})
    first = paygate.payment(begin(shop, order))
    shop.do("option", "language_path", "")
    assert first["metadata"]["shop"] == shop.base
    wish = {name: first[name] for name in ("amount", "orderId", "metadata")}
    second = paygate.api.post("/payment/create", json=wish).json()["transaction"]["id"]
    paygate.play(second)
    becomes(shop, order, "processing")


def test_money_that_no_order_takes_is_in_the_log(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "77.25"})
    payment = begin(shop, order)
    mute(shop, paygate)
    paygate.play(payment)
    event = event_of(paygate, payment, "payment.success")
    moved = json.loads(json.dumps(event).replace(shop.base, "https://old.example"))
    moved["data"]["transactionId"] = "01900000-0000-7000-8000-000000000009"
    shop.do("remove", order)
    assert deliver(shop, event).json()["outcome"] == "IGNORED"
    assert f"{payment} is PAID, but order {order} was not changed: the order does not exist" in str(shop.told("log"))
    again = shop.do("order", {"total": "77.25", "key": "wc_order_moved"})
    moved["data"]["metadata"] |= {
        "wcOrder": again,
        "wcProof": shop.do("static", "PaymentRequest", "proof", [again, "wc_order_moved"]),
    }
    assert deliver(shop, moved).json()["outcome"] == "IGNORED"
    assert "made by the shop at https://old.example, and this one is at " + shop.base in str(shop.told("log"))
    moved["data"]["metadata"]["wcProof"] = "0" * 32
    before = len([one for one in shop.told("log") if one[0] == "error"])
    assert deliver(shop, moved).json()["outcome"] == "IGNORED"
    assert len([one for one in shop.told("log") if one[0] == "error"]) == before, "another shop's money is no error"


def test_money_after_the_order_was_paid_is_told(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "74"})
    payment = begin(shop, order)
    shop.do("change", order, {"payment_method": "cod", "status": "processing", "date_paid": 1})  # At the same moment.
    paygate.play(payment)
    until(lambda: "Paid once more: ฿74.00 arrived" in shop.notes(order), "the shop was not told")
    assert shop.told("payment_complete") == []


def test_a_cancelled_order_gives_its_payment_up_and_an_open_one_is_not_cancelled(
    shop: Shop, paygate: PayGateHost
) -> None:
    order = shop.do("order", {"total": "75"})
    assert shop.do("may_cancel", order)
    payment = begin(shop, order)
    assert not shop.do("may_cancel", order)
    shop.do("move", order, "cancelled")
    assert paygate.payment(payment)["status"] == "CANCELLED"


def test_a_payer_who_renews_an_expired_qr_pays_the_same_order(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "76"})
    first = paygate.payment(begin(shop, order))
    wish = {name: first[name] for name in ("amount", "orderId", "metadata", "callbackUrl")}
    second = paygate.api.post("/payment/create", json=wish).json()["transaction"]["id"]  # As the page does it.
    paygate.play(second)
    becomes(shop, order, "processing")
    assert shop.see(order)["transaction_id"] == second


@pytest.mark.parametrize("forged", ["proof", "shop", "order"])
def test_a_payment_of_another_order_or_shop_completes_nothing(shop: Shop, paygate: PayGateHost, forged: str) -> None:
    order = shop.do("order", {"total": "77"})
    first = paygate.payment(begin(shop, order))
    metadata = (
        first["metadata"]
        | {
            "proof": {"wcProof": "0" * 32},
            "shop": {"shop": "https://copy.example"},
            "order": {"wcOrder": 9999},
        }[forged]
    )
    made = paygate.api.post("/payment/create", json={"amount": 77, "metadata": metadata}).json()["transaction"]["id"]
    paygate.play(made)
    answer = deliver(shop, event_of(paygate, made, "payment.success"))
    assert answer.json() == {"received": True, "outcome": "IGNORED"}
    assert status(shop, order) == "pending"


def test_a_test_payment_does_not_pay_a_shop_with_a_live_key(shop: Shop, paygate: PayGateHost) -> None:
    """The webhook secret of the test mode was left in the settings."""
    order = shop.do("order", {"total": "78"})
    payment = begin(shop, order)
    assert shop.do("settings", {"secret_key": paygate.world.secret_key}) == []
    paygate.play(payment)
    answer = deliver(shop, event_of(paygate, payment, "payment.success"))
    assert answer.json() == {"received": True, "outcome": "IGNORED"}
    assert status(shop, order) == "pending"


def test_deliveries_that_are_not_paygates_are_refused(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "79"})
    payment = begin(shop, order)
    paygate.play(payment)
    becomes(shop, order, "processing")
    event = event_of(paygate, payment, "payment.success")
    body = json.dumps(event)
    other = "whsec_" + "A" * 44
    assert deliver(shop, event, other).status_code == 401
    assert deliver(shop, event, age_s=400).status_code == 401
    assert shop.http.post(shop.hook, content=body).status_code == 401
    assert deliver(shop, "[1]").status_code == 200 and deliver(shop, "1").status_code == 400
    assert deliver(shop, "{").status_code == 400
    assert shop.http.get(shop.hook).status_code == 405
    for unknown in ({"event": "moon.rose", "data": {}}, {"event": "payment.success", "data": "x"}, {"data": None}):
        assert deliver(shop, unknown).json() == {"received": True, "outcome": "IGNORED"}
    assert shop.told("payment_complete") == [[order, payment]]


def test_what_could_not_be_done_is_delivered_again(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {"total": "81"})
    payment = begin(shop, order)
    shop.do("option", "break_payment_complete", True)
    paygate.play(payment)
    until(lambda: shop.told("payment_complete"), "no webhook came")
    answer = deliver(shop, event_of(paygate, payment, "payment.success"))
    assert answer.status_code == 503 and answer.headers["retry-after"] == "10"
    assert "WooCommerce could not complete" in str(shop.told("log"))
    shop.do("option", "break_payment_complete", False)
    assert deliver(shop, event_of(paygate, payment, "payment.success")).status_code == 200
    assert status(shop, order) == "processing" and shop.told("paid") == [order]


def test_an_order_that_cannot_be_paid_says_why(shop: Shop, paygate: PayGateHost) -> None:
    dear = shop.do("order", {"total": "100.005"})
    foreign = shop.do("order", {"currency": "USD"})
    for order, words in ((dear, "parts of a satang"), (foreign, "Thai baht only")):
        answer = shop.do("pay", order)
        assert answer["result"] == "failure" and words in answer["notices"][0][1]
    shop.do("settings", {"host": "http://127.0.0.1:9"})
    answer = shop.do("pay", shop.do("order", {}))
    assert (answer["result"], answer["notices"][0][1][:30]) == ("failure", "PromptPay is not available jus")
    assert "could not be reached" in str(shop.told("log"))


def test_in_thai_the_notes_and_the_payers_words_are_thai(shop: Shop, paygate: PayGateHost) -> None:
    shop.do("option", "locale", "th")
    order = shop.do("order", {"total": "1234.50"})
    payment = begin(shop, order)
    paygate.play(payment)
    becomes(shop, order, "processing")
    until(lambda: "จ่ายด้วยพร้อมเพย์แล้ว: เงินเข้า ฿1,234.50" in shop.notes(order), "no note in Thai")
    assert paygate.payment(payment)["description"].startswith(f"คำสั่งซื้อ {order}")
