"""What the calls about evidence answer to the operator."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from paygate.core.answers import TRANSACTION, Baht, Done, Moment
from paygate.core.credits import CreditState
from paygate.faces.dashboard.stats_answers import Mode

Owner: TypeAlias = Annotated[str, Meta(description="central, or a merchant's id.", examples=["central"])]
CreditId: TypeAlias = Annotated[
    str, Meta(description="The money's id.", pattern="^crd_", examples=["crd_06nz0nc5vj7r4gjx7c79l6za00"])
]
AccountId: TypeAlias = Annotated[
    str, Meta(description="The account's id.", pattern="^acc_", examples=["acc_06nz0nc5vj7r4gjx7c79l6za00"])
]
SourceId: TypeAlias = Annotated[
    str, Meta(description="The source's id.", pattern="^src_", examples=["src_06nz0nc5vj7r4gjx7c79l6za00"])
]
ReceivingId: TypeAlias = Annotated[
    str, Meta(description="The real account behind all versions.", examples=[TRANSACTION])
]
Json: TypeAlias = Annotated[msgspec.Raw | None, Meta(extra_json_schema={"type": ["object", "null"]})]


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Money that arrived."""

    id: CreditId
    owner: Owner
    mode: Mode
    receivingId: ReceivingId
    amount: Annotated[Baht, Meta(description="In baht.")]
    occurredAt: Annotated[Moment, Meta(description="When it moved.")]
    recordedAt: Annotated[Moment, Meta(description="When we heard of it first.")]
    state: Annotated[CreditState, Meta(description="What became of it.")]
    reason: Annotated[str | None, Meta(description="Why it pays nothing by itself.", examples=["ORPHAN"])]
    rank: Annotated[str, Meta(description="How sure it is: A (a bank's word) to D (a person's).", examples=["A"])]
    confirmed: Annotated[bool, Meta(description="Whether more than a notice told of it.")]
    transactionId: Annotated[str | None, Meta(description="The payment that it pays.", examples=[TRANSACTION])]
    payerName: Annotated[str | None, Meta(description="Who sent it, as the bank says.", examples=["สมชาย ใ"])]
    references: Annotated[list[str], Meta(description="The banks' references.", examples=[["2026112012345678"]])]


class Told(msgspec.Struct, frozen=True):
    """Somebody who told of it."""

    channel: Annotated[str, Meta(description="How.", examples=["notice"])]
    rank: Annotated[str, Meta(description="How sure that is.", examples=["C"])]
    occurredAt: Annotated[Moment, Meta(description="When it moved, as they say.")]
    observedAt: Annotated[Moment, Meta(description="When they told.")]
    source: Annotated[str | None, Meta(description="Which source; null: a verifier or a person.")]


class CreditDetail(Credit, frozen=True, kw_only=True):
    """Money that arrived, with who told of it."""

    ref1: Annotated[str | None, Meta(description="First reference of a bill payment.")]
    ref2: Annotated[str | None, Meta(description="Second reference of a bill payment.")]
    payerBank: Annotated[str | None, Meta(description="From which bank.", examples=["014"])]
    payerAccount: Annotated[str | None, Meta(description="From which account, as the bank says.")]
    told: list[Told]


class Credits(msgspec.Struct, frozen=True):
    """A page of money that arrived, the latest first."""

    credits: list[Credit]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Annotated[str | None, Meta(description="`cursor` of the next page; null when there is none.")]


