"""The review queue: its rows, what belongs to them, and how a person's decision is written beside `db.steps`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.credits import SKEW, Credit
from paygate.core.errors import Moved
from paygate.core.matching import Candidate
from paygate.core.payments import Payment
from paygate.core.reviews import ALARMS
from paygate.db.credits import CREDIT, credit_of
from paygate.db.payments import COLUMNS, payment_of
from paygate.db.pool import Conn
from paygate.db.sql import Sql

NEAR_SATANG = 99  # A payer who leaves out the satang of a tagged amount, or rounds them.
LOOKED_AROUND = timedelta(hours=24)  # How far from the money's moment candidates are looked for.

REVIEW = """r.merchant_id, r.mode, r.id, r.credit_id, r.slip_id, r.reason, r.detail, r.candidates::text AS candidates,
           r.digest, r.alarm, r.opened_at, r.closed_at, r.resolution, r.resolved_by, r.resolve_reason"""

# What a list shows of the money. LIMIT keeps it a lookup per row, whatever the statistics say: a page is short.
MONEY = """LEFT JOIN LATERAL (
           SELECT c.amount_satang, c.occurred_at, c.payer_name
             FROM credits c
            WHERE c.merchant_id = q.merchant_id AND c.mode = q.mode AND c.id = q.credit_id
            LIMIT 1) c ON true"""

# Open ones: the oldest first; closed ones: the latest first.
LIST_OPEN = Sql(f"""
    SELECT q.*, c.amount_satang, c.occurred_at, c.payer_name
      FROM (SELECT {REVIEW}
              FROM reviews r
             WHERE r.merchant_id = :merchant_id
               AND r.closed_at IS NULL
               AND (:mode::text IS NULL OR r.mode = :mode)
               AND (:reason::text IS NULL OR r.reason = :reason)
               AND (:at::timestamptz IS NULL OR (r.opened_at, r.id) > (:at, :id::uuid))
          ORDER BY r.opened_at, r.id
             LIMIT :limit) q
 {MONEY}
  ORDER BY q.opened_at, q.id
""")  # noqa: S608

LIST_CLOSED = Sql(f"""
    SELECT q.*, c.amount_satang, c.occurred_at, c.payer_name
      FROM (SELECT {REVIEW}
              FROM reviews r
             WHERE r.merchant_id = :merchant_id
               AND r.closed_at IS NOT NULL
               AND (:mode::text IS NULL OR r.mode = :mode)
               AND (:reason::text IS NULL OR r.reason = :reason)
               AND (:at::timestamptz IS NULL OR (r.closed_at, r.id) < (:at, :id::uuid))
          ORDER BY r.closed_at DESC, r.id DESC
             LIMIT :limit) q
 {MONEY}
  ORDER BY q.closed_at DESC, q.id DESC
""")  # noqa: S608

GET = Sql(f"""
    SELECT {REVIEW}
      FROM reviews r
     WHERE r.merchant_id = :merchant_id AND r.mode = ANY ('{{live,test}}') AND r.id = :id
""")  # noqa: S608

# Whoever decides it holds it; evidence that answers it waits, and finds it closed.
LOCK = Sql(f"""
    SELECT {REVIEW}
      FROM reviews r
     WHERE r.merchant_id = :merchant_id AND r.mode = :mode AND r.id = :id
       FOR NO KEY UPDATE
""")  # noqa: S608

CLOSE = Sql("""
    UPDATE reviews
       SET closed_at = :now, resolution = :resolution, resolved_by = :resolved_by, resolve_reason = :resolve_reason
     WHERE merchant_id = :merchant_id
       AND mode = :mode
       AND closed_at IS NULL
       AND (id = :id OR (credit_id = ANY (:credit_ids::uuid[]) AND reason <> ALL (:alarms::text[])))
 RETURNING id
""")

# The further credits that pay one payment; the first is written by `db.steps`.
SETTLE_PARTS = Sql("""
    UPDATE credits c
       SET state = 'SETTLED', reason = NULL, recheck_at = NULL, settled_at = :now, part = w.place + 1,
           payment_merchant_id = :payment_merchant_id, payment_id = :payment_id
      FROM unnest(:ids::uuid[]) WITH ORDINALITY AS w (id, place)
     WHERE c.merchant_id = :merchant_id
       AND c.mode = :mode
       AND c.id = w.id
       AND c.state = 'UNASSIGNED'
 RETURNING 1
""")

SETTLE_SLIP = Sql("""
    UPDATE slips
       SET outcome = :outcome, reason = :reason, credit_id = coalesce(:credit_id::uuid, credit_id), decided_at = :now
     WHERE merchant_id = :merchant_id
       AND mode = :mode
       AND id = :id
       AND outcome = 'REVIEW'
 RETURNING 1
