"""How a bank's or vendor's module speaks HTTP: it is handed something that sends, and never opens a socket itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from paygate.core.errors import PayGateError

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, whatever its status. `headers` has lower-case names; `body` is whole, at most 1 MiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)  # Names and accounts of people.


class HttpFailed(PayGateError):
    """No answer came: no connection, no valid certificate, no time left, or a body that is too long or broke off."""

    default = "No answer came."


class Http(Protocol):
    """Sends one request to an address that the operator set. TLS is verified, redirects are not followed."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes = b"",
        timeout_s: float = TIMEOUT_S,
    ) -> HttpAnswer:
        """Any status is an answer; raises HttpFailed when none came, Bug while a database transaction is open."""
        ...
