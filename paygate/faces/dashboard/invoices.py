"""Fee invoices, as direct merchants and the operator see them."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.events import timestamp
from paygate.core.money import baht
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import invoice_answers as answers
from paygate.faces.dashboard.owners import ANY_OWNER
from paygate.services import invoices
from paygate.services.invoices import Shown
from paygate.wire.paging import LIMIT

STATES = ("UNPAID", "OVERDUE")
STATUS = declare.word("status", STATES, "Only those that are not paid, or whose day is over.", example="OVERDUE")
OWN = Shape("InvoiceQuery", "Which invoices.", (STATUS, LIMIT))
ANY = Shape("AdminInvoiceQuery", "Whose invoices, and which.", (ANY_OWNER, STATUS, LIMIT))


async def own_list(request: Request) -> Response:
    """GET /api/invoices: one's own, the newest first."""
    who = await wire.person(request, May.SEE_MONEY)
    return await _listed(request, who.merchant_id)


async def own_get(request: Request) -> Response:
    """GET /api/invoices/{id}: one of one's own."""
    who = await wire.person(request, May.SEE_MONEY)
    return wire.json_answer(_whole(await invoices.show(wire.context(request), _id(request), who.merchant_id)))


async def own_pay(request: Request) -> Response:
    """POST /api/invoices/{id}/pay: a payment to the operator, open for a day; the one that is open, if there is one."""
    who, ctx = await wire.person(request, May.MAKE_PAYMENTS), wire.context(request)
    payment = await invoices.pay(ctx, (await invoices.show(ctx, _id(request), who.merchant_id)).invoice.id)
    return wire.json_answer(
        answers.InvoicePayment(
            transactionId=str(payment.id),
            payableAmount=baht(payment.payable_satang),
            qrPayload=payment.qr_payload,
            paymentUrl=f"{ctx.public_url}/pay/{payment.id}",
            expiresAt=timestamp(payment.expires_at),
        )
    )


async def listed(request: Request) -> Response:
    """GET /api/admin/invoices: everybody's, or with `owner` a merchant's."""
    await wire.person(request, May.OPERATE)
    return await _listed(request, ANY_OWNER.read(wire.query(request)))


async def get(request: Request) -> Response:
    """GET /api/admin/invoices/{id}"""
    await wire.person(request, May.OPERATE)
    return wire.json_answer(_whole(await invoices.show(wire.context(request), _id(request))))


async def _listed(request: Request, merchant_id: int | None) -> Response:
    query = wire.query(request)
    status = STATUS.read(query)
    found = await invoices.list_invoices(
        wire.context(request),
        merchant_id=merchant_id,
        unpaid=status == "UNPAID",
        overdue=status == "OVERDUE",
        limit=LIMIT.read(query),
    )
    return wire.json_answer(answers.Invoices([shape(one) for one in found]))


def _id(request: Request) -> UUID:
    return ids.read("inv", request.path_params["invoice_id"])


def _whole(found: Shown) -> answers.OneInvoice:
    return answers.OneInvoice(
        shape(found),
        [
            answers.InvoiceDay(
                day=one.day.isoformat(),
                payments=one.payments,
                amount=baht(one.amount_satang),
                fee=baht(one.fee_satang),
                vat=baht(one.vat_satang),
            )
            for one in found.days
        ],
    )


def shape(found: Shown) -> answers.Invoice:
    """An invoice as it is sent."""
    one = found.invoice
    return answers.Invoice(
        id=ids.show("inv", one.id),
        merchantId=ids.show_merchant(one.merchant_id),
        merchantName=found.merchant_name,
        number=one.number,
        month=f"{one.month:%Y-%m}",
        status=found.status,
        fee=baht(one.fee_satang),
        vat=baht(one.vat_satang),
        credit=baht(one.credit_satang),
        withheld=baht(one.withheld_satang),
        certificate=one.certificate,
        taxNumber=one.tax_number,
        toPay=baht(one.to_pay_satang),
        dueOn=one.due_on.isoformat(),
        issuedAt=timestamp(one.issued_at),
        paidAt=timestamp(one.paid_at),
    )
