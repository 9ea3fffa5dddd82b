"""Receivers of every temper, together: what becomes of a delivery to each, and what the log says of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from paygate import telemetry
from paygate.core.webhooks import MAX_RETRY_AFTER_S
from paygate.outbound import Outbound
from paygate.services import deliveries
from paygate.services.context import Context
from tests.outbound.hostile import FORBIDDEN_HOSTS, LOCAL
from tests.outbound.test_client import certificate
from tests.workers.world import (
    delivery,
    execute,
    make_delivery,
    make_endpoint,
    make_merchant,
    receiver,
    rows,
    says,
    tries,
    value,
)

TIMEOUT_S = 1.0
Temper = Callable[[asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
async def merchant(ctx: Context) -> None:
    await make_merchant(ctx)


def writes(raw: bytes) -> Temper:
    async def temper(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return temper


async def hangs(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def resets(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def drips(first: bytes) -> Temper:
    async def temper(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    return temper


@asynccontextmanager
async def animal(temper: Temper, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A receiver that reads each request and then does what its temper says; its address."""
    tasks = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                await reader.readexactly(int(length.partition(b":")[2]))
                await temper(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


HUGE = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"y" * 3_000_000
TARDY = says(429, b"slow down", Retry_After="600")
NEVER = says(503, b"", Retry_After="99999999")

# temper -> state, HTTP status, words of the error, seconds until the next try
ZOO: dict[str, tuple[Temper, str, int | None, str | None, tuple[float, float] | None]] = {
    "200": (writes(says(200)), "DELIVERED", 200, None, None),
    "201": (writes(says(201)), "DELIVERED", 201, None, None),
    "204 without a body": (writes(b"HTTP/1.1 204 No Content\r\n\r\n"), "DELIVERED", 204, None, None),
    "301": (writes(says(301, b"", Location="http://169.254.169.254/")), "DUE", 301, "Redirects", (4, 6)),
    "410": (writes(says(410)), "DEAD", 410, "410 Gone", None),
    "429 with a wish": (writes(TARDY), "DUE", 429, None, (598, 600)),
    "429 without one": (writes(says(429)), "DUE", 429, None, (3, 6)),
    "a wish without end": (writes(NEVER), "DUE", 503, None, (MAX_RETRY_AFTER_S - 5, MAX_RETRY_AFTER_S)),
    "500": (writes(says(500)), "DUE", 500, None, (3, 6)),
    "404": (writes(says(404)), "DUE", 404, None, (3, 6)),
    "drips its head": (drips(b"HTTP/1.1 200 "), "DUE", None, "No answer came in time.", (3, 6)),
    "drips its body": (
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        "DELIVERED",
        200,
        None,
        None,
    ),
    "hangs": (hangs, "DUE", None, "No answer came in time.", (3, 6)),
    "resets": (resets, "DUE", None, "closed", (3, 6)),
    "a huge body": (writes(HUGE), "DELIVERED", 200, None, None),
    "no HTTP": (writes(b"220 smtp.example ESMTP\r\n\r\n"), "DUE", None, "not valid HTTP", (3, 6)),
}


async def test_each_receiver_of_the_zoo_gets_what_it_deserves_and_none_disturbs_another(
    ctx: Context, tmp_path: Path
) -> None:
    found: dict[str, Any] = {}
    server_tls, _ = certificate(tmp_path, "shop.test")
    async with Outbound(allow_networks=LOCAL, total_timeout_s=TIMEOUT_S) as outbound:
        events = {}
        stack = []
        for name, (temper, *_) in ZOO.items():
            place = animal(temper)
            stack.append(place)
            events[name] = await make_delivery(ctx, await make_endpoint(ctx, await place.__aenter__()))
        wrong_tls = animal(writes(says(200)), server_tls)
        stack.append(wrong_tls)
        events["wrong TLS"] = await make_delivery(ctx, await make_endpoint(ctx, await wrong_tls.__aenter__()))
        closed = await make_endpoint(ctx, "http://127.0.0.1:9/")
        events["nobody there"] = await make_delivery(ctx, closed)
        due = (await deliveries.claim(ctx, rooms={}, new_room=2, limit=64)).due
        assert len(due) == len(ZOO) + 2
        telemetry.configure("info")  # Another test may have made the log quieter.
        with capture_logs() as said:
            sent = await asyncio.gather(*(deliveries.send(ctx, outbound, one) for one in due))
            assert all(await deliveries.record_all(ctx, list(zip(due, sent, strict=True))))
        for place in stack:
            await place.__aexit__(None, None, None)
    for name, event_id in events.items():
        [log] = await tries(ctx, event_id)
        found[name] = (await delivery(ctx, event_id), log)
    for name, (_, state, status, error, wait_s) in ZOO.items():
        stands, log = found[name]
        assert (stands["state"], log["status"]) == (state, status), name
        assert (log["error"] is None) == (error is None) and (error or "") in (log["error"] or ""), (name, log["error"])
        assert wait_s is None or wait_s[0] <= stands["wait_s"] <= wait_s[1], (name, stands["wait_s"])
        assert len(log["response_head"]) <= 1_024 and log["latency_ms"] <= TIMEOUT_S * 1_000 + 900, name
        assert log["request_headers"].startswith("Content-Type: application/json\n"), name
        assert (log["response_headers"] == "") == (status is None or "204" in name), name
    for name, error in (("wrong TLS", "TLS failed"), ("nobody there", "could not be made")):
        stands, log = found[name]
        assert (stands["state"], log["status"]) == ("DUE", None) and error in log["error"], name
    failures = [line for line in said if line["event"] == "webhook failed"]
    assert len(failures) == sum(1 for one in found.values() if one[0]["state"] != "DELIVERED")


# --- endpoints that fail for long ----------------------------------------------------------------------------------


async def step(ctx: Context, outbound: Outbound) -> None:
    """Send all that is due now, in one commit."""
    due = (await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)).due
    sent = await asyncio.gather(*(deliveries.send(ctx, outbound, one) for one in due))
    await deliveries.record_all(ctx, list(zip(due, sent, strict=True)))


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    async with Outbound(allow_networks=(ip_network("127.0.0.0/8"),), total_timeout_s=5.0) as client:
        yield client


