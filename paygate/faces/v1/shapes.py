"""The native face's JSON: a request becomes a NewPayment or a Page, a Payment becomes `{success, transaction}`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from paygate.core import fields, links
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.money import baht, satang_from_json
from paygate.core.payments import Payment, Status
from paygate.core.slips import SlipOutcome
from paygate.db.payments import Page
from paygate.faces.v1 import paging
from paygate.services import payments
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from paygate.services.slip_outcomes import Verification
from paygate.wire import encode

MAX_ORDER_ID = 128
MAX_DESCRIPTION = 500
MAX_SEARCH = 128
MAX_EXPIRY_MINUTES = 1_440
# Stands for the picture in an answer that is kept: a picture is drawn again quicker than it is stored and read.
NO_PICTURE_YET = b'"qrCode":"@QR@"'
THE_MERCHANTS = frozenset({"fee", "netAmount", "vat"})  # No business of payers.
_REFERENCE = re.compile(r"[A-Z0-9]{1,20}", re.ASCII)


def new_payment(
    ctx: Context, given: Mapping[str, JsonValue], callback_domains: tuple[str, ...], *, public: bool = False
) -> NewPayment:
    """The body of `payment/create`; *public*: with a pk_ key. Raises InvalidInput, naming the field."""
    if given.get("amountToken") is not None:
        raise InvalidInput("amountToken is not supported by this version; send amount.", field="amountToken")
    amount_satang = satang_from_json(given.get("amount"), low=ctx.min_amount_satang, high=ctx.max_amount_satang)
    _only_baht(given)
    ref1 = fields.pattern(given, "promptpayRef1", _REFERENCE, "1 to 20 characters A-Z and 0-9")
    ref2 = fields.pattern(given, "promptpayRef2", _REFERENCE, "1 to 20 characters A-Z and 0-9")
    if public and ref1 is not None:  # The bank's answer would name what anybody may have written.
        raise InvalidInput("promptpayRef1 needs a secret key (sk_...).", field="promptpayRef1")
    if ref2 is not None and ref1 is None:
        raise InvalidInput("promptpayRef2 needs promptpayRef1.", field="promptpayRef2")
    return NewPayment(
        amount_satang=amount_satang,
        order_id=fields.text(given, "orderId", MAX_ORDER_ID, one_line=True),
        description=fields.text(given, "description", MAX_DESCRIPTION, shortest=0),
        metadata=fields.metadata(given),
        customer_email=fields.email(given, "customerEmail"),
        callback_url=links.redirect_url(given, "callbackUrl", callback_domains),
        cancel_url=links.redirect_url(given, "cancelUrl", callback_domains),
        expiry_minutes=fields.whole(given, "expiryMinutes", 1, MAX_EXPIRY_MINUTES),
        ref1=ref1,
        ref2=ref2,
    )


def _only_baht(given: Mapping[str, JsonValue]) -> None:
    currency = given.get("currency")
    if currency is not None and currency not in ("THB", "thb"):
        raise InvalidInput("Only THB is supported.", field="currency")


# --- payments out --------------------------------------------------------------------------------------------------


def created(ctx: Context, payment: Payment, *, public: bool = False) -> bytes:
    """The answer of `payment/create`, with NO_PICTURE_YET where the picture goes.

    *public*: with a pk_ key, and so without what the merchant pays for it.
    """
    transaction = _created(ctx, payment)
    if public:
        transaction = {name: value for name, value in transaction.items() if name not in THE_MERCHANTS}
    return encode({"success": True, "transaction": transaction})


def batch_created(ctx: Context, made: Sequence[Payment]) -> bytes:
    """The answer of `payment/batch`, with NO_PICTURE_YET in each transaction."""
    return encode({"success": True, "transactions": [_created(ctx, payment) for payment in made]})


def cancelled(ctx: Context, payment: Payment) -> bytes:
    """The answer of `payment/{id}/cancel`."""
    return encode({"success": True, "transaction": _transaction(ctx, payment)})


def found(ctx: Context, payment: Payment, verification: Verification | None, *, public: bool = False) -> bytes:
    """The answer of a read: *public* is the payer's view."""
    told = _verification(verification) if verification else None
    return encode({"transaction": _seen(ctx, payment, public=public), "verification": told})


def slip(ctx: Context, payment: Payment, verification: Verification, *, public: bool) -> bytes:
    """The answer of `payment/{id}/slip`: how the slip stands, in a word and in words, beside the payment."""
    told = _verification(verification)
    return encode(
        {
            "success": verification.status is not SlipOutcome.REJECTED,
            "verification": told["status"],
            "reason": told["reason"],
            "message": told["message"],
            "transaction": _seen(ctx, payment, public=public),
        }
    )


