"""Sources: who may say that money arrived on an account, in which language, signed with which secret."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from paygate.core import ids, webhooks
from paygate.core.errors import InvalidInput, NotFound
from paygate.db import accounts, sources
from paygate.db.accounts import Account
from paygate.db.pool import Conn
from paygate.db.sources import Source
from paygate.services.accounts import CENTRAL
from paygate.services.context import Context

KINDS = ("generic", "notice", "scb", "kbank", "events", "statement")
SCB, KBANK = "scb", "kbank"
CALLBACK_KINDS = {SCB: "014", KBANK: "004"}  # Banks that call by themselves, and their codes.
_BANK_MERCHANT = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
READ_KINDS = ("generic", "scb", "kbank")  # The languages that this version reads.


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source that was just made: its secret, shown once, and where to send; a bank's address has the secret in it."""

    id: UUID
    secret: str = field(repr=False)
    url: str = field(repr=False)


def purpose(source_id: UUID) -> str:
    """What a source's secret is sealed for."""
    return f"source:{source_id}"


async def add(ctx: Context, *, account_id: UUID, kind: str, bank_merchant: str | None = None) -> NewSource:
    """A new source for the real account behind *account_id* (any version of it). *bank_merchant*: for kbank, the
    merchant id that KBank's callbacks name.

    References of a central account's source count for the whole installation, those of a merchant's own account for
    that account alone. Raises InvalidInput (kind, account, bank_merchant), NotFound (account).
    """
    if kind not in KINDS:
        raise InvalidInput(f"The kind is one of {', '.join(KINDS)}.", field="kind")
    if kind not in READ_KINDS:
        raise InvalidInput(
            f"This version does not read {kind} sources yet, only {', '.join(READ_KINDS)}.", field="kind"
        )
    if (kind == KBANK) != (bank_merchant is not None):
        words = "kbank needs the merchant id that KBank gave this account" if kind == KBANK else "is for kbank only"
        raise InvalidInput(f"bank_merchant: {words}.", field="bank_merchant")
    if bank_merchant is not None and not _BANK_MERCHANT.fullmatch(bank_merchant):
        raise InvalidInput("KBank's merchant id is like KB102057149704.", field="bank_merchant")
    source_id = ctx.new_id()
    # A bank is given the secret within the address, where the characters of the other form would have to be escaped.
    secret = secrets.token_urlsafe(32) if kind in CALLBACK_KINDS else webhooks.new_secret(secrets.token_bytes(32))
    sealed = ctx.seal(secret, purpose(source_id))

    async def work(conn: Conn) -> None:
        account = await accounts.find(conn, account_id)
        if account is None:
            raise NotFound(f"There is no account {ids.show('acc', account_id)}.")
        _fit(account, kind)
        await sources.insert(
            conn,
            merchant_id=account.merchant_id,
            mode=account.mode,
            source_id=source_id,
            receiving_id=account.receiving_id,
            kind=kind,
            trust="host" if account.merchant_id == CENTRAL else str(account.receiving_id),
            secret=sealed,
            bank_merchant=bank_merchant,
        )

    await ctx.db.transaction(work)
    url = address(ctx, source_id)
    return NewSource(source_id, secret, f"{url}?key={secret}" if kind in CALLBACK_KINDS else url)


def _fit(account: Account, kind: str) -> None:
    """Refuse a bank's callbacks for an account that they cannot be about."""
    if kind == SCB and account.biller_id is None:
        raise InvalidInput(
            "SCB tells of bill payments only, and this account has no biller ID. Add the account again with its"
            " --biller-id: it becomes a new version of the same account.",
            field="account",
        )
    bank = CALLBACK_KINDS.get(kind)
    if bank is not None and account.bank_code not in (None, bank):
        raise InvalidInput(
            f"The account is kept by bank {account.bank_code}; {kind} tells of accounts at {bank} only.",
            field="account",
        )


def address(ctx: Context, source_id: UUID) -> str:
    """Where what a source says is sent to."""
    return f"{ctx.public_url}/api/bank/{ids.show('src', source_id)}"


async def list_sources(ctx: Context, owner: int | None = None) -> Sequence[Source]:
    """The sources of one owner's accounts (0: central), or all."""
    async with ctx.db.connection() as conn:
        return await sources.listed(conn, owner)
