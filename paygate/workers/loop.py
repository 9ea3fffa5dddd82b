"""One chore, again and again: at its interval, at the sound of a bell, at once while there is more of it; through
outages of the database and mistakes of its own, until told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from paygate import telemetry
from paygate.core.errors import Unavailable

BACKOFF_S = (0.25, 0.5, 1.0, 2.0, 4.0)

log = telemetry.logger("workers")


class Bell:
    """Rouses whoever rests on it; a ring while nobody rests is kept for the next rest."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Rouse."""
        self._rung.set()

    async def rest(self, seconds: float) -> None:
        """Until the bell rings, at most *seconds*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()


class Outage:
    """Tells the log once that the database is away and once that it is back, however many chores notice."""

    def __init__(self) -> None:
        self._away = False

    def noticed(self, chore: str, error: Unavailable) -> None:
        """The database is away."""
        if not self._away:
            self._away = True
            log.warning("the database is away; background work waits for it", chore=chore, reason=_reason(error))

    def over(self) -> None:
        """The database answered."""
        if self._away:
            self._away = False
            log.info("the database is back; background work goes on")


@dataclass(frozen=True, slots=True)
class Chore:
    """`work` returns whether there is more to do at once; it is due every `every_s`, or when `bell` rings, but not
    sooner than `pace_s` after it found nothing."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[bool]]
    bell: Bell = field(default_factory=Bell)
    pace_s: float = 0.0


async def tend(chore: Chore, stop: asyncio.Event, outage: Outage) -> None:
    """Do *chore* until *stop* is set. Never ends because of an exception."""
    failures = 0
    while not stop.is_set():
        try:
            more = await chore.work()
            outage.over()
            failures = 0
        except Unavailable as error:
            outage.noticed(chore.name, error)
            more, failures = False, failures + 1
        except Exception:  # Whatever it was, the other work of this chore must go on
            log.exception("a chore failed", chore=chore.name)
            more, failures = False, failures + 1
        if not more and not stop.is_set():
            await asyncio.sleep(chore.pace_s)
            await chore.bell.rest(backoff_s(failures) or chore.every_s)


def backoff_s(failures: int) -> float:
    """How long to wait after so many failures in a row; 0 after none."""
    return BACKOFF_S[min(failures, len(BACKOFF_S)) - 1] if failures else 0.0


def _reason(error: Unavailable) -> str:
    return str(error.__cause__ or error.message) or type(error.__cause__).__name__
