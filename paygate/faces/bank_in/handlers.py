"""POST /api/bank/{source}"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import ids
from paygate.core.errors import NotFound
from paygate.services import bank
from paygate.services.statement_files import MAX_POST_BYTES, Accepted


async def receive(request: Request) -> Response:
    """Signed with `X-PayGate-Signature: t=<unix>,v1=<hex HMAC-SHA256 of "t.body">`; 200 with what became of it."""
    body = await wire.body(request, await _most_bytes(request))
    source_id = ids.read("src", request.path_params["source"])
    signature = request.headers.get("x-paygate-signature")
    outcome = await bank.receive(wire.context(request), source_id, signature, body)
    if isinstance(outcome, Accepted):
        answer = {"received": True, "outcome": "ACCEPTED", "statementId": ids.show("stm", outcome.statement_id)}
        return wire.json_answer(answer)
    return wire.json_answer({"received": True, "outcome": outcome.word, "transactionId": outcome.payment_id})


async def _most_bytes(request: Request) -> int:
    """How large a body is read: only one that says it is a file is worth a question to the database."""
    announced = request.headers.get("content-length", "0")
    length = int(announced[:20]) if announced.isascii() and announced.isdigit() else 0
    if not wire.MAX_BODY_BYTES < length <= MAX_POST_BYTES:
        return wire.MAX_BODY_BYTES
    try:
        source_id = ids.read("src", request.path_params["source"])
    except NotFound:
        return wire.MAX_BODY_BYTES
    return await bank.most_bytes(wire.context(request), source_id, wire.MAX_BODY_BYTES)
