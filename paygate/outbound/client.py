"""POST to an address that a stranger chose, and come back with a status or a reason, in bounded time and memory."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from paygate.core.errors import Bug, InvalidInput
from paygate.outbound.addresses import Network, OwnAddresses
from paygate.outbound.errors import AddressRefused, BadAnswer, ConnectFailed, NameNotFound, Timeout, TlsFailed
from paygate.outbound.guard import Guard, Lookup, RefusedConnection, system_lookup
from paygate.outbound.urls import check_url

TOTAL_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0
KEPT_BODY_BYTES = 16_384
_KEPT_HEAD_CHARS = 8_192
_DNS_THREADS = 16
_KEEPALIVE_S = 4.0
"""Shorter than the 5 s after which Node's servers hang up, so that a POST seldom meets a connection just closed."""

_OURS_ALONE = ("Accept-Encoding", "User-Agent", "Content-Type")
"""Headers that aiohttp would add by itself."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said. `head` has lower-case names; `body_head` is at most the first 16 KiB as received (it may
    hold anything, NUL included); `truncated` says that there was more, or that the body broke off: the status stands
    all the same."""

    status: int
    head: dict[str, str]
    body_head: bytes
    latency_ms: int
    truncated: bool = False


class Outbound:
    """The HTTP client for webhooks: address guard, no redirects, no proxies, no cookies, no decompression.

    `allow_networks`: what may be reached although private, and by http although live.
    `own_addresses`: (ip, port) where this installation listens; refused even when allowed.
    `in_transaction`: asked before each request; True is a Bug, because a request may take 15 s and a transaction holds
    locks.
    How many requests run at once is the caller's business. Close it with `close()` or `async with`.
    """

    def __init__(
        self,
        *,
        allow_networks: Sequence[Network] = (),
        own_addresses: Collection[tuple[str, int]] = (),
        total_timeout_s: float = TOTAL_TIMEOUT_S,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        in_transaction: Callable[[], bool] | None = None,
        lookup: Lookup | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._allow = tuple(allow_networks)
        self._own = OwnAddresses(own_addresses)
        self._timeout = aiohttp.ClientTimeout(total=total_timeout_s, connect=connect_timeout_s)
        self._in_transaction = in_transaction
        self._dns_threads = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="paygate-dns")
        self._lookup = lookup or system_lookup(self._dns_threads)
        self._ssl_context = ssl_context
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._closed = False

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, live: bool) -> Answer:
        """Send one POST. Any HTTP status is an Answer; raises an OutboundError when none came, Bug when a database
        transaction is open."""
        if self._in_transaction is not None and self._in_transaction():
            raise Bug("A request was about to be sent while a database transaction is open.")
        try:
            target = URL(check_url(url, live=live, allow_networks=self._allow))
        except InvalidInput as error:
            raise AddressRefused(error.message, permanent=True) from error
        session = self._session(allowed_only=live and target.scheme == "http")
        clock = asyncio.get_running_loop().time
        began_s = clock()
        async with typed_errors():
            response = await session.post(
                target, data=body, headers=headers, allow_redirects=False, skip_auto_headers=_OURS_ALONE
            )
        try:
            body_head, truncated = await _first_bytes(response)
        finally:
            # Only a connection read to its end goes back to the pool; release drops any other.
            response.release()
        latency_ms = round((clock() - began_s) * 1_000)
        return Answer(response.status, _head(response.headers), body_head, latency_ms, truncated)

    def _session(self, *, allowed_only: bool) -> aiohttp.ClientSession:
        """One session per policy, so that no pooled connection serves a request it was not checked for."""
        if self._closed:
            raise Bug("The HTTP client is closed.")
        session = self._sessions.get(allowed_only)
        if session is None:
            guard = Guard(self._lookup, self._allow, self._own, allowed_only=allowed_only)
            connector = aiohttp.TCPConnector(
                resolver=guard,
                socket_factory=guard.open_socket,
                use_dns_cache=False,
                limit=0,
                keepalive_timeout=_KEEPALIVE_S,
                ssl=self._ssl_context or True,
            )
            session = self._sessions[allowed_only] = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return session

    async def close(self) -> None:
        """Drop all connections. Requests still running fail with BadAnswer."""
        self._closed = True
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        self._dns_threads.shutdown(wait=False, cancel_futures=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


@asynccontextmanager
async def typed_errors() -> AsyncIterator[None]:
    """Everything aiohttp raises before there is a status, as our own tree."""
    try:
        yield
    except (aiohttp.ClientSSLError, ssl.SSLError) as error:
        raise TlsFailed(f"TLS failed: {_tls_reason(error)}") from error
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, RefusedConnection):
            raise AddressRefused(str(error.os_error)) from error
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            raise NameNotFound() from error
        words = os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
        raise ConnectFailed(f"The connection could not be made: {words}.") from error
    except TimeoutError as error:
        raise Timeout() from error
    except aiohttp.InvalidURL as error:
        raise AddressRefused("The URL is not valid.", permanent=True) from error
    except aiohttp.ClientResponseError as error:
        raise BadAnswer("The answer is not valid HTTP.") from error
    except (aiohttp.ClientError, OSError) as error:
        raise BadAnswer() from error


def _tls_reason(error: BaseException) -> str:
    """OpenSSL's words, without aiohttp's wrapping around them."""
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    return str(getattr(cause, "verify_message", None) or getattr(cause, "reason", None) or cause)[:200]


async def _first_bytes(response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """Up to KEPT_BODY_BYTES, and whether the body went on or broke off. The status has come: nothing here fails."""
    kept = bytearray()
    try:
        async for chunk in response.content.iter_chunked(KEPT_BODY_BYTES):
            kept += chunk
            if len(kept) > KEPT_BODY_BYTES:
                return bytes(kept[:KEPT_BODY_BYTES]), True
    except (aiohttp.ClientError, TimeoutError, OSError):
        # The delivery was answered; a body that drips or breaks is shown as far as it came.
        return bytes(kept), True
    return bytes(kept), False


def _head(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Headers fit for a text column: no lone surrogates (aiohttp's way of keeping odd bytes), bounded in all."""
    head: dict[str, str] = {}
    room = _KEPT_HEAD_CHARS
    for name, value in headers.items():
        clean = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\x00", "\ufffd")
        room -= len(name) + len(clean)
        if room < 0:
            break
        head.setdefault(name.lower(), clean)
    return head
