"""POST /api/bank/{source}"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import ids
from paygate.faces.bank_in import callbacks
from paygate.services import bank


async def receive(request: Request) -> Response:
    """Signed with `X-PayGate-Signature: t=<unix>,v1=<hex HMAC-SHA256 of "t.body">`; 200 with what became of it.

    Unless it is a bank's own callback: that has `?key=` in its address, and is answered in the bank's form.
    """
    source_id = ids.read("src", request.path_params["source"])
    key = wire.query(request).get("key")
    if key is not None:
        return await callbacks.receive(request, source_id, key)
    body = await wire.body(request)
    signature = request.headers.get("x-paygate-signature")
    outcome = await bank.receive(wire.context(request), source_id, signature, body)
    answer = {"received": True, "outcome": outcome.word, "transactionId": outcome.payment_id}
    return wire.json_answer(answer)
