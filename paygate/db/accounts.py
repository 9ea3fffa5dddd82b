"""Receiving accounts: immutable versions, and the directory that says whose a real account is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from paygate.core.errors import Moved
from paygate.core.keys import Mode
from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = """merchant_id, mode, id, receiving_id, proxy_kind, proxy, biller_id, bank_code, number, name, amount_tagging,
           virtual, created_at, retired_at,
           coalesce((SELECT w.weight FROM account_shares w
                      WHERE w.merchant_id = accounts.merchant_id AND w.mode = accounts.mode
                        AND w.receiving_id = accounts.receiving_id), 1) AS weight,
           (SELECT w.paused_at FROM account_shares w
             WHERE w.merchant_id = accounts.merchant_id AND w.mode = accounts.mode
               AND w.receiving_id = accounts.receiving_id) AS paused_at"""

# The versions before it are retired in the same statement.
INSERT = Sql(f"""
      WITH retired AS (
           UPDATE accounts SET retired_at = clock_timestamp()
            WHERE merchant_id = :merchant_id
              AND mode = :mode
              AND receiving_id = ANY (:retire::uuid[])
              AND retired_at IS NULL
           )
    INSERT INTO accounts (merchant_id, mode, id, receiving_id, proxy_kind, proxy, biller_id, bank_code, number, name,
                          amount_tagging, virtual, created_at)
    VALUES (:merchant_id, :mode, :id, :receiving_id, :proxy_kind, :proxy, :biller_id, :bank_code, :number, :name,
            :amount_tagging, :mode = 'test', clock_timestamp())
 RETURNING {COLUMNS}
""")  # noqa: S608

OF_OWNER = Sql(f"""
    SELECT {COLUMNS}
      FROM accounts
     WHERE merchant_id = :merchant_id AND mode = :mode
  ORDER BY receiving_id, created_at DESC, id DESC
""")  # noqa: S608

FIND = Sql(f"SELECT {COLUMNS} FROM accounts WHERE id = :id")  # noqa: S608

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM accounts
     WHERE (:merchant_id::bigint IS NULL OR merchant_id = :merchant_id)
       AND retired_at IS NULL
  ORDER BY merchant_id, mode, created_at, id
""")  # noqa: S608

OWNERS = Sql("SELECT identity, merchant_id FROM account_directory WHERE identity = ANY (:identities) FOR UPDATE")

# The directory says exactly what the account in force says; names of retired ones are free again.
PUBLISH = Sql("""
      WITH gone AS (
           DELETE FROM account_directory
            WHERE merchant_id = :merchant_id
              AND receiving_id = ANY (:retire::uuid[])
              AND identity <> ALL (:identities::text[])
           )
    INSERT INTO account_directory AS d (identity, merchant_id, receiving_id)
    SELECT i.identity, :merchant_id, :receiving_id
      FROM unnest(:identities) AS i (identity)
        ON CONFLICT (identity) DO UPDATE SET receiving_id = excluded.receiving_id
     WHERE d.merchant_id = excluded.merchant_id             -- Never take one from another owner.
 RETURNING 1
""")

RETIRE = Sql("""
    UPDATE accounts v SET retired_at = clock_timestamp()
      FROM accounts named
     WHERE named.id = :id
       AND v.merchant_id = named.merchant_id
       AND v.mode = named.mode
       AND v.receiving_id = named.receiving_id
       AND v.retired_at IS NULL
 RETURNING 1
""")

# What is null stays as it was. The row is locked until the transaction ends, changed or not.
SHARE = Sql("""
    INSERT INTO account_shares AS w (merchant_id, mode, receiving_id, weight, paused_at)
    VALUES (:merchant_id, :mode, :receiving_id, coalesce(:weight::integer, 1),
            CASE WHEN :paused::boolean THEN clock_timestamp() END)
        ON CONFLICT (merchant_id, mode, receiving_id) DO UPDATE
       SET weight = coalesce(:weight, w.weight),
           paused_at = CASE WHEN :paused IS NULL THEN w.paused_at
                            WHEN :paused THEN coalesce(w.paused_at, clock_timestamp()) END
""")

TAKING = Sql("""
    SELECT count(DISTINCT a.receiving_id)
      FROM accounts a
 LEFT JOIN account_shares w ON w.merchant_id = a.merchant_id AND w.mode = a.mode AND w.receiving_id = a.receiving_id
     WHERE a.merchant_id = :merchant_id AND a.mode = :mode AND a.retired_at IS NULL AND w.paused_at IS NULL
""")

