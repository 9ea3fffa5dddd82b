"""Fee invoices: those that were paid are booked, and after a month is over its invoices are issued."""

from __future__ import annotations

from paygate.services import invoices
from paygate.services.context import Context


async def work(ctx: Context) -> bool:
    """Book what was paid; whether there was more than fits in one go."""
    return await invoices.settle_paid(ctx) == invoices.AT_ONCE


async def issue(ctx: Context) -> bool:
    """Issue what the month before this one still needs, all of it."""
    await invoices.issue_last(ctx)
    return False
