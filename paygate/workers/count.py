"""What a process counted goes into the installation's totals."""

from __future__ import annotations

from paygate.services import metrics
from paygate.services.context import Context


async def work(ctx: Context) -> bool:
    """Add it; there is never more to do at once."""
    await metrics.keep(ctx)
    return False
