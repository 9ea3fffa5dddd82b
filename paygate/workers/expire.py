"""Deadlines: payments that were not paid in time are told to be so, once each."""

from __future__ import annotations

from paygate.services import payments
from paygate.services.context import Context

AT_ONCE = 100


async def work(ctx: Context) -> bool:
    """Announce a batch of expired payments; whether there are more."""
    return await payments.expire(ctx, AT_ONCE) == AT_ONCE
