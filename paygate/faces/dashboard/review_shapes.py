"""What the calls about reviews read, and how reviews become answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from paygate.core import ids, money
from paygate.core import shapes as declare
from paygate.core.canonical import JsonValue
from paygate.core.credits import Credit
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.matching import Reason
from paygate.core.money import MAX_AMOUNT_SATANG, baht
from paygate.core.reviews import MAX_PARTS, MAX_WORDS, Action, Hint
from paygate.core.shapes import Field, Shape
from paygate.db.reviews import Listed, Review
from paygate.faces.dashboard import review_answers as answers
from paygate.faces.dashboard.owners import OWNER
from paygate.services.review_actions import Wish
from paygate.services.reviews import Detail, Page, Resolved
from paygate.wire.paging import LIMIT

T = TypeVar("T")
LOW_SATANG = 1

MODE = declare.choice("mode", ("live", "test"), "Only this mode; without it, both.", example="live")
STATE = declare.word("state", ("OPEN", "CLOSED"), "OPEN (the default), the oldest first; CLOSED, the latest first.")
WHY_OPEN = declare.word("reason", tuple(Reason), "Only these questions.", example="ORPHAN")


def _named(name: str, read: Callable[[str], T], message: str) -> Callable[[Fields], T | None]:
    """An id in a field: one that is none is that field's fault."""

    def found(given: Fields) -> T | None:
        text = given.get(name)
        if text is None:
            return None
        try:
            return read(str(text))
        except NotFound:
            raise InvalidInput(message, field=name) from None

    return found


def _credits(given: Fields) -> tuple[UUID, ...]:
    value = given.get("creditIds")
    if value is None:
        return ()
    message = f"creditIds must be an array of at most {MAX_PARTS} ids of credits."
    if not isinstance(value, list) or len(value) > MAX_PARTS or not all(isinstance(one, str) for one in value):
        raise InvalidInput(message, field="creditIds")
    try:
        return tuple(ids.read("crd", str(one)) for one in value)
    except NotFound:
        raise InvalidInput(message, field="creditIds") from None


def _amount(given: Fields) -> int | None:
    if given.get("amount") is None:
        return None
    return money.satang_from_json(given["amount"], field="amount", low=LOW_SATANG, high=MAX_AMOUNT_SATANG * 20)


AFTER = declare.custom(
    "cursor",
    _named("cursor", lambda text: ids.read("rev", text), "cursor must be a nextCursor of an earlier answer."),
    {"type": "string", "pattern": "^rev_[0-9a-z]{26}$"},
    "`nextCursor` of the page before.",
)
OWN = Shape("ReviewQuery", "Which reviews.", (MODE, STATE, WHY_OPEN, AFTER, LIMIT))
ANY = Shape("AdminReviewQuery", "Whose reviews, and which.", (OWNER, MODE, STATE, WHY_OPEN, AFTER, LIMIT))
WHOSE = Shape("WhoseReview", "Whose queue it is in.", (OWNER,))

ACTION: Field[str] = declare.needed(
    declare.choice("action", tuple(Action), "One of the review's `actions`.", example="match"), "action is required."
)
REASON = declare.needed(
    declare.text("reason", MAX_WORDS, "Why, in your words; kept in the audit log.", example="Seen in the bank's app"),
    "reason is required.",
)
PAYMENT = declare.custom(
    "transactionId",
    _named("transactionId", ids.read_uuid, "transactionId must be a payment's id."),
    {"type": "string", "format": "uuid"},
    "The payment that the money pays, or that fails.",
    example="019aa0d5-8f2c-7c4e-9c5d-3b0e9a6f2d11",
)
CREDITS = declare.custom(
    "creditIds",
    _credits,
    {"type": "array", "maxItems": MAX_PARTS, "items": {"type": "string"}},
    "Further money that pays the same payment (`combine`).",
)
AMOUNT = declare.custom(
    "amount",
    _amount,
    {"type": "number", "minimum": 0.01, "multipleOf": 0.01},
    "In baht: to accept too much money, or as a slip or text shows it.",
    example=150.00,
)
OCCURRED_AT = declare.moment(
    "occurredAt", "When the money moved, as a slip or text shows it.", example="2026-11-20T10:15:00+07:00"
)
DECISION = Shape("Decision", "What shall be done.", (ACTION, REASON, PAYMENT, CREDITS, AMOUNT, OCCURRED_AT))


