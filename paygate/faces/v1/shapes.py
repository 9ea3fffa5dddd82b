"""The native face's JSON: a request becomes a NewPayment or a Page, a Payment becomes `{success, transaction}`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
from msgspec import UNSET

from paygate.core import amount_tokens, ids, links
from paygate.core import shapes as declare
from paygate.core.amount_tokens import Terms
from paygate.core.answers import Words
from paygate.core.canonical import JsonValue, loads
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.money import MAX_AMOUNT_SATANG, MIN_AMOUNT_SATANG, baht, satang_from_json
from paygate.core.payments import Payment, Status
from paygate.core.shapes import Field, Shape, limited
from paygate.core.slips import SlipOutcome
from paygate.db.payment_links import PaymentLink
from paygate.db.payments import Page
from paygate.faces.v1 import answers
from paygate.faces.v1.answers import (
    Found,
    FoundByPayer,
    Made,
    ManyMade,
    PayersView,
    Slip,
    SlipOfPayer,
    Transaction,
    Transactions,
)
from paygate.services import payments
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from paygate.services.slip_outcomes import Verification
from paygate.wire import encode, paging

MAX_ORDER_ID = 128
MAX_DESCRIPTION = 500
MAX_SEARCH = 128
MAX_EXPIRY_MINUTES = 1_440
# Stands for the picture in an answer that is kept: a picture is drawn again quicker than it is stored and read.
NO_PICTURE_YET = b'"qrCode":"@QR@"'
_REFERENCE = re.compile(r"[A-Z0-9]{1,20}", re.ASCII)
_REFERENCE_WORDS = "1 to 20 characters A-Z and 0-9"


def amount(low: int = MIN_AMOUNT_SATANG, high: int = MAX_AMOUNT_SATANG) -> Field[int]:
    """`amount` within the installation's limits."""
    about = "What the order costs, in baht, with at most two decimals and no exponent."
    return limited(declare.baht("amount", low, high, about, example=150.00))


PAGE_DOMAINS = "allowed origins, as it has no callback domains"


def _callback(name: str, about: str, example: str, domains: tuple[str, ...], among: str) -> Field[str | None]:
    values = {"type": "string", "minLength": 1, "maxLength": links.MAX_URL_CHARS, "format": "uri"}
    return declare.custom(
        name, lambda given: links.redirect_url(given, name, domains, among), values, about, example=example
    )


def callback_url(domains: tuple[str, ...] = (), among: str = links.CALLBACK_DOMAINS) -> Field[str | None]:
    """`callbackUrl` at one of *domains*, if there are any; *among*: what they are."""
    about = (
        "Where the payer goes when it is paid: https, on one of your callback domains if you set some;"
        " with a pk_live_ key else on the host of an allowed origin."
    )
    return _callback("callbackUrl", about, "https://shop.example/done", domains, among)


def cancel_url(domains: tuple[str, ...] = (), among: str = links.CALLBACK_DOMAINS) -> Field[str | None]:
    """`cancelUrl`, likewise."""
    return _callback("cancelUrl", "Where the payer goes who gives up.", "https://shop.example/cart", domains, among)


def _only_baht(given: Mapping[str, JsonValue]) -> None:
    currency = given.get("currency")
    if currency is not None and currency not in ("THB", "thb"):
        raise InvalidInput("Only THB is supported.", field="currency")


ORDER_ID = declare.text("orderId", MAX_ORDER_ID, "Your number of the order.", one_line=True, example="A-1001")
DESCRIPTION = declare.text("description", MAX_DESCRIPTION, "What it is for.", shortest=0, example="Two coffees")
METADATA = declare.metadata("metadata", "Anything of yours, at most 16 KiB of JSON.", example={"table": "7"})
CUSTOMER_EMAIL = declare.email("customerEmail", "The payer's mail address.", example="payer@shop.example")
EXPIRY_MINUTES = declare.whole("expiryMinutes", 1, MAX_EXPIRY_MINUTES, "How long it may be paid.", example=15)
REF1 = declare.pattern("promptpayRef1", _REFERENCE, _REFERENCE_WORDS, "Reference 1: makes it a bill payment.")
REF2 = declare.pattern("promptpayRef2", _REFERENCE, _REFERENCE_WORDS, "Reference 2; needs promptpayRef1.")
AMOUNT_TOKEN = declare.text(
    amount_tokens.FIELD, amount_tokens.MAX_CHARS, "With a public key: amount and order as your server signed them."
)
PAYMENT_LINK = declare.text("paymentLink", 64, "With a public key: the payment link whose amount it is.")
CURRENCY = declare.custom("currency", _only_baht, {"type": "string", "enum": ["THB", "thb"]}, "Baht, if anything.")
NEW_PAYMENT = Shape(
    "NewPayment",
    "A payment to make. It needs amount; with a public key (pk_) amountToken or paymentLink does instead.",
    (
        replace(amount(), required=False),
        AMOUNT_TOKEN,
        PAYMENT_LINK,
        ORDER_ID,
        DESCRIPTION,
        METADATA,
        CUSTOMER_EMAIL,
        callback_url(),
        cancel_url(),
        EXPIRY_MINUTES,
        REF1,
        REF2,
        CURRENCY,
    ),
)


