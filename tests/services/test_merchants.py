"""Merchants: whole or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from paygate.core import keys as forms
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.principals import Principal
from paygate.db import keys
from paygate.services import installation, merchants
from paygate.services.context import Context

TABLES = ("merchants", "users", "logins", "api_keys", "key_directory", "accounts", "account_directory")


async def counts(ctx: Context) -> list[int]:
    async with ctx.db.connection() as conn:
        return [await conn.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES]


async def who(ctx: Context, key: str) -> Principal | None:
    async with ctx.db.connection() as conn:
        return await keys.authenticate(conn, forms.digest(key))


async def test_a_free_merchant_has_four_keys_that_lead_to_the_platforms_accounts(ctx: Context) -> None:
    await installation.check(ctx)
    new = await merchants.create(ctx, email=" Shop@Example.COM ", name="ร้านกาแฟ", plan="free", approve=True)
    for key, kind, mode in [
        (new.live_secret_key, "secret", "live"),
        (new.live_public_key, "public", "live"),
        (new.test_secret_key, "secret", "test"),
        (new.test_public_key, "public", "test"),
    ]:
        found = await who(ctx, key)
        assert found is not None
        assert (found.merchant_id, found.kind, found.mode) == (new.merchant_id, kind, mode)
        assert (found.merchant_name, found.status, found.plan, found.fee_bps) == ("ร้านกาแฟ", "APPROVED", "free", None)
        assert [(a.owner_id, a.virtual) for a in found.accounts] == ([(0, True)] if mode == "test" else [])
    assert (await merchants.show(ctx, new.merchant_id)).email == "shop@example.com"


async def test_a_direct_merchant_has_its_own_accounts_live_and_virtual(ctx: Context) -> None:
    await installation.check(ctx)
    new = await merchants.create(ctx, email="a@b.co", name="Shop", plan="pro", promptpay="089-999-9999", approve=True)
    live, test = await who(ctx, new.live_secret_key), await who(ctx, new.test_secret_key)
    assert live is not None and test is not None
    [account] = live.accounts
    assert (account.owner_id, account.proxy_kind, account.proxy) == (new.merchant_id, "mobile", "0066899999999")
    assert not account.virtual
    [virtual] = test.accounts
    assert virtual.owner_id == new.merchant_id and virtual.virtual and virtual.proxy_kind == "ewallet"
    assert virtual.proxy is not None and len(virtual.proxy) == 15 and virtual.proxy.startswith("00000")


async def test_secret_keys_and_passwords_are_not_in_the_database_or_in_a_repr(ctx: Context) -> None:
    new = await merchants.create(ctx, email="a@b.co", name="Shop", plan="free", password="correct horse")
    async with ctx.db.connection() as conn:
        stored = "\n".join([str(row) for table in TABLES for row in await conn.fetch(f"SELECT t::text FROM {table} t")])
    assert new.live_public_key in stored and new.test_public_key in stored
    for secret in (new.live_secret_key, new.test_secret_key, "correct horse"):
        assert secret not in stored and secret[8:] not in stored
        assert secret not in repr(new)
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in stored


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("email", {"email": "nobody"}),
        ("email", {"email": "a@b"}),
        ("email", {"email": "a b@c.co"}),
        ("email", {"email": "ก@b.co"}),
        ("email", {"email": "a" * 250 + "@b.co"}),
        ("name", {"name": "  "}),
        ("name", {"name": "two\nlines"}),
        ("name", {"name": "\x00"}),
        ("name", {"name": "x" * 101}),
        ("plan", {"plan": "platform"}),
        ("plan", {"plan": "gold"}),
        ("promptpay", {"plan": "pro", "promptpay": "0212345678"}),
        ("promptpay", {"plan": "pro", "promptpay": ""}),
        ("promptpay", {"plan": "pro", "promptpay": "0000000001"}),
        ("promptpay", {"plan": "pro", "promptpay": "0012345678"}),
        ("promptpay", {"plan": "pro", "promptpay": "1234567890123"}),
        ("promptpay", {"plan": "pro", "approve": True}),
        ("bank", {"plan": "pro", "promptpay": "0812345678", "bank": "999", "number": "1234567890"}),
        ("promptpay", {"plan": "free", "promptpay": "0812345678"}),
        ("password", {"password": "short"}),
        ("password", {"password": "x" * 1025}),
        ("password", {"password": "\ud800" * 12}),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_written(ctx: Context, field: str, wrong: dict[str, Any]) -> None:
    before = await counts(ctx)
    with pytest.raises(InvalidInput) as refused:
        await merchants.create(ctx, **{"email": "a@b.co", "name": "Shop", "plan": "free", **wrong})
    assert refused.value.field == field
    assert await counts(ctx) == before


async def test_one_address_logs_in_to_one_merchant_also_when_all_come_at_once(ctx: Context) -> None:
    async def one(number: int) -> str:
        try:
            await merchants.create(ctx, email="A@b.co" if number % 2 else "a@B.co", name=f"Shop {number}", plan="free")
        except Conflict as refused:
            return str(refused.field)
        return "made"

    assert sorted(await asyncio.gather(*(one(n) for n in range(6)))) == ["email"] * 5 + ["made"]
    assert len(await merchants.list_merchants(ctx)) == 1


async def test_an_account_of_another_merchant_refuses_the_whole_merchant(ctx: Context) -> None:
    await merchants.create(ctx, email="a@b.co", name="First", plan="pro", promptpay="0899999999")
    before = await counts(ctx)
    with pytest.raises(Conflict) as refused:
        await merchants.create(ctx, email="c@d.co", name="Second", plan="basic", promptpay="+66 89 999 9999")
    assert refused.value.field == "promptpay"
    assert await counts(ctx) == before


async def test_approval_and_suspension_are_seen_by_the_next_request(ctx: Context) -> None:
    new = await merchants.create(ctx, email="a@b.co", name="Shop", plan="free")

    async def standing() -> str:
        found = await who(ctx, new.live_secret_key)
        assert found is not None
        return found.status

    assert await standing() == "PENDING"
    with pytest.raises(Conflict, match="legalName"):
        await merchants.approve(ctx, new.merchant_id)
    assert await standing() == "PENDING"
    assert (await merchants.approve(ctx, new.merchant_id, unchecked="Mine")).approved_at is not None
    assert await standing() == "APPROVED"
    assert (await merchants.suspend(ctx, new.merchant_id, "why")).status == "SUSPENDED"
    assert await standing() == "SUSPENDED"
    approved = await merchants.approve(ctx, new.merchant_id)
    assert approved == await merchants.show(ctx, new.merchant_id)
    for stranger in (0, 12345):
        for act in (merchants.approve, merchants.show, lambda ctx, one: merchants.suspend(ctx, one, "why")):
            with pytest.raises(NotFound):
                await act(ctx, stranger)
