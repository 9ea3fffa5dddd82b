"""Which IP addresses may be reached.

An explicit list, because `ipaddress.is_global` changes between Python versions: 3.11 calls 64:ff9b::7f00:1,
2002:7f00:1:: and multicast global. Sources: IANA special-purpose address registries (RFC 6890 and its updates),
RFC 8215 (64:ff9b:1::/48), and the metadata services of the large clouds.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Iterable
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_DENIED_V4 = {
    "0.0.0.0/8": "an unspecified address",
    "10.0.0.0/8": "a private address",
    "100.64.0.0/10": "a carrier-grade NAT address",
    "127.0.0.0/8": "a loopback address",
    "168.63.129.16/32": "a cloud metadata address",
    "169.254.0.0/16": "a link-local address",
    "172.16.0.0/12": "a private address",
    "192.0.0.0/24": "a reserved address",
    "192.0.2.0/24": "a documentation address",
    "192.88.99.0/24": "a 6to4 relay address",
    "192.168.0.0/16": "a private address",
    "198.18.0.0/15": "a benchmarking address",
    "198.51.100.0/24": "a documentation address",
    "203.0.113.0/24": "a documentation address",
    "224.0.0.0/4": "a multicast address",
    "240.0.0.0/4": "a reserved address",
}
_DENIED_V6 = {
    "::/128": "an unspecified address",
    "::1/128": "a loopback address",
    "::/96": "an IPv4-compatible address",
    "64:ff9b::/96": "a NAT64 address",
    "64:ff9b:1::/48": "a NAT64 address",
    "100::/64": "a discard-only address",
    "2001::/32": "a Teredo address",
    "2001:2::/48": "a benchmarking address",
    "2001::/23": "a reserved address",
    "2001:db8::/32": "a documentation address",
    "2002::/16": "a 6to4 address",
    "3fff::/20": "a documentation address",
    "5f00::/16": "a reserved address",
    "fc00::/7": "a private address",
    "fe80::/10": "a link-local address",
    "fec0::/10": "a private address",
    "ff00::/8": "a multicast address",
}
_DENIED: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(cidr), reason) for cidr, reason in (_DENIED_V4 | _DENIED_V6).items()
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def parse(text: str) -> Address:
    """An IP address as it will be connected to: IPv4-mapped IPv6 is the IPv4 address. Raises ValueError."""
    return unwrapped(ipaddress.ip_address(text))


def unwrapped(address: Address) -> Address:
    """The address the operating system really talks to."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def legacy_ipv4(host: str) -> Address | None:
    """The address behind `2130706433`, `0x7f.1` or `0177.0.0.1`, as the C library reads them; None for a name.

    Raises ValueError when the last label is a number and yet no address comes of it (WHATWG URL, "ends in a number").
    """
    last = host.rpartition(".")[2]
    if not (last.isdigit() or last.lower().startswith("0x")):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError as error:
        raise ValueError("the host is neither a name nor an address") from error


def is_allowed(address: Address, allow: Iterable[Network]) -> bool:
    """Whether the operator opened a network that holds this address."""
    if not any(address in network for network in allow):
        return False
    if address in _NAT64:
        # Opening NAT64 (hosts without IPv4 need it) must not open what lies behind it.
        return refusal(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF), allow) is None
    return True


def refusal(address: Address, allow: Iterable[Network]) -> str | None:
    """Why this address may not be reached, or None when it may."""
    address = unwrapped(address)
    allow = tuple(allow)
    if is_allowed(address, allow):
        return None
    for network, reason in _DENIED:
        if address in network:
            return reason
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_V6:
        return "not a global address"
    return None


class OwnAddresses:
    """Where this installation itself listens. An unspecified address (0.0.0.0, ::) means every address of the host."""

    def __init__(self, listening: Collection[tuple[str, int]]) -> None:
        self._exact = {(parse(ip), port) for ip, port in listening}
        self._any_address_ports = {port for ip, port in self._exact if ip.is_unspecified}

    def holds(self, address: Address, port: int) -> bool:
        """Whether a connection there would come back to us."""
        if (address, port) in self._exact:
            return True
        return port in self._any_address_ports and (
            address.is_loopback or address.is_unspecified or _is_of_this_host(address)
        )


def _is_of_this_host(address: Address) -> bool:
    """Ask the routing table: traffic to one of our own addresses leaves from that very address. Sends nothing."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return parse(str(probe.getsockname()[0])) == address
    except OSError:
        # No route: a TCP connection will fail as well, whoever the address belongs to.
        return False
