"""Webhooks over the native face: endpoints made, changed and tested; what was sent looked up, and sent again."""

from __future__ import annotations

import asyncio
import json
from ipaddress import ip_network
from typing import Any

from paygate.core import ids
from paygate.core.webhooks import verify_delivery
from paygate.outbound import Outbound
from paygate.services import deliveries, merchants
from paygate.services.endpoints import MOST_ENDPOINTS
from tests.faces.conftest import Gateway, serving
from tests.outbound.hostile import FORBIDDEN_HOSTS, MALFORMED
from tests.workers.world import Receiver, execute, receiver, rows, says, value

ENDPOINTS = "/api/v1/webhooks/endpoints"
EVENTS = "/api/v1/webhooks/events"
DELIVERIES = "/api/v1/webhooks/deliveries"
URL = "https://shop.example/hook"
NOBODY = "01900000-0000-7000-8000-000000000000"


async def made(gateway: Gateway, **wish: Any) -> dict[str, Any]:
    """A new endpoint: the answer's `endpoint`, secret included."""
    answer = await gateway.ask("POST", ENDPOINTS, {"url": URL, **wish})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["endpoint"])


async def listening(gateway: Gateway, sink: Receiver, **wish: Any) -> dict[str, Any]:
    """An endpoint at a receiver of this host: the server of these tests may not reach it, the sender may."""
    endpoint = await made(gateway, **wish)
    number = ids.read("we", endpoint["id"])
    await execute(gateway.ctx, "UPDATE endpoints SET url = $1 WHERE id = $2", sink.url, number)
    return endpoint


async def send_all(gateway: Gateway) -> int:
    """Send what is due, as the workers do; how many there were."""
    sent = 0
    async with Outbound(allow_networks=(ip_network("127.0.0.0/8"),), total_timeout_s=5.0) as outbound:
        while due := (await deliveries.claim(gateway.ctx, rooms={}, new_room=50, limit=100)).due:
            tries = [(one, await deliveries.send(gateway.ctx, outbound, one)) for one in due]
            await deliveries.record_all(gateway.ctx, tries)
            sent += len(due)
    return sent


async def get(gateway: Gateway, path: str) -> dict[str, Any]:
    answer = await gateway.ask("GET", path)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


# --- endpoints -----------------------------------------------------------------------------------------------------


async def test_an_endpoint_is_made_shown_once_with_its_secret_and_listed_without(gateway: Gateway) -> None:
    answer = await gateway.ask(
        "POST",
        ENDPOINTS,
        {"url": "https://SHOP.example/hook", "events": ["payment.success"], "description": "ร้าน 1", "colour": "red"},
    )
    assert answer.status_code == 201 and answer.json()["success"] is True
    endpoint = answer.json()["endpoint"]
    assert endpoint.pop("secret").startswith("whsec_")
    assert endpoint | {"id": "", "createdAt": ""} == {
        "id": "",
        "url": URL,
        "events": ["payment.success"],
        "format": "paygate",
        "description": "ร้าน 1",
        "mode": "live",
        "status": "enabled",
        "disabledAt": None,
        "disabledReason": None,
        "failingSince": None,
        "oldSecretUntil": None,
        "createdAt": "",
    }
    assert await get(gateway, f"{ENDPOINTS}/{endpoint['id']}") == {"endpoint": endpoint}
    assert await get(gateway, ENDPOINTS) == {"endpoints": [endpoint], "hasMore": False, "nextCursor": None}


async def test_a_wrong_field_is_named_and_nothing_is_written(gateway: Gateway) -> None:
    before = await gateway.counts()
    cases: list[tuple[str, dict[str, Any]]] = [
        ("url", {"url": None}),
        ("url", {"url": 5}),
        ("url", {"url": ["https://a.example/"]}),
        ("url", {"url": "http://shop.example/"}),
        ("url", {"url": "https://127.0.0.1/"}),
        ("url", {"url": "https://" + "a" * 2_100 + ".example/"}),
        ("events", {"events": []}),
        ("events", {"events": "payment.success"}),
        ("events", {"events": {"payment.success": True}}),
        ("events", {"events": [1]}),
        ("events", {"events": ["payment.paid"]}),
        ("events", {"events": ["payment.created"], "format": "gateway"}),
        ("events", {"events": ["*"] * 100}),
        ("format", {"format": "xml"}),
        ("format", {"format": 1}),
        ("description", {"description": {"a": 1}}),
        ("description", {"description": "x" * 201}),
        ("url", {"url": "https://shop.example/\u0000"}),
    ]
    for field, wrong in cases:
        answer = await gateway.ask("POST", ENDPOINTS, {"url": URL, **wrong})
        assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_REQUEST"), answer.text
        assert answer.json()["field"] == field, wrong
    assert await gateway.counts() == before


