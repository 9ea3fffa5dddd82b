"""Rate limits, counted in PostgreSQL for all processes together, without a question to it for every request.

A process lets a twentieth of a burst through before it has asked (`Limit.credit`) and tells what it let through many
times a second, all buckets in one statement; then it knows whether the bucket is empty, and until when it refuses
without asking. Who comes when the credit is used up waits for that statement. So in any span of time at most

    burst + rate * time + processes * credit

requests come through. What was let through beyond the burst is taken out of the bucket too, so over time the rate is
kept exactly. Refused requests take nothing. Who is patient (a bank's word) waits in a queue for what comes back.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import hmac
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from paygate import telemetry
from paygate.core.errors import TooManyRequests
from paygate.core.limits import Counted, Limit, Standing
from paygate.core.sealing import SealingKey
from paygate.db import limits as rows
from paygate.db.limits import Ask, Given
from paygate.db.pool import Database

PACE_S = 0.05  # What was let through on credit is told this often at most, unless somebody waits.
AT_ONCE = 500  # Buckets of one statement.
SWEEP_S = 10.0
SUBJECT_BYTES = 16
BANK_PATIENCE_S = 1.0  # A bank's word is late rather than lost: a burst of a source waits so long for room.

log = telemetry.logger("limits")


@dataclass(slots=True, eq=False)
class _Bucket:
    """What this process knows of one bucket."""

    counted: Counted
    limit: Limit
    subject: bytes
    left: int
    told_s: float  # When `left` was so.
    owed: int = 0  # Let through, not yet told.
    empty_until_s: float = 0.0
    waiting: deque[asyncio.Future[bool]] = field(default_factory=deque)
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)  # Of those who are patient.

    def standing(self, now_s: float) -> Standing:
        """A guess: others may have taken some meanwhile."""
        pause_s, burst = self.limit.pause_us / 1_000_000, self.limit.burst
        back = int((now_s - self.told_s) / pause_s)
        left = 0 if now_s < self.empty_until_s else max(0, min(burst, self.left + back) - self.owed)
        return Standing(self.counted, self.limit, left, math.ceil((burst - left) * pause_s))


class Limiter:
    """The limits of one process. `clock_s` tells it how long to refuse; what comes back when, the database decides."""

    def __init__(
        self,
        db: Database,
        key: SealingKey,
        limits: Mapping[Counted, Limit],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db, self._key, self._limits, self._clock_s = db, key, limits, clock_s
        self._buckets: dict[tuple[Counted, str], _Bucket] = {}
        self._untold: dict[_Bucket, None] = {}  # In the order in which they came.
        self._somebody_waits = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None
        self._swept_s = clock_s()

    async def take(self, counted: Counted, who: str, *, patience_s: float = 0.0) -> Standing | None:
        """Count one request; None when nothing is limited. Raises TooManyRequests.

        *patience_s*: so long it may wait in a queue until there is room, rather than be refused.
        """
        limit = self._limits.get(counted)
        if limit is None:
            return None
        bucket = self._buckets.get((counted, who)) or self._add(counted, limit, who)
        queued = patience_s > 0 and bucket.queue.locked()  # Nobody goes past those who wait.
        granted = not queued and await self._granted(bucket)
        if not granted and not (patience_s > 0 and await self._granted_in(bucket, patience_s)):
            raise self._refusal(bucket)
        return bucket.standing(self._clock_s())

    async def _granted(self, bucket: _Bucket) -> bool:
        if self._clock_s() < bucket.empty_until_s:
            return False
        self._untold[bucket] = None
        if bucket.owed < bucket.limit.credit and not bucket.waiting:
            bucket.owed += 1
            self._tell()
            return True
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        bucket.waiting.append(turn)
        self._somebody_waits.set()
        self._tell()
        return await turn

    async def _granted_in(self, bucket: _Bucket, patience_s: float) -> bool:
        """Ask again whenever something has come back, one after the other; not where that takes too long."""
        try:
            async with asyncio.timeout(patience_s), bucket.queue:
                while not await self._granted(bucket):
                    wait_s = bucket.empty_until_s - self._clock_s()
                    if wait_s > patience_s:
                        return False
                    await asyncio.sleep(max(0.0, wait_s))
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Tell what was let through; call it before the database is closed."""
        if self._telling is not None:
            self._somebody_waits.set()
            await asyncio.wait({self._telling})

    def _add(self, counted: Counted, limit: Limit, who: str) -> _Bucket:
        subject = hmac.digest(self._key.signing, f"limit:{counted}:{who}".encode(), "sha256")[:SUBJECT_BYTES]
        bucket = _Bucket(counted, limit, subject, left=limit.burst, told_s=self._clock_s())
        self._buckets[counted, who] = bucket
        return bucket

    def _refusal(self, bucket: _Bucket) -> TooManyRequests:
        now_s = self._clock_s()
        telemetry.count_limited(bucket.counted)
        wait_s = max(1, math.ceil(bucket.empty_until_s - now_s))
        return TooManyRequests(bucket.standing(now_s), wait_s)

    def _tell(self) -> None:
        """Have what is untold told soon, by one task at a time; it belongs to no request."""
        if self._telling is None or self._telling.done():
            nobody = contextvars.Context()
            self._telling = asyncio.get_running_loop().create_task(self._tell_all(), name="limits", context=nobody)

    async def _tell_all(self) -> None:
        while self._untold:
            with suppress(TimeoutError):
                async with asyncio.timeout(PACE_S):
                    await self._somebody_waits.wait()
            self._somebody_waits.clear()
            buckets = list(self._untold)[:AT_ONCE]
            asks = [Ask(b.subject, b.owed, len(b.waiting), b.limit.burst, b.limit.pause_us) for b in buckets]
            for bucket in buckets:
                del self._untold[bucket]
            try:
                given = await self._db.transaction(functools.partial(rows.take, asks=asks))
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told, and it is in the log
                self._untold |= dict.fromkeys(buckets)
                self._fail(error)
                return
            for bucket, ask in zip(buckets, asks, strict=True):
                self._learn(bucket, ask, given[bucket.subject])
            self._sweep()

    def _learn(self, bucket: _Bucket, ask: Ask, given: Given) -> None:
        now_s = self._clock_s()
        bucket.owed -= ask.owed
        bucket.left, bucket.told_s = given.left, now_s
        bucket.empty_until_s = now_s + given.wait_us / 1_000_000 if given.wait_us else 0.0
        for place in range(ask.wanted):
            turn = bucket.waiting.popleft()
            if not turn.done():  # Else whoever asked went away.
                turn.set_result(place < given.granted)

    def _fail(self, error: Exception) -> None:
        """Nobody waits for what cannot be asked. What is owed stays so, and is told with the next request's."""
        log.warning("not counted", reason=str(error) or type(error).__name__, buckets=len(self._untold))
        for bucket in self._untold:
            while bucket.waiting:
                turn = bucket.waiting.popleft()
                if not turn.done():
                    turn.set_exception(error)

    def _sweep(self) -> None:
        """Forget buckets that nobody used for longer than they take to be full."""
        now_s = self._clock_s()
        if now_s < self._swept_s + SWEEP_S:
            return
        self._swept_s = now_s
        for place, bucket in list(self._buckets.items()):
            waits = bucket.waiting or bucket.queue.locked()
            idle = bucket not in self._untold and not waits and now_s >= bucket.empty_until_s
            if idle and now_s > bucket.told_s + max(SWEEP_S, bucket.limit.window_s):
                del self._buckets[place]
