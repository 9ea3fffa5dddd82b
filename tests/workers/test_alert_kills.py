"""A teller of alarms that is killed in the middle, again and again: every message arrives, and LINE shows each once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from paygate.db.pool import Conn
from paygate.services import alert_channels, alerts
from paygate.services.context import Context
from tests.services.alert_receivers import Receivers, receiving
from tests.workers.world import rows, until, value

ROOT = Path(__file__).parents[2]
KILLS = 6


@pytest.fixture
async def told() -> AsyncIterator[Receivers]:
    async with receiving() as found:
        for one in (found.line, found.mail, found.hook):
            one.slowly_s = lambda: random.uniform(0, 0.1)  # Some have answered when the kill comes, some have not.
        yield found


@pytest.fixture
def worker(dsn: str, told: Receivers) -> Iterator[Callable[[], int]]:
    """Starts a worker process that may tell by every channel; gives its id."""
    command = [sys.executable, "-m", "tests.workers.a_nursery", dsn]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | told.settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as nursery:

        def start() -> int:
            assert nursery.stdin and nursery.stdout
            nursery.stdin.write("\n")
            nursery.stdin.flush()
            return int(nursery.stdout.readline())

        yield start


async def test_a_teller_killed_again_and_again_loses_no_alarm_and_line_shows_each_once(
    ctx: Context, told: Receivers, worker: Callable[[], int]
) -> None:
    ctx.alerts = alert_channels.choose(told.settings).channels
    made: set[UUID] = set()

    def arrived() -> int:
        return len(told.line.keys) + len(told.mail.letters) + len(told.hook.heard)

    for _ in range(KILLS):
        made |= set(await alerts.test(ctx, "cli:a"))
        before = arrived()
        process = await asyncio.to_thread(worker)

        async def more(before: int = before) -> bool:
            return arrived() > before

        await until(more, 30)
        os.kill(process, signal.SIGKILL)
        await ctx.db.transaction(leases_end)
    await asyncio.to_thread(worker)
    await until(lambda: value(ctx, "SELECT count(*) = 0 FROM alerts WHERE sent_at IS NULL"), 30)
    sent = await rows(ctx, "SELECT id, channel, failures FROM alerts")
    assert {one["id"] for one in sent} == made and len(made) == KILLS * 3
    assert {one["failures"] for one in sent} == {0}  # A kill is no failure.
    by = {channel: {str(one["id"]) for one in sent if one["channel"] == channel} for channel in ("line", "webhook")}
    assert len(told.line.shown) == KILLS and set(told.line.keys) == by["line"]
    assert {heard["id"] for heard in told.hook.heard} == by["webhook"]
    letters = [letter["message-id"] for letter in told.mail.letters]
    assert len(set(letters)) == KILLS  # A mail that comes twice is the same mail.
    again = len(told.line.keys) + len(told.hook.heard) + len(letters) - 3 * KILLS
    assert again > 0, "No kill came between a channel's taking a message and our saying so: it shows nothing."


async def leases_end(conn: Conn) -> None:
    """What a dead teller had in hand is due when its lease is over; that moment is now."""
    await conn.execute("UPDATE alerts SET run_at = now() WHERE sent_at IS NULL")
