"""How a slip ends: what its bank said is laid beside the payment, what fits goes to the evidence, and the slip, its
payment and the review queue are told in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from paygate.banks.slips import SlipFacts
from paygate.core import slips as policy
from paygate.core.credits import BANK_NAMESPACE, CreditState
from paygate.core.errors import Moved, NotFound
from paygate.core.events import of_verification, timestamp
from paygate.core.matching import ALARMING, CERTAIN, Reason
from paygate.core.money import show
from paygate.core.payments import Payment, SlipDecided, Status, advance
from paygate.core.slips import Receiver, Refusal, SlipOutcome, Told, Verdict, Words
from paygate.db import credits, reviews, steps
from paygate.db import payments as payment_rows
from paygate.db import slips as rows
from paygate.db.pool import Conn
from paygate.db.slips import Slip, Used
from paygate.services import evidence
from paygate.services.context import Context
from paygate.services.evidence import Outcome, Word

DIFFERENT = frozenset({Reason.UNDERPAID, Reason.OVERPAID})
WAITING = CERTAIN | DIFFERENT
"""Why money that can only be for a payment waits."""
OURS = frozenset({Reason.BALANCE_BREAK, Reason.ABOVE_CEILING})
"""Of those, what is no business of a payer."""


@dataclass(frozen=True, slots=True)
class Verification:
    """How evidence about a payment stands, for the payer and the merchant: its slips, or money without one."""

    status: SlipOutcome
    reason: str | None
    at: datetime
    of_money: bool = False
    received_satang: int | None = None  # What waits for a person because it is less, or more, than was asked for.

    @property
    def words(self) -> Words:
        """The same in Thai and English."""
        if self.of_money:
            return policy.words_of_money(self.reason)
        return policy.words(self.status, self.reason)


@dataclass(frozen=True, slots=True)
class End:
    """A slip's verdict, with the credit that it is evidence of, if it is."""

    verdict: Verdict
    credit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What a slip is laid beside: its payment, the versions of the account, a credit known by the slip's reference."""

    payment: Payment
    receivers: list[Receiver]
    used: Used | None
    now: datetime


async def look_up(ctx: Context, slip: Slip) -> Case | End:
    """What is known of a slip's transfer before anybody is asked; an End when that is enough."""
    async with ctx.db.connection() as conn:
        found = await payment_rows.get(conn, slip.merchant_id, slip.mode, slip.payment_id)
        if found is None:
            raise NotFound("No such payment.")
        payment, now = found
        namespace = f"{BANK_NAMESPACE}{slip.sending_bank}"
        used = await rows.used(conn, slip.mode, payment.receiving_id, namespace, slip.trans_ref or "")
        if used is not None and used.state == CreditState.SETTLED:
            return _settled(slip, used.payment_id, used.id)
        return Case(payment, await rows.receivers(conn, payment), used, now)


async def conclude(ctx: Context, slip: Slip, case: Case, facts: SlipFacts) -> None:
    """Lay what the bank said beside the payment, and let the evidence decide what fits."""
    told = _told(facts)
    seen = policy.judge(told, case.payment, case.receivers, case.now)
    if isinstance(seen, Verdict):
        if told.reversed and case.used is not None:  # Money that we count on.
            seen = Verdict(SlipOutcome.REVIEW, Reason.REVERSED)
        await decide(ctx, slip, End(seen), told=told)
        return
    outcome = await evidence.record(ctx, seen, about=case.payment)
    await decide(ctx, slip, await _end_of(ctx, slip, case.payment.owner_id, outcome), told=told)


async def decide(
    ctx: Context,
    slip: Slip,
    end: End,
    *,
    told: Told | None = None,
    last_error: str | None = None,
    alarm: bool = False,
) -> None:
    """Give a slip its end, once: whoever lost its lease meanwhile writes nothing."""

    async def work(conn: Conn) -> None:
        found = await payment_rows.get(conn, slip.merchant_id, slip.mode, slip.payment_id)
        if found is None:
            raise NotFound("No such payment.")
        seen, _ = found
        now = await credits.lock_slot(conn, seen.mode, seen.receiving_id, seen.payable_satang)
        payment = await payment_rows.lock(conn, slip.merchant_id, slip.mode, slip.payment_id)
        if payment is None:
            raise Moved()
        await write(ctx, conn, slip, payment, now, end, told=told, last_error=last_error, alarm=alarm)

    await ctx.db.transaction(work)
    ctx.wake()


async def write(
    ctx: Context,
    conn: Conn,
    slip: Slip,
    payment: Payment,
    now: datetime,
    end: End,
    *,
    told: Told | None = None,
    last_error: str | None = None,
    alarm: bool = False,
) -> None:
    """The same in a transaction that has *payment* locked, behind the lock on its amount."""
    verdict = end.verdict
    ours = await rows.decide(
        conn,
        slip,
        now,
        outcome=verdict.outcome,
        reason=verdict.reason,
        credit_id=end.credit_id,
        facts=_stored(told) if told else None,
        last_error=last_error,
        forget=ctx.keep_evidence_days == 0,
    )
    if not ours:
        return
    step = event = None
    if verdict.outcome is not SlipOutcome.PAID:  # That one is `payment.success`.
        step = advance(payment, SlipDecided(now, await rows.others_verifying(conn, slip)))
        said = policy.told_of_slip(verdict.outcome, verdict.reason, now)
        event = of_verification(step.after, said, ctx.new_id(), now)
    review = None
    if verdict.outcome is SlipOutcome.REVIEW and end.credit_id is None:
        review = _review(ctx, slip, payment, verdict.reason, told, last_error, alarm=alarm)
    if step is not None or review is not None:
        await steps.write(
            conn, steps.Writing(now, payment.mode, step=step, event=event, review=review, owner_id=payment.owner_id)
        )
    if verdict.outcome is SlipOutcome.REVIEW and end.credit_id is not None:
        await rows.link_review(conn, payment.owner_id, payment.mode, end.credit_id, slip.id)


