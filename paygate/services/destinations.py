"""Where a merchant wants its money: a PromptPay ID or a bank account. A change waits a day before it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import of_merchant, timestamp
from paygate.db import destinations as rows
from paygate.db import events, merchants
from paygate.db.destinations import Destination
from paygate.db.pool import Conn
from paygate.services import audit, inputs
from paygate.services.accounts import masked
from paygate.services.context import Context

WAIT = timedelta(hours=24)
"""Whoever broke into a merchant's account has to wait so long, and the merchant has so long to notice."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A destination as somebody asks for it, in normal form."""

    proxy_kind: str | None
    proxy: str | None
    bank_code: str | None
    number: str | None
    name: str


def read(promptpay: str | None, bank: str | None, number: str | None, name: str) -> Wanted:
    """What was typed. Raises InvalidInput (promptpay, bank, number, name)."""
    proxy_kind, proxy = inputs.payable_proxy(promptpay) if promptpay is not None else (None, None)
    bank_code, digits = inputs.bank_account(bank, number)
    if proxy is None and digits is None:
        raise InvalidInput("Say where the money shall go: a PromptPay ID, or a bank and an account number.")
    return Wanted(proxy_kind, proxy, bank_code, digits, inputs.name(name))


async def change(ctx: Context, merchant_id: int, wanted: Wanted, *, actor: str) -> Destination:
    """Send the merchant's money to *wanted* from now on: the first one at once, another one after WAIT.

    The merchant is told by an event. What is approved already goes where it was approved for. Saying the same again
    changes nothing. Raises NotFound.
    """
    destination_id, event_id = ctx.new_id(), ctx.new_id()

    async def work(conn: Conn) -> Destination:
        await merchants.lock(conn, merchant_id)
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        found = await rows.in_force(conn, merchant_id)
        if found and wanted == Wanted(*(getattr(found[0], name) for name in Wanted.__slots__)):
            return found[0]
        made = await rows.replace(
            conn,
            merchant_id=merchant_id,
            destination_id=destination_id,
            proxy_kind=wanted.proxy_kind,
            proxy=wanted.proxy,
            bank_code=wanted.bank_code,
            number=wanted.number,
            name=wanted.name,
            wait=WAIT,
        )
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=actor,
            action="merchant.payout_destination",
            subject=f"merchant:{ids.show_merchant(merchant_id)}",
            before=_shown(found[0]) if found else None,
            after=_shown(made),
        )
        await _tell(conn, made, event_id)
        return made

    made = await ctx.db.transaction(work)
    ctx.wake()
    return made


async def in_force(ctx: Context, merchant_id: int) -> Destination | None:
    """Where the merchant's money goes, or will go once it may. Raises NotFound (merchant)."""
    async with ctx.db.connection() as conn:
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        found = await rows.in_force(conn, merchant_id)
        return found[0] if found else None


async def _tell(conn: Conn, made: Destination, event_id: UUID) -> None:
    """Tell the merchant, without the numbers: whoever did not ask for it has until `usableAt` to say so."""
    data = {
        "destinationId": ids.show("dst", made.id),
        "promptPayId": masked(made.proxy),
        "bank": made.bank_code,
        "accountNumber": masked(made.number),
        "accountName": made.name,
        "usableAt": timestamp(made.usable_at),
    }
    told = of_merchant("destination.changed", made.merchant_id, made.id, data, event_id, made.created_at)
    await events.announce(conn, told)


def _shown(destination: Destination) -> dict[str, str | None]:
    return {
        "destination": ids.show("dst", destination.id),
        "promptpay": destination.proxy,
        "bank": destination.bank_code,
        "number": destination.number,
        "name": destination.name,
        "usable_at": timestamp(destination.usable_at),
    }
