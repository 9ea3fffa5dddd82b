"""Addresses: a path and one handler for each method. The first path that fits decides, so 405 can name its methods."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from paygate.core.errors import NotFound
from paygate.wire import noting
from paygate.wire.edge import MethodNotAllowed
from paygate.wire.operations import Handler


class Address(Route):
    """`Address("/api/v1/payment/create", POST=payments.create)`; a GET handler answers HEAD too."""

    def __init__(self, path: str, **handlers: Handler) -> None:
        if "GET" in handlers:
            handlers = {"HEAD": handlers["GET"], **handlers}
        self.handlers = handlers

        async def dispatch(request: Request) -> Response:
            request.scope["paygate.methods"] = tuple(handlers)
            return await handlers[request.method](request)

        super().__init__(path, dispatch, methods=list(handlers), name=path)
        # Starlette's `$` also fits before a line end, and its `.` fits none: `/create%0a` is not `/create`.
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z", re.DOTALL)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Starlette would look on for a path that has the method: `GET /payment/create` is not the payment `create`."""
        match, child_scope = super().matches(scope)
        if match is Match.NONE:
            return match, child_scope
        return Match.FULL, {**child_scope, noting.FORM: self.path}  # Of a method that it has not, too.


async def refuse_path(_: Request, __: Exception) -> Response:
    """Starlette's 404, said as a refusal, so that the face's own shape is used."""
    raise NotFound("There is nothing at this address.")


async def refuse_method(_: Request, error: Exception) -> Response:
    """Starlette's 405, likewise; the methods that there are go into `Allow`."""
    named = (error.headers or {}).get("Allow", "") if isinstance(error, HTTPException) else ""
    raise MethodNotAllowed(sorted(named.split(", ")))
