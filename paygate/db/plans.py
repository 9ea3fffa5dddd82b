"""Which plan a merchant is on, and what plans cost: each from a moment on, by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql

# The terms in force of merchant `m`, to be joined: `t.plan` is null where it is still on the plan that it began with.
TERMS = """LEFT JOIN LATERAL (
                   SELECT p.plan, p.fee_bps
                     FROM merchant_plans p
                    WHERE p.merchant_id = m.merchant_id AND p.valid_from <= clock_timestamp()
                 ORDER BY p.valid_from DESC
                    LIMIT 1) t ON true"""
PLAN = "coalesce(t.plan, m.plan)"
# The merchant's own rate, else the plan's; null where that is the setting's to say.
RATE = f"""coalesce(t.fee_bps, (
                       SELECT r.fee_bps
                         FROM plan_rates r
                        WHERE r.plan = {PLAN} AND r.valid_from <= clock_timestamp()
                     ORDER BY r.valid_from DESC
                        LIMIT 1))"""  # noqa: S608 - text of our own

COLUMNS = "merchant_id, valid_from, id, plan, fee_bps, created_at"

LIST = Sql(f"""
    SELECT {COLUMNS}, valid_from <= clock_timestamp() AS begun
      FROM merchant_plans
     WHERE merchant_id = :merchant_id
  ORDER BY valid_from
""")  # noqa: S608

# From now on, unless it says when.
INSERT = Sql(f"""
    INSERT INTO merchant_plans (merchant_id, valid_from, id, plan, fee_bps, created_at)
    SELECT :merchant_id, coalesce(:valid_from::timestamptz, n.now_at), :id, :plan, :fee_bps::integer, n.now_at
      FROM (SELECT clock_timestamp() AS now_at) n
        ON CONFLICT DO NOTHING
 RETURNING {COLUMNS}, valid_from <= clock_timestamp() AS begun
""")  # noqa: S608

WITHDRAW = Sql(f"""
    DELETE FROM merchant_plans
     WHERE merchant_id = :merchant_id AND valid_from > clock_timestamp()
 RETURNING {COLUMNS}, false AS begun
""")  # noqa: S608

RATES = Sql("""
    SELECT plan, valid_from, fee_bps, valid_from <= clock_timestamp() AS begun FROM plan_rates ORDER BY plan, valid_from
""")

INSERT_RATE = Sql("""
    INSERT INTO plan_rates (plan, valid_from, fee_bps, created_at)
    SELECT :plan, coalesce(:valid_from::timestamptz, n.now_at), :fee_bps::integer, n.now_at
      FROM (SELECT clock_timestamp() AS now_at) n
        ON CONFLICT DO NOTHING
 RETURNING plan, valid_from, fee_bps, valid_from <= clock_timestamp() AS begun
""")


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan from a moment on. `fee_bps` None: the plan's rate. `begun`: the moment is over."""

    merchant_id: int
    valid_from: datetime
    id: UUID
    plan: str
    fee_bps: int | None
    created_at: datetime
    begun: bool


@dataclass(frozen=True, slots=True)
class PlanRate:
    """What a plan costs from a moment on; None: what the setting says."""

    plan: str
    valid_from: datetime
    fee_bps: int | None
    begun: bool


async def listed(conn: Conn, merchant_id: int) -> Sequence[Terms]:
    """All that was ever decided for a merchant, and what is to come, in the order in which it is in force."""
    return [Terms(**row) for row in await conn.fetch(*LIST.bind(merchant_id=merchant_id))]


async def insert(
    conn: Conn, *, merchant_id: int, terms_id: UUID, plan: str, fee_bps: int | None, valid_from: datetime | None
) -> Terms | None:
    """Put a merchant on a plan, from now on or from *valid_from*; None when something begins at that moment already."""
    row = await conn.fetchrow(
        *INSERT.bind(merchant_id=merchant_id, id=terms_id, plan=plan, fee_bps=fee_bps, valid_from=valid_from)
    )
    return Terms(**row) if row else None


async def withdraw(conn: Conn, merchant_id: int) -> Sequence[Terms]:
    """Forget what has not begun yet."""
    return [Terms(**row) for row in await conn.fetch(*WITHDRAW.bind(merchant_id=merchant_id))]


async def rates(conn: Conn) -> Sequence[PlanRate]:
    """What the operator ever said about rates, by plan and time."""
    return [PlanRate(**row) for row in await conn.fetch(*RATES.bind())]


async def insert_rate(conn: Conn, plan: str, fee_bps: int | None, valid_from: datetime | None) -> PlanRate | None:
    """Say what a plan costs; None when something was said for that moment already."""
    row = await conn.fetchrow(*INSERT_RATE.bind(plan=plan, fee_bps=fee_bps, valid_from=valid_from))
    return PlanRate(**row) if row else None
