"""Everything that stands in the database about some payments or credits, a row a line of JSON: for whoever may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql

AT_ONCE = 500

OF_MERCHANT = Sql("""
    SELECT id FROM payments
     WHERE merchant_id = :merchant_id
       AND ((created_at >= :since AND created_at < :until) OR (paid_at >= :since AND paid_at < :until))
  ORDER BY id
     LIMIT :limit
""")

PAYMENT = Sql("SELECT merchant_id FROM payments WHERE id = :id")
CREDIT = Sql("SELECT merchant_id, payment_merchant_id, payment_id FROM credits WHERE id = :id")

PAYOUTS = Sql("""
    SELECT id FROM settlements
     WHERE merchant_id = :merchant_id AND created_at >= :since AND created_at < :until
""")

REFUNDS_OF = Sql("SELECT id FROM refunds WHERE merchant_id = :merchant_id AND payment_id = ANY (:payment_ids::uuid[])")

CREDITS_OF = Sql("""
    SELECT DISTINCT c.id
      FROM payments p
      JOIN credits c ON c.merchant_id = p.owner_id AND c.mode = p.mode AND c.payment_id = p.id
                    AND c.payment_merchant_id = p.merchant_id
     WHERE p.merchant_id = :merchant_id AND p.id = ANY (:payment_ids::uuid[])
""")

PAYMENTS_ROWS = Sql("""
    SELECT row_to_json(p)::text FROM payments p
     WHERE p.merchant_id = :merchant_id AND p.id = ANY (:payment_ids::uuid[]) ORDER BY p.created_at, p.id
""")

CREDITS_ROWS = Sql("""
    SELECT row_to_json(c)::text FROM credits c WHERE c.id = ANY (:credit_ids::uuid[]) ORDER BY c.occurred_at, c.id
""")

REFERENCES_ROWS = Sql("""
    SELECT row_to_json(r)::text FROM credit_refs r
     WHERE r.credit_id = ANY (:credit_ids::uuid[]) ORDER BY r.credit_id, r.ref
""")

OBSERVATIONS_ROWS = Sql("""
    SELECT (to_jsonb(o) - 'digest')::text FROM observations o
     WHERE o.credit_id = ANY (:credit_ids::uuid[]) ORDER BY o.credit_id, o.observed_at
""")

SLIPS_ROWS = Sql("""
    SELECT (to_jsonb(s) - 'picture' - 'lease_id' - 'run_at')::text FROM slips s
     WHERE s.merchant_id = :merchant_id AND s.payment_id = ANY (:payment_ids::uuid[]) ORDER BY s.created_at, s.id
""")

SETTLEMENTS_ROWS = Sql("""
       SELECT (to_jsonb(s) || jsonb_build_object('destination', to_jsonb(d)))::text
         FROM settlements s
    LEFT JOIN payout_destinations d ON d.merchant_id = s.merchant_id AND d.id = s.destination_id
        WHERE s.merchant_id = :merchant_id AND s.id = ANY (:settlement_ids::uuid[]) ORDER BY s.created_at, s.id
""")

JOURNALS_ROWS = Sql("""
      SELECT (to_jsonb(j) || jsonb_build_object('entries',
                 (SELECT jsonb_agg(jsonb_build_object('account', e.account, 'amount_satang', e.amount_satang)
                                   ORDER BY e.line)
                    FROM entries e
                   WHERE e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id)))::text
        FROM journals j
       WHERE j.merchant_id IN (0, :merchant_id) AND j.subject_id = ANY (:subject_ids::uuid[])
    ORDER BY j.happened_at, j.id
""")

EVENTS_ROWS = Sql("""
    SELECT row_to_json(e)::text FROM events e
     WHERE e.merchant_id = :merchant_id AND e.subject_id = ANY (:subject_ids::uuid[]) ORDER BY e.created_at, e.id
""")

AUDIT_ROWS = Sql("""
    SELECT row_to_json(a)::text FROM audit_log a
     WHERE a.merchant_id = :merchant_id
       AND (a.subject = ANY (:subjects::text[]) OR (a.at >= :since AND a.at < :until)) ORDER BY a.id
""")

FILES: Mapping[str, Sql] = {
    "payments": PAYMENTS_ROWS,
    "credits": CREDITS_ROWS,
    "references": REFERENCES_ROWS,
    "observations": OBSERVATIONS_ROWS,
    "slips": SLIPS_ROWS,
    "settlements": SETTLEMENTS_ROWS,
    "journals": JOURNALS_ROWS,
    "events": EVENTS_ROWS,
    "audit": AUDIT_ROWS,
}

REFUNDS = Sql("""
    SELECT id, payee, (to_jsonb(r) - 'payee')::text AS row FROM refunds r
     WHERE r.merchant_id = :merchant_id AND r.id = ANY (:refund_ids::uuid[]) ORDER BY r.created_at, r.id
