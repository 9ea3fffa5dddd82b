"""Fields of requests, each said once: the same object reads a field and says what the API's document has about it.

ORDER_ID = shapes.text("orderId", 128, "Your own number of the order.", example="A-1")
NEW = Shape("NewPayment", "A payment to make.", (ORDER_ID, ...))
ORDER_ID.read(given)    # str | None, or InvalidInput that names the field
NEW.schema()            # JSON Schema (2020-12)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from paygate.core import fields, money
from paygate.core.errors import InvalidInput
from paygate.core.fields import Fields

T = TypeVar("T")
U = TypeVar("U")
Schema: TypeAlias = dict[str, Any]

ONE_LINE = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$"
LIMITED = "$paymentLimits"
"""Marks a schema whose minimum and maximum are settings of the installation; the document puts them there."""


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """One field: `read` raises InvalidInput, naming it. `required`: absent (or null) is refused."""

    name: str
    read: Callable[[Fields], T]
    values: Mapping[str, Any]
    about: str
    example: Any = None
    required: bool = False

    def schema(self) -> Schema:
        """What a value may be, in JSON Schema. An optional field may be null, which means absent."""
        shown = {**self.values, "description": self.about}
        kind = shown.get("type")
        if not self.required and kind is not None:
            shown["type"] = [kind, "null"]
            if "enum" in shown:
                shown["enum"] = [*shown["enum"], None]
        if self.example is not None:
            shown["examples"] = [self.example]
        return shown


@dataclass(frozen=True, slots=True)
class Shape:
    """A JSON object, or a query, of which these fields are read; others are ignored."""

    name: str
    about: str
    fields: Sequence[Field[Any]]

    def schema(self) -> Schema:
        """The object in JSON Schema."""
        wanted = [one.name for one in self.fields if one.required]
        return {
            "title": self.name,
            "description": self.about,
            "type": "object",
            "properties": {one.name: one.schema() for one in self.fields},
            **({"required": wanted} if wanted else {}),
        }

    def example(self) -> dict[str, Any]:
        """An object with every field that has an example."""
        return {one.name: one.example for one in self.fields if one.example is not None}


def text(
    name: str, longest: int, about: str, *, shortest: int = 1, one_line: bool = False, example: str | None = None
) -> Field[str | None]:
    """See `fields.text`."""
    values = {"type": "string", "minLength": shortest, "maxLength": longest}
    if one_line:
        values["pattern"] = ONE_LINE
    return Field(
        name,
        lambda given: fields.text(given, name, longest, shortest=shortest, one_line=one_line),
        values,
        about,
        example,
    )


def pattern(
    name: str, wanted: re.Pattern[str], meaning: str, about: str, *, example: str | None = None
) -> Field[str | None]:
    """See `fields.pattern`."""
    values = {"type": "string", "pattern": f"^({wanted.pattern})$"}
    return Field(name, lambda given: fields.pattern(given, name, wanted, meaning), values, about, example)


def whole(name: str, low: int, high: int, about: str, *, example: int | None = None) -> Field[int | None]:
    """See `fields.whole`."""
    values = {"type": "integer", "minimum": low, "maximum": high}
    return Field(name, lambda given: fields.whole(given, name, low, high), values, about, example)


def flag(name: str, about: str, *, example: bool | None = None) -> Field[bool | None]:
    """See `fields.flag`."""
    return Field(name, lambda given: fields.flag(given, name), {"type": "boolean"}, about, example)


def choice(name: str, known: Sequence[str], about: str, *, example: str | None = None) -> Field[str | None]:
    """One of a few words, as they are written."""

    def read(given: Fields) -> str | None:
        value = given.get(name)
        if value is not None and (not isinstance(value, str) or value not in known):
            raise InvalidInput(f"{name} must be one of {', '.join(known)}.", field=name)
        return value

    return Field(name, read, {"type": "string", "enum": list(known)}, about, example)


def word(name: str, known: Sequence[str], about: str, *, example: str | None = None) -> Field[str | None]:
    """One of a few words in capitals, however it is written; empty means absent. For queries."""

    def read(given: Fields) -> str | None:
        value = str(given.get(name) or "").upper()
        if value and value not in known:
            raise InvalidInput(f"{name} must be one of {', '.join(known)}.", field=name)
        return value or None

    return Field(name, read, {"type": "string", "enum": list(known)}, about, example)


def at_most(name: str, longest: int, about: str, *, example: str | None = None) -> Field[str | None]:
    """Any text, not too long. For queries."""

    def read(given: Fields) -> str | None:
        value = given.get(name)
        if value is None:
            return None
        if len(str(value)) > longest:
            raise InvalidInput(f"{name} must have at most {longest} characters.", field=name)
        return str(value)

    return Field(name, read, {"type": "string", "minLength": 1, "maxLength": longest}, about, example)


def email(name: str, about: str, *, example: str | None = None) -> Field[str | None]:
    """See `fields.email`."""
    values = {"type": "string", "format": "email", "maxLength": 254}
    return Field(name, lambda given: fields.email(given, name), values, about, example)


def moment(name: str, about: str, *, example: str | None = None) -> Field[datetime | None]:
    """See `fields.moment`."""
    values = {"type": "string", "format": "date-time"}
    return Field(name, lambda given: fields.moment(given, name), values, about, example)


def metadata(name: str, about: str, *, example: Mapping[str, Any] | None = None) -> Field[str]:
    """See `fields.metadata`: read as canonical text."""
    return Field(name, lambda given: fields.metadata(given, name), {"type": "object"}, about, example)


def baht(name: str, low: int, high: int, about: str, *, example: float | None = None) -> Field[int]:
    """See `money.satang_from_json`; always required."""
    values = {"type": "number", **between(low, high), "multipleOf": 0.01}
    return Field(
        name,
        lambda given: money.satang_from_json(given.get(name), field=name, low=low, high=high),
        values,
        about,
        example,
        required=True,
    )


def between(low: int, high: int) -> Schema:
    """Limits in satang as JSON Schema has them for baht. Numbers to read, not to reckon with."""
    return {"minimum": float(money.baht(low)), "maximum": float(money.baht(high))}


def custom(
    name: str, read: Callable[[Fields], T], values: Mapping[str, Any], about: str, *, example: Any = None
) -> Field[T]:
    """A field that is read in a way of its own; *values* says in JSON Schema what fits."""
    return Field(name, read, values, about, example)


def needed(field: Field[T | None], message: str) -> Field[T]:
    """The same field, which may not be absent; *message* says so."""

    def read(given: Fields) -> T:
        value = field.read(given)
        if value is None:
            raise InvalidInput(message, field=field.name)
        return value

    return Field(field.name, read, field.values, field.about, field.example, required=True)


def limited(field: Field[T]) -> Field[T]:
    """The same field, whose limits in the document are those of the installation."""
    return replace(field, values={**field.values, LIMITED: True})
