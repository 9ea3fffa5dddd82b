"""Who may: keys in both headers, and what each kind of key and merchant is told."""

from __future__ import annotations

import pytest

from paygate.core import keys
from paygate.services import installation, merchants
from tests.faces.conftest import Gateway

LIST = "/api/v1/transactions"


@pytest.fixture
def bearer(gateway: Gateway) -> dict[str, str]:
    return {"Authorization": f"Bearer {gateway.world.secret_key}"}


async def test_a_key_is_taken_from_either_header(gateway: Gateway, bearer: dict[str, str]) -> None:
    assert (await gateway.ask("GET", LIST)).status_code == 200
    assert (await gateway.ask("GET", LIST, key=None, headers=bearer)).status_code == 200
    lower = {"authorization": f"bearer  {gateway.world.secret_key}"}
    assert (await gateway.ask("GET", LIST, key=None, headers=lower)).status_code == 200
    both = {"X-API-Key": "", **bearer}
    assert (await gateway.ask("GET", LIST, key=None, headers=both)).status_code == 200


async def test_anything_that_is_not_a_key_in_force_is_401(gateway: Gateway) -> None:
    good = gateway.world.secret_key
    invented = keys.make("secret", "live", b"\x01" * 20)
    for text in ("x", good[:-1], good + "x", good.upper(), invented, "sk_live_", "é" * 41, "Bearer", good[:8] * 6):
        for headers in ({"X-API-Key": text.encode()}, {"Authorization": b"Bearer " + text.encode()}):
            answer = await gateway.client.get(LIST, headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHORIZED"), text
    basic = {"Authorization": f"Basic {good}"}
    assert (await gateway.ask("GET", LIST, key=None, headers=basic)).status_code == 401


async def test_a_public_key_is_403_with_the_way_out(gateway: Gateway) -> None:
    payment = "/api/v1/payment/01900000-0000-7000-8000-000000000000"
    paths = [("POST", "/api/v1/payment/batch"), ("POST", "/api/v1/qr"), ("GET", LIST), ("POST", f"{payment}/cancel")]
    for method, path in [*paths, ("GET", "/api/v1/payment/order/A")]:
        answer = await gateway.ask(method, path, {"amount": 1}, key=gateway.world.public_key)
        assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
        assert "secret key" in answer.json()["message"]


async def test_a_suspended_merchant_is_403(gateway: Gateway) -> None:
    await merchants.suspend(gateway.ctx, gateway.world.merchant_id, "why")
    for key in (gateway.world.secret_key, gateway.world.test_key):
        answer = await gateway.ask("GET", LIST, key=key)
        assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")


async def test_a_merchant_who_waits_for_approval_may_use_test_keys_only(gateway: Gateway) -> None:
    await installation.check(gateway.ctx)
    new = await merchants.create(gateway.ctx, email="new@example.com", name="New", plan="free", approve=False)
    answer = await gateway.ask("GET", LIST, key=new.live_secret_key)
    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
    made = await gateway.ask("POST", "/api/v1/payment/create", {"amount": 150}, key=new.test_secret_key)
    assert made.status_code == 201 and made.json()["transaction"]["mode"] == "test"
