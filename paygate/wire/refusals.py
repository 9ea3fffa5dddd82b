"""Refusals in the native shape, which the faces for programs and for people share: `{"error", "message", "requestId"}`.

Which status and word an error has, each face's own table says.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, UnsetType
from starlette.responses import Response

from paygate.core import errors
from paygate.core.answers import Problem, Words
from paygate.core.errors import PayGateError, WrongState
from paygate.core.slips import Refusal
from paygate.wire.answers import json_answer
from paygate.wire.edge import MethodNotAllowed

Table = Mapping[type[PayGateError], tuple[int, str]]
"""Class -> status, wire code. The nearest class in an error's line of descent decides."""

WITH_WAIT = (errors.SlotsExhausted, errors.TooManyOpen, errors.TooManyTries)
# What went wrong on our side is in the log under the request's id, never in the answer.
OURS = {
    500: "Something went wrong on our side. Please tell us the requestId.",
    503: errors.Unavailable.default,
}


def refusal(table: Table, error: PayGateError, request_id: str) -> Response:
    """The answer for *error*, by the *table* of a face."""
    status, code = next(table[kind] for kind in type(error).__mro__ if kind in table)
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
    if isinstance(error, WITH_WAIT) and error.retry_after_s is not None:
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, errors.IdempotencyBusy) or status == 503:
        return {"Retry-After": "1"}
    return {"WWW-Authenticate": 'Bearer realm="PayGate"'} if status == 401 else {}