async def test_no_hostile_url_becomes_an_endpoint(gateway: Gateway) -> None:
    endpoint = await made(gateway)
    before = await gateway.counts()
    ways = (("POST", ENDPOINTS), ("PATCH", f"{ENDPOINTS}/{endpoint['id']}"))
    hostile = [f"https://{host}:8443/hook" for host in FORBIDDEN_HOSTS]
    for turn, url in enumerate((*hostile, *MALFORMED, "http://shop.example/", "http://127.0.0.1:8000/", "x" * 3_000)):
        method, path = ways[turn % 2]
        answer = await gateway.ask(method, path, json.dumps({"url": url}).encode())
        assert (answer.status_code, answer.json().get("field")) == (400, "url"), (url, answer.text)
    assert await gateway.counts() == before


async def test_the_gateways_own_address_is_no_endpoint_though_its_network_is_allowed(
    gateway: Gateway, dsn: str
) -> None:
    env = {"PAYGATE_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8,::1/128", "PAYGATE_LISTENING": "0.0.0.0:8123"}
    async with serving(dsn, PAYGATE_PUBLIC_URL="https://pay.example", **env) as base:
        for url, status in (
            ("http://127.0.0.1:8123/api/bank/x", 400),
            ("http://127.9.9.9:8123/", 400),
            ("http://2130706433:8123/", 400),
            ("http://[::ffff:127.0.0.1]:8123/", 400),
            ("http://localhost:8123/", 400),
            ("https://PAY.example/", 400),
            ("https://pay.example.:443/", 400),
            ("http://127.0.0.1:8124/", 201),
            ("https://pay.example:8443/", 201),
        ):
            headers = {"X-API-Key": gateway.world.secret_key}
            answer = await gateway.client.post(f"{base}{ENDPOINTS}", json={"url": url}, headers=headers)
            assert answer.status_code == status, (url, answer.text)


async def test_an_endpoint_is_changed_disabled_with_a_reason_and_enabled_again(gateway: Gateway) -> None:
    endpoint = await made(gateway)
    path = f"{ENDPOINTS}/{endpoint['id']}"
    await execute(gateway.ctx, "UPDATE endpoints SET failing_since = now()")

    async def patch(**change: Any) -> dict[str, Any]:
        answer = await gateway.ask("PATCH", path, change)
        assert answer.status_code == 200, answer.text
        assert "secret" not in answer.text.replace("oldSecretUntil", "")
        return dict(answer.json()["endpoint"])

    now = await patch(url="https://other.example/", events=["payment.expired", "payment.success"], description="two")
    assert (now["url"], now["events"], now["description"]) == (
        "https://other.example/",
        ["payment.expired", "payment.success"],
        "two",
    )
    now = await patch(status="disabled", disabledReason="moving")
    assert (now["status"], now["disabledReason"]) == ("disabled", "moving") and now["disabledAt"]
    assert (await patch(status="disabled", disabledReason="again"))["disabledReason"] == "moving"
    assert (await patch(description=""))["description"] is None
    now = await patch(status="enabled")
    assert (now["status"], now["disabledAt"], now["disabledReason"], now["failingSince"]) == ("enabled", *[None] * 3)
    assert (await patch(unknown=1, url=None))["url"] == "https://other.example/"
    assert (await patch(format="paygate"))["format"] == "paygate"
    for field, change in (
        ("status", {"status": "off"}),
        ("status", {"status": False}),
        ("url", {"url": "ftp://x.example/"}),
        ("events", {"events": ["x"]}),
        ("format", {"format": "stripe"}),
        ("disabledReason", {"status": "disabled", "disabledReason": "two\nlines"}),
    ):
        answer = await gateway.ask("PATCH", path, change)
        assert (answer.status_code, answer.json()["field"]) == (400, field), change


