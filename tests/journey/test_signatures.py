"""One delivery, sent by the real workers, in each format: every way to verify that merchants have accepts it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import standardwebhooks
import stripe

from paygate.core import ids
from paygate.core.canonical import dumps, loads
from paygate.core.webhooks import verify_delivery
from paygate.services import endpoints, payments
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from tests import javascript
from tests.workers.world import Heard, make_merchant, make_principal, receiver, rows, until, working

METADATA = r"""
{"ลูกค้า":"สมชาย ใจดี 🛒","10":"ten","9":"nine","2":{"b":1,"1":[{"z":0,"0":1.50}]},"__proto__":{"polluted":true},
 "line":"a\u2028b\u2029c","price":147.50,"big":1e21,"small":1e-7,"whole":150.00,"zero":-0.0,"wide":9007199254740993,
 "quote":"\"\\\/\b\f\n\r\t\u0001\u007f","emoji":"\ud83d\ude00","constructor":null,"deep":[[[{"4294967295":1,"7":2}]]]}
"""


async def one_delivery(ctx: Context, body_format: str) -> tuple[str, Heard]:
    """The secret, and what the endpoint's receiver heard of a payment with hostile metadata."""
    await make_merchant(ctx)
    principal = await make_principal(ctx)
    async with receiver() as sink, working(ctx):
        made = await endpoints.add(
            ctx,
            merchant_id=principal.merchant_id,
            url=sink.url,
            events=["payment.cancelled"],
            body_format=body_format,
        )
        new = NewPayment(15_000, order_id="ORDER-12345", description="กาแฟ ☕", metadata=dumps(loads(METADATA)))
        done = await payments.create(ctx, principal, new, None, lambda _: (201, b""))
        assert isinstance(done, payments.Done)
        await payments.cancel(ctx, principal, done.payment.id, None, lambda _: (200, b""))

        async def heard() -> list[Heard]:
            return sink.heard

        await until(heard)
    assert len(sink.heard) == 1
    return made.secret, sink.heard[0]


@pytest.mark.parametrize("body_format", ["paygate", "gateway", "stripe"])
async def test_one_delivery_passes_every_verification_that_merchants_have(ctx: Context, body_format: str) -> None:
    secret, heard = await one_delivery(ctx, body_format)
    sent: dict[str, Any] = json.loads(heard.body)
    assert standardwebhooks.Webhook(secret).verify(heard.body, heard.headers) == sent
    event: Any = stripe.Webhook.construct_event(heard.body, heard.headers["stripe-signature"], secret)
    if body_format == "stripe":
        assert (event.type, event.data.object.status) == ("payment_intent.canceled", "canceled")
        assert event.data.object.metadata["orderId"] == "ORDER-12345"
        assert event.id == ids.show("evt", ids.read("wh", heard.event_id))
    elif body_format == "gateway":
        assert (sent["action"], sent["data"]["metadata"]["ลูกค้า"]) == ("payment_canceled", "สมชาย ใจดี 🛒")
    else:
        assert (sent["event"], sent["webhookId"]) == ("payment.cancelled", heard.event_id)
    at_s = int(heard.headers["webhook-timestamp"])
    assert all(verify_delivery(secret, heard.headers, heard.body, at_s).values())
    stored = await rows(ctx, "SELECT format, body FROM event_bodies")
    assert [(one["format"], one["body"].encode()) for one in stored] == (
        [] if body_format == "paygate" else [(body_format, heard.body)]
    )


@pytest.mark.parametrize("body_format", ["paygate", "gateway", "stripe"])
async def test_the_same_delivery_passes_under_node(ctx: Context, body_format: str) -> None:
    secret, heard = await one_delivery(ctx, body_format)
    deliveries = [(heard.headers, heard.body), (heard.headers, heard.body.replace(b"ORDER-12345", b"ORDER-12346"))]
    assert javascript.seed_receiver(deliveries, secret) == [200, 401]
    assert javascript.standard_webhooks(deliveries, secret) == [200, 401]
