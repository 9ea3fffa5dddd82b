"""All chores of one process together."""

from __future__ import annotations

import pytest

from paygate.services.context import Context
from paygate.workers import own_addresses
from tests.workers.world import until, working


@pytest.mark.parametrize(
    ("public_url", "addresses"),
    [
        ("http://127.0.0.1:8000", [("127.0.0.1", 8000)]),
        ("http://localhost:8080", [("127.0.0.1", 8080), ("::1", 8080)]),
        ("https://203.0.113.7", [("203.0.113.7", 443)]),
        ("http://[::1]", [("::1", 80)]),
        ("https://pay.example.co.th", []),
    ],
)
def test_the_gateways_own_address_is_read_from_its_public_url(
    public_url: str, addresses: list[tuple[str, int]]
) -> None:
    assert own_addresses(public_url) == addresses


async def test_while_it_runs_the_context_wakes_it_and_afterwards_no_more(ctx: Context) -> None:
    before = ctx.wake
    async with working(ctx):

        async def changed() -> bool:
            return ctx.wake is not before

        await until(changed)
    assert ctx.wake is before
