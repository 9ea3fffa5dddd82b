"""GET /metrics: who may, and that the numbers are the whole installation's."""

from __future__ import annotations

import asyncio
import re
import urllib.request
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from paygate import telemetry
from paygate.core import ids
from paygate.core.errors import Unavailable
from paygate.services import metrics
from paygate.services.context import Context
from paygate.settings import Settings
from tests.faces.conftest import Gateway, serving
from tests.servers import SECRET_KEY, Server
from tests.services.helpers import open_account, open_shop, sql
from tests.worlds import World, make_world

TOKEN = "a-token-of-thirty-characters-x"


def read(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples by name and labels, as Prometheus itself would read them."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def labels(**given: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(given.items()))


async def test_what_happens_is_counted(gateway: Gateway) -> None:
    telemetry.counted()  # What other tests of this process left.
    made = await gateway.create()
    other = await gateway.create()
    told = {"amount": 150, "occurredAt": made["createdAt"], "sendingBank": "014", "transRef": "T1"}
    await gateway.ask("POST", f"/api/v1/payment/{other['id']}/cancel")
    await gateway.ask("POST", f"/api/v1/payment/{other['id']}/cancel")  # Once is enough.
    assert (await gateway.tell(told)).json()["outcome"] == "PAID"
    assert (await gateway.tell(told)).json()["outcome"] == "DUPLICATE"
    assert (await gateway.tell({**told, "amount": 7, "transRef": "T2"})).json()["outcome"] == "ORPHAN"
    telemetry.observe_webhook_dwell(0.2)
    answer = await gateway.client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=")
    seen = read(answer.text)
    payments = seen["paygate_payments_total"]
    assert payments == {
        labels(mode="live", status="PENDING"): 2,
        labels(mode="live", status="PAID"): 1,
        labels(mode="live", status="CANCELLED"): 1,
    }
    outcomes = {dict(given)["outcome"]: value for given, value in seen["paygate_evidence_total"].items()}
    assert outcomes == {"PAID": 1, "DUPLICATE": 1, "ORPHAN": 1}
    assert seen["paygate_evidence_to_paid_seconds_count"] == {(): 1}
    assert 0 < seen["paygate_evidence_to_paid_seconds_sum"][()] < 30
    assert seen["paygate_webhook_dwell_seconds_bucket"][labels(le="0.25")] == 1
    assert seen["paygate_webhook_dwell_seconds_bucket"][labels(le="0.1")] == 0
    assert seen["paygate_webhook_dwell_seconds_bucket"][labels(le="+Inf")] == 1
    assert seen["paygate_reviews_open"] == {labels(queue="operator", mode="live", reason="ORPHAN"): 1}


async def test_a_full_price_of_a_central_account_is_seen_and_a_thousand_prices_are_not(ctx: Context, dsn: str) -> None:
    account = await open_account(ctx, 0)
    shop = await open_shop(ctx, accounts=[account])
    await sql(
        ctx,
        """INSERT INTO slots (mode, receiving_id, amount_satang, busy_until)
           SELECT 'live', $1, n * 100, now() + interval '1 hour' FROM generate_series(1000, 2000) n""",
        account.receiving_id,
    )
    for _ in range(40):
        await shop.sell(15_000)
    async with serving(dsn) as base, httpx2.AsyncClient(base_url=base, trust_env=False) as client:
        seen = read((await client.get("/metrics")).text)
    name = ids.show("acc", account.id)
    assert seen["paygate_slots_held"][labels(account=name, mode="live", baht="150")] == 40
    assert seen["paygate_slots_free"][labels(account=name, mode="live", baht="150")] == 60
    assert len(seen["paygate_slots_held"]) == metrics.FULLEST
    assert seen["paygate_account_slots_held"] == {labels(account=name, mode="live"): 1_041}


async def test_without_a_token_only_this_computer_sees_it(gateway: Gateway) -> None:
    assert (await gateway.client.get("/metrics")).status_code == 200
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"):
        for value in ("198.51.100.7", "127.0.0.1"):
            answer = await gateway.client.get("/metrics", headers={name: value})
            assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN"), name
            assert "PAYGATE_METRICS_TOKEN" in answer.json()["message"]


async def test_with_a_token_its_bearer_sees_it_from_anywhere_and_nobody_else(dsn: str, world: World) -> None:
    async with serving(dsn, PAYGATE_METRICS_TOKEN=TOKEN) as base, httpx2.AsyncClient(base_url=base) as client:
        for given in ("", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer", "Bearer é"):
            headers = [(b"Authorization", given.encode("latin-1"))] if given else []
            assert (await client.get("/metrics", headers=headers)).status_code == 401, given
        good = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "198.51.100.7"}
        assert (await client.get("/metrics", headers=good)).status_code == 200


async def test_processes_add_up_and_an_outage_loses_nothing(ctx: Context, dsn: str) -> None:
    telemetry.counted()
    for _ in range(3):  # Three processes, or one that comes back to it.
        telemetry.count_evidence("sms", "PAID")
        await metrics.keep(ctx)
    telemetry.count_evidence("sms", "PAID")
    working, ctx.db = ctx.db, _Away()  # type: ignore[assignment]
    for _ in range(2):
        try:
            await metrics.keep(ctx)
        except Unavailable:
            continue
        raise AssertionError("the database is away")
    ctx.db = working
    await asyncio.gather(*(metrics.keep(ctx) for _ in range(5)))
    seen = await metrics.look(ctx)
    assert seen.totals == {("paygate_evidence_total", labels(kind="sms", outcome="PAID")): 4}


class _Away:
    async def transaction(self, _: object) -> None:
        raise Unavailable


async def test_several_server_processes_show_one_total_and_it_survives_them(
    ctx: Context, server: Callable[..., Server]
) -> None:
    world = await make_world(ctx, tagging="auto")
    running = server("--workers", "2", env={"PAYGATE_DB_POOL_SIZE": "3"})
    async with httpx2.AsyncClient(base_url=running.base, trust_env=False) as client:
        for number in range(30):
            body = {"amount": 100 + number}
            answer = await client.post("/api/v1/payment/create", json=body, headers={"X-API-Key": world.secret_key})
            assert answer.status_code == 201
    running.stop()
    running.start()
    text = urllib.request.urlopen(f"{running.base}/metrics").read().decode()
    assert read(text)["paygate_payments_total"][labels(mode="live", status="PENDING")] == 30
    assert re.search(r'^paygate_info\{version="[^"]+"\} 1', text, re.MULTILINE)


def test_the_operator_says_which_proxies_may_say_where_a_request_came_from(tmp_path: Path) -> None:
    base = {"PAYGATE_SECRET_KEY": SECRET_KEY, "PAYGATE_DATA_DIR": str(tmp_path)}
    assert {str(n) for n in Settings.from_env(base).trusted_proxies} == {"127.0.0.0/8", "::1/128"}
    given = Settings.from_env({**base, "PAYGATE_TRUSTED_PROXIES": "10.0.0.0/8, 172.17.0.1"})
    assert given.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("172.17.0.1/32"))


async def test_serve_believes_its_proxies_and_nobody_else(ctx: Context, server: Callable[..., Server]) -> None:
    world = await make_world(ctx, tagging="auto")
    for proxies, most in (("127.0.0.0/8", 21), ("10.0.0.0/8", 20)):
        running = server("--no-worker", env={"PAYGATE_TRUSTED_PROXIES": proxies})
        async with httpx2.AsyncClient(base_url=running.base, trust_env=False) as client:

            async def buy(number: int, client: httpx2.AsyncClient = client) -> int:
                headers = {"X-API-Key": world.test_public_key, "X-Forwarded-For": f"203.0.113.{number + 1}"}
                body = {"amount": 100 + number}
                return (await client.post("/api/v1/payment/create", json=body, headers=headers)).status_code

            codes = [await buy(number) for number in range(21)]
            assert codes.count(201) == most, codes
        await sql(ctx, "DELETE FROM seats")
