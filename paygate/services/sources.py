"""Sources: who may say that money arrived on an account, in which language, signed with which secret."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from paygate.core import ids, webhooks
from paygate.core.errors import Bug, InvalidInput, NotFound
from paygate.db import accounts, sources
from paygate.db.accounts import Account
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.sources import Source
from paygate.services import audit
from paygate.services.accounts import CENTRAL
from paygate.services.context import Context
from paygate.services.once import Answered, once, unanswered
from paygate.services.payments import Replayed

KINDS = ("generic", "notice", "scb", "kbank", "events", "statement")
SCB, KBANK = "scb", "kbank"
CALLBACK_KINDS = {SCB: "014", KBANK: "004"}  # Banks that call by themselves, and their codes.
_BANK_MERCHANT = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
READ_KINDS = ("generic", "notice", "scb", "kbank", "statement")  # The languages that this version reads.


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source that was just made: its secret, shown once, and where to send; a bank's address has the secret in it."""

    id: UUID
    secret: str = field(repr=False)
    url: str = field(repr=False)


def purpose(source_id: UUID) -> str:
    """What a source's secret is sealed for."""
    return f"source:{source_id}"


async def add(
    ctx: Context, *, account_id: UUID, kind: str, bank_merchant: str | None = None, actor: str = audit.CLI
) -> NewSource:
    """See `add_once`."""
    done = await add_once(
        ctx, account_id=account_id, kind=kind, bank_merchant=bank_merchant, actor=actor, claim=None, answer=unanswered
    )
    if isinstance(done, Replayed):
        raise Bug("Without an Idempotency-Key there is no kept answer.")
    return done.value


async def add_once(
    ctx: Context,
    *,
    account_id: UUID,
    kind: str,
    bank_merchant: str | None,
    actor: str,
    claim: Claim | None,
    answer: Callable[[NewSource], tuple[int, bytes]],
) -> Answered[NewSource] | Replayed:
    """A new source for the real account behind *account_id* (any version of it). *bank_merchant*: for kbank, the
    merchant id that KBank's callbacks name.

    References of a central account's source count for the whole installation, those of a merchant's own account for
    that account alone. Raises InvalidInput (kind, account, bank_merchant), NotFound (account); as `once` does.
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
    secret = _secret(kind)
    sealed = ctx.seal(secret, purpose(source_id))

    async def work(conn: Conn) -> NewSource:
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
        await audit.append(
            conn,
            ctx,
            merchant_id=account.merchant_id,
            actor=actor,
            action="source.add",
            subject=f"source:{ids.show('src', source_id)}",
            after={"mode": account.mode, "kind": kind, "receiving_id": account.receiving_id},
        )
        return _shown(ctx, source_id, kind, secret)

    return await once(ctx, claim, answer, work)


async def rotate(ctx: Context, source_id: UUID, *, actor: str = audit.CLI) -> NewSource:
    """Another secret; what is signed with the old one is not believed any more. Raises NotFound."""
    made: list[NewSource] = []

    async def work(conn: Conn) -> None:
        source = await _held(conn, source_id)
        secret = _secret(source.kind)
        sealed = ctx.seal(secret, purpose(source_id))
        await sources.change(conn, source, secret=sealed, disabled=source.disabled)
        await _log(ctx, conn, actor, "source.rotate", source, {"rotated": True})
        made[:] = [_shown(ctx, source_id, source.kind, secret)]

    await ctx.db.transaction(work)
    return made[0]


async def disable(ctx: Context, source_id: UUID, *, disabled: bool, actor: str = audit.CLI) -> Source:
    """Believe nothing of a source from now on, or again. Raises NotFound."""

    async def work(conn: Conn) -> Source:
        source = await _held(conn, source_id)
        await sources.change(conn, source, secret=source.secret, disabled=disabled)
        action = "source.disable" if disabled else "source.enable"
        await _log(ctx, conn, actor, action, source, {"disabled": disabled})
        return await _held(conn, source_id)

    return await ctx.db.transaction(work)


async def _held(conn: Conn, source_id: UUID) -> Source:
    found = await sources.lock(conn, source_id)
    if found is None:
        raise NotFound(f"There is no source {ids.show('src', source_id)}.")
    return found


async def _log(ctx: Context, conn: Conn, actor: str, action: str, source: Source, after: Mapping[str, object]) -> None:
    await audit.append(
        conn,
        ctx,
        merchant_id=source.merchant_id,
        actor=actor,
        action=action,
        subject=f"source:{ids.show('src', source.id)}",
        before={"disabled": source.disabled},
        after=after,
    )


def _secret(kind: str) -> str:
    """A bank is given its secret within the address, where the characters of the other form had to be escaped."""
    return secrets.token_urlsafe(32) if kind in CALLBACK_KINDS else webhooks.new_secret(secrets.token_bytes(32))


def _shown(ctx: Context, source_id: UUID, kind: str, secret: str) -> NewSource:
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
