"""Tries that are counted (GCRA): a row says when all tries spent so far will be forgotten, and that is all of it.

A try costs `every`; tries may run ahead of the clock by `burst` of them. In any number of processes, since the row's
lock orders them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from paygate.db.pool import Conn
from paygate.db.sql import Sql

SPEND = Sql("""
    INSERT INTO throttles AS t (kind, key, full_until)
    VALUES (:kind, :key, clock_timestamp() + :every::interval)
        ON CONFLICT (kind, key) DO UPDATE
       SET full_until = greatest(t.full_until, clock_timestamp()) + :every::interval
     WHERE t.full_until + :every::interval <= clock_timestamp() + :burst::interval
 RETURNING 1
""")

WAIT = Sql("""
    SELECT ceil(extract(epoch FROM full_until + :every::interval - :burst::interval - clock_timestamp()))::bigint
      FROM throttles
     WHERE kind = :kind AND key = :key
""")

GIVE_BACK = Sql("UPDATE throttles SET full_until = full_until - :every::interval WHERE kind = :kind AND key = :key")

PRUNE = Sql("""
    DELETE FROM throttles
     WHERE ctid = ANY (ARRAY(
           SELECT ctid
             FROM throttles
            WHERE full_until <= statement_timestamp()
         ORDER BY full_until
            LIMIT :limit
              FOR UPDATE SKIP LOCKED))
""")


@dataclass(frozen=True, slots=True)
class Rate:
    """*burst* tries at once, and one more each *every*."""

    kind: str
    burst: int
    every: timedelta


async def spend(conn: Conn, rate: Rate, key: bytes) -> int | None:
    """Spend one try: None, or in how many seconds there will be one."""
    burst = rate.every * rate.burst
    spent: Any = await conn.fetchval(*SPEND.bind(kind=rate.kind, key=key, every=rate.every, burst=burst))
    if spent is not None:
        return None
    wait_s: int | None = await conn.fetchval(*WAIT.bind(kind=rate.kind, key=key, every=rate.every, burst=burst))
    return max(wait_s or 1, 1)


async def give_back(conn: Conn, rate: Rate, key: bytes) -> None:
    """The try was a good one, and does not count."""
    await conn.execute(*GIVE_BACK.bind(kind=rate.kind, key=key, every=rate.every))


async def prune(conn: Conn, limit: int) -> int:
    """Forget what is full again; how many rows."""
    result: str = await conn.execute(*PRUNE.bind(limit=limit))
    return int(result.rsplit(maxsplit=1)[-1])
