"""Steps of a payout in a process of their own, which a test kills: forked from a server that has imported all."""

from __future__ import annotations

import asyncio
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from typing import Any

from paygate.core.sealing import SealingKey
from paygate.db.pool import Database
from paygate.services import settlements
from paygate.services.context import Context
from paygate.services.once import unanswered
from paygate.services.settlement_desk import SETTLEMENTS
from tests.servers import SECRET_KEY

STEPS = {
    "approve": SETTLEMENTS.approve,
    "claim": SETTLEMENTS.claim,
    "release": SETTLEMENTS.release,
    "complete": SETTLEMENTS.complete,
    "bounce": SETTLEMENTS.bounce,
}


def start(dsn: str, step: str, *values: Any) -> ForkServerProcess:
    """Begin a step in another process."""
    server = get_context("forkserver")
    server.set_forkserver_preload([__name__])
    process = server.Process(target=act, args=(dsn, step, *values), daemon=True)
    process.start()
    return process


def act(dsn: str, step: str, *values: Any) -> None:
    """The step, to its end."""
    asyncio.run(_act(dsn, step, *values))


async def _act(dsn: str, step: str, *values: Any) -> None:
    db = await Database.open(dsn, size=1)
    ctx = Context(db, SealingKey.of(SECRET_KEY), "http://127.0.0.1")
    if step == "request":
        merchant_id, amount_satang = values
        await settlements.request(ctx, merchant_id, "live", amount_satang, None, unanswered, "key:killed")
    else:
        settlement_id, *rest = values
        await STEPS[step](ctx, settlement_id, *rest)
    await db.close()
