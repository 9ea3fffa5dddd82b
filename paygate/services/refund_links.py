"""A payer says where a refund shall go, through a link that its merchant hands over.

The link is made again from the refund's row whenever it is needed, and shown to nobody but who asked for it: whoever
has it may say where the money goes, once. It opens nothing but the amount, the shop, and what was said, masked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from paygate.core import ids, refund_links
from paygate.core.errors import Bug, Conflict, NotFound
from paygate.core.payments import Oddity, Payment
from paygate.core.payouts import AccountAsked, Event, Lapsed, PayoutStatus, PayoutStep, Refund
from paygate.db import checkout, payments
from paygate.db import refunds as rows
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.services import audit, inputs, refunds
from paygate.services.context import Context
from paygate.services.once import Answered
from paygate.services.payments import PAYER, Replayed
from paygate.services.payouts import Place
from paygate.services.refund_desk import REFUNDS, open_payee, payment_of, seal_payee

WORKER = "worker"  # Who lets links lapse, in the audit log.
OVER = "This link is not good any more. Please ask the shop how the refund stands."
USED = "It was said already where this refund shall go. If that is not right, please ask the shop."


class Standing(StrEnum):
    """What a link's bearer may know of the refund."""

    OPEN = "OPEN"  # We wait for the account.
    GIVEN = "GIVEN"  # It is known, and the money will be sent.
    PAID = "PAID"
    CLOSED = "CLOSED"  # The link is over, the refund was called off, or the money came back.


@dataclass(frozen=True, slots=True)
class Seen:
    """What a link opens. `place` is for masks alone."""

    refund: Refund
    standing: Standing
    shop: str
    logo: str | None  # A digest, by which its picture is asked for.
    place: Place | None
    now: datetime


def link_of(ctx: Context, refund: Refund) -> str | None:
    """The address of the page where its payer says where to; None while nobody is asked."""
    if refund.status is not PayoutStatus.WAITING:
        return None
    return f"{ctx.public_url}/refund/{refund_links.make(ctx.key, refund)}"


def read_account(promptpay: str | None, bank: str | None, number: str | None, name: str | None) -> Place | None:
    """Where a payer wants it, with the holder's name; None when nothing is said. Raises InvalidInput."""
    place = refunds.read_payee(promptpay, bank, number, name)
    return None if place is None else Place(place.proxy, place.bank_code, place.number, inputs.name(name or ""))


async def look(ctx: Context, link: str) -> Seen:
    """What *link* opens. Raises NotFound for what is no link of a refund, or not its latest."""
    async with ctx.db.connection() as conn:
        refund = await _find(ctx, conn, link)
        found = await payments.get(conn, refund.merchant_id, refund.mode, refund.payment_id)
        if found is None:
            raise Bug("A refund without its payment.")
        payment, now = found
        return await _seen(ctx, conn, refund, payment, now)


async def give(ctx: Context, link: str, place: Place, actor: audit.By = PAYER) -> Seen:
    """The payer wants it there. The same place again is no error.

    Raises NotFound, Conflict (the link is used or over, the refund went on or was called off).
    """
    new_ids = [ctx.new_id() for _ in range(8)]

    async def work(conn: Conn) -> Seen:
        known = await _find(ctx, conn, link)
        before, now = await refunds.locked(conn, known.merchant_id, known.mode, known.id)
        if not refund_links.is_link_of(ctx.key, before, link):
            raise NotFound("No such link.")
        payment = await payment_of(conn, before)
        standing = _standing(before, payment, now)
        if standing in (Standing.GIVEN, Standing.PAID) and open_payee(ctx, before) == place:
            return await _seen(ctx, conn, before, payment, now)
        if standing is not Standing.OPEN:
            raise Conflict(OVER if standing is Standing.CLOSED else USED)
        sealed = seal_payee(ctx, before.id, place)
        after = await refunds.given(ctx, conn, before, sealed, PAYER, new_ids, now)
        seen = await _seen(ctx, conn, after, payment, now)
        await audit.append(
            conn,
            ctx,
            merchant_id=after.merchant_id,
            actor=actor,
            action="refund.account-given",
            subject=f"refund:{ids.show('rfd', after.id)}",
            before={"status": before.status},
            after={"status": after.status, "link": before.link_number},
        )
        return seen

    done = await ctx.db.transaction(work)
    ctx.wake()
    return done


