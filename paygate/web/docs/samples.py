"""What a webhook of each event looks like: made by the very functions that write the events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from paygate.core import events
from paygate.core.answers import TRANSACTION
from paygate.core.events import Announcement
from paygate.core.payments import Payment, Status
from paygate.core.payouts import PayoutStatus, Refund, Settlement
from paygate.core.slips import SlipOutcome, told_of_slip

AT: Final = datetime(2026, 11, 20, 3, 4, 5, 678_000, tzinfo=UTC)
ID: Final = UUID("019aa0d5-9a10-7b1e-8f6a-2c4e6a8b0d1f")
_PAYMENT: Final = Payment(
    merchant_id=1,
    mode="live",
    id=UUID(TRANSACTION),
    order_id="A-1001",
    description="Two coffees",
    metadata='{"table":"7"}',
    customer_email=None,
    callback_url=None,
    cancel_url=None,
    amount_source="server",
    amount_satang=15_000,
    payable_satang=15_000,
    fee_bps=300,
    fee_satang=450,
    vat_bps=0,
    vat_satang=0,
    flow="central",
    owner_id=0,
    account_id=ID,
    receiving_id=ID,
    ref1=None,
    ref2=None,
    qr_payload="",
    status=Status.PENDING,
    exception=None,
    sequence=1,
    received_satang=None,
    credit_id=None,
    verifying=False,
    created_at=AT - timedelta(minutes=1),
    expires_at=AT + timedelta(minutes=14),
    paid_at=None,
    closed_at=None,
)
_PAID: Final = replace(_PAYMENT, status=Status.PAID, sequence=2, received_satang=15_000, paid_at=AT)
_BY_EVENT: Final = {
    "payment.created": _PAYMENT,
    "payment.success": _PAID,
    "payment.failed": replace(_PAYMENT, status=Status.FAILED, sequence=2),
    "payment.expired": replace(_PAYMENT, status=Status.EXPIRED, sequence=2),
    "payment.cancelled": replace(_PAYMENT, status=Status.CANCELLED, sequence=2),
}
_PAYOUT: Final[Mapping[str, Any]] = {
    "merchant_id": 1,
    "mode": "live",
    "id": ID,
    "sequence": 1,
    "approved_by": None,
    "second_by": None,
    "claimed_by": None,
    "claimed_at": None,
    "bank_reference": None,
    "reason": None,
    "created_at": AT,
    "completed_at": None,
    "paid_from": None,
}
_SETTLEMENT: Final = Settlement(
    **{**_PAYOUT, "amount_satang": 150_000, "status": PayoutStatus.REQUESTED},
    destination_id=None,
    promised_on=date(2026, 11, 23),
)
_DONE: Final[Mapping[str, Any]] = {"bank_reference": "2026112012345678", "completed_at": AT + timedelta(days=3)}
_SETTLEMENTS: Final = {
    "settlement.created": _SETTLEMENT,
    "settlement.completed": replace(_SETTLEMENT, status=PayoutStatus.COMPLETED, sequence=4, **_DONE),
    "settlement.rejected": replace(
        _SETTLEMENT, status=PayoutStatus.REJECTED, sequence=2, reason="The account's name differs."
    ),
}
_REFUND: Final = Refund(
    **{**_PAYOUT, **_DONE, "amount_satang": 5_000, "status": PayoutStatus.COMPLETED},
    payment_id=_PAYMENT.id,
    flow="central",
    fee_returned_satang=0,
    vat_returned_satang=0,
    shortfall_satang=0,
    words="Wrong size",
    payee=None,
)

_MERCHANT: Final[Mapping[str, Mapping[str, object]]] = {
    "account.changed": {
        "accountId": "acc_06nz0nc5vj7r4gjx7c79l6za",
        "promptPayId": "xxxxxxxxx9999",
        "billerId": None,
        "bank": "004",
        "accountNumber": "xxxxxx7890",
        "accountName": "ร้านกาแฟ",
    },
    "destination.changed": {
        "destinationId": "dst_06nz0nc5vj7r4gjx7c79l6za",
        "promptPayId": "xxxxxxxxx9999",
        "bank": None,
        "accountNumber": None,
        "accountName": "ร้านกาแฟ",
        "usableAt": events.timestamp(AT + timedelta(days=1)),
    },
    "invoice.overdue": {
        "invoiceId": "inv_06nz0nc5vj7r4gjx7c79l6za00",
        "number": "INV-0001",
        "month": f"{AT:%Y-%m}",
        "toPay": 64.2,
        "dueOn": f"{AT:%Y-%m-%d}",
    },
    "plan.changed": {"plan": "pro", "feeBps": None, "validFrom": events.timestamp(AT)},
}


def body(event_type: str) -> str | None:
    """The JSON that a receiver of *event_type* gets, to read: with line ends and spaces; None where nobody says it."""
    made = _announced(event_type)
    return None if made is None else json.dumps(json.loads(made.body), ensure_ascii=False, indent=2)


def _announced(event_type: str) -> Announcement | None:
    if event_type in _BY_EVENT:
        return events.of_payment(event_type, _BY_EVENT[event_type], ID, AT)
    if event_type in _SETTLEMENTS:
        return events.of_settlement(event_type, _SETTLEMENTS[event_type], ID, AT)
    if event_type in _MERCHANT:
        return events.of_merchant(event_type, 1, ID, _MERCHANT[event_type], ID, AT)
    match event_type:
        case "refund.account_given":
            given = replace(_REFUND, status=PayoutStatus.REQUESTED, sequence=2, bank_reference=None, completed_at=None)
            return events.of_refund(event_type, replace(_PAID, sequence=3), given, ID, AT)
        case "refund.failed":
            refused = replace(_REFUND, status=PayoutStatus.REJECTED, reason="The account is closed.", sequence=2)
            refused = replace(refused, bank_reference=None, completed_at=None)
            return events.of_refund(event_type, replace(_PAID, sequence=3), refused, ID, AT)
        case "payment.refunded":
            return events.of_refund(event_type, replace(_PAID, sequence=3, refunded_satang=5_000), _REFUND, ID, AT)
        case "payment.verification":
            told = told_of_slip(SlipOutcome.REJECTED, "DUPLICATE", AT)
            return events.of_verification(replace(_PAYMENT, sequence=3), told, ID, AT)
        case "webhook.test" | "webhook.disabled":
            return events.of_endpoint(
                event_type,
                merchant_id=1,
                mode="live",
                endpoint_id=ID,
                url="https://shop.example/webhook",
                reason="answered 410 Gone" if event_type == "webhook.disabled" else None,
                sequence=1,
                event_id=ID,
                at=AT,
            )
    return None


def members() -> list[str]:
    """Every name that stands in `data` of some event, each once, in the order in which events have them."""
    found: dict[str, None] = {}
    for event_type in events.EVENT_TYPES:
        made = _announced(event_type)
        found |= dict.fromkeys(json.loads(made.body)["data"] if made else ())
    return list(found)
