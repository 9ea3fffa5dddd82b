"""Rate limits: how many requests may come, by what they are counted, and how answers tell of it.

A limit is a bucket: it holds `burst` requests, each takes one out, and `count` come back every `per_s` seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

CREDIT_PART = 20  # A process lets a twentieth of a burst through before it has asked the others.
MOST = 1_000_000
UNITS = {"s": 1, "m": 60, "h": 3_600}
_LIMIT = re.compile(r"([a-z]+)=(?:(off)|([0-9]{1,7})/([smh])(?::([0-9]{1,7}))?)", re.ASCII)


class Counted(StrEnum):
    """What requests are counted by."""

    KEY = "key"  # An API key.
    SOURCE = "source"  # A bank source whose signature was good.
    LOGIN = "login"  # A network address that shows a password; a good one does not count.
    ADDRESS = "address"  # A network address (the /64 in IPv6): pages, and calls without a good key.


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` requests in `per_s` seconds, at most `burst` at once."""

    count: int
    per_s: int
    burst: int

    @property
    def pause_us(self) -> int:
        """How long one request takes to come back, in microseconds."""
        return self.per_s * 1_000_000 // self.count

    @property
    def credit(self) -> int:
        """How many requests a process may let through before the shared count knows of them."""
        return self.burst // CREDIT_PART

    @property
    def window_s(self) -> int:
        """How long an empty bucket takes to be full, in seconds."""
        return -(-self.burst * self.pause_us // 1_000_000)

    def __str__(self) -> str:
        unit = {1: "a second", 60: "a minute", 3_600: "an hour"}[self.per_s]
        return f"{self.count} {unit}, {self.burst} at once"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a limit, as far as this process knows: `left` requests, and all of them again in `full_s`."""

    counted: str  # A word of Counted, or of what else is tried seldom.
    limit: Limit
    left: int
    full_s: int

    @property
    def policy(self) -> str:
        """An item of the header `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): so many in so long."""
        return f'"{self.counted}";q={self.limit.burst};w={self.limit.window_s}'

    @property
    def state(self) -> str:
        """The item of `RateLimit` that belongs to it."""
        return f'"{self.counted}";r={self.left};t={self.full_s}'


DEFAULTS: Mapping[Counted, Limit] = {
    Counted.KEY: Limit(100, 1, 300),
    Counted.SOURCE: Limit(100, 1, 300),
    Counted.LOGIN: Limit(5, 60, 5),
    Counted.ADDRESS: Limit(20, 1, 100),
}


def read(text: str) -> Mapping[Counted, Limit]:
    """The limits that *text* sets, the others as they are by default: `key=200/s:500 address=off`; `off`: none.

    Without `:BURST` the burst is what comes back in a second, minute or hour. Raises ValueError with the end of a
    sentence.
    """
    if text.strip() == "off":
        return {}
    limits: dict[Counted, Limit] = dict(DEFAULTS)
    seen = set()
    for part in re.split(r"[,\s]+", text.strip(" ,")):
        match = _LIMIT.fullmatch(part)
        name = match[1] if match else ""
        if match is None or name not in set(Counted) or name in seen:
            known = ", ".join(Counted)
            raise ValueError(
                f"must be `off`, or limits like key=100/s:300 or address=off, each of {known} once; {part!r} is not one"
            )
        seen.add(name)
        if match[2]:
            del limits[Counted(name)]
            continue
        count, burst = int(match[3]), int(match[5] or match[3])
        if not (1 <= count <= MOST and 1 <= burst <= MOST):
            raise ValueError(f"must have numbers from 1 to {MOST:,}; {part!r} has not")
        limits[Counted(name)] = Limit(count, UNITS[match[4]], burst)
    return limits
