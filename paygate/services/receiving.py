"""A merchant's own receiving account: where the money of a direct plan arrives, and how it is changed.

A change is a new version, so QRs that are out still match. The merchant is told by an event, whoever changed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import InvalidInput, NotFound
from paygate.db import accounts as rows
from paygate.db import merchants
from paygate.db.accounts import Account, NewAccount
from paygate.db.pool import Conn
from paygate.services import accounts, audit
from paygate.services.context import Context

FIELDS = ("proxy_kind", "proxy", "biller_id", "bank_code", "number", "name")


@dataclass(frozen=True, slots=True)
class Wish:
    """Where money shall arrive; None: as it is."""

    promptpay: str | None = None
    biller_id: str | None = None
    bank: str | None = None
    number: str | None = None
    name: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is said."""
        return self == NOTHING


NOTHING = Wish()


async def show(ctx: Context, merchant_id: int) -> Account | None:
    """The account in force, live; None when there is none. Raises NotFound (merchant)."""
    async with ctx.db.connection() as conn:
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        return await in_force(conn, merchant_id)


async def change(ctx: Context, merchant_id: int, wish: Wish, *, actor: audit.By) -> Account:
    """Let the merchant's money arrive at *wish* from now on. Saying the same again changes nothing.

    Raises NotFound (merchant), InvalidInput (promptpay, biller_id, bank, number, name; number: the bank account is
    missing, by which the bank's news is known), Conflict (promptpay, number: another owner's; promptpay: payments wait
    for money on the account that has it now).
    """
    new_ids = (ctx.new_id(), ctx.new_id(), ctx.new_id())

    async def work(conn: Conn) -> Account:
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        return await write(ctx, conn, merchant_id, wish, actor, new_ids)

    account = await ctx.db.transaction(work)
    ctx.wake()
    return account


async def write(
    ctx: Context, conn: Conn, merchant_id: int, wish: Wish, actor: audit.By, new_ids: tuple[UUID, UUID, UUID]
) -> Account:
    """The same within a transaction; *new_ids* are for the version, a new account, and the event."""
    await merchants.lock(conn, merchant_id)
    merchant, now = await merchants.get(conn, merchant_id), await in_force(conn, merchant_id)
    new = _merged(merchant_id, merchant.name if merchant else "", wish, now)
    if now is not None and all(getattr(now, name) == getattr(new, name) for name in FIELDS):
        return now
    account_id, receiving_id, event_id = new_ids
    account = await accounts.write(conn, new, account_id=account_id, receiving_id=receiving_id)
    if account.number is None:
        raise InvalidInput("The bank account is needed, too: news of the bank is known by it.", field="number")
    for other in await rows.listed(conn, merchant_id):
        if other.mode == "live" and other.receiving_id != account.receiving_id:
            await rows.retire(conn, other.id)
    await audit.append(
        conn,
        ctx,
        merchant_id=merchant_id,
        actor=actor,
        action="account.change",
        subject=f"account:{ids.show('acc', account.id)}",
        before={name: getattr(now, name) for name in FIELDS} if now else None,
        after={name: getattr(account, name) for name in FIELDS},
    )
    await accounts.tell(conn, account, event_id)
    return account


async def in_force(conn: Conn, merchant_id: int) -> Account | None:
    """The merchant's live account in force; of several the newest."""
    found = [one for one in await rows.listed(conn, merchant_id) if one.mode == "live"]
    return found[-1] if found else None


def _merged(merchant_id: int, shop: str, wish: Wish, now: Account | None) -> NewAccount:
    """The account as it shall be."""
    if (wish.bank is None) != (wish.number is None):
        raise InvalidInput("The bank and the account number go together.", field="number" if wish.bank else "bank")
    kept_bank = now is not None and wish.number is None
    return accounts.read(
        owner=merchant_id,
        mode="live",
        promptpay=wish.promptpay if wish.promptpay is not None or now is None else now.proxy,
        bank=now.bank_code if now is not None and kept_bank else wish.bank,
        number=now.number if now is not None and kept_bank else wish.number,
        name=wish.name if wish.name is not None else now.name if now else shop,
        biller_id=wish.biller_id if wish.biller_id is not None or now is None else now.biller_id,
        amount_tagging=now.amount_tagging if now else "auto",
    )