def new_payment(
    ctx: Context,
    given: Mapping[str, JsonValue],
    callback_domains: tuple[str, ...],
    *,
    pages: tuple[str, ...] | None = None,
    terms: Terms | None = None,
    link: PaymentLink | None = None,
) -> NewPayment:
    """The body of `payment/create`; *pages*: where it may lead, with a pk_ key; *terms*: what its amountToken fixes;
    *link*: its payment link, whose own callbackUrl is the merchant's word.

    Raises InvalidInput, naming the field.
    """
    if given.get(AMOUNT_TOKEN.name) is not None and terms is None:
        message = "amountToken is for public keys (pk_...): with a secret key send amount."
        raise InvalidInput(message, field=AMOUNT_TOKEN.name)
    if given.get(PAYMENT_LINK.name) is not None and link is None:
        message = "paymentLink is for public keys (pk_...): with a secret key send amount."
        raise InvalidInput(message, field=PAYMENT_LINK.name)
    given = given if terms is None else _fixed(given, terms)
    given = given if link is None else _linked(given, link)
    amount_satang = amount(ctx.min_amount_satang, ctx.max_amount_satang).read(given)
    CURRENCY.read(given)
    ref1, ref2 = REF1.read(given), REF2.read(given)
    if pages is not None and ref1 is not None:  # The bank's answer would name what anybody may have written.
        raise InvalidInput("promptpayRef1 needs a secret key (sk_...).", field="promptpayRef1")
    if ref2 is not None and ref1 is None:
        raise InvalidInput("promptpayRef2 needs promptpayRef1.", field="promptpayRef2")
    among = PAGE_DOMAINS if pages and not callback_domains else links.CALLBACK_DOMAINS
    asked = callback_domains if pages is None else pages
    back = callback_domains if link is not None and link.callback_url is not None else asked
    return NewPayment(
        amount_satang=amount_satang,
        order_id=ORDER_ID.read(given),
        description=DESCRIPTION.read(given),
        metadata=METADATA.read(given),
        customer_email=CUSTOMER_EMAIL.read(given),
        callback_url=callback_url(back, among).read(given),
        cancel_url=cancel_url(asked, among).read(given),
        expiry_minutes=EXPIRY_MINUTES.read(given),
        ref1=ref1,
        ref2=ref2,
        amount_source="link" if link else "server" if terms is None else "token",
        link_id=link.id if link else None,
    )


def _fixed(given: Mapping[str, JsonValue], terms: Terms) -> Mapping[str, JsonValue]:
    """*given* with what the merchant's server has signed. What the page says beside it must be the same."""
    said = given.get("amount")
    if said is not None and satang_from_json(said) != satang_from_json(terms.amount, field=AMOUNT_TOKEN.name):
        raise InvalidInput("amount is not the one that amountToken was signed for.", field="amount")
    if given.get("orderId") not in (None, terms.order_id):
        raise InvalidInput("orderId is not the one that amountToken was signed for.", field="orderId")
    return {**given, "amount": terms.amount, "orderId": terms.order_id}


def _linked(given: Mapping[str, JsonValue], link: PaymentLink) -> Mapping[str, JsonValue]:
    """*given* with what its payment link says. The page may add to that, and not say otherwise."""
    said = given.get("amount")
    if said is not None and satang_from_json(said) != link.amount_satang:
        raise InvalidInput("amount is not the payment link's: leave it out.", field="amount")
    for name in (ORDER_ID.name, AMOUNT_TOKEN.name):
        if given.get(name) is not None:
            raise InvalidInput(f"{name} does not go with paymentLink: what it says is the whole order.", field=name)
    fixed = {"description": link.description, "callbackUrl": link.callback_url, "expiryMinutes": link.expiry_minutes}
    amount_json = loads(str(baht(link.amount_satang)).encode())
    return {**given, "amount": amount_json, **{name: value for name, value in fixed.items() if value is not None}}


# --- payments out --------------------------------------------------------------------------------------------------


def created(ctx: Context, payment: Payment, *, public: bool = False) -> bytes:
    """The answer of `payment/create`, with NO_PICTURE_YET where the picture goes.

    *public*: with a pk_ key, and so without what the merchant pays for it.
    """
    return encode(Made(True, transaction(ctx, payment, made=True, public=public)))


def batch_created(ctx: Context, made: Sequence[Payment]) -> bytes:
    """The answer of `payment/batch`, with NO_PICTURE_YET in each transaction."""
    return encode(ManyMade(True, [transaction(ctx, payment, made=True) for payment in made]))


def cancelled(ctx: Context, payment: Payment) -> bytes:
    """The answer of `payment/{id}/cancel`."""
    return encode(Made(True, transaction(ctx, payment)))


def found(ctx: Context, payment: Payment, verification: Verification | None, *, public: bool = False) -> bytes:
    """The answer of a read: *public* is the payer's view."""
    told = _verification(verification) if verification else None
    if public:
        return encode(FoundByPayer(_payers_view(ctx, payment), told))
    return encode(Found(transaction(ctx, payment), told))


