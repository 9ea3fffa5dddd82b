"""Counting requests: by the key that was good, else by the network address."""

from __future__ import annotations

from starlette.requests import Request

from paygate.core.errors import TooManyRequests
from paygate.core.limits import Counted
from paygate.core.people import Person
from paygate.core.principals import Principal
from paygate.services import visitors
from paygate.wire.edge import let_read, tell_limit
from paygate.wire.requests import client_address, context, page_of


async def count_key(request: Request, principal: Principal) -> None:
    """Count a call of a key; one of a public key, which anybody may have, by the address as well.

    Raises TooManyRequests.
    """
    if principal.kind == "public":
        await count_address(request)
    await _count(request, Counted.KEY, str(principal.key_id))


async def count_person(request: Request, person: Person) -> None:
    """Count a call of somebody who is logged in, as one of a key. Raises TooManyRequests."""
    await _count(request, Counted.KEY, str(person.session_id))


async def count_address(request: Request) -> None:
    """Count a page, or a call without a good key. Raises TooManyRequests."""
    await _count(request, Counted.ADDRESS, visitors.network(client_address(request)))


async def _count(request: Request, counted: Counted, who: str) -> None:
    limiter = context(request).limiter
    if limiter is None:
        return
    try:
        standing = await limiter.take(counted, who)
    except TooManyRequests:
        let_read(request.scope, page_of(request))  # It says nothing that a page may not know.
        raise
    if standing is not None:
        tell_limit(request.scope, standing)
