"""Merchants: made, read, listed, approved and suspended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from paygate.core.fees import CENTRAL_PLANS
from paygate.db.plans import PLAN, RATE, TERMS
from paygate.db.pool import Conn
from paygate.db.sql import Sql

INSERT = Sql("""
    INSERT INTO merchants (merchant_id, name, email, plan, status, approved_at)
    VALUES (:merchant_id, :name, :email, :plan, :status, CASE WHEN :status = 'APPROVED' THEN clock_timestamp() END)
""")

# What a direct merchant's money needs and has not: a place for it, or the bank account behind that.
LACKS = f"""CASE WHEN {PLAN} IN ({", ".join(f"'{plan}'" for plan in sorted({*CENTRAL_PLANS, "platform"}))}) THEN NULL
                WHEN NOT EXISTS (SELECT 1 FROM accounts a WHERE a.merchant_id = m.merchant_id AND a.mode = 'live'
                                    AND a.retired_at IS NULL) THEN 'account'
                WHEN NOT EXISTS (SELECT 1 FROM accounts a WHERE a.merchant_id = m.merchant_id AND a.mode = 'live'
                                    AND a.retired_at IS NULL AND a.number IS NOT NULL) THEN 'bank_account' END"""  # noqa: S608

# A merchant with the plan that is in force.
SELECT = f"""
    SELECT m.merchant_id, m.name, m.email, {PLAN} AS plan, t.fee_bps, {RATE} AS rate_bps, m.status, m.overpay,
           m.expiry_minutes, m.approved_at, m.created_at, {LACKS} AS lacks
      FROM merchants m
 {TERMS}
"""  # noqa: S608

GET = Sql(f"{SELECT} WHERE m.merchant_id = :merchant_id AND m.merchant_id > 0")

LIST = Sql(f"{SELECT} WHERE m.merchant_id > 0 ORDER BY m.merchant_id")

PAGE = Sql(f"""{SELECT}
     WHERE m.merchant_id > 0
       AND (:status::text IS NULL OR m.status = :status)
       AND (:q::text IS NULL OR position(lower(:q) IN lower(m.name)) > 0 OR position(lower(:q) IN m.email) > 0)
       AND (:before::bigint IS NULL OR m.merchant_id < :before)
  ORDER BY m.merchant_id DESC
     LIMIT :limit
""")

CHOICES = Sql("""
    SELECT name, expiry_minutes, callback_domains, allowed_origins
      FROM merchants
     WHERE merchant_id = :merchant_id AND merchant_id > 0
""")

CHOOSE = Sql("""
    UPDATE merchants
       SET name = :name, expiry_minutes = :expiry_minutes, callback_domains = :callback_domains,
           allowed_origins = :allowed_origins
     WHERE merchant_id = :merchant_id AND merchant_id > 0
""")

# Serialises changes of what belongs to a merchant; foreign keys to the row are not disturbed.
LOCK = Sql("SELECT 1 FROM merchants WHERE merchant_id = :merchant_id FOR NO KEY UPDATE")

APPROVE = Sql("""
    UPDATE merchants
       SET status = 'APPROVED', approved_at = coalesce(approved_at, clock_timestamp()), forgotten_at = NULL
     WHERE merchant_id = :merchant_id AND merchant_id > 0
""")

SUSPEND = Sql("""
    UPDATE merchants SET status = 'SUSPENDED'
     WHERE merchant_id = :merchant_id AND merchant_id > 0
""")

SIGNED_AMOUNTS = Sql("""
    UPDATE merchants SET signed_amounts = :wanted
     WHERE merchant_id = :merchant_id AND merchant_id > 0
 RETURNING 1
""")

# Added and removed in one statement: two people at it lose nothing of each other's.
ORIGINS = Sql("""
    UPDATE merchants
       SET allowed_origins = ARRAY(SELECT DISTINCT o.origin
                                     FROM unnest(allowed_origins || :add::text[]) AS o (origin)
                                    WHERE o.origin <> ALL (:remove::text[])
                                 ORDER BY o.origin)
     WHERE merchant_id = :merchant_id AND merchant_id > 0
 RETURNING allowed_origins
""")


# Likewise; they stay in the order in which they came.
CALLBACKS = Sql("""
    UPDATE merchants
       SET callback_domains = ARRAY(SELECT o.domain
                                      FROM unnest(callback_domains || :add::text[]) WITH ORDINALITY AS o (domain, place)
                                     WHERE o.domain <> ALL (:remove::text[])
                                  GROUP BY o.domain
                                  ORDER BY min(o.place))
     WHERE merchant_id = :merchant_id AND merchant_id > 0
 RETURNING callback_domains
