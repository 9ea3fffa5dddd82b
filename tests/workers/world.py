"""Rows that the workers act upon, and receivers that hear them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from paygate import workers
from paygate.core import webhooks
from paygate.core.payments import Payment
from paygate.core.principals import Principal, ReceivingAccount
from paygate.services import payments
from paygate.services.context import Context

MERCHANT = 4_242
SECRET = webhooks.new_secret(bytes(range(32)))
TEXT = '{"event":"payment.success","data":{"ร้าน":"กาแฟ ☕"}}'


async def execute(ctx: Context, sql: str, *values: Any) -> None:
    async with ctx.db.connection() as conn:
        await conn.execute(sql, *values)


async def value(ctx: Context, sql: str, *values: Any) -> Any:
    async with ctx.db.connection() as conn:
        return await conn.fetchval(sql, *values)


async def rows(ctx: Context, sql: str, *values: Any) -> list[dict[str, Any]]:
    async with ctx.db.connection() as conn:
        return [dict(row) for row in await conn.fetch(sql, *values)]


async def make_merchant(ctx: Context, merchant_id: int = MERCHANT) -> int:
    await execute(
        ctx,
        """INSERT INTO merchants (merchant_id, name, email, plan, status, approved_at)
           VALUES ($1, 'ร้านกาแฟ', $2, 'free', 'APPROVED', now())""",
        merchant_id,
        f"m{merchant_id}@example.com",
    )
    return merchant_id


async def make_endpoint(ctx: Context, url: str, *, mode: str = "live", form: str = "paygate") -> UUID:
    endpoint_id = ctx.new_id()
    await execute(
        ctx,
        "INSERT INTO endpoints (merchant_id, mode, id, url, format, secret) VALUES ($1, $2, $3, $4, $5, $6)",
        MERCHANT,
        mode,
        endpoint_id,
        url,
        form,
        ctx.seal(SECRET, f"endpoint:{endpoint_id}"),
    )
    return endpoint_id


async def make_delivery(ctx: Context, endpoint_id: UUID, *, mode: str = "live", attempts: int = 0) -> UUID:
    """An event and its delivery, due now."""
    event_id = ctx.new_id()
    await execute(
        ctx,
        """WITH event AS (
           INSERT INTO events (merchant_id, mode, id, type, subject_id, sequence, body, created_at)
           VALUES ($1, $2, $3, 'payment.success', $3, 1, $4, now()))
           INSERT INTO deliveries (merchant_id, mode, event_id, endpoint_id, run_at, created_at, attempts)
           VALUES ($1, $2, $3, $5, now(), now(), $6)""",
        MERCHANT,
        mode,
        event_id,
        TEXT,
        endpoint_id,
        attempts,
    )
    return event_id


async def delivery(ctx: Context, event_id: UUID) -> dict[str, Any]:
    """How the event's only delivery stands; `wait_s` until its next try."""
    found = await rows(
        ctx,
        """SELECT state, attempts, lease_id, finished_at,
                  extract(epoch FROM run_at - clock_timestamp())::float8 AS wait_s
             FROM deliveries WHERE event_id = $1""",
        event_id,
    )
    assert len(found) == 1
    return found[0]


async def tries(ctx: Context, event_id: UUID) -> list[dict[str, Any]]:
    return await rows(ctx, "SELECT * FROM attempts WHERE event_id = $1 ORDER BY attempt", event_id)


async def make_principal(ctx: Context) -> Principal:
    """A Free merchant whose money arrives on a central account."""
    account_id = ctx.new_id()
    await execute(
        ctx,
        """INSERT INTO accounts (merchant_id, mode, id, receiving_id, proxy_kind, proxy, name)
           VALUES (0, 'live', $1, $1, 'mobile', '0066812345678', 'PayGate')""",
        account_id,
    )
    account = ReceivingAccount(
        0, account_id, account_id, "mobile", "0066812345678", None, "PayGate", "auto", virtual=False
    )
    return Principal(
        merchant_id=MERCHANT,
        mode="live",
        kind="secret",
        key_id=ctx.new_id(),
        merchant_name="ร้านกาแฟ",
        status="APPROVED",
        plan="free",
        fee_bps=None,
        overpay="review",
        expiry_minutes=15,
        callback_domains=(),
        allowed_origins=(),
        scopes=("*",),
        accounts=(account,),
    )


async def make_payment(ctx: Context, principal: Principal, amount_satang: int = 15_000) -> Payment:
    made = await payments.create(ctx, principal, payments.NewPayment(amount_satang), None, lambda _: (201, b"{}"))
    assert isinstance(made, payments.Done)
    return made.payment


async def pass_deadline(ctx: Context, payment: Payment) -> None:
    await execute(
        ctx,
        "UPDATE payments SET created_at = now() - interval '20 min', expires_at = now() - interval '1 s' WHERE id = $1",
        payment.id,
    )


async def until(condition: Callable[[], Awaitable[Any]], timeout_s: float = 15.0) -> Any:
    """Wait for something to come true; its value."""
    deadline = time.monotonic() + timeout_s
    while not (result := await condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.02)
    return result


@asynccontextmanager
async def working(*contexts: Context) -> AsyncIterator[None]:
    """Background work, once for each context, ended as an operator ends it."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(workers.run(ctx, stop)) for ctx in contexts]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


@dataclass
class Heard:
    """One request that came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """An HTTP server of a temper: `answer` is raw HTTP; without `freely` set, it hangs before answering."""

    answer: bytes
    freely: asyncio.Event
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    open_now: int = 0
    open_most: int = 0
    slowly_s: Callable[[], float] | None = None  # How long each answer takes.

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                _, *lines = head.decode("latin-1").strip().split("\r\n")
                headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
                self.heard.append(Heard(headers, await reader.readexactly(int(headers["content-length"]))))
                self.open_now += 1
                self.open_most = max(self.open_most, self.open_now)
                try:
                    await self.freely.wait()
                    if self.slowly_s is not None:
                        await asyncio.sleep(self.slowly_s())
                finally:
                    self.open_now -= 1
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def says(status: int, body: bytes = b"ok", **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items()]
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{''.join(lines)}\r\n".encode() + body


@asynccontextmanager
async def receiver(answer: bytes | None = None, *, hangs: bool = False) -> AsyncIterator[Receiver]:
    freely = asyncio.Event()
    if not hangs:
        freely.set()
    one = Receiver(says(200) if answer is None else answer, freely)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        freely.set()
        server.close()
        await server.wait_closed()


def verified(heard: Heard, secret: str = SECRET) -> dict[str, bool]:
    return webhooks.verify_delivery(secret, heard.headers, heard.body, int(time.time()))


def told(heard: Heard) -> str:
    """The event that a delivery tells of."""
    return str(json.loads(heard.body)["event"])
