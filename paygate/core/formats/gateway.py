"""The callback payload of the gateway API: `{eventId, eventType, action, message, data}`, amounts in satang."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import ids
from paygate.core.formats.facts import Facts, metadata

# event -> eventType, action, message, status, paymentStatus
_PAYMENTS = {
    "payment.success": ("payment_intent.succeeded", "payment_succeeded", "Payment succeeded", "succeeded", "paid"),
    "payment.failed": ("payment_intent.payment_failed", "payment_failed", "Payment failed", "failed", "unpaid"),
    "payment.expired": ("payment_intent.payment_failed", "payment_failed", "Payment expired", "failed", "unpaid"),
    "payment.cancelled": ("payment_intent.canceled", "payment_canceled", "Payment canceled", "failed", "unpaid"),
    "payment.refunded": ("charge.refunded", "refund_created", "Payment refunded", "refunded", "paid"),
}
_ENDPOINTS = {
    "webhook.test": ("webhook_test", "Test event"),
    "webhook.disabled": ("webhook_disabled", "A webhook endpoint was disabled"),
}
SPOKEN = frozenset({*_PAYMENTS, *_ENDPOINTS})


def body(facts: Facts) -> Mapping[str, object]:
    """The payload of an event of SPOKEN."""
    if facts.type in _ENDPOINTS:
        action, message = _ENDPOINTS[facts.type]
        return _payload(facts, facts.type, action, message, facts.data)
    event_type, action, message, status, payment_status = _PAYMENTS[facts.type]
    payment, data = facts.paid_for, facts.data
    told = {
        "paymentId": str(payment.id),
        "paymentIntentId": ids.show("pi", payment.id),
        "amount": payment.amount_satang,
        "amountTotal": payment.amount_satang,
        "currency": "thb",
        "status": status,
        "paymentStatus": payment_status,
        "exception": data["exception"],
        "sequence": data["sequence"],
        "paidAt": data["paidAt"],
        "metadata": metadata(data),
    }
    return _payload(facts, event_type, action, message, told)


def _payload(
    facts: Facts, event_type: str, action: str, message: str, data: Mapping[str, object]
) -> Mapping[str, object]:
    return {
        "eventId": facts.event_id,
        "eventType": event_type,
        "action": action,
        "message": message,
        "data": data,
    }
