"""What every service is given: the database, the installation's key, and the operator's choices."""

from __future__ import annotations

import secrets
import time as clock
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from ipaddress import IPv4Network, IPv6Network
from uuid import UUID

from paygate.banks.callbacks.facts import Inquiry
from paygate.banks.slips import SlipVerifier
from paygate.banks.transport import Http
from paygate.core import ids
from paygate.core.fees import PLAN_FEE_BPS, Vat
from paygate.core.limits import DEFAULTS, Counted, Limit
from paygate.core.matching import NOTICE_CEILING_SATANG
from paygate.core.money import MAX_AMOUNT_SATANG, MIN_AMOUNT_SATANG
from paygate.core.sealing import NONCE_BYTES, SealingKey
from paygate.db.pool import Database
from paygate.services.alert_channels import Channels
from paygate.services.journal import Journal
from paygate.services.limits import Limiter
from paygate.services.vendors import VendorHttp
from paygate.services.watch import Watch

KEEP_EVIDENCE_DAYS = 30


MIN_SETTLEMENT_SATANG = 10_000
SETTLEMENT_CUTOFF = time(23, 0)  # Bangkok. Thai QR services close their day then.


@dataclass(frozen=True, slots=True)
class Seller:
    """Who issues tax invoices, as the Revenue Department wants it there."""

    name: str
    address: str
    tax_id: str  # 13 digits.
    branch: str = "00000"  # 5 digits; 00000: the head office.


@dataclass(frozen=True, slots=True)
class SettlementRules:
    """The operator's choices about money out."""

    notices_at_once: bool = False  # Money that bank notices alone told of may be taken out before anything confirms it.
    min_satang: int = MIN_SETTLEMENT_SATANG
    second_above_satang: int | None = None  # Above it two people approve; None: one person always is enough.
    cutoff: time = SETTLEMENT_CUTOFF  # What is asked for later counts for the next business day.
    refund_fee: bool = False  # Whether a refund gives the merchant its part of the fee back.
    refund_link_days: int = 14  # So long a payer may say where a refund shall go.
    invoice_due_days: int = 15  # So long a merchant has to pay its fees.
    seller: Seller | None = None  # On tax invoices; None: they say no more than our name.
    more_holidays: frozenset[date] = frozenset()  # Announced after this version was made.


def _nothing() -> None:
    """Nobody sleeps in this process."""


@dataclass(slots=True)
class Context:
    """Built once per process by app.py and cli; handed to every service."""

    db: Database
    key: SealingKey
    public_url: str  # Where payers and merchants reach this host; no slash at the end.
    min_amount_satang: int = MIN_AMOUNT_SATANG
    max_amount_satang: int = MAX_AMOUNT_SATANG
    notice_ceiling_satang: int = NOTICE_CEILING_SATANG
    keep_evidence_days: int = KEEP_EVIDENCE_DAYS  # Texts and pictures are forgotten after so long; 0: never kept.
    plan_fee_bps: dict[str, int] = field(default_factory=lambda: dict(PLAN_FEE_BPS))
    vat: Vat = Vat.NONE
    settlements: SettlementRules = field(default_factory=SettlementRules)
    webhook_allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    metrics_token: str | None = field(default=None, repr=False)  # None: metrics are shown to this computer only.
    listening: tuple[str, int] | None = None  # Where this installation's server listens: no webhook goes there.
    verifiers: tuple[SlipVerifier, ...] = ()  # Who says what a slip stands for, in the order of asking.
    inquiries: Mapping[str, Inquiry] = field(default_factory=dict)  # Kind of source -> the bank that is asked about it.
    free_plan: bool = True  # Whether merchants' money may arrive on the central account; see services/licence.py.
    alerts: Channels = field(default_factory=Channels)  # How the operator is told of alarms.
    http: Http | None = None  # How the operator's own banks and vendors are reached.
    login_limit: Limit | None = DEFAULTS[Counted.LOGIN]  # Tries of passwords from one network; None: not limited.
    limiter: Limiter | None = None  # Counts requests; None: nothing is limited.
    wake: Callable[[], None] = _nothing  # Rouses this process's workers after a commit that left them work.
    watch: Watch = field(init=False)  # Who waits for a payment to change.
    journal: Journal = field(init=False)  # Requests that the system log will tell of.

    def __post_init__(self) -> None:
        self.watch = Watch(self.db)
        self.journal = Journal(self.new_id)

    async def close(self) -> None:
        """Ask no more, tell what was counted, drop the connections to vendors; the database is closed by its opener."""
        await self.watch.close()
        if self.limiter is not None:
            await self.limiter.close()
        if isinstance(self.http, VendorHttp):
            await self.http.close()

    def new_id(self) -> UUID:
        """A fresh UUIDv7."""
        return ids.uuid7(clock.time_ns() // 1_000_000, secrets.token_bytes(10))

    def new_merchant_id(self) -> int:
        """A fresh merchant number."""
        return ids.merchant_number(clock.time_ns() // 1_000_000, secrets.token_bytes(4))

    def seal(self, text: str, purpose: str) -> bytes:
        """Encrypt a secret for its row."""
        return self.key.seal(text.encode(), purpose, secrets.token_bytes(NONCE_BYTES))

    def unseal(self, sealed: bytes, purpose: str) -> str:
        """Decrypt a secret of a row."""
        return self.key.open(sealed, purpose).decode()
