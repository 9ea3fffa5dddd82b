"""Who is asking: `X-API-Key: sk_...` or `Authorization: Bearer sk_...`; and from which page, with a pk_ key."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import telemetry
from paygate.core import ids, keys, networks, origins, scopes
from paygate.core.errors import Forbidden, Unauthorized
from paygate.core.principals import Principal
from paygate.core.scopes import Scope
from paygate.db import keys as rows
from paygate.services import audit, payments
from paygate.services.audit import Actor
from paygate.wire import noting, people
from paygate.wire.edge import let_read
from paygate.wire.limits import count_address, count_key
from paygate.wire.requests import client_address, context, network_address, page_of


async def authenticate(request: Request, scope: Scope) -> Principal:
    """The merchant behind the request's key, which may do what needs *scope*.

    A key whose checksum is wrong never reaches the database. Raises Unauthorized; Forbidden when the key may not be
    used from there, or lacks the scope, and when the merchant is suspended, or not yet approved and the key is a live
    one; TooManyRequests.
    """
    in_person = await people.at_door(request)
    if in_person is not None:
        return in_person
    text = _given(request)
    if not text:
        await count_address(request)
        raise Unauthorized()
    key = keys.read(text)
    principal = None
    if key is not None:
        async with context(request).db.connection() as conn:
            principal = await rows.authenticate(conn, key.hash)
    if principal is None:
        if text.startswith("pk_"):
            let_read(request.scope, page_of(request))  # This refusal alone: the page's developer has to know.
        await count_address(request)
        raise Unauthorized("This API key is not valid.")
    telemetry.bind(merchant=principal.merchant_id, mode=principal.mode)
    noting.acts(request.scope, principal.actor, principal.credential)
    audit.asks(actor(request, principal))
    await count_key(request, principal)
    if not networks.holds(principal.networks, client_address(request)):
        raise Forbidden(f"This API key may not be used from {client_address(request) or 'an unknown address'}.")
    if principal.status == "SUSPENDED":
        raise Forbidden("This merchant is suspended.")
    if principal.status != "APPROVED" and principal.mode == "live":
        raise Forbidden("This merchant is not approved yet. Test keys (sk_test_...) work meanwhile.")
    if not scopes.allowed(principal.scopes, scope):
        raise Forbidden(f"This API key lacks the scope {scope}.")
    return principal


async def authenticate_page(request: Request, scope: Scope) -> Principal:
    """The merchant behind the request's key, for the calls that a pk_ key may use; its page may read the answer.

    A pk_live_ key is good on the merchant's allowed origins alone. The Origin header can be forged outside browsers, so
    this protects people's browsers from being used, and is no proof of anything. Raises as `authenticate` does.
    """
    principal = await authenticate(request, scope)
    if principal.kind == "public" and not greet_page(request, principal):
        said = request.headers.getlist("origin")
        let_read(request.scope, page_of(request))  # This refusal alone: it tells the page's developer what to do.
        raise Forbidden(_refused(principal, page_of(request), bool(said)))
    return principal


def greet_page(request: Request, principal: Principal) -> bool:
    """Whether the request's page may use the pk_ key of *principal*; if so, it may read the answer."""
    origin = page_of(request)
    if principal.mode == "live" and origin not in principal.allowed_origins:
        return False
    let_read(request.scope, origin)
    return True


def actor(request: Request, principal: Principal | None = None) -> Actor:
    """Who acts by this request, for the audit log: a key, or without one the payer."""
    address = network_address(request)
    if principal is None:
        return Actor(payments.PAYER, address)
    return Actor(principal.actor, address, principal.credential)


async def preflight(request: Request) -> Response:
    """OPTIONS, a browser's question before it sends a key. Which page may, the key tells: so every page may ask."""
    said = request.headers.getlist("origin")
    origin = origins.shown(said[0]) if len(said) == 1 else None
    let_read(request.scope, origin)
    headers = {"Allow": ", ".join(sorted(request.scope.get("paygate.methods", ())))}
    if origin is not None:
        headers |= {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, X-API-Key, X-Client-Secret",
            "Access-Control-Max-Age": "7200",
        }
    return Response(status_code=204, headers=headers)


def _refused(principal: Principal, origin: str | None, said: bool) -> str:
    if origin is None:
        problem = "names no page" if said else "is missing"
        return (
            f"A pk_live_ key works on pages of the merchant's allowed origins only, and this request's Origin header"
            f" {problem}. On a server use a secret key (sk_live_...); pk_test_ keys work from anywhere."
        )
    return (
        f"Pages of {origin} may not use this pk_live_ key. To allow them, add the origin:"
        f" paygate merchant origins {ids.show_merchant(principal.merchant_id)} --add {origin}"
    )


def _given(request: Request) -> str:
    direct = request.headers.get("x-api-key", "").strip()
    if direct:
        return direct
    scheme, _, credential = request.headers.get("authorization", "").strip().partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""
