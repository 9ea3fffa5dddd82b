"""Requests to the operator's own banks and vendors: addresses from the settings, so without the guard of webhooks."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import aiohttp
from yarl import URL

from paygate.core.errors import Bug
from paygate.outbound.client import typed_errors
from paygate.outbound.errors import AddressRefused, BadAnswer

MAX_BODY_BYTES = 1_048_576
CONNECT_TIMEOUT_S = 5.0
_CHUNK_BYTES = 65_536
_OURS_ALONE = ("Accept-Encoding", "User-Agent", "Content-Type")
_OWN_HEADERS = {"Accept-Encoding": "identity", "Accept": "application/json", "User-Agent": "PayGate"}


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """What came back. `headers` has lower-case names, the first of each; `body` is whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class VendorClient:
    """The HTTP client for the operator's own vendors: TLS verified, no redirects, no proxies, no cookies.

    `certificates`: the TLS context for an origin (`https://host` or `https://host:port`) that wants a client
    certificate. `in_transaction`: asked before each request; True is a Bug. Close it with `close()`.
    """

    def __init__(
        self,
        *,
        in_transaction: Callable[[], bool],
        certificates: Mapping[str, ssl.SSLContext] = MappingProxyType({}),
    ) -> None:
        self._in_transaction = in_transaction
        self._certificates = {URL(origin).origin(): context for origin, context in certificates.items()}
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> VendorAnswer:
        """One request. Any status is an answer; raises an OutboundError when none came or it was longer than 1 MiB."""
        if self._in_transaction():
            raise Bug("A request was about to be sent while a database transaction is open.")
        try:
            target = URL(url, encoded=True)
            certificate = self._certificates.get(target.origin())
        except ValueError as error:
            raise AddressRefused("The URL is not valid.", permanent=True) from error
        async with (
            typed_errors(),
            self._opened().request(
                method,
                target,
                data=body or None,
                headers={**_OWN_HEADERS, **headers},
                allow_redirects=False,
                skip_auto_headers=_OURS_ALONE,
                timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
                ssl=certificate or True,
            ) as response,
        ):
            whole = await _body(response)
        head: dict[str, str] = {}
        for name, value in response.headers.items():
            head.setdefault(name.lower(), value)
        return VendorAnswer(response.status, head, whole)

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Bug("The HTTP client is closed.")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
            )
        return self._session

    async def close(self) -> None:
        """Drop all connections. Requests still running fail with BadAnswer."""
        self._closed = True
        if self._session is not None:
            await self._session.close()


async def _body(response: aiohttp.ClientResponse) -> bytes:
    whole = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        whole += chunk
        if len(whole) > MAX_BODY_BYTES:
            raise BadAnswer("The answer is longer than 1 MiB.")
    return bytes(whole)
