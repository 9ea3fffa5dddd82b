"""People who may log in: a user row, and the directory row that makes an e-mail address unique in the installation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate.core.people import Role
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

COLUMNS = """u.merchant_id, u.id, u.email, u.password_hash, u.role, u.totp_secret, u.totp_pending, u.totp_last_step,
             u.recovery_hashes, u.disabled_at, u.created_at"""

BY_EMAIL = Sql(f"""
    SELECT {COLUMNS}
      FROM logins l
      JOIN users u ON u.merchant_id = l.merchant_id AND u.id = l.user_id
     WHERE l.email = :email
""")  # noqa: S608

# Whoever changes a person, or decides by what is stored of them, queues here.
LOCK = Sql(f"""
    SELECT {COLUMNS}, m.status AS merchant_status, m.name AS merchant_name, clock_timestamp() AS now_at
      FROM users u
      JOIN merchants m ON m.merchant_id = u.merchant_id
     WHERE u.merchant_id = :merchant_id AND u.id = :id
       FOR NO KEY UPDATE OF u
""")  # noqa: S608

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM users u
     WHERE u.merchant_id = :merchant_id OR :merchant_id::bigint IS NULL
  ORDER BY u.merchant_id, u.created_at, u.id
     LIMIT :limit
""")  # noqa: S608

SET_PASSWORD = Sql("UPDATE users SET password_hash = :password_hash WHERE merchant_id = :merchant_id AND id = :id")

SET_TOTP = Sql("""
    UPDATE users
       SET totp_secret = :secret, totp_pending = :pending, totp_last_step = :last_step,
           recovery_hashes = :recovery_hashes
     WHERE merchant_id = :merchant_id AND id = :id
""")

DISABLE = Sql("""
    UPDATE users
       SET disabled_at = CASE WHEN :disabled::boolean THEN coalesce(disabled_at, clock_timestamp()) END
     WHERE merchant_id = :merchant_id AND id = :id
""")

SET_ROLE = Sql("UPDATE users SET role = :role WHERE merchant_id = :merchant_id AND id = :id")

# Who never comes back: their logins and links go with them, and their address is free again.
REMOVE = Sql("""
      WITH gone_sessions AS (DELETE FROM sessions WHERE merchant_id = :merchant_id AND user_id = :id),
           gone_links AS (DELETE FROM user_links WHERE merchant_id = :merchant_id AND user_id = :id),
           gone_login AS (DELETE FROM logins WHERE email = :email AND merchant_id = :merchant_id AND user_id = :id)
    DELETE FROM users WHERE merchant_id = :merchant_id AND id = :id
""")

OWNERS = Sql("""
    SELECT count(*)
      FROM users
     WHERE merchant_id = :merchant_id AND role = 'owner' AND disabled_at IS NULL AND id <> :but
""")


@dataclass(frozen=True, slots=True)
class User:
    """A person as the database keeps them. Secrets are sealed, recovery codes hashed."""

    merchant_id: int
    id: UUID
    email: str
    password_hash: str | None = field(repr=False)
    role: Role
    totp_secret: bytes | None = field(repr=False)
    totp_pending: bytes | None = field(repr=False)
    totp_last_step: int | None
    recovery_hashes: tuple[bytes, ...] = field(repr=False)
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Locked:
    """A person whose row is held until the transaction ends, with their merchant and the moment."""

    user: User
    merchant_name: str
    merchant_status: str
    now: datetime


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


async def by_email(conn: Conn, email: str) -> User | None:
    """Who logs in with this address (in lower case)."""
    row = await conn.fetchrow(*BY_EMAIL.bind(email=email))
    return _user(row) if row else None


async def lock(conn: Conn, merchant_id: int, user_id: UUID) -> Locked | None:
    """One person, held until the transaction ends."""
    row = await conn.fetchrow(*LOCK.bind(merchant_id=merchant_id, id=user_id))
    return Locked(_user(row), row["merchant_name"], row["merchant_status"], row["now_at"]) if row else None


async def listed(conn: Conn, merchant_id: int | None, limit: int) -> Sequence[User]:
    """The people of a merchant (0: admins; None: of all), oldest first."""
    return [_user(row) for row in await conn.fetch(*LIST.bind(merchant_id=merchant_id, limit=limit))]


async def set_password(conn: Conn, user: User, password_hash: str) -> None:
    """Another password."""
    await conn.execute(*SET_PASSWORD.bind(merchant_id=user.merchant_id, id=user.id, password_hash=password_hash))


async def set_totp(conn: Conn, after: User) -> None:
    """Write what *after* says of one-time codes."""
    await conn.execute(
        *SET_TOTP.bind(
            merchant_id=after.merchant_id,
            id=after.id,
            secret=after.totp_secret,
            pending=after.totp_pending,
            last_step=after.totp_last_step,
            recovery_hashes=list(after.recovery_hashes),
        )
    )


async def disable(conn: Conn, user: User, *, disabled: bool) -> None:
    """No login from now on, or again."""
    await conn.execute(*DISABLE.bind(merchant_id=user.merchant_id, id=user.id, disabled=disabled))


async def set_role(conn: Conn, user: User, role: Role) -> None:
    """Another role."""
    await conn.execute(*SET_ROLE.bind(merchant_id=user.merchant_id, id=user.id, role=role))


async def remove(conn: Conn, user: User) -> None:
    """Forget a person with all that hangs on them."""
    await conn.execute(*REMOVE.bind(merchant_id=user.merchant_id, id=user.id, email=user.email))


async def other_owners(conn: Conn, user: User) -> int:
    """How many owners of the person's merchant there are beside them who may log in."""
    return int(await conn.fetchval(*OWNERS.bind(merchant_id=user.merchant_id, but=user.id)))


def _user(row: Any) -> User:
    return User(
        **{name: row[name] for name in User.__dataclass_fields__ if name != "recovery_hashes"},
        recovery_hashes=tuple(row["recovery_hashes"]),
    )
