"""A slip is handed in, its transfer is asked about, and what fits the payment goes to the evidence.

Handing in and deciding are transactions of their own; asking the verifier is in none. Whoever asks holds the slip's
lease; a kill between any two lines leaves it due again, and asking again comes to the same end: the reference is used
up once, in the transaction that pays.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn

from paygate import telemetry
from paygate.banks.slips import ErrorKind, SlipFacts, SlipRef, VerifierError, picture
from paygate.banks.slips.picture import TRUEMONEY, Blank, MiniQr
from paygate.core import slips as policy
from paygate.core.credits import BANK_NAMESPACE
from paygate.core.errors import IdempotencyBusy, Moved, NotFound, SlipRefused, Unavailable
from paygate.core.events import of_verification
from paygate.core.matching import Reason
from paygate.core.payments import Payment, SlipAccepted, Status, advance, standing
from paygate.core.sealing import NONCE_BYTES
from paygate.core.slips import AGAIN, MAX_BLANKS, MAX_SLIPS, PAUSES, Refusal, SlipOutcome, Verdict
from paygate.db import credits, idempotency, steps
from paygate.db import payments as payment_rows
from paygate.db import slips as rows
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.slips import Slip
from paygate.services import simulated_bank, slip_outcomes, verification
from paygate.services.context import Context
from paygate.services.payments import Done, Replayed, replay
from paygate.services.slip_outcomes import End, Verification

LEASE = timedelta(seconds=60)
"""Longer than any try, and the longest that a kill -9 delays a slip."""
REQUEST_TIMEOUT_S = 8.0  # The payer waits for this one.
WORKER_TIMEOUT_S = 18.0  # One verifier may be slow and the next one asked; within the time that a stop waits.
MOST_TRIES = len(PAUSES) + 10
"""A slip that was claimed this often without an end breaks its workers: a person gets it."""
EYES = 2
QUEUE = 32
"""Pictures that may wait to be looked at; more are better told to come back."""

log = telemetry.logger("services.slips")
_eyes = ThreadPoolExecutor(EYES, thread_name_prefix="paygate-slips")
_looking = 0

Answer = Callable[[Payment, Verification], tuple[int, bytes]]
"""Renders the answer of a face: HTTP status and body."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was handed in: the slip's mini QR or why there is none, and the picture as it may be kept."""

    slip: MiniQr | Blank
    picture: bytes | None = None


def read_text(text: str) -> Given:
    """A mini QR that the caller read by itself."""
    return Given(picture.read_slip(text.strip()))


async def look(content: bytes) -> Given:
    """Find the slip in a picture. Raises InvalidInput (file); Unavailable when too many are being looked at."""
    global _looking  # noqa: PLW0603 - how much this process takes on; nothing that must be right depends on it
    if _looking >= QUEUE:
        raise Unavailable("Too many pictures are being read. Send it again in a moment.")
    _looking += 1
    try:
        seen = await asyncio.get_running_loop().run_in_executor(_eyes, picture.see_slip, content)
    finally:
        _looking -= 1
    return Given(seen.slip, seen.kept)


async def begin(ctx: Context, payment: Payment, claim: Claim | None) -> Replayed | None:
    """Before a picture is read: the answer that the key already has, and a refusal of what would be refused anyway.

    Raises SlipRefused, IdempotencyMismatch.
    """
    async with ctx.db.connection() as conn:
        try:
            stored = await idempotency.find(conn, claim) if claim else None
        except IdempotencyBusy:
            stored = None  # Whether its lease is over is seen when it is claimed.
        _, blanks = await rows.counts(conn, payment)
    if claim and stored:
        return replay(ctx, claim, stored)
    _refuse_closed(payment)
    if blanks >= MAX_BLANKS:
        _refuse(Refusal.TOO_MANY_SLIPS)
    return None


async def hand_in(ctx: Context, payment: Payment, given: Given, claim: Claim | None, answer: Answer) -> Done | Replayed:
    """Take a slip for a payment, ask once about it, and say how it stands.

    The same slip again is answered as it stands, and counts once. Raises SlipRefused when the payment takes no slip,
    NotFound, IdempotencyMismatch, IdempotencyBusy.
    """

    async def work(conn: Conn) -> Slip | Replayed:
        if claim and (stored := await idempotency.claim_leased(conn, claim, LEASE)) is not None:
            return replay(ctx, claim, stored)
        return await _take(ctx, conn, payment, given)

    taken = await ctx.db.transaction(work)
    if isinstance(taken, Replayed):
        return taken
    if taken.lease_id is not None:
        await ask(ctx, taken, timeout_s=REQUEST_TIMEOUT_S)
    ctx.wake()
    return await _answered(ctx, taken, claim, answer)


