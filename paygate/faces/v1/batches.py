"""POST /api/v1/payment/batch: up to 1,000 payments, all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from emvco import qr
from paygate import wire
from paygate.core import fields
from paygate.core import shapes as declare
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput
from paygate.core.fields import Fields
from paygate.core.payments import Payment
from paygate.core.principals import Principal
from paygate.core.scopes import Scope
from paygate.core.shapes import Shape
from paygate.faces.v1 import shapes
from paygate.faces.v1.payments import merchant, replayed
from paygate.services import batches, once, specimens
from paygate.services.batches import Made
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from paygate.services.payments import Replayed

MAX_PAYMENTS = 1_000
MAX_BODY_BYTES = 4 * 1_048_576  # A thousand payments with Thai descriptions do not fit into 1 MiB.


async def create(request: Request) -> Response:
    """201 and the payments in the order of the request. The pictures are drawn after the transaction."""
    principal, ctx = await merchant(request, Scope.PAYMENTS_WRITE), wire.context(request)
    raw = await wire.body(request, MAX_BODY_BYTES)
    claim = wire.claim(request, principal, raw)
    try:
        news = await asyncio.to_thread(_read, ctx, principal, raw)
    except InvalidInput:
        known = await once.kept(ctx, claim)  # What was allowed then may not be now.
        if known is None:
            raise
        return await _answered(known)

    def answer(payments: Sequence[Payment]) -> tuple[int, bytes]:
        return 201, shapes.batch_created(ctx, payments)

    return await _answered(await batches.create(ctx, principal, news, claim, answer))


async def _answered(done: Made | Replayed) -> Response:
    body = await asyncio.to_thread(_with_pictures, done.body)
    return wire.raw_json(body, done.status, replayed(done))


def _payments(given: Fields) -> list[JsonValue]:
    payments = given.get("payments")
    if not isinstance(payments, list) or not 1 <= len(payments) <= MAX_PAYMENTS:
        message = f"payments must be an array of 1 to {MAX_PAYMENTS} objects."
        raise InvalidInput(message, field="payments")
    return payments


PAYMENTS = replace(
    declare.custom(
        "payments",
        _payments,
        {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_PAYMENTS,
            "items": {"$ref": f"#/components/schemas/{shapes.NEW_PAYMENT.name}"},
        },
        "The payments to make.",
        example=[shapes.NEW_PAYMENT.example()],
    ),
    required=True,
)
NEW_PAYMENTS = Shape("NewPayments", "Payments to make, all or none.", (PAYMENTS,))


def _read(ctx: Context, principal: Principal, raw: bytes) -> list[NewPayment]:
    news = []
    for place, one in enumerate(PAYMENTS.read(fields.json_object(raw))):
        where = f"payments[{place}]"
        if not isinstance(one, dict):
            raise InvalidInput(f"{where} must be a JSON object.", field=where)
        try:
            news.append(shapes.new_payment(ctx, one, principal.callback_domains))
        except InvalidInput as error:
            raise fields.within(where, error) from error
    return news


class _Drawn(msgspec.Struct):
    qrPayload: str
    mode: str


class _Batch(msgspec.Struct):
    transactions: list[msgspec.Raw]


def _with_pictures(body: bytes) -> bytes:
    made = [bytes(one) for one in msgspec.json.decode(body, type=_Batch).transactions]
    told = [msgspec.json.decode(one, type=_Drawn) for one in made]
    payloads = [one.qrPayload for one in told]
    pictures: Iterator[str] = qr.render_many(payloads, "data_url", error="M")
    if told and told[0].mode == "test":
        pictures = (specimens.picture(payload, test=True).data_url() for payload in payloads)
    drawn = [
        one.replace(shapes.NO_PICTURE_YET, b'"qrCode":"' + picture.encode("ascii") + b'"', 1)
        for one, picture in zip(made, pictures, strict=True)
    ]
    return b'{"success":true,"transactions":[' + b",".join(drawn) + b"]}"
