"""Payment links that a merchant's people make by hand."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields
from paygate.core.events import timestamp
from paygate.core.money import baht
from paygate.core.payments import Payment
from paygate.core.people import May
from paygate.faces.dashboard import answers
from paygate.faces.dashboard import own_shapes as shapes
from paygate.services import payments
from paygate.services.payments import Replayed


async def create_link(request: Request) -> Response:
    """POST /api/payment/create-link: 201, a link to hand to the payer."""
    who, ctx = await wire.principal(request, May.MAKE_PAYMENTS), wire.context(request)
    raw = await wire.body(request)
    claim = wire.claim(request, who, raw)
    new = shapes.new_link(ctx, fields.json_object(raw), who.callback_domains)

    def answer(payment: Payment) -> tuple[int, bytes]:
        transaction = answers.LinkedPayment(
            id=str(payment.id),
            orderId=payment.order_id,
            amount=f"{baht(payment.amount_satang):f}",
            expiresAt=timestamp(payment.expires_at),
        )
        link = answers.PaymentLink(paymentLink=f"{ctx.public_url}/pay/{payment.id}", transaction=transaction)
        return 201, wire.encode(link)

    done = await payments.create(ctx, who, new, claim, answer)
    again = {"Idempotent-Replayed": "true"} if isinstance(done, Replayed) else {}
    return wire.raw_json(done.body, done.status, again)
