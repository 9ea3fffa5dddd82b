"""The JSON of webhooks: endpoints, events, deliveries; their requests read, their answers printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import EVENT_TYPES, PAYMENT_EVENTS, Announcement, timestamp
from paygate.core.fields import Fields
from paygate.core.formats import FORMATS
from paygate.core.shapes import Field, Shape
from paygate.db.endpoints import Endpoint
from paygate.db.redeliveries import Span
from paygate.db.webhook_log import Delivery, DeliveryPage, Event, EventPage, Tried
from paygate.faces.v1 import webhook_answers as answers
from paygate.services.endpoints import MAX_DESCRIPTION, Change, Wish, WithSecret
from paygate.services.webhook_log import Queued, QueuedSpan
from paygate.wire import encode, paging

MAX_URL = 2_048
MAX_REASON = 200
STATES = {"PENDING": "DUE", "DELIVERED": "DELIVERED", "FAILED": "DEAD"}
_WIRE_STATES = {inside: outside for outside, inside in STATES.items()}
_STATUSES = {"enabled": True, "disabled": False}


# --- in ------------------------------------------------------------------------------------------------------------


def _read_events(given: Fields) -> list[str] | None:
    named = given.get("events")
    if named is None:
        return None
    if not isinstance(named, list) or len(named) > 2 * len(EVENT_TYPES):
        raise InvalidInput('events must be an array of event types, or ["*"] for all.', field="events")
    texts = [name for name in named if isinstance(name, str)]
    if len(texts) < len(named):
        raise InvalidInput("events must be an array of strings.", field="events")
    return texts


def _event_type(given: Fields) -> str | None:
    named = given.get("type")
    if named is not None and named not in EVENT_TYPES:
        raise InvalidInput(f"type must be one of {', '.join(EVENT_TYPES)}.", field="type")
    return None if named is None else str(named)


def _id_field(name: str, prefix: str, about: str) -> Field[UUID | None]:
    def read(given: Fields) -> UUID | None:
        named = given.get(name)
        if named is None:
            return None
        try:
            return ids.read(prefix, str(named))
        except NotFound:
            form = f"{prefix}_..." if prefix else "a UUID"
            raise InvalidInput(f"{name} must be an id of the form {form}.", field=name) from None

    form = {"pattern": f"^{prefix}_"} if prefix else {"format": "uuid"}
    return declare.custom(name, read, {"type": "string", **form}, about)


URL = declare.needed(
    declare.text("url", MAX_URL, "Where: https, not a private address.", example="https://shop.example/hooks/paygate"),
    "url is required.",
)
NEW_URL = declare.text("url", MAX_URL, "Another address.", example="https://shop.example/hooks/new")
EVENTS = declare.custom(
    "events",
    _read_events,
    {
        "type": "array",
        "items": {"type": "string", "enum": ["*", *EVENT_TYPES]},
        "minItems": 1,
        "maxItems": 2 * len(EVENT_TYPES),
    },
    'Event types, or `["*"]` for all.',
    example=["payment.success", "payment.expired"],
)
FORMAT = replace(
    declare.text("format", 20, "In whose words: `paygate` unless you say otherwise.", example="paygate"),
    values={"type": "string", "enum": list(FORMATS)},
)
KEPT_FORMAT = replace(FORMAT, about="Cannot be changed; may be repeated.", example=None)
DESCRIPTION = declare.text("description", MAX_DESCRIPTION, "Your words.", shortest=0, example="The back office")
STATUS = replace(
    declare.text("status", 20, "Disabled ones hear nothing.", example="disabled"),
    values={"type": "string", "enum": list(_STATUSES)},
)
REASON = declare.text("disabledReason", MAX_REASON, "Why it is disabled.", one_line=True, example="moving house")
NEW_ENDPOINT = Shape("NewEndpoint", "An endpoint to make.", (URL, EVENTS, FORMAT, DESCRIPTION))
ENDPOINT_CHANGE = Shape(
    "EndpointChange",
    "What shall be different; what is absent stays.",
    (NEW_URL, EVENTS, KEPT_FORMAT, DESCRIPTION, STATUS, REASON),
)

EVENT_TYPE = declare.custom("type", _event_type, {"type": "string", "enum": list(EVENT_TYPES)}, "Of this type.")
TRANSACTION_ID = _id_field("transactionId", "", "About this payment.")
ENDPOINT_ID = _id_field("endpointId", "we", "For this endpoint.")
EVENT_ID = _id_field("eventId", "wh", "Of this event.")
STATE = declare.word("state", tuple(STATES), "How they stand.")
EVENT_CURSOR, DELIVERY_CURSOR = paging.cursor_field(1), paging.cursor_field(2)
LISTED_EVENTS = Shape(
    "events",
    "Which events.",
    (EVENT_TYPE, TRANSACTION_ID, paging.FROM, paging.TO, paging.LIMIT, EVENT_CURSOR),
)
LISTED_DELIVERIES = Shape(
    "deliveries",
    "Which deliveries.",
    (ENDPOINT_ID, EVENT_ID, STATE, paging.FROM, paging.TO, paging.LIMIT, DELIVERY_CURSOR),
)

TO_ENDPOINT = replace(
    declare.text("endpointId", 64, "To this endpoint alone."), values={"type": "string", "pattern": "^we_"}
)
STATES_WANTED = replace(
    declare.text("states", 20, "failed (unless you say otherwise), or all.", example="failed"),
    values={"type": "string", "enum": ["failed", "all"]},
)
BEGIN = replace(
    declare.text("from", 40, "From then on: a day in Bangkok, or a time.", example="2026-11-20"), required=True
)
END = replace(declare.text("to", 40, "Until then; later than `from`.", example="2026-11-21"), required=True)
SPAN_CURSOR = declare.text("cursor", 200, "The `nextCursor` of the answer before.")
REDELIVERY = Shape("Redelivery", "To whom an event is sent again.", (TO_ENDPOINT,))
REDELIVERY_SPAN = Shape("RedeliverySpan", "What is sent again.", (BEGIN, END, STATES_WANTED, TO_ENDPOINT, SPAN_CURSOR))


def wish(given: Fields) -> Wish:
    """The body of POST `webhooks/endpoints`. Raises InvalidInput, naming the field."""
    url = URL.read(given)
    events = EVENTS.read(given)
    return Wish(
        url=url,
        events=("*",) if events is None else events,
        body_format=FORMAT.read(given) or "paygate",
        description=DESCRIPTION.read(given),
    )


def change(given: Fields, now: Endpoint) -> Change:
    """The body of PATCH `webhooks/endpoints/{id}`: the members of an endpoint's answer. Raises InvalidInput."""
    named = KEPT_FORMAT.read(given)
    if named is not None and named != now.format:
        raise InvalidInput("format cannot be changed: deliveries keep the words they began in.", field="format")
    status = STATUS.read(given)
    if status is not None and status not in _STATUSES:
        raise InvalidInput(f"status must be one of {', '.join(_STATUSES)}.", field="status")
    return Change(
        url=NEW_URL.read(given),
        events=EVENTS.read(given),
        description=DESCRIPTION.read(given),
        enabled=None if status is None else _STATUSES[status],
        reason=REASON.read(given),
    )


