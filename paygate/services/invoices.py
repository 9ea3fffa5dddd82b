"""Fee invoices of direct merchants: issued after each month, paid by a payment to the central account without a fee."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from paygate.core import canonical, ids, money
from paygate.core.credits import BANGKOK
from paygate.core.dossiers import Facts
from paygate.core.errors import Bug, Conflict, InvalidInput, Moved, NotFound
from paygate.core.events import of_merchant
from paygate.core.invoices import Day, Invoice, amounts, invoice_paid, invoice_unpaid, tax_number
from paygate.core.payments import Oddity, Payment
from paygate.core.principals import Principal, ReceivingAccount
from paygate.db import accounts, balances, events, merchants
from paygate.db import bookings as books
from paygate.db import invoices as rows
from paygate.db import payments as payment_rows
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.services import audit, dossiers, monthly, payments
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from paygate.services.payments import Done

PLATFORM = 0
PAY_MINUTES = 1_440
AT_ONCE = 50
WORKER = "worker"
NAMED = ("legal_name", "tax_id", "address")  # What a tax invoice says of its buyer.


@dataclass(frozen=True, slots=True)
class Shown:
    """An invoice with the merchant's name, and where it stands today. Of one that is shown alone: what it is for, and
    what is known of who pays it."""

    invoice: Invoice
    merchant_name: str
    status: str
    days: Sequence[Day] = ()
    buyer: Facts | None = None


async def issue(ctx: Context, month: date, actor: str = WORKER) -> list[Invoice]:
    """Issue the invoices of a month that is over; those that are issued already stay as they are.

    An invoice has the fees up to the month's end that no invoice had before: news that came late is in the next one.
    Raises InvalidInput (month: not over yet).
    """
    _, end = monthly.span(month)
    async with ctx.db.connection() as conn:
        if await balances.clock(conn) < end:
            raise InvalidInput("The month is not over yet.", field="month")
        debtors = await rows.debtors(conn, month)
    made = [await _issue_one(ctx, merchant_id, month, end, actor) for merchant_id in debtors]
    return [invoice for invoice in made if invoice is not None]


async def issue_last(ctx: Context) -> list[Invoice]:
    """Issue what the month before this one needs."""
    async with ctx.db.connection() as conn:
        today = (await balances.clock(conn)).astimezone(BANGKOK).date()
    return await issue(ctx, (today.replace(day=1) - timedelta(days=1)).replace(day=1))


async def list_invoices(
    ctx: Context, *, merchant_id: int | None = None, unpaid: bool = False, overdue: bool = False, limit: int = 50
) -> list[Shown]:
    """Invoices, the newest first."""
    async with ctx.db.connection() as conn:
        today = (await balances.clock(conn)).astimezone(BANGKOK).date()
        found = await rows.listed(
            conn,
            merchant_id=merchant_id,
            unpaid=unpaid or overdue,
            due_before=today if overdue else None,
            limit=limit,
        )
        return [await _shown(conn, invoice, today) for invoice in found]


async def show(ctx: Context, invoice_id: UUID, merchant_id: int | None = None) -> Shown:
    """One invoice; of *merchant_id* alone unless that is None. Raises NotFound."""
    async with ctx.db.connection() as conn:
        today = (await balances.clock(conn)).astimezone(BANGKOK).date()
        found = await _find(conn, invoice_id)
        if merchant_id not in (None, found.merchant_id):
            raise NotFound(f"There is no invoice {ids.show('inv', invoice_id)}.")
        shown = replace(await _shown(conn, found, today), days=await rows.days(conn, found))
        return await _with_buyer(ctx, conn, shown)


async def pay(ctx: Context, invoice_id: UUID) -> Payment:
    """A payment for the invoice, on the central account: the one that is open, else a new one for a day.

    Who asks at the same moment gets the same one. Raises NotFound, Conflict (it is paid), NoAccount, SlotsExhausted.
    """
    async with ctx.db.connection() as conn:
        invoice = await _find(conn, invoice_id)
        if invoice.paid_at is not None:
            raise Conflict(f"Invoice {invoice.number} is paid already.")
        tries = await rows.tries(conn, _order(invoice))  # First: a payment that it counts is seen below.
        open_one = await rows.pending(conn, _order(invoice), invoice.to_pay_satang)
        if open_one is not None:
            return open_one
        central = await accounts.listed(conn, PLATFORM)
    receiving = tuple(
        ReceivingAccount(
            PLATFORM,
            a.id,
            a.receiving_id,
            a.proxy_kind,
            a.proxy,
            a.biller_id,
            a.name,
            a.amount_tagging,
            a.virtual,
            weight=a.weight,
        )
        for a in central
        if a.mode == "live" and a.paused_at is None
    )
    platform = Principal(
        merchant_id=PLATFORM,
        mode="live",
        kind="secret",
        key_id=UUID(int=0),
        merchant_name="PayGate",
        status="APPROVED",
        plan="platform",
        fee_bps=0,
        overpay="review",
        expiry_minutes=PAY_MINUTES,
        callback_domains=(),
        allowed_origins=(),
        scopes=("*",),
        accounts=receiving,
    )
    metadata = {"invoiceId": ids.show("inv", invoice.id), "merchantId": ids.show_merchant(invoice.merchant_id)}
    new = NewPayment(
        invoice.to_pay_satang,
        order_id=_order(invoice),
        description=f"{invoice.number} {invoice.month:%Y-%m}",
        metadata=canonical.dumps(metadata),
        expiry_minutes=PAY_MINUTES,
    )
    # The key makes one payment of all who saw none open; its answer is that payment's id.
    key = f"{invoice.id} {tries}"
    claim = Claim(PLATFORM, "live", "secret", "invoice pay", key, hashlib.sha256(b"").digest())
    done = await payments.create(ctx, platform, new, claim, lambda made: (201, made.id.bytes))
    if isinstance(done, Done):
        return done.payment
    async with ctx.db.connection() as conn:
        found = await payment_rows.get_by_id(conn, UUID(bytes=done.body))
    if found is None:
        raise Moved()
    return found[0]


async def settle_paid(ctx: Context, limit: int = AT_ONCE) -> int:
    """Book paid invoices, each once; how many payments there were."""
    async with ctx.db.connection() as conn:
        found = await rows.arrived(conn, limit)
    for payment in found:
        await _settle(ctx, payment)
    return len(found)


async def tell_overdue(ctx: Context, limit: int = AT_ONCE) -> int:
    """Tell merchants which of their invoices are overdue, each once; how many."""
    event_ids = [ctx.new_id() for _ in range(limit)]

    async def work(conn: Conn) -> int:
        now = await balances.clock(conn)
        found = await rows.tell_overdue(conn, now.astimezone(BANGKOK).date(), limit)
        for one, event_id in zip(found, event_ids, strict=False):
            data = {
                "invoiceId": ids.show("inv", one.id),
                "number": one.number,
                "month": f"{one.month:%Y-%m}",
                "toPay": money.baht(one.to_pay_satang),
                "dueOn": one.due_on.isoformat(),
            }
            await events.announce(conn, of_merchant("invoice.overdue", one.merchant_id, one.id, data, event_id, now))
        return len(found)

    told = await ctx.db.transaction(work)
    if told:
        ctx.wake()
    return told


async def _issue_one(ctx: Context, merchant_id: int, month: date, end: datetime, actor: str) -> Invoice | None:
    invoice_id = ctx.new_id()

    async def work(conn: Conn) -> Invoice | None:
        await merchants.lock(conn, merchant_id)  # Numbers without gaps: one after another.
        has = await rows.account(conn, merchant_id, end)
        fee, vat = has.fee_satang - has.invoiced_fee_satang, has.vat_satang - has.invoiced_vat_satang
        wanted = amounts(fee, vat, has.paid_satang - has.settled_satang - has.credited_satang)
        if wanted is None:
            return None
        due_on = has.now.astimezone(BANGKOK).date() + timedelta(days=ctx.settlements.invoice_due_days)
        number = f"INV-{has.invoices + 1:04d}"
        invoice = Invoice(merchant_id, "live", invoice_id, number, month, *wanted, due_on, has.now, None, None)
        if not await rows.insert(conn, invoice, has.days):
            return None
        if invoice.vat_satang > 0:
            await merchants.lock(conn, PLATFORM)  # One after another, of all merchants.
            invoice = replace(invoice, tax_number=tax_number(await rows.number_tax(conn, invoice)))
            await rows.set_tax_number(conn, invoice, invoice.tax_number or "", await _sealed_buyer(ctx, conn, invoice))
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=actor,
            action="invoice.issue",
            subject=f"invoice:{ids.show('inv', invoice_id)}",
            after={
                "number": number,
                "month": f"{month:%Y-%m}",
                "to_pay_satang": invoice.to_pay_satang,
                "tax_number": invoice.tax_number,
            },
        )
        return invoice

    return await ctx.db.transaction(work)


async def _sealed_buyer(ctx: Context, conn: Conn, invoice: Invoice) -> bytes:
    """Whom a tax invoice names: what is known of the merchant on the day of issue."""
    merchant = await merchants.get(conn, invoice.merchant_id)
    facts = (await dossiers.read(ctx, conn, invoice.merchant_id)).facts
    named = {name: getattr(facts, name) for name in NAMED} | {"shop": merchant.name if merchant else ""}
    return ctx.seal(json.dumps(named, ensure_ascii=False), _buyer_purpose(invoice))


async def _with_buyer(ctx: Context, conn: Conn, shown: Shown) -> Shown:
    """With whom it names: of a tax invoice, whom it was written for; else, or when nobody was known then, today's."""
    sealed = await rows.buyer(conn, shown.invoice)
    named = json.loads(ctx.unseal(sealed, _buyer_purpose(shown.invoice))) if sealed else {}
    if named.get("legal_name"):
        facts = Facts(**{name: named[name] for name in NAMED})
        return replace(shown, merchant_name=named["shop"], buyer=facts)
    return replace(shown, buyer=(await dossiers.read(ctx, conn, shown.invoice.merchant_id)).facts)


