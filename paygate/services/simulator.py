"""Plays the bank for payments of the test mode: money arrives, and is told of by the very doors that live news uses.

A transfer is a row (`simulated_transfers`) before anybody hears of it: ordered in one transaction, told outside of it
by whoever has its lease, at once by the request, later by the workers. What is told (a bank's text, a signed callback,
the picture of a slip) is fixed with the row, so that a kill between any two lines only tells the same thing again,
which changes nothing. Nothing here knows how to make a payment PAID.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args
from uuid import NAMESPACE_URL, UUID, uuid5

from paygate import telemetry
from paygate.banks import generic
from paygate.banks.notices import senders
from paygate.core import canonical, ids, webhooks
from paygate.core.credits import BANGKOK, voice
from paygate.core.errors import Bug, Conflict, Forbidden, InvalidInput, Moved, NotFound, Refused, TooManyRequests
from paygate.core.events import of_payment
from paygate.core.masks import last_four
from paygate.core.money import baht, show
from paygate.core.payments import Payment, Status, TimePassed, advance, standing
from paygate.core.sealing import NONCE_BYTES
from paygate.db import balances, credits, idempotency, simulated, sources, steps
from paygate.db import payments as payment_rows
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.simulated import Announced, Holder, Order, Transfer
from paygate.services import audit, bank, notices, simulated_bank, slips, specimen_slips
from paygate.services.context import Context
from paygate.services.evidence import Outcome, Word
from paygate.services.notices import Told
from paygate.services.payments import Done, Replayed, Whose, as_of, replay
from paygate.services.slip_outcomes import Verification
from paygate.services.sources import purpose
from paygate.services.specimen_slips import SpecimenSlip

Via: TypeAlias = Literal["notice", "callback", "slip"]
VIAS: tuple[Via, ...] = get_args(Via)
MOST_TRANSFERS = 30  # Of one payment: each leaves rows that are kept for ever.
MOST_DELAY_S = 86_400
HIGH_SATANG = 10**11 - 1
LEASE = timedelta(seconds=60)
MOST_TRIES = 20
OPENING_SATANG = 10_000_000  # The balance that a simulated account begins with.
KEY_KEPT = timedelta(hours=24)
LIVE = "This is a live payment. The simulator plays the bank for test payments only (sk_test_..., pk_test_...)."
PAID_OTHER, REFUSED = "PAID_OTHER", "REFUSED"
_NAMES = {found.code: name for name in reversed(senders.usual()) if (found := senders.find(name)) and found.code}

log = telemetry.logger("services.simulator")

Answer = Callable[[Payment, Transfer], tuple[int, bytes]]
"""Renders the answer of a face: HTTP status and body."""


@dataclass(frozen=True, slots=True)
class Play:
    """What shall happen. `amount_satang` None: just what the QR asks for. `late`: an open QR runs out first.

    `duplicate`: the same evidence is told twice. `draw_only`: a slip is drawn, and nobody is told of it.
    """

    via: Via = "callback"
    amount_satang: int | None = None
    delay_s: int = 0
    duplicate: bool = False
    late: bool = False
    draw_only: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What the simulator did for a payment and what its merchant heard, newest first."""

    transfers: list[Transfer]
    events: list[Announced]


async def play(
    ctx: Context, whose: Whose, payment_id: UUID, wish: Play, claim: Claim | None, answer: Answer, actor: audit.By
) -> Done | Replayed:
    """Let money arrive for a test payment, and tell of it now or, after a delay, by the workers.

    Raises NotFound, Forbidden for a live payment, InvalidInput (amount, via), Conflict (too many transfers; a QR that
    cannot run out while a slip is checked), IdempotencyMismatch, IdempotencyBusy. Nothing is written then.
    """
    lease_id, new_id = ctx.new_id(), ctx.new_id()

    async def work(conn: Conn) -> Transfer | Replayed:
        found = await payment_rows.get(conn, whose.merchant_id, whose.mode, payment_id)
        if found is None:
            raise NotFound("No such payment.")
        if found[0].mode != "test":
            raise Forbidden(LIVE)
        if claim and (stored := await idempotency.claim_leased(conn, claim, LEASE)) is not None:
            return replay(ctx, claim, stored)
        return await _order(ctx, conn, found[0], wish, claim, (new_id, lease_id), actor)

    ordered = await ctx.db.transaction(work)
    if isinstance(ordered, Replayed):
        return ordered
    if ordered.lease_id == lease_id:
        try:
            await tell(ctx, ordered)
        except TooManyRequests:  # The workers tell it when the lease is over.
            log.info("a simulated bank was told to wait", payment=str(payment_id))
    ctx.wake()
    return await _answered(ctx, ordered, claim, answer)


