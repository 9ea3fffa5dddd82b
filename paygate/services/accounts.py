"""Receiving accounts: where money arrives. A change is a new version; what hangs on the real account stays with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.events import of_merchant
from paygate.core.keys import Mode
from paygate.core.payments import payable_amounts
from paygate.db import accounts, balances, events, merchants
from paygate.db import capacity as rows
from paygate.db.accounts import Account, NewAccount
from paygate.db.capacity import Speaker
from paygate.db.pool import Conn
from paygate.services import alarms, audit, inputs
from paygate.services.alarms import Raised
from paygate.services.context import Context

CENTRAL = 0
FULLEST = 10  # Prices that an account is shown with.
MOST_WEIGHT = 100
SHOWN_DIGITS = 4  # Of numbers that others need not know.
TAGGED_SATANG = 10_000  # Any price: its tags are counted.
AMOUNT_TAGGINGS = ("auto", "off", "add", "subtract")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new account belongs: the real account that it is a version of (None: a new one), and those that lose
    their PromptPay or biller ID to it."""

    receiving_id: UUID | None
    displaced: frozenset[UUID]
    new: NewAccount


async def add(
    ctx: Context,
    *,
    owner: int,
    promptpay: str | None = None,
    bank: str | None = None,
    number: str | None = None,
    name: str,
    biller_id: str | None = None,
    amount_tagging: str = "auto",
    test: bool = False,
    actor: str = audit.CLI,
) -> Account:
    """Add a receiving account, or a new version of one that the owner has; *owner* 0 is the platform (central).

    The same bank number is the same real account, and so is the same PromptPay or biller ID where one side has no bank
    number: then the old version is retired, and sources, reservations and credits go on.

    Raises InvalidInput (promptpay, biller_id, bank, number, name, amount_tagging), NotFound (owner), and Conflict when
    the account is another owner's.
    """
    new = read(
        owner=owner,
        mode="test" if test else "live",
        promptpay=promptpay,
        bank=bank,
        number=number,
        name=name,
        biller_id=biller_id,
        amount_tagging=amount_tagging,
    )
    account_id, receiving_id, event_id = ctx.new_id(), ctx.new_id(), ctx.new_id()

    async def work(conn: Conn) -> Account:
        account = await write(conn, new, account_id=account_id, receiving_id=receiving_id)
        names = ("mode", "receiving_id", "proxy_kind", "proxy", "biller_id", "bank_code", "number", "name")
        after = {name: getattr(account, name) for name in (*names, "amount_tagging")}
        await _log(ctx, conn, actor, "account.add", account, after)
        if owner != CENTRAL and not test:
            await tell(conn, account, event_id)
        return account

    account = await ctx.db.transaction(work)
    ctx.wake()
    return account


async def list_accounts(ctx: Context, owner: int | None = None) -> Sequence[Account]:
    """The accounts in force, live and test, of one owner (0: central) or of all."""
    async with ctx.db.connection() as conn:
        return await accounts.listed(conn, owner)


@dataclass(frozen=True, slots=True)
class Fullest:
    """A price and how many of its amounts are held and free."""

    price_satang: int
    held: int
    free: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """How full an account is, who speaks for it, and what is wrong with that. `free_at`: when the first held amount is
    free by itself."""

    account: Account
    open_payments: int
    held_amounts: int
    free_at: datetime | None
    fullest: Sequence[Fullest]
    sources: Sequence[Speaker]
    alarms: Sequence[Raised]


@dataclass(frozen=True, slots=True)
class Share:
    """An account whose part of new payments was changed, and how many of its owner's take new ones now."""

    account: Account
    taking: int


async def capacity(ctx: Context, account_id: UUID) -> Capacity:
    """How full the account is that *account_id* (any version) is of. Raises NotFound."""
    async with ctx.db.connection() as conn:
        account = await accounts.find(conn, account_id)
        if account is None:
            raise NotFound(f"There is no account {ids.show('acc', account_id)}.")
        amounts = payable_amounts(TAGGED_SATANG, account.amount_tagging, 0, 0)
        low, high = min(amounts) - TAGGED_SATANG, max(amounts) - TAGGED_SATANG
        held = await rows.held(conn, account.mode, account.receiving_id)
        prices = await rows.fullest(conn, account.mode, account.receiving_id, low, high, FULLEST)
        speakers = await rows.speakers(conn, account.merchant_id, account.mode, account.receiving_id)
        raised = await alarms.look(conn, account.merchant_id, account.receiving_id)
    fullest = [Fullest(price.price_satang, price.held, max(len(amounts) - price.busy, 0)) for price in prices]
    return Capacity(
        account, held.open, held.amounts, held.free_at, fullest, speakers, [one for one in raised if one.count]
    )


