"""POST /api/bank/{source}"""

from __future__ import annotations

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.errors import NotFound, Unauthorized
from paygate.core.fields import Fields
from paygate.core.shapes import Shape
from paygate.faces.bank_in import answers, callbacks
from paygate.faces.bank_in.answers import Received, Rehearsed
from paygate.services import bank
from paygate.services.evidence import Outcome, Word
from paygate.services.notices import Told, Trial
from paygate.services.statement_files import MAX_POST_BYTES, Accepted


async def receive(request: Request) -> Response:
    """What a source tells. Whoever is none is counted by the address: a stranger uses nothing of the source's up."""
    try:
        return await _receive(request)
    except (NotFound, Unauthorized):
        await wire.count_address(request)
        raise


async def _receive(request: Request) -> Response:
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
    dry_run = DRY_RUN.read(wire.query(request))
    if dry_run:
        wire.says(request.scope, wire.DRY_RUN)
    told = await bank.receive(wire.context(request), source_id, signature, body, dry_run=dry_run)
    return wire.json_answer(_shown(told))


def _shown(told: Outcome | Told | Trial | Accepted) -> Received | Rehearsed:
    if isinstance(told, Accepted):  # Compared in the background, however long it is.
        return Received(outcome=Word.VERIFYING, transactionId=None, statementId=ids.show("stm", told.statement_id))
    if isinstance(told, Outcome):
        return Received(outcome=told.word, transactionId=_payment(told))
    if isinstance(told, Trial):
        readings = [dict(one) for one in told.readings]
        return Rehearsed(readings=readings) if told.listed else Rehearsed(reading=readings[0])
    each = [answers.Outcome(one.word, _payment(one)) for one in told.outcomes]
    return Received(
        outcome=told.outcome.word, transactionId=_payment(told.outcome), outcomes=each if told.listed else UNSET
    )


def _payment(told: Outcome) -> str | None:
    return None if told.payment_id is None else str(told.payment_id)


def _dry_run(given: Fields) -> bool:
    return given.get("dryRun", "0") != "0"


DRY_RUN = declare.custom(
    "dryRun", _dry_run, {"type": "string", "enum": ["0", "1"]}, "1: say what a notice would be read as; keep nothing."
)
QUERY = Shape("bank", "How it is taken.", (DRY_RUN,))


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
