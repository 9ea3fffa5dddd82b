"""What the operator does by API on a merchant's behalf: where its money goes, money out, money back."""

from __future__ import annotations

from paygate.core import ids
from paygate.services import audit, ledger
from tests.faces.conftest import Gateway
from tests.faces.people import make_admin, make_person
from tests.faces.test_dashboard_plans import sure
from tests.faces.test_v1_refunds import PAYEE, sold
from tests.faces.test_v1_settlements import earn, settle_to
from tests.services.helpers import open_shop, sql
from tests.services.payouts import sell_and_pay
from tests.services.test_invoices import MONTH, month_ago

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


async def test_the_operator_asks_for_a_merchants_money_and_calls_it_off(gateway: Gateway) -> None:
    admin, path = await make_admin(gateway), f"{way(gateway)}/settlements"
    await earn(gateway)
    for wrong, status in ((0, 400), ("500", 400), (5_000, 409)):
        refused = await admin.ask("POST", path, {"amount": wrong})
        assert (refused.status_code, refused.json()["field"]) == (status, "amount"), wrong
    made = await admin.ask("POST", path, {"amount": 500.5})
    assert made.status_code == 201, made.text
    asked = made.json()["payout"]
    assert (asked["amount"], asked["status"], asked["destination"], asked["merchantName"]) == (
        500.5,
        "REQUESTED",
        None,
        "ร้านกาแฟ",
    )
    await settle_to(gateway)
    assert (await gateway.ask("GET", "/api/v1/balance")).json()["held"] == 500.5
    one = f"/api/admin/settlements/{asked['id']}"
    assert (await admin.ask("GET", one)).json()["payout"]["destination"]["account"] == "4061234567"
    off, again = [await admin.ask("POST", f"{one}/cancel") for _ in "12"]
    assert off.json()["payout"]["status"] == "CANCELLED" and again.json() == off.json()
    assert (await gateway.ask("GET", "/api/v1/balance")).json()["held"] == 0
    other = (await admin.ask("POST", path, {"amount": 100})).json()["payout"]["id"]
    assert (await admin.ask("POST", f"/api/admin/settlements/{other}/approve")).is_success
    late = await admin.ask("POST", f"/api/admin/settlements/{other}/cancel")
    assert (late.status_code, late.json()["status"]) == (409, "APPROVED")
    me = (await admin.ask("GET", "/api/auth/me")).json()["user"]["id"]
    log = [one.record for one in await audit.list_records(gateway.ctx, gateway.world.merchant_id)]
    acts = {one.action: one.actor for one in log if one.action.startswith("settlement.")}
    assert set(acts.values()) == {f"user:{me}"} and {"settlement.request", "settlement.cancel"} <= set(acts)
    unknown = await admin.ask("POST", f"/api/admin/merchants/{UNKNOWN}/settlements", {"amount": 500})
    assert unknown.status_code == 404
    assert (await ledger.check(gateway.ctx)).balanced


async def test_the_operator_gives_a_payment_back_and_advances_what_the_merchant_has_too_little(
    gateway: Gateway,
) -> None:
    admin, payment = await make_admin(gateway), await sold(gateway)
    path = f"/api/admin/payment/{payment}/refund"
    for wrong, field in (
        ({"advance": "yes"}, "advance"),
        ({"amount": 1000.01}, "amount"),
        ({"payee": {"bank": "014", "name": "A"}}, "payee.account"),
        ({"payee": PAYEE, "askPayer": True}, "askPayer"),
    ):
        refused = await admin.ask("POST", path, wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, field), (wrong, refused.text)
    short = await admin.ask("POST", path, {"payee": PAYEE})  # The fee is gone: 970 are there.
    assert (short.status_code, short.json()["field"]) == (409, "amount")
    made = await admin.ask("POST", path, {"payee": PAYEE, "advance": True, "reason": "ส่งผิด"})
    assert made.status_code == 201, made.text
    refund = made.json()["payout"]
    assert (refund["amount"], refund["status"], refund["transactionId"], refund["paidBy"], refund["kind"]) == (
        1000,
        "REQUESTED",
        payment,
        "operator",
        "refund",
    )
    assert refund["destination"]["account"] == "4061234567" and made.json()["payeeUrl"] is None
    one = f"/api/admin/refunds/{refund['id']}"
    for verb in ("approve", "claim"):
        assert (await admin.ask("POST", f"{one}/{verb}")).is_success
    assert (await admin.ask("POST", f"{one}/complete", {"bankReference": "R-1"})).is_success
    [owes] = await sql(gateway.ctx, "SELECT shortfall_satang FROM refunds")
    assert owes["shortfall_satang"] == 3_000
    assert (await admin.ask("POST", path, {"payee": PAYEE})).status_code == 409  # Nothing is left.
    assert (await ledger.check(gateway.ctx)).balanced


