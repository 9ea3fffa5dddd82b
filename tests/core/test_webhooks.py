"""Signatures checked by what receivers really run, and the schedule of trying again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from decimal import Decimal

import pytest
import standardwebhooks
import stripe
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.canonical import dumps, loads
from paygate.core.errors import Bug
from paygate.core.webhooks import (
    MAX_RETRY_AFTER_S,
    RETRY_DELAYS_S,
    Verdict,
    judge,
    new_secret,
    next_attempt,
    retry_after_s,
    sign,
    stamp,
    verify_bank_signature,
    verify_delivery,
)
from tests import javascript

SECRET = new_secret(bytes(range(32)))
OLD_SECRET = new_secret(bytes(32))
NOW_S = 1_796_000_000

METADATA = r"""
{"ลูกค้า":"สมชาย ใจดี 🛒","10":"ten","9":"nine","2":{"b":1,"1":[{"z":0,"0":1.50}]},"__proto__":{"polluted":true},
 "line":"a\u2028b\u2029c","price":147.50,"big":1e21,"small":1e-7,"whole":150.00,"zero":-0.0,"wide":9007199254740993,
 "quote":"\"\\\/\b\f\n\r\t\u0001\u007f","emoji":"\ud83d\ude00","constructor":null,"deep":[[[{"4294967295":1,"7":2}]]]}