async def test_a_deleted_endpoint_is_gone_and_its_log_stays(gateway: Gateway) -> None:
    async with receiver() as sink:
        endpoint = await listening(gateway, sink)
        await gateway.create()
        await send_all(gateway)
        answer = await gateway.ask("DELETE", f"{ENDPOINTS}/{endpoint['id']}")
        assert answer.json() == {"success": True, "id": endpoint["id"], "deleted": True}
        await gateway.create()
        assert await send_all(gateway) == 0
    for method, more in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test")):
        gone = await gateway.ask(method, f"{ENDPOINTS}/{endpoint['id']}{more}", {})
        assert (gone.status_code, gone.json()["error"]) == (404, "NOT_FOUND"), method
    assert (await get(gateway, ENDPOINTS))["endpoints"] == []
    [logged] = (await get(gateway, DELIVERIES))["deliveries"]
    assert (logged["endpointId"], logged["state"]) == (endpoint["id"], "DELIVERED")
    assert await value(gateway.ctx, "SELECT secret = '' AND old_secret IS NULL FROM endpoints")


async def test_there_is_a_most_of_endpoints(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.ask("POST", ENDPOINTS, {"url": URL}) for _ in range(MOST_ENDPOINTS + 4)))
    assert sorted(answer.status_code for answer in answers) == [201] * MOST_ENDPOINTS + [409] * 4
    test = await gateway.ask("POST", ENDPOINTS, {"url": URL}, key=gateway.world.test_key)
    assert test.status_code == 201


async def test_test_mode_is_a_world_of_its_own(gateway: Gateway) -> None:
    live = await made(gateway)
    test = await gateway.ask("POST", ENDPOINTS, {"url": "http://shop.example/"}, key=gateway.world.test_key)
    assert test.json()["endpoint"]["mode"] == "test"
    assert len((await get(gateway, ENDPOINTS))["endpoints"]) == 1
    seen = await gateway.ask("GET", f"{ENDPOINTS}/{live['id']}", key=gateway.world.test_key)
    assert seen.status_code == 404


async def test_another_merchants_things_are_not_there(gateway: Gateway) -> None:
    endpoint = await made(gateway)
    await gateway.create()
    [event] = (await get(gateway, EVENTS))["events"]
    other = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    mine = await gateway.ask("POST", ENDPOINTS, {"url": URL}, key=other.live_secret_key)
    calls = [
        ("GET", f"{ENDPOINTS}/{endpoint['id']}", None),
        ("PATCH", f"{ENDPOINTS}/{endpoint['id']}", {"url": URL}),
        ("DELETE", f"{ENDPOINTS}/{endpoint['id']}", None),
        ("POST", f"{ENDPOINTS}/{endpoint['id']}/rotate", {}),
        ("POST", f"{ENDPOINTS}/{endpoint['id']}/test", {}),
        ("GET", f"{EVENTS}/{event['id']}", None),
        ("POST", f"{EVENTS}/{event['id']}/redeliver", {}),
        ("POST", f"{EVENTS}/redeliver", {"from": "2026-01-01", "to": "2099-01-01", "endpointId": endpoint["id"]}),
    ]
    before = await gateway.counts()
    for method, path, body in calls:
        answer = await gateway.ask(method, path, body, key=other.live_secret_key)
        assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), path
    answer = await gateway.ask(
        "POST", f"{EVENTS}/{event['id']}/redeliver", {"endpointId": mine.json()["endpoint"]["id"]}
    )
    assert answer.status_code == 404
    for path, name in (
        (EVENTS, "events"),
        (DELIVERIES, "deliveries"),
        (f"{DELIVERIES}?eventId={event['id']}", "deliveries"),
    ):
        answer = await gateway.ask("GET", path, key=other.live_secret_key)
        assert answer.json()[name] == []
    assert await gateway.counts() == before


async def test_public_keys_may_do_none_of_it(gateway: Gateway) -> None:
    for method, path in (
        ("GET", ENDPOINTS),
        ("POST", ENDPOINTS),
        ("PATCH", f"{ENDPOINTS}/{NOBODY}"),
        ("DELETE", f"{ENDPOINTS}/{NOBODY}"),
        ("POST", f"{ENDPOINTS}/{NOBODY}/rotate"),
        ("POST", f"{ENDPOINTS}/{NOBODY}/test"),
        ("GET", EVENTS),
        ("GET", f"{EVENTS}/{NOBODY}"),
        ("GET", DELIVERIES),
        ("POST", f"{EVENTS}/{NOBODY}/redeliver"),
        ("POST", f"{EVENTS}/redeliver"),
    ):
        answer = await gateway.ask(method, path, {}, key=gateway.world.public_key)
        assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN"), path


