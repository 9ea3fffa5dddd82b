"""Words that the answers of several faces are made of: types that say what they hold, for the API's document."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from paygate.core.payments import Status
from paygate.core.payouts import PayoutStatus
from paygate.core.slips import Refusal

MOMENT = "2026-11-20T03:04:05.678Z"
TRANSACTION = "019aa0d5-8f2c-7c4e-9c5d-3b0e9a6f2d11"

Baht: TypeAlias = Annotated[Decimal, Meta(description="Baht, as an exact number.", examples=[150, 147.5])]
Moment: TypeAlias = Annotated[
    str, Meta(description="A moment in UTC.", examples=[MOMENT], extra_json_schema={"format": "date-time"})
]
RequestId: TypeAlias = Annotated[
    str,
    Meta(
        description="Names this request in the log; the header `Request-Id` has it too.",
        pattern="^req_[0-9a-f]{24}$",
        examples=["req_0123456789abcdef01234567"],
    ),
]
Done: TypeAlias = Annotated[Literal[True], Meta(description="It was done.")]


class Words(msgspec.Struct, frozen=True):
    """Words for the payer, to show as they are."""

    th: Annotated[str, Meta(description="In Thai.", examples=["ชำระเงินสำเร็จ"])]
    en: Annotated[str, Meta(description="In English.", examples=["Paid."])]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal. `error` is for programs, `message` for the developer, `payerMessage` for the person who pays."""

    error: Annotated[str, Meta(description="What is wrong, in a word.", examples=["INVALID_REQUEST"])]
    message: Annotated[str, Meta(description="What is wrong, for the developer.", examples=["url is required."])]
    field: Annotated[str | UnsetType, Meta(description="The field that is wrong.", examples=["amount"])] = UNSET
    status: Annotated[
        str | UnsetType,
        Meta(
            description="Where the payment stands: its status, or what is under way with it.",
            examples=["PAID"],
            extra_json_schema={"enum": sorted({*Status, *PayoutStatus, "VERIFYING", "REVERSED"})},
        ),
    ] = UNSET
    reason: Annotated[Refusal | UnsetType, Meta(description="Why the slip was not taken.")] = UNSET
    payerMessage: Annotated[Words | UnsetType, Meta(description="Words for the payer.")] = UNSET
    requestId: RequestId
