"""GET /api/health, /api/health/live, /api/health/ready"""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response

import paygate
from paygate import wire
from paygate.faces.health.answers import (
    Checks,
    DatabaseCheck,
    OptionalCheck,
    Overview,
    Parts,
    Probe,
    StripeCheck,
    Word,
)
from paygate.services import health

_STARTED_S = time.monotonic()


async def overview(request: Request) -> Response:
    """GET /api/health: every part by itself; 503 when one that is needed is away."""
    seen = await health.look(wire.context(request))
    checks = Checks(
        database=DatabaseCheck("up" if seen.database else "down", seen.latency_ms),
        stripe=StripeCheck(),
        bank=OptionalCheck("up" if seen.sources else "optional", seen.sources),
        callback=OptionalCheck("up" if seen.endpoints else "optional", seen.endpoints),
    )
    parts = Parts("paygate", paygate.__version__, int(time.monotonic() - _STARTED_S), checks)
    code, message = _told(seen.database)
    return wire.json_answer(Overview(seen.database, code, message, parts), code)


async def live(_: Request) -> Response:
    """GET /api/health/live: this process answers."""
    return wire.json_answer(Probe(True, 200, "OK", Word("alive")))


async def ready(request: Request) -> Response:
    """GET /api/health/ready: this process can work; 503 while the database is away."""
    seen = await health.look(wire.context(request))
    code, message = _told(seen.database)
    return wire.json_answer(Probe(seen.database, code, message, Word("ready" if seen.database else "not ready")), code)


def _told(good: bool) -> tuple[int, str]:
    return (200, "OK") if good else (503, "The database is away.")
