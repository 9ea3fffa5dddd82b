"""Every call of the libraries against a running server: three languages, one behaviour."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

import emvco
from emvco import qr
from tests.journey.shop import Shop
from tests.sdk.conftest import SHOP, Host
from tests.sdk.languages import Sdk, SdkError


def test_payments_are_made_read_and_cancelled(sdk: Sdk) -> None:
    order = f"{sdk.language}/น้ำ 1"
    made = sdk.create_payment(
        amount=150.07, orderId=order, description="ชาเย็น", metadata={"โต๊ะ": [7]}, expiryMinutes=30
    )
    payment = made["transaction"]
    assert made["success"] is True
    assert (payment["amount"], payment["metadata"], payment["status"]) == (150.07, {"โต๊ะ": [7]}, "PENDING")
    assert payment["qrCode"].startswith("data:image/png;base64,")
    assert sdk.call("getPayment", payment["id"])["transaction"]["orderId"] == order
    assert sdk.call("getPaymentByOrder", order)["transaction"]["id"] == payment["id"]
    cancelled = sdk.call("cancelPayment", payment["id"])
    assert cancelled["transaction"]["status"] == "CANCELLED"
    watched = sdk.call("watchPayment", payment["id"])
    assert (watched if sdk.language == "php" else watched[0])["transaction"] == cancelled["transaction"]
    assert not sdk.create_payment(amount=1, metadata={})["transaction"]["metadata"]  # PHP has one word for {} and [].


def test_an_idempotency_key_makes_one_payment_of_two_calls(sdk: Sdk) -> None:
    first, again = (sdk.create_payment(f"{sdk.language}-key", amount=20) for _ in range(2))
    assert first["transaction"]["id"] == again["transaction"]["id"]
    with pytest.raises(SdkError, match="Idempotency-Key") as caught:
        sdk.create_payment(f"{sdk.language}-key", amount=21)
    assert (caught.value.name, caught.value.told["status"]) == ("IdempotencyMismatch", 422)
    other = sdk.create_payment(amount=20)
    assert other["transaction"]["id"] != first["transaction"]["id"]


def test_a_batch_is_made_and_a_list_goes_through_all_pages(sdk: Sdk) -> None:
    orders = [f"batch-{sdk.language}-{number}" for number in range(5)]
    made = sdk.call("createPayments", [{"amount": 10 + n, "orderId": order} for n, order in enumerate(orders)])
    assert [one["orderId"] for one in made["transactions"]] == orders
    listed = sdk.with_fields("listTransactions", q=f"batch-{sdk.language}", limit=2)
    assert sorted(one["orderId"] for one in listed) == orders
    csv = sdk.with_fields("exportTransactions", q=f"batch-{sdk.language}")
    assert csv.startswith("id,orderId,amount") and csv.count("\n") == 6


def test_a_qr_needs_no_payment(sdk: Sdk) -> None:
    one = sdk.call("createQr", {"promptpay": "0812345678", "amount": 20.5, "format": "payload"})["qr"]["payload"]
    assert emvco.parse(one).amount_satang == 2050
    many = sdk.call("createQr", [{"promptpay": "0812345678", "format": form} for form in ("svg", "png")])["qrs"]
    assert [sorted(entry) for entry in many] == [["format", "payload", "svg"], ["format", "payload", "qrCode"]]


def test_a_slip_is_handed_in_as_text_or_as_a_picture(sdk: Sdk, tmp_path: Path) -> None:
    payment = sdk.create_payment(amount=33)["transaction"]
    for place, sent in enumerate(("payload", "file")):
        number = f"0161{sdk.language.encode().hex()[:6].upper()}{place}{'0' * 8}"
        slip = emvco.slip_payload("004", number[:20])
        picture = tmp_path / "slip.png"
        picture.write_bytes(qr.render(slip, error="M").png())
        given = (
            {"payload": slip} if sent == "payload" else {"file": {"$file": str(picture)}, "filename": 'my "slip".png'}
        )
        answer = sdk.with_fields("submitSlip", payment["id"], **given)
        assert answer["verification"] in {"VERIFYING", "REVIEW"}, answer
        assert answer["transaction"]["id"] == payment["id"]


def test_a_bank_is_played_for_a_test_payment_and_for_no_other(sdk: Sdk, host: Host) -> None:
    live = sdk.create_payment(amount=34)["transaction"]["id"]
    refused = sdk.refused("simulatePayment", live)
    assert (refused.name, refused.told["status"]) == ("Forbidden", 403)
    sdk.renew(host.world.test_key)
    for via, wish in (("callback", {}), ("notice", {"duplicate": True}), ("slip", {"late": True})):
        made = sdk.create_payment(amount=35, orderId=f"sim-{sdk.language}-{via}")["transaction"]
        told = sdk.with_fields("simulatePayment", made["id"], via=via, **wish)
        assert told["transaction"]["status"] == "PAID", told
        assert told["transaction"]["exception"] == ("LATE" if wish.get("late") else None)
        assert told["transfer"]["outcomes"] == ["PAID", *(["DUPLICATE"] if "duplicate" in wish else [])]
    made = sdk.create_payment(amount=36)["transaction"]["id"]
    later = sdk.with_fields("simulatePayment", made, amount=36.5, delaySeconds=600)
    assert (later["transfer"]["status"], later["transfer"]["amount"]) == ("SCHEDULED", 36.5)
    assert sdk.call("simulatePayment", made)["transaction"]["status"] == "PAID"


def test_a_payment_link_is_made_listed_and_put_away(sdk: Sdk) -> None:
    made = sdk.with_fields("createPaymentLink", amount=45.5, description="ชาเย็น")["paymentLink"]
    assert (made["amount"], made["active"]) == (45.5, True)
    assert sdk.call("getPaymentLink", made["id"])["paymentLink"] == made
    assert made["id"] in [one["id"] for one in sdk.with_fields("listPaymentLinks", limit=1)]
    changed = sdk.with_fields("updatePaymentLink", made["id"], active=False)["paymentLink"]
    assert changed == {**made, "active": False}
    assert sdk.refused("getPaymentLink", "plink_06nz0nc5vj7r4gjx7c79l6za00").name == "NotFound"


def test_the_system_log_is_read(sdk: Sdk) -> None:
    with pytest.raises(SdkError) as caught:
        sdk.create_payment(amount="150")
    told = sdk.with_fields("listLogs", requestId=caught.value.told["requestId"])
    assert [one["message"] for one in told] == ["POST /api/v1/payment/create: 400 INVALID_REQUEST (amount)"]


def test_money_is_taken_out_when_there_is_any(sdk: Sdk, host: Host) -> None:
    has = sdk.call("getBalance")
    assert has["currency"] == "THB" and has["available"] >= 0
    much = has["available"] + 1_000_000
    with pytest.raises(SdkError) as caught:
        sdk.settle(much)
    assert caught.value.name == "InsufficientBalance", caught.value.told
    assert sdk.with_fields("listSettlements", limit=1) == []
    unknown = "stl_06nz0nc5vj7r4gjx7c79l6za00"
    assert [sdk.refused(call, unknown).name for call in ("getSettlement", "cancelSettlement")] == ["NotFound"] * 2


def test_a_refund_needs_a_payment_that_was_paid(sdk: Sdk) -> None:
    made = sdk.create_payment(amount=61)["transaction"]["id"]
    assert sdk.refused("refundPayment", made).name == "Conflict"
    assert sdk.with_fields("listRefunds", transactionId=made) == []
    unknown = "rfd_06nz0nc5vj7r4gjx7c79l6za00"
    calls = [("getRefund",), ("cancelRefund",), ("completeRefund", "20261120T1")]
    payee = {"promptpay": "0899999999", "name": "Somchai"}
    for call, *more in (*calls, ("setRefundPayee", payee)):
        assert sdk.refused(call, unknown, *more).name == "NotFound", call


def test_webhook_endpoints_are_kept_and_what_they_hear_verifies(sdk: Sdk) -> None:
    with Shop() as shop:
        endpoint = sdk.create_endpoint(shop.url, events=["webhook.test", "payment.created"])["endpoint"]
        event = sdk.call("testWebhookEndpoint", endpoint["id"])["event"]
        headers, body = shop.wait("webhook.test")
        heard = sdk.call("verifyWebhook", body.decode(), headers, endpoint["secret"])
        assert (heard["event"], heard["webhookId"]) == ("webhook.test", event["id"])
        assert sdk.call("verifyWebhookSignature", body.decode(), headers["x-webhook-signature"], endpoint["secret"])
        made = sdk.create_payment(amount=45, metadata={"n": 1})["transaction"]
        shop.wait("payment.created")

        renewed = sdk.call("rotateWebhookSecret", endpoint["id"])["endpoint"]["secret"]
        told = sdk.with_fields("listWebhookEvents", type="payment.created", transactionId=made["id"], limit=1)
        assert [one["payload"]["data"]["transactionId"] for one in told] == [made["id"]]
        assert sdk.call("getWebhookEvent", told[0]["id"])["event"] == told[0]
        assert sdk.redeliver(told[0]["id"], endpoint["id"])["queued"] == 1
        shop.wait("payment.created", 2)
        headers, body = [(h, b) for e, h, b in shop.heard if e == "payment.created"][-1]
        for secret in (endpoint["secret"], renewed):  # For a day both sign.
            assert sdk.call("verifyWebhook", body.decode(), headers, secret) == json.loads(body)
        tries = sdk.with_fields("listWebhookDeliveries", endpointId=endpoint["id"], limit=1)
        assert sorted(one["eventType"] for one in tries) == ["payment.created", "webhook.test"]
        span = {"from": "2020-01-01", "to": "2099-01-01", "states": "all", "endpointId": endpoint["id"]}
        assert sdk.with_fields("redeliverWebhookEvents", **span)["queued"] >= 2

        changed = sdk.with_fields("updateWebhookEndpoint", endpoint["id"], description="ร้าน", status="disabled")
        assert (changed["endpoint"]["description"], changed["endpoint"]["status"]) == ("ร้าน", "disabled")
        assert sdk.call("getWebhookEndpoint", endpoint["id"])["endpoint"]["description"] == "ร้าน"
        assert endpoint["id"] in [one["id"] for one in sdk.call("listWebhookEndpoints")]
        assert sdk.call("deleteWebhookEndpoint", endpoint["id"])["deleted"] is True
        assert endpoint["id"] not in [one["id"] for one in sdk.call("listWebhookEndpoints")]


def test_an_amount_signed_by_the_shops_server_is_a_pages_to_hand_on(sdk: Sdk, host: Host) -> None:
    order = f"signed-{sdk.language}-น้ำ"
    if sdk.language == "node":
        signed = [
            sdk.call("amountToken", {"amount": 150.07, "orderId": order}),
            sdk.call("amountToken", {"amount": 150}),
        ]
    else:
        signed = [sdk.call("amountToken", 150.07, order), sdk.call("amountToken", 150)]
    sdk.renew(host.world.test_key)
    other_mode = sdk.call("amountToken", *([{"amount": 150}] if sdk.language == "node" else [150]))
    sdk.renew(host.world.public_key)
    assert sdk.refused("amountToken", *([{"amount": 1}] if sdk.language == "node" else [1])).name == "Type"
    page = {"X-API-Key": host.world.public_key, "Origin": SHOP}
    with httpx2.Client(base_url=host.base, headers=page, trust_env=False) as browser:
        made = [browser.post("/api/v1/payment/create", json={"amountToken": one}) for one in (*signed, other_mode)]
    assert [answer.status_code for answer in made] == [201, 201, 400], [answer.text for answer in made]
    told = [answer.json()["transaction"] for answer in made[:2]]
    assert [(one["amount"], one["orderId"], one["amountSource"]) for one in told] == [
        (150.07, order, "token"),
        (150, None, "token"),
    ]


def test_what_is_refused_is_an_error_of_its_kind_with_the_facts(sdk: Sdk, host: Host) -> None:
    unknown = "01900000-0000-7000-8000-000000000000"
    missing = sdk.refused("getPayment", unknown)
    assert (missing.name, missing.told["status"], missing.told["code"]) == ("NotFound", 404, "NOT_FOUND")
    assert missing.told["requestId"].startswith("req_") and missing.told["known"]
    with pytest.raises(SdkError) as caught:
        sdk.create_payment(amount=0.001)
    assert (caught.value.name, caught.value.told["field"]) == ("InvalidRequest", "amount")
    assert sdk.refused("getPayment", "..").name == "Type"
    paid = sdk.create_payment(amount=5)["transaction"]["id"]
    assert sdk.call("cancelPayment", paid) == sdk.call("cancelPayment", paid)
    sdk.renew(host.world.public_key)
    assert sdk.refused("getPayment", paid).name == "Authentication"
    assert sdk.refused("listWebhookEndpoints").name == "Forbidden"
    sdk.renew("sk_live_nothing")
    assert sdk.refused("getPaymentByOrder", "a/b").name == "Authentication"
