"""Pages of lists: how many, from when to when, and where the page before ended."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from paygate.core import fields
from paygate.core.errors import InvalidInput

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_LIMIT = re.compile(r"[0-9]{1,3}", re.ASCII)
_CURSOR = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)", re.ASCII)  # `+07:00` in a query that nobody escaped arrives as ` 07:00`.


def limit(query: Mapping[str, str]) -> int:
    """`limit`: 1 to MAX_LIMIT rows."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= MAX_LIMIT:
        raise InvalidInput(f"limit must be a whole number from 1 to {MAX_LIMIT}.", field="limit")
    return int(text)


def begin(query: Mapping[str, str]) -> datetime | None:
    """`from`: a day in Bangkok, from its beginning, or a moment."""
    return bound(query.get("from"), "from", timedelta(0))


def end(query: Mapping[str, str]) -> datetime | None:
    """`to`: a day in Bangkok, to its end, or a moment; what happened then is not in it any more."""
    return bound(query.get("to"), "to", timedelta(days=1))


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
