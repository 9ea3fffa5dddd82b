"""Reading the fields of a JSON object from a stranger. Every refusal names its field and says what was wanted.

`null` means the same as absent; unknown fields are ignored; wrong types never are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

from paygate.core import canonical
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput

Fields: TypeAlias = Mapping[str, JsonValue]

MAX_METADATA_BYTES = 16_384
BANGKOK = timedelta(hours=7)  # Thailand has no daylight saving time.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def json_object(raw: bytes) -> dict[str, JsonValue]:
    """A body that must be one JSON object."""
    if not raw.strip():
        raise InvalidInput("The body is empty; a JSON object is wanted.")
    value = canonical.loads(raw)
    if not isinstance(value, dict):
        raise InvalidInput("The body must be a JSON object.")
    return value


def within(where: str, error: InvalidInput) -> InvalidInput:
    """The same refusal for an object that stands at *where*: `payments[3]` and `amount` give `payments[3].amount`."""
    return InvalidInput(error.message, field=f"{where}.{error.field}" if error.field else where)


def text(fields: Fields, name: str, longest: int, *, shortest: int = 1, one_line: bool = False) -> str | None:
    """A string of *shortest* to *longest* characters; *one_line* refuses line ends and control characters."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be a string.", field=name)
    if not shortest <= len(value) <= longest:
        raise InvalidInput(f"{name} must have {shortest} to {longest} characters.", field=name)
    if one_line and has_controls(value):
        raise InvalidInput(f"{name} may not contain line ends or control characters.", field=name)
    return value


def pattern(fields: Fields, name: str, wanted: re.Pattern[str], meaning: str) -> str | None:
    """A string that is wholly *wanted*; *meaning* says so in words, for example `3 digits`."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not wanted.fullmatch(value):
        raise InvalidInput(f"{name} must be a string of {meaning}.", field=name)
    return value


def whole(fields: Fields, name: str, low: int, high: int) -> int | None:
    """A JSON number without decimals between *low* and *high*."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(f"{name} must be a whole number.", field=name)
    if not low <= value <= high:
        raise InvalidInput(f"{name} must be between {low} and {high}.", field=name)
    return value


def flag(fields: Fields, name: str) -> bool | None:
    """`true` or `false`."""
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidInput(f"{name} must be true or false.", field=name)
    return value


def metadata(fields: Fields, name: str = "metadata") -> str:
    """A JSON object of at most 16 KiB, as its canonical text; `{}` when absent."""
    value = fields.get(name)
    if value is None:
        return "{}"
    if not isinstance(value, dict):
        raise InvalidInput(f"{name} must be a JSON object.", field=name)
    try:
        printed = canonical.dumps(value)
    except InvalidInput as error:
        raise InvalidInput(error.message, field=name) from error
    if len(printed.encode()) > MAX_METADATA_BYTES:
        raise InvalidInput(f"{name} must be at most {MAX_METADATA_BYTES} bytes of JSON.", field=name)
    return printed


def email(fields: Fields, name: str) -> str | None:
    """An address of at most 254 characters (RFC 5321 4.5.3.1.3); whether it exists nobody asks."""
    value = text(fields, name, 254, one_line=True)
    if value is None:
        return None
    local, at, domain = value.rpartition("@")
    if not (local and at and domain) or any(c.isspace() for c in value):
        raise InvalidInput(f"{name} must be an e-mail address.", field=name)
    return value


def moment(fields: Fields, name: str) -> datetime | None:
    """A moment with its offset, ISO 8601: `2026-11-20T10:00:00+07:00`. In UTC."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or (read := read_moment(value)) is None:
        example = "2026-11-20T10:00:00+07:00"
        raise InvalidInput(f"{name} must be a time with its offset from UTC, for example {example}.", field=name)
    return read


def read_moment(value: str) -> datetime | None:
    """The same of a bare text; None when it is something else."""
    if not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_day(value: str) -> datetime | None:
    """The beginning of a Bangkok day written `2026-11-20`; None when it is something else."""
    if not _DAY.fullmatch(value):
        return None
    try:
        day = date.fromisoformat(value)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) - BANGKOK
    except (ValueError, OverflowError):
        return None


def has_controls(value: str) -> bool:
    """Whether there are C0 or C1 control characters or Unicode line ends in a text."""
    return any(c < " " or "\x7f" <= c <= "\x9f" or c in "\u2028\u2029" for c in value)
