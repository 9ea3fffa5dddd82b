"""What need not be kept for ever is forgotten, a little at a time."""

from __future__ import annotations

from datetime import timedelta

from paygate.db import balances, callbacks, idempotency, slips
from paygate.services.context import Context

AT_ONCE = 1_000
"""Rows of one transaction: few enough that nobody waits behind it."""


PICTURES_AT_ONCE = 100
"""Pictures are large."""

BALANCES_KEPT = timedelta(days=30)
"""News of a bank that is older than this follows from nothing that we would still want to know."""


CLAIMS_KEPT = timedelta(days=30)
"""What a callback claimed, and what the bank said of it: long enough to find out why a payment was not confirmed."""


async def work(ctx: Context) -> bool:
    """Forget a batch of expired idempotency keys, of old balances, old claims and slips' pictures; whether there are
    more."""
    keys = await ctx.db.transaction(lambda conn: idempotency.prune(conn, AT_ONCE))
    points = await ctx.db.transaction(lambda conn: balances.prune(conn, BALANCES_KEPT, AT_ONCE))
    claims = await ctx.db.transaction(lambda conn: callbacks.prune(conn, CLAIMS_KEPT, AT_ONCE))
    age = timedelta(days=ctx.keep_evidence_days)
    pictures = await ctx.db.transaction(lambda conn: slips.prune(conn, age, PICTURES_AT_ONCE))
    return AT_ONCE in (keys, points, claims) or pictures == PICTURES_AT_ONCE
