"""What the native face answers with. Each class is both the JSON that is sent and its schema in the API's document."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from paygate.core.answers import TRANSACTION, Baht, Done, Moment, Words
from paygate.core.payments import Oddity, Status
from paygate.core.slips import SlipOutcome

Mode: TypeAlias = Annotated[
    str, Meta(description="live, or test: no money moves.", extra_json_schema={"enum": ["live", "test"]})
]
TransactionId: TypeAlias = Annotated[
    str, Meta(description="The payment's id.", examples=[TRANSACTION], extra_json_schema={"format": "uuid"})
]
Link: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
Json: TypeAlias = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "object"})]
Cursor: TypeAlias = Annotated[
    str | None, Meta(description="`cursor` of the next page; null when there is none.", examples=["AAZC_example"])
]


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, as its merchant sees it."""

    id: TransactionId
    orderId: Annotated[str | None, Meta(description="Your number of the order.", examples=["A-1001"])]
    amount: Annotated[Baht, Meta(description="The order's amount, in baht.", examples=[150])]
    fee: Annotated[
        Baht | UnsetType, Meta(description="What PayGate takes, in baht; not shown to pk_ keys.", examples=[4.5])
    ] = UNSET
    netAmount: Annotated[
        Baht | UnsetType, Meta(description="amount - fee - vat, in baht; not shown to pk_ keys.", examples=[145.5])
    ] = UNSET
    status: Annotated[Status, Meta(description="Where it stands.", examples=["PENDING"])]
    paymentMethod: Annotated[Literal["PROMPTPAY"], Meta(description="How it is paid.")] = "PROMPTPAY"
    # Before the metadata, which may hold the same mark.
    qrCode: Annotated[
        str | UnsetType,
        Meta(
            description="The QR as a PNG data URL; in answers that make a payment.",
            examples=["data:image/png;base64,iVBORw0KGgo="],
        ),
    ] = UNSET
    qrExpiry: Annotated[Moment, Meta(description="Until when the QR may be paid.")]
    createdAt: Annotated[Moment, Meta(description="When it was made.")]
    paidAt: Annotated[Moment | None, Meta(description="When the money moved.", examples=[None])]
    expiresAt: Annotated[Moment, Meta(description="When it expires, if nobody pays.")]
    description: Annotated[str | None, Meta(description="As you gave it.", examples=["Two coffees"])]
    metadata: Annotated[Json, Meta(description="As you gave it.", examples=[{"table": "7"}])]
    customerEmail: Annotated[str | None, Meta(description="As you gave it.", examples=["payer@shop.example"])]
    callbackUrl: Annotated[
        str | None, Meta(description="Where the payer goes when it is paid.", examples=["https://shop.example/done"])
    ]
    cancelUrl: Annotated[
        str | None, Meta(description="Where the payer goes otherwise.", examples=["https://shop.example/cart"])
    ]
    paymentUrl: Annotated[
        Link, Meta(description="The page to pay on.", examples=[f"https://pay.example.com/pay/{TRANSACTION}"])
    ]
    qrPayload: Annotated[str, Meta(description="The QR's text (EMVCo).", examples=["00020101021229370016A000000677"])]
    payableAmount: Annotated[Baht, Meta(description="What the QR asks for, in baht: the amount and its satang tag.")]
    receivedAmount: Annotated[
        Baht | None, Meta(description="What came, in baht; null while nothing did.", examples=[None])
    ]
    vat: Annotated[
        Baht | UnsetType, Meta(description="VAT on the fee, in baht; not shown to pk_ keys.", examples=[0])
    ] = UNSET
    refundedAmount: Annotated[
        Baht | UnsetType, Meta(description="What went back to the payer, in baht; not shown to pk_ keys.", examples=[0])
    ] = UNSET
    currency: Annotated[Literal["THB"], Meta(description="Always baht.")] = "THB"
    promptpayRef1: Annotated[str | None, Meta(description="Reference 1 of a bill payment.", examples=[None])]
    promptpayRef2: Annotated[str | None, Meta(description="Reference 2 of a bill payment.", examples=[None])]
    exception: Annotated[Oddity | None, Meta(description="What was odd about the money.", examples=[None])]
    amountSource: Annotated[
        str,
        Meta(
            description="Who named it. token: your server signed it; link: a payment link of yours; browser: a page, so"
            " compare before you ship.",
            extra_json_schema={"enum": ["server", "token", "link", "browser"]},
        ),
    ]
    renewsId: Annotated[
        str | None, Meta(description="The expired payment in whose place its payer made this one.", examples=[None])
    ]
    paymentLink: Annotated[str | None, Meta(description="The payment link that it is of.", examples=[None])]
    mode: Mode
    clientSecret: Annotated[
        str | UnsetType,
        Meta(
            description="For the payer's page: reads this payment and sends slips. In answers that make a payment.",
            examples=["pi_06nz0nc5vj7r4gjx7c79l6za_secret_example"],
        ),
    ] = UNSET


