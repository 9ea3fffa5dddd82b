"""Links that let one person set a password once: made, used, forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql

# A newer link makes the older ones worthless.
INSERT = Sql("""
      WITH older AS (
           UPDATE user_links SET used_at = clock_timestamp()
            WHERE merchant_id = :merchant_id AND user_id = :user_id AND used_at IS NULL
           )
    INSERT INTO user_links (merchant_id, id, user_id, kind, token_hash, expires_at)
    VALUES (:merchant_id, :id, :user_id, :kind, :token_hash, clock_timestamp() + :good_for::interval)
 RETURNING expires_at
""")

USE = Sql("""
    UPDATE user_links SET used_at = clock_timestamp()
     WHERE merchant_id = :merchant_id
       AND id = :id
       AND token_hash = :token_hash
       AND used_at IS NULL
       AND expires_at > clock_timestamp()
 RETURNING user_id, kind
""")

PRUNE = Sql("""
    DELETE FROM user_links
     WHERE ctid = ANY (ARRAY(
           SELECT ctid
             FROM user_links
            WHERE expires_at <= statement_timestamp()
         ORDER BY expires_at
            LIMIT :limit
              FOR UPDATE SKIP LOCKED))
""")


@dataclass(frozen=True, slots=True)
class Used:
    """Whose link it was, and what for."""

    user_id: UUID
    kind: str


async def insert(
    conn: Conn, *, merchant_id: int, link_id: UUID, user_id: UUID, kind: str, token_hash: bytes, good_for: timedelta
) -> datetime:
    """A new link; until when it is good."""
    until: datetime = await conn.fetchval(
        *INSERT.bind(
            merchant_id=merchant_id, id=link_id, user_id=user_id, kind=kind, token_hash=token_hash, good_for=good_for
        )
    )
    return until


async def use(conn: Conn, merchant_id: int, link_id: UUID, token_hash: bytes) -> Used | None:
    """Use a link up; None when it was used, is over, or never was."""
    row = await conn.fetchrow(*USE.bind(merchant_id=merchant_id, id=link_id, token_hash=token_hash))
    return Used(**row) if row else None


async def prune(conn: Conn, limit: int) -> int:
    """Forget links that are over; how many."""
    result: str = await conn.execute(*PRUNE.bind(limit=limit))
    return int(result.rsplit(maxsplit=1)[-1])
