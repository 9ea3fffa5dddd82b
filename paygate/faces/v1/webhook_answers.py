"""What the native face answers about webhooks: endpoints, events, deliveries."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from paygate.core.answers import TRANSACTION, Done, Moment
from paygate.core.events import EVENT_TYPES
from paygate.core.formats import FORMATS
from paygate.faces.v1.answers import Cursor, Json, Mode

EndpointId: TypeAlias = Annotated[
    str, Meta(description="The endpoint's id.", pattern="^we_", examples=["we_06nz0nc5vj7r4gjx7c79l6za"])
]
EventId: TypeAlias = Annotated[
    str, Meta(description="The event's id: `webhook-id` of its deliveries.", examples=["wh_06nz0nc5vj7r4gjx7c79l6za"])
]
EventType: TypeAlias = Annotated[
    str, Meta(description="What happened.", examples=["payment.success"], extra_json_schema={"enum": list(EVENT_TYPES)})
]
Format: TypeAlias = Annotated[
    str, Meta(description="In whose words it is told.", extra_json_schema={"enum": list(FORMATS)})
]
Subject: TypeAlias = Annotated[str | None, Meta(description="The payment that it is about.", examples=[TRANSACTION])]
Headers: TypeAlias = dict[str, str]


class WebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where you hear of events."""

    id: EndpointId
    url: Annotated[str, Meta(description="Where it is.", examples=["https://shop.example/hooks/paygate"])]
    events: Annotated[
        list[str], Meta(description='Event types that it hears, or `["*"]` for all.', examples=[["payment.success"]])
    ]
    format: Format
    description: Annotated[str | None, Meta(description="Your words.", examples=["The shop's back office"])]
    mode: Mode
    status: Annotated[
        str, Meta(description="Disabled ones hear nothing.", extra_json_schema={"enum": ["enabled", "disabled"]})
    ]
    disabledAt: Annotated[Moment | None, Meta(description="Since when it is disabled.")]
    disabledReason: Annotated[str | None, Meta(description="Why it is disabled.", examples=["answered 410 Gone"])]
    failingSince: Annotated[Moment | None, Meta(description="Since when nothing arrived; five days disable it.")]
    oldSecretUntil: Annotated[Moment | None, Meta(description="Until when the rotated secret signs as well.")]
    createdAt: Annotated[Moment, Meta(description="When it was made.")]
    secret: Annotated[
        str | UnsetType,
        Meta(description="Signs its deliveries. Shown by create and rotate alone.", examples=["whsec_example"]),
    ] = UNSET


class Endpoint(msgspec.Struct, frozen=True):
    """An endpoint."""

    endpoint: WebhookEndpoint


class EndpointChanged(msgspec.Struct, frozen=True):
    """An endpoint that was made or changed."""

    success: Done
    endpoint: WebhookEndpoint


class EndpointDeleted(msgspec.Struct, frozen=True):
    """An endpoint that is no more."""

    success: Done
    id: EndpointId
    deleted: Annotated[bool, Meta(description="Always true.", examples=[True])]


class Endpoints(msgspec.Struct, frozen=True):
    """All endpoints: they are few, so there is one page."""

    endpoints: list[WebhookEndpoint]
    hasMore: Annotated[bool, Meta(description="Always false.", examples=[False])]
    nextCursor: Cursor


class TestEvent(msgspec.Struct, frozen=True):
    """The event that was sent to try an endpoint."""

    id: EventId
    type: EventType
    createdAt: Annotated[Moment, Meta(description="When it was made.")]


class TestSent(msgspec.Struct, frozen=True):
    """A test is on its way."""

    success: Done
    event: TestEvent


class WebhookEvent(msgspec.Struct, frozen=True):
    """Something that happened, as it is told to endpoints."""

    id: EventId
    type: EventType
    transactionId: Subject
    sequence: Annotated[int, Meta(description="Counts the events of one payment.", examples=[2])]
    createdAt: Annotated[Moment, Meta(description="When it happened.")]
    payload: Annotated[Json, Meta(description="The body in the format `paygate`.", examples=[{}])]


class Event(msgspec.Struct, frozen=True):
    """An event."""

    event: WebhookEvent


class Events(msgspec.Struct, frozen=True):
    """A page of events, newest first."""

    events: list[WebhookEvent]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Cursor


class Attempt(msgspec.Struct, frozen=True):
    """One try to deliver."""

    attempt: Annotated[int, Meta(description="Which one.", examples=[1])]
    at: Annotated[Moment, Meta(description="When.")]
    status: Annotated[int | None, Meta(description="HTTP status; null when there was no answer.", examples=[200])]
    latencyMs: Annotated[int | None, Meta(description="How long it took.", examples=[84])]
    error: Annotated[str | None, Meta(description="What went wrong.", examples=["timed out"])]
    requestHeaders: Annotated[Headers, Meta(description="As they were sent.", examples=[{}])]
    responseHeaders: Annotated[Headers, Meta(description="As they were answered.", examples=[{}])]
    responseBody: Annotated[str | None, Meta(description="Its beginning.", examples=["ok"])]


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one endpoint, with every try."""

    eventId: EventId
    eventType: EventType
    transactionId: Subject
    endpointId: EndpointId
    url: Annotated[str, Meta(description="Where it goes.", examples=["https://shop.example/hooks/paygate"])]
    format: Format
    state: Annotated[
        str, Meta(description="How it stands.", extra_json_schema={"enum": ["PENDING", "DELIVERED", "FAILED"]})
    ]
    attemptCount: Annotated[int, Meta(description="How often it was tried.", examples=[1])]
    nextAttemptAt: Annotated[Moment | None, Meta(description="When it is tried next.")]
    createdAt: Annotated[Moment, Meta(description="When the event happened.")]
    finishedAt: Annotated[Moment | None, Meta(description="When it was delivered or given up.")]
    requestBody: Annotated[str | None, Meta(description="What is sent; null until it was made.", examples=["{}"])]
    attempts: list[Attempt]


class Deliveries(msgspec.Struct, frozen=True):
    """A page of deliveries, newest first."""

    deliveries: list[WebhookDelivery]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Cursor


class EventQueued(msgspec.Struct, frozen=True):
    """An event that is sent again."""

    success: Done
    eventId: EventId
    queued: Annotated[int, Meta(description="To how many endpoints.", examples=[1])]
    endpointIds: Annotated[list[EndpointId], Meta(description="Which ones.")]


class SpanQueued(msgspec.Struct, frozen=True):
    """What is sent again of a span of time."""

    success: Done
    queued: Annotated[int, Meta(description="How many deliveries.", examples=[12])]
    hasMore: Annotated[bool, Meta(description="Whether there are more: ask again with `cursor`.")]
    nextCursor: Cursor
