"""How the native face says no: `{"error": code, "message", "field", "requestId"}`.

`payerMessage` {th, en} is there as well when a person who wants to pay may have to be told.
"""

from __future__ import annotations

from starlette.responses import Response

from paygate.core import errors
from paygate.core.errors import PayGateError, WrongState
from paygate.wire import MethodNotAllowed, json_answer

# Class -> status, wire code. The nearest class in an error's line of descent decides; a test demands every leaf.
TABLE: dict[type[PayGateError], tuple[int, str]] = {
    errors.InvalidInput: (400, "INVALID_REQUEST"),
    errors.TooLarge: (413, "PAYLOAD_TOO_LARGE"),
    errors.Unauthorized: (401, "UNAUTHORIZED"),
    errors.Forbidden: (403, "FORBIDDEN"),
    errors.TooManyOpen: (429, "RATE_LIMITED"),
    errors.NotFound: (404, "NOT_FOUND"),
    errors.Conflict: (409, "CONFLICT"),
    errors.WrongState: (409, "CONFLICT"),
    errors.SlipRefused: (409, "CONFLICT"),
    errors.SlotsExhausted: (409, "CONFLICT"),
    errors.NoAccount: (409, "CONFLICT"),
    errors.IdempotencyMismatch: (422, "IDEMPOTENCY_MISMATCH"),
    errors.IdempotencyBusy: (409, "CONFLICT"),
    errors.Refused: (400, "INVALID_REQUEST"),
    errors.Unavailable: (503, "UNAVAILABLE"),
    errors.Moved: (503, "UNAVAILABLE"),
    errors.Bug: (500, "SERVER_ERROR"),
    errors.PayGateError: (500, "SERVER_ERROR"),
    MethodNotAllowed: (405, "METHOD_NOT_ALLOWED"),
}
# What went wrong on our side is in the log under the request's id, never in the answer.
OURS = {
    500: "Something went wrong on our side. Please tell us the requestId.",
    503: errors.Unavailable.default,
}


def refuse(error: PayGateError, request_id: str) -> Response:
    """The answer for *error*."""
    status, code = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    content: dict[str, object] = {"error": code, "message": OURS.get(status, error.message)}
    if error.field is not None and status not in OURS:
        content["field"] = error.field
    if isinstance(error, WrongState):
        content["status"] = error.status
    if isinstance(error, (errors.SlotsExhausted, errors.TooManyOpen)):
        content["payerMessage"] = error.payer
    if isinstance(error, errors.SlipRefused):
        content |= {"reason": error.reason, "payerMessage": error.payer}
    return json_answer({**content, "requestId": request_id}, status, _headers(error, status))


def _headers(error: PayGateError, status: int) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed):
        return {"Allow": ", ".join(error.allowed)}
    if isinstance(error, (errors.SlotsExhausted, errors.TooManyOpen)) and error.retry_after_s is not None:
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, errors.IdempotencyBusy) or status == 503:
        return {"Retry-After": "1"}
    return {"WWW-Authenticate": 'Bearer realm="PayGate"'} if status == 401 else {}
