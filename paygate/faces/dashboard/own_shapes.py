"""What a merchant's people send about payments, keys and the merchant itself, and how it is shown to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from paygate.core import ids, links
from paygate.core import shapes as declare
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.keys import shown
from paygate.core.money import MAX_AMOUNT_SATANG, MIN_AMOUNT_SATANG
from paygate.core.shapes import Field, Shape, limited
from paygate.db.keys import KeyRow
from paygate.faces.dashboard import answers
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from paygate.services.own_merchant import Change, Own

MAX_LISTED = 50
URL = {"type": "string", "minLength": 1, "maxLength": links.MAX_URL_CHARS, "format": "uri"}


def _amount(low: int = MIN_AMOUNT_SATANG, high: int = MAX_AMOUNT_SATANG) -> Field[int]:
    return limited(declare.baht("amount", low, high, "What the order costs, in baht.", example=40))


def _url(name: str, about: str, domains: tuple[str, ...] = ()) -> Field[str | None]:
    example = "https://shop.example/done"
    return declare.custom(name, lambda given: links.redirect_url(given, name, domains), URL, about, example=example)


ORDER_ID = declare.text("orderId", 128, "Your number of the order.", one_line=True, example="LINK0AFC13B6")
DESCRIPTION = declare.text("description", 500, "What it is for.", shortest=0, example="Two coffees")
METADATA = declare.metadata("metadata", "Anything of yours, at most 16 KiB of JSON.", example={"table": "7"})
CUSTOMER_EMAIL = declare.email("customerEmail", "The payer's mail address.", example="payer@shop.example")
EXPIRY_MINUTES = declare.whole("expiryMinutes", 1, 1_440, "How long it may be paid.", example=60)
NEW_LINK = Shape(
    "NewLink",
    "A payment that a link shall lead to.",
    (
        _amount(),
        ORDER_ID,
        DESCRIPTION,
        METADATA,
        CUSTOMER_EMAIL,
        _url("callbackUrl", "Where the payer goes when it is paid."),
        _url("cancelUrl", "Where the payer goes who gives up."),
        EXPIRY_MINUTES,
    ),
)
KIND = declare.choice("kind", ("secret", "public"), "For servers (the default), or for pages.", example="secret")
NEW_KEY = Shape("NewKey", "A key, in the mode that the address asks for.", (KIND,))


def _texts(name: str, what: str) -> Callable[[Fields], tuple[str, ...] | None]:
    def read(given: Fields) -> tuple[str, ...] | None:
        value = given.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise InvalidInput(f"{name} must be an array of {what}.", field=name)
        if len(value) > MAX_LISTED:
            raise InvalidInput(f"{name} may have at most {MAX_LISTED} entries.", field=name)
        return tuple(str(one) for one in value)

    return read


def _list(name: str, what: str, about: str, example: str) -> Field[tuple[str, ...] | None]:
    values = {"type": "array", "maxItems": MAX_LISTED, "items": {"type": "string"}}
    return declare.custom(name, _texts(name, what), values, about, example=[example])


NAME = declare.text("name", 100, "What payers read.", example="ร้านกาแฟ")
DOMAINS = _list(
    "callbackDomains",
    "hosts",
    "Hosts that callbackUrl and cancelUrl may name; none: any, or with a pk_live_ key those of allowedOrigins.",
    "shop.example",
)
ORIGINS = _list("allowedOrigins", "origins", "Pages on which pk_live_ keys work.", "https://shop.example")
CHANGE = Shape(
    "MerchantChange", "What shall be different; what is absent stays.", (NAME, EXPIRY_MINUTES, DOMAINS, ORIGINS)
)


def change(given: Mapping[str, JsonValue]) -> Change:
    """The body of a change of `merchant/me`. Raises InvalidInput, naming the field."""
    return Change(
        name=NAME.read(given),
        expiry_minutes=EXPIRY_MINUTES.read(given),
        callback_domains=DOMAINS.read(given),
        allowed_origins=ORIGINS.read(given),
    )


def own(ctx: Context, found: Own) -> answers.Own:
    """The merchant, as its own people see it."""
    row, settings = found
    return answers.Own(
        answers.Settings(
            id=ids.show_merchant(row.merchant_id),
            name=row.name,
            email=row.email,
            plan=row.plan,
            feeBps=ctx.plan_fee_bps[row.plan] if row.rate_bps is None else row.rate_bps,
            status=row.status,
            lacks=row.lacks,
            expiryMinutes=row.expiry_minutes,
            callbackDomains=list(settings.callback_domains),
            allowedOrigins=list(settings.allowed_origins),
            createdAt=timestamp(row.created_at),
        )
    )


def new_link(ctx: Context, given: Mapping[str, JsonValue], domains: tuple[str, ...]) -> NewPayment:
    """The body of `payment/create-link`. Raises InvalidInput, naming the field."""
    return NewPayment(
        amount_satang=_amount(ctx.min_amount_satang, ctx.max_amount_satang).read(given),
        order_id=ORDER_ID.read(given),
        description=DESCRIPTION.read(given),
        metadata=METADATA.read(given),
        customer_email=CUSTOMER_EMAIL.read(given),
        callback_url=_url("callbackUrl", "", domains).read(given),
        cancel_url=_url("cancelUrl", "", domains).read(given),
        expiry_minutes=EXPIRY_MINUTES.read(given),
    )


def key(found: KeyRow) -> answers.ApiKey:
    """A key in a list."""
    return answers.ApiKey(
        id=ids.show("key", found.id),
        kind=found.kind,
        mode=found.mode,
        key=found.public_key or shown(found.kind, found.mode, found.last4),
        scopes=list(found.scopes),
        lastUsedAt=timestamp(found.last_used_at),
        expiresAt=timestamp(found.expires_at),
        revokedAt=timestamp(found.revoked_at),
        createdAt=timestamp(found.created_at),
    )
