"""Merchants that the operator makes by API: with keys that work, and a PromptPay ID where they need one."""

from __future__ import annotations

from paygate.core import ids
from paygate.services import audit
from tests.faces.conftest import Gateway
from tests.faces.people import make_admin, make_person
from tests.services.helpers import sql

PATH = "/api/admin/merchants"
FREE = {"email": "new@shop.example", "name": "ร้านใหม่", "plan": "free", "approve": True}
PRO = {
    "email": "pro@shop.example",
    "name": "Pro",
    "plan": "pro",
    "promptpay": "0811111111",
    "bank": "004",
    "number": "1234567890",
}


async def test_a_merchant_is_made_its_keys_work_and_its_owner_gets_a_link(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    answer = await admin.ask("POST", PATH, FREE)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["merchant"]["status"], made["merchant"]["plan"], made["merchant"]["lacks"]) == (
        "APPROVED",
        "free",
        None,
    )
    assert made["merchant"]["name"] == "ร้านใหม่" and "licence" in made["notice"]
    sale = await gateway.ask("POST", "/api/v1/payment/create", {"amount": 150}, key=made["keys"]["liveSecretKey"])
    assert sale.status_code == 201, sale.text
    for name, begins in (
        ("liveSecretKey", "sk_live_"),
        ("livePublicKey", "pk_live_"),
        ("testSecretKey", "sk_test_"),
        ("testPublicKey", "pk_test_"),
    ):
        assert made["keys"][name].startswith(begins)
    way = f"{PATH}/{made['merchant']['id']}"
    shown = (await admin.ask("GET", way)).json()
    assert shown["merchant"] == made["merchant"] and shown["users"][0]["role"] == "owner"
    assert made["keys"]["liveSecretKey"] not in (await admin.ask("GET", "/api/admin/audit?limit=100")).text
    log = await audit.list_records(gateway.ctx, ids.read_merchant(made["merchant"]["id"]), action="merchant.create")
    assert [one.record.actor[:9] for one in log] == ["user:usr_"]
    taken = await admin.ask("POST", PATH, FREE)
    assert (taken.status_code, taken.json()["field"]) == (409, "email")


async def test_a_direct_merchant_needs_a_promptpay_id_that_there_can_be(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    [before] = await sql(gateway.ctx, "SELECT count(*) AS n FROM merchants")
    for wrong, field in (
        ({name: value for name, value in PRO.items() if name not in ("promptpay", "bank", "number")}, "promptpay"),
        (PRO | {"promptpay": "1101700207367"}, "promptpay"),  # Its check digit is wrong.
        (PRO | {"promptpay": "12"}, "promptpay"),
        (PRO | {"number": "12"}, "number"),
        (PRO | {"plan": "gold"}, "plan"),
        (PRO | {"email": "nobody"}, "email"),
        (PRO | {"approve": "yes"}, "approve"),
        (PRO | {"plan": "free"}, "promptpay"),
        ({"email": "a@b.co", "plan": "free"}, "name"),
    ):
        refused = await admin.ask("POST", PATH, wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, field), (wrong, refused.text)
    assert (await sql(gateway.ctx, "SELECT count(*) AS n FROM merchants")) == [before]
    made = (await admin.ask("POST", PATH, PRO)).json()
    assert (made["merchant"]["status"], made["merchant"]["lacks"], made["notice"]) == ("PENDING", None, None)
    plan = (await admin.ask("GET", f"{PATH}/{made['merchant']['id']}/plan")).json()
    assert (plan["plan"], plan["account"]["promptpay"]) == ("pro", "0066811111111")
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    assert (await owner.ask("POST", PATH, FREE)).status_code == 403
