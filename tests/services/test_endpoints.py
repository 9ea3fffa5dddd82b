"""Endpoints: where webhooks may go, which events, and the secret."""

from __future__ import annotations

from uuid import uuid4

import pytest

from paygate.core.errors import InvalidInput, NotFound
from paygate.services import endpoints, merchants
from paygate.services.context import Context


async def a_merchant(ctx: Context) -> int:
    return (await merchants.create(ctx, email="a@b.co", name="Shop", plan="free")).merchant_id


async def test_an_endpoint_keeps_its_secret_sealed(ctx: Context) -> None:
    merchant_id = await a_merchant(ctx)
    new = await endpoints.add(ctx, merchant_id=merchant_id, url="https://SHOP.example/hook#x")
    assert new.secret.startswith("whsec_") and new.secret not in repr(new)
    async with ctx.db.connection() as conn:
        row = await conn.fetchrow("SELECT * FROM endpoints")
    assert (row["merchant_id"], row["mode"], row["url"]) == (merchant_id, "live", "https://shop.example/hook")
    assert (row["events"], row["format"]) == (["*"], "paygate")
    assert ctx.unseal(row["secret"], endpoints.purpose(new.id)) == new.secret


async def test_events_are_known_ones_without_repetition(ctx: Context) -> None:
    assert endpoints.read_events(["payment.success", "payment.expired", "payment.success"]) == (
        "payment.success",
        "payment.expired",
    )
    assert endpoints.read_events(["payment.success", "*"]) == ("*",)
    for wrong in ([], ["payment.paid"], [""]):
        with pytest.raises(InvalidInput) as refused:
            endpoints.read_events(wrong)
        assert refused.value.field == "events"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("url", {"url": "http://shop.example/hook", "mode": "live", "networks": ()}),
        ("url", {"url": "https://10.0.0.1/hook"}),
        ("url", {"url": "https://user@shop.example/hook"}),
        ("url", {"url": "ftp://shop.example/"}),
        ("url", {"url": "http://127.0.0.1:8000/api/bank/x"}),
        ("events", {"events": ["nothing"]}),
        ("format", {"body_format": "xml"}),
        ("events", {"body_format": "gateway", "events": ["payment.created"]}),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_written(
    ctx: Context, field: str, wrong: dict[str, object]
) -> None:
    merchant_id = await a_merchant(ctx)
    ctx.webhook_allow_networks = wrong.pop("networks", ctx.webhook_allow_networks)  # type: ignore[assignment]
    with pytest.raises(InvalidInput) as refused:
        await endpoints.add(ctx, **{"merchant_id": merchant_id, "url": "https://shop.example/", **wrong})  # type: ignore[arg-type]
    assert refused.value.field == field
    assert await endpoints.list_endpoints(ctx, merchant_id) == []


async def test_an_allowed_network_may_be_reached_without_tls(ctx: Context) -> None:
    new = await endpoints.add(ctx, merchant_id=await a_merchant(ctx), url="http://127.0.0.1:9999/hook")
    assert new.url == "http://127.0.0.1:9999/hook"


async def test_an_endpoint_is_disabled_once_with_the_first_reason(ctx: Context) -> None:
    merchant_id = await a_merchant(ctx)
    new = await endpoints.add(ctx, merchant_id=merchant_id, url="https://shop.example/", mode="test")
    for reason in ("moved", "again"):
        await endpoints.disable(ctx, merchant_id, "test", new.id, reason)
    [listed] = await endpoints.list_endpoints(ctx, merchant_id)
    assert (listed.id, listed.mode, listed.disabled_reason) == (new.id, "test", "moved")
    for merchant, mode, endpoint in (
        (merchant_id, "test", uuid4()),
        (12345, "test", new.id),
        (merchant_id, "live", new.id),
    ):
        with pytest.raises(NotFound):
            await endpoints.disable(ctx, merchant, mode, endpoint, "x")  # type: ignore[arg-type]


async def test_endpoints_of_nobody_are_not_found(ctx: Context) -> None:
    with pytest.raises(NotFound):
        await endpoints.add(ctx, merchant_id=12345, url="https://shop.example/")
    with pytest.raises(NotFound):
        await endpoints.list_endpoints(ctx, 0)
