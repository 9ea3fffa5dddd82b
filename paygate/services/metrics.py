"""Metrics of the whole installation: any process adds what it counted, and any process can show all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paygate import telemetry
from paygate.core.errors import Unavailable
from paygate.db import metrics as rows
from paygate.db.metrics import HeldAmounts, OpenReviews, Share
from paygate.services import alarms
from paygate.services.alarms import Raised
from paygate.services.context import Context
from paygate.telemetry import Series

CENTRAL = 0
FULLEST = 5  # Prices shown of each account: one series for every price ever asked would swamp whoever collects them.

log = telemetry.logger("services.metrics")


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to show."""

    totals: Mapping[Series, int]
    reviews: Sequence[OpenReviews]
    slots: Sequence[HeldAmounts]
    alarms: Sequence[Raised]
    shares: Sequence[Share]


async def keep(ctx: Context) -> None:
    """Add what this process counted to the totals. Raises Unavailable; then it is kept in memory for the next time."""
    counted = telemetry.counted()
    if not counted:
        return
    try:
        await ctx.db.transaction(lambda conn: rows.add(conn, counted))
    except BaseException:
        telemetry.uncounted(counted)
        raise


async def keep_last(ctx: Context) -> None:
    """`keep` at the end of a process: when the database is away, what was counted is lost, and the log says so."""
    try:
        await keep(ctx)
    except Unavailable as error:
        log.warning("what was counted last is lost", reason=error.message)


async def look(ctx: Context) -> Seen:
    """All metrics now, this process's latest included. Raises Unavailable."""
    await keep(ctx)
    async with ctx.db.connection() as conn:
        raised = await alarms.look(conn, CENTRAL)
        totals, reviews = await rows.totals(conn), await rows.reviews(conn)
        return Seen(totals, reviews, await rows.slots(conn, FULLEST), raised, await rows.shares(conn))
