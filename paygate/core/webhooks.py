"""Webhooks as arithmetic: secrets, signatures out and in, and when to try again. No clock, no randomness, no I/O.

One secret (`whsec_` + base64 of 32 bytes) signs one body three ways, so that a merchant may verify with whatever is at
hand:

    X-Webhook-Signature   hex HMAC-SHA256 of the body                     key: the secret's text
    webhook-signature     base64 HMAC-SHA256 of "id.timestamp.body"       key: the decoded 32 bytes (Standard Webhooks)
    Stripe-Signature      t=<unix>,v1=<hex HMAC-SHA256 of "t.body">       key: the secret's text
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum

from paygate.core.errors import Bug

SECRET_PREFIX = "whsec_"  # noqa: S105  # the public prefix of every secret
TOLERANCE_S = 300

RETRY_DELAYS_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Pause before attempt 2, 3, ... 10. Standard Webhooks' example schedule: quick enough for a restart of the receiver
(5 s, 5 min), long enough for a weekend without anybody there (75 h in all)."""

MAX_RETRY_AFTER_S = 86_400
"""A receiver may ask for a longer pause, but not park an event for ever."""

_MAX_HEADER_CHARS = 2_048
_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)


class Verdict(Enum):
    """What an answer's status means for a delivery."""

    DELIVERED = "delivered"
    RETRY = "retry"
    GONE = "gone"


def new_secret(random32: bytes) -> str:
    """The secret made of 32 random bytes, as shown to its owner once."""
    if len(random32) != 32:
        raise Bug("A webhook secret is made of exactly 32 random bytes.")
    return SECRET_PREFIX + base64.b64encode(random32).decode("ascii")


# --- signing -------------------------------------------------------------------------------------------------------


def sign(secrets: Sequence[str], *, event_id: str, event_type: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """All headers of one delivery attempt.

    `secrets` holds one secret, or during a rotation several, the one in force first: X-Webhook-Signature has room for
    one signature only and uses the first; the two others carry a signature of each. `timestamp_s` is the attempt's unix
    time; `event_id` stays the same over retries.
    """
    if not secrets:
        raise Bug("A delivery needs at least one secret.")
    # Standard Webhooks joins id, time and body with dots: a dot in the id would make the signed text ambiguous.
    if not _EVENT_ID.fullmatch(event_id) or not _EVENT_TYPE.fullmatch(event_type):
        raise Bug("An event's id or type does not fit into a header.")
    standard = (f"v1,{_standard_signature(secret, event_id, str(timestamp_s), body)}" for secret in secrets)
    return {
        "Content-Type": "application/json",
        "User-Agent": "PayGate-Webhook/1",
        "X-Webhook-Event": event_type,
        "X-Webhook-Signature": _hex_hmac(secrets[0], body),
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(standard),
        "Stripe-Signature": stamp(secrets, timestamp_s, body),
    }


def stamp(secrets: Sequence[str], timestamp_s: int, body: bytes) -> str:
    """`t=<unix>,v1=<hex>[,v1=<hex>]`: the form of Stripe-Signature and of X-PayGate-Signature."""
    signatures = (f"v1={_hex_hmac(secret, _stamped(str(timestamp_s), body))}" for secret in secrets)
    return ",".join((f"t={timestamp_s}", *signatures))


def _stamped(timestamp: str, body: bytes) -> bytes:
    return timestamp.encode("ascii") + b"." + body


def _hex_hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode("utf-8"), message, hashlib.sha256).hexdigest()


def _standard_signature(secret: str, event_id: str, timestamp: str, body: bytes) -> str:
    message = event_id.encode("utf-8") + b"." + _stamped(timestamp, body)
    return base64.b64encode(hmac.new(_standard_key(secret), message, hashlib.sha256).digest()).decode("ascii")


def _standard_key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bug("The webhook secret is not whsec_ and base64.") from error
    if not key:
        raise Bug("The webhook secret is empty.")
    return key


# --- verifying -----------------------------------------------------------------------------------------------------


