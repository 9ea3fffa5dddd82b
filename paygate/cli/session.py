"""What a command needs before its work: settings, a database with the schema applied, and a Context."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from paygate.core import money
from paygate.db.migrate import migrate
from paygate.db.pool import Database
from paygate.embedded import Lease, acquire
from paygate.services import installation, metrics
from paygate.services.context import Context
from paygate.settings import Settings

Result = TypeVar("Result")

FIRST = "0001_initial.sql"  # The migration that only a new database needs.
POOL_SIZE = 2  # A command does one thing at a time.


def load(data_dir: Path | None = None) -> Settings:
    """The settings; unknown ones are named on stderr. Raises SettingsError."""
    settings = Settings.from_env(os.environ, data_dir=data_dir)
    for warning in settings.warnings:
        click.echo(f"Warning: {warning}", err=True)
    return settings


@contextmanager
def database(settings: Settings, *, watch: bool = False, loud: bool | None = None) -> Iterator[str]:
    """The DSN of the operator's PostgreSQL, or of the embedded one, which is then held until the end.

    *watch*: start it again should it be killed. *loud*: tell of each step on stderr (None: on a terminal only).
    Raises EmbeddedError.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    tell = sys.stderr.isatty() if loud is None else loud
    lease: Lease = acquire(settings.data_dir, on_progress=_say if tell else None)
    with lease:
        if watch:
            lease.watch()
        yield lease.dsn


def run(work: Callable[[Context], Awaitable[Result]]) -> Result:
    """Do *work* with a Context on a migrated database; its result. Raises what the work raises."""
    settings = load()
    with database(settings) as dsn:
        return asyncio.run(_with_context(settings, dsn, work))


async def prepare(settings: Settings, dsn: str, *, serving: bool = False) -> list[str]:
    """Apply the schema and check the key; the migrations applied. *serving*: keep the rules that commands are held to.
    Raises Unavailable, MigrationRefused, WrongKey."""
    applied = await migrate(dsn)
    db = await Database.open(dsn, size=1)
    try:
        ctx = settings.context(db)
        await installation.check(ctx)
        before = await installation.remember_limit(ctx) if serving else None
        if before is not None:
            limit = settings.settlements.second_above_satang
            now = "always enough" if limit is None else f"enough up to {money.show(limit)} THB"
            click.echo(
                f"NOTICE: one approval of a payout was enough up to {money.show(before)} THB; it is {now}.", err=True
            )
    finally:
        await db.close()
    return applied


async def _with_context(settings: Settings, dsn: str, work: Callable[[Context], Awaitable[Result]]) -> Result:
    if FIRST in await migrate(dsn) and settings.database_url is None:
        place = settings.data_dir.resolve()
        click.echo(f"A new, empty database was made in {place} (PAYGATE_DATA_DIR says where).", err=True)
    db = await Database.open(dsn, size=POOL_SIZE)
    ctx = settings.context(db)
    try:
        await installation.check(ctx)
        try:
            return await work(ctx)
        finally:
            await metrics.keep_last(ctx)
    finally:
        await ctx.close()
        await db.close()


def _say(text: str) -> None:
    click.echo(f"{text} ...", err=True)