def wish(given: Mapping[str, JsonValue], actor: str) -> Wish:
    """The body of a decision. Raises InvalidInput, naming the field."""
    return Wish(
        action=Action(ACTION.read(given)),
        actor=actor,
        words=REASON.read(given),
        payment_id=PAYMENT.read(given),
        credit_ids=CREDITS.read(given),
        amount_satang=AMOUNT.read(given),
        occurred_at=OCCURRED_AT.read(given),
    )


# --- out -----------------------------------------------------------------------------------------------------------


def page(found: Page) -> answers.Reviews:
    """A page of a queue."""
    rows = [_listed(one) for one in found.reviews]
    return answers.Reviews(rows, found.more, rows[-1].id if found.more else None)


def detail(found: Detail) -> answers.OneReview:
    """A review with all that is known."""
    slip = found.slip
    return answers.OneReview(
        answers.ReviewDetail(
            **_fields(found.review),
            actions=list(found.actions),
            credit=None if found.credit is None else _credit(found, found.credit),
            candidates=[_candidate(one, found.merchants) for one in found.hints],
            slip=None
            if slip is None
            else answers.ReviewSlip(
                id=ids.show("slip", slip.id),
                transactionId=str(slip.payment_id),
                sendingBank=slip.sending_bank,
                transRef=slip.trans_ref,
                facts=None if slip.facts is None else msgspec.Raw(msgspec.json.encode(slip.facts)),
                hasPicture=slip.has_picture,
                outcome=slip.outcome,
                createdAt=timestamp(slip.created_at),
            ),
        )
    )


def resolved(done: Resolved) -> answers.ReviewResolved:
    """What a decision did."""
    return answers.ReviewResolved(
        id=ids.show("rev", done.review_id),
        action=done.action,
        transactionId=None if done.payment_id is None else str(done.payment_id),
        transactionStatus=done.payment_status,
        creditIds=[ids.show("crd", one) for one in done.credit_ids],
        creditState=done.credit_state,
    )


def _fields(one: Review) -> dict[str, Any]:
    return {
        "id": ids.show("rev", one.id),
        "mode": one.mode,
        "reason": one.reason,
        "detail": one.detail,
        "alarm": one.alarm,
        "openedAt": timestamp(one.opened_at),
        "closedAt": timestamp(one.closed_at),
        "resolution": one.resolution,
        "resolvedBy": one.resolved_by,
        "resolveReason": one.resolve_reason,
    }


def _listed(found: Listed) -> answers.Review:
    return answers.Review(
        **_fields(found.review),
        amount=None if found.amount_satang is None else baht(found.amount_satang),
        occurredAt=timestamp(found.occurred_at),
        payerName=found.payer_name,
    )


def _credit(found: Detail, one: Credit) -> answers.ReviewCredit:
    payer = found.payer
    return answers.ReviewCredit(
        id=ids.show("crd", one.id),
        amount=baht(one.amount_satang),
        occurredAt=timestamp(one.occurred_at),
        state=one.state,
        rank=one.rank,
        references=[ref for _, ref in one.references],
        payerName=payer.name if payer else None,
        payerAccount=payer.account if payer else None,
        payerBank=payer.sending_bank if payer else None,
        toldBy=sorted({told.channel for told in found.told}),
    )


def _candidate(hint: Hint, names: Mapping[int, str]) -> answers.Candidate:
    payment = hint.payment
    return answers.Candidate(
        transactionId=str(payment.id),
        merchantId=ids.show_merchant(payment.merchant_id),
        merchantName=names.get(payment.merchant_id),
        orderId=payment.order_id,
        status=hint.status,
        payableAmount=baht(payment.payable_satang),
        createdAt=timestamp(payment.created_at),
        expiresAt=timestamp(payment.expires_at),
        why=list(hint.why),
        withCredit=None if hint.with_credit is None else ids.show("crd", hint.with_credit),
    )