def event_page(query: Mapping[str, str]) -> EventPage:
    """The query of GET `webhooks/events`. Raises InvalidInput, naming the field."""
    event_type, before = EVENT_TYPE.read(query), EVENT_CURSOR.read(query)
    return EventPage(
        limit=paging.LIMIT.read(query),
        type=event_type,
        subject_id=TRANSACTION_ID.read(query),
        from_at=paging.FROM.read(query),
        to_at=paging.TO.read(query),
        before=(before[0], before[1][0]) if before else None,
    )


def delivery_page(query: Mapping[str, str]) -> DeliveryPage:
    """The query of GET `webhooks/deliveries`. Raises InvalidInput, naming the field."""
    state, before = STATE.read(query), DELIVERY_CURSOR.read(query)
    return DeliveryPage(
        limit=paging.LIMIT.read(query),
        endpoint_id=ENDPOINT_ID.read(query),
        event_id=EVENT_ID.read(query),
        state=STATES[state] if state else None,
        from_at=paging.FROM.read(query),
        to_at=paging.TO.read(query),
        before=(before[0], before[1][0], before[1][1]) if before else None,
    )


def endpoint_of(given: Fields) -> UUID | None:
    """`endpointId` of a body. Raises InvalidInput."""
    named = TO_ENDPOINT.read(given)
    return ENDPOINT_ID.read({"endpointId": named})


def span(given: Fields) -> tuple[Span, bool]:
    """The body of POST `webhooks/events/redeliver`: which time, and whether everything. Raises InvalidInput."""
    states = STATES_WANTED.read(given) or "failed"
    if states not in ("failed", "all"):
        raise InvalidInput("states must be failed or all.", field="states")
    from_at = paging.bound(BEGIN.read(given), "from", timedelta(0))
    to_at = paging.bound(END.read(given), "to", timedelta(days=1))
    for name, at in (("from", from_at), ("to", to_at)):
        if at is None:
            raise InvalidInput(f"{name} is required: a day in Bangkok, or a time with its offset.", field=name)
    if from_at is None or to_at is None or from_at >= to_at:
        raise InvalidInput("to must be later than from.", field="to")
    after = paging.read_cursor(SPAN_CURSOR.read(given), 1)
    where = (after[0], after[1][0]) if after else None
    return Span(from_at, to_at, endpoint_of(given), where), states == "all"


# --- out -----------------------------------------------------------------------------------------------------------


