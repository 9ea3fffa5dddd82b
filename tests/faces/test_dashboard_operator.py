"""The operator's desk over real HTTP: what waits, who pays what, and what is known of the money."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime

from paygate.core import ids
from paygate.services import ledger, statement_files, users
from tests.faces.conftest import Gateway, serving
from tests.faces.people import PASSWORD, Someone, make_admin
from tests.faces.test_v1_settlements import earn, settle_to
from tests.services.helpers import sql

PAYEE = {"bank": "014", "account": "4061234567", "name": "=สมชาย"}
CSV = "Date,Time,Description,Deposit\n{day},10:15,Transfer,150.00\n"


async def second_admin(gateway: Gateway) -> Someone:
    """Another operator, with one-time codes."""
    await users.create_admin(gateway.ctx, email="second@paygate.example", password=PASSWORD)
    admin = await Someone(gateway, "second@paygate.example", admin=True).login()
    await admin.set_up_codes()
    return admin


async def asked(gateway: Gateway, baht: int = 500) -> str:
    """A settlement that waits."""
    made = await gateway.ask("POST", "/api/v1/settlements", {"amount": baht})
    assert made.status_code == 201, made.text
    found: str = made.json()["settlement"]["id"]
    return found


async def paid_shop(gateway: Gateway, baht: int = 2000) -> None:
    await earn(gateway, baht)
    await settle_to(gateway)


async def test_a_transfer_sent_before_a_freeze_is_completed_by_saying_so(gateway: Gateway) -> None:
    await paid_shop(gateway)
    admin, one = await make_admin(gateway), await asked(gateway)
    way = f"/api/admin/settlements/{one}"
    for step in ("approve", "claim"):
        assert (await admin.ask("POST", f"{way}/{step}")).status_code == 200
    merchant = ids.show_merchant(gateway.world.merchant_id)
    assert (await admin.ask("POST", f"/api/admin/merchants/{merchant}/freeze", {"reason": "case 4711"})).is_success
    paid = {"bankReference": "R-1"}
    refused = await admin.ask("POST", f"{way}/complete", paid)
    assert refused.status_code == 409 and "case 4711. Do not send it." in refused.json()["message"]
    assert "sentBeforeFreeze" in refused.json()["message"]
    wrong = await admin.ask("POST", f"{way}/complete", {**paid, "sentBeforeFreeze": "yes"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "sentBeforeFreeze")
    done = await admin.ask("POST", f"{way}/complete", {**paid, "sentBeforeFreeze": True})
    assert done.json()["payout"]["status"] == "COMPLETED"


async def test_every_step_of_a_settlement_is_logged_with_the_address_it_was_asked_from(gateway: Gateway) -> None:
    await paid_shop(gateway)
    admin, one = await make_admin(gateway), await asked(gateway)
    for step, body in (("approve", None), ("claim", None), ("complete", {"bankReference": "R-1"})):
        assert (await admin.ask("POST", f"/api/admin/settlements/{one}/{step}", body)).status_code == 200, step
    assert (await admin.ask("POST", f"/api/admin/settlements/{one}/return", {"reason": "closed"})).status_code == 200
    rows = await sql(gateway.ctx, "SELECT action, address::text, credential FROM audit_log WHERE subject LIKE 'settl%'")
    steps = ("request", "approve", "claim", "complete", "return")
    assert {(row["action"], row["address"]) for row in rows} == {
        (f"settlement.{step}", "127.0.0.1/32") for step in steps
    }
    [key] = [row["credential"] for row in rows if row["action"] == "settlement.request"]
    assert key.startswith("sk_live_")


async def test_a_settlement_is_approved_claimed_scanned_and_completed(gateway: Gateway) -> None:
    await paid_shop(gateway)
    admin, one = await make_admin(gateway), await asked(gateway)
    way = f"/api/admin/settlements/{one}"
    [listed] = (await admin.ask("GET", "/api/admin/settlements")).json()["payouts"]
    assert (listed["id"], listed["status"], listed["amount"], listed["merchantName"]) == (
        one,
        "REQUESTED",
        500,
        "ร้านกาแฟ",
    )
    assert listed["destination"]["account"] == "4061234567" and listed["kind"] == "settlement"
    assert (await admin.ask("GET", f"{way}/payout-qr")).status_code == 409  # Nobody claimed it.
    approved = (await admin.ask("POST", f"{way}/approve")).json()["payout"]
    assert approved["status"] == "APPROVED" and approved["approvedBy"].startswith("user:usr_")
    assert (await admin.ask("POST", f"{way}/claim")).json()["payout"]["status"] == "PAYING"
    shown = (await admin.ask("GET", f"{way}/payout-qr")).json()
    assert shown["qrPayload"].startswith("000201") and shown["qrCode"].startswith("data:image/png;base64,")
    assert (shown["amount"], shown["destination"]["promptpay"][-9:]) == (500, "899999999")
    missing = await admin.ask("POST", f"{way}/complete", {})
    assert (missing.status_code, missing.json()["field"]) == (400, "bankReference")
    done = await admin.ask("POST", f"{way}/complete", {"bankReference": "2026112012345678"})
    assert (done.json()["payout"]["status"], done.json()["payout"]["bankReference"]) == (
        "COMPLETED",
        "2026112012345678",
    )
    assert (await admin.ask("POST", f"{way}/complete", {"bankReference": "2026112012345678"})).status_code == 200
    other = await asked(gateway, 200)
    for verb in ("approve", "claim"):
        assert (await admin.ask("POST", f"/api/admin/settlements/{other}/{verb}")).status_code == 200
    twice = await admin.ask("POST", f"/api/admin/settlements/{other}/complete", {"bankReference": "2026112012345678"})
    assert twice.status_code == 409 and "another payout" in twice.json()["message"]
    released = await admin.ask("POST", f"/api/admin/settlements/{other}/release", {"reason": "The app was down"})
    assert released.json()["payout"]["status"] == "APPROVED"
    rejected = await admin.ask("POST", f"/api/admin/settlements/{other}/reject", {"reason": "Wrong account"})
    assert (rejected.json()["payout"]["status"], rejected.json()["payout"]["reason"]) == ("REJECTED", "Wrong account")
    back = await admin.ask("POST", f"{way}/return", {"reason": "The account is closed"})
    assert back.json()["payout"]["status"] == "RETURNED"
    listed = (await admin.ask("GET", "/api/admin/settlements?status=returned")).json()["payouts"]
    assert [row["id"] for row in listed] == [one]
    assert (await ledger.check(gateway.ctx)).balanced


async def test_two_operators_at_one_payout_one_of_them_pays_it(gateway: Gateway) -> None:
    await paid_shop(gateway)
    first, second = await make_admin(gateway), await second_admin(gateway)
    for _ in range(3):
        way = f"/api/admin/settlements/{await asked(gateway, 100)}"
        assert (await first.ask("POST", f"{way}/approve")).status_code == 200
        tries = await asyncio.gather(*(who.ask("POST", f"{way}/claim") for who in (first, second) * 5))
        assert {one.status_code for one in tries} == {200, 409}
        [winner] = {one.json()["payout"]["claimedBy"] for one in tries if one.status_code == 200}
        me = (await first.ask("GET", "/api/auth/me")).json()["user"]["id"]
        payer, loser = (first, second) if winner == f"user:{me}" else (second, first)
        assert (await payer.ask("GET", f"{way}/payout-qr")).status_code == 200
        refused = await loser.ask("GET", f"{way}/payout-qr")
        assert refused.status_code == 409 and "qrPayload" not in refused.json()
        theirs = await payer.ask("GET", "/api/admin/settlements/export")
        mine = await loser.ask("GET", "/api/admin/settlements/export")
        named = way.rpartition("/")[2]
        assert named in theirs.text and named not in mine.text
    journals = await sql(gateway.ctx, "SELECT count(*) AS n FROM journals WHERE kind = 'payout.sent'")
    assert journals[0]["n"] == 3  # One booking for each claim, never two.


async def test_above_the_limit_a_second_person_has_to_say_yes(gateway: Gateway, dsn: str) -> None:
    await paid_shop(gateway)
    first, second = await make_admin(gateway), await second_admin(gateway)
    way = f"/api/admin/settlements/{await asked(gateway, 500)}"
    async with serving(dsn, PAYGATE_SECOND_APPROVAL="100") as base:
        gateway.client.base_url = base
        assert (await first.ask("POST", f"{way}/approve")).json()["payout"]["status"] == "REQUESTED"
        again = await first.ask("POST", f"{way}/approve")
        assert again.status_code == 409
        done = (await second.ask("POST", f"{way}/approve")).json()["payout"]
        assert done["status"] == "APPROVED" and done["approvedBy"] != done["secondBy"]


async def test_a_refund_is_paid_at_the_same_desk_and_its_file_harms_no_spreadsheet(gateway: Gateway) -> None:
    await earn(gateway, 1000)
    payment = (await gateway.ask("GET", "/api/v1/transactions")).json()["transactions"][0]["id"]
    made = await gateway.ask("POST", f"/api/v1/payment/{payment}/refund", {"amount": 250, "payee": PAYEE})
    one, admin = made.json()["refund"]["id"], await make_admin(gateway)
    way = f"/api/admin/refunds/{one}"
    for verb in ("approve", "claim"):
        assert (await admin.ask("POST", f"{way}/{verb}")).status_code == 200
    file = await admin.ask("GET", "/api/admin/refunds/export")
    assert file.headers["content-type"].startswith("text/csv") and file.content.startswith(b"\xef\xbb\xbf")
    [row] = csv.DictReader(io.StringIO(file.text.lstrip("\ufeff")))
    assert (row["refund"], row["account"], row["amount"]) == (one, "4061234567", "250.00")
    assert not row["name"].startswith("=")
    done = (await admin.ask("POST", f"{way}/complete", {"bankReference": "R-1"})).json()["payout"]
    assert (done["status"], done["transactionId"], done["paidBy"]) == ("COMPLETED", payment, "operator")
    [refunded] = await sql(gateway.ctx, "SELECT refunded_satang FROM payments WHERE refunded_satang > 0")
    assert refunded["refunded_satang"] == 25_000


async def hear(gateway: Gateway, amount: float, reference: str) -> None:
    at = datetime.now(UTC).isoformat()
    heard = {"amount": amount, "occurredAt": at, "sendingBank": "014", "transRef": reference, "payerName": "สมชาย"}
    await gateway.tell(heard)


async def test_the_operator_decides_reviews_and_reads_what_arrived(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    for number in range(3):
        await hear(gateway, 77 + number, f"ORPHAN-{number}")
    queue = (await admin.ask("GET", "/api/admin/reviews?limit=2")).json()
    assert len(queue["reviews"]) == 2 and queue["hasMore"]
    rest = (await admin.ask("GET", f"/api/admin/reviews?cursor={queue['nextCursor']}")).json()["reviews"]
    assert len(rest) == 1 and rest[0]["id"] not in {one["id"] for one in queue["reviews"]}
    way = f"/api/admin/reviews/{rest[0]['id']}"
    credit_id = (await admin.ask("GET", way)).json()["review"]["credit"]["id"]
    unknown = await admin.ask(
        "POST", f"{way}/resolve", {"action": "match", "reason": "x", "transactionId": "not a payment"}
    )
    assert (unknown.status_code, unknown.json()["field"]) == (400, "transactionId")
    done = await admin.ask("POST", f"{way}/resolve", {"action": "refund-orphan", "reason": "Nobody's"})
    assert done.json()["creditState"] == "REFUND_DUE"
    first = (await admin.ask("GET", "/api/admin/credits?limit=2")).json()
    more = (await admin.ask("GET", f"/api/admin/credits?limit=2&cursor={first['nextCursor']}")).json()
    assert [one["amount"] for one in first["credits"] + more["credits"]] == [79, 78, 77] and not more["hasMore"]
    [due] = (await admin.ask("GET", "/api/admin/credits?state=refund_due")).json()["credits"]
    assert due["id"] == credit_id and due["payerName"] == "สมชาย"
    shown = (await admin.ask("GET", f"/api/admin/credits/{credit_id}")).json()["credit"]
    assert shown["references"] == due["references"] and shown["told"][0]["source"] == gateway.world.source
    account = ids.show("acc", gateway.world.account_id)
    assert len((await admin.ask("GET", f"/api/admin/credits?accountId={account}")).json()["credits"]) == 3
    assert (await admin.ask("GET", f"/api/admin/credits?accountId={account}&mode=test")).status_code == 404
    owner = ids.show_merchant(gateway.world.merchant_id)
    assert (await admin.ask("GET", f"/api/admin/credits?owner={owner}")).json()["credits"] == []
    assert (await admin.ask("GET", f"/api/admin/credits/{credit_id}?owner={owner}")).status_code == 404
    assert (await admin.ask("GET", "/api/admin/credits?owner=x")).json()["field"] == "owner"


async def test_accounts_and_sources_are_made_rotated_and_turned_off(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    wish = {"promptpay": "0823456789", "bank": "004", "number": "1234567890", "name": "Second Co"}
    made = await admin.ask("POST", "/api/admin/accounts", wish)
    assert made.status_code == 201, made.text
    account = made.json()["account"]
    assert (account["owner"], account["mode"], account["bank"]) == ("central", "live", "004")
    wrong = await admin.ask("POST", "/api/admin/accounts", wish | {"billerId": "12"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "billerId")
    fresh = await admin.ask("POST", "/api/admin/sources", {"accountId": account["id"], "kind": "generic"})
    assert fresh.status_code == 201 and fresh.json()["secret"].startswith("whsec_")
    source = fresh.json()["id"]
    missing = await admin.ask("POST", "/api/admin/sources", {"accountId": account["id"], "kind": "kbank"})
    assert (missing.status_code, missing.json()["field"]) == (400, "bankMerchant")

    async def heard(secret: str, reference: str) -> int:
        body = {"amount": 5, "occurredAt": datetime.now(UTC).isoformat(), "sendingBank": "014", "transRef": reference}
        return (await gateway.tell(body, secret=secret, source=source)).status_code

    old = fresh.json()["secret"]
    assert await heard(old, "A") == 200
    new = (await admin.ask("POST", f"/api/admin/sources/{source}/rotate")).json()["secret"]
    assert (await heard(old, "B"), await heard(new, "C")) == (401, 200)
    off = await admin.ask("POST", f"/api/admin/sources/{source}/disable")
    assert off.json()["source"]["disabledAt"] and await heard(new, "D") == 404
    on = await admin.ask("POST", f"/api/admin/sources/{source}/enable")
    assert on.json()["source"]["disabledAt"] is None and await heard(new, "E") == 200
    listed = await admin.ask("GET", "/api/admin/sources?owner=central")
    assert source in listed.text and new not in listed.text
    shown = (await admin.ask("GET", f"/api/admin/accounts/{account['id']}")).json()["account"]
    assert [one["id"] for one in shown["sources"]] == [source] and shown["sources"][0]["lastHeardAt"]
    gone = await admin.ask("POST", f"/api/admin/accounts/{account['id']}/retire")
    assert gone.json()["account"]["retiredAt"]
    assert account["id"] not in (await admin.ask("GET", "/api/admin/accounts")).text
    acts = {one["action"] for one in (await admin.ask("GET", "/api/admin/audit?limit=100")).json()["records"]}
    assert {"account.add", "source.add", "source.rotate", "source.disable", "source.enable", "account.retire"} <= acts


async def test_a_source_under_an_idempotency_key_is_one_source(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    wish = {"accountId": ids.show("acc", gateway.world.account_id), "kind": "generic"}
    headers = {"Authorization": f"Bearer {admin.token}", "Idempotency-Key": "bridge"}
    first, again = [await gateway.ask("POST", "/api/admin/sources", wish, key=None, headers=headers) for _ in "12"]
    assert first.status_code == 201 and first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    other = await gateway.ask("POST", "/api/admin/sources", wish | {"kind": "notice"}, key=None, headers=headers)
    assert (other.status_code, other.json()["error"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert (await sql(gateway.ctx, "SELECT count(*) AS n FROM sources"))[0]["n"] == 2


async def test_a_statement_is_handed_over_compared_and_reported(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    await hear(gateway, 150, "S-1")
    account = ids.show("acc", gateway.world.account_id)
    file = CSV.format(day=f"{datetime.now(UTC):%d/%m/%Y}").encode()
    way = f"/api/admin/statements?accountId={account}&name=today.csv"
    first, again = [await admin.ask("POST", way, file) for _ in "12"]
    assert first.status_code == 202, first.text
    assert first.json()["statement"]["id"] == again.json()["statement"]["id"]
    assert first.json()["statement"]["state"] == "WAITING"
    await statement_files.work(gateway.ctx)
    found = (await admin.ask("GET", f"/api/admin/statements/{first.json()['statement']['id']}")).json()["statement"]
    assert (found["state"], found["name"]) == ("DONE", "today.csv") and "counts" in found["report"]
    nonsense = await admin.ask("POST", way, b"\x00\x01nonsense")
    assert nonsense.status_code == 400
    assert (await admin.ask("POST", "/api/admin/statements", file)).json()["field"] == "accountId"


async def test_the_overview_says_what_waits_and_the_log_is_verified(gateway: Gateway) -> None:
    await paid_shop(gateway)
    await asked(gateway)
    await hear(gateway, 3, "WAITS")
    admin = await make_admin(gateway)
    found = (await admin.ask("GET", "/api/admin/health")).json()
    waits = found["waiting"]
    assert found["database"] is True and found["alarms"] == []
    assert (waits["reviews"], waits["settlementsToApprove"], waits["settlementsToPay"], waits["refunds"]) == (
        1,
        1,
        0,
        0,
    )
    assert gateway.world.source in {source["id"] for one in found["accounts"] for source in one["sources"]}
    whole = (await admin.ask("GET", "/api/admin/audit/verify")).json()
    assert whole["whole"] is True and whole["faults"] == [] and whole["rows"] == sum(c["rows"] for c in whole["chains"])
    owner = ids.show_merchant(gateway.world.merchant_id)
    records = (await admin.ask("GET", f"/api/admin/audit?owner={owner}&action=settlement.request")).json()["records"]
    assert len(records) == 1 and records[0]["subject"].startswith("settlement:stl_")
    await sql(gateway.ctx, "ALTER TABLE audit_log DISABLE TRIGGER ALL")
    await sql(gateway.ctx, "UPDATE audit_log SET action = 'x' WHERE merchant_id = 0 AND id = 1")
    broken = (await admin.ask("GET", "/api/admin/audit/verify")).json()
    assert broken["whole"] is False and broken["faults"][0]["owner"] == "central"


async def test_an_operator_sees_everybodys_invoices(gateway: Gateway) -> None:
    merchant_id, invoice_id = gateway.world.merchant_id, gateway.ctx.new_id()
    await sql(
        gateway.ctx,
        """INSERT INTO fee_invoices (merchant_id, mode, id, number, month, fee_satang, vat_satang, credit_satang,
                                     due_on, issued_at)
           VALUES ($1, 'live', $2, 'INV-0001', '2026-01-01', 6000, 0, 0, '2026-02-10', now())""",
        merchant_id,
        invoice_id,
    )
    admin = await make_admin(gateway)
    [listed] = (await admin.ask("GET", "/api/admin/invoices?status=overdue")).json()["invoices"]
    assert (listed["merchantName"], listed["status"]) == ("ร้านกาแฟ", "OVERDUE")
    assert (await admin.ask("GET", f"/api/admin/invoices/{listed['id']}")).json()["invoice"] == listed
    assert (await admin.ask("GET", "/api/admin/invoices?owner=mer_0000000000001")).json()["invoices"] == []
