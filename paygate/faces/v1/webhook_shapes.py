"""The JSON of webhooks: endpoints, events, deliveries; their requests read, their answers printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from paygate.core import fields, ids
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import EVENT_TYPES, PAYMENT_EVENTS, Announcement, timestamp
from paygate.db.endpoints import Endpoint
from paygate.db.redeliveries import Span
from paygate.db.webhook_log import Delivery, DeliveryPage, Event, EventPage, Tried
from paygate.faces.v1 import paging
from paygate.services.endpoints import MAX_DESCRIPTION, Change, Wish, WithSecret
from paygate.services.webhook_log import Queued, QueuedSpan
from paygate.wire import encode

MAX_URL = 2_048
MAX_REASON = 200
STATES = {"PENDING": "DUE", "DELIVERED": "DELIVERED", "FAILED": "DEAD"}
_WIRE_STATES = {inside: outside for outside, inside in STATES.items()}
_STATUSES = {"enabled": True, "disabled": False}


# --- in ------------------------------------------------------------------------------------------------------------


def wish(given: Mapping[str, JsonValue]) -> Wish:
    """The body of POST `webhooks/endpoints`. Raises InvalidInput, naming the field."""
    url = fields.text(given, "url", MAX_URL)
    if url is None:
        raise InvalidInput("url is required.", field="url")
    events = _events(given)
    return Wish(
        url=url,
        events=("*",) if events is None else events,
        body_format=fields.text(given, "format", 20) or "paygate",
        description=fields.text(given, "description", MAX_DESCRIPTION, shortest=0),
    )


def change(given: Mapping[str, JsonValue], now: Endpoint) -> Change:
    """The body of PATCH `webhooks/endpoints/{id}`: the members of an endpoint's answer. Raises InvalidInput."""
    named = fields.text(given, "format", 20)
    if named is not None and named != now.format:
        raise InvalidInput("format cannot be changed: deliveries keep the words they began in.", field="format")
    status = fields.text(given, "status", 20)
    if status is not None and status not in _STATUSES:
        raise InvalidInput(f"status must be one of {', '.join(_STATUSES)}.", field="status")
    return Change(
        url=fields.text(given, "url", MAX_URL),
        events=_events(given),
        description=fields.text(given, "description", MAX_DESCRIPTION, shortest=0),
        enabled=None if status is None else _STATUSES[status],
        reason=fields.text(given, "disabledReason", MAX_REASON, one_line=True),
    )


def _events(given: Mapping[str, JsonValue]) -> list[str] | None:
    named = given.get("events")
    if named is None:
        return None
    if not isinstance(named, list) or len(named) > 2 * len(EVENT_TYPES):
        raise InvalidInput('events must be an array of event types, or ["*"] for all.', field="events")
    texts = [name for name in named if isinstance(name, str)]
    if len(texts) < len(named):
        raise InvalidInput("events must be an array of strings.", field="events")
    return texts


def event_page(query: Mapping[str, str]) -> EventPage:
    """The query of GET `webhooks/events`. Raises InvalidInput, naming the field."""
    event_type = query.get("type")
    if event_type is not None and event_type not in EVENT_TYPES:
        raise InvalidInput(f"type must be one of {', '.join(EVENT_TYPES)}.", field="type")
    before = paging.read_cursor(query.get("cursor"), 1)
    return EventPage(
        limit=paging.limit(query),
        type=event_type,
        subject_id=_id(query, "transactionId", ""),
        from_at=paging.begin(query),
        to_at=paging.end(query),
        before=(before[0], before[1][0]) if before else None,
    )


def delivery_page(query: Mapping[str, str]) -> DeliveryPage:
    """The query of GET `webhooks/deliveries`. Raises InvalidInput, naming the field."""
    state = query.get("state", "").upper()
    if state and state not in STATES:
        raise InvalidInput(f"state must be one of {', '.join(STATES)}.", field="state")
    before = paging.read_cursor(query.get("cursor"), 2)
    return DeliveryPage(
        limit=paging.limit(query),
        endpoint_id=_id(query, "endpointId", "we"),
        event_id=_id(query, "eventId", "wh"),
        state=STATES[state] if state else None,
        from_at=paging.begin(query),
        to_at=paging.end(query),
        before=(before[0], before[1][0], before[1][1]) if before else None,
    )


def endpoint_of(given: Mapping[str, JsonValue]) -> UUID | None:
    """`endpointId` of a body. Raises InvalidInput."""
    named = fields.text(given, "endpointId", 64)
    return _id({"endpointId": named} if named else {}, "endpointId", "we")


def span(given: Mapping[str, JsonValue]) -> tuple[Span, bool]:
    """The body of POST `webhooks/events/redeliver`: which time, and whether everything. Raises InvalidInput."""
    states = fields.text(given, "states", 20) or "failed"
    if states not in ("failed", "all"):
        raise InvalidInput("states must be failed or all.", field="states")
    from_at = paging.bound(fields.text(given, "from", 40), "from", timedelta(0))
    to_at = paging.bound(fields.text(given, "to", 40), "to", timedelta(days=1))
    for name, at in (("from", from_at), ("to", to_at)):
        if at is None:
            raise InvalidInput(f"{name} is required: a day in Bangkok, or a time with its offset.", field=name)
    if from_at is None or to_at is None or from_at >= to_at:
        raise InvalidInput("to must be later than from.", field="to")
    after = paging.read_cursor(fields.text(given, "cursor", 200), 1)
    where = (after[0], after[1][0]) if after else None
    return Span(from_at, to_at, endpoint_of(given), where), states == "all"


