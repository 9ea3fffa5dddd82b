"""The databases that tests share: one that was used and emptied is like a new one, or it is not used again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from paygate.core.sealing import SealingKey
from paygate.db.pool import Database
from paygate.services.context import Context
from tests.conftest import SECRET_KEY
from tests.postgres import SEQUENCES, TABLES, Databases
from tests.services.helpers import open_shop
from tests.services.payouts import sell_and_pay

CHANGES = ["ALTER TABLE payments ADD COLUMN strange text", "CREATE TABLE strange (n int)", "DROP INDEX payments_order"]


async def everything(dsn: str) -> tuple[dict[str, list[str]], list[str]]:
    """All rows of all tables, and where the sequences stand."""
    conn = await asyncpg.connect(dsn)
    try:
        tables = [str(row[0]) for row in await conn.fetch(TABLES)]
        rows = {
            table: [str(row) for row in await conn.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")]
            for table in tables
        }
        return rows, sorted(str(row[0]) for row in await conn.fetch(SEQUENCES))
    finally:
        await conn.close()


@pytest.fixture
async def used(databases: Databases) -> AsyncIterator[str]:
    """A database of its own."""
    made = databases.clone()
    yield made
    databases.drop(made)


async def test_a_database_that_was_used_and_emptied_holds_what_a_new_one_holds(used: str, databases: Databases) -> None:
    new = await everything(used)
    db = await Database.open(used)
    await sell_and_pay(await open_shop(Context(db, SealingKey.of(SECRET_KEY), "http://127.0.0.1:8000")), 100_000)
    await db.close()
    assert await everything(used) != new
    given_up = len(databases.given_up)
    assert await asyncio.to_thread(databases.empty, used) == used
    assert await everything(used) == new and len(databases.given_up) == given_up


@pytest.mark.parametrize("change", CHANGES)
async def test_a_database_whose_schema_was_changed_is_not_used_again(
    change: str, used: str, databases: Databases
) -> None:
    conn = await asyncpg.connect(used)
    await conn.execute(change)
    await conn.close()
    other = await asyncio.to_thread(databases.empty, used)
    assert other != used
    conn = await asyncpg.connect(other)
    assert await conn.fetchval("SELECT count(*) FROM payments") == 0
    await conn.close()
    databases.drop(other)
