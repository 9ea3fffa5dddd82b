"""PayGate for Python 3.9 and later. One file, the standard library only; your host's address is already in it.

    from PayGate import PayGate

    paygate = PayGate("sk_live_...")
    payment = paygate.create_payment(amount=150.00, order_id="ORDER-12345")
    print(payment["transaction"]["paymentUrl"])

Every call answers with the API's own JSON as a dict, or raises a PayGateError. Secret keys (sk_) belong on servers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import random
import re
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from email.message import Message
from typing import Any, Optional, Union

HOST = "https://paygate.invalid"  # The host that serves this file writes its own address here.
VERSION = "1.0.0"
TOLERANCE_S = 300
LONGEST_WAIT_S = 20  # Who asks for a longer pause is not waited for: the error says how long it is.
MAX_HEADER_CHARS = 2_048
_CHUNK = 65_536

Json = dict[str, Any]


# --- errors --------------------------------------------------------------------------------------------------------


class PayGateError(Exception):
    """Base of everything that goes wrong. `code` is the API's word, `request_id` what to quote to support.

    `payer_message` is {"th", "en"}: what to show to the person who wants to pay. `retry_after` is in seconds.
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.status: Optional[int] = details.get("status")
        self.code: Optional[str] = details.get("code")
        self.field: Optional[str] = details.get("field")
        self.request_id: Optional[str] = details.get("request_id")
        self.retry_after: Optional[int] = details.get("retry_after")
        self.payer_message: Optional[dict[str, str]] = details.get("payer_message")
        self.body: Any = details.get("body")


class InvalidRequestError(PayGateError):
    """A field of the request is wrong (`field` names it), or the request is too large."""


class AuthenticationError(PayGateError):
    """The key is missing or not valid."""


class ForbiddenError(PayGateError):
    """The key is good, but not for this."""


class NotFoundError(PayGateError):
    """No such thing, or it belongs to somebody else."""


class ConflictError(PayGateError):
    """The present state does not allow this."""


class InsufficientBalanceError(ConflictError):
    """The balance does not cover it."""


class IdempotencyMismatchError(PayGateError):
    """The Idempotency-Key was used with another request."""


class RateLimitError(PayGateError):
    """Too many requests; `retry_after` says when to come again."""


class ServerError(PayGateError):
    """PayGate, or something in front of it, failed."""


class NetworkError(PayGateError):
    """No answer: it cannot be known whether the request arrived. Send it again with the same idempotency key."""


class SignatureError(PayGateError):
    """This is no webhook of yours, or it is too old."""


_BY_CODE = {
    "INVALID_REQUEST": InvalidRequestError,
    "PAYLOAD_TOO_LARGE": InvalidRequestError,
    "UNAUTHORIZED": AuthenticationError,
    "FORBIDDEN": ForbiddenError,
    "NOT_FOUND": NotFoundError,
    "CONFLICT": ConflictError,
    "INSUFFICIENT_BALANCE": InsufficientBalanceError,
    "IDEMPOTENCY_MISMATCH": IdempotencyMismatchError,
    "RATE_LIMITED": RateLimitError,
    "SERVER_ERROR": ServerError,
    "UNAVAILABLE": ServerError,
}
_BY_STATUS = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidRequestError,
    422: IdempotencyMismatchError,
    429: RateLimitError,
}


def _refusal(status: int, headers: Message, raw: bytes) -> PayGateError:
    body = _parsed(raw)
    told: Json = body if isinstance(body, dict) else {}
    by_status = _BY_STATUS.get(status, ServerError if status >= 500 else PayGateError)
    kind = _BY_CODE.get(str(told.get("error")), by_status)
    message = told.get("message")
    return kind(
        message if isinstance(message, str) else f"The server answered {status}.",
        status=status,
        code=told.get("error"),
        field=told.get("field"),
        request_id=told.get("requestId") or headers.get("Request-Id"),
        retry_after=_seconds(headers.get("Retry-After")),
        payer_message=told.get("payerMessage"),
        body=body if body is not None else raw.decode("utf-8", "replace"),
    )


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None  # A proxy's page, say.


def _seconds(header: Optional[str]) -> Optional[int]:
    return int(header) if header is not None and re.fullmatch(r"[0-9]{1,9}", header) else None


