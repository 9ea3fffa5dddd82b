"""What a key may do: its scopes, the networks it is good in, the mode it belongs to; and until when."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import httpx2

from paygate import app
from paygate.core import ids
from paygate.core.scopes import Scope
from paygate.services import endpoints, installation, keys, merchants, payment_links
from paygate.services.keys import Grant
from paygate.services.payment_links import NewLink
from paygate.wire import openapi
from tests.faces.conftest import Gateway, serving
from tests.faces.test_contract import UNKNOWN

V1 = "/api/v1"
# Every call that takes a key, and what the key needs for it, as the API's document has it.
NEEDS = {
    (method, address.path.removeprefix(V1)): operation.scope
    for address, method, operation in openapi.described(app.ADDRESSES, app.OPERATIONS)
    if operation.scope is not None
}


def place(path: str) -> str:
    """An address with somebody's id in it."""
    names = {
        "payment_id": UNKNOWN,
        "settlement_id": f"stl_{UNKNOWN}",
        "refund_id": f"rfd_{UNKNOWN}",
        "endpoint_id": f"we_{UNKNOWN}",
        "event_id": f"wh_{UNKNOWN}",
        "link_id": f"plink_{UNKNOWN}",
        "order_id:path": "A",
    }
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    return V1 + path


async def a_key(gateway: Gateway, *scopes: str, **wishes: Any) -> str:
    grant = Grant(tuple(scopes) or ("*",), **wishes)
    merchant_id = gateway.world.merchant_id
    return (await keys.create(gateway.ctx, merchant_id=merchant_id, kind="secret", mode="live", grant=grant)).text


async def test_every_call_needs_its_scope_and_nothing_but_it(gateway: Gateway) -> None:
    served = {
        (method, address.path.removeprefix(V1))
        for address in app.ADDRESSES
        if address.path.startswith(f"{V1}/")
        for method in (address.methods or ()) - {"HEAD", "OPTIONS"}
    }
    assert served == set(NEEDS)
    just = {scope: await a_key(gateway, scope) for scope in set(NEEDS.values())}
    others = {scope: await a_key(gateway, *sorted(set(Scope) - {scope})) for scope in just}
    before = await gateway.counts()
    for (method, path), scope in NEEDS.items():
        refused = await gateway.ask(method, place(path), key=others[scope])
        assert (refused.status_code, refused.json()["error"]) == (403, "FORBIDDEN"), path
        assert refused.json()["message"] == f"This API key lacks the scope {scope}."
        assert (await gateway.ask(method, place(path), key=just[scope])).status_code in {200, 400, 404}, path
    assert await gateway.counts() == before


async def test_a_client_secret_opens_its_payment_whatever_scopes_there_are(gateway: Gateway) -> None:
    till = await a_key(gateway, Scope.PAYMENTS_WRITE)
    made = (await gateway.ask("POST", f"{V1}/payment/create", {"amount": 150}, key=till)).json()["transaction"]
    assert (await gateway.ask("GET", f"{V1}/payment/{made['id']}", key=till)).status_code == 403
    payer = {"X-Client-Secret": made["clientSecret"]}
    assert (await gateway.ask("GET", f"{V1}/payment/{made['id']}", key=None, headers=payer)).status_code == 200


