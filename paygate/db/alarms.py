"""Accounts whose evidence stops making sense: for people who look, and for what watches the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from paygate.core.alarms import LATEST
from paygate.db.pool import Conn
from paygate.db.sql import Sql

AGE = timedelta(days=1)

# Of one account, or of all of an owner's that are in force: notices that break its chain and are not explained yet.
BREAKS = Sql("""
      WITH account AS (
           SELECT DISTINCT ON (a.mode, a.receiving_id) a.id, a.merchant_id, a.mode, a.receiving_id
             FROM accounts a
            WHERE a.merchant_id = :merchant_id
              AND (a.receiving_id = :receiving_id OR (:receiving_id::uuid IS NULL AND a.retired_at IS NULL))
         ORDER BY a.mode, a.receiving_id, a.created_at DESC, a.id DESC
           )
    SELECT a.id, a.mode, a.receiving_id,
           (SELECT count(*)
              FROM credits c
             WHERE c.merchant_id = a.merchant_id
               AND c.mode = a.mode
               AND c.receiving_id = a.receiving_id
               AND c.state = 'UNASSIGNED'
               AND c.reason = 'BALANCE_BREAK') AS breaks
      FROM account a
  ORDER BY a.mode, a.id
""")

# Of the latest texts of a source that tell of money, or might: how many nobody could read.
TEXTS = Sql("""
    SELECT s.mode, s.id, s.receiving_id, n.texts, n.unread
      FROM sources s
CROSS JOIN LATERAL (
           SELECT count(*) AS texts, count(*) FILTER (WHERE l.kind = 'unread') AS unread
             FROM (SELECT n.kind
                     FROM notices n
                    WHERE n.merchant_id = s.merchant_id
                      AND n.mode = s.mode
                      AND n.source_id = s.id
                      AND n.kind <> 'ignored'
                      AND n.heard_at > clock_timestamp() - :age::interval
                 ORDER BY n.heard_at DESC
                    LIMIT :latest) l) n
     WHERE s.merchant_id = :merchant_id
       AND (:source_id::uuid IS NULL OR s.id = :source_id)
       AND (:receiving_id::uuid IS NULL OR s.receiving_id = :receiving_id)
       AND s.kind = 'notice'
       AND s.disabled_at IS NULL
  ORDER BY s.mode, s.id
""")


@dataclass(frozen=True, slots=True)
class Broken:
    """An account (its latest version) and how many of its credits break the chain of balances."""

    id: UUID
    mode: str
    receiving_id: UUID
    breaks: int


@dataclass(frozen=True, slots=True)
class Texts:
    """A source's latest texts, and how many of them nobody could read."""

    mode: str
    id: UUID
    receiving_id: UUID
    texts: int
    unread: int


async def breaks(conn: Conn, merchant_id: int, receiving_id: UUID | None = None) -> Sequence[Broken]:
    """The accounts of an owner, or the one."""
    return [Broken(**row) for row in await conn.fetch(*BREAKS.bind(merchant_id=merchant_id, receiving_id=receiving_id))]


async def texts(
    conn: Conn, merchant_id: int, *, receiving_id: UUID | None = None, source_id: UUID | None = None
) -> Sequence[Texts]:
    """The notice sources of an owner, of an account, or the one."""
    statement = TEXTS.bind(
        merchant_id=merchant_id, receiving_id=receiving_id, source_id=source_id, age=AGE, latest=LATEST
    )
    return [Texts(**row) for row in await conn.fetch(*statement)]
