"""Transfers of the simulated bank: ordered, claimed when they are due, told. Rows of the test mode alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.payments import Payment
from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = """t.merchant_id, t.mode, t.id, t.payment_id, t.via, t.amount_satang, t.occurred_at, t.sending_bank,
           t.reference, t.text, t.sender, t.times, t.run_at, t.lease_id, t.attempts, t.outcomes, t.detail, t.told_at,
           t.created_at"""

INSERT = Sql(f"""
    INSERT INTO simulated_transfers AS t (merchant_id, mode, id, payment_id, via, amount_satang, occurred_at,
                sending_bank, reference, text, sender, times, run_at, lease_id, attempts, told_at, created_at)
    VALUES (:merchant_id, 'test', :id, :payment_id, :via, :amount_satang, :occurred_at, :sending_bank, :reference,
            :text, :sender, :times, :run_at, :lease_id, CASE WHEN :lease_id::uuid IS NULL THEN 0 ELSE 1 END,
            CASE WHEN :run_at::timestamptz IS NULL THEN :now::timestamptz END, :now)
 RETURNING {COLUMNS}
""")  # noqa: S608 - a constant of this module

CLAIM = Sql(f"""
      WITH due AS (
           SELECT merchant_id, mode, id
             FROM simulated_transfers
            WHERE run_at <= statement_timestamp()
         ORDER BY run_at
            LIMIT :limit
              FOR UPDATE SKIP LOCKED                            -- Another worker has it.
           )
    UPDATE simulated_transfers t
       SET run_at = clock_timestamp() + :lease::interval, lease_id = :lease_id, attempts = t.attempts + 1
      FROM due
     WHERE t.merchant_id = due.merchant_id AND t.mode = due.mode AND t.id = due.id
 RETURNING {COLUMNS}
""")  # noqa: S608

CONCLUDE = Sql("""
    UPDATE simulated_transfers
       SET outcomes = :outcomes, detail = :detail, run_at = NULL, lease_id = NULL, told_at = clock_timestamp()
     WHERE merchant_id = :merchant_id AND mode = 'test' AND id = :id
       AND run_at IS NOT NULL
       AND lease_id = :lease_id                                 -- A successor may have it by now.
 RETURNING 1
""")

GET = Sql(f"""
    SELECT {COLUMNS} FROM simulated_transfers t WHERE t.merchant_id = :merchant_id AND t.mode = 'test' AND t.id = :id
""")  # noqa: S608

LISTED = Sql(f"""
    SELECT {COLUMNS}
      FROM simulated_transfers t
     WHERE t.merchant_id = :merchant_id AND t.mode = 'test' AND t.payment_id = :payment_id
  ORDER BY t.created_at DESC, t.id DESC
""")  # noqa: S608

COUNT = Sql("""
    SELECT count(*)::integer
      FROM simulated_transfers
     WHERE merchant_id = :merchant_id AND mode = 'test' AND payment_id = :payment_id
""")

# What a bank is asked about a slip: its transfer, and the account that the money went to.
NAMED = Sql(f"""
    SELECT {COLUMNS}, p.ref1, p.ref2, a.bank_code AS to_bank, a.number AS to_number, a.proxy AS to_proxy,
           a.biller_id AS to_biller, a.name AS to_name
      FROM simulated_transfers t
      JOIN payments p ON p.merchant_id = t.merchant_id AND p.mode = t.mode AND p.id = t.payment_id
      JOIN accounts a ON a.merchant_id = p.owner_id AND a.mode = p.mode AND a.id = p.account_id
     WHERE t.merchant_id = :merchant_id AND t.mode = 'test' AND t.sending_bank = :sending_bank
       AND t.reference = :reference
       AND t.occurred_at <= clock_timestamp() + interval '2 minutes'
""")  # noqa: S608

ACCOUNT = Sql("""
    SELECT bank_code, number, proxy, biller_id, name
      FROM accounts
     WHERE merchant_id = :owner_id AND mode = 'test' AND id = :account_id
""")

# Whether somebody else's open test payment waits for just this amount on a shared account.
TAKEN = Sql("""
    SELECT EXISTS (SELECT 1
                     FROM reservations r
                    WHERE r.mode = 'test' AND r.receiving_id = :receiving_id AND r.amount_satang = :amount_satang
                      AND r.until_at > clock_timestamp()
                      AND r.merchant_id <> :merchant_id)
""")

BALANCE = Sql("""
    SELECT balance_satang
      FROM balance_points
     WHERE merchant_id = :owner_id AND mode = 'test' AND receiving_id = :receiving_id
  ORDER BY at DESC
     LIMIT 1
""")

ADD_SOURCE = Sql("""
    INSERT INTO sources (merchant_id, mode, id, receiving_id, kind, trust, secret)
    VALUES (:owner_id, 'test', :id, :receiving_id, :kind, :trust, :secret)
        ON CONFLICT (merchant_id, mode, id) DO NOTHING
""")

# What the merchant hears of a payment, and how many of its endpoints have it.
EVENTS = Sql("""
    SELECT e.type, e.created_at, count(d.endpoint_id)::integer AS endpoints,
           count(d.endpoint_id) FILTER (WHERE d.state = 'DELIVERED')::integer AS delivered
      FROM events e
 LEFT JOIN deliveries d ON d.merchant_id = e.merchant_id AND d.mode = e.mode AND d.event_id = e.id
     WHERE e.merchant_id = :merchant_id AND e.mode = 'test' AND e.subject_id = :payment_id
  GROUP BY e.merchant_id, e.mode, e.id, e.type, e.created_at, e.sequence
  ORDER BY e.sequence DESC
