"""A long statement against an account: every line is news, then every line is known, then from another file.

The seconds are for the whole of it: reading the file, comparing, writing, the report.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from paygate.banks import statements as formats
from paygate.core.credits import BANGKOK
from paygate.core.money import show
from paygate.core.sealing import SealingKey
from paygate.db.migrate import migrate
from paygate.db.pool import Database
from paygate.embedded import acquire
from paygate.services import accounts, ledger, reconcile, statement_files
from paygate.services.context import Context

PRICES = 5_000  # Satang amounts between which lines are spread.


def main(arguments: list[str]) -> int:
    """Run it and print a line for each pass."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks statements", description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000, help="how many (default 100000)")
    options = parser.parse_args(arguments)
    for name, raw in (("CSV", _csv(options.lines)), ("MT940", _mt940(options.lines))):
        began = time.perf_counter()
        count = len(formats.read(raw).lines)
        print(f"{'read ' + name:28}{time.perf_counter() - began:7.1f} s   {count} lines, {len(raw) >> 20} MiB")
    with tempfile.TemporaryDirectory(prefix="paygate-benchmark-") as folder, acquire(Path(folder)) as lease:
        asyncio.run(_run(lease.dsn, options.lines))
    return 0


async def _run(dsn: str, lines: int) -> None:
    await migrate(dsn)
    db = await Database.open(dsn, size=2)
    ctx = Context(db, SealingKey.of("a key for the benchmark, 32 letters"), "http://127.0.0.1:8000")
    made = await accounts.add(ctx, owner=0, promptpay="0812345678", bank="014", number="4061234567", name="Benchmark")
    about = await reconcile.subject(ctx, made.id)
    raw = _csv(lines)
    passes = (
        ("every line is news", raw),
        ("the same file again", raw),
        ("other words for the same", raw.replace(b"Transfer in", b"Deposit ")),
    )
    for name, file in passes:
        began = time.perf_counter()
        report = await statement_files.run(ctx, about, file, name="benchmark.csv")
        took_s = time.perf_counter() - began
        news = sum(row.newly for row in report.rows)
        print(f"{name:28}{took_s:7.1f} s   {lines / took_s:8.0f} lines/s   {news} new")
    books = await ledger.check(ctx)
    print(f"ledger balanced: {books.balanced}, {books.counts}")
    await db.close()


def _moments(lines: int) -> list[datetime]:
    start = (datetime.now(UTC) - timedelta(days=40)).astimezone(BANGKOK).replace(microsecond=0)
    return [start + timedelta(seconds=30 * n) for n in range(lines)]


def _csv(lines: int) -> bytes:
    rows, balance = ["Date,Time,Description,Withdrawal,Deposit,Balance"], 0
    for n, at in enumerate(_moments(lines)):
        satang = 10_000 + n * 7919 % PRICES
        balance += satang
        rows.append(f'{at:%d/%m/%Y,%H:%M:%S},Transfer in,,{show(satang)},"{show(balance)}"')
    return "\n".join(rows).encode()


def _mt940(lines: int) -> bytes:
    rows, total = [":20:BENCH", ":25:4061234567", ":28C:1/1", ":60F:C260501THB0,00"], 0
    for n, at in enumerate(_moments(lines)):
        satang = 10_000 + n * 7919 % PRICES
        total += satang
        rows += [f":61:{at:%y%m%d%m%d}C{satang // 100},{satang % 100:02}NTRFNONREF//B{n:08}", ":86:TRANSFER IN"]
    return "\n".join([*rows, f":62F:C261231THB{total // 100},{total % 100:02}", "-"]).encode()
