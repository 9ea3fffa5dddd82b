"""People who log in: what each role may, how long a login lasts, what a stored code is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from paygate.core import ids

Role = Literal["admin", "owner", "staff", "viewer"]
TEAM_ROLES: tuple[Role, ...] = ("viewer", "staff", "owner")
"""Of a merchant's people, each may what those before it may. Admins are the platform's, and are none of these."""


class May(StrEnum):
    """What somebody who is logged in asks for. Every address for people names one of these."""

    SEE_MERCHANT = "see-merchant"
    CHANGE_MERCHANT = "change-merchant"
    HANDLE_KEYS = "handle-keys"  # API keys, read and made: whoever has one is the merchant.
    SEE_PAYMENTS = "see-payments"  # And the numbers that are made of them.
    MAKE_PAYMENTS = "make-payments"
    SEE_WEBHOOKS = "see-webhooks"
    CHANGE_WEBHOOKS = "change-webhooks"
    SEND_WEBHOOKS = "send-webhooks"
    SEE_MONEY = "see-money"  # Balance, settlements, refunds, fee invoices.
    MOVE_MONEY = "move-money"
    SEE_REVIEWS = "see-reviews"
    DECIDE_REVIEWS = "decide-reviews"
    SEE_TEAM = "see-team"
    CHANGE_TEAM = "change-team"
    SEE_AUDIT = "see-audit"
    OPERATE = "operate"  # Everything under /api/admin.


LEAST: dict[May, Role] = {
    May.SEE_MERCHANT: "viewer",
    May.CHANGE_MERCHANT: "owner",
    May.HANDLE_KEYS: "owner",
    May.SEE_PAYMENTS: "viewer",
    May.MAKE_PAYMENTS: "staff",
    May.SEE_WEBHOOKS: "viewer",
    May.CHANGE_WEBHOOKS: "owner",
    May.SEND_WEBHOOKS: "staff",
    May.SEE_MONEY: "viewer",
    May.MOVE_MONEY: "owner",
    May.SEE_REVIEWS: "viewer",
    May.DECIDE_REVIEWS: "staff",
    May.SEE_TEAM: "viewer",
    May.CHANGE_TEAM: "owner",
    May.SEE_AUDIT: "owner",
    May.OPERATE: "admin",
}
"""The one table of who may do what: the least role for each."""

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

    def may(self, act: May) -> bool:
        """Whether their role is enough for *act*. Only admins are admins, and they are nothing else."""
        least = LEAST[act]
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
