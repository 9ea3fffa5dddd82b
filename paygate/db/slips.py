"""Slips: handed in, claimed, asked about, decided. No money moves here; see `db.steps` and `services.evidence`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.payments import Payment
from paygate.core.slips import Receiver
from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = """s.merchant_id, s.mode, s.id, s.payment_id, s.payload, s.sending_bank, s.trans_ref, s.outcome, s.reason,
           s.attempts, s.handed, s.handed_at, s.last_error, s.credit_id, s.lease_id, s.created_at, s.decided_at,
           s.picture IS NOT NULL AS has_picture"""

# How many slips and how many pictures without one a payment had. The payment's row is locked before.
COUNTS = Sql("""
    SELECT coalesce(sum(handed) FILTER (WHERE trans_ref IS NOT NULL), 0)::integer AS slips,
           count(*) FILTER (WHERE trans_ref IS NULL)::integer AS blanks
      FROM slips
     WHERE merchant_id = :merchant_id AND mode = :mode AND payment_id = :payment_id
""")

SAME = Sql(f"""
    SELECT {COLUMNS}
      FROM slips s
     WHERE s.merchant_id = :merchant_id AND s.mode = :mode AND s.payment_id = :payment_id
       AND s.sending_bank = :sending_bank AND s.trans_ref = :trans_ref
""")  # noqa: S608 - a constant of this module

GET = Sql(f"""
    SELECT {COLUMNS} FROM slips s WHERE s.merchant_id = :merchant_id AND s.mode = :mode AND s.id = :id
""")  # noqa: S608

FIND = Sql(f"SELECT {COLUMNS} FROM slips s WHERE s.id = :id")  # noqa: S608

PICTURE = Sql(
    "SELECT payload, picture, facts FROM slips WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id"
)

INSERT = Sql(f"""
    INSERT INTO slips AS s (merchant_id, mode, id, payment_id, payload, sending_bank, trans_ref, picture, outcome,
                            reason, credit_id, attempts, run_at, lease_id, created_at, handed_at, decided_at)
    VALUES (:merchant_id, :mode, :id, :payment_id, :payload, :sending_bank, :trans_ref, :picture, :outcome,
            :reason, :credit_id, CASE WHEN :lease_id::uuid IS NULL THEN 0 ELSE 1 END, :run_at, :lease_id, :now, :now,
            CASE WHEN :outcome <> 'VERIFYING' THEN :now::timestamptz END)
 RETURNING {COLUMNS}
""")  # noqa: S608

HAND_AGAIN = Sql(f"""
    UPDATE slips s
       SET outcome = 'VERIFYING', reason = NULL, attempts = 1, handed = s.handed + 1, handed_at = :now,
           last_error = NULL, run_at = :run_at, lease_id = :lease_id, decided_at = NULL,
           picture = coalesce(:picture, s.picture)
     WHERE s.merchant_id = :merchant_id AND s.mode = :mode AND s.id = :id
 RETURNING {COLUMNS}
""")  # noqa: S608

CLAIM = Sql(f"""
      WITH due AS (
           SELECT merchant_id, mode, id
             FROM slips
            WHERE run_at <= statement_timestamp()
         ORDER BY run_at
            LIMIT :limit
              FOR UPDATE SKIP LOCKED                            -- Another worker has it.
           )
    UPDATE slips s
       SET run_at = clock_timestamp() + :lease::interval, lease_id = :lease_id, attempts = s.attempts + 1
      FROM due
     WHERE s.merchant_id = due.merchant_id AND s.mode = due.mode AND s.id = due.id
 RETURNING {COLUMNS}
""")  # noqa: S608

POSTPONE = Sql("""
    UPDATE slips
       SET run_at = clock_timestamp() + :pause::interval, lease_id = NULL, last_error = :last_error
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
       AND outcome = 'VERIFYING'
       AND lease_id = :lease_id                                 -- A successor may have it by now.
 RETURNING 1
""")

# By whoever has the lease; by a person (no lease is named) whatever it is.
DECIDE = Sql("""
    UPDATE slips
       SET outcome = :outcome, reason = :reason, credit_id = coalesce(:credit_id::uuid, credit_id),
           facts = coalesce(:facts::jsonb, facts), last_error = coalesce(:last_error, last_error),
           run_at = NULL, lease_id = NULL, decided_at = :now,
           picture = CASE WHEN :forget::boolean AND :outcome <> 'REVIEW' THEN NULL ELSE picture END
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
       AND outcome = :was_outcome
       AND (:lease_id::uuid IS NULL OR lease_id = :lease_id)
 RETURNING 1
""")

OTHERS_VERIFYING = Sql("""
    SELECT EXISTS (SELECT 1
                     FROM slips
                    WHERE merchant_id = :merchant_id AND mode = :mode AND payment_id = :payment_id
                      AND outcome = 'VERIFYING'
                      AND id <> :id)
