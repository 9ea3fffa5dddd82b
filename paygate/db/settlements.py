"""Settlements: asked for, read, listed, moved on by compare-and-set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate.core.errors import Moved
from paygate.core.payouts import PayoutStatus, Settlement
from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = """merchant_id, mode, id, amount_satang, status, sequence, approved_by, second_by, claimed_by, claimed_at,
                  bank_reference, reason, created_at, completed_at, paid_from, destination_id, promised_on"""

INSERT = Sql("""
    INSERT INTO settlements (merchant_id, mode, id, amount_satang, status, sequence, promised_on, created_at)
    VALUES (:merchant_id, :mode, :id, :amount_satang, :status, :sequence, :promised_on, :created_at)
""")

GET = Sql(f"""
    SELECT {COLUMNS}
      FROM settlements
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
""")  # noqa: S608

FIND = Sql(f"SELECT {COLUMNS} FROM settlements WHERE id = :id")  # noqa: S608

LOCK = Sql(f"""
    SELECT {COLUMNS}, clock_timestamp() AS now
      FROM settlements
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
       FOR NO KEY UPDATE
""")  # noqa: S608

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM settlements
     WHERE merchant_id = :merchant_id
       AND mode = :mode
       AND (:before_at::timestamptz IS NULL OR (created_at, id) < (:before_at, :before_id::uuid))
       AND (:status::text IS NULL OR status = :status)
       AND (:from_at::timestamptz IS NULL OR created_at >= :from_at)
       AND (:to_at::timestamptz IS NULL OR created_at < :to_at)
  ORDER BY created_at DESC, id DESC
     LIMIT :limit
""")  # noqa: S608

# What waits for the operator, the earliest promise first.
QUEUE = Sql(f"""
    SELECT {COLUMNS}
      FROM settlements
     WHERE status IN ('REQUESTED', 'APPROVED', 'PAYING')
       AND status = ANY(:statuses::text[])
       AND (:merchant_id::bigint IS NULL OR merchant_id = :merchant_id)
       AND (:claimed_by::text IS NULL OR lower(claimed_by) = lower(:claimed_by))
  ORDER BY promised_on, created_at, id
     LIMIT :limit
""")  # noqa: S608

CLOSED = Sql(f"""
    SELECT {COLUMNS}
      FROM settlements
     WHERE status = ANY(:statuses::text[])
       AND (:merchant_id::bigint IS NULL OR merchant_id = :merchant_id)
  ORDER BY created_at DESC, id DESC
     LIMIT :limit
""")  # noqa: S608

MOVE = Sql("""
    UPDATE settlements
       SET status = :status, sequence = :sequence, destination_id = :destination_id, approved_by = :approved_by,
           second_by = :second_by, claimed_by = :claimed_by, claimed_at = :claimed_at,
           bank_reference = :bank_reference, reason = :reason, completed_at = :completed_at,
           paid_from = :paid_from
     WHERE merchant_id = :merchant_id
       AND mode = :mode
       AND id = :id
       AND status = :was_status                                 -- Another person may have moved it.
       AND sequence = :was_sequence
 RETURNING 1
""")


@dataclass(frozen=True, slots=True)
class Page:
    """What a merchant's list is asked for. Times are half-open; `before` is the last row of the page before."""

    limit: int
    status: PayoutStatus | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    before: tuple[datetime, UUID] | None = None


async def insert(conn: Conn, settlement: Settlement) -> None:
    """A settlement that was just asked for."""
    await conn.execute(
        *INSERT.bind(
            merchant_id=settlement.merchant_id,
            mode=settlement.mode,
            id=settlement.id,
            amount_satang=settlement.amount_satang,
            status=settlement.status,
            sequence=settlement.sequence,
            promised_on=settlement.promised_on,
            created_at=settlement.created_at,
        )
    )


async def get(conn: Conn, merchant_id: int, mode: str, settlement_id: UUID) -> Settlement | None:
    """One settlement of a merchant."""
    row = await conn.fetchrow(*GET.bind(merchant_id=merchant_id, mode=mode, id=settlement_id))
    return _settlement(row) if row else None


async def find(conn: Conn, settlement_id: UUID) -> Settlement | None:
    """One settlement, whosever it is: for the operator."""
    row = await conn.fetchrow(*FIND.bind(id=settlement_id))
    return _settlement(row) if row else None


async def lock(conn: Conn, merchant_id: int, mode: str, settlement_id: UUID) -> tuple[Settlement, datetime] | None:
    """One settlement, held until the transaction ends, and the database's clock behind the lock."""
    row = await conn.fetchrow(*LOCK.bind(merchant_id=merchant_id, mode=mode, id=settlement_id))
    return (_settlement(row), row["now"]) if row else None


async def listed(conn: Conn, merchant_id: int, mode: str, page: Page) -> list[Settlement]:
    """A page of a merchant's settlements, newest first."""
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
            limit=page.limit,
        )
    )
    return [_settlement(row) for row in rows]


async def queue(
    conn: Conn,
    statuses: Sequence[PayoutStatus],
    *,
    merchant_id: int | None = None,
    claimed_by: str | None = None,
    limit: int,
) -> list[Settlement]:
    """What waits for the operator, of all merchants or one, the earliest promise first."""
    values = {"statuses": list(statuses), "merchant_id": merchant_id, "claimed_by": claimed_by, "limit": limit}
    return [_settlement(row) for row in await conn.fetch(*QUEUE.bind(**values))]


async def closed(
    conn: Conn, statuses: Sequence[PayoutStatus], *, merchant_id: int | None, limit: int
) -> list[Settlement]:
    """Those that stand so, whether anything waits or not, the newest first."""
    rows = await conn.fetch(*CLOSED.bind(statuses=list(statuses), merchant_id=merchant_id, limit=limit))
    return [_settlement(row) for row in rows]


async def move(conn: Conn, before: Settlement, after: Settlement) -> None:
    """Compare-and-set. Raises Moved when it does not stand where it stood."""
    moved = await conn.fetchval(
        *MOVE.bind(
            merchant_id=before.merchant_id,
            mode=before.mode,
            id=before.id,
            was_status=before.status,
            was_sequence=before.sequence,
            status=after.status,
            paid_from=after.paid_from,
            sequence=after.sequence,
            destination_id=after.destination_id,
            approved_by=after.approved_by,
            second_by=after.second_by,
            claimed_by=after.claimed_by,
            claimed_at=after.claimed_at,
            bank_reference=after.bank_reference,
            reason=after.reason,
            completed_at=after.completed_at,
        )
    )
    if not moved:
        raise Moved()


def _settlement(row: Any) -> Settlement:
    values = {name: value for name, value in row.items() if name != "now"}
    return Settlement(**values | {"status": PayoutStatus(row["status"])})
