"""A database belongs to one PAYGATE_SECRET_KEY."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from paygate.core.sealing import SealingKey
from paygate.services import installation
from paygate.services.context import Context


async def test_many_processes_may_meet_a_fresh_database_at_once(ctx: Context) -> None:
    await asyncio.gather(*(installation.check(ctx) for _ in range(8)))
    async with ctx.db.connection() as conn:
        assert await conn.fetchval("SELECT key_id FROM installation") == ctx.key.id.hex()
        rows = await conn.fetch("SELECT * FROM accounts")
    assert [(row["merchant_id"], row["mode"], row["virtual"], row["proxy"]) for row in rows] == [
        (0, "test", True, "0" * 15)
    ]


async def test_another_key_is_refused_with_what_to_do(ctx: Context) -> None:
    await installation.check(ctx)
    other = replace(ctx, key=SealingKey.of("another-key-of-at-least-32-characters"))
    with pytest.raises(installation.WrongKey, match="PAYGATE_SECRET_KEY"):
        await installation.check(other)
    await installation.check(ctx)
