"""What the native face does about webhooks, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.scopes import Scope
from paygate.faces.v1 import webhook_answers as answers
from paygate.faces.v1 import webhook_shapes as shapes
from paygate.faces.v1 import webhooks
from paygate.wire.operations import MERCHANT, Handler, Operation, Part, json_body, reply

TAG = "webhooks"
ENDPOINT = Part("endpointId", "The endpoint's id.", {"type": "string"}, "we_06nz0nc5vj7r4gjx7c79l6za")
EVENT = Part("eventId", "The event's id.", {"type": "string"}, "wh_06nz0nc5vj7r4gjx7c79l6za")
NO_ENDPOINT = errors.NotFound("There is no endpoint we_06nz0nc5vj7r4gjx7c79l6za.")
NO_EVENT = errors.NotFound("There is no event wh_06nz0nc5vj7r4gjx7c79l6za.")
BAD_URL = errors.InvalidInput("url is required.", field="url")
DISABLED = errors.Conflict("The endpoint is disabled; enable it first.")

OPERATIONS: Mapping[Handler, Operation] = {
    webhooks.create: Operation(
        id="createEndpoint",
        tag=TAG,
        summary="Make an endpoint",
        about="Its secret is shown in this answer alone (and in the answer that is kept for the Idempotency-Key).",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_WRITE,
        body=json_body(shapes.NEW_ENDPOINT),
        replies=(reply(201, "It was made.", answers.EndpointChanged),),
        refusals=(BAD_URL, errors.Conflict("There are 32 endpoints already; delete one that is not used any more.")),
        idempotent=True,
    ),
    webhooks.listed: Operation(
        id="listEndpoints",
        tag=TAG,
        summary="All endpoints",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_READ,
        replies=(reply(200, "All of them.", answers.Endpoints),),
    ),
    webhooks.get: Operation(
        id="getEndpoint",
        tag=TAG,
        summary="One endpoint",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_READ,
        path=(ENDPOINT,),
        replies=(reply(200, "The endpoint.", answers.Endpoint),),
        refusals=(NO_ENDPOINT,),
    ),
    webhooks.update: Operation(
        id="updateEndpoint",
        tag=TAG,
        summary="Change an endpoint",
        about="Its address, events, description, or whether it is enabled. What is absent stays.",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_WRITE,
        path=(ENDPOINT,),
        body=json_body(shapes.ENDPOINT_CHANGE),
        replies=(reply(200, "It is changed.", answers.EndpointChanged),),
        refusals=(
            errors.InvalidInput("status must be one of enabled, disabled.", field="status"),
            NO_ENDPOINT,
        ),
    ),
    webhooks.delete: Operation(
        id="deleteEndpoint",
        tag=TAG,
        summary="Delete an endpoint",
        about="What it heard stays in the log.",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_WRITE,
        path=(ENDPOINT,),
        replies=(reply(200, "It is no more.", answers.EndpointDeleted),),
        refusals=(NO_ENDPOINT,),
    ),
    webhooks.rotate: Operation(
        id="rotateSecret",
        tag=TAG,
        summary="Give an endpoint a new secret",
        about="For 24 hours the old one signs beside it. The new one is shown in this answer alone.",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_WRITE,
        path=(ENDPOINT,),
        replies=(reply(200, "The endpoint with its new secret.", answers.EndpointChanged),),
        refusals=(NO_ENDPOINT,),
        idempotent=True,
    ),
    webhooks.send_test: Operation(
        id="testEndpoint",
        tag=TAG,
        summary="Send an endpoint a test",
        about="An event `webhook.test`, to that endpoint alone.",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_WRITE,
        path=(ENDPOINT,),
        replies=(reply(202, "It is on its way.", answers.TestSent),),
        refusals=(NO_ENDPOINT, DISABLED),
        idempotent=True,
    ),
    webhooks.events: Operation(
        id="listEvents",
        tag=TAG,
        summary="Events, newest first",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_READ,
        query=shapes.LISTED_EVENTS,
        replies=(reply(200, "A page.", answers.Events),),
    ),
    webhooks.event: Operation(
        id="getEvent",
        tag=TAG,
        summary="One event",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_READ,
        path=(EVENT,),
        replies=(reply(200, "The event.", answers.Event),),
        refusals=(NO_EVENT,),
    ),
    webhooks.deliveries: Operation(
        id="listDeliveries",
        tag=TAG,
        summary="Deliveries with every try, newest first",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_READ,
        query=shapes.LISTED_DELIVERIES,
        replies=(reply(200, "A page.", answers.Deliveries),),
    ),
    webhooks.redeliver: Operation(
        id="redeliverEvent",
        tag=TAG,
        summary="Send an event again",
        about="To `endpointId` alone, or to every endpoint that hears such events.",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_WRITE,
        path=(EVENT,),
        body=json_body(shapes.REDELIVERY, required=False),
        replies=(reply(202, "It is on its way.", answers.EventQueued),),
        refusals=(NO_EVENT, NO_ENDPOINT, DISABLED),
        idempotent=True,
    ),
    webhooks.redeliver_span: Operation(
        id="redeliverEvents",
        tag=TAG,
        summary="Send again what failed in a span of time, or all of it",
        who=MERCHANT,
        scope=Scope.WEBHOOKS_WRITE,
        body=json_body(shapes.REDELIVERY_SPAN),
        replies=(reply(202, "So many are on their way.", answers.SpanQueued),),
        refusals=(errors.InvalidInput("to must be later than from.", field="to"), NO_ENDPOINT),
        idempotent=True,
    ),
}
