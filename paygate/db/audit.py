"""The audit log's rows, and the head that says where each chain ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from paygate.core.audit import Head, Record, Sealed
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# Writers of one chain queue here, so that numbers have no gaps. The clock is read behind the lock.
LOCK_HEAD = Sql("""
    INSERT INTO audit_heads AS h (merchant_id, last_id, last_hash, seal)
    VALUES (:merchant_id, 0, ''::bytea, '')
        ON CONFLICT (merchant_id) DO UPDATE SET last_id = h.last_id
 RETURNING last_id, last_hash, clock_timestamp() AS now
""")

APPEND = Sql("""
      WITH moved AS (
           UPDATE audit_heads SET last_id = :id, last_hash = :hash, seal = :seal
            WHERE merchant_id = :merchant_id AND last_id = :id - 1
        RETURNING 1
           )
    INSERT INTO audit_log (merchant_id, id, at, actor, action, subject, before, after, address, prev_hash, hash,
                           request_id, credential)
    SELECT :merchant_id::bigint, :id::bigint, :at::timestamptz, :actor::text, :action::text, :subject::text,
           :before::jsonb, :after::jsonb, :address::inet, :prev_hash::bytea, :hash::bytea,
           :request_id::text, :credential::text
      FROM moved
""")

# A time that no calendar of ours reaches was not written by us; the driver could not read it.
COLUMNS = """a.merchant_id, a.id, CASE WHEN a.at BETWEEN '0001-01-02' AND '9999-12-30' THEN a.at END AS at,
           a.actor, a.action, a.subject, a.before::text AS before, a.after::text AS after, a.address,
           a.prev_hash, a.hash, a.request_id, a.credential"""

# Chain after chain, each from its beginning.
WALK = Sql(f"""
    SELECT {COLUMNS}
      FROM audit_log a
     WHERE (a.merchant_id, a.id) > (:merchant_id::bigint, :id::bigint)
  ORDER BY a.merchant_id, a.id
     LIMIT :limit
""")  # noqa: S608

HEADS = Sql("SELECT merchant_id, last_id, last_hash, seal FROM audit_heads")

COUNT = Sql("SELECT coalesce(sum(last_id), 0)::bigint FROM audit_heads")

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM audit_log a
     WHERE a.merchant_id = :merchant_id
       AND (:before_id::bigint IS NULL OR a.id < :before_id)
       AND (:action::text IS NULL OR a.action = :action)
       AND (:subject::text IS NULL OR a.subject = :subject)
  ORDER BY a.id DESC
     LIMIT :limit
""")  # noqa: S608

LOWEST = -(2**63)  # Before every row, one that was put in with an impossible number too.


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next row of a chain goes; the head is locked until the transaction ends."""

    last_id: int
    last_hash: bytes
    now: datetime


async def lock_head(conn: Conn, merchant_id: int) -> Place:
    """Hold the end of a merchant's chain; a chain begins with its first row."""
    row = await conn.fetchrow(*LOCK_HEAD.bind(merchant_id=merchant_id))
    return Place(row["last_id"], row["last_hash"], row["now"])


async def append(conn: Conn, row: Sealed, seal: str) -> None:
    """Write a row and move the head to it."""
    record = row.record
    await conn.execute(
        *APPEND.bind(
            merchant_id=record.merchant_id,
            id=record.id,
            at=record.at,
            actor=record.actor,
            action=record.action,
            subject=record.subject,
            before=record.before,
            after=record.after,
            address=record.address,
            prev_hash=record.prev_hash,
            hash=row.hash,
            request_id=record.request_id,
            credential=record.credential,
            seal=seal,
        )
    )


async def walk(conn: Conn, after: tuple[int, int] | None, limit: int) -> Sequence[Sealed]:
    """The rows of all chains behind *after* (merchant, id), in order."""
    merchant_id, number = after or (LOWEST, LOWEST)
    return [sealed_of(row) for row in await conn.fetch(*WALK.bind(merchant_id=merchant_id, id=number, limit=limit))]


async def heads(conn: Conn) -> dict[int, Head]:
    """Where each chain ends, by merchant."""
    return {row["merchant_id"]: Head(**row) for row in await conn.fetch(*HEADS.bind())}


async def count(conn: Conn) -> int:
    """How many rows the heads speak of."""
    return int(await conn.fetchval(*COUNT.bind()))


async def listed(
    conn: Conn, merchant_id: int, *, before_id: int | None, action: str | None, subject: str | None, limit: int
) -> Sequence[Sealed]:
    """Rows of one chain, newest first."""
    rows = await conn.fetch(
        *LIST.bind(merchant_id=merchant_id, before_id=before_id, action=action, subject=subject, limit=limit)
    )
    return [sealed_of(row) for row in rows]


def sealed_of(row: Any) -> Sealed:
    """A row with COLUMNS."""
    record = Record(
        merchant_id=row["merchant_id"],
        id=row["id"],
        at=row["at"] or datetime.min.replace(tzinfo=UTC),
        actor=row["actor"],
        action=row["action"],
        subject=row["subject"],
        before=row["before"],
        after=row["after"],
        address=row["address"],
        prev_hash=row["prev_hash"],
        request_id=row["request_id"],
        credential=row["credential"],
    )
    return Sealed(record, row["hash"])
