"""Which person is asking: `Authorization: Bearer` and the access token of a login; and whether their role may."""

from __future__ import annotations

from starlette.requests import Request

from paygate.core.errors import Forbidden, Unauthorized
from paygate.core.people import Person, Role
from paygate.services import sessions
from paygate.services.sessions import Client
from paygate.wire.limits import count_address, count_person
from paygate.wire.requests import client_address, context

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
    await count_person(request, who)
    return who


async def person(request: Request, least: Role) -> Person:
    """Who is logged in, and may do what role *least* may.

    Raises Unauthorized; Forbidden for another role, for a suspended merchant's people, and for an admin without a
    second factor.
    """
    who = await anybody(request)
    if not who.may(least):
        raise Forbidden(NEEDS[least])
    if who.merchant_status == "SUSPENDED":
        raise Forbidden(sessions.SUSPENDED)
    if who.role == "admin" and not who.has_totp:
        raise Forbidden("Admins need one-time codes: set them up first, with POST /api/auth/totp/setup.")
    return who


def client(request: Request) -> Client:
    """Where the request comes from."""
    return Client(client_address(request), request.headers.get("user-agent", ""))