# --- the client ----------------------------------------------------------------------------------------------------


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class PayGate:
    """The API with one key. It may be used by several threads at once."""

    def __init__(self, api_key: str, *, base_url: str = HOST, timeout_s: float = 30.0, max_retries: int = 2) -> None:
        if not isinstance(api_key, str) or not re.fullmatch(r"[\x21-\x7e]+", api_key):
            raise TypeError("PayGate(api_key): the key is a text like sk_live_...")
        if not re.match(r"https?://", base_url):
            raise TypeError("base_url must be like https://pay.example.com")
        self._key = api_key
        self.base_url = base_url.rstrip("/")
        self._timeout_s, self._max_retries = timeout_s, max_retries
        self._opener = urllib.request.build_opener(_NoRedirects)

    # Payments. `more`: the API's other fields under their own names, such as expiryMinutes=30.

    def create_payment(
        self,
        amount: Union[int, float, Decimal, None] = None,
        order_id: Optional[str] = None,
        description: Optional[str] = None,
        *,
        metadata: Optional[Json] = None,
        idempotency_key: Optional[str] = None,
        **more: Any,
    ) -> Json:
        """A new payment: `{"success", "transaction"}`."""
        known = {"amount": amount, "orderId": order_id, "description": description, "metadata": metadata}
        body = {name: value for name, value in {**known, **more}.items() if value is not None}
        return self.request("POST", "/payment/create", body=body, idempotency_key=idempotency_key)

    def create_payments(self, payments: list[Json], *, idempotency_key: Optional[str] = None) -> Json:
        """Up to 1,000 payments, all or none, each with the API's names: `{"success", "transactions"}`."""
        return self.request("POST", "/payment/batch", body={"payments": payments}, idempotency_key=idempotency_key)

    def get_payment(self, payment_id: str) -> Json:
        """`{"transaction", "verification"}`."""
        return self.request("GET", f"/payment/{_segment(payment_id)}")

    def get_payment_by_order(self, order_id: str) -> Json:
        """The payment that stands for the order."""
        return self.request("GET", f"/payment/order/{_segment(order_id)}")

    def cancel_payment(self, payment_id: str, *, idempotency_key: Optional[str] = None) -> Json:
        """Cancel what is PENDING."""
        return self.request("POST", f"/payment/{_segment(payment_id)}/cancel", idempotency_key=idempotency_key)

    def simulate_payment(
        self,
        payment_id: str,
        amount: Union[int, float, Decimal, None] = None,
        *,
        via: Optional[str] = None,
        idempotency_key: Optional[str] = None,
        **more: Any,
    ) -> Json:
        """Test keys only, plays the bank; via callback, notice or slip (`more`: delaySeconds, duplicate, late)."""
        body = {name: value for name, value in {"amount": amount, "via": via, **more}.items() if value is not None}
        path = f"/test/payment/{_segment(payment_id)}/pay"
        return self.request("POST", path, body=body, idempotency_key=idempotency_key)

    def submit_slip(
        self,
        payment_id: str,
        *,
        payload: Optional[str] = None,
        file: Optional[bytes] = None,
        filename: str = "slip.jpg",
        idempotency_key: Optional[str] = None,
    ) -> Json:
        """A slip: the text of its mini QR, or the bytes of its picture."""
        if (payload is None) == (file is None):
            raise TypeError("submit_slip needs payload or file, one of them.")
        sent: Json = {"body": {"payload": payload}} if file is None else _form(file, filename)
        path = f"/payment/{_segment(payment_id)}/slip"
        return self.request("POST", path, idempotency_key=idempotency_key, **sent)

    def list_transactions(self, **query: Any) -> Iterator[Json]:
        """All payments that fit (status, from_, to, orderId, q), newest first, page by page as you iterate."""
        return self._each("/transactions", "transactions", query)

    def export_transactions(self, **query: Any) -> Iterator[bytes]:
        """The same as CSV, in chunks of bytes."""
        answer = self._send("GET", "/transactions", query=query, headers={"Accept": "text/csv"}, stream=True)
        with answer:
            while chunk := _read(answer, _CHUNK):
                yield chunk

    def watch_payment(self, payment_id: str) -> Iterator[Json]:
        """What get_payment answers: at once and at each change, until it is not PENDING."""
        path, headers = f"/payment/{_segment(payment_id)}/events", {"Accept": "text/event-stream"}
        while True:
            with self._send("GET", path, headers=headers, stream=True) as answer:
                for found in _events(answer):
                    yield found
                    if found["transaction"]["status"] != "PENDING":
                        return
            time.sleep(0.5)

    def create_qr(self, codes: Union[Json, list[Json]]) -> Json:
        """A QR without a payment: {promptpay | billerId, ref1, ref2, amount, format}, or up to 10,000 of them."""
        return self.request("POST", "/qr", body=codes)

    def amount_token(
        self, amount: Union[int, float, Decimal], order_id: Optional[str] = None, *, expires_in: int = 86_400
    ) -> str:
        """An amount that a page cannot change: hand it to the widget, or send it with the pk_ key as amountToken.

        No request is made. *expires_in* is in seconds, 31 days at most. With an order it is for that order alone.
        """
        if not self._key.startswith("sk_"):
            raise TypeError("amount_token needs the secret key (sk_...).")
        said: Json = {"amount": amount, "orderId": order_id, "expiresAt": int(time.time()) + expires_in}
        payload = json.dumps(said, ensure_ascii=False, default=_plain).encode("utf-8")
        signed = b"at1." + _base64url(payload)
        mac = _hmac(_hmac(self._key.encode("ascii"), b"paygate amount token v1"), signed)
        return (signed + b"." + _base64url(mac)).decode("ascii")

    # Money out.

    def get_balance(self) -> Json:
        """`{"available", "held", "pendingReview", "currency"}`, in baht."""
        return self.request("GET", "/balance")

    def create_payment_link(
        self, amount: Union[int, float, Decimal], *, idempotency_key: Optional[str] = None, **more: Any
    ) -> Json:
        """A price with an address; also description, callbackUrl, expiryMinutes."""
        body = {"amount": amount, **more}
        return self.request("POST", "/payment-links", body=body, idempotency_key=idempotency_key)

    def list_payment_links(self, **query: Any) -> Iterator[Json]:
        """All payment links, newest first."""
        return self._each("/payment-links", "paymentLinks", query)

    def get_payment_link(self, link_id: str) -> Json:
        """`{"paymentLink"}`."""
        return self.request("GET", f"/payment-links/{_segment(link_id)}")

    def update_payment_link(self, link_id: str, *, active: bool) -> Json:
        """Take it out of use, or back."""
        return self.request("PATCH", f"/payment-links/{_segment(link_id)}", body={"active": active})

    def list_logs(self, **query: Any) -> Iterator[Json]:
        """What was asked, refused and told, newest first."""
        return self._each("/logs", "logs", query)

    def create_settlement(self, amount: Union[int, float, Decimal], *, idempotency_key: Optional[str] = None) -> Json:
        """Take money out; it is set aside until it is paid, refused or cancelled."""
        return self.request("POST", "/settlements", body={"amount": amount}, idempotency_key=idempotency_key)

    def list_settlements(self, **query: Any) -> Iterator[Json]:
        """All that fit (status, from_, to), newest first."""
        return self._each("/settlements", "settlements", query)

    def get_settlement(self, settlement_id: str) -> Json:
        """`{"settlement"}`."""
        return self.request("GET", f"/settlements/{_segment(settlement_id)}")

    def cancel_settlement(self, settlement_id: str, *, idempotency_key: Optional[str] = None) -> Json:
        """Take it back while it is not approved."""
        path = f"/settlements/{_segment(settlement_id)}/cancel"
        return self.request("POST", path, idempotency_key=idempotency_key)

    # Refunds.

    def refund_payment(
        self,
        payment_id: str,
        amount: Union[int, float, Decimal, None] = None,
        *,
        reason: Optional[str] = None,
        payee: Optional[Json] = None,
        idempotency_key: Optional[str] = None,
    ) -> Json:
        """All that is left of a payment, or a part of it."""
        known = {"amount": amount, "reason": reason, "payee": payee}
        body = {name: value for name, value in known.items() if value is not None}
        path = f"/payment/{_segment(payment_id)}/refund"
        return self.request("POST", path, body=body, idempotency_key=idempotency_key)

    def list_refunds(self, **query: Any) -> Iterator[Json]:
        """All that fit (status, transactionId, from_, to), newest first."""
        return self._each("/refunds", "refunds", query)

    def get_refund(self, refund_id: str) -> Json:
        """`{"refund"}`."""
        return self.request("GET", f"/refunds/{_segment(refund_id)}")

    def cancel_refund(self, refund_id: str, *, idempotency_key: Optional[str] = None) -> Json:
        """Take it back while it is not approved."""
        return self.request("POST", f"/refunds/{_segment(refund_id)}/cancel", idempotency_key=idempotency_key)

    def set_refund_payee(self, refund_id: str, payee: Json, *, idempotency_key: Optional[str] = None) -> Json:
        """Where the payer wants it: {"promptpay", "name"}, or {"bank", "account", "name"}."""
        path = f"/refunds/{_segment(refund_id)}/payee"
        return self.request("POST", path, body={"payee": payee}, idempotency_key=idempotency_key)

    def ask_payer(self, refund_id: str, *, idempotency_key: Optional[str] = None) -> Json:
        """A new link (`payeeUrl`) where the payer says where to; older ones are worthless."""
        path = f"/refunds/{_segment(refund_id)}/payee-link"
        return self.request("POST", path, idempotency_key=idempotency_key)

    def complete_refund(self, refund_id: str, bank_reference: str, *, idempotency_key: Optional[str] = None) -> Json:
        """On a direct plan: you paid it, by this transfer."""
        path, body = f"/refunds/{_segment(refund_id)}/complete", {"bankReference": bank_reference}
        return self.request("POST", path, body=body, idempotency_key=idempotency_key)

    # Webhooks.

    def create_webhook_endpoint(self, url: str, *, idempotency_key: Optional[str] = None, **more: Any) -> Json:
        """An endpoint (events, format, description); the answer shows its secret, this once."""
        body = {"url": url, **more}
        return self.request("POST", "/webhooks/endpoints", body=body, idempotency_key=idempotency_key)

    def list_webhook_endpoints(self) -> Iterator[Json]:
        """All endpoints of this key's mode."""
        return self._each("/webhooks/endpoints", "endpoints", {})

    def get_webhook_endpoint(self, endpoint_id: str) -> Json:
        """`{"endpoint"}`."""
        return self.request("GET", f"/webhooks/endpoints/{_segment(endpoint_id)}")

    def update_webhook_endpoint(self, endpoint_id: str, **changes: Any) -> Json:
        """Change url, events, description, status (with disabledReason)."""
        return self.request("PATCH", f"/webhooks/endpoints/{_segment(endpoint_id)}", body=changes)

    def delete_webhook_endpoint(self, endpoint_id: str) -> Json:
        """No more deliveries to it; its log stays."""
        return self.request("DELETE", f"/webhooks/endpoints/{_segment(endpoint_id)}")

    def rotate_webhook_secret(self, endpoint_id: str, *, idempotency_key: Optional[str] = None) -> Json:
        """A new secret; for 24 hours the old one signs beside it."""
        path = f"/webhooks/endpoints/{_segment(endpoint_id)}/rotate"
        return self.request("POST", path, idempotency_key=idempotency_key)

    def test_webhook_endpoint(self, endpoint_id: str, *, idempotency_key: Optional[str] = None) -> Json:
        """Send webhook.test to it."""
        path = f"/webhooks/endpoints/{_segment(endpoint_id)}/test"
        return self.request("POST", path, idempotency_key=idempotency_key)

    def list_webhook_events(self, **query: Any) -> Iterator[Json]:
        """What happened, newest first (type, transactionId, from_, to)."""
        return self._each("/webhooks/events", "events", query)

    def get_webhook_event(self, event_id: str) -> Json:
        """`{"event"}`."""
        return self.request("GET", f"/webhooks/events/{_segment(event_id)}")

    def list_webhook_deliveries(self, **query: Any) -> Iterator[Json]:
        """Each delivery with every try (endpointId, eventId, state, from_, to)."""
        return self._each("/webhooks/deliveries", "deliveries", query)

    def redeliver_webhook_event(
        self, event_id: str, *, endpoint_id: Optional[str] = None, idempotency_key: Optional[str] = None
    ) -> Json:
        """The same bytes again, to one endpoint or to all that want such events."""
        body = {} if endpoint_id is None else {"endpointId": endpoint_id}
        path = f"/webhooks/events/{_segment(event_id)}/redeliver"
        return self.request("POST", path, body=body, idempotency_key=idempotency_key)

    def redeliver_webhook_events(self, *, from_: str, to: str, **more: Any) -> Json:
        """Everything between (states, endpointId), however much it is; `queued` is the sum."""
        span, queued = {"from": from_, "to": to, **more}, 0
        body = span
        while True:
            page = self.request("POST", "/webhooks/events/redeliver", body=body)
            queued += page["queued"]
            if not page["hasMore"]:
                return {"success": True, "queued": queued}
            body = span if page["nextCursor"] is None else {**span, "cursor": page["nextCursor"]}

    # Webhooks in.

    @staticmethod
    def verify_webhook(
        body: Union[bytes, str], headers: Mapping[str, str], secret: str, tolerance_s: int = TOLERANCE_S
    ) -> Json:
        """The event of a delivery, once its signature and age are right; raises SignatureError otherwise.

        *body*: the bytes as they came; *headers*: of Flask, Django, a WSGI environment or a plain dict.
        """
        raw, given = _bytes(body), _headers(headers)
        if "webhook-signature" in given:
            stamp, fits = _standard_fits(given, raw, secret)
        elif "stripe-signature" in given:
            stamp, fits = _stripe_fits(given["stripe-signature"], raw, secret)
        else:
            raise SignatureError("The delivery has no webhook-signature and no Stripe-Signature header.")
        if not fits:
            raise SignatureError("The signature does not fit: wrong secret, or the body was changed.")
        if abs(int(time.time()) - stamp) > tolerance_s:
            raise SignatureError("The delivery is too old.")
        event: Json = json.loads(raw)
        return event

    @staticmethod
    def verify_webhook_signature(payload: Union[bytes, str], signature: Optional[str], secret: str) -> bool:
        """Whether X-Webhook-Signature fits the bytes as they came.

        It says nothing about age, so a delivery that somebody kept fits for ever: prefer verify_webhook.
        """
        return _same(_hmac(_text_key(secret), _bytes(payload)).hex(), str(signature or "").lower())

    # The wire.

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Optional[Json] = None,
        headers: Optional[dict[str, str]] = None,
        idempotency_key: Optional[str] = None,
        raw: Optional[bytes] = None,
    ) -> Json:
        """Any call of the native API by its path after /api/v1, for what has no method here.

        A POST without an idempotency key gets one, so that trying again is safe.
        """
        sent = dict(headers or {})
        if method == "POST":
            sent["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        if body is not None:
            raw = json.dumps(body, ensure_ascii=False, default=_plain).encode("utf-8")
            sent["Content-Type"] = "application/json"
        value: Json = self._send(method, path, query=query, headers=sent, raw=raw)
        return value

    def _each(self, path: str, name: str, query: Json) -> Iterator[Json]:
        asked = dict(query)
        while True:
            page = self.request("GET", path, query=asked)
            yield from page[name]
            if not page["hasMore"]:
                return
            asked["cursor"] = page["nextCursor"]

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Json] = None,
        headers: Optional[dict[str, str]] = None,
        raw: Optional[bytes] = None,
        stream: bool = False,
    ) -> Any:
        # `from` is a word of Python: from_ stands for it.
        pairs = [(n.rstrip("_"), _shown(v)) for n, v in (query or {}).items() if v is not None]
        url = f"{self.base_url}/api/v1{path}" + (f"?{urllib.parse.urlencode(pairs)}" if pairs else "")
        sent = {"X-API-Key": self._key, "User-Agent": f"PayGate-Python/{VERSION}", **(headers or {})}
        for attempt in range(self._max_retries + 1):
            try:
                return self._once(urllib.request.Request(url, raw, sent, method=method), stream)
            except PayGateError as failure:
                wait = _pause(method, failure, attempt) if attempt < self._max_retries else None
                if wait is None:
                    raise
            time.sleep(wait)
        raise NetworkError("max_retries must not be negative.")

    def _once(self, request: urllib.request.Request, stream: bool) -> Any:
        try:
            answer = self._opener.open(request, timeout=self._timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.headers, _read(error)) from None
        except (OSError, http.client.HTTPException) as error:
            raise NetworkError(f"PayGate could not be reached: {getattr(error, 'reason', error)}") from error
        if stream:
            return answer
        with answer:
            content = _read(answer)
        value = _parsed(content)
        if value is None:
            raise ServerError("The answer is not JSON.", body=content.decode("utf-8", "replace"))
        return value


