"""Keys: worth something until they are revoked or expire."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from ipaddress import ip_network
from uuid import uuid4

import pytest

from paygate.core import keys as forms
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.networks import Network
from paygate.core.principals import Principal
from paygate.db import keys as rows
from paygate.db.keys import KeyRow
from paygate.services import audit, keys, merchants
from paygate.services.context import Context
from paygate.services.keys import Grant


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


async def test_a_rotated_key_hands_on_what_it_may_do_and_never_outlives_its_own_end(ctx: Context) -> None:
    merchant_id = await a_merchant(ctx)
    grant = Grant(("payments:read",), (ip_network("203.0.113.0/24"),), timedelta(hours=1))
    old = await keys.create(ctx, merchant_id=merchant_id, kind="secret", mode="test", grant=grant)
    done = await keys.rotate(ctx, old.id, overlap=timedelta(days=7))
    listed = {k.id: k for k in await keys.list_keys(ctx, merchant_id)}
    before, after = listed[old.id], listed[done.key.id]
    assert (after.kind, after.mode, after.scopes, after.allow_networks) == ("secret", "test", *grant_of(before))
    assert after.expires_at == done.expires_at == before.expires_at == done.old_expires_at  # An hour, not seven days.
    assert before.replaced_by == done.key.id and before.in_force and after.in_force
    with pytest.raises(Conflict, match=r"replaced by key_.* already"):
        await keys.rotate(ctx, old.id)
    longer = await keys.rotate(ctx, done.key.id, overlap=timedelta(0), lifetime=timedelta(days=30))
    assert longer.expires_at and done.expires_at and longer.expires_at - done.expires_at > timedelta(days=28)
    with pytest.raises(Conflict, match="expired"):
        await keys.rotate(ctx, done.key.id)
    await keys.revoke(ctx, longer.key.id)
    with pytest.raises(Conflict, match="revoked"):
        await keys.rotate(ctx, longer.key.id)
    rows = [r.record for r in await audit.list_records(ctx, merchant_id) if r.record.action == "key.rotate"]
    assert len(rows) == 2 and old.text[-4:] in (rows[1].before or "") and "203.0.113.0/24" in (rows[1].after or "")
    assert not any(text in str(rows) for text in (old.text, done.key.text, longer.key.text))
    assert (await audit.verify(ctx)).whole


async def test_of_two_rotations_at_once_one_is_refused(ctx: Context) -> None:
    merchant_id = await a_merchant(ctx)
    old = await keys.create(ctx, merchant_id=merchant_id, kind="public", mode="live")
    done = await asyncio.gather(*(keys.rotate(ctx, old.id) for _ in range(5)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Conflict"] * 4 + ["Rotated"]
    assert len(await keys.list_keys(ctx, merchant_id)) == 6


async def test_a_key_that_makes_no_sense_is_not_made(ctx: Context) -> None:
    merchant_id = await a_merchant(ctx)
    for kind, grant in (
        ("public", Grant(("payments:read",))),
        ("secret", Grant(lifetime=timedelta(seconds=59))),
        ("secret", Grant(lifetime=timedelta(days=4_000))),
    ):
        with pytest.raises(InvalidInput):
            await keys.create(ctx, merchant_id=merchant_id, kind=kind, mode="live", grant=grant)  # type: ignore[arg-type]
    old = await keys.create(ctx, merchant_id=merchant_id, kind="secret", mode="live")
    for overlap in (timedelta(seconds=-1), timedelta(days=31)):
        with pytest.raises(InvalidInput):
            await keys.rotate(ctx, old.id, overlap=overlap)
    with pytest.raises(NotFound):
        await keys.rotate(ctx, uuid4())
    assert len(await keys.list_keys(ctx, merchant_id)) == 5


def grant_of(key: KeyRow) -> tuple[tuple[str, ...], tuple[Network, ...]]:
    return key.scopes, key.allow_networks


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
