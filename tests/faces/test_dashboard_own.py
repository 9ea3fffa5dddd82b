"""What a merchant's people do at /api, over real HTTP: as the guide says, by role, and never for another merchant."""

from __future__ import annotations

import json
from typing import Any

from paygate import app
from paygate.core import ids
from paygate.services import audit, endpoints, keys, merchants
from tests.faces.conftest import Gateway
from tests.faces.people import Someone, make_admin, make_person

LINK = {"amount": 40, "orderId": "LINK0AFC13B6", "description": "Bet payment", "expiryMinutes": 60}
ROLES = ("viewer", "staff", "owner")


async def people_of(gateway: Gateway, merchant_id: int | None = None) -> dict[str, Someone]:
    """One of each role, logged in."""
    made = {}
    for role in ROLES:
        email = f"{role}{merchant_id or ''}@shop.example"
        made[role] = await (await make_person(gateway, email, role, merchant_id)).login()
    return made


async def test_a_link_is_made_as_the_guide_says(gateway: Gateway) -> None:
    staff = await (await make_person(gateway, "staff@shop.example", "staff")).login()
    answer = await staff.ask("POST", "/api/payment/create-link", LINK)
    body = answer.json()
    assert answer.status_code == 201 and list(body) == ["success", "paymentLink", "transaction"]
    made = body["transaction"]
    assert list(made) == ["id", "orderId", "amount", "expiresAt"]
    assert (body["success"], made["orderId"], made["amount"]) == (True, "LINK0AFC13B6", "40")
    assert body["paymentLink"] == f"http://127.0.0.1:8000/pay/{made['id']}"
    for amount, shown in (("40.5", "40.5"), ("40.50", "40.5"), ("1000", "1000"), ("1.01", "1.01")):
        raw = json.dumps(LINK).replace("40", amount, 1).encode()
        answer = await staff.ask("POST", "/api/payment/create-link", raw)
        assert answer.json()["transaction"]["amount"] == shown
    listed = (await staff.ask("GET", "/api/transactions?orderId=LINK0AFC13B6")).json()["transactions"]
    assert len(listed) == 5 and listed[-1]["id"] == made["id"] and listed[-1]["amount"] == 40
    by_key = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    assert by_key == listed[-1]
    for wrong, field in (({"amount": "40"}, "amount"), ({"expiryMinutes": 0}, "expiryMinutes"), ({}, "amount")):
        refused = await staff.ask("POST", "/api/payment/create-link", wrong if wrong == {} else LINK | wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, field)
    cancelled = await staff.ask("POST", f"/api/payment/{made['id']}/cancel")
    assert cancelled.json()["transaction"]["status"] == "CANCELLED"


async def test_a_link_under_an_idempotency_key_is_one_link(gateway: Gateway) -> None:
    staff = await (await make_person(gateway, "staff@shop.example", "staff")).login()
    headers = {"Authorization": f"Bearer {staff.token}", "Idempotency-Key": "link-1"}
    path = "/api/payment/create-link"
    first, again = [await gateway.ask("POST", path, LINK, key=None, headers=headers) for _ in range(2)]
    assert first.content == again.content and again.headers["idempotent-replayed"] == "true"
    other = await gateway.ask("POST", path, LINK | {"amount": 41}, key=None, headers=headers)
    assert (other.status_code, other.json()["error"]) == (422, "IDEMPOTENCY_MISMATCH")
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    headers |= {"Authorization": f"Bearer {owner.token}"}
    made, kept = [await gateway.ask("POST", "/api/api-keys", {}, key=None, headers=headers) for _ in range(2)]
    assert made.status_code == 201 and made.content == kept.content
    assert len((await owner.ask("GET", "/api/api-keys")).json()["keys"]) == 5


