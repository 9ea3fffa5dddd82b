"""The only door to PAID: what says that money arrived becomes a credit, and one function decides what it pays.

One transaction, at most four round trips: lock (account, amount), what is known of this credit, who may own it, write
everything. Two workers with one credit, one credit told three times, a kill between any two lines: PAID once, booked
once, announced at least once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from time import monotonic
from uuid import UUID

from paygate import telemetry
from paygate.core.credits import BANGKOK, REJECTED, SKEW, Channel, Credit, CreditState, Observation, Sameness, recognise
from paygate.core.events import of_payment, of_verification
from paygate.core.ledger import PLATFORM, credit_parked
from paygate.core.matching import (
    ALARMING,
    CERTAIN,
    NOTICE_RANK,
    ORPHANS,
    Candidate,
    Decision,
    Match,
    Reason,
    Unmatched,
    claimed,
    decide,
    doubted,
    names,
)
from paygate.core.money import show
from paygate.core.payments import FundsDiffer, FundsHeld, FundsMatched, Payment, Status, Step, advance, standing
from paygate.core.slips import told_of_money
from paygate.db import balances, credits, steps
from paygate.db import payments as rows
from paygate.db.pool import Conn
from paygate.services.context import Context


class Word(StrEnum):
    """What a source is told."""

    PAID = "PAID"
    DUPLICATE = "DUPLICATE"
    REVIEW = "REVIEW"
    ORPHAN = "ORPHAN"
    IGNORED = "IGNORED"
    VERIFYING = "VERIFYING"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a piece of evidence, and the payment it is about when that is certain."""

    word: Word
    payment_id: UUID | None = None
    credit_id: UUID | None = field(default=None, compare=False)  # None: it made no credit.


async def record(ctx: Context, seen: Observation, *, about: Payment | None = None) -> Outcome:
    """Take in one observation of one credit and decide it. Saying the same thing again changes nothing.

    *about*: the payment that it was brought for, where somebody said so; a person is shown it, it decides nothing.
    """

    async def work(conn: Conn) -> Outcome:
        outcome = await _take_in(ctx, conn, seen, about)
        if seen.balance_satang is not None:
            await balances.note(
                conn,
                merchant_id=seen.merchant_id,
                mode=seen.mode,
                receiving_id=seen.receiving_id,
                at=seen.occurred_at,
                balance_satang=seen.balance_satang,
            )
        return outcome

    began_s = monotonic()
    outcome = await ctx.db.transaction(work)
    ctx.wake()
    telemetry.count_evidence(seen.channel, outcome.word)
    if outcome.word is Word.PAID:
        telemetry.count_payment(seen.mode, Status.PAID)
        telemetry.observe_evidence_to_paid(monotonic() - began_s)
    return outcome


async def _take_in(ctx: Context, conn: Conn, seen: Observation, about: Payment | None) -> Outcome:
    now = await credits.lock_slot(conn, seen.mode, seen.receiving_id, seen.amount_satang)
    by_reference, nearby = await credits.known(conn, seen)
    sameness, credit = recognise(seen, by_reference, nearby)
    if sameness is Sameness.CONTRADICTION:
        return await _contradicted(ctx, conn, seen, credit, now)
    if sameness is Sameness.DOUBTFUL:
        return await _doubtful(ctx, conn, seen, now)
    if credit is None:
        return await _decide(ctx, conn, _new(ctx, seen, now), None, seen, now, about=about)
    found = None
    if sameness is Sameness.LIKE:
        found = await _candidates(conn, _richer(credit, seen), seen.occurred_at)
        if _has_own_holder(found, credit, seen, now):
            return await _doubtful(ctx, conn, seen, now)
    if credit.state is CreditState.UNASSIGNED:
        return await _decide(ctx, conn, _richer(credit, seen), CreditState.UNASSIGNED, seen, now, found, about)
    if credit.state is CreditState.SETTLED and credit.ref1 is None and seen.ref1 is not None:
        return await _contradicted(ctx, conn, seen, credit, now)  # It named a bill, and paid something else.
    said = any((heard.source_id, heard.digest) == (seen.source_id, seen.digest) for heard in credit.heard_from)
    if credit.reason == REJECTED and not said:
        return await _contradicted(ctx, conn, seen, credit, now)  # A person did not believe in it; others do.
    await steps.write(conn, _noted(seen, credit, now))
    settled = credit.state is not CreditState.POSSIBLE_DUPLICATE
    return Outcome(Word.DUPLICATE, credit.payment_id, credit.id) if settled else Outcome(Word.REVIEW, None, credit.id)


