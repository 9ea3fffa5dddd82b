"""Real databases for tests: one PostgreSQL a run, one template a PostgreSQL, one fresh clone a test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
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
        self._dropping: list[Future[None]] = []
        self._run(self._make_template())
        self._spare = self._start(self._clone(TEMPLATE))  # Made while a test runs, for the next one.

    def create(self) -> str:
        """A fresh database with PayGate's schema: its connection string."""
        ready, self._spare = self._spare, self._start(self._clone(TEMPLATE))
        return ready.result(60)

    def create_empty(self) -> str:
        """A fresh database with nothing in it."""
        return self._run(self._clone("template0"))

    def drop(self, dsn: str) -> None:
        """Drop it in the background, whoever is still connected."""
        name = urlsplit(dsn).path.lstrip("/")
        self._dropping.append(self._start(self._drop(name)))

    def close(self) -> None:
        """Leave PostgreSQL; the last one to leave stops it."""
        for work in (self._spare, *self._dropping):
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

    async def _drop(self, name: str) -> None:
        # FORCE may not end PostgreSQL's own workers, which a plain DROP asks to leave; our own connections we may end.
        ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = current_user"
        for attempt in range(5):
            async with self._turn:
                await self._admin.execute(ours, name)
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
