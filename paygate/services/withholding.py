"""Tax that merchants withhold of our fees (3 % by Thai companies), recorded by its certificate (50 Tawi).

The invoice is then paid by a transfer of the rest; the certificate stands for what is missing, as tax that we paid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from paygate.core import ids, money
from paygate.core.credits import BANGKOK
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.fees import share
from paygate.core.invoices import WITHHELD_BPS, Invoice, invoice_withheld
from paygate.core.money import MIN_AMOUNT_SATANG
from paygate.db import balances, merchants
from paygate.db import bookings as books
from paygate.db import invoices as rows
from paygate.db.pool import Conn
from paygate.services import audit
from paygate.services.context import Context
from paygate.services.invoices import Shown, stand

MAX_CERTIFICATE = 50


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as somebody holds it. `satang` None: 3 % of the fee without VAT."""

    number: str
    on: date
    satang: int | None = None


async def record(ctx: Context, invoice_id: UUID, given: Certificate | None, *, actor: audit.By) -> Shown:
    """Say what the merchant withheld of an invoice; said again it takes the place of what was said, None takes it back.
    Of a paid invoice what is missing then is left to pay, and it is open again, if anybody can transfer so little.

    Raises NotFound, InvalidInput (certificate, date, amount), Conflict (what would be left is too little to be paid).
    """
    journal_id = ctx.new_id()
    number = _number(given.number) if given is not None else None

    async def work(conn: Conn) -> Shown:
        found = await rows.find(conn, invoice_id)
        locked = await rows.lock(conn, found.merchant_id, invoice_id) if found else None
        if locked is None:
            raise NotFound(f"There is no invoice {ids.show('inv', invoice_id)}.")
        now = await balances.clock(conn)
        today = now.astimezone(BANGKOK).date()
        if given is not None and given.on > today:
            raise InvalidInput("The certificate's date is not over yet.", field="date")
        satang = _amount(locked, given)
        after = replace(
            locked, withheld_satang=satang, certificate=number, certificate_on=given.on if given is not None else None
        )
        if after.paid_at is None and not after.enough and after.to_pay_satang < MIN_AMOUNT_SATANG:
            raise Conflict(f"Less than {money.show(MIN_AMOUNT_SATANG)} THB would be left, which nobody can transfer.")
        changed = satang - locked.withheld_satang
        if changed:
            part = 1 + await rows.parts(conn, locked.merchant_id, invoice_id, "invoice.withheld")
            await books.book(conn, invoice_withheld(locked, changed, now, part), journal_id, now)
        if after != locked:
            await rows.withhold(conn, after)
            after = await stand(conn, after)  # Paid by less before, it may be open now, or the other way round.
            await audit.append(
                conn,
                ctx,
                merchant_id=locked.merchant_id,
                actor=actor,
                action="invoice.withheld",
                subject=f"invoice:{ids.show('inv', invoice_id)}",
                before=_shown(locked),
                after=_shown(after),
            )
        merchant = await merchants.get(conn, locked.merchant_id)
        return Shown(after, merchant.name if merchant else "", after.status(today))

    return await ctx.db.transaction(work)


def _number(text: str) -> str:
    number = text.strip()
    if not 1 <= len(number) <= MAX_CERTIFICATE or not number.isprintable():
        raise InvalidInput(
            f"The certificate's number is one line of 1 to {MAX_CERTIFICATE} characters.", field="certificate"
        )
    return number


def _amount(invoice: Invoice, given: Certificate | None) -> int:
    if given is None:
        return 0
    satang = share(invoice.fee_satang, WITHHELD_BPS) if given.satang is None else given.satang
    if not 0 < satang <= invoice.fee_satang:
        raise InvalidInput(
            f"What is withheld is more than nothing, and at most the fee, {money.show(invoice.fee_satang)} THB.",
            field="amount",
        )
    return satang


def _shown(invoice: Invoice) -> dict[str, object]:
    return {
        "to_pay_satang": invoice.to_pay_satang,
        "paid": invoice.paid_at is not None,
        "withheld_satang": invoice.withheld_satang,
        "certificate": invoice.certificate,
        "certificate_on": invoice.certificate_on.isoformat() if invoice.certificate_on else None,
    }
