"""Slips whose transfer nobody could tell of yet: asked about again, as the schedule says."""

from __future__ import annotations

from paygate.services import slips
from paygate.services.context import Context

AT_ONCE = 8
"""Slips asked about at once: vendors count requests, and payers are few."""


async def work(ctx: Context) -> bool:
    """Ask about a batch of slips that are due; whether there are more."""
    return await slips.ask_due(ctx, AT_ONCE) == AT_ONCE
