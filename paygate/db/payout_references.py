"""References of banks, capital letters or not: each of the operator's completes one payout, each of a direct merchant's
own bank one of its refunds."""

from __future__ import annotations

from paygate.core.payouts import Payout
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# No row: the reference has completed another payout.
USE = Sql("""
    INSERT INTO payout_references (bank_reference, folded, merchant_id, payout_id)
    VALUES (:bank_reference, lower(:bank_reference), :merchant_id, :payout_id)
        ON CONFLICT DO NOTHING
 RETURNING 1
""")

USE_OWN = Sql("""
    INSERT INTO refund_references (merchant_id, mode, folded, refund_id)
    VALUES (:merchant_id, :mode, lower(:bank_reference), :refund_id)
        ON CONFLICT DO NOTHING
 RETURNING 1
""")


async def use(conn: Conn, payout: Payout, bank_reference: str) -> bool:
    """Use up a reference; False when another payout has it."""
    values = {"merchant_id": payout.merchant_id, "payout_id": payout.id}
    return bool(await conn.fetchval(*USE.bind(bank_reference=bank_reference, **values)))


async def use_own(conn: Conn, refund: Payout, bank_reference: str) -> bool:
    """Use up a reference of a direct merchant's own bank; False when another refund of the merchant has it."""
    values = {"merchant_id": refund.merchant_id, "mode": refund.mode, "refund_id": refund.id}
    return bool(await conn.fetchval(*USE_OWN.bind(bank_reference=bank_reference, **values)))
