"""What the dashboard face answers with: each class is the JSON that is sent, and its schema in the API's document."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from paygate.core.answers import TRANSACTION, Done, Moment

UserId: TypeAlias = Annotated[
    str, Meta(description="The person's id.", pattern="^usr_", examples=["usr_06nz0nc5vj7r4gjx7c79l6za"])
]
MerchantId: TypeAlias = Annotated[
    str, Meta(description="The merchant's id.", pattern="^mer_", examples=["mer_0cqh3kz9t2w4e"])
]
Email: TypeAlias = Annotated[str, Meta(description="What they log in with.", examples=["owner@shop.example"])]
Role: TypeAlias = Annotated[
    str,
    Meta(
        description="What they may do. A viewer looks, staff works, an owner decides about access and money.",
        examples=["owner"],
        extra_json_schema={"enum": ["owner", "staff", "viewer", "admin"]},
    ),
]
Status: TypeAlias = Annotated[
    str,
    Meta(
        description="Whether it may take real payments.",
        examples=["APPROVED"],
        extra_json_schema={"enum": ["PENDING", "APPROVED", "SUSPENDED"]},
    ),
]
Name: TypeAlias = Annotated[str, Meta(description="What payers read.", examples=["ร้านกาแฟ"])]
Codes: TypeAlias = Annotated[
    list[str],
    Meta(
        description="Each is good once, in place of a code of the app. Shown this once.",
        examples=[["a1b2-c3d4-e5f6-g7h8-j9k0-m1n2"]],
    ),
]


class Success(msgspec.Struct, frozen=True):
    """It was done."""

    success: Done = True


class Waiting(msgspec.Struct, frozen=True):
    """The merchant waits for approval."""

    success: Done = True
    status: Status = "PENDING"


Lacks: TypeAlias = Annotated[
    str | None,
    Meta(
        description="What a direct merchant's money needs and has not: an account for it, or the bank account"
        " behind that, by which notices and slips are compared. Null: nothing.",
        examples=[None],
        extra_json_schema={"enum": ["account", "bank_account", None]},
    ),
]


class OwnMerchant(msgspec.Struct, frozen=True):
    """Whose people one of."""

    id: MerchantId
    name: Name
    status: Status


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who is logged in."""

    id: UserId
    email: Email
    role: Role
    totp: Annotated[bool, Meta(description="Whether one-time codes are on.")]
    totpRequired: Annotated[bool, Meta(description="Whether they must be, before anything else.")]
    merchant: Annotated[OwnMerchant | None, Meta(description="Null for admins.")]


class WhoAmI(msgspec.Struct, frozen=True):
    """The answer of `auth/me`."""

    user: Me


class LoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a login is carried on with."""

    token: Annotated[str, Meta(description="For `Authorization: Bearer`.", examples=["eyJhbGciOiJIUzI1NiJ9.e30.x"])]
    refreshToken: Annotated[str, Meta(description="For the next pair; good once.", examples=["rt_AAAA_example"])]
    expiresIn: Annotated[int, Meta(description="Seconds that `token` is good for.", examples=[600])]
    user: Me


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is logged in."""

    id: Annotated[str, Meta(description="The login's id.", pattern="^ses_", examples=["ses_06nz0nc5vj7r4gjx7c79l6za"])]
    current: Annotated[bool, Meta(description="Whether it is the one that asks.")]
    userAgent: Annotated[str, Meta(description="The browser, as it says.", examples=["Mozilla/5.0"])]
    address: Annotated[str | None, Meta(description="Where the login came from.", examples=["203.0.113.7"])]
    createdAt: Annotated[Moment, Meta(description="When it began.")]
    lastUsedAt: Annotated[Moment, Meta(description="When it was refreshed last.")]
    expiresAt: Annotated[Moment, Meta(description="When it is over, unless it is refreshed.")]


class Logins(msgspec.Struct, frozen=True):
    """All open logins of a person."""

    sessions: list[Login]


class TotpOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A secret for the authenticator app, which counts once a code of it was shown."""

    secret: Annotated[str, Meta(description="To be typed in.", examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])]
    otpauthUrl: Annotated[str, Meta(description="To be opened.", examples=["otpauth://totp/PayGate:a%40b.co"])]
    qrCode: Annotated[
        str, Meta(description="To be scanned: a PNG data URL.", examples=["data:image/png;base64,iVBORw0KGgo="])
    ]


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Ten recovery codes; older ones are worthless."""

    recoveryCodes: Codes
    success: Done = True


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link that lets one person set a password, once."""

    success: Done = True
    url: Annotated[str, Meta(description="To hand over.", examples=["https://pay.example/account/password#link_x"])]
    expiresAt: Annotated[Moment, Meta(description="Until when it is good.")]


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may log in."""

    id: UserId
    email: Email
    role: Role
    totp: Annotated[bool, Meta(description="Whether one-time codes are on.")]
    disabledAt: Annotated[Moment | None, Meta(description="Since when they may not log in.")]
    createdAt: Annotated[Moment, Meta(description="When they were made.")]


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant as the operator sees it."""

    id: MerchantId
    name: Name
    email: Annotated[str, Meta(description="The owner's address.", examples=["owner@shop.example"])]
    plan: Annotated[str, Meta(description="Its plan.", examples=["free"])]
    feeBps: Annotated[int | None, Meta(description="Its own rate in basis points; null: the plan's.")]
    status: Status
    lacks: Lacks
    approvedAt: Annotated[Moment | None, Meta(description="When it was approved first.")]
    createdAt: Annotated[Moment, Meta(description="When it was made.")]


class MerchantChanged(msgspec.Struct, frozen=True):
    """A merchant after a change."""

    merchant: Merchant
    success: Done = True


class MerchantWithPeople(msgspec.Struct, frozen=True):
    """A merchant and who may log in for it."""

    merchant: Merchant
    users: list[User]


class Merchants(msgspec.Struct, frozen=True, kw_only=True):
    """A page of merchants, newest first."""

    merchants: list[Merchant]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Annotated[
        str | None,
        Meta(description="`cursor` of the next page; null when there is none.", examples=["mer_0cqh3kz9t2w4e"]),
    ]


class LinkedPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that a link leads to."""

    id: Annotated[str, Meta(description="The payment's id.", examples=[TRANSACTION])]
    orderId: Annotated[str | None, Meta(description="Your number of the order.", examples=["LINK0AFC13B6"])]
    amount: Annotated[str, Meta(description="What it costs, in baht: the shortest decimal.", examples=["40", "40.5"])]
    expiresAt: Annotated[Moment, Meta(description="Until when it may be paid.")]


class PaymentLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link to hand to the payer."""

    success: Done = True
    paymentLink: Annotated[
        str, Meta(description="The payer's page.", examples=[f"https://pay.example/pay/{TRANSACTION}"])
    ]
    transaction: LinkedPayment


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as its owner sees it in a list."""

    id: Annotated[str, Meta(description="The key's id.", pattern="^key_", examples=["key_06nz0nc5vj7r4gjx7c79l6za"])]
    kind: Annotated[
        str, Meta(description="For servers, or for pages.", extra_json_schema={"enum": ["secret", "public"]})
    ]
    mode: Annotated[
        str, Meta(description="live, or test: no money moves.", extra_json_schema={"enum": ["live", "test"]})
    ]
    key: Annotated[
        str, Meta(description="A public one as it is, a secret one by its ends.", examples=["sk_live_...a1b2"])
    ]
    scopes: Annotated[list[str], Meta(description="What it may do; `*`: everything.", examples=[["*"]])]
    lastUsedAt: Annotated[Moment | None, Meta(description="When it was used last, to the minute.")]
    expiresAt: Annotated[Moment | None, Meta(description="When it is worthless; null: never by itself.")]
    revokedAt: Annotated[Moment | None, Meta(description="Since when it is worthless.")]
    createdAt: Annotated[Moment, Meta(description="When it was made.")]


class ApiKeys(msgspec.Struct, frozen=True):
    """All keys of the merchant, revoked ones too."""

    keys: list[ApiKey]


class NewApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was just made."""

    success: Done = True
    id: Annotated[str, Meta(description="The key's id.", pattern="^key_", examples=["key_06nz0nc5vj7r4gjx7c79l6za"])]
    key: Annotated[str, Meta(description="The key itself, shown this once.", examples=["sk_live_example"])]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant, as its own people see it."""

    id: MerchantId
    name: Name
    email: Annotated[str, Meta(description="The owner's address.", examples=["owner@shop.example"])]
    plan: Annotated[str, Meta(description="Its plan.", examples=["free"])]
    feeBps: Annotated[int, Meta(description="What a new payment costs, in basis points.", examples=[300])]
    status: Status
    lacks: Lacks
    expiryMinutes: Annotated[int, Meta(description="How long a payment may be paid, unless it says.", examples=[15])]
    callbackDomains: Annotated[
        list[str],
        Meta(description="Hosts that callbackUrl and cancelUrl may name; none: any.", examples=[["shop.example"]]),
    ]
    allowedOrigins: Annotated[
        list[str], Meta(description="Pages on which pk_live_ keys work.", examples=[["https://shop.example"]])
    ]
    createdAt: Annotated[Moment, Meta(description="When it was made.")]


class Own(msgspec.Struct, frozen=True):
    """The answer of `merchant/me`."""

    merchant: Settings
    success: Done = True
