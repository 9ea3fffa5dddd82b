"""A merchant's month as the ledger has it: what it began with, what changed it, what it ended with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql

# What the merchant has with us (to take out, held or on its way) and what it owes us, before a moment.
BEFORE = Sql("""
    SELECT coalesce(-sum(e.amount_satang) FILTER (WHERE e.account <> 'receivable'), 0)::bigint AS has_satang,
           coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'receivable'), 0)::bigint AS owes_satang
      FROM journals j
      JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
     WHERE j.merchant_id = :merchant_id
       AND j.mode = :mode
       AND j.happened_at < :at
       AND e.account IN ('payable', 'held', 'payout_clearing', 'receivable')
""")

KINDS = Sql("""
    SELECT j.kind, count(DISTINCT j.id) AS journals,
           coalesce(-sum(e.amount_satang) FILTER (WHERE e.account <> 'receivable'), 0)::bigint AS has_satang,
           coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'receivable'), 0)::bigint AS owes_satang
      FROM journals j
      JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
     WHERE j.merchant_id = :merchant_id
       AND j.mode = :mode
       AND j.happened_at >= :from_at
       AND j.happened_at < :to_at
       AND e.account IN ('payable', 'held', 'payout_clearing', 'receivable')
  GROUP BY j.kind
  ORDER BY j.kind
""")

LINES = Sql("""
    SELECT j.happened_at, j.id, j.kind, j.subject_id,
           coalesce(-sum(e.amount_satang) FILTER (WHERE e.account <> 'receivable'), 0)::bigint AS has_satang,
           coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'receivable'), 0)::bigint AS owes_satang
      FROM journals j
      JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
     WHERE j.merchant_id = :merchant_id
       AND j.mode = :mode
       AND j.happened_at >= :from_at
       AND j.happened_at < :to_at
       AND e.account IN ('payable', 'held', 'payout_clearing', 'receivable')
  GROUP BY j.happened_at, j.id, j.kind, j.subject_id
    HAVING sum(e.amount_satang) FILTER (WHERE e.account <> 'receivable') <> 0
        OR sum(e.amount_satang) FILTER (WHERE e.account = 'receivable') <> 0
  ORDER BY j.happened_at, j.id
""")


@dataclass(frozen=True, slots=True)
class Sums:
    """What a merchant has with us and what it owes us, in satang: at a moment, or how much that changed."""

    has_satang: int
    owes_satang: int


@dataclass(frozen=True, slots=True)
class Line:
    """One booking, and by how much it changed the two."""

    happened_at: datetime
    id: UUID
    kind: str
    subject_id: UUID
    has_satang: int
    owes_satang: int


async def before(conn: Conn, merchant_id: int, mode: str, at: datetime) -> Sums:
    """What stood before *at*."""
    return Sums(**dict(await conn.fetchrow(*BEFORE.bind(merchant_id=merchant_id, mode=mode, at=at))))


async def kinds(
    conn: Conn, merchant_id: int, mode: str, from_at: datetime, to_at: datetime
) -> dict[str, tuple[int, Sums]]:
    """Kind of booking -> how many there were, and what they changed."""
    rows = await conn.fetch(*KINDS.bind(merchant_id=merchant_id, mode=mode, from_at=from_at, to_at=to_at))
    return {row["kind"]: (row["journals"], Sums(row["has_satang"], row["owes_satang"])) for row in rows}


async def lines(conn: Conn, merchant_id: int, mode: str, from_at: datetime, to_at: datetime) -> AsyncIterator[Line]:
    """Every booking that changed either, in order; read as they are asked for, inside the caller's transaction."""
    text, *values = LINES.bind(merchant_id=merchant_id, mode=mode, from_at=from_at, to_at=to_at)
    async for row in conn.cursor(text, *values):
        yield Line(**dict(row))
