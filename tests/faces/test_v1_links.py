"""Payment links: a price that the merchant fixes once, and that pages name in place of an amount."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from paygate.services import accounts, merchants
from tests.faces.conftest import Gateway
from tests.services.helpers import sql

LINKS = "/api/v1/payment-links"
CREATE = "/api/v1/payment/create"
SHOP = "https://shop.example"


@pytest.fixture(autouse=True)
async def shop(gateway: Gateway) -> AsyncIterator[None]:
    """The merchant lets its page make payments."""
    await merchants.change_origins(gateway.ctx, gateway.world.merchant_id, add=[SHOP])
    await accounts.add(gateway.ctx, owner=0, promptpay="0823456789", name="Test", test=True)
    yield


async def make(gateway: Gateway, *, key: str | None = "", **fields: Any) -> dict[str, Any]:
    answer = await gateway.ask("POST", LINKS, {"amount": 40.5, **fields}, key=key)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["paymentLink"]
    return made


async def buy(gateway: Gateway, link: str, *, key: str | None = None, **more: Any) -> Any:
    """The page of the shop makes a payment of a link: the whole answer."""
    body = {"paymentLink": link, **more}
    return await gateway.ask("POST", CREATE, body, key=key or gateway.world.public_key, headers={"Origin": SHOP})


async def test_a_link_is_made_listed_and_shown(gateway: Gateway) -> None:
    made = [await make(gateway, description=f"ชา {number}") for number in range(3)]
    first = await gateway.ask("GET", f"{LINKS}?limit=2")
    assert [one["id"] for one in first.json()["paymentLinks"]] == [made[2]["id"], made[1]["id"]]
    assert first.json()["hasMore"]
    rest = (await gateway.ask("GET", f"{LINKS}?cursor={first.json()['nextCursor']}")).json()
    assert ([one["id"] for one in rest["paymentLinks"]], rest["hasMore"]) == ([made[0]["id"]], False)
    one = (await gateway.ask("GET", f"{LINKS}/{made[0]['id']}")).json()["paymentLink"]
    assert one == made[0]
    assert (one["amount"], one["description"], one["active"], one["mode"]) == (40.5, "ชา 0", True, "live")
    assert one["url"].endswith(f"/link/{one['id']}")


async def test_a_page_that_names_a_link_gets_its_price_and_the_webhook_says_so(gateway: Gateway) -> None:
    link = await make(gateway, description="Tea", callbackUrl="https://shop.example/done", expiryMinutes=7)
    answer = await buy(gateway, link["id"], metadata={"table": "7"}, description="for nothing")
    assert answer.status_code == 201, answer.text
    made = answer.json()["transaction"]
    assert (made["amount"], made["amountSource"], made["paymentLink"]) == (40.5, "link", link["id"])
    assert (made["description"], made["callbackUrl"]) == ("Tea", "https://shop.example/done")
    assert made["metadata"] == {"table": "7"}
    told = (await gateway.ask("GET", "/api/v1/webhooks/events?type=payment.created")).json()["events"]
    [data] = [event["payload"]["data"] for event in told]
    assert (data["amountSource"], data["paymentLink"]) == ("link", link["id"])
    kept = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    assert kept["paymentLink"] == link["id"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"amount": 1}, "amount"),
        ({"orderId": "A-1"}, "orderId"),
        ({"amountToken": "at1.aaaa." + "a" * 43}, "amountToken"),
    ],
)
async def test_a_page_cannot_say_otherwise_than_its_link(gateway: Gateway, more: dict[str, Any], field: str) -> None:
    link = await make(gateway)
    answer = await buy(gateway, link["id"], **more)
    assert (answer.status_code, answer.json().get("field")) == (400, field), answer.text
    assert not await sql(gateway.ctx, "SELECT 1 FROM payments")


async def test_a_link_is_worth_its_price_where_amounts_must_be_signed(gateway: Gateway) -> None:
    await merchants.require_signed_amounts(gateway.ctx, gateway.world.merchant_id, wanted=True)
    link = await make(gateway)
    assert (await buy(gateway, link["id"])).status_code == 201
    plain = await gateway.ask("POST", CREATE, {"amount": 1}, key=gateway.world.public_key, headers={"Origin": SHOP})
    assert (plain.status_code, plain.json()["field"]) == (400, "amountToken")


async def test_a_link_that_is_off_of_the_other_mode_or_anothers_makes_nothing(gateway: Gateway) -> None:
    test = await make(gateway, key=gateway.world.test_key)
    off = await make(gateway)
    done = await gateway.ask("PATCH", f"{LINKS}/{off['id']}", {"active": False})
    assert (done.status_code, done.json()["paymentLink"]["active"]) == (200, False)
    for link in (test["id"], off["id"], "plink_00000000000000000000000000", "x", "plink_"):
        answer = await buy(gateway, link)
        assert (answer.status_code, answer.json()["field"]) == (400, "paymentLink"), answer.text
    assert (await buy(gateway, test["id"], key=gateway.world.test_public_key)).status_code == 201
    again = await gateway.ask("PATCH", f"{LINKS}/{off['id']}", {"active": True})
    assert again.json()["paymentLink"]["active"]
    assert (await buy(gateway, off["id"])).status_code == 201


async def test_keys_name_the_amount_and_public_ones_make_no_links(gateway: Gateway) -> None:
    link = await make(gateway)
    server = await gateway.ask("POST", CREATE, {"amount": 1, "paymentLink": link["id"]})
    assert (server.status_code, server.json()["field"]) == (400, "paymentLink")
    page = await gateway.ask("POST", LINKS, {"amount": 1}, key=gateway.world.public_key, headers={"Origin": SHOP})
    assert page.status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount"),
        ({"amount": 0.5}, "amount"),
        ({"amount": "40"}, "amount"),
        ({"amount": 40, "callbackUrl": "javascript:alert(1)"}, "callbackUrl"),
        ({"amount": 40, "description": "x" * 501}, "description"),
        ({"amount": 40, "expiryMinutes": 0}, "expiryMinutes"),
    ],
)
async def test_what_a_link_cannot_be_is_refused_by_name(gateway: Gateway, body: dict[str, Any], field: str) -> None:
    answer = await gateway.ask("POST", LINKS, body)
    assert (answer.status_code, answer.json().get("field")) == (400, field), answer.text
    assert not await sql(gateway.ctx, "SELECT 1 FROM payment_links")


async def test_making_and_switching_are_in_the_audit_log(gateway: Gateway) -> None:
    link = await make(gateway)
    for active in (False, False, True):
        await gateway.ask("PATCH", f"{LINKS}/{link['id']}", {"active": active})
    rows = await sql(
        gateway.ctx, "SELECT action FROM audit_log WHERE subject = $1 ORDER BY id", f"payment_link:{link['id']}"
    )
    assert [row["action"] for row in rows] == ["link.create", "link.switch", "link.switch"]


async def test_the_page_of_a_link_makes_a_payment_of_it(gateway: Gateway) -> None:
    link = await make(gateway, description="ชา <b>เย็น</b>")
    page = await gateway.client.get(f"/link/{link['id']}", headers={"Accept-Language": "th"})
    assert page.status_code == 200 and "฿40.50" in page.text and "ชา &lt;b&gt;เย็น" in page.text
    assert "script" not in page.text and "img-src 'self'" in page.headers["Content-Security-Policy"]
    pressed = await gateway.client.post(f"/link/{link['id']}")
    assert pressed.status_code == 303 and pressed.headers["Location"].startswith("/pay/")
    payment = pressed.headers["Location"].rsplit("/", 1)[1]
    made = (await gateway.ask("GET", f"/api/v1/payment/{payment}")).json()["transaction"]
    assert (made["amount"], made["amountSource"], made["paymentLink"]) == (40.5, "link", link["id"])
    assert (await gateway.client.get(f"/pay/{payment}")).status_code == 200


async def test_a_closed_link_says_so_and_one_that_is_not_there_is_404(gateway: Gateway) -> None:
    link = await make(gateway)
    await gateway.ask("PATCH", f"{LINKS}/{link['id']}", {"active": False})
    page = await gateway.client.get(f"/link/{link['id']}?lang=en")
    assert page.status_code == 200 and "takes no payments" in page.text and "<form" not in page.text
    pressed = await gateway.client.post(f"/link/{link['id']}?lang=en")
    assert pressed.status_code == 409 and "takes no payments" in pressed.text
    for name in ("plink_00000000000000000000000000", "x", "%00"):
        assert (await gateway.client.get(f"/link/{name}")).status_code == 404
        assert (await gateway.client.post(f"/link/{name}")).status_code == 404


async def test_a_suspended_merchants_link_makes_nothing_and_a_waiting_ones_only_tests(gateway: Gateway) -> None:
    live, test = await make(gateway), await make(gateway, key=gateway.world.test_key)
    for status, open_links in (("PENDING", [test]), ("SUSPENDED", [])):
        await sql(
            gateway.ctx,
            "UPDATE merchants SET status = $2, approved_at = CASE WHEN $2 <> 'PENDING' THEN now() END"
            " WHERE merchant_id = $1",
            gateway.world.merchant_id,
            status,
        )
        for link in (live, test):
            pressed = await gateway.client.post(f"/link/{link['id']}")
            assert pressed.status_code == (303 if link in open_links else 409), (status, link["mode"])


async def test_one_address_cannot_press_the_button_without_end(gateway: Gateway) -> None:
    link = await make(gateway)
    answers = await asyncio.gather(*(gateway.client.post(f"/link/{link['id']}") for _ in range(25)))
    assert sorted({answer.status_code for answer in answers}) == [303, 409]
    assert sum(answer.status_code == 303 for answer in answers) == 20
