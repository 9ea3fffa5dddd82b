"""Payments made by browsers: which pages may, what they may not, and how much of the shop they can fill."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from paygate.core import origins
from paygate.services import merchants
from paygate.services.context import Context
from tests.faces.conftest import Gateway
from tests.faces.test_v1_amount_tokens import token
from tests.services.helpers import sql
from tests.worlds import World, make_world

CREATE = "/api/v1/payment/create"
SHOP = "https://shop.example"
UNKNOWN = "/api/v1/payment/01900000-0000-7000-8000-000000000000"


@pytest.fixture
async def world(ctx: Context) -> World:
    """A direct merchant whose account tells payments apart by satang, and that allows one origin."""
    made = await make_world(ctx, plan="pro", tagging="auto")
    await merchants.change_origins(ctx, made.merchant_id, add=[SHOP])
    return made


async def buy(
    gateway: Gateway, amount: Any = 150, *, origin: str | None = SHOP, client: str | None = None, **more: Any
) -> httpx2.Response:
    """A page of *origin* makes a payment, at a browser with the address *client* (a proxy on this host says so)."""
    headers = dict(more.pop("headers", {}))
    headers |= {"Origin": origin} if origin is not None else {}
    headers |= {"X-Forwarded-For": client} if client is not None else {}
    key = more.pop("key", gateway.world.public_key)
    return await gateway.ask("POST", CREATE, {"amount": amount, **more}, key=key, headers=headers)


def crowd(number: int) -> str:
    """An address for each."""
    return f"198.51.{number // 250}.{number % 250 + 1}"


async def test_a_page_of_an_allowed_origin_makes_a_payment_and_may_read_the_answer(gateway: Gateway) -> None:
    answer = await buy(gateway, orderId="A-1")
    assert answer.status_code == 201, answer.text
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "Origin" in answer.headers["vary"] and "Retry-After" in answer.headers["access-control-expose-headers"]
    made = answer.json()["transaction"]
    assert (made["amountSource"], made["mode"], made["payableAmount"]) == ("browser", "live", 150)
    assert made["qrCode"].startswith("data:image/png;base64,") and "_secret_" in made["clientSecret"]
    assert not {"fee", "netAmount", "vat"} & made.keys(), "what the merchant pays is no business of payers"
    found = (await gateway.ask("GET", "/api/v1/payment/order/A-1")).json()["transaction"]
    assert (found["id"], found["amountSource"], found["fee"]) == (made["id"], "browser", 3)


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "http://shop.example", "https://shop.example:8443", "https://a.shop.example"),
        *(
            "https://shop.example.evil.example",
            "https://shop.examples",
            "null",
            "*",
            "x" * 5_000,
            "https://shop.exa mple",
        ),
        *("https://shop.example@evil.example", "https://evil.example/https://shop.example", ""),
    ],
)
async def test_any_other_page_is_refused_with_where_to_add_it_and_may_read_that_alone(
    gateway: Gateway, origin: str
) -> None:
    answer = await buy(gateway, origin=origin)
    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
    assert answer.headers.get("access-control-allow-origin") == origins.shown(origin)
    assert "access-control-allow-credentials" not in answer.headers
    message = answer.json()["message"]
    assert "allowed origins" in message or "paygate merchant origins mer_" in message
    assert len(message) < 500 and "x" * 300 not in message
    assert (await gateway.counts())["payments"] == 0


async def test_a_page_leads_payers_to_the_hosts_of_allowed_origins_alone(gateway: Gateway) -> None:
    """Whoever copies a pk_ key out of a page makes no payment in the shop's name that leads to a page of their own."""
    for name in ("callbackUrl", "cancelUrl"):
        for url in (f"{SHOP}/done?cart=7", "https://shop.example:8443/"):
            assert (await buy(gateway, **{name: url})).status_code == 201, url
        for url in ("https://evil.example/", "https://a.shop.example/", "http://localhost/"):
            answer = await buy(gateway, **{name: url})
            assert (answer.status_code, answer.json().get("field")) == (400, name), url
            assert "allowed origins" in answer.json()["message"]
    signed = token(gateway.world.secret_key)
    answer = await buy(gateway, None, amountToken=signed, callbackUrl="https://evil.example/")
    assert (answer.status_code, answer.json().get("field")) == (400, "callbackUrl"), "a token says nothing of it"
    await gateway.create(callbackUrl="https://evil.example/")  # The merchant's server may say what it likes.
    tried = await buy(gateway, callbackUrl="http://localhost:3000/", key=gateway.world.test_public_key)
    assert tried.status_code == 201, "a test key works anywhere"
    await merchants.change_callbacks(gateway.ctx, gateway.world.merchant_id, add=["pages.example"])
    assert (await buy(gateway, callbackUrl="https://pages.example/")).status_code == 201
    assert (await buy(gateway, callbackUrl=f"{SHOP}/")).status_code == 400, "what is set is what counts"


