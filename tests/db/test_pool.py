"""Connections and transactions, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from paygate.core.errors import Bug, Moved, NotFound, Unavailable
from paygate.db import pool
from paygate.db.pool import TRIES, Conn, Database, in_transaction

OPEN = "CREATE TABLE notes (id integer PRIMARY KEY, text text NOT NULL DEFAULT '')"
WRITE = "INSERT INTO notes (id) VALUES (1)"
COUNT = "SELECT count(*) FROM notes"


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    """Two connections to a database with a table for notes."""
    opened = await Database.open(dsn, size=2)
    async with opened.connection() as conn:
        await conn.execute(OPEN)
    yield opened
    await opened.close()


async def count(db: Database) -> int:
    """How many notes there are."""
    async with db.connection() as conn:
        found: int = await conn.fetchval(COUNT)
        return found


async def test_what_a_transaction_did_is_there_when_it_returns(db: Database) -> None:
    async def work(conn: Conn) -> str:
        await conn.execute(WRITE)
        return "done"

    assert await db.transaction(work) == "done"
    assert await count(db) == 1


async def test_an_error_leaves_nothing_behind_and_is_told_as_it_is(db: Database) -> None:
    async def work(conn: Conn) -> None:
        await conn.execute(WRITE)
        raise NotFound()

    with pytest.raises(NotFound):
        await db.transaction(work)
    assert await count(db) == 0


async def test_whoever_was_slower_decides_again_and_writes_once(db: Database) -> None:
    turns = []

    async def work(conn: Conn) -> int:
        turns.append(1)
        await conn.execute(WRITE)
        if len(turns) < 3:
            raise Moved()
        return len(turns)

    assert await db.transaction(work) == 3
    assert await count(db) == 1


async def test_two_writers_of_one_key_the_second_runs_again_and_sees_the_first(db: Database) -> None:
    seen: list[int] = []

    async def work(conn: Conn) -> int:
        found: int = await conn.fetchval(COUNT)
        seen.append(found)
        if not found:
            await asyncio.wait_for(met.wait(), 10) if len(seen) > 1 else None
            met.set()
            await conn.execute(WRITE)
        return found

    met = asyncio.Event()
    assert sorted(await asyncio.gather(db.transaction(work), db.transaction(work))) == [0, 1]
    assert await count(db) == 1


async def test_two_that_wait_for_each_other_are_both_done_in_the_end(db: Database) -> None:
    async with db.connection() as conn:
        await conn.execute("INSERT INTO notes (id) VALUES (1), (2)")
    both, arrived = asyncio.Event(), []

    async def work(conn: Conn, first: int, second: int) -> None:
        await conn.execute("UPDATE notes SET text = text || 'x' WHERE id = $1", first)
        arrived.append(first)
        if len(arrived) >= 2:
            both.set()
        await asyncio.wait_for(both.wait(), 10)
        await conn.execute("UPDATE notes SET text = text || 'x' WHERE id = $1", second)

    await asyncio.gather(db.transaction(lambda conn: work(conn, 1, 2)), db.transaction(lambda conn: work(conn, 2, 1)))
    async with db.connection() as conn:
        assert [row["text"] for row in await conn.fetch("SELECT text FROM notes")] == ["xx", "xx"]


async def test_what_never_stands_still_is_told_to_come_back(db: Database) -> None:
    turns = []

    async def work(conn: Conn) -> None:
        turns.append(1)
        raise Moved()

    with pytest.raises(Unavailable):
        await db.transaction(work)
    assert len(turns) == TRIES


async def test_a_unique_key_that_never_gives_way_is_a_bug(db: Database) -> None:
    async def work(conn: Conn) -> None:
        await conn.execute(WRITE)
        await conn.execute(WRITE)

    with pytest.raises(Bug, match="notes_pkey"):
        await db.transaction(work)


async def test_a_task_knows_that_it_is_in_a_transaction_and_others_are_not(db: Database) -> None:
    async def elsewhere() -> bool:
        return in_transaction()

    outside = asyncio.create_task(elsewhere())

    async def work(conn: Conn) -> tuple[bool, bool]:
        return in_transaction(), await outside

    assert await db.transaction(work) == (True, False)
    assert not in_transaction()


async def test_no_transaction_is_left_open_by_an_error(db: Database) -> None:
    async def work(conn: Conn) -> None:
        raise NotFound()

    for _ in range(5):
        with pytest.raises(NotFound):
            await db.transaction(work)
    assert not in_transaction()
    async with db.connection() as conn:
        assert not conn.is_in_transaction()


async def test_a_task_that_is_cancelled_gives_its_connection_back(db: Database) -> None:
    started = asyncio.Event()

    async def work(conn: Conn) -> None:
        await conn.execute(WRITE)
        started.set()
        await conn.fetchval("SELECT pg_sleep(30)")

    for _ in range(3):
        started.clear()
        task = asyncio.create_task(db.transaction(work))
        await asyncio.wait_for(started.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await count(db) == 0


async def test_more_tasks_than_connections_all_get_their_turn(db: Database) -> None:
    async def work(conn: Conn) -> int:
        found: int = await conn.fetchval("SELECT 1")
        return found

    assert await asyncio.gather(*[db.transaction(work) for _ in range(50)]) == [1] * 50


async def test_a_wait_for_a_connection_ends_with_a_word(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with db.connection(), db.connection():
        with monkeypatch.context() as patience:
            patience.setattr(pool, "ACQUIRE_TIMEOUT_S", 0.05)
            with pytest.raises(Unavailable):
                async with db.connection():
                    pass
    assert await count(db) == 0


@pytest.mark.parametrize("pause_s", [0, 0.0005, 0.002, 0.05])
async def test_a_session_ended_by_the_server_is_unavailable_and_the_next_one_works(
    db: Database, dsn: str, pause_s: float
) -> None:
    # With a pause the news of the end comes before the next statement, without one after it, and between: in its midst.
    admin = await asyncpg.connect(dsn)
    for _ in range(10):
        with pytest.raises(Unavailable):
            async with db.connection() as conn:
                await admin.fetchval("SELECT pg_terminate_backend($1)", conn.get_server_pid())
                await asyncio.sleep(pause_s)
                await conn.fetchval("SELECT pg_sleep(30)")
        assert await count(db) == 0
    await admin.close()


async def test_a_wrong_argument_is_our_fault_and_not_an_absent_database(db: Database) -> None:
    with pytest.raises(Exception) as raised:
        async with db.connection() as conn:
            await conn.fetchval("SELECT $1::integer", "a word")
    assert not isinstance(raised.value, Unavailable)


@pytest.mark.parametrize(
    "nowhere",
    [
        "postgresql://paygate@127.0.0.1:1/paygate",
        "postgresql://paygate@/paygate?host=/nowhere-at-all",
        "postgresql://127.0.0.1:port/paygate",
    ],
)
async def test_a_database_that_is_not_there_is_said_with_the_reason(nowhere: str) -> None:
    with pytest.raises(Unavailable, match=r"cannot be reached: ."):
        await Database.open(nowhere)


async def test_every_session_speaks_utc_and_waits_for_no_lock_for_ever(db: Database) -> None:
    async with db.connection() as conn:
        assert await conn.fetchval("SHOW timezone") == "UTC"
        assert await conn.fetchval("SHOW lock_timeout") == "10s"
        assert await conn.fetchval("SHOW idle_in_transaction_session_timeout") == "1min"
        assert await conn.fetchval("SHOW application_name") == "paygate"
