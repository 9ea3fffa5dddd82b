"""Banks' callbacks as claims: which were told, which are due to be asked about, and what the bank said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from paygate.core.hints import Hint
from paygate.db.pool import Conn
from paygate.db.sources import Source
from paygate.db.sql import Sql

# A claim that comes again is counted; one that was given up is asked about anew, so often that no bank minds.
TELL = Sql("""
      WITH again AS (
           UPDATE bank_hints
              SET heard = least(heard + 1, 1000000),
                  state = CASE WHEN state = 'UNCONFIRMED' AND heard < :most_again THEN 'OPEN' ELSE state END,
                  run_at = CASE WHEN state = 'UNCONFIRMED' AND heard < :most_again THEN clock_timestamp()
                                ELSE run_at END,
                  asked_since = CASE WHEN state = 'UNCONFIRMED' AND heard < :most_again THEN clock_timestamp()
                                     ELSE asked_since END,
                  attempts = CASE WHEN state = 'UNCONFIRMED' AND heard < :most_again THEN 0 ELSE attempts END,
                  closed_at = CASE WHEN state = 'UNCONFIRMED' AND heard < :most_again THEN NULL ELSE closed_at END
            WHERE merchant_id = :merchant_id
              AND mode = :mode
              AND source_id = :source_id
              AND digest = :digest
        RETURNING 1
           ),
           room AS (
           SELECT (SELECT count(*) FROM (SELECT 1 FROM bank_hints
                                          WHERE merchant_id = :merchant_id AND mode = :mode AND source_id = :source_id
                                            AND run_at IS NOT NULL
                                          LIMIT :most_open::integer) o) < :most_open
              AND (SELECT count(*) FROM (SELECT 1 FROM bank_hints
                                          WHERE merchant_id = :merchant_id AND mode = :mode AND source_id = :source_id
                                            AND created_at > clock_timestamp() - interval '1 hour'
                                          LIMIT :most_hourly::integer) r) < :most_hourly AS free
           ),
           made AS (
           INSERT INTO bank_hints (merchant_id, mode, id, source_id, digest, transaction_id, payee, amount_satang,
                                   occurred_at, ref1, ref2, run_at, created_at, asked_since)
           SELECT :merchant_id, :mode, :id, :source_id, :digest, :transaction_id, :payee, :amount_satang,
                  :occurred_at, :ref1, :ref2, clock_timestamp(), clock_timestamp(), clock_timestamp()
             FROM room
            WHERE free
              AND NOT EXISTS (SELECT 1 FROM again)
      ON CONFLICT DO NOTHING                                        -- The same claim, at the same moment.
           )
    SELECT free OR EXISTS (SELECT 1 FROM again) FROM room
""")

CLAIM = Sql("""
      WITH due AS (
           SELECT h.merchant_id, h.mode, h.id
             FROM bank_hints h
             JOIN sources s ON s.merchant_id = h.merchant_id AND s.mode = h.mode AND s.id = h.source_id
            WHERE h.run_at <= statement_timestamp()
              AND s.kind = ANY (:kinds::text[])
         ORDER BY h.run_at
            LIMIT :limit
              FOR NO KEY UPDATE OF h SKIP LOCKED                    -- Another worker has it.
           ),
           claimed AS (
           UPDATE bank_hints h
              SET run_at = clock_timestamp() + :lease::interval,
                  lease_id = :lease_id::uuid,
                  attempts = h.attempts + 1
             FROM due
            WHERE h.merchant_id = due.merchant_id AND h.mode = due.mode AND h.id = due.id
        RETURNING h.*
           )
    SELECT c.merchant_id, c.mode, c.id, c.source_id, c.digest, c.transaction_id, c.payee, c.amount_satang,
           c.occurred_at, c.ref1, c.ref2, c.attempts, c.lease_id, c.created_at, clock_timestamp() AS now,
           clock_timestamp() - c.asked_since AS age, s.receiving_id, s.kind, s.disabled_at IS NOT NULL AS disabled,
           CASE WHEN s.bank_merchant IS NOT NULL THEN ARRAY[s.bank_merchant]
                ELSE ARRAY(SELECT a.biller_id
                             FROM accounts a
                            WHERE a.merchant_id = s.merchant_id AND a.mode = s.mode
                              AND a.receiving_id = s.receiving_id AND a.biller_id IS NOT NULL
                         GROUP BY a.biller_id
                         ORDER BY max(a.created_at) DESC) END AS payees
      FROM claimed c
      JOIN sources s ON s.merchant_id = c.merchant_id AND s.mode = c.mode AND s.id = c.source_id
  ORDER BY c.created_at