async def endpoint(ctx: Context, endpoint_id: object) -> dict[str, Any]:
    [found] = await rows(ctx, "SELECT * FROM endpoints WHERE id = $1", endpoint_id)
    return found


async def test_five_days_without_a_success_disable_an_endpoint_and_the_others_are_told(
    ctx: Context, outbound: Outbound
) -> None:
    async with receiver(says(500)) as broken, receiver() as good, receiver() as stripes:
        bad_id = await make_endpoint(ctx, broken.url)
        await make_endpoint(ctx, good.url)
        await make_endpoint(ctx, stripes.url, form="stripe")
        await make_endpoint(ctx, good.url, mode="test")
        await make_delivery(ctx, bad_id)
        await step(ctx, outbound)
        failing = "UPDATE endpoints SET failing_since = now() - $2::interval WHERE id = $1"
        await execute(ctx, failing, bad_id, timedelta(days=4, hours=23))
        await execute(ctx, "UPDATE deliveries SET run_at = now()")
        await step(ctx, outbound)
        assert (await endpoint(ctx, bad_id))["disabled_at"] is None
        await execute(ctx, failing, bad_id, timedelta(days=5))
        await execute(ctx, "UPDATE deliveries SET run_at = now()")
        await step(ctx, outbound)
        stands = await endpoint(ctx, bad_id)
        assert stands["disabled_reason"] == "Every delivery failed for 5 days." and stands["failing_since"]
        await step(ctx, outbound)
    assert [heard.headers["x-webhook-event"] for heard in good.heard] == ["webhook.disabled"]
    assert f'"status":"disabled","reason":"{stands["disabled_reason"]}"'.encode() in good.heard[0].body
    assert [heard.headers["x-webhook-event"] for heard in stripes.heard] == ["webhook.disabled"]
    assert b'"object":"webhook_endpoint"' in stripes.heard[0].body
    assert len(broken.heard) == 3
    assert await value(ctx, "SELECT count(*) FROM events WHERE type = 'webhook.disabled'") == 1
    await execute(ctx, "UPDATE deliveries SET run_at = now()")  # Its time has come, and nobody is there.
    assert (await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)).buried == 1
    assert await value(ctx, "SELECT count(*) FROM deliveries WHERE state = 'DUE'") == 0


