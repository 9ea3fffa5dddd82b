"""Fee invoices: those that were paid are booked, a month that is over is invoiced, and who is late is told."""

from __future__ import annotations

from paygate.services import invoices
from paygate.services.context import Context


async def work(ctx: Context) -> bool:
    """Book what was paid; whether there was more than fits in one go."""
    return await invoices.settle_paid(ctx) == invoices.AT_ONCE


async def issue(ctx: Context) -> bool:
    """Issue what the month before this one still needs, all of it, and tell of what is overdue; whether there was more
    of that than fits in one go."""
    await invoices.issue_last(ctx)
    return await invoices.tell_overdue(ctx) == invoices.AT_ONCE
