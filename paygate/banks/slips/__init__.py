"""Slips: what a verifier is asked, what it answers, and how it fails. One vendor a file.

A slip's mini-QR holds only the sending bank and the transfer's reference: it proves nothing until a bank or a
verification service resolves it. Whatever they answer is translated into SlipFacts or a VerifierError here; what it
pays is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from paygate.banks.transport import Http


@dataclass(frozen=True, slots=True)
class SlipRef:
    """A slip as its mini-QR has it. *sending_bank* is the BOT code, *trans_ref* is case-sensitive."""

    payload: str
    sending_bank: str
    trans_ref: str


@dataclass(frozen=True, slots=True)
class Party:
    """Payer or receiver, as masked as the bank shows them. Personal data."""

    name: str | None = None
    bank: str | None = None  # BOT code.
    account_mask: str | None = None
    proxy_kind: str | None = None  # mobile, national_id, ewallet, biller, email; None: no proxy, or an unknown kind.
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class SlipFacts:
    """A transfer as a bank or verifier tells it. Money in satang, `occurred_at` aware.

    `provider_duplicate`: the vendor has seen this slip before. A hint only: our own second question looks the same.
    """

    provider: str
    sending_bank: str
    trans_ref: str
    occurred_at: datetime
    amount_satang: int
    sender: Party
    receiver: Party
    provider_tx_id: str | None = None
    receiving_bank: str | None = None
    currency: str = "764"  # ISO 4217 number; only THB is money here.
    ref1: str | None = None
    ref2: str | None = None
    ref3: str | None = None
    to_merchant_id: str | None = None
    provider_duplicate: bool | None = None
    reversed: bool = False
    rank: str = "B"  # A where the bank itself answers.


class ErrorKind(StrEnum):
    """Why there are no facts."""

    NOT_SLIP = "NOT_SLIP"  # Not the code of a slip.
    NOT_FOUND = "NOT_FOUND"  # The bank knows no such transfer (yet).
    PENDING = "PENDING"  # The bank publishes late: ask again.
    DUPLICATE_HINT = "DUPLICATE_HINT"  # Seen before, and the answer holds no facts.
    AUTH = "AUTH"  # Our key is not good: the operator has to act.
    QUOTA = "QUOTA"  # Nothing left of our plan: likewise.
    RATE = "RATE"  # Too many questions at once.
    UPSTREAM_DOWN = "UPSTREAM_DOWN"  # No answer, or the bank behind it gives none.
    BAD_REQUEST = "BAD_REQUEST"  # The question was wrong: a mistake of ours.
    UNKNOWN = "UNKNOWN"  # An answer that is not understood: never believed, asked again.


class VerifierError(Exception):
    """No facts. `retry_after_s`: when asking again makes sense, if the vendor said so. Never holds a secret."""

    def __init__(self, kind: ErrorKind, message: str, *, provider: str, retry_after_s: int | None = None) -> None:
        self.kind = kind
        self.provider = provider
        self.retry_after_s = retry_after_s
        super().__init__(message)


class SlipVerifier(Protocol):
    """Somebody who can resolve a slip."""

    @property
    def name(self) -> str:
        """As PAYGATE_SLIP_VERIFIERS names it."""
        ...

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        """Resolve it. Raises VerifierError."""
        ...
