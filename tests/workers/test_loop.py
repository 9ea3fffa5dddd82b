"""A chore goes on through whatever happens to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from structlog.testing import capture_logs

from paygate import telemetry
from paygate.core.errors import Unavailable
from paygate.workers.loop import BACKOFF_S, Bell, Chore, Outage, backoff_s, tend


def scripted(stop: asyncio.Event, *script: bool | Exception) -> tuple[Callable[[], Awaitable[bool]], list[float]]:
    """Work that does what the script says, one line a turn, and ends the loop at its end; and when its turns came."""
    turns: list[float] = []

    async def work() -> bool:
        turns.append(time.monotonic())
        line = script[len(turns) - 1]
        if len(turns) == len(script):
            stop.set()
        if isinstance(line, Exception):
            raise line
        return line

    return work, turns


async def test_more_work_is_done_at_once_and_no_work_waits_for_the_interval() -> None:
    stop = asyncio.Event()
    work, turns = scripted(stop, True, True, False, False)
    await asyncio.wait_for(tend(Chore("x", 0.2, work), stop, Outage()), 5)
    assert turns[2] - turns[0] < 0.1
    assert turns[3] - turns[2] >= 0.19


async def test_the_bell_ends_the_rest_and_one_rung_early_is_not_lost() -> None:
    stop, bell = asyncio.Event(), Bell()
    work, turns = scripted(stop, False, False)
    bell.ring()
    await asyncio.wait_for(tend(Chore("x", 3_600.0, work, bell), stop, Outage()), 5)
    assert len(turns) == 2


async def test_an_outage_is_told_once_and_so_is_its_end() -> None:
    telemetry.configure("info")  # Another test may have made the log quieter.
    stop = asyncio.Event()
    away = Unavailable("gone")
    work, turns = scripted(stop, away, away, True, True, False)
    with capture_logs() as said:
        await asyncio.wait_for(tend(Chore("x", 3_600.0, work), stop, Outage()), 5)
    assert len(turns) == 5
    assert [line["log_level"] for line in said] == ["warning", "info"]
    assert "away" in said[0]["event"]
    assert said[0]["reason"] == "gone"
    assert "back" in said[1]["event"]


async def test_a_chore_survives_any_exception_and_says_so() -> None:
    stop = asyncio.Event()
    work, turns = scripted(stop, RuntimeError("mistake"), True, False)
    with capture_logs() as said:
        await asyncio.wait_for(tend(Chore("pay", 3_600.0, work), stop, Outage()), 5)
    assert len(turns) == 3
    assert [(line["event"], line["chore"]) for line in said] == [("a chore failed", "pay")]


def test_the_pause_after_failures_grows_to_a_few_seconds_and_no_further() -> None:
    assert [backoff_s(n) for n in (0, 1, 2, 5, 500)] == [0.0, BACKOFF_S[0], BACKOFF_S[1], BACKOFF_S[-1], BACKOFF_S[-1]]
    assert BACKOFF_S[-1] <= 5