async def ask_due(ctx: Context, limit: int) -> int:
    """Ask about slips that are due, all at once; how many there were. One that fails does not stop the others."""
    due = await ctx.db.transaction(lambda conn: rows.claim(conn, ctx.new_id(), LEASE, limit))
    results = await asyncio.gather(
        *(ask(ctx, slip, timeout_s=WORKER_TIMEOUT_S) for slip in due), return_exceptions=True
    )
    for slip, result in zip(due, results, strict=True):
        if isinstance(result, Exception):  # Its lease brings it back.
            log.error("a slip could not be checked", slip=str(slip.id), exc_info=result)
    return len(due)


async def ask(ctx: Context, slip: Slip, *, timeout_s: float) -> None:
    """Ask about a slip that is leased to us, and write down what came of it."""
    if slip.payload is None or slip.sending_bank is None or slip.trans_ref is None:
        return
    seen = await slip_outcomes.look_up(ctx, slip)
    if isinstance(seen, End):  # What is known already needs no verifier.
        await slip_outcomes.decide(ctx, slip, seen)
        return
    if slip.attempts > MOST_TRIES:
        await slip_outcomes.decide(ctx, slip, End(Verdict(SlipOutcome.REVIEW, Reason.SLIP_UNVERIFIED)), alarm=True)
        return
    try:
        facts = await _verify(ctx, slip, SlipRef(slip.payload, slip.sending_bank, slip.trans_ref), timeout_s)
    except VerifierError as error:
        await _not_told(ctx, slip, error, seen.now)
        return
    await slip_outcomes.conclude(ctx, slip, seen, facts)


async def _verify(ctx: Context, slip: Slip, ref: SlipRef, timeout_s: float) -> SlipFacts:
    try:
        async with asyncio.timeout(timeout_s):
            test = slip.mode == "test"
            facts = await (simulated_bank.verify(ctx, slip) if test else verification.verify(ctx, ref))
    except TimeoutError:
        raise VerifierError(ErrorKind.UPSTREAM_DOWN, "No answer in time.", provider="") from None
    if (facts.sending_bank, facts.trans_ref) != (ref.sending_bank, ref.trans_ref):
        raise VerifierError(ErrorKind.UNKNOWN, "The answer is about another transfer.", provider=facts.provider)
    return facts


async def _not_told(ctx: Context, slip: Slip, error: VerifierError, now: datetime) -> None:
    """Nobody could say: ask again by the schedule, or the end of it."""
    follows = policy.after_failure(error.kind, slip.attempts, now - slip.handed_at, error.retry_after_s)
    if isinstance(follows, timedelta):
        await ctx.db.transaction(lambda conn: rows.postpone(conn, slip, follows, error.kind))
        return
    alarm = follows.outcome is SlipOutcome.REVIEW and error.kind in (ErrorKind.AUTH, ErrorKind.QUOTA)
    await slip_outcomes.decide(ctx, slip, End(follows), last_error=error.kind, alarm=alarm)


