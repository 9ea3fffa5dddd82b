"""Making, reading and cancelling payments, as a merchant's server does it."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import zxingcpp
from PIL import Image

import emvco
from paygate.services import accounts, merchants
from tests.faces.conftest import Gateway

CREATE = "/api/v1/payment/create"


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read_picture(png: bytes) -> str:
    return str(zxingcpp.read_barcode(Image.open(io.BytesIO(png))).text)


async def test_the_documented_request_gets_the_documented_answer(gateway: Gateway) -> None:
    body = b"""{
        "amount": 150.00, "orderId": "ORDER-12345", "description": "Premium Subscription",
        "metadata": {"customerId": "CUST-01"}
    }"""
    answer = await gateway.ask("POST", CREATE, body)
    assert answer.status_code == 201 and answer.headers["content-type"] == "application/json"
    assert answer.json()["success"] is True
    made = answer.json()["transaction"]
    documented = {"amount": 150, "fee": 4.5, "netAmount": 145.5, "status": "PENDING", "paymentMethod": "PROMPTPAY"}
    assert documented.items() <= made.items()
    assert (made["orderId"], made["description"]) == ("ORDER-12345", "Premium Subscription")
    assert made["metadata"] == {"customerId": "CUST-01"}
    assert UUID(made["id"]).version == 7
    assert when(made["qrExpiry"]) - when(made["createdAt"]) == timedelta(minutes=15)
    assert b'"amount":150,"fee":4.5,"netAmount":145.5,' in answer.content


async def test_the_picture_holds_the_payload_and_the_payload_the_amount(gateway: Gateway) -> None:
    made = await gateway.create(amount=0.1 + 150)
    png = base64.b64decode(made["qrCode"].removeprefix("data:image/png;base64,"))
    assert read_picture(png) == made["qrPayload"]
    payload = emvco.parse(made["qrPayload"])
    assert payload.amount_satang == 15010 and made["payableAmount"] == 150.1
    assert made["paymentUrl"] == f"{gateway.ctx.public_url}/pay/{made['id']}"
    assert made["clientSecret"].startswith("pi_") and "_secret_" in made["clientSecret"]


async def test_what_the_merchant_writes_comes_back_as_it_was(gateway: Gateway) -> None:
    fields: dict[str, Any] = {
        "orderId": "ร้าน/โต๊ะ 7?#%",
        "description": '"qrCode":"@QR@" กาแฟ\n<b>☕</b>',
        "metadata": {"qrCode": "@QR@", "nested": [1, 2.5, None, {"ก": "\u2028"}]},
        "customerEmail": "somchai@example.com",
        "callbackUrl": "https://shop.example/done?a=1&b=ก#x",
        "cancelUrl": "http://localhost:3000/cancel",
        "expiryMinutes": 60,
        "currency": "thb",
    }
    made = await gateway.create(**fields)
    read = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    for seen in (made, read):
        assert {name: seen[name] for name in fields if name in seen and name != "currency"} == {
            name: value for name, value in fields.items() if name not in ("expiryMinutes", "currency")
        }
    assert when(made["expiresAt"]) - when(made["createdAt"]) == timedelta(minutes=60)
    assert made["qrCode"].startswith("data:image/png;base64,")


async def test_a_read_has_neither_the_client_secret_nor_the_picture(gateway: Gateway) -> None:
    made = await gateway.create()
    read = (await gateway.ask("GET", f"/api/v1/payment/{made['id'].upper()}")).json()
    assert set(read) == {"transaction", "verification"} and read["verification"] is None
    assert set(made) - set(read["transaction"]) == {"clientSecret", "qrCode"}
    assert read["transaction"]["paidAt"] is None


async def test_an_order_id_with_slashes_spaces_and_thai_is_found_by_its_path(gateway: Gateway) -> None:
    for order_id in ("A/B/C", "ออเดอร์ ๑๒/๓", "a?b#c%2F", "create", "x/cancel", "a+b", "..", "ก" * 128):
        made = await gateway.create(orderId=order_id)
        found = await gateway.ask("GET", f"/api/v1/payment/order/{quote(order_id, safe='').replace('..', '%2e%2e')}")
        assert (found.status_code, found.json()["transaction"]["id"]) == (200, made["id"]), order_id


async def test_one_order_id_twice_makes_two_payments_and_the_latest_stands_for_it(gateway: Gateway) -> None:
    first, second = await gateway.create(orderId="A"), await gateway.create(orderId="A")
    assert first["id"] != second["id"]
    found = (await gateway.ask("GET", "/api/v1/payment/order/A")).json()["transaction"]
    assert found["id"] == second["id"]


async def test_cancel_closes_an_open_payment_and_may_be_repeated(gateway: Gateway) -> None:
    made = await gateway.create()
    for _ in range(2):
        answer = await gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")
        assert (answer.status_code, answer.json()["success"]) == (200, True)
        assert answer.json()["transaction"]["status"] == "CANCELLED"
    read = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    assert read["status"] == "CANCELLED"


async def test_cancelling_a_paid_payment_is_409_and_says_where_it_stands(gateway: Gateway) -> None:
    made = await gateway.create()
    told = await gateway.tell({"amount": 150.00, "occurredAt": datetime.now(UTC).isoformat(), "transRef": "T1"})
    assert told.json()["outcome"] == "PAID"
    answer = await gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["error"], answer.json()["status"]) == (409, "CONFLICT", "PAID")
    read = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    assert (read["status"], read["receivedAmount"]) == ("PAID", 150) and read["paidAt"]


async def test_a_payment_after_its_deadline_reads_as_expired_though_nobody_swept(gateway: Gateway) -> None:
    made = await gateway.create()
    async with gateway.ctx.db.connection() as conn:
        await conn.execute(
            "UPDATE payments SET created_at = created_at - interval '1 day', expires_at = clock_timestamp()"
        )
    read = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    assert read["status"] == "EXPIRED"
    cancel = await gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")
    assert (cancel.status_code, cancel.json()["status"]) == (409, "EXPIRED")
    assert (await gateway.ask("GET", f"/qr/{made['id']}.png")).status_code == 404


async def test_references_make_a_bill_payment_when_an_account_can_take_one(gateway: Gateway) -> None:
    refused = await gateway.ask("POST", CREATE, {"amount": 150, "promptpayRef1": "INV1"})
    assert (refused.status_code, refused.json().get("field")) == (400, "promptpayRef1"), refused.text
    await accounts.add(gateway.ctx, owner=0, biller_id="099400016550100", name="Biller")
    made = await gateway.create(promptpayRef1="INV1", promptpayRef2="T7")
    bill = emvco.parse(made["qrPayload"]).bill_payment
    assert bill is not None and (bill.ref1, bill.ref2) == ("INV1", "T7")
    assert (made["promptpayRef1"], made["promptpayRef2"]) == ("INV1", "T7")


async def test_a_merchant_without_an_account_is_told_so(gateway: Gateway) -> None:
    poor = await merchants.create(gateway.ctx, email="p@example.com", name="Poor", plan="pro")
    await merchants.approve(gateway.ctx, poor.merchant_id, unchecked="A merchant of ours")
    answer = await gateway.ask("POST", CREATE, {"amount": 150}, key=poor.live_secret_key)
    assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
    assert "account" in answer.json()["message"]


async def test_callback_urls_stay_on_the_merchants_domains_once_there_are_any(gateway: Gateway) -> None:
    async with gateway.ctx.db.connection() as conn:
        await conn.execute(
            "UPDATE merchants SET callback_domains = '{shop.example,*.pages.example}' WHERE merchant_id = $1",
            gateway.world.merchant_id,
        )
    for url in (
        "https://shop.example/x",
        "https://SHOP.example:8443/x",
        "https://a.pages.example/",
        "https://shop.example./",
    ):
        await gateway.create(callbackUrl=url)
    for url in ("https://evil.example/", "https://shop.example.evil.example/", "https://pages.example/",
                "https://xshop.example/", "http://localhost/"):  # fmt: skip
        answer = await gateway.ask("POST", CREATE, {"amount": 150, "callbackUrl": url})
        assert (answer.status_code, answer.json().get("field")) == (400, "callbackUrl"), url
