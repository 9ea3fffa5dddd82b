"""What deliveries of format `paygate` hold, for the API's document. `core/events.py` writes them; a test compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from paygate.core.answers import TRANSACTION, Baht, Moment, Words
from paygate.core.payments import Oddity, Status
from paygate.core.payouts import PayoutStatus
from paygate.core.slips import SlipOutcome
from paygate.faces.v1.answers import Json
from paygate.faces.v1.webhook_answers import EndpointId, EventId
from paygate.wire.openapi import Sent
from paygate.wire.operations import Part, Webhook

Currency: TypeAlias = Annotated[Literal["THB"], Meta(description="Always baht.")]
Sequence: TypeAlias = Annotated[
    int,
    Meta(description="Counts the events of its subject. Deliveries come in any order; a larger one is newer.", ge=0),
]
MerchantId: TypeAlias = Annotated[str, Meta(description="You.", examples=["mer_6h2bqqf3kabr7"])]
When: TypeAlias = Annotated[Moment, Meta(description="When it happened.")]
TransactionId: TypeAlias = Annotated[
    str, Meta(description="The payment.", examples=[TRANSACTION], extra_json_schema={"format": "uuid"})
]


class PaymentData(msgspec.Struct, frozen=True, kw_only=True):
    """The payment, as it stands after the event."""

    transactionId: TransactionId
    orderId: Annotated[str | None, Meta(description="Your number of the order.", examples=["ORDER-12345"])]
    amount: Annotated[Baht, Meta(description="The order's amount, in baht.", examples=[150])]
    fee: Annotated[Baht, Meta(description="What PayGate takes, in baht.", examples=[3])]
    netAmount: Annotated[Baht, Meta(description="What is yours, in baht.", examples=[147])]
    status: Annotated[Status, Meta(description="Where it stands.", examples=["PAID"])]
    paidAt: Annotated[Moment | None, Meta(description="When the money moved.")]
    metadata: Annotated[Json, Meta(description="As you gave it.", examples=[{"table": "7"}])]
    exception: Annotated[Oddity | None, Meta(description="What was odd about the money.", examples=[None])]
    payableAmount: Annotated[Baht, Meta(description="What the QR asked for, in baht.", examples=[150.07])]
    sequence: Sequence
    amountSource: Annotated[
        Literal["server", "token", "browser"],
        Meta(description="Who named the amount: with `browser`, compare it before you ship."),
    ]
    paymentLink: Annotated[str | None, Meta(description="The payment link that it is of.", examples=[None])]


class RefundTold(msgspec.Struct, frozen=True, kw_only=True):
    """Money that went back to the payer."""

    refundId: Annotated[str, Meta(description="The refund.", examples=["rfd_06nz0nc5vj7r4gjx7c79l6za"])]
    transactionId: TransactionId
    amount: Annotated[Baht, Meta(description="How much, in baht.")]
    feeReturned: Annotated[Baht, Meta(description="What of the fee you have back, in baht.", examples=[0])]
    currency: Currency
    status: Annotated[PayoutStatus, Meta(description="Where it stands.", examples=["COMPLETED"])]
    reason: Annotated[str | None, Meta(description="Why, in your words.", examples=["out of stock"])]
    refusal: Annotated[str | None, Meta(description="Why it was refused.", examples=[None])]
    bankReference: Annotated[str | None, Meta(description="Of the transfer.", examples=["2026112012345"])]
    createdAt: Annotated[Moment, Meta(description="When it was asked for.")]
    completedAt: Annotated[Moment | None, Meta(description="When the money went.")]


class RefundedData(PaymentData, frozen=True, kw_only=True):
    """The payment, and what of it went back. Without a refund the bank took the money back: `exception` is REVERSED."""

    refundedAmount: Annotated[Baht | UnsetType, Meta(description="All that was refunded so far, in baht.")] = UNSET
    refund: RefundTold | UnsetType = UNSET


class VerificationTold(msgspec.Struct, frozen=True, kw_only=True):
    """How evidence that was handed in stands."""

    evidence: Annotated[Literal["slip", "money"], Meta(description="A slip, or money that came.")]
    status: Annotated[SlipOutcome, Meta(description="How it stands.", examples=["VERIFYING"])]
    reason: Annotated[str | None, Meta(description="Why, in a word.", examples=[None])]
    message: Annotated[Words, Meta(description="Words for the payer.")]
    at: Annotated[Moment, Meta(description="Since when.")]


class VerificationData(PaymentData, frozen=True, kw_only=True):
    """The payment, and how evidence about it stands."""

    verification: VerificationTold


class SettlementData(msgspec.Struct, frozen=True, kw_only=True):
    """Money that you took out."""

    settlementId: Annotated[str, Meta(description="The settlement.", examples=["stl_06nz0nc5vj7r4gjx7c79l6za"])]
    amount: Annotated[Baht, Meta(description="How much, in baht.")]
    currency: Currency
    status: Annotated[PayoutStatus, Meta(description="Where it stands.")]
    promisedOn: Annotated[
        str,
        Meta(
            description="The day in Bangkok it is promised for.",
            examples=["2026-11-23"],
            extra_json_schema={"format": "date"},
        ),
    ]
    bankReference: Annotated[str | None, Meta(description="Of the transfer.", examples=["2026112012345"])]
    reason: Annotated[str | None, Meta(description="Why it was refused.", examples=[None])]
    createdAt: Annotated[Moment, Meta(description="When it was asked for.")]
    completedAt: Annotated[Moment | None, Meta(description="When the money went.")]
    sequence: Sequence


class AccountData(msgspec.Struct, frozen=True, kw_only=True):
    """Where your money arrives from now on, without its numbers."""

    merchantId: MerchantId
    accountId: Annotated[str, Meta(description="The account.", examples=["acc_06nz0nc5vj7r4gjx7c79l6za"])]
    promptPayId: Annotated[str | None, Meta(description="Its PromptPay ID, masked.", examples=["xxxxxx5678"])]
    billerId: Annotated[str | None, Meta(description="Its biller ID.", examples=[None])]
    bank: Annotated[str | None, Meta(description="Its bank's code.", examples=["014"])]
    accountNumber: Annotated[str | None, Meta(description="Its number, masked.", examples=["xxxxxx4567"])]
    accountName: Annotated[str, Meta(description="Whose it is.", examples=["Shop"])]


class DestinationData(msgspec.Struct, frozen=True, kw_only=True):
    """Where your settlements go from now on, without its numbers."""

    merchantId: MerchantId
    destinationId: Annotated[str, Meta(description="The destination.", examples=["dst_06nz0nc5vj7r4gjx7c79l6za"])]
    promptPayId: Annotated[str | None, Meta(description="Its PromptPay ID, masked.", examples=["xxxxxx5678"])]
    bank: Annotated[str | None, Meta(description="Its bank's code.", examples=["014"])]
    accountNumber: Annotated[str | None, Meta(description="Its number, masked.", examples=["xxxxxx4567"])]
    accountName: Annotated[str, Meta(description="Whose it is.", examples=["Shop"])]
    usableAt: Annotated[Moment, Meta(description="No settlement goes there before.")]


class PlanData(msgspec.Struct, frozen=True, kw_only=True):
    """What you pay from a moment on."""

    merchantId: MerchantId
    plan: Annotated[str, Meta(description="The plan.", examples=["pro"])]
    feeBps: Annotated[
        int | None,
        Meta(description="A rate of your own, in hundredths of a percent; null: the plan's.", examples=[200]),
    ]
    validFrom: Annotated[
        Moment | None, Meta(description="From when; null: what was decided for later was withdrawn, this plan goes on.")
    ]


class EndpointData(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint of yours."""

    endpointId: EndpointId
    url: Annotated[str, Meta(description="Where it is.", examples=["https://shop.example/hooks/paygate"])]
    status: Annotated[Literal["enabled", "disabled"], Meta(description="Disabled ones hear nothing.")]
    reason: Annotated[str | None, Meta(description="Why it is disabled.", examples=["The receiver answered 410 Gone."])]
    sequence: Sequence


