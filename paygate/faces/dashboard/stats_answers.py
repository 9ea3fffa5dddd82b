"""What `stats` answers."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from paygate.core.answers import Baht, Done, Moment

Day: TypeAlias = Annotated[
    str, Meta(description="A day in Bangkok.", examples=["2026-11-20"], extra_json_schema={"format": "date"})
]
Mode: TypeAlias = Annotated[
    str, Meta(description="live, or test: no money moves.", extra_json_schema={"enum": ["live", "test"]})
]


class Counted(msgspec.Struct, frozen=True):
    """Payments that stand so."""

    payments: Annotated[int, Meta(description="How many.")]
    amount: Annotated[Baht, Meta(description="The sum of their amounts, in baht.")]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """An hour or a day."""

    at: Annotated[Moment, Meta(description="When it began.")]
    payments: Annotated[int, Meta(description="How many were made in it.")]
    paid: Annotated[int, Meta(description="How many of those are paid.")]
    received: Annotated[Baht, Meta(description="What they brought, in baht.")]
    fees: Annotated[Baht, Meta(description="Fees and VAT on them, in baht.")]
    net: Annotated[Baht, Meta(description="What is left, in baht.")]


class Stats(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Numbers about the payments that were made in some days, as they stand now."""

    success: Done = True
    mode: Mode
    from_: Annotated[Day, Meta(description="The first day.")]
    to: Annotated[Day, Meta(description="The last day.")]
    by: Annotated[str, Meta(description="Of the series: hour or day.", examples=["hour"])]
    payments: Annotated[int, Meta(description="How many were made.")]
    byStatus: Annotated[
        dict[str, Counted],
        Meta(
            description="By where they stand; REVERSED: paid, and the bank took the money back.",
            examples=[{"PAID": {"payments": 2, "amount": 300}}],
        ),
    ]
    successRate: Annotated[
        float | None, Meta(description="Paid ones among those that are over; null when none is.", examples=[0.9])
    ]
    received: Annotated[Baht, Meta(description="What the paid ones brought, in baht.")]
    fees: Annotated[Baht, Meta(description="Fees on them without VAT, in baht.")]
    vat: Annotated[Baht, Meta(description="VAT on those fees, in baht.")]
    net: Annotated[Baht, Meta(description="received - fees - vat, in baht.")]
    refunded: Annotated[Baht, Meta(description="What of it went back to payers since, in baht.")]
    medianSecondsToPay: Annotated[
        float | None, Meta(description="Half of the payers took less; null when nobody paid.", examples=[41.5])
    ]
    series: Annotated[list[Point], Meta(description="Every hour or day, in order.")]
