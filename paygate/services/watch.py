"""Waiting for payments to change: whoever waits in this process shares one question to the database, asked each TICK.

Nobody is told by the process that changed the payment: another one may have, on another host. A payer's page is green
within a tick of the commit, and a thousand open pages cost two questions a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from paygate import telemetry
from paygate.core.errors import Unavailable
from paygate.db import watched
from paygate.db.pool import Database
from paygate.db.watched import Key, Seen

log = telemetry.logger("services.watch")

TICK_S = 0.4
AWAY_S = 2.0  # Between two questions while the database is away.
MOST_A_QUESTION = 1_000


class Watch:
    """The payments that are watched in this process. Its question is asked while somebody waits, and only then."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: dict[Key, set[tuple[Seen | None, asyncio.Event]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def changed(self, key: Key, seen: Seen | None, timeout_s: float) -> bool:
        """Wait until the payment no longer stands as it was *seen*; False when *timeout_s* is over before that.

        A change between the reading and the waiting is not missed: what is compared is the state.
        """
        waiter = (seen, asyncio.Event())
        self._waiting.setdefault(key, set()).add(waiter)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="watch")
        try:
            async with asyncio.timeout(timeout_s):
                await waiter[1].wait()
        except TimeoutError:
            return False
        finally:
            self._waiting[key].discard(waiter)
            if not self._waiting[key]:
                del self._waiting[key]
        return True

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return sum(map(len, self._waiting.values()))

    async def look(self, key: Key) -> Seen | None:
        """How the payment stands now; None when there is no such payment."""
        async with self._db.connection() as conn:
            return (await watched.look(conn, [key])).get(key)

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> None:
        while self._waiting:
            pause_s = TICK_S
            try:
                keys = list(self._waiting)
                for first in range(0, len(keys), MOST_A_QUESTION):
                    await self._tell(keys[first : first + MOST_A_QUESTION])
            except Unavailable:  # Those who wait go on waiting; their pages say that the connection is slow.
                pause_s = AWAY_S
            except Exception:  # Whatever it is: nobody may wait for ever because of it.
                log.exception("watched payments could not be asked about")
                pause_s = AWAY_S
            await asyncio.sleep(pause_s)

    async def _tell(self, keys: Sequence[Key]) -> None:
        async with self._db.connection() as conn:
            found = await watched.look(conn, keys)
        for key in keys:
            for seen, event in self._waiting.get(key, ()):
                if found.get(key) != seen:
                    event.set()
