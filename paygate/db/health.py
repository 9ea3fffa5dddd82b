"""Whether the database answers, and what is set up in it."""

from __future__ import annotations

from dataclasses import dataclass

from paygate.db.pool import Conn
from paygate.db.sql import Sql

LOOK = Sql("""
    SELECT EXISTS (SELECT 1 FROM sources WHERE disabled_at IS NULL) AS sources,
           EXISTS (SELECT 1 FROM endpoints WHERE disabled_at IS NULL) AS endpoints
""")


@dataclass(frozen=True, slots=True)
class Equipment:
    """Whether there is anybody to tell us of money, and anybody to be told."""

    sources: bool
    endpoints: bool


async def look(conn: Conn) -> Equipment:
    """Ask the database something small."""
    row = await conn.fetchrow(*LOOK.bind())
    return Equipment(row["sources"], row["endpoints"])
