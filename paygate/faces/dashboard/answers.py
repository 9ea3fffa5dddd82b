"""What the dashboard face answers with: each class is the JSON that is sent, and its schema in the API's document."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from paygate.core.answers import Done, Moment

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
