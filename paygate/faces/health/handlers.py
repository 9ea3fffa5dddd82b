"""GET /api/health, /api/health/live, /api/health/ready"""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response

import paygate
from paygate import wire
from paygate.services import health

_STARTED_S = time.monotonic()


async def overview(request: Request) -> Response:
    """GET /api/health: every part by itself; 503 when one that is needed is away."""
    seen = await health.look(wire.context(request))
    checks = {
        "database": {"status": "up" if seen.database else "down", "latencyMs": seen.latency_ms},
        "stripe": {"status": "up", "secretKey": False},  # There is no Stripe here; clients of the seed look for it.
        "bank": {"status": "up" if seen.sources else "optional", "configured": seen.sources},
        "callback": {"status": "up" if seen.endpoints else "optional", "configured": seen.endpoints},
    }
    about = {"service": "paygate", "version": paygate.__version__, "uptime": int(time.monotonic() - _STARTED_S)}
    return _envelope(seen.database, {**about, "checks": checks})


async def live(_: Request) -> Response:
    """GET /api/health/live: this process answers."""
    return _envelope(True, {"status": "alive"})


async def ready(request: Request) -> Response:
    """GET /api/health/ready: this process can work; 503 while the database is away."""
    seen = await health.look(wire.context(request))
    return _envelope(seen.database, {"status": "ready" if seen.database else "not ready"})


def _envelope(good: bool, data: dict[str, object]) -> Response:
    code, message = (200, "OK") if good else (503, "The database is away.")
    return wire.json_answer({"status": good, "code": code, "message": message, "data": data}, code)
