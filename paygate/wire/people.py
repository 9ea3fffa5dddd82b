"""Which person is asking: `Authorization: Bearer` and the access token of a login; and whether their role may."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from paygate import telemetry
from paygate.core.errors import Forbidden, InvalidInput, Unauthorized
from paygate.core.people import LEAST, May, Person
from paygate.core.principals import Principal
from paygate.core.scopes import EVERYTHING
from paygate.db import keys
from paygate.db.payments import Claim
from paygate.services import audit, sessions
from paygate.services.sessions import Client
from paygate.wire import noting
from paygate.wire.limits import count_address, count_person
from paygate.wire.requests import claim, client_address, context, network_address

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

MODES = ("live", "test")
_DOOR = "paygate.door"  # In a request's scope: what an address for people is for.
NEEDS = {
    "owner": "Only an owner of this merchant may do that.",
    "staff": "Viewers may only look.",
    "viewer": "This is for people of a merchant; admins have /api/admin.",
    "admin": "This is for admins of the platform.",
}


async def anybody(request: Request) -> Person:
    """Whoever is logged in, whatever they may do: for their own login. Raises Unauthorized,
    TooManyRequests."""
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    try:
        who = await sessions.authenticate(context(request), token.strip() if scheme.lower() == "bearer" else "")
    except Unauthorized:
        await count_address(request)
        raise
    noting.acts(request.scope, who.actor)
    audit.asks(audit.Actor(who.actor, network_address(request)))
    await count_person(request, who)
    return who


async def person(request: Request, act: May) -> Person:
    """Who is logged in, and may do *act*.

    Raises Unauthorized; Forbidden for another role, for a suspended merchant's people, and for an admin without a
    second factor.
    """
    who = await anybody(request)
    if not who.may(act):
        raise Forbidden(NEEDS[LEAST[act]])
    if who.merchant_status == "SUSPENDED":
        raise Forbidden(sessions.SUSPENDED)
    if who.role == "admin" and not who.has_totp:
        raise Forbidden("Admins need one-time codes: set them up first, with POST /api/auth/totp/setup.")
    return who


def for_people(handler: Handler, act: May) -> Handler:
    """A native handler at an address for people: whoever is logged in and may do *act* is its merchant.

    `?mode=test` in the address: about the test mode.
    """

    @functools.wraps(handler)
    async def asked(request: Request) -> Response:
        request.scope[_DOOR] = act
        return await handler(request)

    return asked


def native_of(handler: Handler) -> Handler:
    """The handler behind `for_people`."""
    native: Handler = getattr(handler, "__wrapped__", handler)
    return native


async def at_door(request: Request) -> Principal | None:
    """Who asks at an address for people; None at one for keys. Raises as `principal` does."""
    act: May | None = request.scope.get(_DOOR)
    return None if act is None else await principal(request, act)


async def principal(request: Request, act: May) -> Principal:
    """The merchant of whoever is logged in, in the mode that the address asks for, as services know it from keys.

    Raises as `person` does; Forbidden about the live mode of a merchant that is not approved; InvalidInput (mode).
    """
    who = await person(request, act)
    mode = request.query_params.get("mode", "live")
    if mode not in MODES:
        raise InvalidInput(f"mode must be one of {', '.join(MODES)}.", field="mode")
    telemetry.bind(mode=mode)
    async with context(request).db.connection() as conn:
        found = await keys.as_merchant(conn, who.merchant_id, "test" if mode == "test" else "live", "secret")
    if found is None:
        raise Unauthorized(sessions.OVER)
    if found.status != "APPROVED" and mode == "live":
        raise Forbidden("This merchant is not approved yet. Test mode (?mode=test) works meanwhile.")
    return replace(found, user_id=who.user_id, scopes=EVERYTHING)


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whoever is logged in, as their Idempotency-Keys know them: what they make is no mode's."""

    merchant_id: int
    mode: str = "live"
    kind: str = "secret"


def claim_of(request: Request, who: Person, raw: bytes) -> Claim | None:
    """The Idempotency-Key of a request that is about no mode. Raises InvalidInput for a bad one."""
    return claim(request, Somebody(who.merchant_id), raw)


def client(request: Request) -> Client:
    """Where the request comes from."""
    return Client(client_address(request), request.headers.get("user-agent", ""))