async def test_a_payment_links_own_callback_is_the_merchants_word(gateway: Gateway) -> None:
    made = {}
    for name, more in {"own": {"callbackUrl": "https://other.example/"}, "none": {}}.items():
        answer = await gateway.ask("POST", "/api/v1/payment-links", {"amount": 150, **more})
        made[name] = answer.json()["paymentLink"]["id"]
    assert (await buy(gateway, paymentLink=made["own"])).json()["transaction"][
        "callbackUrl"
    ] == "https://other.example/"
    answer = await buy(gateway, paymentLink=made["none"], callbackUrl="https://other.example/")
    assert (answer.status_code, answer.json().get("field")) == (400, "callbackUrl")


async def test_a_live_key_without_an_origin_is_refused_and_two_origins_are_none(gateway: Gateway) -> None:
    assert (await buy(gateway, origin=None)).status_code == 403
    headers = [("X-API-Key", gateway.world.public_key), ("Origin", SHOP), ("Origin", "https://evil.example")]
    answer = await gateway.client.post(CREATE, content=b'{"amount":1}', headers=headers)
    assert answer.status_code == 403


async def test_an_origin_works_from_when_it_is_added_until_it_is_removed(gateway: Gateway) -> None:
    new, number = "https://new.example:8443", gateway.world.merchant_id
    assert (await buy(gateway, origin=new)).status_code == 403
    assert await merchants.change_origins(gateway.ctx, number, add=["HTTPS://NEW.example:8443/"]) == (new, SHOP)
    assert (await buy(gateway, origin=new)).status_code == 201
    assert await merchants.change_origins(gateway.ctx, number, remove=[new]) == (SHOP,)
    assert (await buy(gateway, origin=new)).status_code == 403


async def test_a_test_key_works_from_anywhere(gateway: Gateway) -> None:
    for origin in (None, "null", "https://anything.example", "http://192.168.1.5:3000"):
        answer = await buy(gateway, origin=origin, key=gateway.world.test_public_key)
        assert answer.status_code == 201 and answer.json()["transaction"]["mode"] == "test"
        named = origin if origin and origin.startswith("http") else None
        assert answer.headers.get("access-control-allow-origin") == named


async def test_a_page_may_read_that_its_public_key_is_not_valid(gateway: Gateway) -> None:
    for key in ("pk_live_mistyped", gateway.world.public_key[:-1] + "?"):
        answer = await buy(gateway, key=key)
        assert (answer.status_code, answer.headers.get("access-control-allow-origin")) == (401, SHOP)
    assert "access-control-allow-origin" not in (await buy(gateway, key="sk_live_mistyped")).headers


async def test_a_secret_key_is_never_for_pages(gateway: Gateway) -> None:
    answer = await buy(gateway, key=gateway.world.secret_key)
    assert answer.status_code == 201 and answer.json()["transaction"]["amountSource"] == "server"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", [CREATE, UNKNOWN])
