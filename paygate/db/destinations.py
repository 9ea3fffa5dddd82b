"""Where merchants want their money: immutable rows, one in force for each merchant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = "merchant_id, id, proxy_kind, proxy, bank_code, number, name, created_at, usable_at, retired_at"

IN_FORCE = Sql(f"""
    SELECT {COLUMNS}, clock_timestamp() AS now
      FROM payout_destinations
     WHERE merchant_id = :merchant_id AND retired_at IS NULL
""")  # noqa: S608

GET = Sql(f"""
    SELECT {COLUMNS}
      FROM payout_destinations
     WHERE merchant_id = :merchant_id AND id = ANY(:ids::uuid[])
""")  # noqa: S608

RETIRE = Sql("""
    UPDATE payout_destinations
       SET retired_at = clock_timestamp()
     WHERE merchant_id = :merchant_id AND retired_at IS NULL
""")

# The first one may be used at once; a change waits, so that its owner has time to notice it.
INSERT = Sql(f"""
    INSERT INTO payout_destinations (merchant_id, id, proxy_kind, proxy, bank_code, number, name, created_at, usable_at)
    SELECT :merchant_id, :id, :proxy_kind, :proxy, :bank_code, :number, :name, n.now,
           n.now + CASE WHEN EXISTS (SELECT 1 FROM payout_destinations d WHERE d.merchant_id = :merchant_id)
                        THEN :wait::interval ELSE interval '0' END
      FROM (SELECT clock_timestamp() AS now) n
 RETURNING {COLUMNS}
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Destination:
    """A PromptPay ID, a bank account, or both; `name` is the holder's."""

    merchant_id: int
    id: UUID
    proxy_kind: str | None
    proxy: str | None
    bank_code: str | None
    number: str | None
    name: str
    created_at: datetime
    usable_at: datetime
    retired_at: datetime | None


async def in_force(conn: Conn, merchant_id: int) -> tuple[Destination, datetime] | None:
    """The merchant's destination, whether it may be used yet or not, and the database's clock."""
    row = await conn.fetchrow(*IN_FORCE.bind(merchant_id=merchant_id))
    if row is None:
        return None
    values = dict(row)
    now: datetime = values.pop("now")
    return Destination(**values), now


async def get(conn: Conn, merchant_id: int, ids: Sequence[UUID]) -> dict[UUID, Destination]:
    """Destinations of a merchant by id, also retired ones."""
    rows = await conn.fetch(*GET.bind(merchant_id=merchant_id, ids=list(ids)))
    return {row["id"]: Destination(**row) for row in rows}


async def replace(
    conn: Conn,
    *,
    merchant_id: int,
    destination_id: UUID,
    proxy_kind: str | None,
    proxy: str | None,
    bank_code: str | None,
    number: str | None,
    name: str,
    wait: timedelta,
) -> Destination:
    """Put a destination in the place of the one in force. Whoever calls holds the merchant's row."""
    await conn.execute(*RETIRE.bind(merchant_id=merchant_id))
    row = await conn.fetchrow(
        *INSERT.bind(
            merchant_id=merchant_id,
            id=destination_id,
            proxy_kind=proxy_kind,
            proxy=proxy,
            bank_code=bank_code,
            number=number,
            name=name,
            wait=wait,
        )
    )
    return Destination(**row)
