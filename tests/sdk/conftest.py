"""One running server for all tests of the libraries, and the libraries as it serves them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import httpx2
import pytest

from paygate.core.sealing import SealingKey
from paygate.db.pool import Database
from paygate.services import merchants
from paygate.services.context import Context
from tests.postgres import Databases
from tests.sdk.languages import FILES, LANGUAGES, Sdk
from tests.servers import SECRET_KEY, Server
from tests.worlds import World, make_world

SHOP = "https://shop.example"


@dataclass(frozen=True)
class Host:
    """A server, what its database holds, and a folder with the libraries that were downloaded from it."""

    server: Server
    world: World
    folder: Path

    @property
    def base(self) -> str:
        return self.server.base


@pytest.fixture(scope="package")
def host(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A server with its background work on a database with a merchant."""
    dsn, folder = databases.create(), tmp_path_factory.mktemp("sdk")

    async def furnish() -> World:
        db = await Database.open(dsn, size=1)
        networks = (ip_network("127.0.0.0/8"),)
        ctx = Context(db, SealingKey.of(SECRET_KEY), "http://127.0.0.1", webhook_allow_networks=networks)
        made = await make_world(ctx, tagging="auto")
        await merchants.change_origins(ctx, made.merchant_id, add=[SHOP])
        await db.close()
        return made

    world = asyncio.run(furnish())
    server = Server(dsn, folder).start()
    for name in FILES.values():
        (folder / name).write_bytes(httpx2.get(f"{server.base}/sdk/{name}", trust_env=False).content)
    yield Host(server, world, folder)
    server.stop()
    server.kill()
    databases.drop(dsn)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    return str(request.param)


@pytest.fixture
def sdk(host: Host, language: str) -> Iterator[Sdk]:
    """A client as a shop makes it: the key alone, for the address is in the file."""
    with Sdk(language, host.folder / FILES[language], host.world.secret_key) as made:
        yield made