class OneCredit(msgspec.Struct, frozen=True):
    """One arrival of money."""

    credit: CreditDetail
    success: Done = True


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Where money arrives."""

    id: AccountId
    receivingId: ReceivingId
    owner: Owner
    mode: Mode
    promptpay: Annotated[str | None, Meta(description="PromptPay ID, as QRs carry it.", examples=["0066812345678"])]
    billerId: Annotated[str | None, Meta(description="Biller ID.", examples=["099400016550100"])]
    bank: Annotated[str | None, Meta(description="The bank's code.", examples=["014"])]
    number: Annotated[str | None, Meta(description="The account's number.", examples=["4061234567"])]
    name: Annotated[str, Meta(description="Who holds it.", examples=["บริษัท เพย์เกต จำกัด"])]
    amountTagging: Annotated[str, Meta(description="How payments of one amount are told apart.", examples=["auto"])]
    weight: Annotated[int, Meta(description="Its part of new payments beside its owner's others.", examples=[1])]
    pausedAt: Annotated[Moment | None, Meta(description="Since when it is paused: no new payments, until resumed.")]
    retiredAt: Annotated[Moment | None, Meta(description="Since when no payments are made on it.")]
    createdAt: Annotated[Moment, Meta(description="When this version was made.")]


class Fullest(msgspec.Struct, frozen=True):
    """A price and its amounts."""

    price: Annotated[Baht, Meta(description="In baht.")]
    held: Annotated[int, Meta(description="Amounts that are held.")]
    free: Annotated[int, Meta(description="Amounts that are free.")]


class Speaker(msgspec.Struct, frozen=True):
    """Who speaks for an account."""

    id: SourceId
    kind: Annotated[str, Meta(description="The language that it speaks.", examples=["generic"])]
    disabled: Annotated[bool, Meta(description="Whether nothing is believed of it.")]
    lastHeardAt: Annotated[Moment | None, Meta(description="When it told of money last.")]


class AccountAlarm(msgspec.Struct, frozen=True):
    """Something that is wrong with an account."""

    alarm: Annotated[str, Meta(description="What.", examples=["BALANCE_BREAK"])]
    count: Annotated[int, Meta(description="How often.")]


class AccountDetail(Account, frozen=True, kw_only=True):
    """An account, how full it is, and who speaks for it."""

    openPayments: Annotated[int, Meta(description="Payments that wait for money on it.")]
    heldAmounts: Annotated[int, Meta(description="Amounts that are held.")]
    firstFreeAt: Annotated[Moment | None, Meta(description="When the first of those is free by itself.")]
    fullest: list[Fullest]
    sources: list[Speaker]
    alarms: list[AccountAlarm]


class Accounts(msgspec.Struct, frozen=True):
    """Accounts in force."""

    accounts: list[Account]


class OneAccount(msgspec.Struct, frozen=True):
    """One account."""

    account: AccountDetail
    success: Done = True


class AccountMade(msgspec.Struct, frozen=True):
    """An account that was just made."""

    account: Account
    success: Done = True


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Who may say that money arrived."""

    id: SourceId
    owner: Owner
    mode: Mode
    kind: Annotated[str, Meta(description="The language that it speaks.", examples=["generic"])]
    receivingId: ReceivingId
    disabledAt: Annotated[Moment | None, Meta(description="Since when nothing is believed of it.")]
    createdAt: Annotated[Moment, Meta(description="When it was made.")]


class Sources(msgspec.Struct, frozen=True):
    """Sources, without their secrets."""

    sources: list[Source]


class SourceChanged(msgspec.Struct, frozen=True):
    """A source after a change."""

    source: Source
    success: Done = True


class SourceMade(msgspec.Struct, frozen=True, kw_only=True):
    """A source, or its new secret, shown this once."""

    success: Done = True
    id: SourceId
    secret: Annotated[str, Meta(description="What it signs with.", examples=["whsec_example"])]
    url: Annotated[
        str,
        Meta(
            description="Where it sends; a bank's has the secret in it.",
            examples=["https://pay.example/api/bank/src_x"],
        ),
    ]


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A bank's statement and what comparing it with our credits found."""

    id: Annotated[
        str, Meta(description="The statement's id.", pattern="^stm_", examples=["stm_06nz0nc5vj7r4gjx7c79l6za00"])
    ]
    owner: Owner
    name: Annotated[str, Meta(description="What the file was called.", examples=["november.csv"])]
    state: Annotated[
        str, Meta(description="Where it stands.", extra_json_schema={"enum": ["WAITING", "DONE", "FAILED"]})
    ]
    error: Annotated[str | None, Meta(description="Why it could not be read.")]
    report: Annotated[Json, Meta(description="What was found.", examples=[{"clean": True}])]
    createdAt: Annotated[Moment, Meta(description="When it came.")]
    finishedAt: Annotated[Moment | None, Meta(description="When it was compared.")]


class OneStatement(msgspec.Struct, frozen=True):
    """One statement."""

    statement: Statement
    success: Done = True


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person, in live mode."""

    merchants: Annotated[int, Meta(description="Merchants to approve.")]
    reviews: Annotated[int, Meta(description="Questions about money on the central accounts.")]
    settlementsToApprove: Annotated[int, Meta(description="Settlements to approve.")]
    settlementsToPay: Annotated[int, Meta(description="Settlements that are approved and not yet paid.")]
    settlementsLate: Annotated[int, Meta(description="Settlements whose day is over.")]
    refunds: Annotated[int, Meta(description="Refunds that the operator has to pay.")]
    invoicesOverdue: Annotated[int, Meta(description="Fee invoices whose day is over.")]


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """A central account and who speaks for it."""

    id: AccountId
    name: Annotated[str, Meta(description="Who holds it.", examples=["บริษัท เพย์เกต จำกัด"])]
    mode: Mode
    sources: list[Speaker]


class RaisedAlarm(msgspec.Struct, frozen=True):
    """Something that is wrong with an account."""

    accountId: AccountId
    alarm: Annotated[str, Meta(description="What.", examples=["BALANCE_BREAK"])]
    count: Annotated[int, Meta(description="How often.")]


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """How the installation stands."""

    success: Done = True
    database: Annotated[bool, Meta(description="Whether the database answers.")]
    databaseLatencyMs: Annotated[int, Meta(description="How long it takes.")]
    waiting: Queue
    accounts: list[Listening]
    alarms: list[RaisedAlarm]
