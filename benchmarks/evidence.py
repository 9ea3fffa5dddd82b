"""Credits decided while 1,000, 100,000 and 1,000,000 payments are open, all on one account of one PostgreSQL.

What a decision costs must not depend on how many payments wait: the p50 with the most of them is to be less than 1.5
times the p50 with the fewest. Each size is measured one credit after another, which shows what a decision takes, and
with many at once, which shows how many a second there are. Every credit must pay the payment whose amount it is.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import platform
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from benchmarks.spine import TASKS, _principal
from paygate.core.credits import Observation
from paygate.core.principals import ReceivingAccount
from paygate.core.sealing import SealingKey
from paygate.db.migrate import migrate
from paygate.db.pool import Database
from paygate.embedded import acquire
from paygate.services import evidence, ledger
from paygate.services.context import Context

SIZES = (1_000, 100_000, 1_000_000)
TARGET_RATIO = 1.5
MERCHANTS = 1_000
LOWEST_SATANG = 10_000
WARM_UP = 100

# Payment n asks for LOWEST_SATANG + n and is open for a day; a thousand merchants have them. The rows are those that
# `payments.create` writes.
SEED = """
    WITH made AS (
         SELECT n, $3::bigint + n AS amount,
                ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id,
                CASE WHEN n % 1000 = 0 THEN $4::bigint ELSE $4::bigint + n % 1000 END AS merchant_id
           FROM generate_series($1::bigint, $2::bigint) n
         ),
         payment AS (
         INSERT INTO payments (merchant_id, mode, id, order_id, amount_satang, payable_satang, fee_bps, fee_satang,
                               flow, owner_id, account_id, receiving_id, qr_payload, created_at, expires_at)
         SELECT merchant_id, 'live', id, 'ORDER-' || n, amount, amount, 300, amount * 3 / 100,
                'central', 0, $5::uuid, $6::uuid, repeat('0', 90), now(), now() + interval '1 day'
           FROM made
         ),
         held AS (
         INSERT INTO reservations (mode, receiving_id, payment_id, merchant_id, owner_id, amount_satang, exclusive,
                                   from_at, until_at)
         SELECT 'live', $6, id, merchant_id, 0, amount, true, now(), now() + interval '25 hours' FROM made
         )
    INSERT INTO slots (mode, receiving_id, amount_satang, busy_until, payment_id, merchant_id)
    SELECT 'live', $6, amount, now() + interval '25 hours 2 minutes', id, merchant_id FROM made
"""
OTHERS = """
    INSERT INTO merchants (merchant_id, name, email, plan, status, approved_at)
    SELECT $1::bigint + n, 'Shop', 'shop@example.com', 'free', 'APPROVED', now() FROM generate_series(1, 999) n
"""


@dataclass(frozen=True)
class Figures:
    """What was measured with so many open payments. One by one: p50 and p99; at once: how many a second, and p99."""

    open_payments: int
    p50_ms: float
    p99_ms: float
    per_s: float
    p99_at_once_ms: float


def main(arguments: list[str]) -> int:
    """Run it, print a line for each size, and say whether it is flat; 1 when it is not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks evidence", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="open payments, ascending")
    parser.add_argument("--credits", type=int, default=800, help="credits of each way at each size (default 800)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="paygate-benchmark-") as folder, acquire(Path(folder)) as lease:
        figures = asyncio.run(_run(lease.dsn, options.sizes, options.credits))
    ratio = figures[-1].p50_ms / figures[0].p50_ms
    flat = ratio < TARGET_RATIO
    verdict = "flat" if flat else "NOT FLAT"
    print(f"p50 with the most / with the fewest: {ratio:.2f}, target below {TARGET_RATIO}: {verdict}")
    if options.json:
        machine = {"python": platform.python_version(), "machine": platform.machine(), "cpus": os.cpu_count()}
        facts = {
            "unit": "credits decided",
            **machine,
            "sizes": [asdict(one) for one in figures],
            "p50_ratio": round(ratio, 3),
        }
        options.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 0 if flat else 1


async def _run(dsn: str, sizes: Sequence[int], count: int) -> list[Figures]:
    await migrate(dsn)
    db = await Database.open(dsn, size=TASKS)
    ctx = Context(db, SealingKey.of("a key for the benchmark, 32 letters"), "http://127.0.0.1:8000")
    principal = await _principal(ctx)
    account, made, figures = principal.accounts[0], 0, []
    async with db.connection() as conn:
        await conn.execute(OTHERS, principal.merchant_id)
    for size in sizes:
        wanted = size + 2 * count + WARM_UP  # While it is measured there are never fewer open than *size*.
        began = time.perf_counter()
        await _seed(ctx, account, principal.merchant_id, made, wanted - 1)
        print(f"{size:9,} open payments, made in {time.perf_counter() - began:.0f} s")
        fresh = iter(random.Random(size).sample(range(made, wanted), 2 * count + WARM_UP))
        figures.append(await _measure(ctx, account, fresh, size, count))
        made = wanted
    report = await ledger.check(ctx)
    print(f"ledger balanced: {report.balanced}, {report.counts['paid']} paid of {report.counts['payments']}")
    await db.close()
    return figures


async def _seed(ctx: Context, account: ReceivingAccount, merchant_id: int, first: int, last: int) -> None:
    async with ctx.db.connection() as conn:
        for start in range(first, last + 1, 50_000):
            values = (start, min(start + 49_999, last), LOWEST_SATANG, merchant_id, account.id, account.receiving_id)
            await conn.execute(SEED, *values)
        for table in ("payments", "reservations", "slots"):
            await conn.execute(f"VACUUM ANALYZE {table}", timeout=600)


async def _measure(ctx: Context, account: ReceivingAccount, fresh: Iterator[int], size: int, count: int) -> Figures:
    async def decide(number: int) -> float:
        seen = _observation(account.receiving_id, number)
        began = time.perf_counter()
        outcome = await evidence.record(ctx, seen)
        took_s = time.perf_counter() - began
        if outcome.payment_id != UUID(int=(0x7000_8000 << 48) + number):
            raise SystemExit(f"a credit was decided wrongly: {outcome}")
        return took_s

    for _ in range(WARM_UP):
        await decide(next(fresh))
    alone = sorted([await decide(next(fresh)) for _ in range(count)])
    numbers, spans = iter([next(fresh) for _ in range(count)]), []

    async def task() -> None:
        for number in numbers:
            spans.append(await decide(number))

    began = time.perf_counter()
    await asyncio.gather(*(task() for _ in range(TASKS)))
    rate = count / (time.perf_counter() - began)
    found = Figures(size, _ms(alone, 50), _ms(alone, 99), round(rate, 1), _ms(sorted(spans), 99))
    print(
        f"          one by one p50 {found.p50_ms:5.2f} ms  p99 {found.p99_ms:5.2f} ms"
        f"   {TASKS} at once {found.per_s:6.0f} /s  p99 {found.p99_at_once_ms:5.1f} ms"
    )
    return found


def _ms(spans: Sequence[float], percent: int) -> float:
    return round(spans[len(spans) * percent // 100] * 1_000, 3)


def _observation(receiving_id: UUID, number: int) -> Observation:
    return Observation(
        merchant_id=0,
        mode="live",
        receiving_id=receiving_id,
        source_id=UUID(int=1),
        rank="A",
        amount_satang=LOWEST_SATANG + number,
        occurred_at=datetime.now(UTC),
        trust="host",
        namespace="bank:004",
        reference=f"B{number}",
        digest=hashlib.sha256(str(number).encode()).digest(),
        channel="bridge",
    )
