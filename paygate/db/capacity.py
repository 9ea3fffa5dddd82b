"""How full an account is: for people who look, not for payments in the making."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from paygate.core.credits import SKEW
from paygate.db.pool import Conn
from paygate.db.sql import Sql

HELD = Sql("""
    SELECT count(*) FILTER (WHERE p.status = 'PENDING' AND p.expires_at > statement_timestamp()) AS open,
           count(*) FILTER (WHERE r.exclusive) AS amounts,
           min(r.until_at) FILTER (WHERE r.exclusive) + :skew::interval AS free_at
      FROM reservations r
      JOIN payments p ON p.merchant_id = r.merchant_id AND p.mode = r.mode AND p.id = r.payment_id
     WHERE r.mode = :mode AND r.receiving_id = :receiving_id AND r.until_at > statement_timestamp() - :skew::interval
""")

# Held by payments of the price; busy, for whichever price, among the amounts from low to high that it may take.
FULLEST = Sql("""
      WITH held AS (
           SELECT p.amount_satang AS price_satang, count(*) AS held
             FROM slots s
             JOIN payments p ON p.merchant_id = s.merchant_id AND p.mode = s.mode AND p.id = s.payment_id
            WHERE s.mode = :mode AND s.receiving_id = :receiving_id AND s.busy_until > statement_timestamp()
         GROUP BY 1
         ORDER BY 2 DESC, 1
            LIMIT :limit
           )
    SELECT h.price_satang, h.held, b.busy
      FROM held h
CROSS JOIN LATERAL (
           SELECT count(*) AS busy
             FROM slots s
            WHERE s.mode = :mode
              AND s.receiving_id = :receiving_id
              AND s.amount_satang BETWEEN h.price_satang + :low::bigint AND h.price_satang + :high::bigint
              AND s.busy_until > statement_timestamp()) b
  ORDER BY h.held DESC, h.price_satang
""")

SPEAKERS = Sql("""
    SELECT s.id, s.kind, s.disabled_at IS NOT NULL AS disabled,
           (SELECT max(o.observed_at)
              FROM observations o
             WHERE o.merchant_id = s.merchant_id AND o.mode = s.mode AND o.source_id = s.id) AS heard_at
      FROM sources s
     WHERE s.merchant_id = :merchant_id AND s.mode = :mode AND s.receiving_id = :receiving_id
  ORDER BY s.created_at, s.id
""")


@dataclass(frozen=True, slots=True)
class Held:
    """Open payments of an account, how many amounts are held, and when the first of those is free by itself."""

    open: int
    amounts: int
    free_at: datetime | None


@dataclass(frozen=True, slots=True)
class Price:
    """How many payments of a price hold an amount, and how many of the amounts that it may take are busy."""

    price_satang: int
    held: int
    busy: int


@dataclass(frozen=True, slots=True)
class Speaker:
    """A source that speaks for an account, and when it last told of money."""

    id: UUID
    kind: str
    disabled: bool
    heard_at: datetime | None


async def held(conn: Conn, mode: str, receiving_id: UUID) -> Held:
    """How much of an account is held."""
    row = await conn.fetchrow(*HELD.bind(mode=mode, receiving_id=receiving_id, skew=SKEW))
    return Held(**row)


async def fullest(conn: Conn, mode: str, receiving_id: UUID, low: int, high: int, limit: int) -> Sequence[Price]:
    """The prices that hold most; each may take amounts from *low* to *high* satang beside it."""
    rows = await conn.fetch(*FULLEST.bind(mode=mode, receiving_id=receiving_id, low=low, high=high, limit=limit))
    return [Price(**row) for row in rows]


async def speakers(conn: Conn, merchant_id: int, mode: str, receiving_id: UUID) -> Sequence[Speaker]:
    """The sources of an account."""
    rows = await conn.fetch(*SPEAKERS.bind(merchant_id=merchant_id, mode=mode, receiving_id=receiving_id))
    return [Speaker(**row) for row in rows]
