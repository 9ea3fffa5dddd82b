"""Identifiers: UUIDv7 inside, prefix and Crockford base 32 outside; merchants have a 63-bit number.

Time comes first in every id, so that indexes grow at one end; the rest is random, given by the caller.
"""

from __future__ import annotations

import re
from uuid import UUID

from paygate.core.errors import NotFound

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
VALUES = {c: i for i, c in enumerate(ALPHABET)}
UUID_DIGITS = 26
MERCHANT_DIGITS = 13
UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def uuid7(now_ms: int, random_bytes: bytes) -> UUID:
    """UUIDv7 (RFC 9562 5.7) of a moment and 10 random bytes (74 bits of them are used)."""
    tail = int.from_bytes(random_bytes[:10], "big")
    value = (now_ms & (1 << 48) - 1) << 80 | 7 << 76 | (tail >> 62 & 0xFFF) << 64 | 0b10 << 62 | tail & (1 << 62) - 1
    return UUID(int=value)


def merchant_number(now_ms: int, random_bytes: bytes) -> int:
    """A positive bigint: 41 bits of milliseconds (until 2039), 22 random bits."""
    return (now_ms & (1 << 41) - 1) << 22 | int.from_bytes(random_bytes[:4], "big") & (1 << 22) - 1


def show(prefix: str, value: UUID) -> str:
    """`acc`, UUID -> `acc_` and 26 digits."""
    return f"{prefix}_{_digits(value.int, UUID_DIGITS)}"


def read(prefix: str, text: str) -> UUID:
    """The reverse of `show`; a plain UUID is read as well. Raises NotFound for anything else."""
    number = _number(prefix, text, UUID_DIGITS)
    if number is not None and number < 1 << 128:
        return UUID(int=number)
    return read_uuid(text)


def read_uuid(text: str) -> UUID:
    """A UUID in its canonical text form, any case. Raises NotFound for anything else."""
    if UUID_TEXT.fullmatch(text) is None:  # UUID() alone takes signs, spaces and underscores too.
        raise NotFound()
    return UUID(text)


def show_merchant(merchant_id: int) -> str:
    """A merchant's number as `mer_` and 13 digits."""
    return f"mer_{_digits(merchant_id, MERCHANT_DIGITS)}"


def read_merchant(text: str) -> int:
    """The reverse of `show_merchant`. Raises NotFound for anything else."""
    number = _number("mer", text, MERCHANT_DIGITS)
    if number is None or number >= 1 << 63:
        raise NotFound(f"No merchant {text!r}.")
    return number


def _digits(value: int, width: int) -> str:
    return "".join(ALPHABET[value >> 5 * i & 31] for i in range(width - 1, -1, -1))


def _number(prefix: str, text: str, width: int) -> int | None:
    head, _, digits = text.partition("_")
    if head != prefix or len(digits) != width or any(c not in VALUES for c in digits):
        return None
    number = 0
    for c in digits:
        number = number << 5 | VALUES[c]
    return number
