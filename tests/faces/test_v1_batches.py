"""POST /api/v1/payment/batch: up to a thousand payments, all or nothing."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from tests.faces.conftest import Gateway
from tests.faces.test_bad_input import BAD_FIELDS

BATCH = "/api/v1/payment/batch"
KEY = {"Idempotency-Key": "batch 1"}


def read_picture(url: str) -> str:
    png = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    return str(zxingcpp.read_barcode(Image.open(io.BytesIO(png))).text)


async def test_a_batch_answers_in_order_with_what_single_requests_answer(gateway: Gateway) -> None:
    wanted: list[dict[str, Any]] = [{"amount": 20 - n, "orderId": f"O{n}"} for n in range(15)]
    wanted[3] |= {"metadata": {"qrCode": "@QR@", "a": [1.5]}, "description": '"qrCode":"@QR@" กาแฟ', "expiryMinutes": 5}
    answer = await gateway.ask("POST", BATCH, {"payments": wanted})
    assert answer.status_code == 201 and set(answer.json()) == {"success", "transactions"}
    made = answer.json()["transactions"]
    assert [(one["orderId"], one["amount"]) for one in made] == [(one["orderId"], one["amount"]) for one in wanted]
    assert (made[3]["metadata"], made[3]["description"]) == (wanted[3]["metadata"], wanted[3]["description"])
    single = await gateway.create(amount=7)
    assert all(list(one) == list(single) for one in made)
    for one in made[:5]:
        assert read_picture(one["qrCode"]) == one["qrPayload"]
        read = (await gateway.ask("GET", f"/api/v1/payment/{one['id']}")).json()["transaction"]
        assert read == {name: value for name, value in one.items() if name not in ("qrCode", "clientSecret")}
    assert len({one["clientSecret"] for one in made}) == 15


async def test_a_thousand_payments_are_made_at_once(gateway: Gateway) -> None:
    wanted = [{"amount": 100 + n, "orderId": f"ORDER-{n}", "metadata": {"n": n}} for n in range(1000)]
    answer = await gateway.ask("POST", BATCH, {"payments": wanted}, headers=KEY)
    assert answer.status_code == 201, answer.text[:300]
    made = answer.json()["transactions"]
    assert [one["metadata"]["n"] for one in made] == list(range(1000))
    counts = await gateway.counts()
    assert (counts["payments"], counts["events"], counts["reservations"]) == (1000, 1000, 1000)
    again = await gateway.ask("POST", BATCH, {"payments": wanted}, headers=KEY)
    assert again.content == answer.content and again.headers["idempotent-replayed"] == "true"
    assert await gateway.counts() == counts
    other = await gateway.ask("POST", BATCH, {"payments": wanted[:1]}, headers=KEY)
    assert (other.status_code, other.json()["error"]) == (422, "IDEMPOTENCY_MISMATCH")


@pytest.mark.parametrize("body", [{}, [], {"payments": []}, {"payments": {}}, {"payments": None}, {"payments": "x"},
                                  {"payments": [{"amount": 1}] * 1001}], ids=str)  # fmt: skip
async def test_what_is_no_batch_is_refused(gateway: Gateway, body: object) -> None:
    answer = await gateway.ask("POST", BATCH, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_REQUEST")
    assert answer.json().get("field") == (None if body == [] else "payments")


async def test_one_bad_entry_refuses_all_and_names_its_place(gateway: Gateway) -> None:
    before = await gateway.counts()
    bad = [({}, ".amount"), (5, ""), ([], ""), (None, ""), ({"amount": "150"}, ".amount"), ({"amount": 1e9}, ".amount")]
    bad += [({"amount": 150, name: value}, f".{name}") for name, value in BAD_FIELDS]
    for entry, where in bad:
        answer = await gateway.ask("POST", BATCH, {"payments": [{"amount": 150}, {"amount": 151}, entry]})
        assert (answer.status_code, answer.json()["field"]) == (400, f"payments[2]{where}"), entry
    assert await gateway.counts() == before


async def test_text_that_may_not_enter_names_its_place_too(gateway: Gateway) -> None:
    for entry, where in (
        (b'{"amount":150,"orderId":"a\\u0000"}', ".orderId"),
        (b'{"amount":NaN}', ".amount"),
        (b'{"amount":150,"description":"\\ud800"}', ".description"),
        (b'{"amount":150,"metadata":{"a":["\\u0000"]}}', ".metadata"),
    ):
        answer = await gateway.ask("POST", BATCH, b'{"payments":[{"amount":150},' + entry + b"]}")
        assert (answer.status_code, answer.json()["field"]) == (400, f"payments[1]{where}"), entry


async def test_a_public_key_makes_no_batches(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", BATCH, {"payments": [{"amount": 150}]}, key=gateway.world.public_key)
    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")


async def test_a_batch_too_large_for_a_body_is_413(gateway: Gateway) -> None:
    wanted = {"payments": [{"amount": 150, "description": "x" * 500, "metadata": {"a": "x" * 4_500}}] * 1000}
    assert (await gateway.ask("POST", BATCH, wanted)).status_code == 413