""")

# A slip handed in for a payment on an account of this owner. Without its picture, which is large.
SLIP = Sql("""
    SELECT s.merchant_id, s.mode, s.id, s.payment_id, s.payload, s.sending_bank, s.trans_ref, s.facts::text AS facts,
           s.picture IS NOT NULL AS has_picture, s.outcome, s.reason, s.created_at
      FROM slips s
      JOIN payments p ON p.merchant_id = s.merchant_id AND p.mode = s.mode AND p.id = s.payment_id
     WHERE s.mode = :mode AND s.id = :id AND p.owner_id = :owner_id
""")

SLIPS_WAITING = Sql("""
    SELECT count(*)
      FROM slips
     WHERE merchant_id = :merchant_id
       AND mode = :mode
       AND payment_id = :payment_id
       AND outcome IN ('VERIFYING', 'REVIEW')
""")

# The open question about money that can only be for this payment.
MONEY_OF = Sql("""
      WITH meant AS MATERIALIZED (
           SELECT r.merchant_id, r.mode, r.reason, r.opened_at, r.credit_id, r.candidates
             FROM reviews r
            WHERE r.closed_at IS NULL
              AND r.candidates @> :meant::jsonb
           )
    SELECT m.reason, m.opened_at, c.amount_satang
      FROM meant m
      JOIN credits c ON c.merchant_id = m.merchant_id AND c.mode = m.mode AND c.id = m.credit_id
     WHERE m.merchant_id = :owner_id
       AND m.mode = :mode
       AND m.reason = ANY(:reasons::text[])
       AND jsonb_array_length(m.candidates) = 1
  ORDER BY m.opened_at DESC
     LIMIT 1
""")

PICTURE = Sql("""
    SELECT s.picture
      FROM slips s
      JOIN payments p ON p.merchant_id = s.merchant_id AND p.mode = s.mode AND p.id = s.payment_id
     WHERE s.mode = :mode AND s.id = :id AND p.owner_id = :owner_id
""")

# What the credit's row says of the payer, and who told of it.
PAYER = Sql("""
    SELECT sending_bank, payer_name, payer_account
      FROM credits
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
""")

TOLD = Sql("""
    SELECT o.channel, o.rank, o.occurred_at, o.observed_at, o.source_id, s.kind
      FROM observations o
 LEFT JOIN sources s ON s.merchant_id = o.merchant_id AND s.mode = o.mode AND s.id = o.source_id
     WHERE o.merchant_id = :merchant_id AND o.mode = :mode AND o.credit_id = :credit_id
  ORDER BY o.observed_at, o.rank
""")

# Payments that may be meant: those that the review names, those with the credit's reference, and on its account those
# whose payable amount is the credit's or nearly, or is the sum of it and of another unassigned credit.
CANDIDATES = Sql(f"""
      WITH others AS (
           SELECT c.id, c.amount_satang
             FROM credits c
            WHERE c.merchant_id = :owner_id
              AND c.mode = :mode
              AND c.receiving_id = :receiving_id
              AND c.state = 'UNASSIGNED'
              AND c.id <> :credit_id
              AND c.occurred_at BETWEEN :occurred_at::timestamptz - :around::interval AND :occurred_at + :around
         ORDER BY abs(extract(epoch FROM c.occurred_at - :occurred_at))
            LIMIT 20
           ),
           amounts AS (
           SELECT a.amount, NULL::uuid AS with_id
             FROM generate_series(:amount_satang - :near::bigint, :amount_satang + :near) AS a (amount)
            UNION ALL
           SELECT :amount_satang::bigint + o.amount_satang, o.id
             FROM others o
           ),
           wanted AS (
           SELECT h.merchant_id, h.payment_id, h.from_at, h.until_at, a.with_id
             FROM amounts a
            CROSS JOIN LATERAL (
                  SELECT r.merchant_id, r.payment_id, r.from_at, r.until_at
                    FROM reservations r
                   WHERE r.mode = :mode
                     AND r.receiving_id = :receiving_id
                     AND r.amount_satang = a.amount
                     AND r.owner_id = :owner_id
                     AND r.until_at > :occurred_at - CASE WHEN a.amount = :amount_satang THEN :around
                                                          ELSE :skew::interval END
                     AND r.from_at < :occurred_at + CASE WHEN a.amount = :amount_satang THEN :around ELSE :skew END
                ORDER BY r.until_at
                   LIMIT 5) h
            UNION
          (SELECT r.merchant_id, r.payment_id, r.from_at, r.until_at, NULL
             FROM reservations r
            WHERE r.mode = :mode
              AND r.ref1 = :ref1::text
              AND r.owner_id = :owner_id
         ORDER BY r.until_at DESC
            LIMIT 20)
            UNION
           SELECT r.merchant_id, r.payment_id, r.from_at, r.until_at, NULL
             FROM payments p
             JOIN reservations r ON r.mode = p.mode AND r.receiving_id = p.receiving_id AND r.payment_id = p.id
            WHERE p.id = ANY (:listed::uuid[])
              AND p.owner_id = :owner_id
              AND p.mode = :mode
            LIMIT 200
           )
    SELECT {COLUMNS}, w.from_at, w.until_at, w.with_id,
           (SELECT m.name FROM merchants m WHERE m.merchant_id = p.merchant_id) AS merchant_name
      FROM wanted w
      JOIN payments p ON p.merchant_id = w.merchant_id AND p.mode = :mode AND p.id = w.payment_id
     LIMIT 200
