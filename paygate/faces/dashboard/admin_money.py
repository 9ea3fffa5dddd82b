"""Payouts at the operator's desk: settlements and refunds, approved, claimed by one person, paid, completed.

Who acts is who is logged in: a second approval is another person's, and a claim shows its QR to its person alone.
"""

from __future__ import annotations

import asyncio
from typing import Generic
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from emvco import qr
from paygate import wire
from paygate.core import fields, ids
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.money import baht
from paygate.core.payouts import OPEN, Kind, PayoutStatus, Refund
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import admin_money_answers as answers
from paygate.faces.dashboard import owners
from paygate.services.payout_files import BYTE_ORDER_MARK, bulk_csv
from paygate.services.payouts import MAX_REASON, Desk, Detail, Place
from paygate.services.refund_desk import REFUNDS
from paygate.services.settlement_desk import SETTLEMENTS
from paygate.wire.paging import LIMIT


def _paid_from(given: Fields) -> UUID | None:
    text = given.get("accountId")
    if text is None:
        return None
    try:
        return ids.read("acc", text if isinstance(text, str) else "")
    except NotFound:
        raise InvalidInput("accountId must be the id of an account, acc_...", field="accountId") from None


STATUS = declare.word("status", tuple(PayoutStatus), "Only those that stand so; without it, open ones.")
QUERY = Shape("PayoutQuery", "Which payouts.", (owners.ANY_OWNER, STATUS, LIMIT))
REASON = declare.needed(
    declare.text(
        "reason", MAX_REASON, "Why; the merchant reads it, but of a release.", example="The account is closed"
    ),
    "reason is required.",
)
REFERENCE = declare.needed(
    declare.text("bankReference", 64, "The transfer, as your bank calls it; used once.", example="2026112012345678"),
    "bankReference is required.",
)
WHY = Shape("PayoutReason", "Why.", (REASON,))
SENT_BEFORE_FREEZE = declare.flag(
    "sentBeforeFreeze", "true: payouts of this merchant are frozen now, and this one was sent before. The log keeps it."
)
PAID_FROM = declare.custom(
    "accountId",
    _paid_from,
    {"type": "string"},
    "The central account that it left from; without it, the first one. The daily close counts it there.",
)
PAID = Shape("PayoutPaid", "That it was paid.", (REFERENCE, PAID_FROM, SENT_BEFORE_FREEZE))