def _read(answer: Any, most: Optional[int] = None) -> bytes:
    try:
        content: bytes = answer.read() if most is None else answer.read(most)
    except (OSError, http.client.HTTPException) as error:
        raise NetworkError(f"PayGate's answer was cut off: {error}") from error
    return content


def _events(answer: Any) -> Iterator[Json]:
    """What server-sent events hold; a line that was cut ends them."""
    while True:
        try:
            line = answer.readline()
        except (OSError, http.client.HTTPException):
            return
        if not line:
            return
        if line.startswith(b"data:"):
            found: Json = json.loads(line[5:])
            yield found


def _pause(method: str, failure: PayGateError, attempt: int) -> Optional[float]:
    """Seconds until the next try; None when there shall be none."""
    after = failure.retry_after
    later = failure.status in (429, 500, 502, 503, 504) or (failure.status == 409 and after is not None)
    if not later and not isinstance(failure, NetworkError):
        return None
    # A DELETE that was carried out and not heard of would be a 404 the second time.
    if method == "DELETE" and failure.status != 429:
        return None
    if after is not None:
        return float(after) if after <= LONGEST_WAIT_S else None
    return float(0.5 * 2**attempt * random.uniform(0.5, 1))  # noqa: S311  # Spreads load, hides nothing.


def _segment(text: str) -> str:
    if not isinstance(text, str) or text in ("", ".", ".."):
        raise TypeError("The id must be a text, and not just dots.")
    return urllib.parse.quote(text, safe="")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)  # Prints with the same digits: amounts have fifteen at most.
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON.")