def with_secret(made: WithSecret) -> bytes:
    """The answer of `endpoints` (POST) and `rotate`: the only ones that show a secret."""
    return encode(answers.EndpointChanged(True, _endpoint(made.endpoint, made.secret)))


def endpoint(found: Endpoint) -> bytes:
    """The answer of a read."""
    return encode(answers.Endpoint(_endpoint(found)))


def changed(found: Endpoint) -> bytes:
    """The answer of PATCH."""
    return encode(answers.EndpointChanged(True, _endpoint(found)))


def deleted(endpoint_id: UUID) -> bytes:
    """The answer of DELETE."""
    return encode(answers.EndpointDeleted(True, ids.show("we", endpoint_id), True))


def endpoints(found: Sequence[Endpoint]) -> bytes:
    """All endpoints: they are few, so there is one page."""
    return encode(answers.Endpoints([_endpoint(one) for one in found], False, None))


def tested(event: Announcement) -> bytes:
    """The answer of `test`."""
    about = answers.TestEvent(ids.show("wh", event.id), event.type, timestamp(event.at))
    return encode(answers.TestSent(True, about))


def event(found: Event) -> bytes:
    """The answer of a read of one event."""
    return encode(answers.Event(_event(found)))


def events(found: Sequence[Event], limit: int) -> bytes:
    """A page of at most *limit* events, of which one more was read to know whether there are more."""
    shown, more = found[:limit], len(found) > limit
    cursor = paging.cursor(shown[-1].created_at, shown[-1].id) if more else None
    return encode(answers.Events([_event(one) for one in shown], more, cursor))


def deliveries(found: Sequence[Delivery], limit: int) -> bytes:
    """A page of deliveries, likewise."""
    shown, more = found[:limit], len(found) > limit
    last = shown[-1] if shown else None
    cursor = paging.cursor(last.created_at, last.event_id, last.endpoint_id) if last and more else None
    return encode(answers.Deliveries([_delivery(one) for one in shown], more, cursor))


def queued(done: Queued) -> bytes:
    """The answer of `events/{id}/redeliver`."""
    told = [ids.show("we", one) for one in done.endpoint_ids]
    return encode(answers.EventQueued(True, ids.show("wh", done.event_id), len(told), told))


def queued_span(done: QueuedSpan) -> bytes:
    """The answer of `events/redeliver`."""
    cursor = paging.cursor(*done.after) if done.after else None
    return encode(answers.SpanQueued(True, done.deliveries, done.more, cursor))


def _endpoint(one: Endpoint, secret: str | UnsetType = UNSET) -> answers.WebhookEndpoint:
    return answers.WebhookEndpoint(
        id=ids.show("we", one.id),
        url=one.url,
        events=list(one.events),
        format=one.format,
        description=one.description,
        mode=one.mode,
        status="enabled" if one.disabled_at is None else "disabled",
        disabledAt=timestamp(one.disabled_at),
        disabledReason=one.disabled_reason,
        failingSince=timestamp(one.failing_since),
        oldSecretUntil=timestamp(one.old_until),
        createdAt=timestamp(one.created_at),
        secret=secret,
    )


def _event(one: Event) -> answers.WebhookEvent:
    return answers.WebhookEvent(
        id=ids.show("wh", one.id),
        type=one.type,
        transactionId=str(one.subject_id) if one.type in PAYMENT_EVENTS else None,
        sequence=one.sequence,
        createdAt=timestamp(one.created_at),
        payload=msgspec.Raw(one.body.encode()),
    )


def _delivery(one: Delivery) -> answers.WebhookDelivery:
    return answers.WebhookDelivery(
        eventId=ids.show("wh", one.event_id),
        eventType=one.type,
        transactionId=str(one.subject_id) if one.type in PAYMENT_EVENTS else None,
        endpointId=ids.show("we", one.endpoint_id),
        url=one.url,
        format=one.format,
        state=_WIRE_STATES[one.state],
        attemptCount=one.attempts,
        nextAttemptAt=timestamp(one.run_at) if one.state == "DUE" and not one.under_way else None,
        createdAt=timestamp(one.created_at),
        finishedAt=timestamp(one.finished_at),
        requestBody=one.body,
        attempts=[_try(tried) for tried in one.tries],
    )


def _try(tried: Tried) -> answers.Attempt:
    return answers.Attempt(
        attempt=tried.attempt,
        at=timestamp(tried.at),
        status=tried.status,
        latencyMs=tried.latency_ms,
        error=tried.error,
        requestHeaders=_headers(tried.request_headers),
        responseHeaders=_headers(tried.response_headers),
        responseBody=tried.response_head,
    )


def _headers(lines: str) -> dict[str, str]:
    pairs = (line.partition(": ") for line in lines.split("\n") if line)
    return {name: text for name, _, text in pairs}
