"""Money that arrived, for people who look: lists of it, and one arrival with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from paygate.core import ids
from paygate.core.credits import Credit
from paygate.core.errors import NotFound
from paygate.db import accounts, reviews
from paygate.db import credits as rows
from paygate.db.credits import Page
from paygate.db.reviews import Payer, Told
from paygate.services.context import Context

MODES = ("live", "test")


@dataclass(frozen=True, slots=True)
class Detail:
    """An arrival of money, who sent it, and who told of it."""

    credit: Credit
    payer: Payer | None
    told: Sequence[Told]


async def page(ctx: Context, wanted: Page, account_id: UUID | None = None) -> list[tuple[Credit, str | None]]:
    """Arrivals on an owner's accounts, or on one of them, the latest first. Raises NotFound (account)."""
    async with ctx.db.connection() as conn:
        if account_id is not None:
            account = await accounts.find(conn, account_id)
            if account is None or (account.merchant_id, account.mode) != (wanted.merchant_id, wanted.mode):
                raise NotFound(f"There is no account {ids.show('acc', account_id)} here.")
            wanted = Page(
                wanted.merchant_id,
                wanted.mode,
                wanted.limit,
                account.receiving_id,
                wanted.state,
                wanted.from_at,
                wanted.to_at,
                wanted.before,
            )
        return await rows.page(conn, wanted)


async def show(ctx: Context, owner: int, credit_id: UUID) -> Detail:
    """One arrival on an owner's accounts. Raises NotFound."""
    async with ctx.db.connection() as conn:
        for mode in MODES:
            credit = await rows.get(conn, owner, mode, credit_id)
            if credit is not None:
                return Detail(credit, await reviews.payer(conn, credit), await reviews.told(conn, credit))
    raise NotFound(f"There is no credit {ids.show('crd', credit_id)}.")
