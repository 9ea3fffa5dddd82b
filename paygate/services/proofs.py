"""That it is they themselves: passwords and codes, tried seldom enough that nobody guesses them.

Tries are counted in the database before a password is looked at, by network and by person; a good one does not count.
Whoever logged in from a network before has tries of their own there: a stranger's cannot lock them out.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from paygate.core.errors import Forbidden, TooManyTries
from paygate.core.limits import Counted, Limit, Standing
from paygate.core.people import Person
from paygate.db import sessions, throttles, users
from paygate.db.pool import Conn
from paygate.db.throttles import Rate
from paygate.db.users import Locked, User
from paygate.services import passwords, visitors
from paygate.services import users as people
from paygate.services.context import Context

KEY_BYTES = 16
BY_NETWORK = "address"
BY_ACCOUNT = Rate("account", 10, timedelta(minutes=3))
BY_CODE = Rate("code", 10, timedelta(minutes=3))
BY_REGISTRATION = Rate("register", 5, timedelta(minutes=10))

Require = Callable[[Context, User, datetime, str | None], User]
"""`totp.require`, handed in because it stands on this module."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Tries that were counted; `was_good` takes them back."""

    spent: tuple[tuple[Rate, bytes], ...]


@dataclass(frozen=True, slots=True)
class Proof(Trial):
    """The password was right, as it was stored then."""

    user: User
    code: str | None = field(repr=False)


async def login(ctx: Context, email: str, client: str | None) -> Trial:
    """Count a login of *email* (in lower case) from *client*. Raises TooManyTries."""
    network = visitors.network(client)
    async with ctx.db.connection() as conn:
        known = network != "unknown" and await sessions.seen_at(conn, email, network)
    person = f"{email} at {network}" if known else email
    limit = ctx.login_limit
    by_network = Rate(BY_NETWORK, limit.burst, timedelta(microseconds=limit.pause_us)) if limit else None
    return await _spend(ctx, *([(by_network, network)] if by_network else []), (BY_ACCOUNT, person))


async def registration(ctx: Context, client: str | None) -> Trial:
    """Count a registration, good or bad. Raises TooManyTries."""
    return await _spend(ctx, (BY_REGISTRATION, visitors.network(client)))


async def trial(ctx: Context, person: Person) -> Trial:
    """Count a code, or a password, that somebody who is logged in shows. Raises TooManyTries."""
    return await _spend(ctx, (BY_CODE, str(person.user_id)))


async def prove(ctx: Context, person: Person, password: str, code: str | None) -> Proof:
    """That somebody who is logged in is who they are, before something that cannot be undone.

    Raises Forbidden (password) when it is wrong, TooManyTries.
    """
    counted = await trial(ctx, person)
    async with ctx.db.connection() as conn:
        user = await users.by_email(conn, person.email)
    if not await passwords.matches(user.password_hash if user else None, password) or user is None:
        raise Forbidden("The password is not right.", field="password")
    return Proof(counted.spent, user, code)


async def redeem(ctx: Context, conn: Conn, proof: Proof, require: Require) -> Locked:
    """Within the transaction of the act: nothing changed since, and the code is used up. Raises CodeRequired."""
    held = await people.held(conn, proof.user.merchant_id, proof.user.id)
    if held.user.password_hash != proof.user.password_hash or held.user.disabled_at is not None:
        raise Forbidden("The password is not right.", field="password")
    after = require(ctx, held.user, held.now, proof.code)
    if after is not held.user:
        await users.set_totp(conn, after)
    return Locked(after, held.merchant_name, held.merchant_status, held.now)


async def was_good(ctx: Context, trial: Trial) -> None:
    """What was counted does not count."""

    async def work(conn: Conn) -> None:
        for rate, key in trial.spent:
            await throttles.give_back(conn, rate, key)

    await ctx.db.transaction(work)


async def _spend(ctx: Context, *tries: tuple[Rate, str]) -> Trial:
    keyed = tuple((rate, _key(ctx, rate, text)) for rate, text in tries)

    async def work(conn: Conn) -> tuple[Rate, int] | None:
        for rate, key in keyed:
            wait_s = await throttles.spend(conn, rate, key)
            if wait_s is not None:
                return rate, wait_s
        return None

    refused = await ctx.db.transaction(work)
    if refused is not None:
        rate, wait_s = refused
        raise TooManyTries(wait_s, _standing(rate, wait_s))
    return Trial(keyed)


def _standing(rate: Rate, wait_s: int) -> Standing:
    """A limit that is used up, as answers tell of it."""
    name = Counted.LOGIN if rate.kind == BY_NETWORK else rate.kind
    limit = Limit(1_000, max(1, round(rate.every.total_seconds() * 1_000)), rate.burst)
    return Standing(name, limit, 0, wait_s + math.ceil((rate.burst - 1) * rate.every.total_seconds()))


def _key(ctx: Context, rate: Rate, text: str) -> bytes:
    return hmac.digest(ctx.key.signing, f"throttle:{rate.kind}:{text}".encode(errors="replace"), "sha256")[:KEY_BYTES]