def _shown(value: Any) -> str:
    if not isinstance(value, datetime):
        return str(value)
    if value.tzinfo is None:
        raise TypeError("A time needs its time zone.")
    return value.isoformat()


def _form(file: bytes, filename: str) -> Json:
    boundary = f"paygate-{secrets.token_hex(16)}"
    name = re.sub(r'["\\\r\n]', "_", filename)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    head += "Content-Type: application/octet-stream\r\n\r\n"
    raw = head.encode("utf-8") + bytes(file) + f"\r\n--{boundary}--\r\n".encode("ascii")
    return {"raw": raw, "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"}}


def _bytes(body: Union[bytes, str]) -> bytes:
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise TypeError("The raw body is needed, as it came: bytes or str, never what was parsed from it.")


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    """Names in small letters; `HTTP_WEBHOOK_ID` of WSGI and Django's META is `webhook-id`."""
    named = {}
    for name, value in given.items():
        plain = name[5:].replace("_", "-") if name.startswith("HTTP_") else name
        if isinstance(value, str) and len(value) <= MAX_HEADER_CHARS:
            named[plain.lower()] = value
    return named


def _text_key(secret: str) -> bytes:
    if not isinstance(secret, str) or not secret:
        raise TypeError("The webhook secret is a text like whsec_...")
    return secret.encode("utf-8")


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode("utf-8"), given.encode("utf-8", "replace"))


