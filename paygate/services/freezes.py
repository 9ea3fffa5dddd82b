"""A merchant's payouts stand still, because a bank, the police or the operator itself wants it so.

Nothing is approved, claimed, shown to be paid, asked for or completed meanwhile; what a person had sent before is
completed by saying so (`Desk.complete`). Payments go on: freezing stops money that goes out, suspending stops the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from paygate.core import ids
from paygate.core.errors import Bug, NotFound
from paygate.db import freezes as rows
from paygate.db import merchants
from paygate.db.freezes import Freeze
from paygate.db.pool import Conn
from paygate.services import audit
from paygate.services.audit import By
from paygate.services.context import Context
from paygate.services.payouts import read_reason


async def get(ctx: Context, merchant_id: int) -> Freeze | None:
    """The freeze of a merchant's payouts; None: they go on. Raises NotFound (merchant)."""
    async with ctx.db.connection() as conn:
        await _require(conn, merchant_id)
        return await rows.get(conn, merchant_id)


async def listed(ctx: Context) -> Sequence[Freeze]:
    """All merchants whose payouts stand still, the longest first."""
    async with ctx.db.connection() as conn:
        return await rows.listed(conn)


async def freeze(ctx: Context, merchant_id: int, reason: str, actor: By) -> Freeze:
    """Let a merchant's payouts stand still from now on. Saying it again with another reason changes the reason.

    Raises NotFound, InvalidInput (reason).
    """
    words, by = read_reason(reason), actor if isinstance(actor, str) else actor.name

    async def work(conn: Conn) -> Freeze:
        await _require(conn, merchant_id)
        was = await rows.get(conn, merchant_id)
        if was is not None and was.reason == words:
            return was
        done = await rows.freeze(conn, merchant_id, words, by)
        if done is None:
            raise Bug("A freeze has no row.")
        await _log(ctx, conn, merchant_id, "merchant.freeze", actor, was.reason if was else None, {"reason": words})
        return done

    return await ctx.db.transaction(work)


async def thaw(ctx: Context, merchant_id: int, reason: str, actor: By) -> None:
    """Let them go on; where they are not frozen nothing changes. Raises NotFound, InvalidInput (reason)."""
    words = read_reason(reason)

    async def work(conn: Conn) -> None:
        await _require(conn, merchant_id)
        was = await rows.get(conn, merchant_id)
        if was is None:
            return
        await rows.thaw(conn, merchant_id)
        await _log(ctx, conn, merchant_id, "merchant.unfreeze", actor, was.reason, {"reason": None, "because": words})

    await ctx.db.transaction(work)


async def _require(conn: Conn, merchant_id: int) -> None:
    if await merchants.get(conn, merchant_id) is None or not await merchants.lock(conn, merchant_id):
        raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")


async def _log(
    ctx: Context,
    conn: Conn,
    merchant_id: int,
    action: str,
    actor: By,
    before: str | None,
    after: dict[str, str | None],
) -> None:
    await audit.append(
        conn,
        ctx,
        merchant_id=merchant_id,
        actor=actor,
        action=action,
        subject=f"merchant:{ids.show_merchant(merchant_id)}",
        before={"reason": before},
        after=after,
    )
