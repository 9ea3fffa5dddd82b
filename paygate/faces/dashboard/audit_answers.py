"""What the calls about the audit log answer."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from paygate.core.answers import Moment

Facts: TypeAlias = Annotated[msgspec.Raw | None, Meta(extra_json_schema={"type": ["object", "null"]})]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One act."""

    row: Annotated[int, Meta(description="Its number; rows of one owner have no gaps.")]
    at: Annotated[Moment, Meta(description="When.")]
    actor: Annotated[
        str,
        Meta(description="Who: a person, a key, or a part of the server.", examples=["user:usr_06nz0nc5vj7r4gjx7c"]),
    ]
    action: Annotated[str, Meta(description="What.", examples=["settlement.approve"])]
    subject: Annotated[str, Meta(description="To what.", examples=["settlement:stl_06nz0nc5vj7r4gjx7c79l6za00"])]
    before: Annotated[Facts, Meta(description="What changed, as it was.", examples=[{"status": "REQUESTED"}])]
    after: Annotated[Facts, Meta(description="What changed, as it is.", examples=[{"status": "APPROVED"}])]
    address: Annotated[str | None, Meta(description="From which network address.", examples=["203.0.113.7"])]
    requestId: Annotated[str | None, Meta(description="By which request.", examples=["req_0123456789abcdef01234567"])]
    credential: Annotated[
        str | None, Meta(description="By which key, as far as it is shown.", examples=["sk_live_...a1b2"])
    ]
    hash: Annotated[str, Meta(description="SHA-256 of the row and of the one before it.", examples=["9f86d081884c"])]


class Records(msgspec.Struct, frozen=True):
    """A page of acts, the latest first."""

    records: list[Record]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Annotated[str | None, Meta(description="`before` of the next page; null when there is none.")]


class Chain(msgspec.Struct, frozen=True):
    """The rows of one owner."""

    owner: Annotated[str, Meta(description="central, or a merchant's id.", examples=["central"])]
    rows: Annotated[int, Meta(description="How many.")]
    head: Annotated[str, Meta(description="The hash of the last one: keep it elsewhere.", examples=["9f86d081884c"])]


class Fault(msgspec.Struct, frozen=True):
    """Something that is not as it was written."""

    owner: Annotated[str, Meta(description="Whose rows.", examples=["central"])]
    row: Annotated[int | None, Meta(description="Which one; null: the end.")]
    what: Annotated[str, Meta(description="What is wrong.", examples=["the row was changed"])]


class Verified(msgspec.Struct, frozen=True):
    """Whether the log is whole."""

    whole: Annotated[bool, Meta(description="Nothing was changed, taken out or put in.")]
    rows: Annotated[int, Meta(description="How many were read.")]
    chains: list[Chain]
    faults: list[Fault]
