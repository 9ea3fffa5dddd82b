"""How the native face says no: `{"error": code, "message", "field", "requestId"}`.

`payerMessage` {th, en} is there as well when a person who wants to pay may have to be told.
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from starlette.responses import Response

from paygate.core import errors
from paygate.core.errors import PayGateError, WrongState
from paygate.core.slips import Refusal
from paygate.faces.v1.answers import Problem, Words
from paygate.wire import MethodNotAllowed, json_answer

# Class -> status, wire code. The nearest class in an error's line of descent decides; a test demands every leaf.
TABLE: dict[type[PayGateError], tuple[int, str]] = {
    errors.InvalidInput: (400, "INVALID_REQUEST"),
    errors.TooLarge: (413, "PAYLOAD_TOO_LARGE"),
    errors.Unauthorized: (401, "UNAUTHORIZED"),
    errors.Forbidden: (403, "FORBIDDEN"),
    errors.TooManyOpen: (429, "RATE_LIMITED"),
    errors.TooManyRequests: (429, "RATE_LIMITED"),
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
    told = Problem(
        error=code,
        message=OURS.get(status, error.message),
        field=error.field if error.field is not None and status not in OURS else UNSET,
        status=error.status if isinstance(error, WrongState) else UNSET,
        reason=Refusal(error.reason) if isinstance(error, errors.SlipRefused) else UNSET,
        payerMessage=_words(error),
        requestId=request_id,
    )
    return json_answer(told, status, _headers(error, status))


def _words(error: PayGateError) -> Words | UnsetType:
    if not isinstance(error, errors.SlotsExhausted | errors.TooManyOpen | errors.TooManyRequests | errors.SlipRefused):
        return UNSET
    return Words(th=error.payer["th"], en=error.payer["en"])


def _headers(error: PayGateError, status: int) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed):
        return {"Allow": ", ".join(error.allowed)}
    if isinstance(error, (errors.SlotsExhausted, errors.TooManyOpen)) and error.retry_after_s is not None:
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, errors.IdempotencyBusy) or status == 503:
        return {"Retry-After": "1"}
    return {"WWW-Authenticate": 'Bearer realm="PayGate"'} if status == 401 else {}