def slip(ctx: Context, payment: Payment, verification: Verification, *, public: bool) -> bytes:
    """The answer of `payment/{id}/slip`: how the slip stands, in a word and in words, beside the payment."""
    told, good = _verification(verification), verification.status is not SlipOutcome.REJECTED
    if public:
        return encode(SlipOfPayer(good, told.status, told.reason, told.message, _payers_view(ctx, payment)))
    return encode(Slip(good, told.status, told.reason, told.message, transaction(ctx, payment)))


def _verification(verification: Verification) -> answers.Verification:
    words = verification.words
    message = Words(th=words.th, en=words.en)
    return answers.Verification(verification.status, verification.reason, message, timestamp(verification.at))


def _payers_view(ctx: Context, payment: Payment) -> PayersView:
    """What a payer may see: no metadata, nothing that is the merchant's own."""
    return PayersView(
        id=str(payment.id),
        amount=baht(payment.amount_satang),
        payableAmount=baht(payment.payable_satang),
        receivedAmount=None if payment.received_satang is None else baht(payment.received_satang),
        status=payment.status,
        exception=payment.exception,
        description=payment.description,
        createdAt=timestamp(payment.created_at),
        expiresAt=timestamp(payment.expires_at),
        qrExpiry=timestamp(payment.expires_at),
        paidAt=timestamp(payment.paid_at),
        paymentUrl=f"{ctx.public_url}/pay/{payment.id}",
        # Nobody shall pay what is over.
        qrPayload=payment.qr_payload if payment.status is Status.PENDING else None,
        mode=payment.mode,
    )


def page(ctx: Context, listed: list[Payment], limit: int) -> bytes:
    """A page of at most *limit* payments, of which one more was read to know whether there are more."""
    shown = listed[:limit]
    more = len(listed) > limit
    rows = [transaction(ctx, payment) for payment in shown]
    return encode(Transactions(rows, more, cursor(shown[-1]) if more else None))


def transaction(ctx: Context, payment: Payment, *, made: bool = False, public: bool = False) -> Transaction:
    """All of a payment; *made*: with what only its maker is shown, *public*: without what it costs the merchant."""
    return Transaction(
        id=str(payment.id),
        orderId=payment.order_id,
        amount=baht(payment.amount_satang),
        fee=UNSET if public else baht(payment.fee_satang),
        netAmount=UNSET if public else baht(payment.net_satang),
        status=payment.status,
        qrCode="@QR@" if made else UNSET,
        qrExpiry=timestamp(payment.expires_at),
        createdAt=timestamp(payment.created_at),
        paidAt=timestamp(payment.paid_at),
        expiresAt=timestamp(payment.expires_at),
        description=payment.description,
        metadata=msgspec.Raw(payment.metadata.encode()),
        customerEmail=payment.customer_email,
        callbackUrl=payment.callback_url,
        cancelUrl=payment.cancel_url,
        paymentUrl=f"{ctx.public_url}/pay/{payment.id}",
        qrPayload=payment.qr_payload,
        payableAmount=baht(payment.payable_satang),
        receivedAmount=None if payment.received_satang is None else baht(payment.received_satang),
        vat=UNSET if public else baht(payment.vat_satang),
        refundedAmount=UNSET if public else baht(payment.refunded_satang),
        promptpayRef1=payment.ref1,
        promptpayRef2=payment.ref2,
        exception=payment.exception,
        amountSource=payment.amount_source,
        renewsId=str(payment.renews_id) if payment.renews_id else None,
        paymentLink=ids.show("plink", payment.link_id) if payment.link_id else None,
        mode=payment.mode,
        clientSecret=payments.client_secret(ctx, payment) if made else UNSET,
    )


# --- lists ---------------------------------------------------------------------------------------------------------

STATUS = declare.word("status", tuple(Status), "Where they stand now.", example="PAID")
LISTED_ORDER_ID = declare.at_most("orderId", MAX_ORDER_ID, "Of this order.", example="A-1001")
SEARCH = declare.at_most("q", MAX_SEARCH, "Holds this text: in the order's number, description or mail address.")
CURSOR = paging.cursor_field(1)
LISTED = Shape(
    "transactions", "Which payments.", (STATUS, paging.FROM, paging.TO, LISTED_ORDER_ID, SEARCH, paging.LIMIT, CURSOR)
)


def wanted(query: Mapping[str, str]) -> Page:
    """The query of `transactions`. Raises InvalidInput, naming the field."""
    status, order_id, search = STATUS.read(query), LISTED_ORDER_ID.read(query), SEARCH.read(query)
    before = CURSOR.read(query)
    return Page(
        limit=paging.LIMIT.read(query),
        status=Status(status) if status else None,
        from_at=paging.FROM.read(query),
        to_at=paging.TO.read(query),
        order_id=order_id,
        q=search,
        before=(before[0], before[1][0]) if before else None,
    )


def cursor(payment: Payment) -> str:
    """Where a page ended."""
    return paging.cursor(payment.created_at, payment.id)
