"""People who may log in: made, listed, kept out, let in again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from paygate.core import ids, networks
from paygate.core.errors import Conflict, NotFound
from paygate.db import sessions, users
from paygate.db.pool import Conn
from paygate.db.users import User
from paygate.services import audit, inputs
from paygate.services.context import Context
from paygate.services.passwords import hash_password

PLATFORM = 0
MOST_LISTED = 10_000


async def create_admin(ctx: Context, *, email: str, password: str, actor: str = audit.CLI) -> UUID:
    """A new admin of the platform; the id. Raises InvalidInput (email, password), Conflict (email)."""
    address, hashed, user_id = inputs.email(email), await hash_password(password), ctx.new_id()

    async def work(conn: Conn) -> UUID:
        await insert(conn, merchant_id=PLATFORM, user_id=user_id, email=address, password_hash=hashed, role="admin")
        await audit.append(
            conn,
            ctx,
            merchant_id=PLATFORM,
            actor=actor,
            action="admin.create",
            subject=f"user:{ids.show('usr', user_id)}",
            after={"email": address, "role": "admin"},
        )
        return user_id

    return await ctx.db.transaction(work)


async def insert(
    conn: Conn, *, merchant_id: int, user_id: UUID, email: str, password_hash: str | None, role: str
) -> None:
    """Write a user inside a transaction of another service. Raises Conflict (email) when the address is taken."""
    if await users.taken(conn, email):
        raise Conflict("Somebody already logs in with this e-mail address.", field="email")
    await users.insert(
        conn, merchant_id=merchant_id, user_id=user_id, email=email, password_hash=password_hash, role=role
    )


async def list_users(ctx: Context, merchant_id: int | None = None) -> Sequence[User]:
    """The people of one merchant (0: the admins), or of all; oldest first, at most MOST_LISTED."""
    async with ctx.db.connection() as conn:
        return await users.listed(conn, merchant_id, MOST_LISTED)


async def find(ctx: Context, email: str) -> User:
    """Who logs in with this address. Raises NotFound."""
    async with ctx.db.connection() as conn:
        user = await users.by_email(conn, email.strip().lower())
    if user is None:
        raise NotFound(f"Nobody logs in with {email!r}.")
    return user


async def get(ctx: Context, merchant_id: int, user_id: UUID) -> User:
    """One person of a merchant. Raises NotFound."""
    return await ctx.db.transaction(lambda conn: _read(conn, merchant_id, user_id))


async def disable(ctx: Context, user: User, *, disabled: bool, actor: str = audit.CLI) -> None:
    """Keep a person out from their next request on, or let them in again."""

    async def work(conn: Conn) -> None:
        now = (await held(conn, user.merchant_id, user.id)).user
        await users.disable(conn, now, disabled=disabled)
        if disabled:
            await sessions.end_all(conn, now.merchant_id, now.id)
        was = now.disabled_at is not None
        await log(ctx, conn, now, actor, "user.disable" if disabled else "user.enable", {"disabled": was})

    await ctx.db.transaction(work)


async def _read(conn: Conn, merchant_id: int, user_id: UUID) -> User:
    return (await held(conn, merchant_id, user_id)).user


async def held(conn: Conn, merchant_id: int, user_id: UUID) -> users.Locked:
    """One person, held until the transaction ends. Raises NotFound."""
    found = await users.lock(conn, merchant_id, user_id)
    if found is None:
        raise NotFound(f"There is no user {ids.show('usr', user_id)}.")
    return found


async def log(
    ctx: Context,
    conn: Conn,
    user: User,
    actor: str,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    address: str | None = None,
) -> None:
    """Write to the audit log what happened to a person."""
    await audit.append(
        conn,
        ctx,
        merchant_id=user.merchant_id,
        actor=audit.Actor(actor, networks.address(address)),
        action=action,
        subject=f"user:{ids.show('usr', user.id)}",
        before=before,
        after={"email": user.email, **(after or {})},
    )
