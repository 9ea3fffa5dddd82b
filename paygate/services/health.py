"""Whether this installation can work at this moment."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from paygate.core.errors import Unavailable
from paygate.db import health as rows
from paygate.services.context import Context

PATIENCE_S = 5.0  # A database that needs longer for a trifle is as good as away.


@dataclass(frozen=True, slots=True)
class Health:
    """What the database said, and how long it took; `sources` and `endpoints`: whether there are any."""

    database: bool
    latency_ms: int
    sources: bool = False
    endpoints: bool = False


async def look(ctx: Context) -> Health:
    """Ask the database something small. Never raises for one that is away."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_S), ctx.db.connection() as conn:
            found = await rows.look(conn)
    except (Unavailable, TimeoutError):
        return Health(False, _ms_since(began))
    return Health(True, _ms_since(began), found.sources, found.endpoints)


def _ms_since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
