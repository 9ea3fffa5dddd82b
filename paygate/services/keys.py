"""API keys: made, revoked, listed. The text of a key leaves this room once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from paygate.core import ids
from paygate.core import keys as forms
from paygate.core.errors import NotFound
from paygate.core.keys import Kind, Mode
from paygate.db import keys, merchants
from paygate.db.keys import KeyRow
from paygate.db.pool import Conn
from paygate.services import audit
from paygate.services.context import Context


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A key that was just made. `text` is shown once; `row` is what is stored."""

    text: str = field(repr=False)
    row: keys.NewKey = field(repr=False)

    @property
    def id(self) -> UUID:
        """The key's id, which is no secret."""
        return self.row.id


def fresh(ctx: Context, merchant_id: int, kind: Kind, mode: Mode) -> FreshKey:
    """A new key, not yet stored."""
    text = forms.make(kind, mode, secrets.token_bytes(forms.RANDOM_BYTES))
    public = text if kind == "public" else None
    return FreshKey(text, keys.NewKey(merchant_id, mode, ctx.new_id(), kind, forms.digest(text), public, text[-4:]))


async def create(ctx: Context, *, merchant_id: int, kind: Kind, mode: Mode, actor: str = audit.CLI) -> FreshKey:
    """A new key of a merchant. Raises NotFound when there is no such merchant."""
    key = fresh(ctx, merchant_id, kind, mode)

    async def work(conn: Conn) -> None:
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        await keys.insert(conn, key.row)
        after = {"kind": kind, "mode": mode, "last4": key.row.last4, "scopes": key.row.scopes}
        await audit.append(
            conn, ctx, merchant_id=merchant_id, actor=actor, action="key.create", subject=_subject(key.id), after=after
        )

    await ctx.db.transaction(work)
    return key


async def revoke(ctx: Context, key_id: UUID, *, actor: str = audit.CLI) -> None:
    """Make a key worthless from the next request on, in every process. Raises NotFound."""

    async def work(conn: Conn) -> None:
        found = await keys.find(conn, key_id)
        if found is None or not await keys.revoke(conn, *found, key_id):
            raise NotFound(f"There is no key {ids.show('key', key_id)}.")
        merchant_id, mode = found
        after = {"mode": mode, "revoked": True}
        await audit.append(
            conn, ctx, merchant_id=merchant_id, actor=actor, action="key.revoke", subject=_subject(key_id), after=after
        )

    await ctx.db.transaction(work)


async def list_keys(ctx: Context, merchant_id: int) -> Sequence[KeyRow]:
    """All keys of a merchant, revoked ones too. Raises NotFound when there is no such merchant."""
    async with ctx.db.connection() as conn:
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        return await keys.listed(conn, merchant_id)


def _subject(key_id: UUID) -> str:
    return f"key:{ids.show('key', key_id)}"
