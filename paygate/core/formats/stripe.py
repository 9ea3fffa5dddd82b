"""Stripe's event object, as `stripe.Webhook.construct_event` makes it, about PaymentIntents and Charges.

Members are those of the published libraries (API version below); each that may be null is there. `client_secret` is
left null: a webhook is kept, and a secret is not. Amounts are the order's, in satang.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paygate.core import ids
from paygate.core.formats.facts import Facts, refunded_satang, text_metadata, unix_s

API_VERSION = "2026-10-28.endive"

# event -> type of the event, status of its PaymentIntent
_PAYMENTS = {
    "payment.created": ("payment_intent.created", "requires_action"),
    "payment.success": ("payment_intent.succeeded", "succeeded"),
    "payment.failed": ("payment_intent.payment_failed", "requires_payment_method"),
    "payment.expired": ("payment_intent.payment_failed", "requires_payment_method"),
    "payment.cancelled": ("payment_intent.canceled", "canceled"),
    "payment.refunded": ("charge.refunded", "succeeded"),
}
_ENDPOINTS = ("webhook.test", "webhook.disabled")
SPOKEN = frozenset({*_PAYMENTS, *_ENDPOINTS})

_INTENT_NULLS = (
    *("allowed_payment_method_types", "amount_details", "application", "application_fee_amount"),
    *("automatic_payment_methods", "canceled_at", "cancellation_reason", "client_secret", "customer"),
    *("customer_account", "excluded_payment_method_types", "hooks", "last_payment_error", "latest_charge"),
    *("managed_payments", "next_action", "on_behalf_of", "payment_details", "payment_method"),
    *("payment_method_configuration_details", "payment_record", "presentment_details", "processing", "review"),
    *("setup_future_usage", "shipping", "source", "statement_descriptor", "statement_descriptor_suffix"),
    *("transfer_data", "transfer_group"),
)
_CHARGE_NULLS = (
    *("application", "application_fee", "application_fee_amount", "authorization_code", "balance_transaction"),
    *("calculated_statement_descriptor", "customer", "failure_balance_transaction", "failure_code"),
    *("failure_message", "level3", "on_behalf_of", "outcome", "payment_method", "presentment_details"),
    *("radar_options", "receipt_number", "receipt_url", "refunds", "review", "shipping", "source"),
    *("source_transfer", "statement_descriptor", "statement_descriptor_suffix", "transfer", "transfer_data"),
    "transfer_group",
)
_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
_WHY = {
    "payment.expired": ("payment_intent_payment_attempt_expired", "The QR was not paid in time."),
    "payment.failed": ("payment_intent_payment_attempt_failed", "The payment failed."),
}


def body(facts: Facts) -> Mapping[str, object]:
    """The event object of an event of SPOKEN."""
    if facts.type in _ENDPOINTS:
        return _event(facts, facts.type, _endpoint(facts))
    event_type, status = _PAYMENTS[facts.type]
    return _event(facts, event_type, _charge(facts) if facts.type == "payment.refunded" else _intent(facts, status))


def _event(facts: Facts, event_type: str, about: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "id": facts.event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": unix_s(facts.created_at),
        "data": {"object": about},
        "livemode": facts.live,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
    }


def _intent(facts: Facts, status: str) -> Mapping[str, object]:
    payment, data = facts.paid_for, facts.data
    intent: dict[str, Any] = {
        "id": ids.show("pi", payment.id),
        "object": "payment_intent",
        **dict.fromkeys(_INTENT_NULLS),
        "amount": payment.amount_satang,
        "amount_capturable": 0,
        "amount_received": payment.amount_satang if status == "succeeded" else 0,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": unix_s(payment.created_at),
        "currency": "thb",
        "description": payment.description,
        "livemode": facts.live,
        "metadata": text_metadata(data),
        "payment_method_options": {"promptpay": {}},
        "payment_method_types": ["promptpay"],
        "receipt_email": payment.customer_email,
        "status": status,
    }
    if status == "succeeded":
        intent["latest_charge"] = ids.show("ch", payment.id)
    elif status == "requires_action":
        intent["next_action"] = _next_action(facts)
    elif status == "canceled":
        intent |= {"canceled_at": unix_s(facts.created_at), "cancellation_reason": "requested_by_customer"}
    else:
        code, message = _WHY[facts.type]
        intent["last_payment_error"] = {"code": code, "message": message, "type": "invalid_request_error"}
    return intent


def _next_action(facts: Facts) -> Mapping[str, object]:
    payment, host = facts.paid_for, facts.public_url
    return {
        "type": "promptpay_display_qr_code",
        "promptpay_display_qr_code": {
            "data": payment.qr_payload,
            "hosted_instructions_url": f"{host}/pay/{payment.id}",
            "image_url_png": f"{host}/qr/{payment.id}.png",
            "image_url_svg": f"{host}/qr/{payment.id}.svg",
        },
    }


def _charge(facts: Facts) -> Mapping[str, object]:
    payment, data = facts.paid_for, facts.data
    back_satang = refunded_satang(facts)
    person = {"address": _NO_ADDRESS, "email": payment.customer_email, "name": None, "phone": None, "tax_id": None}
    return {
        "id": ids.show("ch", payment.id),
        "object": "charge",
        **dict.fromkeys(_CHARGE_NULLS),
        "amount": payment.amount_satang,
        "amount_captured": payment.amount_satang,
        "amount_refunded": back_satang,
        "billing_details": person,
        "captured": True,
        "created": unix_s(payment.created_at),
        "currency": "thb",
        "description": payment.description,
        "disputed": False,
        "fraud_details": {},
        "livemode": facts.live,
        "metadata": text_metadata(data),
        "paid": True,
        "payment_intent": ids.show("pi", payment.id),
        "payment_method_details": {"promptpay": {"reference": None}, "type": "promptpay"},
        "receipt_email": payment.customer_email,
        "refunded": back_satang >= payment.amount_satang,
        "status": "succeeded",
    }


def _endpoint(facts: Facts) -> Mapping[str, object]:
    data = facts.data
    return {
        "id": data["endpointId"],
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": unix_s(facts.created_at),
        "description": None,
        "enabled_events": ["*"],
        "livemode": facts.live,
        "metadata": {"reason": data["reason"]} if data["reason"] else {},
        "status": data["status"],
        "url": data["url"],
    }
