"""Callbacks of banks: the bank is asked about each, several at a time, none twice at once."""

from __future__ import annotations

import asyncio

from paygate import telemetry
from paygate.core.errors import Unavailable
from paygate.db.callbacks import Due
from paygate.services import callbacks
from paygate.services.context import Context

AT_ONCE = 4
"""SCB's sandbox takes 5 questions a second; more at once would only be refused."""

log = telemetry.logger("workers.inquire")


class Inquirer:
    """The inquiries of one process."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._told = False

    async def work(self) -> bool:
        """Ask about a batch of callbacks; whether there may be more. One that fails does not stop the others."""
        if not self._told:
            await self._tell()
        due = await callbacks.claim(self._ctx, AT_ONCE)
        await asyncio.gather(*(self._inquire(one) for one in due))
        return len(due) == AT_ONCE

    async def _tell(self) -> None:
        """Once, at the start: what waits because the settings do not say how a bank is asked."""
        for kind in sorted(await callbacks.unanswerable(self._ctx)):
            missing = f"PAYGATE_{kind.upper()}_KEY and the other settings of {kind}"
            log.warning("callbacks of this bank wait: it cannot be asked", kind=kind, missing=missing)
        self._told = True

    async def _inquire(self, due: Due) -> None:
        try:
            await callbacks.inquire(self._ctx, due)
        except Unavailable as error:
            # Its lease brings it back; the chore's own next question to the database tells of the outage.
            log.warning("a callback waits for the database", reason=str(error.__cause__ or error.message))
        except Exception:  # Told to the log; asked again when its lease ends
            log.exception("a callback could not be asked about", hint=str(due.id))
