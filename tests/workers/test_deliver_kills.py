"""A sender that is killed in the middle, fifty times: each event arrives, none is lost, the log tells the story."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from paygate.core import ids
from paygate.db.pool import Conn
from paygate.services.context import Context
from tests.workers.world import (
    make_delivery,
    make_endpoint,
    make_merchant,
    receiver,
    rows,
    until,
    value,
    verified,
)

ROOT = Path(__file__).parents[2]
KILLS = 50
ENDPOINTS = 4


@pytest.fixture
def worker(dsn: str) -> Iterator[Callable[[], int]]:
    """Starts a worker process; gives its id."""
    command = [sys.executable, "-m", "tests.workers.a_nursery", dsn]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as nursery:
        assert nursery.stdin and nursery.stdout

        def start() -> int:
            assert nursery.stdin and nursery.stdout
            nursery.stdin.write("\n")
            nursery.stdin.flush()
            return int(nursery.stdout.readline())

        yield start


async def test_a_sender_killed_fifty_times_in_the_middle_loses_nothing(ctx: Context, worker: Callable[[], int]) -> None:
    await make_merchant(ctx)
    made: set[str] = set()
    async with receiver(hangs=True) as sink:
        sink.slowly_s = lambda: random.uniform(0, 0.03)  # Some have their answer when the kill comes, some have not.
        sink.freely.set()
        endpoints = [await make_endpoint(ctx, sink.url) for _ in range(ENDPOINTS)]
        for _ in range(KILLS):
            made |= {ids.show("wh", await make_delivery(ctx, endpoint)) for endpoint in endpoints}
            before = len(sink.heard)
            process = await asyncio.to_thread(worker)
            await until(partial(heard_more, sink.heard, before), 30)
            os.kill(process, signal.SIGKILL)
            await ctx.db.transaction(leases_end)
        await asyncio.to_thread(worker)
        await until(lambda: value(ctx, "SELECT count(*) = 0 FROM deliveries WHERE state = 'DUE'"), 30)
    assert {heard.event_id for heard in sink.heard} == made
    assert all(all(verified(heard).values()) for heard in sink.heard)
    assert await value(ctx, "SELECT count(*) FROM deliveries WHERE state = 'DELIVERED'") == KILLS * ENDPOINTS
    # The log: every delivery's last try was answered, tries that no kill cut short are there, and none is told twice.
    log = await rows(
        ctx,
        """SELECT d.attempts, array_agg(a.attempt ORDER BY a.attempt) AS logged,
                  (array_agg(a.status ORDER BY a.attempt DESC))[1] AS last
             FROM deliveries d JOIN attempts a USING (merchant_id, mode, event_id, endpoint_id)
         GROUP BY d.event_id, d.attempts""",
    )
    assert len(log) == KILLS * ENDPOINTS
    assert all(one["last"] == 200 and one["logged"][-1] == one["attempts"] for one in log)
    cut_short = sum(one["attempts"] - len(one["logged"]) for one in log)
    assert 0 < cut_short <= len(sink.heard)


async def leases_end(conn: Conn) -> None:
    """What a dead worker had in hand is due when its lease is over; that moment is now. Its last statement may still be
    at work in the database: a deadlock with it is tried again, as by everybody."""
    await conn.execute("UPDATE deliveries SET run_at = now() WHERE state = 'DUE'")


async def heard_more(heard: list[object], before: int) -> bool:
    return len(heard) > before
