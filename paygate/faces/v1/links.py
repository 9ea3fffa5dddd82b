"""Payment links: prices with an address, made and switched off by their merchant."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.scopes import Scope
from paygate.db.payment_links import PaymentLink
from paygate.faces.v1 import link_shapes as shapes
from paygate.faces.v1.payments import merchant, replayed
from paygate.services import payment_links
from paygate.services.payment_links import PREFIX
from paygate.wire.access import actor


async def create(request: Request) -> Response:
    """POST /api/v1/payment-links: 201."""
    principal, ctx = await merchant(request, Scope.PAYMENTS_WRITE), wire.context(request)
    raw = await wire.body(request)
    claim = wire.claim(request, principal, raw)
    new = shapes.new_link(ctx, fields.json_object(raw), principal.callback_domains)

    def answer(made: PaymentLink) -> tuple[int, bytes]:
        return 201, shapes.changed(ctx, made)

    owner = (principal.merchant_id, principal.mode)
    done = await payment_links.create(ctx, owner, new, claim, answer, actor(request, principal))
    return wire.raw_json(done.body, done.status, replayed(done))


async def listed(request: Request) -> Response:
    """GET /api/v1/payment-links"""
    principal, ctx = await merchant(request, Scope.PAYMENTS_READ), wire.context(request)
    page = shapes.page(wire.query(request))
    owner = (principal.merchant_id, principal.mode)
    found = await payment_links.listed(ctx, owner, replace(page, limit=page.limit + 1))
    return wire.raw_json(shapes.links(ctx, found, page.limit))


async def get(request: Request) -> Response:
    """GET /api/v1/payment-links/{id}"""
    principal, ctx = await merchant(request, Scope.PAYMENTS_READ), wire.context(request)
    link_id = ids.read(PREFIX, request.path_params["link_id"])
    found = await payment_links.get(ctx, (principal.merchant_id, principal.mode), link_id)
    return wire.raw_json(shapes.link(ctx, found))


async def update(request: Request) -> Response:
    """PATCH /api/v1/payment-links/{id}: whether it is active."""
    principal, ctx = await merchant(request, Scope.PAYMENTS_WRITE), wire.context(request)
    link_id = ids.read(PREFIX, request.path_params["link_id"])
    active = shapes.ACTIVE.read(fields.json_object(await wire.body(request)))
    owner = (principal.merchant_id, principal.mode)
    done = await payment_links.switch(ctx, owner, link_id, active=active, by=actor(request, principal))
    return wire.raw_json(shapes.changed(ctx, done))
