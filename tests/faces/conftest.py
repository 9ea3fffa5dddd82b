"""The real application on a real socket, in the test's own event loop, so that the test can look into its database."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import uvicorn

from paygate import app, telemetry
from paygate.services.context import Context
from paygate.settings import Settings
from tests.contract import Held
from tests.servers import SECRET_KEY, free_port
from tests.worlds import World


class Gateway:
    """A running server and a client of it. `world` is what its database holds; `key` is sent unless told otherwise."""

    def __init__(self, client: httpx2.AsyncClient, ctx: Context, world: World) -> None:
        self.client, self.ctx, self.world = client, ctx, world
        self.kept: dict[str, Any] = {}  # What a test made once, to use it again.

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = "",
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """One request. *body*: bytes as they are, anything else as JSON. *key* None: without one."""
        sent = dict(headers or {})
        if key is not None:
            sent["X-API-Key"] = key or self.world.secret_key
        raw = body if isinstance(body, bytes | None) else json.dumps(body, ensure_ascii=False).encode()
        return await self.client.request(method, path, content=raw, headers=sent)

    async def create(self, **fields: Any) -> dict[str, Any]:
        """A new payment: the answer's `transaction`."""
        answer = await self.ask("POST", "/api/v1/payment/create", {"amount": 150, **fields})
        assert answer.status_code == 201, answer.text
        transaction: dict[str, Any] = answer.json()["transaction"]
        return transaction

    async def tell(
        self, body: object, *, secret: str | None = None, at: float | None = None, source: str | None = None
    ) -> httpx2.Response:
        """What the bank's bridge sends, signed."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        stamp = int(time.time() if at is None else at)
        key = (self.world.source_secret if secret is None else secret).encode()
        signature = hmac.new(key, f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
        headers = {"X-PayGate-Signature": f"t={stamp},v1={signature}"}
        return await self.client.post(f"/api/bank/{source or self.world.source}", content=raw, headers=headers)

    async def counts(self) -> dict[str, int]:
        """How many rows there are in every table but those that a server writes when it has time."""
        async with self.ctx.db.connection() as conn:
            names = [
                row["tablename"]
                for row in await conn.fetch(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL($1)",
                    ["metrics", "system_log"],
                )
            ]
            return {name: await conn.fetchval(f'SELECT count(*) FROM "{name}"') for name in names}


@asynccontextmanager
async def serving(dsn: str, **env: str) -> AsyncIterator[str]:
    """The application on a free port, without background work: its address. Its answers are held to the document."""
    env.setdefault("PAYGATE_LOG_LEVEL", "info")  # So that there is a log to search for secrets.
    port = free_port()
    base = {"PAYGATE_SECRET_KEY": SECRET_KEY, "PAYGATE_NO_WORKER": "1", "PAYGATE_LOG_LEVEL": "error"}
    base["PAYGATE_RATE_LIMIT"] = "key=off source=off address=off"  # Tests ask as quickly as they can.
    settings = Settings.from_env({"PAYGATE_DATABASE_URL": dsn, **base, **env})
    held = Held(app.build(settings))
    config = uvicorn.Config(held, port=port, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            assert not task.done(), "the server ended"
            await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
    assert not held.broken, "\n".join(held.broken)


@pytest.fixture
async def gateway(ctx: Context, world: World, dsn: str) -> AsyncIterator[Gateway]:
    """A server on a fresh database with a merchant in it."""
    try:
        async with serving(dsn) as base, httpx2.AsyncClient(base_url=base, timeout=30, trust_env=False) as client:
            yield Gateway(client, ctx, world)
    finally:
        telemetry.configure("info")  # The app made the log of this process quieter.
