"""Payment links: a price with an address."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate.core.keys import Mode
from paygate.db.pool import Conn
from paygate.db.sql import Sql


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """What everybody who opens it pays, and to whom."""

    merchant_id: int
    mode: Mode
    id: UUID
    amount_satang: int
    description: str | None
    callback_url: str | None
    expiry_minutes: int | None  # None: the merchant's.
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LinkPage:
    """Which links: the newest *limit*, or those before *before* (when made, id)."""

    limit: int
    before: tuple[datetime, UUID] | None = None


COLUMNS = ", ".join(f"l.{f.name}" for f in fields(PaymentLink))

INSERT = Sql(f"""
    INSERT INTO payment_links AS l (merchant_id, mode, id, amount_satang, description, callback_url, expiry_minutes)
    VALUES (:merchant_id, :mode, :id, :amount_satang, :description, :callback_url, :expiry_minutes)
 RETURNING {COLUMNS}
""")  # noqa: S608 - column names of our own dataclass

GET = Sql(f"""
    SELECT {COLUMNS} FROM payment_links l WHERE l.merchant_id = :merchant_id AND l.mode = :mode AND l.id = :id
""")  # noqa: S608

# Its page names the link alone, and shows whose it is.
GET_BY_ID = Sql(f"""
    SELECT {COLUMNS}, m.name, m.status, g.digest AS logo
      FROM payment_links l
      JOIN merchants m ON m.merchant_id = l.merchant_id
 LEFT JOIN merchant_logos g ON g.merchant_id = l.merchant_id
     WHERE l.id = :id
""")  # noqa: S608

LIST = Sql(f"""
    SELECT {COLUMNS}
      FROM payment_links l
     WHERE l.merchant_id = :merchant_id
       AND l.mode = :mode
       AND (:at::timestamptz IS NULL OR (l.created_at, l.id) < (:at, :id::uuid))
  ORDER BY l.created_at DESC, l.id DESC
     LIMIT :limit
""")  # noqa: S608

# Nothing changes what is so already.
SWITCH = Sql(f"""
    UPDATE payment_links l SET active = :active
     WHERE l.merchant_id = :merchant_id AND l.mode = :mode AND l.id = :id AND l.active <> :active
 RETURNING {COLUMNS}
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Shown:
    """A link as its page shows it."""

    link: PaymentLink
    shop: str
    logo: str | None  # A digest, by which its picture is asked for.
    status: str  # The merchant's.

    @property
    def open(self) -> bool:
        """Whether it makes payments now: as with the merchant's keys, tests need no approval."""
        return self.link.active and (self.status == "APPROVED" or (self.link.mode, self.status) == ("test", "PENDING"))


async def insert(
    conn: Conn,
    owner: tuple[int, Mode],
    link_id: UUID,
    *,
    amount_satang: int,
    description: str | None,
    callback_url: str | None,
    expiry_minutes: int | None,
) -> PaymentLink:
    """A new link."""
    row = await conn.fetchrow(
        *INSERT.bind(
            merchant_id=owner[0],
            mode=owner[1],
            id=link_id,
            amount_satang=amount_satang,
            description=description,
            callback_url=callback_url,
            expiry_minutes=expiry_minutes,
        )
    )
    return _link(row)


async def get(conn: Conn, owner: tuple[int, Mode], link_id: UUID) -> PaymentLink | None:
    """A merchant's link."""
    row = await conn.fetchrow(*GET.bind(merchant_id=owner[0], mode=owner[1], id=link_id))
    return None if row is None else _link(row)


async def get_by_id(conn: Conn, link_id: UUID) -> Shown | None:
    """Anybody's link, for its page."""
    row = await conn.fetchrow(*GET_BY_ID.bind(id=link_id))
    return None if row is None else Shown(_link(row), row["name"], row["logo"], row["status"])


async def listed(conn: Conn, owner: tuple[int, Mode], page: LinkPage) -> list[PaymentLink]:
    """A merchant's links, newest first."""
    at, link_id = page.before or (None, None)
    rows = await conn.fetch(*LIST.bind(merchant_id=owner[0], mode=owner[1], at=at, id=link_id, limit=page.limit))
    return [_link(row) for row in rows]


async def switch(conn: Conn, owner: tuple[int, Mode], link_id: UUID, *, active: bool) -> PaymentLink | None:
    """The link, now *active* or not; None when it was so before, or is not there."""
    row = await conn.fetchrow(*SWITCH.bind(merchant_id=owner[0], mode=owner[1], id=link_id, active=active))
    return None if row is None else _link(row)


def _link(row: Any) -> PaymentLink:
    return PaymentLink(**{f.name: row[f.name] for f in fields(PaymentLink)})