async def decide_again(ctx: Context, merchant_id: int, mode: str, credit_id: UUID) -> Outcome:
    """Decide an unassigned credit once more: a payment that may fit was made after it came."""

    async def work(conn: Conn) -> Outcome:
        now = await credits.lock_slot_of(conn, merchant_id, mode, credit_id)
        credit = await credits.get(conn, merchant_id, mode, credit_id)
        if now is None or credit is None or credit.state is not CreditState.UNASSIGNED:
            return Outcome(Word.DUPLICATE, credit.payment_id if credit else None)
        return await _decide(ctx, conn, credit, CreditState.UNASSIGNED, None, now)

    outcome = await ctx.db.transaction(work)
    ctx.wake()
    if outcome.word is Word.PAID:
        telemetry.count_payment(mode, Status.PAID)
    return outcome


async def decide_within(ctx: Context, conn: Conn, credit: Credit, was: CreditState, now: datetime) -> Outcome:
    """Decide *credit*, which stands as *was*, inside a transaction that holds the lock of its amount since *now*."""
    return await _decide(ctx, conn, credit, was, None, now)


async def _candidates(conn: Conn, credit: Credit, told_at: datetime | None = None) -> rows.Candidates:
    occurred_at = credit.occurred_at
    if credit.day_only:  # Whoever held the amount at any time of that day.
        occurred_at = datetime.combine(occurred_at.astimezone(BANGKOK).date(), time(), BANGKOK)
        told_at = occurred_at + timedelta(days=1)
    return await rows.candidates(
        conn,
        owner_id=credit.merchant_id,
        mode=credit.mode,
        receiving_id=credit.receiving_id,
        amount_satang=credit.amount_satang,
        occurred_at=occurred_at,
        ref1=credit.ref1,
        ref2=credit.ref2,
        told_at=told_at,
    )


def _has_own_holder(found: rows.Candidates, credit: Credit, seen: Observation, now: datetime) -> bool:
    """Whether a payment waits for this tale's money that did not hold the amount when *credit* moved."""
    return any(
        candidate.payment.id != credit.payment_id
        and candidate.held(seen.occurred_at)
        and not (candidate.held(credit.occurred_at) or candidate.held(credit.occurred_at + SKEW))
        and standing(candidate.payment, now) in (Status.PENDING, Status.EXPIRED)
        for candidate in found.holders
    )


async def _decide(
    ctx: Context,
    conn: Conn,
    credit: Credit,
    was: CreditState | None,
    seen: Observation | None,
    now: datetime,
    found: rows.Candidates | None = None,
    about: Payment | None = None,
) -> Outcome:
    found = found or await _candidates(conn, credit)
    named = [c for c in found.named if names(credit.ref1, credit.ref2, c.payment)]
    decision = decide(credit, named, found.holders, now, bills=found.bills, accept_overpaid=found.accept_overpaid)
    decision = claimed(await _weighed(ctx, conn, decision, credit, found), credit, about)
    if isinstance(decision, Match):
        writing, outcome = _paid(ctx, credit, decision.payment, now)
    else:
        partly = decision.differs is not None and decision.differs.received_satang is not None
        parts_satang = await credits.other_parts(conn, credit, decision.differs) if decision.differs and partly else 0
        writing, outcome = _parked(ctx, credit, decision, seen, now, parts_satang)
        # News that would complete the chain may be on its way to the same moment: look once more.
        again = seen is not None and decision.reason is Reason.BALANCE_BREAK
        writing = replace(writing, recheck=again)
    new_reference = (
        seen is not None and seen.reference is not None and (seen.namespace, seen.reference) not in credit.references
    )
    observed_id = credit.id if seen else None
    await steps.write(
        conn, replace(writing, was_state=was, seen=seen, observed_id=observed_id, new_reference=new_reference)
    )
    return outcome


