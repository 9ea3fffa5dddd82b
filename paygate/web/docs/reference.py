"""The API's document as pages show it: an address with its fields, answers, refusals and ready requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from paygate.core.shapes import Schema
from paygate.web.docs import snippets
from paygate.web.docs.snippets import Call

JSON: Final = "application/json"
SCHEMAS: Final = "#/components/schemas/"
DEEPEST: Final = 4  # Objects in objects: what lies deeper is "an object".
LONGEST_TEXT: Final = 200
_SHOWN_IN_QUERY: Final = {"mode": "test", "limit": "10"}
# What a document says of a value beside its type, in the order in which people read it.
_BOUNDS: Final[Sequence[str]] = (
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
    "format",
    "default",
)


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a member of a body. `bounds` are the keywords of JSON Schema that limit it."""

    name: str
    kind: str
    required: bool
    about: str
    bounds: Mapping[str, Any]
    example: Any = None
    inside: Sequence[Field] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back: fields of its JSON, an example, or the media types of what is no JSON."""

    status: int
    about: str
    fields: Sequence[Field]
    example: str | None
    kinds: Sequence[str]


@dataclass(frozen=True, slots=True)
class Refused:
    """One way in which it is refused."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Operation:
    """All that a page shows of one operation."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    about: str
    who: Sequence[str]
    scope: str | None
    places: Sequence[Field]
    query: Sequence[Field]
    headers: Sequence[Field]
    body: Sequence[Field]
    body_kinds: Sequence[str]
    answers: Sequence[Answer]
    refusals: Sequence[Refused]
    codes: Sequence[tuple[str, str, str]]
    body_example: str | None
    tryable: bool
    idempotent: bool
    call: Call = field(repr=False)

    @property
    def page(self) -> str:
        """The page that shows it, below /docs/api/."""
        return slug_of(self.tag)


class Reference:
    """Every operation of *document*, for a host at *url*."""

    def __init__(self, document: Schema, url: str) -> None:
        self._document, self._url = document, url
        self._schemas: Mapping[str, Schema] = document["components"]["schemas"]
        self.tags: Mapping[str, str] = {tag["name"]: tag["description"] for tag in document["tags"]}
        self.operations: Sequence[Operation] = tuple(self._read())

    def of_tag(self, tag: str) -> Sequence[Operation]:
        """Its operations, in the order of the document."""
        return [one for one in self.operations if one.tag == tag]

    def limit(self, schema: str, name: str, keyword: str) -> Any:
        """What the document says of one field: `limit("NewPayment", "amount", "minimum")`."""
        return self._schemas[schema]["properties"][name][keyword]

    # --- one operation ---------------------------------------------------------------------------------------------

    def _read(self) -> Iterator[Operation]:
        for path, item in self._document["paths"].items():
            for method, said in item.items():
                yield self._operation(path, method.upper(), said)

    def _operation(self, path: str, method: str, said: Schema) -> Operation:
        parts = [self._parameter(self._resolved(one)) for one in said["parameters"]]
        sorts = [self._resolved(one)["in"] for one in said["parameters"]]
        query = [part for part, sort in zip(parts, sorts, strict=True) if sort == "query"]
        content = said.get("requestBody", {}).get("content", {})
        media = content.get(JSON) or {}
        example = _plain(media.get("example")) if media else None
        if media and example is None:
            example = _plain(self._first(media["schema"]))
        who = [" + ".join(one) for one in said["security"]] or [""]
        answers, refusals = self._answers(said)
        call = self._call(path, method, said, query, example, binary=not any(JSON in one.kinds for one in answers))
        signed = "bankSignature" in who
        codes = (("curl", "sh", snippets.signed_curl(call)),) if signed else snippets.every(call)
        streams = any("text/event-stream" in one.kinds for one in answers)
        return Operation(
            id=said["operationId"],
            tag=said["tags"][0],
            method=method,
            path=path,
            summary=said["summary"],
            about=said["description"],
            who=who,
            scope=said.get("x-scope"),
            places=[part for part, sort in zip(parts, sorts, strict=True) if sort == "path"],
            query=query,
            headers=[part for part, sort in zip(parts, sorts, strict=True) if sort == "header"],
            body=self.fields(media["schema"]) if media else (),
            body_kinds=list(content),
            answers=answers,
            refusals=refusals,
            codes=codes,
            body_example=snippets.json_text(example) if media else None,
            tryable=not streams and ("secretKey" in who or (method == "GET" and "" in who)),
            idempotent=any(one.get("$ref", "").endswith("/IdempotencyKey") for one in said["parameters"]),
            call=call,
        )

    def _parameter(self, said: Schema) -> Field:
        example = said.get("example", said["schema"].get("example"))
        return Field(
            said["name"],
            _kind(said["schema"], ""),
            said["required"],
            said["description"],
            _bounds(said["schema"]),
            example if example is not None else (said["schema"].get("examples") or [None])[0],
        )

    def _resolved(self, said: Schema) -> Schema:
        if "$ref" not in said:
            return said
        found: Any = self._document
        for step in said["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)

    def _call(self, path: str, method: str, said: Schema, query: Sequence[Field], body: Any, *, binary: bool) -> Call:
        for one in said["parameters"]:
            if one.get("in") == "path":
                path = path.replace(f"{{{one['name']}}}", quote(str(one.get("example", one["name"])), safe=""))
        shown = {
            one.name: _SHOWN_IN_QUERY.get(one.name, one.example)
            for one in query
            if one.required or one.name in _SHOWN_IN_QUERY
        }
        headers = dict(self._credential(said["security"]))
        if body is not None:
            headers["Content-Type"] = JSON
        return Call(
            method, f"{self._url}{path}" + (f"?{urlencode(shown)}" if shown else ""), headers, body, binary=binary
        )

    def _credential(self, security: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
        schemes = self._document["components"]["securitySchemes"]
        for name in security[0] if security else ():
            scheme = schemes[name]
            if name == "bankSignature":
                yield scheme["name"], snippets.SIGN
            elif scheme["type"] == "http":
                yield "Authorization", "Bearer $TOKEN"
            else:
                yield scheme["name"], snippets.PUBLIC if name.startswith("public") else snippets.SECRET

    # --- answers ---------------------------------------------------------------------------------------------------

    def _answers(self, said: Schema) -> tuple[Sequence[Answer], Sequence[Refused]]:
        answers, refusals = [], []
        for status, one in said["responses"].items():
            content = one.get("content", {})
            if status.startswith("2"):
                media = content.get(JSON, {})
                example = media.get("example")
                answers.append(
                    Answer(
                        int(status),
                        one["description"],
                        self.fields(media["schema"]) if media else (),
                        None if example is None else self._here(snippets.json_text(example)),
                        list(content),
                    )
                )
                continue
            for shown in content.get(JSON, {}).get("examples", {}).values():
                value = shown["value"]
                code = value.get("error") or str(value.get("code", status))
                refusals.append(Refused(int(status), str(code), shown["summary"]))
        return answers, refusals

    def _here(self, text: str) -> str:
        return text.replace("https://pay.example.com", self._url)

    # --- schemas ---------------------------------------------------------------------------------------------------

    def fields(self, schema: Schema, depth: int = 0) -> Sequence[Field]:
        """The members of an object; of several shapes those of the first."""
        schema = self._object(schema)
        if schema.get("type") == "array":
            return self.fields(schema["items"], depth)
        wanted = schema.get("required", ())
        return [self._member(name, one, name in wanted, depth) for name, one in schema.get("properties", {}).items()]

    def _member(self, name: str, said: Schema, required: bool, depth: int) -> Field:
        nullable = any(one.get("type") == "null" for one in said.get("anyOf", ()))
        choice = next((one for one in said.get("anyOf", ()) if one.get("type") != "null"), said)
        whole = {**self._resolved(choice), **_own(said)}
        kind, item = _kind(whole, "null" if nullable else ""), whole
        if whole.get("type") == "array":
            item = self._resolved(whole.get("items", {}))
            kind = f"array of {_kind(item, '') or 'values'}" + (" or null" if nullable else "")
        inside = self.fields(item, depth + 1) if item.get("properties") and depth < DEEPEST else ()
        return Field(
            name,
            kind,
            required,
            whole.get("description", ""),
            _bounds(whole),
            (whole.get("examples") or [None])[0],
            inside,
        )

    def _object(self, schema: Schema) -> Schema:
        for several in ("anyOf", "oneOf"):
            if several in schema:
                schema = schema[several][0]
        return self._resolved(schema)

    def _first(self, schema: Schema) -> Any:
        """An example of the first shape that fits."""
        schema = self._object(schema)
        if schema.get("examples"):
            return schema["examples"][0]
        if schema.get("type") == "object":
            return {
                name: one["examples"][0]
                for name, one in schema.get("properties", {}).items()
                if one.get("examples") and one["examples"][0] is not None
            }
        return None


def _own(said: Schema) -> Schema:
    """What a member says of itself, beside its type."""
    return {key: said[key] for key in ("description", "examples") if key in said}


def _kind(schema: Schema, more: str) -> str:
    """`string`, `number or null`..."""
    said = schema.get("type", "string" if "enum" in schema else "")
    kinds = list(said) if isinstance(said, list) else [said] if said else []
    return " or ".join([*kinds, more] if more and more not in kinds else kinds)


def _bounds(schema: Schema) -> Mapping[str, Any]:
    found = {name: schema[name] for name in _BOUNDS if name in schema}
    if "enum" in found:
        found["enum"] = [one for one in found["enum"] if one is not None]
    if len(str(found.get("pattern", ""))) > LONGEST_TEXT:
        del found["pattern"]
    return found


def _plain(value: Any) -> Any:
    """The same, with whole numbers as people write them: 150, not 150.0."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def slug_of(tag: str) -> str:
    """The address of a group's page: `money out` is at `/docs/api/money-out`."""
    return re.sub(r"[^a-z0-9]+", "-", tag.lower()).strip("-")


def number(value: float) -> str:
    """A limit as people read it: `500,000`, `0.01`."""
    return f"{value:,.2f}".removesuffix(".00") if isinstance(value, float) else f"{value:,}"


def short(value: Any) -> str:
    """A value as people read it beside a field."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
