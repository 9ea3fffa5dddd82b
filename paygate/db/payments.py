"""Payments: made, read, listed, locked. How they change is in `db.steps`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate.core.credits import SKEW
from paygate.core.errors import Conflict
from paygate.core.events import Announcement
from paygate.core.matching import Candidate
from paygate.core.payments import QUARANTINE_OTHER, Oddity, Payment, Status
from paygate.db.events import APPEND, append_values
from paygate.db.pool import Conn
from paygate.db.sql import Sql

NAMES = tuple(f.name for f in fields(Payment))
COLUMNS = ", ".join(f"p.{name}" for name in NAMES)
# The effective status, for reads, filters and compare-and-set alike; core.payments.standing says the same.
STANDING = "CASE WHEN p.status = 'PENDING' AND p.expires_at <= statement_timestamp() THEN 'EXPIRED' ELSE p.status END"

# The payment, its hold on the amount, its event and deliveries, and the stored answer; credits that may fit are marked.
INSERT = Sql(f"""
      WITH payment AS (
           INSERT INTO payments ({", ".join(NAMES)})
           VALUES ({", ".join(f":{name}" for name in NAMES)})
           ),
           held AS (
           INSERT INTO reservations (mode, receiving_id, payment_id, merchant_id, owner_id, amount_satang, ref1, ref2,
                                     exclusive, from_at, until_at)
           VALUES (:mode, :receiving_id, :id, :merchant_id, :owner_id, :payable_satang, :ref1, :ref2,
                   :exclusive, :created_at, :until_at)
           ),
           {APPEND},
           answered AS (
           UPDATE idempotency_keys SET status = :answer_status, answer = :answer
            WHERE merchant_id = :merchant_id
              AND mode = :mode
              AND credential = :credential
              AND path = :path
              AND key = :key
           ),
           fitting AS (
           UPDATE credits c SET recheck_at = :created_at
            WHERE (c.merchant_id, c.mode, c.id) IN (
                  (SELECT o.merchant_id, o.mode, o.id
                     FROM credits o
                    WHERE o.merchant_id = :owner_id
                      AND o.mode = :mode
                      AND o.receiving_id = :receiving_id
                      AND o.amount_satang = :payable_satang
                      AND o.occurred_at >= :created_at - :skew::interval
                      AND o.state = 'UNASSIGNED'
                      AND o.ref1 IS NULL
                      AND o.reason <> 'ALREADY_PAID'
                 ORDER BY o.occurred_at
                    LIMIT 10)
                    UNION ALL
                  (SELECT o.merchant_id, o.mode, o.id
                     FROM credits o
                    WHERE o.merchant_id = :owner_id
                      AND o.mode = :mode
                      AND o.receiving_id = :receiving_id
                      AND o.ref1 = :ref1
                      AND o.occurred_at >= :created_at - :skew
                      AND o.state = 'UNASSIGNED'
                      AND o.reason <> 'ALREADY_PAID'
                 ORDER BY o.occurred_at
                    LIMIT 10))
        RETURNING c.id
           )
    SELECT ARRAY(SELECT id FROM fitting) AS fitting,
           EXISTS (SELECT 1                                     -- No merchant takes another's reference.
                     FROM reservations r
                    WHERE r.mode = :mode
                      AND r.ref1 = :ref1
                      AND r.ref2 IS NOT DISTINCT FROM :ref2
                      AND r.owner_id = :owner_id
                      AND r.receiving_id = :receiving_id
                      AND r.merchant_id <> :merchant_id
                      AND r.until_at > :created_at) AS reference_in_use
""")  # noqa: S608 - column names of our own dataclass

GET = Sql(f"""
    SELECT {COLUMNS}, statement_timestamp() AS now
      FROM payments p
     WHERE p.merchant_id = :merchant_id AND p.mode = :mode AND p.id = :id
""")  # noqa: S608

GET_BY_ID = Sql(f"SELECT {COLUMNS}, statement_timestamp() AS now FROM payments p WHERE p.id = :id")  # noqa: S608

# Several payments may carry one order: what the merchant's server made goes before what a browser made, then PAID,
# then the latest.
GET_BY_ORDER = Sql(f"""
    SELECT {COLUMNS}, statement_timestamp() AS now
      FROM payments p
     WHERE p.merchant_id = :merchant_id AND p.mode = :mode AND p.order_id = :order_id
  ORDER BY (p.amount_source <> 'browser') DESC, (p.status = 'PAID') DESC, p.created_at DESC, p.id DESC
     LIMIT 1
