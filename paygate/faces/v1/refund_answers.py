"""What the native face answers with about refunds: the JSON that is sent, and its schema in the API's document."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from paygate.core.answers import Baht, Done, Moment
from paygate.core.payouts import PayoutStatus
from paygate.faces.v1.answers import Cursor, Mode, TransactionId
from paygate.faces.v1.settlement_answers import Destination

REFUND = "rfd_06nz0nc5vj7r4gjx7c79l6za00"


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back to a payer, or back."""

    id: Annotated[str, Meta(description="The refund's id.", examples=[REFUND])]
    transactionId: TransactionId
    amount: Annotated[Baht, Meta(description="What the payer gets, in baht.")]
    feeReturned: Annotated[Baht, Meta(description="Fee and VAT that you get back for it, in baht.")]
    currency: Annotated[Literal["THB"], Meta(description="Always baht.")] = "THB"
    status: Annotated[PayoutStatus, Meta(description="Where it stands.")]
    reason: Annotated[str | None, Meta(description="As you gave it.", examples=["Wrong size"])]
    refusal: Annotated[str | None, Meta(description="Why the operator rejected it, or it came back.")]
    bankReference: Annotated[str | None, Meta(description="The transfer, once it is paid.", examples=["202611201234"])]
    payee: Annotated[Destination | None, Meta(description="Where the payer gets it; null until you said so.")]
    paidBy: Annotated[
        str,
        Meta(
            description="operator: from the central account. merchant: you pay it, and say so.",
            extra_json_schema={"enum": ["operator", "merchant"]},
        ),
    ]
    qrPayload: Annotated[
        str | None,
        Meta(
            description="Of a refund that you pay: the text of a QR to scan with your bank's app.",
            examples=["00020101021229370016A000000677"],
        ),
    ]
    createdAt: Annotated[Moment, Meta(description="When it was asked for.")]
    completedAt: Annotated[Moment | None, Meta(description="When it was paid.")]
    mode: Mode


class RefundMade(msgspec.Struct, frozen=True):
    """A refund that was asked for, read or changed."""

    success: Done
    refund: Refund


class Refunds(msgspec.Struct, frozen=True):
    """A page of refunds, newest first."""

    refunds: list[Refund]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Cursor