async def tell_due(ctx: Context, limit: int) -> int:
    """Tell of transfers that are due; how many there were. One that fails does not stop the others."""
    due = await ctx.db.transaction(lambda conn: simulated.claim(conn, ctx.new_id(), LEASE, limit))
    results = await asyncio.gather(*(tell(ctx, one) for one in due), return_exceptions=True)
    for one, result in zip(due, results, strict=True):
        if isinstance(result, Exception):  # Its lease brings it back.
            log.error("a simulated transfer could not be told", transfer=str(one.id), exc_info=result)
    return len(due)


async def tell(ctx: Context, transfer: Transfer) -> None:
    """Tell of a transfer that is leased to us, as often as was ordered, and write down what was answered."""
    async with ctx.db.connection() as conn:
        payment = as_of(await payment_rows.get(conn, transfer.merchant_id, transfer.mode, transfer.payment_id))
        taken = await _taken(conn, payment, transfer.amount_satang)
    outcomes, detail = list[str](), ""
    try:
        if transfer.attempts > MOST_TRIES:
            raise Conflict("It could not be told, however often it was tried.")
        if taken:
            raise Conflict(_taken_words(transfer.amount_satang))
        for _ in range(transfer.times):
            outcomes.append(await _tell_once(ctx, payment, transfer))
    except TooManyRequests:
        raise
    except Refused as error:
        outcomes.append(REFUSED)
        detail = error.message
    await ctx.db.transaction(lambda conn: simulated.conclude(conn, transfer, outcomes, detail))


async def history(ctx: Context, payment: Payment) -> History:
    """All that happened to a test payment. Raises NotFound for a live one."""
    if payment.mode != "test":
        raise NotFound("There is nothing at this address.")
    async with ctx.db.connection() as conn:
        return History(list(await simulated.listed(conn, payment)), list(await simulated.events(conn, payment)))


async def slip(ctx: Context, payment: Payment, transfer_id: UUID) -> bytes:
    """The picture of a transfer's slip, as a PNG. Raises NotFound."""
    if payment.mode != "test":
        raise NotFound("There is nothing at this address.")
    async with ctx.db.connection() as conn:
        transfer = await simulated.get(conn, payment.merchant_id, transfer_id)
        to = await simulated.holder(conn, payment)
    if transfer is None or to is None or (transfer.payment_id, transfer.via) != (payment.id, "slip"):
        raise NotFound("No such slip.")
    return await asyncio.to_thread(specimen_slips.png, _drawn(transfer, to))


# --- ordering ------------------------------------------------------------------------------------------------------


async def _order(
    ctx: Context, conn: Conn, seen: Payment, wish: Play, claim: Claim | None, new: tuple[UUID, UUID], actor: audit.By
) -> Transfer:
    """All of ordering that is one transaction; *new*: ids for the transfer, and for the lease of telling it now."""
    now = await credits.lock_slot(conn, seen.mode, seen.receiving_id, seen.payable_satang)
    payment = await payment_rows.lock(conn, seen.merchant_id, seen.mode, seen.id)
    if payment is None:
        raise Moved()
    transfer_id, lease_id = new
    if claim is not None:  # The same key is the same transfer, however often its request is cut short.
        named = uuid5(NAMESPACE_URL, f"paygate:simulator:{claim.merchant_id}:{claim.path}:{claim.key}")
        known = await simulated.get(conn, payment.merchant_id, named)
        if known is not None and now - known.created_at < KEY_KEPT:
            return known
        transfer_id = transfer_id if known else named
    if await simulated.count(conn, payment) >= MOST_TRANSFERS:
        raise Conflict(f"This payment has had {MOST_TRANSFERS} transfers already; make another one.")
    moves_at = now + timedelta(seconds=wish.delay_s)
    if wish.late and await _let_run_out(ctx, conn, payment, now):
        moves_at += timedelta(seconds=1)
    order = await _composed(ctx, conn, payment, wish, transfer_id, moves_at)
    at_once = wish.delay_s == 0 and not wish.draw_only
    transfer = await simulated.insert(
        conn,
        payment,
        order,
        now,
        run_at=None if wish.draw_only else now + LEASE if at_once else moves_at,
        lease_id=lease_id if at_once else None,
    )
    after = {"mode": payment.mode, "via": order.via, "amount_satang": order.amount_satang, "times": order.times}
    await audit.append(
        conn,
        ctx,
        merchant_id=payment.merchant_id,
        actor=actor,
        action="simulator.pay",
        subject=f"payment:{payment.id}",
        after=after,
    )
    return transfer


