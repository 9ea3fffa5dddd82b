"""Webhooks: how many deliveries a second, and how long healthy endpoints wait while others hang.

`throughput`: events wait in the outbox for several endpoints at one local receiver; the workers send them. The floor,
in the same run: the same signed POSTs to the same receiver by the same HTTP client, as many at once, and nothing else.

`dwell`: events come at a steady rate to a hundred endpoints, of which a tenth accept the request and never answer. How
long from an event's commit until a healthy endpoint had it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

from paygate import telemetry, workers
from paygate.core import events, ids, webhooks
from paygate.core.sealing import SealingKey
from paygate.db.migrate import migrate
from paygate.db.pool import Database
from paygate.embedded import acquire
from paygate.outbound import Outbound
from paygate.services import endpoints, merchants
from paygate.services.context import Context

RESULTS = Path(__file__).parent / "results" / "webhooks.json"
LOCAL = ip_network("127.0.0.0/8")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
AT_ONCE = 64  # As many quick requests as the workers of a process have under way.
ROUNDS = 3
PAYLOAD = {"note": "ร้านกาแฟ", "items": list(range(40))}

EVENTS = """
      WITH event AS (
           INSERT INTO events (merchant_id, mode, id, type, subject_id, sequence, body, created_at)
           SELECT $1, 'test', e.id, 'payment.success', e.id, 1, e.body, clock_timestamp()
             FROM unnest($2::uuid[], $3::text[]) AS e (id, body)
           )
    INSERT INTO deliveries (merchant_id, mode, event_id, endpoint_id, run_at, created_at)
    SELECT $1, 'test', d.event_id, d.endpoint_id, clock_timestamp(), clock_timestamp()
      FROM unnest($2::uuid[], $4::uuid[]) AS d (event_id, endpoint_id)
"""
DWELL = """
    SELECT extract(epoch FROM a.at - d.created_at)::float8 * 1000 + a.latency_ms
      FROM deliveries d
      JOIN attempts a USING (merchant_id, mode, event_id, endpoint_id)
     WHERE d.endpoint_id = ANY($1::uuid[]) AND d.state = 'DELIVERED'
"""


def main(arguments: list[str]) -> int:
    """Run both and print a few lines; `--save` keeps them in benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks webhooks", description=__doc__)
    parser.add_argument("--events", type=int, default=3_000, help="of one round of throughput (default 3000)")
    parser.add_argument("--seconds", type=int, default=20, help="of dwell (default 20)")
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args(arguments)
    telemetry.configure("error")
    with (
        tempfile.TemporaryDirectory(prefix="paygate-benchmark-") as folder,
        acquire(Path(folder)) as lease,
        receiver() as ports,
    ):
        found = asyncio.run(_run(lease.dsn, options, *ports))
    if options.save:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


async def _run(dsn: str, options: argparse.Namespace, quick: int, hanging: int) -> dict[str, object]:
    await migrate(dsn)
    db = await Database.open(dsn)
    key = SealingKey.of("a key for the benchmark, 32 letters")
    ctx = Context(db, key, "http://127.0.0.1:8000", webhook_allow_networks=(LOCAL,))
    made = await merchants.create(ctx, email="b@b.co", name="Benchmark", plan="free", approve=True)
    try:
        throughput = await _throughput(ctx, made.merchant_id, options.events, quick)
        dwell = await _dwell(ctx, made.merchant_id, options.seconds, quick, hanging)
    finally:
        await db.close()
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    return {**machine, "throughput": throughput, "dwell": dwell}


# --- throughput ----------------------------------------------------------------------------------------------------


async def _throughput(ctx: Context, merchant_id: int, count: int, port: int) -> dict[str, float]:
    targets = [await _endpoint(ctx, merchant_id, f"http://127.0.0.1:{port}/{n}") for n in range(16)]
    ratios, rates, floors = [], [], []
    for turn in range(ROUNDS + 1):
        size = count if turn else count // 10  # The first one warms up.
        bare = size / await _bare(size, port)
        await _append(ctx, merchant_id, [targets[n % len(targets)] for n in range(size)])
        ours = size / await _drained(ctx)
        if turn:
            rates.append(ours)
            floors.append(bare)
            ratios.append(ours / bare)
    found = {
        "deliveries_per_s": round(statistics.median(rates)),
        "bare_posts_per_s": round(statistics.median(floors)),
        "ratio": round(statistics.median(ratios), 3),
    }
    print(f"deliveries       {found['deliveries_per_s']:8.0f} /s   {found['ratio']:5.2f} of the floor")
    print(f"floor: bare POST {found['bare_posts_per_s']:8.0f} /s")
    return found


