"""What need not be kept for ever is forgotten, a little at a time."""

from __future__ import annotations

from paygate.db import idempotency
from paygate.services.context import Context

AT_ONCE = 1_000
"""Rows of one transaction: few enough that nobody waits behind it."""


async def work(ctx: Context) -> bool:
    """Forget a batch of expired idempotency keys; whether there are more."""
    return await ctx.db.transaction(lambda conn: idempotency.prune(conn, AT_ONCE)) == AT_ONCE