async def test_test_mode_is_a_word_in_the_address_and_all_that_a_waiting_merchant_has(gateway: Gateway) -> None:
    waiting = await merchants.create(gateway.ctx, email="w@shop.example", name="Waiting", plan="free")
    owner = await (await make_person(gateway, "owner@w.example", "owner", waiting.merchant_id)).login()
    assert (await owner.ask("GET", "/api/merchant/me")).json()["merchant"]["status"] == "PENDING"
    for method, path, body in (("POST", "/api/payment/create-link", LINK), ("GET", "/api/transactions", None)):
        assert (await owner.ask(method, path, body)).status_code == 403
    assert (await owner.ask("GET", "/api/transactions?mode=test")).json()["transactions"] == []
    made = (await owner.ask("POST", "/api/api-keys?mode=test", {"kind": "public"})).json()
    assert made["key"].startswith("pk_test_")
    wrong = await owner.ask("GET", "/api/transactions?mode=both")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "mode")


async def test_an_owner_changes_the_merchant_and_it_counts_at_once(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    change = {
        "name": "ร้านชา",
        "expiryMinutes": 30,
        "callbackDomains": ["Shop.example", "*.tea.example"],
        "allowedOrigins": ["https://shop.example/"],
    }
    done = await owner.ask("PATCH", "/api/merchant/me", change)
    told = done.json()["merchant"]
    assert done.status_code == 200 and (told["name"], told["expiryMinutes"], told["feeBps"]) == ("ร้านชา", 30, 300)
    assert told["callbackDomains"] == ["shop.example", "*.tea.example"]
    assert told["allowedOrigins"] == ["https://shop.example"]
    assert (await owner.ask("GET", "/api/merchant/me")).json()["merchant"] == told
    elsewhere = await owner.ask("POST", "/api/payment/create-link", LINK | {"callbackUrl": "https://evil.example/"})
    assert (elsewhere.status_code, elsewhere.json()["field"]) == (400, "callbackUrl")
    for wrong in (
        {"name": ""}, {"expiryMinutes": 0}, {"callbackDomains": ["https://x"]}, {"callbackDomains": "x"},
        {"allowedOrigins": ["http://x.example"]}, {"allowedOrigins": [5]},
    ):  # fmt: skip
        refused = await owner.ask("PATCH", "/api/merchant/me", wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, next(iter(wrong))), wrong
    row = (await audit.list_records(gateway.ctx, gateway.world.merchant_id, action="merchant.update"))[0].record
    assert row.actor.startswith("user:usr_") and "ร้านชา" in (row.after or "")
    assert (await audit.verify(gateway.ctx)).whole


async def test_a_key_is_made_shown_once_and_revoked_at_once(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    made = (await owner.ask("POST", "/api/api-keys")).json()
    assert made["key"].startswith("sk_live_")
    assert (await gateway.ask("GET", "/api/v1/transactions", key=made["key"])).status_code == 200
    listed = await owner.ask("GET", "/api/api-keys")
    assert made["key"] not in listed.text and gateway.world.public_key in listed.text
    assert (await owner.ask("DELETE", f"/api/api-keys/{made['id']}")).json() == {"success": True}
    assert (await gateway.ask("GET", "/api/v1/transactions", key=made["key"])).status_code == 401
    log = await audit.list_records(gateway.ctx, gateway.world.merchant_id)
    assert [(row.record.action, row.record.actor[:9]) for row in log[:2]] == [
        ("key.revoke", "user:usr_"),
        ("key.create", "user:usr_"),
    ]


def body_for(path: str) -> dict[str, Any]:
    return LINK if path.endswith("create-link") else {"url": "https://shop.example/hook"} if "endpoints" in path else {}


# The least role of each address of the face, and what it answers to who may.
LEAST = {
    ("GET", "/api/merchant/me"): "viewer",
    ("PATCH", "/api/merchant/me"): "owner",
    ("GET", "/api/api-keys"): "owner",
    ("POST", "/api/api-keys"): "owner",
    ("DELETE", "/api/api-keys/{key_id}"): "owner",
    ("POST", "/api/payment/create-link"): "staff",
    ("GET", "/api/transactions"): "viewer",
    ("POST", "/api/payment/{payment_id}/cancel"): "staff",
    ("GET", "/api/webhooks/endpoints"): "viewer",
    ("POST", "/api/webhooks/endpoints"): "owner",
    ("GET", "/api/webhooks/endpoints/{endpoint_id}"): "viewer",
    ("PATCH", "/api/webhooks/endpoints/{endpoint_id}"): "owner",
    ("DELETE", "/api/webhooks/endpoints/{endpoint_id}"): "owner",
    ("POST", "/api/webhooks/endpoints/{endpoint_id}/rotate"): "owner",
    ("POST", "/api/webhooks/endpoints/{endpoint_id}/test"): "staff",
    ("GET", "/api/webhooks/events"): "viewer",
    ("POST", "/api/webhooks/events/redeliver"): "staff",
    ("GET", "/api/webhooks/events/{event_id}"): "viewer",
    ("POST", "/api/webhooks/events/{event_id}/redeliver"): "staff",
    ("GET", "/api/webhooks/deliveries"): "viewer",
}


def test_the_table_of_roles_has_every_address_of_a_merchants_people() -> None:
    elsewhere = ("/api/v1", "/api/auth", "/api/admin", "/api/bank", "/api/health")
    served = {
        (method, one.path)
        for one in app.ADDRESSES
        if one.path.startswith("/api/") and not one.path.startswith(elsewhere)
        for method in (one.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == set(LEAST)


async def test_every_address_keeps_out_strangers_other_roles_admins_and_other_merchants(gateway: Gateway) -> None:
    """Another merchant's ids are 404 to everybody who may; nothing of them is changed or shown."""
    other = await merchants.create(gateway.ctx, email="o@shop.example", name="Other", plan="free", approve=True)
    mine, theirs = await people_of(gateway), await people_of(gateway, other.merchant_id)
    admin = await make_admin(gateway)
    payment = (await gateway.create())["id"]
    hook = await endpoints.add(gateway.ctx, merchant_id=gateway.world.merchant_id, url="https://shop.example/all")
    made = await keys.create(gateway.ctx, merchant_id=gateway.world.merchant_id, kind="secret", mode="live")
    await gateway.create()
    event = (await gateway.ask("GET", "/api/v1/webhooks/events")).json()["events"][0]["id"]
    named = {
        "key_id": ids.show("key", made.id),
        "payment_id": payment,
        "endpoint_id": ids.show("we", hook.id),
        "event_id": event,
    }
    before = await gateway.counts()
    for (method, template), least in LEAST.items():
        path = template.format(**named)
        body = None if method in {"GET", "DELETE"} else body_for(path)
        for someone, status in ((Someone(gateway, ""), 401), (admin, 403)):
            answer = await someone.ask(method, path, body, token=someone.token or "x")
            assert answer.status_code == status, (method, path)
        assert (await gateway.ask(method, path, body)).status_code == 401, (method, path)  # A key is no login.
        for role in ROLES[: ROLES.index(least)]:
            answer = await mine[role].ask(method, path, body)
            assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN"), (role, method, path)
        if "{" in template:
            answer = await theirs["owner"].ask(method, path, body)
            assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), (method, path)
            assert "shop.example/all" not in answer.text
    changed = {name for name, count in (await gateway.counts()).items() if count != before[name]}
    assert changed <= {"metrics"}
    for path in ("/api/transactions", "/api/webhooks/endpoints", "/api/webhooks/events", "/api/webhooks/deliveries"):
        [rows] = [
            value for value in (await theirs["owner"].ask("GET", path)).json().values() if isinstance(value, list)
        ]
        assert rows == [], path
    assert payment not in (await theirs["owner"].ask("GET", "/api/api-keys")).text


async def test_another_role_bites_at_once(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    assert (await owner.ask("GET", "/api/api-keys")).status_code == 200
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE users SET role = 'viewer' WHERE email = 'owner@shop.example'")
    assert (await owner.ask("GET", "/api/api-keys")).status_code == 403
    assert (await owner.ask("GET", "/api/transactions")).status_code == 200
    await merchants.suspend(gateway.ctx, gateway.world.merchant_id)
    suspended = await owner.ask("GET", "/api/transactions")
    assert (suspended.status_code, "suspended" in suspended.json()["message"]) == (403, True)