""")

MOVE = Sql("""
    UPDATE bank_hints
       SET state = :state::text,
           detail = :detail,
           run_at = CASE WHEN :state = 'OPEN' THEN clock_timestamp() + :pause::interval END,
           closed_at = CASE WHEN :state <> 'OPEN' THEN clock_timestamp() END,
           lease_id = NULL
     WHERE merchant_id = :merchant_id
       AND mode = :mode
       AND id = :id
       AND state = 'OPEN'
       AND lease_id = :lease_id                                     -- A successor may have it by now.
 RETURNING 1
""")

WAITING = Sql("""
    SELECT DISTINCT kind
      FROM sources
     WHERE kind = ANY (:kinds::text[])
       AND disabled_at IS NULL
""")

PRUNE = Sql("""
    DELETE FROM bank_hints
     WHERE (merchant_id, mode, id) IN (
           SELECT merchant_id, mode, id
             FROM bank_hints
            WHERE closed_at < statement_timestamp() - :age::interval
            LIMIT :limit
              FOR UPDATE SKIP LOCKED)
 RETURNING 1
""")


class HintState(StrEnum):
    """What became of a claim."""

    OPEN = "OPEN"
    CONFIRMED = "CONFIRMED"
    UNCONFIRMED = "UNCONFIRMED"
    CONTRADICTED = "CONTRADICTED"


@dataclass(frozen=True, slots=True)
class Due:
    """A claim that was taken to be asked about. `age`: for how long the bank is asked already, by the database's clock;
    `payees`: the names under which the account is paid, the newest first."""

    merchant_id: int
    mode: str
    id: UUID
    source_id: UUID
    digest: bytes
    hint: Hint
    attempts: int
    lease_id: UUID
    created_at: datetime
    now: datetime
    age: timedelta
    receiving_id: UUID
    kind: str
    disabled: bool
    payees: tuple[str, ...]


async def tell(
    conn: Conn,
    source: Source,
    hint: Hint,
    *,
    hint_id: UUID,
    digest: bytes,
    most_open: int,
    most_hourly: int,
    most_again: int,
) -> bool:
    """Keep a claim, or count it when it is known; False when the source has told too many."""
    room = await conn.fetchval(
        *TELL.bind(
            merchant_id=source.merchant_id,
            mode=source.mode,
            id=hint_id,
            source_id=source.id,
            digest=digest,
            transaction_id=hint.transaction_id,
            payee=hint.payee,
            amount_satang=hint.amount_satang,
            occurred_at=hint.occurred_at,
            ref1=hint.ref1,
            ref2=hint.ref2,
            most_open=most_open,
            most_hourly=most_hourly,
            most_again=most_again,
        )
    )
    return bool(room)


async def claim(conn: Conn, lease_id: UUID, *, lease_s: float, kinds: list[str], limit: int) -> list[Due]:
    """Take at most *limit* due claims of sources of *kinds* for *lease_s*; they are due again when that is over."""
    rows = await conn.fetch(*CLAIM.bind(lease_id=lease_id, lease=timedelta(seconds=lease_s), kinds=kinds, limit=limit))
    return [
        Due(
            merchant_id=row["merchant_id"],
            mode=row["mode"],
            id=row["id"],
            source_id=row["source_id"],
            digest=row["digest"],
            hint=Hint(
                transaction_id=row["transaction_id"],
                payee=row["payee"],
                amount_satang=row["amount_satang"],
                occurred_at=row["occurred_at"],
                ref1=row["ref1"],
                ref2=row["ref2"],
            ),
            attempts=row["attempts"],
            lease_id=row["lease_id"],
            created_at=row["created_at"],
            now=row["now"],
            age=row["age"],
            receiving_id=row["receiving_id"],
            kind=row["kind"],
            disabled=row["disabled"],
            payees=tuple(row["payees"]),
        )
        for row in rows
    ]


async def move(conn: Conn, due: Due, state: HintState, detail: str, *, pause_s: float = 0.0) -> bool:
    """Close the claim, or leave it open for *pause_s*; False when another worker has it by now."""
    moved = await conn.fetchval(
        *MOVE.bind(
            merchant_id=due.merchant_id,
            mode=due.mode,
            id=due.id,
            lease_id=due.lease_id,
            state=state,
            detail=detail,
            pause=timedelta(seconds=pause_s),
        )
    )
    return moved is not None


async def kinds_in_use(conn: Conn, kinds: list[str]) -> set[str]:
    """Of which of *kinds* there are sources."""
    return {row["kind"] for row in await conn.fetch(*WAITING.bind(kinds=kinds))}


async def prune(conn: Conn, age: timedelta, limit: int) -> int:
    """Forget claims that were closed longer than *age* ago; how many."""
    return len(await conn.fetch(*PRUNE.bind(age=age, limit=limit)))
