"""Real databases for tests: one PostgreSQL a run, one template a PostgreSQL, for each test a database like new.

A clone of the template is three hundred files to copy, and to remove again: most of what a small test costs. So a
database that a test is done with is emptied and used again, unless the test changed more than rows (a schema, a
setting) or left very many; whatever goes wrong with that, it is dropped, and the next test gets a clone.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from paygate.db.migrate import migrate
from paygate.embedded import Lease, acquire
from paygate.embedded.folder import open_folder

FOLDER = "TESTS_POSTGRES_FOLDER"  # Set by the first process of a run, read by its xdist workers.
TEMPLATE = "paygate_template"
MAKING = 7_201_926  # Advisory lock: one worker makes the template, the others wait for it.
T = TypeVar("T")

OUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = current_user"
TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
SEQUENCES = """
    SELECT format('SELECT setval(%L, %s, %L);', format('%I.%I', schemaname, sequencename),
                  coalesce(last_value, start_value), last_value IS NOT NULL) FROM pg_sequences
"""
MANY = "SELECT EXISTS (SELECT FROM pg_class WHERE relkind = 'r' AND oid >= 16384 AND pg_relation_size(oid) > 4194304)"
SCHEMA = """
    SELECT md5(string_agg(line, '; ' ORDER BY line)) FROM (
         SELECT concat_ws(' ', 'class', oid, relname, relpersistence, reloptions, relfilenode, relacl) AS line
           FROM pg_class WHERE oid >= 16384
         UNION ALL SELECT concat_ws(' ', 'column', attrelid, attname, xmin) FROM pg_attribute WHERE attrelid >= 16384
         UNION ALL SELECT concat_ws(' ', 'trigger', oid, xmin) FROM pg_trigger
         UNION ALL SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE oid >= 16384
         UNION ALL SELECT concat_ws(' ', 'constraint', oid, xmin) FROM pg_constraint WHERE oid >= 16384
         UNION ALL SELECT concat_ws(' ', 'schema', oid, nspname, nspacl) FROM pg_namespace WHERE oid >= 16384
         UNION ALL SELECT concat_ws(' ', 'setting', s.setrole, s.setconfig, d.datconnlimit, d.datallowconn)
                     FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid
                    WHERE d.datname = current_database()
    ) AS lines
"""


@dataclass(frozen=True)
class New:
    """What a clone holds before a test has touched it."""

    schema: str
    tables: list[str]
    rows: dict[str, bytes]
    sequences: str


def make_folder() -> None:
    """Choose the run's folder, in the process that starts the workers."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="paygate-tests-")
    Path(os.environ[FOLDER]).chmod(0o755)


def remove_folder() -> None:
    """Remove it, when all workers have left."""
    shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)


