"""A verb under an Idempotency-Key: its effect and its rendered answer are committed together, and happen once."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from paygate.core.sealing import NONCE_BYTES
from paygate.db import idempotency
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.services.context import Context
from paygate.services.payments import Replayed, replay

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Answered(Generic[Value]):
    """It was done now; `status` and `body` are the rendered answer."""

    value: Value
    status: int
    body: bytes


def unanswered(_: object) -> tuple[int, bytes]:
    """For callers that keep no answer."""
    return 200, b""


async def kept(ctx: Context, claim: Claim | None) -> Replayed | None:
    """The answer that the key of *claim* has already, for a request that could not be made any more.

    Raises IdempotencyMismatch, IdempotencyBusy.
    """
    if claim is None:
        return None
    async with ctx.db.connection() as conn:
        stored = await idempotency.find(conn, claim)
    return None if stored is None else replay(ctx, claim, stored)


async def once(
    ctx: Context,
    claim: Claim | None,
    answer: Callable[[Value], tuple[int, bytes]],
    work: Callable[[Conn], Awaitable[Value]],
) -> Answered[Value] | Replayed:
    """Do *work* in one transaction, together with *claim* and its *answer*, which is kept sealed.

    *work* may run several times, as any transaction. Raises what it raises; IdempotencyMismatch, IdempotencyBusy.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)

    async def whole(conn: Conn) -> Answered[Value] | Replayed:
        if claim and (stored := await idempotency.claim_key(conn, claim)) is not None:
            return replay(ctx, claim, stored)
        value = await work(conn)
        status, body = answer(value)
        if claim:
            sealed = ctx.key.seal(body, idempotency.purpose(claim), nonce)
            await idempotency.answer_key(conn, claim, idempotency.Stored(status, sealed))
        return Answered(value, status, body)

    return await ctx.db.transaction(whole)
