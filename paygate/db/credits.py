"""Credits: the lock that serialises them, and what is known of them. How they change is in `db.steps`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.credits import MERGE_WINDOW, SKEW, Credit, CreditState, Heard, Observation
from paygate.core.payments import Payment
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# The one lock: (mode, account, amount). The clock is read behind it.
LOCK_SLOT = Sql("""
    INSERT INTO slots AS s (mode, receiving_id, amount_satang)
    VALUES (:mode, :receiving_id, :amount_satang)
        ON CONFLICT (mode, receiving_id, amount_satang) DO UPDATE SET payment_id = s.payment_id
 RETURNING clock_timestamp() AS now
""")

CREDIT = """c.merchant_id, c.mode, c.id, c.receiving_id, c.amount_satang, c.occurred_at, c.recorded_at,
           c.rank, c.state, c.booked, c.ref1, c.ref2, c.balance_satang, c.payment_merchant_id, c.payment_id, c.reason,
           ARRAY(SELECT r.namespace || chr(10) || r.ref FROM credit_refs r
                  WHERE r.mode = c.mode AND r.merchant_id = c.merchant_id AND r.credit_id = c.id) AS refs,
           c.day_only, c.confirmed_at IS NOT NULL AS confirmed,
           ARRAY(SELECT o.source_id::text || encode(o.digest, 'hex') || o.partial::integer || o.channel
                   FROM observations o
                  WHERE o.merchant_id = c.merchant_id AND o.mode = c.mode AND o.credit_id = c.id) AS heard"""

# The same lock for a credit that is known by its id.
LOCK_SLOT_OF = Sql("""
    INSERT INTO slots AS s (mode, receiving_id, amount_satang)
    SELECT c.mode, c.receiving_id, c.amount_satang
      FROM credits c
     WHERE c.merchant_id = :merchant_id AND c.mode = :mode AND c.id = :id
        ON CONFLICT (mode, receiving_id, amount_satang) DO UPDATE SET payment_id = s.payment_id
 RETURNING clock_timestamp() AS now
""")

# What is known already: the credit with this reference, and those of the same amount around this time that this may
# be another tale of. A credit of which this source told in other words is not one of them; the same words come first,
# then the nearest, so that the limit hides nothing.
KNOWN = Sql(f"""
    SELECT true AS by_reference, {CREDIT}
      FROM credit_refs k
      JOIN credits c ON c.merchant_id = k.merchant_id AND c.mode = k.mode AND c.id = k.credit_id
     WHERE k.mode = :mode
       AND k.trust = ANY (ARRAY[:trust, 'host', :receiving_id::uuid::text])
       AND k.namespace = :namespace
       AND k.ref = :reference::text
       AND (k.trust = :trust OR k.merchant_id = :merchant_id)   -- A verifier and the owner's own bridge say the same.
     UNION ALL
    (SELECT false, {CREDIT}
      FROM credits c
     WHERE c.merchant_id = :merchant_id
       AND c.mode = :mode
       AND c.receiving_id = :receiving_id
       AND c.amount_satang = :amount_satang
       AND c.occurred_at BETWEEN :occurred_at::timestamptz - :window::interval AND :occurred_at + :window
       AND (:reference IS NULL
            OR (c.state <> 'POSSIBLE_DUPLICATE'
                AND NOT EXISTS (SELECT 1 FROM credit_refs r
                                 WHERE r.mode = c.mode AND r.merchant_id = c.merchant_id AND r.credit_id = c.id
                                   AND (r.namespace = :namespace
                                        OR (r.namespace LIKE 'bank:%' AND :namespace LIKE 'bank:%'))))
            OR EXISTS (SELECT 1 FROM credit_refs r              -- The same reference, now with its bank or without.
                        WHERE r.mode = c.mode AND r.merchant_id = c.merchant_id AND r.credit_id = c.id
                          AND r.trust = :trust AND r.ref = :reference))
       AND (c.balance_satang IS NULL OR :balance_satang::bigint IS NULL OR c.balance_satang = :balance_satang)
       AND (NOT EXISTS (SELECT 1 FROM observations o
                         WHERE o.merchant_id = c.merchant_id AND o.mode = c.mode AND o.credit_id = c.id
                           AND o.source_id = :source_id::uuid AND o.channel = :channel::text
                           AND o.partial = :partial::boolean)
            OR EXISTS (SELECT 1 FROM credit_refs r
                        WHERE r.mode = c.mode AND r.merchant_id = c.merchant_id AND r.credit_id = c.id
                          AND r.trust = :trust AND r.ref = :reference)
            OR EXISTS (SELECT 1 FROM observations o
                        WHERE o.merchant_id = c.merchant_id AND o.mode = c.mode AND o.credit_id = c.id
                          AND o.source_id = :source_id AND o.digest = :digest::bytea))
  ORDER BY EXISTS (SELECT 1 FROM observations o
                    WHERE o.merchant_id = c.merchant_id AND o.mode = c.mode AND o.credit_id = c.id
                      AND o.source_id = :source_id AND o.digest = :digest) DESC,
           abs(extract(epoch FROM c.occurred_at - :occurred_at))
     LIMIT 20)
