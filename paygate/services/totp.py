"""One-time codes (TOTP, RFC 6238) and recovery codes: set up, required, used up, turned off.

A secret counts only after its first code was shown to work. A code is good once, and so is a recovery code.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyotp

from paygate.core.errors import CodeRequired, Conflict, Forbidden
from paygate.core.people import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    TOTP_SKEW_STEPS,
    TOTP_STEP_S,
    Person,
    recovery_hash,
    show_recovery,
)
from paygate.db import sessions, users
from paygate.db.pool import Conn
from paygate.db.users import User
from paygate.services import proofs
from paygate.services import users as people
from paygate.services.context import Context

ISSUER = "PayGate"
SECRET_CHARS = 32  # 160 bits in base 32 (RFC 4226 4, R6).
WRONG = "The code is not right, or it was used already. Wait for the next one, or use a recovery code."


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret that waits for its first code: as text, and as the address that authenticator apps scan."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


def purpose(user: User) -> str:
    """What a person's TOTP secret is sealed for."""
    return f"totp:{user.merchant_id}:{user.id}"


def require(ctx: Context, user: User, now: datetime, code: str | None) -> User:
    """The person after *code* was used up; as they are where they have no second factor. To be written by the caller.

    Raises CodeRequired when there is none, or it is wrong, or was used already.
    """
    if user.totp_secret is None:
        return user
    if not code:
        raise CodeRequired()
    step = _step(ctx.unseal(user.totp_secret, purpose(user)), code, now)
    if step is not None and (user.totp_last_step is None or step > user.totp_last_step):
        return replace(user, totp_last_step=step)
    wanted = recovery_hash(code)
    left = tuple(one for one in user.recovery_hashes if not hmac.compare_digest(one, wanted))
    if len(left) == len(user.recovery_hashes):
        raise CodeRequired(WRONG)
    return replace(user, recovery_hashes=left)


async def confirm(ctx: Context, person: Person, password: str, code: str | None) -> None:
    """That it is they themselves, before an act of another service; the code is used up. Raises as `proofs.prove`."""
    proof = await proofs.prove(ctx, person, password, code)

    async def work(conn: Conn) -> None:
        await proofs.redeem(ctx, conn, proof, require)

    await ctx.db.transaction(work)
    await proofs.was_good(ctx, proof)


async def offer(ctx: Context, person: Person, password: str, code: str | None) -> Offer:
    """A fresh secret for the person's app; the one in force, if any, stays until `enable`. Raises as `proofs.prove`."""
    secret, proof = pyotp.random_base32(SECRET_CHARS), await proofs.prove(ctx, person, password, code)

    async def work(conn: Conn) -> None:
        held = await proofs.redeem(ctx, conn, proof, require)
        await users.set_totp(conn, replace(held.user, totp_pending=ctx.seal(secret, purpose(held.user))))

    await ctx.db.transaction(work)
    await proofs.was_good(ctx, proof)
    return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER))


async def enable(ctx: Context, person: Person, code: str, client: str | None) -> Sequence[str]:
    """Put the offered secret in force, since *code* is of it; ten recovery codes, shown once.

    The person's other sessions end. Raises Conflict (nothing was offered), CodeRequired (the code is wrong),
    TooManyTries.
    """
    codes = [show_recovery(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    trial = await proofs.trial(ctx, person)

    async def work(conn: Conn) -> None:
        held = await people.held(conn, person.merchant_id, person.user_id)
        if held.user.totp_pending is None:
            raise Conflict("No secret waits for its first code; ask for one first.")
        step = _step(ctx.unseal(held.user.totp_pending, purpose(held.user)), code, held.now)
        if step is None:
            raise CodeRequired(WRONG)
        hashes = tuple(recovery_hash(one) for one in codes)
        after = replace(
            held.user,
            totp_secret=held.user.totp_pending,
            totp_pending=None,
            totp_last_step=step,
            recovery_hashes=hashes,
        )
        await users.set_totp(conn, after)
        await sessions.end_all(conn, person.merchant_id, person.user_id, but=person.session_id)
        before = {"totp": held.user.totp_secret is not None}
        await people.log(ctx, conn, after, person.actor, "user.totp", before, {"totp": True}, client)

    await ctx.db.transaction(work)
    await proofs.was_good(ctx, trial)
    return codes


async def renew_recovery(
    ctx: Context, person: Person, password: str, code: str | None, client: str | None
) -> Sequence[str]:
    """Ten new recovery codes; the old ones are worthless. Raises Conflict (no second factor), and as `proofs.prove`."""
    codes = [show_recovery(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    proof = await proofs.prove(ctx, person, password, code)

    async def work(conn: Conn) -> None:
        held = await proofs.redeem(ctx, conn, proof, require)
        if held.user.totp_secret is None:
            raise Conflict("One-time codes are off; turn them on first.")
        await users.set_totp(conn, replace(held.user, recovery_hashes=tuple(recovery_hash(one) for one in codes)))
        await people.log(ctx, conn, held.user, person.actor, "user.recovery-codes", address=client)

    await ctx.db.transaction(work)
    await proofs.was_good(ctx, proof)
    return codes


async def disable(ctx: Context, person: Person, password: str, code: str | None, client: str | None) -> None:
    """Do without a second factor. Raises Forbidden for admins, who may not; and as `proofs.prove`."""
    if person.role == "admin":
        raise Forbidden("Admins need one-time codes. To move to another app, set a new one up.")
    proof = await proofs.prove(ctx, person, password, code)

    async def work(conn: Conn) -> None:
        held = await proofs.redeem(ctx, conn, proof, require)
        await forget(conn, held.user)
        await sessions.end_all(conn, person.merchant_id, person.user_id, but=person.session_id)
        await people.log(ctx, conn, held.user, person.actor, "user.totp", {"totp": True}, {"totp": False}, client)

    await ctx.db.transaction(work)
    await proofs.was_good(ctx, proof)


async def reset(ctx: Context, user: User, actor: str) -> None:
    """For somebody who lost phone and recovery codes: off, and all their sessions end."""

    async def work(conn: Conn) -> None:
        held = await people.held(conn, user.merchant_id, user.id)
        before = {"totp": held.user.totp_secret is not None}
        await forget(conn, held.user)
        await sessions.end_all(conn, user.merchant_id, user.id)
        await people.log(ctx, conn, held.user, actor, "user.totp", before, {"totp": False})

    await ctx.db.transaction(work)


async def forget(conn: Conn, user: User) -> None:
    """Write that there is no second factor."""
    await users.set_totp(
        conn, replace(user, totp_secret=None, totp_pending=None, totp_last_step=None, recovery_hashes=())
    )


def _step(secret: str, code: str, now: datetime) -> int | None:
    """Which step around *now* the code is of."""
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit()):
        return None
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // TOTP_STEP_S
    for step in range(present - TOTP_SKEW_STEPS, present + TOTP_SKEW_STEPS + 1):
        if hmac.compare_digest(totp.at(step * TOTP_STEP_S), typed):
            return step
    return None
