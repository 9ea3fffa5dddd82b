"""People who may log in: a user row, and the directory row that makes an e-mail address unique in the installation."""

from __future__ import annotations

from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql

INSERT = Sql("""
      WITH listed AS (
           INSERT INTO logins (email, merchant_id, user_id) VALUES (:email, :merchant_id, :id)
           )
    INSERT INTO users (merchant_id, id, email, password_hash, role)
    VALUES (:merchant_id, :id, :email, :password_hash, :role)
""")

TAKEN = Sql("SELECT EXISTS (SELECT 1 FROM logins WHERE email = :email)")


async def insert(
    conn: Conn, *, merchant_id: int, user_id: UUID, email: str, password_hash: str | None, role: str
) -> None:
    """A new user and login. *email* is in lower case; *password_hash* None: cannot log in by password yet."""
    await conn.execute(
        *INSERT.bind(merchant_id=merchant_id, id=user_id, email=email, password_hash=password_hash, role=role)
    )


async def taken(conn: Conn, email: str) -> bool:
    """Whether somebody logs in with this address."""
    return bool(await conn.fetchval(*TAKEN.bind(email=email)))
