"""Events in the words of Stripe's and the gateway's receivers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import stripe

from paygate.core import canonical, events
from paygate.core.errors import Bug
from paygate.core.events import EVENT_TYPES, PAYMENT_EVENTS, of_endpoint, of_payment
from paygate.core.formats import FORMATS, Facts, PaymentFacts, render, spoken_in
from paygate.core.payments import Oddity, Status
from tests.core.samples import payment

ID = UUID("01900000-0000-7000-8000-000000000001")
EVENT = UUID("01900000-0000-7000-8000-000000000002")
AT = datetime(2026, 11, 20, 3, 4, 5, 678_900, tzinfo=UTC)
METADATA = '{"7":"seven","โต๊ะ":5,"price":147.5,"a":{"b":[1,null,true]},"__proto__":{"x":1},"s":"\u2028"}'


def facts(event_type: str, **changes: Any) -> Facts:
    one = payment(id=ID, metadata=METADATA, order_id="ORDER-1", created_at=AT, **changes)
    event = of_payment(event_type, one, EVENT, AT)
    frozen = PaymentFacts(ID, one.amount_satang, AT, "กาแฟ", "a@b.co", "000201...")
    return Facts(EVENT, event_type, "live", event.body, AT, frozen, "https://pay.example")


def told(body_format: str, event_type: str, **changes: Any) -> dict[str, Any]:
    text = render(body_format, facts(event_type, **changes))
    assert canonical.dumps(json.loads(text)) == text  # What a JavaScript receiver would print and sign.
    assert render(body_format, facts(event_type, **changes)) == text
    return dict(json.loads(text))


def about_endpoint(event_type: str) -> Facts:
    event = of_endpoint(
        event_type,
        merchant_id=1,
        mode="test",
        endpoint_id=ID,
        url="https://shop.example/",
        reason="Every delivery failed for 5 days." if event_type == "webhook.disabled" else None,
        sequence=3,
        event_id=EVENT,
        at=AT,
    )
    return Facts(EVENT, event_type, "test", event.body, AT, None, "https://pay.example")


def test_each_format_has_words_for_what_its_receivers_know() -> None:
    assert {event: spoken_in(event) for event in EVENT_TYPES} == {
        "payment.created": ("paygate", "stripe"),
        "payment.success": FORMATS,
        "payment.failed": FORMATS,
        "payment.expired": FORMATS,
        "payment.cancelled": FORMATS,
        "payment.refunded": FORMATS,
        "payment.verification": ("paygate",),
        "refund.account_given": ("paygate",),
        "refund.failed": ("paygate",),
        "settlement.created": ("paygate",),
        "account.changed": ("paygate",),
        "destination.changed": ("paygate",),
        "plan.changed": ("paygate",),
        "invoice.overdue": ("paygate",),
        "settlement.completed": ("paygate",),
        "settlement.rejected": ("paygate",),
        "webhook.test": FORMATS,
        "webhook.disabled": FORMATS,
    }
    for body_format, event_type in (("gateway", "payment.created"), ("stripe", "settlement.created"), ("paygate", "x")):
        with pytest.raises(Bug):
            render(body_format, facts("payment.success") if event_type == "x" else _typed(event_type))


def _typed(event_type: str) -> Facts:
    return Facts(EVENT, event_type, "live", "{}", AT, None, "")


@pytest.mark.parametrize(
    ("event", "event_type", "action", "status", "paid"),
    [
        ("payment.success", "payment_intent.succeeded", "payment_succeeded", "succeeded", "paid"),
        ("payment.failed", "payment_intent.payment_failed", "payment_failed", "failed", "unpaid"),
        ("payment.expired", "payment_intent.payment_failed", "payment_failed", "failed", "unpaid"),
        ("payment.cancelled", "payment_intent.canceled", "payment_canceled", "failed", "unpaid"),
        ("payment.refunded", "charge.refunded", "refund_created", "refunded", "paid"),
    ],
)
def test_the_gateways_callback_is_that_of_its_guide(
    event: str, event_type: str, action: str, status: str, paid: str
) -> None:
    body = told("gateway", event)
    assert list(body) == ["eventId", "eventType", "action", "message", "data"]
    assert (body["eventType"], body["action"]) == (event_type, action) and body["message"]
    assert body["eventId"].startswith("evt_")
    data = body["data"]
    assert data["paymentIntentId"].startswith("pi_") and data["paymentId"] == str(ID)
    assert (data["amountTotal"], data["amount"], data["currency"]) == (15_000, 15_000, "thb")
    assert (data["status"], data["paymentStatus"]) == (status, paid)
    assert data["metadata"] == {**json.loads(METADATA), "orderId": "ORDER-1"}


@pytest.mark.parametrize(
    ("event", "event_type", "status", "received"),
    [
        ("payment.created", "payment_intent.created", "requires_action", 0),
        ("payment.success", "payment_intent.succeeded", "succeeded", 15_000),
        ("payment.failed", "payment_intent.payment_failed", "requires_payment_method", 0),
        ("payment.expired", "payment_intent.payment_failed", "requires_payment_method", 0),
        ("payment.cancelled", "payment_intent.canceled", "canceled", 0),
    ],
)
def test_stripes_event_holds_a_whole_payment_intent(event: str, event_type: str, status: str, received: int) -> None:
    body = told("stripe", event)
    parsed: Any = stripe.Event.construct_from(body, "sk_test_x")
    assert (parsed.type, parsed.object, parsed.livemode, parsed.created) == (event_type, "event", True, 1_795_143_845)
    intent = parsed.data.object
    assert isinstance(intent, stripe.PaymentIntent)
    members = {name for name in stripe.PaymentIntent.__annotations__ if name.islower() and name[0] != "_"}
    assert members <= set(body["data"]["object"])  # A member that is not there raises in Python's library.
    assert (intent.id[:3], intent.amount, intent.amount_received, intent.status) == ("pi_", 15_000, received, status)
    assert intent.client_secret is None and intent.receipt_email == "a@b.co" and intent.description == "กาแฟ"
    metadata = body["data"]["object"]["metadata"]
    assert metadata == {
        "7": "seven",
        "โต๊ะ": "5",
        "price": "147.5",
        "a": '{"b":[1,null,true]}',
        "__proto__": '{"x":1}',
        "s": "\u2028",
        "orderId": "ORDER-1",
    }


def test_what_goes_with_a_status_is_there_and_nothing_else() -> None:
    created = told("stripe", "payment.created")["data"]["object"]
    shown = created["next_action"]["promptpay_display_qr_code"]
    assert shown == {
        "data": "000201...",
        "hosted_instructions_url": f"https://pay.example/pay/{ID}",
        "image_url_png": f"https://pay.example/qr/{ID}.png",
        "image_url_svg": f"https://pay.example/qr/{ID}.svg",
    }
    paid = told("stripe", "payment.success")["data"]["object"]
    assert paid["latest_charge"].startswith("ch_") and paid["next_action"] is None
    expired = told("stripe", "payment.expired")["data"]["object"]
    assert expired["last_payment_error"]["code"] == "payment_intent_payment_attempt_expired"
    cancelled = told("stripe", "payment.cancelled")["data"]["object"]
    assert (cancelled["canceled_at"], cancelled["cancellation_reason"]) == (1_795_143_845, "requested_by_customer")
    assert paid["last_payment_error"] is paid["canceled_at"] is None


def test_a_refund_is_told_as_a_refunded_charge_of_the_same_payment() -> None:
    body = told("stripe", "payment.refunded", exception=Oddity.REVERSED, status=Status.PAID)
    assert body["type"] == "charge.refunded"
    charge: Any = stripe.Event.construct_from(body, "sk_test_x").data.object
    assert isinstance(charge, stripe.Charge)
    members = {name for name in stripe.Charge.__annotations__ if name.islower() and name[0] != "_"}
    assert members <= set(body["data"]["object"])
    paid = told("stripe", "payment.success")["data"]["object"]
    assert (charge.id, charge.payment_intent) == (paid["latest_charge"], paid["id"])
    assert (charge.refunded, charge.amount_refunded, charge.status) == (True, 15_000, "succeeded")


def test_events_about_an_endpoint_have_words_in_both() -> None:
    disabled = json.loads(render("stripe", about_endpoint("webhook.disabled")))
    assert (disabled["type"], disabled["livemode"]) == ("webhook.disabled", False)
    about = disabled["data"]["object"]
    assert (about["object"], about["status"], about["url"]) == ("webhook_endpoint", "disabled", "https://shop.example/")
    assert about["metadata"] == {"reason": "Every delivery failed for 5 days."}
    test = json.loads(render("gateway", about_endpoint("webhook.test")))
    assert (test["action"], test["eventType"], test["data"]["status"]) == ("webhook_test", "webhook.test", "enabled")


def test_metadata_that_names_the_order_itself_keeps_its_own() -> None:
    mine = {"metadata": {"orderId": 7}, "orderId": "ORDER-1"}
    body = json.loads(facts("payment.success").body)
    body["data"] |= mine
    text = canonical.dumps(body)
    one = facts("payment.success")
    again = Facts(one.id, one.type, one.mode, text, one.created_at, one.payment, one.public_url)
    assert json.loads(render("gateway", again))["data"]["metadata"] == {"orderId": 7}
    assert json.loads(render("stripe", again))["data"]["object"]["metadata"] == {"orderId": "7"}


def test_every_payment_event_but_a_slips_can_be_told_to_stripes_receivers() -> None:
    told = {name for name in PAYMENT_EVENTS if "stripe" in spoken_in(name)}
    assert set(PAYMENT_EVENTS) - told == {"payment.verification"}  # Stripe has no word for a slip.
    assert set(events.ENDPOINT_EVENTS) == {"webhook.test", "webhook.disabled"}
