"""Bank notices that were kept by a process which died before their money was decided: they are decided here."""

from __future__ import annotations

from datetime import timedelta

from paygate.services import notices
from paygate.services.context import Context

AGE = timedelta(seconds=30)
"""Younger ones are in the hands of the request that brought them."""

AT_ONCE = 100


async def work(ctx: Context) -> bool:
    """Decide a batch of them; whether there are more."""
    return await notices.finish(ctx, AGE, AT_ONCE) == AT_ONCE
