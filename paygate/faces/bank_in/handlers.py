"""POST /api/bank/{source}"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import ids
from paygate.core.errors import NotFound
from paygate.faces.bank_in import callbacks
from paygate.services import bank
from paygate.services.evidence import Outcome, Word
from paygate.services.notices import Told, Trial
from paygate.services.statement_files import MAX_POST_BYTES, Accepted


async def receive(request: Request) -> Response:
    """Signed with `X-PayGate-Signature: t=<unix>,v1=<hex HMAC-SHA256 of "t.body">`; 200 with what became of it.

    An array of notices has an outcome for each as well, in order. `?dryRun=1`: what a notice would be read as.
    A bank's own callback has `?key=` in its address instead, and is answered in the bank's form.
    """
    key = wire.query(request).get("key")
    if key is not None:
        return await callbacks.receive(request, ids.read("src", request.path_params["source"]), key)
    body = await wire.body(request, await _most_bytes(request))
    source_id = ids.read("src", request.path_params["source"])
    signature = request.headers.get("x-paygate-signature")
    dry_run = wire.query(request).get("dryRun", "0") != "0"
    told = await bank.receive(wire.context(request), source_id, signature, body, dry_run=dry_run)
    return wire.json_answer({"received": True, **_shown(told)})


def _shown(told: Outcome | Told | Trial | Accepted) -> dict[str, object]:
    if isinstance(told, Accepted):  # Compared in the background, however long it is.
        return {"outcome": Word.VERIFYING, "transactionId": None, "statementId": ids.show("stm", told.statement_id)}
    if isinstance(told, Outcome):
        return {"outcome": told.word, "transactionId": told.payment_id}
    if isinstance(told, Trial):
        readings = {"readings": told.readings} if told.listed else {"reading": told.readings[0]}
        return {"dryRun": True, **readings}
    outcomes = {"outcomes": [_shown(one) for one in told.outcomes]} if told.listed else {}
    return {**_shown(told.outcome), **outcomes}


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