""")  # noqa: S608

# Newest first; a page starts behind the last row of the one before, so rows that arrive meanwhile shift nothing.
LIST = Sql(f"""
    SELECT {COLUMNS}, statement_timestamp() AS now
      FROM payments p
     WHERE p.merchant_id = :merchant_id
       AND p.mode = :mode
       AND (:before_at::timestamptz IS NULL OR (p.created_at, p.id) < (:before_at, :before_id::uuid))
       AND (:status::text IS NULL OR {STANDING} = :status)
       AND (:from_at::timestamptz IS NULL OR p.created_at >= :from_at)
       AND (:to_at::timestamptz IS NULL OR p.created_at < :to_at)
       AND (:order_id::text IS NULL OR p.order_id = :order_id)
       AND (:q::text IS NULL
            OR position(lower(:q) IN lower(concat_ws(' ', p.order_id, p.description, p.id::text))) > 0)
  ORDER BY p.created_at DESC, p.id DESC
     LIMIT :limit
""")  # noqa: S608

LOCK = Sql(f"""
    SELECT {COLUMNS}
      FROM payments p
     WHERE p.merchant_id = :merchant_id AND p.mode = :mode AND p.id = :id
       FOR NO KEY UPDATE
""")  # noqa: S608

# Whose deadline is over and nobody has said so yet.
DUE = Sql(f"""
    SELECT {COLUMNS}, statement_timestamp() AS now
      FROM payments p
     WHERE p.status = 'PENDING' AND p.expires_at <= statement_timestamp()   -- Stable: an index can use it.
  ORDER BY p.expires_at
     LIMIT :limit
       FOR NO KEY UPDATE SKIP LOCKED
""")  # noqa: S608

# Who may own a credit: by amount, whoever held it around that moment; by reference, whoever was made with it. Those
# whose QR was good at that moment come first, cancelled since or not, then those that can still be paid, so that no
# limit hides one behind finished ones. The last arm is for the person who asks what became of a reference.
CANDIDATES = Sql(f"""
      WITH wanted AS (
           (SELECT r.merchant_id, r.payment_id, r.from_at, r.until_at, false AS named
              FROM reservations r
              JOIN payments p ON p.merchant_id = r.merchant_id AND p.mode = r.mode AND p.id = r.payment_id
             WHERE r.mode = :mode
               AND r.receiving_id = :receiving_id
               AND r.amount_satang = :amount_satang
               AND r.owner_id = :owner_id
               AND r.until_at > :occurred_at
               AND r.from_at <= :to_at::timestamptz + :skew::interval
          ORDER BY p.status <> 'PAID' AND coalesce(p.closed_at, p.expires_at) > :occurred_at DESC,
                   p.status IN ('PENDING', 'EXPIRED') DESC, r.from_at DESC
             LIMIT 20)
             UNION
           (SELECT r.merchant_id, r.payment_id, r.from_at, r.until_at, true
              FROM reservations r
              JOIN payments p ON p.merchant_id = r.merchant_id AND p.mode = r.mode AND p.id = r.payment_id
             WHERE r.mode = :mode
               AND r.ref1 = :ref1::text
               AND r.owner_id = :owner_id
               AND (:ref2::text IS NULL OR r.ref2 = :ref2)
               AND r.until_at > :occurred_at
               AND r.from_at <= :to_at + :skew
          ORDER BY p.status <> 'PAID' AND coalesce(p.closed_at, p.expires_at) > :occurred_at DESC,
                   p.status IN ('PENDING', 'EXPIRED') DESC, r.from_at DESC
             LIMIT 20)
             UNION
           (SELECT r.merchant_id, r.payment_id, r.from_at, r.until_at, true
              FROM reservations r
             WHERE r.mode = :mode
               AND r.ref1 = :ref1
               AND r.owner_id = :owner_id
               AND (:ref2 IS NULL OR r.ref2 = :ref2)
          ORDER BY r.until_at DESC
             LIMIT 20)
           )
    SELECT {COLUMNS}, w.from_at, w.until_at, w.named, m.overpay = 'accept' AS accept_overpaid,
           m.notice_ceiling_satang
      FROM wanted w
      JOIN payments p ON p.merchant_id = w.merchant_id AND p.mode = :mode AND p.id = w.payment_id
      JOIN merchants m ON m.merchant_id = p.merchant_id
  ORDER BY p.merchant_id, p.id
       FOR NO KEY UPDATE OF p
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Page:
    """What a list is asked for. Times are half-open; `before` is the last row of the page before."""

    limit: int
    status: Status | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    order_id: str | None = None
    q: str | None = None
    before: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """An Idempotency-Key with what it is scoped by and a SHA-256 of the request's body."""

    merchant_id: int
    mode: str
    credential: str
    path: str
    key: str
    fingerprint: bytes


