"""Holds every answer of a server in the tests to the API's document: its status, media type, headers and content.

Stricter than the document is for its readers: an answer may hold no field that the document does not know.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import jsonschema_rs
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paygate import app
from paygate.wire.openapi import HEADERS, METHODS, described

NOT_TOLD = {405}  # No document tells of methods that there are not.
ENDLESS = "text/event-stream"


def with_its_parts(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """*schema* with those of *components* that it needs: a validator of it is made a hundred times quicker."""
    found: dict[str, dict[str, Any]] = {}
    waiting: list[Any] = [schema]
    while waiting:
        match waiting.pop():
            case dict() as one:
                waiting += one.values()
                if isinstance(reference := one.get("$ref"), str):
                    kind, name = reference.removeprefix("#/components/").split("/", 1)
                    if name not in found.setdefault(kind, {}):
                        found[kind][name] = components[kind][name]
                        waiting.append(components[kind][name])
            case list() as many:
                waiting += many
    return {**schema, "components": found}


@cache
def document() -> dict[str, Any]:
    """The document, its answers closed: in what we send there is nothing that it does not know."""
    strict = copy.deepcopy(app.document("http://127.0.0.1:8000"))
    for schema in strict["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return strict


@cache
def _operations() -> dict[tuple[str, str], dict[str, Any]]:
    """By path as the application has it, and method."""
    named = {one["operationId"]: one for path in document()["paths"].values() for one in path.values()}
    return {
        (address.path, method): named[operation.id]
        for address, method, operation in described(app.ADDRESSES, app.OPERATIONS)
    }


@cache
def _validator(where: str, kind: str) -> jsonschema_rs.Draft202012Validator:
    path, method, status = where.split(" ")
    schema = _operations()[path, method]["responses"][status]["content"][kind]["schema"]
    return jsonschema_rs.Draft202012Validator(with_its_parts(schema, document()["components"]))


def broken(method: str, path: str, status: int, headers: dict[str, str], body: bytes) -> str | None:
    """What the document does not know of this answer; None when all is as it says."""
    address = next((one.path for one in app.ADDRESSES if one.path_regex.match(path)), None)
    operation = _operations().get((address or "", method))
    if operation is None or status in NOT_TOLD:
        return None
    where = f"{method} {path}: {status}"
    told = operation["responses"].get(str(status))
    if told is None:
        return f"{where} is not in the document: {body[:300]!r}"
    if "set-cookie" in headers and not {"httponly", "samesite", "path"} <= _parts(headers["set-cookie"]):
        return f"{where} sets a cookie without HttpOnly, SameSite or Path"
    for name in HEADERS:
        if name.lower() in headers and name not in told["headers"]:
            return f"{where} has the header {name}, which is not in the document"
    kind = headers.get("content-type", "").split(";")[0]
    if not kind and not body and "content" not in told:
        return None
    if kind not in told.get("content", {}):
        return f"{where} is {kind or 'without a type'}, the document has {list(told.get('content', {}))}"
    if kind == "application/json":
        validator = _validator(f"{address} {method} {status}", kind)
        problems = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(json.loads(body))]
        if problems:
            return f"{where} is not what the document says: {problems[0][:500]}"
    return None


def _parts(cookie: str) -> set[str]:
    return {part.partition("=")[0].strip().lower() for part in cookie.split(";")[1:]}


class Held:
    """An application whose answers are compared with the document; `broken` has what does not fit."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner
        self.broken: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in METHODS:
            await self.inner(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._compare(scope, start, b"".join(parts))

        await self.inner(scope, receive, seen)

    def _compare(self, scope: Scope, start: Message, body: bytes) -> None:
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
        if headers.get("content-type", "").startswith(ENDLESS):
            body = b""
        problem = broken(scope["method"], scope["path"], start["status"], headers, body)
        if problem is not None:
            self.broken.append(problem)
