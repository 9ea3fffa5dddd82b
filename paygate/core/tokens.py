"""Tokens that carry their own way: whose row they open, and a proof that this installation made them.

A token is `prefix_` and base64url of `merchant (8) | row (16) | random (16) | proof (16)`. The proof (an HMAC of the
rest and of what the token is for) means that an invented token never reaches the database, and that one which does, but
is not the one in force, was in force once: somebody uses it a second time. Only its SHA-256 is stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from uuid import UUID

from paygate.core.errors import Bug
from paygate.core.sealing import SealingKey

RANDOM_BYTES = 16
_PROOF_BYTES = 16
_SIZE = 8 + 16 + RANDOM_BYTES + _PROOF_BYTES
_DIGITS = re.compile(r"[A-Za-z0-9_-]{75}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """A token that this installation made: the row it belongs to, and what the row keeps of it."""

    merchant_id: int
    row_id: UUID
    hash: bytes


def make(key: SealingKey, prefix: str, merchant_id: int, row_id: UUID, random_bytes: bytes) -> str:
    """A new token of 16 random bytes; *prefix* says what it is for: `rt` (refresh), `link`."""
    if len(random_bytes) != RANDOM_BYTES:
        raise Bug("A token has 16 random bytes.")
    body = merchant_id.to_bytes(8, "big") + row_id.bytes + random_bytes
    return f"{prefix}_{base64.urlsafe_b64encode(body + _proof(key, prefix, body)).rstrip(b'=').decode()}"


def read(key: SealingKey, prefix: str, text: str) -> Token | None:
    """Whose token it is; None for what this installation did not make, or made for something else."""
    head, _, digits = text.partition("_")
    if head != prefix or not _DIGITS.fullmatch(digits):
        return None
    raw = base64.urlsafe_b64decode(digits + "=")
    body, proof = raw[:-_PROOF_BYTES], raw[-_PROOF_BYTES:]
    if len(raw) != _SIZE or not hmac.compare_digest(proof, _proof(key, prefix, body)):
        return None
    return Token(int.from_bytes(body[:8], "big"), UUID(bytes=body[8:24]), digest(text))


def digest(text: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(text.encode()).digest()


def _proof(key: SealingKey, prefix: str, body: bytes) -> bytes:
    return hmac.digest(key.signing, f"token:{prefix}:".encode() + body, "sha256")[:_PROOF_BYTES]