class Databases:
    """Makes and drops databases from any test, with or without an event loop of its own: it has a loop in a thread."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._turn = asyncio.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="databases", daemon=True)
        self._thread.start()
        folder = Path(os.environ[FOLDER])
        self._lease: Lease = acquire(folder / "data")
        self._admin: asyncpg.Connection = self._run(asyncpg.connect(self._lease.dsn))
        self._run(self._trust_the_machine(folder / "data"))
        self._superuser_password = open_folder(folder / "data").superuser_password_file.read_text().strip()
        self._dropping: list[Future[None]] = []
        self._run(self._make_template())
        self.given_up: list[Exception] = []
        self._emptied: list[Future[str]] = []  # Under way while the next test runs.
        first = self._run(self._clone(TEMPLATE))
        self._new = self._run(self._look(first))
        self._emptied.append(self._start(self._itself(first)))

    def create(self) -> str:
        """A database like new, with PayGate's schema: its connection string."""
        for ready in self._emptied:
            if ready.done():
                self._emptied.remove(ready)
                return ready.result()
        return self._run(self._clone(TEMPLATE))

    def clone(self) -> str:
        """One that nobody has used before: for tests of what a statement costs."""
        return self._run(self._clone(TEMPLATE))

    def empty(self, dsn: str) -> str:
        """What `recycle` makes of it: itself, or another one, when it is too different to be emptied."""
        return self._run(self._empty(dsn))

    def recycle(self, dsn: str) -> None:
        """Have it emptied in the background, whoever is still connected, for another test."""
        self._emptied.append(self._start(self._empty(dsn)))

    def create_empty(self) -> str:
        """A fresh database with nothing in it."""
        return self._run(self._clone("template0"))

    def drop(self, dsn: str) -> None:
        """Drop it in the background, whoever is still connected."""
        name = urlsplit(dsn).path.lstrip("/")
        self._dropping.append(self._start(self._drop(name)))

    def close(self) -> None:
        """Leave PostgreSQL; the last one to leave stops it."""
        for work in (*self._emptied, *self._dropping):
            work.result(60)
        self._run(self._admin.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._lease.close()

    async def _trust_the_machine(self, data_dir: Path) -> None:
        # Tests kill processes, never the machine, and what a killed PostgreSQL wrote stays with the kernel. Waiting
        # for the disk at each of five thousand databases makes the suite three times slower where disks are slow.
        password = open_folder(data_dir).superuser_password_file.read_text().strip()
        superuser = await asyncpg.connect(self._lease.dsn, user="postgres", password=password)
        try:
            await superuser.execute("SELECT pg_advisory_lock($1)", MAKING)
            await superuser.execute("ALTER SYSTEM SET fsync = off")
            await superuser.execute("SELECT pg_reload_conf()")
        finally:
            await superuser.close()

    async def _make_template(self) -> None:
        await self._admin.execute("SELECT pg_advisory_lock($1)", MAKING)
        try:
            if not await self._admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", TEMPLATE):
                await self._admin.execute(f"CREATE DATABASE {TEMPLATE}_new TEMPLATE template0")
                await migrate(named(self._lease.dsn, f"{TEMPLATE}_new"))
                await self._admin.execute(f"ALTER DATABASE {TEMPLATE}_new RENAME TO {TEMPLATE}")
        finally:
            await self._admin.execute("SELECT pg_advisory_unlock($1)", MAKING)

    async def _clone(self, template: str) -> str:
        name = f"t_{os.getpid()}_{next(self._numbers)}"
        # Copying files is three times quicker than logging their pages, the default from PostgreSQL 15 on.
        strategy = "STRATEGY FILE_COPY" if self._admin.get_server_version() >= (15,) else ""
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")
        return named(self._lease.dsn, name)

    async def _itself(self, dsn: str) -> str:
        return dsn

    async def _as_superuser(self, dsn: str) -> asyncpg.Connection:
        return await asyncpg.connect(dsn, user="postgres", password=self._superuser_password, timeout=30)

    async def _look(self, dsn: str) -> New:
        conn = await self._as_superuser(dsn)
        try:
            tables = [str(row[0]) for row in await conn.fetch(TABLES)]
            rows: dict[str, bytes] = {}
            for table in tables:
                copied = io.BytesIO()
                await conn.copy_from_query(f"SELECT * FROM {table}", output=copied, format="binary")
                rows[table] = copied.getvalue()
            empty = min(rows.values(), key=len)
            sequences = "\n".join(str(row[0]) for row in await conn.fetch(SEQUENCES))
            kept = {table: copied for table, copied in rows.items() if len(copied) > len(empty)}
            return New(await conn.fetchval(SCHEMA), tables, kept, sequences)
        finally:
            await conn.close()

    async def _empty(self, dsn: str) -> str:
        """The database *dsn* with the rows it began with, or another one, when that cannot be."""
        name = urlsplit(dsn).path.lstrip("/")
        try:
            async with self._turn:
                await self._admin.execute(OUT, name)
            conn = await self._as_superuser(dsn)
            try:
                await conn.execute("SET session_replication_role = replica")  # No trigger forbids it, no key minds.
                if await conn.fetchval(SCHEMA) == self._new.schema and not await conn.fetchval(MANY):
                    async with conn.transaction():
                        await conn.execute("".join(f"DELETE FROM {table};" for table in self._new.tables))
                        for table, rows in self._new.rows.items():
                            schema, _, plain = table.partition(".")
                            source = io.BytesIO(rows)
                            await conn.copy_to_table(plain, source=source, schema_name=schema, format="binary")
                        if self._new.sequences:
                            await conn.execute(self._new.sequences)
                    return dsn
            finally:
                await conn.close()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            self.given_up.append(error)  # Whatever the test did to it: it is not used again.
        await self._drop(name)
        return await self._clone(TEMPLATE)

    async def _drop(self, name: str) -> None:
        # FORCE may not end PostgreSQL's own workers, which a plain DROP asks to leave; our own connections we may end.
        for attempt in range(5):
            async with self._turn:
                await self._admin.execute(OUT, name)
            try:
                return await self._execute(f"DROP DATABASE IF EXISTS {name}")
            except asyncpg.ObjectInUseError:
                if attempt == 4:
                    raise
        return None

    async def _execute(self, statement: str) -> None:
        async with self._turn:
            await self._admin.execute(statement)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._start(work).result(60)

    def _start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def named(dsn: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))
