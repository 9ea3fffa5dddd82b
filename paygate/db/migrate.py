"""Bringing a database to the schema of this version: numbered files in `migrations/`, each applied once and for ever.

Each file is one transaction together with its row in `schema_version`, so a killed migration leaves no trace. Several
processes may start at once: they queue for an advisory lock, and if that were lost the primary key of `schema_version`
would still refuse the second one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Literal

import asyncpg

from paygate.core.errors import PayGateError, Unavailable
from paygate.db.pool import AWAY, CONNECT_TIMEOUT_S
from paygate.db.sql import Sql

LOCK = 0x70617967617465  # "paygate" in ASCII.
OLDEST_SERVER = 14
# A migration must not queue behind a long statement, with everybody else queueing behind it.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"
FILE = re.compile(r"([0-9]{4})_[a-z0-9_]+\.sql", re.ASCII)

WAIT_TURN = Sql("SELECT pg_advisory_xact_lock(:lock)")
CREATE = """
    CREATE TABLE IF NOT EXISTS schema_version (
        version     integer     PRIMARY KEY,
        name        text        NOT NULL,
        sha256      text        NOT NULL,
        applied_at  timestamptz NOT NULL DEFAULT now()
    )
"""
IS_THERE = Sql("SELECT to_regclass('schema_version') IS NOT NULL")
APPLIED = Sql("SELECT version, name, sha256, applied_at FROM schema_version ORDER BY version")
RECORD = Sql("INSERT INTO schema_version (version, name, sha256) VALUES (:version, :name, :sha256)")


class MigrationRefused(PayGateError):
    """The database and this version do not fit together; the text says what to do."""

    default = "The database cannot be migrated."


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name, text, and the SHA-256 of the text."""

    version: int
    name: str
    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One migration as a database sees it. `edited`: its file changed later; `unknown`: it is a newer PayGate's."""

    name: str
    state: Literal["applied", "pending", "edited", "unknown"]
    applied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database stands: PostgreSQL's version and each migration, in order."""

    server: str
    migrations: tuple[Standing, ...]

    @property
    def current(self) -> bool:
        """Whether nothing is to be done and nothing is wrong."""
        return all(m.state == "applied" for m in self.migrations)


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    sha256: str
    applied_at: datetime


def known() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    found = []
    for path in files("paygate.db").joinpath("migrations").iterdir():
        if match := FILE.fullmatch(path.name):
            data = path.read_bytes()
            found.append(Migration(int(match[1]), path.name, data.decode(), hashlib.sha256(data).hexdigest()))
    return tuple(sorted(found, key=lambda m: m.version))


async def migrate(dsn: str, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is missing; the names of what was applied, none when the database is up to date.

    Raises Unavailable when the database is away, MigrationRefused when PostgreSQL is too old, the database is newer
    than this version, an applied file was edited, or a migration fails (then nothing of it is written).
    """
    wanted = known() if migrations is None else migrations
    done: list[str] = []
    async with _connection(dsn) as conn:
        while _next(wanted, await _applied(conn)) is not None:
            name = await _apply_next(conn, wanted)
            if name is not None:
                done.append(name)
    return done


async def status(dsn: str, migrations: Sequence[Migration] | None = None) -> Status:
    """Where the database stands; changes nothing. Raises Unavailable, and MigrationRefused for an old PostgreSQL."""
    wanted = known() if migrations is None else migrations
    async with _connection(dsn) as conn:
        applied = await _applied(conn)
        server: str = conn.get_settings().server_version
    found = [_standing(m, applied.get(m.version)) for m in wanted]
    ours = {m.version for m in wanted}
    found += [Standing(row.name, "unknown", row.applied_at) for v, row in applied.items() if v not in ours]
    return Status(server, tuple(found))


def _standing(migration: Migration, row: _Row | None) -> Standing:
    if row is None:
        return Standing(migration.name, "pending", None)
    return Standing(migration.name, "applied" if row.sha256 == migration.sha256 else "edited", row.applied_at)


def _next(wanted: Sequence[Migration], applied: Mapping[int, _Row]) -> Migration | None:
    """The first missing migration. Raises MigrationRefused when database and version do not fit."""
    if unknown := sorted(applied.keys() - {m.version for m in wanted}):
        names = ", ".join(applied[v].name for v in unknown)
        raise MigrationRefused(
            f"The database was made by a newer PayGate: it has {names}, which this version does not know."
            " Start the newer version, or restore a backup made before it."
        )
    for migration in wanted:
        row = applied.get(migration.version)
        if row is None:
            return migration
        if row.sha256 != migration.sha256:
            raise MigrationRefused(
                f"The migration {migration.name} is not the one that this database was made with: its file was edited"
                " after it was applied. Install the version that made the database."
            )
    return None


async def _apply_next(conn: asyncpg.Connection, wanted: Sequence[Migration]) -> str | None:
    """Behind the lock, apply the next missing migration; its name, or None when another process was quicker."""
    async with conn.transaction():
        await conn.execute(*WAIT_TURN.bind(lock=LOCK))
        await conn.execute(CREATE)
        migration = _next(wanted, await _applied(conn))
        if migration is None:
            return None
        await conn.execute(LOCK_TIMEOUT)
        try:
            await conn.execute(migration.text)
        except AWAY:
            raise
        except asyncpg.PostgresError as error:
            raise MigrationRefused(f"The migration {migration.name} failed, nothing of it was kept: {error}") from error
        await conn.execute(*RECORD.bind(version=migration.version, name=migration.name, sha256=migration.sha256))
        return migration.name


async def _applied(conn: asyncpg.Connection) -> dict[int, _Row]:
    if not await conn.fetchval(*IS_THERE.bind()):
        return {}
    rows = await conn.fetch(*APPLIED.bind())
    return {row["version"]: _Row(row["name"], row["sha256"], row["applied_at"]) for row in rows}


@asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of its own. No limit on a statement's time: a migration, or the wait for another's, may be long."""
    try:
        conn = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S, server_settings={"application_name": "paygate"})
    except (*AWAY, asyncpg.PostgresError, ValueError) as e:
        raise Unavailable(f"The database cannot be reached: {str(e) or type(e).__name__}") from e
    try:
        server = conn.get_server_version()
        if server.major < OLDEST_SERVER:
            raise MigrationRefused(f"PayGate needs PostgreSQL {OLDEST_SERVER} or newer; this is {server.major}.")
        if (encoding := conn.get_settings().server_encoding) != "UTF8":
            raise MigrationRefused(
                f"The database has the encoding {encoding}, which cannot hold Thai. Make one with ENCODING 'UTF8'."
            )
        yield conn
    except AWAY as e:
        raise Unavailable(f"The database went away: {str(e) or type(e).__name__}") from e
    except asyncpg.InsufficientPrivilegeError as e:
        raise MigrationRefused(f"The database's user may not do this: {e}. It must own the database.") from e
    finally:
        await conn.close(timeout=CONNECT_TIMEOUT_S)
