"""How payments that somebody watches stand: one question for many of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from paygate.core.payments import Payment, Status
from paygate.db.payments import STANDING
from paygate.db.pool import Conn
from paygate.db.sql import Sql

LOOK = Sql(f"""
    SELECT p.merchant_id, p.mode, p.id, {STANDING} AS status, p.sequence,
           (SELECT max(coalesce(s.decided_at, s.handed_at)) FROM slips s
             WHERE s.merchant_id = p.merchant_id AND s.mode = p.mode AND s.payment_id = p.id) AS slip_at
      FROM unnest(:merchant_ids::bigint[], :modes::text[], :ids::uuid[]) AS w (merchant_id, mode, id)
      JOIN payments p ON p.merchant_id = w.merchant_id AND p.mode = w.mode AND p.id = w.id
""")  # noqa: S608 - an expression of our own

Key = tuple[int, str, UUID]
"""Merchant, mode and id of a payment."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What tells one state of a payment from another: its effective status, its changes, the last word on a slip."""

    status: str
    sequence: int
    slip_at: float | None


def key_of(payment: Payment) -> Key:
    """By what a payment is watched."""
    return (payment.merchant_id, payment.mode, payment.id)


async def look(conn: Conn, keys: Sequence[Key]) -> dict[Key, Seen]:
    """How these payments stand, those that there are."""
    merchant_ids, modes, ids = zip(*keys, strict=True)
    rows = await conn.fetch(*LOOK.bind(merchant_ids=list(merchant_ids), modes=list(modes), ids=list(ids)))
    return {
        (row["merchant_id"], row["mode"], row["id"]): Seen(
            Status(row["status"]), row["sequence"], row["slip_at"].timestamp() if row["slip_at"] else None
        )
        for row in rows
    }