def _buyer_purpose(invoice: Invoice) -> str:
    return f"invoice:{invoice.merchant_id}:{invoice.id}:buyer"


async def _settle(ctx: Context, payment: Payment) -> None:
    journal_ids = (ctx.new_id(), ctx.new_id())

    async def work(conn: Conn) -> None:
        held = await payment_rows.lock(conn, PLATFORM, payment.mode, payment.id)
        invoice = await _paid_by(conn, payment)
        merchant_id, invoice_id = invoice.merchant_id, invoice.id
        if held is None or held.exception is Oddity.REVERSED or await rows.booked(conn, payment.id):
            return  # The bank took it back meanwhile, or another worker was quicker.
        now = await balances.clock(conn)
        part = 1 + await rows.parts(conn, merchant_id, invoice_id)
        at = payment.paid_at or now
        booked = invoice_paid(invoice, payment.id, payment.payable_satang, at, part)
        for journal, journal_id in zip(booked, journal_ids, strict=True):
            await books.book(conn, journal, journal_id, now)
        after = await stand(conn, replace(invoice, received_satang=invoice.received_satang + payment.payable_satang))
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=WORKER,
            action="invoice.paid" if after.paid_at is not None else "invoice.partly_paid",
            subject=f"invoice:{ids.show('inv', invoice_id)}",
            after={"payment": str(payment.id), "satang": payment.payable_satang},
        )

    await ctx.db.transaction(work)


