"""The JSON of payment links: their requests read, their answers printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.answers import Baht, Done, Moment
from paygate.core.canonical import JsonValue
from paygate.core.events import timestamp
from paygate.core.money import baht
from paygate.core.shapes import Shape
from paygate.db.payment_links import LinkPage, PaymentLink
from paygate.faces.v1.answers import Cursor, Link, Mode
from paygate.faces.v1.shapes import DESCRIPTION, EXPIRY_MINUTES, amount, callback_url
from paygate.services.context import Context
from paygate.services.payment_links import PREFIX, NewLink
from paygate.wire import encode, paging

EXAMPLE = "plink_06nz0nc5vj7r4gjx7c79l6za"
LinkId: TypeAlias = Annotated[str, Meta(description="The link's id.", pattern="^plink_", examples=[EXAMPLE])]


ACTIVE = declare.needed(
    declare.flag("active", "Whether it makes payments.", example=False), "active must be true or false."
)
NEW_LINK = Shape("NewPaymentLink", "A payment link to make.", (amount(), DESCRIPTION, callback_url(), EXPIRY_MINUTES))
LINK_CHANGE = Shape("PaymentLinkChange", "What shall be different.", (ACTIVE,))
CURSOR = paging.cursor_field(1)
LISTED_LINKS = Shape("paymentLinks", "Which links.", (paging.LIMIT, CURSOR))


class PaymentLinkShown(msgspec.Struct, frozen=True, kw_only=True):
    """A price with an address, for anybody to pay, as often as people do."""

    id: LinkId
    url: Annotated[Link, Meta(description="Its page.", examples=[f"https://pay.example.com/link/{EXAMPLE}"])]
    amount: Annotated[Baht, Meta(description="What everybody pays, in baht.", examples=[150])]
    description: Annotated[str | None, Meta(description="What it is for.", examples=["Two coffees"])]
    callbackUrl: Annotated[
        str | None, Meta(description="Where the payer goes when it is paid.", examples=["https://shop.example/done"])
    ]
    expiryMinutes: Annotated[int | None, Meta(description="How long its payments may be paid; null: as yours.")]
    active: Annotated[bool, Meta(description="Whether it makes payments.")]
    mode: Mode
    createdAt: Annotated[Moment, Meta(description="When it was made.")]


class OneLink(msgspec.Struct, frozen=True):
    """A payment link."""

    paymentLink: PaymentLinkShown


class LinkChanged(msgspec.Struct, frozen=True):
    """It was done."""

    success: Done
    paymentLink: PaymentLinkShown


class Links(msgspec.Struct, frozen=True):
    """Payment links, newest first."""

    paymentLinks: list[PaymentLinkShown]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Cursor


def new_link(ctx: Context, given: Mapping[str, JsonValue], callback_domains: tuple[str, ...]) -> NewLink:
    """The body of POST `payment-links`. Raises InvalidInput, naming the field."""
    return NewLink(
        amount_satang=amount(ctx.min_amount_satang, ctx.max_amount_satang).read(given),
        description=DESCRIPTION.read(given) or None,
        callback_url=callback_url(callback_domains).read(given),
        expiry_minutes=EXPIRY_MINUTES.read(given),
    )


def page(query: Mapping[str, str]) -> LinkPage:
    """The query of GET `payment-links`. Raises InvalidInput, naming the field."""
    before = CURSOR.read(query)
    return LinkPage(paging.LIMIT.read(query), (before[0], before[1][0]) if before else None)


def link(ctx: Context, found: PaymentLink) -> bytes:
    """A link."""
    return encode(OneLink(_shown(ctx, found)))


def changed(ctx: Context, done: PaymentLink) -> bytes:
    """A link that was made or changed."""
    return encode(LinkChanged(True, _shown(ctx, done)))


def links(ctx: Context, found: Sequence[PaymentLink], limit: int) -> bytes:
    """A page of links; *found* may hold one more than *limit*."""
    rows, more = found[:limit], len(found) > limit
    cursor = paging.cursor(rows[-1].created_at, rows[-1].id) if more else None
    return encode(Links([_shown(ctx, one) for one in rows], more, cursor))


def url(ctx: Context, found: PaymentLink) -> str:
    """Where the page of a link is."""
    return f"{ctx.public_url}/link/{ids.show(PREFIX, found.id)}"


def _shown(ctx: Context, found: PaymentLink) -> PaymentLinkShown:
    return PaymentLinkShown(
        id=ids.show(PREFIX, found.id),
        url=url(ctx, found),
        amount=baht(found.amount_satang),
        description=found.description,
        callbackUrl=found.callback_url,
        expiryMinutes=found.expiry_minutes,
        active=found.active,
        mode=found.mode,
        createdAt=timestamp(found.created_at),
    )
