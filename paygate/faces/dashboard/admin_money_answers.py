"""What the calls about payouts answer to the operator."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from paygate.core.answers import TRANSACTION, Baht, Done, Moment
from paygate.core.payouts import PayoutStatus
from paygate.faces.dashboard.answers import MerchantId
from paygate.faces.dashboard.stats_answers import Day, Mode


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where money goes."""

    promptpay: Annotated[str | None, Meta(description="A PromptPay ID.", examples=["0899999999"])]
    bank: Annotated[str | None, Meta(description="The bank's code.", examples=["014"])]
    account: Annotated[str | None, Meta(description="The account's number.", examples=["4061234567"])]
    name: Annotated[str, Meta(description="Who holds it.", examples=["ร้านกาแฟ"])]


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """A settlement or a refund at the operator's desk."""

    id: Annotated[str, Meta(description="Its id.", examples=["stl_06nz0nc5vj7r4gjx7c79l6za00"])]
    kind: Annotated[str, Meta(description="What it is.", extra_json_schema={"enum": ["settlement", "refund"]})]
    mode: Mode
    merchantId: MerchantId
    merchantName: Annotated[str, Meta(description="Whose it is.", examples=["ร้านกาแฟ"])]
    amount: Annotated[Baht, Meta(description="In baht.")]
    status: Annotated[PayoutStatus, Meta(description="Where it stands.")]
    dueOn: Annotated[Day, Meta(description="When it shall be paid; of a refund, since when it waits.")]
    destination: Annotated[Place | None, Meta(description="Where it goes, or would go if it were approved now.")]
    approvedBy: Annotated[str | None, Meta(description="Who said yes.", examples=["user:usr_06nz0nc5vj7r4gjx7c"])]
    secondBy: Annotated[str | None, Meta(description="Who said yes too, above the limit.")]
    claimedBy: Annotated[str | None, Meta(description="Who pays it.")]
    claimedAt: Annotated[Moment | None, Meta(description="Since when.")]
    bankReference: Annotated[str | None, Meta(description="The transfer.", examples=["2026112012345678"])]
    paidFrom: Annotated[
        str | None,
        Meta(description="The `receivingId` of the central account that it left from.", examples=[None]),
    ]
    reason: Annotated[str | None, Meta(description="Why it was rejected or came back.")]
    transactionId: Annotated[str | None, Meta(description="Of a refund: its payment.", examples=[TRANSACTION])]
    paidBy: Annotated[
        str,
        Meta(description="Who has the money, and pays.", extra_json_schema={"enum": ["operator", "merchant"]}),
    ]
    createdAt: Annotated[Moment, Meta(description="When it was asked for.")]
    completedAt: Annotated[Moment | None, Meta(description="When it was paid.")]


class OnePayout(msgspec.Struct, frozen=True):
    """A payout as it stands now."""

    payout: Payout
    success: Done = True


class Payouts(msgspec.Struct, frozen=True):
    """Payouts: open ones by their day, others the newest first."""

    payouts: list[Payout]


class PayoutQr(msgspec.Struct, frozen=True, kw_only=True):
    """What to scan with the bank's app, once."""

    success: Done = True
    id: Annotated[str, Meta(description="The payout's id.", examples=["stl_06nz0nc5vj7r4gjx7c79l6za00"])]
    amount: Annotated[Baht, Meta(description="In baht.")]
    qrPayload: Annotated[str, Meta(description="The text of the QR.", examples=["00020101021229370016A000000677"])]
    qrCode: Annotated[
        str, Meta(description="The QR as a PNG data URL.", examples=["data:image/png;base64,iVBORw0KGgo="])
    ]
    destination: Place
