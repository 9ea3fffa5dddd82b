"""How pages say no: a page with one sentence and the request's id."""

from __future__ import annotations

from starlette.responses import Response

from paygate.core import errors
from paygate.core.errors import PayGateError
from paygate.web import pages
from paygate.wire import MethodNotAllowed

TABLE: dict[type[PayGateError], int] = {
    errors.InvalidInput: 400,
    errors.TooLarge: 413,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.WrongState: 409,
    errors.SlotsExhausted: 409,
    errors.SlipRefused: 409,
    errors.TooManyOpen: 429,
    errors.TooManyRequests: 429,
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
    """The page for *error*."""
    status = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    message = OURS.get(status, error.message)
    answer = pages.page("refused.html", "en", "forwarder", status, message=message, request_id=request_id)
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(error.allowed)
    return answer