def verify_bank_signature(
    secret: str, header: str | None, body: bytes, now_s: int, tolerance_s: int = TOLERANCE_S
) -> bool:
    """Whether `X-PayGate-Signature: t=<unix>,v1=<hex>` (several v1 allowed) is good for these bytes, now.

    True only when one v1 fits and t is within the tolerance, past or future. Unknown members are ignored, two t are
    refused. Junk of any kind is False, never an exception; an empty secret signs nothing.
    """
    if not secret or not header or len(header) > _MAX_HEADER_CHARS:
        return False
    members = [member.strip().partition("=") for member in header.split(",")]
    stamps = [value for name, _, value in members if name == "t"]
    if len(stamps) != 1 or not _in_time(stamps[0], now_s, tolerance_s):
        return False
    signatures = [value for name, _, value in members if name == "v1"]
    return _one_fits(_hex_hmac(secret, _stamped(stamps[0], body)), signatures)


def verify_delivery(secret: str, headers: Mapping[str, str], body: bytes, now_s: int) -> dict[str, bool]:
    """Check a received delivery all three ways: `{header name: verified}`. Header names match in any case."""
    given = {name.lower(): value for name, value in headers.items()}
    return {
        "X-Webhook-Signature": bool(secret)
        and _one_fits(_hex_hmac(secret, body), [given.get("x-webhook-signature", "")]),
        "webhook-signature": _verify_standard(secret, given, body, now_s),
        "Stripe-Signature": verify_bank_signature(secret, given.get("stripe-signature"), body, now_s),
    }


def _verify_standard(secret: str, given: Mapping[str, str], body: bytes, now_s: int) -> bool:
    event_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    header = given.get("webhook-signature", "")
    if not _EVENT_ID.fullmatch(event_id) or not _in_time(timestamp, now_s, TOLERANCE_S):
        return False
    if len(header) > _MAX_HEADER_CHARS:
        return False
    try:
        expected = _standard_signature(secret, event_id, timestamp, body)
    except Bug:
        return False
    fits = False
    for entry in header.split(" "):
        version, _, signature = entry.partition(",")
        same = hmac.compare_digest(expected.encode("ascii"), signature.encode("utf-8", "replace"))
        fits |= version == "v1" and same
    return fits


def _in_time(timestamp: str, now_s: int, tolerance_s: int) -> bool:
    return bool(_STAMP.fullmatch(timestamp)) and abs(now_s - int(timestamp)) <= tolerance_s


def _one_fits(expected_hex: str, signatures: Sequence[str]) -> bool:
    """Constant time over each candidate, and every candidate is looked at."""
    fits = False
    for signature in signatures:
        if _HEX_SHA256.fullmatch(signature):
            fits |= hmac.compare_digest(expected_hex, signature.lower())
    return fits


# --- trying again --------------------------------------------------------------------------------------------------


def judge(status: int) -> Verdict:
    """Only 2xx is success (a redirect is not: we never follow one); 410 says never again; the rest is tried again."""
    if 200 <= status <= 299:
        return Verdict.DELIVERED
    return Verdict.GONE if status == 410 else Verdict.RETRY


def next_attempt(attempts: int, jitter: float, retry_after_s: int | None = None) -> float | None:
    """Seconds until the next attempt after `attempts` failed ones, or None when the schedule is over.

    `jitter` in [0, 1) spreads the pause over +-10 %, so that one receiver's outage does not come back as one wave.
    `retry_after_s` is what the receiver asked for: honoured when longer, up to MAX_RETRY_AFTER_S.
    """
    if attempts < 1 or not 0 <= jitter < 1:
        raise Bug("next_attempt needs at least one attempt and a jitter in [0, 1).")
    if attempts > len(RETRY_DELAYS_S):
        return None
    delay_s = RETRY_DELAYS_S[attempts - 1] * (0.9 + 0.2 * jitter)
    return max(delay_s, float(min(retry_after_s or 0, MAX_RETRY_AFTER_S)))


def retry_after_s(header: str | None, now_s: int) -> int | None:
    """Seconds asked for by a Retry-After header (RFC 9110 10.2.3: seconds or an HTTP date); None for none or junk."""
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return int(text)
    if not text or len(text) > 64:
        return None
    try:
        moment = parsedate_to_datetime(text)
        # An HTTP date is GMT; the parser leaves "-0000" naive.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0, int(moment.timestamp()) - now_s)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