async def retire(ctx: Context, account_id: UUID, *, actor: str = audit.CLI) -> None:
    """Make no new payments on the account (any version of it). Those that are open still match; adding it again
    brings it back. Raises NotFound."""

    async def work(conn: Conn) -> None:
        if not await accounts.retire(conn, account_id):
            raise NotFound(f"There is no account {ids.show('acc', account_id)} in force.")
        account = await accounts.find(conn, account_id)
        if account is not None:
            await _log(ctx, conn, actor, "account.retire", account, {"receiving_id": account.receiving_id})

    await ctx.db.transaction(work)


async def pause(ctx: Context, account_id: UUID, *, actor: str = audit.CLI) -> Share:
    """Make no new payments on the account (any version of it) until it is resumed; those that are open stay payable,
    and match. Raises NotFound."""
    return await _share(ctx, account_id, "account.pause", actor, paused=True)


async def resume(ctx: Context, account_id: UUID, *, actor: str = audit.CLI) -> Share:
    """Make payments on the account again. Raises NotFound."""
    return await _share(ctx, account_id, "account.resume", actor, paused=False)


async def weigh(ctx: Context, account_id: UUID, weight: int, *, actor: str = audit.CLI) -> Share:
    """Give the account so much of new payments, beside the weights of the owner's others. Raises NotFound, InvalidInput
    (weight)."""
    if not 1 <= weight <= MOST_WEIGHT:
        raise InvalidInput(f"The weight is a whole number from 1 to {MOST_WEIGHT}; pause it for none.", field="weight")
    return await _share(ctx, account_id, "account.weight", actor, weight=weight)


async def _share(
    ctx: Context,
    account_id: UUID,
    action: str,
    actor: str,
    *,
    weight: int | None = None,
    paused: bool | None = None,
) -> Share:
    async def work(conn: Conn) -> Share:
        known = await accounts.find(conn, account_id)
        if known is None:
            raise NotFound(f"There is no account {ids.show('acc', account_id)}.")
        await accounts.share(conn, known)  # From here on nobody else changes it.
        before = await accounts.find(conn, account_id) or known
        await accounts.share(conn, known, weight=weight, paused=paused)
        after = await accounts.find(conn, account_id) or known
        left = await accounts.taking(conn, after.merchant_id, after.mode)
        if (before.weight, before.paused_at) != (after.weight, after.paused_at):
            told = {"weight": after.weight, "paused": after.paused_at is not None}
            was = {"weight": before.weight, "paused": before.paused_at is not None}
            await _log(ctx, conn, actor, action, after, told, was)
        return Share(after, left)

    return await ctx.db.transaction(work)


async def tell(conn: Conn, account: Account, event_id: UUID) -> None:
    """Tell the merchant that its money arrives elsewhere from now on, without its numbers."""
    at = await balances.clock(conn)
    data = {
        "accountId": ids.show("acc", account.id),
        "promptPayId": masked(account.proxy),
        "billerId": account.biller_id,
        "bank": account.bank_code,
        "accountNumber": masked(account.number),
        "accountName": account.name,
    }
    await events.announce(conn, of_merchant("account.changed", account.merchant_id, account.id, data, event_id, at))


def masked(digits: str | None) -> str | None:
    """The last four digits, the others as x."""
    return digits and "x" * (len(digits) - SHOWN_DIGITS) + digits[-SHOWN_DIGITS:]


async def _log(
    ctx: Context,
    conn: Conn,
    actor: str,
    action: str,
    account: Account,
    after: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
) -> None:
    subject, owner = f"account:{ids.show('acc', account.id)}", account.merchant_id
    await audit.append(
        conn, ctx, merchant_id=owner, actor=actor, action=action, subject=subject, before=before, after=after
    )