async def _bare(count: int, port: int) -> float:
    """Seconds for *count* signed POSTs."""
    secret, todo = webhooks.new_secret(bytes(32)), iter(range(count))
    async with Outbound(allow_networks=(LOCAL,)) as outbound:

        async def loop() -> None:
            for number in todo:
                event_id = UUID(int=number)
                body = _body(event_id).encode()
                headers = webhooks.sign(
                    [secret],
                    event_id=ids.show("wh", event_id),
                    event_type="payment.success",
                    timestamp_s=int(time.time()),
                    body=body,
                )
                answer = await outbound.post(f"http://127.0.0.1:{port}/{number % 16}", headers, body, live=False)
                if answer.status != 200:
                    raise SystemExit("the receiver does not answer")

        began = time.perf_counter()
        await asyncio.gather(*(loop() for _ in range(AT_ONCE)))
        return time.perf_counter() - began


async def _drained(ctx: Context) -> float:
    """Seconds until nothing is due any more."""
    stop = asyncio.Event()
    began = time.perf_counter()
    work = asyncio.create_task(workers.run(ctx, stop))
    async with ctx.db.connection() as conn:
        while await conn.fetchval("SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'DUE')"):
            await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    stop.set()
    await work
    return took


# --- dwell ---------------------------------------------------------------------------------------------------------


async def _dwell(ctx: Context, merchant_id: int, seconds: int, quick: int, hanging: int) -> dict[str, float]:
    healthy = [await _endpoint(ctx, merchant_id, f"http://127.0.0.1:{quick}/h{n}") for n in range(90)]
    stuck = [await _endpoint(ctx, merchant_id, f"http://127.0.0.1:{hanging}/s{n}") for n in range(10)]
    everyone = healthy + stuck
    stop = asyncio.Event()
    work = asyncio.create_task(workers.run(ctx, stop))
    for _ in range(seconds * 2):  # Every endpoint is told twice a second: 200 a second in all.
        began = time.perf_counter()
        await _append(ctx, merchant_id, everyone)
        ctx.wake()
        await asyncio.sleep(max(0.0, 0.5 - (time.perf_counter() - began)))
    async with ctx.db.connection() as conn:
        waiting = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'DUE' AND endpoint_id = ANY($1::uuid[]))"
        while await conn.fetchval(waiting, healthy):
            await asyncio.sleep(0.05)
        spans = sorted(row[0] for row in await conn.fetch(DWELL, healthy))
    stop.set()
    work.cancel()  # What hangs would be waited for.
    await asyncio.gather(work, return_exceptions=True)
    found = {
        "endpoints": len(everyone),
        "hanging": len(stuck),
        "deliveries": len(spans),
        "p50_ms": round(spans[len(spans) // 2], 1),
        "p99_ms": round(spans[len(spans) * 99 // 100], 1),
        "most_ms": round(spans[-1], 1),
    }
    print(
        f"dwell of {len(spans)} deliveries to healthy endpoints while 10 of 100 hang: "
        f"p50 {found['p50_ms']} ms   p99 {found['p99_ms']} ms   most {found['most_ms']} ms"
    )
    return found


# --- what both need ------------------------------------------------------------------------------------------------


async def _endpoint(ctx: Context, merchant_id: int, url: str) -> UUID:
    """Rows of endpoints beyond what a merchant may have: they stand for many merchants."""
    endpoint_id = ctx.new_id()
    secret = ctx.seal(webhooks.new_secret(bytes(32)), endpoints.purpose(endpoint_id))
    async with ctx.db.connection() as conn:
        await conn.execute(
            "INSERT INTO endpoints (merchant_id, mode, id, url, secret) VALUES ($1, 'test', $2, $3, $4)",
            merchant_id,
            endpoint_id,
            url,
            secret,
        )
    return endpoint_id


async def _append(ctx: Context, merchant_id: int, targets: list[UUID]) -> None:
    """An event for each target, in one commit."""
    made = [ctx.new_id() for _ in targets]
    bodies = [_body(event_id) for event_id in made]
    async with ctx.db.connection() as conn:
        await conn.execute(EVENTS, merchant_id, made, bodies, targets)


def _body(event_id: UUID) -> str:
    about = {"transactionId": str(event_id), "amount": 150, "status": "PAID", "metadata": PAYLOAD}
    return json.dumps({"event": events.PAYMENT_EVENTS[1], "webhookId": ids.show("wh", event_id), "data": about})


@contextmanager
def receiver() -> Iterator[tuple[int, int]]:
    """A receiver in a process of its own: the ports of the one that answers at once, and of the one that never does."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    yield ours.recv()
    process.terminate()
    process.join()


def _serve(told: Connection) -> None:
    asyncio.run(_served(told))


async def _served(told: Connection) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(kind, "127.0.0.1", 0) for kind in (_Quick, _Hanging)]
    told.send(tuple(server.sockets[0].getsockname()[1] for server in servers))
    await asyncio.Event().wait()


class _Quick(asyncio.Protocol):
    """Answers each request as soon as its body is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport, self._read = transport, b""

    def data_received(self, data: bytes) -> None:
        """One request after another."""
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) >= length:
            self._read = body[length:]
            self._transport.write(OK)  # type: ignore[attr-defined]


class _Hanging(asyncio.Protocol):
    """Takes everything and says nothing."""