async def _let_run_out(ctx: Context, conn: Conn, payment: Payment, now: datetime) -> bool:
    """Move the deadline of an open payment to *now*, and announce that it is over; False when it was over before."""
    if standing(payment, now) is not Status.PENDING:
        return False
    if payment.verifying:
        raise Conflict("A slip of this payment is being checked; it cannot run out now.")
    step = advance(replace(payment, expires_at=now), TimePassed(now))
    event = of_payment("payment.expired", step.after, ctx.new_id(), now)
    await steps.write(conn, steps.Writing(now, payment.mode, step=replace(step, until_at=None), event=event))
    return True


async def _composed(
    ctx: Context, conn: Conn, payment: Payment, wish: Play, transfer_id: UUID, moves_at: datetime
) -> Order:
    amount_satang = payment.payable_satang if wish.amount_satang is None else wish.amount_satang
    if await _taken(conn, payment, amount_satang):
        raise InvalidInput(_taken_words(amount_satang), field="amount")
    to = await simulated.holder(conn, payment)
    if to is None:
        raise Bug(f"Payment {payment.id} has no account.")
    reference = "TEST" + ids.show("", transfer_id)[-16:].upper()
    text = sender = None
    if wish.via == "notice":
        sender = _sender(to)
        text = await _notice(ctx, conn, payment, to, amount_satang, moves_at, reference)
    if wish.via != "slip":
        await _speak_for(ctx, conn, payment, wish.via)
    return Order(
        id=transfer_id,
        via=wish.via,
        amount_satang=amount_satang,
        occurred_at=moves_at,
        sending_bank=simulated_bank.BANK,
        reference=reference,
        text=text,
        sender=sender,
        times=0 if wish.draw_only else 2 if wish.duplicate else 1,
    )


async def _taken(conn: Conn, payment: Payment, amount_satang: int) -> bool:
    """Whether this amount would pay another shop's test payment, on the account that they share."""
    if amount_satang == payment.payable_satang or payment.owner_id == payment.merchant_id:
        return False
    return await simulated.taken(conn, payment, amount_satang)


def _taken_words(amount_satang: int) -> str:
    return f"Another shop's test payment asks for {show(amount_satang)} THB just now; take another amount."


# --- what is told --------------------------------------------------------------------------------------------------


def _sender(to: Holder) -> str:
    """The bank that would write of money on this account."""
    name = _NAMES.get(to.bank_code or simulated_bank.BANK)
    if name is None:
        message = f"Texts of bank {to.bank_code}, which keeps this account, are not read. Use callback or slip."
        raise InvalidInput(message, field="via")
    return name


async def _notice(
    ctx: Context, conn: Conn, payment: Payment, to: Holder, amount_satang: int, at: datetime, reference: str
) -> str:
    """A bank's text, whose balance follows from the last one that was told of the account."""
    before_satang = await simulated.balance(conn, payment)
    if before_satang is None:
        before_satang = OPENING_SATANG
        await balances.note(
            conn,
            merchant_id=payment.owner_id,
            mode=payment.mode,
            receiving_id=payment.receiving_id,
            at=at,
            balance_satang=before_satang,
        )
    account = last_four(to.number or to.proxy or to.biller_id or "")
    return (
        f"เงินเข้าบัญชี {account} จำนวน {show(amount_satang)} บาท จาก {simulated_bank.PAYER} Ref.{reference}"
        f" {at.astimezone(BANGKOK):%d/%m/%Y %H:%M:%S} คงเหลือ {show(before_satang + amount_satang)} บาท"
    )