async def test_a_rotation_shows_the_new_secret_once_and_both_sign_for_a_day(gateway: Gateway) -> None:
    async with receiver() as sink:
        endpoint = await listening(gateway, sink)
        answer = await gateway.ask("POST", f"{ENDPOINTS}/{endpoint['id']}/rotate")
        new = answer.json()["endpoint"]
        assert answer.status_code == 200 and new["secret"] != endpoint["secret"] and new["oldSecretUntil"]
        assert await value(gateway.ctx, "SELECT old_until - now() BETWEEN '23:59' AND '24:00' FROM endpoints")
        await gateway.create()
        await send_all(gateway)
        await execute(gateway.ctx, "UPDATE endpoints SET old_until = now() - interval '1 s'")
        shown = await get(gateway, f"{ENDPOINTS}/{endpoint['id']}")
        assert shown["endpoint"]["oldSecretUntil"] is None and "secret" not in shown["endpoint"]
        await gateway.create()
        await send_all(gateway)
    during, after = sink.heard

    def found(heard: Any, secret: str) -> list[bool]:
        return list(
            verify_delivery(secret, heard.headers, heard.body, int(heard.headers["webhook-timestamp"])).values()
        )

    assert found(during, new["secret"]) == [True, True, True]
    assert found(during, endpoint["secret"]) == [False, True, True]
    assert during.headers["webhook-signature"].count("v1,") == 2
    assert during.headers["stripe-signature"].count("v1=") == 2
    assert found(after, new["secret"]) == [True, True, True]
    assert not any(found(after, endpoint["secret"]))


async def test_answers_with_a_secret_are_replayed_and_kept_sealed(gateway: Gateway) -> None:
    key = {"Idempotency-Key": "one"}
    first, again = [await gateway.ask("POST", ENDPOINTS, {"url": URL}, headers=key) for _ in range(2)]
    assert first.content == again.content and again.headers["idempotent-replayed"] == "true"
    other = await gateway.ask("POST", ENDPOINTS, {"url": "https://x.example/"}, headers=key)
    assert (other.status_code, other.json()["error"]) == (422, "IDEMPOTENCY_MISMATCH")
    endpoint = first.json()["endpoint"]
    rotate = f"{ENDPOINTS}/{endpoint['id']}/rotate"
    calls = [gateway.ask("POST", rotate, headers=key) for _ in range(10)]
    rotated = await asyncio.gather(*calls)
    assert len({answer.content for answer in rotated}) == 1 and {answer.status_code for answer in rotated} == {200}
    kept = await rows(gateway.ctx, "SELECT answer FROM idempotency_keys")
    assert len(kept) == 2
    for secret in (endpoint["secret"], rotated[0].json()["endpoint"]["secret"]):
        assert not any(secret.encode() in row["answer"] for row in kept)
    await execute(gateway.ctx, "UPDATE endpoints SET url = 'https://shop.example/'")
    test = f"{ENDPOINTS}/{endpoint['id']}/test"
    one, two = [await gateway.ask("POST", test, {}, headers=key) for _ in range(2)]
    assert one.status_code == 202 and one.content == two.content
    assert await value(gateway.ctx, "SELECT count(*) FROM events") == 1


async def test_a_test_event_goes_to_that_endpoint_alone(gateway: Gateway) -> None:
    async with receiver() as one, receiver() as two:
        asked = await listening(gateway, one, events=["payment.expired"])
        await listening(gateway, two)
        for _ in range(2):
            answer = await gateway.ask("POST", f"{ENDPOINTS}/{asked['id']}/test")
            assert answer.status_code == 202 and answer.json()["event"]["type"] == "webhook.test"
        await send_all(gateway)
    assert two.heard == []
    told = [json.loads(heard.body) for heard in one.heard]
    assert [(body["event"], body["data"]["endpointId"]) for body in told] == [("webhook.test", asked["id"])] * 2
    assert sorted(body["data"]["sequence"] for body in told) == [1, 2]
    await gateway.ask("PATCH", f"{ENDPOINTS}/{asked['id']}", {"status": "disabled"})
    answer = await gateway.ask("POST", f"{ENDPOINTS}/{asked['id']}/test")
    assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")


# --- what was sent -------------------------------------------------------------------------------------------------