async def test_one_success_in_between_begins_the_five_days_anew(ctx: Context, outbound: Outbound) -> None:
    async with receiver() as sink:
        endpoint_id = await make_endpoint(ctx, sink.url)
        await execute(ctx, "UPDATE endpoints SET failing_since = now() - interval '30 days'")
        await make_delivery(ctx, endpoint_id)
        await step(ctx, outbound)
        assert (await endpoint(ctx, endpoint_id))["failing_since"] is None
        sink.answer = says(500)
        await make_delivery(ctx, endpoint_id)
        await step(ctx, outbound)
        stands = await endpoint(ctx, endpoint_id)
        assert stands["failing_since"] is not None and stands["disabled_at"] is None


async def test_gone_tells_the_others_too_and_once_whatever_else_came_with_it(ctx: Context, outbound: Outbound) -> None:
    async with receiver(says(410)) as gone, receiver() as good:
        gone_id = await make_endpoint(ctx, gone.url)
        await make_endpoint(ctx, good.url)
        for _ in range(5):
            await make_delivery(ctx, gone_id)
        await step(ctx, outbound)
        await step(ctx, outbound)
    assert (await endpoint(ctx, gone_id))["disabled_reason"] == "The receiver answered 410 Gone."
    assert [heard.headers["x-webhook-event"] for heard in good.heard] == ["webhook.disabled"]
    assert await value(ctx, "SELECT count(*) FROM deliveries WHERE endpoint_id = $1 AND state = 'DEAD'", gone_id) == 5


# --- many results in one commit ------------------------------------------------------------------------------------


async def test_results_kept_together_are_what_they_are_one_by_one(ctx: Context, outbound: Outbound) -> None:
    """A late one among them keeps its line in the log and moves nothing; the last one of an endpoint says how it is."""
    async with receiver() as sink:
        endpoint_id = await make_endpoint(ctx, sink.url)
        for _ in range(3):
            await make_delivery(ctx, endpoint_id)
        late, one, two = (await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)).due
        await execute(ctx, "UPDATE deliveries SET lease_id = gen_random_uuid() WHERE event_id = $1", late.event_id)
        good = await deliveries.send(ctx, outbound, one)
        bad = deliveries.failed(two, "no")
        assert await deliveries.record_all(ctx, [(late, good), (one, good), (two, bad)]) == (False, True, True)
        assert await value(ctx, "SELECT failing_since IS NOT NULL FROM endpoints")
        assert await deliveries.record_all(ctx, [(late, good), (one, good), (two, bad)]) == (False, False, False)
        assert await value(ctx, "SELECT count(*) FROM attempts") == 3
        states = {row["event_id"]: row["state"] for row in await rows(ctx, "SELECT event_id, state FROM deliveries")}
        assert states == {late.event_id: "DUE", one.event_id: "DELIVERED", two.event_id: "DUE"}
    for lasts, failing in (((bad, good), False), ((good, bad), True)):
        await execute(ctx, "UPDATE deliveries SET state = 'DUE', finished_at = NULL, run_at = now(), lease_id = NULL")
        rooms = {endpoint_id: 8}
        first, second, _ = (await deliveries.claim(ctx, rooms=rooms, new_room=8, limit=64)).due
        await deliveries.record_all(ctx, [(first, lasts[0]), (second, lasts[1])])
        assert await value(ctx, "SELECT failing_since IS NOT NULL FROM endpoints") is failing


