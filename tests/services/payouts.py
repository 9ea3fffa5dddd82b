"""A shop with money in it, and people who pay it out: for the tests of settlements and refunds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from paygate.core.payouts import Settlement
from paygate.services import destinations, settlements
from paygate.services.context import Context
from paygate.services.once import Answered, unanswered
from paygate.services.settlement_desk import SETTLEMENTS
from tests.services.helpers import Shop, open_shop, sql

A, B = "cli:somchai", "cli:malee"


async def shop_with(ctx: Context, *amounts_satang: int, rank: str = "A", place: bool = True, **shop: Any) -> Shop:
    """A Free shop that sold for so much (3 % are the fee), and has said where its money goes."""
    one = await open_shop(ctx, **shop)
    if place:
        await settle_to(ctx, one)
    for amount in amounts_satang:
        await sell_and_pay(one, amount, rank=rank)
    return one


async def sell_and_pay(shop: Shop, amount_satang: int, **facts: Any) -> UUID:
    """A paid payment."""
    payment = await shop.sell(amount_satang)
    outcome = await shop.hears(payment.payable_satang, **facts)
    assert outcome.word == "PAID", outcome
    return payment.id


async def settle_to(ctx: Context, shop: Shop, promptpay: str = "0899999999") -> None:
    wanted = destinations.read(promptpay, None, None, "ร้านทดสอบ")
    await destinations.change(ctx, shop.principal.merchant_id, wanted, actor=A)


async def ask(ctx: Context, shop: Shop, amount_satang: int, claim: Any = None) -> Settlement:
    merchant_id, mode = shop.principal.merchant_id, shop.principal.mode
    done = await settlements.request(ctx, merchant_id, mode, amount_satang, claim, unanswered, "key:test")
    assert isinstance(done, Answered)
    return done.value


async def pay_out(ctx: Context, one: Settlement, reference: str, by: str = A) -> Settlement:
    """From REQUESTED to COMPLETED."""
    await SETTLEMENTS.approve(ctx, one.id, by)
    await SETTLEMENTS.claim(ctx, one.id, by)
    return await SETTLEMENTS.complete(ctx, one.id, by, reference)


async def available(ctx: Context, shop: Shop) -> tuple[int, int, int]:
    """(available, held, pending review) in satang."""
    has = await settlements.balance(ctx, shop.principal.merchant_id, shop.principal.mode)
    return has.available_satang, has.held_satang, has.pending_review_satang


async def told(ctx: Context, subject_id: UUID) -> list[str]:
    """Types of the events about a subject, in order, each with a delivery to the endpoint that hears everything."""
    rows = await sql(
        ctx,
        """SELECT e.type, (SELECT count(*) FROM deliveries d WHERE d.event_id = e.id) AS deliveries
             FROM events e WHERE e.subject_id = $1 ORDER BY e.sequence""",
        subject_id,
    )
    assert all(row["deliveries"] == 1 for row in rows)
    return [row["type"] for row in rows]
