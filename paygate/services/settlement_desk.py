"""Settlements as the operator sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import Conflict
from paygate.core.events import of_settlement, timestamp
from paygate.core.payouts import OPEN, PayoutStatus, PayoutStep, Settlement
from paygate.db import destinations, events
from paygate.db import settlements as rows
from paygate.db.pool import Conn
from paygate.services.context import Context
from paygate.services.payouts import Desk, Place


class SettlementDesk(Desk[Settlement]):
    """Where settlements are approved and paid."""

    noun = "settlement"
    prefix = "stl"

    async def find(self, conn: Conn, payout_id: UUID) -> Settlement | None:
        """See Desk."""
        return await rows.find(conn, payout_id)

    async def lock(self, conn: Conn, known: Settlement) -> tuple[Settlement, datetime] | None:
        """See Desk."""
        return await rows.lock(conn, known.merchant_id, known.mode, known.id)

    async def queue(
        self,
        conn: Conn,
        statuses: Sequence[PayoutStatus],
        *,
        merchant_id: int | None = None,
        claimed_by: str | None = None,
        limit: int,
    ) -> list[Settlement]:
        """Open ones by the day that was promised, others the newest first."""
        if set(statuses) <= set(OPEN):
            return await rows.queue(conn, statuses, merchant_id=merchant_id, claimed_by=claimed_by, limit=limit)
        return await rows.closed(conn, statuses, merchant_id=merchant_id, limit=limit)

    async def write(
        self, ctx: Context, conn: Conn, step: PayoutStep[Settlement], event_id: UUID, now: datetime
    ) -> None:
        """See Desk."""
        await rows.move(conn, step.before, step.after)
        if step.event_type is not None:
            await events.announce(conn, of_settlement(step.event_type, step.after, event_id, now))

    async def place(self, ctx: Context, conn: Conn, payout: Settlement) -> Place | None:
        """The frozen destination, else the one in force: what the next yes would be for."""
        if payout.destination_id is None or payout.status is PayoutStatus.REQUESTED:
            in_force = await destinations.in_force(conn, payout.merchant_id)
            found = in_force[0] if in_force else None
        else:
            found = (await destinations.get(conn, payout.merchant_id, [payout.destination_id])).get(
                payout.destination_id
            )
        return None if found is None else Place(found.proxy, found.bank_code, found.number, found.name)

    async def destination(self, ctx: Context, conn: Conn, payout: Settlement, now: datetime) -> UUID | None:
        """The merchant's, once it may be used."""
        found = await destinations.in_force(conn, payout.merchant_id)
        if found is None:
            raise Conflict(
                "The merchant has said nowhere where its money shall go. Set it:"
                f" paygate merchant payout-destination {ids.show_merchant(payout.merchant_id)} --promptpay ..."
            )
        destination, _ = found
        if destination.usable_at > now:
            raise Conflict(
                f"The payout destination was changed; it may be used from {timestamp(destination.usable_at)} on."
            )
        return destination.id


SETTLEMENTS = SettlementDesk()
