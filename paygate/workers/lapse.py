"""Refunds whose payers did not say in time where the money shall go: it is the merchant's again."""

from __future__ import annotations

from paygate.services import refund_links
from paygate.services.context import Context

AT_ONCE = 50


async def work(ctx: Context) -> bool:
    """Let a batch of them expire; whether there are more."""
    return await refund_links.lapse(ctx, AT_ONCE) == AT_ONCE
