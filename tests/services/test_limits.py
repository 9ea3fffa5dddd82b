"""Rate limits, in several processes on one database: here several limiters, each with connections of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from paygate.core.errors import TooManyRequests, Unavailable
from paygate.core.limits import Counted, Limit
from paygate.db import limits as rows
from paygate.db.limits import Ask
from paygate.db.pool import Database
from paygate.services.context import Context
from paygate.services.limits import Limiter

SLOW = Limit(1, 3_600, 40)  # Nothing comes back while a test runs. Its credit is 2.


class Clock:
    """A process's clock, which stands still unless told otherwise."""

    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def databases_of_three(dsn: str) -> AsyncIterator[list[Database]]:
    opened = [await Database.open(dsn, size=3) for _ in range(3)]
    yield opened
    for one in opened:
        await one.close()


async def passed(limiter: Limiter, who: str, times: int, counted: Counted = Counted.KEY) -> int:
    """How many of so many at once came through."""
    done = await asyncio.gather(*(limiter.take(counted, who) for _ in range(times)), return_exceptions=True)
    assert not [one for one in done if isinstance(one, Exception) and not isinstance(one, TooManyRequests)]
    return sum(not isinstance(one, Exception) for one in done)


async def later(ctx: Context, seconds: int) -> None:
    """Time goes by, for the database."""
    async with ctx.db.connection() as conn:
        await conn.execute("UPDATE rate_limits SET full_at = full_at - $1 * interval '1 second'", seconds)


async def test_processes_share_one_count_and_exceed_it_by_their_credit_at_most(
    ctx: Context, databases_of_three: list[Database]
) -> None:
    clock = Clock()
    three = [Limiter(db, ctx.key, {Counted.KEY: SLOW}, clock) for db in databases_of_three]
    together = await asyncio.gather(*(passed(one, "a", 60) for one in three))
    assert SLOW.burst <= sum(together) <= SLOW.burst + 3 * SLOW.credit
    assert await asyncio.gather(*(passed(one, "a", 5) for one in three)) == [0, 0, 0]
    assert await passed(three[0], "b", 45) == SLOW.burst  # Somebody else; and one process alone exceeds nothing.
    for one in three:
        await one.close()
    clock.now_s += 7_200 * 4
    await later(ctx, 7_200)  # Two would have come back: what was let through beyond the burst is paid with them first.
    over = sum(together) - SLOW.burst
    again = await asyncio.gather(*(passed(one, "a", 10) for one in three))
    assert max(0, 2 - over) <= sum(again) <= 2 + 3 * SLOW.credit
    for one in three:
        await one.close()


async def test_without_credit_not_one_more_comes_through(ctx: Context, databases_of_three: list[Database]) -> None:
    strict = {Counted.ADDRESS: Limit(5, 60, 5)}
    three = [Limiter(db, ctx.key, strict) for db in databases_of_three]
    assert sum(await asyncio.gather(*(passed(one, "203.0.113.7", 9, Counted.ADDRESS) for one in three))) == 5
    assert await three[0].take(Counted.KEY, "what is not limited") is None


async def test_whoever_is_refused_is_told_how_long_and_takes_nothing(ctx: Context) -> None:
    clock = Clock()
    limiter = Limiter(ctx.db, ctx.key, {Counted.KEY: Limit(1, 60, 2)}, clock)
    first = await limiter.take(Counted.KEY, "a")
    assert first is not None and (first.left, first.full_s) == (1, 60)
    await limiter.take(Counted.KEY, "a")
    for _ in range(3):
        with pytest.raises(TooManyRequests, match=r"with this API key: 1 a minute, 2 at once are the most") as refused:
            await limiter.take(Counted.KEY, "a")
        assert 58 <= refused.value.retry_after_s <= 60
        assert refused.value.standing.state == '"key";r=0;t=120'
    await later(ctx, 60)
    clock.now_s += 61
    assert await limiter.take(Counted.KEY, "a") is not None  # One came back, whatever was refused meanwhile.
    with pytest.raises(TooManyRequests):
        await limiter.take(Counted.KEY, "a")