""")

# What a payer is told of: what is being checked before what waits for a person, then the latest.
LATEST = Sql(f"""
    SELECT {COLUMNS}
      FROM slips s
     WHERE s.merchant_id = :merchant_id AND s.mode = :mode AND s.payment_id = :payment_id
  ORDER BY CASE s.outcome WHEN 'PAID' THEN 0 WHEN 'VERIFYING' THEN 1 WHEN 'REVIEW' THEN 2 ELSE 3 END,
           coalesce(s.decided_at, s.handed_at) DESC, s.id DESC
     LIMIT 1
""")  # noqa: S608

# The credit that a reference is of, as this account may know it: of the whole host, or of its own sources.
USED = Sql("""
    SELECT c.id, c.merchant_id, c.state, c.reason, c.payment_merchant_id, c.payment_id
      FROM credit_refs k
      JOIN credits c ON c.merchant_id = k.merchant_id AND c.mode = k.mode AND c.id = k.credit_id
     WHERE k.mode = :mode AND k.trust = ANY (ARRAY['host', :receiving_id::uuid::text])
       AND k.namespace = :namespace AND k.ref = :ref
  ORDER BY c.state = 'SETTLED' DESC, k.trust
     LIMIT 1
""")

RECEIVERS = Sql("""
    SELECT bank_code, number, proxy, biller_id
      FROM accounts
     WHERE merchant_id = :merchant_id AND mode = :mode AND receiving_id = :receiving_id
  ORDER BY id = :account_id DESC, created_at DESC
""")

# The review of the credit shows the slip that told of it.
LINK = Sql("""
    UPDATE reviews
       SET slip_id = :slip_id
     WHERE merchant_id = :merchant_id AND mode = :mode AND credit_id = :credit_id
       AND closed_at IS NULL
       AND slip_id IS NULL
""")

# What a person still has to look at is kept, however old.
PRUNE = Sql("""
      WITH old AS (
           SELECT s.merchant_id, s.mode, s.id
             FROM slips s
            WHERE (s.picture IS NOT NULL OR s.facts IS NOT NULL)
              AND s.decided_at < clock_timestamp() - :age::interval
              AND NOT EXISTS (SELECT 1
                                FROM reviews r
                               WHERE r.merchant_id IN (0, s.merchant_id) AND r.mode = s.mode AND r.slip_id = s.id
                                 AND r.closed_at IS NULL)
         ORDER BY s.decided_at
            LIMIT :limit
              FOR UPDATE SKIP LOCKED
           )
    UPDATE slips s SET picture = NULL, facts = NULL
      FROM old
     WHERE s.merchant_id = old.merchant_id AND s.mode = old.mode AND s.id = old.id
 RETURNING 1
""")


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip as its row has it, without picture and facts. `trans_ref` None: a picture in which there was no slip."""

    merchant_id: int
    mode: str
    id: UUID
    payment_id: UUID
    payload: str | None
    sending_bank: str | None
    trans_ref: str | None
    outcome: str
    reason: str | None
    attempts: int
    handed: int
    handed_at: datetime
    last_error: str | None
    credit_id: UUID | None
    lease_id: UUID | None
    created_at: datetime
    decided_at: datetime | None
    has_picture: bool


@dataclass(frozen=True, slots=True)
class Used:
    """The credit that a bank's reference is known to be of."""

    id: UUID
    merchant_id: int
    state: str
    reason: str | None
    payment_merchant_id: int | None
    payment_id: UUID | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What of a slip a person may look at: the mini QR's text, the picture (JPEG), what its bank said."""

    payload: str | None
    picture: bytes | None
    facts: Mapping[str, Any] | None


async def counts(conn: Conn, payment: Payment) -> tuple[int, int]:
    """How many slips were handed in for a payment, and how many pictures without one."""
    row = await conn.fetchrow(*COUNTS.bind(**_of(payment)))
    return row["slips"], row["blanks"]


async def same(conn: Conn, payment: Payment, sending_bank: str, trans_ref: str) -> Slip | None:
    """This very slip, if it was handed in for this payment before."""
    row = await conn.fetchrow(*SAME.bind(**_of(payment), sending_bank=sending_bank, trans_ref=trans_ref))
    return Slip(**row) if row else None


async def get(conn: Conn, merchant_id: int, mode: str, slip_id: UUID) -> Slip | None:
    """One slip."""
    row = await conn.fetchrow(*GET.bind(merchant_id=merchant_id, mode=mode, id=slip_id))
    return Slip(**row) if row else None


async def find(conn: Conn, slip_id: UUID) -> Slip | None:
    """One slip by its id alone, as a review names it."""
    row = await conn.fetchrow(*FIND.bind(id=slip_id))
    return Slip(**row) if row else None


async def evidence(conn: Conn, slip: Slip) -> Evidence:
    """Picture and facts of a slip, as far as they are still kept."""
    row = await conn.fetchrow(*PICTURE.bind(merchant_id=slip.merchant_id, mode=slip.mode, id=slip.id))
    return Evidence(row["payload"], row["picture"], json.loads(row["facts"]) if row["facts"] else None)


