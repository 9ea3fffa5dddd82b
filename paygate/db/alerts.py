"""Rows of alerts: what the operator knows, and the outbox of what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from paygate.core.alerts import PATIENCE, State
from paygate.db.pool import Conn
from paygate.db.sql import Sql

CENTRAL = 0

MAKE_STATE = Sql("""
    INSERT INTO alert_states (merchant_id, alarm, receiving_id) VALUES (0, :alarm, :receiving_id)
        ON CONFLICT DO NOTHING
""")

# Whoever looks at the same alarm at the same moment waits here.
LOCK_STATE = Sql("""
    SELECT standing, told_count, told_at FROM alert_states
     WHERE merchant_id = 0 AND alarm = :alarm AND receiving_id = :receiving_id FOR UPDATE
""")

SET_STATE = Sql("""
    UPDATE alert_states SET standing = :standing, told_count = :told_count, told_at = :told_at
     WHERE merchant_id = 0 AND alarm = :alarm AND receiving_id = :receiving_id
""")

STANDING = Sql("SELECT alarm, receiving_id FROM alert_states WHERE merchant_id = 0 AND standing")

INSERT = Sql("""
    INSERT INTO alerts (merchant_id, id, alarm, word, channel, account_id, count, title, body, created_at, run_at)
    VALUES (0, :id, :alarm, :word, :channel, :account_id, :count, :title, :body, :now, :now)
""")

COLUMNS = """id, alarm, word, channel, account_id, count, title, body, created_at, run_at, failures, sent_at,
             last_error"""

CLAIM = Sql("""
      WITH due AS (
           SELECT merchant_id, id
             FROM alerts
            WHERE run_at <= statement_timestamp()
              AND (:only::uuid[] IS NULL OR id = ANY (:only))
         ORDER BY run_at
            LIMIT :limit
              FOR UPDATE SKIP LOCKED
           )
    UPDATE alerts a
       SET run_at = clock_timestamp() + :lease::interval, lease_id = :lease_id
      FROM due
     WHERE a.merchant_id = due.merchant_id AND a.id = due.id
 RETURNING a.id, a.alarm, a.word, a.channel, a.account_id, a.count, a.title, a.body, a.created_at, a.run_at,
           a.failures, a.sent_at, a.last_error
""")

SENT = Sql("""
    UPDATE alerts SET sent_at = clock_timestamp(), run_at = NULL, lease_id = NULL, last_error = NULL
     WHERE merchant_id = 0 AND id = :id AND lease_id = :lease_id
""")

FAILED = Sql("""
    UPDATE alerts
       SET failures = least(failures + 1, 32000), last_error = :error, lease_id = NULL,
           run_at = CASE WHEN clock_timestamp() - created_at < :patience::interval
                         THEN clock_timestamp() + :pause::interval END
     WHERE merchant_id = 0 AND id = :id AND lease_id = :lease_id
""")

LISTED = Sql(f"SELECT {COLUMNS} FROM alerts WHERE merchant_id = 0 ORDER BY created_at DESC, id DESC LIMIT :limit")  # noqa: S608

PRUNE = Sql("""
    DELETE FROM alerts
     WHERE (merchant_id, id) IN (SELECT merchant_id, id FROM alerts
                                  WHERE created_at < statement_timestamp() - :age::interval AND run_at IS NULL
                               ORDER BY created_at
                                  LIMIT :limit)
""")

CLOCK = Sql("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Alert:
    """One message by one channel."""

    id: UUID
    alarm: str
    word: str
    channel: str
    account_id: UUID | None
    count: int
    title: str
    body: str
    created_at: datetime
    run_at: datetime | None
    failures: int
    sent_at: datetime | None
    last_error: str | None

    @property
    def state(self) -> str:
        """SENT, WAITING or GIVEN_UP."""
        return "SENT" if self.sent_at else "WAITING" if self.run_at else "GIVEN_UP"


async def lock_state(conn: Conn, alarm: str, receiving_id: UUID) -> State:
    """What the operator knows of an alarm; nobody else tells of it until the transaction ends."""
    await conn.execute(*MAKE_STATE.bind(alarm=alarm, receiving_id=receiving_id))
    row = await conn.fetchrow(*LOCK_STATE.bind(alarm=alarm, receiving_id=receiving_id))
    return State(**row)


async def set_state(conn: Conn, alarm: str, receiving_id: UUID, state: State) -> None:
    """What it knows now."""
    await conn.execute(
        *SET_STATE.bind(
            alarm=alarm,
            receiving_id=receiving_id,
            standing=state.standing,
            told_count=state.told_count,
            told_at=state.told_at,
        )
    )


async def standing(conn: Conn) -> list[tuple[str, UUID]]:
    """(alarm, account) of which the operator was told, and not yet that they are over."""
    return [(row["alarm"], row["receiving_id"]) for row in await conn.fetch(*STANDING.bind())]


async def insert(
    conn: Conn,
    *,
    alert_id: UUID,
    alarm: str,
    word: str,
    channel: str,
    account_id: UUID | None,
    count: int,
    title: str,
    body: str,
    now: datetime,
) -> None:
    """A message to be sent."""
    await conn.execute(
        *INSERT.bind(
            id=alert_id,
            alarm=alarm,
            word=word,
            channel=channel,
            account_id=account_id,
            count=count,
            title=title,
            body=body,
            now=now,
        )
    )


async def claim(
    conn: Conn, lease_id: UUID, lease: timedelta, limit: int, only: Sequence[UUID] | None = None
) -> list[Alert]:
    """Messages that are due, for whoever sends them now; *only* these."""
    chosen = None if only is None else list(only)
    rows = await conn.fetch(*CLAIM.bind(lease_id=lease_id, lease=lease, limit=limit, only=chosen))
    return [Alert(**row) for row in rows]


async def sent(conn: Conn, alert_id: UUID, lease_id: UUID) -> None:
    """The channel took it."""
    await conn.execute(*SENT.bind(id=alert_id, lease_id=lease_id))


async def failed(conn: Conn, alert_id: UUID, lease_id: UUID, error: str, pause: timedelta) -> None:
    """It did not; another try follows, unless the message is too old."""
    await conn.execute(*FAILED.bind(id=alert_id, lease_id=lease_id, error=error, pause=pause, patience=PATIENCE))


async def listed(conn: Conn, limit: int) -> list[Alert]:
    """Messages, the newest first."""
    return [Alert(**row) for row in await conn.fetch(*LISTED.bind(limit=limit))]


async def prune(conn: Conn, age: timedelta, limit: int) -> int:
    """Forget old messages that are not under way; how many."""
    status: str = await conn.execute(*PRUNE.bind(age=age, limit=limit))
    return int(status.rsplit(" ", 1)[1])


async def clock(conn: Conn) -> datetime:
    """The database's clock."""
    now: datetime = await conn.fetchval(*CLOCK.bind())
    return now
