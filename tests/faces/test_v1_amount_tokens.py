"""Amounts that the merchant's server signed and a page hands on: what they fix, who signed them, and until when."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import pytest

from paygate.core.amount_tokens import signing_secret
from paygate.services import audit, keys, merchants
from paygate.services.context import Context
from paygate.services.keys import Grant
from tests.faces.conftest import Gateway
from tests.worlds import World, make_world

CREATE = "/api/v1/payment/create"
SHOP = "https://shop.example"


@pytest.fixture
async def world(ctx: Context) -> World:
    """A merchant that allows one origin."""
    made = await make_world(ctx, plan="pro")
    await merchants.change_origins(ctx, made.merchant_id, add=[SHOP])
    return made


def token(key: str, *, prefix: str = "at1", payload: bytes | None = None, **said: Any) -> str:
    """What a server with *key* signs, unless told otherwise 150.07 baht for an hour."""
    whole = {"amount": 150.07, "expiresAt": int(time.time()) + 3_600, **said}
    raw = json.dumps(whole).encode() if payload is None else payload
    signed = f"{prefix}.{plain(raw)}"
    return f"{signed}.{plain(hmac.digest(signing_secret(key), signed.encode(), 'sha256'))}"


def plain(raw: bytes) -> str:
    """base64url without its end."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


async def buy(gateway: Gateway, signed: str | None, *, test: bool = False, **more: Any) -> Any:
    """The page of the shop makes a payment: the whole answer."""
    key = gateway.world.test_public_key if test else gateway.world.public_key
    body = more if signed is None else {"amountToken": signed, **more}
    return await gateway.ask("POST", CREATE, body, key=key, headers={"Origin": SHOP})


async def refused(gateway: Gateway, field: str, signed: str | None, **more: Any) -> str:
    """The sentence of a refusal that names *field*."""
    answer = await buy(gateway, signed, **more)
    assert (answer.status_code, answer.json().get("field")) == (400, field), answer.text
    return str(answer.json()["message"])


async def test_a_page_hands_on_a_signed_amount_and_the_webhook_will_say_so(gateway: Gateway) -> None:
    signed = token(gateway.world.secret_key, orderId="A-1")
    for more in ({}, {"amount": 150.07, "orderId": "A-1", "description": "ชา"}):
        answer = await buy(gateway, signed, **more)
        assert answer.status_code == 201, answer.text
        made = answer.json()["transaction"]
        assert (made["amount"], made["orderId"], made["amountSource"]) == (150.07, "A-1", "token")
    told = (await gateway.ask("GET", "/api/v1/webhooks/events?type=payment.created")).json()["events"]
    assert {event["payload"]["data"]["amountSource"] for event in told} == {"token"}


async def test_a_signed_order_may_be_one_of_the_server_and_no_page_may_use_it_unsigned(gateway: Gateway) -> None:
    await gateway.create(orderId="A-1", amount=150.07)
    assert (await buy(gateway, token(gateway.world.secret_key, orderId="A-1"))).status_code == 201
    assert (await buy(gateway, token(gateway.world.secret_key, orderId="A-2"))).status_code == 201
    assert (await buy(gateway, None, amount=1, orderId="A-2")).status_code == 409


async def test_what_the_page_says_beside_it_must_be_the_same(gateway: Gateway) -> None:
    key = gateway.world.secret_key
    assert "signed for" in await refused(gateway, "amount", token(key), amount=1)
    assert "signed for" in await refused(gateway, "orderId", token(key, orderId="A-1"), orderId="A-2")
    assert "signed for" in await refused(gateway, "orderId", token(key), orderId="A-2")
    await refused(gateway, "amount", token(key), amount="150.07")
    await refused(gateway, "amount", token(key, amount=0.5))
    await refused(gateway, "amount", token(key, amount="150"))