""")  # noqa: S608

CREDITS = Sql(f"""
    SELECT {CREDIT}
      FROM credits c
     WHERE c.merchant_id = :merchant_id AND c.mode = :mode AND c.id = ANY (:ids::uuid[])
  ORDER BY c.occurred_at, c.id
""")  # noqa: S608

CLOCK = Sql("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Review:
    """One row of the queue. `candidates`: the payments that were named when it was raised."""

    merchant_id: int
    mode: str
    id: UUID
    credit_id: UUID | None
    slip_id: UUID | None
    reason: str
    detail: str
    candidates: tuple[UUID, ...]
    digest: bytes | None
    alarm: bool
    opened_at: datetime
    closed_at: datetime | None
    resolution: str | None
    resolved_by: str | None
    resolve_reason: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A review as a list shows it, with the money that it is about."""

    review: Review
    amount_satang: int | None
    occurred_at: datetime | None
    payer_name: str | None


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip in review, without its picture. `facts`: what its bank said of the transfer, if it was asked."""

    merchant_id: int
    mode: str
    id: UUID
    payment_id: UUID
    payload: str | None
    sending_bank: str | None
    trans_ref: str | None
    facts: Mapping[str, Any] | None
    has_picture: bool
    outcome: str
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """That somebody told of a credit: by which channel, of which rank, and what kind of source it is."""

    channel: str
    rank: str
    occurred_at: datetime
    observed_at: datetime
    source_id: UUID
    kind: str | None  # None: a verifier or a person, who have no row in sources.


@dataclass(frozen=True, slots=True)
class Payer:
    """What is known of the payer, as the bank masks it. Personal data."""

    sending_bank: str | None
    name: str | None
    account: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates, with what would have to come along for the sum (payment -> credit), and the merchants' names."""

    candidates: tuple[Candidate, ...] = ()
    pairs: dict[UUID, UUID] = field(default_factory=dict)
    merchants: dict[int, str] = field(default_factory=dict)


async def listed(
    conn: Conn,
    merchant_id: int,
    *,
    is_open: bool,
    mode: str | None,
    reason: str | None,
    after: Review | None,
    limit: int,
) -> list[Listed]:
    """A page of the queue: open ones from the oldest, closed ones from the latest, those behind *after*."""
    question = LIST_OPEN if is_open else LIST_CLOSED
    at = after and (after.opened_at if is_open else after.closed_at)
    rows = await conn.fetch(
        *question.bind(merchant_id=merchant_id, mode=mode, reason=reason, at=at, id=after and after.id, limit=limit)
    )
    return [Listed(review_of(row), row["amount_satang"], row["occurred_at"], row["payer_name"]) for row in rows]


async def get(conn: Conn, merchant_id: int, review_id: UUID) -> Review | None:
    """One review of an owner's queue, open or closed."""
    row = await conn.fetchrow(*GET.bind(merchant_id=merchant_id, id=review_id))
    return review_of(row) if row else None


async def lock(conn: Conn, review: Review) -> Review | None:
    """The review as it stands now, held until the transaction ends. Slots are locked before it, never after."""
    row = await conn.fetchrow(*LOCK.bind(merchant_id=review.merchant_id, mode=review.mode, id=review.id))
    return review_of(row) if row else None


async def close(
    conn: Conn, review: Review, credit_ids: Sequence[UUID], *, now: datetime, resolution: str, by: str, words: str
) -> None:
    """Close it in a person's name, and with it what else was asked about these credits. Raises Moved."""
    closed = await conn.fetch(
        *CLOSE.bind(
            merchant_id=review.merchant_id,
            mode=review.mode,
            id=review.id,
            credit_ids=list(credit_ids),
            alarms=sorted(ALARMS),
            now=now,
            resolution=resolution,
            resolved_by=by,
            resolve_reason=words,
        )
    )
    if review.id not in [row["id"] for row in closed]:
        raise Moved()


