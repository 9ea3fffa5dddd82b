"""How the health face says no: an envelope with `status` false and no data."""

from __future__ import annotations

from starlette.responses import Response

from paygate.core import errors
from paygate.core.errors import PayGateError
from paygate.faces.health.answers import HealthProblem
from paygate.wire import MethodNotAllowed, json_answer

# These addresses take nothing and need no key, so little can go wrong; the rest is here for the day something does.
TABLE: dict[type[PayGateError], int] = {
    errors.InvalidInput: 400,
    errors.TooLarge: 413,
    errors.Unauthorized: 401,
    errors.CodeRequired: 401,
    errors.Forbidden: 403,
    errors.TooManyOpen: 429,
    errors.TooManyRequests: 429,
    errors.TooManyTries: 429,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.WrongState: 409,
    errors.InsufficientBalance: 409,
    errors.SlipRefused: 409,
    errors.SlotsExhausted: 409,
    errors.NoAccount: 409,
    errors.IdempotencyMismatch: 422,
    errors.IdempotencyBusy: 409,
    errors.Refused: 400,
    errors.Unavailable: 503,
    errors.Moved: 503,
    errors.Bug: 500,
    errors.PayGateError: 500,
    MethodNotAllowed: 405,
}
OURS = {500: "Something went wrong on our side.", 503: errors.Unavailable.default}


def refuse(error: PayGateError, request_id: str) -> Response:
    """The envelope for *error*; the request's id is in the header `Request-Id` and beside it."""
    status = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    headers = {"Allow": ", ".join(error.allowed)} if isinstance(error, MethodNotAllowed) else {}
    message = OURS.get(status, error.message)
    return json_answer(HealthProblem(False, status, message, None, request_id), status, headers)