async def test_the_operator_asks_the_payer_where_to_or_says_it(gateway: Gateway) -> None:
    admin, payment = await make_admin(gateway), await sold(gateway)
    path = f"/api/admin/payment/{payment}/refund"
    waits = (await admin.ask("POST", path, {"amount": 100})).json()
    assert waits["payout"]["status"] == "WAITING" and "/refund/rfd_" in waits["payeeUrl"] and waits["payeeUntil"]
    one = f"/api/admin/refunds/{waits['payout']['id']}"
    newer = (await admin.ask("POST", f"{one}/payee-link")).json()
    assert newer["payeeUrl"] != waits["payeeUrl"]
    assert (await admin.ask("POST", f"{one}/payee", {})).json()["field"] == "payee"
    said = (await admin.ask("POST", f"{one}/payee", {"payee": PAYEE})).json()
    assert (said["payout"]["status"], said["payeeUrl"]) == ("REQUESTED", None)
    assert said["payout"]["destination"]["name"] == "สมชาย"
    assert (await admin.ask("POST", f"{one}/cancel")).json()["payout"]["status"] == "CANCELLED"
    late = await admin.ask("POST", f"{one}/payee-link")
    assert (late.status_code, late.json()["status"]) == (409, "CANCELLED")
    assert (await gateway.ask("GET", "/api/v1/balance")).json()["held"] == 0


async def test_the_operator_issues_a_months_invoices_once_and_makes_the_payment_for_one(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    await sell_and_pay(await open_shop(gateway.ctx, plan="pro"), 500_000)
    await month_ago(gateway.ctx)
    path, month = "/api/admin/invoices", f"{MONTH:%Y-%m}"
    for wrong in ({}, {"month": 202610}, {"month": "2026-13"}, {"month": "2999-01"}):
        refused = await admin.ask("POST", path, wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, "month"), wrong
    [made] = (await admin.ask("POST", path, {"month": month})).json()["issued"]
    assert (made["number"], made["month"], made["fee"], made["status"]) == ("INV-0001", month, 100, "OPEN")
    assert (await admin.ask("POST", path, {"month": month})).json() == {"success": True, "issued": []}
    way = f"{path}/{made['id']}"
    assert (await admin.ask("GET", way)).json()["invoice"] == made
    first, again = [(await admin.ask("POST", f"{way}/pay")).json() for _ in "12"]
    assert first == again and int(first["payableAmount"]) == 100 and first["qrPayload"].startswith("000201")
    payment = first["transactionId"]
    [row] = await sql(gateway.ctx, "SELECT merchant_id, fee_bps FROM payments WHERE id = $1::text::uuid", payment)
    assert (row["merchant_id"], row["fee_bps"]) == (0, 0)
    assert (await admin.ask("POST", f"{way.replace('inv_0', 'inv_1')}/pay")).status_code == 404
    log = await audit.list_records(gateway.ctx, ids.read_merchant(made["merchantId"]), action="invoice.issue")
    assert [one.record.actor[:9] for one in log] == ["user:usr_"]
