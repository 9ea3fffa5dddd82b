"""Withheld tax of fee invoices, by its certificate: what the operator records, and its place in the API's document."""

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
from paygate.core import errors, fields, ids, money
from paygate.core import shapes as declare
from paygate.core.answers import Baht, Done
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput
from paygate.core.fields import Fields
from paygate.core.money import MAX_AMOUNT_SATANG
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard.answers import MerchantId
from paygate.services import withholding
from paygate.services.invoices import Shown
from paygate.services.withholding import MAX_CERTIFICATE, Certificate
from paygate.wire.operations import PERSON, Handler, Operation, Part, json_body, reply


def _day(given: Fields) -> date:
    text = given.get("date")
    found = fields.read_day(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidInput("date must be a day like 2026-12-05.", field="date")
    return found.astimezone(BANGKOK).date()


def _amount(given: Fields) -> int | None:
    if given.get("amount") is None:
        return None
    return money.satang_from_json(given.get("amount"), field="amount", low=1, high=MAX_AMOUNT_SATANG)


CERTIFICATE = declare.needed(
    declare.text("certificate", MAX_CERTIFICATE, "Number of the certificate (50 Tawi).", example="12/2569"),
    "certificate is required.",
)
ON = declare.Field("date", _day, {"type": "string", "format": "date"}, "Its date.", "2026-12-05", required=True)
AMOUNT = declare.custom(
    "amount", _amount, {"type": "number"}, "In baht; absent: 3 % of the fee without VAT.", example=300
)
WITHHOLDING = Shape("Withholding", "What a merchant withheld of an invoice.", (CERTIFICATE, ON, AMOUNT))
INVOICE = Part("invoiceId", "The invoice's id.", {"type": "string"}, "inv_06nz0nc5vj7r4gjx7c79l6za")


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice, and what was withheld of it."""

    invoiceId: Annotated[str, Meta(description="The invoice's id.", examples=["inv_06nz0nc5vj7r4gjx7c79l6za"])]
    merchantId: MerchantId
    number: Annotated[str, Meta(description="Its number.", examples=["INV-0001"])]
    taxNumber: Annotated[str | None, Meta(description="Number of the tax invoice; null: without VAT.")]
    withheld: Annotated[Baht, Meta(description="What was withheld, in baht.")]
    certificate: Annotated[str | None, Meta(description="The certificate's number.", examples=["12/2569"])]
    certificateOn: Annotated[str | None, Meta(description="Its date.", examples=["2026-12-05"])]
    toPay: Annotated[Baht, Meta(description="What is left to pay by transfer, in baht.")]
    status: Annotated[str, Meta(description="OPEN, OVERDUE or PAID.", examples=["OPEN"])]
    success: Done = True


async def withhold(request: Request) -> Response:
    """PUT /api/admin/invoices/{id}/withholding: takes the place of what was said before."""
    who = await wire.person(request, May.OPERATE)
    given = fields.json_object(await wire.body(request))
    certificate = Certificate(CERTIFICATE.read(given), ON.read(given), AMOUNT.read(given))
    done = await withholding.record(wire.context(request), _invoice_id(request), certificate, actor=who.actor)
    return wire.json_answer(_shown(done))


async def withdraw(request: Request) -> Response:
    """DELETE /api/admin/invoices/{id}/withholding: nothing was withheld after all."""
    who = await wire.person(request, May.OPERATE)
    done = await withholding.record(wire.context(request), _invoice_id(request), None, actor=who.actor)
    return wire.json_answer(_shown(done))


def _invoice_id(request: Request) -> UUID:
    return ids.read("inv", request.path_params["invoice_id"])


def _shown(found: Shown) -> Withheld:
    one = found.invoice
    return Withheld(
        invoiceId=ids.show("inv", one.id),
        merchantId=ids.show_merchant(one.merchant_id),
        number=one.number,
        taxNumber=one.tax_number,
        withheld=money.baht(one.withheld_satang),
        certificate=one.certificate,
        certificateOn=one.certificate_on.isoformat() if one.certificate_on else None,
        toPay=money.baht(one.to_pay_satang),
        status=found.status,
    )


NO_INVOICE = errors.NotFound("There is no invoice inv_06nz0nc5vj7r4gjx7c79l6za.")
OPERATIONS: Mapping[Handler, Operation] = {
    withhold: Operation(
        id="recordWithholding",
        tag="merchants",
        summary="Record the tax that a merchant withheld of an invoice",
        about="By its certificate (50 Tawi). Said again, it takes the place of what was said; less is left to pay.",
        who=PERSON,
        may=May.OPERATE,
        path=(INVOICE,),
        body=json_body(WITHHOLDING),
        replies=(reply(200, "It is recorded.", Withheld),),
        refusals=(
            NO_INVOICE,
            errors.InvalidInput("date must be a day like 2026-12-05.", field="date"),
            errors.Conflict("Less than 1.00 THB would be left, which nobody can transfer."),
        ),
    ),
    withdraw: Operation(
        id="withdrawWithholding",
        tag="merchants",
        summary="Nothing was withheld of an invoice after all",
        who=PERSON,
        may=May.OPERATE,
        path=(INVOICE,),
        replies=(reply(200, "It is taken back.", Withheld),),
        refusals=(NO_INVOICE,),
    ),
}