async def test_two_processes_that_keep_results_of_the_same_endpoints_do_not_get_in_each_others_way(
    ctx: Context,
) -> None:
    endpoints = [await make_endpoint(ctx, "https://shop.example/") for _ in range(6)]
    for _ in range(4):
        for endpoint_id in endpoints:
            await make_delivery(ctx, endpoint_id)
    due = (await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)).due
    assert len(due) == 24
    results = [(one, deliveries.failed(one, "no")) for one in due]
    kept = await asyncio.gather(
        *(deliveries.record_all(ctx, part[:: 1 if place % 2 else -1]) for place, part in
          enumerate(results[start::8] for start in range(8)))
    )  # fmt: skip
    assert all(all(part) for part in kept)
    assert await value(ctx, "SELECT count(*) FROM attempts") == 24


# --- clocks --------------------------------------------------------------------------------------------------------


async def test_a_clock_that_jumps_delays_or_repeats_but_loses_nothing(ctx: Context, outbound: Outbound) -> None:
    """As if the database's clock had jumped under a claim: ahead, so that its lease is over; or back by an hour."""
    async with receiver() as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        [first] = (await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)).due
        await execute(ctx, "UPDATE deliveries SET run_at = run_at - interval '1 hour'")
        [again] = (await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)).due
        answer = await deliveries.send(ctx, outbound, first)
        assert await deliveries.record(ctx, first, answer) is False
        assert await deliveries.record(ctx, again, await deliveries.send(ctx, outbound, again)) is True
        assert (await delivery(ctx, event_id))["state"] == "DELIVERED"
        assert len(await tries(ctx, event_id)) == 2
        later = await make_delivery(ctx, first.endpoint_id)
        [_] = (await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)).due
        await execute(ctx, "UPDATE deliveries SET run_at = run_at + interval '1 hour' WHERE state = 'DUE'")
        assert (await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)).due == ()
        await execute(ctx, "UPDATE deliveries SET run_at = run_at - interval '61 min' WHERE state = 'DUE'")
        await step(ctx, outbound)
    assert (await delivery(ctx, later))["state"] == "DELIVERED"


# --- addresses -----------------------------------------------------------------------------------------------------


async def test_no_forbidden_address_is_reached_though_it_stands_in_the_rows(ctx: Context) -> None:
    """The check at creation may be of yesterday: what is connected to is looked at each time."""
    hosts = {f"https://{host}/hook" for host in FORBIDDEN_HOSTS}
    urls = sorted(hosts | {"http://shop.example/hook", "https://user:pw@shop.example/", "http://[64:ff9b::7f00:1]/"})
    for url in urls:
        await make_delivery(ctx, await make_endpoint(ctx, url))
    async with Outbound(total_timeout_s=5.0) as outbound:
        due = (await deliveries.claim(ctx, rooms={}, new_room=1, limit=500)).due
        sent = await asyncio.gather(*(deliveries.send(ctx, outbound, one) for one in due))
    assert len(due) == len(urls)
    for one, attempt in zip(due, sent, strict=True):
        assert attempt.status is None and attempt.state == "DUE", one.url
        assert attempt.error and ("may not" in attempt.error or "https" in attempt.error), (one.url, attempt.error)


async def test_a_name_that_turns_to_a_forbidden_address_after_creation_is_refused_then(ctx: Context) -> None:
    forbidden = (["127.0.0.1"], ["::ffff:169.254.169.254"], ["64:ff9b::a00:1"], ["100.64.0.1"])
    turned = {"answer": ["93.184.215.14"]}

    async def look_up(_: str, __: int) -> list[str]:
        return turned["answer"]

    async with Outbound(lookup=look_up, total_timeout_s=5.0) as outbound:
        for answer in (*forbidden, ["93.184.215.14", "10.0.0.1"]):
            turned["answer"] = answer
            event_id = await make_delivery(ctx, await make_endpoint(ctx, "https://rebind.example/"))
            await step(ctx, outbound)
            [log] = await tries(ctx, event_id)
            assert log["status"] is None and "may not be reached" in log["error"], answer
