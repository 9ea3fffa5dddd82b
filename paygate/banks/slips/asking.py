"""What every verifier does: ask, read the answer, and believe it only when it is about the slip that was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from paygate.banks.answers import Unreadable, parsed
from paygate.banks.slips.facts import ErrorKind, SlipFacts, SlipRef, VerifierError
from paygate.banks.transport import NO_HEADERS, Http, HttpFailed
from paygate.core.canonical import JsonValue
from paygate.core.webhooks import retry_after_s

Translate = Callable[[int, JsonValue], SlipFacts]
"""(HTTP status, the answer's JSON or None) -> facts. Raises VerifierError, or Unreadable for what it cannot read."""

REFUSED = frozenset({401, 403, 407})
BUSY = frozenset({408, 425})
WRONG = frozenset({400, 405, 406, 411, 413, 414, 415, 422})


async def reply(
    provider: str,
    http: Http,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] = NO_HEADERS,
    content: object = None,
    form: bytes = b"",
) -> tuple[int, JsonValue, int | None]:
    """One question: status, the answer's JSON (None when it is none), seconds it asks us to wait.

    *content* is sent as JSON, *form* as a form. Raises VerifierError UPSTREAM_DOWN when no answer came.
    """
    body, kind = form, "application/x-www-form-urlencoded"
    if content is not None:
        body, kind = json.dumps(content, ensure_ascii=False).encode(), "application/json"
    sent = {**headers, "Content-Type": kind} if body else dict(headers)
    try:
        answer = await http.send(method, url, headers=sent, body=body)
    except HttpFailed as error:
        raise VerifierError(ErrorKind.UPSTREAM_DOWN, error.message, provider=provider) from error
    header = answer.headers.get("retry-after", "")
    # Only seconds: a date would need our clock, and vendors send none.
    wait_s = retry_after_s(header, 0) if header.isdigit() else None
    return answer.status, parsed(answer.body), wait_s


async def ask(
    provider: str,
    http: Http,
    slip: SlipRef,
    translate: Translate,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] = NO_HEADERS,
    content: object = None,
) -> SlipFacts:
    """Ask for *slip* and translate the answer. Raises VerifierError."""
    status, answer, wait_s = await reply(provider, http, method, url, headers=headers, content=content)
    return echoed(provider, slip, translated(provider, translate, status, answer, wait_s))


def translated(
    provider: str, translate: Translate, status: int, answer: JsonValue, wait_s: int | None = None
) -> SlipFacts:
    """The facts in an answer. Raises VerifierError, with the wait that the answer's header asked for."""
    try:
        return translate(status, answer)
    except Unreadable as error:
        raise VerifierError(ErrorKind.UNKNOWN, error.message, provider=provider) from error
    except VerifierError as error:
        if error.retry_after_s is None:
            error.retry_after_s = wait_s
        raise


def echoed(provider: str, slip: SlipRef, facts: SlipFacts) -> SlipFacts:
    """*facts*, if they are about *slip*. Raises VerifierError UNKNOWN: another transfer's facts pay nothing."""
    if (facts.sending_bank, facts.trans_ref) != (slip.sending_bank, slip.trans_ref):
        message = "The answer is about another transfer than the one that was asked for."
        raise VerifierError(ErrorKind.UNKNOWN, message, provider=provider)
    return facts


def by_status(provider: str, status: int, said: str = "") -> VerifierError:
    """What an answer without a known code means. 404 is not "no such slip": it may be a wrong address."""
    if status in REFUSED:
        kind = ErrorKind.AUTH
    elif status == 402:
        kind = ErrorKind.QUOTA
    elif status == 429:
        kind = ErrorKind.RATE
    elif status in BUSY or status >= 500:
        kind = ErrorKind.UPSTREAM_DOWN
    elif status in WRONG:
        kind = ErrorKind.BAD_REQUEST
    else:
        kind = ErrorKind.UNKNOWN
    return VerifierError(kind, f"It answered {status}{said and f', code {said}'}.", provider=provider)


def refused(provider: str, kind: ErrorKind, said: str, retry_after: int | None = None) -> VerifierError:
    """What a known code means."""
    return VerifierError(kind, f"It answered with code {said}.", provider=provider, retry_after_s=retry_after)
