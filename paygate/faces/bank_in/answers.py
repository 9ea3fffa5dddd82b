"""What the bank's face answers with; its JSON and its schema."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from paygate.core.answers import TRANSACTION, RequestId
from paygate.services.evidence import Word


class BankProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal: mend it for a 4xx, send the same again for a 5xx. Nothing was kept."""

    received: Annotated[bool, Meta(description="Always false.", examples=[False])] = False
    error: Annotated[str, Meta(description="What is wrong, in a word.", examples=["INVALID_REQUEST"])]
    message: Annotated[str, Meta(description="What is wrong.", examples=["amount is required: a number of baht."])]
    field: Annotated[str | UnsetType, Meta(description="The field that is wrong.", examples=["amount"])] = UNSET
    requestId: RequestId


class Outcome(msgspec.Struct, frozen=True):
    """What became of one piece of evidence."""

    outcome: Annotated[
        Word,
        Meta(
            description="PAID: it pays a payment. DUPLICATE: known already. REVIEW: a person decides. ORPHAN: nobody"
            " waits for it. IGNORED: no money came in. VERIFYING: it is being looked at.",
        ),
    ]
    transactionId: Annotated[str | None, Meta(description="The payment that it is about.", examples=[TRANSACTION])]


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """It is kept, and this became of it; for an array, of the weightiest, and of each."""

    received: Annotated[bool, Meta(description="Always true.", examples=[True])] = True
    outcome: Annotated[Word, Meta(description="What became of it.")]
    transactionId: Annotated[str | None, Meta(description="The payment that it is about.", examples=[TRANSACTION])]
    statementId: Annotated[
        str | UnsetType, Meta(description="Finds the report of a statement.", examples=["stm_06nz0nc5vj7r4gjx7c79l6za"])
    ] = UNSET
    outcomes: Annotated[list[Outcome] | UnsetType, Meta(description="Of each notice, in order.")] = UNSET


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice would be read as; nothing was kept."""

    received: Annotated[bool, Meta(description="Always true.", examples=[True])] = True
    dryRun: Annotated[bool, Meta(description="Always true.", examples=[True])] = True
    reading: Annotated[
        dict[str, Any] | UnsetType, Meta(description="Of one notice.", examples=[{"kind": "credit", "bank": "KBANK"}])
    ] = UNSET
    readings: Annotated[
        list[dict[str, Any]] | UnsetType,
        Meta(description="Of each notice of an array.", examples=[[{"kind": "credit", "bank": "KBANK"}]]),
    ] = UNSET
