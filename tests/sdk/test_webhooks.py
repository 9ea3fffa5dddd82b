"""What the libraries take for a webhook of PayGate, and what they do not."""

from __future__ import annotations

import base64
import json
import time

import pytest

from paygate.core.webhooks import new_secret, sign, stamp
from tests.sdk.languages import Sdk

SECRET, NEXT = new_secret(b"s" * 32), new_secret(b"n" * 32)
EVENT = {"event": "payment.success", "webhookId": "wh_1", "data": {"amount": 150.07, "description": "ชาเย็น / tea"}}
BODY = json.dumps(EVENT, ensure_ascii=False)


def delivery(*secrets: str, age_s: int = 0) -> dict[str, str]:
    """The headers of a delivery as it is sent."""
    at = int(time.time()) - age_s
    return sign(secrets, event_id="wh_1", event_type="payment.success", timestamp_s=at, body=BODY.encode())


def only(headers: dict[str, str], *names: str) -> dict[str, str]:
    """What a proxy left of them."""
    return {name: value for name, value in headers.items() if name in names}


def test_every_form_of_signature_verifies_in_every_language(sdk: Sdk) -> None:
    whole = delivery(NEXT, SECRET)
    standard = only(whole, "webhook-id", "webhook-timestamp", "webhook-signature")
    upper = {name.upper(): value for name, value in standard.items()}
    wsgi = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in whole.items()}
    for headers in (
        whole,
        standard,
        only(whole, "Stripe-Signature"),
        upper,
        *([] if sdk.language == "node" else [wsgi]),
    ):
        for secret in (SECRET, NEXT):  # While a secret is rotated both sign.
            assert sdk.call("verifyWebhook", BODY, headers, secret) == EVENT
    assert sdk.call("verifyWebhook", BODY, delivery(SECRET, age_s=500), SECRET, 600) == EVENT
    assert sdk.call("verifyWebhookSignature", BODY, whole["X-Webhook-Signature"], NEXT) is True


def test_whatever_else_is_refused(sdk: Sdk) -> None:
    good, now = delivery(SECRET), int(time.time())
    standard, stripe = good["webhook-signature"], good["Stripe-Signature"]
    junk = base64.b64encode(b"x" * 32).decode()
    refused = [
        (BODY + " ", good, SECRET),
        (BODY, good, NEXT),
        (BODY, {}, SECRET),
        (BODY, only(good, "X-Webhook-Signature"), SECRET),  # It has no time: a kept one would fit for ever.
        (BODY, delivery(SECRET, age_s=301), SECRET),
        (BODY, delivery(SECRET, age_s=-330), SECRET),
        (BODY, only(delivery(SECRET, age_s=301), "Stripe-Signature"), SECRET),
        (BODY, {**good, "webhook-id": "wh_2"}, SECRET),
        (BODY, {**good, "webhook-timestamp": str(now + 1)}, SECRET),
        (BODY, {**good, "webhook-timestamp": ""}, SECRET),
        (BODY, only(good, "webhook-signature"), SECRET),
        (BODY, {**good, "webhook-signature": f"v1,{junk}"}, SECRET),
        (BODY, {**good, "webhook-signature": standard.replace("v1,", "v2,")}, SECRET),
        (BODY, {**good, "webhook-signature": standard.replace("v1,", "")}, SECRET),
        (BODY, {"Stripe-Signature": f"t={now},v1={'0' * 64}"}, SECRET),
        (BODY, {"Stripe-Signature": stripe.replace("v1=", "v0=")}, SECRET),
        (BODY, {"Stripe-Signature": f"{stripe},t={now}"}, SECRET),
        (BODY, {"Stripe-Signature": f"t={now}"}, SECRET),
        (BODY, {"Stripe-Signature": "t=,v1="}, SECRET),
        (BODY, {"Stripe-Signature": stamp([SECRET], now, b"{}")}, SECRET),
        (BODY, {"Stripe-Signature": f"t={now}," + "v1=" * 2000}, SECRET),
        (BODY, {"Stripe-Signature": ""}, SECRET),
    ]
    for place, given in enumerate(refused):
        assert sdk.refused("verifyWebhook", *given).name == "Signature", (place, given)
    for signature in ("", None, "0" * 64, "ก", good["X-Webhook-Signature"][:-1]):
        assert sdk.call("verifyWebhookSignature", BODY, signature, SECRET) is False
    assert sdk.refused("verifyWebhook", BODY, good, "").name == "Type", "an empty secret signs nothing"


@pytest.mark.parametrize("language", ["node"], indirect=True)
def test_node_takes_the_parsed_body_as_the_guides_example_does_and_the_raw_one_where_time_counts(sdk: Sdk) -> None:
    compact = json.dumps(EVENT, ensure_ascii=False, separators=(",", ":"))
    signed = sign([SECRET], event_id="wh_1", event_type="x", timestamp_s=1, body=compact.encode())
    assert sdk.call("verifyWebhookSignature", EVENT, signed["X-Webhook-Signature"], SECRET) is True
    assert "raw body" in sdk.refused("verifyWebhook", EVENT, signed, SECRET).told["message"]