async def verification(ctx: Context, payment: Payment) -> Verification | None:
    """How the slips of a payment stand, or money that waits for a person; None when there is neither."""
    async with ctx.db.connection() as conn:
        return await verification_by(conn, payment)


async def verification_by(conn: Conn, payment: Payment) -> Verification | None:
    """The same by a connection that is at hand."""
    slip = await rows.latest(conn, payment)
    seen = shown(payment, slip) if slip else None
    if slip and slip.credit_id and seen and seen.status is SlipOutcome.REVIEW and seen.reason in DIFFERENT:
        credit = await credits.get(conn, payment.owner_id, payment.mode, slip.credit_id)
        seen = replace(seen, received_satang=credit.amount_satang if credit else None)
    if payment.status is Status.PAID or (seen and seen.status is not SlipOutcome.REJECTED):
        return seen
    waits = await reviews.money_of(conn, payment, WAITING)
    if waits is None:
        return seen
    reason, at, amount_satang = waits
    received_satang = amount_satang if reason in DIFFERENT else None
    told = None if reason in OURS else reason
    return Verification(SlipOutcome.REVIEW, told, at, of_money=True, received_satang=received_satang)


def shown(payment: Payment, slip: Slip) -> Verification:
    """A slip beside its payment: what waits is over when the payment is paid by that money, or by other news of it."""
    at = slip.decided_at or slip.handed_at
    waits = slip.outcome in (SlipOutcome.VERIFYING, SlipOutcome.REVIEW)
    if waits and payment.status is Status.PAID and slip.credit_id in (None, payment.credit_id):
        return Verification(SlipOutcome.PAID, None, at)
    return Verification(SlipOutcome(slip.outcome), slip.reason, at)


async def _end_of(ctx: Context, slip: Slip, owner_id: int, outcome: Outcome) -> End:
    """What the evidence's word is for this slip: money that paid another payment is not this one's."""
    if outcome.payment_id is not None and outcome.word in (Word.PAID, Word.DUPLICATE):
        return _settled(slip, outcome.payment_id, outcome.credit_id)
    credit = None
    if outcome.credit_id is not None:
        async with ctx.db.connection() as conn:
            credit = await credits.get(conn, owner_id, slip.mode, outcome.credit_id)
    if credit is None:
        return End(Verdict(SlipOutcome.REVIEW, Reason.REFERENCE_CONFLICT))
    return End(Verdict(SlipOutcome.REVIEW, credit.reason), credit.id)


def _settled(slip: Slip, payment_id: UUID | None, credit_id: UUID | None) -> End:
    if payment_id == slip.payment_id:
        return End(Verdict(SlipOutcome.PAID), credit_id)
    return End(Verdict(SlipOutcome.REJECTED, Refusal.DUPLICATE))  # Whose money it is, is not told.


def _told(facts: SlipFacts) -> Told:
    sender, receiver = facts.sender, facts.receiver
    return Told(
        provider=facts.provider,
        sending_bank=facts.sending_bank,
        trans_ref=facts.trans_ref,
        occurred_at=facts.occurred_at,
        amount_satang=facts.amount_satang,
        currency=facts.currency,
        reversed=facts.reversed,
        receiving_bank=facts.receiving_bank or receiver.bank,
        payer_name=sender.name,
        payer_account=sender.account_mask or sender.proxy,
        receiver_account=receiver.account_mask,
        receiver_proxy=receiver.proxy,
        to_merchant_id=facts.to_merchant_id,
        ref1=facts.ref1,
        ref2=facts.ref2,
    )


def _stored(told: Told) -> str:
    """What the bank said, as the person who reviews it reads it."""
    return json.dumps(
        {
            "provider": told.provider,
            "amountSatang": told.amount_satang,
            "currency": told.currency,
            "occurredAt": timestamp(told.occurred_at),
            "sendingBank": told.sending_bank,
            "transRef": told.trans_ref,
            "payerName": told.payer_name,
            "payerAccount": told.payer_account,
            "receivingBank": told.receiving_bank,
            "receiverAccount": told.receiver_account,
            "receiverProxy": told.receiver_proxy,
            "toMerchantId": told.to_merchant_id,
            "ref1": told.ref1,
            "ref2": told.ref2,
            "reversed": told.reversed,
        },
        ensure_ascii=False,
    )


def _review(
    ctx: Context,
    slip: Slip,
    payment: Payment,
    reason: str | None,
    told: Told | None,
    last_error: str | None,
    *,
    alarm: bool,
) -> steps.Review:
    """A row of the queue about a slip that made no credit; the person finds picture and facts with the slip."""
    detail = f"Slip {slip.trans_ref} of bank {slip.sending_bank} for a payment of {show(payment.payable_satang)} THB."
    if told is not None:
        detail += f" Its bank says {show(told.amount_satang)} THB at {timestamp(told.occurred_at)}."
    elif last_error is not None:
        detail += f" No verifier could say what it is: {last_error}."
    candidate = {"merchantId": payment.merchant_id, "paymentId": str(payment.id), "status": payment.status}
    named = reason or Reason.SLIP_UNVERIFIED
    return steps.Review(
        ctx.new_id(), None, named, detail, json.dumps([candidate]), alarm or named in ALARMING, slip.id, slip.id.bytes
    )
