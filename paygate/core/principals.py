"""Who is asking: what an API key stands for, and the accounts its money may arrive on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from paygate.core import ids
from paygate.core.keys import Kind, Mode, shown
from paygate.core.links import page_hosts
from paygate.core.networks import Network


@dataclass(frozen=True, slots=True)
class ReceivingAccount:
    """An account that a QR may point at: the version in force. `owner_id` 0 is the platform's (central)."""

    owner_id: int
    id: UUID  # This version.
    receiving_id: UUID  # The real account behind all versions.
    proxy_kind: str | None  # mobile, national_id, ewallet; None with proxy: bill payment only.
    proxy: str | None  # Digits as the QR carries them.
    biller_id: str | None  # 15 digits, for bill-payment QRs.
    name: str
    amount_tagging: str  # auto, off, add, subtract.
    virtual: bool
    heard: bool = True  # A source speaks for it: money that arrives there will be known.
    weight: int = 1  # Its part of new payments, beside the weights of the others.


@dataclass(frozen=True, slots=True)
class Principal:
    """The merchant behind a key, in the key's mode, with all that a request needs to know of it.

    `accounts` are those of the merchant's plan (central plans: the platform's; direct ones: its own), oldest first.
    """

    merchant_id: int
    mode: Mode
    kind: Kind
    key_id: UUID
    merchant_name: str
    status: str  # PENDING, APPROVED, SUSPENDED.
    plan: str
    fee_bps: int | None  # None: the plan's rate.
    overpay: str  # review, accept.
    expiry_minutes: int
    callback_domains: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    scopes: tuple[str, ...]
    accounts: tuple[ReceivingAccount, ...]
    networks: tuple[Network, ...] = ()  # Where its requests must come from; empty: from anywhere.
    signed_amounts: bool = False  # Pages need an amountToken.
    last4: str | None = None  # How the key ends; None when nobody's key asked.
    user_id: UUID | None = None  # A person who is logged in, instead of a key.

    @property
    def page_domains(self) -> tuple[str, ...]:
        """Where payments of its pk_ key may lead: else whoever copies the key from a page could lead payers anywhere,
        in the shop's name. A test key may lead anywhere while no domain is set, as it works on any page."""
        if self.callback_domains or self.mode == "test":
            return self.callback_domains
        return page_hosts(self.allowed_origins)

    @property
    def actor(self) -> str:
        """How the audit log names who asks."""
        if self.user_id is not None:
            return f"user:{ids.show('usr', self.user_id)}"
        return f"key:{ids.show('key', self.key_id)}"

    @property
    def credential(self) -> str | None:
        """What is to be seen of the key, as lists of keys show it; None for a person, and when nobody's key asked."""
        return None if self.last4 is None else shown(self.kind, self.mode, self.last4)
