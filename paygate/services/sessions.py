"""Logins: who comes in, what they carry from then on, and how it ends.

An access token (JWT, ten minutes) says which session it is of; the session, the role and the merchant are looked at
with each request all the same, so that a logout, a suspension or another role bites at once. A refresh token is good
once: a used one that comes again was stolen, or its successor was, and ends the session.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import jwt

from paygate import telemetry
from paygate.core import ids, networks, tokens
from paygate.core.errors import CodeRequired, Forbidden, NotFound, Unauthorized
from paygate.core.people import ACCESS, Person, idle, longest
from paygate.db import sessions as rows
from paygate.db import users
from paygate.db.pool import Conn
from paygate.db.sessions import Session
from paygate.db.users import Locked
from paygate.services import passwords, proofs, totp
from paygate.services import users as people
from paygate.services.context import Context

log = telemetry.logger("services.sessions")

AUDIENCE = "paygate:dashboard"
ALGORITHM = "HS256"
REFRESH = "rt"
MAX_USER_AGENT = 200
WRONG = "The e-mail address or the password is not right."
LOG_IN = "Log in first: send `Authorization: Bearer` and the token of /api/auth/login."
OVER = "This login is over. Log in again."
SUSPENDED = "This merchant is suspended."


@dataclass(frozen=True, slots=True)
class Client:
    """Where somebody comes from: network address and browser, as far as they say."""

    address: str | None = None
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What somebody carries away from a login or a refresh."""

    person: Person
    access: str = field(repr=False)
    refresh: str = field(repr=False)

    @property
    def expires_in_s(self) -> int:
        """How long the access token is good for."""
        return int(ACCESS.total_seconds())


async def login(ctx: Context, *, email: str, password: str, code: str | None, admin: bool, client: Client) -> SignedIn:
    """Let somebody in: *admin* at the admins' door, others at theirs.

    Nobody learns whether the address is known: an unknown one takes as long and is told the same. Raises Unauthorized,
    CodeRequired (the password was right), TooManyTries, Forbidden (suspended; the password was right).
    """
    address = email.strip().lower()
    trial = await proofs.login(ctx, address, client.address)
    async with ctx.db.connection() as conn:
        user = await users.by_email(conn, address)
    right = await passwords.matches(user.password_hash if user else None, password)
    if user is not None:
        telemetry.bind(merchant=user.merchant_id, user=str(user.id))
    if user is None or not right or user.disabled_at is not None or (user.role == "admin") != admin:
        telemetry.count_login("refused")
        raise Unauthorized(WRONG)
    proof = proofs.Proof(trial.spent, user, code)

    async def work(conn: Conn) -> SignedIn:
        try:
            held = await proofs.redeem(ctx, conn, proof, totp.require)
        except NotFound:  # Removed at this very moment.
            raise Unauthorized(WRONG) from None
        if held.merchant_status == "SUSPENDED":
            raise Forbidden(SUSPENDED)
        made = await _open(ctx, conn, held, client)
        after = {"session": ids.show("ses", made.person.session_id), "totp": held.user.totp_secret is not None}
        await people.log(ctx, conn, held.user, made.person.actor, "user.login", None, after, client.address)
        return made

    try:
        signed_in = await ctx.db.transaction(work)
    except CodeRequired:
        if not code:  # They come again with one: this was half of a login, and no guess.
            await proofs.was_good(ctx, trial)
        telemetry.count_login("code")
        raise
    await proofs.was_good(ctx, trial)
    telemetry.count_login("good")
    return signed_in


async def authenticate(ctx: Context, token: str) -> Person:
    """Who carries this access token. Raises Unauthorized when it is none, too old, or its session is over."""
    if not token:
        raise Unauthorized(LOG_IN)
    try:
        # Whether it is too old the database's clock decides, below.
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(ctx),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub", "sid", "mer", "aud"]},
        )
        merchant_id, session_id = ids.read_merchant(claims["mer"]), ids.read("ses", claims["sid"])
        until_s = int(claims["exp"])
    except (jwt.InvalidTokenError, NotFound, TypeError, ValueError, AttributeError):
        raise Unauthorized("This token is not valid. Log in again.") from None
    async with ctx.db.connection() as conn:
        found = await rows.who(conn, merchant_id, session_id)
    if found is None:
        raise Unauthorized(OVER)
    person, now = found
    if now.timestamp() >= until_s:
        raise Unauthorized("This token is too old. Use the refresh token, or log in again.")
    telemetry.bind(merchant=person.merchant_id, user=str(person.user_id))
    return person


async def refresh(ctx: Context, text: str, client: Client) -> SignedIn:
    """Another pair for a refresh token, which is used up.

    Raises Unauthorized; when the token was used before, the session is over with it. Forbidden (suspended).
    """
    token = tokens.read(ctx.key, REFRESH, text)
    if token is None:
        raise Unauthorized("This refresh token is not valid. Log in again.")

    async def work(conn: Conn) -> SignedIn | None:
        session = await rows.lock(conn, token.merchant_id, token.row_id)
        if session is None or not session.open:
            return None
        held = await people.held(conn, token.merchant_id, session.user_id)
        if not hmac.compare_digest(session.token_hash, token.hash):
            await rows.end(conn, token.merchant_id, session.user_id, token.row_id)
            after = {"session": ids.show("ses", token.row_id), "ended": True}
            actor = f"user:{ids.show('usr', session.user_id)}"
            await people.log(ctx, conn, held.user, actor, "user.token-reused", None, after, client.address)
            return None
        if held.user.disabled_at is not None:
            return None
        if held.merchant_status == "SUSPENDED":
            raise Forbidden(SUSPENDED)
        until = min(held.now + idle(held.user.role), session.created_at + longest(held.user.role))
        fresh = _refresh_token(ctx, token.merchant_id, token.row_id)
        await rows.refresh(conn, token.merchant_id, token.row_id, tokens.digest(fresh), held.now, until)
        return _signed_in(ctx, held, token.row_id, fresh)

    done = await ctx.db.transaction(work)
    if done is None:
        raise Unauthorized(OVER)
    return done


