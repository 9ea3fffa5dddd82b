"""Events in other formats: what they are made of, and the bytes once they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from paygate.core.formats import Facts, PaymentFacts
from paygate.db.pool import Conn
from paygate.db.sql import Sql

FACTS = Sql("""
    SELECT v.id, v.type, v.mode, v.body, v.created_at, p.id AS payment_id, p.amount_satang,
           p.created_at AS payment_created_at, p.description, p.customer_email, p.qr_payload
      FROM unnest(:merchant_ids::bigint[], :modes::text[], :event_ids::uuid[]) AS w (merchant_id, mode, id)
      JOIN events v ON v.merchant_id = w.merchant_id AND v.mode = w.mode AND v.id = w.id
 LEFT JOIN payments p ON p.merchant_id = v.merchant_id AND p.mode = v.mode AND p.id = v.subject_id
""")

# Who comes second is given what the first one wrote.
KEEP = Sql("""
    INSERT INTO event_bodies AS b (merchant_id, mode, event_id, format, body)
    SELECT *
      FROM unnest(:merchant_ids::bigint[], :modes::text[], :event_ids::uuid[], :formats::text[], :bodies::text[])
        ON CONFLICT (merchant_id, mode, event_id, format) DO UPDATE SET body = b.body
 RETURNING b.event_id, b.format, b.body
""")


@dataclass(frozen=True, slots=True)
class Body:
    """An event in one format."""

    merchant_id: int
    mode: str
    event_id: UUID
    format: str
    body: str


async def facts(conn: Conn, events: Sequence[tuple[int, str, UUID]], public_url: str) -> dict[UUID, Facts]:
    """What the bodies of *events* (merchant, mode, id) are made of."""
    rows = await conn.fetch(
        *FACTS.bind(
            merchant_ids=[merchant_id for merchant_id, _, _ in events],
            modes=[mode for _, mode, _ in events],
            event_ids=[event_id for _, _, event_id in events],
        )
    )
    return {row["id"]: _facts(row, public_url) for row in rows}


async def keep(conn: Conn, bodies: Sequence[Body]) -> dict[tuple[UUID, str], str]:
    """Write *bodies*, each (event, format) once; the bytes that count from now on."""
    ordered = sorted(bodies, key=lambda one: (one.merchant_id, one.mode, one.event_id, one.format))
    rows = await conn.fetch(
        *KEEP.bind(
            merchant_ids=[one.merchant_id for one in ordered],
            modes=[one.mode for one in ordered],
            event_ids=[one.event_id for one in ordered],
            formats=[one.format for one in ordered],
            bodies=[one.body for one in ordered],
        )
    )
    return {(row["event_id"], row["format"]): row["body"] for row in rows}


def _facts(row: Any, public_url: str) -> Facts:
    payment = None
    if row["payment_id"] is not None:
        payment = PaymentFacts(
            id=row["payment_id"],
            amount_satang=row["amount_satang"],
            created_at=row["payment_created_at"],
            description=row["description"],
            customer_email=row["customer_email"],
            qr_payload=row["qr_payload"],
        )
    return Facts(row["id"], row["type"], row["mode"], row["body"], row["created_at"], payment, public_url)