def read(
    *,
    owner: int,
    mode: Mode,
    promptpay: str | None = None,
    bank: str | None = None,
    number: str | None = None,
    name: str,
    biller_id: str | None = None,
    amount_tagging: str = "auto",
) -> NewAccount:
    """What the operator said, checked and normalised. Raises InvalidInput."""
    if promptpay is None and biller_id is None:
        raise InvalidInput("An account needs a PromptPay ID or a biller ID.", field="promptpay")
    if amount_tagging not in AMOUNT_TAGGINGS:
        raise InvalidInput(f"The amount tagging is one of {', '.join(AMOUNT_TAGGINGS)}.", field="amount_tagging")
    kind, digits = inputs.payable_proxy(promptpay) if promptpay is not None else (None, None)
    bank_code, account_number = inputs.bank_account(bank, number)
    return NewAccount(
        merchant_id=owner,
        mode=mode,
        proxy_kind=kind,
        proxy=digits,
        biller_id=inputs.biller(biller_id) if biller_id is not None else None,
        bank_code=bank_code,
        number=account_number,
        name=inputs.name(name),
        amount_tagging=amount_tagging,
    )


async def write(conn: Conn, new: NewAccount, *, account_id: UUID, receiving_id: UUID) -> Account:
    """Write an account inside a transaction; *receiving_id* is used when the real account is new.

    Raises NotFound (owner), and Conflict when a part of it is another owner's or still at work elsewhere.
    """
    if not await merchants.lock(conn, new.merchant_id):
        raise NotFound(f"There is no merchant {ids.show_merchant(new.merchant_id)}.")
    place = place_of(new, await accounts.of_owner(conn, new.merchant_id, new.mode))
    if place.displaced and (until := await accounts.held_until(conn, new.mode, place.displaced)):
        raise Conflict(
            "This PromptPay or biller ID still belongs to an account that payments are waiting on"
            f" (until {until:%Y-%m-%d %H:%M} UTC). Move it when they are over.",
            field="promptpay",
        )
    retire = place.displaced | ({place.receiving_id} if place.receiving_id else set())
    receiving_id = place.receiving_id or receiving_id
    if new.mode == "live":
        taken = await accounts.owners(conn, place.new.identities)
        if any(owner != new.merchant_id for owner in taken.values()):
            raise Conflict("This account is already registered by another owner.", field=_taken_field(taken, new))
        await accounts.publish(conn, place.new, receiving_id=receiving_id, retire=retire)
    return await accounts.insert(conn, place.new, account_id=account_id, receiving_id=receiving_id, retire=retire)


def place_of(new: NewAccount, versions: Sequence[Account]) -> Place:
    """Where *new* belongs among all versions of its owner's accounts (the newest of each account first).

    Raises Conflict when it names two of them.
    """
    sharing = [v for v in versions if v.retired_at is None and _shares(new, v)]
    same_bank = [v for v in versions if new.number and (v.bank_code, v.number) == (new.bank_code, new.number)]
    joinable = same_bank[:1] or [v for v in sharing if new.number is None or v.number is None]
    if len(joinable) > 1:
        raise Conflict("The PromptPay ID and the biller ID belong to two different accounts.", field="biller_id")
    if not joinable:
        return Place(None, frozenset(v.receiving_id for v in sharing), new)
    target = joinable[0]
    if new.number is None:
        new = replace(new, bank_code=target.bank_code, number=target.number)
    return Place(target.receiving_id, frozenset(v.receiving_id for v in sharing) - {target.receiving_id}, new)


def _shares(new: NewAccount, version: Account) -> bool:
    same_proxy = new.proxy is not None and (new.proxy_kind, new.proxy) == (version.proxy_kind, version.proxy)
    return same_proxy or (new.biller_id is not None and new.biller_id == version.biller_id)


def _taken_field(taken: dict[str, int], new: NewAccount) -> str:
    names = {"bank": "number", "proxy": "promptpay", "biller": "biller_id"}
    return next(names[i.partition(":")[0]] for i in new.identities if taken.get(i, new.merchant_id) != new.merchant_id)
