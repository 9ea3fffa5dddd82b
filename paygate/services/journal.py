"""Requests that this process has to tell of in the system log, until they are written down together.

Of many in a short time some are kept each for itself, and those beyond are one row for all that are alike: so nobody
fills the table, and nothing that happened is missing from it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from paygate import telemetry
from paygate.core.system_log import Facts
from paygate.db.system_log import Kept

ALONE = 20
"""Rows of one merchant and mode, between two times of writing, that are of one request each."""

MOST = 5_000
"""Rows that wait in memory to be written. What is more, while the database is away, is counted and not kept."""

log = telemetry.logger("services.journal")


@dataclass(slots=True)
class Noted:
    """A request in memory, and how many like it."""

    id: UUID
    facts: Facts
    at_s: float
    times: int = 1


class Journal:
    """What this process has to tell of its requests and has not written down yet."""

    def __init__(self, new_id: Callable[[], UUID], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._new_id, self._clock_s = new_id, clock_s
        self._alone: list[Noted] = []
        self._alike: dict[tuple[object, ...], Noted] = {}
        self._count: dict[tuple[int, str], int] = {}
        self._lost = 0
        self.writing = asyncio.Lock()  # Whoever wants to read what was noted waits for what is on its way.

    def note(self, facts: Facts) -> None:
        """Remember a request."""
        owner = (facts.merchant_id, facts.mode)
        count = self._count[owner] = self._count.get(owner, 0) + 1
        known = self._alike.get(facts.likeness)
        if count > ALONE and known is not None:
            known.times += 1
        elif len(self._alone) + len(self._alike) >= MOST:
            self._lost += 1
        elif count > ALONE:
            self._alike[facts.likeness] = self._noted(replace(facts, path=facts.form))
        else:
            self._alone.append(self._noted(facts))

    def _noted(self, facts: Facts) -> Noted:
        return Noted(self._new_id(), facts, self._clock_s())

    def take(self) -> list[Noted]:
        """All of it; from here on it is the caller's to keep."""
        taken = [*self._alone, *self._alike.values()]
        self._alone, self._alike, self._count = [], {}, {}
        if self._lost:
            log.warning("requests were not kept in the system log", requests=self._lost)
            self._lost = 0
        return taken

    def give_back(self, taken: Sequence[Noted]) -> None:
        """It could not be kept: next time, with the newest if there are too many."""
        room = MOST - len(self._alone) - len(self._alike)
        self._lost += max(0, len(taken) - room)
        self._alone = [*taken[max(0, len(taken) - room) :], *self._alone]

    def kept(self, taken: Sequence[Noted]) -> list[Kept]:
        """As rows, with how long ago they were."""
        now_s = self._clock_s()
        return [Kept(one.id, one.facts, timedelta(seconds=now_s - one.at_s), one.times) for one in taken]