HELD_UNTIL = Sql("""
    SELECT max(until_at)
      FROM reservations
     WHERE mode = :mode AND receiving_id = ANY (:receiving_ids::uuid[]) AND until_at > clock_timestamp()
""")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account shall be. Digits are normalised; `bank_code` and `number` go together."""

    merchant_id: int
    mode: Mode
    proxy_kind: str | None
    proxy: str | None
    biller_id: str | None
    bank_code: str | None
    number: str | None
    name: str
    amount_tagging: str

    @property
    def identities(self) -> tuple[str, ...]:
        """What names the real account in the directory."""
        found = []
        if self.number:
            found.append(f"bank:{self.bank_code}:{self.number}")
        if self.proxy:
            found.append(f"proxy:{self.proxy_kind}:{self.proxy}")
        if self.biller_id:
            found.append(f"biller:{self.biller_id}")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Account:
    """One version of an account. `receiving_id` is the real account behind all its versions."""

    merchant_id: int
    mode: Mode
    id: UUID
    receiving_id: UUID
    proxy_kind: str | None
    proxy: str | None
    biller_id: str | None
    bank_code: str | None
    number: str | None
    name: str
    amount_tagging: str
    virtual: bool
    created_at: datetime
    retired_at: datetime | None
    weight: int = 1  # Of new payments, beside the weights of the others.
    paused_at: datetime | None = None  # No new payments since then.


async def share(conn: Conn, account: Account, *, weight: int | None = None, paused: bool | None = None) -> None:
    """Change the weight of an account, or whether it is paused; None: as it was."""
    key = {"merchant_id": account.merchant_id, "mode": account.mode, "receiving_id": account.receiving_id}
    await conn.execute(*SHARE.bind(**key, weight=weight, paused=paused))


async def taking(conn: Conn, merchant_id: int, mode: Mode) -> int:
    """How many accounts of an owner take new payments."""
    count: int = await conn.fetchval(*TAKING.bind(merchant_id=merchant_id, mode=mode))
    return count


async def retire(conn: Conn, account_id: UUID) -> bool:
    """Retire the version in force of the real account behind any of its versions; whether there was one."""
    return await conn.fetchval(*RETIRE.bind(id=account_id)) is not None


async def insert(
    conn: Conn, new: NewAccount, *, account_id: UUID, receiving_id: UUID, retire: Collection[UUID]
) -> Account:
    """Write a new version, and retire the versions in force of *retire* (receiving ids)."""
    row = await conn.fetchrow(
        *INSERT.bind(
            merchant_id=new.merchant_id,
            mode=new.mode,
            id=account_id,
            receiving_id=receiving_id,
            proxy_kind=new.proxy_kind,
            proxy=new.proxy,
            biller_id=new.biller_id,
            bank_code=new.bank_code,
            number=new.number,
            name=new.name,
            amount_tagging=new.amount_tagging,
            retire=list(retire),
        )
    )
    return Account(**row)


async def of_owner(conn: Conn, merchant_id: int, mode: Mode) -> Sequence[Account]:
    """All versions of an owner's accounts, retired ones too; the newest of each account first."""
    return [Account(**row) for row in await conn.fetch(*OF_OWNER.bind(merchant_id=merchant_id, mode=mode))]


async def find(conn: Conn, account_id: UUID) -> Account | None:
    """One version, whosever it is."""
    row = await conn.fetchrow(*FIND.bind(id=account_id))
    return Account(**row) if row else None


async def listed(conn: Conn, merchant_id: int | None) -> Sequence[Account]:
    """The accounts in force of one owner, or all."""
    return [Account(**row) for row in await conn.fetch(*LIST.bind(merchant_id=merchant_id))]


async def owners(conn: Conn, identities: Collection[str]) -> dict[str, int]:
    """Who owns these identities now: identity -> merchant; held until the transaction ends."""
    rows = await conn.fetch(*OWNERS.bind(identities=list(identities)))
    return {row["identity"]: row["merchant_id"] for row in rows}


async def publish(conn: Conn, new: NewAccount, *, receiving_id: UUID, retire: Collection[UUID]) -> None:
    """Make the directory say what *new* says. Raises Moved when another owner was quicker with one of the names."""
    rows = await conn.fetch(
        *PUBLISH.bind(
            merchant_id=new.merchant_id,
            receiving_id=receiving_id,
            retire=list(retire),
            identities=list(new.identities),
        )
    )
    if len(rows) != len(new.identities):
        raise Moved()


async def held_until(conn: Conn, mode: Mode, receiving_ids: Collection[UUID]) -> datetime | None:
    """Until when payments hold amounts of these accounts; None when none does."""
    until: datetime | None = await conn.fetchval(*HELD_UNTIL.bind(mode=mode, receiving_ids=list(receiving_ids)))
    return until