async def insert(
    conn: Conn,
    payment: Payment,
    created: Announcement,
    *,
    exclusive: bool,
    claim: Claim | None,
    status: int | None,
    answer: bytes | None,
) -> list[UUID]:
    """Write a new payment with everything that belongs to it; the ids of unassigned credits that may fit it.

    Raises Conflict when another merchant's payment on the same account holds its bill-payment references.
    """
    values: dict[str, Any] = {name: getattr(payment, name) for name in NAMES}
    row = await conn.fetchrow(
        *INSERT.bind(
            **values,
            exclusive=exclusive,
            until_at=payment.expires_at + QUARANTINE_OTHER,
            skew=SKEW,
            credential=claim and claim.credential,
            path=claim and claim.path,
            key=claim and claim.key,
            answer_status=status,
            answer=answer,
            **append_values(created),
        )
    )
    if row["reference_in_use"]:
        raise Conflict("These bill-payment references are in use by another payment.", field="promptpayRef1")
    return list(row["fitting"])


async def get(conn: Conn, merchant_id: int, mode: str, payment_id: UUID) -> tuple[Payment, datetime] | None:
    """One payment of a merchant, and the database's clock."""
    row = await conn.fetchrow(*GET.bind(merchant_id=merchant_id, mode=mode, id=payment_id))
    return (payment_of(row), row["now"]) if row else None


async def get_by_id(conn: Conn, payment_id: UUID) -> tuple[Payment, datetime] | None:
    """One payment, whosever it is: for what its payer may see."""
    row = await conn.fetchrow(*GET_BY_ID.bind(id=payment_id))
    return (payment_of(row), row["now"]) if row else None


async def get_by_order(conn: Conn, merchant_id: int, mode: str, order_id: str) -> tuple[Payment, datetime] | None:
    """The payment that stands for an order."""
    row = await conn.fetchrow(*GET_BY_ORDER.bind(merchant_id=merchant_id, mode=mode, order_id=order_id))
    return (payment_of(row), row["now"]) if row else None


async def listed(conn: Conn, merchant_id: int, mode: str, page: Page) -> list[tuple[Payment, datetime]]:
    """A page of payments, newest first."""
    before_at, before_id = page.before or (None, None)
    rows = await conn.fetch(
        *LIST.bind(
            merchant_id=merchant_id,
            mode=mode,
            before_at=before_at,
            before_id=before_id,
            status=page.status,
            from_at=page.from_at,
            to_at=page.to_at,
            order_id=page.order_id,
            q=page.q,
            limit=page.limit,
        )
    )
    return [(payment_of(row), row["now"]) for row in rows]


async def lock(conn: Conn, merchant_id: int, mode: str, payment_id: UUID) -> Payment | None:
    """One payment, held until the transaction ends. The slot of its amount is locked before it, never after."""
    row = await conn.fetchrow(*LOCK.bind(merchant_id=merchant_id, mode=mode, id=payment_id))
    return payment_of(row) if row else None


async def due(conn: Conn, limit: int) -> list[tuple[Payment, datetime]]:
    """Open payments whose deadline is over, locked; rows that somebody works on are left to them."""
    rows = await conn.fetch(*DUE.bind(limit=limit))
    return [(payment_of(row), row["now"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who may own a credit."""

    named: tuple[Candidate, ...]
    holders: tuple[Candidate, ...]
    bills: tuple[Candidate, ...]
    accept_overpaid: frozenset[int]  # Merchants who take too much money as paid.
    ceilings: Mapping[int, int | None]  # Above which a merchant wants more than a bank notice, in satang.


async def candidates(
    conn: Conn,
    *,
    owner_id: int,
    mode: str,
    receiving_id: UUID,
    amount_satang: int,
    occurred_at: datetime,
    ref1: str | None,
    ref2: str | None,
    told_at: datetime | None = None,
) -> Candidates:
    """The payments that may own a credit, locked in the order of their ids.

    *told_at*: when it occurred as another tale of it says; who held the amount then is among them as well.
    """
    span = (occurred_at, told_at or occurred_at)
    rows = await conn.fetch(
        *CANDIDATES.bind(
            owner_id=owner_id,
            mode=mode,
            receiving_id=receiving_id,
            amount_satang=amount_satang,
            occurred_at=min(span),
            to_at=max(span),
            skew=SKEW,
            ref1=ref1,
            ref2=ref2,
        )
    )
    found = [(Candidate(payment_of(row), row["from_at"], row["until_at"]), row["named"]) for row in rows]
    return Candidates(
        tuple(c for c, named in found if named),
        tuple(c for c, named in found if not named and c.payment.ref1 is None),
        tuple(c for c, named in found if not named and c.payment.ref1 is not None),
        frozenset(row["merchant_id"] for row in rows if row["accept_overpaid"]),
        {row["merchant_id"]: row["notice_ceiling_satang"] for row in rows},
    )


def payment_of(row: Any) -> Payment:
    """A row with COLUMNS as a Payment."""
    values = {name: row[name] for name in NAMES}
    values["status"] = Status(values["status"])
    values["exception"] = Oddity(values["exception"]) if values["exception"] else None
    return Payment(**values)
