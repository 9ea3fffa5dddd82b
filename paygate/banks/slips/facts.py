"""The one shape that every verifier's answer becomes, and the reasons why there may be none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from paygate.banks.transport import Http
from paygate.core.errors import PayGateError


@dataclass(frozen=True, slots=True)
class SlipRef:
    """What a slip's mini QR says: its text, the bank that sent the money (3 digits), that bank's reference."""

    payload: str
    sending_bank: str
    trans_ref: str


@dataclass(frozen=True, slots=True)
class Party:
    """The payer or the receiver, as far as the bank shows them. Personal data."""

    name: str | None = field(default=None, repr=False)
    bank: str | None = None  # 3 digits.
    account_mask: str | None = field(default=None, repr=False)  # `xxx-x-x3287-x`: each bank masks in its own way.
    proxy_kind: str | None = None  # MSISDN, NATID, EWALLETID, EMAIL, BILLERID.
    proxy: str | None = field(default=None, repr=False)  # Masked as well, or in full.


@dataclass(frozen=True, slots=True)
class SlipFacts:
    """What a bank says about one transfer (facts 1.10). `trans_ref` and `sending_bank` are those that were asked for.

    `occurred_at` is in UTC. `currency` other than THB is told as it came: the amount is then no baht. `rank` is A where
    the bank itself answers. `provider_duplicate` is the vendor's word that it saw this slip before: a hint only, since
    our own second question causes it. `reversed`: the money went back.
    """

    provider: str
    provider_tx_id: str | None
    sending_bank: str
    receiving_bank: str | None
    trans_ref: str
    occurred_at: datetime
    amount_satang: int
    currency: str  # THB, or what it was.
    sender: Party
    receiver: Party
    ref1: str | None = None
    ref2: str | None = None
    ref3: str | None = None
    to_merchant_id: str | None = None
    provider_duplicate: bool | None = None
    reversed: bool = False
    rank: str = "B"


class ErrorKind(StrEnum):
    """Why there are no facts (facts 1.10)."""

    NOT_SLIP = "NOT_SLIP"  # The code is not that of a transfer: definite.
    NOT_FOUND = "NOT_FOUND"  # The bank knows no such transfer; a young one may appear later.
    PENDING = "PENDING"  # The bank publishes late: ask again.
    DUPLICATE_HINT = "DUPLICATE_HINT"  # Seen before, says the vendor, and shows no facts.
    AUTH = "AUTH"  # Our key, account or address is not accepted: the operator must act.
    QUOTA = "QUOTA"  # Paid up to here: the operator must act.
    RATE = "RATE"  # Too many questions at once.
    UPSTREAM_DOWN = "UPSTREAM_DOWN"  # The vendor or the bank behind it is away.
    BAD_REQUEST = "BAD_REQUEST"  # They do not take what we sent: our fault or a changed interface.
    UNKNOWN = "UNKNOWN"  # Nothing we know how to read: never paid, asked again.


class VerifierError(PayGateError):
    """A verifier gave no facts. `retry_after_s`: when it wants to be asked again, if it said so."""

    def __init__(
        self, kind: ErrorKind, message: str | None = None, *, provider: str, retry_after_s: int | None = None
    ) -> None:
        self.kind = kind
        self.provider = provider
        self.retry_after_s = retry_after_s
        super().__init__(message or kind.value)


class SlipVerifier(Protocol):
    """Asks one vendor or bank. One object for the life of the process: it may keep a token."""

    name: str

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        """The facts of *slip*. Raises VerifierError when there are none; nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class Vendor:
    """How settings make a verifier: `make` is given the options, `url` always among them.

    An option `key` of the vendor `slipok` is the setting PAYGATE_SLIPOK_KEY. `make` raises ValueError, with the end of
    a sentence that begins with a setting's name, when an option cannot be used.
    """

    name: str
    make: Callable[[Mapping[str, str]], SlipVerifier]
    url: str  # Default of the option `url`.
    needs: tuple[str, ...] = ("key",)  # Options without which it cannot work.
    also: tuple[str, ...] = ()  # Options it can do without.