""")

PICTURES = Sql("""
    SELECT id, picture FROM slips
     WHERE merchant_id = :merchant_id AND payment_id = ANY (:payment_ids::uuid[]) AND picture IS NOT NULL
  ORDER BY id
""")

CLOCK = Sql("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Subjects:
    """What an export is about. `subjects` are those of the audit log; `since` and `until` its span, if any."""

    merchant_id: int
    payment_ids: Sequence[UUID] = ()
    credit_ids: Sequence[UUID] = ()
    settlement_ids: Sequence[UUID] = ()
    refund_ids: Sequence[UUID] = ()
    subjects: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of all statements of FILES."""
        payments, credits, settlements, refunds = (
            list(ids) for ids in (self.payment_ids, self.credit_ids, self.settlement_ids, self.refund_ids)
        )
        return {
            "merchant_id": self.merchant_id,
            "payment_ids": payments,
            "credit_ids": credits,
            "settlement_ids": settlements,
            "refund_ids": refunds,
            "subject_ids": [*payments, *credits, *settlements, *refunds],
            "subjects": list(self.subjects),
            "since": self.since,
            "until": self.until,
        }


async def payments_of(conn: Conn, merchant_id: int, since: datetime, until: datetime, limit: int) -> list[UUID]:
    """Payments that a merchant made or was paid in a span of time."""
    found = await conn.fetch(*OF_MERCHANT.bind(merchant_id=merchant_id, since=since, until=until, limit=limit))
    return [row["id"] for row in found]


async def settlements_of(conn: Conn, merchant_id: int, since: datetime, until: datetime) -> list[UUID]:
    """Settlements that it asked for in it."""
    return [row["id"] for row in await conn.fetch(*PAYOUTS.bind(merchant_id=merchant_id, since=since, until=until))]


async def owner_of(conn: Conn, payment_id: UUID) -> int | None:
    """Whose a payment is."""
    owner: int | None = await conn.fetchval(*PAYMENT.bind(id=payment_id))
    return owner


async def credit(conn: Conn, credit_id: UUID) -> tuple[int, int | None, UUID | None] | None:
    """Whose account a credit came in on, and the payment that it settled, if any."""
    row = await conn.fetchrow(*CREDIT.bind(id=credit_id))
    return (row["merchant_id"], row["payment_merchant_id"], row["payment_id"]) if row else None


async def about(conn: Conn, merchant_id: int, payment_ids: Sequence[UUID]) -> tuple[list[UUID], list[UUID]]:
    """The credits and the refunds of payments."""
    values = {"merchant_id": merchant_id, "payment_ids": list(payment_ids)}
    credits = [row["id"] for row in await conn.fetch(*CREDITS_OF.bind(**values))]
    return credits, [row["id"] for row in await conn.fetch(*REFUNDS_OF.bind(**values))]


async def lines(conn: Conn, name: str, wanted: Subjects) -> AsyncIterator[list[str]]:
    """The rows of one of FILES, some at a time."""
    statement = FILES[name]
    values = wanted.values
    text, *bound = statement.bind(**{key: values[key] for key in statement.names})
    cursor = await conn.cursor(text, *bound)
    while rows := await cursor.fetch(AT_ONCE):
        yield [row[0] for row in rows]


async def refunds(conn: Conn, wanted: Subjects) -> list[tuple[UUID, bytes | None, str]]:
    """Refunds, with where the money went, sealed."""
    statement = REFUNDS.bind(merchant_id=wanted.merchant_id, refund_ids=list(wanted.refund_ids))
    return [(row["id"], row["payee"], row["row"]) for row in await conn.fetch(*statement)]


async def pictures(conn: Conn, wanted: Subjects) -> AsyncIterator[tuple[UUID, bytes]]:
    """Pictures of slips that are kept."""
    text, *bound = PICTURES.bind(merchant_id=wanted.merchant_id, payment_ids=list(wanted.payment_ids))
    async for row in conn.cursor(text, *bound, prefetch=1):
        yield row["id"], row["picture"]


async def clock(conn: Conn) -> datetime:
    """The database's clock."""
    now: datetime = await conn.fetchval(*CLOCK.bind())
    return now
