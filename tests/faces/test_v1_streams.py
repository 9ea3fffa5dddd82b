"""A payment's status as server-sent events: at once, at each change, for the merchant and for the payer."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from paygate.core.errors import Unavailable
from paygate.db import watched
from paygate.db.pool import Conn
from paygate.faces.v1 import streams
from paygate.services import watch
from tests.faces.conftest import Gateway
from tests.faces.test_v1_slip_access import PRIVATE
from tests.servers import Server
from tests.services.helpers import sql


class Stream:
    """What one stream said, event by event."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def next(self) -> dict[str, Any]:
        """The next event's data; heartbeats are passed over."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(15):
            async for line in self._lines:
                if not line and "data" in fields:
                    assert fields["event"] == "status" and fields["retry"] == "1000" and fields["id"]
                    found: dict[str, Any] = json.loads(fields["data"])
                    return found
                name, _, value = line.partition(": ")
                fields[name] = value
        raise AssertionError("the stream ended")

    async def ended(self) -> bool:
        """Whether nothing more comes."""
        async with asyncio.timeout(15):
            return [line async for line in self._lines if line.strip()] == []


@asynccontextmanager
async def stream(gateway: Gateway, path: str, headers: dict[str, str] | None = None) -> AsyncIterator[Stream]:
    async with gateway.client.stream("GET", path, headers=headers or {}) as answer:
        yield Stream(answer)


def address(made: dict[str, Any], *, secret: bool = False) -> str:
    query = f"?clientSecret={made['clientSecret']}" if secret else ""
    return f"/api/v1/payment/{made['id']}/events{query}"


def credit(amount: float, ref: str) -> dict[str, object]:
    return {"amount": amount, "occurredAt": datetime.now(UTC).isoformat(), "transRef": ref, "sendingBank": "004"}


async def test_the_payer_hears_at_once_how_it_stands_and_that_it_is_paid(gateway: Gateway) -> None:
    made = await gateway.create(metadata={"x": 1})
    async with stream(gateway, address(made, secret=True), {"Origin": "https://shop.example"}) as heard:
        head = heard.answer.headers
        assert (heard.answer.status_code, head["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert head["cache-control"] == "no-store" and head["x-accel-buffering"] == "no"
        assert head["access-control-allow-origin"] == "https://shop.example"
        first = await heard.next()
        assert (first["transaction"]["status"], first["verification"]) == ("PENDING", None)
        assert not PRIVATE & set(first["transaction"])
        assert (await gateway.tell(credit(150, "r-1"))).json()["outcome"] == "PAID"
        second = await heard.next()
        assert (second["transaction"]["status"], second["transaction"]["receivedAmount"]) == ("PAID", 150)


async def test_the_merchant_hears_all_of_it_with_its_key(gateway: Gateway) -> None:
    made = await gateway.create(orderId="O-7")
    async with stream(gateway, address(made), {"X-API-Key": gateway.world.secret_key}) as heard:
        assert (await heard.next())["transaction"]["orderId"] == "O-7"
        await gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel", {})
        assert (await heard.next())["transaction"]["status"] == "CANCELLED"


async def test_a_deadline_that_passes_is_told_though_nothing_was_written(gateway: Gateway) -> None:
    made = await gateway.create()
    async with stream(gateway, address(made, secret=True)) as heard:
        assert (await heard.next())["transaction"]["status"] == "PENDING"
        await sql(
            gateway.ctx,
            "UPDATE payments SET created_at = now() - interval '1 hour', expires_at = now() + interval '1 second'",
        )
        assert (await heard.next())["transaction"]["status"] == "EXPIRED"


async def test_whoever_has_no_right_to_the_payment_hears_nothing(gateway: Gateway) -> None:
    made, other = await gateway.create(), await gateway.create()
    path = address(made)
    for query, headers, status in (
        ("", {}, 401),
        (f"?clientSecret={other['clientSecret']}", {}, 401),
        ("?clientSecret=", {}, 401),
        ("", {"X-API-Key": gateway.world.test_key}, 404),
        ("", {"X-API-Key": gateway.world.public_key}, 401),
    ):
        answer = await gateway.client.get(path + query, headers=headers)
        assert (answer.status_code, "requestId" in answer.json()) == (status, True)
    assert (
        await gateway.client.get(f"/api/v1/payment/no-uuid/events?clientSecret={made['clientSecret']}")
    ).status_code in (401, 404)


async def test_a_stream_ends_after_its_time_so_that_credentials_are_looked_at_again(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LONGEST_S", 0.05)
    async with stream(gateway, address(await gateway.create(), secret=True)) as heard:
        await heard.next()
        assert await heard.ended()


async def test_a_process_holds_no_more_streams_than_it_can(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_STREAMS", 0)
    answer = await gateway.client.get(address(await gateway.create(), secret=True))
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")


async def test_many_that_wait_share_one_question_and_survive_a_database_that_is_away(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "AWAY_S", 0.01)
    asked: list[int] = []
    look = watched.look

    async def counted(conn: Conn, keys: Any) -> Any:
        asked.append(len(keys))
        if len(asked) == 1:
            raise Unavailable()
        if len(asked) == 2:
            raise asyncpg.InternalServerError("odd")
        return await look(conn, keys)

    made = [await gateway.create(amount=100 + n) for n in range(5)]
    payments = [(gateway.world.merchant_id, "live", UUID(one["id"])) for one in made]
    now = {key: await gateway.ctx.watch.look(key) for key in payments}
    monkeypatch.setattr(watched, "look", counted)
    waits = [asyncio.create_task(gateway.ctx.watch.changed(key, seen, 15)) for key, seen in now.items()]
    await gateway.ask("POST", f"/api/v1/payment/{made[0]['id']}/cancel", {})
    assert await waits[0] and not any(wait.done() for wait in waits[1:])
    assert set(asked) <= {4, 5} and len(asked) < 40
    for wait in waits[1:]:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    assert gateway.ctx.watch.waiting == 0


async def test_a_server_that_stops_ends_its_streams_and_does_not_wait_for_them(
    gateway: Gateway, dsn: str, tmp_path: Path
) -> None:
    made = await gateway.create()
    server = Server(dsn, tmp_path).start()
    try:
        async with (
            httpx2.AsyncClient(base_url=server.base, timeout=30, trust_env=False) as client,
            client.stream("GET", address(made, secret=True)) as answer,
        ):
            heard = Stream(answer)
            await heard.next()
            assert server.process is not None
            server.process.send_signal(signal.SIGTERM)
            with suppress(httpx2.RemoteProtocolError):  # Cut, as any server's end is to a browser: it comes back.
                assert await heard.ended()
            assert await asyncio.to_thread(server.process.wait, 15) == 0
    finally:
        server.kill()
