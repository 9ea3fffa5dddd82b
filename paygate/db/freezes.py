"""Payouts of a merchant that stand still: why, since when, by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from paygate.db.pool import Conn
from paygate.db.sql import Sql

MODE = "live"  # Test money never pays out.

GET = Sql("""
    SELECT merchant_id, frozen_reason AS reason, frozen_at AS at, frozen_by AS by
      FROM balances
     WHERE merchant_id = :merchant_id AND mode = :mode AND frozen_reason IS NOT NULL
""")

LIST = Sql("""
    SELECT merchant_id, frozen_reason AS reason, frozen_at AS at, frozen_by AS by
      FROM balances
     WHERE mode = :mode AND frozen_reason IS NOT NULL
  ORDER BY frozen_at, merchant_id
""")

# Waits for payouts that are being claimed or completed at this moment, and whoever comes after sees it.
FREEZE = Sql("""
    INSERT INTO balances AS b (merchant_id, mode, frozen_reason, frozen_at, frozen_by)
    VALUES (:merchant_id, :mode, :reason, clock_timestamp(), :by)
ON CONFLICT (merchant_id, mode) DO UPDATE
       SET frozen_reason = excluded.frozen_reason,
           frozen_at = coalesce(b.frozen_at, excluded.frozen_at),
           frozen_by = excluded.frozen_by
 RETURNING b.merchant_id, b.frozen_reason AS reason, b.frozen_at AS at, b.frozen_by AS by
""")

THAW = Sql("""
    UPDATE balances SET frozen_reason = NULL, frozen_at = NULL, frozen_by = NULL
     WHERE merchant_id = :merchant_id AND mode = :mode AND frozen_reason IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Freeze:
    """A merchant's payouts stand still."""

    merchant_id: int
    reason: str
    at: datetime
    by: str


async def get(conn: Conn, merchant_id: int) -> Freeze | None:
    """The freeze of a merchant's payouts; None: they go on."""
    return _freeze(await conn.fetchrow(*GET.bind(merchant_id=merchant_id, mode=MODE)))


async def listed(conn: Conn) -> list[Freeze]:
    """All freezes, the oldest first."""
    return [Freeze(**row) for row in await conn.fetch(*LIST.bind(mode=MODE))]


async def freeze(conn: Conn, merchant_id: int, reason: str, by: str) -> Freeze | None:
    """Let a merchant's payouts stand still; a frozen one gets another reason."""
    return _freeze(await conn.fetchrow(*FREEZE.bind(merchant_id=merchant_id, mode=MODE, reason=reason, by=by)))


async def thaw(conn: Conn, merchant_id: int) -> None:
    """Let them go on."""
    await conn.execute(*THAW.bind(merchant_id=merchant_id, mode=MODE))


def _freeze(row: Any) -> Freeze | None:
    return Freeze(**row) if row else None
