"""`paygate db`: the schema of the database."""

from __future__ import annotations

import asyncio

import click

from paygate.cli.output import emit, examples, json_option, moment, table
from paygate.cli.session import database, load, prepare
from paygate.db import migrate as migrations


@click.group()
def db() -> None:
    """The database's schema."""


@db.command(epilog=examples("paygate db migrate", "PAYGATE_DATABASE_URL=postgresql://... paygate db migrate --json"))
@json_option
def migrate(as_json: bool) -> None:
    """Bring the database to this version's schema. Every other command does this too."""
    settings = load()
    with database(settings) as dsn:
        applied = asyncio.run(prepare(settings, dsn))
    lines = [f"Applied {name}." for name in applied] or ["The database is up to date."]
    emit({"applied": applied}, lines, as_json=as_json)


@db.command(epilog=examples("paygate db status"))
@json_option
def status(as_json: bool) -> None:
    """Show what is applied and what is missing; changes nothing. Exit status 1 when something is missing or wrong."""
    with database(load()) as dsn:
        found = asyncio.run(migrations.status(dsn))
    answer = {
        "current": found.current,
        "server": found.server,
        "migrations": [{"name": m.name, "state": m.state, "appliedAt": m.applied_at} for m in found.migrations],
    }
    rows = [[m.name, m.state, moment(m.applied_at) if m.applied_at else ""] for m in found.migrations]
    lines = [f"PostgreSQL {found.server}", *table(["MIGRATION", "STATE", "APPLIED"], rows)]
    emit(answer, lines, as_json=as_json)
    if not found.current:
        raise SystemExit(1)
