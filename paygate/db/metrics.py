"""Numbers for the operator: what was counted by all processes, and what stands now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql
from paygate.telemetry import Series

# In one order, so that two processes never wait for each other in a circle.
ADD = Sql("""
    INSERT INTO metrics AS m (name, labels, value)
    SELECT n.name, n.labels, n.value
      FROM unnest(:names::text[], :labels::text[], :values::bigint[]) AS n (name, labels, value)
  ORDER BY n.name, n.labels
        ON CONFLICT (name, labels) DO UPDATE SET value = m.value + excluded.value
""")

TOTALS = Sql("SELECT name, labels, value FROM metrics ORDER BY name, labels")

REVIEWS = Sql("""
    SELECT CASE WHEN merchant_id = 0 THEN 'operator' ELSE 'merchants' END AS queue, mode, reason, count(*) AS open
      FROM reviews
     WHERE closed_at IS NULL
  GROUP BY 1, 2, 3
  ORDER BY 1, 2, 3
""")

# The central accounts in force, and where each is fullest: by whole baht, which is what a price and its tags fill.
SLOTS = Sql("""
      WITH central AS (
           SELECT DISTINCT ON (a.mode, a.receiving_id) a.id, a.mode, a.receiving_id
             FROM accounts a
            WHERE a.merchant_id = 0 AND a.retired_at IS NULL
         ORDER BY a.mode, a.receiving_id, a.created_at DESC, a.id DESC
           )
    SELECT c.id, c.mode, f.baht, f.held, f.all_held
      FROM central c
CROSS JOIN LATERAL (
           SELECT s.amount_satang / 100 AS baht, count(*) AS held, (sum(count(*)) OVER ())::bigint AS all_held
             FROM slots s
            WHERE s.mode = c.mode AND s.receiving_id = c.receiving_id AND s.busy_until > clock_timestamp()
         GROUP BY 1
         ORDER BY 2 DESC, 1
            LIMIT :prices) f
  ORDER BY c.mode, c.id, f.held DESC, f.baht
""")


SHARES = Sql("""
    SELECT DISTINCT ON (a.mode, a.receiving_id)
           a.id AS account_id, a.mode, coalesce(w.weight, 1) AS weight, w.paused_at IS NOT NULL AS paused
      FROM accounts a
 LEFT JOIN account_shares w ON w.merchant_id = a.merchant_id AND w.mode = a.mode AND w.receiving_id = a.receiving_id
     WHERE a.merchant_id = 0 AND a.retired_at IS NULL
  ORDER BY a.mode, a.receiving_id, a.created_at DESC, a.id DESC
""")


@dataclass(frozen=True, slots=True)
class Share:
    """How much of new payments a central account gets, and whether it gets none for now."""

    account_id: UUID
    mode: str
    weight: int
    paused: bool


@dataclass(frozen=True, slots=True)
class OpenReviews:
    """How many questions wait for a person: whose, and why."""

    queue: str
    mode: str
    reason: str
    open: int


@dataclass(frozen=True, slots=True)
class HeldAmounts:
    """How many of the hundred amounts from *baht*.00 on an account holds, and how many amounts it holds in all."""

    account_id: UUID
    mode: str
    baht: int
    held: int
    all_held: int


async def add(conn: Conn, counted: Mapping[Series, int]) -> None:
    """Add what a process counted to the totals."""
    rows = [(name, json.dumps(dict(labels)), value) for (name, labels), value in counted.items()]
    names, labels, values = zip(*rows, strict=True) if rows else ((), (), ())
    await conn.execute(*ADD.bind(names=list(names), labels=list(labels), values=list(values)))


async def totals(conn: Conn) -> dict[Series, int]:
    """All that was ever counted."""
    rows = await conn.fetch(*TOTALS.bind())
    return {(row["name"], tuple(json.loads(row["labels"]).items())): row["value"] for row in rows}


async def reviews(conn: Conn) -> Sequence[OpenReviews]:
    """The review queues."""
    return [OpenReviews(**row) for row in await conn.fetch(*REVIEWS.bind())]


async def shares(conn: Conn) -> Sequence[Share]:
    """The central accounts in force."""
    return [Share(**row) for row in await conn.fetch(*SHARES.bind())]


async def slots(conn: Conn, prices: int) -> Sequence[HeldAmounts]:
    """The central accounts, each where it is fullest, at *prices* places at most."""
    rows = await conn.fetch(*SLOTS.bind(prices=prices))
    return [HeldAmounts(row["id"], row["mode"], row["baht"], row["held"], row["all_held"]) for row in rows]