async def _weighed(ctx: Context, conn: Conn, decision: Decision, credit: Credit, found: rows.Candidates) -> Decision:
    """What a bank notice alone decides has to pass more than the word of a bank or a verifier has."""
    if not isinstance(decision, Match) or credit.rank != NOTICE_RANK or credit.confirmed:
        return decision
    central = credit.merchant_id == PLATFORM
    limits = [found.ceilings.get(decision.payment.merchant_id)]
    if central and credit.balance_satang is None:
        limits.append(ctx.notice_ceiling_satang)
    chained = not central or await balances.chained(conn, credit)
    ceiling_satang = min((limit for limit in limits if limit is not None), default=None)
    return doubted(decision, credit, chained=chained, ceiling_satang=ceiling_satang)


def _paid(ctx: Context, credit: Credit, payment: Payment, now: datetime) -> tuple[steps.Writing, Outcome]:
    step = advance(payment, FundsMatched(now, credit))
    settled = replace(
        credit,
        state=CreditState.SETTLED,
        reason=None,
        booked=credit.merchant_id == PLATFORM,
        payment_merchant_id=payment.merchant_id,
        payment_id=payment.id,
    )
    event = of_payment("payment.success", step.after, ctx.new_id(), now)
    writing = steps.Writing(
        now, credit.mode, step=step, event=event, journal=step.journal, journal_id=ctx.new_id(), credit=settled
    )
    return writing, Outcome(Word.PAID, payment.id, credit.id)


def _parked(
    ctx: Context, credit: Credit, decision: Unmatched, seen: Observation | None, now: datetime, parts_satang: int
) -> tuple[steps.Writing, Outcome]:
    parked = replace(
        credit, state=CreditState.UNASSIGNED, reason=decision.reason, booked=credit.merchant_id == PLATFORM
    )
    step = _waits(decision, credit, seen, now, parts_satang)
    writing = steps.Writing(
        now,
        credit.mode,
        step=step,
        event=of_verification(step.after, told_of_money(decision.reason, now), ctx.new_id(), now) if step else None,
        journal=None if credit.booked else credit_parked(credit),
        journal_id=ctx.new_id(),
        credit=parked,
        review=review_of(ctx, credit.id, decision.reason, decision.candidates, _difference(decision, credit)),
    )
    if decision.reason in ORPHANS:
        return writing, Outcome(Word.ORPHAN, None, credit.id)
    only = decision.candidates[0].payment.id if len(decision.candidates) == 1 else None
    return writing, Outcome(Word.REVIEW, only, credit.id)


def _difference(decision: Unmatched, credit: Credit) -> str:
    if decision.reason not in (Reason.UNDERPAID, Reason.OVERPAID) or len(decision.candidates) != 1:
        return ""
    asked_satang = decision.candidates[0].payment.payable_satang
    return f"{show(credit.amount_satang)} THB came, {show(asked_satang)} THB were asked for."


def _waits(
    decision: Unmatched, credit: Credit, seen: Observation | None, now: datetime, parts_satang: int
) -> Step | None:
    """The payment that this money can only be for: it shows what was received, or its merchant hears that money waits.

    *parts_satang*: what other credits brought for it. One that was counted already, or was told of, moves nothing.
    What a slip tells is told as the slip's outcome.
    """
    if decision.differs is not None:
        received_satang = parts_satang + credit.amount_satang
        counted = decision.differs.received_satang == received_satang
        return None if counted else advance(decision.differs, FundsDiffer(now, received_satang))
    of_slip = seen is not None and seen.channel is Channel.SLIP
    certain = len(decision.candidates) == 1 and decision.reason in CERTAIN
    if not certain or of_slip or credit.reason == decision.reason:
        return None
    return advance(decision.candidates[0].payment, FundsHeld(now))


