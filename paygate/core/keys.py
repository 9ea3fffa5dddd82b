"""API keys: `sk_live_`, `sk_test_`, `pk_live_`, `pk_test_`, 160 random bits, and a checksum.

The checksum (CRC-32 in base 62, as GitHub's tokens have it) lets a mistyped or invented key be refused before the
database is asked, and lets scanners find leaked keys. Only the SHA-256 of a key is stored, and found by it: how long an
index takes to compare hashes tells nobody anything, since nobody can choose a key by the beginning of its hash.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["secret", "public"]
Mode = Literal["live", "test"]
PREFIX: dict[tuple[Kind, Mode], str] = {
    ("secret", "live"): "sk_live_",
    ("secret", "test"): "sk_test_",
    ("public", "live"): "pk_live_",
    ("public", "test"): "pk_test_",
}
MEANING: dict[str, tuple[Kind, Mode]] = {prefix: meaning for meaning, prefix in PREFIX.items()}
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_BYTES = 20
RANDOM_DIGITS = 27
CHECK_DIGITS = 6
LENGTH = 8 + RANDOM_DIGITS + CHECK_DIGITS


@dataclass(frozen=True, slots=True)
class ReadKey:
    """A key whose form and checksum are right; whether it exists only the database knows."""

    kind: Kind
    mode: Mode
    hash: bytes


def make(kind: Kind, mode: Mode, random_bytes: bytes) -> str:
    """A new key of 20 random bytes."""
    body = PREFIX[kind, mode] + _base62(int.from_bytes(random_bytes[:RANDOM_BYTES], "big"), RANDOM_DIGITS)
    return body + _checksum(body)


def read(text: str) -> ReadKey | None:
    """What *text* claims to be, or None when its form or checksum is wrong."""
    meaning = MEANING.get(text[:8])
    if (
        meaning is None
        or len(text) != LENGTH
        or not text.isascii()
        or _checksum(text[:-CHECK_DIGITS]) != text[-CHECK_DIGITS:]
    ):
        return None
    return ReadKey(*meaning, digest(text))


def shown(kind: Kind, mode: Mode, last4: str) -> str:
    """What may be seen of a key: `sk_live_...a1b2`."""
    return f"{PREFIX[kind, mode]}...{last4}"


def digest(text: str) -> bytes:
    """What the database keeps of a key."""
    return hashlib.sha256(text.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK_DIGITS)


def _base62(value: int, width: int) -> str:
    digits = []
    for _ in range(width):
        value, digit = divmod(value, 62)
        digits.append(BASE62[digit])
    return "".join(reversed(digits))
