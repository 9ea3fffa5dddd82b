"""Scopes and networks, as people write them."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from paygate.core import networks, scopes
from paygate.core.errors import InvalidInput
from paygate.core.scopes import Scope


def test_no_scope_holds_another_and_a_star_holds_all() -> None:
    for one in Scope:
        assert [other for other in Scope if scopes.allowed((one,), other)] == [one]
    assert all(scopes.allowed(("*",), one) for one in Scope)


def test_scopes_are_sorted_once_each_and_all_when_none_is_named() -> None:
    assert scopes.read([]) == scopes.read(["payments:read", "*"]) == ("*",)
    assert scopes.read(["webhooks:read", "payments:read", "webhooks:read"]) == ("payments:read", "webhooks:read")
    with pytest.raises(InvalidInput, match="did you mean payments:read"):
        scopes.read(["payment:read"])
    with pytest.raises(InvalidInput, match="they are payments:read, payments:write"):
        scopes.read(["!"])


def test_an_address_is_looked_for_in_the_form_that_it_has() -> None:
    allowed = networks.read(["203.0.113.0/24", "2001:db8::/32", "198.51.100.7"])
    for inside in ("203.0.113.9", "::ffff:203.0.113.9", "2001:db8:1::1", "198.51.100.7"):
        assert networks.holds(allowed, inside)
    for outside in ("203.0.114.9", "::203.0.113.9", "2001:db9::1", "198.51.100.8", "", None, "testclient"):
        assert not networks.holds(allowed, outside)
    assert networks.holds((), None)
    assert networks.read([" 203.0.113.7 ", "203.0.113.7/32"]) == (ip_network("203.0.113.7/32"),)
    for wrong in ("203.0.113.7/24", "shop.example", "", "10.0.0.0/8,192.168.0.0/16"):
        with pytest.raises(InvalidInput):
            networks.read([wrong])
    with pytest.raises(InvalidInput):
        networks.read(f"10.0.0.{n}" for n in range(60))
