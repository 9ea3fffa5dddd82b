"""The plugin out of its zip, a shop of doubles (WordPress, WooCommerce) that runs it under PHP, and a real PayGate."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import time
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from paygate.core.sealing import SealingKey
from paygate.db.pool import Database
from paygate.services.context import Context
from tests.house.sources import ROOT
from tests.leaks import WATCH
from tests.postgres import Databases
from tests.sdk.languages import environment, runtime
from tests.servers import SECRET_KEY, Server, free_port
from tests.worlds import World, make_world

HERE = Path(__file__).parent
SOURCES = ROOT / "integrations" / "woocommerce"
WAIT_S = 30.0


class ShopError(Exception):
    """What the shop threw."""


def builder() -> ModuleType:
    """integrations/woocommerce/build.py as a module."""
    spec = importlib.util.spec_from_file_location("woocommerce_build", SOURCES / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def until(holds: Callable[[], Any], problem: str) -> Any:
    """What *holds* answers once it holds: something that another process does."""
    deadline = time.monotonic() + WAIT_S
    while not (found := holds()):
        assert time.monotonic() < deadline, problem
        time.sleep(0.02)
    return found


class Shop:
    """A shop with the plugin: `do` runs one of the calls of shop.php in it, several processes answer."""

    def __init__(self, plugins: Path, folder: Path, **env: str) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self._log = (folder / "shop.log").open("wb")
        self._process = subprocess.Popen(
            [runtime("php"), "-d", "display_errors=1", "-S", f"127.0.0.1:{self.port}", str(HERE / "shop.php")],
            env=environment(
                PLUGINS=str(plugins),
                SHOP_FOLDER=str(folder),
                SHOP_ADDRESS=self.base,
                PHP_CLI_SERVER_WORKERS="6",
                **env,
            ),
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self.http = httpx2.Client(base_url=self.base, trust_env=False, timeout=60)
        until(self._opens, "the shop does not open")

    def _opens(self) -> bool:
        assert self._process.poll() is None, (self.folder / "shop.log").read_text()
        try:
            return self.http.get("/nothing").status_code == 404
        except httpx2.HTTPError:
            return False

    def do(self, call: str, *args: Any) -> Any:
        """One call; what it answers."""
        answer = self.http.post("/do", content=json.dumps({"call": call, "args": list(args)}))
        try:
            said = answer.json()
        except json.JSONDecodeError:
            raise AssertionError(f"{call}: {answer.text}") from None
        if "error" in said:
            raise ShopError("{name}: {message} ({where})".format(**said["error"]))
        return said["ok"]

    def see(self, order: int) -> Any:
        """An order as it is stored, with notes and refunds."""
        return self.do("see", order)

    def notes(self, order: int) -> str:
        """All notes of an order."""
        return "\n".join(text for text, _ in self.see(order)["notes"])

    def told(self, what: str) -> list[Any]:
        """All that happened of one kind: payment_complete, paid, status, mail, log."""
        return [about for kind, about in self.do("told") if kind == what]

    @property
    def hook(self) -> str:
        """The webhook's address."""
        return f"{self.base}/wc-api/paygate_promptpay/"

    def close(self) -> None:
        """End it, and have its log searched for secrets."""
        self.http.close()
        os.killpg(self._process.pid, signal.SIGTERM)  # Its workers, too.
        self._process.wait(20)
        self._log.close()
        WATCH.read(self.folder / "shop.log")


class PayGateHost:
    """A running PayGate with a merchant, and its native API with the merchant's test key."""

    def __init__(self, server: Server, world: World) -> None:
        self.server, self.world = server, world
        self.base = server.base
        self.api = self.client(world.test_key)

    def client(self, key: str) -> httpx2.Client:
        """The API with some key."""
        return httpx2.Client(base_url=f"{self.base}/api/v1", headers={"X-API-Key": key}, trust_env=False, timeout=30)

    def payment(self, payment_id: str) -> Any:
        """A test payment as it stands."""
        return self.api.get(f"/payment/{payment_id}").json()["transaction"]

    def operator(self, work: Callable[[Context], Awaitable[Any]]) -> Any:
        """Somebody at the operator's desk does *work*."""

        async def at_it() -> Any:
            db = await Database.open(self.server.env["PAYGATE_DATABASE_URL"], size=1)
            networks = (ip_network("127.0.0.0/8"),)
            ctx = Context(db, SealingKey.of(SECRET_KEY), "http://127.0.0.1", webhook_allow_networks=networks)
            try:
                return await work(ctx)
            finally:
                await db.close()

        return asyncio.run(at_it())

    def play(self, payment_id: str, **wish: Any) -> Any:
        """Have the test mode's bank pay it."""
        answer = self.api.post(f"/test/payment/{payment_id}/pay", json=wish)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="package")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, as `make woocommerce` makes it."""
    made: Path = builder().build(tmp_path_factory.mktemp("zip"))
    return made


@pytest.fixture(scope="package")
def plugins(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of plugins with the zip unpacked in it."""
    folder = tmp_path_factory.mktemp("plugins")
    with zipfile.ZipFile(archive) as held:
        held.extractall(folder)
    return folder


@pytest.fixture(scope="package")
def paygate(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PayGateHost]:
    """A PayGate with its background work."""
    dsn, folder = databases.create(), tmp_path_factory.mktemp("paygate")

    async def furnish() -> World:
        db = await Database.open(dsn, size=1)
        networks = (ip_network("127.0.0.0/8"),)
        ctx = Context(db, SealingKey.of(SECRET_KEY), "http://127.0.0.1", webhook_allow_networks=networks)
        made = await make_world(ctx, tagging="auto")
        await db.close()
        return made

    world = asyncio.run(furnish())
    server = Server(dsn, folder).start()
    host = PayGateHost(server, world)
    yield host
    host.api.close()
    server.stop()
    server.kill()
    databases.drop(dsn)


@pytest.fixture
def empty_shop(plugins: Path, tmp_path: Path) -> Iterator[Shop]:
    """A shop in which nothing of the plugin is filled in."""
    made = Shop(plugins, tmp_path)
    yield made
    made.close()


@pytest.fixture
def shop(empty_shop: Shop, paygate: PayGateHost) -> Iterator[Shop]:
    """A shop that sells with the merchant's test key, its webhook set up by the button."""
    key = paygate.world.test_key
    assert empty_shop.do("settings", {"enabled": "yes", "host": paygate.base, "secret_key": key}) == []
    told = empty_shop.do("ajax", "webhook", ["manage_woocommerce"])
    assert told["body"]["data"][0]["good"], told
    yield empty_shop
    for one in paygate.api.get("/webhooks/endpoints").json()["endpoints"]:
        if one["url"] == empty_shop.hook:
            paygate.api.delete(f"/webhooks/endpoints/{one['id']}")
