"""A pool of central accounts over real HTTP: paused, resumed, weighed; what is open stays payable."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import httpx2

from paygate.core import ids
from paygate.services import accounts, sources
from tests.faces.conftest import Gateway
from tests.faces.people import make_admin
from tests.faces.test_metrics import labels, read
from tests.services.helpers import sql


async def second_account(gateway: Gateway) -> str:
    """Another central account that is heard of."""
    made = await accounts.add(
        gateway.ctx, owner=0, promptpay="0899999999", bank="004", number="9876543210", name="Second"
    )
    await sources.add(gateway.ctx, account_id=made.id, kind="generic")
    return ids.show("acc", made.id)


async def given(gateway: Gateway, count: int, prices: int = 1) -> list[str]:
    """The accounts of so many new payments."""
    for turn in range(count):
        await gateway.create(amount=150 + turn % prices)
    rows = await sql(gateway.ctx, "SELECT receiving_id FROM payments ORDER BY id DESC LIMIT $1", count)
    versions = await accounts.list_accounts(gateway.ctx, 0)
    names = {one.receiving_id: ids.show("acc", one.id) for one in versions}
    return [names[row["receiving_id"]] for row in rows]


async def test_a_paused_account_gets_no_new_payments_and_keeps_its_open_ones(gateway: Gateway) -> None:
    first, second = ids.show("acc", gateway.world.account_id), await second_account(gateway)
    admin = await make_admin(gateway)
    assert set(await given(gateway, 12, prices=12)) == {first, second}  # Each amount once: it is no tagged account.
    way = f"/api/admin/accounts/{first}"
    open_one = next(
        row["id"]
        for row in await sql(gateway.ctx, "SELECT id, account_id FROM payments")
        if row["account_id"] == gateway.world.account_id
    )
    paused = await admin.ask("POST", f"{way}/pause")
    assert paused.status_code == 200 and paused.json()["account"]["pausedAt"]
    assert set(await given(gateway, 8, prices=8)) == {second}
    again = await admin.ask("POST", f"{way}/pause")
    assert again.json()["account"]["pausedAt"] == paused.json()["account"]["pausedAt"]
    payable = (await gateway.ask("GET", f"/api/v1/payment/{open_one}")).json()["transaction"]["payableAmount"]
    heard = await gateway.tell(
        {
            "amount": payable,
            "occurredAt": datetime.now(UTC).isoformat(),
            "sendingBank": "014",
            "transRef": "T-PAUSED",
            "ref1": None,
            "ref2": None,
            "payerName": None,
            "payerAccount": None,
        }
    )
    assert heard.json()["outcome"] == "PAID"
    assert heard.json()["transactionId"] == str(open_one)
    await admin.ask("POST", f"/api/admin/accounts/{second}/pause")
    none = await gateway.ask("POST", "/api/v1/payment/create", {"amount": 150})
    assert (none.status_code, none.json()["error"]) == (409, "CONFLICT") and "paused" in none.json()["message"]
    for account in (first, second):
        back = await admin.ask("POST", f"/api/admin/accounts/{account}/resume")
        assert back.json()["account"]["pausedAt"] is None
    assert set(await given(gateway, 12)) == {first, second}
    rows = await sql(
        gateway.ctx,
        "SELECT action, before, after FROM audit_log WHERE action LIKE 'account.%e' ORDER BY merchant_id, id",
    )
    acts = [row["action"] for row in rows]
    assert acts == ["account.pause", "account.pause", "account.resume", "account.resume"]
    assert json.loads(rows[0]["before"])["paused"] is False and json.loads(rows[0]["after"])["paused"] is True


async def test_weights_share_out_new_payments_and_a_new_version_keeps_its_weight(gateway: Gateway) -> None:
    first, second = ids.show("acc", gateway.world.account_id), await second_account(gateway)
    admin = await make_admin(gateway)
    weighed = await admin.ask("PUT", f"/api/admin/accounts/{second}/weight", {"weight": 3})
    assert (weighed.status_code, weighed.json()["account"]["weight"]) == (200, 3)
    assert (await given(gateway, 40)).count(second) == 30  # Of one price: ten times 3 and 1, in whatever order.
    newer = await accounts.add(
        gateway.ctx, owner=0, promptpay="0899999999", bank="004", number="9876543210", name="New name"
    )
    assert (newer.weight, newer.receiving_id) == (3, (await find(gateway, second))["receivingId"])
    for wrong in ({}, {"weight": 0}, {"weight": 101}, {"weight": "3"}, {"weight": 1.5}):
        refused = await admin.ask("PUT", f"/api/admin/accounts/{first}/weight", wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, "weight"), wrong
    unknown = "acc_00000000000000000000000001"
    assert (await admin.ask("PUT", f"/api/admin/accounts/{unknown}/weight", {"weight": 2})).status_code == 404
    assert (await admin.ask("POST", f"/api/admin/accounts/{unknown}/pause")).status_code == 404


async def find(gateway: Gateway, account: str) -> dict[str, Any]:
    seen = await accounts.capacity(gateway.ctx, ids.read("acc", account))
    return {"receivingId": seen.account.receiving_id, "weight": seen.account.weight, "paused": seen.account.paused_at}


async def test_a_pause_and_a_weight_at_once_are_both_kept_and_payments_go_on(gateway: Gateway) -> None:
    first, second = ids.read("acc", ids.show("acc", gateway.world.account_id)), await second_account(gateway)
    made = [gateway.ask("POST", "/api/v1/payment/create", {"amount": 150 + n}) for n in range(20)]
    changes = [accounts.weigh(gateway.ctx, first, 5), accounts.pause(gateway.ctx, first)]
    answers = await asyncio.gather(*made, *changes)
    assert {one.status_code for one in answers if isinstance(one, httpx2.Response)} == {201}
    kept = await find(gateway, ids.show("acc", first))
    assert kept["weight"] == 5 and kept["paused"] is not None
    assert set(await given(gateway, 6)) == {second}


async def test_the_metrics_tell_each_accounts_weight_and_whether_it_is_paused(gateway: Gateway) -> None:
    first, second = gateway.world.account_id, await second_account(gateway)
    await accounts.weigh(gateway.ctx, first, 7)
    await accounts.pause(gateway.ctx, ids.read("acc", second))
    seen = read((await gateway.client.get("/metrics")).text)
    one, other = labels(account=ids.show("acc", first), mode="live"), labels(account=second, mode="live")
    assert (seen["paygate_account_weight"][one], seen["paygate_account_weight"][other]) == (7, 1)
    assert (seen["paygate_account_paused"][one], seen["paygate_account_paused"][other]) == (0, 1)
