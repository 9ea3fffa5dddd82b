"""What the operator does by API on a merchant's behalf: where its money goes, money out, money back."""

from __future__ import annotations

from paygate.core import ids
from paygate.services import audit
from tests.faces.conftest import Gateway
from tests.faces.people import make_admin, make_person
from tests.faces.test_dashboard_plans import sure
from tests.services.helpers import sql

UNKNOWN = "mer_0cqh3kz9t2w4e"
PLACE = {"bank": "014", "account": "4061234567", "name": "ร้านกาแฟ"}


def way(gateway: Gateway) -> str:
    """The address of the world's merchant."""
    return f"/api/admin/merchants/{ids.show_merchant(gateway.world.merchant_id)}"


async def test_the_operator_says_where_a_merchants_money_goes_and_a_change_waits_a_day(gateway: Gateway) -> None:
    admin, path = await make_admin(gateway), f"{way(gateway)}/payout-destination"
    assert (await admin.ask("GET", path)).json()["destination"] is None
    refused = await admin.ask("POST", path, PLACE | {"password": "not this"})
    assert (refused.status_code, refused.json()["field"]) == (403, "password")
    for wrong, field in (
        (PLACE | {"account": "12"}, "account"),
        (PLACE | {"bank": "9"}, "bank"),
        ({"promptpay": "0899", "name": "A"}, "promptpay"),
        ({"promptpay": "0899999999"}, "name"),
    ):
        answer = await admin.ask("POST", path, wrong)
        assert (answer.status_code, answer.json()["field"]) == (400, field), wrong
    made = await admin.ask("POST", path, PLACE | sure(admin))
    assert made.status_code == 200, made.text
    shown = made.json()["destination"]
    assert {name: shown[name] for name in PLACE} == PLACE and shown["promptpay"] is None
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    theirs = (await owner.ask("GET", "/api/payout-destination")).json()["destination"]
    assert (theirs["account"], theirs["usableAt"]) == ("xxxxxx4567", shown["usableAt"])
    changed = (await admin.ask("POST", path, {"promptpay": "0899999999", "name": "ร้านกาแฟ"} | sure(admin))).json()
    assert changed == (await admin.ask("GET", path)).json()
    [waits] = await sql(
        gateway.ctx,
        "SELECT usable_at >= created_at + interval '1 day' AS a_day FROM payout_destinations ORDER BY id DESC LIMIT 1",
    )
    assert waits["a_day"] and changed["destination"]["account"] is None
    log = [one.record for one in await audit.list_records(gateway.ctx, gateway.world.merchant_id)]
    me = (await admin.ask("GET", "/api/auth/me")).json()["user"]["id"]
    assert [one.actor for one in log if one.action == "merchant.payout_destination"] == [f"user:{me}"] * 2
    unknown = f"/api/admin/merchants/{UNKNOWN}/payout-destination"
    assert (await admin.ask("GET", unknown)).status_code == 404
    assert (await owner.ask("POST", path, PLACE)).status_code == 403
