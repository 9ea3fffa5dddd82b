"""POST /api/bank/{source}"""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import ids
from paygate.services import bank
from paygate.services.statement_files import Accepted


async def receive(request: Request) -> Response:
    """Signed with `X-PayGate-Signature: t=<unix>,v1=<hex HMAC-SHA256 of "t.body">`; 200 with what became of it."""
    source_id = ids.read("src", request.path_params["source"])
    body = await wire.body(request, await _most_bytes(request, source_id))
    signature = request.headers.get("x-paygate-signature")
    outcome = await bank.receive(wire.context(request), source_id, signature, body)
    if isinstance(outcome, Accepted):
        answer = {"received": True, "outcome": "ACCEPTED", "statementId": ids.show("stm", outcome.statement_id)}
        return wire.json_answer(answer)
    return wire.json_answer({"received": True, "outcome": outcome.word, "transactionId": outcome.payment_id})


async def _most_bytes(request: Request, source_id: UUID) -> int:
    """Only a body that says it is large is worth a question to the database before it is read."""
    announced = request.headers.get("content-length", "0")
    large = announced.isascii() and announced.isdigit() and int(announced[:20]) > wire.MAX_BODY_BYTES
    return (
        await bank.most_bytes(wire.context(request), source_id, wire.MAX_BODY_BYTES) if large else wire.MAX_BODY_BYTES
    )
