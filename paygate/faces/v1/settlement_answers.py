"""What the native face answers with about money out: the JSON that is sent, and its schema in the API's document."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from paygate.core.answers import Baht, Done, Moment
from paygate.core.payouts import PayoutStatus
from paygate.faces.v1.answers import Cursor, Mode

SETTLEMENT = "stl_06nz0nc5vj7r4gjx7c79l6za00"

Day: TypeAlias = Annotated[
    str, Meta(description="A day in Bangkok.", examples=["2026-11-23"], extra_json_schema={"format": "date"})
]


class Balance(msgspec.Struct, frozen=True):
    """What you have with the operator, in baht."""

    success: Done
    available: Annotated[Baht, Meta(description="May be taken out now, in baht.")]
    held: Annotated[Baht, Meta(description="Asked for and not yet paid, in baht.")]
    pendingReview: Annotated[
        Baht, Meta(description="Known from bank notices alone, in baht; available once something confirms it.")
    ]
    currency: Annotated[Literal["THB"], Meta(description="Always baht.")] = "THB"
    payoutsFrozen: Annotated[
        bool, Meta(description="Whether settlements and refunds stand still; the operator knows why.")
    ] = False


class Destination(msgspec.Struct, frozen=True):
    """Where a settlement goes."""

    promptpay: Annotated[str | None, Meta(description="The PromptPay ID, masked.", examples=["xxxxxxxxx9999"])]
    bank: Annotated[str | None, Meta(description="The bank's code.", examples=["014"])]
    account: Annotated[str | None, Meta(description="The account's number, masked.", examples=["xxxxxx4567"])]
    name: Annotated[str, Meta(description="Who holds it.", examples=["Coffee Shop"])]


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way out, or out."""

    id: Annotated[str, Meta(description="The settlement's id.", examples=[SETTLEMENT])]
    amount: Annotated[Baht, Meta(description="In baht.")]
    currency: Annotated[Literal["THB"], Meta(description="Always baht.")] = "THB"
    status: Annotated[PayoutStatus, Meta(description="Where it stands.")]
    promisedOn: Annotated[Day, Meta(description="When it shall be paid: the next business day (T+1).")]
    bankReference: Annotated[
        str | None, Meta(description="The operator's transfer, once it is paid.", examples=["2026112012345678"])
    ]
    reason: Annotated[str | None, Meta(description="Why it was rejected or came back.")]
    createdAt: Annotated[Moment, Meta(description="When it was asked for.")]
    completedAt: Annotated[Moment | None, Meta(description="When it was paid.")]
    mode: Mode
    destination: Annotated[Destination | None, Meta(description="Where it goes; null until it is approved.")]


class SettlementMade(msgspec.Struct, frozen=True):
    """A settlement that was asked for, read or cancelled."""

    success: Done
    settlement: Settlement


class Settlements(msgspec.Struct, frozen=True):
    """A page of settlements, newest first."""

    settlements: list[Settlement]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Cursor