@pytest.mark.parametrize(
    "said",
    [
        *({"expiresAt": 1}, {"expiresAt": int(time.time()) + 40 * 86_400}, {"expiresAt": None}, {"expiresAt": "soon"}),
        *({"expiresAt": True}, {"expiresAt": 10**30}, {"orderId": 7}, {"more": 1}, {"payload": b"[]"}),
        *({"payload": b"{"}, {"payload": b"\xff\xff\xff"}, {"prefix": "at2"}, {"payload": b'{"amount":1,"amount":'}),
    ],
)
async def test_what_is_signed_must_make_sense(gateway: Gateway, said: dict[str, Any]) -> None:
    assert await refused(gateway, "amountToken", token(gateway.world.secret_key, **said))


async def test_nobody_else_can_sign(gateway: Gateway, ctx: Context) -> None:
    good = token(gateway.world.secret_key)
    head, payload, mac = good.split(".")
    cheap = plain(json.dumps({"amount": 1, "expiresAt": int(time.time()) + 60}).encode())
    stranger = await merchants.create(ctx, email="x@b.co", name="X", plan="free", approve=True)
    for signed in (
        f"{head}.{cheap}.{mac}",
        f"{head}.{payload}.{mac[:-4]}AAAA",
        token(gateway.world.public_key),
        token(gateway.world.test_key),
        token(stranger.live_secret_key),
        token("sk_live_x"),
    ):
        assert "not signed" in await refused(gateway, "amountToken", signed)
    for text in ("", "x" * 3_000, "at1..", f"{good}.", f"{good}=", good.replace(".", " "), f"{good}\n"):
        await refused(gateway, "amountToken", text)
    assert "not signed" in await refused(gateway, "amountToken", good, test=True)
    assert (await buy(gateway, token(gateway.world.test_key), test=True)).status_code == 201


async def test_only_keys_in_force_that_may_create_payments_sign(gateway: Gateway, ctx: Context) -> None:
    merchant = gateway.world.merchant_id
    till, reader = [
        await keys.create(ctx, merchant_id=merchant, kind="secret", mode="live", grant=Grant(scopes=(scope,)))
        for scope in ("payments:write", "payments:read")
    ]
    assert (await buy(gateway, token(till.text))).status_code == 201
    await refused(gateway, "amountToken", token(reader.text))
    fresh = await keys.rotate(ctx, till.id)
    assert (await buy(gateway, token(fresh.key.text))).status_code == 201
    assert (await buy(gateway, token(till.text))).status_code == 201  # It works on for a day.
    await keys.revoke(ctx, till.id)
    await refused(gateway, "amountToken", token(till.text))


async def test_a_merchant_may_take_no_other_amounts_from_pages(gateway: Gateway, ctx: Context) -> None:
    merchant = gateway.world.merchant_id
    await merchants.require_signed_amounts(ctx, merchant, wanted=True)
    assert "send amountToken" in await refused(gateway, "amountToken", None, amount=150)
    assert (await buy(gateway, token(gateway.world.secret_key))).status_code == 201
    assert (await gateway.create())["amountSource"] == "server"
    await merchants.require_signed_amounts(ctx, merchant, wanted=False)
    assert (await buy(gateway, None, amount=150)).json()["transaction"]["amountSource"] == "browser"
    log = await audit.list_records(ctx, merchant, action="merchant.amounts")
    assert len(log) == 2


async def test_a_secret_key_says_its_amount_itself(gateway: Gateway) -> None:
    signed = token(gateway.world.secret_key)
    one = await gateway.ask("POST", CREATE, {"amountToken": signed})
    many = await gateway.ask("POST", "/api/v1/payment/batch", {"payments": [{"amountToken": signed}]})
    assert (one.json()["field"], many.json()["field"]) == ("amountToken", "payments[0].amountToken")


async def test_a_stolen_database_signs_nothing(gateway: Gateway, ctx: Context) -> None:
    async with ctx.db.connection() as conn:
        rows = await conn.fetch("SELECT kind, key_hash, amount_secret FROM api_keys")
    secret = signing_secret(gateway.world.secret_key)
    assert all((row["amount_secret"] is None) == (row["kind"] == "public") for row in rows)
    assert all(secret not in (row["amount_secret"] or b"") and row["key_hash"] != secret for row in rows)