""")


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant as the operator sees it, with the plan in force.

    `fee_bps`: a rate of its own; `rate_bps`: that, or what was said for the plan. None: what the settings say.
    """

    merchant_id: int
    name: str
    email: str
    plan: str
    fee_bps: int | None
    rate_bps: int | None
    status: str
    overpay: str
    expiry_minutes: int
    approved_at: datetime | None
    created_at: datetime
    lacks: str | None  # On a direct plan: `account`, or `bank_account`, by which the bank's news would be known.


@dataclass(frozen=True, slots=True)
class Choices:
    """What a merchant's own people decide of it."""

    name: str
    expiry_minutes: int
    callback_domains: tuple[str, ...]
    allowed_origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Which merchants: in this status, with *q* in name or address, made before merchant *before*."""

    limit: int
    status: str | None = None
    q: str | None = None
    before: int | None = None


async def insert(conn: Conn, *, merchant_id: int, name: str, email: str, plan: str, approved: bool) -> None:
    """A new merchant, approved at once or waiting for it."""
    status = "APPROVED" if approved else "PENDING"
    await conn.execute(*INSERT.bind(merchant_id=merchant_id, name=name, email=email, plan=plan, status=status))


async def get(conn: Conn, merchant_id: int) -> Merchant | None:
    """One merchant; never the platform."""
    return _merchant(await conn.fetchrow(*GET.bind(merchant_id=merchant_id)))


async def listed(conn: Conn) -> Sequence[Merchant]:
    """All merchants, oldest first."""
    return [Merchant(**row) for row in await conn.fetch(*LIST.bind())]


async def choices(conn: Conn, merchant_id: int) -> Choices | None:
    """What a merchant's people decided; None when there is no such one."""
    row = await conn.fetchrow(*CHOICES.bind(merchant_id=merchant_id))
    if row is None:
        return None
    lists = {name: tuple(row[name]) for name in ("callback_domains", "allowed_origins")}
    return Choices(name=row["name"], expiry_minutes=row["expiry_minutes"], **lists)


async def choose(conn: Conn, merchant_id: int, after: Choices) -> None:
    """Write what a merchant's people decided."""
    await conn.execute(
        *CHOOSE.bind(
            merchant_id=merchant_id,
            name=after.name,
            expiry_minutes=after.expiry_minutes,
            callback_domains=list(after.callback_domains),
            allowed_origins=list(after.allowed_origins),
        )
    )


async def page(conn: Conn, wanted: Page) -> Sequence[Merchant]:
    """Some merchants, newest first."""
    rows = await conn.fetch(*PAGE.bind(limit=wanted.limit, status=wanted.status, q=wanted.q, before=wanted.before))
    return [Merchant(**row) for row in rows]


async def lock(conn: Conn, merchant_id: int) -> bool:
    """Hold a merchant, or the platform, until the transaction ends; False when there is no such one."""
    return await conn.fetchval(*LOCK.bind(merchant_id=merchant_id)) is not None


async def approve(conn: Conn, merchant_id: int) -> Merchant | None:
    """Let a waiting or suspended merchant work."""
    await conn.execute(*APPROVE.bind(merchant_id=merchant_id))
    return await get(conn, merchant_id)


async def suspend(conn: Conn, merchant_id: int) -> Merchant | None:
    """Stop a merchant's keys from the next request on."""
    await conn.execute(*SUSPEND.bind(merchant_id=merchant_id))
    return await get(conn, merchant_id)


async def change_origins(
    conn: Conn, merchant_id: int, add: Sequence[str], remove: Sequence[str]
) -> tuple[str, ...] | None:
    """Allow and disallow origins for pk_live_ keys; those allowed afterwards, None when there is no such merchant."""
    row = await conn.fetchrow(*ORIGINS.bind(merchant_id=merchant_id, add=list(add), remove=list(remove)))
    return tuple(row["allowed_origins"]) if row else None


async def change_callbacks(
    conn: Conn, merchant_id: int, add: Sequence[str], remove: Sequence[str]
) -> tuple[str, ...] | None:
    """Likewise the hosts that callbackUrl and cancelUrl may name."""
    row = await conn.fetchrow(*CALLBACKS.bind(merchant_id=merchant_id, add=list(add), remove=list(remove)))
    return tuple(row["callback_domains"]) if row else None


async def require_signed_amounts(conn: Conn, merchant_id: int, *, wanted: bool) -> bool:
    """Whether pages need an amountToken from now on; False when there is no such merchant."""
    return await conn.fetchval(*SIGNED_AMOUNTS.bind(merchant_id=merchant_id, wanted=wanted)) is not None


def _merchant(row: Any) -> Merchant | None:
    return Merchant(**row) if row else None