""")  # noqa: S608 - a constant of this module

GET = Sql(f"SELECT {CREDIT} FROM credits c WHERE c.merchant_id = :merchant_id AND c.mode = :mode AND c.id = :id")  # noqa: S608

# A page of each account, and of those a page: the accounts of an owner are few. The latest first.
LIST = Sql(f"""
    SELECT {CREDIT}, c.payer_name
      FROM (SELECT DISTINCT a.receiving_id
              FROM accounts a
             WHERE a.merchant_id = :merchant_id
               AND a.mode = :mode
               AND (:receiving_id::uuid IS NULL OR a.receiving_id = :receiving_id)) a
CROSS JOIN LATERAL (
           SELECT l.*
             FROM credits l
            WHERE l.merchant_id = :merchant_id
              AND l.mode = :mode
              AND l.receiving_id = a.receiving_id
              AND (:state::text IS NULL OR l.state = :state)
              AND (:from_at::timestamptz IS NULL OR l.occurred_at >= :from_at)
              AND (:to_at::timestamptz IS NULL OR l.occurred_at < :to_at)
              AND (:at::timestamptz IS NULL OR (l.occurred_at, l.id) < (:at, :id::uuid))
         ORDER BY l.occurred_at DESC, l.id DESC
            LIMIT :limit) c
  ORDER BY c.occurred_at DESC, c.id DESC
     LIMIT :limit
""")  # noqa: S608

# Other money that waits for a payment under its references, since it was made.
OTHER_PARTS = Sql("""
    SELECT coalesce(sum(amount_satang), 0)::bigint
      FROM credits
     WHERE merchant_id = :merchant_id
       AND mode = :mode
       AND receiving_id = :receiving_id
       AND state = 'UNASSIGNED'
       AND ref1 = :ref1
       AND (ref2 IS NULL OR ref2 IS NOT DISTINCT FROM :ref2)
       AND reason IN ('UNDERPAID', 'OVERPAID')
       AND occurred_at >= :since::timestamptz
       AND id <> :id
""")

# Unassigned money for which a payment was made that may fit: to be decided again.
RECHECK = Sql("""
    SELECT merchant_id, mode, id
      FROM credits
     WHERE recheck_at <= statement_timestamp() - :age::interval
  ORDER BY recheck_at
     LIMIT :limit
""")


async def lock_slot(conn: Conn, mode: str, receiving_id: UUID, amount_satang: int) -> datetime:
    """Hold (mode, account, amount) until the transaction ends; the database's clock behind the lock."""
    now: datetime = await conn.fetchval(
        *LOCK_SLOT.bind(mode=mode, receiving_id=receiving_id, amount_satang=amount_satang)
    )
    return now


async def lock_slot_of(conn: Conn, merchant_id: int, mode: str, credit_id: UUID) -> datetime | None:
    """Hold the (mode, account, amount) of a credit likewise; None if there is no such credit."""
    now: datetime | None = await conn.fetchval(*LOCK_SLOT_OF.bind(merchant_id=merchant_id, mode=mode, id=credit_id))
    return now


