"""Statement files: those that wait to be compared, the reports of those that were, and profiles of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from paygate.core.reconcile import Cover
from paygate.db.pool import Conn
from paygate.db.sql import Sql
from paygate.db.statements import Book

# The same file again is the row that is there; one that could not be read gets another chance.
QUEUE = Sql("""
    INSERT INTO statements AS s (merchant_id, mode, id, receiving_id, digest, name, state, raw, run_at, created_at)
    VALUES (:merchant_id, :mode, :id, :receiving_id, :digest, :name, 'WAITING', :raw, clock_timestamp(),
            clock_timestamp())
        ON CONFLICT (merchant_id, mode, receiving_id, digest) DO UPDATE
       SET state = CASE s.state WHEN 'FAILED' THEN 'WAITING' ELSE s.state END,
           raw = CASE s.state WHEN 'FAILED' THEN excluded.raw ELSE s.raw END,
           run_at = CASE s.state WHEN 'FAILED' THEN excluded.run_at ELSE s.run_at END,
           error = CASE s.state WHEN 'FAILED' THEN NULL ELSE s.error END,
           attempts = CASE s.state WHEN 'FAILED' THEN 0 ELSE s.attempts END
 RETURNING id
""")

CLAIM = Sql("""
    UPDATE statements s
       SET run_at = clock_timestamp() + :lease::interval, lease_id = :lease_id, attempts = s.attempts + 1
      FROM (SELECT d.merchant_id, d.mode, d.id
              FROM statements d
             WHERE d.run_at <= clock_timestamp()
          ORDER BY d.run_at
             LIMIT 1
               FOR UPDATE SKIP LOCKED) due
     WHERE s.merchant_id = due.merchant_id AND s.mode = due.mode AND s.id = due.id
 RETURNING s.merchant_id, s.mode, s.id, s.receiving_id, s.name, s.raw, s.attempts
""")

# A report takes the place of an older one of the same file. *lease_id* null: a person ran it at once.
DONE = Sql("""
    INSERT INTO statements AS s (merchant_id, mode, id, receiving_id, digest, name, state, since_at, until_at,
                                 checked_since_at, checked_until_at, report, created_at, finished_at)
    VALUES (:merchant_id, :mode, :id, :receiving_id, :digest, :name, 'DONE', :since_at::timestamptz,
            :until_at::timestamptz, :checked_since_at::timestamptz, :checked_until_at::timestamptz, :report::jsonb,
            clock_timestamp(), clock_timestamp())
        ON CONFLICT (merchant_id, mode, receiving_id, digest) DO UPDATE
       SET state = 'DONE', raw = NULL, run_at = NULL, lease_id = NULL, error = NULL, name = excluded.name,
           since_at = excluded.since_at, until_at = excluded.until_at, checked_since_at = excluded.checked_since_at,
           checked_until_at = excluded.checked_until_at, report = excluded.report, finished_at = excluded.finished_at
     WHERE :lease_id::uuid IS NULL OR s.lease_id = :lease_id
 RETURNING id
""")

FAILED = Sql("""
    UPDATE statements
       SET state = 'FAILED', raw = NULL, run_at = NULL, lease_id = NULL, error = :error, finished_at = clock_timestamp()
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id AND lease_id = :lease_id
""")

GET = Sql("""
    SELECT s.merchant_id, s.mode, s.id, s.name, s.state, s.report, s.error, s.created_at, s.finished_at
      FROM statements s
     WHERE s.id = :id AND (:merchant_id::bigint IS NULL OR s.merchant_id = :merchant_id)
""")

# What earlier statements of the account spoke of, as far as it touches this one.
COVERS = Sql("""
    SELECT s.since_at, s.until_at, s.checked_since_at, s.checked_until_at
      FROM statements s
     WHERE s.merchant_id = :merchant_id
       AND s.mode = :mode
       AND s.receiving_id = :receiving_id
       AND s.since_at IS NOT NULL
       AND s.until_at >= :since_at
       AND s.since_at <= :since_at
       AND s.digest <> :digest
  ORDER BY s.until_at DESC
     LIMIT 20
