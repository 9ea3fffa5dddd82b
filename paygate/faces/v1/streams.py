"""A payment's status as server-sent events, for the payer's page and for merchants that like to wait."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import ids
from paygate.core.errors import Unavailable
from paygate.core.scopes import Scope
from paygate.db.watched import Seen, key_of
from paygate.faces.v1 import shapes
from paygate.services import payments, slip_outcomes
from paygate.services.context import Context
from paygate.wire import Access

HEARTBEAT_S = 15  # Proxies cut what is silent for longer than 30 or 60 s.
RETRY_MS = 1_000  # How soon a browser comes back.
LONGEST_S = 600.0  # Then the stream ends, and the browser opens another one: credentials are looked at again.
MOST_STREAMS = 2_000  # A process's open files are not without end.


async def events(request: Request) -> Response:
    """GET /api/v1/payment/{id}/events: `status` at once and at each change, each with what a read would answer.

    A browser's EventSource sends no headers, so the client secret may be in the query as `clientSecret`.
    """
    ctx = wire.context(request)
    payment_id = ids.read_uuid(request.path_params["payment_id"])
    access = await wire.merchant_or_payer(request, payment_id, Scope.PAYMENTS_READ, in_query=True)
    if ctx.watch.waiting >= MOST_STREAMS:
        raise Unavailable()
    return EventSourceResponse(_told(ctx, access), ping=HEARTBEAT_S, headers={"X-Accel-Buffering": "no"})


async def _told(ctx: Context, access: Access) -> AsyncIterator[ServerSentEvent]:
    key = key_of(access.payment)
    seen = await ctx.watch.look(key)
    while seen is not None:
        yield await _event(ctx, access, seen)
        if not await ctx.watch.changed(key, seen, LONGEST_S):
            return
        seen = await ctx.watch.look(key)


async def _event(ctx: Context, access: Access, seen: Seen) -> ServerSentEvent:
    payment = await payments.public(ctx, access.payment.id)
    verification = await slip_outcomes.verification(ctx, payment)
    body = shapes.found(ctx, payment, verification, public=access.is_payer)
    return ServerSentEvent(body.decode(), event="status", id=f"{seen.sequence}-{seen.status}", retry=RETRY_MS)
