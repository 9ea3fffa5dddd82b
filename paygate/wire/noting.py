"""What the system log will tell of a request: which address, what came of it, whose it was; nothing that was sent."""

from __future__ import annotations

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from paygate import telemetry
from paygate.core import system_log
from paygate.core.errors import PayGateError
from paygate.core.system_log import Facts
from paygate.services.context import Context

NOBODY = 0  # The operator's log has what cannot be told of anybody.
FORM = "paygate.form"  # In a request's scope: the form of its address.
_ACTOR = "paygate.actor"  # In a request's scope: who asks, as the audit log names them, and what is seen of their key.
_WORD = "paygate.word"  # In a request's scope: what its refusal calls what went wrong, or what else there is to know.
REPLAYED = "REPLAYED"  # Nothing was done: the answer of an earlier request with that Idempotency-Key.
DRY_RUN = "DRY_RUN"  # Nothing was kept.


def says(scope: Scope, word: str) -> None:
    """Say what the log's reader should know of a request that came to a good end."""
    scope[_WORD] = word


def acts(scope: Scope, actor: str, credential: str | None = None) -> None:
    """Say who asks."""
    scope[_ACTOR] = actor, credential


class _Refusal(msgspec.Struct):
    """What the answers of most faces call what went wrong."""

    error: str


_refusal = msgspec.json.Decoder(_Refusal)


def refused(scope: Scope, answer: Response) -> None:
    """Remember the word that the caller sees of what went wrong, where the face has one."""
    try:
        scope[_WORD] = _refusal.decode(answer.body).error
    except msgspec.DecodeError:
        scope.pop(_WORD, None)  # A page, or another face's own shape: the error's name will do.


def note(scope: Scope, status: int, took_ms: float, error: Exception | None) -> None:
    """Note a request that is over, if it is worth it. Whose it was is what its log lines say."""
    ctx: Context | None = getattr(scope["app"].state, "ctx", None) if "app" in scope else None
    if ctx is None or not system_log.worth_keeping(scope["method"], status):
        return
    path, form = system_log.place_of(scope.get(FORM), scope.get("path_params", {}))
    actor, credential = scope.get(_ACTOR, (None, None))
    ctx.journal.note(
        Facts(
            merchant_id=telemetry.bound("merchant") or NOBODY,
            mode=telemetry.bound("mode") or "live",
            request_id=scope["paygate.request_id"],
            method=scope["method"],
            path=path,
            form=form,
            status=status,
            took_ms=round(took_ms),
            reason=scope.get(_WORD) or system_log.reason_of(error),
            field=system_log.field_of(error.field) if isinstance(error, PayGateError) else None,
            actor=actor,
            credential=credential,
        )
    )
