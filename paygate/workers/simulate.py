"""Transfers of the simulated bank that were ordered for later: their money arrives now, and is told of."""

from __future__ import annotations

from paygate.services import simulator
from paygate.services.context import Context

AT_ONCE = 8


async def work(ctx: Context) -> bool:
    """Tell of a batch of transfers that are due; whether there are more."""
    return await simulator.tell_due(ctx, AT_ONCE) == AT_ONCE
