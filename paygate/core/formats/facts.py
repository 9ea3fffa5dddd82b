"""What other formats are made of: the event as it was written, and what is frozen of its payment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from paygate.core import canonical, ids
from paygate.core.errors import Bug


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """Of a payment, what never changes once it is made."""

    id: UUID
    amount_satang: int
    created_at: datetime
    description: str | None
    customer_email: str | None
    qr_payload: str


@dataclass(frozen=True, slots=True)
class Facts:
    """An event. `body` is the text of format `paygate`; `payment` is None when it is about something else."""

    id: UUID
    type: str
    mode: str
    body: str
    created_at: datetime
    payment: PaymentFacts | None
    public_url: str  # Where payers reach this host; no slash at the end.

    @property
    def event_id(self) -> str:
        """The event's id as Stripe's and the gateway's receivers know it."""
        return ids.show("evt", self.id)

    @property
    def live(self) -> bool:
        """Whether it is about real money."""
        return self.mode == "live"

    @property
    def data(self) -> Mapping[str, Any]:
        """`data` of the body: how things stood when it happened."""
        data: Mapping[str, Any] = json.loads(self.body)["data"]
        return data

    @property
    def paid_for(self) -> PaymentFacts:
        """The payment. Raises Bug when there is none."""
        if self.payment is None:
            raise Bug(f"The payment of event {self.id} is not there.")
        return self.payment


def refunded_satang(facts: Facts) -> int:
    """How much of the order's amount went back; all of it when the bank took the money back."""
    told = json.loads(facts.body, parse_float=Decimal)["data"]
    if "refundedAmount" not in told:
        return facts.paid_for.amount_satang
    payable, refunded = Decimal(told["payableAmount"]), Decimal(told["refundedAmount"])
    return facts.paid_for.amount_satang if refunded >= payable else int(refunded * 100)


def metadata(data: Mapping[str, Any]) -> dict[str, object]:
    """The merchant's metadata, with `orderId`: these formats have no other place for it."""
    found: dict[str, object] = dict(data["metadata"])
    if data["orderId"] is not None:
        found.setdefault("orderId", data["orderId"])
    return found


def text_metadata(data: Mapping[str, Any]) -> dict[str, str]:
    """The same with every value as text, as typed clients want it: what is no text stands as its JSON."""
    return {name: value if isinstance(value, str) else canonical.dumps(value) for name, value in metadata(data).items()}


def unix_s(at: datetime) -> int:
    """A moment as whole seconds since 1970."""
    return int(at.timestamp())
