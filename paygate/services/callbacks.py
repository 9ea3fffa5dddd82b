"""Callbacks of SCB and KBank: kept as claims, answered as the bank expects, and believed when its inquiry agrees.

Nobody signs them. The address holds a secret, so that strangers cannot make us ask; whoever has it can make us ask, and
no more.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from paygate import telemetry
from paygate.banks.callbacks import kbank, scb
from paygate.banks.slips.facts import ErrorKind, VerifierError
from paygate.core import canonical, ids
from paygate.core.credits import Channel, Observation
from paygate.core.errors import InvalidInput, NotFound, PayGateError, TooLarge, TooManyRequests, Unauthorized
from paygate.core.events import timestamp
from paygate.core.hints import Arrival, Finding, Hint, Weighed, weigh
from paygate.core.limits import Counted
from paygate.core.matching import Reason
from paygate.db import callbacks as rows
from paygate.db import sources, steps
from paygate.db.callbacks import Due, HintState
from paygate.db.pool import Conn
from paygate.services import evidence, reversals
from paygate.services.context import Context
from paygate.services.evidence import review_of
from paygate.services.limits import BANK_PATIENCE_S
from paygate.services.sources import purpose

KINDS = (scb.KIND, kbank.KIND)
RANK = "A"
TRUST = "host"  # The bank's own answer to the operator's own question.
MOST_BYTES = 65_536
MOST_OPEN = 1_000
MOST_HOURLY = 10_000
MOST_AGAIN = 20
LEASE_S = 120.0
"""Longer than the longest inquiry: a token and two days, each asked for twice, 10 s each."""

PAUSES_S = (5, 10, 15, 30, 60, 120, 300, 600, 900)
ASKED_FOR = timedelta(minutes=90)  # A payment that the bank does not know by then was never made.
WAITED_FOR = timedelta(hours=72)  # So long a bank may be away, or refuse our key: a weekend with nobody there.

log = telemetry.logger("services.callbacks")


@dataclass(frozen=True, slots=True)
class _Language:
    """How one bank writes its callbacks."""

    read: Callable[[bytes], Hint | None]
    accepted: Callable[[Hint | None], dict[str, Any]]
    refused: Callable[[str], dict[str, Any]]


LANGUAGES = {
    scb.KIND: _Language(scb.read, scb.accepted, scb.refused),
    kbank.KIND: _Language(kbank.read, kbank.accepted, kbank.refused),
}


class CallbackRefused(PayGateError):
    """A callback with the right key that cannot be taken; `answer` says so in the bank's own form.

    `again`: the bank may send it again as it is.
    """

    def __init__(self, message: str, answer: dict[str, Any], *, again: bool = False) -> None:
        self.answer = answer
        self.again = again
        super().__init__(message)


async def receive(ctx: Context, source_id: UUID, key: str, body: bytes) -> dict[str, Any]:
    """Keep what a bank's callback claims; the answer that the bank waits for, after the commit.

    Raises NotFound for a source that is unknown or disabled, Unauthorized for a wrong *key* or another kind of source,
    CallbackRefused for what cannot be read (nothing is stored then) or when the source told of too much.
    """
    async with ctx.db.connection() as conn:
        found = await sources.get(conn, source_id)
    if found is None or found[0].disabled:
        raise NotFound("No such source.")
    source = found[0]
    secret = ctx.unseal(source.secret, purpose(source.id))
    if source.kind not in KINDS or not hmac.compare_digest(secret.encode(), key.encode("utf-8", "surrogatepass")):
        telemetry.count_unbelieved("key")
        raise Unauthorized("The key in this address is not that of the source.")
    language = LANGUAGES[source.kind]
    try:
        if ctx.limiter is not None:
            await ctx.limiter.take(Counted.SOURCE, str(source.id), patience_s=BANK_PATIENCE_S)
        if len(body) > MOST_BYTES:
            raise TooLarge("The body is larger than any callback.")
        hint = language.read(body)
    except (InvalidInput, TooLarge) as error:
        raise CallbackRefused(error.message, language.refused(error.message)) from error
    except TooManyRequests as error:
        raise CallbackRefused(error.message, language.refused(error.message), again=True) from error
    if hint is not None:

        async def work(conn: Conn) -> bool:
            return await rows.tell(
                conn,
                source,
                hint,
                hint_id=ctx.new_id(),
                digest=_digest(hint),
                most_open=MOST_OPEN,
                most_hourly=MOST_HOURLY,
                most_again=MOST_AGAIN,
            )

        if not await ctx.db.transaction(work):
            log.warning("a source tells of more than can be asked about", source=ids.show("src", source.id))
            message = "Too many callbacks are waiting; send it again later."
            raise CallbackRefused(message, language.refused(message), again=True)
        ctx.wake()
    return language.accepted(hint)


def _digest(hint: Hint) -> bytes:
    at = timestamp(hint.occurred_at) if hint.occurred_at else None
    facts = [hint.transaction_id, hint.payee, hint.amount_satang, at, hint.ref1, hint.ref2]
    return hashlib.sha256(canonical.dumps(facts).encode()).digest()


# --- asking the bank -----------------------------------------------------------------------------------------------


async def unanswerable(ctx: Context) -> set[str]:
    """Kinds of sources whose bank this process cannot ask, because the settings do not say how."""
    async with ctx.db.connection() as conn:
        return await rows.kinds_in_use(conn, [kind for kind in KINDS if kind not in ctx.inquiries])


async def claim(ctx: Context, limit: int) -> list[Due]:
    """Take due claims, for LEASE_S; those whose bank cannot be asked wait."""
    kinds = [kind for kind in KINDS if kind in ctx.inquiries]
    if not kinds:
        return []
    lease_id = ctx.new_id()
    return await ctx.db.transaction(lambda conn: rows.claim(conn, lease_id, lease_s=LEASE_S, kinds=kinds, limit=limit))


async def inquire(ctx: Context, due: Due) -> HintState:
    """Ask the bank about one claim, and do what its answer says; the claim's state then. Repeating it is harmless.

    What the bank confirms is recorded before the claim is closed, so that a kill in between only asks again.
    """
    if due.disabled:
        return await _close(ctx, due, HintState.UNCONFIRMED, "The source was disabled.")
    if not due.payees:
        return await _close(ctx, due, HintState.CONTRADICTED, "The account has no name at this bank.", alarm=True)
    if due.hint.payee is not None and due.hint.payee not in due.payees:
        detail = f"The callback says that {due.hint.payee} was paid; this account is {', '.join(due.payees)}."
        return await _close(ctx, due, HintState.CONTRADICTED, detail, alarm=True)
    try:
        weighed = await _asked(ctx, due)
    except VerifierError as error:
        return await _unanswered(ctx, due, error)
    for arrival in weighed.told:
        await _record(ctx, due, arrival)
    match weighed.finding:
        case Finding.TRUE:
            return await _close(ctx, due, HintState.CONFIRMED, "")
        case Finding.FALSE:
            return await _close(ctx, due, HintState.CONTRADICTED, weighed.detail, alarm=True)
    if due.age < ASKED_FOR:
        return await _later(ctx, due, weighed.detail or "The bank does not know it.", None)
    if weighed.finding is Finding.OTHERS:
        return await _close(ctx, due, HintState.CONTRADICTED, weighed.detail, alarm=True)
    return await _close(ctx, due, HintState.UNCONFIRMED, "The bank does not know it.")


async def _asked(ctx: Context, due: Due) -> Weighed:
    if ctx.http is None:
        raise VerifierError(ErrorKind.AUTH, "No bank is configured.", provider=due.kind)
    payee = due.hint.payee or due.payees[0]
    found = await ctx.inquiries[due.kind].arrivals(ctx.http, due.hint, payee, due.created_at)
    return weigh(due.hint, found, due.payees)


async def _unanswered(ctx: Context, due: Due, error: VerifierError) -> HintState:
    if error.kind in (ErrorKind.AUTH, ErrorKind.QUOTA):
        log.error("a bank refuses our inquiry: the operator must act", bank=due.kind, reason=error.kind)
    else:
        log.warning("a bank could not be asked", bank=due.kind, reason=error.kind, words=error.message)
    detail = f"The bank could not be asked: {error.kind}. {error.message}"[:500]
    if due.age < WAITED_FOR:
        return await _later(ctx, due, detail, error.retry_after_s)
    return await _close(ctx, due, HintState.UNCONFIRMED, detail, alarm=True)


async def _record(ctx: Context, due: Due, arrival: Arrival) -> None:
    seen = observed(due, arrival)
    outcome = await (reversals.reverse if arrival.reversed else evidence.record)(ctx, seen)
    log.info(
        "a bank confirmed a transfer",
        bank=due.kind,
        outcome=outcome.word,
        reversed=arrival.reversed,
        source=ids.show("src", due.source_id),
    )


def observed(due: Due, arrival: Arrival) -> Observation:
    """What the bank said, for the evidence. A bank that does not say when: when we first heard."""
    occurred_at = arrival.occurred_at or due.created_at
    facts = [
        *(arrival.namespace, arrival.transaction_id, arrival.amount_satang, timestamp(occurred_at)),
        *(arrival.ref1, arrival.ref2, arrival.sending_bank, arrival.payer_name, arrival.payer_account),
        arrival.reversed,
    ]
    return Observation(
        merchant_id=due.merchant_id,
        mode=due.mode,
        receiving_id=due.receiving_id,
        source_id=due.source_id,
        rank=RANK,
        amount_satang=arrival.amount_satang,
        occurred_at=occurred_at,
        trust=TRUST,
        namespace=arrival.namespace,
        reference=arrival.transaction_id,
        digest=hashlib.sha256(canonical.dumps(facts).encode()).digest(),
        sending_bank=arrival.sending_bank,
        payer_name=arrival.payer_name,
        payer_account=arrival.payer_account,
        ref1=arrival.ref1,
        ref2=arrival.ref2,
        channel=Channel.CALLBACK,
    )


async def _later(ctx: Context, due: Due, detail: str, wish_s: int | None) -> HintState:
    pause_s = PAUSES_S[min(due.attempts, len(PAUSES_S)) - 1]
    pause_s = max(pause_s, min(wish_s or 0, int(WAITED_FOR.total_seconds())))
    jitter = 1.0 + random.random() * 0.1  # noqa: S311 - spreads load, guards nothing
    await ctx.db.transaction(lambda conn: rows.move(conn, due, HintState.OPEN, detail, pause_s=pause_s * jitter))
    return HintState.OPEN


async def _close(ctx: Context, due: Due, state: HintState, detail: str, *, alarm: bool = False) -> HintState:
    """Close the claim, in one transaction with the alarm for a person if it needs one."""

    async def work(conn: Conn) -> bool:
        if not await rows.move(conn, due, state, detail):
            return False
        if alarm:
            about = f"{due.kind.upper()} callback {due.hint.transaction_id}: {detail}"
            review = replace(review_of(ctx, None, Reason.CALLBACK_UNCONFIRMED, (), about), digest=due.digest)
            await steps.write(conn, steps.Writing(due.now, due.mode, review=review, owner_id=due.merchant_id))
        return True

    ours = await ctx.db.transaction(work)
    if not ours:
        log.warning("a bank answered after the lease had passed on", bank=due.kind)
    elif state is not HintState.CONFIRMED:
        source = ids.show("src", due.source_id)
        log.warning("a callback was not confirmed", bank=due.kind, state=state, source=source, reason=detail)
    return state
