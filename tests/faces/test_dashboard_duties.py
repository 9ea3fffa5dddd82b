"""An operator's duties by the admin API: who may, what it says, and that nobody else learns of it."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime

from paygate.core import ids
from paygate.core.closes import last_over
from paygate.services import merchants
from tests.faces.conftest import Gateway
from tests.faces.people import make_admin, make_person

UNKNOWN = "mer_0cqh3kz9t2w4e"


async def test_a_freeze_is_made_shown_and_ended_by_admins_alone(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    path = f"/api/admin/merchants/{ids.show_merchant(gateway.world.merchant_id)}"
    assert (await admin.ask("GET", f"{path}/freeze")).json() == {
        "success": True,
        "payoutsFrozen": False,
        "reason": None,
        "since": None,
        "by": None,
    }
    done = await admin.ask("POST", f"{path}/freeze", {"reason": "case 4711"})
    assert (done.status_code, done.json()["payoutsFrozen"], done.json()["reason"]) == (200, True, "case 4711")
    assert done.json()["by"].startswith("user:usr_")
    assert (await admin.ask("GET", f"{path}/freeze")).json() == done.json()
    seen = await gateway.ask("GET", "/api/v1/balance")
    assert seen.json()["payoutsFrozen"] is True and "4711" not in seen.text  # The merchant is not told why.
    asked = await gateway.ask("POST", "/api/v1/settlements", {"amount": 100})
    assert (asked.status_code, asked.json()["error"]) == (409, "CONFLICT") and "4711" not in asked.text
    for method, address in (("GET", "freeze"), ("POST", "freeze"), ("POST", "unfreeze")):
        body = {"reason": "x"} if method == "POST" else None
        assert (await owner.ask(method, f"{path}/{address}", body)).status_code == 403
        assert (await gateway.ask(method, f"{path}/{address}", body)).status_code == 401  # A key is no person.
        unknown = await admin.ask(method, f"/api/admin/merchants/{UNKNOWN}/{address}", body)
        assert (unknown.status_code, unknown.json()["error"]) == (404, "NOT_FOUND")
    for words in ({}, {"reason": ""}, {"reason": 7}, {"reason": "x" * 501}):
        refused = await admin.ask("POST", f"{path}/freeze", words)
        assert (refused.status_code, refused.json()["field"]) == (400, "reason")
    assert (await admin.ask("POST", f"{path}/unfreeze", {"reason": "over"})).json()["payoutsFrozen"] is False
    assert (await gateway.ask("GET", "/api/v1/balance")).json()["payoutsFrozen"] is False


async def test_days_of_the_central_account_are_closed_by_admins_alone(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    path, day = "/api/admin/closes", last_over(datetime.now(UTC)).isoformat()
    [unknown] = (await admin.ask("GET", path)).json()["closes"]
    assert (unknown["state"], unknown["day"], unknown["books"], unknown["runBy"]) == ("OPEN", day, None, None)
    account = {"accountId": unknown["accountId"], "day": day}
    refused = await admin.ask("POST", path, account)
    assert (refused.status_code, refused.json()["field"]) == (409, "opening")
    opened = await admin.ask("POST", path, {**account, "opening": 1000, "balance": 974.5})
    [one] = opened.json()["closes"]
    assert (one["state"], one["books"], one["bank"], one["difference"]) == ("OPEN", 1000, 974.5, -25.5)
    wish = {**account, "amount": 25.5, "direction": "out", "reason": "The bank's fee"}
    [explained] = (await admin.ask("POST", f"{path}/explain", wish)).json()["closes"]
    assert (explained["explained"], explained["movements"][0]["reason"]) == (-25.5, "The bank's fee")
    [closed] = (await admin.ask("POST", path, {})).json()["closes"]
    assert closed["state"] == "CLOSED" and closed["runBy"].startswith("user:usr_")
    assert (await admin.ask("POST", f"{path}/explain", wish)).status_code == 409
    for body, field in (
        ({"day": "yesterday"}, "day"),
        ({"day": 7}, "day"),
        ({"accountId": "mer_1"}, "accountId"),
        ({"opening": 5}, "accountId"),
        ({**account, "balance": "7"}, "balance"),
    ):
        wrong = await admin.ask("POST", path, body)
        assert (wrong.status_code, wrong.json()["field"]) == (400, field), wrong.text
    for field in wish:
        wrong = await admin.ask("POST", f"{path}/explain", {k: v for k, v in wish.items() if k != field})
        assert (wrong.status_code, wrong.json()["field"]) == (400, field)
    missing = await admin.ask("GET", f"{path}?accountId=acc_06nz0nc5vj7r4gjx7c79l6za00")
    assert missing.status_code in {400, 404}
    for method, address in (("GET", path), ("POST", path), ("POST", f"{path}/explain")):
        assert (await owner.ask(method, address, None if method == "GET" else wish)).status_code == 403


async def test_alerts_are_listed_and_tested_by_admins_alone(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    assert (await admin.ask("GET", "/api/admin/alerts")).json() == {"alerts": [], "channels": [], "success": True}
    refused = await admin.ask("POST", "/api/admin/alerts/test")
    assert (refused.status_code, refused.json()["error"]) == (409, "CONFLICT")
    assert (await admin.ask("GET", "/api/admin/alerts?limit=0")).json()["field"] == "limit"
    for method, path in (("GET", "/api/admin/alerts"), ("POST", "/api/admin/alerts/test")):
        assert (await owner.ask(method, path)).status_code == 403


async def test_who_a_merchant_is_is_told_checked_and_opened_by_admins_alone(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    new = await merchants.create(gateway.ctx, email="new@shop.example", name="New", plan="free")
    path = f"/api/admin/merchants/{ids.show_merchant(new.merchant_id)}"
    told = {
        "kind": "company",
        "legalName": "บริษัท กาแฟ จำกัด",
        "taxId": "1101700207366",
        "address": "กรุงเทพฯ",
        "business": "กาแฟ",
        "contactName": "สมหญิง",
        "contactPhone": "0812345678",
    }
    changed = await admin.ask("PATCH", f"{path}/dossier", told)
    assert changed.json()["dossier"]["missing"] == ["document company_certificate", "check"]
    wrong = await admin.ask("PATCH", f"{path}/dossier", {"taxId": "1101700207367"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "taxId")
    headers = {"Authorization": f"Bearer {admin.token}"}
    form = {"data": {"kind": "company_certificate"}, "files": {"file": ("dbd.pdf", b"%PDF-1.4 x", "application/pdf")}}
    added = await gateway.client.post(f"{path}/documents", headers=headers, **form)
    assert (added.status_code, added.json()["document"]["mediaType"]) == (201, "application/pdf")
    document = f"{path}/documents/{added.json()['document']['id']}"
    opened = await admin.ask("GET", document)
    assert (opened.content, opened.headers["content-type"]) == (b"%PDF-1.4 x", "application/pdf")
    assert opened.headers["content-disposition"].startswith("attachment")
    nothing = await gateway.client.post(f"{path}/documents", headers=headers, data={"kind": "photo"}, files={})
    assert (nothing.status_code, nothing.json()["field"]) == (400, "file")
    assert (await admin.ask("POST", f"{path}/dossier/check", {})).json()["field"] == "note"
    checked = await admin.ask("POST", f"{path}/dossier/check", {"note": "DBD register"})
    assert checked.json()["dossier"]["missing"] == [] and checked.json()["dossier"]["checkedBy"].startswith("user:")
    assert (await admin.ask("POST", f"{path}/approve")).json()["merchant"]["status"] == "APPROVED"
    assert (await admin.ask("DELETE", f"{path}/dossier?reason=x")).status_code == 409
    assert (await admin.ask("DELETE", document)).json()["field"] == "reason"
    assert (await admin.ask("DELETE", f"{document}?reason=old")).status_code == 200
    assert (await admin.ask("GET", document)).status_code == 404
    for method, address in (
        *(("GET", "dossier"), ("PATCH", "dossier"), ("DELETE", "dossier"), ("POST", "dossier/check")),
        *(("POST", "documents"), ("GET", "documents/doc_06nz0nc5vj7r4gjx7c79l6za00")),
    ):
        assert (await owner.ask(method, f"{path}/{address}")).status_code == 403


async def test_evidence_is_given_out_to_admins_alone_and_never_without_a_reason(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
    made, path = await gateway.create(), "/api/admin/evidence-export"
    wish = {"transactionId": made["id"], "reason": "case 123/2569"}
    done = await admin.ask("POST", path, wish)
    assert (done.status_code, done.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(done.content)) as archive:
        assert json.loads(archive.read("payments.ndjson"))["id"] == made["id"]
        assert json.loads(archive.read("manifest.json"))["by"].startswith("user:usr_")
    for body, field in (
        ({"transactionId": made["id"]}, "reason"),
        ({"reason": "x"}, "merchantId"),
        ({"reason": "x", "merchantId": "x"}, "merchantId"),
        ({"reason": "x", "transactionId": 7}, "transactionId"),
        ({"reason": "x", "creditId": "x"}, "creditId"),
        ({"reason": "x", "merchantId": ids.show_merchant(gateway.world.merchant_id)}, "since"),
    ):
        refused = await admin.ask("POST", path, body)
        assert (refused.status_code, refused.json()["field"]) == (400, field)
    assert (await owner.ask("POST", path, wish)).status_code == 403
