"""Every statement fits the schema, has a name, and is used."""

from __future__ import annotations

import re

import asyncpg

from tests.house.sources import modules
from tests.house.statements import statements


async def test_every_statement_prepares_against_the_schema(dsn: str) -> None:
    conn = await asyncpg.connect(dsn)
    wrong = {}
    for name, sql in statements().items():
        try:
            prepared = await conn.prepare(sql.text)
        except asyncpg.PostgresError as error:
            wrong[name] = f"{error} {getattr(error, 'hint', '') or ''}"
            continue
        if len(prepared.get_parameters()) != len(sql.names):
            wrong[name] = f"{len(sql.names)} names, {len(prepared.get_parameters())} parameters"
    await conn.close()
    assert not wrong


def test_there_are_statements() -> None:
    assert len(statements()) > 40


def test_every_statement_is_used_in_its_own_module() -> None:
    texts = {source.name: source.text for source in modules()}
    unused = []
    for name in statements():
        module, constant = name.split(".")
        if len(re.findall(rf"\b{constant}\b", texts[f"paygate/db/{module}.py"])) < 2:
            unused.append(name)
    assert not unused


def test_every_statement_is_a_constant_of_its_module() -> None:
    built = sum(source.text.count("Sql(") for source in modules() if source.name != "paygate/db/sql.py")
    assert built == len(statements())
