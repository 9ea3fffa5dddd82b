"""What a process noted of its requests goes into the system log."""

from __future__ import annotations

from paygate.services import system_log
from paygate.services.context import Context


async def work(ctx: Context) -> bool:
    """Write it down; there is never more to do at once."""
    await system_log.keep(ctx)
    return False
