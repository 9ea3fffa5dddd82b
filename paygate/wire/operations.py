"""What an address does, said once for the API's document: who may ask, with what, and what the answers are.

A face has a table from its handlers to their operations (`faces/<face>/operations.py`); `openapi` makes the document.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from paygate.core.errors import PayGateError
from paygate.core.people import May
from paygate.core.scopes import Scope
from paygate.core.shapes import Schema, Shape

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
Content: TypeAlias = Shape | type[msgspec.Struct] | Schema
"""What a body is: a shape that is read, a class that is sent, or JSON Schema for what is neither."""

JSON = "application/json"
BINARY: Schema = {"type": "string", "format": "binary"}


class Who(Enum):
    """Who may ask; the names are those of the document's security schemes. Several at once: all are sent."""

    NOBODY = ()
    SECRET_KEY = ("secretKey",)
    SECRET_BEARER = ("secretBearer",)
    PUBLIC_KEY = ("publicKey",)
    PUBLIC_BEARER = ("publicBearer",)
    CLIENT_SECRET = ("clientSecret",)
    CLIENT_SECRET_IN_QUERY = ("clientSecretInQuery",)
    PUBLIC_KEY_AND_CLIENT_SECRET = ("publicKey", "clientSecret")
    PUBLIC_BEARER_AND_CLIENT_SECRET = ("publicBearer", "clientSecret")
    BANK_SIGNATURE = ("bankSignature",)
    BANK_KEY = ("bankKey",)
    ACCESS_TOKEN = ("accessToken",)
    METRICS_TOKEN = ("metricsToken",)


ANYBODY = (Who.NOBODY,)
MERCHANT = (Who.SECRET_KEY, Who.SECRET_BEARER)
MERCHANT_OR_PAGE = (*MERCHANT, Who.PUBLIC_KEY, Who.PUBLIC_BEARER)
MERCHANT_OR_PAYER = (
    *MERCHANT,
    Who.CLIENT_SECRET,
    Who.PUBLIC_KEY_AND_CLIENT_SECRET,
    Who.PUBLIC_BEARER_AND_CLIENT_SECRET,
)
PERSON = (Who.ACCESS_TOKEN,)
BANK = (Who.BANK_SIGNATURE, Who.BANK_KEY)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the path, or a header."""

    name: str
    about: str
    schema: Schema = field(default_factory=lambda: {"type": "string"})
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request: by media type what it may be (one of several, if several)."""

    content: Mapping[str, Sequence[Content]]
    required: bool = True
    most_bytes: int | None = None
    examples: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is no refusal: by media type what it may be. `headers` are names of `openapi.HEADERS`."""

    status: int
    about: str
    content: Mapping[str, Sequence[Content]] = field(default_factory=dict)
    headers: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked for: by a secret key with `scope`, by a person whose role is enough for `may`.

    `refusals` are told with the very answers that the face makes of them. Those that follow from the rest are not
    repeated: a key that is none, a body too large, an Idempotency-Key used for something else, our own faults.
    """

    id: str
    tag: str
    summary: str
    about: str = ""
    who: Sequence[Who]
    scope: Scope | None = None
    may: May | None = None
    path: Sequence[Part] = ()
    query: Shape | None = None
    headers: Sequence[Part] = ()
    body: Body | None = None
    replies: Sequence[Reply]
    refusals: Sequence[PayGateError] = ()
    idempotent: bool = False
    limited: bool = True  # Counted by a rate limit.


@dataclass(frozen=True, slots=True)
class Webhook:
    """What we send to receivers, for the document: when, and what its body is."""

    id: str
    summary: str
    content: type[msgspec.Struct]


def json_body(*content: Content, required: bool = True) -> Body:
    """A body of JSON."""
    return Body({JSON: content}, required)


def reply(status: int, about: str, *content: Content, headers: Sequence[str] = ()) -> Reply:
    """An answer of JSON; without one, if there is no *content*."""
    return Reply(status, about, {JSON: content} if content else {}, headers)
