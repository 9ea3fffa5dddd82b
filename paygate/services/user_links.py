"""Links that let one person set a password: the operator hands one over when somebody forgot theirs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from paygate.core import tokens
from paygate.core.errors import Unauthorized
from paygate.db import sessions, user_links, users
from paygate.db.pool import Conn
from paygate.db.users import User
from paygate.services import passwords
from paygate.services import users as people
from paygate.services.context import Context

PREFIX = "link"
GOOD_FOR = {"reset": timedelta(hours=1)}
WORTHLESS = "This link was used already, or is over, or is none. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was just made. Its token is shown once, and stands behind the `#`: no log of a server ever has it."""

    token: str = field(repr=False)
    url: str = field(repr=False)
    expires_at: datetime


async def reset(ctx: Context, user: User, actor: str) -> Link:
    """A link with which *user* sets a new password within the hour; older links of theirs are worthless."""
    link_id = ctx.new_id()
    token = fresh(ctx, user.merchant_id, link_id)

    async def work(conn: Conn) -> datetime:
        held = await people.held(conn, user.merchant_id, user.id)
        until = await write(conn, held.user, link_id, "reset", token)
        await people.log(ctx, conn, held.user, actor, "user.reset-link", None, {"until": until.isoformat()})
        return until

    return Link(token, url(ctx, token), await ctx.db.transaction(work))


async def set_password(ctx: Context, text: str, new_password: str, client: str | None) -> User:
    """Use a link up: its person has a new password, and all their sessions end. One-time codes stay as they are.

    Raises Unauthorized when the link was used, is over or never was, InvalidInput (newPassword).
    """
    token = tokens.read(ctx.key, PREFIX, text)
    if token is None:
        raise Unauthorized(WORTHLESS)
    hashed = await passwords.hash_password(new_password, "newPassword")

    async def work(conn: Conn) -> User:
        used = await user_links.use(conn, token.merchant_id, token.row_id, token.hash)
        if used is None:
            raise Unauthorized(WORTHLESS)
        held = await people.held(conn, token.merchant_id, used.user_id)
        await users.set_password(conn, held.user, hashed)
        await sessions.end_all(conn, token.merchant_id, used.user_id)
        await people.log(ctx, conn, held.user, f"link:{used.kind}", "user.password", None, None, client)
        return held.user

    return await ctx.db.transaction(work)


def fresh(ctx: Context, merchant_id: int, link_id: UUID) -> str:
    """The token of a new link."""
    return tokens.make(ctx.key, PREFIX, merchant_id, link_id, secrets.token_bytes(tokens.RANDOM_BYTES))


def url(ctx: Context, token: str) -> str:
    """Where its person opens it."""
    return f"{ctx.public_url}/account/password#{token}"


async def write(conn: Conn, user: User, link_id: UUID, kind: str, token: str) -> datetime:
    """Store a new link inside a transaction; until when it is good."""
    return await user_links.insert(
        conn,
        merchant_id=user.merchant_id,
        link_id=link_id,
        user_id=user.id,
        kind=kind,
        token_hash=tokens.digest(token),
        good_for=GOOD_FOR[kind],
    )
