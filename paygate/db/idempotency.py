"""Idempotency keys: claimed and answered in the transaction of the effect, so that both exist or neither.

Two requests with one key at the same time: the second waits inside PostgreSQL for the first one's commit and then
finds its answer; a killed first one leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from paygate.core.errors import IdempotencyBusy, IdempotencyMismatch, Moved
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.sql import Sql

CLAIM = Sql("""
    INSERT INTO idempotency_keys AS k (merchant_id, mode, credential, path, key, fingerprint, created_at, expires_at)
    VALUES (:merchant_id, :mode, :credential, :path, :key, :fingerprint,
            clock_timestamp(), clock_timestamp() + interval '24 hours')
        ON CONFLICT (merchant_id, mode, credential, path, key) DO UPDATE
       SET fingerprint = excluded.fingerprint, created_at = excluded.created_at, expires_at = excluded.expires_at,
           status = NULL, answer = NULL
     WHERE k.expires_at <= excluded.created_at
 RETURNING 1
""")

# For an effect outside the database: who dies at work leaves the key to the next one when the lease ends.
CLAIM_LEASED = Sql("""
    INSERT INTO idempotency_keys AS k (merchant_id, mode, credential, path, key, fingerprint, lease_until, created_at,
                                       expires_at)
    VALUES (:merchant_id, :mode, :credential, :path, :key, :fingerprint, clock_timestamp() + :lease::interval,
            clock_timestamp(), clock_timestamp() + interval '24 hours')
        ON CONFLICT (merchant_id, mode, credential, path, key) DO UPDATE
       SET fingerprint = excluded.fingerprint, lease_until = excluded.lease_until, created_at = excluded.created_at,
           expires_at = excluded.expires_at, status = NULL, answer = NULL
     WHERE k.expires_at <= excluded.created_at
        OR (k.status IS NULL AND k.lease_until <= excluded.created_at AND k.fingerprint = excluded.fingerprint)
 RETURNING 1
""")

FIND = Sql("""
    SELECT fingerprint, status, answer
      FROM idempotency_keys
     WHERE merchant_id = :merchant_id AND mode = :mode AND credential = :credential AND path = :path AND key = :key
""")

ANSWER = Sql("""
    UPDATE idempotency_keys
       SET status = :status, answer = :answer
     WHERE merchant_id = :merchant_id AND mode = :mode AND credential = :credential AND path = :path AND key = :key
""")

PRUNE = Sql("""
    DELETE FROM idempotency_keys
     WHERE (merchant_id, mode, credential, path, key) IN (
           SELECT merchant_id, mode, credential, path, key
             FROM idempotency_keys
            WHERE expires_at <= statement_timestamp()
            LIMIT :limit
              FOR UPDATE SKIP LOCKED)
""")


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that was given before; `answer` is sealed."""

    status: int
    answer: bytes


def purpose(claim: Claim) -> str:
    """What a stored answer is sealed for."""
    return f"answer:{claim.merchant_id}:{claim.mode}:{claim.credential}:{claim.path}:{claim.key}"


async def claim_key(conn: Conn, claim: Claim) -> Stored | None:
    """Claim the key for this transaction: None, or the answer that it already has."""
    row = await conn.fetchrow(
        *CLAIM.bind(
            merchant_id=claim.merchant_id,
            mode=claim.mode,
            credential=claim.credential,
            path=claim.path,
            key=claim.key,
            fingerprint=claim.fingerprint,
        )
    )
    stored = None if row else await find(conn, claim)
    if row is None and stored is None:
        raise Moved()  # Forgotten between two questions: it is a new key.
    return stored


async def claim_leased(conn: Conn, claim: Claim, lease: timedelta) -> Stored | None:
    """Claim the key for work that goes on after this transaction, at most for *lease*: None, or its answer.

    Raises IdempotencyMismatch, and IdempotencyBusy while somebody else has the lease.
    """
    row = await conn.fetchrow(
        *CLAIM_LEASED.bind(
            merchant_id=claim.merchant_id,
            mode=claim.mode,
            credential=claim.credential,
            path=claim.path,
            key=claim.key,
            fingerprint=claim.fingerprint,
            lease=lease,
        )
    )
    stored = None if row else await find(conn, claim)
    if row is None and stored is None:
        raise Moved()  # Forgotten between two questions: it is a new key.
    return stored


async def find(conn: Conn, claim: Claim) -> Stored | None:
    """The answer that the key already has, None if it is unknown.

    Raises IdempotencyMismatch when it was used with another request, IdempotencyBusy when its work is not finished.
    """
    row = await conn.fetchrow(
        *FIND.bind(
            merchant_id=claim.merchant_id, mode=claim.mode, credential=claim.credential, path=claim.path, key=claim.key
        )
    )
    if row is None:
        return None
    if row["fingerprint"] != claim.fingerprint:
        raise IdempotencyMismatch()
    if row["status"] is None:
        raise IdempotencyBusy()
    return Stored(row["status"], row["answer"])


async def answer_key(conn: Conn, claim: Claim, stored: Stored) -> None:
    """Keep the answer with the key."""
    await conn.execute(
        *ANSWER.bind(
            merchant_id=claim.merchant_id,
            mode=claim.mode,
            credential=claim.credential,
            path=claim.path,
            key=claim.key,
            status=stored.status,
            answer=stored.answer,
        )
    )


async def prune(conn: Conn, limit: int) -> int:
    """Forget keys after their 24 hours; how many were forgotten."""
    result: str = await conn.execute(*PRUNE.bind(limit=limit))
    return int(result.rsplit(maxsplit=1)[-1])
