"""Plans and own accounts over HTTP: password and code again, audited, told to the merchant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from paygate.core import ids
from paygate.services import audit, endpoints, invoices
from tests.faces.conftest import Gateway
from tests.faces.people import PASSWORD, Someone, make_admin, make_person
from tests.services.helpers import open_shop, sql
from tests.services.payouts import sell_and_pay
from tests.services.test_invoices import MONTH, month_ago

OWN = {"promptpay": "0899999999", "bank": "004", "number": "1234567890"}


def sure(who: Someone) -> dict[str, str]:
    """Password and, where codes are on, a code."""
    return {"password": PASSWORD} | ({"code": who.code()} if who.secret else {})


async def told(gateway: Gateway) -> list[str]:
    rows = await sql(
        gateway.ctx,
        """SELECT e.type FROM events e JOIN deliveries d ON d.event_id = e.id
            WHERE e.type IN ('plan.changed', 'account.changed') ORDER BY e.created_at, e.type""",
    )
    return [row["type"] for row in rows]


async def test_an_admin_changes_a_plan_and_the_next_payment_has_it(gateway: Gateway) -> None:
    admin, me = await make_admin(gateway), gateway.world.merchant_id
    await endpoints.add(gateway.ctx, merchant_id=me, url="https://shop.example/all")
    path = f"/api/admin/merchants/{ids.show_merchant(me)}/plan"
    shown = (await admin.ask("GET", path)).json()
    assert (shown["plan"], shown["rateBps"], shown["rateOf"], shown["account"]) == ("free", 300, "setting", None)
    refused = await admin.ask("PUT", path, {"plan": "pro", **OWN, "password": "not this"})
    assert (refused.status_code, refused.json()["field"]) == (403, "password")
    without_code = await admin.ask("PUT", path, {"plan": "pro", **OWN, "password": PASSWORD})
    assert (without_code.status_code, without_code.json()["error"]) == (401, "TOTP_REQUIRED")
    for wrong, field in (
        ({"plan": "gold"}, "plan"),
        ({}, "plan"),
        ({"plan": "free", "feeBps": 10_001}, "feeBps"),
        ({"plan": "free", "feeBps": "1"}, "feeBps"),
        ({"plan": "free", "validFrom": "tomorrow"}, "validFrom"),
        ({"plan": "pro", "billerId": "12"}, "billerId"),
    ):
        answer = await admin.ask("PUT", path, wrong)
        assert (answer.status_code, answer.json()["field"]) == (400, field), wrong
    assert (await admin.ask("PUT", path, {"plan": "pro", "feeBps": 175, **OWN, **sure(admin)})).status_code == 200
    paid = await gateway.create(amount=1000)
    [row] = await sql(gateway.ctx, "SELECT flow, fee_bps FROM payments WHERE id = $1::text::uuid", paid["id"])
    assert (row["flow"], row["fee_bps"]) == ("direct", 175)
    assert await told(gateway) == ["account.changed", "plan.changed"]
    log = [one.record.action for one in await audit.list_records(gateway.ctx, me)]
    assert "merchant.plan" in log and "account.change" in log
    unknown = f"/api/admin/merchants/{ids.show_merchant(12345)}/plan"
    assert (await admin.ask("GET", unknown)).status_code == 404
    assert (await admin.ask("DELETE", unknown)).status_code == 404


async def test_a_plan_to_come_is_shown_and_withdrawn(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    path = f"/api/admin/merchants/{ids.show_merchant(gateway.world.merchant_id)}/plan"
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    done = await admin.ask("PUT", path, {"plan": "free", "feeBps": 100, "validFrom": later, **sure(admin)})
    assert done.status_code == 200, done.text
    assert (done.json()["rateBps"], [one["feeBps"] for one in done.json()["coming"]]) == (300, [100])
    assert (await admin.ask("DELETE", path)).json()["coming"] == []


async def test_rates_are_the_operators(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    done = await admin.ask("PUT", "/api/admin/plans/free", {"feeBps": 290, **sure(admin)})
    assert {one["plan"]: one["rateBps"] for one in done.json()["plans"]}["free"] == 290
    assert (await admin.ask("GET", "/api/admin/plans")).json() == done.json()
    assert (await gateway.create(amount=1000))["fee"] == 29
    wrong = await admin.ask("PUT", "/api/admin/plans/gold", {"feeBps": 290})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "plan")
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    merchant = ids.show_merchant(gateway.world.merchant_id)
    for method, path in (
        ("GET", "/api/admin/plans"),
        ("PUT", "/api/admin/plans/free"),
        ("GET", f"/api/admin/merchants/{merchant}/plan"),
        ("PUT", f"/api/admin/merchants/{merchant}/plan"),
        ("DELETE", f"/api/admin/merchants/{merchant}/plan"),
        ("PUT", f"/api/admin/merchants/{merchant}/account"),
    ):
        refused = await owner.ask(method, path, {"feeBps": 0, **sure(owner)} if method == "PUT" else None)
        assert refused.status_code == 403, path


async def test_an_owner_says_where_the_money_arrives_with_the_password_again(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    await endpoints.add(gateway.ctx, merchant_id=gateway.world.merchant_id, url="https://shop.example/all")
    assert (await owner.ask("GET", "/api/merchant/account")).json() == {"account": None, "success": True}
    for body, status in ((OWN, 400), (OWN | {"password": "not this"}, 403)):
        refused = await owner.ask("PUT", "/api/merchant/account", body)
        assert (refused.status_code, refused.json()["field"]) == (status, "password")
    assert await told(gateway) == []
    done = await owner.ask("PUT", "/api/merchant/account", OWN | sure(owner))
    assert done.status_code == 200 and done.json()["account"]["promptpay"] == "0066899999999"
    assert (await owner.ask("GET", "/api/merchant/account")).json() == done.json()
    assert await told(gateway) == ["account.changed"]
    row = (await audit.list_records(gateway.ctx, gateway.world.merchant_id, action="account.change"))[0].record
    assert row.actor.startswith("user:usr_")
    missing = await owner.ask("PUT", "/api/merchant/account", {"bank": "014", **sure(owner)})
    assert (missing.status_code, missing.json()["field"]) == (400, "number")
    admin = await make_admin(gateway)
    path = f"/api/admin/merchants/{ids.show_merchant(gateway.world.merchant_id)}/account"
    moved = await admin.ask("PUT", path, {"promptpay": "0811111111", **sure(admin)})
    assert moved.json()["account"]["number"] == "1234567890"
    assert len(await told(gateway)) == 2
    await owner.set_up_codes()
    refused = await owner.ask("PUT", "/api/merchant/account", {"promptpay": "0822222222", "password": PASSWORD})
    assert (refused.status_code, refused.json()["error"]) == (401, "TOTP_REQUIRED")
    assert len(await told(gateway)) == 2


async def test_withheld_tax_is_recorded_by_an_admin(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    await sell_and_pay(await open_shop(gateway.ctx, plan="pro"), 500_000)
    await month_ago(gateway.ctx)
    [made] = await invoices.issue(gateway.ctx, MONTH, "cli:a")
    path = f"/api/admin/invoices/{ids.show('inv', made.id)}/withholding"
    good = {"certificate": "12/2569", "date": "2026-01-05"}
    for wrong, field in (
        ({"date": "2026-01-05"}, "certificate"),
        (good | {"date": "2026-02-30"}, "date"),
        (good | {"date": 5}, "date"),
        (good | {"amount": "3"}, "amount"),
        (good | {"amount": 100.01}, "amount"),
    ):
        answer = await admin.ask("PUT", path, wrong)
        assert (answer.status_code, answer.json()["field"]) == (400, field), wrong
    done = (await admin.ask("PUT", path, good)).json()
    assert (done["withheld"], done["toPay"], done["certificateOn"], done["status"]) == (3, 97, "2026-01-05", "OPEN")
    back = (await admin.ask("DELETE", path)).json()
    assert (back["withheld"], back["toPay"], back["certificate"]) == (0, 100, None)
    assert (await admin.ask("DELETE", path.replace("inv_0", "inv_1"))).status_code == 404
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    assert (await owner.ask("PUT", path, good)).status_code == (await owner.ask("DELETE", path)).status_code == 403
