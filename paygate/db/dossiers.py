"""Rows of what an operator knows of a merchant. IDs and documents are sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.db.pool import Conn
from paygate.db.sql import Sql

COLUMNS = """merchant_id, kind, legal_name, tax_id, address, business, contact_name, contact_phone, checked_at,
             checked_by, check_note, changed_at"""

GET = Sql(f"SELECT {COLUMNS} FROM dossiers WHERE merchant_id = :merchant_id")  # noqa: S608

# Whatever changes, somebody has to look at it again.
WRITE = Sql("""
    INSERT INTO dossiers (merchant_id, kind, legal_name, tax_id, address, business, contact_name, contact_phone,
                          changed_at)
    VALUES (:merchant_id, :kind, :legal_name, :tax_id, :address, :business, :contact_name, :contact_phone,
            clock_timestamp())
        ON CONFLICT (merchant_id) DO UPDATE
       SET kind = excluded.kind, legal_name = excluded.legal_name, tax_id = excluded.tax_id,
           address = excluded.address, business = excluded.business, contact_name = excluded.contact_name,
           contact_phone = excluded.contact_phone, checked_at = NULL, checked_by = NULL, check_note = NULL,
           changed_at = excluded.changed_at
""")

UNCHECK = Sql("""
    INSERT INTO dossiers (merchant_id, changed_at) VALUES (:merchant_id, clock_timestamp())
        ON CONFLICT (merchant_id) DO UPDATE
       SET checked_at = NULL, checked_by = NULL, check_note = NULL, changed_at = excluded.changed_at
""")

CHECK = Sql("""
    UPDATE dossiers SET checked_at = clock_timestamp(), checked_by = :by, check_note = :note
     WHERE merchant_id = :merchant_id
""")

FACTS = "id, kind, name, media_type, size_bytes, digest, added_by, created_at"
DOCUMENTS = Sql(f"SELECT {FACTS} FROM dossier_documents WHERE merchant_id = :merchant_id ORDER BY created_at, id")  # noqa: S608

CONTENT = Sql(f"""
    SELECT {FACTS}, content FROM dossier_documents WHERE merchant_id = :merchant_id AND id = :id
""")  # noqa: S608

ADD = Sql("""
    INSERT INTO dossier_documents (merchant_id, id, kind, name, media_type, size_bytes, digest, content, added_by,
                                   created_at)
    VALUES (:merchant_id, :id, :kind, :name, :media_type, :size_bytes, :digest, :content, :added_by, clock_timestamp())
""")

REMOVE = Sql("DELETE FROM dossier_documents WHERE merchant_id = :merchant_id AND id = :id RETURNING 1")

FORGET_DOCUMENTS = Sql("DELETE FROM dossier_documents WHERE merchant_id = :merchant_id")
FORGET = Sql("DELETE FROM dossiers WHERE merchant_id = :merchant_id")
FORGOTTEN = Sql("UPDATE merchants SET forgotten_at = clock_timestamp() WHERE merchant_id = :merchant_id")
WHEN_FORGOTTEN = Sql("SELECT forgotten_at FROM merchants WHERE merchant_id = :merchant_id")

# Of merchants that never were approved.
ABANDONED = Sql("""
    SELECT d.merchant_id
      FROM dossiers d
      JOIN merchants m ON m.merchant_id = d.merchant_id
     WHERE m.approved_at IS NULL AND d.changed_at < statement_timestamp() - :age::interval
  ORDER BY d.changed_at
     LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Row:
    """A dossier as it is kept; `tax_id` is sealed."""

    merchant_id: int
    kind: str | None
    legal_name: str | None
    tax_id: bytes | None
    address: str | None
    business: str | None
    contact_name: str | None
    contact_phone: str | None
    checked_at: datetime | None
    checked_by: str | None
    check_note: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a dossier, without what is in it."""

    id: UUID
    kind: str
    name: str
    media_type: str
    size_bytes: int
    digest: bytes
    added_by: str
    created_at: datetime


async def get(conn: Conn, merchant_id: int) -> Row | None:
    """What is kept of a merchant."""
    row = await conn.fetchrow(*GET.bind(merchant_id=merchant_id))
    return Row(**row) if row else None


async def write(conn: Conn, merchant_id: int, values: dict[str, Any]) -> None:
    """Keep what was told; a check of what was before counts no more."""
    await conn.execute(*WRITE.bind(merchant_id=merchant_id, **values))


async def uncheck(conn: Conn, merchant_id: int) -> None:
    """Documents changed: somebody has to look again."""
    await conn.execute(*UNCHECK.bind(merchant_id=merchant_id))


async def check(conn: Conn, merchant_id: int, by: str, note: str) -> None:
    """Somebody looked."""
    await conn.execute(*CHECK.bind(merchant_id=merchant_id, by=by, note=note))


async def documents(conn: Conn, merchant_id: int) -> list[Document]:
    """The files, the oldest first."""
    return [Document(**row) for row in await conn.fetch(*DOCUMENTS.bind(merchant_id=merchant_id))]


async def content(conn: Conn, merchant_id: int, document_id: UUID) -> tuple[Document, bytes] | None:
    """A file, and what is in it, sealed."""
    row = await conn.fetchrow(*CONTENT.bind(merchant_id=merchant_id, id=document_id))
    if row is None:
        return None
    values = dict(row)
    sealed: bytes = values.pop("content")
    return Document(**values), sealed


async def add(conn: Conn, merchant_id: int, values: dict[str, Any]) -> None:
    """Keep a file."""
    await conn.execute(*ADD.bind(merchant_id=merchant_id, **values))


async def remove(conn: Conn, merchant_id: int, document_id: UUID) -> bool:
    """Forget a file; whether it was there."""
    return await conn.fetchval(*REMOVE.bind(merchant_id=merchant_id, id=document_id)) is not None


async def forget(conn: Conn, merchant_id: int) -> None:
    """Forget all of it."""
    await conn.execute(*FORGET_DOCUMENTS.bind(merchant_id=merchant_id))
    await conn.execute(*FORGET.bind(merchant_id=merchant_id))
    await conn.execute(*FORGOTTEN.bind(merchant_id=merchant_id))


async def when_forgotten(conn: Conn, merchant_id: int) -> datetime | None:
    """Since when it is not known any more who the merchant is; None: nobody forgot it."""
    at: datetime | None = await conn.fetchval(*WHEN_FORGOTTEN.bind(merchant_id=merchant_id))
    return at


async def abandoned(conn: Conn, age: timedelta, limit: int) -> Sequence[int]:
    """Merchants that were told of long ago and never approved."""
    return [row["merchant_id"] for row in await conn.fetch(*ABANDONED.bind(age=age, limit=limit))]
