"""What waits for the operator: how many of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from paygate.db.pool import Conn
from paygate.db.sql import Sql

WAITING = Sql("""
    SELECT (SELECT count(*) FROM merchants WHERE status = 'PENDING' AND merchant_id > 0) AS merchants,
           (SELECT count(*) FROM reviews
             WHERE merchant_id = 0 AND mode = 'live' AND closed_at IS NULL) AS reviews,
           (SELECT count(*) FROM settlements
             WHERE mode = 'live' AND status = 'REQUESTED') AS settlements_to_approve,
           (SELECT count(*) FROM settlements
             WHERE mode = 'live' AND status IN ('APPROVED', 'PAYING')) AS settlements_to_pay,
           (SELECT count(*) FROM settlements
             WHERE mode = 'live' AND status IN ('REQUESTED', 'APPROVED', 'PAYING') AND promised_on < :today::date
           ) AS settlements_late,
           (SELECT count(*) FROM refunds
             WHERE mode = 'live' AND flow = 'central' AND status IN ('REQUESTED', 'APPROVED', 'PAYING')) AS refunds,
           (SELECT count(*) FROM fee_invoices
             WHERE mode = 'live' AND paid_at IS NULL AND due_on < :today) AS invoices_overdue
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Merchants to approve, questions about central money, payouts of each kind, invoices whose day is over."""

    merchants: int
    reviews: int
    settlements_to_approve: int
    settlements_to_pay: int
    settlements_late: int
    refunds: int
    invoices_overdue: int


async def waiting(conn: Conn, today: date) -> Waiting:
    """How many of each there are."""
    return Waiting(**await conn.fetchrow(*WAITING.bind(today=today)))
