"""Writing to the books where no larger statement does it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from paygate.core.ledger import Journal
from paygate.db.pool import Conn
from paygate.db.sql import Sql

BOOK = Sql("""
      WITH booking AS (
           INSERT INTO journals (merchant_id, mode, id, kind, subject_id, part, happened_at, booked_at)
           VALUES (:merchant_id, :mode, :journal_id, :kind, :subject_id, :part, :happened_at, :booked_at)
           )
    INSERT INTO entries (merchant_id, mode, journal_id, line, account, amount_satang)
    SELECT :merchant_id, :mode, :journal_id, l.line, l.account, l.amount
      FROM unnest(:accounts::text[], :amounts::bigint[]) WITH ORDINALITY AS l (account, amount, line)
""")


async def book(conn: Conn, journal: Journal, journal_id: UUID, at: datetime) -> None:
    """Write *journal*. The database refuses one that is not balanced, or that is booked already."""
    await conn.execute(
        *BOOK.bind(
            merchant_id=journal.merchant_id,
            mode=journal.mode,
            journal_id=journal_id,
            kind=journal.kind,
            subject_id=journal.subject_id,
            part=journal.part,
            happened_at=journal.happened_at,
            booked_at=at,
            accounts=[account for account, _ in journal.lines],
            amounts=[amount for _, amount in journal.lines],
        )
    )
