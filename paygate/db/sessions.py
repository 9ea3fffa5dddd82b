"""Logins that can be ended: made, looked at with every request, refreshed, listed, ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.people import Person
from paygate.db.pool import Conn
from paygate.db.sql import Sql

INSERT = Sql("""
    INSERT INTO sessions (merchant_id, id, user_id, token_hash, user_agent, address, created_at, refreshed_at,
                          expires_at)
    VALUES (:merchant_id, :id, :user_id, :token_hash, :user_agent, :address::inet, :now, :now, :expires_at)
""")

# Everything that a request needs to know of who asks, in one round trip: it is asked each time, so whatever changes
# bites at once.
WHO = Sql("""
    SELECT s.merchant_id, s.user_id, s.id AS session_id, u.email, u.role, u.totp_secret IS NOT NULL AS has_totp,
           m.name AS merchant_name, m.status AS merchant_status, clock_timestamp() AS now_at
      FROM sessions s
      JOIN users u ON u.merchant_id = s.merchant_id AND u.id = s.user_id
      JOIN merchants m ON m.merchant_id = s.merchant_id
     WHERE s.merchant_id = :merchant_id
       AND s.id = :id
       AND s.ended_at IS NULL
       AND u.disabled_at IS NULL
""")

LOCK = Sql("""
    SELECT user_id, token_hash, created_at, ended_at IS NULL AND expires_at > clock_timestamp() AS open
      FROM sessions
     WHERE merchant_id = :merchant_id AND id = :id
       FOR NO KEY UPDATE
""")

REFRESH = Sql("""
    UPDATE sessions
       SET token_hash = :token_hash, refreshed_at = :now, expires_at = :expires_at
     WHERE merchant_id = :merchant_id AND id = :id
""")

END = Sql("""
    UPDATE sessions SET ended_at = clock_timestamp()
     WHERE merchant_id = :merchant_id AND id = :id AND user_id = :user_id AND ended_at IS NULL
 RETURNING 1
""")

END_ALL = Sql("""
    UPDATE sessions SET ended_at = clock_timestamp()
     WHERE merchant_id = :merchant_id
       AND user_id = :user_id
       AND ended_at IS NULL
       AND expires_at > clock_timestamp()
       AND id IS DISTINCT FROM :but::uuid
""")

LIST = Sql("""
    SELECT id, user_agent, host(address) AS address, created_at, refreshed_at, expires_at
      FROM sessions
     WHERE merchant_id = :merchant_id
       AND user_id = :user_id
       AND ended_at IS NULL
       AND expires_at > clock_timestamp()
  ORDER BY refreshed_at DESC, id DESC
     LIMIT 100
""")

# Ended or not: whether this person was there before is all that is asked.
SEEN_AT = Sql("""
    SELECT EXISTS (SELECT 1
                     FROM logins l
                     JOIN sessions s ON s.merchant_id = l.merchant_id AND s.user_id = l.user_id
                    WHERE l.email = :email
                      AND s.address <<= :network::inet
                      AND s.created_at > clock_timestamp() - interval '30 days')
""")

PRUNE = Sql("""
    DELETE FROM sessions
     WHERE ctid = ANY (ARRAY(
           SELECT ctid
             FROM sessions
            WHERE expires_at <= statement_timestamp() - :keep::interval
         ORDER BY expires_at
            LIMIT :limit
              FOR UPDATE SKIP LOCKED))
""")


@dataclass(frozen=True, slots=True)
class Session:
    """An open login as its owner sees it in a list."""

    id: UUID
    user_agent: str
    address: str | None
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A session whose row is held until the transaction ends."""

    user_id: UUID
    token_hash: bytes
    created_at: datetime
    open: bool


async def insert(
    conn: Conn,
    *,
    merchant_id: int,
    session_id: UUID,
    user_id: UUID,
    token_hash: bytes,
    user_agent: str,
    address: str | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """A new login."""
    await conn.execute(
        *INSERT.bind(
            merchant_id=merchant_id,
            id=session_id,
            user_id=user_id,
            token_hash=token_hash,
            user_agent=user_agent,
            address=address,
            now=now,
            expires_at=expires_at,
        )
    )


async def who(conn: Conn, merchant_id: int, session_id: UUID) -> tuple[Person, datetime] | None:
    """The person behind an open session, and the moment; None when it was ended or they may not log in any more."""
    row = await conn.fetchrow(*WHO.bind(merchant_id=merchant_id, id=session_id))
    if row is None:
        return None
    return Person(**{name: row[name] for name in Person.__dataclass_fields__}), row["now_at"]


async def lock(conn: Conn, merchant_id: int, session_id: UUID) -> Held | None:
    """A session, held until the transaction ends."""
    row = await conn.fetchrow(*LOCK.bind(merchant_id=merchant_id, id=session_id))
    return Held(**row) if row else None


async def refresh(
    conn: Conn, merchant_id: int, session_id: UUID, token_hash: bytes, now: datetime, expires_at: datetime
) -> None:
    """Another refresh token is in force."""
    await conn.execute(
        *REFRESH.bind(merchant_id=merchant_id, id=session_id, token_hash=token_hash, now=now, expires_at=expires_at)
    )


async def end(conn: Conn, merchant_id: int, user_id: UUID, session_id: UUID) -> bool:
    """End one session of a person; False when there is no such open one."""
    ended: Any = await conn.fetchval(*END.bind(merchant_id=merchant_id, id=session_id, user_id=user_id))
    return ended is not None


async def end_all(conn: Conn, merchant_id: int, user_id: UUID, *, but: UUID | None = None) -> int:
    """End all open sessions of a person, *but* one; how many."""
    result: str = await conn.execute(*END_ALL.bind(merchant_id=merchant_id, user_id=user_id, but=but))
    return int(result.rsplit(maxsplit=1)[-1])


async def listed(conn: Conn, merchant_id: int, user_id: UUID) -> Sequence[Session]:
    """The open sessions of a person, the one used last first."""
    return [Session(**row) for row in await conn.fetch(*LIST.bind(merchant_id=merchant_id, user_id=user_id))]


async def seen_at(conn: Conn, email: str, network: str) -> bool:
    """Whether whoever logs in with *email* did so from *network* within the last 30 days."""
    return bool(await conn.fetchval(*SEEN_AT.bind(email=email, network=network)))


async def prune(conn: Conn, keep: timedelta, limit: int) -> int:
    """Forget sessions that are over for so long; how many."""
    result: str = await conn.execute(*PRUNE.bind(keep=keep, limit=limit))
    return int(result.rsplit(maxsplit=1)[-1])