""")

KEEP_PROFILE = Sql("""
    INSERT INTO statement_profiles (merchant_id, mode, receiving_id, columns, changed_at)
    VALUES (:merchant_id, :mode, :receiving_id, :columns, clock_timestamp())
        ON CONFLICT (merchant_id, mode, receiving_id) DO UPDATE
       SET columns = excluded.columns, changed_at = excluded.changed_at
""")

PROFILE = Sql("""
    SELECT columns
      FROM statement_profiles
     WHERE merchant_id = :merchant_id AND mode = :mode AND receiving_id = :receiving_id
""")

PRUNE = Sql("""
    DELETE FROM statements s
     WHERE (s.merchant_id, s.mode, s.id) IN (
           SELECT o.merchant_id, o.mode, o.id
             FROM statements o
            WHERE o.finished_at < statement_timestamp() - :age::interval AND o.run_at IS NULL
         ORDER BY o.finished_at
            LIMIT :limit)
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that this worker has to compare. `attempts` counts this time as well."""

    merchant_id: int
    mode: str
    id: UUID
    receiving_id: UUID
    name: str
    raw: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A statement as it is kept. `report` is JSON text, None until it was compared."""

    merchant_id: int
    mode: str
    id: UUID
    name: str
    state: str
    report: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


async def queue(conn: Conn, book: Book, *, statement_id: UUID, digest: bytes, name: str, raw: bytes) -> UUID:
    """Keep a file to be compared; the id of its row, which may be older than this."""
    found: UUID = await conn.fetchval(*QUEUE.bind(**book.keys, id=statement_id, digest=digest, name=name, raw=raw))
    return found


async def claim(conn: Conn, lease_id: UUID, lease_s: float) -> Waiting | None:
    """The next file that waits, for *lease_s*; None when none does."""
    row = await conn.fetchrow(*CLAIM.bind(lease_id=lease_id, lease=timedelta(seconds=lease_s)))
    return Waiting(**row) if row else None


async def done(
    conn: Conn,
    book: Book,
    *,
    statement_id: UUID,
    digest: bytes,
    name: str,
    cover: Cover | None,
    report: str,
    lease_id: UUID | None,
) -> UUID | None:
    """Keep the report of a file; the id of its row, None when the lease went to somebody else."""
    found: UUID | None = await conn.fetchval(
        *DONE.bind(
            **book.keys,
            id=statement_id,
            digest=digest,
            name=name,
            since_at=cover and cover.since,
            until_at=cover and cover.until,
            checked_since_at=cover and cover.checked_since,
            checked_until_at=cover and cover.checked_until,
            report=report,
            lease_id=lease_id,
        )
    )
    return found


async def failed(conn: Conn, waiting: Waiting, lease_id: UUID, error: str) -> None:
    """Give a file up, with the reason."""
    keys = {"merchant_id": waiting.merchant_id, "mode": waiting.mode, "id": waiting.id}
    await conn.execute(*FAILED.bind(**keys, lease_id=lease_id, error=error))


async def get(conn: Conn, statement_id: UUID, merchant_id: int | None = None) -> Stored | None:
    """One statement; of *merchant_id* alone unless that is None."""
    row = await conn.fetchrow(*GET.bind(id=statement_id, merchant_id=merchant_id))
    return Stored(**row) if row else None


async def covers(conn: Conn, book: Book, since: datetime, digest: bytes) -> Sequence[Cover]:
    """What other statements of the account that reach up to *since* spoke of."""
    rows = await conn.fetch(*COVERS.bind(**book.keys, since_at=since, digest=digest))
    return [Cover(*row) for row in rows]


async def keep_profile(conn: Conn, book: Book, columns: str) -> None:
    """Remember which column of the account's CSV is what."""
    await conn.execute(*KEEP_PROFILE.bind(**book.keys, columns=columns))


async def profile(conn: Conn, book: Book) -> str | None:
    """The columns that were kept; None when none were."""
    found: str | None = await conn.fetchval(*PROFILE.bind(**book.keys))
    return found


async def prune(conn: Conn, age: timedelta, limit: int) -> int:
    """Forget reports that are older than *age*; how many."""
    status: str = await conn.execute(*PRUNE.bind(age=age, limit=limit))
    return int(status.rsplit(" ", 1)[1])