async def reopen(ctx: Context, conn: Conn, payment: Payment, now: datetime, journal_ids: tuple[UUID, UUID]) -> None:
    """Within the transaction in which the bank's reversal of *payment* is written, and after it: the invoice that it
    paid is owed again. Nothing to do for payments of merchants, and for what was not booked yet."""
    if not await pays_booked(conn, payment):
        return
    invoice = await _paid_by(conn, payment)
    part = 1 + await rows.parts(conn, invoice.merchant_id, invoice.id, "invoice.unpaid")
    undone = invoice_unpaid(invoice, payment.id, payment.payable_satang, now, part)
    for journal, journal_id in zip(undone, journal_ids, strict=True):
        await books.book(conn, journal, journal_id, now)
    left = replace(invoice, received_satang=invoice.received_satang - payment.payable_satang)
    if left.payment_id == payment.id:
        left = replace(left, paid_at=None, payment_id=None)  # Paid twice, the other payment pays it.
    reopened = (await stand(conn, left)).paid_at is None and invoice.paid_at is not None
    await audit.append(
        conn,
        ctx,
        merchant_id=invoice.merchant_id,
        actor=WORKER,
        action="invoice.reopened" if reopened else "invoice.payment_reversed",
        subject=f"invoice:{ids.show('inv', invoice.id)}",
        after={"payment": str(payment.id), "satang": payment.payable_satang},
    )


async def stand(conn: Conn, invoice: Invoice) -> Invoice:
    """Whether what was received pays it, written: after money came or went, or its due changed. Whoever calls holds its
    row."""
    if not invoice.enough:
        after = replace(invoice, paid_at=None, payment_id=None)
    elif invoice.paid_at is not None:
        after = invoice
    else:
        found = await rows.payer(conn, _order(invoice))
        if found is None:
            raise Bug(f"Invoice {invoice.id} received money of no payment.")
        after = replace(invoice, payment_id=found[0], paid_at=found[1])
    await rows.stand(conn, after)
    return after


async def pays_booked(conn: Conn, payment: Payment) -> bool:
    """Whether *payment* is the platform's own, and its money is booked to an invoice."""
    return payment.merchant_id == PLATFORM and await rows.booked(conn, payment.id)


async def _paid_by(conn: Conn, payment: Payment) -> Invoice:
    """The invoice that a payment of the platform is for, locked."""
    told = canonical.loads(payment.metadata.encode())
    if not isinstance(told, dict):
        raise Bug(f"The platform's payment {payment.id} does not say what it pays.")
    merchant_id, invoice_id = ids.read_merchant(str(told["merchantId"])), ids.read("inv", str(told["invoiceId"]))
    invoice = await rows.lock(conn, merchant_id, invoice_id)
    if invoice is None:
        raise Bug(f"The platform's payment {payment.id} pays an invoice that is not there.")
    return invoice


async def _find(conn: Conn, invoice_id: UUID) -> Invoice:
    found = await rows.find(conn, invoice_id)
    if found is None:
        raise NotFound(f"There is no invoice {ids.show('inv', invoice_id)}.")
    return found


async def _shown(conn: Conn, invoice: Invoice, today: date) -> Shown:
    merchant = await merchants.get(conn, invoice.merchant_id)
    return Shown(invoice, merchant.name if merchant else "", invoice.status(today))


def _order(invoice: Invoice) -> str:
    return f"{ids.show_merchant(invoice.merchant_id)}:{invoice.number}"


def sums(found: Sequence[Shown]) -> int:
    """What is left to pay of them, in satang."""
    return sum(one.invoice.to_pay_satang for one in found if one.invoice.paid_at is None)