async def insert(
    conn: Conn,
    payment: Payment,
    slip_id: UUID,
    now: datetime,
    *,
    payload: str | None = None,
    sending_bank: str | None = None,
    trans_ref: str | None = None,
    picture: bytes | None = None,
    outcome: str,
    reason: str | None = None,
    credit_id: UUID | None = None,
    lease: tuple[UUID, datetime] | None = None,
) -> Slip:
    """A new slip: in the hands of *lease* (id, until when), or decided as it comes."""
    row = await conn.fetchrow(
        *INSERT.bind(
            **_of(payment),
            id=slip_id,
            now=now,
            payload=payload,
            sending_bank=sending_bank,
            trans_ref=trans_ref,
            picture=picture,
            outcome=outcome,
            reason=reason,
            credit_id=credit_id,
            lease_id=lease and lease[0],
            run_at=lease and lease[1],
        )
    )
    return Slip(**row)


async def hand_again(
    conn: Conn, slip: Slip, now: datetime, *, picture: bytes | None, lease: tuple[UUID, datetime]
) -> Slip:
    """Begin again with a slip that had been rejected."""
    row = await conn.fetchrow(
        *HAND_AGAIN.bind(
            merchant_id=slip.merchant_id,
            mode=slip.mode,
            id=slip.id,
            now=now,
            picture=picture,
            lease_id=lease[0],
            run_at=lease[1],
        )
    )
    return Slip(**row)


async def claim(conn: Conn, lease_id: UUID, lease: timedelta, limit: int) -> Sequence[Slip]:
    """Slips that are due, leased; a worker that dies leaves them due again when its lease ends."""
    return [Slip(**row) for row in await conn.fetch(*CLAIM.bind(lease_id=lease_id, lease=lease, limit=limit))]


async def postpone(conn: Conn, slip: Slip, pause: timedelta, last_error: str) -> bool:
    """Ask again after a pause; False when the slip is in other hands by now."""
    statement = POSTPONE.bind(
        merchant_id=slip.merchant_id,
        mode=slip.mode,
        id=slip.id,
        lease_id=slip.lease_id,
        pause=pause,
        last_error=last_error,
    )
    return await conn.fetchval(*statement) is not None


async def decide(
    conn: Conn,
    slip: Slip,
    now: datetime,
    *,
    outcome: str,
    reason: str | None,
    credit_id: UUID | None = None,
    facts: str | None = None,
    last_error: str | None = None,
    forget: bool = False,
) -> bool:
    """Give a slip its outcome; False when it no longer stands as *slip* does, or is in other hands.

    *facts* is JSON text. *forget*: pictures are not kept, but for a person who has to look at one.
    """
    statement = DECIDE.bind(
        merchant_id=slip.merchant_id,
        mode=slip.mode,
        id=slip.id,
        now=now,
        outcome=outcome,
        reason=reason,
        credit_id=credit_id,
        facts=facts,
        last_error=last_error,
        forget=forget,
        was_outcome=slip.outcome,
        lease_id=slip.lease_id,
    )
    return await conn.fetchval(*statement) is not None


async def others_verifying(conn: Conn, slip: Slip) -> bool:
    """Whether another slip of the same payment is still being checked."""
    statement = OTHERS_VERIFYING.bind(
        merchant_id=slip.merchant_id, mode=slip.mode, payment_id=slip.payment_id, id=slip.id
    )
    found: bool = await conn.fetchval(*statement)
    return found


async def latest(conn: Conn, payment: Payment) -> Slip | None:
    """The slip that tells how the checking of a payment stands."""
    row = await conn.fetchrow(*LATEST.bind(**_of(payment)))
    return Slip(**row) if row else None


async def used(conn: Conn, mode: str, receiving_id: UUID, namespace: str, ref: str) -> Used | None:
    """The credit that has this reference, if one has."""
    row = await conn.fetchrow(*USED.bind(mode=mode, receiving_id=receiving_id, namespace=namespace, ref=ref))
    return Used(**row) if row else None


async def receivers(conn: Conn, payment: Payment) -> list[Receiver]:
    """All versions of the account that a payment's QR points at, its own version first."""
    rows = await conn.fetch(
        *RECEIVERS.bind(
            merchant_id=payment.owner_id,
            mode=payment.mode,
            receiving_id=payment.receiving_id,
            account_id=payment.account_id,
        )
    )
    return [Receiver(**row) for row in rows]


async def link_review(conn: Conn, owner_id: int, mode: str, credit_id: UUID, slip_id: UUID) -> None:
    """Show the slip in the open reviews of a credit."""
    await conn.execute(*LINK.bind(merchant_id=owner_id, mode=mode, credit_id=credit_id, slip_id=slip_id))


async def prune(conn: Conn, age: timedelta, limit: int) -> int:
    """Forget pictures and personal facts of slips decided longer than *age* ago; how many were forgotten."""
    return len(await conn.fetch(*PRUNE.bind(age=age, limit=limit)))


def _of(payment: Payment) -> dict[str, Any]:
    return {"merchant_id": payment.merchant_id, "mode": payment.mode, "payment_id": payment.id}
