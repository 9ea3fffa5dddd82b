"""The canonical workload: payments are created and their credits decided, through the services, on a real PostgreSQL.

Each figure is also given as a ratio to a bare floor measured in the same run: one row inserted by its key and
committed, by as many tasks on as many connections. Absolute figures depend on the machine; the ratios travel.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from paygate.core.credits import Observation
from paygate.core.principals import Principal
from paygate.core.sealing import SealingKey
from paygate.db import keys
from paygate.db.migrate import migrate
from paygate.db.pool import Conn, Database
from paygate.embedded import acquire
from paygate.services import accounts, evidence, ledger, merchants, payments
from paygate.services.context import Context

TASKS = 16


def main(arguments: list[str]) -> int:
    """Run it and print five lines."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks spine", description=__doc__)
    parser.add_argument("--payments", type=int, default=3000, help="how many (default 3000)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="paygate-benchmark-") as folder, acquire(Path(folder)) as lease:
        asyncio.run(_run(lease.dsn, options.payments))
    return 0


async def _run(dsn: str, count: int) -> None:
    await migrate(dsn)
    db = await Database.open(dsn, size=TASKS)
    ctx = Context(db, SealingKey.of("a key for the benchmark, 32 letters"), "http://127.0.0.1:8000")
    principal = await _principal(ctx)
    account = principal.accounts[0]
    made: list[payments.Payment] = []

    async def create(number: int) -> None:
        new = payments.NewPayment(10_000 + 100 * (number % 2_000), metadata='{"table":7}')
        done = await payments.create(ctx, principal, new, None, lambda _: (201, b"{}"))
        made.append(done.payment)  # type: ignore[union-attr]

    async def decide(number: int) -> None:
        seen = _observation(made[number], account.receiving_id, number)
        outcome = await evidence.record(ctx, seen)
        if outcome.payment_id != made[number].id:
            raise SystemExit(f"a credit was decided wrongly: {outcome}")

    async with db.connection() as conn:
        await conn.execute("CREATE TABLE floor (id bigint PRIMARY KEY, note text NOT NULL)")

    async def floor(number: int) -> None:
        async def work(conn: Conn) -> None:
            await conn.execute("INSERT INTO floor VALUES ($1, $2)", number, "x" * 200)

        await db.transaction(work)

    await _rate(floor, range(-200, 0))  # Warm up.
    bare, _ = await _rate(floor, range(count))
    for name, work in (("create a payment", create), ("decide a credit", decide)):
        rate, spans = await _rate(work, range(count))
        p50, p99 = spans[len(spans) // 2] * 1e3, spans[len(spans) * 99 // 100] * 1e3
        print(f"{name:18}{rate:8.0f} /s   {rate / bare:5.2f} of the floor   p50 {p50:5.1f} ms   p99 {p99:5.1f} ms")
    print(f"{'floor: one insert':18}{bare:8.0f} /s")
    report = await ledger.check(ctx)
    print(f"ledger balanced: {report.balanced}, {report.counts['paid']} paid of {report.counts['payments']}")
    await db.close()


async def _principal(ctx: Context) -> Principal:
    await accounts.add(ctx, owner=0, promptpay="0812345678", bank="014", number="4061234567", name="Benchmark")
    made = await merchants.create(ctx, email="b@b.co", name="Benchmark", plan="free", approve=True)
    async with ctx.db.connection() as conn:
        found = await keys.authenticate(conn, hashlib.sha256(made.live_secret_key.encode()).digest())
    if found is None:
        raise SystemExit("the merchant's key does not work")
    return found


def _observation(payment: payments.Payment, receiving_id: UUID, number: int) -> Observation:
    return Observation(
        merchant_id=0,
        mode="live",
        receiving_id=receiving_id,
        source_id=UUID(int=1),
        rank="A",
        amount_satang=payment.payable_satang,
        occurred_at=datetime.now(UTC),
        trust="host",
        namespace="bank:004",
        reference=f"B{number}",
        digest=hashlib.sha256(str(number).encode()).digest(),
    )


async def _rate(work: Callable[[int], Awaitable[None]], numbers: range) -> tuple[float, list[float]]:
    """How many a second by TASKS tasks, and the sorted time of each in seconds."""
    todo, spans = iter(numbers), []

    async def task() -> None:
        for number in todo:
            began = time.perf_counter()
            await work(number)
            spans.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(task() for _ in range(TASKS)))
    return len(numbers) / (time.perf_counter() - began), sorted(spans)
