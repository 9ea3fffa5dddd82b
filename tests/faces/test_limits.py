"""Rate limits in every face: who is counted by what, and how a refusal looks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from paygate import app
from paygate.services import accounts, metrics, sources
from paygate.services.context import Context
from tests.banks.vendors import BILLER
from tests.faces.conftest import Gateway, serving
from tests.faces.test_contract import UNKNOWN, address
from tests.worlds import World

ONE = "key=1/h source=1/h address=1/h"
# Probes, where there is nothing to guess, and what browsers ask for by themselves, here and on shops' pages.
FREE = {"/api/health", "/api/health/live", "/api/health/ready", "/metrics", "/favicon.ico", "/paygate-widget.js"}
UNCOUNTED = {"HEAD", "OPTIONS"}  # The same as GET, and a question before the question.


@asynccontextmanager
async def limited(dsn: str, ctx: Context, world: World, limits: str = ONE) -> AsyncIterator[Gateway]:
    async with serving(dsn, PAYGATE_RATE_LIMIT=limits) as base, httpx2.AsyncClient(base_url=base, timeout=30) as client:
        yield Gateway(client, ctx, world)


def check_refusal(answer: httpx2.Response, counted: str) -> None:
    assert answer.status_code == 429, answer.text
    assert answer.headers["ratelimit-policy"] == f'"{counted}";q=1;w=3600'
    assert answer.headers["ratelimit"] == f'"{counted}";r=0;t=3600'
    assert 3_590 <= int(answer.headers["retry-after"]) <= 3_600


async def test_every_address_but_the_probes_is_counted_and_refuses_in_its_own_shape(
    dsn: str, ctx: Context, world: World
) -> None:
    """Each as a stranger of its own asks for it, twice."""
    async with limited(dsn, ctx, world) as gateway:
        calls = [(place.path, method) for place in app.ADDRESSES for method in place.handlers.keys() - UNCOUNTED]
        for number, (path, method) in enumerate(calls):
            there = address(path).replace(f"/qr/{UNKNOWN}", "/qr/x.png")
            stranger = {"X-Forwarded-For": f"203.0.{number // 250}.{number % 250}"}
            first, again = [await gateway.ask(method, there, key=None, headers=stranger) for _ in range(2)]
            if path in FREE:
                assert again.status_code == first.status_code != 429, path
                assert "ratelimit" not in again.headers
                continue
            assert first.status_code != 429, (method, path)
            check_refusal(again, "address")
            if again.headers["content-type"].startswith("text/html"):
                assert again.headers["request-id"] in again.text
            elif path.startswith("/api/bank"):
                assert again.json()["received"] is False
            else:
                assert again.json()["error"] == "RATE_LIMITED" and set(again.json()["payerMessage"]) == {"th", "en"}


async def test_a_good_key_is_counted_by_itself_and_says_what_is_left(dsn: str, ctx: Context, world: World) -> None:
    async with limited(dsn, ctx, world, "key=1/h:3 address=1/h") as gateway:
        answers = [await gateway.ask("GET", "/api/v1/transactions") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [re.sub(r";t=.*", "", a.headers["ratelimit"]) for a in answers] == [f'"key";r={n}' for n in (2, 1, 0, 0)]
        assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=10800'
        assert "with this API key: 1 an hour, 3 at once are the most" in answers[3].json()["message"]
        assert (await gateway.ask("GET", "/api/v1/transactions", key=world.test_key)).status_code == 200
        assert (await gateway.ask("GET", "/api/v1/transactions", key="sk_live_nobody")).status_code == 401
        check_refusal(await gateway.ask("GET", "/api/v1/transactions", key="sk_live_somebody"), "address")
    totals = await metrics.look(ctx)  # The server has ended, and told what it counted.
    refused = {labels: n for (name, labels), n in totals.totals.items() if name == "paygate_rate_limited_total"}
    assert refused == {(("limit", "address"),): 1, (("limit", "key"),): 1}


async def test_a_public_key_is_counted_by_the_address_too_and_its_page_may_read_the_refusal(
    dsn: str, ctx: Context, world: World
) -> None:
    async with limited(dsn, ctx, world, "key=1/h:3 address=1/h") as gateway:
        page = {"Origin": "https://shop.example"}

        async def create(who: str) -> httpx2.Response:
            headers = {"X-Forwarded-For": who, **page}
            return await gateway.ask(
                "POST", "/api/v1/payment/create", {"amount": 1}, key=world.test_public_key, headers=headers
            )

        first = await create("2001:db8:1:2::1")
        assert first.headers["ratelimit-policy"] == '"address";q=1;w=3600, "key";q=3;w=10800'
        for neighbour in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"):  # One /64.
            refused = await create(neighbour)
            check_refusal(refused, "address")
            assert refused.headers["access-control-allow-origin"] == "https://shop.example"
            assert "RateLimit-Policy" in refused.headers["access-control-expose-headers"]
        assert "key" in (await create("2001:db8:1:3::1")).headers["ratelimit"]


async def test_a_stranger_uses_nothing_of_a_source_up(dsn: str, ctx: Context, world: World) -> None:
    async with limited(dsn, ctx, world, "source=1/h:2 address=1/h:50") as gateway:
        for _ in range(5):
            assert (await gateway.tell({"nonsense": 1}, secret="wrong")).status_code == 401
        body = {"reference": "T1", "amount": 150, "occurredAt": "2026-11-20T10:00:00+07:00"}
        assert [(await gateway.tell(body)).status_code for _ in range(3)] == [200, 200, 429]
        refused = await gateway.tell(body)
        assert refused.json()["received"] is False and refused.headers["ratelimit-policy"] == '"source";q=2;w=7200'


async def test_a_burst_of_a_bank_waits_for_room_in_place_of_being_refused(dsn: str, ctx: Context, world: World) -> None:
    async with limited(dsn, ctx, world, "source=100/s:20") as gateway:

        async def tell(number: int) -> int:
            body = {"transRef": f"T{number}", "amount": 150, "occurredAt": "2026-11-20T10:00:00+07:00"}
            return (await gateway.tell(body)).status_code

        async def several(bridge: int) -> set[int]:
            return {await tell(bridge * 100 + number) for number in range(20)}

        assert await asyncio.gather(*(several(bridge) for bridge in range(5))) == [{200}] * 5


async def test_a_banks_callbacks_beyond_the_limit_are_refused_in_its_own_form(
    dsn: str, ctx: Context, world: World
) -> None:
    account = await accounts.add(ctx, owner=0, biller_id=BILLER, bank="014", number="4061234568", name="Paygate")
    made = await sources.add(ctx, account_id=account.id, kind="scb")
    path = made.url.removeprefix(ctx.public_url)
    async with limited(dsn, ctx, world) as gateway:
        assert (await gateway.client.post(path, content=b"{}")).status_code in {200, 400}
        refused = await gateway.client.post(path, content=b"{}")
        assert refused.status_code == 503 and "resCode" in refused.json() and refused.headers["retry-after"]


@pytest.mark.parametrize("path", ["/api/v1/payment/create", "/forwarder"])
async def test_what_is_off_is_not_told_of(gateway: Gateway, path: str) -> None:
    answer = await gateway.ask("GET", path)
    assert "ratelimit" not in answer.headers and "ratelimit-policy" not in answer.headers
