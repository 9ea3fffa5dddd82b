"""POST /api/bank/{source}?key=...: what SCB and KBank send by themselves, answered in their own forms."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.services import callbacks
from paygate.services.callbacks import CallbackRefused

RETRY_AFTER_S = "60"


async def receive(request: Request, source_id: UUID, key: str) -> Response:
    """200 with the answer that the bank waits for; in its form too, 400 for what cannot be read, 503 for too much."""
    body = await wire.body(request)
    try:
        answer = await callbacks.receive(wire.context(request), source_id, key, body)
    except CallbackRefused as error:
        if error.again:
            return wire.json_answer(error.answer, 503, {"Retry-After": RETRY_AFTER_S})
        return wire.json_answer(error.answer, 400)
    return wire.json_answer(answer)
