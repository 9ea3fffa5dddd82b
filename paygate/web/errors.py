"""How pages say no: a page with one sentence and the request's id."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from paygate.core import errors
from paygate.core.errors import PayGateError
from paygate.web import pages
from paygate.wire import MethodNotAllowed

TABLE: dict[type[PayGateError], int] = {
    errors.InvalidInput: 400,
    errors.TooLarge: 413,
    errors.Unauthorized: 401,
    errors.CodeRequired: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.WrongState: 409,
    errors.InsufficientBalance: 409,
    errors.SlotsExhausted: 409,
    errors.SlipRefused: 409,
    errors.TooManyOpen: 429,
    errors.TooManyRequests: 429,
    errors.TooManyTries: 429,
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


# What a widget's page is told, in the words of the API.
CODES = {404: "NOT_FOUND", 429: "RATE_LIMITED", 500: "SERVER_ERROR", 503: "UNAVAILABLE"}


def refuse(error: PayGateError, request_id: str) -> Response:
    """The page for *error*, in both languages: whoever comes here may have followed a broken link."""
    return _page(error, request_id)


def refuse_checkout(error: PayGateError, request_id: str) -> Response:
    """The same where a widget's frame may show it: there is nothing in it to click on, and it says that it is there."""
    return _page(error, request_id, script="refused.js", framed_by=("*",))


def _page(
    error: PayGateError, request_id: str, *, script: str | None = None, framed_by: Sequence[str] = ()
) -> Response:
    status = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    words = str(status if status != 422 else 409)
    told = {lang: {**pages.words("refused", lang)} for lang in pages.LANGUAGES}
    for lang in told.values():
        lang["text"] = lang[words]
    # What the payer can do nothing about is said in the two sentences alone.
    message = error.message if status == 400 else None
    answer = pages.page(
        "refused.html",
        "th",
        "refused",
        status,
        script=script,
        framed_by=framed_by,
        message=message,
        request_id=request_id,
        told=told,
        code=CODES.get(status, "ERROR"),
    )
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(error.allowed)
    return answer