async def test_events_are_listed_newest_first_by_pages_type_and_transaction(gateway: Gateway) -> None:
    payments = [await gateway.create() for _ in range(3)]
    await gateway.ask("POST", f"/api/v1/payment/{payments[1]['id']}/cancel")
    first = await get(gateway, f"{EVENTS}?limit=3")
    await gateway.create()
    second = await get(gateway, f"{EVENTS}?limit=3&cursor={first['nextCursor']}")
    assert (first["hasMore"], second["hasMore"], second["nextCursor"]) == (True, False, None)
    told = [(event["type"], event["transactionId"]) for event in first["events"] + second["events"]]
    assert told == [
        ("payment.cancelled", payments[1]["id"]),
        ("payment.created", payments[2]["id"]),
        ("payment.created", payments[1]["id"]),
        ("payment.created", payments[0]["id"]),
    ]
    cancelled = (await get(gateway, f"{EVENTS}?type=payment.cancelled"))["events"]
    assert [event["id"] for event in cancelled] == [first["events"][0]["id"]]
    about = await get(gateway, f"{EVENTS}?transactionId={payments[1]['id']}&limit=1")
    assert about["events"] == cancelled and about["hasMore"]
    rest = await get(gateway, f"{EVENTS}?transactionId={payments[1]['id']}&cursor={about['nextCursor']}")
    assert [event["type"] for event in rest["events"]] == ["payment.created"]
    assert await get(gateway, f"{EVENTS}/{cancelled[0]['id']}") == {"event": cancelled[0]}
    assert cancelled[0]["payload"]["webhookId"] == cancelled[0]["id"]
    assert (await get(gateway, f"{EVENTS}?from=2020-01-01&to=2020-12-31"))["events"] == []


async def test_a_delivery_shows_every_try_as_it_was_sent_and_answered(gateway: Gateway) -> None:
    async with receiver(says(503, b"busy \xff", Retry_After="7", X_Powered_By="tea")) as sink:
        endpoint = await listening(gateway, sink)
        payment = await gateway.create(metadata={"ร้าน": "กาแฟ"})
        await send_all(gateway)
        sink.answer = says(201, b"thanks")
        await execute(gateway.ctx, "UPDATE deliveries SET run_at = now()")
        [pending] = (await get(gateway, f"{DELIVERIES}?state=pending"))["deliveries"]
        assert (pending["state"], pending["attemptCount"]) == ("PENDING", 1) and pending["nextAttemptAt"]
        await send_all(gateway)
    [one] = (await get(gateway, f"{DELIVERIES}?endpointId={endpoint['id']}&state=delivered"))["deliveries"]
    assert (one["eventType"], one["transactionId"], one["url"]) == ("payment.created", payment["id"], sink.url)
    assert one["requestBody"].encode() == sink.heard[0].body == sink.heard[1].body
    assert (one["state"], one["attemptCount"], one["nextAttemptAt"]) == ("DELIVERED", 2, None)
    first, second = one["attempts"]
    assert (first["status"], first["responseBody"], first["error"]) == (503, "busy \ufffd", None)
    assert first["responseHeaders"]["retry-after"] == "7" and first["responseHeaders"]["x-powered-by"] == "tea"
    assert (second["status"], second["responseBody"]) == (201, "thanks") and second["latencyMs"] >= 0
    for tried, heard in zip(one["attempts"], sink.heard, strict=True):
        sent = {name.lower(): text for name, text in tried["requestHeaders"].items()}
        assert sent == {name: heard.headers[name] for name in sent} and "stripe-signature" in sent
    assert (await get(gateway, f"{DELIVERIES}?state=FAILED"))["deliveries"] == []


async def test_deliveries_are_paged_over_all_endpoints_without_gap_or_repetition(gateway: Gateway) -> None:
    for _ in range(3):
        await made(gateway)
    for _ in range(4):
        await gateway.create()
    await execute(gateway.ctx, "UPDATE deliveries SET created_at = '2026-01-01' WHERE endpoint_id IN "
                               "(SELECT id FROM endpoints ORDER BY id LIMIT 2)")  # fmt: skip
    for more in ("", "&state=pending", "&from=2025-12-31"):
        seen: list[tuple[str, str]] = []
        path = f"{DELIVERIES}?limit=5{more}"
        page = await get(gateway, path)
        while page["hasMore"]:
            seen += [(one["eventId"], one["endpointId"]) for one in page["deliveries"]]
            page = await get(gateway, f"{path}&cursor={page['nextCursor']}")
        seen += [(one["eventId"], one["endpointId"]) for one in page["deliveries"]]
        assert len(seen) == len(set(seen)) == 12
    [event, *_] = (await get(gateway, EVENTS))["events"]
    of_event = (await get(gateway, f"{DELIVERIES}?eventId={event['id']}"))["deliveries"]
    assert len(of_event) == 3 and {one["eventId"] for one in of_event} == {event["id"]}


