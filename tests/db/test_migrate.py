"""Migrations: each once, whole or not at all, by whoever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import asyncpg
import pytest

from paygate.core.errors import Unavailable
from paygate.db.migrate import Migration, MigrationRefused, known, migrate, status
from tests.postgres import Databases, named

FIRST = Migration(1, "0001_first.sql", "CREATE TABLE a (x int)", "1" * 64)
SECOND = Migration(2, "0002_second.sql", "CREATE TABLE b (x int); INSERT INTO a VALUES (1)", "2" * 64)
BROKEN = Migration(3, "0003_broken.sql", "CREATE TABLE c (x int); SELECT 1 / 0", "3" * 64)


@pytest.fixture
def empty(databases: Databases) -> Iterator[str]:
    made = databases.create_empty()
    yield made
    databases.drop(made)


async def tables(dsn: str) -> set[str]:
    conn = await asyncpg.connect(dsn)
    rows = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await conn.close()
    return {row["tablename"] for row in rows}


async def test_a_fresh_database_gets_all_migrations_and_then_none(empty: str) -> None:
    assert [m.state for m in (await status(empty)).migrations] == ["pending"] * len(known())
    assert await tables(empty) == set(), "looking changes nothing"
    assert await migrate(empty) == [m.name for m in known()]
    assert await migrate(empty) == []
    found = await status(empty)
    assert found.current and int(found.server.split(".")[0]) >= 14
    assert {"payments", "credits", "schema_version"} <= await tables(empty)


async def test_migrations_are_numbered_without_gaps() -> None:
    assert [m.version for m in known()] == list(range(1, len(known()) + 1))


async def test_processes_that_start_at_once_apply_each_migration_once(empty: str) -> None:
    done = await asyncio.gather(*(migrate(empty, [FIRST, SECOND]) for _ in range(6)))
    assert sorted(name for names in done for name in names) == [FIRST.name, SECOND.name]


async def test_a_migration_that_fails_leaves_no_trace(empty: str) -> None:
    with pytest.raises(MigrationRefused, match=r"0003_broken\.sql.*division by zero"):
        await migrate(empty, [FIRST, SECOND, BROKEN])
    assert await tables(empty) == {"a", "b", "schema_version"}
    assert [m.state for m in (await status(empty, [FIRST, SECOND, BROKEN])).migrations] == [
        "applied",
        "applied",
        "pending",
    ]


async def test_a_newer_database_and_an_edited_file_are_refused(empty: str) -> None:
    await migrate(empty, [FIRST, SECOND])
    with pytest.raises(MigrationRefused, match="newer PayGate"):
        await migrate(empty, [FIRST])
    assert [m.state for m in (await status(empty, [FIRST])).migrations] == ["applied", "unknown"]
    edited = [replace(FIRST, sha256="9" * 64), SECOND]
    with pytest.raises(MigrationRefused, match="edited"):
        await migrate(empty, edited)
    found = await status(empty, edited)
    assert [m.state for m in found.migrations] == ["edited", "applied"] and not found.current


async def test_a_database_that_is_away_is_said_to_be(empty: str) -> None:
    for wrong in (
        named(empty, "nowhere"),
        "postgresql://127.0.0.1:1/x",
        "postgresql://nobody@127.0.0.1:1/x?sslmode=odd",
    ):
        with pytest.raises(Unavailable, match="cannot be reached"):
            await migrate(wrong)
