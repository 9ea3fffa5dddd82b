"""What the health face does, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.faces.health import handlers
from paygate.faces.health.answers import Overview, Probe
from paygate.faces.health.metrics import show as show_metrics
from paygate.wire.operations import ANYBODY, Handler, Operation, Reply, Who, reply

TAG = "health"

OPERATIONS: Mapping[Handler, Operation] = {
    handlers.overview: Operation(
        id="health",
        tag=TAG,
        summary="Every part of the server by itself",
        limited=False,
        who=ANYBODY,
        replies=(
            reply(200, "All that is needed is there.", Overview),
            reply(503, "The database is away.", Overview),
        ),
    ),
    handlers.live: Operation(
        id="isAlive",
        tag=TAG,
        summary="Whether this process answers",
        limited=False,
        who=ANYBODY,
        replies=(reply(200, "It does.", Probe),),
    ),
    handlers.ready: Operation(
        id="isReady",
        tag=TAG,
        summary="Whether this process can work",
        limited=False,
        who=ANYBODY,
        replies=(reply(200, "It can.", Probe), reply(503, "The database is away.", Probe)),
    ),
    show_metrics: Operation(
        id="metrics",
        tag=TAG,
        summary="Numbers for Prometheus",
        about="With PAYGATE_METRICS_TOKEN for whoever has it; without one for this computer only.",
        limited=False,
        who=(Who.METRICS_TOKEN, Who.NOBODY),
        replies=(Reply(200, "Metrics.", {"text/plain": ({"type": "string"},)}),),
        refusals=(
            errors.Unauthorized("Metrics need the header Authorization: Bearer with PAYGATE_METRICS_TOKEN."),
            errors.Forbidden("Metrics are shown to this computer only."),
        ),
    ),
}
