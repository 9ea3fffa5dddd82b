"""Know your merchant: what it told, its documents, who compared them; asked for when a merchant is approved.

Documents and IDs are sealed with the installation's key; whoever opens a document is in the audit log. What is kept of
a merchant that never was approved is forgotten by itself; of another one when the operator says so (PDPA).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core import dossiers as core
from paygate.core import ids
from paygate.core.dossiers import Check, Facts
from paygate.core.errors import Conflict, InvalidInput, NotFound, TooLarge
from paygate.core.sealing import NONCE_BYTES
from paygate.db import dossiers as rows
from paygate.db import merchants
from paygate.db.dossiers import Document
from paygate.db.merchants import Merchant
from paygate.db.pool import Conn
from paygate.services import audit, inputs
from paygate.services.audit import By
from paygate.services.context import Context
from paygate.services.payouts import read_reason

ABANDONED = timedelta(days=180)
"""What a merchant told that was never approved is forgotten after so long."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is known of a merchant, and what is missing for its approval."""

    merchant_id: int
    facts: Facts
    documents: Sequence[Document]
    check: Check | None

    @property
    def missing(self) -> Sequence[str]:
        """In words of the API."""
        return core.missing(self.facts, {one.kind for one in self.documents}, self.check)


async def show(ctx: Context, merchant_id: int) -> Dossier:
    """What is known of a merchant. Raises NotFound."""
    async with ctx.db.connection() as conn:
        await _merchant(conn, merchant_id)
        return await read(ctx, conn, merchant_id)


async def change(ctx: Context, merchant_id: int, told: Mapping[str, str], actor: By) -> Dossier:
    """Keep what was told (some of `core.dossiers.FIELDS`); the rest stays. Raises NotFound, InvalidInput."""
    given = {name: core.read(name, text) for name, text in told.items()}

    async def work(conn: Conn) -> Dossier:
        await _locked(conn, merchant_id)
        before = await read(ctx, conn, merchant_id)
        after = replace(before.facts, **given)
        if after == before.facts:
            return before
        values: dict[str, Any] = asdict(after)
        if after.tax_id is not None:
            values["tax_id"] = ctx.seal(after.tax_id, _purpose(merchant_id))
        await rows.write(conn, merchant_id, values)
        changed = sorted(name for name in given if getattr(after, name) != getattr(before.facts, name))
        await _log(ctx, conn, merchant_id, "dossier.change", actor, {"fields": changed})  # Not what: it is personal.
        return await read(ctx, conn, merchant_id)

    return await ctx.db.transaction(work)


async def add(ctx: Context, merchant_id: int, kind: str, name: str, content: bytes, actor: By) -> Document:
    """Keep a document. The same file again is the one that is there.

    Raises NotFound, InvalidInput (kind, name, file), TooLarge, Conflict (there are too many).
    """
    if kind not in core.DOCUMENTS:
        raise InvalidInput(f"kind must be one of {', '.join(core.DOCUMENTS)}.", field="kind")
    if len(content) > core.MAX_DOCUMENT_BYTES:
        raise TooLarge(f"A document has at most {core.MAX_DOCUMENT_BYTES} bytes.", field="file")
    title, media_type = inputs.name(name), core.media_type(content)
    document_id, digest = ctx.new_id(), hashlib.sha256(content).digest()
    sealed = ctx.key.seal(content, _purpose(merchant_id, document_id), secrets.token_bytes(NONCE_BYTES))
    by = actor if isinstance(actor, str) else actor.name

    async def work(conn: Conn) -> Document:
        await _locked(conn, merchant_id)
        there = await rows.documents(conn, merchant_id)
        if known := [one for one in there if one.digest == digest]:
            return known[0]
        if len(there) >= core.MOST_DOCUMENTS:
            raise Conflict(f"There are {core.MOST_DOCUMENTS} documents already; remove one first.")
        values = {"id": document_id, "kind": kind, "name": title, "media_type": media_type, "digest": digest}
        values |= {"size_bytes": len(content), "content": sealed, "added_by": by}
        await rows.add(conn, merchant_id, values)
        await rows.uncheck(conn, merchant_id)
        after = {"document": ids.show("doc", document_id), "kind": kind, "sha256": digest.hex()}
        await _log(ctx, conn, merchant_id, "dossier.add", actor, after)
        return next(one for one in await rows.documents(conn, merchant_id) if one.id == document_id)

    return await ctx.db.transaction(work)


async def open_document(ctx: Context, merchant_id: int, document_id: UUID, actor: By) -> tuple[Document, bytes]:
    """A document as it was handed in; that it was opened, and by whom, is kept. Raises NotFound."""

    async def work(conn: Conn) -> tuple[Document, bytes]:
        found = await rows.content(conn, merchant_id, document_id)
        if found is None:
            raise NotFound(f"There is no document {ids.show('doc', document_id)} of this merchant.")
        await _log(ctx, conn, merchant_id, "dossier.open", actor, {"document": ids.show("doc", document_id)})
        return found

    document, sealed = await ctx.db.transaction(work)
    return document, ctx.key.open(sealed, _purpose(merchant_id, document_id))