async def known(conn: Conn, seen: Observation) -> tuple[Credit | None, list[Credit]]:
    """The credit that has the observation's reference, and the credits that it may be another tale of."""
    rows = await conn.fetch(
        *KNOWN.bind(
            mode=seen.mode,
            trust=seen.trust,
            namespace=seen.namespace,
            reference=seen.reference,
            merchant_id=seen.merchant_id,
            receiving_id=seen.receiving_id,
            amount_satang=seen.amount_satang,
            occurred_at=seen.occurred_at,
            window=MERGE_WINDOW,
            balance_satang=seen.balance_satang,
            source_id=seen.source_id,
            digest=seen.digest,
            channel=seen.channel,
            partial=seen.partial,
        )
    )
    named = [credit_of(row) for row in rows if row["by_reference"]]
    return (named[0] if named else None), [credit_of(row) for row in rows if not row["by_reference"]]


async def get(conn: Conn, merchant_id: int, mode: str, credit_id: UUID) -> Credit | None:
    """One credit."""
    row = await conn.fetchrow(*GET.bind(merchant_id=merchant_id, mode=mode, id=credit_id))
    return credit_of(row) if row else None


@dataclass(frozen=True, slots=True)
class Page:
    """Which credits of an owner, and how many. `before`: those behind this one."""

    merchant_id: int
    mode: str
    limit: int
    receiving_id: UUID | None = None
    state: CreditState | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    before: tuple[datetime, UUID] | None = None


async def page(conn: Conn, wanted: Page) -> list[tuple[Credit, str | None]]:
    """Credits with the payer's name as the bank says it, the latest first."""
    at, last_id = wanted.before or (None, None)
    rows = await conn.fetch(
        *LIST.bind(
            merchant_id=wanted.merchant_id,
            mode=wanted.mode,
            receiving_id=wanted.receiving_id,
            state=wanted.state,
            from_at=wanted.from_at,
            to_at=wanted.to_at,
            at=at,
            id=last_id,
            limit=wanted.limit,
        )
    )
    return [(credit_of(row), row["payer_name"]) for row in rows]


async def other_parts(conn: Conn, credit: Credit, payment: Payment) -> int:
    """What other credits brought for *payment* that do not pay it by themselves, in satang."""
    statement = OTHER_PARTS.bind(
        merchant_id=credit.merchant_id,
        mode=credit.mode,
        receiving_id=credit.receiving_id,
        ref1=payment.ref1,
        ref2=payment.ref2,
        since=payment.created_at - SKEW,
        id=credit.id,
    )
    found: int = await conn.fetchval(*statement)
    return found


async def to_recheck(conn: Conn, age_s: float, limit: int) -> Sequence[tuple[int, str, UUID]]:
    """Credits that wait to be decided again for longer than *age_s*."""
    rows = await conn.fetch(*RECHECK.bind(age=timedelta(seconds=age_s), limit=limit))
    return [(row["merchant_id"], row["mode"], row["id"]) for row in rows]


def credit_of(row: Any) -> Credit:
    """A row with CREDIT as a Credit."""
    return Credit(
        merchant_id=row["merchant_id"],
        mode=row["mode"],
        id=row["id"],
        receiving_id=row["receiving_id"],
        amount_satang=row["amount_satang"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        rank=row["rank"],
        state=CreditState(row["state"]),
        booked=row["booked"],
        ref1=row["ref1"],
        ref2=row["ref2"],
        balance_satang=row["balance_satang"],
        payment_merchant_id=row["payment_merchant_id"],
        payment_id=row["payment_id"],
        reason=row["reason"],
        references=tuple((ref.split("\n", 1)[0], ref.split("\n", 1)[1]) for ref in row["refs"]),
        heard_from=tuple(_heard(text) for text in row["heard"]),
        day_only=row["day_only"],
        confirmed=row["confirmed"],
    )


def _heard(text: str) -> Heard:
    """A source's id (36 characters), the digest (64 hex digits), whether it was partial (one digit), the channel."""
    return Heard(UUID(text[:36]), text[101:], bytes.fromhex(text[36:100]), text[100] == "1")
