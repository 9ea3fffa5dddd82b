"""Webhooks: what is claimed is sent at once, each in a task of its own, as many as the lanes have room for.

Results are kept together: while one commit is under way, those that end meanwhile gather for the next.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from paygate import telemetry
from paygate.core.errors import Unavailable
from paygate.db.attempts import Attempt
from paygate.db.deliveries import Due
from paygate.outbound import Outbound
from paygate.outbound.client import TOTAL_TIMEOUT_S
from paygate.services import deliveries
from paygate.services.context import Context
from paygate.workers.lanes import NEW, Lanes
from paygate.workers.loop import Bell, backoff_s

AT_ONCE = 64
"""Results of one commit: as many as quick requests may be under way."""

MOST_UNDER_WAY = 512
"""Deliveries claimed and not yet written down: a slow database slows the sending, and results do not pile up."""

WORTH_ASKING = 16
PAUSE_S = 0.01
"""Room for fewer than so many is not asked about again so soon: in a rush each question costs more than it brings."""

FINISH_S = TOTAL_TIMEOUT_S + 3.0
"""How long a stop waits for what is under way: the longest request, and time to keep its result."""

log = telemetry.logger("workers.deliver")


@dataclass(slots=True)
class _Ended:
    """A try that ended; `kept` is done when its result is written down, or cannot be."""

    due: Due
    attempt: Attempt
    began_s: float
    kept: asyncio.Future[None]


class Deliverer:
    """The deliveries under way in this process. `bell` is rung when one ends, since then there is room again."""

    def __init__(self, ctx: Context, outbound: Outbound, bell: Bell) -> None:
        self._ctx = ctx
        self._outbound = outbound
        self._bell = bell
        self._lanes = Lanes()
        self._ended: list[_Ended] = []
        self._writer: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._asked_s = 0.0
        self._now_s = asyncio.get_running_loop().time

    async def work(self) -> bool:
        """Claim what is due and there is room for, and start sending it; whether there may be more."""
        now_s = self._now_s()
        room = min(self._lanes.room(now_s), MOST_UNDER_WAY - len(self._under_way))
        if room <= 0:
            return False
        if room < WORTH_ASKING and now_s - self._asked_s < PAUSE_S:
            self._bell.ring()  # Not now, but not later than the pace of the chore either.
            return False
        self._asked_s = now_s
        claimed = await deliveries.claim(self._ctx, rooms=self._lanes.rooms(), new_room=NEW, limit=room)
        for due in claimed.due:
            began_s = self._now_s()
            self._lanes.enter(due.endpoint_id, began_s)
            task = asyncio.create_task(self._deliver(due, began_s), name=f"deliver {due.event_id}")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return bool(claimed.due or claimed.buried)

    async def finish(self) -> None:
        """Wait for what is under way, at most FINISH_S; what is left then is due again when its lease ends."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FINISH_S)

    async def abandon(self) -> None:
        """End what is still under way, in the middle of it."""
        tasks = [*self._under_way, *([self._writer] if self._writer else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, due: Due, began_s: float) -> None:
        try:
            attempt = await self._try(due, began_s)
            await self._keep(due, attempt, began_s)
        except Exception:  # Nobody awaits this task; its lease brings the delivery back
            log.exception("a webhook's result could not be kept", webhook=str(due.event_id))
        finally:
            self._bell.ring()

    async def _try(self, due: Due, began_s: float) -> Attempt:
        """Send it; its lane is free as soon as there is an answer, before that is written down."""
        delivered = False
        try:
            attempt = await self._send(due)
            delivered = attempt.state == "DELIVERED"
            return attempt
        finally:
            self._lanes.leave(due.endpoint_id, began_s, delivered=delivered)
            self._bell.ring()

    async def _send(self, due: Due) -> Attempt:
        try:
            return await deliveries.send(self._ctx, self._outbound, due)
        except Exception:  # A fault of ours counts as a failed try, so that the log tells of it
            log.exception("a webhook could not be sent", webhook=str(due.event_id), endpoint=str(due.endpoint_id))
            return deliveries.failed(due, "Internal error; the gateway's log has the details.")

    async def _keep(self, due: Due, attempt: Attempt, began_s: float) -> None:
        """Have the result written down, and wait until it is."""
        ended = _Ended(due, attempt, began_s, asyncio.get_running_loop().create_future())
        self._ended.append(ended)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="webhook results")
        await ended.kept

    async def _write(self) -> None:
        """Write down what ended, until there is nothing more."""
        try:
            while self._ended:
                batch, self._ended = self._ended[:AT_ONCE], self._ended[AT_ONCE:]
                await self._write_batch(batch)
        finally:
            self._writer = None

    async def _write_batch(self, batch: list[_Ended]) -> None:
        """One commit; one for each, if something is wrong with one of them, so that it takes no other along."""
        try:
            await self._insist(batch)
        except Unavailable as error:
            _settle(batch, error)
        except Exception as error:
            if len(batch) == 1:
                _settle(batch, error)
                return
            log.exception("results of webhooks could not be kept together; now one by one", webhooks=len(batch))
            for one in batch:
                await self._write_batch([one])
        except BaseException:
            _settle(batch, None)
            raise
        else:
            _settle(batch, None)

    async def _insist(self, batch: list[_Ended]) -> None:
        """Through an outage as long as the youngest lease lasts: else what was sent would be sent a second time."""
        failures = 0
        while True:
            try:
                await deliveries.record_all(self._ctx, [(one.due, one.attempt) for one in batch])
                return
            except Unavailable:
                failures += 1
                if self._now_s() - max(one.began_s for one in batch) > deliveries.LEASE_S:
                    raise
            await asyncio.sleep(backoff_s(failures))


def _settle(batch: list[_Ended], error: Exception | None) -> None:
    for one in batch:
        if one.kept.done():
            continue
        if error is None:
            one.kept.set_result(None)
        else:
            one.kept.set_exception(error)
