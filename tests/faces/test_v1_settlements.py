"""Balance and settlements over the native face."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from paygate.core import ids
from paygate.services import destinations, merchants
from paygate.services.settlement_desk import SETTLEMENTS
from tests.faces.conftest import Gateway

PATH = "/api/v1/settlements"
NOBODY = "stl_" + "0" * 26


async def earn(gateway: Gateway, baht: int = 1000, **facts: Any) -> None:
    """A paid payment; 3 % are the fee."""
    made = await gateway.create(amount=baht)
    at = datetime.now(UTC).isoformat()
    paid = await gateway.tell({"amount": baht, "occurredAt": at, "sendingBank": "004", "transRef": made["id"], **facts})
    assert paid.json()["outcome"] == "PAID"


async def settle_to(gateway: Gateway) -> None:
    wanted = destinations.read("0899999999", "014", "4061234567", "ร้านกาแฟ")
    await destinations.change(gateway.ctx, gateway.world.merchant_id, wanted, actor="cli:test")


async def test_a_merchant_reads_its_balance_asks_and_sees_the_settlement_end(gateway: Gateway) -> None:
    await earn(gateway)
    await settle_to(gateway)
    answer = await gateway.ask("POST", PATH, {"amount": 500.5}, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 201
    made = answer.json()["settlement"]
    assert answer.json()["success"] is True and made["id"].startswith("stl_")
    assert {name: made[name] for name in ("amount", "currency", "status", "reason", "bankReference", "mode")} == {
        "amount": 500.5,
        "currency": "THB",
        "status": "REQUESTED",
        "reason": None,
        "bankReference": None,
        "mode": "live",
    }
    assert datetime.fromisoformat(made["promisedOn"]).date() > datetime.fromisoformat(made["createdAt"]).date()
    again = await gateway.ask("POST", PATH, {"amount": 500.5}, headers={"Idempotency-Key": "one"})
    assert (again.content, again.headers["idempotent-replayed"]) == (answer.content, "true")
    balance = await gateway.ask("GET", "/api/v1/balance")
    assert b'"available":469.5,"held":500.5,"pendingReview":0' in balance.content
    assert balance.json() == {
        "success": True,
        "available": 469.5,
        "held": 500.5,
        "pendingReview": 0,
        "currency": "THB",
        "payoutsFrozen": False,
    }
    number = ids.read("stl", made["id"])
    await SETTLEMENTS.approve(gateway.ctx, number, "cli:a")
    await SETTLEMENTS.claim(gateway.ctx, number, "cli:a")
    await SETTLEMENTS.complete(gateway.ctx, number, "cli:a", "REF-1")
    found = (await gateway.ask("GET", f"{PATH}/{made['id']}")).json()["settlement"]
    assert (found["status"], found["bankReference"]) == ("COMPLETED", "REF-1")
    assert found["destination"] == {
        "promptpay": "xxxxxxxxx9999",
        "bank": "014",
        "account": "xxxxxx4567",
        "name": "ร้านกาแฟ",
    }
    events = (await gateway.ask("GET", "/api/v1/webhooks/events?type=settlement.completed")).json()["events"]
    assert events[0]["payload"]["data"]["settlementId"] == made["id"]
    assert events[0]["payload"]["data"]["amount"] == 500.5


async def test_settlements_are_listed_in_pages_and_by_status_and_cancelled_twice(gateway: Gateway) -> None:
    await earn(gateway)
    made = [(await gateway.ask("POST", PATH, {"amount": 100 + n})).json()["settlement"]["id"] for n in range(3)]
    for _ in range(2):
        cancelled = await gateway.ask("POST", f"{PATH}/{made[0]}/cancel", b"")
        assert (cancelled.status_code, cancelled.json()["settlement"]["status"]) == (200, "CANCELLED")
    first = (await gateway.ask("GET", f"{PATH}?limit=2")).json()
    assert [one["id"] for one in first["settlements"]] == [made[2], made[1]] and first["hasMore"]
    rest = (await gateway.ask("GET", f"{PATH}?limit=2&cursor={first['nextCursor']}")).json()
    assert [one["id"] for one in rest["settlements"]] == [made[0]]
    assert (rest["hasMore"], rest["nextCursor"]) == (False, None)
    listed = (await gateway.ask("GET", f"{PATH}?status=requested")).json()["settlements"]
    assert [one["id"] for one in listed] == [made[2], made[1]]
    await settle_to(gateway)
    await SETTLEMENTS.approve(gateway.ctx, ids.read("stl", made[1]), "cli:a")
    late = await gateway.ask("POST", f"{PATH}/{made[1]}/cancel", b"")
    assert (late.status_code, late.json()["error"], late.json()["status"]) == (409, "CONFLICT", "APPROVED")


async def test_what_cannot_be_is_refused_with_its_field_and_nothing_is_written(gateway: Gateway) -> None:
    await earn(gateway)
    wrong: list[tuple[object, int, str]] = [
        ({"amount": 970.01}, 409, "INSUFFICIENT_BALANCE"),
        ({"amount": 99.99}, 400, "INVALID_REQUEST"),
        ({"amount": "500"}, 400, "INVALID_REQUEST"),
        ({"amount": -500}, 400, "INVALID_REQUEST"),
        ({"amount": 500.001}, 400, "INVALID_REQUEST"),
        (b'{"amount": 5e2}', 400, "INVALID_REQUEST"),
        ({}, 400, "INVALID_REQUEST"),
    ]
    before = await gateway.counts()
    for body, status, code in wrong:
        answer = await gateway.ask("POST", PATH, body)
        found = answer.json()
        assert (answer.status_code, found["error"], found["field"]) == (status, code, "amount"), body
    dollars = await gateway.ask("POST", PATH, {"amount": 500, "currency": "USD"})
    assert (dollars.status_code, dollars.json()["field"]) == (400, "currency")
    assert (await gateway.ask("GET", f"{PATH}?status=PAID")).json()["field"] == "status"
    after = await gateway.counts()
    after["balances"] = before["balances"]  # The row that is locked may stay.
    assert after == before


async def test_keys_of_browsers_of_test_mode_and_of_others_get_nothing_out(gateway: Gateway) -> None:
    await earn(gateway)
    mine = (await gateway.ask("POST", PATH, {"amount": 100})).json()["settlement"]["id"]
    other = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    for path, method in ((f"/{mine}", "GET"), (f"/{mine}/cancel", "POST"), (f"/{NOBODY}", "GET"), ("/nonsense", "GET")):
        key = other.live_secret_key if mine in path else gateway.world.secret_key
        answer = await gateway.ask(method, PATH + path, key=key)
        assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), path
    assert (await gateway.ask("GET", PATH, key=other.live_secret_key)).json()["settlements"] == []
    poor = await gateway.ask("POST", PATH, {"amount": 100}, key=other.live_secret_key)
    assert (poor.status_code, poor.json()["error"]) == (409, "INSUFFICIENT_BALANCE")
    testing = await gateway.ask("POST", PATH, {"amount": 100}, key=gateway.world.test_key)
    assert (testing.status_code, testing.json()["error"]) == (403, "FORBIDDEN")
    assert (await gateway.ask("GET", "/api/v1/balance", key=gateway.world.test_key)).json()["available"] == 0
    for path in ("/api/v1/balance", PATH):
        public = await gateway.ask("GET", path, key=gateway.world.public_key)
        assert public.status_code == 403
        assert (await gateway.ask("GET", path, key=None)).status_code == 401