def _stamp(text: str) -> Optional[int]:
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII) else None


def _standard_fits(headers: Mapping[str, str], raw: bytes, secret: str) -> tuple[int, bool]:
    text = _text_key(secret).decode("utf-8")
    try:
        key = base64.b64decode(text[6:] if text.startswith("whsec_") else text)
    except binascii.Error as error:
        raise TypeError("The webhook secret is whsec_ and base64.") from error
    stamp = _stamp(headers.get("webhook-timestamp", ""))
    message = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode() + raw
    expected = "v1," + base64.b64encode(_hmac(key, message)).decode("ascii")
    fits = [one for one in headers["webhook-signature"].split(" ") if _same(expected, one)]
    return (0, False) if stamp is None else (stamp, bool(fits))


def _stripe_fits(given: str, raw: bytes, secret: str) -> tuple[int, bool]:
    members = [member.strip().partition("=") for member in given.split(",")]
    stamps = [value for name, _, value in members if name == "t"]
    stamp = _stamp(stamps[0]) if len(stamps) == 1 else None
    if stamp is None:
        return 0, False
    expected = _hmac(_text_key(secret), f"{stamps[0]}.".encode("ascii") + raw).hex()
    fits = [value for name, _, value in members if name == "v1" and _same(expected, value.lower())]
    return stamp, bool(fits)
