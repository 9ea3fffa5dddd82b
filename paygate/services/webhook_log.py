"""What became of webhooks, and sending them again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import Conflict, NotFound
from paygate.core.events import ENDPOINT_EVENTS, EVENT_TYPES
from paygate.core.formats import spoken_in
from paygate.core.keys import Mode
from paygate.db import endpoints, redeliveries
from paygate.db import webhook_log as rows
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.redeliveries import Span
from paygate.db.webhook_log import Delivery, DeliveryPage, Event, EventPage
from paygate.services import audit
from paygate.services.context import Context
from paygate.services.once import Answered, once, unanswered
from paygate.services.payments import Replayed

AT_ONCE = 1_000
"""Events or failed deliveries that one call sends again: what is more is asked for by another call."""

_SPOKEN = [(event_type, form) for event_type in EVENT_TYPES for form in spoken_in(event_type)]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Queued:
    """One event is sent again, to these endpoints."""

    event_id: UUID
    endpoint_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class QueuedSpan:
    """So many deliveries are due again; `more`: there was more than AT_ONCE. `after`: where to go on (of all events;
    failed ones are simply asked for again)."""

    deliveries: int
    more: bool
    after: tuple[datetime, UUID] | None


async def events(ctx: Context, merchant_id: int, mode: Mode, page: EventPage) -> list[Event]:
    """A page of what happened, newest first."""
    async with ctx.db.connection() as conn:
        return await rows.events(conn, merchant_id, mode, page)


async def event(ctx: Context, merchant_id: int, mode: Mode, event_id: UUID) -> Event:
    """One event. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return _event(await rows.event(conn, merchant_id, mode, event_id), event_id)


async def deliveries(ctx: Context, merchant_id: int, mode: Mode, page: DeliveryPage) -> list[Delivery]:
    """A page of deliveries with the log of their tries, newest first."""
    async with ctx.db.connection() as conn:
        return await rows.deliveries(conn, merchant_id, mode, page)


async def redeliver(
    ctx: Context,
    merchant_id: int,
    mode: Mode,
    event_id: UUID,
    endpoint_id: UUID | None = None,
    claim: Claim | None = None,
    answer: Callable[[Queued], tuple[int, bytes]] = unanswered,
    actor: audit.By = audit.CLI,
) -> Answered[Queued] | Replayed:
    """Send one event again: to one endpoint, or to all that want it. The same bytes, a schedule of its own.

    Raises NotFound (event, endpoint), Conflict (the endpoint is disabled, or does not speak of such events).
    """

    async def work(conn: Conn) -> Queued:
        found = _event(await rows.event(conn, merchant_id, mode, event_id), event_id)
        if endpoint_id is not None:
            await _require_enabled(conn, merchant_id, mode, endpoint_id)
        formats = spoken_in(found.type)
        spread = found.type not in ENDPOINT_EVENTS  # Those are about one endpoint: whoever heard of it, may again.
        told = await redeliveries.one(conn, merchant_id, mode, event_id, endpoint_id, formats=formats, spread=spread)
        after = {"mode": mode, "endpoints": [ids.show("we", one) for one in told]}
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=actor,
            action="webhook.redeliver",
            subject=f"event:{ids.show('wh', event_id)}",
            after=after,
        )
        return Queued(event_id, tuple(told))

    return await _queued(ctx, claim, answer, work)


async def redeliver_span(
    ctx: Context,
    merchant_id: int,
    mode: Mode,
    span: Span,
    *,
    everything: bool,
    claim: Claim | None = None,
    answer: Callable[[QueuedSpan], tuple[int, bytes]] = unanswered,
    actor: audit.By = audit.CLI,
) -> Answered[QueuedSpan] | Replayed:
    """Send what happened in a span of time again, AT_ONCE at most.

    What was given up; or *everything*: delivered, given up, or never queued because the endpoint was disabled or not
    there yet. Raises NotFound, Conflict (the endpoint is disabled).
    """

    async def work(conn: Conn) -> QueuedSpan:
        if span.endpoint_id is not None:
            await _require_enabled(conn, merchant_id, mode, span.endpoint_id)
        if everything:
            count, after = await redeliveries.whole(conn, merchant_id, mode, span, AT_ONCE, _SPOKEN)
            done = QueuedSpan(count, after is not None, after)
        else:
            count = await redeliveries.failed(conn, merchant_id, mode, span, AT_ONCE)
            done = QueuedSpan(count, count == AT_ONCE, None)
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=actor,
            action="webhook.redeliver",
            subject="events" if span.endpoint_id is None else f"endpoint:{ids.show('we', span.endpoint_id)}",
            after={
                "mode": mode,
                "from": span.from_at,
                "to": span.to_at,
                "everything": everything,
                "deliveries": done.deliveries,
            },
        )
        return done

    return await _queued(ctx, claim, answer, work)


async def _queued(
    ctx: Context,
    claim: Claim | None,
    answer: Callable[[Value], tuple[int, bytes]],
    work: Callable[[Conn], Awaitable[Value]],
) -> Answered[Value] | Replayed:
    done = await once(ctx, claim, answer, work)
    ctx.wake()
    return done


async def _require_enabled(conn: Conn, merchant_id: int, mode: Mode, endpoint_id: UUID) -> None:
    endpoint = await endpoints.get(conn, merchant_id, mode, endpoint_id)
    if endpoint is None:
        raise NotFound(f"There is no endpoint {ids.show('we', endpoint_id)}.")
    if endpoint.disabled_at is not None:
        raise Conflict("The endpoint is disabled; enable it first.")


def _event(found: Event | None, event_id: UUID) -> Event:
    if found is None:
        raise NotFound(f"There is no event {ids.show('wh', event_id)}.")
    return found