async def settle_parts(
    conn: Conn, credits: Sequence[Credit], *, payment_merchant_id: int, payment_id: UUID, now: datetime
) -> None:
    """Let these credits be parts 2, 3... of what pays a payment. Raises Moved when one is not unassigned any more."""
    if not credits:
        return
    settled = await conn.fetch(
        *SETTLE_PARTS.bind(
            merchant_id=credits[0].merchant_id,
            mode=credits[0].mode,
            ids=[credit.id for credit in credits],
            payment_merchant_id=payment_merchant_id,
            payment_id=payment_id,
            now=now,
        )
    )
    if len(settled) != len(credits):
        raise Moved()


async def settle_slip(
    conn: Conn, slip: Slip, *, outcome: str, reason: str | None, now: datetime, credit_id: UUID | None = None
) -> None:
    """Give a slip that waits in review its outcome. Raises Moved when it does not wait any more."""
    values = {"outcome": outcome, "reason": reason, "now": now, "credit_id": credit_id}
    if not await conn.fetchval(*SETTLE_SLIP.bind(merchant_id=slip.merchant_id, mode=slip.mode, id=slip.id, **values)):
        raise Moved()


async def slip(conn: Conn, owner_id: int, mode: str, slip_id: UUID) -> Slip | None:
    """A slip for a payment on one of the owner's accounts."""
    row = await conn.fetchrow(*SLIP.bind(owner_id=owner_id, mode=mode, id=slip_id))
    return Slip(**{**row, "facts": json.loads(row["facts"]) if row["facts"] else None}) if row else None


async def slips_waiting(conn: Conn, slip: Slip) -> int:
    """How many slips of the same payment are not decided yet."""
    return int(
        await conn.fetchval(
            *SLIPS_WAITING.bind(merchant_id=slip.merchant_id, mode=slip.mode, payment_id=slip.payment_id)
        )
    )


async def money_of(conn: Conn, payment: Payment, reasons: Collection[str]) -> tuple[str, datetime, int] | None:
    """Why money that can only be for *payment* waits for a person, since when, and how much it is, in satang."""
    meant = json.dumps([{"paymentId": str(payment.id)}])
    row = await conn.fetchrow(
        *MONEY_OF.bind(owner_id=payment.owner_id, mode=payment.mode, meant=meant, reasons=list(reasons))
    )
    return (row["reason"], row["opened_at"], row["amount_satang"]) if row else None


async def picture(conn: Conn, owner_id: int, mode: str, slip_id: UUID) -> bytes | None:
    """The picture of a slip, if it is kept."""
    found: bytes | None = await conn.fetchval(*PICTURE.bind(owner_id=owner_id, mode=mode, id=slip_id))
    return found


async def payer(conn: Conn, credit: Credit) -> Payer:
    """What is known of a credit's payer."""
    row = await conn.fetchrow(*PAYER.bind(merchant_id=credit.merchant_id, mode=credit.mode, id=credit.id))
    return Payer(row["sending_bank"], row["payer_name"], row["payer_account"])


async def told(conn: Conn, credit: Credit) -> list[Told]:
    """Who told of a credit, the first one first."""
    rows = await conn.fetch(*TOLD.bind(merchant_id=credit.merchant_id, mode=credit.mode, credit_id=credit.id))
    return [Told(**row) for row in rows]


async def candidates(conn: Conn, credit: Credit, named: Sequence[UUID]) -> Found:
    """Payments that may be meant by *credit*, those *named* among them."""
    rows = await conn.fetch(
        *CANDIDATES.bind(
            owner_id=credit.merchant_id,
            mode=credit.mode,
            receiving_id=credit.receiving_id,
            credit_id=credit.id,
            amount_satang=credit.amount_satang,
            occurred_at=credit.occurred_at,
            ref1=credit.ref1,
            listed=list(named),
            around=LOOKED_AROUND,
            skew=SKEW,
            near=NEAR_SATANG,
        )
    )
    unique = {row["id"]: Candidate(payment_of(row), row["from_at"], row["until_at"]) for row in rows}
    pairs = {row["id"]: row["with_id"] for row in rows if row["with_id"] is not None}
    return Found(tuple(unique.values()), pairs, {row["merchant_id"]: row["merchant_name"] for row in rows})


async def credits_of(conn: Conn, merchant_id: int, mode: str, ids: Sequence[UUID]) -> list[Credit]:
    """These credits of an owner, the earliest first; those that are not the owner's are left out."""
    return [
        credit_of(row) for row in await conn.fetch(*CREDITS.bind(merchant_id=merchant_id, mode=mode, ids=list(ids)))
    ]


async def clock(conn: Conn) -> datetime:
    """The database's clock, now."""
    now: datetime = await conn.fetchval(*CLOCK.bind())
    return now


def review_of(row: Any) -> Review:
    """A row with REVIEW."""
    named = tuple(UUID(candidate["paymentId"]) for candidate in json.loads(row["candidates"]))
    names = [member.name for member in fields(Review) if member.name != "candidates"]
    return Review(candidates=named, **{name: row[name] for name in names})