async def test_a_wrong_question_is_told_so(gateway: Gateway) -> None:
    cases = [
        *(("limit", f"{path}?limit={wrong}") for path in (EVENTS, DELIVERIES) for wrong in ("0", "101", "x")),
        *(
            ("cursor", f"{path}?cursor={wrong}")
            for path in (EVENTS, DELIVERIES)
            for wrong in ("x", "A" * 32 + "B", "é")
        ),
        *(("from", f"{path}?from=yesterday") for path in (EVENTS, DELIVERIES)),
        ("type", f"{EVENTS}?type=payment.paid"),
        ("transactionId", f"{EVENTS}?transactionId=5"),
        ("state", f"{DELIVERIES}?state=gone"),
        ("endpointId", f"{DELIVERIES}?endpointId=we_1"),
        ("eventId", f"{DELIVERIES}?eventId=x"),
    ]
    for field, path in cases:
        answer = await gateway.ask("GET", path)
        assert (answer.status_code, answer.json()["error"], answer.json()["field"]) == (400, "INVALID_REQUEST", field)


# --- sending again -------------------------------------------------------------------------------------------------


async def test_an_event_is_sent_again_to_one_or_to_all_with_the_same_bytes_and_id(gateway: Gateway) -> None:
    async with receiver() as one, receiver() as two:
        first = await listening(gateway, one)
        second = await listening(gateway, two, events=["payment.expired"])
        await gateway.create()
        await send_all(gateway)
        [event] = (await get(gateway, EVENTS))["events"]
        path = f"{EVENTS}/{event['id']}/redeliver"
        to_all = await gateway.ask("POST", path)
        assert to_all.status_code == 202
        assert to_all.json() == {
            "success": True,
            "eventId": event["id"],
            "queued": 1,
            "endpointIds": [first["id"]],
        }
        await send_all(gateway)
        to_one = await gateway.ask("POST", path, {"endpointId": second["id"]})  # It asked by name: it is told.
        assert to_one.json()["endpointIds"] == [second["id"]]
        await send_all(gateway)
    assert len(one.heard) == 2 and len({heard.body for heard in one.heard + two.heard}) == 1
    assert {heard.event_id for heard in one.heard + two.heard} == {event["id"]}
    assert len(two.heard) == 1
    for body, field in (({"endpointId": 5}, "endpointId"), ({"endpointId": "x"}, "endpointId")):
        answer = await gateway.ask("POST", path, body)
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    for unknown in (f"{EVENTS}/{NOBODY}/redeliver", f"{EVENTS}/x/redeliver"):
        assert (await gateway.ask("POST", unknown)).status_code == 404


async def test_a_delivery_sent_again_has_the_whole_schedule_before_it(gateway: Gateway) -> None:
    async with receiver(says(500)) as sink:
        await listening(gateway, sink)
        await gateway.create()
        for _ in range(10):
            assert await send_all(gateway) == 1
            await execute(gateway.ctx, "UPDATE deliveries SET run_at = now()")
        assert await send_all(gateway) == 0
        [failed] = (await get(gateway, f"{DELIVERIES}?state=failed"))["deliveries"]
        assert failed["attemptCount"] == len(failed["attempts"]) == 10
        await gateway.ask("POST", f"{EVENTS}/{failed['eventId']}/redeliver")
        assert await send_all(gateway) == 1
        assert await value(gateway.ctx, "SELECT extract(epoch FROM run_at - now()) BETWEEN 3 AND 6 FROM deliveries")
        sink.answer = says(200)
        await execute(gateway.ctx, "UPDATE deliveries SET run_at = now()")
        await send_all(gateway)
    [done] = (await get(gateway, DELIVERIES))["deliveries"]
    assert (done["state"], [tried["attempt"] for tried in done["attempts"]]) == ("DELIVERED", list(range(1, 13)))


