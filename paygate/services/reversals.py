"""Money that the bank took back: a reversed credit, whatever it had paid."""

from __future__ import annotations

from dataclasses import replace

from paygate.core.credits import Credit, CreditState, Observation
from paygate.core.errors import Moved
from paygate.core.events import of_payment
from paygate.core.ledger import credit_released
from paygate.core.matching import Reason
from paygate.core.payments import FundsReversed, advance
from paygate.db import balances, credits, refunds, steps
from paygate.db import payments as rows
from paygate.db.pool import Conn
from paygate.services import invoices
from paygate.services.context import Context
from paygate.services.evidence import Outcome, Word, review_of


async def reverse(ctx: Context, seen: Observation) -> Outcome:
    """The credit with the reference of *seen* was taken back, as the bank itself says.

    A payment that it paid stays PAID with the exception REVERSED, its booking is undone, the merchant is told and a
    person alarmed; a fee invoice that it paid is open again. Money that had paid nothing leaves suspense. Of an unknown
    reference, or one of several credits of a payment, only a person is told. Saying it again changes nothing.
    """

    async def work(conn: Conn) -> Outcome:
        now = await credits.lock_slot(conn, seen.mode, seen.receiving_id, seen.amount_satang)
        credit, _ = await credits.known(conn, seen)
        ours = credit is not None and (credit.merchant_id, credit.receiving_id, credit.amount_satang) == (
            seen.merchant_id,
            seen.receiving_id,
            seen.amount_satang,
        )
        if credit is None or not ours:
            detail = f"The bank reversed {seen.reference}, which is not known with these facts."
            review = review_of(ctx, None, Reason.REVERSED, (), detail)
            await steps.write(conn, steps.Writing(now, seen.mode, seen=seen, review=review))
            return Outcome(Word.REVIEW)
        if credit.state is CreditState.REVERSED:
            return Outcome(Word.DUPLICATE, credit.payment_id, credit.id)
        gone = replace(credit, state=CreditState.REVERSED, reason=Reason.REVERSED)
        review = review_of(ctx, credit.id, Reason.REVERSED, ())
        writing = steps.Writing(
            now, seen.mode, credit=gone, was_state=credit.state, seen=seen, observed_id=credit.id, review=review
        )
        if credit.state is CreditState.SETTLED:
            undone = await _undone(ctx, conn, credit, writing)
            if undone is None:
                detail = "One of several credits of this payment was reversed."
                review = review_of(ctx, credit.id, Reason.REVERSED, (), detail)
                await steps.write(conn, steps.Writing(now, seen.mode, seen=seen, observed_id=credit.id, review=review))
                return Outcome(Word.REVIEW, credit.payment_id, credit.id)
            writing = undone
        elif (journal := credit_released(credit, now)) is not None:
            writing = replace(writing, journal=journal, journal_id=ctx.new_id())
        await steps.write(conn, writing)
        if writing.step is not None:
            await invoices.reopen(ctx, conn, writing.step.after, now, (ctx.new_id(), ctx.new_id()))
        return Outcome(Word.REVIEW, credit.payment_id, credit.id)

    outcome = await ctx.db.transaction(work)
    ctx.wake()
    return outcome


async def _undone(ctx: Context, conn: Conn, credit: Credit, writing: steps.Writing) -> steps.Writing | None:
    """*writing* with what becomes of the payment that *credit* paid alone; None when others helped to pay it."""
    if credit.payment_id is None or credit.payment_merchant_id is None:
        raise Moved()
    payment = await rows.lock(conn, credit.payment_merchant_id, credit.mode, credit.payment_id)
    if payment is None:
        raise Moved()
    if payment.received_satang != credit.amount_satang:
        return None
    payable_satang = await balances.lock_payable(conn, payment.merchant_id, payment.mode)
    if await invoices.pays_booked(conn, payment):
        payable_satang += payment.payable_satang  # It comes back from the invoice that it paid.
    given = await refunds.taken(conn, payment)  # Fees that refunds gave back are not given back again.
    gone = FundsReversed(writing.now, (credit,), payable_satang, given.fee_satang, given.vat_satang)
    step = advance(payment, gone)
    event = of_payment("payment.refunded", step.after, ctx.new_id(), writing.now)
    return replace(writing, step=step, event=event, journal=step.journal, journal_id=ctx.new_id())
