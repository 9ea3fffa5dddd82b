"""Keys: worth something until they are revoked or expire."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from paygate.core import keys as forms
from paygate.core.errors import NotFound
from paygate.core.principals import Principal
from paygate.db import keys as rows
from paygate.services import keys, merchants
from paygate.services.context import Context


async def who(ctx: Context, text: str) -> Principal | None:
    async with ctx.db.connection() as conn:
        return await rows.authenticate(conn, forms.digest(text))


async def a_merchant(ctx: Context) -> int:
    return (await merchants.create(ctx, email="a@b.co", name="Shop", plan="free")).merchant_id


async def test_a_key_works_until_it_is_revoked(ctx: Context) -> None:
    merchant_id = await a_merchant(ctx)
    made = await keys.create(ctx, merchant_id=merchant_id, kind="secret", mode="live")
    assert made.text.startswith("sk_live_") and made.text not in repr(made)
    found = await who(ctx, made.text)
    assert found is not None and found.key_id == made.id and found.scopes == ("*",)
    await keys.revoke(ctx, made.id)
    assert await who(ctx, made.text) is None
    revoked_at = {k.id: k.revoked_at for k in await keys.list_keys(ctx, merchant_id)}
    await keys.revoke(ctx, made.id)
    assert {k.id: k.revoked_at for k in await keys.list_keys(ctx, merchant_id)} == revoked_at


async def test_an_expired_key_is_worth_nothing(ctx: Context) -> None:
    made = await keys.create(ctx, merchant_id=await a_merchant(ctx), kind="secret", mode="test")
    async with ctx.db.connection() as conn:
        await conn.execute("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1", made.id)
    assert await who(ctx, made.text) is None
    assert await who(ctx, "sk_live_nobody") is None


async def test_the_moment_of_use_is_written_at_most_once_a_minute(ctx: Context) -> None:
    merchant_id = await a_merchant(ctx)
    made = await keys.create(ctx, merchant_id=merchant_id, kind="public", mode="live")

    async def row_version() -> tuple[int, bool]:
        async with ctx.db.connection() as conn:
            row = await conn.fetchrow("SELECT xmin, last_used_at FROM api_keys WHERE id = $1", made.id)
            return row["xmin"], row["last_used_at"] is not None

    await asyncio.gather(*(who(ctx, made.text) for _ in range(8)))
    version, used = await row_version()
    assert used
    await asyncio.gather(*(who(ctx, made.text) for _ in range(8)))
    assert await row_version() == (version, True)
    async with ctx.db.connection() as conn:
        await conn.execute("UPDATE api_keys SET last_used_at = now() - interval '61 seconds' WHERE id = $1", made.id)
    version, _ = await row_version()
    assert await who(ctx, made.text) is not None
    assert (await row_version())[0] != version


async def test_a_list_shows_public_keys_and_the_end_of_secret_ones(ctx: Context) -> None:
    merchant_id = await a_merchant(ctx)
    made = await keys.create(ctx, merchant_id=merchant_id, kind="public", mode="test")
    listed = {k.id: k for k in await keys.list_keys(ctx, merchant_id)}
    assert len(listed) == 5
    assert listed[made.id].public_key == made.text
    assert all(k.public_key is None for k in listed.values() if k.kind == "secret")


async def test_keys_of_nobody_are_not_found(ctx: Context) -> None:
    with pytest.raises(NotFound):
        await keys.create(ctx, merchant_id=12345, kind="secret", mode="live")
    with pytest.raises(NotFound):
        await keys.create(ctx, merchant_id=0, kind="secret", mode="live")
    with pytest.raises(NotFound):
        await keys.revoke(ctx, uuid4())
    with pytest.raises(NotFound):
        await keys.list_keys(ctx, 12345)
