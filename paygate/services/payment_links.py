"""Payment links: a price that the merchant fixes once, and anybody pays, from a page of ours or of the merchant's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import Bug, Conflict, InvalidInput, NotFound
from paygate.core.keys import Mode
from paygate.core.money import show
from paygate.core.payments import Payment
from paygate.core.principals import Principal
from paygate.db import keys, merchants
from paygate.db import payment_links as rows
from paygate.db.payment_links import LinkPage, PaymentLink, Shown
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.services import audit, payments
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from paygate.services.once import Answered, once, unanswered
from paygate.services.payments import Replayed

FIELD = "paymentLink"
PREFIX = "plink"
OFF = "This payment link is not in use any more."


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as a merchant asks for it, already checked."""

    amount_satang: int
    description: str | None = None
    callback_url: str | None = None
    expiry_minutes: int | None = None


async def create(
    ctx: Context,
    owner: tuple[int, Mode],
    new: NewLink,
    claim: Claim | None,
    answer: Callable[[PaymentLink], tuple[int, bytes]],
    by: audit.By = audit.CLI,
) -> Answered[PaymentLink] | Replayed:
    """A new link. Raises NotFound (the merchant), InvalidInput (amount)."""
    if not ctx.min_amount_satang <= new.amount_satang <= ctx.max_amount_satang:
        low, high = show(ctx.min_amount_satang), show(ctx.max_amount_satang)
        raise InvalidInput(f"amount must be from {low} to {high} baht.", field="amount")
    link_id = ctx.new_id()

    async def work(conn: Conn) -> PaymentLink:
        if await merchants.get(conn, owner[0]) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(owner[0])}.")
        made = await rows.insert(
            conn,
            owner,
            link_id,
            amount_satang=new.amount_satang,
            description=new.description,
            callback_url=new.callback_url,
            expiry_minutes=new.expiry_minutes,
        )
        after = {"amountSatang": new.amount_satang, "description": new.description, "callbackUrl": new.callback_url}
        await _log(ctx, conn, by, "link.create", made, None, after)
        return made

    return await once(ctx, claim, answer, work)


async def add(ctx: Context, owner: tuple[int, Mode], new: NewLink) -> PaymentLink:
    """`create` without an Idempotency-Key."""
    done = await create(ctx, owner, new, None, unanswered)
    if isinstance(done, Replayed):
        raise Bug("Without a key there is nothing to replay.")
    return done.value


async def get(ctx: Context, owner: tuple[int, Mode], link_id: UUID) -> PaymentLink:
    """A merchant's link. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return _found(await rows.get(conn, owner, link_id), link_id)


async def listed(ctx: Context, owner: tuple[int, Mode], page: LinkPage) -> list[PaymentLink]:
    """A merchant's links, newest first."""
    async with ctx.db.connection() as conn:
        return await rows.listed(conn, owner, page)


async def switch(
    ctx: Context, owner: tuple[int, Mode], link_id: UUID, *, active: bool, by: audit.By = audit.CLI
) -> PaymentLink:
    """Take a link out of use, or back; payments that it has made stay as they are. Raises NotFound."""

    async def work(conn: Conn) -> PaymentLink:
        changed = await rows.switch(conn, owner, link_id, active=active)
        if changed is None:
            return _found(await rows.get(conn, owner, link_id), link_id)
        await _log(ctx, conn, by, "link.switch", changed, {"active": not active}, {"active": active})
        return changed

    return await ctx.db.transaction(work)


async def look(ctx: Context, link_id: UUID) -> Shown:
    """Anybody's link, as its page shows it. Raises NotFound."""
    async with ctx.db.connection() as conn:
        shown = await rows.get_by_id(conn, link_id)
    if shown is None:
        raise NotFound("No such payment link.")
    return shown


async def redeem(ctx: Context, principal: Principal, text: str) -> PaymentLink:
    """The link that a page names with its merchant's public key. Raises InvalidInput."""
    try:
        found = await get(ctx, (principal.merchant_id, principal.mode), ids.read(PREFIX, text))
    except NotFound:
        raise InvalidInput(f"There is no payment link {text!r} of this merchant and mode.", field=FIELD) from None
    if not found.active:
        raise InvalidInput(OFF, field=FIELD)
    return found


async def pay(ctx: Context, link_id: UUID, client: str | None) -> Payment:
    """A payment of a link, for whoever pressed its button. Raises NotFound, Conflict (not in use), and what creating a
    payment raises."""
    shown = await look(ctx, link_id)
    link = shown.link
    async with ctx.db.connection() as conn:
        principal = await keys.as_merchant(conn, link.merchant_id, link.mode, "public")
    if principal is None:
        raise NotFound("No such payment link.")
    if not shown.open:
        raise Conflict(OFF)
    done = await payments.create(ctx, principal, made_of(link), None, unanswered, client=client)
    if isinstance(done, Replayed):
        raise Bug("Without a key there is nothing to replay.")
    return done.payment


def made_of(link: PaymentLink) -> NewPayment:
    """What a payment of *link* will be."""
    return NewPayment(
        amount_satang=link.amount_satang,
        description=link.description,
        callback_url=link.callback_url,
        expiry_minutes=link.expiry_minutes,
        amount_source="link",
        link_id=link.id,
    )


def _found(link: PaymentLink | None, link_id: UUID) -> PaymentLink:
    if link is None:
        raise NotFound(f"There is no payment link {ids.show(PREFIX, link_id)}.")
    return link


async def _log(
    ctx: Context,
    conn: Conn,
    by: audit.By,
    action: str,
    link: PaymentLink,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
) -> None:
    subject = f"payment_link:{ids.show(PREFIX, link.id)}"
    shown = {**after, "mode": link.mode}
    await audit.append(
        conn, ctx, merchant_id=link.merchant_id, actor=by, action=action, subject=subject, before=before, after=shown
    )
