"""How the dashboard face says no, as the native one does: `{"error": code, "message", "field", "requestId"}`.

`payerMessage` {th, en} is there as well when a person who wants to pay may have to be told.
"""

from __future__ import annotations

from starlette.responses import Response

from paygate.core import errors
from paygate.core.errors import PayGateError
from paygate.wire import MethodNotAllowed, refusal

# Class -> status, wire code. The nearest class in an error's line of descent decides; a test demands every leaf.
TABLE: dict[type[PayGateError], tuple[int, str]] = {
    errors.InvalidInput: (400, "INVALID_REQUEST"),
    errors.TooLarge: (413, "PAYLOAD_TOO_LARGE"),
    errors.Unauthorized: (401, "UNAUTHORIZED"),
    errors.CodeRequired: (401, "TOTP_REQUIRED"),
    errors.Forbidden: (403, "FORBIDDEN"),
    errors.TooManyOpen: (429, "RATE_LIMITED"),
    errors.TooManyRequests: (429, "RATE_LIMITED"),
    errors.TooManyTries: (429, "RATE_LIMITED"),
    errors.NotFound: (404, "NOT_FOUND"),
    errors.Conflict: (409, "CONFLICT"),
    errors.WrongState: (409, "CONFLICT"),
    errors.InsufficientBalance: (409, "INSUFFICIENT_BALANCE"),
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


def refuse(error: PayGateError, request_id: str) -> Response:
    """The answer for *error*."""
    return refusal(TABLE, error, request_id)
