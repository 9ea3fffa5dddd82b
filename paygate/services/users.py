"""People who may log in, and how their passwords are kept."""

from __future__ import annotations

import asyncio
from uuid import UUID

from argon2 import PasswordHasher

from paygate.core import ids
from paygate.core.errors import Conflict, InvalidInput
from paygate.db import users
from paygate.db.pool import Conn
from paygate.services import audit, inputs
from paygate.services.context import Context

PLATFORM = 0
MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 1_024
# OWASP's smallest recommended argon2id: 19 MiB, 2 passes, 1 lane. About 40 ms, so a login is no lever against the host.
HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)


async def hash_password(password: str) -> str:
    """The argon2id text of a password of 10 to 1,024 characters. Raises InvalidInput (password)."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise InvalidInput(
            f"The password must have {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters.", field="password"
        )
    try:
        material = password.encode()
    except UnicodeEncodeError:
        raise InvalidInput("The password is not valid text.", field="password") from None
    return await asyncio.to_thread(HASHER.hash, material)


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