async def _speak_for(ctx: Context, conn: Conn, payment: Payment, via: Via) -> None:
    """See to the simulator's own source on the payment's account."""
    source_id = _source_id(payment, via)
    await simulated.add_source(
        conn,
        payment,
        source_id=source_id,
        kind=notices.KIND if via == "notice" else generic.KIND,
        trust="host" if payment.owner_id == 0 else str(payment.receiving_id),
        secret=ctx.seal(webhooks.new_secret(secrets.token_bytes(32)), purpose(source_id)),
    )


def _source_id(payment: Payment, via: str) -> UUID:
    return voice(f"simulator:{via}:{payment.owner_id}:{payment.receiving_id}")


async def _tell_once(ctx: Context, payment: Payment, transfer: Transfer) -> str:
    """One telling, by the door that real news comes in by; what is answered there, as it concerns this payment."""
    if transfer.via == "slip":
        return await _hand_in(ctx, payment, transfer)
    body = _notice_body(transfer) if transfer.via == "notice" else _callback_body(payment, transfer)
    source_id = _source_id(payment, transfer.via)
    async with ctx.db.connection() as conn:
        found = await sources.get(conn, source_id)
    if found is None:
        raise NotFound("The simulator's source is gone.")
    source, now = found
    signature = webhooks.stamp([ctx.unseal(source.secret, purpose(source_id))], int(now.timestamp()), body)
    answered = await bank.receive(ctx, source_id, signature, body)
    outcome = answered.outcome if isinstance(answered, Told) else answered
    if not isinstance(outcome, Outcome):
        raise Bug("A source of the simulator answered what no such source does.")
    return _word(payment, transfer, outcome)


def _word(payment: Payment, transfer: Transfer, outcome: Outcome) -> str:
    ours = outcome.payment_id == payment.id
    if outcome.word is Word.PAID and not ours:
        return PAID_OTHER
    # After a kill it is told again: what was new then is known now.
    if outcome.word is Word.DUPLICATE and ours and transfer.attempts > 1:
        return Word.PAID
    return outcome.word


def _notice_body(transfer: Transfer) -> bytes:
    said = {
        "text": transfer.text,
        "sender": transfer.sender,
        "receivedAt": transfer.occurred_at.isoformat(),
        "nonce": transfer.reference,
    }
    return canonical.dumps(said).encode()


def _callback_body(payment: Payment, transfer: Transfer) -> bytes:
    said = {
        "amount": baht(transfer.amount_satang),
        "occurredAt": transfer.occurred_at.isoformat(),
        "sendingBank": transfer.sending_bank,
        "transRef": transfer.reference,
        "ref1": payment.ref1,
        "ref2": payment.ref2,
        "payerName": simulated_bank.PAYER,
        "payerAccount": simulated_bank.PAYER_ACCOUNT,
    }
    return canonical.dumps(said).encode()


async def _hand_in(ctx: Context, payment: Payment, transfer: Transfer) -> str:
    """Draw the slip and hand its picture in, as a payer does."""
    heard: list[Verification] = []

    def listen(_: Payment, verification: Verification) -> tuple[int, bytes]:
        heard.append(verification)
        return 200, b""

    picture = await slip(ctx, payment, transfer.id)
    await slips.begin(ctx, payment, None)
    await slips.hand_in(ctx, payment, await slips.look(picture), None, listen)
    return heard[-1].status


def _drawn(transfer: Transfer, to: Holder) -> SpecimenSlip:
    return SpecimenSlip(
        transfer.sending_bank,
        transfer.reference,
        transfer.amount_satang,
        transfer.occurred_at,
        simulated_bank.PAYER,
        to.name,
    )


async def _answered(ctx: Context, ordered: Transfer, claim: Claim | None, answer: Answer) -> Done:
    """How the transfer and its payment stand now, as the face says it; kept with the Idempotency-Key."""
    nonce = secrets.token_bytes(NONCE_BYTES)

    async def work(conn: Conn) -> Done:
        payment = as_of(await payment_rows.get(conn, ordered.merchant_id, ordered.mode, ordered.payment_id))
        transfer = await simulated.get(conn, ordered.merchant_id, ordered.id)
        if transfer is None:
            raise Moved()
        status, body = answer(payment, transfer)
        if claim:
            sealed = ctx.key.seal(body, idempotency.purpose(claim), nonce)
            await idempotency.answer_key(conn, claim, idempotency.Stored(status, sealed))
        return Done(payment, status, body)

    return await ctx.db.transaction(work)
