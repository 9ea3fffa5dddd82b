"""The API's document (OpenAPI 3.1): made of the addresses, of what each does, and of the types that read and answer."""

from __future__ import annotations

import asyncio
import gzip
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from paygate.core import errors
from paygate.core.errors import Bug, PayGateError
from paygate.core.limits import DEFAULTS, Counted, Standing
from paygate.core.people import LEAST
from paygate.core.shapes import LIMITED, Schema, Shape, between
from paygate.services import sessions
from paygate.wire import security
from paygate.wire.addresses import Address
from paygate.wire.answers import encode, raw_json
from paygate.wire.edge import Dialect
from paygate.wire.limits import count_address
from paygate.wire.operations import ANYBODY, JSON, PERSON, Content, Handler, Operation, Part, Reply, Webhook, reply
from paygate.wire.people import NEEDS
from paygate.wire.requests import MAX_BODY_BYTES, MAX_KEY_CHARS

SCHEMAS = "#/components/schemas/"
REQUEST_ID = "req_0123456789abcdef01234567"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WITH_BODY = ("POST", "PUT", "PATCH")
HEADERS: Mapping[str, Schema] = {
    "Request-Id": {"description": "Names the request in the log. Tell us when you ask.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true`: this is the answer that was kept for the Idempotency-Key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit-Policy": {
        "description": "The rate limit that counts this call: `q` requests in `w` seconds"
        " (draft-ietf-httpapi-ratelimit-headers).",
        "schema": {"type": "string"},
        "example": '"key";q=300;w=3',
    },
    "RateLimit": {
        "description": "What is left of it: `r` requests now, and all of them again in `t` seconds.",
        "schema": {"type": "string"},
        "example": '"key";r=299;t=1',
    },
    "WWW-Authenticate": {"description": "How to say who you are.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "The name to keep the file under.", "schema": {"type": "string"}},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your own mark of this request. The same again, with the same body, gets the same answer for 24"
    " hours and does nothing; with another body it is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS, "pattern": "^[ -~]+$"},
    "example": "order-A-1001",
}
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True, slots=True)
class About:
    """What the document says of this installation: where it is, its version, and the smallest and largest payment."""

    url: str
    version: str
    low_satang: int
    high_satang: int
    title: str
    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """What this installation sends to receivers: by event type, with these headers, and what receivers may answer."""

    webhooks: Mapping[str, Webhook]
    tag: str
    about: str
    headers: Sequence[Part]
    answers: Mapping[str, str]


def document(
    about: About,
    addresses: Sequence[Address],
    operations: Mapping[Handler, Operation],
    dialects: Sequence[Dialect],
    sent: Sent | None = None,
) -> Schema:
    """The whole document. Raises Bug when an address and what is said about it do not fit together."""
    drawn = _Drawing(about, dialects)
    paths: dict[str, dict[str, Any]] = {}
    for address, method, operation in described(addresses, operations):
        at = _PLACE.sub(lambda match: f"{{{_camel(match[1])}}}", address.path)
        paths.setdefault(at, {})[method.lower()] = drawn.operation(address, method, operation)
    return drawn.finished(
        {
            "openapi": "3.1.0",
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
            "info": {
                "title": about.title,
                "version": about.version,
                "description": about.description,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": about.url}],
            "tags": [{"name": name, "description": told} for name, told in about.tags.items()],
            "paths": paths,
            **({"webhooks": drawn.webhooks(sent)} if sent else {}),
        }
    )


def described(
    addresses: Sequence[Address], operations: Mapping[Handler, Operation]
) -> Iterator[tuple[Address, str, Operation]]:
    """Each address and method that has an operation. Those without are pages, pictures of them, or preflights."""
    for address in addresses:
        for method in METHODS:
            handler = address.handlers.get(method)
            if handler is not None and handler in operations:
                yield address, method, operations[handler]


class Document:
    """The document as it is served, made when it is first asked for: most processes never are."""

    def __init__(self, make: Callable[[], Schema]) -> None:
        self._make = make
        self._made: Schema | None = None
        self._packed: bytes | None = None

    def made(self) -> Schema:
        """The document."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def packed(self) -> bytes:
        """Its JSON under gzip, which is a twentieth of it."""
        if self._packed is None:
            self._packed = gzip.compress(encode(self.made()), mtime=0)
        return self._packed


async def show(request: Request) -> Response:
    """GET /openapi.json"""
    await count_address(request)
    made: Document = request.app.state.document
    packed = await asyncio.to_thread(made.packed)
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        return raw_json(packed, headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    return raw_json(await asyncio.to_thread(gzip.decompress, packed), headers={"Vary": "Accept-Encoding"})


def _takes_gzip(accepted: str) -> bool:
    """Accept-Encoding (RFC 9110, 12.5.3): whether gzip is in it, and not with a weight of nothing."""
    for one in accepted.casefold().split(","):
        coding, _, weight = one.replace(" ", "").partition(";")
        if coding == "gzip":
            return weight.removeprefix("q=").strip("0.") != "" or weight == ""
    return False


OPERATIONS: Mapping[Handler, Operation] = {
    show: Operation(
        id="openapi",
        tag="about",
        summary="This document",
        who=ANYBODY,
        replies=(reply(200, "OpenAPI 3.1.", {"type": "object", "description": "This document."}),),
    )
}


class _Drawing:
    """One document under way: which schemas it names, and by which dialect each address refuses."""

    def __init__(self, about: About, dialects: Sequence[Dialect]) -> None:
        self._about = about
        self._dialects = tuple(dialects)
        self._classes: dict[str, type[msgspec.Struct]] = {}
        self._shapes: dict[str, Shape] = {}

    # --- one operation ---------------------------------------------------------------------------------------------

    def operation(self, address: Address, method: str, said: Operation) -> Schema:
        """One operation of the document."""
        places = [_camel(name) for name in _PLACE.findall(address.path)]
        if places != [part.name for part in said.path]:
            raise Bug(f"{said.id} tells of {[part.name for part in said.path]}, its address has {places}.")
        drawn: Schema = {
            "operationId": said.id,
            "tags": [said.tag],
            "summary": said.summary,
            "description": _told(said),
            "parameters": self._parameters(said),
            "security": [{name: [] for name in who.value} for who in said.who],
            "responses": self._responses(address, method, said),
        }
        if said.scope is not None:
            drawn["x-scope"] = said.scope
        if said.body is not None:
            drawn["requestBody"] = {
                "required": said.body.required,
                "content": {
                    kind: self._media(content, said.body.examples.get(kind))
                    for kind, content in said.body.content.items()
                },
            }
        return drawn

    def webhooks(self, sent: Sent) -> Schema:
        """What receivers get."""
        return {
            event_type: {
                "post": {
                    "operationId": said.id,
                    "tags": [sent.tag],
                    "summary": said.summary,
                    "description": f"{said.summary}. {sent.about}",
                    "parameters": [_part(one, "header", required=True) for one in sent.headers],
                    "security": [],
                    "requestBody": {
                        "required": True,
                        "content": {JSON: self._media((said.content,), None)},
                    },
                    "responses": {status: {"description": told} for status, told in sent.answers.items()},
                }
            }
            for event_type, said in sent.webhooks.items()
        }

    def _parameters(self, said: Operation) -> list[Schema]:
        drawn = [_part(one, "path", required=True) for one in said.path]
        drawn += [_part(one, "header", required=False) for one in said.headers]
        for one in said.query.fields if said.query else ():
            schema = {**one.values}
            shown = {"name": one.name, "in": "query", "required": one.required, "description": one.about}
            drawn.append({**shown, "schema": schema, **({"example": one.example} if one.example is not None else {})})
        return [*drawn, {"$ref": "#/components/parameters/IdempotencyKey"}] if said.idempotent else drawn

    # --- answers ---------------------------------------------------------------------------------------------------

    def _responses(self, address: Address, method: str, said: Operation) -> Schema:
        drawn = {str(one.status): self._reply(one, said) for one in said.replies}
        for status, refused in self._refusals(address, method, said).items():
            if status in drawn:
                drawn[status]["content"][JSON] = _either(drawn[status]["content"][JSON], refused["content"][JSON])
                drawn[status]["headers"] |= refused["headers"]
            else:
                drawn[status] = refused
        return dict(sorted(drawn.items()))

    def _reply(self, one: Reply, said: Operation) -> Schema:
        names = ["Request-Id", *one.headers, *(["Idempotent-Replayed"] if said.idempotent else []), *_counted(said)]
        drawn: Schema = {"description": one.about, "headers": {name: _header(name) for name in names}}
        if one.content:
            drawn["content"] = {kind: self._media(content, None) for kind, content in one.content.items()}
        return drawn

    def _refusals(self, address: Address, method: str, said: Operation) -> dict[str, Schema]:
        """The refusals of an operation by their status, each with the answers that the face gives."""
        dialect = next(one for one in self._dialects if one.takes(address.path))
        if dialect.shape is None:
            raise Bug(f"{said.id} stands where pages refuse.")
        by_status: dict[str, Schema] = {}
        for error in (*said.refusals, *_usual(method, said)):
            answer = dialect.answer(error, REQUEST_ID)
            status = str(answer.status_code)
            content = msgspec.json.decode(answer.body)
            media = by_status.setdefault(status, {"description": "", "headers": {}, "content": {JSON: {}}})
            if not media["content"][JSON]:
                media["content"][JSON] = {"schema": self._schema(dialect.shape), "examples": {}}
            names = {"Request-Id", *(name for name in HEADERS if name.lower() in answer.headers), *_counted(said)}
            media["headers"] |= {name: _header(name) for name in sorted(names)}
            examples = media["content"][JSON]["examples"]
            if not any(one["value"] == content for one in examples.values()):
                examples[f"{type(error).__name__}{len(examples) or ''}"] = {"summary": error.message, "value": content}
        for media in by_status.values():
            media["description"] = " Or: ".join(one["summary"] for one in media["content"][JSON]["examples"].values())
        return by_status

    # --- schemas ---------------------------------------------------------------------------------------------------

    def _media(self, content: Sequence[Content], example: object) -> Schema:
        drawn = [self._schema(one) for one in content]
        media: Schema = {"schema": drawn[0] if len(drawn) == 1 else {"anyOf": drawn}}
        if example is None and isinstance(content[0], Shape):
            example = content[0].example() or None
        return media if example is None else {**media, "example": example}

    def _schema(self, content: Content) -> Schema:
        if isinstance(content, Shape):
            if self._shapes.setdefault(content.name, content) is not content:
                raise Bug(f"Two shapes are called {content.name}.")
            return {"$ref": SCHEMAS + content.name}
        if isinstance(content, dict):
            return content
        if self._classes.setdefault(content.__name__, content) is not content:
            raise Bug(f"Two answers are called {content.__name__}.")
        return {"$ref": SCHEMAS + content.__name__}

    def finished(self, drawn: Schema) -> Schema:
        """The document with its schemas, and an example for each answer."""
        _, schemas = msgspec.json.schema_components(self._classes.values(), ref_template=SCHEMAS + "{name}")
        for name, shape in self._shapes.items():
            if name in schemas:
                raise Bug(f"A shape and an answer are called {name}.")
            schemas[name] = shape.schema()
        drawn["components"] = {
            "schemas": dict(sorted(schemas.items())),
            "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY},
            "headers": dict(HEADERS),
            "securitySchemes": security.SCHEMES,
        }
        settled: Schema = _settle(drawn, self._about)
        schemas = settled["components"]["schemas"]
        for event_type, item in settled.get("webhooks", {}).items():
            media = item["post"]["requestBody"]["content"][JSON]
            media["example"] = {**example_of(media["schema"], schemas), "event": event_type}
        for operation in (one for path in settled["paths"].values() for one in path.values()):
            for status, answer in operation["responses"].items():
                for media in answer.get("content", {}).values():
                    if status.startswith("2") and "example" not in media and _has_fields(media["schema"]):
                        media["example"] = example_of(media["schema"], schemas)
        return settled


def _usual(method: str, said: Operation) -> Iterator[PayGateError]:
    """Refusals that follow from what an operation takes."""
    counted = Counted.ADDRESS
    if "bankSignature" in said.who[0].value:
        counted = Counted.SOURCE
    elif any(who.value for who in said.who):
        counted = Counted.KEY
        yield errors.Unauthorized(sessions.LOG_IN if tuple(said.who) == PERSON else None)
        lacks = NEEDS[LEAST[said.may]] if said.may else None
        yield errors.Forbidden(f"This API key lacks the scope {said.scope}." if said.scope else lacks)
    if said.query is not None or said.idempotent:
        yield errors.InvalidInput("Text may not contain the NUL character.", field="q")
    if method in WITH_BODY:
        most = said.body.most_bytes if said.body and said.body.most_bytes else MAX_BODY_BYTES
        yield errors.TooLarge(f"The body is larger than {most} bytes.")
    if said.idempotent:
        yield errors.IdempotencyMismatch()
        yield errors.IdempotencyBusy()
    if said.limited:
        yield errors.TooManyRequests(Standing(counted, DEFAULTS[counted], 0, DEFAULTS[counted].window_s), 1)
    yield errors.Bug()
    yield errors.Unavailable()


def _counted(said: Operation) -> Sequence[str]:
    """The headers of a call that is counted by a rate limit."""
    return ("RateLimit", "RateLimit-Policy") if said.limited else ()


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """A value that fits *schema*, made of the examples in it."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(SCHEMAS)], schemas)
    if schema.get("enum"):
        return schema["enum"][0]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return example_of(schema[several][0], schemas)
    match schema.get("type"):
        case "object":
            return {name: example_of(one, schemas) for name, one in schema.get("properties", {}).items()}
        case "array":
            return [example_of(schema["items"], schemas)]
        case "boolean":
            return True
        case "integer" | "number":
            return 1
        case "string":
            return ""
        case _:
            return None


def _has_fields(schema: Mapping[str, Any]) -> bool:
    """Whether a value can be made of it: not text, pictures or files."""
    return "$ref" in schema or "anyOf" in schema


def _settle(value: Any, about: About) -> Any:
    """The same, with the installation's limits; decimals are numbers here, and descriptions one paragraph a line."""
    if isinstance(value, list):
        return [_settle(one, about) for one in value]
    if not isinstance(value, dict):
        return value
    drawn = {name: _settle(one, about) for name, one in value.items() if name != LIMITED}
    if LIMITED in value:
        drawn |= between(about.low_satang, about.high_satang)
    if drawn.get("format") == "decimal":
        drawn["type"] = "number"
        del drawn["format"]
    if isinstance(drawn.get("description"), str):
        drawn["description"] = inspect.cleandoc(drawn["description"])
    return drawn


def _either(one: Schema, other: Schema) -> Schema:
    """An answer of two shapes under one status."""
    schemas = [one["schema"], other["schema"]]
    return {"schema": {"anyOf": schemas}, "examples": other["examples"]}


def _told(said: Operation) -> str:
    about = said.about or f"{said.summary}."
    if said.may is not None:
        return f"{about} Least role: {LEAST[said.may]}."
    return f"{about} A secret key needs the scope `{said.scope}`." if said.scope else about


def _header(name: str) -> Schema:
    return {"$ref": f"#/components/headers/{name}"}


def _part(one: Part, where: str, *, required: bool) -> Schema:
    shown = {"name": one.name, "in": where, "required": required, "description": one.about, "schema": one.schema}
    return {**shown, "example": one.example} if one.example is not None else shown


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(one.capitalize() for one in others)