class PaymentTold(msgspec.Struct, frozen=True, kw_only=True):
    """Something became of a payment."""

    event: Annotated[
        Literal["payment.created", "payment.success", "payment.failed", "payment.expired", "payment.cancelled"],
        Meta(description="What happened; the header `X-Webhook-Event` has it too."),
    ]
    timestamp: When
    webhookId: EventId
    data: PaymentData


class PaymentRefunded(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a payment went back."""

    event: Annotated[Literal["payment.refunded"], Meta(description="What happened.")]
    timestamp: When
    webhookId: EventId
    data: RefundedData


class PaymentVerification(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence about a payment came, or was decided."""

    event: Annotated[Literal["payment.verification"], Meta(description="What happened.")]
    timestamp: When
    webhookId: EventId
    data: VerificationData


class RefundAccountGiven(msgspec.Struct, frozen=True, kw_only=True):
    """It is known where the payer of a refund wants it; the refund goes on."""

    event: Annotated[Literal["refund.account_given"], Meta(description="What happened.")]
    timestamp: When
    webhookId: EventId
    data: RefundedData


class RefundFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A refund was refused, its payer said nothing in time, or the bank brought it back."""

    event: Annotated[Literal["refund.failed"], Meta(description="What happened.")]
    timestamp: When
    webhookId: EventId
    data: RefundedData


class AccountTold(msgspec.Struct, frozen=True, kw_only=True):
    """Your money arrives elsewhere."""

    event: Annotated[Literal["account.changed"], Meta(description="What happened.")]
    timestamp: When
    webhookId: EventId
    data: AccountData


class DestinationTold(msgspec.Struct, frozen=True, kw_only=True):
    """Your settlements go elsewhere."""

    event: Annotated[Literal["destination.changed"], Meta(description="What happened.")]
    timestamp: When
    webhookId: EventId
    data: DestinationData


class InvoiceData(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice for fees that was not paid in time."""

    merchantId: MerchantId
    invoiceId: Annotated[str, Meta(description="The invoice.", examples=["inv_06nz0nc5vj7r4gjx7c79l6za00"])]
    number: Annotated[str, Meta(description="Its number.", examples=["INV-0001"])]
    month: Annotated[str, Meta(description="The month that it is for.", examples=["2026-11"])]
    toPay: Annotated[Baht, Meta(description="What is left to pay, in baht.")]
    dueOn: Annotated[str, Meta(description="Until when it was to be paid, in Bangkok.", examples=["2026-12-16"])]


class InvoiceOverdue(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice of yours is overdue."""

    event: Annotated[Literal["invoice.overdue"], Meta(description="What happened.")]
    timestamp: When
    webhookId: EventId
    data: InvoiceData


class PlanTold(msgspec.Struct, frozen=True, kw_only=True):
    """Your plan or rate changes."""

    event: Annotated[Literal["plan.changed"], Meta(description="What happened.")]
    timestamp: When
    webhookId: EventId
    data: PlanData


class SettlementTold(msgspec.Struct, frozen=True, kw_only=True):
    """Something became of a settlement."""

    event: Annotated[
        Literal["settlement.created", "settlement.completed", "settlement.rejected"],
        Meta(description="What happened."),
    ]
    timestamp: When
    webhookId: EventId
    data: SettlementData


class EndpointTold(msgspec.Struct, frozen=True, kw_only=True):
    """Something became of an endpoint itself."""

    event: Annotated[Literal["webhook.test", "webhook.disabled"], Meta(description="What happened.")]
    timestamp: When
    webhookId: EventId
    data: EndpointData


WEBHOOKS: Mapping[str, Webhook] = {
    "payment.created": Webhook("onPaymentCreated", "A payment was made", PaymentTold),
    "payment.success": Webhook("onPaymentSuccess", "A payment is PAID", PaymentTold),
    "payment.failed": Webhook("onPaymentFailed", "A payment FAILED", PaymentTold),
    "payment.expired": Webhook("onPaymentExpired", "A payment EXPIRED; late money may still pay it", PaymentTold),
    "payment.cancelled": Webhook("onPaymentCancelled", "A payment was CANCELLED", PaymentTold),
    "payment.refunded": Webhook("onPaymentRefunded", "Money of a payment went back", PaymentRefunded),
    "payment.verification": Webhook("onPaymentVerification", "Evidence came or was decided", PaymentVerification),
    "refund.account_given": Webhook("onRefundAccountGiven", "A payer said where it wants a refund", RefundAccountGiven),
    "refund.failed": Webhook("onRefundFailed", "A refund was refused, or came back", RefundFailed),
    "account.changed": Webhook("onAccountChanged", "Your money arrives elsewhere from now on", AccountTold),
    "destination.changed": Webhook("onDestinationChanged", "Your settlements go elsewhere", DestinationTold),
    "plan.changed": Webhook("onPlanChanged", "Your plan or rate changes", PlanTold),
    "invoice.overdue": Webhook("onInvoiceOverdue", "An invoice of yours is overdue", InvoiceOverdue),
    "settlement.created": Webhook("onSettlementCreated", "A settlement was asked for", SettlementTold),
    "settlement.completed": Webhook("onSettlementCompleted", "A settlement was paid out", SettlementTold),
    "settlement.rejected": Webhook("onSettlementRejected", "A settlement was refused", SettlementTold),
    "webhook.test": Webhook("onWebhookTest", "You tried an endpoint", EndpointTold),
    "webhook.disabled": Webhook("onWebhookDisabled", "Another endpoint of yours was disabled", EndpointTold),
}

_STAMP = {"type": "string", "pattern": "^[0-9]+$"}
HEADERS = (
    Part(
        "X-Webhook-Signature",
        "Hex HMAC-SHA256 of the raw body; the key is the secret's text, `whsec_` and all. While a secret is being"
        " rotated: by the new one.",
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    ),
    Part("X-Webhook-Event", "What happened: `event` of the body."),
    Part(
        "webhook-id",
        "The event's id (Standard Webhooks), the same however often it is sent: do nothing twice for one.",
        {"type": "string", "pattern": "^wh_"},
        "wh_06nz0nc5vj7r4gjx7c79l6za",
    ),
    Part("webhook-timestamp", "When it was sent, in unix seconds. Refuse what is older than 5 minutes.", _STAMP),
    Part(
        "webhook-signature",
        "`v1,<base64 HMAC-SHA256 of "
        '"id.timestamp.body">` (Standard Webhooks); the key is what follows `whsec_`, decoded from base64. While a'
        " secret is being rotated two, with a space between.",
        {"type": "string", "pattern": "^v1,"},
    ),
    Part(
        "Stripe-Signature",
        '`t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`; the key is the secret\'s text. While a secret is being'
        " rotated two `v1`.",
        {"type": "string", "pattern": "^t=[0-9]+,v1="},
    ),
)
ABOUT = (
    "Sent by POST to each of your endpoints that asks for it, in the format `paygate` unless the endpoint has another."
    " Verify one of the three signatures, over the raw body. At least once, in any order."
)
ANSWERS: Mapping[str, str] = {
    "2XX": "You have it. What you answer is kept for the log, its first kilobyte, and not read.",
    "410": "You want no more: the endpoint is disabled at once.",
    "429": "Not now: it is sent again, not before `Retry-After` if you send one. The same with 503.",
    "default": "Anything else, no answer within 15 s, a redirect (none is followed): it is sent again after 5 s, 5 min,"
    " 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h. After five days without a success the endpoint is disabled.",
}
SENT = Sent(WEBHOOKS, "webhooks", ABOUT, HEADERS, ANSWERS)
