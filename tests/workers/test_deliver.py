"""Webhooks as merchants see them: real receivers, real workers, real kills."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from paygate.core import ids
from paygate.core.errors import Unavailable
from paygate.db.pool import Database
from paygate.services import deliveries
from paygate.services.context import Context
from tests.workers.world import (
    Receiver,
    delivery,
    execute,
    make_delivery,
    make_endpoint,
    make_merchant,
    make_payment,
    make_principal,
    receiver,
    rows,
    says,
    told,
    tries,
    until,
    value,
    verified,
    working,
)

ROOT = Path(__file__).parents[2]
Worker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture(autouse=True)
async def merchant(ctx: Context) -> None:
    await make_merchant(ctx)


@pytest.fixture
async def other(ctx: Context, dsn: str) -> AsyncIterator[Context]:
    """What a second process has: the same database, connections of its own."""
    db = await Database.open(dsn, size=4)
    yield Context(db, ctx.key, ctx.public_url, webhook_allow_networks=ctx.webhook_allow_networks)
    await db.close()


@pytest.fixture
def worker(dsn: str) -> Iterator[Worker]:
    """Worker processes; killed at the end."""
    running: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.workers.a_worker", dsn]
        running.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL))
        return running[-1]

    yield start
    for one in running:
        one.kill()
        one.wait()


async def none_due(ctx: Context) -> bool:
    return bool(await value(ctx, "SELECT count(*) = 0 FROM deliveries WHERE state = 'DUE'"))


async def test_a_payment_is_told_at_once_to_every_endpoint_and_once(ctx: Context) -> None:
    principal = await make_principal(ctx)
    async with receiver() as one, receiver() as two, working(ctx):
        await make_endpoint(ctx, one.url)
        await make_endpoint(ctx, two.url)
        await until(lambda: value(ctx, "SELECT count(*) = 2 FROM endpoints"))
        began_s = time.monotonic()
        await make_payment(ctx, principal)
        await until(lambda: none_due(ctx))
        assert time.monotonic() - began_s < 5
    for sink in (one, two):
        assert [told(heard) for heard in sink.heard] == ["payment.created"]
        assert all(verified(sink.heard[0]).values())


async def test_a_burst_for_one_endpoint_arrives_whole_with_at_most_eight_at_once(ctx: Context, other: Context) -> None:
    async with receiver() as sink:
        endpoint_id = await make_endpoint(ctx, sink.url)
        made = {ids.show("wh", await make_delivery(ctx, endpoint_id)) for _ in range(100)}
        async with working(ctx):
            await until(lambda: none_due(ctx))
    assert sorted(heard.event_id for heard in sink.heard) == sorted(made)
    assert sink.open_most <= 8


async def test_workers_beside_each_other_send_each_delivery_once(ctx: Context, other: Context) -> None:
    async with receiver() as one, receiver() as two:
        endpoints = [await make_endpoint(ctx, sink.url) for sink in (one, two)]
        made = [ids.show("wh", await make_delivery(ctx, endpoint)) for endpoint in endpoints for _ in range(50)]
        async with working(ctx, other):
            await until(lambda: none_due(ctx))
    assert sorted(heard.event_id for heard in one.heard + two.heard) == sorted(made)
    assert await value(ctx, "SELECT count(*) FROM attempts") == 100


async def test_receivers_that_hang_do_not_delay_one_that_answers(ctx: Context) -> None:
    async with receiver(hangs=True) as stuck, receiver() as healthy:
        for _ in range(12):
            endpoint_id = await make_endpoint(ctx, stuck.url)
            for _ in range(10):
                await make_delivery(ctx, endpoint_id)
        await execute(ctx, "UPDATE deliveries SET run_at = run_at - interval '1 min'")
        endpoint_id = await make_endpoint(ctx, healthy.url)
        async with working(ctx):
            await until(lambda: heard_of(stuck, 12))
            for _ in range(10):
                await make_delivery(ctx, endpoint_id)
            began_s = time.monotonic()
            await until(lambda: heard_of(healthy, 10))
            assert time.monotonic() - began_s < 3
            assert stuck.open_most <= 12 * 2
            stuck.freely.set()
            await until(lambda: none_due(ctx))
    assert len(stuck.heard) == 120


async def heard_of(sink: Receiver, count: int) -> bool:
    return len(sink.heard) >= count


async def test_a_failed_try_is_repeated_by_the_schedule_until_it_is_taken(ctx: Context) -> None:
    async with receiver(says(500)) as sink, working(ctx):
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        await until(lambda: tries(ctx, event_id))
        assert 4 <= (await delivery(ctx, event_id))["wait_s"] <= 5.5
        sink.answer = says(200)
        await execute(ctx, "UPDATE deliveries SET run_at = now()")
        await until(lambda: none_due(ctx))
    assert [(t["attempt"], t["status"]) for t in await tries(ctx, event_id)] == [(1, 500), (2, 200)]
    assert sink.heard[0].body == sink.heard[1].body
    assert sink.heard[0].event_id == sink.heard[1].event_id


async def test_nothing_is_sent_to_this_gateway_itself(ctx: Context) -> None:
    ctx.public_url = "http://localhost:8000"
    async with working(ctx):
        endpoints = [await make_endpoint(ctx, f"http://{host}:8000/") for host in ("127.0.0.1", "localhost")]
        events = [await make_delivery(ctx, endpoint_id) for endpoint_id in endpoints]
        await until(lambda: value(ctx, "SELECT count(*) = 2 FROM attempts"))
    for event_id in events:
        assert "this gateway itself" in (await tries(ctx, event_id))[0]["error"]


async def test_a_secret_that_cannot_be_read_is_a_failed_try_and_an_alarm_in_the_log(ctx: Context) -> None:
    async with receiver() as sink, working(ctx):
        with capture_logs() as said:
            endpoint_id = await make_endpoint(ctx, sink.url)
            await execute(ctx, "UPDATE endpoints SET secret = 'torn'")
            event_id = await make_delivery(ctx, endpoint_id)
            [attempt] = await until(lambda: tries(ctx, event_id))
    assert attempt["error"] == "Internal error; the gateway's log has the details."
    assert (await delivery(ctx, event_id))["state"] == "DUE"
    assert sink.heard == []
    assert any(line["log_level"] == "error" and line["webhook"] == str(event_id) for line in said)


async def test_a_result_that_cannot_be_kept_takes_no_other_along(ctx: Context) -> None:
    async with receiver(hangs=True) as sink, working(ctx):
        endpoint_id = await make_endpoint(ctx, sink.url)
        torn, whole = await make_delivery(ctx, endpoint_id), await make_delivery(ctx, endpoint_id)
        await until(lambda: heard_of(sink, 2))
        await execute(ctx, "DELETE FROM deliveries WHERE event_id = $1", torn)
        sink.freely.set()
        await until(lambda: none_due(ctx))
    assert (await delivery(ctx, whole))["state"] == "DELIVERED"
    assert [t["status"] for t in await tries(ctx, whole)] == [200]
    assert await tries(ctx, torn) == []


# --- stops and kills -----------------------------------------------------------------------------------------------


async def test_a_stop_waits_for_the_delivery_under_way(ctx: Context) -> None:
    async with receiver(hangs=True) as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        async with working(ctx):
            await until(lambda: heard_of(sink, 1))
            asyncio.get_running_loop().call_later(0.3, sink.freely.set)
    assert (await delivery(ctx, event_id))["state"] == "DELIVERED"
    assert len(sink.heard) == 1


async def test_what_a_dead_worker_had_in_hand_is_sent_when_its_lease_ends(ctx: Context) -> None:
    async with receiver() as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        assert len((await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)).due) == 1
        async with working(ctx):
            later = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
            await until(lambda: heard_of(sink, 1))
            assert [heard.event_id for heard in sink.heard] == [ids.show("wh", later)]
            await execute(ctx, "UPDATE deliveries SET run_at = now() WHERE state = 'DUE'")
            await until(lambda: none_due(ctx))
    assert sink.heard[1].event_id == ids.show("wh", event_id)
    assert [t["attempt"] for t in await tries(ctx, event_id)] == [2]


async def test_a_worker_killed_in_the_middle_of_a_request_loses_nothing(ctx: Context, worker: Worker) -> None:
    async with receiver(hangs=True) as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        first = worker()
        await until(lambda: heard_of(sink, 1))
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        assert (await delivery(ctx, event_id))["state"] == "DUE"
        sink.freely.set()
        worker()
        await execute(ctx, "UPDATE deliveries SET run_at = least(run_at, now() + interval '1 s')")
        await until(lambda: none_due(ctx))
    assert [heard.event_id for heard in sink.heard] == [ids.show("wh", event_id)] * 2
    assert all(verified(sink.heard[1]).values())
    assert [(t["attempt"], t["status"]) for t in await tries(ctx, event_id)] == [(2, 200)]


async def test_a_worker_told_to_end_ends_well(ctx: Context, worker: Worker) -> None:
    async with receiver() as sink:
        await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        process = worker()
        await until(lambda: none_due(ctx))
        process.terminate()
        assert await asyncio.to_thread(process.wait, 10) == 0


async def test_work_goes_on_after_the_database_cut_every_connection(ctx: Context) -> None:
    async with receiver() as sink, working(ctx):
        endpoint_id = await make_endpoint(ctx, sink.url)
        await make_delivery(ctx, endpoint_id)
        await until(lambda: none_due(ctx))
        await execute(
            ctx,
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()""",
        )
        await until(lambda: made(ctx, endpoint_id))
        await until(lambda: heard_of(sink, 2))
    assert [row["state"] for row in await rows(ctx, "SELECT state FROM deliveries")] == ["DELIVERED"] * 2


async def made(ctx: Context, endpoint_id: UUID) -> bool:
    """Whether a delivery could be made: a connection of the test's own may have been cut as well."""
    try:
        await make_delivery(ctx, endpoint_id)
    except Unavailable:
        return False
    return True
