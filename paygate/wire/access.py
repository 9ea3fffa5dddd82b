"""Who is asking: `X-API-Key: sk_...` or `Authorization: Bearer sk_...`."""

from __future__ import annotations

from starlette.requests import Request

from paygate import telemetry
from paygate.core import keys
from paygate.core.errors import Forbidden, Unauthorized
from paygate.core.principals import Principal
from paygate.db import keys as rows
from paygate.wire.requests import context


async def authenticate(request: Request) -> Principal:
    """The merchant behind the request's key.

    A key whose checksum is wrong never reaches the database. Raises Unauthorized; Forbidden when the merchant is
    suspended, or not yet approved and the key is a live one.
    """
    text = _given(request)
    if not text:
        raise Unauthorized()
    key = keys.read(text)
    principal = None
    if key is not None:
        async with context(request).db.connection() as conn:
            principal = await rows.authenticate(conn, key.hash)
    if principal is None:
        raise Unauthorized("This API key is not valid.")
    telemetry.bind(merchant=principal.merchant_id, mode=principal.mode)
    if principal.status == "SUSPENDED":
        raise Forbidden("This merchant is suspended.")
    if principal.status != "APPROVED" and principal.mode == "live":
        raise Forbidden("This merchant is not approved yet. Test keys (sk_test_...) work meanwhile.")
    return principal


def _given(request: Request) -> str:
    direct = request.headers.get("x-api-key", "").strip()
    if direct:
        return direct
    scheme, _, credential = request.headers.get("authorization", "").strip().partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""
