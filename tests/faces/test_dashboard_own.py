"""What a merchant's people do at /api, over real HTTP: as the guide says, by role, and never for another merchant."""

from __future__ import annotations

import json

from paygate.services import audit, merchants
from tests.faces.conftest import Gateway
from tests.faces.people import make_person

LINK = {"amount": 40, "orderId": "LINK0AFC13B6", "description": "Bet payment", "expiryMinutes": 60}


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


async def test_another_role_bites_at_once(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    assert (await owner.ask("GET", "/api/api-keys")).status_code == 200
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE users SET role = 'viewer' WHERE email = 'owner@shop.example'")
    assert (await owner.ask("GET", "/api/api-keys")).status_code == 403
    assert (await owner.ask("GET", "/api/transactions")).status_code == 200
    await merchants.suspend(gateway.ctx, gateway.world.merchant_id, "why")
    suspended = await owner.ask("GET", "/api/transactions")
    assert (suspended.status_code, "suspended" in suspended.json()["message"]) == (403, True)
