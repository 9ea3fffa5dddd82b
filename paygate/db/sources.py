"""Sources: who may say that money arrived on an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from paygate.core.keys import Mode
from paygate.db.pool import Conn
from paygate.db.sql import Sql

INSERT = Sql("""
    INSERT INTO sources (merchant_id, mode, id, receiving_id, kind, trust, secret, bank_merchant)
    VALUES (:merchant_id, :mode, :id, :receiving_id, :kind, :trust, :secret, :bank_merchant)
""")

COLUMNS = "merchant_id, mode, id, receiving_id, kind, trust, secret, created_at, disabled_at, bank_merchant"

# With the database's clock, which judges the signature's time.
GET = Sql(f"SELECT {COLUMNS}, clock_timestamp() AS now FROM sources WHERE id = :id")  # noqa: S608

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM sources
     WHERE :merchant_id::bigint IS NULL OR merchant_id = :merchant_id
  ORDER BY merchant_id, mode, id
""")  # noqa: S608

LOCK = Sql(f"SELECT {COLUMNS} FROM sources WHERE id = :id FOR NO KEY UPDATE")  # noqa: S608

CHANGE = Sql("""
    UPDATE sources
       SET secret = :secret,
           disabled_at = CASE WHEN :disabled::boolean THEN coalesce(disabled_at, clock_timestamp()) END
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
""")


@dataclass(frozen=True, slots=True)
class Source:
    """One source. `merchant_id` owns the account (0: central); `secret` is sealed for `source:<id>`.

    `trust` says whose references its references are: "host", or the receiving account's id.
    """

    merchant_id: int
    mode: Mode
    id: UUID
    receiving_id: UUID
    kind: str
    trust: str
    secret: bytes = field(repr=False)
    created_at: datetime
    disabled_at: datetime | None
    bank_merchant: str | None = None  # KBank: the merchant id that its callbacks name.

    @property
    def disabled(self) -> bool:
        """Whether nothing is taken from it any more."""
        return self.disabled_at is not None


async def insert(
    conn: Conn,
    *,
    merchant_id: int,
    mode: Mode,
    source_id: UUID,
    receiving_id: UUID,
    kind: str,
    trust: str,
    secret: bytes,
    bank_merchant: str | None = None,
) -> None:
    """A new source; *secret* is sealed."""
    await conn.execute(
        *INSERT.bind(
            merchant_id=merchant_id,
            mode=mode,
            id=source_id,
            receiving_id=receiving_id,
            kind=kind,
            trust=trust,
            secret=secret,
            bank_merchant=bank_merchant,
        )
    )


async def get(conn: Conn, source_id: UUID) -> tuple[Source, datetime] | None:
    """One source, disabled or not, and the database's clock."""
    row = await conn.fetchrow(*GET.bind(id=source_id))
    if row is None:
        return None
    values = dict(row)
    now: datetime = values.pop("now")
    return Source(**values), now


async def lock(conn: Conn, source_id: UUID) -> Source | None:
    """One source, held until the transaction ends."""
    row = await conn.fetchrow(*LOCK.bind(id=source_id))
    return Source(**row) if row else None


async def change(conn: Conn, source: Source, *, secret: bytes, disabled: bool) -> None:
    """Another secret (sealed), and whether anything is taken from it."""
    values = {"merchant_id": source.merchant_id, "mode": source.mode, "id": source.id}
    await conn.execute(*CHANGE.bind(**values, secret=secret, disabled=disabled))


async def listed(conn: Conn, merchant_id: int | None) -> Sequence[Source]:
    """The sources of one owner's accounts, or all."""
    return [Source(**row) for row in await conn.fetch(*LIST.bind(merchant_id=merchant_id))]
