"""The system log: what a merchant, or the operator, reads to find out what happened and what went wrong.

A line is about a request (`http`, or `error` when it was our fault), a payment or payout (`payment`), a webhook
(`webhook`), or an act in the audit log (`audit`). No line holds what somebody sent: names of fields, ids of ours and
words of ours only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

Level = Literal["info", "warn", "error"]
Source = Literal["http", "webhook", "payment", "audit", "error"]
LEVELS: tuple[Level, ...] = ("info", "warn", "error")
SOURCES: tuple[Source, ...] = ("http", "webhook", "payment", "audit", "error")

Key: TypeAlias = tuple[int, int]
"""What tells lines of one source and one moment apart, in their order."""

MOST_KEY = (1 << 128) - 1
UNKNOWN_PATH = "an unknown address"
_READS = ("GET", "HEAD", "OPTIONS")
_OURS = 500
_REFUSED = 400
_ID = re.compile(r"(?!sk_|pk_)[a-z]{2,4}_[0-9a-z]{20,32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z-]{0,40}", re.ASCII)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Facts:
    """One request as it is kept. `path` is the address's form with ids of ours in it, `form` without them."""

    merchant_id: int
    mode: str
    request_id: str
    method: str
    path: str
    form: str
    status: int
    took_ms: int
    reason: str | None = None
    field: str | None = None
    actor: str | None = None
    credential: str | None = None

    @property
    def level(self) -> Level:
        """How bad it is."""
        if self.status >= _OURS:
            return "error"
        return "warn" if self.status >= _REFUSED else "info"

    @property
    def source(self) -> Source:
        """Whose fault it is, if it is one."""
        return "error" if self.status >= _OURS else "http"

    @property
    def likeness(self) -> tuple[object, ...]:
        """Requests that are alike in this are one line when there are too many."""
        return (self.merchant_id, self.mode, self.method, self.form, self.status, self.reason, self.field)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is read. `rank` and `key` say where it stands among those of its moment."""

    at: datetime
    rank: int
    key: Key
    id: str
    mode: str
    level: Level
    source: Source
    message: str
    request_id: str | None = None
    method: str | None = None
    path: str | None = None
    status: int | None = None
    took_ms: int | None = None
    actor: str | None = None
    credential: str | None = None
    subject: str | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended; the next one goes on behind it."""

    at: datetime
    rank: int
    key: Key

    def before(self, rank: int) -> tuple[datetime, Key]:
        """Of *rank* those lines come next that are smaller than this: in one moment ranks follow each other."""
        if rank == self.rank:
            return self.at, self.key
        return self.at, (0, 0) if rank < self.rank else (MOST_KEY, MOST_KEY)


def worth_keeping(method: str, status: int) -> bool:
    """Whether a request is told of: it changed something, or was refused, or failed. Nobody is left to tell at 499."""
    return status not in (0, 499) and (status >= _REFUSED or method not in _READS)


def place_of(form: str | None, values: Mapping[str, Any]) -> tuple[str, str]:
    """An address with the ids of ours that stand in it, and without. What else stands there may be anything."""
    if form is None:
        return UNKNOWN_PATH, UNKNOWN_PATH
    form = _PLACE.sub(r"{\1}", form)

    def filled(match: re.Match[str]) -> str:
        given = str(values.get(match[1], ""))
        return given if _ID.fullmatch(given) else match[0]

    return _PLACE.sub(filled, form), form


def reason_of(error: Exception | None) -> str | None:
    """An error's class as a word: `INVALID_INPUT`."""
    return None if error is None else _HUMP.sub("_", type(error).__name__).upper()


def field_of(name: str | None) -> str | None:
    """A field's name, down to where names may be the sender's own (`metadata.x`, `payments[3].amount`)."""
    found = _FIELD.match(name or "")
    return found.group() if found else None


def of_request(at: datetime, line_id: UUID, facts: Facts, times: int) -> Line:
    """The line of a request, or of *times* that were alike."""
    about = " ".join(filter(None, (facts.reason, facts.field and f"({facts.field})")))
    message = f"{facts.method} {facts.path}: {facts.status}{f' {about}' if about else ''}"
    if times > 1:
        message += f", {times} times"
    return Line(
        at,
        RANKS["http"],
        (line_id.int, 0),
        f"log_{line_id.hex}",
        facts.mode,
        facts.level,
        facts.source,
        message,
        request_id=facts.request_id,
        method=facts.method,
        path=facts.path,
        status=facts.status,
        took_ms=facts.took_ms,
        actor=facts.actor,
        credential=facts.credential,
        times=times,
    )


RANKS: Mapping[str, int] = {"http": 0, "audit": 1, "payment": 2, "webhook": 3}
