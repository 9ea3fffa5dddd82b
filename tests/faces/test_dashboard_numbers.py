"""What a merchant's people see of their money, over real HTTP: numbers, balance, settlements, refunds, reviews."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from paygate.core import ids
from paygate.core.credits import BANGKOK
from paygate.services import accounts, audit, installation, merchants, sources
from tests.faces.conftest import Gateway
from tests.faces.people import Someone, make_admin, make_person
from tests.faces.test_v1_settlements import earn, settle_to
from tests.services.helpers import sql


async def an_owner(gateway: Gateway, merchant_id: int | None = None) -> Someone:
    email = f"boss{merchant_id or ''}@shop.example"
    return await (await make_person(gateway, email, "owner", merchant_id)).login()


async def stats(someone: Someone, query: str = "") -> dict[str, Any]:
    answer = await someone.ask("GET", f"/api/stats{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_numbers_of_a_day_are_those_of_its_payments(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    await earn(gateway, 1000)
    await earn(gateway, 500)
    await gateway.create(amount=150)
    cancelled = await gateway.create(amount=40)
    await owner.ask("POST", f"/api/payment/{cancelled['id']}/cancel")
    found = await stats(owner)
    today = datetime.now(BANGKOK).date().isoformat()
    assert (found["from"], found["to"], found["by"], found["mode"]) == (today, today, "hour", "live")
    assert found["payments"] == 4 and found["byStatus"]["PAID"] == {"payments": 2, "amount": 1500}
    assert found["byStatus"]["PENDING"] == {"payments": 1, "amount": 150}
    assert found["byStatus"]["CANCELLED"] == {"payments": 1, "amount": 40}
    assert found["byStatus"]["REVERSED"] == {"payments": 0, "amount": 0}
    assert found["successRate"] == round(2 / 3, 4)
    assert (found["received"], found["fees"], found["vat"], found["net"]) == (1500, 45, 0, 1455)
    assert 0 <= found["medianSecondsToPay"] < 60
    assert len(found["series"]) == 24 and sum(one["payments"] for one in found["series"]) == 4
    assert sum(one["net"] for one in found["series"]) == 1455
    assert datetime.fromisoformat(found["series"][0]["at"]).astimezone(BANGKOK).hour == 0
    week = await stats(owner, "?period=week")
    assert len(week["series"]) == 7 and week["by"] == "day" and week["series"][-1]["paid"] == 2
    assert (await stats(owner, "?mode=test"))["payments"] == 0


async def test_a_day_begins_at_midnight_in_bangkok_and_one_that_is_over_counts_what_expired(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    made = [await gateway.create(amount=100 + n) for n in range(3)]
    midnight = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)  # 2 March begins in Bangkok.
    for one, at in zip(made, (midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=25)), strict=True):
        await sql(
            gateway.ctx,
            "UPDATE payments SET created_at = $2::timestamptz, expires_at = $2::timestamptz + interval '15 min'"
            " WHERE id = $1::uuid",
            one["id"],
            at,
        )
    found = await stats(owner, "?from=2026-03-01&to=2026-03-03")
    assert [one["payments"] for one in found["series"]] == [1, 1, 1]
    assert found["byStatus"]["EXPIRED"] == {"payments": 3, "amount": 303} and found["successRate"] == 0
    assert found["medianSecondsToPay"] is None
    hours = await stats(owner, "?from=2026-03-02&to=2026-03-02&by=hour")
    assert [one["payments"] for one in hours["series"]] == [1] + [0] * 23
    assert (await stats(owner, "?from=2026-03-02&to=2026-03-02&by=day"))["payments"] == 1


async def test_a_span_that_is_none_or_too_long_is_refused_by_name(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    for query, field in (
        ("?from=2026-03-02&to=2026-03-01", "from"),
        ("?from=2026-01-01&to=2026-12-31", "from"),
        ("?from=2026-03-01&to=2026-03-20&by=hour", "by"),
        ("?period=year", "period"),
        ("?from=yesterday", "from"),
        ("?to=9999-12-31", "to"),
        ("?mode=both", "mode"),
    ):
        answer = await owner.ask("GET", f"/api/stats{query}")
        assert (answer.status_code, answer.json()["field"]) == (400, field), query


async def test_an_owner_sees_the_balance_takes_money_out_and_gives_some_back(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    await earn(gateway, 1000)
    await settle_to(gateway)
    assert (await owner.ask("GET", "/api/balance")).json()["available"] == 970
    headers = {"Authorization": f"Bearer {owner.token}", "Idempotency-Key": "out"}
    first, again = [
        await gateway.ask("POST", "/api/settlements", {"amount": 500}, key=None, headers=headers) for _ in "12"
    ]
    assert first.status_code == 201 and first.content == again.content
    asked = first.json()["settlement"]
    assert (await owner.ask("GET", f"/api/settlements/{asked['id']}")).json()["settlement"]["status"] == "REQUESTED"
    assert (await owner.ask("POST", f"/api/settlements/{asked['id']}/cancel")).status_code == 200
    assert len((await owner.ask("GET", "/api/settlements")).json()["settlements"]) == 1
    payment = (await owner.ask("GET", "/api/transactions")).json()["transactions"][0]["id"]
    shown = await owner.ask("GET", f"/api/payment/{payment}")
    assert shown.json()["transaction"]["status"] == "PAID" and shown.json()["transaction"]["netAmount"] == 970
    refund = (await owner.ask("POST", f"/api/payment/{payment}/refund", {"amount": 100})).json()["refund"]
    payee = {"payee": {"promptpay": "0899999999", "name": "Somchai"}}
    assert (await owner.ask("POST", f"/api/refunds/{refund['id']}/payee", payee)).status_code == 200
    assert (await owner.ask("GET", f"/api/refunds/{refund['id']}")).json()["refund"]["payee"]["name"] == "Somchai"
    assert (await owner.ask("POST", f"/api/refunds/{refund['id']}/cancel")).status_code == 200
    log = (await owner.ask("GET", "/api/audit?limit=20")).json()
    acts = {one["action"]: one["actor"] for one in log["records"]}
    assert {"settlement.request", "settlement.cancel", "refund.request"} <= set(acts)
    assert all(acts[act].startswith("user:usr_") for act in acts if act.split(".")[0] in {"settlement", "refund"}), acts


async def a_direct_shop(gateway: Gateway) -> tuple[int, Someone, Any]:
    """A merchant whose money arrives on its own account, its owner, and the source that speaks for the account."""
    await installation.check(gateway.ctx)
    made = await merchants.create(
        gateway.ctx, email="d@shop.example", name="Direct", plan="pro", promptpay="0891111111", approve=True
    )
    [account] = [one for one in await accounts.list_accounts(gateway.ctx, made.merchant_id) if one.mode == "live"]
    source = await sources.add(gateway.ctx, account_id=account.id, kind="generic")
    return made.merchant_id, await an_owner(gateway, made.merchant_id), source


async def hear(gateway: Gateway, source: Any, amount: float, reference: str) -> httpx2.Response:
    at = datetime.now(UTC).isoformat()
    body = {"amount": amount, "occurredAt": at, "sendingBank": "014", "transRef": reference}
    return await gateway.tell(body, secret=source.secret, source=ids.show("src", source.id))


async def test_a_direct_merchant_decides_its_own_reviews_once(gateway: Gateway) -> None:
    _, owner, source = await a_direct_shop(gateway)
    link = (await owner.ask("POST", "/api/payment/create-link", {"amount": 200})).json()["transaction"]["id"]
    assert (await hear(gateway, source, 199.5, "ORPHAN-1")).json()["outcome"] in {"REVIEW", "ORPHAN"}
    [waiting] = (await owner.ask("GET", "/api/reviews")).json()["reviews"]
    assert waiting["amount"] == 199.5 and waiting["closedAt"] is None
    shown = (await owner.ask("GET", f"/api/reviews/{waiting['id']}")).json()["review"]
    assert "match" in shown["actions"] and shown["credit"]["references"] == ["ORPHAN-1"]
    assert link in {one["transactionId"] for one in shown["candidates"]}
    way = f"/api/reviews/{waiting['id']}/resolve"
    for wrong, field in (({}, "action"), ({"action": "pay"}, "action"), ({"action": "match"}, "reason")):
        refused = await owner.ask("POST", way, wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, field)
    short = await owner.ask("POST", way, {"action": "match", "reason": "It is theirs", "transactionId": link})
    assert (short.status_code, "missing" in short.json()["message"]) == (409, True)
    wish = {"action": "refund-orphan", "reason": "Nobody knows them"}
    done = await asyncio.gather(*(owner.ask("POST", way, wish) for _ in range(5)))
    assert sorted(one.status_code for one in done) == [200, 409, 409, 409, 409]
    [good] = [one.json() for one in done if one.status_code == 200]
    assert (good["action"], good["creditState"]) == ("refund-orphan", "REFUND_DUE")
    assert (await owner.ask("GET", "/api/reviews")).json()["reviews"] == []
    [closed] = (await owner.ask("GET", "/api/reviews?state=closed")).json()["reviews"]
    assert closed["resolvedBy"].startswith("user:usr_") and closed["resolveReason"] == wish["reason"]
    assert (await owner.ask("GET", f"/api/reviews/{waiting['id']}/picture")).status_code == 404


async def test_the_central_queue_is_nobodys_but_the_operators(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    at = datetime.now(UTC).isoformat()
    await gateway.tell({"amount": 77, "occurredAt": at, "sendingBank": "014", "transRef": "CENTRAL"})
    [review] = await sql(gateway.ctx, "SELECT id FROM reviews")
    named = ids.show("rev", review["id"])
    assert (await owner.ask("GET", "/api/reviews")).json()["reviews"] == []
    assert (await owner.ask("GET", f"/api/reviews/{named}")).status_code == 404
    wish = {"action": "reject", "reason": "x"}
    assert (await owner.ask("POST", f"/api/reviews/{named}/resolve", wish)).status_code == 404
    assert (await sql(gateway.ctx, "SELECT closed_at FROM reviews"))[0]["closed_at"] is None


async def test_a_direct_merchant_reads_its_invoices_and_pays_one(gateway: Gateway) -> None:
    merchant_id, owner, _ = await a_direct_shop(gateway)
    invoice_id = gateway.ctx.new_id()
    await sql(
        gateway.ctx,
        """INSERT INTO fee_invoices (merchant_id, mode, id, number, month, fee_satang, vat_satang, credit_satang,
                                     due_on, issued_at)
           VALUES ($1, 'live', $2, 'INV-0001', '2026-01-01', 6000, 420, 0, '2026-02-10', now())""",
        merchant_id,
        invoice_id,
    )
    [listed] = (await owner.ask("GET", "/api/invoices?status=overdue")).json()["invoices"]
    assert (listed["number"], listed["status"], listed["toPay"], listed["month"]) == (
        "INV-0001",
        "OVERDUE",
        64.2,
        "2026-01",
    )
    one = (await owner.ask("GET", f"/api/invoices/{listed['id']}")).json()
    assert one["invoice"] == listed and one["days"] == []
    assert (listed["taxNumber"], listed["withheld"], listed["certificate"]) == (None, 0, None)
    page = await owner.ask("GET", f"/api/invoices/{listed['id']}/print?lang=en")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "<h1>Fee invoice INV-0001</h1>" in page.text and "64.20" in page.text
    assert "script" not in page.headers["content-security-policy"]
    first, again = [await owner.ask("POST", f"/api/invoices/{listed['id']}/pay") for _ in "12"]
    assert first.status_code == 200 and first.json() == again.json()
    assert first.json()["qrPayload"].startswith("000201") and first.json()["payableAmount"] == 64.2
    stranger = await an_owner(gateway)
    for method, path in (("GET", ""), ("GET", "/print"), ("POST", "/pay")):
        assert (await stranger.ask(method, f"/api/invoices/{listed['id']}{path}")).status_code == 404
    assert (await stranger.ask("GET", "/api/invoices")).json()["invoices"] == []


async def test_the_audit_log_is_read_in_pages(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    for name in "abcde":
        await owner.ask("PATCH", "/api/merchant/me", {"name": name})
    seen, path = [], "/api/audit?action=merchant.update&limit=2"
    before = ""
    while True:
        page = (await owner.ask("GET", path + before)).json()
        seen += page["records"]
        if not page["hasMore"]:
            break
        before = f"&before={page['nextCursor']}"
    assert [one["after"]["name"] for one in seen] == list("edcba") and seen[0]["before"] == {"name": "d"}
    assert {one["address"] for one in seen} == {"127.0.0.1"}
    assert (await audit.verify(gateway.ctx)).whole
    wrong = await owner.ask("GET", "/api/audit?before=x")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "before")
    admin = await make_admin(gateway)
    assert (await admin.ask("GET", "/api/audit")).status_code == 403


async def test_an_owner_says_where_the_money_shall_go_and_proves_to_be_the_owner(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    way, there = "/api/payout-destination", {"bank": "014", "account": "4061234567", "name": "ร้านกาแฟ"}
    assert (await owner.ask("GET", way)).json()["destination"] is None
    for wrong, status, field in (
        ({"password": "not it at all"}, 403, "password"),
        ({"account": "12"}, 400, "account"),
        ({"bank": "999"}, 400, "bank"),
        ({"promptpay": "0012345678"}, 400, "promptpay"),
        ({"promptpay": "1234567890123"}, 400, "promptpay"),
        ({"name": None}, 400, "name"),
    ):
        refused = await owner.ask("POST", way, there | {"password": owner.password} | wrong)
        assert (refused.status_code, refused.json()["field"]) == (status, field), wrong
    made = (await owner.ask("POST", way, there | {"password": owner.password})).json()["destination"]
    assert (made["account"], made["bank"], made["promptpay"]) == ("xxxxxx4567", "014", None)
    assert (await owner.ask("GET", way)).json()["destination"] == made
    await owner.set_up_codes()
    other = {"promptpay": "0899999999", "name": "ร้านกาแฟ", "password": owner.password}
    assert (await owner.ask("POST", way, other)).json()["error"] == "TOTP_REQUIRED"
    moved = (await owner.ask("POST", way, other | {"code": owner.code()})).json()["destination"]
    waits = datetime.fromisoformat(moved["usableAt"]) - datetime.now(UTC)
    assert timedelta(hours=23) < waits <= timedelta(hours=24)
    [change, _] = (await owner.ask("GET", "/api/audit?action=merchant.payout_destination")).json()["records"]
    assert change["actor"].startswith("user:usr_") and change["after"]["promptpay"].endswith("899999999")


async def test_a_month_in_the_books_is_the_ledgers_and_ones_own(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    await earn(gateway, 1000)
    month = f"{datetime.now(BANGKOK):%Y-%m}"
    found = (await owner.ask("GET", f"/api/statements/{month}")).json()
    assert (found["opening"], found["closing"]) == ({"balance": 0, "owed": 0}, {"balance": 970, "owed": 0})
    assert found["changes"] == [{"kind": "payment.paid", "bookings": 1, "balance": 970, "owed": 0}]
    assert (await owner.ask("GET", f"/api/statements/{month}?mode=test")).json()["changes"] == []
    assert (await owner.ask("GET", "/api/statements/november")).json()["field"] == "month"
    merchant = ids.show_merchant(gateway.world.merchant_id)
    admin = await make_admin(gateway)
    same = (await admin.ask("GET", f"/api/admin/merchants/{merchant}/statements/{month}")).json()
    assert same == found
    unknown = await admin.ask("GET", f"/api/admin/merchants/mer_0000000000001/statements/{month}")
    assert unknown.status_code == 404
