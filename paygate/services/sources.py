"""Sources: who may say that money arrived on an account, in which language, signed with which secret."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from paygate.core import ids, webhooks
from paygate.core.errors import InvalidInput, NotFound
from paygate.db import accounts, sources
from paygate.db.pool import Conn
from paygate.db.sources import Source
from paygate.services import audit
from paygate.services.accounts import CENTRAL
from paygate.services.context import Context

KINDS = ("generic", "notice", "scb", "kbank", "events", "statement")
READ_KINDS = ("generic", "notice", "statement")  # The languages that this version reads.


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source that was just made: its secret, shown once, and the address to send to."""

    id: UUID
    secret: str = field(repr=False)
    url: str


def purpose(source_id: UUID) -> str:
    """What a source's secret is sealed for."""
    return f"source:{source_id}"


async def add(ctx: Context, *, account_id: UUID, kind: str, actor: str = audit.CLI) -> NewSource:
    """A new source for the real account behind *account_id* (any version of it).

    References of a central account's source count for the whole installation, those of a merchant's own account for
    that account alone. Raises InvalidInput (kind), NotFound (account).
    """
    if kind not in KINDS:
        raise InvalidInput(f"The kind is one of {', '.join(KINDS)}.", field="kind")
    if kind not in READ_KINDS:
        raise InvalidInput(
            f"This version does not read {kind} sources yet, only {', '.join(READ_KINDS)}.", field="kind"
        )
    source_id, secret = ctx.new_id(), webhooks.new_secret(secrets.token_bytes(32))
    sealed = ctx.seal(secret, purpose(source_id))

    async def work(conn: Conn) -> None:
        account = await accounts.find(conn, account_id)
        if account is None:
            raise NotFound(f"There is no account {ids.show('acc', account_id)}.")
        await sources.insert(
            conn,
            merchant_id=account.merchant_id,
            mode=account.mode,
            source_id=source_id,
            receiving_id=account.receiving_id,
            kind=kind,
            trust="host" if account.merchant_id == CENTRAL else str(account.receiving_id),
            secret=sealed,
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

    await ctx.db.transaction(work)
    return NewSource(source_id, secret, address(ctx, source_id))


def address(ctx: Context, source_id: UUID) -> str:
    """Where what a source says is sent to."""
    return f"{ctx.public_url}/api/bank/{ids.show('src', source_id)}"


async def list_sources(ctx: Context, owner: int | None = None) -> Sequence[Source]:
    """The sources of one owner's accounts (0: central), or all."""
    async with ctx.db.connection() as conn:
        return await sources.listed(conn, owner)