async def test_whoever_is_patient_waits_for_room_and_not_where_it_takes_too_long(ctx: Context) -> None:
    quick, slow = Limit(100, 1, 5), Limit(1, 3_600, 1)
    limiter = Limiter(ctx.db, ctx.key, {Counted.SOURCE: quick, Counted.KEY: slow})
    standings = await asyncio.gather(*(limiter.take(Counted.SOURCE, "a", patience_s=60) for _ in range(50)))
    assert len(standings) == 50
    await limiter.take(Counted.KEY, "a", patience_s=60)
    with pytest.raises(TooManyRequests):
        await limiter.take(Counted.KEY, "a", patience_s=60)  # An hour is more than a minute: at once.
    with pytest.raises(TooManyRequests):
        await asyncio.gather(*(limiter.take(Counted.SOURCE, "b", patience_s=0.05) for _ in range(100)))
    await limiter.close()


async def test_a_request_on_credit_waits_for_no_database_and_is_counted_all_the_same(ctx: Context) -> None:
    limiter = Limiter(ctx.db, ctx.key, {Counted.KEY: SLOW})
    held = [asyncio.create_task(hold(ctx.db)) for _ in range(10)]  # Every connection there is.
    await asyncio.sleep(0)
    for _ in range(SLOW.credit):
        await asyncio.wait_for(limiter.take(Counted.KEY, "a"), 0.5)
    for one in held:
        one.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    await limiter.close()
    async with ctx.db.connection() as conn:
        used = await conn.fetchval("SELECT round(extract(epoch FROM full_at - now()) / 3600) FROM rate_limits")
    assert used == SLOW.credit


async def hold(db: Database) -> None:
    async with db.connection():
        await asyncio.Event().wait()


async def test_a_database_that_is_away_refuses_nobody_on_credit_and_keeps_none_waiting(dsn: str, ctx: Context) -> None:
    db = await Database.open(dsn, size=1)
    limiter = Limiter(db, ctx.key, {Counted.KEY: SLOW})
    await db.close()
    for _ in range(SLOW.credit):
        assert await limiter.take(Counted.KEY, "a") is not None
    waited = await asyncio.gather(*(limiter.take(Counted.KEY, "a") for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in waited] == [Unavailable] * 3
    limiter._db = ctx.db  # It is there again.
    assert await passed(limiter, "a", 60) == SLOW.burst - SLOW.credit


async def test_whoever_goes_away_while_waiting_stops_nobody(ctx: Context) -> None:
    limiter = Limiter(ctx.db, ctx.key, {Counted.KEY: Limit(1, 3_600, 10)})
    waiting = [asyncio.create_task(limiter.take(Counted.KEY, "a")) for _ in range(6)]
    await asyncio.sleep(0)
    for one in waiting[::2]:
        one.cancel()
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in done] == [True, False] * 3
    assert not [one for one in done[1::2] if isinstance(one, Exception)]


async def test_a_clock_that_was_set_back_empties_no_bucket_for_long(ctx: Context) -> None:
    ask = Ask(b"x" * 16, owed=0, wanted=1, burst=10, pause_us=1_000_000)
    await ctx.db.transaction(lambda conn: rows.take(conn, [ask]))
    await later(ctx, -86_400)
    [given] = (await ctx.db.transaction(lambda conn: rows.take(conn, [ask]))).values()
    assert (given.granted, given.left) == (0, 0) and 0 < given.wait_us <= 11_000_000


async def test_full_buckets_are_forgotten_and_others_are_not(ctx: Context) -> None:
    asks = [Ask(bytes([n]) * 16, owed=1, wanted=0, burst=10, pause_us=1_000_000 * n) for n in (1, 100)]
    await ctx.db.transaction(lambda conn: rows.take(conn, asks))
    await later(ctx, 2)
    assert await ctx.db.transaction(lambda conn: rows.prune(conn, 10)) == 1
    async with ctx.db.connection() as conn:
        assert await conn.fetchval("SELECT subject FROM rate_limits") == b"\x64" * 16
