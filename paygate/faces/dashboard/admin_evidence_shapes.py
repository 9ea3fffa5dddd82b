"""What the operator sends about accounts, sources and statements, and how evidence is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.canonical import JsonValue
from paygate.core.credits import Credit, CreditState
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.money import baht
from paygate.core.shapes import Field, Shape
from paygate.db.accounts import Account
from paygate.db.credits import Page
from paygate.db.sources import Source
from paygate.db.statement_files import Stored
from paygate.faces.dashboard import admin_evidence_answers as answers
from paygate.faces.dashboard import owners
from paygate.services.accounts import AMOUNT_TAGGINGS, MOST_WEIGHT, Capacity
from paygate.services.credits import MODES, Detail
from paygate.services.overview import Overview
from paygate.services.sources import READ_KINDS, NewSource
from paygate.wire import paging

MAX_NAME = 100
LONGEST_FILE_NAME = 200


def _account_id(name: str) -> Callable[[Fields], UUID | None]:
    def read(given: Fields) -> UUID | None:
        text = given.get(name)
        if text is None:
            return None
        try:
            return ids.read("acc", str(text))
        except NotFound:
            raise InvalidInput(f"{name} must be the id of an account.", field=name) from None

    return read


ACCOUNT_VALUES = {"type": "string", "pattern": "^acc_[0-9a-z]{26}$"}
ANY_ACCOUNT = declare.custom("accountId", _account_id("accountId"), ACCOUNT_VALUES, "Only of this account.")
ACCOUNT_ID = declare.needed(
    declare.custom(
        "accountId",
        _account_id("accountId"),
        ACCOUNT_VALUES,
        "The account that it is about.",
        example="acc_06nz0nc5vj7r4gjx7c79l6za00",
    ),
    "accountId is required.",
)
STATEMENT_ACCOUNT = ACCOUNT_ID
FILE_NAME = declare.at_most("name", LONGEST_FILE_NAME, "What the file is called.", example="november.csv")
STATEMENT_QUERY = Shape("StatementQuery", "What the file is.", (STATEMENT_ACCOUNT, FILE_NAME))
MODE = declare.choice("mode", MODES, "live (the default), or test: no money moves.", example="live")
STATE = declare.word("state", tuple(CreditState), "Only money of which this became.", example="UNASSIGNED")
CURSOR = paging.cursor_field(1)
CREDITS = Shape(
    "CreditQuery",
    "Which money.",
    (owners.OWNER, MODE, ANY_ACCOUNT, STATE, paging.FROM, paging.TO, paging.LIMIT, CURSOR),
)
WHOSE = Shape("OwnerQuery", "Whose.", (owners.OWNER,))
ANYBODYS = Shape("AnyOwnerQuery", "Whose.", (owners.ANY_OWNER,))


def _short(name: str, longest: int, about: str, example: str) -> Field[str | None]:
    return declare.text(name, longest, about, one_line=True, example=example)


PROMPTPAY = _short("promptpay", 40, "PromptPay ID: mobile, national or tax ID, or e-wallet.", "0812345678")
BANK = _short("bank", 3, "Code of the bank that keeps it, 3 digits.", "014")
NUMBER = _short("number", 40, "The account's number.", "4061234567")
NAME = declare.needed(
    _short("name", MAX_NAME, "Who holds it, as the payer's bank shows it.", "บริษัท เพย์เกต จำกัด"), "name is required."
)
BILLER_ID = _short("billerId", 40, "Biller ID of 15 digits, for bill-payment QRs.", "099400016550100")
TAGGING = declare.choice("amountTagging", AMOUNT_TAGGINGS, "How payments of one amount are told apart.", example="auto")
NEW_ACCOUNT = Shape(
    "NewAccount",
    "An account that money may arrive on.",
    (owners.OWNER, MODE, PROMPTPAY, BANK, NUMBER, NAME, BILLER_ID, TAGGING),
)
NEEDED_WEIGHT = declare.needed(
    declare.whole("weight", 1, MOST_WEIGHT, "Its part of new payments, beside its owner's other accounts.", example=3),
    "weight is required.",
)
SHARE = Shape("AccountShare", "How much of new payments an account gets.", (NEEDED_WEIGHT,))
KIND = declare.needed(
    declare.choice("kind", READ_KINDS, "The language that it speaks.", example="generic"), "kind is required."
)
BANK_MERCHANT = _short("bankMerchant", 32, "For kbank: the merchant id of its callbacks.", "KB102057149704")
NEW_SOURCE = Shape("NewSource", "Somebody who says what arrives on an account.", (ACCOUNT_ID, KIND, BANK_MERCHANT))


def new_account(given: Mapping[str, JsonValue]) -> dict[str, Any]:
    """What `accounts.add` is told. Raises InvalidInput, naming the field."""
    return {
        "owner": owners.OWNER.read(given),
        "test": MODE.read(given) == "test",
        "promptpay": PROMPTPAY.read(given),
        "bank": BANK.read(given),
        "number": NUMBER.read(given),
        "name": NAME.read(given),
        "biller_id": BILLER_ID.read(given),
        "amount_tagging": TAGGING.read(given) or "auto",
    }


def credit_page(query: Mapping[str, str]) -> tuple[Page, UUID | None]:
    """Which credits, and on which account. Raises InvalidInput, naming the field."""
    state, after = STATE.read(query), CURSOR.read(query)
    wanted = Page(
        merchant_id=owners.OWNER.read(query),
        mode=MODE.read(query) or "live",
        limit=paging.LIMIT.read(query),
        state=CreditState(state) if state else None,
        from_at=paging.FROM.read(query),
        to_at=paging.TO.read(query),
        before=(after[0], after[1][0]) if after else None,
    )
    return wanted, ANY_ACCOUNT.read(query)


# --- out -----------------------------------------------------------------------------------------------------------


def credit(one: Credit, payer_name: str | None) -> answers.Credit:
    """Money in a list."""
    return answers.Credit(
        id=ids.show("crd", one.id),
        owner=owners.show(one.merchant_id),
        mode=one.mode,
        receivingId=str(one.receiving_id),
        amount=baht(one.amount_satang),
        occurredAt=timestamp(one.occurred_at),
        recordedAt=timestamp(one.recorded_at),
        state=one.state,
        reason=one.reason,
        rank=one.rank,
        confirmed=one.confirmed,
        transactionId=None if one.payment_id is None else str(one.payment_id),
        payerName=payer_name,
        references=[ref for _, ref in one.references],
    )


def credit_detail(found: Detail) -> answers.CreditDetail:
    """Money with who told of it."""
    one, payer = found.credit, found.payer
    listed = credit(one, payer.name if payer else None)
    return answers.CreditDetail(
        **{name: getattr(listed, name) for name in listed.__struct_fields__},
        ref1=one.ref1,
        ref2=one.ref2,
        payerBank=payer.sending_bank if payer else None,
        payerAccount=payer.account if payer else None,
        told=[
            answers.Told(
                told.channel,
                told.rank,
                timestamp(told.occurred_at),
                timestamp(told.observed_at),
                ids.show("src", told.source_id) if told.kind else None,
            )
            for told in found.told
        ],
    )


def account(one: Account) -> answers.Account:
    """An account."""
    return answers.Account(
        id=ids.show("acc", one.id),
        receivingId=str(one.receiving_id),
        owner=owners.show(one.merchant_id),
        mode=one.mode,
        promptpay=one.proxy,
        billerId=one.biller_id,
        bank=one.bank_code,
        number=one.number,
        name=one.name,
        amountTagging=one.amount_tagging,
        weight=one.weight,
        pausedAt=timestamp(one.paused_at),
        retiredAt=timestamp(one.retired_at),
        createdAt=timestamp(one.created_at),
    )


def capacity(found: Capacity) -> answers.AccountDetail:
    """An account, how full it is and who speaks for it."""
    shown = account(found.account)
    return answers.AccountDetail(
        **{name: getattr(shown, name) for name in shown.__struct_fields__},
        openPayments=found.open_payments,
        heldAmounts=found.held_amounts,
        firstFreeAt=timestamp(found.free_at),
        fullest=[answers.Fullest(baht(one.price_satang), one.held, one.free) for one in found.fullest],
        sources=[
            answers.Speaker(ids.show("src", one.id), one.kind, one.disabled, timestamp(one.heard_at))
            for one in found.sources
        ],
        alarms=[answers.AccountAlarm(one.alarm, one.count) for one in found.alarms],
    )


def source(one: Source) -> answers.Source:
    """A source without its secret."""
    return answers.Source(
        id=ids.show("src", one.id),
        owner=owners.show(one.merchant_id),
        mode=one.mode,
        kind=one.kind,
        receivingId=str(one.receiving_id),
        disabledAt=timestamp(one.disabled_at),
        createdAt=timestamp(one.created_at),
    )


def new_source(made: NewSource) -> answers.SourceMade:
    """A source with its secret."""
    return answers.SourceMade(id=ids.show("src", made.id), secret=made.secret, url=made.url)


def statement(found: Stored) -> answers.Statement:
    """A statement with its report."""
    return answers.Statement(
        id=ids.show("stm", found.id),
        owner=owners.show(found.merchant_id),
        name=found.name,
        state=found.state,
        error=found.error,
        report=None if found.report is None else msgspec.Raw(found.report.encode()),
        createdAt=timestamp(found.created_at),
        finishedAt=timestamp(found.finished_at),
    )


def overview(found: Overview) -> answers.Installation:
    """How all of it stands."""
    waits = found.waiting
    return answers.Installation(
        database=found.health.database,
        databaseLatencyMs=found.health.latency_ms,
        waiting=answers.Queue(
            merchants=waits.merchants,
            reviews=waits.reviews,
            settlementsToApprove=waits.settlements_to_approve,
            settlementsToPay=waits.settlements_to_pay,
            settlementsLate=waits.settlements_late,
            refunds=waits.refunds,
            invoicesOverdue=waits.invoices_overdue,
        ),
        accounts=[
            answers.Listening(
                id=ids.show("acc", one.account.id),
                name=one.account.name,
                mode=one.account.mode,
                sources=[
                    answers.Speaker(ids.show("src", said.id), said.kind, said.disabled, timestamp(said.heard_at))
                    for said in one.sources
                ],
            )
            for one in found.accounts
        ],
        alarms=[answers.RaisedAlarm(ids.show("acc", one.account_id), one.alarm, one.count) for one in found.alarms],
    )
