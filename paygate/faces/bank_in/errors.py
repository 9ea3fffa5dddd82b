"""How the bank's face says no: `{"received": false, "error": code, "message", "field", "requestId"}`."""

from __future__ import annotations

from msgspec import UNSET
from starlette.responses import Response

from paygate.core import errors
from paygate.core.errors import PayGateError
from paygate.faces.bank_in.answers import BankProblem
from paygate.wire import MethodNotAllowed, json_answer

# A bridge only needs to know: fix it (4xx), or send the same again (5xx).
TABLE: dict[type[PayGateError], tuple[int, str]] = {
    errors.InvalidInput: (400, "INVALID_REQUEST"),
    errors.TooLarge: (413, "PAYLOAD_TOO_LARGE"),
    errors.Unauthorized: (401, "UNAUTHORIZED"),
    errors.CodeRequired: (401, "UNAUTHORIZED"),
    errors.Forbidden: (403, "FORBIDDEN"),
    errors.TooManyOpen: (429, "RATE_LIMITED"),
    errors.TooManyRequests: (429, "RATE_LIMITED"),
    errors.TooManyTries: (429, "RATE_LIMITED"),
    errors.NotFound: (404, "NOT_FOUND"),
    errors.Conflict: (409, "CONFLICT"),
    errors.WrongState: (409, "CONFLICT"),
    errors.InsufficientBalance: (409, "CONFLICT"),
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
OURS = {
    500: "Something went wrong on our side. Send the same message again; if it stays so, tell us the requestId.",
    503: errors.Unavailable.default,
}


def refuse(error: PayGateError, request_id: str) -> Response:
    """The answer for *error*."""
    status, code = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    told = BankProblem(
        error=code,
        message=OURS.get(status, error.message),
        field=error.field if error.field is not None and status not in OURS else UNSET,
        requestId=request_id,
    )
    headers = {"Allow": ", ".join(error.allowed)} if isinstance(error, MethodNotAllowed) else {}
    if status == 503:
        headers = {"Retry-After": "1"}
    return json_answer(told, status, headers)
