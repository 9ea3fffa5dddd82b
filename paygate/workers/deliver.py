"""Webhooks: what is claimed is sent at once, each in a task of its own, as many as the lanes have room for."""

from __future__ import annotations

import asyncio

from paygate import telemetry
from paygate.core.errors import Unavailable
from paygate.db.deliveries import Attempt, Due
from paygate.outbound import Outbound
from paygate.outbound.client import TOTAL_TIMEOUT_S
from paygate.services import deliveries
from paygate.services.context import Context
from paygate.workers.lanes import NEW, Lanes
from paygate.workers.loop import Bell, backoff_s

WRITERS = 4
"""Results kept at once: the connections of the pool belong to requests first."""

FINISH_S = TOTAL_TIMEOUT_S + 3.0
"""How long a stop waits for what is under way: the longest request, and time to keep its result."""

log = telemetry.logger("workers.deliver")


class Deliverer:
    """The deliveries under way in this process. `bell` is rung when one ends, since then there is room again."""

    def __init__(self, ctx: Context, outbound: Outbound, bell: Bell) -> None:
        self._ctx = ctx
        self._outbound = outbound
        self._bell = bell
        self._lanes = Lanes()
        self._writers = asyncio.Semaphore(WRITERS)
        self._under_way: set[asyncio.Task[None]] = set()
        self._now_s = asyncio.get_running_loop().time

    async def work(self) -> bool:
        """Claim what is due and there is room for, and start sending it; whether there may be more."""
        room = self._lanes.room(self._now_s())
        if not room:
            return False
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
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, due: Due, began_s: float) -> None:
        delivered = False
        try:
            attempt = await self._send(due)
            delivered = attempt.state == "DELIVERED"
            await self._keep(due, attempt, began_s)
        except Exception:  # Nobody awaits this task; its lease brings the delivery back
            log.exception("a webhook's result could not be kept", webhook=str(due.event_id))
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
        """Write the result down, through an outage as long as the lease lasts: else it would be sent a second time."""
        failures = 0
        while True:
            try:
                async with self._writers:
                    await deliveries.record(self._ctx, due, attempt)
                return
            except Unavailable:
                failures += 1
                if self._now_s() - began_s > deliveries.LEASE_S:
                    raise
            await asyncio.sleep(backoff_s(failures))