async def remove(ctx: Context, merchant_id: int, document_id: UUID, reason: str, actor: By) -> None:
    """Forget a document. Raises NotFound, InvalidInput (reason)."""
    words = read_reason(reason)

    async def work(conn: Conn) -> None:
        await _locked(conn, merchant_id)
        if not await rows.remove(conn, merchant_id, document_id):
            raise NotFound(f"There is no document {ids.show('doc', document_id)} of this merchant.")
        await rows.uncheck(conn, merchant_id)
        after = {"document": ids.show("doc", document_id), "reason": words}
        await _log(ctx, conn, merchant_id, "dossier.remove", actor, after)

    await ctx.db.transaction(work)


async def check(ctx: Context, merchant_id: int, note: str, actor: By) -> Dossier:
    """Say that somebody compared what was told with the documents: who and when is kept.

    Raises NotFound, InvalidInput (reason: what was looked at), Conflict while something is missing.
    """
    words, by = read_reason(note), actor if isinstance(actor, str) else actor.name

    async def work(conn: Conn) -> Dossier:
        await _locked(conn, merchant_id)
        found = await read(ctx, conn, merchant_id)
        if lacking := [one for one in found.missing if one != "check"]:
            raise Conflict(f"This is missing yet: {', '.join(lacking)}.")
        await rows.check(conn, merchant_id, by, words)
        await _log(ctx, conn, merchant_id, "dossier.check", actor, {"note": words})
        return await read(ctx, conn, merchant_id)

    return await ctx.db.transaction(work)


async def forget(ctx: Context, merchant_id: int, reason: str, actor: By) -> None:
    """Forget all that was told of a merchant that takes no payments any more, or never did.

    Raises NotFound, InvalidInput (reason), Conflict (it is approved: suspend it first).
    """
    words = read_reason(reason)

    async def work(conn: Conn) -> None:
        merchant = await _locked(conn, merchant_id)
        if merchant.status == "APPROVED":
            raise Conflict("The merchant takes payments: what is known of it is needed.")
        await rows.forget(conn, merchant_id)
        await _log(ctx, conn, merchant_id, "dossier.forget", actor, {"reason": words})

    await ctx.db.transaction(work)


async def when_forgotten(conn: Conn, merchant_id: int) -> datetime | None:
    """When all that was told of a merchant was forgotten, if it has not been approved since; in a transaction."""
    return await rows.when_forgotten(conn, merchant_id)


async def prune(ctx: Context, limit: int) -> int:
    """Forget what merchants told that were never approved; how many of them."""
    async with ctx.db.connection() as conn:
        found = await rows.abandoned(conn, ABANDONED, limit)
    for merchant_id in found:

        async def work(conn: Conn, merchant_id: int = merchant_id) -> None:
            await merchants.lock(conn, merchant_id)
            if merchant_id in await rows.abandoned(conn, ABANDONED, limit):
                await rows.forget(conn, merchant_id)
                after = {"reason": f"not approved for {ABANDONED.days} days"}
                await _log(ctx, conn, merchant_id, "dossier.forget", "prune", after)

        await ctx.db.transaction(work)
    return len(found)


async def read(ctx: Context, conn: Conn, merchant_id: int) -> Dossier:
    """What is known, in somebody's transaction."""
    row = await rows.get(conn, merchant_id)
    there = await rows.documents(conn, merchant_id)
    if row is None:
        return Dossier(merchant_id, Facts(), there, None)
    facts = Facts(
        kind=row.kind,
        legal_name=row.legal_name,
        tax_id=None if row.tax_id is None else ctx.unseal(row.tax_id, _purpose(merchant_id)),
        address=row.address,
        business=row.business,
        contact_name=row.contact_name,
        contact_phone=row.contact_phone,
    )
    checked = None
    if row.checked_at is not None:
        checked = Check(row.checked_at, row.checked_by or "", row.check_note or "")
    return Dossier(merchant_id, facts, there, checked)


async def _merchant(conn: Conn, merchant_id: int) -> Merchant:
    found = await merchants.get(conn, merchant_id)
    if found is None:
        raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
    return found


async def _locked(conn: Conn, merchant_id: int) -> Merchant:
    await merchants.lock(conn, merchant_id)
    return await _merchant(conn, merchant_id)


def _purpose(merchant_id: int, document_id: UUID | None = None) -> str:
    return f"dossier:{merchant_id}" if document_id is None else f"document:{merchant_id}:{document_id}"


async def _log(ctx: Context, conn: Conn, merchant_id: int, action: str, actor: By, after: Mapping[str, Any]) -> None:
    subject = f"merchant:{ids.show_merchant(merchant_id)}"
    await audit.append(conn, ctx, merchant_id=merchant_id, actor=actor, action=action, subject=subject, after=after)
