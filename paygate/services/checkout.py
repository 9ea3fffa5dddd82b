"""The payer's page: what it shows of a payment, where it sends the browser, and what the payer may do there."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from emvco import qr
from paygate.core.errors import Conflict, Moved, NotFound
from paygate.core.keys import Kind, Mode
from paygate.core.links import with_query
from paygate.core.payments import Payment, Status
from paygate.core.slips import SlipOutcome
from paygate.db import checkout as rows
from paygate.db import keys
from paygate.db import payments as payment_rows
from paygate.db.checkout import Shop
from paygate.db.payments import Claim
from paygate.services import payments, slip_outcomes, specimens
from paygate.services.context import Context
from paygate.services.drafts import NewPayment, own_reference
from paygate.services.payments import as_of
from paygate.services.slip_outcomes import Verification

RENEWABLE = timedelta(hours=20)  # Well inside the 24 hours for which the first answer of a renewal is kept.
MAX_CARD_NAME = 100


@dataclass(frozen=True, slots=True)
class View:
    """All that the page shows. `now` is the database's clock, by which the page counts down."""

    payment: Payment
    shop: Shop
    verification: Verification | None
    now: datetime

    @property
    def renewable(self) -> bool:
        """Whether the payer may ask for a new QR."""
        payment = self.payment
        return (
            payment.status is Status.EXPIRED
            and payment.exception is None
            and not payment.verifying
            and self.shop.allow_renewal
            and self.shop.approved
            and self.now - payment.expires_at < RENEWABLE
            and payment.ref1
            in (None, own_reference(payment.id))  # Two payments with one reference cannot be told apart.
            and (self.verification is None or self.verification.status is SlipOutcome.REJECTED)
        )

    @property
    def return_url(self) -> str | None:
        """Where the payer's browser goes now: back to the shop with the news. `amount` is the order's, in satang."""
        payment = self.payment
        if payment.status is Status.PAID and payment.callback_url:
            amount = str(payment.amount_satang)
            return with_query(payment.callback_url, payment_id=str(payment.id), status="success", amount=amount)
        if payment.status is Status.CANCELLED and payment.cancel_url:
            return with_query(payment.cancel_url, payment_id=str(payment.id), status="cancel")
        return None


async def view(ctx: Context, payment_id: UUID) -> View:
    """What the page of a payment shows. Raises NotFound."""
    async with ctx.db.connection() as conn:
        found = await payment_rows.get_by_id(conn, payment_id)
        payment = as_of(found)
        shop = await rows.shop(conn, payment)
        verification = await slip_outcomes.verification_by(conn, payment)
    if found is None or shop is None:
        raise NotFound("No such payment.")
    return View(payment, shop, verification, found[1])


async def card(ctx: Context, payment: Payment, language: Literal["th", "en"]) -> qr.Card:
    """The card of an open payment, as its payer saves it. Raises NotFound."""
    async with ctx.db.connection() as conn:
        shop = await rows.shop(conn, payment)
    if shop is None:
        raise NotFound("No such payment.")
    test = payment.mode == "test"
    words = shop.account_name.split()
    name = " ".join([specimens.NAME, *words] if test and specimens.NAME not in words else words)[:MAX_CARD_NAME]

    def drawn() -> qr.Card:
        return qr.card(
            payment.qr_payload,
            name=name,
            language=language,
            error="H" if test else "M",
            shop=" ".join(shop.name.split())[:MAX_CARD_NAME],
            mark=specimens.mark() if test else None,
        )

    return await asyncio.to_thread(drawn)


async def renew(ctx: Context, old: View, client: str | None) -> UUID:
    """A new payment for an expired one, for the same order and as long; its id. Asked twice, it is the same one.

    *client*: the payer's network address, within whose limits it is when a browser made the first one. Raises Conflict
    when there is nothing to renew, and what creating a payment raises.
    """
    if old.shop.renewed_as is not None:
        return old.shop.renewed_as
    if not old.renewable:
        raise Conflict("This QR cannot be made anew.")
    payment = old.payment
    kind: Kind = "public" if payment.amount_source in ("browser", "link") else "secret"
    mode: Mode = "test" if payment.mode == "test" else "live"
    async with ctx.db.connection() as conn:
        principal = await keys.as_merchant(conn, payment.merchant_id, mode, kind)
    if principal is None:
        raise NotFound("No such payment.")
    minutes = None if payment.extended else (payment.expires_at - payment.created_at) // timedelta(minutes=1)
    new = NewPayment(
        amount_satang=payment.amount_satang,
        order_id=payment.order_id,
        description=payment.description,
        metadata=payment.metadata,
        customer_email=payment.customer_email,
        callback_url=payment.callback_url,
        cancel_url=payment.cancel_url,
        expiry_minutes=max(minutes, 1) if minutes is not None else None,
        amount_source=payment.amount_source,
        renews_id=payment.id,
        link_id=payment.link_id,
    )
    # The key makes one payment of many taps; its answer is the new payment's id.
    claim = Claim(
        payment.merchant_id, payment.mode, "payer", f"renew {payment.id}", "renew", hashlib.sha256(b"").digest()
    )
    done = await payments.create(ctx, principal, new, claim, lambda made: (201, made.id.bytes), client=client)
    if len(done.body) != 16:
        raise Moved()
    return UUID(bytes=done.body)
