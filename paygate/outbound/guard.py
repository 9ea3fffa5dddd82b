"""The address check at the connection itself: behind the name (resolver) and under the socket (socket factory).

The resolver's answers are the very addresses aiohttp connects to, so there is no second lookup that could answer
differently (DNS rebinding). aiohttp asks no resolver for literal addresses; the socket factory sees those too.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import Any, TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from paygate.outbound.addresses import Network, OwnAddresses, is_allowed, parse, refusal

Lookup: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Host name and port to all its IP addresses; raises OSError when there is none."""


class RefusedConnection(PermissionError):
    """Raised inside aiohttp, which passes an OSError on as the cause of its own error."""


class Guard(AbstractResolver):
    """One policy for one connector: `allow` is what the operator opened, `allowed_only` shuts everything else."""

    def __init__(self, lookup: Lookup, allow: Sequence[Network], own: OwnAddresses, *, allowed_only: bool) -> None:
        self._lookup = lookup
        self._allow = tuple(allow)
        self._own = own
        self._allowed_only = allowed_only

    def objection(self, ip: str, port: int) -> str | None:
        """Why nobody may connect there, or None."""
        try:
            address = parse(ip)
        except ValueError:
            return "The address is not valid."
        if reason := refusal(address, self._allow):
            return f"The URL leads to {reason} ({address}), which may not be reached."
        if self._own.holds(address, port):
            return "The URL leads back to this gateway itself."
        if self._allowed_only and not is_allowed(address, self._allow):
            return "A live webhook URL must use https."
        return None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All addresses of a name. One forbidden among them refuses the name, as no honest public name has one;
        unless another lies in a network the operator opened (`localhost` is 127.0.0.1 and ::1): then those remain."""
        found = [(ip, self.objection(ip, port)) for ip in await self._lookup(host, port)]
        good = [ip for ip, objection in found if objection is None]
        objections = [objection for _, objection in found if objection is not None]
        if objections:
            good = [ip for ip in good if is_allowed(parse(ip), self._allow)]
        if not good:
            raise RefusedConnection(objections[0] if objections else "The host name has no address.")
        return [_numeric(host, ip, port) for ip in good]

    def open_socket(self, addr_info: tuple[Any, ...]) -> socket.socket:
        """aiohttp's socket_factory: the last look at the address before the connection."""
        family, kind, proto, _, address = addr_info
        if objection := self.objection(str(address[0]), int(address[1])):
            raise RefusedConnection(objection)
        opened = socket.socket(family=family, type=kind, proto=proto)
        opened.setblocking(False)
        return opened

    async def close(self) -> None:
        """Nothing to close: the lookup belongs to whoever made it."""


def _numeric(host: str, ip: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    return ResolveResult(hostname=host, host=ip, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def system_lookup(executor: Executor) -> Lookup:
    """The system's resolver, in threads of our own: a receiver's slow name server must not hold up the threads that
    hash passwords."""

    async def lookup(host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            infos = await loop.run_in_executor(executor, _getaddrinfo, host, port)
        except UnicodeError as error:
            raise OSError("the host name cannot be encoded") from error
        return list(dict.fromkeys(str(info[4][0]) for info in infos))

    return lookup


def _getaddrinfo(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
