"""A payment, a credit and an observation as tests of the core want them: one that is all right, changed where asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.credits import Credit, CreditState, Observation
from paygate.core.matching import Candidate
from paygate.core.payments import QUARANTINE_OTHER, Payment, Status

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # 12:00 in Bangkok.
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
MERCHANT = 41
ACCOUNT = UUID(int=7 << 76 | 2 << 62 | 0xACC)
OTHER_ACCOUNT = UUID(int=7 << 76 | 2 << 62 | 0xACD)
SOURCE = UUID(int=7 << 76 | 2 << 62 | 0x50)
OTHER_SOURCE = UUID(int=7 << 76 | 2 << 62 | 0x51)


def uid(number: int) -> UUID:
    """A UUIDv7 that a reader can tell from another."""
    return UUID(int=7 << 76 | 2 << 62 | number)


def payment(**changes: Any) -> Payment:
    """An open central payment of 150.00 on Free, made at NOON for 15 minutes."""
    made = Payment(
        merchant_id=MERCHANT,
        mode="live",
        id=uid(1),
        order_id="ORDER-1",
        description=None,
        metadata="{}",
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
        account_id=uid(0xACC1),
        receiving_id=ACCOUNT,
        ref1=None,
        ref2=None,
        qr_payload="000201",
        status=Status.PENDING,
        exception=None,
        sequence=1,
        received_satang=None,
        credit_id=None,
        verifying=False,
        created_at=NOON,
        expires_at=NOON + 15 * MINUTE,
        paid_at=None,
        closed_at=None,
    )
    return replace(made, **changes)


def direct(**changes: Any) -> Payment:
    """An open direct payment of 150.00 on Pro."""
    return payment(**{"flow": "direct", "owner_id": MERCHANT, "fee_bps": 200, "fee_satang": 300} | changes)


def paid(**changes: Any) -> Payment:
    """A payment that has its money."""
    values = {
        "status": Status.PAID,
        "paid_at": NOON + MINUTE,
        "closed_at": NOON + MINUTE,
        "credit_id": uid(0xC0),
        "received_satang": 15_000,
        "sequence": 2,
    }
    return payment(**values | changes)


def ended(status: Status, **changes: Any) -> Payment:
    """A payment that ended without money at its deadline."""
    return payment(**{"status": status, "closed_at": NOON + 15 * MINUTE, "sequence": 2} | changes)


def credit(**changes: Any) -> Credit:
    """150.00 that arrived on the central account a minute after NOON, not yet in the books."""
    made = Credit(
        merchant_id=0,
        mode="live",
        id=uid(0xC1),
        receiving_id=ACCOUNT,
        amount_satang=15_000,
        occurred_at=NOON + MINUTE,
        recorded_at=NOON + MINUTE,
        rank="A",
        state=CreditState.UNASSIGNED,
        booked=False,
    )
    return replace(made, **changes)


def seen(**changes: Any) -> Observation:
    """What a source says about such a credit."""
    made = Observation(
        merchant_id=0,
        mode="live",
        receiving_id=ACCOUNT,
        source_id=SOURCE,
        rank="A",
        amount_satang=15_000,
        occurred_at=NOON + MINUTE,
        trust="host",
        namespace="bank:004",
        reference="REF-1",
        digest=b"d" * 32,
    )
    return replace(made, **changes)


def holder(of: Payment | None = None, from_at: datetime | None = None, until_at: datetime | None = None) -> Candidate:
    """A payment with its hold: from its creation to the end of its quarantine."""
    of = of or payment()
    return Candidate(of, from_at or of.created_at, until_at or of.expires_at + QUARANTINE_OTHER)