async def _take(ctx: Context, conn: Conn, seen: Payment, given: Given) -> Slip:
    """All of handing in that is one transaction: the count, the slip's row, the payment's new deadline."""
    now = await credits.lock_slot(conn, seen.mode, seen.receiving_id, seen.payable_satang)
    payment = await payment_rows.lock(conn, seen.merchant_id, seen.mode, seen.id)
    if payment is None:
        raise NotFound("No such payment.")
    slip = given.slip
    if isinstance(slip, Blank):
        return await _blank(ctx, conn, payment, slip, now)
    before = await rows.same(conn, payment, slip.sending_bank, slip.trans_ref)
    if before is not None and before.reason not in AGAIN:
        return _in_other_hands(before)
    if payment.status is Status.PAID:
        return before or await _paid_by(ctx, conn, payment, slip, now)
    _refuse_closed(payment)
    count, _ = await rows.counts(conn, payment)
    if count >= MAX_SLIPS:
        _refuse(Refusal.TOO_MANY_SLIPS)
    step = advance(payment, SlipAccepted(now))
    asked = await _verifiable(ctx, conn, payment, slip)
    checking = policy.told_of_slip(SlipOutcome.VERIFYING, None, now)
    event = of_verification(step.after, checking, ctx.new_id(), now) if asked else None  # Else its end is told below.
    await steps.write(conn, steps.Writing(now, payment.mode, step=step, event=event))
    lease = (ctx.new_id(), now + LEASE)
    if before is not None:
        taken = await rows.hand_again(conn, before, now, picture=given.picture, lease=lease)
    else:
        taken = await rows.insert(
            conn,
            payment,
            ctx.new_id(),
            now,
            payload=slip.payload,
            sending_bank=slip.sending_bank,
            trans_ref=slip.trans_ref,
            picture=given.picture,
            outcome=SlipOutcome.VERIFYING,
            lease=lease,
        )
    if asked:
        return taken
    end = End(Verdict(SlipOutcome.REVIEW, Reason.SLIP_UNVERIFIED))
    await slip_outcomes.write(ctx, conn, taken, step.after, now, end)
    return _in_other_hands(taken)


async def _blank(ctx: Context, conn: Conn, payment: Payment, why: Blank, now: datetime) -> Slip:
    """A picture or text in which there is no slip: counted, so that nobody keeps us busy, and told in words."""
    if payment.status is Status.PAID:
        _refuse(Refusal.PAID_ALREADY)
    _refuse_closed(payment)
    _, blanks = await rows.counts(conn, payment)
    if blanks >= MAX_BLANKS:
        _refuse(Refusal.TOO_MANY_SLIPS)
    return await rows.insert(conn, payment, ctx.new_id(), now, outcome=SlipOutcome.REJECTED, reason=why)


async def _paid_by(ctx: Context, conn: Conn, payment: Payment, slip: MiniQr, now: datetime) -> Slip:
    """The slip of the very transfer that paid; another one is not taken."""
    used = await rows.used(
        conn, payment.mode, payment.receiving_id, f"{BANK_NAMESPACE}{slip.sending_bank}", slip.trans_ref
    )
    if used is None or used.payment_id != payment.id:
        _refuse(Refusal.PAID_ALREADY)
    return await rows.insert(
        conn,
        payment,
        ctx.new_id(),
        now,
        payload=slip.payload,
        sending_bank=slip.sending_bank,
        trans_ref=slip.trans_ref,
        outcome=SlipOutcome.PAID,
        credit_id=used.id,
    )


async def _verifiable(ctx: Context, conn: Conn, payment: Payment, slip: MiniQr) -> bool:
    """Whether somebody is to be asked: for test money, whose slips anybody may invent at our expense, never a verifier,
    but the simulator's own bank, which knows its own."""
    if payment.mode != "live":
        return await simulated_bank.knows(conn, payment, slip.sending_bank, slip.trans_ref)
    return bool(ctx.verifiers) and slip.sending_bank != TRUEMONEY


def _in_other_hands(slip: Slip) -> Slip:
    """*slip*, not to be asked about by us."""
    return replace(slip, lease_id=None)


def _refuse_closed(payment: Payment) -> None:
    if payment.status in (Status.CANCELLED, Status.FAILED):
        _refuse(Refusal.CLOSED)


def _refuse(why: Refusal) -> NoReturn:
    told = policy.words(SlipOutcome.REJECTED, why)
    raise SlipRefused(why, en=told.en, th=told.th)


async def _answered(ctx: Context, taken: Slip, claim: Claim | None, answer: Answer) -> Done:
    """How the slip and its payment stand now, as the face says it; kept with the Idempotency-Key."""

    async def work(conn: Conn) -> Done:
        found = await payment_rows.get(conn, taken.merchant_id, taken.mode, taken.payment_id)
        slip = await rows.get(conn, taken.merchant_id, taken.mode, taken.id)
        if found is None or slip is None:
            raise Moved()
        payment = replace(found[0], status=standing(*found))
        status, body = answer(payment, slip_outcomes.shown(payment, slip))
        if claim:
            sealed = ctx.key.seal(body, idempotency.purpose(claim), secrets.token_bytes(NONCE_BYTES))
            await idempotency.answer_key(conn, claim, idempotency.Stored(status, sealed))
        return Done(payment, status, body)

    return await ctx.db.transaction(work)