class PayersView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, as its payer may see it."""

    id: TransactionId
    amount: Annotated[Baht, Meta(description="The order's amount, in baht.")]
    payableAmount: Annotated[Baht, Meta(description="What the QR asks for, in baht.")]
    receivedAmount: Annotated[
        Baht | None, Meta(description="What came, in baht; null while nothing did.", examples=[None])
    ]
    currency: Annotated[Literal["THB"], Meta(description="Always baht.")] = "THB"
    status: Annotated[Status, Meta(description="Where it stands.", examples=["PENDING"])]
    exception: Annotated[Oddity | None, Meta(description="What was odd about the money.", examples=[None])]
    paymentMethod: Annotated[Literal["PROMPTPAY"], Meta(description="How it is paid.")] = "PROMPTPAY"
    description: Annotated[str | None, Meta(description="What it is for.")]
    createdAt: Annotated[Moment, Meta(description="When it was made.")]
    expiresAt: Annotated[Moment, Meta(description="When it expires, if nobody pays.")]
    qrExpiry: Annotated[Moment, Meta(description="Until when the QR may be paid.")]
    paidAt: Annotated[Moment | None, Meta(description="When the money moved.", examples=[None])]
    paymentUrl: Annotated[
        Link, Meta(description="The page to pay on.", examples=[f"https://pay.example.com/pay/{TRANSACTION}"])
    ]
    qrPayload: Annotated[str | None, Meta(description="The QR's text; null when it is not PENDING any more.")]
    mode: Mode


class Verification(msgspec.Struct, frozen=True):
    """How the last slip of a payment stands, or money that came without one and waits for a person."""

    status: Annotated[SlipOutcome, Meta(description="In a word.")]
    reason: Annotated[str | None, Meta(description="Why, when that is known.", examples=["NOT_FOUND"])]
    message: Annotated[Words, Meta(description="In words, for the payer.")]
    at: Annotated[Moment | None, Meta(description="Since when.")]


class Made(msgspec.Struct, frozen=True):
    """A payment that was made or changed."""

    success: Done
    transaction: Transaction


class ManyMade(msgspec.Struct, frozen=True):
    """Payments that were made, in the order of the request."""

    success: Done
    transactions: list[Transaction]


class Found(msgspec.Struct, frozen=True):
    """A payment, and how its last slip stands."""

    transaction: Transaction
    verification: Verification | None


class FoundByPayer(msgspec.Struct, frozen=True):
    """A payment as its payer may see it, and how the last slip stands."""

    transaction: PayersView
    verification: Verification | None


class Slip(msgspec.Struct, frozen=True):
    """What became of a slip."""

    success: Annotated[bool, Meta(description="False when it was rejected.")]
    verification: Annotated[SlipOutcome, Meta(description="How it stands.")]
    reason: Annotated[str | None, Meta(description="Why, when that is known.", examples=["NOT_FOUND"])]
    message: Annotated[Words, Meta(description="In words, for the payer.")]
    transaction: Transaction


class SlipOfPayer(msgspec.Struct, frozen=True):
    """What became of a slip, for the payer who sent it."""

    success: Annotated[bool, Meta(description="False when it was rejected.")]
    verification: Annotated[SlipOutcome, Meta(description="How it stands.")]
    reason: Annotated[str | None, Meta(description="Why, when that is known.", examples=["NOT_FOUND"])]
    message: Annotated[Words, Meta(description="In words, for the payer.")]
    transaction: PayersView


class Transactions(msgspec.Struct, frozen=True):
    """A page of payments, newest first."""

    transactions: list[Transaction]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Cursor


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A QR code without a payment."""

    payload: Annotated[str, Meta(description="The QR's text (EMVCo).", examples=["00020101021129370016A000000677"])]
    format: Annotated[Literal["png", "svg", "payload"], Meta(description="What it was drawn as.")]
    qrCode: Annotated[
        str | UnsetType,
        Meta(description="As a PNG data URL, for `png`.", examples=["data:image/png;base64,iVBORw0KGgo="]),
    ] = UNSET
    svg: Annotated[str | UnsetType, Meta(description="As SVG, for `svg`.", examples=["<svg/>"])] = UNSET


class OneCode(msgspec.Struct, frozen=True):
    """The code that was asked for."""

    success: Done
    qr: Code


class Codes(msgspec.Struct, frozen=True):
    """The codes that were asked for, in order."""

    success: Done
    qrs: list[Code]
