"""Pages of lists: how many, from when to when, and where the page before ended."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from paygate.core import fields
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput
from paygate.core.fields import Fields
from paygate.core.shapes import Field

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_LIMIT = re.compile(r"[0-9]{1,3}", re.ASCII)
_CURSOR = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)", re.ASCII)  # `+07:00` in a query that nobody escaped arrives as ` 07:00`.


def _limit(query: Fields) -> int:
    text = str(query.get("limit", DEFAULT_LIMIT))
    if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= MAX_LIMIT:
        raise InvalidInput(f"limit must be a whole number from 1 to {MAX_LIMIT}.", field="limit")
    return int(text)


def bound(text: str | None, name: str, day_length: timedelta) -> datetime | None:
    """A day (and so much of it) or a moment. Raises InvalidInput with field *name*."""
    if text is None:
        return None
    day, exact = fields.read_day(text), fields.read_moment(_LOST_PLUS.sub("+", text))
    try:
        at = day + day_length if day else exact
    except OverflowError:
        at = None
    if at is None:
        message = f"{name} must be a day in Bangkok (2026-11-20) or a time with its offset (2026-11-20T10:00:00+07:00)."
        raise InvalidInput(message, field=name)
    return at


def cursor(at: datetime, *ids: UUID) -> str:
    """Where a page ended, as an opaque word. It only says where to go on, so there is nothing in it to protect."""
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    raw = micros.to_bytes(8, "big") + b"".join(one.bytes for one in ids)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_cursor(text: str | None, count: int) -> tuple[datetime, tuple[UUID, ...]] | None:
    """The reverse of `cursor` with *count* ids; None stays None. Raises InvalidInput."""
    if text is None:
        return None
    size = 8 + 16 * count
    try:
        if not _CURSOR.fullmatch(text) or len(text) != -(-size * 4 // 3):
            raise ValueError
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        at = _EPOCH + timedelta(microseconds=int.from_bytes(raw[:8], "big"))
        return at, tuple(UUID(bytes=raw[place : place + 16]) for place in range(8, size, 16))
    except (ValueError, OverflowError):
        raise InvalidInput("cursor must be a nextCursor of an earlier answer.", field="cursor") from None


def cursor_field(count: int) -> Field[tuple[datetime, tuple[UUID, ...]] | None]:
    """`cursor` of a list whose pages end at a moment and *count* ids."""
    size = -(-(8 + 16 * count) * 4 // 3)
    values = {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{{size}}}$"}
    about = "The `nextCursor` of the page before."
    return declare.custom("cursor", lambda given: read_cursor(_text(given, "cursor"), count), values, about)


def bound_field(name: str, day_length: timedelta, about: str) -> Field[datetime | None]:
    """`from` or `to`: a day in Bangkok and so much of it, or a moment."""
    values = {"type": "string", "minLength": 10, "maxLength": 40}
    about += " A day in Bangkok (2026-11-20) or a time with its offset (2026-11-20T10:00:00+07:00)."
    read = declare.custom(name, lambda given: bound(_text(given, name), name, day_length), values, about)
    return replace(read, example="2026-11-20")


def _text(given: Fields, name: str) -> str | None:
    value = given.get(name)
    return None if value is None else str(value)


LIMIT = declare.custom(
    "limit",
    _limit,
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "How many.",
    example=DEFAULT_LIMIT,
)
FROM = bound_field("from", timedelta(0), "From then on.")
TO = bound_field("to", timedelta(days=1), "Until then: to the end of a day, or up to a moment.")
