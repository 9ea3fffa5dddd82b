"""`/account/password`: where a reset link leads. Its token stands behind the `#`, so no log ever has it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.web import pages


async def password(request: Request) -> Response:
    """GET /account/password: a form that sets a password by POST /api/auth/password/reset."""
    await wire.count_address(request)
    return pages.page("password.html", pages.language(request), "password", script="password.js")
