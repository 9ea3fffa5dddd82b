"""Who may hand in a slip and see a payment, and what is said to everything that is no slip."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest

import emvco
from paygate.services import merchants
from tests.banks import slip_pictures
from tests.faces.conftest import Gateway
from tests.faces.slips import Slips, new_slip, slip_gateway, upload
from tests.services.helpers import sql

__all__ = ["slip_gateway"]  # A fixture.

PRIVATE = {"metadata", "fee", "netAmount", "vat", "orderId", "customerEmail", "clientSecret", "callbackUrl"}


def secret(made: dict[str, Any]) -> dict[str, str]:
    return {"X-Client-Secret": made["clientSecret"]}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# --- who -----------------------------------------------------------------------------------------------------------


async def test_the_payer_sends_a_slip_with_the_client_secret_alone_or_with_the_shops_public_key(
    slip_gateway: Slips,
) -> None:
    for more in ({}, bearer(slip_gateway.gateway.world.public_key)):
        made, slip = await slip_gateway.gateway.create(metadata={"secret": "x"}), new_slip()
        slip_gateway.bank.knows(slip, 150)
        answer = await slip_gateway.send(made, slip, key=None, headers=secret(made) | more)
        assert (answer.status_code, answer.json()["verification"]) == (200, "PAID"), answer.text
        assert answer.json()["transaction"]["status"] == "PAID"
        assert not PRIVATE & set(answer.json()["transaction"])


async def test_the_payer_sees_the_public_view_and_the_merchant_all(slip_gateway: Slips) -> None:
    gateway = slip_gateway.gateway
    made = await gateway.create(metadata={"secret": "x"}, description="กาแฟ", orderId="O-1")
    path = f"/api/v1/payment/{made['id']}"
    answer = (await gateway.ask("GET", path, key=None, headers=secret(made))).json()
    seen = answer["transaction"]
    assert not PRIVATE & set(seen)
    assert (seen["id"], seen["amount"], seen["payableAmount"], seen["status"]) == (made["id"], 150, 150, "PENDING")
    assert (seen["description"], answer["verification"]) == ("กาแฟ", None)
    assert (seen["qrPayload"], seen["expiresAt"]) == (made["qrPayload"], made["expiresAt"])
    full = (await gateway.ask("GET", path, headers=secret(made))).json()
    assert full["transaction"]["metadata"] == {"secret": "x"} and full["verification"] is None
    by_order = (await gateway.ask("GET", "/api/v1/payment/order/O-1")).json()
    assert by_order == full
    await gateway.ask("POST", f"{path}/cancel")
    over = (await gateway.ask("GET", path, key=None, headers=secret(made))).json()["transaction"]
    assert (over["status"], over["qrPayload"]) == ("CANCELLED", None)


async def test_any_page_that_has_the_client_secret_may_read_what_it_opens(slip_gateway: Slips) -> None:
    gateway = slip_gateway.gateway
    made = await gateway.create()
    origin = {"Origin": "https://shop.example"}
    answer = await gateway.ask("GET", f"/api/v1/payment/{made['id']}", key=None, headers=secret(made) | origin)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    refused = await gateway.ask("GET", f"/api/v1/payment/{made['id']}", headers=origin)
    assert "access-control-allow-origin" not in refused.headers


async def test_whoever_is_not_the_payer_or_the_merchant_is_401(slip_gateway: Slips) -> None:
    gateway = slip_gateway.gateway
    other = await merchants.create(gateway.ctx, email="o@example.com", name="O", plan="free", approve=True)
    made, neighbour = await gateway.create(), await gateway.create()
    world = gateway.world
    refused: list[dict[str, str]] = [
        {},
        secret(neighbour),
        {"X-Client-Secret": made["clientSecret"][:-1]},
        {"X-Client-Secret": "pi_x_secret_y"},
        {"X-Client-Secret": ""},
        bearer(world.public_key),  # A public key alone says nothing of this payment.
        bearer(other.live_public_key) | secret(made),
        bearer(world.public_key) | secret(neighbour),
        bearer("pk_live_nonsense") | secret(made),
        bearer(world.secret_key) | secret(neighbour),
        {"Authorization": "Basic abc"} | secret(made),
    ]
    before = await gateway.counts()
    for headers in refused:
        for method, path in (("POST", "/slip"), ("GET", "")):
            address = f"/api/v1/payment/{made['id']}{path}"
            body = {"payload": new_slip()} if method == "POST" else None
            answer = await gateway.ask(method, address, body, key=None, headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHORIZED"), (headers, method)
    assert await gateway.counts() == before
    assert slip_gateway.bank.asked == []


async def test_another_merchants_payment_and_an_unknown_one_are_404_by_key_and_401_by_secret(
    slip_gateway: Slips,
) -> None:
    gateway = slip_gateway.gateway
    other = await merchants.create(gateway.ctx, email="o@example.com", name="O", plan="free", approve=True)
    made = await gateway.create()
    unknown = {"id": "01900000-0000-7000-8000-000000000000", "clientSecret": made["clientSecret"]}
    assert (await slip_gateway.send(made, new_slip(), key=other.live_secret_key)).status_code == 404
    assert (await slip_gateway.send(made, new_slip(), key=gateway.world.test_key)).status_code == 404
    assert (await slip_gateway.send(unknown, new_slip())).status_code == 404
    assert (await slip_gateway.send(unknown, new_slip(), key=None, headers=secret(unknown))).status_code == 401
    assert (await slip_gateway.send({"id": "nope"}, new_slip())).status_code == 404


async def test_a_cancelled_payment_takes_no_slip_and_says_so_in_two_languages(slip_gateway: Slips) -> None:
    made = await slip_gateway.gateway.create()
    await slip_gateway.gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")
    for answer in (
        await slip_gateway.send(made, new_slip()),
        await slip_gateway.send(made, "no slip"),
        await upload(slip_gateway, made, b"x"),
    ):
        assert (answer.status_code, answer.json()["error"], answer.json()["reason"]) == (409, "CONFLICT", "CLOSED")
        assert "ยกเลิก" in answer.json()["payerMessage"]["th"] and "cancelled" in answer.json()["message"]
    assert slip_gateway.bank.asked == []


# --- what ----------------------------------------------------------------------------------------------------------


async def test_what_is_no_request_is_400_with_the_field_named_and_nothing_written(gateway: Gateway) -> None:
    made = await gateway.create()
    path, before = f"/api/v1/payment/{made['id']}/slip", await gateway.counts()
    bodies: list[tuple[object, str | None]] = [
        (b"", None), (b"{", None), (b"[]", None), (b'"text"', None), (b"\xff\xfe", None),
        ({}, "payload"), ({"payload": None}, "payload"), ({"payload": 5}, "payload"), ({"payload": []}, "payload"),
        ({"payload": ""}, "payload"), ({"payload": "0" * 257}, "payload"), ({"payload": {"a": 1}}, "payload"),
        ({"payload": "a\u0000b"}, "payload"), ({"payload": "a\nb"}, "payload"), ({"file": "x"}, "payload"),
        ({"url": "http://127.0.0.1/slip.png"}, "payload"),
    ]  # fmt: skip
    for body, field in bodies:
        answer = await gateway.ask("POST", path, body)
        assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_REQUEST"), body
        assert field is None or answer.json()["field"] == field, body
    assert await gateway.counts() == before


GOOD = slip_pictures.as_file(slip_pictures.slip(slip_pictures.payload(1), width=480, height=800, side=200))
FORMS: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", b"x"),
    "an empty boundary": ("multipart/form-data; boundary=", b"x"),
    "no parts": ("multipart/form-data; boundary=b", b"--b--\r\n"),
    "not a form": ("multipart/form-data; boundary=b", b"hello"),
    "cut off": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + GOOD,
    ),
    "a part without a name": ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\nz\r\n--b--\r\n"),
    "another field": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="slip"; filename="a"\r\n\r\n' + GOOD + b"\r\n--b--\r\n",
    ),
    "text for a file": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nhello\r\n--b--\r\n',
    ),
    "no UTF-8": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="payload"\r\n\r\n\xff\xfe\r\n--b--\r\n',
    ),
    "a thousand parts": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 1000 + b"--b--\r\n",
    ),
    "a long boundary": (f"multipart/form-data; boundary={'b' * 5000}", b"x"),
}


async def test_broken_forms_are_400_and_nothing_is_written(gateway: Gateway) -> None:
    made = await gateway.create()
    path, before = f"/api/v1/payment/{made['id']}/slip", await gateway.counts()
    for name, (kind, body) in FORMS.items():
        headers = {"X-API-Key": gateway.world.secret_key, "Content-Type": kind}
        answer = await gateway.client.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_REQUEST"), (name, answer.text)
    assert await gateway.counts() == before


HOSTILE = {
    "nothing": b"",
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1/"/></svg>',
    "a GIF": slip_pictures.as_file(slip_pictures.slip(slip_pictures.payload(1), width=480, height=800), "GIF"),
    "half a picture": GOOD[: len(GOOD) // 2],
    "a page": b"<html><script>alert(1)</script>",
}


async def test_attack_15_hostile_files_are_400_and_nothing_is_written_or_fetched(slip_gateway: Slips) -> None:
    made = await slip_gateway.gateway.create()
    before = await slip_gateway.gateway.counts()
    for name, content in HOSTILE.items():
        answer = await upload(slip_gateway, made, content)
        assert (answer.status_code, answer.json()["field"]) == (400, "file"), (name, answer.text)
    assert await slip_gateway.gateway.counts() == before
    assert slip_gateway.bank.asked == []


async def test_attack_15_a_body_of_more_than_five_mebibytes_is_413(slip_gateway: Slips) -> None:
    made = await slip_gateway.gateway.create()
    most = 5 * 1_048_576
    for answer in (
        await upload(slip_gateway, made, b"\xff" * (most + 1)),
        await upload(slip_gateway, made, b"\xff" * (2 * most)),
        await slip_gateway.gateway.ask("POST", f"/api/v1/payment/{made['id']}/slip", b" " * (most + 1)),
    ):
        assert (answer.status_code, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")
    largest = GOOD + b"\0" * (most - len(GOOD))
    slip_gateway.bank.knows(slip_pictures.payload(1), 150)
    assert (await upload(slip_gateway, made, largest)).json()["verification"] == "PAID"


async def test_each_picture_without_a_slip_says_why(slip_gateway: Slips) -> None:
    made = await slip_gateway.gateway.create()
    for texts, reason in (
        ((), "NO_QR"),
        ((made["qrPayload"],), "PAYMENT_QR_NOT_SLIP"),
        (("https://line.me/ti/p/x",), "NOT_A_SLIP"),
        ((new_slip(), new_slip()), "SEVERAL_SLIPS"),
    ):
        picture = slip_pictures.as_file(slip_pictures.slip(*texts, side=220))
        answer = await upload(slip_gateway, made, picture)
        body = answer.json()
        assert (answer.status_code, body["success"], body["verification"]) == (200, False, "REJECTED")
        assert body["reason"] == reason and body["message"]["th"] != body["message"]["en"]
    assert slip_gateway.bank.asked == []
    rows = await sql(slip_gateway.ctx, "SELECT picture, payload FROM slips")
    assert len(rows) == 4 and not any(row["picture"] or row["payload"] for row in rows)


async def test_a_form_may_carry_the_payload_as_text_and_blanks_around_it_do_no_harm(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    headers = {"X-API-Key": slip_gateway.gateway.world.secret_key}
    path = f"/api/v1/payment/{made['id']}/slip"
    form = {"payload": (None, f" {slip} ")}
    answer = await slip_gateway.gateway.client.post(path, files=form, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["verification"]) == (200, "PAID"), answer.text


# --- Idempotency-Key -----------------------------------------------------------------------------------------------


async def test_an_idempotency_key_gives_the_same_answer_again(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    key = {"Idempotency-Key": "k-1"}
    first = await slip_gateway.send(made, slip, headers=key)
    slip_gateway.bank.knows(slip, 150)
    await slip_gateway.worker()
    again = await slip_gateway.send(made, slip, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    other = await slip_gateway.send(made, new_slip(), headers=key)
    assert (other.status_code, other.json()["error"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert (await slip_gateway.send(made, slip)).json()["verification"] == "PAID"


async def test_a_key_gives_its_answer_also_when_the_payment_is_closed_since(slip_gateway: Slips) -> None:
    made, key = await slip_gateway.gateway.create(), {"Idempotency-Key": "k-1"}
    first = await slip_gateway.send(made, "no slip", headers=key)
    await slip_gateway.gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")
    again = await slip_gateway.send(made, "no slip", headers=key)
    assert (again.status_code, again.content) == (200, first.content)
    assert len(await sql(slip_gateway.ctx, "SELECT 1 FROM slips")) == 1


async def test_a_key_whose_work_was_killed_is_taken_over_when_its_lease_ends(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.freely.clear()
    key = {"Idempotency-Key": "k-1"}
    with pytest.raises(httpx2.TimeoutException):
        headers = {"X-API-Key": slip_gateway.gateway.world.secret_key, **key}
        path = f"/api/v1/payment/{made['id']}/slip"
        body = json.dumps({"payload": slip}).encode()
        await slip_gateway.gateway.client.post(path, content=body, headers=headers, timeout=0.5)
    busy = await slip_gateway.send(made, slip, headers=key)
    assert busy.status_code == 409
    slip_gateway.bank.knows(slip, 150)
    slip_gateway.bank.freely.set()
    async with asyncio.timeout(15):
        while (await slip_gateway.read(made))["status"] != "PAID":
            await asyncio.sleep(0.02)
    await sql(slip_gateway.ctx, "UPDATE idempotency_keys SET lease_until = now(), status = NULL, answer = NULL")
    after = await slip_gateway.send(made, slip, headers=key)
    assert (after.status_code, after.json()["verification"]) == (200, "PAID")


async def test_a_refused_slip_keeps_no_key(slip_gateway: Slips) -> None:
    made = await slip_gateway.gateway.create()
    await slip_gateway.gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")
    assert (await slip_gateway.send(made, new_slip(), headers={"Idempotency-Key": "k"})).status_code == 409
    assert await sql(slip_gateway.ctx, "SELECT 1 FROM idempotency_keys") == []


def test_the_sample_is_a_slip() -> None:
    assert emvco.parse(slip_pictures.payload(1)).slip is not None
