"""Invitations to a merchant's team: made, listed, used once, revoked, forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.people import Role
from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = "id, email, role, invited_by, created_at, expires_at"

# A newer invitation makes the older ones for its address worthless.
INSERT = Sql(f"""
      WITH older AS (
           UPDATE invitations SET ended_at = clock_timestamp()
            WHERE merchant_id = :merchant_id AND email = :email AND ended_at IS NULL
           )
    INSERT INTO invitations (merchant_id, id, email, role, token_hash, invited_by, expires_at)
    VALUES (:merchant_id, :id, :email, :role, :token_hash, :invited_by, clock_timestamp() + :good_for::interval)
 RETURNING {COLUMNS}
""")  # noqa: S608

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM invitations
     WHERE merchant_id = :merchant_id AND ended_at IS NULL AND expires_at > clock_timestamp()
  ORDER BY created_at, id
     LIMIT :limit
""")  # noqa: S608

USE = Sql(f"""
    UPDATE invitations SET ended_at = clock_timestamp()
     WHERE merchant_id = :merchant_id
       AND id = :id
       AND token_hash = :token_hash
       AND ended_at IS NULL
       AND expires_at > clock_timestamp()
 RETURNING {COLUMNS}
""")  # noqa: S608

REVOKE = Sql(f"""
    UPDATE invitations SET ended_at = clock_timestamp()
     WHERE merchant_id = :merchant_id AND id = :id AND ended_at IS NULL AND expires_at > clock_timestamp()
 RETURNING {COLUMNS}
""")  # noqa: S608

PRUNE = Sql("""
    DELETE FROM invitations
     WHERE ctid = ANY (ARRAY(
           SELECT ctid
             FROM invitations
            WHERE expires_at <= statement_timestamp()
         ORDER BY expires_at
            LIMIT :limit
              FOR UPDATE SKIP LOCKED))
""")


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as those who invite see it."""

    id: UUID
    email: str
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime


async def insert(
    conn: Conn,
    *,
    merchant_id: int,
    invitation_id: UUID,
    email: str,
    role: Role,
    token_hash: bytes,
    invited_by: str,
    good_for: timedelta,
) -> Invitation:
    """A new invitation."""
    row = await conn.fetchrow(
        *INSERT.bind(
            merchant_id=merchant_id,
            id=invitation_id,
            email=email,
            role=role,
            token_hash=token_hash,
            invited_by=invited_by,
            good_for=good_for,
        )
    )
    return Invitation(**row)


async def listed(conn: Conn, merchant_id: int, limit: int) -> Sequence[Invitation]:
    """Those that may still be used, the oldest first."""
    return [Invitation(**row) for row in await conn.fetch(*LIST.bind(merchant_id=merchant_id, limit=limit))]


async def use(conn: Conn, merchant_id: int, invitation_id: UUID, token_hash: bytes) -> Invitation | None:
    """Use one up; None when it was used or revoked, is over, or never was."""
    return _found(await conn.fetchrow(*USE.bind(merchant_id=merchant_id, id=invitation_id, token_hash=token_hash)))


async def revoke(conn: Conn, merchant_id: int, invitation_id: UUID) -> Invitation | None:
    """Make one worthless; None when there is no such open one."""
    return _found(await conn.fetchrow(*REVOKE.bind(merchant_id=merchant_id, id=invitation_id)))


async def prune(conn: Conn, limit: int) -> int:
    """Forget invitations that are over; how many."""
    result: str = await conn.execute(*PRUNE.bind(limit=limit))
    return int(result.rsplit(maxsplit=1)[-1])


def _found(row: Any) -> Invitation | None:
    return Invitation(**row) if row else None
