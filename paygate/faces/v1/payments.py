"""Payments: made, read, cancelled."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.errors import Forbidden, InvalidInput, NotFound
from paygate.core.payments import Payment
from paygate.core.principals import Principal
from paygate.core.scopes import Scope
from paygate.faces.v1 import shapes
from paygate.services import amount_tokens, once, payment_links, payments, slip_outcomes, specimens
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from paygate.services.payments import Done, Replayed
from paygate.wire.access import actor


async def create(request: Request) -> Response:
    """POST /api/v1/payment/create: 201. The picture is drawn after the transaction, for a kept answer as well.

    A pk_ key may, from a page of an allowed origin; with an amountToken or a paymentLink its amount is the
    merchant's word.
    """
    principal, ctx = await wire.authenticate_page(request, Scope.PAYMENTS_WRITE), wire.context(request)
    raw = await wire.body(request)
    public = principal.kind == "public"
    claim = wire.claim(request, principal, raw)
    try:
        new = await _wish(ctx, principal, raw)
    except InvalidInput:
        known = await once.kept(ctx, claim)  # What was allowed then may not be now.
        if known is None:
            raise
        return await _answered(known)

    def answer(payment: Payment) -> tuple[int, bytes]:
        return 201, shapes.created(ctx, payment, public=public)

    return await _answered(
        await payments.create(ctx, principal, new, claim, answer, client=wire.client_address(request))
    )


async def _wish(ctx: Context, principal: Principal, raw: bytes) -> NewPayment:
    public, given = principal.kind == "public", fields.json_object(raw)
    token = shapes.AMOUNT_TOKEN.read(given) if public else None
    terms = None if token is None else await amount_tokens.redeem(ctx, principal, token)
    named = shapes.PAYMENT_LINK.read(given) if public and token is None else None
    link = None if named is None else await payment_links.redeem(ctx, principal, named)
    pages = principal.page_domains if public else None
    return shapes.new_payment(ctx, given, principal.callback_domains, pages=pages, terms=terms, link=link)


async def _answered(done: Done | Replayed) -> Response:
    body = await asyncio.to_thread(_with_picture, done.body)
    return wire.raw_json(body, done.status, replayed(done))


async def get(request: Request) -> Response:
    """GET /api/v1/payment/{id}: for the merchant all of it, for the payer with the client secret what is theirs."""
    ctx = wire.context(request)
    payment_id = ids.read_uuid(request.path_params["payment_id"])
    access = await wire.merchant_or_payer(request, payment_id, Scope.PAYMENTS_READ)
    verification = await slip_outcomes.verification(ctx, access.payment)
    return wire.raw_json(shapes.found(ctx, access.payment, verification, public=access.is_payer))


async def get_by_order(request: Request) -> Response:
    """GET /api/v1/payment/order/{orderId}: of several payments the one that stands for the order."""
    principal, ctx = await merchant(request, Scope.PAYMENTS_READ), wire.context(request)
    order_id: str = request.path_params["order_id"]
    if not 1 <= len(order_id) <= shapes.MAX_ORDER_ID or "\x00" in order_id:
        raise NotFound("No such payment.")
    payment = await payments.get_by_order(ctx, principal, order_id)
    return wire.raw_json(shapes.found(ctx, payment, await slip_outcomes.verification(ctx, payment)))


async def cancel(request: Request) -> Response:
    """POST /api/v1/payment/{id}/cancel: 200, also when it was cancelled before; 409 with the status it is in."""
    principal, ctx = await merchant(request, Scope.PAYMENTS_WRITE), wire.context(request)
    payment_id = ids.read_uuid(request.path_params["payment_id"])
    claim = wire.claim(request, principal, await wire.body(request))

    def answer(payment: Payment) -> tuple[int, bytes]:
        return 200, shapes.cancelled(ctx, payment)

    done = await payments.cancel(ctx, principal, payment_id, claim, answer, actor(request, principal))
    return wire.raw_json(done.body, done.status, replayed(done))


async def merchant(request: Request, scope: Scope) -> Principal:
    """Who asks, with a secret key that has *scope*. Raises Forbidden for another, and for a public one."""
    principal = await wire.authenticate(request, scope)
    if principal.kind != "secret":
        raise Forbidden("This needs a secret key (sk_...); public keys (pk_...) may not do it.")
    return principal


def replayed(done: object) -> dict[str, str]:
    """The headers of an answer: whether it is one that was kept."""
    return {"Idempotent-Replayed": "true"} if isinstance(done, Replayed) else {}


class _Paid(msgspec.Struct):
    qrPayload: str
    mode: str


class _Made(msgspec.Struct):
    transaction: _Paid


def _with_picture(body: bytes) -> bytes:
    made = msgspec.json.decode(body, type=_Made).transaction
    picture = specimens.picture(made.qrPayload, test=made.mode == "test").data_url()
    return body.replace(shapes.NO_PICTURE_YET, b'"qrCode":"' + picture.encode("ascii") + b'"', 1)