async def _contradicted(ctx: Context, conn: Conn, seen: Observation, credit: Credit | None, now: datetime) -> Outcome:
    """A known reference with other facts: nothing moves, a person is alarmed."""
    detail = (
        f"Reference {seen.reference} came again with {seen.amount_satang} satang at {seen.occurred_at.isoformat()},"
        f" ref1 {seen.ref1}, ref2 {seen.ref2}."
    )
    # Another owner's credit is not shown to whoever was told of it, only the conflict.
    ours = credit.id if credit is not None and credit.merchant_id == seen.merchant_id else None
    review = review_of(ctx, ours, Reason.REFERENCE_CONFLICT, (), detail)
    await steps.write(conn, steps.Writing(now, seen.mode, seen=seen, review=review))
    return Outcome(Word.REVIEW)


async def _doubtful(ctx: Context, conn: Conn, seen: Observation, now: datetime) -> Outcome:
    """It may be another channel's tale of one of several credits: kept, not booked, for a person."""
    credit = replace(
        _new(ctx, seen, now), state=CreditState.POSSIBLE_DUPLICATE, reason=Reason.POSSIBLE_DUPLICATE, booked=False
    )
    review = review_of(ctx, credit.id, Reason.POSSIBLE_DUPLICATE, ())
    await steps.write(
        conn,
        steps.Writing(
            now,
            seen.mode,
            credit=credit,
            seen=seen,
            observed_id=credit.id,
            new_reference=seen.reference is not None,
            review=review,
        ),
    )
    return Outcome(Word.REVIEW, None, credit.id)


def _noted(seen: Observation, credit: Credit, now: datetime) -> steps.Writing:
    new_reference = seen.reference is not None and (seen.namespace, seen.reference) not in credit.references
    return steps.Writing(now, seen.mode, seen=seen, observed_id=credit.id, new_reference=new_reference)


def _new(ctx: Context, seen: Observation, now: datetime) -> Credit:
    return Credit(
        merchant_id=seen.merchant_id,
        mode=seen.mode,
        id=ctx.new_id(),
        receiving_id=seen.receiving_id,
        amount_satang=seen.amount_satang,
        occurred_at=seen.occurred_at,
        recorded_at=now,
        rank=seen.rank,
        state=CreditState.UNASSIGNED,
        booked=False,
        ref1=seen.ref1,
        ref2=seen.ref2,
        balance_satang=seen.balance_satang,
        day_only=seen.day_only,
    )


def _richer(credit: Credit, seen: Observation) -> Credit:
    timed = credit.day_only and not seen.day_only
    return replace(
        credit,
        occurred_at=seen.occurred_at if timed else credit.occurred_at,
        day_only=credit.day_only and not timed,
        confirmed=credit.confirmed or seen.confirms,
        rank=min(credit.rank, seen.rank),
        ref1=credit.ref1 or seen.ref1,
        ref2=credit.ref2 or seen.ref2,
        balance_satang=credit.balance_satang if credit.balance_satang is not None else seen.balance_satang,
    )


def review_of(
    ctx: Context, credit_id: UUID | None, reason: Reason, candidates: tuple[Candidate, ...], detail: str = ""
) -> steps.Review:
    """A row for the review queue, with the payments that may be meant."""
    listed = [
        {"merchantId": c.payment.merchant_id, "paymentId": str(c.payment.id), "status": c.payment.status}
        for c in candidates
    ]
    return steps.Review(ctx.new_id(), credit_id, reason, detail, json.dumps(listed), reason in ALARMING)
