"""How the operator's installation stands: whether it works, what waits for a person, and what alarms there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paygate.core.credits import BANGKOK
from paygate.db import accounts, balances, capacity
from paygate.db import overview as rows
from paygate.db.accounts import Account
from paygate.db.capacity import Speaker
from paygate.db.overview import Waiting
from paygate.services import alarms, health
from paygate.services.accounts import CENTRAL
from paygate.services.alarms import Raised
from paygate.services.context import Context
from paygate.services.health import Health


@dataclass(frozen=True, slots=True)
class Listening:
    """A central account and who says what arrives on it."""

    account: Account
    sources: Sequence[Speaker]


@dataclass(frozen=True, slots=True)
class Overview:
    """What an operator wants to know first."""

    health: Health
    waiting: Waiting
    accounts: Sequence[Listening]
    alarms: Sequence[Raised]


async def look(ctx: Context) -> Overview:
    """Everything at once. Raises Unavailable when the database is away."""
    found = await health.look(ctx)
    async with ctx.db.connection() as conn:
        today = (await balances.clock(conn)).astimezone(BANGKOK).date()
        waiting = await rows.waiting(conn, today)
        listening = [
            Listening(account, await capacity.speakers(conn, CENTRAL, account.mode, account.receiving_id))
            for account in await accounts.listed(conn, CENTRAL)
        ]
        raised = [one for one in await alarms.look(conn, CENTRAL) if one.count]
    return Overview(found, waiting, listening, raised)
