"""A stream of payments, and a server that is killed twenty times meanwhile: nothing lost, nothing booked twice."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx2

from paygate.core.webhooks import stamp
from paygate.services import ledger
from paygate.services.context import Context
from tests.journey.shop import Shop
from tests.servers import Server
from tests.worlds import make_world

KILLS = 20
CLIENTS = 3
GIVE_UP_S = 120.0


async def test_twenty_kills_lose_nothing_and_book_nothing_twice(
    ctx: Context, server: Callable[..., Server], dsn: str
) -> None:
    with Shop() as shop:
        world = await make_world(ctx, hook=shop.url, tagging="auto")
        running = server()
        stream = Stream(running.base, world.secret_key, f"/api/bank/{world.source}", world.source_secret)
        await asyncio.to_thread(stream.run_while, lambda: kill_again_and_again(running, stream))

        assert len(stream.paid) >= KILLS
        conn = await asyncpg.connect(dsn)
        # What the killed server had claimed comes back when its lease is over; that moment is now.
        await conn.execute("UPDATE deliveries SET run_at = now() WHERE state = 'DUE'")
        events = dict(
            await conn.fetch("SELECT subject_id::text, count(*) FROM events WHERE type = 'payment.success' GROUP BY 1")
        )
        statuses = dict(await conn.fetch("SELECT id::text, status FROM payments"))
        credits = await conn.fetchval("SELECT count(*) FROM credits")
        await conn.close()
        assert {payment: statuses[payment] for payment in stream.paid} == dict.fromkeys(stream.paid, "PAID")
        assert events == dict.fromkeys(stream.paid, 1)
        assert credits == len(stream.paid)
        await asyncio.to_thread(shop.wait_for_all, stream.paid)
        report = await ledger.check(ctx)
        assert report.balanced, report.differences


def kill_again_and_again(running: Server, stream: Stream) -> None:
    """Kill the server at a random moment of a stream that moves, start it again, twenty times."""
    for kill in range(1, KILLS + 1):
        stream.wait_for(kill)
        time.sleep(random.uniform(0, 0.2))  # The moment is random on purpose; nothing waits for it.
        running.kill()
        running.start()


class Stream:
    """Clients that create a payment, have its credit reported, and go on; they repeat what a kill interrupted."""

    def __init__(self, base: str, key: str, path: str, secret: str) -> None:
        self.base, self.key, self.path, self.secret = base, key, path, secret
        self.paid: set[str] = set()
        self._over = threading.Event()

    def run_while(self, work: Callable[[], None]) -> None:
        """Let the clients run until *work* is done, and then finish what each has begun."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(self._client, number) for number in range(CLIENTS)]
            try:
                work()
            finally:
                self._over.set()
            for client in clients:
                client.result()

    def wait_for(self, payments: int) -> None:
        """Wait until so many payments are paid, however slow this machine is."""
        deadline = time.monotonic() + GIVE_UP_S
        while len(self.paid) < payments:
            assert time.monotonic() < deadline, f"{len(self.paid)} of {payments} payments in {GIVE_UP_S} s"
            time.sleep(0.005)

    def _client(self, number: int) -> None:
        turn = 0
        while not self._over.is_set():
            turn += 1
            name = f"{number}-{turn}"
            created = self._insist(
                "/api/v1/payment/create", {"amount": 100 + number}, {"X-API-Key": self.key, "Idempotency-Key": name}
            )
            payment = created["transaction"]
            credit = {
                "amount": payment["payableAmount"],
                "occurredAt": datetime.now(UTC).isoformat(),
                "sendingBank": "004",
                "transRef": name,
            }
            outcome = self._insist(self.path, credit, {})
            # DUPLICATE: the kill came between the commit and the answer.
            assert outcome["outcome"] in ("PAID", "DUPLICATE") and outcome["transactionId"] == payment["id"], outcome
            self.paid.add(payment["id"])

    def _insist(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        """Send until somebody answers; a kill in between makes no difference."""
        raw = json.dumps(body).encode()
        deadline = time.monotonic() + GIVE_UP_S
        while time.monotonic() < deadline:
            signed = headers or {"X-PayGate-Signature": stamp([self.secret], int(time.time()), raw)}
            try:
                answer = httpx2.post(self.base + path, content=raw, headers=signed, timeout=30, trust_env=False)
            except httpx2.TransportError:
                time.sleep(0.05)
                continue
            assert answer.status_code in (200, 201, 503), answer.text
            if answer.status_code != 503:
                return dict(answer.json())
        raise AssertionError(f"no answer from {path} in {GIVE_UP_S} s")
