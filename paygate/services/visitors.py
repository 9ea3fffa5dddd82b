"""Who is behind a pk_ key: nobody knows, but a network address is something to count by."""

from __future__ import annotations

import hmac
import ipaddress

from paygate.core import networks
from paygate.db import reservations
from paygate.services.context import Context

ADDRESS_BYTES = 16
IPV6_PREFIX = 64  # What one subscriber has: a limit by address would be none.


def network(client: str | None) -> str:
    """What a limit counts by: an IPv4 address, the /64 of an IPv6 one, or `unknown` for what is neither."""
    address = networks.address(client)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return "unknown" if address is None else str(address)


def address_hash(ctx: Context, client: str | None) -> bytes:
    """A keyed hash of the network of *client*: it can be counted by and not be read back."""
    return hmac.digest(ctx.key.signing, f"visitor:{network(client)}".encode(), "sha256")[:ADDRESS_BYTES]


async def forget(ctx: Context, limit: int) -> int:
    """Forget the hashes whose payments are over; how many."""
    return await ctx.db.transaction(lambda conn: reservations.forget_seats(conn, limit))
