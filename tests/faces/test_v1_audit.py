"""What is done by the API to money and access is in the audit log: who, what, from where, before and after."""

from __future__ import annotations

import json
from typing import Any

import httpx2

from paygate.core import ids
from paygate.services import audit, keys
from tests.faces.conftest import Gateway

V1 = "/api/v1"


async def told(gateway: Gateway, answer: httpx2.Response) -> list[dict[str, Any]]:
    """The rows that one request wrote."""
    found = await audit.list_records(gateway.ctx, gateway.world.merchant_id, limit=100)
    return [
        {
            "actor": one.record.actor,
            "action": one.record.action,
            "subject": one.record.subject,
            "address": str(one.record.address),
            "before": one.record.before and json.loads(one.record.before),
            "after": json.loads(one.record.after or "{}"),
            "credential": one.record.credential,
        }
        for one in found
        if one.record.request_id == answer.headers["request-id"]
    ]


async def test_every_act_is_told_with_who_from_where_and_what_changed(gateway: Gateway) -> None:
    [key] = [
        one
        for one in await keys.list_keys(gateway.ctx, gateway.world.merchant_id)
        if (one.kind, one.mode) == ("secret", "live")
    ]
    url = "https://shop.example/hook"
    payment = await gateway.create()
    acts: list[tuple[str, str, object]] = [
        ("POST", f"/payment/{payment['id']}/cancel", None),
        ("POST", "/webhooks/endpoints", {"url": f"{url}?token=hunter2"}),
    ]
    seen = []
    for method, path, body in acts:
        answer = await gateway.ask(method, V1 + path, body)
        [row] = await told(gateway, answer)
        seen.append(row)
    endpoint = answer.json()["endpoint"]["id"]
    event = (await gateway.ask("GET", f"{V1}/webhooks/events")).json()["events"][0]["id"]
    span = {"from": "2026-01-01", "to": "2100-01-01", "states": "all"}
    for method, path, body in (
        ("PATCH", f"/webhooks/endpoints/{endpoint}", {"events": ["payment.success"]}),
        ("POST", f"/webhooks/endpoints/{endpoint}/rotate", None),
        ("POST", f"/webhooks/events/{event}/redeliver", {"endpointId": endpoint}),
        ("POST", "/webhooks/events/redeliver", span),
        ("DELETE", f"/webhooks/endpoints/{endpoint}", None),
    ):
        answer = await gateway.ask(method, V1 + path, body)
        [row] = await told(gateway, answer)
        seen.append(row)
    assert [row["action"] for row in seen] == [
        *("payment.cancel", "webhook.add", "webhook.update", "webhook.rotate", "webhook.redeliver"),
        *("webhook.redeliver", "webhook.delete"),
    ]
    assert {row["address"] for row in seen} == {"127.0.0.1"}
    assert {row["actor"] for row in seen} == {f"key:{ids.show('key', key.id)}"}
    assert {row["credential"] for row in seen} == {f"sk_live_...{gateway.world.secret_key[-4:]}"}
    assert seen[0]["subject"] == f"payment:{payment['id']}"
    assert (seen[0]["before"], seen[0]["after"]) == ({"status": "PENDING"}, {"mode": "live", "status": "CANCELLED"})
    assert seen[1]["after"]["url"] == url, "a query may hold a token"
    assert (seen[2]["before"]["events"], seen[2]["after"]["events"]) == (["*"], ["payment.success"])
    assert seen[4]["after"] == {"mode": "live", "endpoints": [endpoint]}
    assert seen[5]["after"]["everything"] is True
    assert (await audit.verify(gateway.ctx)).whole


async def test_what_changes_nothing_and_what_is_refused_leaves_no_row(gateway: Gateway) -> None:
    payment = await gateway.create()
    path = f"{V1}/payment/{payment['id']}/cancel"
    headers = {"Idempotency-Key": "once"}
    assert len(await told(gateway, await gateway.ask("POST", path, headers=headers))) == 1
    for again in (
        await gateway.ask("POST", path, headers=headers),
        await gateway.ask("POST", path),
        await gateway.ask("POST", f"{V1}/payment/01900000-0000-7000-8000-000000000000/cancel"),
        await gateway.ask("POST", f"{V1}/webhooks/endpoints", {"url": "ftp://x"}),
    ):
        assert await told(gateway, again) == []
