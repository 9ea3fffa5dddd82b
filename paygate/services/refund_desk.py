"""Refunds as the operator sees them: the payout of what a merchant gives back to its payer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from uuid import UUID

from paygate.core.errors import Conflict, Moved
from paygate.core.events import of_refund
from paygate.core.payments import Oddity, Payment
from paygate.core.payouts import OPEN, PayoutStatus, PayoutStep, Refund
from paygate.db import events, payments
from paygate.db import refunds as rows
from paygate.db.pool import Conn
from paygate.services.context import Context
from paygate.services.payouts import Desk, Place


class RefundDesk(Desk[Refund]):
    """Where refunds are approved and paid."""

    noun = "refund"
    prefix = "rfd"

    async def find(self, conn: Conn, payout_id: UUID) -> Refund | None:
        """See Desk."""
        return await rows.find(conn, payout_id)

    async def lock(self, conn: Conn, known: Refund) -> tuple[Refund, datetime] | None:
        """The payment first, as everybody does who decides about its money."""
        await payment_of(conn, known)
        return await rows.lock(conn, known.merchant_id, known.mode, known.id)

    async def queue(
        self,
        conn: Conn,
        statuses: Sequence[PayoutStatus],
        *,
        merchant_id: int | None = None,
        claimed_by: str | None = None,
        limit: int,
    ) -> list[Refund]:
        """Open ones by age, others the newest first."""
        if set(statuses) <= set(OPEN):
            return await rows.queue(conn, statuses, merchant_id=merchant_id, claimed_by=claimed_by, limit=limit)
        return await rows.closed(conn, statuses, merchant_id=merchant_id, limit=limit)

    async def write(self, ctx: Context, conn: Conn, step: PayoutStep[Refund], event_id: UUID, now: datetime) -> None:
        """The refund, what its payment says of it, and the event: `payment.refunded` once the money is gone,
        `refund.failed` when it does not go, or came back."""
        before, after = step.before, step.after
        await rows.move(conn, before, after)
        sign = {PayoutStatus.COMPLETED: 1, PayoutStatus.RETURNED: -1}.get(after.status, 0)
        if sign == 0 and step.event_type is None:
            return
        payment = marked = await payment_of(conn, after)
        if sign != 0:
            total_satang = payment.refunded_satang + sign * after.amount_satang
            marked = replace(payment, refunded_satang=total_satang, sequence=payment.sequence + 1)
            await rows.mark(conn, payment, marked)
        if step.event_type is not None:
            await events.announce(conn, of_refund(step.event_type, marked, after, event_id, now))

    async def place(self, ctx: Context, conn: Conn, payout: Refund) -> Place | None:
        """What the merchant said of its payer."""
        return open_payee(ctx, payout)

    async def destination(self, ctx: Context, conn: Conn, payout: Refund, now: datetime) -> UUID | None:
        """Nothing but that it is there."""
        if payout.payee is None:
            raise Conflict(
                "Nobody has said yet where the payer wants the money. The merchant can (the refund's payee), or its"
                " payer by a link."
            )
        return None

    async def may_be_paid(self, ctx: Context, conn: Conn, payout: Refund) -> None:
        """Not when the bank took the payment's money back meanwhile."""
        await super().may_be_paid(ctx, conn, payout)
        payment = await payment_of(conn, payout)
        if payment.exception is Oddity.REVERSED:
            raise Conflict("The bank took this payment's money back meanwhile: reject the refund.")

    async def given_back(self, conn: Conn, payout: Refund) -> Refund:
        """Of a payment that was reversed meanwhile the fee is given back already: all of it is the merchant's, and a
        direct merchant owes none of it again."""
        payment = await payment_of(conn, payout)
        if payment.exception is Oddity.REVERSED:
            return replace(payout, fee_returned_satang=0, vat_returned_satang=0)
        return payout


REFUNDS = RefundDesk()


async def payment_of(conn: Conn, refund: Refund) -> Payment:
    """The refund's payment, locked."""
    payment = await payments.lock(conn, refund.merchant_id, refund.mode, refund.payment_id)
    if payment is None:
        raise Moved()
    return payment


def purpose(refund_id: UUID) -> str:
    """What a payee is sealed for."""
    return f"payee:{refund_id}"


def seal_payee(ctx: Context, refund_id: UUID, place: Place) -> bytes:
    """Where the payer wants it, for its row."""
    return ctx.seal(json.dumps(asdict(place), ensure_ascii=False), purpose(refund_id))


def open_payee(ctx: Context, refund: Refund) -> Place | None:
    """The reverse."""
    return None if refund.payee is None else Place(**json.loads(ctx.unseal(refund.payee, purpose(refund.id))))
