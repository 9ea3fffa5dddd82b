"""Sources: their secret, their trust, and whose account they speak for."""

from __future__ import annotations

from uuid import uuid4

import pytest

from paygate.core import ids
from paygate.core.errors import InvalidInput, NotFound
from paygate.db import sources as rows
from paygate.services import accounts, merchants, sources
from paygate.services.context import Context


async def test_a_source_of_a_central_account_speaks_for_the_whole_host(ctx: Context) -> None:
    account = await accounts.add(ctx, owner=0, promptpay="0812345678", name="PayGate Co")
    new = await sources.add(ctx, account_id=account.id, kind="generic")
    async with ctx.db.connection() as conn:
        found = await rows.get(conn, new.id)
    assert found is not None
    stored, now = found
    assert (stored.merchant_id, stored.mode, stored.receiving_id) == (0, "live", account.receiving_id)
    assert (stored.kind, stored.trust, stored.disabled) == ("generic", "host", False)
    assert abs((now - stored.created_at).total_seconds()) < 60
    assert new.secret.startswith("whsec_") and new.secret not in repr(new)
    assert new.secret.encode() not in stored.secret
    assert ctx.unseal(stored.secret, sources.purpose(new.id)) == new.secret
    assert new.url == f"http://127.0.0.1:8000/api/bank/{ids.show('src', new.id)}"


async def test_a_source_of_a_merchants_account_speaks_for_that_account_alone(ctx: Context) -> None:
    shop = await merchants.create(ctx, email="a@b.co", name="Shop", plan="pro", promptpay="0899999999")
    for account in await accounts.list_accounts(ctx, shop.merchant_id):
        await sources.add(ctx, account_id=account.id, kind="generic")
    listed = await sources.list_sources(ctx, shop.merchant_id)
    assert {s.mode for s in listed} == {"live", "test"}
    assert all(s.trust == str(s.receiving_id) for s in listed)
    assert await sources.list_sources(ctx, 0) == []
    assert await sources.list_sources(ctx) == listed


async def test_any_version_of_an_account_names_the_real_account(ctx: Context) -> None:
    old = await accounts.add(ctx, owner=0, promptpay="0812345678", name="PayGate Co")
    await accounts.add(ctx, owner=0, promptpay="0812345678", name="PayGate Company")
    new = await sources.add(ctx, account_id=old.id, kind="generic")
    async with ctx.db.connection() as conn:
        found = await rows.get(conn, new.id)
    assert found is not None and found[0].receiving_id == old.receiving_id


async def test_what_cannot_be_read_is_refused(ctx: Context) -> None:
    account = await accounts.add(ctx, owner=0, promptpay="0812345678", name="PayGate Co")
    for kind in ("telegram", "events", ""):
        with pytest.raises(InvalidInput) as refused:
            await sources.add(ctx, account_id=account.id, kind=kind)
        assert refused.value.field == "kind"
    with pytest.raises(NotFound):
        await sources.add(ctx, account_id=uuid4(), kind="generic")
    assert await sources.list_sources(ctx) == []
    async with ctx.db.connection() as conn:
        assert await rows.get(conn, uuid4()) is None
