"""Words that the answers of several faces are made of: types that say what they hold, for the API's document."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

from msgspec import Meta

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
