"""Clients that are slow on purpose: cut off, while others are served; and those that are merely slow are waited for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.types import Receive, Scope, Send

from paygate.cli.protocol import MAX_HEAD_BYTES, Protocol
from tests.servers import Server, free_port

HEAD = b"POST /x HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
BIG = 50_000_000
LATE = (408, "REQUEST_TIMEOUT")


class Impatient(Protocol):
    """The same with short limits."""

    head_s = 0.4
    body_s = 1.0
    pace_s = 0.3
    pace_bytes = 20
    taking_s = 0.3


class Echo:
    """An application that reads all and says how much it was; at /early it answers first. `gone` counts requests whose
    client went away."""

    def __init__(self) -> None:
        self.gone = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size, more = 0, scope["path"] != "/early"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"x" * BIG if scope["path"] == "/big" else str(size).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(protocol: type[Protocol]) -> AsyncIterator[tuple[int, Echo]]:
    port, echo = free_port(), Echo()
    config = uvicorn.Config(
        echo, port=port, http=protocol, ws="none", log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.005)
    try:
        yield port, echo
    finally:
        server.should_exit = True
        await task


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One answer with a Content-Length: its status and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(head.split()[1]), await reader.readexactly(length)


async def drip(writer: asyncio.StreamWriter, beginning: bytes, drop: bytes) -> None:
    """Send *beginning*, and then a drop now and then for as long as anybody takes it."""
    try:
        writer.write(beginning)
        while not writer.is_closing():
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.write(drop)
    except OSError:
        pass


async def stalled(port: int, beginning: bytes) -> bytes:
    """All that a client is told that sends *beginning*, and nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(beginning)
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer


async def dripped(port: int, beginning: bytes, drop: bytes) -> bytes:
    """All that a dripping client is told until it is cut off; nothing, if the cut outran the words."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    dripping = asyncio.create_task(drip(writer, beginning, drop))
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        dripping.cancel()
        writer.close()


def is_cut(answer: bytes) -> bool:
    """Whether that is the end of a client who was too slow; what it sent meanwhile may have cost it the words."""
    return not answer or told(answer) == LATE


def told(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    said = json.loads(body)
    assert f"request-id: {said['requestId']}".encode() in head and b"connection: close" in head
    return int(head.split()[1]), said["error"]


async def test_a_head_that_drips_is_cut_and_told_why() -> None:
    async with serving(Impatient) as (port, _):
        assert told(await stalled(port, HEAD)) == LATE
        assert is_cut(await dripped(port, HEAD, b"X-A: b\r\n"))


async def test_a_connection_that_says_nothing_is_closed_also_between_requests() -> None:
    async with serving(Impatient) as (port, _):
        assert await dripped(port, b"", b"") == b""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        assert await read_answer(reader) == (200, b"0")
        dripping = asyncio.create_task(drip(writer, b"\r\n", b"\r\n"))
        async with asyncio.timeout(20):
            with suppress(ConnectionResetError):
                assert is_cut(await reader.read())
        dripping.cancel()
        writer.close()


async def test_a_body_that_drips_is_cut_and_its_reader_learns_that_nobody_is_there() -> None:
    async with serving(Impatient) as (port, echo):
        beginning = HEAD + b"Content-Length: 100000\r\n\r\n"
        assert told(await stalled(port, beginning + b"x")) == LATE
        assert is_cut(await dripped(port, beginning, b"x"))
        chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        assert is_cut(await dripped(port, chunked, b"1\r\nx\r\n"))
        assert echo.gone == 3


async def test_a_body_that_keeps_its_pace_for_ever_ends_too() -> None:
    async with serving(Impatient) as (port, _):
        beginning = HEAD + b"Content-Length: 100000\r\n\r\n"
        assert is_cut(await dripped(port, beginning, b"x" * 20))


async def test_an_answer_that_is_not_taken_is_given_up() -> None:
    async with serving(Impatient) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
        writer.write(GET.replace(b"/x", b"/big"))
        await reader.readexactly(100)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(20):
            while not writer.is_closing():
                writer.write(b" ")
                await asyncio.sleep(0.02)
        writer.close()


async def test_a_slow_but_honest_client_is_served() -> None:
    async with serving(Protocol) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            for piece in (HEAD[:5], HEAD[5:], b"Content-Length: 60\r\n", b"\r\n", b"x" * 30, b"x" * 30):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.03)
            assert await read_answer(reader) == (200, b"60")
        writer.close()


async def test_a_crowd_of_slow_clients_delays_nobody() -> None:
    async with serving(Protocol) as (port, _):
        slow = []
        for number in range(200):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write((b"", HEAD, HEAD + b"Content-Length: 9\r\n\r\nx")[number % 3])
            slow.append((reader, writer))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(20):
            writer.write(GET)
            assert await read_answer(reader) == (200, b"0")
        assert not any(one.at_eof() for one, _ in slow), "they were cut before anybody else was served"
        for _, one in [*slow, (reader, writer)]:
            one.close()


async def test_serve_refuses_a_head_without_end(server: Callable[..., Server]) -> None:
    running = server("--no-worker")
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(b"GET /api/health/live HTTP/1.1\r\nHost: x\r\nX-A: " + b"x" * (MAX_HEAD_BYTES + 1))
    assert told(await reader.read()) == (431, "HEADERS_TOO_LARGE")
    writer.close()


async def test_a_body_that_comes_after_its_answer_is_no_head_of_the_next_request() -> None:
    """A 413 is said before the body is whole; what is left of it comes in large pieces, the next request behind it."""
    async with serving(Protocol) as (port, _):
        for between in (0.05, 0.0) * 5:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            size = 40 * MAX_HEAD_BYTES
            writer.write(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
            assert await read_answer(reader) == (200, b"0")
            writer.write(b"x" * size + (b"" if between else GET))
            await asyncio.sleep(between)
            writer.write(GET if between else b"")
            async with asyncio.timeout(20):
                assert await read_answer(reader) == (200, b"0")
            writer.close()