async def ask(
    ctx: Context,
    merchant_id: int,
    mode: str,
    refund_id: UUID,
    claim: Claim | None,
    answer: Callable[[Refund], tuple[int, bytes]],
    actor: str,
) -> Answered[Refund] | Replayed:
    """A new link for the payer; older ones are worthless, and what was said before is forgotten.

    Raises NotFound, WrongState (approved, paid or called off).
    """

    def decide(_: Refund, now: datetime) -> tuple[Event, ...]:
        return (AccountAsked(now, now + timedelta(days=ctx.settlements.refund_link_days)),)

    return await refunds.change(ctx, (merchant_id, mode, refund_id), claim, answer, actor, "ask-payer", decide)


async def lapse(ctx: Context, limit: int) -> int:
    """Let refunds expire whose payers said nothing in time: the money is the merchant's again. How many it saw."""
    async with ctx.db.connection() as conn:
        overdue = await rows.overdue(conn, limit)
    for one in overdue:
        await _lapse(ctx, one)
    if overdue:
        ctx.wake()
    return len(overdue)


async def forget(ctx: Context, limit: int) -> int:
    """Forget the accounts of payers to whom nothing was sent; how many."""
    age = timedelta(days=ctx.keep_evidence_days)
    return await ctx.db.transaction(lambda conn: rows.forget(conn, age, limit))


async def _lapse(ctx: Context, known: Refund) -> None:
    new_ids = [ctx.new_id() for _ in range(2)]

    async def work(conn: Conn) -> None:
        before, now = await refunds.locked(conn, known.merchant_id, known.mode, known.id)
        over = before.link_until is not None and before.link_until <= now
        if before.status is not PayoutStatus.WAITING or not over:
            return  # The payer was quicker, or the merchant.
        given_back = await REFUNDS.given_back(conn, before)
        after = await refunds.walk(ctx, conn, given_back, (Lapsed(now),), new_ids, now)
        await REFUNDS.log(ctx, conn, PayoutStep(before, after, None, None), WORKER, "expire")

    await ctx.db.transaction(work)


async def _find(ctx: Context, conn: Conn, link: str) -> Refund:
    refund = await rows.find(conn, ids.read("rfd", refund_links.named(link)))
    if refund is None or not refund_links.is_link_of(ctx.key, refund, link):
        raise NotFound("No such link.")
    return refund


async def _seen(ctx: Context, conn: Conn, refund: Refund, payment: Payment, now: datetime) -> Seen:
    shop = await checkout.named(conn, refund.merchant_id)
    standing = _standing(refund, payment, now)
    place = open_payee(ctx, refund) if standing in (Standing.GIVEN, Standing.PAID) else None
    name, logo = shop or ("", None)
    return Seen(refund, standing, name, logo, place, now)


def _standing(refund: Refund, payment: Payment, now: datetime) -> Standing:
    match refund.status:
        case PayoutStatus.WAITING:
            over = refund.link_until is None or refund.link_until <= now or payment.exception is Oddity.REVERSED
            return Standing.CLOSED if over else Standing.OPEN
        case PayoutStatus.REQUESTED | PayoutStatus.APPROVED | PayoutStatus.PAYING:
            return Standing.GIVEN if refund.payee is not None else Standing.CLOSED
        case PayoutStatus.COMPLETED:
            return Standing.PAID if refund.payee is not None else Standing.CLOSED
        case _:
            return Standing.CLOSED
