"""What merchants are told: the body of each event, in the bytes that every delivery of it carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import overload
from uuid import UUID

from paygate.core import canonical, ids
from paygate.core.money import baht
from paygate.core.payments import Payment, standing
from paygate.core.payouts import Refund, Settlement

PAYMENT_EVENTS = (
    "payment.created",
    "payment.success",
    "payment.failed",
    "payment.expired",
    "payment.cancelled",
    "payment.refunded",
    "payment.verification",
)
REFUND_EVENTS = ("refund.account_given", "refund.failed")
SETTLEMENT_EVENTS = ("settlement.created", "settlement.completed", "settlement.rejected")
MERCHANT_EVENTS = ("account.changed", "destination.changed", "plan.changed", "invoice.overdue")
ENDPOINT_EVENTS = ("webhook.test", "webhook.disabled")
EVENT_TYPES = (*PAYMENT_EVENTS, *REFUND_EVENTS, *SETTLEMENT_EVENTS, *MERCHANT_EVENTS, *ENDPOINT_EVENTS)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event, ready for the outbox. `body` is canonical text: a JavaScript receiver prints the same bytes again."""

    merchant_id: int
    mode: str
    id: UUID
    type: str
    subject_id: UUID
    sequence: int
    body: str
    at: datetime


def of_payment(event_type: str, payment: Payment, event_id: UUID, at: datetime) -> Announcement:
    """The event *event_type* about *payment* as it stands after the change."""
    body = canonical.dumps(
        {
            "event": event_type,
            "timestamp": timestamp(at),
            "webhookId": ids.show("wh", event_id),
            "data": payment_data(payment),
        }
    )
    return Announcement(payment.merchant_id, payment.mode, event_id, event_type, payment.id, payment.sequence, body, at)


def of_verification(payment: Payment, verification: Mapping[str, object], event_id: UUID, at: datetime) -> Announcement:
    """How evidence about *payment* stands, beside the payment after the change."""
    seen = replace(payment, status=standing(payment, at))  # As every read says it.
    body = canonical.dumps(
        {
            "event": "payment.verification",
            "timestamp": timestamp(at),
            "webhookId": ids.show("wh", event_id),
            "data": {**payment_data(seen), "verification": verification},
        }
    )
    return Announcement(
        *(payment.merchant_id, payment.mode, event_id, "payment.verification", payment.id, payment.sequence, body, at)
    )


def of_endpoint(
    event_type: str,
    *,
    merchant_id: int,
    mode: str,
    endpoint_id: UUID,
    url: str,
    reason: str | None,
    sequence: int,
    event_id: UUID,
    at: datetime,
) -> Announcement:
    """An event about an endpoint itself: a test, or that it was disabled for *reason*."""
    body = canonical.dumps(
        {
            "event": event_type,
            "timestamp": timestamp(at),
            "webhookId": ids.show("wh", event_id),
            "data": {
                "endpointId": ids.show("we", endpoint_id),
                "url": url,
                "status": "disabled" if event_type == "webhook.disabled" else "enabled",
                "reason": reason,
                "sequence": sequence,
            },
        }
    )
    return Announcement(merchant_id, mode, event_id, event_type, endpoint_id, sequence, body, at)


def of_merchant(
    event_type: str, merchant_id: int, subject_id: UUID, data: Mapping[str, object], event_id: UUID, at: datetime
) -> Announcement:
    """Something about the merchant itself, told once: *subject_id* is the row of the account, plan or invoice."""
    body = canonical.dumps(
        {
            "event": event_type,
            "timestamp": timestamp(at),
            "webhookId": ids.show("wh", event_id),
            "data": {"merchantId": ids.show_merchant(merchant_id), **data},
        }
    )
    return Announcement(merchant_id, "live", event_id, event_type, subject_id, 1, body, at)


def of_settlement(event_type: str, settlement: Settlement, event_id: UUID, at: datetime) -> Announcement:
    """The event *event_type* about *settlement* as it stands after the change."""
    body = canonical.dumps(
        {
            "event": event_type,
            "timestamp": timestamp(at),
            "webhookId": ids.show("wh", event_id),
            "data": settlement_data(settlement),
        }
    )
    head = (settlement.merchant_id, settlement.mode, event_id, event_type, settlement.id)
    return Announcement(*head, settlement.sequence, body, at)


def of_refund(event_type: str, payment: Payment, refund: Refund, event_id: UUID, at: datetime) -> Announcement:
    """The event *event_type* about *payment*, of which *refund* went back: as other events of it, and how much.

    Two are about the refund alone: `refund.account_given` (it is known where the payer wants it), `refund.failed` (it
    was refused, its link expired, or the bank brought it back).
    """
    body = canonical.dumps(
        {
            "event": event_type,
            "timestamp": timestamp(at),
            "webhookId": ids.show("wh", event_id),
            "data": {
                **payment_data(payment),
                "refundedAmount": baht(payment.refunded_satang),
                "refund": refund_data(refund),
            },
        }
    )
    about = (refund.id, refund.sequence) if event_type in REFUND_EVENTS else (payment.id, payment.sequence)
    return Announcement(payment.merchant_id, payment.mode, event_id, event_type, *about, body, at)


def refund_data(refund: Refund) -> Mapping[str, object]:
    """A refund, as events and commands tell of it."""
    return {
        "refundId": ids.show("rfd", refund.id),
        "transactionId": str(refund.payment_id),
        "amount": baht(refund.amount_satang),
        "feeReturned": baht(refund.fee_returned_satang + refund.vat_returned_satang),
        "currency": "THB",
        "status": refund.status,
        "reason": refund.words,
        "refusal": refund.reason,
        "bankReference": refund.bank_reference,
        "createdAt": timestamp(refund.created_at),
        "completedAt": timestamp(refund.completed_at),
    }


def settlement_data(settlement: Settlement) -> Mapping[str, object]:
    """`data` of a settlement's events, and what the API shows of it."""
    return {
        "settlementId": ids.show("stl", settlement.id),
        "amount": baht(settlement.amount_satang),
        "currency": "THB",
        "status": settlement.status,
        "promisedOn": settlement.promised_on.isoformat(),
        "bankReference": settlement.bank_reference,
        "reason": settlement.reason,
        "createdAt": timestamp(settlement.created_at),
        "completedAt": timestamp(settlement.completed_at),
        "sequence": settlement.sequence,
    }


def payment_data(payment: Payment) -> Mapping[str, object]:
    """`data` of a payment's events: as the API's documents have it, and what receivers need beyond that."""
    return {
        "transactionId": str(payment.id),
        "orderId": payment.order_id,
        "amount": baht(payment.amount_satang),
        "fee": baht(payment.fee_satang),
        "netAmount": baht(payment.net_satang),
        "status": payment.status,
        "paidAt": timestamp(payment.paid_at),
        "metadata": json.loads(payment.metadata),
        "exception": payment.exception,
        "payableAmount": baht(payment.payable_satang),
        "sequence": payment.sequence,
        "amountSource": payment.amount_source,
        "paymentLink": ids.show("plink", payment.link_id) if payment.link_id else None,
    }


@overload
def timestamp(at: datetime) -> str: ...
@overload
def timestamp(at: datetime | None) -> str | None: ...
def timestamp(at: datetime | None) -> str | None:
    """A moment as JavaScript prints it: `2026-11-20T03:04:05.678Z`. None stays None."""
    if at is None:
        return None
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
