"""Rate limits that all processes share: buckets by what is counted by. Their rows are no secret and hold no address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paygate.db.pool import Conn
from paygate.db.sql import Sql

TAKE = Sql("""
    SELECT t.o_subject AS subject, t.o_granted AS granted, t.o_left AS left, t.o_wait_us AS wait_us
      FROM take_tokens_v1(:subjects, :owed, :wanted, :bursts, :pauses_us) t
""")

# A full bucket is as good as none. There is no index on full_at, so that taking changes a row in its place.
PRUNE = Sql("""
    DELETE FROM rate_limits
     WHERE ctid = ANY (ARRAY(
           SELECT ctid
             FROM rate_limits
            WHERE full_at <= statement_timestamp()
            LIMIT :limit
              FOR UPDATE SKIP LOCKED))
""")


@dataclass(frozen=True, slots=True)
class Ask:
    """What is taken out of one bucket: *owed* in any case, *wanted* if they are there."""

    subject: bytes
    owed: int
    wanted: int
    burst: int
    pause_us: int


@dataclass(frozen=True, slots=True)
class Given:
    """How many of the wanted there were, how many are left, and how long until there is one."""

    subject: bytes
    granted: int
    left: int
    wait_us: int


async def take(conn: Conn, asks: Sequence[Ask]) -> dict[bytes, Given]:
    """Take out of several buckets, each asked for once."""
    rows = await conn.fetch(
        *TAKE.bind(
            subjects=[ask.subject for ask in asks],
            owed=[ask.owed for ask in asks],
            wanted=[ask.wanted for ask in asks],
            bursts=[ask.burst for ask in asks],
            pauses_us=[ask.pause_us for ask in asks],
        )
    )
    return {row["subject"]: Given(**row) for row in rows}


async def prune(conn: Conn, limit: int) -> int:
    """Forget buckets that are full; how many were forgotten."""
    result: str = await conn.execute(*PRUNE.bind(limit=limit))
    return int(result.rsplit(maxsplit=1)[-1])
