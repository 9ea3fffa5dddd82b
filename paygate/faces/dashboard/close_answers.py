"""The daily close as the dashboard face answers: the JSON that is sent, and its schema."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from paygate.core.answers import Baht, Done, Moment

SIGNED = "In baht, below zero where it went out."


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """What a person explained."""

    amount: Annotated[Baht, Meta(description=SIGNED)]
    reason: Annotated[str, Meta(description="What it was.", examples=["The bank's fee"])]
    by: Annotated[str, Meta(description="Who said so.", examples=["cli:malee"])]
    at: Moment


class Close(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a central account."""

    accountId: Annotated[str, Meta(description="The account.", examples=["acc_06nz0nc5vj7r4gjx7c79l6za00"])]
    accountName: Annotated[str, Meta(description="Who holds it.")]
    day: Annotated[
        str, Meta(description="A day in Bangkok.", examples=["2026-11-28"], extra_json_schema={"format": "date"})
    ]
    state: Annotated[Literal["OPEN", "CLOSED"], Meta(description="OPEN while books and bank differ.")]
    opening: Annotated[Baht | None, Meta(description="What the bank said the evening before; null: nobody knows.")]
    received: Annotated[Baht | None, Meta(description="Credits, less what the bank took back.")]
    paidOut: Annotated[Baht | None, Meta(description="Payouts, less those that came back.")]
    explained: Annotated[Baht | None, Meta(description=SIGNED)]
    books: Annotated[Baht | None, Meta(description="What it has in the evening, as the books say.")]
    bank: Annotated[Baht | None, Meta(description="What the bank says; null: it has not.")]
    difference: Annotated[Baht | None, Meta(description="What the bank has more than the books.")]
    bankSaidBy: Annotated[str | None, Meta(description="statement, notice, or a person.", examples=["statement"])]
    changed: Annotated[bool, Meta(description="Whether news of that day came after it was closed.")]
    movements: list[Movement]
    runAt: Annotated[Moment | None, Meta(description="When it was compared last, or closed.")]
    runBy: Annotated[str | None, Meta(description="By whom.", examples=["cli:malee"])]


class Closes(msgspec.Struct, frozen=True):
    """A day of each account."""

    closes: list[Close]
    success: Done = True
