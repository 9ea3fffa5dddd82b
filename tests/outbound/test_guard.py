"""The last look at an address: behind a name and under the socket."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from paygate.outbound.addresses import Network, OwnAddresses
from paygate.outbound.guard import Guard, RefusedConnection

from .hostile import LOCAL

NAMES = {
    "public.test": ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "evil.test": ["127.0.0.1"],
    "mixed.test": ["93.184.215.14", "169.254.169.254"],
    "mapped.test": ["::ffff:10.0.0.1"],
    "nat64.test": ["64:ff9b::7f00:1"],
    "both.test": ["::1", "127.0.0.1"],
    "zoned.test": ["fe80::1%eth0"],
    "nothing.test": [],
}


async def look_up(host: str, port: int) -> list[str]:
    return NAMES[host]


def guard(allow: Sequence[Network] = (), own: Sequence[tuple[str, int]] = (), *, allowed_only: bool = False) -> Guard:
    return Guard(look_up, allow, OwnAddresses(own), allowed_only=allowed_only)


def try_socket(at: Guard, ip: str, port: int = 80) -> None:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    at.open_socket((family, socket.SOCK_STREAM, 0, "", (ip, port))).close()


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.0.0.192", "224.0.0.1"),
        *("::1", "::", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::"),
        *("fd00:ec2::254", "fe80::1", "fe80::1%2", "ff02::1", "not an address"),
    ],
)
def test_no_socket_is_opened_to_an_address_that_may_not_be_reached(ip: str) -> None:
    with pytest.raises(RefusedConnection):
        try_socket(guard(), ip)


def test_a_socket_is_opened_to_a_public_or_an_allowed_address() -> None:
    try_socket(guard(), "93.184.215.14")
    try_socket(guard(LOCAL), "127.0.0.1")
    try_socket(guard(LOCAL), "::ffff:127.0.0.1")


def test_live_http_reaches_allowed_networks_only() -> None:
    strict = guard(LOCAL, allowed_only=True)
    try_socket(strict, "127.0.0.1")
    with pytest.raises(RefusedConnection, match="https"):
        try_socket(strict, "93.184.215.14")


def test_our_own_address_and_port_are_refused_though_allowed() -> None:
    ours = guard(LOCAL, [("127.0.0.1", 8000)])
    try_socket(ours, "127.0.0.1", 8001)
    for ip in ("127.0.0.1", "::ffff:127.0.0.1"):
        with pytest.raises(RefusedConnection, match="itself"):
            try_socket(ours, ip, 8000)


def addresses_of_this_host() -> set[str]:
    """As far as its own name tells; a machine need not know its name."""
    try:
        infos = socket.getaddrinfo(socket.gethostname(), 80, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return set()
    return {str(info[4][0]) for info in infos}


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "::"])
def test_listening_everywhere_makes_every_address_of_this_host_our_own(everywhere: str) -> None:
    networks = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    ours = guard(networks, [(everywhere, 8000)])
    for ip in {"127.0.0.1", "127.9.9.9", "0.0.0.0", *addresses_of_this_host()}:
        with pytest.raises(RefusedConnection, match="itself"):
            try_socket(ours, ip, 8000)
        try_socket(ours, ip, 8001)
    try_socket(ours, "93.184.215.14", 8000)


@pytest.mark.parametrize("name", ["evil.test", "mixed.test", "mapped.test", "nat64.test", "zoned.test", "nothing.test"])
async def test_a_name_with_one_forbidden_address_or_none_is_refused(name: str) -> None:
    with pytest.raises(RefusedConnection):
        await guard().resolve(name, 443)


async def test_a_name_with_a_forbidden_address_is_refused_though_another_network_is_allowed() -> None:
    with pytest.raises(RefusedConnection, match="link-local"):
        await guard(LOCAL).resolve("mixed.test", 443)


async def test_the_addresses_of_a_good_name_are_those_connected_to() -> None:
    found = await guard().resolve("public.test", 443)
    assert [r["host"] for r in found] == NAMES["public.test"]
    assert [r["family"] for r in found] == [socket.AF_INET, socket.AF_INET6]
    assert {(r["hostname"], r["port"]) for r in found} == {("public.test", 443)}


async def test_of_a_name_in_an_allowed_network_only_the_allowed_addresses_remain() -> None:
    assert [r["host"] for r in await guard(LOCAL).resolve("both.test", 80)] == ["127.0.0.1"]
    with pytest.raises(RefusedConnection):
        await guard(LOCAL, [("127.0.0.1", 80)]).resolve("both.test", 80)
