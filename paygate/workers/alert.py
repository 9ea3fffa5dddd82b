"""The operator is told of alarms: what is news is noted, what was noted goes out."""

from __future__ import annotations

from paygate.db.pool import in_transaction
from paygate.outbound import VendorClient
from paygate.services import alerts
from paygate.services.context import Context


class Teller:
    """Sends alerts; keeps its connections."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._http: VendorClient | None = None

    async def look(self) -> bool:
        """Note what is news."""
        if await alerts.watch(self._ctx):
            self._ctx.wake()
        return False

    async def work(self) -> bool:
        """Send what is due; whether there is more."""
        if not self._ctx.alerts.ready:
            return False
        if self._http is None:
            self._http = VendorClient(in_transaction=in_transaction)
        return await alerts.send_due(self._ctx, self._http)

    async def close(self) -> None:
        """Drop the connections."""
        if self._http is not None:
            await self._http.close()
