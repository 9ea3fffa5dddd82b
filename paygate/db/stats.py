"""Numbers about a merchant's payments of a span of time: how many, how much, how quickly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from paygate.db.payments import STANDING
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# By hour or day in Bangkok of when they were made, and by where they stand now. One walk over payments_newest.
COUNTS = Sql(f"""
    SELECT date_trunc(:step, p.created_at AT TIME ZONE 'Asia/Bangkok') AT TIME ZONE 'Asia/Bangkok' AS at,
           CASE WHEN p.exception = 'REVERSED' THEN 'REVERSED' ELSE {STANDING} END AS status,
           count(*) AS payments,
           sum(p.amount_satang)::bigint AS amount_satang,
           sum(p.payable_satang)::bigint AS payable_satang,
           sum(p.fee_satang)::bigint AS fee_satang,
           sum(p.vat_satang)::bigint AS vat_satang,
           sum(p.refunded_satang)::bigint AS refunded_satang
      FROM payments p
     WHERE p.merchant_id = :merchant_id
       AND p.mode = :mode
       AND p.created_at >= :from_at
       AND p.created_at < :to_at
  GROUP BY 1, 2
  ORDER BY 1, 2
""")  # noqa: S608

# A bank's clock may be before ours: nobody pays in less than no time.
MEDIAN = Sql("""
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(extract(epoch FROM p.paid_at - p.created_at), 0))
      FROM payments p
     WHERE p.merchant_id = :merchant_id
       AND p.mode = :mode
       AND p.created_at >= :from_at
       AND p.created_at < :to_at
       AND p.status = 'PAID'
       AND p.exception IS DISTINCT FROM 'REVERSED'
""")


@dataclass(frozen=True, slots=True)
class Count:
    """Payments that were made in the hour or day from `at` on and stand so. REVERSED: the bank took the money back."""

    at: datetime
    status: str
    payments: int
    amount_satang: int
    payable_satang: int
    fee_satang: int
    vat_satang: int
    refunded_satang: int


async def counts(
    conn: Conn, merchant_id: int, mode: str, from_at: datetime, to_at: datetime, step: str
) -> Sequence[Count]:
    """By *step* (`hour` or `day`) and status, in order of time."""
    values = {"merchant_id": merchant_id, "mode": mode, "from_at": from_at, "to_at": to_at, "step": step}
    return [Count(**row) for row in await conn.fetch(*COUNTS.bind(**values))]


async def median_s(conn: Conn, merchant_id: int, mode: str, from_at: datetime, to_at: datetime) -> float | None:
    """Seconds from a payment's making to its money, in the middle of all; None when none was paid."""
    values = {"merchant_id": merchant_id, "mode": mode, "from_at": from_at, "to_at": to_at}
    found: float | None = await conn.fetchval(*MEDIAN.bind(**values))
    return found
