"""Money that came before its payment: the process that made the payment decides it at once; if it died in between,
it is decided here."""

from __future__ import annotations

from paygate import telemetry
from paygate.core.errors import Unavailable
from paygate.db import credits
from paygate.services import evidence
from paygate.services.context import Context

AGE_S = 2.0
"""Younger ones are in the hands of the process that made the payment."""

AT_ONCE = 100

log = telemetry.logger("workers.recheck")


async def work(ctx: Context) -> bool:
    """Decide a batch of credits again; whether there are more. One that cannot be decided does not stop the others."""
    async with ctx.db.connection() as conn:
        waiting = await credits.to_recheck(conn, AGE_S, AT_ONCE)
    decided = 0
    for merchant_id, mode, credit_id in waiting:
        try:
            await evidence.decide_again(ctx, merchant_id, mode, credit_id)
            decided += 1
        except Unavailable:
            raise
        except Exception:  # Told to the log; tried again with the next batch
            log.exception("a credit could not be decided again", merchant=merchant_id, credit=str(credit_id))
    return decided == AT_ONCE
