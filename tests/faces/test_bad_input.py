"""Whatever is sent: a clear 4xx in the face's shape, the field named, nothing written, never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paygate.services import merchants
from tests.faces.conftest import Gateway

CREATE = "/api/v1/payment/create"
UNKNOWN = "01900000-0000-7000-8000-000000000000"

# As JSON text, because what matters is how it is written.
BAD_AMOUNTS = [
    "0", "-1", "-0", "-0.01", "0.99", "1.005", '"150"', "null", "1000000000000", "true", "false", "[]", "{}", "[150]",
    "0.30000000000000004", "1e2", "1E2", "150e0", "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "500000.01",
    "500001", "99999999999999999999999999", "150.000", "0150", "+150", "1_000", "150.", ".5", '"NaN"', '"๑๕๐"', "0x10",
]  # fmt: skip

LONG = "x" * 10_000
BAD_FIELDS: list[tuple[str, Any]] = [
    ("orderId", 5), ("orderId", True), ("orderId", []), ("orderId", {}), ("orderId", ""), ("orderId", "x" * 129),
    ("orderId", "a\nb"), ("orderId", "a\x7fb"), ("orderId", "a\u2028b"),
    ("description", 1), ("description", "x" * 501), ("description", ["x"]),
    ("metadata", []), ("metadata", "x"), ("metadata", 1), ("metadata", True), ("metadata", {"k": LONG * 2}),
    ("customerEmail", 1), ("customerEmail", "nobody"), ("customerEmail", "@x.co"), ("customerEmail", "a@"),
    ("customerEmail", "a b@x.co"), ("customerEmail", "a@" + "x" * 260), ("customerEmail", "a@x.co\r\nBcc: b@x.co"),
    ("expiryMinutes", 0), ("expiryMinutes", 1441), ("expiryMinutes", -5), ("expiryMinutes", "15"),
    ("expiryMinutes", 1.5), ("expiryMinutes", True), ("expiryMinutes", 10**30),
    ("callbackUrl", 1), ("callbackUrl", "shop.example/done"), ("callbackUrl", "http://shop.example/done"),
    ("callbackUrl", "javascript:alert(1)"), ("callbackUrl", "https://user:pw@shop.example/"), ("callbackUrl", "https://"),
    ("callbackUrl", "https://shop.example/" + "x" * 2048), ("callbackUrl", "https://shop.example:99999/"),
    ("callbackUrl", "https://a.co\\@shop.example/"), ("callbackUrl", "https://shop.example/\r\nSet-Cookie: a=b"),
    ("callbackUrl", "https://[::1"), ("callbackUrl", "http://localhost.evil.example/"), ("callbackUrl", "//a.example"),
    ("callbackUrl", "data:text/html,x"), ("cancelUrl", "ftp://shop.example/"), ("cancelUrl", ["https://shop.example/"]),
    ("promptpayRef1", "abc"), ("promptpayRef1", "A" * 21), ("promptpayRef1", ""), ("promptpayRef1", 12),
    ("promptpayRef1", "A-1"), ("promptpayRef1", "A1\n"), ("promptpayRef2", "A1"),
    ("currency", "USD"), ("currency", 764), ("currency", []), ("currency", "Thb"),
    ("amountToken", "eyJ"), ("amountToken", 1),
]  # fmt: skip

BAD_BODIES: list[tuple[bytes, str | None]] = [
    (b"", None),
    (b"   ", None),
    (b"{", None),
    (b"amount=150", None),
    (b"[]", None),
    (b"150", None),
    (b'"x"', None),
    (b"null", None),
    (b'{"amount":150}{"amount":150}', None),
    (b'{"amount":150,}', None),
    (b"{'amount':150}", None),
    (b'{"amount":150,"orderId":"\xff"}', None),
    (b'{"amount":150,"orderId":"\xed\xa0\x80"}', None),
    (b'\xff\xfe{\x00"\x00', None),
    (b'{"amount":150,"orderId":"a\\u0000b"}', "orderId"),
    (b'{"amount":150,"orderId":"\\ud800"}', "orderId"),
    (b'{"amount":150,"metadata":{"a":"\\udfff"}}', "metadata"),
    (b'{"amount":150,"metadata":{"\\u0000":1}}', "metadata"),
    (b'{"amount":150,"metadata":{"a":1e999999999}}', "metadata"),
    (b'{"amount":150,"metadata":{"a":' + b"9" * 400 + b"}}", "metadata"),
    (b'{"amount":150,"metadata":' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"}", "metadata"),
    (b'{"amount":' + b"[" * 200_000 + b"]" * 200_000 + b"}", None),
]


async def test_every_bad_amount_is_refused_naming_the_amount(gateway: Gateway) -> None:
    before = await gateway.counts()
    for text in BAD_AMOUNTS:
        answer = await gateway.ask("POST", CREATE, b'{"amount":' + text.encode() + b"}")
        assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_REQUEST"), (text, answer.text)
        if _is_json(text):
            assert answer.json()["field"] == "amount", (text, answer.text)
    missing = await gateway.ask("POST", CREATE, {})
    assert (missing.status_code, missing.json()["field"]) == (400, "amount")
    assert await gateway.counts() == before


async def test_every_bad_field_is_refused_by_its_name(gateway: Gateway) -> None:
    before = await gateway.counts()
    for field, value in BAD_FIELDS:
        answer = await gateway.ask("POST", CREATE, {"amount": 150, field: value})
        found = (answer.status_code, answer.json()["error"], answer.json().get("field"))
        assert found == (400, "INVALID_REQUEST", field), (field, value, answer.text)
    assert await gateway.counts() == before


async def test_every_bad_body_is_refused(gateway: Gateway) -> None:
    before = await gateway.counts()
    for body, field in BAD_BODIES:
        answer = await gateway.ask("POST", CREATE, body)
        found = (answer.status_code, answer.json()["error"], answer.json().get("field"))
        assert found == (400, "INVALID_REQUEST", field), (body[:80], answer.text)
    assert await gateway.counts() == before


@pytest.mark.parametrize("extra_bytes", [1, 5_000_000])
async def test_a_body_over_one_mebibyte_is_413_on_every_face(gateway: Gateway, extra_bytes: int) -> None:
    before = await gateway.counts()
    body = b'{"amount":150,"description":"' + b"x" * (1_048_576 + extra_bytes - 31) + b'"}'
    for path in (CREATE, f"/api/v1/payment/{UNKNOWN}/cancel", f"/api/bank/{gateway.world.source}"):
        answer = await gateway.ask("POST", path, body)
        assert (answer.status_code, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE"), (path, answer.text)
    assert await gateway.counts() == before


async def test_a_body_without_a_length_is_cut_off_as_well(gateway: Gateway) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b" " * 100_000

    answer = await gateway.client.post(CREATE, content=endless(), headers={"X-API-Key": gateway.world.secret_key})
    assert answer.status_code == 413


async def test_null_means_absent_and_unknown_fields_are_ignored(gateway: Gateway) -> None:
    fields = [field for field, _ in BAD_FIELDS]
    made = await gateway.create(**dict.fromkeys(fields), colour="red")
    assert (made["orderId"], made["metadata"]) == (None, {})


async def test_ids_that_do_not_exist_are_404(gateway: Gateway) -> None:
    made = await gateway.create()
    before = await gateway.counts()
    ids = [UNKNOWN, "nope", "x" * 5_000, "%00", "%ff", "..%2f..", "0", made["id"].replace("-", ""), "create%0a", "ก"]
    for one in ids:
        for method, path in (("GET", f"/api/v1/payment/{one}"), ("POST", f"/api/v1/payment/{one}/cancel")):
            answer = await gateway.ask(method, path)
            assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), (path, answer.text)
        for path in (f"/api/v1/payment/order/{one}", f"/qr/{one}.png", f"/qr/{one}", f"/qr/{made['id']}.gif"):
            answer = await gateway.ask("GET", path)
            assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), (path, answer.text)
    assert await gateway.counts() == before


async def test_another_merchants_payment_is_404_and_untouched(gateway: Gateway) -> None:
    mine = await gateway.create(orderId="MINE")
    stranger = await make_stranger(gateway)
    before = await gateway.counts()
    for method, path in (
        ("GET", f"/api/v1/payment/{mine['id']}"),
        ("GET", "/api/v1/payment/order/MINE"),
        ("POST", f"/api/v1/payment/{mine['id']}/cancel"),
    ):
        answer = await gateway.ask(method, path, key=stranger)
        assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), (path, answer.text)
    listed = await gateway.ask("GET", "/api/v1/transactions", key=stranger)
    assert listed.json() == {"transactions": [], "hasMore": False, "nextCursor": None}
    assert await gateway.counts() == before


async def test_the_other_modes_payment_is_404(gateway: Gateway) -> None:
    mine = await gateway.create(orderId="MINE")
    for path in (f"/api/v1/payment/{mine['id']}", "/api/v1/payment/order/MINE"):
        answer = await gateway.ask("GET", path, key=gateway.world.test_key)
        assert answer.status_code == 404


async def make_stranger(gateway: Gateway) -> str:
    """The secret key of another merchant."""
    made = await merchants.create(gateway.ctx, email="other@example.com", name="Other", plan="free", approve=True)
    return made.live_secret_key


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