""")


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer, as its row has it."""

    merchant_id: int
    mode: str
    id: UUID
    payment_id: UUID
    via: str
    amount_satang: int
    occurred_at: datetime
    sending_bank: str
    reference: str
    text: str | None
    sender: str | None
    times: int
    run_at: datetime | None
    lease_id: UUID | None
    attempts: int
    outcomes: tuple[str, ...]
    detail: str
    told_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """What a transfer shall be. `text` and `sender` are a notice's; `times` how often it is told."""

    id: UUID
    via: str
    amount_satang: int
    occurred_at: datetime
    sending_bank: str
    reference: str
    text: str | None
    sender: str | None
    times: int


@dataclass(frozen=True, slots=True)
class Holder:
    """The account that a test payment's QR stands for. Digits in full: nobody's."""

    bank_code: str | None
    number: str | None
    proxy: str | None
    biller_id: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Named:
    """A transfer with the bill-payment references and the account that its money went to."""

    transfer: Transfer
    ref1: str | None
    ref2: str | None
    holder: Holder


@dataclass(frozen=True, slots=True)
class Announced:
    """An event of a payment: how many endpoints are to hear of it, and how many did."""

    type: str
    created_at: datetime
    endpoints: int
    delivered: int


def _transfer(row: Any) -> Transfer:
    values = {name: row[name] for name in Transfer.__slots__}
    return Transfer(**{**values, "outcomes": tuple(values["outcomes"])})


async def insert(
    conn: Conn, payment: Payment, order: Order, now: datetime, *, run_at: datetime | None, lease_id: UUID | None
) -> Transfer:
    """A new transfer of a payment, to be told at *run_at*, or by whoever has *lease_id* until then; None: never."""
    row = await conn.fetchrow(
        *INSERT.bind(
            merchant_id=payment.merchant_id,
            payment_id=payment.id,
            id=order.id,
            via=order.via,
            amount_satang=order.amount_satang,
            occurred_at=order.occurred_at,
            sending_bank=order.sending_bank,
            reference=order.reference,
            text=order.text,
            sender=order.sender,
            times=order.times,
            run_at=run_at,
            lease_id=lease_id,
            now=now,
        )
    )
    return _transfer(row)


async def claim(conn: Conn, lease_id: UUID, lease: timedelta, limit: int) -> Sequence[Transfer]:
    """Take transfers that are due, for *lease*."""
    return [_transfer(row) for row in await conn.fetch(*CLAIM.bind(lease_id=lease_id, lease=lease, limit=limit))]


async def conclude(conn: Conn, transfer: Transfer, outcomes: Sequence[str], detail: str) -> bool:
    """Write down what became of it; False when its lease has passed on."""
    bound = CONCLUDE.bind(
        merchant_id=transfer.merchant_id,
        id=transfer.id,
        lease_id=transfer.lease_id,
        outcomes=list(outcomes),
        detail=detail,
    )
    return await conn.fetchrow(*bound) is not None


async def get(conn: Conn, merchant_id: int, transfer_id: UUID) -> Transfer | None:
    """One transfer of a merchant's payments."""
    row = await conn.fetchrow(*GET.bind(merchant_id=merchant_id, id=transfer_id))
    return _transfer(row) if row else None


async def listed(conn: Conn, payment: Payment) -> Sequence[Transfer]:
    """The transfers of a payment, newest first."""
    rows = await conn.fetch(*LISTED.bind(merchant_id=payment.merchant_id, payment_id=payment.id))
    return [_transfer(row) for row in rows]


async def count(conn: Conn, payment: Payment) -> int:
    """How many transfers a payment has."""
    found: int = await conn.fetchval(*COUNT.bind(merchant_id=payment.merchant_id, payment_id=payment.id))
    return found


async def named(conn: Conn, merchant_id: int, sending_bank: str, reference: str) -> Named | None:
    """The transfer that a slip's mini QR names, once its money has moved."""
    row = await conn.fetchrow(*NAMED.bind(merchant_id=merchant_id, sending_bank=sending_bank, reference=reference))
    if row is None:
        return None
    holder = Holder(row["to_bank"], row["to_number"], row["to_proxy"], row["to_biller"], row["to_name"])
    return Named(_transfer(row), row["ref1"], row["ref2"], holder)


async def holder(conn: Conn, payment: Payment) -> Holder | None:
    """The account of a test payment."""
    row = await conn.fetchrow(*ACCOUNT.bind(owner_id=payment.owner_id, account_id=payment.account_id))
    return Holder(**row) if row else None


async def taken(conn: Conn, payment: Payment, amount_satang: int) -> bool:
    """Whether another merchant's open test payment on this account asks for *amount_satang*."""
    found: bool = await conn.fetchval(
        *TAKEN.bind(receiving_id=payment.receiving_id, amount_satang=amount_satang, merchant_id=payment.merchant_id)
    )
    return found


async def balance(conn: Conn, payment: Payment) -> int | None:
    """The last balance that was told of a payment's account."""
    found: int | None = await conn.fetchval(*BALANCE.bind(owner_id=payment.owner_id, receiving_id=payment.receiving_id))
    return found


async def add_source(conn: Conn, payment: Payment, *, source_id: UUID, kind: str, trust: str, secret: bytes) -> None:
    """The simulator's own source on the payment's account, unless it is there."""
    await conn.execute(
        *ADD_SOURCE.bind(
            owner_id=payment.owner_id,
            id=source_id,
            receiving_id=payment.receiving_id,
            kind=kind,
            trust=trust,
            secret=secret,
        )
    )


async def events(conn: Conn, payment: Payment) -> Sequence[Announced]:
    """What the merchant heard of a payment, newest first."""
    rows = await conn.fetch(*EVENTS.bind(merchant_id=payment.merchant_id, payment_id=payment.id))
    return [Announced(**row) for row in rows]