async def logout(ctx: Context, person: Person, client: str | None, *, everywhere: bool = False) -> None:
    """End this session, or all of the person's. Their tokens are worthless from the next request on."""

    async def work(conn: Conn) -> None:
        held = await people.held(conn, person.merchant_id, person.user_id)
        if everywhere:
            ended = await rows.end_all(conn, person.merchant_id, person.user_id)
        else:
            ended = int(await rows.end(conn, person.merchant_id, person.user_id, person.session_id))
        if ended:
            after = {"session": ids.show("ses", person.session_id), "everywhere": everywhere, "ended": ended}
            await people.log(ctx, conn, held.user, person.actor, "user.logout", None, after, client)

    await ctx.db.transaction(work)


async def listed(ctx: Context, merchant_id: int, user_id: UUID) -> Sequence[Session]:
    """The open sessions of a person."""
    async with ctx.db.connection() as conn:
        return await rows.listed(conn, merchant_id, user_id)


async def revoke(
    ctx: Context, merchant_id: int, user_id: UUID, session_id: UUID | None, actor: str, client: str | None = None
) -> int:
    """End one session of a person, or all of them (None); how many. Raises NotFound."""

    async def work(conn: Conn) -> int:
        held = await people.held(conn, merchant_id, user_id)
        if session_id is None:
            ended = await rows.end_all(conn, merchant_id, user_id)
        elif await rows.end(conn, merchant_id, user_id, session_id):
            ended = 1
        else:
            raise NotFound(f"There is no open session {ids.show('ses', session_id)}.")
        which = ids.show("ses", session_id) if session_id else "all"
        after = {"session": which, "ended": ended}
        await people.log(ctx, conn, held.user, actor, "user.sessions-end", None, after, client)
        return ended

    return await ctx.db.transaction(work)


async def change_password(
    ctx: Context, person: Person, password: str, new_password: str, code: str | None, client: str | None
) -> None:
    """Another password; the person's other sessions end. Raises InvalidInput (newPassword), and as `proofs.prove`."""
    proof = await proofs.prove(ctx, person, password, code)
    hashed = await passwords.hash_password(new_password, "newPassword")

    async def work(conn: Conn) -> None:
        held = await proofs.redeem(ctx, conn, proof, totp.require)
        await users.set_password(conn, held.user, hashed)
        await rows.end_all(conn, person.merchant_id, person.user_id, but=person.session_id)
        await people.log(ctx, conn, held.user, person.actor, "user.password", address=client)

    await ctx.db.transaction(work)
    await proofs.was_good(ctx, proof)


async def _open(ctx: Context, conn: Conn, held: Locked, client: Client) -> SignedIn:
    user, session_id = held.user, ctx.new_id()
    token = _refresh_token(ctx, user.merchant_id, session_id)
    address = networks.address(client.address)
    await rows.insert(
        conn,
        merchant_id=user.merchant_id,
        session_id=session_id,
        user_id=user.id,
        token_hash=tokens.digest(token),
        user_agent="".join(c for c in client.user_agent if c.isprintable())[:MAX_USER_AGENT],
        address=None if address is None else str(address),
        now=held.now,
        expires_at=held.now + min(idle(user.role), longest(user.role)),
    )
    return _signed_in(ctx, held, session_id, token)


def _signed_in(ctx: Context, held: Locked, session_id: UUID, refresh_token: str) -> SignedIn:
    user = held.user
    person = Person(
        merchant_id=user.merchant_id,
        user_id=user.id,
        session_id=session_id,
        email=user.email,
        role=user.role,
        has_totp=user.totp_secret is not None,
        merchant_name=held.merchant_name,
        merchant_status=held.merchant_status,
    )
    return SignedIn(person, _access_token(ctx, person, held.now), refresh_token)


def _access_token(ctx: Context, person: Person, now: datetime) -> str:
    claims = {
        "aud": AUDIENCE,
        "sub": ids.show("usr", person.user_id),
        "mer": ids.show_merchant(person.merchant_id),
        "sid": ids.show("ses", person.session_id),
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS).timestamp()),
    }
    return jwt.encode(claims, _key(ctx), algorithm=ALGORITHM, headers={"typ": "at+jwt"})


def _refresh_token(ctx: Context, merchant_id: int, session_id: UUID) -> str:
    return tokens.make(ctx.key, REFRESH, merchant_id, session_id, secrets.token_bytes(tokens.RANDOM_BYTES))


def _key(ctx: Context) -> bytes:
    """What access tokens are signed with: made of PAYGATE_SECRET_KEY, and of use for nothing else."""
    return hmac.digest(ctx.key.signing, b"paygate access token v1", "sha256")