def _verification(verification: Verification) -> dict[str, object]:
    words = verification.words
    return {
        "status": verification.status,
        "reason": verification.reason,
        "message": {"th": words.th, "en": words.en},
        "at": timestamp(verification.at),
    }


def _seen(ctx: Context, payment: Payment, *, public: bool) -> dict[str, object]:
    """All of a payment, or what its payer may see of it: no metadata, nothing that is the merchant's own."""
    if not public:
        return _transaction(ctx, payment)
    return {
        "id": str(payment.id),
        "amount": baht(payment.amount_satang),
        "payableAmount": baht(payment.payable_satang),
        "receivedAmount": None if payment.received_satang is None else baht(payment.received_satang),
        "currency": "THB",
        "status": payment.status,
        "exception": payment.exception,
        "paymentMethod": "PROMPTPAY",
        "description": payment.description,
        "createdAt": timestamp(payment.created_at),
        "expiresAt": timestamp(payment.expires_at),
        "qrExpiry": timestamp(payment.expires_at),
        "paidAt": timestamp(payment.paid_at),
        "paymentUrl": f"{ctx.public_url}/pay/{payment.id}",
        # Nobody shall pay what is over.
        "qrPayload": payment.qr_payload if payment.status is Status.PENDING else None,
        "mode": payment.mode,
    }


def page(ctx: Context, listed: list[Payment], limit: int) -> bytes:
    """A page of at most *limit* payments, of which one more was read to know whether there are more."""
    shown = listed[:limit]
    more = len(listed) > limit
    rows = [_transaction(ctx, payment) for payment in shown]
    return encode({"transactions": rows, "hasMore": more, "nextCursor": cursor(shown[-1]) if more else None})


def _created(ctx: Context, payment: Payment) -> dict[str, object]:
    return _transaction(ctx, payment, {"qrCode": "@QR@"}, {"clientSecret": payments.client_secret(ctx, payment)})


def _transaction(
    ctx: Context, payment: Payment, picture: Mapping[str, str] | None = None, secret: Mapping[str, str] | None = None
) -> dict[str, object]:
    return {
        "id": str(payment.id),
        "orderId": payment.order_id,
        "amount": baht(payment.amount_satang),
        "fee": baht(payment.fee_satang),
        "netAmount": baht(payment.net_satang),
        "status": payment.status,
        "paymentMethod": "PROMPTPAY",
        **(picture or {}),  # Before the metadata, which may hold the same mark.
        "qrExpiry": timestamp(payment.expires_at),
        "createdAt": timestamp(payment.created_at),
        "paidAt": timestamp(payment.paid_at),
        "expiresAt": timestamp(payment.expires_at),
        "description": payment.description,
        "metadata": msgspec.Raw(payment.metadata.encode()),
        "customerEmail": payment.customer_email,
        "callbackUrl": payment.callback_url,
        "cancelUrl": payment.cancel_url,
        "paymentUrl": f"{ctx.public_url}/pay/{payment.id}",
        "qrPayload": payment.qr_payload,
        "payableAmount": baht(payment.payable_satang),
        "receivedAmount": None if payment.received_satang is None else baht(payment.received_satang),
        "vat": baht(payment.vat_satang),
        "currency": "THB",
        "promptpayRef1": payment.ref1,
        "promptpayRef2": payment.ref2,
        "exception": payment.exception,
        "amountSource": payment.amount_source,
        "mode": payment.mode,
        **(secret or {}),
    }


# --- lists ---------------------------------------------------------------------------------------------------------


def wanted(query: Mapping[str, str]) -> Page:
    """The query of `transactions`. Raises InvalidInput, naming the field."""
    status = query.get("status", "").upper()
    if status and status not in set(Status):
        raise InvalidInput(f"status must be one of {', '.join(Status)}.", field="status")
    order_id, search = query.get("orderId"), query.get("q")
    if order_id is not None and len(order_id) > MAX_ORDER_ID:
        raise InvalidInput(f"orderId must have at most {MAX_ORDER_ID} characters.", field="orderId")
    if search is not None and len(search) > MAX_SEARCH:
        raise InvalidInput(f"q must have at most {MAX_SEARCH} characters.", field="q")
    return Page(
        limit=paging.limit(query),
        status=Status(status) if status else None,
        from_at=paging.begin(query),
        to_at=paging.end(query),
        order_id=order_id,
        q=search,
        before=_before(query),
    )


def cursor(payment: Payment) -> str:
    """Where a page ended."""
    return paging.cursor(payment.created_at, payment.id)


def _before(query: Mapping[str, str]) -> tuple[datetime, UUID] | None:
    found = paging.read_cursor(query.get("cursor"), 1)
    return (found[0], found[1][0]) if found else None