"""


def body_of(event_type: str = "payment.success") -> bytes:
    data = {"transactionId": "t", "orderId": "ORDER-12345", "amount": Decimal("150.00"), "fee": Decimal("4.50")}
    payload = {"event": event_type, "timestamp": "2025-12-09T10:32:15Z", "webhookId": "evt_1"}
    return dumps({**payload, "data": {**data, "metadata": loads(METADATA)}}).encode("utf-8")


def signed(body: bytes, *secrets: str, at_s: int = NOW_S) -> dict[str, str]:
    return sign(secrets or (SECRET,), event_id="evt_1", event_type="payment.success", timestamp_s=at_s, body=body)


def test_the_seeds_javascript_receiver_accepts_a_delivery_full_of_traps_and_nothing_tampered() -> None:
    body = body_of()
    for trap in ("สมชาย", "🛒", "\u2028", '"2":', "__proto__", "1e+21", "147.5", '"whole":150,'):
        assert trap in body.decode("utf-8")
    headers = signed(body)
    sent = [
        (headers, body),
        (headers, body.replace(b"ORDER-12345", b"ORDER-12346")),
        ({**headers, "X-Webhook-Signature": "0" * 64}, body),
        (signed(body, OLD_SECRET), body),
    ]
    assert javascript.seed_receiver(sent, SECRET) == [200, 401, 401, 401]


def test_the_published_package_for_node_accepts_a_delivery_full_of_traps_and_nothing_tampered() -> None:
    now_s, body = int(time.time()), body_of()
    headers = signed(body, at_s=now_s)
    sent = [
        (headers, body),
        (headers, body.replace(b"ORDER-12345", b"ORDER-12346")),
        ({**headers, "webhook-id": "evt_2"}, body),
        (signed(body, at_s=now_s - 3_600), body),
        (signed(body, OLD_SECRET, at_s=now_s), body),
        (signed(body, OLD_SECRET, SECRET, at_s=now_s), body),
    ]
    assert javascript.standard_webhooks(sent, SECRET) == [200, 401, 401, 401, 401, 200]


def test_one_delivery_verifies_with_all_published_libraries() -> None:
    now_s = int(time.time())
    body = body_of()
    headers = signed(body, at_s=now_s)
    assert standardwebhooks.Webhook(SECRET).verify(body, headers) == json.loads(body)
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET)
    assert event["webhookId"] == headers["webhook-id"] == "evt_1"
    assert headers["X-Webhook-Signature"] == hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert verify_delivery(SECRET, headers, body, now_s) == {
        "X-Webhook-Signature": True,
        "webhook-signature": True,
        "Stripe-Signature": True,
    }


def test_during_a_rotation_old_and_new_secret_both_verify() -> None:
    now_s = int(time.time())
    body = body_of()
    headers = signed(body, SECRET, OLD_SECRET, at_s=now_s)
    for secret in (SECRET, OLD_SECRET):
        standardwebhooks.Webhook(secret).verify(body, headers)
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret)
        found = verify_delivery(secret, headers, body, now_s)
        assert found["webhook-signature"] and found["Stripe-Signature"]
    assert verify_delivery(SECRET, headers, body, now_s)["X-Webhook-Signature"]
    assert not any(verify_delivery(new_secret(b"x" * 32), headers, body, now_s).values())


def test_the_headers_are_those_promised() -> None:
    headers = signed(b"{}")
    assert set(headers) == {
        *("Content-Type", "User-Agent", "X-Webhook-Event", "X-Webhook-Signature"),
        *("webhook-id", "webhook-timestamp", "webhook-signature", "Stripe-Signature"),
    }
    assert headers["X-Webhook-Event"] == "payment.success"
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-timestamp"] == str(NOW_S)
    assert headers["Stripe-Signature"].startswith(f"t={NOW_S},v1=")


def test_each_attempt_keeps_the_id_and_takes_its_own_time() -> None:
    first, second = signed(b"{}"), signed(b"{}", at_s=NOW_S + 5)
    assert first["webhook-id"] == second["webhook-id"]
    assert first["X-Webhook-Signature"] == second["X-Webhook-Signature"]
    assert first["webhook-signature"] != second["webhook-signature"]
    assert first["Stripe-Signature"] != second["Stripe-Signature"]


@pytest.mark.parametrize("offset_s", [-301, 301, 86_400])
def test_a_delivery_out_of_time_fails_where_time_is_signed(offset_s: int) -> None:
    headers = signed(b"{}")
    found = verify_delivery(SECRET, headers, b"{}", NOW_S + offset_s)
    assert found == {"X-Webhook-Signature": True, "webhook-signature": False, "Stripe-Signature": False}


def test_tampered_or_missing_parts_of_a_delivery_do_not_verify() -> None:
    headers = signed(b"{}")
    assert not any(verify_delivery(SECRET, headers, b"{ }", NOW_S).values())
    assert not any(verify_delivery(SECRET, {}, b"{}", NOW_S).values())
    assert not any(verify_delivery("", headers, b"{}", NOW_S).values())
    assert not verify_delivery(SECRET, {**headers, "webhook-id": "evt_2"}, b"{}", NOW_S)["webhook-signature"]
    later = {**headers, "webhook-timestamp": str(NOW_S + 1)}
    assert not verify_delivery(SECRET, later, b"{}", NOW_S)["webhook-signature"]


def test_a_secret_is_whsec_and_base64_of_its_32_bytes() -> None:
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", SECRET)
    assert base64.b64decode(SECRET.removeprefix("whsec_")) == bytes(range(32))
    for wrong in (b"", b"x" * 31, b"x" * 33):
        with pytest.raises(Bug):
            new_secret(wrong)


def test_signing_with_nothing_or_with_a_name_that_breaks_the_headers_is_our_bug() -> None:
    with pytest.raises(Bug):
        sign([], event_id="evt_1", event_type="a", timestamp_s=1, body=b"")
    for event_id, event_type in (("a.b", "x"), ("", "x"), ("a\r\nX: 1", "x"), ("a", "x\ny"), ("a", "")):
        with pytest.raises(Bug):
            sign([SECRET], event_id=event_id, event_type=event_type, timestamp_s=1, body=b"")
    with pytest.raises(Bug):
        sign(["whsec_not base64"], event_id="a", event_type="x", timestamp_s=1, body=b"")


# --- what a bank bridge sends us ---------------------------------------------------------------------------------

BANK_SECRET = "source-secret-as-text"
BANK_BODY = '{"amount":"150.00","note":"ทดสอบ"}'.encode()
GOOD = stamp([BANK_SECRET], NOW_S, BANK_BODY)
HEX = GOOD.partition("v1=")[2]


def test_the_bank_signature_is_hex_hmac_of_time_dot_body_with_the_secrets_text() -> None:
    by_hand = hmac.new(BANK_SECRET.encode(), f"{NOW_S}.".encode() + BANK_BODY, hashlib.sha256).hexdigest()
    assert f"t={NOW_S},v1={by_hand}" == GOOD
    stripe.WebhookSignature.verify_header(BANK_BODY.decode(), GOOD, BANK_SECRET, tolerance=None)


@pytest.mark.parametrize(
    "header",
    [
        GOOD,
        f"t={NOW_S}, v1={HEX}",
        f"v1={HEX},t={NOW_S}",
        f"t={NOW_S},v1={'0' * 64},v1={HEX}",
        f"t={NOW_S},v1={HEX},v1={'0' * 64}",
        f"t={NOW_S},v0=whatever,v1={HEX},scheme",
        f"t={NOW_S},v1={HEX.upper()}",
    ],
)
def test_a_good_bank_signature_verifies(header: str) -> None:
    assert verify_bank_signature(BANK_SECRET, header, BANK_BODY, NOW_S)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ",",
        "=",
        "t=,v1=",
        "t=1,v1=00",
        HEX,
        f"v1={HEX}",
        f"t={NOW_S}",
        f"t={NOW_S},v0={HEX}",
        f"t={NOW_S},v1={HEX[:-1]}",
        f"t={NOW_S},v1={HEX}0",
        f"t={NOW_S},v1= {HEX}",
        f"t={NOW_S + 1},v1={HEX}",
        f"t={NOW_S},t={NOW_S},v1={HEX}",
        f"t=+{NOW_S},v1={HEX}",
        f"t={NOW_S}.0,v1={HEX}",
        f"t={'9' * 5_000},v1={HEX}",
        f"t=\u0661,v1={HEX}",
        f"t={NOW_S},v1=\ud800{HEX}",
        f"t={NOW_S},v1=" + "é" * 64,
        GOOD + ",v1=" + "0" * 4_000,
    ],
)
def test_a_bad_bank_signature_is_refused_and_never_raises(header: str | None) -> None:
    assert not verify_bank_signature(BANK_SECRET, header, BANK_BODY, NOW_S)


@pytest.mark.parametrize(("offset_s", "good"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_the_bank_signature_is_good_for_300_seconds_both_ways(offset_s: int, good: bool) -> None:
    assert verify_bank_signature(BANK_SECRET, GOOD, BANK_BODY, NOW_S + offset_s) is good


def test_another_body_another_secret_or_an_empty_secret_does_not_verify() -> None:
    assert not verify_bank_signature(BANK_SECRET, GOOD, BANK_BODY + b" ", NOW_S)
    assert not verify_bank_signature(BANK_SECRET + "x", GOOD, BANK_BODY, NOW_S)
    assert not verify_bank_signature("", stamp([""], NOW_S, BANK_BODY), BANK_BODY, NOW_S)


@given(st.text(), st.binary(max_size=20))
def test_no_header_makes_verification_raise_or_pass(header: str, body: bytes) -> None:
    assert not verify_bank_signature(BANK_SECRET, header, body, NOW_S)
    junk = {"webhook-id": header, "webhook-timestamp": str(NOW_S), "webhook-signature": header}
    assert not any(verify_delivery(SECRET, junk, body, NOW_S).values())
    assert not any(verify_delivery(SECRET, {**junk, "webhook-id": "a"}, body, NOW_S).values())


# --- trying again ------------------------------------------------------------------------------------------------


def test_the_schedule_is_that_of_the_product() -> None:
    minute, hour = 60, 3_600
    expected = (5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour)
    assert expected == RETRY_DELAYS_S
    assert [next_attempt(n, 0.5) for n in range(1, 10)] == [pytest.approx(s) for s in expected]
    assert next_attempt(10, 0.5) is None
    assert next_attempt(10, 0.5, 60) is None


@given(st.integers(1, 9), st.floats(0, 1, exclude_max=True), st.none() | st.integers(0, 10**9))
def test_jitter_stays_within_a_tenth_and_retry_after_only_lengthens(
    attempts: int, jitter: float, asked_s: int | None
) -> None:
    base_s = RETRY_DELAYS_S[attempts - 1]
    delay_s = next_attempt(attempts, jitter, asked_s)
    assert delay_s is not None
    assert 0.9 * base_s <= delay_s <= max(1.1 * base_s, min(asked_s or 0, MAX_RETRY_AFTER_S))
    assert delay_s >= min(asked_s or 0, MAX_RETRY_AFTER_S)


@pytest.mark.parametrize(("attempts", "jitter"), [(0, 0.5), (-1, 0.5), (1, 1.0), (1, -0.1)])
def test_a_retry_without_an_attempt_or_with_a_wild_jitter_is_our_bug(attempts: int, jitter: float) -> None:
    with pytest.raises(Bug):
        next_attempt(attempts, jitter)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(s, Verdict.DELIVERED) for s in (200, 201, 202, 204, 299)]
    + [(s, Verdict.RETRY) for s in (100, 199, 300, 301, 302, 304, 307, 308, 400, 401, 404, 409, 429, 500, 502, 599, 0)]
    + [(410, Verdict.GONE)],
)
def test_only_2xx_is_success_and_410_is_the_end(status: int, verdict: Verdict) -> None:
    assert judge(status) is verdict


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sat, 29 Nov 2025 10:00:30 GMT", 30),
        ("Sat, 29 Nov 2025 17:00:30 +0700", 30),
        ("Sat, 29 Nov 2025 10:00:30 -0000", 30),
        ("Sat, 29 Nov 2025 09:00:00 GMT", 0),
        *(
            (junk, None)
            for junk in (None, "", "soon", "-5", "1.5", "1e3", "9" * 50, "\u0661", "x" * 5_000, "Sat, 99 Nov")
        ),
        ("Sat, 29 Nov 99999 10:00:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_junk_is_nothing(header: str | None, seconds: int | None) -> None:
    assert retry_after_s(header, now_s=1_764_410_400) == seconds


@given(st.text(max_size=64))
def test_no_retry_after_makes_us_fail(header: str) -> None:
    seconds = retry_after_s(header, NOW_S)
    assert seconds is None or seconds >= 0
