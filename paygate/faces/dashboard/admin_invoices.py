"""Fee invoices at the operator's desk: issued for a month, and paid for a merchant; their place in the document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import errors, fields, ids
from paygate.core import shapes as declare
from paygate.core.answers import Done
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.money import baht
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import invoice_answers as answers
from paygate.faces.dashboard.invoices import shape
from paygate.faces.dashboard.people_operations import INVOICE, NO_INVOICE
from paygate.services import invoices, monthly
from paygate.wire.operations import PERSON, Handler, Operation, json_body, reply


def _month(given: Fields) -> date:
    text = given.get("month")
    return monthly.read_month(text if isinstance(text, str) else "")


MONTH = declare.Field(
    "month",
    _month,
    {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"},
    "A month in Bangkok that is over.",
    "2026-10",
    required=True,
)
ISSUE = Shape("InvoiceMonth", "Of which month invoices are issued.", (MONTH,))


class Issued(msgspec.Struct, frozen=True):
    """The invoices that were issued now."""

    issued: Annotated[list[answers.Invoice], Meta(description="None when all of the month were issued before.")]
    success: Done = True


async def issue(request: Request) -> Response:
    """POST /api/admin/invoices: those of a month that is over; again changes nothing."""
    who, ctx = await wire.person(request, May.OPERATE), wire.context(request)
    month = MONTH.read(fields.json_object(await wire.body(request)))
    made = await invoices.issue(ctx, month, who.actor)
    return wire.json_answer(Issued([shape(await invoices.show(ctx, one.id)) for one in made]))


async def pay(request: Request) -> Response:
    """POST /api/admin/invoices/{id}/pay: a payment for its merchant to scan, open for a day; the one that is open."""
    await wire.person(request, May.OPERATE)
    ctx = wire.context(request)
    payment = await invoices.pay(ctx, _id(request))
    return wire.json_answer(
        answers.InvoicePayment(
            transactionId=str(payment.id),
            payableAmount=baht(payment.payable_satang),
            qrPayload=payment.qr_payload,
            paymentUrl=f"{ctx.public_url}/pay/{payment.id}",
            expiresAt=timestamp(payment.expires_at),
        )
    )


def _id(request: Request) -> UUID:
    return ids.read("inv", request.path_params["invoice_id"])


OPERATIONS: Mapping[Handler, Operation] = {
    issue: Operation(
        id="issueInvoices",
        tag="operator",
        summary="Issue the fee invoices of a month that is over",
        about="The server does so by itself after each month. Those that are issued already stay as they are.",
        who=PERSON,
        may=May.OPERATE,
        body=json_body(ISSUE),
        replies=(reply(200, "They are issued.", Issued),),
        refusals=(errors.InvalidInput("The month is not over yet.", field="month"),),
    ),
    pay: Operation(
        id="payAnyInvoice",
        tag="operator",
        summary="A payment that pays an invoice, for its merchant to scan",
        about="Open for a day, without a fee; while one is open it is the answer again.",
        who=PERSON,
        may=May.OPERATE,
        path=(INVOICE,),
        replies=(reply(200, "The payment.", answers.InvoicePayment),),
        refusals=(
            NO_INVOICE,
            errors.Conflict("Invoice INV-0001 is paid already."),
            errors.SlotsExhausted(retry_after_s=600),
            errors.NoAccount(),
        ),
    ),
}