class Window(Generic[Kind]):
    """The handlers of one desk. `place` is the name of the id in its addresses."""

    def __init__(self, desk: Desk[Kind], place: str) -> None:
        self.desk, self.place = desk, place

    async def listed(self, request: Request) -> Response:
        """GET /api/admin/{settlements,refunds}: open ones by the day that was promised, others the newest first."""
        await wire.person(request, May.OPERATE)
        query = wire.query(request)
        status = STATUS.read(query)
        found = await self.desk.list_payouts(
            wire.context(request),
            [PayoutStatus(status)] if status else OPEN,
            merchant_id=owners.ANY_OWNER.read(query),
            limit=LIMIT.read(query),
        )
        return wire.json_answer(answers.Payouts([self.shape(one) for one in found]))

    async def get(self, request: Request) -> Response:
        """GET .../{id}"""
        await wire.person(request, May.OPERATE)
        return await self._now(request)

    async def approve(self, request: Request) -> Response:
        """POST .../{id}/approve: where it goes is frozen; above the limit a second person has to, too."""
        who = await wire.person(request, May.OPERATE)
        await self.desk.approve(wire.context(request), self._id(request), who.actor)
        return await self._now(request)

    async def claim(self, request: Request) -> Response:
        """POST .../{id}/claim: to pay it now; nobody else can, until it is completed or released."""
        who = await wire.person(request, May.OPERATE)
        await self.desk.claim(wire.context(request), self._id(request), who.actor)
        return await self._now(request)

    async def release(self, request: Request) -> Response:
        """POST .../{id}/release: give a claim back, knowing that nothing was sent."""
        who = await wire.person(request, May.OPERATE)
        await self.desk.release(wire.context(request), self._id(request), who.actor, await _reason(request))
        return await self._now(request)

    async def reject(self, request: Request) -> Response:
        """POST .../{id}/reject: no, before anybody claimed it."""
        who = await wire.person(request, May.OPERATE)
        await self.desk.reject(wire.context(request), self._id(request), who.actor, await _reason(request))
        return await self._now(request)

    async def bounce(self, request: Request) -> Response:
        """POST .../{id}/return: the bank brought it back."""
        who = await wire.person(request, May.OPERATE)
        await self.desk.bounce(wire.context(request), self._id(request), who.actor, await _reason(request))
        return await self._now(request)

    async def complete(self, request: Request) -> Response:
        """POST .../{id}/complete: it was paid."""
        who = await wire.person(request, May.OPERATE)
        given = fields.json_object(await wire.body(request))
        reference, before = REFERENCE.read(given), SENT_BEFORE_FREEZE.read(given) is True
        ctx, account_id = wire.context(request), PAID_FROM.read(given)
        await self.desk.complete(
            ctx, self._id(request), who.actor, reference, sent_before_freeze=before, account_id=account_id
        )
        return await self._now(request)

    async def payout_qr(self, request: Request) -> Response:
        """GET .../{id}/payout-qr: what to scan with the bank's app, for whoever claimed it."""
        who = await wire.person(request, May.OPERATE)
        order = await self.desk.instruction(wire.context(request), self._id(request), who.actor)
        picture = await asyncio.to_thread(lambda: qr.render(order.qr_payload, error="M").data_url())
        return wire.json_answer(
            answers.PayoutQr(
                id=ids.show(self.desk.prefix, order.payout.id),
                amount=baht(order.payout.amount_satang),
                qrPayload=order.qr_payload,
                qrCode=picture,
                destination=_place(order.place),
            )
        )

    async def export(self, request: Request) -> Response:
        """GET .../export: what one claimed, as CSV for the bank's bulk transfer."""
        who = await wire.person(request, May.OPERATE)
        found = await self.desk.claimed_by(wire.context(request), who.actor)
        text = BYTE_ORDER_MARK + bulk_csv(self.desk, found)
        headers = {"Content-Disposition": f'attachment; filename="{self.desk.noun}s.csv"'}
        return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)

    def _id(self, request: Request) -> UUID:
        return ids.read(self.desk.prefix, request.path_params[self.place])

    async def _now(self, request: Request) -> Response:
        found = await self.desk.show(wire.context(request), self._id(request))
        return wire.json_answer(answers.OnePayout(self.shape(found)))

    def shape(self, found: Detail[Kind]) -> answers.Payout:
        """A payout as it is sent."""
        one = found.payout
        return answers.Payout(
            id=ids.show(self.desk.prefix, one.id),
            kind=self.desk.noun,
            mode=one.mode,
            merchantId=ids.show_merchant(one.merchant_id),
            merchantName=found.merchant_name,
            amount=baht(one.amount_satang),
            status=one.status,
            dueOn=one.due,
            destination=None if found.place is None else _place(found.place),
            approvedBy=one.approved_by,
            secondBy=one.second_by,
            claimedBy=one.claimed_by,
            claimedAt=timestamp(one.claimed_at),
            bankReference=one.bank_reference,
            paidFrom=None if one.paid_from is None else str(one.paid_from),
            reason=one.reason,
            transactionId=str(one.payment_id) if isinstance(one, Refund) else None,
            paidBy="operator" if one.ours else "merchant",
            createdAt=timestamp(one.created_at),
            completedAt=timestamp(one.completed_at),
        )


SETTLEMENT_WINDOW = Window(SETTLEMENTS, "settlement_id")
REFUND_WINDOW = Window(REFUNDS, "refund_id")


async def _reason(request: Request) -> str:
    return REASON.read(fields.json_object(await wire.body(request)))


def _place(place: Place) -> answers.Place:
    return answers.Place(promptpay=place.proxy, bank=place.bank_code, account=place.number, name=place.name)