async def test_every_page_may_ask_whether_it_may(gateway: Gateway, path: str) -> None:
    asked = {"Origin": "https://any.example", "Access-Control-Request-Method": "POST"}
    answer = await gateway.client.options(path, headers=asked)
    assert answer.status_code == 204 and answer.content == b""
    assert answer.headers["access-control-allow-origin"] == "https://any.example"
    assert {"POST", "GET"} == set(answer.headers["access-control-allow-methods"].split(", "))
    assert {"X-API-Key", "X-Client-Secret"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers
    plain = await gateway.client.options(path)
    assert plain.status_code == 204 and "access-control-allow-origin" not in plain.headers
    assert "OPTIONS" in plain.headers["allow"]


async def test_no_page_may_ask_about_the_merchants_own_calls(gateway: Gateway) -> None:
    for path in ("/api/v1/transactions", "/api/v1/payment/batch", f"{UNKNOWN}/cancel", "/api/v1/qr"):
        answer = await gateway.client.options(path, headers={"Origin": SHOP})
        assert answer.status_code == 405 and "access-control-allow-origin" not in answer.headers


async def test_a_page_reads_why_it_was_refused_when_it_may_read_at_all(gateway: Gateway) -> None:
    answer = await buy(gateway, "150")
    assert (answer.status_code, answer.json()["field"]) == (400, "amount")
    assert answer.headers["access-control-allow-origin"] == SHOP


async def test_a_page_sets_no_bank_reference_and_no_source_of_its_amount(gateway: Gateway) -> None:
    for name, value in (("promptpayRef1", "A1"), ("amountToken", "x")):
        answer = await buy(gateway, **{name: value})
        assert (answer.status_code, answer.json()["field"]) == (400, name)
    made = await buy(gateway, amountSource="server")
    assert made.json()["transaction"]["amountSource"] == "browser"


async def test_an_order_of_the_merchants_server_is_not_a_browsers(gateway: Gateway) -> None:
    mine = await gateway.create(orderId="A-1", amount=1_000)
    answer = await buy(gateway, 1, orderId="A-1")
    assert (answer.status_code, answer.json()["error"], answer.json()["field"]) == (409, "CONFLICT", "orderId")
    found = (await gateway.ask("GET", "/api/v1/payment/order/A-1")).json()["transaction"]
    assert (found["id"], found["amountSource"]) == (mine["id"], "server")


async def test_the_servers_payment_stands_for_an_order_that_a_browser_used_first(gateway: Gateway) -> None:
    assert (await buy(gateway, 1, orderId="A-1")).status_code == 201
    mine = await gateway.create(orderId="A-1", amount=1_000)
    assert (await buy(gateway, 1, orderId="A-1")).status_code == 409
    found = (await gateway.ask("GET", "/api/v1/payment/order/A-1")).json()["transaction"]
    assert (found["id"], found["amountSource"]) == (mine["id"], "server")


async def test_an_answer_that_was_kept_is_given_again_past_every_limit(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "k"}
    first = await buy(gateway, 1, headers=headers, client="203.0.113.5")
    for number in range(19):
        assert (await buy(gateway, 10 + number, client="203.0.113.5")).status_code == 201
    again = await buy(gateway, 1, headers=headers, client="203.0.113.5")
    assert again.headers["idempotent-replayed"] == "true" and again.json() == first.json()
    assert (await buy(gateway, 2, client="203.0.113.5")).status_code == 429


# --- limits ----------------------------------------------------------------------------------------------------------


async def test_an_address_has_twenty_open_payments_and_not_one_more(gateway: Gateway) -> None:
    """A hundred at once, at prices of their own: the limit counts, not the satang."""
    answers = await asyncio.gather(*(buy(gateway, 10 + n, client="203.0.113.5") for n in range(100)))
    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [429] * 80
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"] == "RATE_LIMITED" and refused.headers["access-control-allow-origin"] == SHOP
    assert 800 <= int(refused.headers["retry-after"]) <= 900
    assert set(refused.json()["payerMessage"]) == {"th", "en"}
    assert (await buy(gateway, 500, client="203.0.113.6")).status_code == 201
    made = await gateway.create(amount=500)  # The merchant's server is not held up.
    assert made["amountSource"] == "server"
    assert (await gateway.counts())["seats"] == 21


async def test_a_payment_that_ends_gives_its_seat_back(gateway: Gateway) -> None:
    ids = [(await buy(gateway, 10 + n, client="203.0.113.5")).json()["transaction"]["id"] for n in range(20)]
    assert (await buy(gateway, 99, client="203.0.113.5")).status_code == 429
    assert (await gateway.ask("POST", f"/api/v1/payment/{ids[7]}/cancel")).status_code == 200
    assert (await buy(gateway, 99, client="203.0.113.5")).status_code == 201
    assert (await buy(gateway, 98, client="203.0.113.5")).status_code == 429
    await sql(
        gateway.ctx,
        "UPDATE payments SET created_at = created_at - interval '1 day', expires_at = expires_at - interval '1 day'"
        " WHERE id::text = $1",
        ids[3],
    )
    assert (await buy(gateway, 98, client="203.0.113.5")).status_code == 201
    assert (await buy(gateway, 97, client="203.0.113.5")).status_code == 429


@pytest.mark.parametrize(
    ("clients", "same"),
    [
        (("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), True),
        (("2001:db8:1:2::1", "2001:db8:1:3::1"), False),
        (("::ffff:203.0.113.9", "203.0.113.9"), True),
        (("203.0.113.9", "203.0.113.10"), False),
        (("1.2.3.4, 203.0.113.9", "5.6.7.8, 203.0.113.9"), True),  # What a client makes up stands further left.
        (("not an address", "' OR 1=1; --"), True),
    ],
)
async def test_what_counts_as_one_address(gateway: Gateway, clients: tuple[str, str], same: bool) -> None:
    for number in range(20):
        assert (await buy(gateway, 10 + number, client=clients[0])).status_code == 201
    assert (await buy(gateway, 99, client=clients[1])).status_code == (429 if same else 201)


async def test_an_address_is_kept_as_a_keyed_hash_and_only_as_long_as_needed(gateway: Gateway) -> None:
    await buy(gateway, client="203.0.113.5")
    [seat] = await sql(gateway.ctx, "SELECT s.address, s.until_at - p.expires_at AS spare FROM seats s, payments p")
    assert len(seat["address"]) == 16 and b"203" not in seat["address"]
    assert seat["spare"].total_seconds() <= 2 * 3_600
    for table in ("payments", "events", "reservations", "idempotency_keys"):
        assert not await sql(gateway.ctx, f"SELECT 1 FROM {table} t WHERE t::text LIKE '%203.0.113.5%'")


async def test_browsers_hold_half_of_a_price_and_the_server_has_the_rest(gateway: Gateway) -> None:
    """Fifty connections race for it, each browser with an address of its own."""
    answers = await asyncio.gather(*(buy(gateway, client=crowd(n)) for n in range(70)))
    assert sorted(answer.status_code for answer in answers) == [201] * 50 + [409] * 20
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert refused["error"] == "CONFLICT" and "secret key" in refused["message"]
    made = [(await gateway.create())["payableAmount"] for _ in range(50)]
    given = [answer.json()["transaction"]["payableAmount"] for answer in answers if answer.status_code == 201]
    assert len(set(made) | set(given)) == 100
    full = await gateway.ask("POST", CREATE, {"amount": 150})
    assert (full.status_code, full.json()["error"]) == (409, "CONFLICT")
    assert "taken" in full.json()["message"] and 4_000 < int(full.headers["retry-after"]) <= 4_700
    assert "ลองใหม่" in full.json()["payerMessage"]["th"] and "try again" in full.json()["payerMessage"]["en"]
    assert (await buy(gateway, 152, client=crowd(0))).status_code == 201  # Another price has its own.


async def test_no_neighbouring_prices_let_browsers_hold_more_than_half_of_any_hundred(gateway: Gateway) -> None:
    taken: set[int] = set()
    for turn, amount in enumerate((150.50, 149.40, 150, 150.99, 149.01, 150.25)):
        answers = await asyncio.gather(*(buy(gateway, amount, client=crowd(100 * turn + n)) for n in range(55)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        made = [answer.json()["transaction"] for answer in answers if answer.status_code == 201]
        taken |= {round(one["payableAmount"] * 100) for one in made}
    for first in range(min(taken) - 99, max(taken) + 1):
        assert sum(first <= amount < first + 100 for amount in taken) <= 50


async def test_test_mode_has_the_same_limits_and_takes_nothing_from_live(gateway: Gateway) -> None:
    key = gateway.world.test_public_key
    answers = await asyncio.gather(*(buy(gateway, key=key, client=crowd(n)) for n in range(60)))
    assert sorted(answer.status_code for answer in answers) == [201] * 50 + [409] * 10
    many = await asyncio.gather(*(buy(gateway, 10 + n, key=key, client="203.0.113.5") for n in range(30)))
    assert sorted(answer.status_code for answer in many) == [201] * 20 + [429] * 10
    assert (await buy(gateway, client="203.0.113.5")).status_code == 201


async def test_headers_that_flood_or_lie_are_never_our_fault(gateway: Gateway) -> None:
    floods: list[list[tuple[str, str]]] = [
        [("X-Forwarded-For", ", ".join(["203.0.113.1"] * 500))],
        [("X-Forwarded-For", "203.0.113.1")] * 50,
        [("X-Forwarded-For", "é" * 200)],
        [("Origin", SHOP)] * 50,
        [("Origin", "https://" + "a." * 2_000 + "example")],
        [("Origin", "https://xn--" + "a" * 60 + ".example")],
        [("Origin", "nul\tl")],
    ]
    for headers in floods:
        sent = [("X-API-Key", gateway.world.public_key), *headers]
        raw = [(name.encode(), value.encode()) for name, value in sent]
        answer = await gateway.client.post(CREATE, content=b'{"amount":1}', headers=raw)
        assert answer.status_code in (400, 403), (headers[0][0], answer.text)
