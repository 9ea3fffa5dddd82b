"""schema.sql: equal to the migrations, keyed by merchant, explained column by column."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg
import pytest

from paygate.embedded import find_bin
from tests.house.sources import ROOT
from tests.postgres import Databases

SCHEMA = (ROOT / "schema.sql").read_text(encoding="utf-8")
# Host-wide tables, keyed by something that is not a merchant's. Each says DIRECTORY in schema.sql.
DIRECTORIES = {
    "logins": "a mail address logs in before anybody knows whose it is",
    "key_directory": "a key is all that a request brings",
    "account_directory": "one real account belongs to one owner of the whole installation",
    "slots": "the one lock: merchants share the central account's amounts",
    "reservations": "a credit knows the account and the amount, not the merchant",
    "rate_limits": "who sends too much is not known to be anybody's",
    "throttles": "a password is tried before anybody knows whose it would be",
    "seats": "one address holds at most twenty open payments, whosever shop it is at",
    "credit_refs": "a bank's reference is used up once, whoever shows it",
    "tax_invoices": "the operator numbers its tax invoices, whosever they are",
    "plan_rates": "what plans cost is said for all merchants",
    "payout_references": "one transfer of the operator's bank completes one payout of whomever",
}
NOT_OF_TENANTS = {
    "installation": "one row",
    "schema_version": "the migrations' own",
    "metrics": "the installation's totals",
}
SELF_EVIDENT = {
    *("merchant_id", "mode", "id", "created_at", "amount_satang", "receiving_id", "payment_id", "credit_id"),
    *("user_id", "event_id", "endpoint_id", "slip_id"),
}


@dataclass(frozen=True)
class Column:
    """One line of a CREATE TABLE."""

    table: str
    name: str
    line: str


def columns() -> Iterator[Column]:
    """Every column of schema.sql as it is written."""
    table = ""
    for line in SCHEMA.splitlines():
        if match := re.match(r"CREATE (?:UNLOGGED )?TABLE (\w+) \(", line):
            table = match[1]
        elif line.startswith(")"):
            table = ""
        elif table and (match := re.match(r"    ([a-z][a-z0-9_]*)\s+[a-z]", line)):
            yield Column(table, match[1], line)


def dumped(dsn: str) -> dict[str, list[str]]:
    """object -> its definition, as pg_dump tells it, without the order of columns."""
    command = [find_bin() / "pg_dump", "--schema-only", "--no-owner", "--exclude-table=schema_version", "-d", dsn]
    text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    parts = re.split(r"^--\n-- Name: (.*?); Type: (.*?);.*\n--\n", text, flags=re.MULTILINE)[1:]
    found = {}
    for name, kind, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        lines = [line.rstrip(", ") for line in body.splitlines() if line.strip() and line[0] not in "\\-"]
        found[f"{kind} {name}"] = sorted(lines) if kind == "TABLE" else lines
    return found


async def made_of(schema: str, dsn: str) -> None:
    """Run the whole text, as an operator would with psql."""
    conn = await asyncpg.connect(dsn)
    await conn.execute(schema)
    await conn.close()


@pytest.fixture(scope="module")
def pair(databases: Databases) -> Iterator[tuple[str, str]]:
    """A database made of schema.sql, and one made by the migrations."""
    truth, steps = databases.create_empty(), databases.create()
    asyncio.run(made_of(SCHEMA, truth))
    yield truth, steps
    databases.drop(truth)
    databases.drop(steps)


def test_the_migrations_build_what_schema_sql_says(pair: tuple[str, str]) -> None:
    truth, steps = (dumped(dsn) for dsn in pair)
    assert len(truth) > 80
    assert truth.keys() == steps.keys()
    assert {name: steps[name] for name in truth} == truth


async def test_both_begin_with_the_platform_and_nobody_else(pair: tuple[str, str]) -> None:
    found = []
    for dsn in pair:
        conn = await asyncpg.connect(dsn)
        found.append([tuple(row) for row in await conn.fetch("SELECT merchant_id, plan, status FROM merchants")])
        await conn.close()
    assert found == [[(0, "platform", "APPROVED")]] * 2


KEYS = """
    SELECT c.relname AS tab, i.relname AS key,
           (SELECT array_agg(a.attname::text ORDER BY k.place)
              FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (number, place)
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number) AS columns,
           EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'mode') AS has_mode
      FROM pg_index x
      JOIN pg_class c ON c.oid = x.indrelid
      JOIN pg_class i ON i.oid = x.indexrelid
     WHERE c.relnamespace = 'public'::regnamespace AND x.indisunique
"""


async def test_every_unique_key_of_a_tenants_table_begins_with_the_merchant_and_the_mode(pair: tuple[str, str]) -> None:
    conn = await asyncpg.connect(pair[1])
    rows = await conn.fetch(KEYS)
    await conn.close()
    wrong = []
    for row in rows:
        first = ["merchant_id", "mode"] if row["has_mode"] else ["merchant_id"]
        if row["tab"] not in DIRECTORIES.keys() | NOT_OF_TENANTS.keys() and row["columns"][: len(first)] != first:
            wrong.append(row["key"])
    assert len(rows) > 30
    assert not wrong


async def test_every_table_has_a_primary_key_and_every_reference_carries_the_merchant(pair: tuple[str, str]) -> None:
    conn = await asyncpg.connect(pair[1])
    bare = await conn.fetch(
        """SELECT relname FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
              AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)"""
    )
    foreign = await conn.fetch(
        """SELECT conrelid::regclass::text || '.' || conname AS name
             FROM pg_constraint k
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
            WHERE contype = 'f' AND a.attname <> 'merchant_id'"""
    )
    await conn.close()
    assert not [row["relname"] for row in bare]
    assert not [row["name"] for row in foreign]


async def test_the_directories_are_those_that_schema_sql_marks(pair: tuple[str, str]) -> None:
    marked = set(re.findall(r"^CREATE (?:UNLOGGED )?TABLE (\w+) \(\s+-- DIRECTORY\b", SCHEMA, re.MULTILINE))
    assert marked == set(DIRECTORIES)
    conn = await asyncpg.connect(pair[1])
    tables = {row["relname"] for row in await conn.fetch(f"SELECT DISTINCT tab AS relname FROM ({KEYS}) k")}
    await conn.close()
    assert marked | NOT_OF_TENANTS.keys() <= tables


async def test_money_is_whole_satang_and_time_knows_its_zone(pair: tuple[str, str]) -> None:
    conn = await asyncpg.connect(pair[1])
    rows = await conn.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    )
    await conn.close()
    kinds = {f"{row['table_name']}.{row['column_name']}": row["data_type"] for row in rows}
    assert not {name for name, kind in kinds.items() if name.endswith("_satang") and kind != "bigint"}
    assert not {name for name, kind in kinds.items() if kind in ("real", "double precision", "money", "numeric")}
    assert not {name for name, kind in kinds.items() if kind == "timestamp without time zone"}
    assert not {name for name, kind in kinds.items() if name.endswith("_at") and kind != "timestamp with time zone"}


def test_every_column_is_explained_where_it_is_made() -> None:
    found = list(columns())
    assert len(found) > 250
    silent = [
        f"{column.table}.{column.name}"
        for column in found
        if "--" not in column.line and " IN (" not in column.line and column.name not in SELF_EVIDENT
    ]
    assert not silent
