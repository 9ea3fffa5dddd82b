"""A gateway whose operator has a slip verifier, for tests over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

import emvco
from paygate.services import slips
from paygate.services.context import Context
from paygate.settings import Settings
from tests.faces.conftest import Gateway, serving
from tests.servers import SECRET_KEY
from tests.services.helpers import assert_balanced, sql
from tests.slip_bank import SlipBank, slip_bank
from tests.worlds import World

_made = 0


def new_slip(bank: str = "004") -> str:
    """A slip that nobody handed in before."""
    global _made
    _made += 1
    return emvco.slip_payload(bank, f"0161{_made:09d}AbC{_made % 97:02d}")


@dataclass
class Slips:
    """A gateway whose operator has a verifier, and that verifier."""

    gateway: Gateway
    bank: SlipBank
    dsn: str

    @property
    def ctx(self) -> Context:
        return self.gateway.ctx

    async def send(
        self, made: dict[str, Any], payload: str, *, key: str | None = "", headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        return await self.gateway.ask(
            "POST", f"/api/v1/payment/{made['id']}/slip", {"payload": payload}, key=key, headers=headers
        )

    async def outcome(self, made: dict[str, Any], payload: str) -> tuple[str, str | None]:
        """Send it; the outcome and its reason."""
        answer = await self.send(made, payload)
        body = answer.json()
        assert answer.status_code == (202 if body["verification"] == "VERIFYING" else 200), answer.text
        assert body["message"]["th"] and body["message"]["en"]
        assert body["success"] is (body["verification"] != "REJECTED")
        return body["verification"], body["reason"]

    async def read(self, made: dict[str, Any]) -> dict[str, Any]:
        """The transaction as a read shows it, with the verification beside it."""
        body = (await self.gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()
        return {**body["transaction"], "verification": body["verification"]}

    async def worker(self) -> None:
        """One round of the chore, as if every pause had passed."""
        await sql(self.ctx, "UPDATE slips SET run_at = now() - interval '1 s' WHERE run_at IS NOT NULL")
        ctx = self.verifying()
        await slips.ask_due(ctx, 8)
        await ctx.close()

    def verifying(self) -> Context:
        """A worker's Context, with the operator's verifiers."""
        env = {"PAYGATE_DATABASE_URL": self.dsn, "PAYGATE_SECRET_KEY": SECRET_KEY, **self.bank.env}
        return Settings.from_env(env).context(self.ctx.db)


@pytest.fixture
async def slip_gateway(ctx: Context, world: World, dsn: str) -> AsyncIterator[Slips]:
    async with (
        slip_bank() as bank,
        serving(dsn, **bank.env) as base,
        httpx2.AsyncClient(base_url=base, timeout=30, trust_env=False) as client,
    ):
        yield Slips(Gateway(client, ctx, world), bank, dsn)
    await assert_balanced(ctx)


async def upload(
    slip_gateway: Slips, made: dict[str, Any], content: bytes, name: str = "file", **more: Any
) -> httpx2.Response:
    """Send a picture as a browser's form does."""
    gateway = slip_gateway.gateway
    headers = {"X-API-Key": gateway.world.secret_key, **more.pop("headers", {})}
    path = f"/api/v1/payment/{made['id']}/slip"
    return await gateway.client.post(path, files={name: ("slip.jpg", content, "image/jpeg")}, headers=headers, **more)
