"""A bank's callback as a hint, and what the bank says when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from paygate.banks.transport import Http


@dataclass(frozen=True, slots=True)
class Hint:
    """What a callback claims: enough to ask the bank about it, and nothing that is believed. No personal data.

    `payee` is whom it names as paid: a biller ID (SCB), a merchant id (KBank).
    """

    transaction_id: str
    payee: str | None
    amount_satang: int
    occurred_at: datetime | None
    ref1: str | None = None
    ref2: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One transfer as the bank's inquiry tells it. `occurred_at` None: it does not say when.

    `namespace`: who issued the transaction id; `bank:014` when a slip of the same transfer shows the same.
    """

    transaction_id: str
    namespace: str
    payee: str | None
    amount_satang: int
    occurred_at: datetime | None
    currency: str
    ref1: str | None = None
    ref2: str | None = None
    sending_bank: str | None = None
    payer_name: str | None = field(default=None, repr=False)
    payer_account: str | None = field(default=None, repr=False)
    reversed: bool = False


class Inquiry(Protocol):
    """Asks the bank that sent a callback."""

    async def arrivals(self, http: Http, hint: Hint, payee: str, heard_at: datetime) -> Sequence[Arrival]:
        """The transfers to *payee* that the hint, heard then, may be about; none when the bank knows none. Raises
        VerifierError."""
        ...
