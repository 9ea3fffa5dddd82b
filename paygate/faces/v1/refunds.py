"""Refunds: all of a payment or a part of it back to its payer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core import payouts as core
from paygate.core import refund_links as refund_link
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput, NotFound, Unauthorized
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.masks import last_four
from paygate.core.money import baht
from paygate.core.payouts import PayoutStatus
from paygate.core.scopes import Scope
from paygate.core.shapes import Shape
from paygate.db.refunds import Page
from paygate.faces.v1 import shapes
from paygate.faces.v1.payments import merchant, replayed
from paygate.faces.v1.refund_answers import GivenTo, PayersRefund, PayersRefundSeen, Refund, RefundMade, Refunds
from paygate.faces.v1.settlement_answers import Destination
from paygate.services import refund_links, refunds
from paygate.services.context import Context
from paygate.services.payouts import Place, payload
from paygate.services.refund_desk import open_payee
from paygate.services.refund_links import Seen, Standing
from paygate.services.refunds import Wish
from paygate.wire import paging, payers
from paygate.wire import refunds as said
from paygate.wire.access import actor
from paygate.wire.refunds import AMOUNT, ASK_PAYER, NEEDED_PAYEE, PAYEE, REASON

STRANGER = "The X-Client-Secret is not that of this refund, or not any more."


def _own_account(given: Fields) -> Place | None:
    return said.place(given, refund_links.read_account)


def _transaction(given: Fields) -> UUID | None:
    text = given.get("transactionId")
    if text is None:
        return None
    try:
        return ids.read_uuid(str(text))
    except NotFound:
        raise InvalidInput("transactionId must be a UUID.", field="transactionId") from None


OWN_ACCOUNT = declare.needed(
    declare.custom(
        "payee",
        _own_account,
        said.PAYEE_SCHEMA | {"required": ["name"]},
        "Where you want it; the holder's name is compared with what the bank shows.",
        example={"promptpay": "0899999999", "name": "Somchai"},
    ),
    "payee is required.",
)
REFERENCE = declare.needed(
    declare.text("bankReference", 64, "Your transfer, as your bank calls it.", shortest=3, example="202611201234"),
    "bankReference is required.",
)
NEW_REFUND = Shape(
    "NewRefund", "What goes back; nothing: all that is left.", (AMOUNT, REASON, PAYEE, ASK_PAYER, shapes.CURRENCY)
)
PAID = Shape("RefundPaid", "That you paid a refund.", (REFERENCE,))
STATUS = declare.word("status", tuple(PayoutStatus), "Only those that stand so.", example="COMPLETED")
TRANSACTION = declare.custom(
    "transactionId", _transaction, {"type": "string", "format": "uuid"}, "Only of this payment."
)
CURSOR = paging.cursor_field(1)
LISTED = Shape("refunds", "Which refunds.", (STATUS, TRANSACTION, paging.FROM, paging.TO, paging.LIMIT, CURSOR))


async def create(request: Request) -> Response:
    """POST /api/v1/payment/{id}/refund: 201. In test mode it is COMPLETED at once, unless its payer is asked."""
    principal, ctx = await merchant(request, Scope.REFUNDS_WRITE), wire.context(request)
    payment_id = ids.read_uuid(request.path_params["payment_id"])
    raw = await wire.body(request)
    given = fields.json_object(raw) if raw.strip() else {}
    shapes.CURRENCY.read(given)
    wish = Wish(AMOUNT.read(given), REASON.read(given), PAYEE.read(given), ask_payer=ASK_PAYER.read(given))
    claim = wire.claim(request, principal, raw)
    key = (principal.merchant_id, principal.mode, payment_id)
    done = await refunds.request(ctx, *key, wish, claim, _answer(ctx, 201, linked=True), principal.actor)
    return wire.raw_json(done.body, done.status, replayed(done))


async def listed(request: Request) -> Response:
    """GET /api/v1/refunds: a page, newest first; `status transactionId from to limit cursor`."""
    principal, ctx = await merchant(request, Scope.REFUNDS_READ), wire.context(request)
    page = _page(wire.query(request))
    found = await refunds.list_page(ctx, principal.merchant_id, principal.mode, replace(page, limit=page.limit + 1))
    rows, more = found[: page.limit], len(found) > page.limit
    cursor = paging.cursor(rows[-1].created_at, rows[-1].id) if more else None
    return wire.json_answer(Refunds([shape(ctx, one) for one in rows], more, cursor))


async def get(request: Request) -> Response:
    """GET /api/v1/refunds/{id}; its payer sees less of it."""
    if (secret := await _payers(request)) is not None:
        with _of_this_refund():
            return wire.json_answer(_seen(await refund_links.look(wire.context(request), secret)))
    principal, ctx = await merchant(request, Scope.REFUNDS_READ), wire.context(request)
    found = await refunds.get(ctx, principal.merchant_id, principal.mode, _id(request))
    return wire.json_answer(RefundMade(True, shape(ctx, found)))


async def cancel(request: Request) -> Response:
    """POST /api/v1/refunds/{id}/cancel: 200, also when it was cancelled before; 409 once it is approved."""
    principal, ctx = await merchant(request, Scope.REFUNDS_WRITE), wire.context(request)
    key = (principal.merchant_id, principal.mode, _id(request))
    claim = wire.claim(request, principal, await wire.body(request))
    done = await refunds.cancel(ctx, *key, claim, _answer(ctx, 200), principal.actor)
    return wire.raw_json(done.body, done.status, replayed(done))


async def say_payee(request: Request) -> Response:
    """POST /api/v1/refunds/{id}/payee: where the payer wants it, before it is approved; by the payer: once."""
    if (secret := await _payers(request)) is not None:
        own = OWN_ACCOUNT.read(fields.json_object(await wire.body(request)))
        with _of_this_refund():
            return wire.json_answer(_seen(await refund_links.give(wire.context(request), secret, own, actor(request))))
    principal, ctx = await merchant(request, Scope.REFUNDS_WRITE), wire.context(request)
    raw = await wire.body(request)
    place = NEEDED_PAYEE.read(fields.json_object(raw))
    key = (principal.merchant_id, principal.mode, _id(request))
    claim = wire.claim(request, principal, raw)
    done = await refunds.say_payee(ctx, *key, place, claim, _answer(ctx, 200), principal.actor)
    return wire.raw_json(done.body, done.status, replayed(done))


async def ask_payer(request: Request) -> Response:
    """POST /api/v1/refunds/{id}/payee-link: a new link for the payer, in place of any before."""
    principal, ctx = await merchant(request, Scope.REFUNDS_WRITE), wire.context(request)
    key = (principal.merchant_id, principal.mode, _id(request))
    claim = wire.claim(request, principal, await wire.body(request))
    done = await refund_links.ask(ctx, *key, claim, _answer(ctx, 200, linked=True), principal.actor)
    return wire.raw_json(done.body, done.status, replayed(done))


async def complete(request: Request) -> Response:
    """POST /api/v1/refunds/{id}/complete: you paid it, on a direct plan."""
    principal, ctx = await merchant(request, Scope.REFUNDS_WRITE), wire.context(request)
    raw = await wire.body(request)
    reference = REFERENCE.read(fields.json_object(raw))
    key = (principal.merchant_id, principal.mode, _id(request))
    claim = wire.claim(request, principal, raw)
    done = await refunds.complete_direct(ctx, *key, reference, claim, _answer(ctx, 200), principal.actor)
    return wire.raw_json(done.body, done.status, replayed(done))


async def _payers(request: Request) -> str | None:
    """The link of this refund with which its payer comes; None when somebody with a key does."""
    secret = await payers.secret_alone(request)
    if secret is not None and secret.partition(refund_link.MARK)[0] != request.path_params["refund_id"]:
        raise Unauthorized(STRANGER)
    return secret


@contextmanager
def _of_this_refund() -> Iterator[None]:
    try:
        yield
    except NotFound:
        raise Unauthorized(STRANGER) from None


def shape(ctx: Context, refund: core.Refund, *, linked: bool = False) -> Refund:
    """A refund as the API shows it; where it goes is masked, but for whoever has to pay it. *linked*: with the link
    for its payer, which whoever reads it could use."""
    waits = refund.status is PayoutStatus.WAITING
    place = open_payee(ctx, refund)
    to_scan = place is not None and not refund.ours and refund.status in core.OPEN and refund.mode == "live"
    return Refund(
        id=ids.show("rfd", refund.id),
        transactionId=str(refund.payment_id),
        amount=baht(refund.amount_satang),
        feeReturned=baht(refund.fee_returned_satang + refund.vat_returned_satang),
        status=refund.status,
        reason=refund.words,
        refusal=refund.reason,
        bankReference=refund.bank_reference,
        payee=None if place is None else _masked(place),
        payeeUrl=refund_links.link_of(ctx, refund) if linked else None,
        payeeUntil=timestamp(refund.link_until) if waits else None,
        paidBy="operator" if refund.ours else "merchant",
        qrPayload=payload(place, refund.amount_satang) if place is not None and to_scan else None,
        createdAt=timestamp(refund.created_at),
        completedAt=timestamp(refund.completed_at),
        mode=refund.mode,
    )


def _masked(place: Place) -> Destination:
    promptpay, account = place.proxy, place.number
    return Destination(
        promptpay=promptpay and last_four(promptpay),
        bank=place.bank_code,
        account=account and last_four(account),
        name=place.name,
    )


def _given_to(place: Place) -> GivenTo:
    masked = _masked(place)
    return GivenTo(promptpay=masked.promptpay, bank=masked.bank, account=masked.account)


def _seen(seen: Seen) -> PayersRefundSeen:
    refund = seen.refund
    shown = PayersRefund(
        status=seen.standing,
        amount=baht(refund.amount_satang),
        shop=seen.shop,
        payee=None if seen.place is None else _given_to(seen.place),
        until=timestamp(refund.link_until) if seen.standing is Standing.OPEN else None,
        mode=refund.mode,
    )
    return PayersRefundSeen(True, shown)


def _answer(ctx: Context, status: int, *, linked: bool = False) -> Callable[[core.Refund], tuple[int, bytes]]:
    def answer(refund: core.Refund) -> tuple[int, bytes]:
        return status, wire.encode(RefundMade(True, shape(ctx, refund, linked=linked)))

    return answer


def _id(request: Request) -> UUID:
    return ids.read("rfd", request.path_params["refund_id"])


def _page(query: Mapping[str, Any]) -> Page:
    status, after = STATUS.read(query), CURSOR.read(query)
    return Page(
        limit=paging.LIMIT.read(query),
        status=PayoutStatus(status) if status else None,
        payment_id=TRANSACTION.read(query),
        from_at=paging.FROM.read(query),
        to_at=paging.TO.read(query),
        before=(after[0], after[1][0]) if after else None,
    )
