"""API keys: made, replaced, revoked, listed. The text of a key leaves this room once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from paygate.core import ids
from paygate.core import keys as forms
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.keys import Kind, Mode
from paygate.core.networks import Network
from paygate.core.scopes import EVERYTHING
from paygate.db import keys, merchants
from paygate.db.keys import KeyRow
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.services import amount_tokens, audit
from paygate.services.context import Context
from paygate.services.once import Answered, once
from paygate.services.payments import Replayed

OVERLAP = timedelta(hours=24)
MOST_OVERLAP = timedelta(days=30)
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=3_650)


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A key that was just made. `text` is shown once; `row` is what is stored."""

    text: str = field(repr=False)
    row: keys.NewKey = field(repr=False)

    @property
    def id(self) -> UUID:
        """The key's id, which is no secret."""
        return self.row.id


@dataclass(frozen=True, slots=True)
class Grant:
    """What a new key is good for."""

    scopes: tuple[str, ...] = EVERYTHING
    networks: tuple[Network, ...] = ()  # Where its requests must come from; empty: from anywhere.
    lifetime: timedelta | None = None  # None: until it is revoked.


ANYTHING = Grant()


@dataclass(frozen=True, slots=True)
class Rotated:
    """A key in the place of another, which works until `old_expires_at`."""

    key: FreshKey
    expires_at: datetime | None  # The new key's.
    old_expires_at: datetime


def fresh(ctx: Context, merchant_id: int, kind: Kind, mode: Mode, grant: Grant = ANYTHING) -> FreshKey:
    """A new key, not yet stored."""
    text, key_id = forms.make(kind, mode, secrets.token_bytes(forms.RANDOM_BYTES)), ctx.new_id()
    return FreshKey(
        text,
        keys.NewKey(
            merchant_id,
            mode,
            key_id,
            kind,
            forms.digest(text),
            public_key=text if kind == "public" else None,
            last4=text[-4:],
            scopes=grant.scopes,
            networks=grant.networks,
            lifetime=grant.lifetime,
            amount_secret=amount_tokens.seal_secret(ctx, key_id, text) if kind == "secret" else None,
        ),
    )


async def create(
    ctx: Context,
    *,
    merchant_id: int,
    kind: Kind,
    mode: Mode,
    grant: Grant = ANYTHING,
    actor: audit.By = audit.CLI,
) -> FreshKey:
    """A new key of a merchant. Raises NotFound when there is no such merchant, InvalidInput for a wrong grant."""
    _check(kind, grant)
    key = fresh(ctx, merchant_id, kind, mode, grant)
    return await ctx.db.transaction(lambda conn: _write(conn, ctx, key, actor))


async def create_once(
    ctx: Context,
    *,
    merchant_id: int,
    kind: Kind,
    mode: Mode,
    claim: Claim | None,
    answer: Callable[[FreshKey], tuple[int, bytes]],
    actor: audit.By,
) -> Answered[FreshKey] | Replayed:
    """The same under an Idempotency-Key, for a key that may do everything. Raises as `once` does."""
    key = fresh(ctx, merchant_id, kind, mode, ANYTHING)
    return await once(ctx, claim, answer, lambda conn: _write(conn, ctx, key, actor))


async def _write(conn: Conn, ctx: Context, key: FreshKey, actor: audit.By) -> FreshKey:
    merchant_id = key.row.merchant_id
    if await merchants.get(conn, merchant_id) is None:
        raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
    after = _facts(key.row, await keys.insert(conn, key.row))
    await audit.append(
        conn, ctx, merchant_id=merchant_id, actor=actor, action="key.create", subject=_subject(key.id), after=after
    )
    return key


async def owned(ctx: Context, merchant_id: int, key_id: UUID) -> None:
    """That a key is this merchant's. Raises NotFound."""
    async with ctx.db.connection() as conn:
        found = await keys.find(conn, key_id)
    if found is None or found[0] != merchant_id:
        raise NotFound(f"There is no key {ids.show('key', key_id)}.")


async def rotate(
    ctx: Context,
    key_id: UUID,
    *,
    overlap: timedelta = OVERLAP,
    lifetime: timedelta | None = None,
    actor: audit.By = audit.CLI,
) -> Rotated:
    """A new key that may do what the old one may; the old one works on for *overlap*, but no longer than it would have.

    Without a *lifetime* the new key expires when the old one would have. Raises NotFound; Conflict for a key that is
    worthless, or has been replaced; InvalidInput.
    """
    if not timedelta(0) <= overlap <= MOST_OVERLAP:
        raise InvalidInput(f"The old key may work on for at most {MOST_OVERLAP.days} days.", field="overlap")

    async def work(conn: Conn) -> Rotated:
        found = await keys.find(conn, key_id)
        old = await keys.lock(conn, *found, key_id) if found else None
        if old is None:
            raise NotFound(f"There is no key {ids.show('key', key_id)}.")
        if not old.in_force:
            raise Conflict(f"The key is {'revoked' if old.revoked_at else 'expired'}: create a new one.")
        if old.replaced_by is not None:
            raise Conflict(f"The key has been replaced by {ids.show('key', old.replaced_by)} already: rotate that one.")
        grant = Grant(old.scopes, old.allow_networks, lifetime)
        _check(old.kind, grant)
        new = fresh(ctx, old.merchant_id, old.kind, old.mode, grant)
        expires_at = await keys.insert(conn, replace(new.row, expires_at=old.expires_at))
        old_expires_at = await keys.replace(conn, old, new.id, overlap)
        await audit.append(
            conn,
            ctx,
            merchant_id=old.merchant_id,
            actor=actor,
            action="key.rotate",
            subject=_subject(old.id),
            before={"last4": old.last4, "expiresAt": old.expires_at},
            after={
                "expiresAt": old_expires_at,
                "replacedBy": ids.show("key", new.id),
                "new": _facts(new.row, expires_at),
            },
        )
        return Rotated(new, expires_at, old_expires_at)

    return await ctx.db.transaction(work)


async def revoke(ctx: Context, key_id: UUID, *, actor: audit.By = audit.CLI) -> None:
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


def _check(kind: Kind, grant: Grant) -> None:
    if kind == "public" and grant.scopes != EVERYTHING:
        raise InvalidInput("Public keys have no scopes: what they may do is fixed.", field="scopes")
    if grant.lifetime is not None and not SHORTEST <= grant.lifetime <= LONGEST:
        message = f"A key may be good for one minute to {LONGEST.days} days; without an end, until it is revoked."
        raise InvalidInput(message, field="expires")


def _facts(row: keys.NewKey, expires_at: datetime | None) -> dict[str, object]:
    """A new key, for the audit log."""
    return {
        "kind": row.kind,
        "mode": row.mode,
        "last4": row.last4,
        "scopes": row.scopes,
        "networks": [str(network) for network in row.networks],
        "expiresAt": expires_at,
    }


def _subject(key_id: UUID) -> str:
    return f"key:{ids.show('key', key_id)}"
