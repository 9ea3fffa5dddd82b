"""Webhooks: endpoints made, changed, tested; what was sent looked up, and sent again. All in the mode of the key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput
from paygate.core.events import Announcement
from paygate.core.scopes import Scope
from paygate.faces.v1 import webhook_shapes as shapes
from paygate.faces.v1.payments import merchant, replayed
from paygate.services import endpoints, once, webhook_log
from paygate.services.endpoints import WithSecret
from paygate.services.once import Answered
from paygate.services.payments import Replayed
from paygate.services.webhook_log import Queued, QueuedSpan
from paygate.wire.access import actor


async def create(request: Request) -> Response:
    """POST /api/v1/webhooks/endpoints: 201, with the secret, this once."""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_WRITE), wire.context(request)
    raw = await wire.body(request)
    wish, claim = shapes.wish(fields.json_object(raw)), wire.claim(request, principal, raw)

    def answer(made: WithSecret) -> tuple[int, bytes]:
        return 201, shapes.with_secret(made)

    owner = (principal.merchant_id, principal.mode)
    try:
        return _said(await endpoints.create(ctx, *owner, wish, claim, answer, actor(request, principal)))
    except InvalidInput:
        known = await once.kept(ctx, claim)  # What was allowed then may not be now.
        if known is None:
            raise
        return _said(known)


async def listed(request: Request) -> Response:
    """GET /api/v1/webhooks/endpoints"""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_READ), wire.context(request)
    found = await endpoints.list_endpoints(ctx, principal.merchant_id, principal.mode)
    return wire.raw_json(shapes.endpoints(found))


async def get(request: Request) -> Response:
    """GET /api/v1/webhooks/endpoints/{id}"""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_READ), wire.context(request)
    endpoint_id = ids.read("we", request.path_params["endpoint_id"])
    return wire.raw_json(shapes.endpoint(await endpoints.get(ctx, principal.merchant_id, principal.mode, endpoint_id)))


async def update(request: Request) -> Response:
    """PATCH /api/v1/webhooks/endpoints/{id}: url, events, description, status (with disabledReason)."""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_WRITE), wire.context(request)
    endpoint_id = ids.read("we", request.path_params["endpoint_id"])
    given = fields.json_object(await wire.body(request))
    now = await endpoints.get(ctx, principal.merchant_id, principal.mode, endpoint_id)
    change = shapes.change(given, now)
    done = await endpoints.update(
        ctx, principal.merchant_id, principal.mode, endpoint_id, change, actor(request, principal)
    )
    return wire.raw_json(shapes.changed(done))


async def delete(request: Request) -> Response:
    """DELETE /api/v1/webhooks/endpoints/{id}: what it heard stays in the log."""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_WRITE), wire.context(request)
    endpoint_id = ids.read("we", request.path_params["endpoint_id"])
    await endpoints.delete(ctx, principal.merchant_id, principal.mode, endpoint_id, actor(request, principal))
    return wire.raw_json(shapes.deleted(endpoint_id))


async def rotate(request: Request) -> Response:
    """POST /api/v1/webhooks/endpoints/{id}/rotate: a new secret; for 24 hours the old one signs beside it."""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_WRITE), wire.context(request)
    endpoint_id = ids.read("we", request.path_params["endpoint_id"])
    claim = wire.claim(request, principal, await wire.body(request))

    def answer(made: WithSecret) -> tuple[int, bytes]:
        return 200, shapes.with_secret(made)

    return _said(
        await endpoints.rotate(
            ctx, principal.merchant_id, principal.mode, endpoint_id, claim, answer, actor(request, principal)
        )
    )


async def send_test(request: Request) -> Response:
    """POST /api/v1/webhooks/endpoints/{id}/test: 202, and a webhook.test to that endpoint alone."""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_WRITE), wire.context(request)
    endpoint_id = ids.read("we", request.path_params["endpoint_id"])
    claim = wire.claim(request, principal, await wire.body(request))

    def answer(event: Announcement) -> tuple[int, bytes]:
        return 202, shapes.tested(event)

    return _said(await endpoints.send_test(ctx, principal.merchant_id, principal.mode, endpoint_id, claim, answer))


async def events(request: Request) -> Response:
    """GET /api/v1/webhooks/events"""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_READ), wire.context(request)
    page = shapes.event_page(wire.query(request))
    wanted = replace(page, limit=page.limit + 1)
    found = await webhook_log.events(ctx, principal.merchant_id, principal.mode, wanted)
    return wire.raw_json(shapes.events(found, page.limit))


async def event(request: Request) -> Response:
    """GET /api/v1/webhooks/events/{id}"""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_READ), wire.context(request)
    event_id = ids.read("wh", request.path_params["event_id"])
    found = await webhook_log.event(ctx, principal.merchant_id, principal.mode, event_id)
    return wire.raw_json(shapes.event(found))


async def deliveries(request: Request) -> Response:
    """GET /api/v1/webhooks/deliveries: each with every try, as it was sent and answered."""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_READ), wire.context(request)
    page = shapes.delivery_page(wire.query(request))
    wanted = replace(page, limit=page.limit + 1)
    found = await webhook_log.deliveries(ctx, principal.merchant_id, principal.mode, wanted)
    return wire.raw_json(shapes.deliveries(found, page.limit))


async def redeliver(request: Request) -> Response:
    """POST /api/v1/webhooks/events/{id}/redeliver: 202; `endpointId` alone, or everyone that wants such events."""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_WRITE), wire.context(request)
    event_id = ids.read("wh", request.path_params["event_id"])
    raw = await wire.body(request)
    endpoint_id, claim = shapes.endpoint_of(_given(raw)), wire.claim(request, principal, raw)

    def answer(done: Queued) -> tuple[int, bytes]:
        return 202, shapes.queued(done)

    done = await webhook_log.redeliver(
        ctx, principal.merchant_id, principal.mode, event_id, endpoint_id, claim, answer, actor(request, principal)
    )
    return _said(done)


async def redeliver_span(request: Request) -> Response:
    """POST /api/v1/webhooks/events/redeliver: 202; what failed between `from` and `to`, or all of it."""
    principal, ctx = await merchant(request, Scope.WEBHOOKS_WRITE), wire.context(request)
    raw = await wire.body(request)
    (span, everything), claim = shapes.span(fields.json_object(raw)), wire.claim(request, principal, raw)

    def answer(done: QueuedSpan) -> tuple[int, bytes]:
        return 202, shapes.queued_span(done)

    done = await webhook_log.redeliver_span(
        ctx,
        principal.merchant_id,
        principal.mode,
        span,
        everything=everything,
        claim=claim,
        answer=answer,
        actor=actor(request, principal),
    )
    return _said(done)


def _given(raw: bytes) -> dict[str, JsonValue]:
    return fields.json_object(raw) if raw.strip() else {}


def _said(done: Answered[Any] | Replayed) -> Response:
    return wire.raw_json(done.body, done.status, replayed(done))
