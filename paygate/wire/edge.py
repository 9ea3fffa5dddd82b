"""The edge: the first and last code of every request. It names the request, guards its errors and logs one line.

A face says how it refuses with a Dialect; which face a request meant, its path tells. So an unknown path, a wrong
method, a database that is away and a bug of ours all answer in the shape that the face's clients can read.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paygate import telemetry
from paygate.core.errors import Bug, PayGateError, Refused, TooManyRequests, TooManyTries, Unavailable
from paygate.core.limits import Standing
from paygate.wire import noting
from paygate.wire.requests import accepted

Face = Callable[[PayGateError, str], Response]
"""(what went wrong, request id) -> the answer in the face's own shape."""

log = telemetry.logger("wire")

# Of every answer, unless its handler says otherwise: an answer of the API is no page, runs nothing, and is in no frame.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"  # Of this host alone: its neighbours are not ours.
NOT_STORED = "no-store"  # Unless the handler says otherwise: answers hold people's payments.
EXPOSED = "Idempotent-Replayed, RateLimit, RateLimit-Policy, Request-Id, Retry-After"  # To pages that may read.
_LIMITS = "paygate.limits"  # In a request's scope: the rate limits that it was counted by.
_READER = "paygate.reader"  # In a request's scope: the origin whose pages may read its answer.
_FORMS = ("application/json", "text/html")
_HIDDEN_FROM = 500  # From this status on it is our fault, or the machine's, and is worth a line of its own.


class MethodNotAllowed(Refused):
    """The path is known, the method is not; `allowed` are those that are."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(f"This address takes {' and '.join(allowed)} only.")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the face behind *prefix* says no; `shape` is the JSON of it, None where that is a page.

    `page`: how it says so to people, who ask with a browser.
    """

    prefix: str
    refuse: Face
    shape: type[msgspec.Struct] | None = None
    page: Face | None = None

    def takes(self, path: str) -> bool:
        """Whether *path* is its own: the prefix, and what lies below it. `/` has nothing below, and `` takes all."""
        if self.prefix in ("", "/"):
            return path == self.prefix or not self.prefix
        return path == self.prefix or path.startswith(f"{self.prefix}/")

    def answer(self, error: PayGateError, request_id: str, *, for_people: bool = False) -> Response:
        """The face's answer for *error*, with what is the same in every face; a page, if it has some, *for_people*."""
        refuse = self.page if self.page is not None and for_people else self.refuse
        answer = refuse(error, request_id)
        if self.page is not None:
            answer.headers.add_vary_header("Accept")
        if isinstance(error, TooManyRequests):
            answer.headers["Retry-After"] = str(error.retry_after_s)
        return answer


class Edge:
    """ASGI middleware, outermost. *dialects* are tried in order; the last one's prefix is empty and takes the rest.

    *https*: people reach this host by https, and shall do so from now on.
    """

    def __init__(self, app: ASGIApp, dialects: Sequence[Dialect], *, https: bool = False) -> None:
        self.app = app
        self.dialects = tuple(dialects)
        self.always = {**SECURITY_HEADERS, **({"Strict-Transport-Security": HSTS} if https else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = f"req_{secrets.token_hex(12)}"
        scope["paygate.request_id"] = request_id
        telemetry.clear()
        telemetry.bind(request_id=request_id)
        began, started = time.perf_counter(), _Started()
        failure: Exception | None = None

        async def named_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.status = message["status"]
                headers = MutableHeaders(scope=message)
                _finish_headers(headers, request_id, scope)
                if "idempotent-replayed" in headers:
                    noting.says(scope, noting.REPLAYED)
                for name, value in self.always.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, named_send)
        except ClientDisconnect:
            started.status = started.status or 499  # Nobody is there any more to be answered.
        except asyncio.CancelledError:
            if not started.status:  # The server stops, and this request took longer than it may wait.
                await self._refuse(Unavailable(), started, scope, receive, named_send)
            raise
        except Exception as error:  # noqa: BLE001 - the one guard of all requests
            failure = error
            await self._refuse(error, started, scope, receive, named_send)
        took_ms = round((time.perf_counter() - began) * 1000, 1)
        log.info("request", method=scope["method"], path=scope["path"], status=started.status, took_ms=took_ms)
        noting.note(scope, started.status, took_ms, failure)

    async def _refuse(self, error: Exception, started: _Started, scope: Scope, receive: Receive, send: Send) -> None:
        if started.status:
            # The answer is half sent: breaking the connection is the only way left to say so.
            log.error("broken off", exc_info=error)
            raise error
        refusal = error if isinstance(error, PayGateError) else Bug()
        answer = self._dialect(scope["path"]).answer(
            refusal, scope["paygate.request_id"], for_people=accepted(Request(scope), _FORMS) == "text/html"
        )
        noting.refused(scope, answer)
        if isinstance(refusal, TooManyRequests | TooManyTries) and refusal.standing is not None:
            tell_limit(scope, refusal.standing)
        if isinstance(error, Unavailable):
            log.warning(
                "unavailable", reason=str(error.__cause__ or error.message)
            )  # No trace: outages are many lines.
        elif answer.status_code >= _HIDDEN_FROM:
            log.error("failed", exc_info=error)
        await answer(scope, receive, send)

    def _dialect(self, path: str) -> Dialect:
        for dialect in self.dialects:
            if dialect.takes(path):
                return dialect
        return self.dialects[-1]


@dataclass(slots=True)
class _Started:
    """The status that went out; 0 while nothing did."""

    status: int = 0


def let_read(scope: Scope, origin: str | None) -> None:
    """Let pages of *origin* read the answer of this request, whatever it will be (CORS). No cookies are involved."""
    scope[_READER] = origin


def tell_limit(scope: Scope, standing: Standing) -> None:
    """Have the answer of this request say what is left of a rate limit."""
    scope.setdefault(_LIMITS, {})[standing.counted] = standing


def _finish_headers(headers: MutableHeaders, request_id: str, scope: Scope) -> None:
    headers["Request-Id"] = request_id
    standings = scope.get(_LIMITS, {}).values()
    if standings:
        headers["RateLimit-Policy"] = ", ".join(one.policy for one in standings)
        headers["RateLimit"] = ", ".join(one.state for one in standings)
    reader = scope.get(_READER)
    if reader is not None:
        headers["Access-Control-Allow-Origin"] = reader
        headers["Access-Control-Expose-Headers"] = EXPOSED
        headers.add_vary_header("Origin")
    headers.setdefault("Cache-Control", NOT_STORED)
