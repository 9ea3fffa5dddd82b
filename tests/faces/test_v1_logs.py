"""GET /api/v1/logs: what a merchant finds out about its own requests, and nothing that anybody sent."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from paygate.core import ids
from paygate.services import sessions, sources, system_log
from paygate.services.system_log import Page
from tests.faces.conftest import Gateway, serving
from tests.faces.people import OWNER, make_person
from tests.services.helpers import sql

V1 = "/api/v1"


async def logs(gateway: Gateway, query: str = "", **how: Any) -> list[dict[str, Any]]:
    answer = await gateway.ask("GET", f"{V1}/logs?limit=100&{query}", **how)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["logs"]
    return found


async def test_a_refused_request_is_found_by_the_id_of_its_answer(gateway: Gateway) -> None:
    refused = await gateway.ask("POST", f"{V1}/payment/create", {"amount": "150"})
    [line] = await logs(gateway, f"requestId={refused.headers['request-id']}")
    tail = gateway.world.secret_key[-4:]
    assert line | {"id": "", "at": "", "durationMs": 0, "actor": ""} == {
        "id": "",
        "at": "",
        "level": "warn",
        "source": "http",
        "message": "POST /api/v1/payment/create: 400 INVALID_REQUEST (amount)",
        "mode": "live",
        "requestId": refused.headers["request-id"],
        "method": "POST",
        "path": f"{V1}/payment/create",
        "status": 400,
        "durationMs": 0,
        "actor": "",
        "credential": f"sk_live_...{tail}",
        "subject": None,
        "times": 1,
    }
    assert line["actor"].startswith("key:key_") and line["durationMs"] >= 0


async def test_a_method_that_an_address_has_not_is_told_with_the_address(gateway: Gateway) -> None:
    refused = await gateway.ask("PUT", f"{V1}/payment/create", {})
    assert refused.status_code == 405
    found = await gateway.ask("GET", f"{V1}/logs?requestId={refused.headers['request-id']}")
    assert found.json()["logs"] == []  # Nobody's: who asks is not looked at where there is nothing to ask for.
    central = await system_log.listed(gateway.ctx, 0, "live", Page(request_id=refused.headers["request-id"]))
    assert [line.message for line in central] == [f"PUT {V1}/payment/create: 405 METHOD_NOT_ALLOWED"]


async def test_answers_that_were_kept_and_dry_runs_say_so(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "order-1"}
    for _ in range(2):
        made = await gateway.ask("POST", f"{V1}/payment/create", {"amount": 150}, headers=headers)
        assert made.status_code == 201
    told = [one["message"] for one in await logs(gateway, "source=http")]
    assert told[:2] == [f"POST {V1}/payment/create: 201 REPLAYED", f"POST {V1}/payment/create: 201"]
    made_source = await sources.add(gateway.ctx, account_id=gateway.world.account_id, kind="notice")
    notice = {"text": "OTP 123456", "sender": "SCB", "receivedAt": "2026-11-20T10:00:00+07:00"}
    way = f"{ids.show('src', made_source.id)}?dryRun=1"
    assert (await gateway.tell(notice, source=way, secret=made_source.secret)).status_code == 200
    await logs(gateway)  # The server writes down what it noted.
    central = await system_log.listed(gateway.ctx, 0, "live", Page())
    assert any(line.message.endswith(": 200 DRY_RUN") for line in central)


async def test_what_was_made_is_told_by_the_request_the_event_and_the_audit_log(gateway: Gateway) -> None:
    made = await gateway.create()
    cancelled = await gateway.ask("POST", f"{V1}/payment/{made['id']}/cancel")
    newest = [(one["source"], one["message"]) for one in (await logs(gateway))[:5]]
    assert sorted(newest) == [
        ("audit", f"payment.cancel payment:{made['id']}"),
        ("http", f"POST {V1}/payment/{made['id']}/cancel: 200"),
        ("http", f"POST {V1}/payment/create: 201"),
        ("payment", f"payment.cancelled {made['id']}"),
        ("payment", f"payment.created {made['id']}"),
    ]
    found = await logs(gateway, f"requestId={cancelled.headers['request-id']}")
    assert {one["source"] for one in found} == {"http", "audit"}


async def test_pages_go_on_where_they_ended(gateway: Gateway) -> None:
    for _ in range(5):
        await gateway.create()
    whole = [one["id"] for one in await logs(gateway)]
    seen: list[str] = []
    query = ""
    while True:
        answer = (await gateway.ask("GET", f"{V1}/logs?limit=3{query}")).json()
        seen += [one["id"] for one in answer["logs"]]
        if not answer["hasMore"]:
            break
        query = f"&cursor={answer['nextCursor']}"
    assert seen == whole and len(whole) >= 10


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("level=fatal", "level"),
        ("source=disk", "source"),
        ("requestId=x", "requestId"),
        ("limit=0", "limit"),
        ("from=yesterday", "from"),
        ("cursor=AAAA", "cursor"),
    ],
)
async def test_a_wrong_question_names_the_field(gateway: Gateway, query: str, field: str) -> None:
    answer = await gateway.ask("GET", f"{V1}/logs?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_another_shop_and_the_other_mode_see_nothing_of_it(gateway: Gateway) -> None:
    await gateway.create()
    await gateway.ask("POST", f"{V1}/payment/create", {}, key=gateway.world.test_key)
    assert {one["mode"] for one in await logs(gateway)} == {"live"}
    [line] = await logs(gateway, "source=http", key=gateway.world.test_key)
    assert (line["mode"], line["status"]) == ("test", 400)
    nobodys = await gateway.ask("POST", f"{V1}/payment/create", {}, key=None)
    assert nobodys.status_code == 401
    assert not await logs(gateway, f"requestId={nobodys.headers['request-id']}")


async def test_what_nobody_known_asked_is_in_the_operators_log(gateway: Gateway, dsn: str) -> None:
    """Written by the server's own chore; the test's process knows nothing of it."""
    async with serving(dsn) as base, httpx2.AsyncClient(base_url=base, timeout=30, trust_env=False) as client:
        for path in (f"{V1}/transactions", "/somebody@example.com?key=hunter2hunter2"):
            await client.get(path, headers={"X-API-Key": "sk_live_no"})
    found = await system_log.listed(gateway.ctx, 0, "live", Page())  # It writes the last of it as it ends.
    assert sorted(one.message for one in found if one.source == "http") == [
        "GET /api/v1/transactions: 401 UNAUTHORIZED",
        "GET an unknown address: 404 NOT_FOUND",
    ]


async def test_a_wrong_password_is_in_the_log_of_the_merchant_whose_person_it_was_tried_on(gateway: Gateway) -> None:
    refused = await (await make_person(gateway, OWNER, "owner")).try_login(password="not the password at all")
    assert (refused.status_code, refused.json()["message"]) == (401, sessions.WRONG)
    [line] = await logs(gateway, f"requestId={refused.headers['request-id']}")
    assert (line["message"], line["level"]) == ("POST /api/auth/login: 401 UNAUTHORIZED", "warn")


async def test_nothing_that_was_sent_is_in_it(gateway: Gateway) -> None:
    marks = ["somchai@example.com", "hunter2hunter2", "ORDER-SECRET", "0812345678", "sk_live_" + "a" * 33]
    made = await gateway.create(orderId=marks[2], customerEmail=marks[0], metadata={marks[3]: marks[1]})
    await gateway.ask("GET", f"{V1}/payment/order/{marks[0]}")
    await gateway.ask("GET", f"{V1}/payment/{marks[4]}?q={marks[1]}")
    await gateway.ask("POST", f"{V1}/payment/create", {"amount": 150, "metadata": {marks[3]: {marks[3]: 1e400}}})
    await gateway.ask("POST", f"{V1}/payment/{made['id']}/cancel", headers={"Idempotency-Key": "x" * 300})
    await gateway.ask("POST", f"{V1}/webhooks/endpoints", {"url": f"https://x.example/{marks[1]}"})
    assert len(await logs(gateway)) >= 7
    text = str([dict(row) for row in await sql(gateway.ctx, "SELECT * FROM system_log")]) + str(await logs(gateway))
    assert not [mark for mark in [*marks, made["clientSecret"]] if mark in text]
