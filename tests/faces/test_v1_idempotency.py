"""Idempotency-Key: one effect, one answer, byte for byte."""

from __future__ import annotations

import asyncio

from paygate.services import merchants
from tests.faces.conftest import Gateway

CREATE = "/api/v1/payment/create"
KEY = {"Idempotency-Key": "order 12345 / try"}


async def test_the_same_request_again_gets_the_same_bytes_and_no_second_payment(gateway: Gateway) -> None:
    body = b'{"amount": 150.00, "orderId": "A", "metadata": {"qrCode": "@QR@"}}'
    first = await gateway.ask("POST", CREATE, body, headers=KEY)
    before = await gateway.counts()
    again = await gateway.ask("POST", CREATE, body, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers and again.headers["idempotent-replayed"] == "true"
    assert again.headers["request-id"] != first.headers["request-id"]
    assert await gateway.counts() == before and before["payments"] == 1


async def test_another_body_under_the_same_key_is_422_and_writes_nothing(gateway: Gateway) -> None:
    await gateway.ask("POST", CREATE, {"amount": 150}, headers=KEY)
    before = await gateway.counts()
    for body in (b'{"amount": 151}', b'{"amount":150}'):
        answer = await gateway.ask("POST", CREATE, body, headers=KEY)
        assert (answer.status_code, answer.json()["error"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert await gateway.counts() == before


async def test_a_key_belongs_to_one_merchant_and_one_path(gateway: Gateway) -> None:
    other = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    first = await gateway.ask("POST", CREATE, {"amount": 150}, headers=KEY)
    second = await gateway.ask("POST", CREATE, {"amount": 150}, headers=KEY, key=other.live_secret_key)
    made = first.json()["transaction"]["id"]
    assert second.status_code == 201 and second.json()["transaction"]["id"] != made
    cancelled = await gateway.ask("POST", f"/api/v1/payment/{made}/cancel", headers=KEY)
    assert cancelled.status_code == 200


async def test_a_refused_request_does_not_use_its_key_up(gateway: Gateway) -> None:
    assert (await gateway.ask("POST", CREATE, {"amount": 0}, headers=KEY)).status_code == 400
    assert (await gateway.ask("POST", CREATE, {"amount": 150}, headers=KEY)).status_code == 201


async def test_cancel_with_a_key_is_replayed_too(gateway: Gateway) -> None:
    made = await gateway.create()
    path = f"/api/v1/payment/{made['id']}/cancel"
    first, again = [await gateway.ask("POST", path, headers=KEY) for _ in range(2)]
    assert first.status_code == again.status_code == 200 and first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"


async def test_fifty_at_once_with_one_key_make_one_payment_and_get_one_answer(gateway: Gateway) -> None:
    calls = [gateway.ask("POST", CREATE, {"amount": 150, "orderId": "A"}, headers=KEY) for _ in range(50)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    counts = await gateway.counts()
    assert (counts["payments"], counts["events"], counts["idempotency_keys"]) == (1, 1, 1)


async def test_a_key_that_is_none_is_refused(gateway: Gateway) -> None:
    before = await gateway.counts()
    for bad in (b"", b"x" * 256, "ก".encode(), b"a\tb", b"\xff"):
        headers = {"X-API-Key": gateway.world.secret_key.encode(), "Idempotency-Key": bad}
        answer = await gateway.client.post(CREATE, content=b'{"amount":150}', headers=headers)
        assert (answer.status_code, answer.json().get("field")) == (400, "Idempotency-Key"), bad
    assert await gateway.counts() == before
    good = await gateway.ask("POST", CREATE, {"amount": 150}, headers={"Idempotency-Key": "~" * 255})
    assert good.status_code == 201


async def test_the_kept_answer_holds_no_client_secret_in_clear(gateway: Gateway) -> None:
    made = (await gateway.ask("POST", CREATE, {"amount": 150}, headers=KEY)).json()["transaction"]
    async with gateway.ctx.db.connection() as conn:
        kept: bytes = await conn.fetchval("SELECT answer FROM idempotency_keys")
    assert made["clientSecret"].encode() not in kept and made["id"].encode() not in kept
