"""What this database was made with: one row that tells a wrong PAYGATE_SECRET_KEY from the right one."""

from __future__ import annotations

from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql

# The first process of a fresh database writes the row, every other one reads it.
CLAIM = Sql("""
      WITH mine AS (
           INSERT INTO installation (key_id, key_check) VALUES (:key_id, :key_check)
      ON CONFLICT (id) DO NOTHING
        RETURNING key_id, key_check
           )
    SELECT key_id, key_check FROM mine
     UNION ALL
    SELECT key_id, key_check FROM installation
     LIMIT 1
""")

TEST_ACCOUNT = Sql("""
    INSERT INTO accounts (merchant_id, mode, id, receiving_id, proxy_kind, proxy, name, virtual)
    VALUES (0, 'test', :id, :id, 'ewallet', :proxy, :name, true)
        ON CONFLICT (merchant_id, mode, id) DO NOTHING
""")

SECOND_ABOVE = Sql("SELECT second_above_satang FROM installation")

# No row: it is so already.
KEEP_SECOND_ABOVE = Sql("""
    UPDATE installation i
       SET second_above_satang = :satang
      FROM (SELECT id, second_above_satang FROM installation FOR UPDATE) was
     WHERE was.id = i.id AND was.second_above_satang IS DISTINCT FROM :satang::bigint
 RETURNING was.second_above_satang
""")


async def claim(conn: Conn, key_id: str, key_check: bytes) -> tuple[str, bytes] | None:
    """The key id and the sealed text that the database was made with; the given ones if it is new.

    None when another process is writing the row at this very moment: ask again.
    """
    row = await conn.fetchrow(*CLAIM.bind(key_id=key_id, key_check=key_check))
    return (row["key_id"], row["key_check"]) if row else None


async def make_test_account(conn: Conn, account_id: UUID, proxy: str, name: str) -> None:
    """Make the platform's virtual account of the test mode, unless it is there."""
    await conn.execute(*TEST_ACCOUNT.bind(id=account_id, proxy=proxy, name=name))


async def second_above(conn: Conn) -> int | None:
    """Above so many satang two people approve a payout, as the server was told that started last."""
    satang: int | None = await conn.fetchval(*SECOND_ABOVE.bind())
    return satang


async def keep_second_above(conn: Conn, satang: int | None) -> tuple[bool, int | None]:
    """Write that limit; whether it changed, and what it was."""
    row = await conn.fetchrow(*KEEP_SECOND_ABOVE.bind(satang=satang))
    return (True, row["second_above_satang"]) if row else (False, None)
