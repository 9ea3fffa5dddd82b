"""Refunds over the native face."""

from __future__ import annotations

import csv
import io
from typing import Any

from paygate.core import ids
from paygate.services import keys, merchants
from paygate.services.refund_desk import REFUNDS
from tests.faces.conftest import Gateway
from tests.faces.test_v1_settlements import earn
from tests.services.helpers import open_shop
from tests.services.payouts import sell_and_pay

LIST = "/api/v1/refunds"
PAYEE = {"bank": "014", "account": "406-1-23456-7", "name": "สมชาย"}


def of(payment: str) -> str:
    return f"/api/v1/payment/{payment}/refund"


async def sold(gateway: Gateway, baht: int = 1000) -> str:
    """The id of a paid payment."""
    await earn(gateway, baht)
    listed = (await gateway.ask("GET", "/api/v1/transactions?limit=1")).json()["transactions"]
    return str(listed[0]["id"])


async def test_a_part_goes_back_and_the_merchant_sees_it_to_its_end(gateway: Gateway) -> None:
    payment = await sold(gateway)
    body = {"amount": 250.25, "reason": "ส่งผิด", "payee": PAYEE}
    answer = await gateway.ask("POST", of(payment), body, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 201
    made = answer.json()["refund"]
    assert {name: made[name] for name in ("transactionId", "amount", "status", "reason", "paidBy", "qrPayload")} == {
        "transactionId": payment,
        "amount": 250.25,
        "status": "REQUESTED",
        "reason": "ส่งผิด",
        "paidBy": "operator",
        "qrPayload": None,
    }
    assert made["payee"] == {"promptpay": None, "bank": "014", "account": "xxxxxx4567", "name": "สมชาย"}
    again = await gateway.ask("POST", of(payment), body, headers={"Idempotency-Key": "one"})
    assert again.content == answer.content
    number = ids.read("rfd", made["id"])
    await REFUNDS.approve(gateway.ctx, number, "cli:a")
    late = await gateway.ask("POST", f"{LIST}/{made['id']}/cancel", b"")
    assert (late.status_code, late.json()["status"]) == (409, "APPROVED")
    await REFUNDS.claim(gateway.ctx, number, "cli:a")
    await REFUNDS.complete(gateway.ctx, number, "cli:a", "REF-1")
    found = (await gateway.ask("GET", f"{LIST}/{made['id']}")).json()["refund"]
    assert (found["status"], found["bankReference"]) == ("COMPLETED", "REF-1")
    [event] = (await gateway.ask("GET", "/api/v1/webhooks/events?type=payment.refunded")).json()["events"]
    assert event["payload"]["data"]["refundedAmount"] == 250.25
    assert event["payload"]["data"]["refund"]["refundId"] == made["id"]
    shown = (await gateway.ask("GET", f"/api/v1/payment/{payment}")).json()["transaction"]
    [listed] = (await gateway.ask("GET", "/api/v1/transactions")).json()["transactions"]
    assert shown["refundedAmount"] == listed["refundedAmount"] == 250.25
    [row] = csv.DictReader(
        io.StringIO((await gateway.ask("GET", "/api/v1/transactions", headers={"Accept": "text/csv"})).text)
    )
    assert row["refundedAmount"] == "250.25"


async def test_refunds_are_listed_by_payment_and_status_and_cancelled_twice(gateway: Gateway) -> None:
    payment, other = await sold(gateway), await sold(gateway)
    made = [(await gateway.ask("POST", of(payment), {"amount": 100 + n})).json()["refund"]["id"] for n in range(2)]
    await gateway.ask("POST", of(other), {"amount": 1})
    for _ in range(2):
        cancelled = await gateway.ask("POST", f"{LIST}/{made[0]}/cancel", b"")
        assert (cancelled.status_code, cancelled.json()["refund"]["status"]) == (200, "CANCELLED")
    first = (await gateway.ask("GET", f"{LIST}?transactionId={payment}&limit=1")).json()
    assert [one["id"] for one in first["refunds"]] == [made[1]] and first["hasMore"]
    rest = (await gateway.ask("GET", f"{LIST}?transactionId={payment}&cursor={first['nextCursor']}")).json()
    assert [one["id"] for one in rest["refunds"]] == [made[0]]
    listed = (await gateway.ask("GET", f"{LIST}?status=cancelled")).json()["refunds"]
    assert [one["id"] for one in listed] == [made[0]]
    payee = await gateway.ask("POST", f"{LIST}/{made[1]}/payee", {"payee": PAYEE})
    assert payee.json()["refund"]["payee"]["bank"] == "014"


async def test_what_cannot_be_refunded_is_said_with_its_field(gateway: Gateway) -> None:
    payment, open_one = await sold(gateway), (await gateway.create())["id"]
    wrong: list[tuple[str, Any, int, str, str | None]] = [
        (payment, {"amount": 1000.01}, 400, "INVALID_REQUEST", "amount"),
        (payment, {"amount": 0}, 400, "INVALID_REQUEST", "amount"),
        (payment, {"amount": "5"}, 400, "INVALID_REQUEST", "amount"),
        (payment, {"amount": 1000}, 409, "INSUFFICIENT_BALANCE", "amount"),  # The fee is gone: 970 are there.
        (payment, {"amount": 5, "payee": "x"}, 400, "INVALID_REQUEST", "payee"),
        (payment, {"amount": 5, "payee": {}}, 400, "INVALID_REQUEST", "payee"),
        (payment, {"amount": 5, "payee": {"promptpay": "12"}}, 400, "INVALID_REQUEST", "payee.promptpay"),
        (payment, {"amount": 5, "payee": {"bank": "014"}}, 400, "INVALID_REQUEST", "payee.account"),
        (payment, {"amount": 5, "currency": "USD"}, 400, "INVALID_REQUEST", "currency"),
        (open_one, {}, 409, "CONFLICT", None),
    ]
    for which, body, status, code, field in wrong:
        answer = await gateway.ask("POST", of(which), body)
        found = answer.json()
        assert (answer.status_code, found["error"], found.get("field")) == (status, code, field), (body, found)
    assert (await gateway.ask("GET", f"{LIST}?transactionId=x")).json()["field"] == "transactionId"
    assert (await gateway.ask("GET", LIST)).json()["refunds"] == []


async def test_another_shop_a_browser_and_nobody_get_nothing_back(gateway: Gateway) -> None:
    payment = await sold(gateway)
    other = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    for key, status in ((other.live_secret_key, 404), (gateway.world.test_key, 404), (gateway.world.public_key, 403)):
        assert (await gateway.ask("POST", of(payment), {"amount": 1}, key=key)).status_code == status
    assert (await gateway.ask("POST", of(payment), {"amount": 1}, key=None)).status_code == 401


async def test_a_payer_is_asked_by_a_link_that_is_shown_once_and_says_where_to(gateway: Gateway) -> None:
    payment = await sold(gateway)
    answer = await gateway.ask("POST", of(payment), {"amount": 250.25}, headers={"Idempotency-Key": "one"})
    made = answer.json()["refund"]
    assert (made["status"], made["payee"], made["payeeUntil"] > made["createdAt"]) == ("WAITING", None, True)
    again = await gateway.ask("POST", of(payment), {"amount": 250.25}, headers={"Idempotency-Key": "one"})
    assert again.content == answer.content  # The answer that is kept is the one that was lost on its way.
    seen = (await gateway.ask("GET", f"{LIST}/{made['id']}")).json()["refund"]
    assert (seen["payeeUrl"], seen["payeeUntil"]) == (None, made["payeeUntil"])
    base, _, link = made["payeeUrl"].rpartition("/")
    assert base.endswith("/refund") and link.startswith(f"{made['id']}_secret_")
    path, hers = f"{LIST}/{made['id']}", {"X-Client-Secret": link}
    opened = (await gateway.ask("GET", path, key=None, headers=hers)).json()
    assert opened == {
        "success": True,
        "refund": {
            "status": "OPEN",
            "amount": 250.25,
            "currency": "THB",
            "shop": "ร้านกาแฟ",
            "payee": None,
            "until": made["payeeUntil"],
            "mode": "live",
        },
    }
    wrong: list[tuple[Any, str]] = [
        ({}, "payee"),
        ({"payee": "x"}, "payee"),
        ({"payee": {"name": "A"}}, "payee"),
        ({"payee": {"promptpay": "0812345678"}}, "payee.name"),
        ({"payee": {"promptpay": "12", "name": "A"}}, "payee.promptpay"),
        ({"payee": {"bank": "014", "account": "12", "name": "A"}}, "payee.account"),
        ({"payee": {"bank": "14", "account": "4061234567", "name": "A"}}, "payee.bank"),
    ]
    for body, field in wrong:
        refused = await gateway.ask("POST", f"{path}/payee", body, key=None, headers=hers)
        assert (refused.status_code, refused.json().get("field")) == (400, field), body
    given = await gateway.ask("POST", f"{path}/payee", {"payee": PAYEE}, key=None, headers=hers)
    assert given.status_code == 200
    found = given.json()["refund"]
    assert (found["status"], found["until"]) == ("GIVEN", None)
    assert found["payee"] == {"promptpay": None, "bank": "014", "account": "xxxxxx4567"}
    body = {"payee": {"promptpay": "0812345678", "name": "B"}}
    other = await gateway.ask("POST", f"{path}/payee", body, key=None, headers=hers)
    assert (other.status_code, other.json()["error"]) == (409, "CONFLICT")
    shown = (await gateway.ask("GET", f"{LIST}/{made['id']}")).json()["refund"]
    assert (shown["status"], shown["payee"]["account"], shown["payee"]["name"]) == ("REQUESTED", "xxxxxx4567", "สมชาย")
    renewed = (await gateway.ask("POST", f"{LIST}/{made['id']}/payee-link", b"")).json()["refund"]
    assert (renewed["status"], renewed["payee"]) == ("WAITING", None) and renewed["payeeUrl"] != made["payeeUrl"]
    for method, where in (("GET", path), ("POST", f"{path}/payee")):
        stale = await gateway.ask(method, where, {"payee": PAYEE}, key=None, headers=hers)
        assert (stale.status_code, stale.json()["error"]) == (401, "UNAUTHORIZED")
    elsewhere = (await gateway.ask("POST", of(payment), {"amount": 5})).json()["refund"]["id"]
    fresh = {"X-Client-Secret": renewed["payeeUrl"].rpartition("/")[2]}
    assert (await gateway.ask("GET", f"{LIST}/{elsewhere}", key=None, headers=fresh)).status_code == 401
    assert (await gateway.ask("GET", path, key=None, headers=fresh)).json()["refund"]["status"] == "OPEN"
    bad = await gateway.ask("POST", of(payment), {"amount": 5, "askPayer": "yes"})
    both = await gateway.ask("POST", of(payment), {"amount": 5, "askPayer": True, "payee": PAYEE})
    assert [one.json()["field"] for one in (bad, both)] == ["askPayer", "askPayer"]


async def test_a_key_that_only_reads_and_a_stranger_get_no_link(gateway: Gateway) -> None:
    made = (await gateway.ask("POST", of(await sold(gateway)), {"amount": 5})).json()["refund"]
    grant = keys.Grant(("refunds:read",))
    reader = await keys.create(
        gateway.ctx, merchant_id=gateway.world.merchant_id, kind="secret", mode="live", grant=grant
    )
    listed = (await gateway.ask("GET", LIST, key=reader.text)).json()["refunds"]
    assert [one["payeeUrl"] for one in listed] == [None]
    path = f"{LIST}/{made['id']}/payee-link"
    other = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    for key, status in ((reader.text, 403), (other.live_secret_key, 404), (gateway.world.test_key, 404), (None, 401)):
        assert (await gateway.ask("POST", path, b"", key=key)).status_code == status


async def test_a_direct_merchant_scans_its_refund_and_says_that_it_paid(gateway: Gateway) -> None:
    shop = await open_shop(gateway.ctx, plan="pro")
    payment = await sell_and_pay(shop, 10_000)
    secret = await keys.create(gateway.ctx, merchant_id=shop.principal.merchant_id, kind="secret", mode="live")
    made = (await gateway.ask("POST", of(str(payment)), {"payee": PAYEE}, key=secret.text)).json()["refund"]
    assert (made["paidBy"], made["status"]) == ("merchant", "APPROVED")
    assert "0144061234567" in made["qrPayload"]
    path = f"{LIST}/{made['id']}/complete"
    short = await gateway.ask("POST", path, {"bankReference": "x"}, key=secret.text)
    assert (short.status_code, short.json()["field"]) == (400, "bankReference")
    done = (await gateway.ask("POST", path, {"bankReference": "MY-1"}, key=secret.text)).json()["refund"]
    assert (done["status"], done["bankReference"], done["qrPayload"]) == ("COMPLETED", "MY-1", None)
    central = await gateway.ask("POST", of(await sold(gateway)), {"amount": 5})
    refused = await gateway.ask("POST", f"{LIST}/{central.json()['refund']['id']}/complete", {"bankReference": "MY-2"})
    assert (refused.status_code, refused.json()["error"]) == (409, "CONFLICT")
