"""References of the operator's bank: each completes one payout."""

from __future__ import annotations

from paygate.core.payouts import Payout
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# No row: the reference has completed another payout.
USE = Sql("""
    INSERT INTO payout_references (bank_reference, merchant_id, payout_id)
    VALUES (:bank_reference, :merchant_id, :payout_id)
        ON CONFLICT DO NOTHING
 RETURNING 1
""")


async def use(conn: Conn, payout: Payout, bank_reference: str) -> bool:
    """Use up a reference; False when another payout has it."""
    values = {"merchant_id": payout.merchant_id, "payout_id": payout.id}
    return bool(await conn.fetchval(*USE.bind(bank_reference=bank_reference, **values)))