async def test_what_failed_in_a_span_is_sent_again_and_nothing_else(gateway: Gateway) -> None:
    async with receiver(says(410)) as sink:
        endpoint = await listening(gateway, sink)
        for _ in range(3):
            await gateway.create()
        await send_all(gateway)
        span = {"from": "2020-01-01", "to": "2099-12-31"}
        assert (await gateway.ask("POST", f"{EVENTS}/redeliver", span)).json()["queued"] == 0  # It is disabled.
        named = await gateway.ask("POST", f"{EVENTS}/redeliver", {**span, "endpointId": endpoint["id"]})
        assert (named.status_code, named.json()["error"]) == (409, "CONFLICT")
        sink.answer = says(200)
        await gateway.ask("PATCH", f"{ENDPOINTS}/{endpoint['id']}", {"status": "enabled"})
        early = {"from": "2020-01-01", "to": "2020-01-02"}
        assert (await gateway.ask("POST", f"{EVENTS}/redeliver", early)).json()["queued"] == 0
        answer = await gateway.ask("POST", f"{EVENTS}/redeliver", span)
        assert answer.status_code == 202
        assert answer.json() == {"success": True, "queued": 3, "hasMore": False, "nextCursor": None}
        await send_all(gateway)
        assert (await gateway.ask("POST", f"{EVENTS}/redeliver", span)).json()["queued"] == 0
    assert len({heard.event_id for heard in sink.heard}) == 3


async def test_all_of_a_span_is_sent_again_even_what_a_disabled_endpoint_missed(gateway: Gateway) -> None:
    async with receiver() as sink, receiver() as callbacks:
        endpoint = await listening(gateway, sink)
        await listening(gateway, callbacks, format="gateway")
        await gateway.create()
        await send_all(gateway)
        path = f"{ENDPOINTS}/{endpoint['id']}"
        await gateway.ask("PATCH", path, {"status": "disabled"})
        missed = await gateway.create()
        assert await send_all(gateway) == 0
        await gateway.ask("PATCH", path, {"status": "enabled"})
        span = {"from": "2020-01-01", "to": "2099-12-31", "states": "all", "endpointId": endpoint["id"]}
        key = {"Idempotency-Key": "span"}
        answers = [await gateway.ask("POST", f"{EVENTS}/redeliver", span, headers=key) for _ in range(2)]
        assert answers[0].json()["queued"] == 2 and answers[0].content == answers[1].content
        await send_all(gateway)
    told = [json.loads(heard.body)["data"]["transactionId"] for heard in sink.heard]
    assert len(told) == 3 and told.count(missed["id"]) == 1
    assert callbacks.heard == []  # Its format has no words for payment.created.


async def test_a_long_span_goes_by_pages(gateway: Gateway) -> None:
    await made(gateway)
    await gateway.create()
    await execute(
        gateway.ctx,
        """INSERT INTO events (merchant_id, mode, id, type, subject_id, sequence, body, created_at)
           SELECT $1, 'live', gen_random_uuid(), 'payment.success', gen_random_uuid(), n, '{}',
                  now() - n * interval '1 s'
             FROM generate_series(1, 1500) n""",
        gateway.world.merchant_id,
    )
    span = {"from": "2020-01-01", "to": "2099-12-31", "states": "all"}
    first = (await gateway.ask("POST", f"{EVENTS}/redeliver", span)).json()
    assert (first["queued"], first["hasMore"]) == (1_000, True)
    second = (await gateway.ask("POST", f"{EVENTS}/redeliver", {**span, "cursor": first["nextCursor"]})).json()
    assert (second["queued"], second["hasMore"], second["nextCursor"]) == (501, False, None)
    assert await value(gateway.ctx, "SELECT count(*) FROM deliveries WHERE state = 'DUE'") == 1_501


async def test_a_wrong_span_is_told_so(gateway: Gateway) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("from", {"from": None}),
        ("from", {"from": "soon"}),
        ("from", {"from": 20260101}),
        ("to", {"to": None}),
        ("to", {"to": "2025-01-01", "from": "2026-01-01"}),
        ("states", {"states": "some"}),
        ("states", {"states": ["all"]}),
        ("cursor", {"cursor": "x"}),
        ("endpointId", {"endpointId": "x"}),
    ]
    for field, wrong in cases:
        answer = await gateway.ask("POST", f"{EVENTS}/redeliver", {"from": "2026-01-01", "to": "2026-02-01", **wrong})
        assert (answer.status_code, answer.json().get("field")) == (400, field), answer.text
