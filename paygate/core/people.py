"""People who log in: what each role may, how long a login lasts, what a stored code is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from paygate.core import ids

Role = Literal["admin", "owner", "staff", "viewer"]
TEAM_ROLES: tuple[Role, ...] = ("viewer", "staff", "owner")
"""Of a merchant's people, each may what those before it may. Admins are the platform's, and are none of these."""

ACCESS = timedelta(minutes=10)
"""How long an access token is good for; its session is looked at with each request all the same."""

IDLE = {"admin": timedelta(hours=2)}
LONGEST = {"admin": timedelta(hours=12)}
IDLE_OF_MERCHANTS = timedelta(days=14)
LONGEST_OF_MERCHANTS = timedelta(days=90)

TOTP_STEP_S = 30
"""RFC 6238 5.2."""

TOTP_SKEW_STEPS = 1
"""A phone's clock may be this many steps off, either way."""

RECOVERY_CODES = 10
RECOVERY_BYTES = 15
"""120 bits: enough for an unsalted hash (OWASP ASVS 5.0, 6.5.2)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is logged in, as the database knew them at this request."""

    merchant_id: int  # 0: an admin of the platform.
    user_id: UUID
    session_id: UUID
    email: str
    role: Role
    has_totp: bool
    merchant_name: str
    merchant_status: str  # PENDING, APPROVED, SUSPENDED.

    @property
    def actor(self) -> str:
        """How the audit log names them."""
        return f"user:{ids.show('usr', self.user_id)}"

    def may(self, least: Role) -> bool:
        """Whether their role is *least* or more. Only admins are admins, and they are nothing else."""
        if "admin" in (self.role, least):
            return self.role == least
        return TEAM_ROLES.index(self.role) >= TEAM_ROLES.index(least)


def idle(role: str) -> timedelta:
    """How long a session lasts after its last refresh."""
    return IDLE.get(role, IDLE_OF_MERCHANTS)


def longest(role: str) -> timedelta:
    """How long a session lasts at most."""
    return LONGEST.get(role, LONGEST_OF_MERCHANTS)


def show_recovery(random_bytes: bytes) -> str:
    """A recovery code of 15 random bytes, in groups of four that people can type."""
    value, digits = int.from_bytes(random_bytes[:RECOVERY_BYTES], "big"), ""
    for _ in range(RECOVERY_BYTES * 8 // 5):
        value, place = value >> 5, value & 31
        digits += ids.ALPHABET[place]
    return "-".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def recovery_hash(typed: str) -> bytes:
    """What is stored of a recovery code, however its groups were typed."""
    plain = "".join(c for c in typed.lower() if c.isalnum()).replace("o", "0").replace("l", "1").replace("i", "1")
    return hashlib.sha256(plain.encode()).digest()
