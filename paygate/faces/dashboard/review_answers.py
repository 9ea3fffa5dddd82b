"""What the calls about reviews answer."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from paygate.core.answers import TRANSACTION, Baht, Done, Moment
from paygate.core.credits import CreditState
from paygate.core.payments import Status
from paygate.core.reviews import Action
from paygate.faces.dashboard.answers import MerchantId
from paygate.faces.dashboard.stats_answers import Mode

ReviewId: TypeAlias = Annotated[
    str, Meta(description="The review's id.", pattern="^rev_", examples=["rev_06nz0nc5vj7r4gjx7c79l6za00"])
]
CreditId: TypeAlias = Annotated[
    str, Meta(description="The money's id.", pattern="^crd_", examples=["crd_06nz0nc5vj7r4gjx7c79l6za00"])
]
TransactionId: TypeAlias = Annotated[str, Meta(description="The payment's id.", examples=[TRANSACTION])]
Facts: TypeAlias = Annotated[msgspec.Raw | None, Meta(extra_json_schema={"type": ["object", "null"]})]


class ReviewFields(msgspec.Struct, frozen=True, kw_only=True):
    """A question for a person."""

    id: ReviewId
    mode: Mode
    reason: Annotated[str, Meta(description="The question.", examples=["ORPHAN"])]
    detail: Annotated[str, Meta(description="More of it, or the text that nobody could read.")]
    alarm: Annotated[bool, Meta(description="Whether it should not have happened at all.")]
    openedAt: Annotated[Moment, Meta(description="Since when it waits.")]
    closedAt: Annotated[Moment | None, Meta(description="When it was decided.")]
    resolution: Annotated[str | None, Meta(description="How.", examples=["match"])]
    resolvedBy: Annotated[str | None, Meta(description="By whom; null: later evidence answered it.")]
    resolveReason: Annotated[str | None, Meta(description="Why, in their words.")]


class Review(ReviewFields, frozen=True, kw_only=True):
    """A question for a person, in a list."""

    amount: Annotated[Baht | None, Meta(description="The money that it is about, in baht.")]
    occurredAt: Annotated[Moment | None, Meta(description="When that moved.")]
    payerName: Annotated[str | None, Meta(description="Who sent it, as the bank says.", examples=["สมชาย ใ"])]


class Reviews(msgspec.Struct, frozen=True):
    """A page of a queue."""

    reviews: list[Review]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Annotated[str | None, Meta(description="`cursor` of the next page; null when there is none.")]


class ReviewCredit(msgspec.Struct, frozen=True, kw_only=True):
    """The money that a review is about."""

    id: CreditId
    amount: Annotated[Baht, Meta(description="In baht.")]
    occurredAt: Annotated[Moment, Meta(description="When it moved.")]
    state: Annotated[CreditState, Meta(description="What became of it.")]
    rank: Annotated[str, Meta(description="How sure it is: A (a bank's word) to D (a person's).", examples=["C"])]
    references: Annotated[list[str], Meta(description="The banks' references.", examples=[["2026112012345678"]])]
    payerName: Annotated[str | None, Meta(description="Who sent it, as the bank says.", examples=["สมชาย ใ"])]
    payerAccount: Annotated[str | None, Meta(description="From which account, as the bank says.")]
    payerBank: Annotated[str | None, Meta(description="From which bank.", examples=["014"])]
    toldBy: Annotated[list[str], Meta(description="By which channels we know.", examples=[["notice"]])]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that may be meant."""

    transactionId: TransactionId
    merchantId: MerchantId
    merchantName: Annotated[str | None, Meta(description="Whose it is.", examples=["ร้านกาแฟ"])]
    orderId: Annotated[str | None, Meta(description="The merchant's number of the order.", examples=["A-1001"])]
    status: Annotated[Status, Meta(description="Where it stands.")]
    payableAmount: Annotated[Baht, Meta(description="What its QR asks for, in baht.")]
    createdAt: Annotated[Moment, Meta(description="When it was made.")]
    expiresAt: Annotated[Moment, Meta(description="Until when it may be paid.")]
    why: Annotated[list[str], Meta(description="What speaks for it and against.", examples=[["the same amount"]])]
    withCredit: Annotated[str | None, Meta(description="Other money with which the sum is exact.")]


class ReviewSlip(msgspec.Struct, frozen=True, kw_only=True):
    """The slip that a review is about."""

    id: Annotated[str, Meta(description="The slip's id.", examples=["slip_06nz0nc5vj7r4gjx7c79l6za00"])]
    transactionId: TransactionId
    sendingBank: Annotated[str | None, Meta(description="The bank that sent the money.", examples=["014"])]
    transRef: Annotated[str | None, Meta(description="Its reference.", examples=["2026112012345678"])]
    facts: Annotated[Facts, Meta(description="What its bank said of it.", examples=[{"amountSatang": 15000}])]
    hasPicture: Annotated[bool, Meta(description="Whether `picture` has it.")]
    outcome: Annotated[str, Meta(description="What became of it.", examples=["REVIEW"])]
    createdAt: Annotated[Moment, Meta(description="When it was handed in.")]


class ReviewDetail(ReviewFields, frozen=True, kw_only=True):
    """A question with all that is known."""

    actions: Annotated[list[Action], Meta(description="What can be done.")]
    credit: ReviewCredit | None
    candidates: list[Candidate]
    slip: ReviewSlip | None


class OneReview(msgspec.Struct, frozen=True):
    """One review."""

    review: ReviewDetail
    success: Done = True


class ReviewResolved(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision did."""

    success: Done = True
    id: ReviewId
    action: Annotated[Action, Meta(description="What was done.")]
    transactionId: Annotated[str | None, Meta(description="The payment that it was about.", examples=[TRANSACTION])]
    transactionStatus: Annotated[Status | None, Meta(description="Where that stands now.")]
    creditIds: Annotated[list[str], Meta(description="The money.", examples=[["crd_06nz0nc5vj7r4gjx7c79l6za00"]])]
    creditState: Annotated[CreditState | None, Meta(description="What became of it.")]
