"""What the payer's page shows beside the payment, and the merchants' logos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from paygate.core.payments import Payment
from paygate.db.pool import Conn
from paygate.db.sql import Sql

SHOP = Sql("""
    SELECT m.name, m.status, m.allow_renewal, m.allowed_origins, a.name AS account_name, l.digest AS logo,
           (SELECT r.id
              FROM payments r
             WHERE r.merchant_id = m.merchant_id AND r.mode = :mode AND r.renews_id = :id) AS renewed_as
      FROM merchants m
      JOIN accounts a ON a.merchant_id = :owner_id AND a.mode = :mode AND a.id = :account_id
 LEFT JOIN merchant_logos l ON l.merchant_id = m.merchant_id
     WHERE m.merchant_id = :merchant_id
""")

NAMED = Sql("""
    SELECT m.name, l.digest AS logo
      FROM merchants m
 LEFT JOIN merchant_logos l ON l.merchant_id = m.merchant_id
     WHERE m.merchant_id = :merchant_id
""")

LOGO = Sql("SELECT picture FROM merchant_logos WHERE digest = :digest LIMIT 1")

PUT_LOGO = Sql("""
    INSERT INTO merchant_logos (merchant_id, digest, picture)
    VALUES (:merchant_id, :digest, :picture)
        ON CONFLICT (merchant_id) DO UPDATE SET digest = excluded.digest, picture = excluded.picture, created_at = now()
""")

DROP_LOGO = Sql("DELETE FROM merchant_logos WHERE merchant_id = :merchant_id")

# What is null stays as it is.
SET = Sql("""
    UPDATE merchants SET allow_renewal = coalesce(:allow_renewal::boolean, allow_renewal)
     WHERE merchant_id = :merchant_id AND merchant_id > 0
 RETURNING allow_renewal,
           (SELECT l.digest FROM merchant_logos l WHERE l.merchant_id = :merchant_id) AS logo
""")


@dataclass(frozen=True, slots=True)
class Shop:
    """Who is paid, as the payer sees it."""

    name: str
    account_name: str  # What the bank's app will show.
    logo: str | None  # A digest, by which its picture is asked for.
    approved: bool
    allow_renewal: bool
    allowed_origins: tuple[str, ...]
    renewed_as: UUID | None  # The payment that took this one's place.


@dataclass(frozen=True, slots=True)
class Page:
    """How a merchant has set its payers' page up."""

    allow_renewal: bool
    logo: str | None


async def shop(conn: Conn, payment: Payment) -> Shop | None:
    """Who is paid by *payment*."""
    row = await conn.fetchrow(
        *SHOP.bind(
            merchant_id=payment.merchant_id,
            mode=payment.mode,
            id=payment.id,
            owner_id=payment.owner_id,
            account_id=payment.account_id,
        )
    )
    if row is None:
        return None
    return Shop(
        name=row["name"],
        account_name=row["account_name"],
        logo=row["logo"],
        approved=row["status"] == "APPROVED",
        allow_renewal=row["allow_renewal"],
        allowed_origins=tuple(row["allowed_origins"]),
        renewed_as=row["renewed_as"],
    )


async def named(conn: Conn, merchant_id: int) -> tuple[str, str | None] | None:
    """A merchant's name, and its logo's digest."""
    row = await conn.fetchrow(*NAMED.bind(merchant_id=merchant_id))
    return (row["name"], row["logo"]) if row else None


async def logo(conn: Conn, digest: str) -> bytes | None:
    """A logo's PNG."""
    found: bytes | None = await conn.fetchval(*LOGO.bind(digest=digest))
    return found


async def put_logo(conn: Conn, merchant_id: int, digest: str, picture: bytes) -> None:
    """Give a merchant a logo, in place of the one it has."""
    await conn.execute(*PUT_LOGO.bind(merchant_id=merchant_id, digest=digest, picture=picture))


async def drop_logo(conn: Conn, merchant_id: int) -> None:
    """Take a merchant's logo away."""
    await conn.execute(*DROP_LOGO.bind(merchant_id=merchant_id))


async def set_page(conn: Conn, merchant_id: int, allow_renewal: bool | None) -> Page | None:
    """Change what is not None; how it is set up now, None when there is no such merchant."""
    row: Any = await conn.fetchrow(*SET.bind(merchant_id=merchant_id, allow_renewal=allow_renewal))
    return Page(row["allow_renewal"], row["logo"]) if row else None
