"""Rows that the database takes, to be changed into rows that it must not take."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.db.pool import Conn

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MERCHANT = 41


def uid(number: int) -> UUID:
    """A UUIDv7 that a reader can tell from another."""
    return UUID(int=7 << 76 | 2 << 62 | number)


JOURNAL = uid(4)
OF_MERCHANT: dict[str, Any] = {"merchant_id": MERCHANT, "mode": "live"}
OF_PLATFORM: dict[str, Any] = {"merchant_id": 0, "mode": "live"}
GOOD: dict[str, dict[str, Any]] = {
    "merchants": {
        "merchant_id": MERCHANT,
        "name": "ร้านกาแฟ",
        "email": "shop@example.com",
        "plan": "free",
        "status": "APPROVED",
        "approved_at": NOON,
    },
    "users": {"merchant_id": MERCHANT, "id": uid(0x10), "email": "owner@example.com", "role": "owner"},
    "user_links": {
        "merchant_id": MERCHANT,
        "id": uid(0x20),
        "user_id": uid(0x10),
        "kind": "reset",
        "token_hash": bytes(32),
        "expires_at": NOON,
    },
    "throttles": {"kind": "address", "key": bytes(16), "full_until": NOON},
    "api_keys": OF_MERCHANT
    | {"id": uid(0x11), "kind": "secret", "key_hash": hashlib.sha256(b"key").digest(), "last4": "abcd"},
    "accounts": OF_PLATFORM
    | {"id": uid(0x12), "receiving_id": uid(0x13), "proxy_kind": "mobile", "proxy": "0066812345678", "name": "PayGate"},
    "payments": OF_MERCHANT
    | {
        "id": uid(1),
        "amount_satang": 15_000,
        "payable_satang": 15_000,
        "fee_bps": 300,
        "fee_satang": 450,
        "flow": "central",
        "owner_id": 0,
        "account_id": uid(0x12),
        "receiving_id": uid(0x13),
        "qr_payload": "000201",
        "created_at": NOON,
        "expires_at": NOON + 15 * MINUTE,
    },
    "reservations": {
        "mode": "live",
        "receiving_id": uid(0x13),
        "payment_id": uid(1),
        "merchant_id": MERCHANT,
        "owner_id": 0,
        "amount_satang": 15_000,
        "exclusive": True,
        "from_at": NOON,
        "until_at": NOON + 75 * MINUTE,
    },
    "credits": OF_PLATFORM
    | {
        "id": uid(2),
        "receiving_id": uid(0x13),
        "amount_satang": 15_000,
        "occurred_at": NOON,
        "recorded_at": NOON,
        "rank": "A",
        "state": "UNASSIGNED",
        "booked": True,
    },
    "credit_refs": {
        "mode": "live",
        "trust": "host",
        "namespace": "bank:004",
        "ref": "REF-1",
        "merchant_id": 0,
        "credit_id": uid(2),
    },
    "observations": OF_PLATFORM
    | {
        "credit_id": uid(2),
        "source_id": uid(0x14),
        "digest": bytes(32),
        "rank": "A",
        "occurred_at": NOON,
        "observed_at": NOON,
        "channel": "bridge",
    },
    "reviews": OF_PLATFORM | {"id": uid(3), "credit_id": uid(2), "reason": "ORPHAN", "opened_at": NOON},
    "journals": OF_MERCHANT
    | {"id": JOURNAL, "kind": "payment.paid", "subject_id": uid(1), "happened_at": NOON, "booked_at": NOON},
    "endpoints": OF_MERCHANT | {"id": uid(5), "url": "https://shop.example/hook", "secret": b"sealed"},
    "events": OF_MERCHANT
    | {
        "id": uid(6),
        "type": "payment.created",
        "subject_id": uid(1),
        "sequence": 1,
        "body": "{}",
        "created_at": NOON,
    },
    "deliveries": OF_MERCHANT | {"event_id": uid(6), "endpoint_id": uid(5), "run_at": NOON, "created_at": NOON},
    "settlements": OF_MERCHANT
    | {"id": uid(7), "amount_satang": 10_000, "status": "REQUESTED", "created_at": NOON, "promised_on": NOON.date()},
    "payout_destinations": {
        "merchant_id": MERCHANT,
        "id": uid(8),
        "number": "4061234567",
        "name": "ร้านกาแฟ",
        "created_at": NOON,
        "usable_at": NOON,
    },
    "refunds": OF_MERCHANT
    | {"id": uid(9), "payment_id": uid(1), "amount_satang": 100, "status": "REQUESTED", "created_at": NOON}
    | {"flow": "central"},
    "idempotency_keys": OF_MERCHANT
    | {
        "credential": "secret",
        "path": "POST /",
        "key": "k",
        "fingerprint": bytes(32),
        "created_at": NOON,
        "expires_at": NOON + timedelta(days=1),
    },
    "slips": OF_MERCHANT
    | {"id": uid(0xA), "payment_id": uid(1), "outcome": "VERIFYING", "run_at": NOON, "created_at": NOON}
    | {"payload": "0041", "sending_bank": "004", "trans_ref": "T1"},
    "audit_heads": {"merchant_id": MERCHANT, "last_id": 1, "last_hash": b"x", "seal": "s"},
    "audit_log": {
        "merchant_id": MERCHANT,
        "id": 1,
        "at": NOON,
        "actor": "cli",
        "action": "approve",
        "subject": "merchant",
        "prev_hash": b"",
        "hash": b"x",
    },
}
PAID: dict[str, Any] = {
    "status": "PAID",
    "paid_at": NOON,
    "closed_at": NOON,
    "credit_id": uid(2),
    "received_satang": 15_000,
}
SETTLED: dict[str, Any] = {
    "state": "SETTLED",
    "payment_merchant_id": MERCHANT,
    "payment_id": uid(1),
    "part": 1,
    "settled_at": NOON,
}


async def put(conn: Conn, table: str, **changes: Any) -> None:
    """Insert a good row of *table* with these changes."""
    values = GOOD[table] | changes
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await conn.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())


async def book(conn: Conn, *lines: tuple[str, int], journal: UUID = JOURNAL) -> None:
    """Write a journal's lines, in one statement."""
    await conn.execute(
        """INSERT INTO entries (merchant_id, mode, journal_id, line, account, amount_satang)
           SELECT $1, 'live', $2, l.line, l.account, l.amount
             FROM unnest($3::text[], $4::bigint[]) WITH ORDINALITY AS l (account, amount, line)""",
        MERCHANT,
        journal,
        [account for account, _ in lines],
        [amount for _, amount in lines],
    )
