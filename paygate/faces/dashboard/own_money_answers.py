"""What the calls about payout destinations and months answer."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from paygate.core.answers import Baht, Done, Moment
from paygate.faces.dashboard.answers import MerchantId
from paygate.faces.dashboard.stats_answers import Mode


class PayoutDestination(msgspec.Struct, frozen=True, kw_only=True):
    """Where settlements go."""

    promptpay: Annotated[str | None, Meta(description="The PromptPay ID, masked.", examples=["xxxxxxxxx9999"])]
    bank: Annotated[str | None, Meta(description="The bank's code.", examples=["014"])]
    account: Annotated[str | None, Meta(description="The account's number, masked.", examples=["xxxxxx4567"])]
    name: Annotated[str, Meta(description="Who holds it.", examples=["ร้านกาแฟ"])]
    usableAt: Annotated[Moment, Meta(description="From when on it may be used.")]


class OwnDestination(msgspec.Struct, frozen=True):
    """Where settlements go; null until somebody said so."""

    destination: PayoutDestination | None
    success: Done = True


class Standing(msgspec.Struct, frozen=True):
    """What a merchant has with the operator, and owes."""

    balance: Annotated[Baht, Meta(description="To take out, held, and on its way, in baht.")]
    owed: Annotated[Baht, Meta(description="What the merchant owes, in baht.")]


class Change(msgspec.Struct, frozen=True):
    """Bookings of one kind."""

    kind: Annotated[str, Meta(description="Of which kind.", examples=["payment.paid"])]
    bookings: Annotated[int, Meta(description="How many.")]
    balance: Annotated[Baht, Meta(description="By how much they changed the balance, in baht.")]
    owed: Annotated[Baht, Meta(description="By how much they changed what is owed, in baht.")]


class MonthStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A Bangkok month in the books. Each closing is the next opening."""

    success: Done = True
    merchantId: MerchantId
    mode: Mode
    month: Annotated[str, Meta(description="The month.", examples=["2026-11"])]
    opening: Standing
    changes: list[Change]
    closing: Standing
    currency: Annotated[Literal["THB"], Meta(description="Always baht.")] = "THB"
