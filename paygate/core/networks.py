"""Network addresses that requests come from, and networks that they may have to come from."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from paygate.core.errors import InvalidInput

Network = IPv4Network | IPv6Network
MAX_NETWORKS = 50


def address(text: str | None) -> IPv4Address | IPv6Address | None:
    """*text* as an address, an IPv4 one as such even where IPv6 carries it; None for what is none."""
    try:
        found = ipaddress.ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def read(given: Iterable[str]) -> tuple[Network, ...]:
    """Networks as people write them (`203.0.113.0/24`, one address alone), each once. Raises InvalidInput."""
    found: dict[Network, None] = {}
    for text in given:
        try:
            found[ipaddress.ip_network(text.strip())] = None
        except ValueError:
            message = f"{text!r} is not a network like 203.0.113.0/24, 2001:db8::/32 or 203.0.113.7."
            raise InvalidInput(message, field="networks") from None
    if len(found) > MAX_NETWORKS:
        raise InvalidInput(f"At most {MAX_NETWORKS} networks can be given.", field="networks")
    return tuple(found)


def holds(allowed: Sequence[Network], client: str | None) -> bool:
    """Whether a request of *client* may come; with no networks given, from anywhere."""
    where = address(client)
    return not allowed or (where is not None and any(where in network for network in allowed))
