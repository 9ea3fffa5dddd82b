"""What a bank's or vendor's client needs of HTTP. The room of banks opens no connection itself: it is handed one of
these, so that timeouts, TLS, limits and the rule "never inside a transaction" are in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: any status is an answer. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class HttpFailed(Exception):
    """No answer came: refused, timed out, cut off, too long, or TLS failed. The words hold no secret."""


class Http(Protocol):
    """One request, one answer."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes = b"",
        timeout_s: float = 10.0,
    ) -> HttpAnswer:
        """Send it; raises HttpFailed when no answer came in time."""
        ...