async def test_a_key_works_only_in_the_networks_it_was_made_for(gateway: Gateway) -> None:
    elsewhere = await a_key(gateway, networks=(ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")))
    here = await a_key(gateway, networks=(ip_network("203.0.113.0/24"), ip_network("127.0.0.0/8")))
    refused = await gateway.ask("GET", f"{V1}/transactions", key=elsewhere)
    assert refused.status_code == 403 and "may not be used from 127.0.0.1" in refused.json()["message"]
    assert (await gateway.ask("GET", f"{V1}/transactions", key=here)).status_code == 200


async def test_a_revoked_key_is_worthless_at_once_on_every_server_and_a_rotated_one_when_its_time_is_over(
    gateway: Gateway, dsn: str
) -> None:
    merchant_id = gateway.world.merchant_id
    async with serving(dsn) as other, httpx2.AsyncClient(trust_env=False, timeout=30) as client:

        async def standing(key: str) -> set[int]:
            ways = (gateway.client.base_url, httpx2.URL(other))
            asked = [client.get(way.join(f"{V1}/transactions"), headers={"X-API-Key": key}) for way in ways]
            return {answer.status_code for answer in await asyncio.gather(*asked)}

        revoked = await keys.create(gateway.ctx, merchant_id=merchant_id, kind="secret", mode="live")
        assert await standing(revoked.text) == {200}
        await keys.revoke(gateway.ctx, revoked.id)
        assert await standing(revoked.text) == {401}
        old = await keys.create(gateway.ctx, merchant_id=merchant_id, kind="secret", mode="live")
        both = await keys.rotate(gateway.ctx, old.id)
        assert await standing(old.text) == await standing(both.key.text) == {200}
        leaked = await keys.rotate(gateway.ctx, both.key.id, overlap=timedelta(0))
        assert await standing(both.key.text) == {401} and await standing(leaked.key.text) == {200}


async def rows(gateway: Gateway) -> dict[str, int]:
    """How many rows there are, but for the totals that the server writes every ten seconds."""
    return {table: count for table, count in (await gateway.counts()).items() if table != "metrics"}


async def settlement(gateway: Gateway) -> UUID:
    """A settlement of the merchant's, as a row."""
    settlement_id = gateway.ctx.new_id()
    async with gateway.ctx.db.connection() as conn:
        await conn.execute(
            """INSERT INTO settlements (merchant_id, mode, id, amount_satang, status, promised_on, created_at)
               VALUES ($1, 'live', $2, 10000, 'REQUESTED', now(), now())""",
            gateway.world.merchant_id,
            settlement_id,
        )
    return settlement_id


async def refund(gateway: Gateway, payment_id: str, mode: str) -> UUID:
    """A refund of the payment, as a row."""
    refund_id = gateway.ctx.new_id()
    async with gateway.ctx.db.connection() as conn:
        await conn.execute(
            """INSERT INTO refunds (merchant_id, mode, id, payment_id, amount_satang, status, flow, created_at)
               VALUES ($1, $2, $3, $4, 100, 'REQUESTED', 'central', now())""",
            gateway.world.merchant_id,
            mode,
            refund_id,
            UUID(payment_id),
        )
    return refund_id


async def test_a_key_of_one_mode_neither_sees_nor_touches_what_is_of_the_other(gateway: Gateway) -> None:
    """Payments, orders, endpoints and events of each mode, asked for with the other's key and with another shop's."""
    await installation.check(gateway.ctx)
    stranger = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    for mode, own in (("live", gateway.world.secret_key), ("test", gateway.world.test_key)):
        order = f"ORDER-{mode}"
        body = {"amount": 150, "orderId": order}
        made = (await gateway.ask("POST", f"{V1}/payment/create", body, key=own)).json()["transaction"]
        hook = await endpoints.add(
            gateway.ctx, merchant_id=gateway.world.merchant_id, url="http://127.0.0.1:9/", mode=mode
        )
        endpoint = ids.show("we", hook.id)
        link = await payment_links.add(gateway.ctx, (gateway.world.merchant_id, mode), NewLink(10_000))
        await gateway.ask("POST", f"{V1}/webhooks/endpoints/{endpoint}/test", key=own)
        listed = (await gateway.ask("GET", f"{V1}/webhooks/events", key=own)).json()["events"]
        event = listed[0]["id"]
        objects = {
            "payment_id": made["id"],
            "endpoint_id": endpoint,
            "event_id": event,
            "link_id": ids.show("plink", link.id),
            "order_id:path": order,
            "settlement_id": ids.show("stl", await settlement(gateway)),  # All are live.
            "refund_id": ids.show("rfd", await refund(gateway, made["id"], mode)),
        }
        wrong = gateway.world.test_key if mode == "live" else gateway.world.secret_key
        before = await rows(gateway)
        for method, path in NEEDS:
            name = path.partition("{")[2].partition("}")[0]
            if not name:
                continue
            there = V1 + path.replace(f"{{{name}}}", objects[name])
            bodies = {"slip": {"payload": "00020101"}, "complete": {"bankReference": "REF-1"}}
            bodies[objects["link_id"]] = {"active": False}
            bodies["payee"] = {"payee": {"promptpay": "0899999999"}}
            given = bodies.get(there.rpartition("/")[2], {})
            if name == "settlement_id" and mode == "test":
                continue
            for key in (wrong, stranger.live_secret_key, stranger.test_secret_key):
                answer = await gateway.ask(method, there, given, key=key)
                assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), (method, there, answer.text)
        for path, name in (("/transactions", "transactions"), ("/webhooks/endpoints", "endpoints")):
            found = (await gateway.ask("GET", f"{V1}{path}", key=wrong)).json()[name]
            assert not {one["id"] for one in found} & set(objects.values())
        assert await rows(gateway) == before
