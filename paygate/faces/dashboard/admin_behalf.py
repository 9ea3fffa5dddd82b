"""Money out and money back on a merchant's behalf: what the operator asks for, by the merchants' own services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core import payouts as core
from paygate.core import shapes as declare
from paygate.core.answers import Done, Moment
from paygate.core.events import timestamp
from paygate.core.people import May, Person
from paygate.core.shapes import Shape
from paygate.db.payments import Claim
from paygate.faces.dashboard import admin_money_answers as answers
from paygate.faces.dashboard.admin_money import REFUND_WINDOW, SETTLEMENT_WINDOW
from paygate.faces.dashboard.names import once_answer
from paygate.services import destinations, merchants, payments, refund_links, refunds, settlements
from paygate.services.context import MIN_SETTLEMENT_SATANG, Context
from paygate.services.payouts import Detail, Place
from paygate.services.refund_desk import REFUNDS, open_payee
from paygate.services.refunds import Wish
from paygate.services.settlement_desk import SETTLEMENTS
from paygate.wire.refunds import AMOUNT, ASK_PAYER, NEEDED_PAYEE, PAYEE, REASON

RefundAnswer = Callable[[core.Refund], tuple[int, bytes]]
HIGHEST_SATANG = 99_999_999_999_999
TAKEN_OUT = declare.baht(
    "amount", MIN_SETTLEMENT_SATANG, HIGHEST_SATANG, "What is taken out, in baht.", example=1500.00
)
ADVANCE = declare.flag(
    "advance", "true: you pay what the merchant has too little; it owes it from then on.", example=False
)
NEW_SETTLEMENT = Shape("SettlementOnBehalf", "A merchant's money to take out.", (TAKEN_OUT,))
NEW_REFUND = Shape(
    "RefundOnBehalf", "What goes back; nothing: all that is left.", (AMOUNT, REASON, PAYEE, ASK_PAYER, ADVANCE)
)


class AskedRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as it stands now, and the link for its payer while the payer is asked."""

    payout: answers.Payout
    payeeUrl: Annotated[
        str | None,
        Meta(description="For its payer alone: the page where to say where to.", examples=[None]),
    ]
    payeeUntil: Annotated[Moment | None, Meta(description="Until when that link is good.", examples=[None])]
    success: Done = True


async def settle(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/settlements: 201. The amount is set aside, as if the merchant had asked."""
    who, raw = await wire.person(request, May.OPERATE), await wire.body(request)
    ctx, merchant_id = wire.context(request), ids.read_merchant(request.path_params["merchant_id"])
    amount_satang = TAKEN_OUT.read(fields.json_object(raw))
    name, place = (await merchants.show(ctx, merchant_id)).name, await _place(ctx, merchant_id)

    def answer(made: core.Settlement) -> tuple[int, bytes]:
        return 201, wire.encode(answers.OnePayout(SETTLEMENT_WINDOW.shape(Detail(made, name, place))))

    claim = wire.claim_of(request, who, raw)
    return once_answer(await settlements.request(ctx, merchant_id, "live", amount_satang, claim, answer, who.actor))


async def cancel_settlement(request: Request) -> Response:
    """POST /api/admin/settlements/{id}/cancel: before somebody approved it; again changes nothing."""
    who, claim = await _asks(request)
    ctx = wire.context(request)
    found = await SETTLEMENTS.show(ctx, ids.read("stl", request.path_params["settlement_id"]))

    def answer(after: core.Settlement) -> tuple[int, bytes]:
        shown = SETTLEMENT_WINDOW.shape(Detail(after, found.merchant_name, found.place))
        return 200, wire.encode(answers.OnePayout(shown))

    one = found.payout
    return once_answer(await settlements.cancel(ctx, one.merchant_id, one.mode, one.id, claim, answer, who.actor))


async def refund(request: Request) -> Response:
    """POST /api/admin/payment/{id}/refund: 201. With `advance` you pay what the merchant has too little."""
    who, raw = await wire.person(request, May.OPERATE), await wire.body(request)
    given, ctx = fields.json_object(raw) if raw.strip() else {}, wire.context(request)
    wish = Wish(
        AMOUNT.read(given),
        REASON.read(given),
        PAYEE.read(given),
        advance=ADVANCE.read(given) is True,
        ask_payer=ASK_PAYER.read(given),
    )
    payment = await payments.public(ctx, ids.read_uuid(request.path_params["payment_id"]))
    show, claim = await _refund_answer(ctx, payment.merchant_id, 201), wire.claim_of(request, who, raw)
    key = (payment.merchant_id, payment.mode, payment.id)
    return once_answer(await refunds.request(ctx, *key, wish, claim, show, who.actor))


async def cancel_refund(request: Request) -> Response:
    """POST /api/admin/refunds/{id}/cancel: before somebody approved it; again changes nothing."""
    who, claim = await _asks(request)
    ctx, key = wire.context(request), await _key(request)
    return once_answer(await refunds.cancel(ctx, *key, claim, await _refund_answer(ctx, key[0]), who.actor))


async def say_payee(request: Request) -> Response:
    """POST /api/admin/refunds/{id}/payee: where the payer wants it, before it is approved."""
    who, raw = await wire.person(request, May.OPERATE), await wire.body(request)
    place, claim = NEEDED_PAYEE.read(fields.json_object(raw)), wire.claim_of(request, who, raw)
    ctx, key = wire.context(request), await _key(request)
    return once_answer(await refunds.say_payee(ctx, *key, place, claim, await _refund_answer(ctx, key[0]), who.actor))


async def ask_payer(request: Request) -> Response:
    """POST /api/admin/refunds/{id}/payee-link: a new link for the payer, in place of any before."""
    who, claim = await _asks(request)
    ctx, key = wire.context(request), await _key(request)
    return once_answer(await refund_links.ask(ctx, *key, claim, await _refund_answer(ctx, key[0]), who.actor))


async def _asks(request: Request) -> tuple[Person, Claim | None]:
    who = await wire.person(request, May.OPERATE)
    return who, wire.claim_of(request, who, await wire.body(request))


async def _key(request: Request) -> tuple[int, str, UUID]:
    one = (await REFUNDS.show(wire.context(request), ids.read("rfd", request.path_params["refund_id"]))).payout
    return one.merchant_id, one.mode, one.id


async def _refund_answer(ctx: Context, merchant_id: int, status: int = 200) -> RefundAnswer:
    name = (await merchants.show(ctx, merchant_id)).name

    def answer(found: core.Refund) -> tuple[int, bytes]:
        url = refund_links.link_of(ctx, found)
        shown = AskedRefund(
            payout=REFUND_WINDOW.shape(Detail(found, name, open_payee(ctx, found))),
            payeeUrl=url,
            payeeUntil=timestamp(found.link_until) if url is not None else None,
        )
        return status, wire.encode(shown)

    return answer


async def _place(ctx: Context, merchant_id: int) -> Place | None:
    found = await destinations.in_force(ctx, merchant_id)
    return None if found is None else Place(found.proxy, found.bank_code, found.number, found.name)
