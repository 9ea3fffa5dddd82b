"""The client for the operator's own vendors: TLS, certificates, redirects, time and size."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from paygate.core.errors import Bug
from paygate.outbound import BadAnswer, ConnectFailed, OutboundError, Timeout, TlsFailed, VendorAnswer, VendorClient
from tests.servers import free_port

Handler = Callable[[web.Request], Awaitable[web.Response]]


@pytest.fixture
async def client() -> AsyncIterator[VendorClient]:
    made = VendorClient(in_transaction=lambda: False)
    yield made
    await made.close()


async def get(client: VendorClient, url: str, timeout_s: float = 5.0, key: str = "k") -> VendorAnswer:
    return await client.send("GET", url, headers={"X-Key": key}, body=b"", timeout_s=timeout_s)


@asynccontextmanager
async def serving(
    handler: Callable[[web.Request], Awaitable[web.Response]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_an_answer_of_any_status_comes_back_whole(client: VendorClient) -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.headers["X-Key"] == "k" and request.query["payload"] == "a/b=ก"
        return web.Response(status=418, headers={"X-One": "1"}, body=b"x" * 100_000)

    async with serving(handler) as url:
        answer = await get(client, f"{url}/p?payload=a%2Fb%3D%E0%B8%81")
    assert (answer.status, answer.headers["x-one"], len(answer.body)) == (418, "1", 100_000)
    assert "x" * 10 not in repr(answer)


async def test_redirects_are_not_followed_and_cookies_not_kept(client: VendorClient) -> None:
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.path, request.headers.get("Cookie")))
        return web.Response(status=302, headers={"Location": "/other", "Set-Cookie": "a=b"})

    async with serving(handler) as url:
        assert [(await get(client, url)).status for _ in range(2)] == [302, 302]
    assert seen == [("/", None), ("/", None)]


async def test_an_answer_over_one_mebibyte_is_none(client: VendorClient) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1_048_577)

    async with serving(handler) as url:
        with pytest.raises(BadAnswer, match="1 MiB"):
            await get(client, url)


async def test_a_slow_vendor_is_given_up_in_time(client: VendorClient) -> None:
    over = asyncio.Event()

    async def handler(_: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    async with serving(handler) as url:
        with pytest.raises(Timeout):
            await get(client, url, timeout_s=0.2)
        over.set()


async def test_nobody_at_home_and_no_address_at_all(client: VendorClient) -> None:
    with pytest.raises(ConnectFailed):
        await get(client, f"http://127.0.0.1:{free_port()}")
    for url in ("nonsense", "http://", "ftp://example.invalid/"):
        with pytest.raises(OutboundError):
            await get(client, url)


async def test_a_closed_client_and_an_open_transaction_are_our_own_mistakes() -> None:
    client = VendorClient(in_transaction=lambda: True)
    with pytest.raises(Bug):
        await get(client, "http://127.0.0.1:9")
    client = VendorClient(in_transaction=lambda: False)
    await client.close()
    with pytest.raises(Bug):
        await get(client, "http://127.0.0.1:9")


class Certificates:
    """An authority of our own, with a certificate for the server and one for us."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.ca = self._write("ca", self._key, self._name, self._name, ca=True)[0]
        self.server, self.server_key = self._leaf("server")
        self.ours, self.our_key = self._leaf("paygate")

    def _leaf(self, name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        return self._write(name, key, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), self._name)

    def _write(
        self, name: str, key: ec.EllipticCurvePrivateKey, subject: x509.Name, issuer: x509.Name, *, ca: bool = False
    ) -> tuple[Path, Path]:
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        paths = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return paths

    def demanding(self) -> ssl.SSLContext:
        """A server that takes nobody without a certificate of this authority, as KBank's does."""
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.ca)
        tls.load_cert_chain(self.server, self.server_key)
        tls.verify_mode = ssl.CERT_REQUIRED
        return tls


async def hello(_: web.Request) -> web.Response:
    return web.Response(body=b"hello")


async def test_a_certificate_that_nobody_vouches_for_is_refused(client: VendorClient, tmp_path: Path) -> None:
    made = Certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(made.server, made.server_key)
    async with serving(hello, tls) as url:
        with pytest.raises(TlsFailed):
            await get(client, url)


async def test_a_client_certificate_is_shown_to_its_bank_alone(tmp_path: Path) -> None:
    made = Certificates(tmp_path)
    ours = ssl.create_default_context(cafile=made.ca)
    ours.load_cert_chain(made.ours, made.our_key)
    bare = ssl.create_default_context(cafile=made.ca)
    async with serving(hello, made.demanding()) as url:
        client = VendorClient(in_transaction=lambda: False, certificates={url: ours})
        assert (await get(client, f"{url}/v2/oauth/token")).body == b"hello"
        await client.close()
        client = VendorClient(in_transaction=lambda: False, certificates={url: bare})
        with pytest.raises(OutboundError):
            await get(client, url)
        await client.close()