def _id(given: Mapping[str, str], name: str, prefix: str) -> UUID | None:
    if name not in given:
        return None
    try:
        return ids.read(prefix, given[name])
    except NotFound:
        form = f"{prefix}_..." if prefix else "a UUID"
        raise InvalidInput(f"{name} must be an id of the form {form}.", field=name) from None


# --- out -----------------------------------------------------------------------------------------------------------


def with_secret(made: WithSecret) -> bytes:
    """The answer of `endpoints` (POST) and `rotate`: the only ones that show a secret."""
    return encode({"success": True, "endpoint": {**_endpoint(made.endpoint), "secret": made.secret}})


def endpoint(found: Endpoint) -> bytes:
    """The answer of a read."""
    return encode({"endpoint": _endpoint(found)})


def changed(found: Endpoint) -> bytes:
    """The answer of PATCH."""
    return encode({"success": True, "endpoint": _endpoint(found)})


def deleted(endpoint_id: UUID) -> bytes:
    """The answer of DELETE."""
    return encode({"success": True, "id": ids.show("we", endpoint_id), "deleted": True})


def endpoints(found: Sequence[Endpoint]) -> bytes:
    """All endpoints: they are few, so there is one page."""
    return encode({"endpoints": [_endpoint(one) for one in found], "hasMore": False, "nextCursor": None})


def tested(event: Announcement) -> bytes:
    """The answer of `test`."""
    about = {"id": ids.show("wh", event.id), "type": event.type, "createdAt": timestamp(event.at)}
    return encode({"success": True, "event": about})


def event(found: Event) -> bytes:
    """The answer of a read of one event."""
    return encode({"event": _event(found)})


def events(found: Sequence[Event], limit: int) -> bytes:
    """A page of at most *limit* events, of which one more was read to know whether there are more."""
    shown, more = found[:limit], len(found) > limit
    cursor = paging.cursor(shown[-1].created_at, shown[-1].id) if more else None
    return encode({"events": [_event(one) for one in shown], "hasMore": more, "nextCursor": cursor})


def deliveries(found: Sequence[Delivery], limit: int) -> bytes:
    """A page of deliveries, likewise."""
    shown, more = found[:limit], len(found) > limit
    last = shown[-1] if shown else None
    cursor = paging.cursor(last.created_at, last.event_id, last.endpoint_id) if last and more else None
    return encode({"deliveries": [_delivery(one) for one in shown], "hasMore": more, "nextCursor": cursor})


def queued(done: Queued) -> bytes:
    """The answer of `events/{id}/redeliver`."""
    told = [ids.show("we", one) for one in done.endpoint_ids]
    return encode({"success": True, "eventId": ids.show("wh", done.event_id), "queued": len(told), "endpointIds": told})


def queued_span(done: QueuedSpan) -> bytes:
    """The answer of `events/redeliver`."""
    cursor = paging.cursor(*done.after) if done.after else None
    return encode({"success": True, "queued": done.deliveries, "hasMore": done.more, "nextCursor": cursor})


def _endpoint(one: Endpoint) -> dict[str, object]:
    return {
        "id": ids.show("we", one.id),
        "url": one.url,
        "events": list(one.events),
        "format": one.format,
        "description": one.description,
        "mode": one.mode,
        "status": "enabled" if one.disabled_at is None else "disabled",
        "disabledAt": timestamp(one.disabled_at),
        "disabledReason": one.disabled_reason,
        "failingSince": timestamp(one.failing_since),
        "oldSecretUntil": timestamp(one.old_until),
        "createdAt": timestamp(one.created_at),
    }


def _event(one: Event) -> dict[str, object]:
    return {
        "id": ids.show("wh", one.id),
        "type": one.type,
        "transactionId": str(one.subject_id) if one.type in PAYMENT_EVENTS else None,
        "sequence": one.sequence,
        "createdAt": timestamp(one.created_at),
        "payload": msgspec.Raw(one.body.encode()),
    }


def _delivery(one: Delivery) -> dict[str, object]:
    return {
        "eventId": ids.show("wh", one.event_id),
        "eventType": one.type,
        "transactionId": str(one.subject_id) if one.type in PAYMENT_EVENTS else None,
        "endpointId": ids.show("we", one.endpoint_id),
        "url": one.url,
        "format": one.format,
        "state": _WIRE_STATES[one.state],
        "attemptCount": one.attempts,
        "nextAttemptAt": timestamp(one.run_at) if one.state == "DUE" and not one.under_way else None,
        "createdAt": timestamp(one.created_at),
        "finishedAt": timestamp(one.finished_at),
        "requestBody": one.body,
        "attempts": [_try(tried) for tried in one.tries],
    }


def _try(tried: Tried) -> dict[str, object]:
    return {
        "attempt": tried.attempt,
        "at": timestamp(tried.at),
        "status": tried.status,
        "latencyMs": tried.latency_ms,
        "error": tried.error,
        "requestHeaders": _headers(tried.request_headers),
        "responseHeaders": _headers(tried.response_headers),
        "responseBody": tried.response_head,
    }


def _headers(lines: str) -> dict[str, str]:
    pairs = (line.partition(": ") for line in lines.split("\n") if line)
    return {name: text for name, _, text in pairs}
