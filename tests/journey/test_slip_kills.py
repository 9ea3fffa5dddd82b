"""A server that is killed while it asks a bank about a slip: the next one's worker finishes what it began."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx2

import emvco
from paygate.services.context import Context
from tests.servers import Server
from tests.services.helpers import assert_balanced, sql
from tests.slip_bank import slip_bank
from tests.worlds import World

LONGEST_S = 60.0


async def wait_until(condition: Callable[[], Any]) -> None:
    """Until it comes true; it may be asked of the database."""
    deadline = time.monotonic() + LONGEST_S
    while True:
        met = condition()
        if await met if asyncio.iscoroutine(met) else met:
            return
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.05)


async def test_a_kill_in_the_middle_of_a_verification_is_finished_by_the_next_servers_worker(
    ctx: Context, world: World, server: Callable[..., Server]
) -> None:
    slip = emvco.slip_payload("004", "0161000000001KiL01")
    async with slip_bank(hangs=True) as bank:
        running = await asyncio.to_thread(lambda: server(env=bank.env))
        headers, key = {"X-API-Key": world.secret_key}, {"Idempotency-Key": "slip 1"}
        async with httpx2.AsyncClient(base_url=running.base, headers=headers, timeout=30, trust_env=False) as client:
            made = (await client.post("/api/v1/payment/create", json={"amount": 150})).json()["transaction"]
            path = f"/api/v1/payment/{made['id']}"

            async def send() -> httpx2.Response:
                return await client.post(f"{path}/slip", json={"payload": slip}, headers=key)

            sending = asyncio.create_task(send())
            await wait_until(lambda: bank.asked)
            await asyncio.to_thread(running.kill)
            await asyncio.gather(sending, return_exceptions=True)
            [row] = await sql(ctx, "SELECT outcome, lease_id IS NOT NULL AS leased FROM slips")
            assert (row["outcome"], row["leased"]) == ("VERIFYING", True)

            bank.knows(slip, 150)
            bank.freely.set()
            await asyncio.to_thread(running.start)
            read = (await client.get(path)).json()
            assert (read["transaction"]["status"], read["verification"]["status"]) == ("PENDING", "VERIFYING")
            busy = await send()  # Nobody knows yet that whoever had the key is dead.
            assert (busy.status_code, busy.headers["retry-after"]) == (409, "1")
            await sql(ctx, "UPDATE slips SET run_at = now() WHERE run_at IS NOT NULL")  # The lease is over.

            async def paid() -> bool:
                return bool((await client.get(path)).json()["transaction"]["status"] == "PAID")

            await wait_until(paid)
            await sql(ctx, "UPDATE idempotency_keys SET lease_until = now() WHERE status IS NULL")  # And the key's.
            taken, again = await send(), await send()
            assert (taken.status_code, taken.json()["verification"]) == (200, "PAID")
            assert again.content == taken.content and again.headers["idempotent-replayed"] == "true"
    await wait_until(lambda: decided(ctx))
    assert len(await sql(ctx, "SELECT 1 FROM events WHERE type = 'payment.success'")) == 1
    await assert_balanced(ctx)


async def decided(ctx: Context) -> bool:
    """Whether the slip has its outcome."""
    [row] = await sql(ctx, "SELECT outcome FROM slips")
    return bool(row["outcome"] == "PAID")
