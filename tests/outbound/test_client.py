"""The client against receivers of every temper, on real sockets."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from paygate.core.errors import Bug
from paygate.core.webhooks import Verdict, judge, new_secret, retry_after_s, sign, verify_delivery
from paygate.outbound import (
    AddressRefused,
    BadAnswer,
    ConnectFailed,
    NameNotFound,
    Outbound,
    Timeout,
    TlsFailed,
)

from .hostile import FORBIDDEN_HOSTS, LOCAL, MALFORMED

Handler = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


class Request:
    def __init__(self, line: str, headers: dict[str, str], body: bytes) -> None:
        self.line, self.headers, self.body = line, headers, body


class Receiver:
    """A TCP server that reads each request and lets `handler` write whatever bytes it likes."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0
        self.finish = asyncio.Event()
        self.dropped = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *rest = head.decode("latin-1").split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (h.partition(":") for h in rest if h)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.requests.append(Request(line, headers, body))
                await self.handler(self.requests[-1], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.dropped.set()
        finally:
            writer.close()


@asynccontextmanager
async def receiver(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    the_receiver = Receiver(handler)
    server = await asyncio.start_server(the_receiver.serve, "127.0.0.1", 0, ssl=tls)
    the_receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield the_receiver
    finally:
        the_receiver.finish.set()
        server.close()
        await server.wait_closed()


def says(raw: bytes) -> Handler:
    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return handler


OK = says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@asynccontextmanager
async def outbound(**options: Any) -> AsyncIterator[Outbound]:
    async with Outbound(**{"allow_networks": LOCAL, "total_timeout_s": 5.0, **options}) as client:
        yield client


async def post(client: Outbound, url: str, *, live: bool = False, body: bytes = b"{}") -> Any:
    return await client.post(url, {"Content-Type": "application/json"}, body, live=live)


async def test_a_signed_delivery_arrives_as_it_was_signed() -> None:
    secret, body = new_secret(bytes(32)), '{"event":"payment.success","ชื่อ":"😀"}'.encode()
    headers = sign([secret], event_id="evt_1", event_type="payment.success", timestamp_s=1_796_000_000, body=body)
    async with receiver(OK) as sink, outbound() as client:
        answer = await client.post(sink.url, headers, body, live=True)
        assert (answer.status, answer.body_head, answer.truncated) == (200, b"ok", False)
        assert 0 <= answer.latency_ms < 5_000
        seen = sink.requests[0]
    assert seen.line == "POST /hook HTTP/1.1"
    assert seen.body == body
    assert all(verify_delivery(secret, seen.headers, seen.body, 1_796_000_000).values())
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"].startswith("PayGate")
    assert seen.headers["content-length"] == str(len(body))
    assert not {"cookie", "authorization", "accept-encoding", "transfer-encoding"} & set(seen.headers)


async def test_connections_are_reused_and_cookies_are_not() -> None:
    raw = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n"
    async with receiver(says(raw)) as sink, outbound() as client:
        for _ in range(3):
            await post(client, sink.url)
        assert sink.connections == 1
        assert all("cookie" not in request.headers for request in sink.requests)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_is_never_followed(status: int) -> None:
    async with receiver(OK) as target:
        raw = f"HTTP/1.1 {status} Moved\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n".encode()
        async with receiver(says(raw)) as sink, outbound() as client:
            answer = await post(client, sink.url)
            assert answer.status == status
            assert answer.head["location"] == target.url
            assert judge(answer.status) is Verdict.RETRY
            assert len(sink.requests) == 1
        assert target.connections == 0


async def test_410_and_retry_after_come_through() -> None:
    async with receiver(says(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")) as sink, outbound() as client:
        assert judge((await post(client, sink.url)).status) is Verdict.GONE
    busy = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 120\r\nContent-Length: 4\r\n\r\nbusy"
    async with receiver(says(busy)) as sink, outbound() as client:
        answer = await post(client, sink.url)
        assert (answer.status, answer.body_head) == (429, b"busy")
        assert retry_after_s(answer.head.get("retry-after"), 0) == 120


async def test_of_a_huge_body_only_the_beginning_is_read_and_the_connection_is_dropped() -> None:
    async def flood(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with receiver(flood) as sink, outbound() as client:
        answer = await post(client, sink.url)
        assert (answer.status, answer.truncated) == (200, True)
        assert answer.body_head == b"x" * 16_384
        async with asyncio.timeout(5):
            await sink.dropped.wait()


async def test_a_body_of_exactly_the_cap_is_whole() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 16384\r\n\r\n" + b"y" * 16_384
    async with receiver(says(raw)) as sink, outbound() as client:
        for _ in range(2):
            answer = await post(client, sink.url)
            assert (len(answer.body_head), answer.truncated) == (16_384, False)
        assert sink.connections == 1


async def test_a_compressed_body_is_kept_compressed() -> None:
    bomb = gzip.compress(b"0" * 4_000_000)
    raw = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode() + bomb
    async with receiver(says(raw)) as sink, outbound() as client:
        assert (await post(client, sink.url)).body_head == bomb[:16_384]


async def test_a_body_that_drips_or_breaks_off_does_not_undo_the_status() -> None:
    async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow")
        await writer.drain()
        await sink.finish.wait()

    async def broken(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 OK\r\nConnection: close\r\n\r\n")
        writer.close()

    async def cut(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\ncut")
        await writer.drain()
        writer.close()

    async with receiver(drip) as sink, outbound(total_timeout_s=0.3) as client:
        answer = await post(client, sink.url)
        assert (answer.status, answer.body_head, answer.truncated) == (200, b"slow", True)
    async with receiver(cut) as sink, outbound() as client:
        answer = await post(client, sink.url)
        assert (answer.status, answer.body_head, answer.truncated) == (500, b"cut", True)
    async with receiver(broken) as sink, outbound() as client:
        assert (await post(client, sink.url)).status == 204


async def test_a_receiver_that_hangs_or_drips_its_head_times_out() -> None:
    async def hang(_: Request, writer: asyncio.StreamWriter) -> None:
        await sink.finish.wait()

    async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not sink.finish.is_set():
            writer.write(b"z")
            await writer.drain()
            await asyncio.sleep(0.02)

    for handler in (hang, drip):
        async with receiver(handler) as sink, outbound(total_timeout_s=0.3) as client:
            with pytest.raises(Timeout) as caught:
                await post(client, sink.url)
            assert not caught.value.permanent


async def test_endless_headers_and_junk_are_bad_answers() -> None:
    async def headers(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for n in range(100_000):
            writer.write(b"X-%d: %s\r\n" % (n, b"h" * 4_000))
            await writer.drain()

    for handler in (headers, says(b"220 smtp ready\r\n"), says(b"\x00" * 100), says(b"HTTP/1.1 9999 X\r\n\r\n")):
        async with receiver(handler) as sink, outbound() as client:
            with pytest.raises(BadAnswer):
                await post(client, sink.url)


async def test_odd_bytes_in_headers_fit_a_text_column() -> None:
    raw = "HTTP/1.1 200 OK\r\nX-Thai: ไทย\r\n".encode() + b"X-Odd: \xff\xfe\r\nX-Odd: 2\r\nContent-Length: 0\r\n\r\n"
    async with receiver(says(raw)) as sink, outbound() as client:
        head = (await post(client, sink.url)).head
    assert head["x-thai"] == "ไทย"
    assert head["x-odd"] == "\ufffd\ufffd"
    "".join(head.values()).encode("utf-8")


async def test_a_reset_and_a_closed_connection_are_bad_answers() -> None:
    async def reset(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def hang_up(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.close()

    for handler in (reset, hang_up):
        async with receiver(handler) as sink, outbound() as client:
            with pytest.raises(BadAnswer):
                await post(client, sink.url)


async def test_a_closed_port_is_a_failed_connection() -> None:
    async with receiver(OK) as sink:
        url = sink.url
    async with outbound() as client:
        with pytest.raises(ConnectFailed, match="refused"):
            await post(client, url)


@pytest.mark.parametrize("live", [False, True])
async def test_no_forbidden_or_malformed_url_is_ever_connected_to(live: bool) -> None:
    async with receiver(OK) as sink, outbound(allow_networks=()) as client:
        for scheme in ("http", "https"):
            for host in FORBIDDEN_HOSTS:
                with pytest.raises(AddressRefused) as caught:
                    await post(client, f"{scheme}://{host}:{sink.port}/", live=live)
                assert caught.value.permanent
        for url in MALFORMED:
            with pytest.raises(AddressRefused):
                await post(client, url, live=live)
        assert sink.connections == 0


async def test_a_name_is_judged_by_the_address_it_has_at_this_moment() -> None:
    answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2", "169.254.169.254"], ["93.184.215.14", "127.0.0.1"], []]

    async def rebinding(host: str, port: int) -> list[str]:
        assert host == "shop.test"
        return answers.pop(0)

    async def close_after(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

    only = (ipaddress.ip_network("127.0.0.2/32"),)
    the_receiver = Receiver(close_after)
    server = await asyncio.start_server(the_receiver.serve, "0.0.0.0", 0)
    port = server.sockets[0].getsockname()[1]
    async with outbound(allow_networks=only, lookup=rebinding) as client:
        url = f"http://shop.test:{port}/"
        assert (await post(client, url, live=True)).status == 200
        assert the_receiver.requests[0].headers["host"] == f"shop.test:{port}"
        with pytest.raises(AddressRefused, match="loopback") as caught:
            await post(client, url)
        assert not caught.value.permanent
        assert (await post(client, url)).status == 200
        for _ in range(2):
            with pytest.raises(AddressRefused):
                await post(client, url)
        assert len(the_receiver.requests) == 2
    server.close()
    await server.wait_closed()


async def test_live_http_to_a_public_name_is_refused_at_the_connection() -> None:
    async def public(host: str, port: int) -> list[str]:
        return ["93.184.215.14"]

    async with outbound(lookup=public) as client:
        with pytest.raises(AddressRefused, match="https"):
            await post(client, "http://shop.test/", live=True)


async def test_our_own_address_and_port_are_refused_though_allowed() -> None:
    async with receiver(OK) as sink:
        for own in (("127.0.0.1", sink.port), ("0.0.0.0", sink.port)):
            async with outbound(own_addresses=[own]) as client:
                for host in ("127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "localhost"):
                    with pytest.raises(AddressRefused, match="itself"):
                        await post(client, f"http://{host}:{sink.port}/")
        assert sink.connections == 0
        async with outbound(own_addresses=[("127.0.0.1", sink.port + 1)]) as client:
            assert (await post(client, sink.url)).status == 200


async def test_the_systems_resolver_finds_localhost_and_not_what_is_not_there() -> None:
    async with receiver(OK) as sink, outbound() as client:
        assert (await post(client, f"http://localhost:{sink.port}/")).status == 200
        with pytest.raises((NameNotFound, Timeout)):
            await post(client, "http://no-such-host.invalid/")


async def test_a_name_server_that_never_answers_times_out() -> None:
    forever = asyncio.Event()

    async def silent(host: str, port: int) -> list[str]:
        await forever.wait()
        return []

    async with outbound(lookup=silent, connect_timeout_s=0.2) as client:
        with pytest.raises(Timeout):
            await post(client, "https://shop.test/")


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver(OK) as proxy, receiver(OK) as sink:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with outbound() as client:
            await post(client, sink.url)
        assert (proxy.connections, sink.connections) == (0, 1)


async def test_a_request_inside_a_database_transaction_is_our_bug() -> None:
    inside = True
    async with receiver(OK) as sink, outbound(in_transaction=lambda: inside) as client:
        with pytest.raises(Bug, match="transaction"):
            await post(client, sink.url)
        assert sink.connections == 0
        inside = False
        assert (await post(client, sink.url)).status == 200


async def test_one_hanging_receiver_does_not_hold_up_another() -> None:
    async def hang(_: Request, writer: asyncio.StreamWriter) -> None:
        await slow.finish.wait()

    async with receiver(hang) as slow, receiver(OK) as quick, outbound() as client:
        waiting = [asyncio.create_task(post(client, slow.url)) for _ in range(120)]
        for _ in range(5):
            assert (await post(client, quick.url)).status == 200
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_closed_client_is_not_used_again() -> None:
    async with outbound() as client:
        pass
    with pytest.raises(Bug):
        await post(client, "http://127.0.0.1:9/")
    await client.close()


# --- TLS -----------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str, *, days: int = 1) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for `name`, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=10))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=built.public_bytes(serialization.Encoding.PEM).decode())


async def at_home(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def test_tls_is_verified_against_the_name_though_the_address_is_pinned(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path, "shop.test")
    async with receiver(OK, server) as sink:
        async with outbound(lookup=at_home, ssl_context=trusting) as client:
            assert (await post(client, f"https://shop.test:{sink.port}/", live=True)).status == 200
            with pytest.raises(TlsFailed):
                await post(client, f"https://other.test:{sink.port}/", live=True)
            with pytest.raises(TlsFailed):
                await post(client, f"https://127.0.0.1:{sink.port}/", live=True)
        async with outbound(lookup=at_home) as client:
            with pytest.raises(TlsFailed, match="certificate"):
                await post(client, f"https://shop.test:{sink.port}/", live=True)


async def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path, "shop.test", days=-1)
    async with receiver(OK, server) as sink, outbound(lookup=at_home, ssl_context=trusting) as client:
        with pytest.raises(TlsFailed, match="expired"):
            await post(client, f"https://shop.test:{sink.port}/", live=True)
        assert not sink.requests


async def test_plain_text_where_tls_should_be_is_refused() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with outbound(lookup=at_home) as client:
        with pytest.raises(TlsFailed, match=r"WRONG_VERSION_NUMBER|RECORD_LAYER"):
            await post(client, f"https://shop.test:{port}/", live=True)
    server.close()
    await server.wait_closed()
