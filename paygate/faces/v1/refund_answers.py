"""What the native face answers with about refunds: the JSON that is sent, and its schema in the API's document."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from paygate.core.answers import Baht, Done, Moment
from paygate.core.payouts import PayoutStatus
from paygate.faces.v1.answers import Cursor, Mode, TransactionId
from paygate.faces.v1.settlement_answers import Destination
from paygate.services.refund_links import Standing

REFUND = "rfd_06nz0nc5vj7r4gjx7c79l6za00"
LINK = f"{REFUND}_secret_Zk3p0S1vQe7mX2uB9rT4yH6wN8cL5aD0fG1jK3iO7sE"


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
    payeeUrl: Annotated[
        str | None,
        Meta(
            description="The page where the payer says where to; shown to whoever asked for it, then null. Hand it to"
            " the payer alone: whoever has it says where the money goes.",
            examples=[f"https://pay.example.com/refund/{LINK}"],
        ),
    ]
    payeeUntil: Annotated[Moment | None, Meta(description="While it is WAITING: until when the payer may say so.")]
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


class GivenTo(msgspec.Struct, frozen=True, kw_only=True):
    """Where a payer wants it, as whoever has the link may see it."""

    promptpay: Annotated[str | None, Meta(description="The PromptPay ID, masked.", examples=["xxxxxxxxx9999"])]
    bank: Annotated[str | None, Meta(description="The bank's code.", examples=["014"])]
    account: Annotated[str | None, Meta(description="The account's number, masked.", examples=["xxxxxx4567"])]


class PayersRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as its payer may see it: nothing of the payment but this."""

    status: Annotated[
        str,
        Meta(
            description="OPEN: say where to. GIVEN: it is known, the money will be sent. PAID: it was sent. CLOSED: ask"
            " the shop.",
            extra_json_schema={"enum": [*Standing]},
        ),
    ]
    amount: Annotated[Baht, Meta(description="What you get, in baht.")]
    currency: Annotated[Literal["THB"], Meta(description="Always baht.")] = "THB"
    shop: Annotated[str, Meta(description="Who gives it back.", examples=["ร้านกาแฟ"])]
    payee: Annotated[GivenTo | None, Meta(description="What was said, masked.")]
    until: Annotated[Moment | None, Meta(description="While it is OPEN: until when.")]
    mode: Mode


class PayersRefundSeen(msgspec.Struct, frozen=True):
    """How a refund stands, for its payer."""

    success: Done
    refund: PayersRefund


class RefundMade(msgspec.Struct, frozen=True):
    """A refund that was asked for, read or changed."""

    success: Done
    refund: Refund


class Refunds(msgspec.Struct, frozen=True):
    """A page of refunds, newest first."""

    refunds: list[Refund]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Cursor
