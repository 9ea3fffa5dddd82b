"""What every test may ask for. All of it is real: a PostgreSQL, a fresh database, a running server.

dsn       connection string of a fresh database with the schema
ctx       a Context on that database, as services take it
server    starts `paygate serve` on that database: `running = server()`
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from paygate.core.sealing import SealingKey
from paygate.db.pool import Database
from paygate.services.context import Context
from tests.leaks import WATCH, watching
from tests.postgres import Databases, make_folder, remove_folder
from tests.servers import SECRET_KEY, Server
from tests.worlds import World, make_world

# A machine with other work to do is slow, and no test is about that.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        make_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        remove_folder()


@pytest.fixture(scope="session", autouse=True)
def no_secret_in_any_log() -> Iterator[None]:
    """At the end: of all secrets that were made in these tests, none is in a server's log."""
    WATCH.remember(SECRET_KEY)
    with watching(WATCH):
        yield
    assert not WATCH.found()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """For tests that need several databases, or one that outlives a test."""
    made = Databases()
    yield made
    made.close()


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database like new, with PayGate's schema."""
    made = databases.create()
    yield made
    databases.recycle(made)


@pytest.fixture
async def ctx(dsn: str) -> AsyncIterator[Context]:
    """A Context on a fresh database."""
    db = await Database.open(dsn)
    key = SealingKey.of(SECRET_KEY)
    yield Context(db, key, "http://127.0.0.1:8000", webhook_allow_networks=(ip_network("127.0.0.0/8"),))
    await db.close()


@pytest.fixture
def server(dsn: str, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start `paygate serve` on the test's database: `server("--no-worker", env={...})`; ended after the test."""
    running: list[Server] = []

    def start(*flags: str, env: dict[str, str] | None = None, database: str = dsn) -> Server:
        running.append(Server(database, tmp_path, flags, env or {}))
        return running[-1].start()

    yield start
    for one in running:
        one.kill()


@pytest.fixture
async def world(ctx: Context) -> World:
    """An installation that can take a payment; for other plans or tagging call `make_world(ctx, ...)`."""
    return await make_world(ctx)
