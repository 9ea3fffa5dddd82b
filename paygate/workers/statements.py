"""Statements that sources sent are compared with our credits, one after another."""

from __future__ import annotations

from paygate.services import statement_files
from paygate.services.context import Context


async def work(ctx: Context) -> bool:
    """Compare the next one; whether there may be more."""
    return await statement_files.work(ctx)
