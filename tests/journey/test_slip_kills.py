"""A server that is killed while it asks a bank about a slip, or between keeping a bank's text and deciding it: the next
one's worker finishes what it began."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx2

import emvco
from paygate.banks.notices.text import BANGKOK
from paygate.core import ids
from paygate.core.canonical import dumps
from paygate.core.webhooks import stamp
from paygate.db import credits
from paygate.services import sources
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


async def test_a_kill_between_keeping_a_notice_and_deciding_it_is_finished_by_the_next_servers_worker(
    ctx: Context, world: World, server: Callable[..., Server], dsn: str
) -> None:
    phone = await sources.add(ctx, account_id=world.account_id, kind="notice")
    running = await asyncio.to_thread(server)
    async with httpx2.AsyncClient(base_url=running.base, timeout=30, trust_env=False) as client:
        key = {"X-API-Key": world.secret_key}
        made = (await client.post("/api/v1/payment/create", json={"amount": 150}, headers=key)).json()["transaction"]
        text = f"{datetime.now(BANGKOK):%d/%m@%H:%M} 150.00 จากKTB/x129439เข้าx234567 ใช้ได้1,150.00บ"
        said = dumps({"text": text, "sender": "027777777", "receivedAt": datetime.now(UTC).isoformat()}).encode()

        async def tell() -> httpx2.Response:
            signed = {"X-PayGate-Signature": stamp([phone.secret], int(time.time()), said)}
            return await client.post(f"/api/bank/{ids.show('src', phone.id)}", content=said, headers=signed)

        conn = await asyncpg.connect(dsn)
        async with conn.transaction():  # Whoever decides has to wait for this; whoever keeps the text does not.
            await credits.lock_slot(conn, "live", world.receiving_id, 15_000)
            telling = asyncio.create_task(tell())
            await wait_until(lambda: kept(ctx))
            await asyncio.to_thread(running.kill)
            await asyncio.gather(telling, return_exceptions=True)
        await conn.close()
        assert [tuple(row) for row in await sql(ctx, "SELECT kind, outcome FROM notices")] == [("credit", None)]
        assert await sql(ctx, "SELECT 1 FROM credits") == []

        await sql(ctx, "UPDATE notices SET heard_at = heard_at - interval '31 s'")  # Nobody is at it any more.
        await asyncio.to_thread(running.start)

        async def paid() -> bool:
            read = await client.get(f"/api/v1/payment/{made['id']}", headers=key)
            return bool(read.json()["transaction"]["status"] == "PAID")

        await wait_until(paid)
        again = (await tell()).json()  # The phone, which never had an answer, tells it once more.
        assert (again["outcome"], again["transactionId"]) == ("DUPLICATE", made["id"])
    assert len(await sql(ctx, "SELECT 1 FROM events WHERE type = 'payment.success'")) == 1
    assert len(await sql(ctx, "SELECT 1 FROM observations")) == 1
    await assert_balanced(ctx)


async def kept(ctx: Context) -> bool:
    """Whether a notice was kept."""
    return bool(await sql(ctx, "SELECT 1 FROM notices"))


async def decided(ctx: Context) -> bool:
    """Whether the slip has its outcome."""
    [row] = await sql(ctx, "SELECT outcome FROM slips")
    return bool(row["outcome"] == "PAID")
