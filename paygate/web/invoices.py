"""An invoice as a page to print: for the merchant's people, for the operator, and for `paygate invoice print`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import errors, ids, money
from paygate.core import shapes as declare
from paygate.core.credits import BANGKOK
from paygate.core.dossiers import Facts
from paygate.core.people import May
from paygate.core.shapes import Schema, Shape
from paygate.services import invoices
from paygate.services.context import Seller
from paygate.services.invoices import Shown
from paygate.web import pages
from paygate.web.pages import LANGUAGES, text
from paygate.wire.operations import PERSON, Handler, Operation, Part, Reply

__all__ = ["LANGUAGES", "OPERATIONS", "own_print", "print_one", "printable"]

HTML: Schema = {"type": "string", "description": "HTML."}
TEMPLATE = ("invoice.html", "invoice")


async def own_print(request: Request) -> Response:
    """GET /api/invoices/{id}/print: one's own, in `lang` th or en."""
    who = await wire.person(request, May.SEE_MONEY)
    return _page(request, await invoices.show(wire.context(request), _id(request), who.merchant_id))


async def print_one(request: Request) -> Response:
    """GET /api/admin/invoices/{id}/print"""
    await wire.person(request, May.OPERATE)
    return _page(request, await invoices.show(wire.context(request), _id(request)))


LANG = declare.choice("lang", LANGUAGES, "In which language; without it, the browser's.", example="th")
QUERY = Shape("InvoicePageQuery", "How the page is written.", (LANG,))
INVOICE = Part("invoiceId", "The invoice's id.", {"type": "string"}, "inv_06nz0nc5vj7r4gjx7c79l6za00")
PRINTED = Operation(
    id="printOwnInvoice",
    tag="dashboard",
    summary="One fee invoice as a page to print",
    about="With VAT it is the tax invoice.",
    who=PERSON,
    may=May.SEE_MONEY,
    path=(INVOICE,),
    query=QUERY,
    replies=(Reply(200, "The page.", {"text/html": (HTML,)}),),
    refusals=(errors.NotFound("There is no invoice inv_06nz0nc5vj7r4gjx7c79l6za00."),),
)
OPERATIONS: Mapping[Handler, Operation] = {
    own_print: PRINTED,
    print_one: replace(PRINTED, id="printInvoice", tag="operator", may=May.OPERATE),
}


def printable(found: Shown, lang: str, seller: Seller | None = None) -> str:
    """The whole page, in Thai or English. With VAT and a *seller* it is a tax invoice."""
    name, words = TEMPLATE
    return text(name, lang, words, **_values(found, seller))


def _page(request: Request, found: Shown) -> Response:
    name, words = TEMPLATE
    seller, lang = wire.context(request).settlements.seller, LANG.read(wire.query(request))
    return pages.page(name, lang or pages.language(request), words, **_values(found, seller))


def _id(request: Request) -> UUID:
    return ids.read("inv", request.path_params["invoice_id"])


def _values(found: Shown, seller: Seller | None) -> dict[str, Any]:
    invoice = found.invoice
    before = ("credit" if invoice.credit_satang > 0 else "carried", -invoice.credit_satang)
    rows = [("fee", invoice.fee_satang), ("vat", invoice.vat_satang), before, ("withheld", -invoice.withheld_satang)]
    if invoice.paid_at is None:
        rows.append(("received", -invoice.received_satang))
    return {
        "number": invoice.number,
        "tax_number": invoice.tax_number,
        "seller": seller,
        "certificate": invoice.certificate,
        "merchant": found.merchant_name,
        "buyer": found.buyer or Facts(),
        "month": f"{invoice.month:%m/%Y}",
        "issued": f"{invoice.issued_at.astimezone(BANGKOK):%d/%m/%Y}",
        "due": f"{invoice.due_on:%d/%m/%Y}",
        "rows": [(name, money.show(satang)) for name, satang in rows if satang or name == "fee"],
        "days": [
            (f"{one.day:%d/%m/%Y}", one.payments, *map(money.show, (one.amount_satang, one.fee_satang, one.vat_satang)))
            for one in found.days
        ],
        "to_pay": money.show(invoice.to_pay_satang),
        "standing": found.status,
    }
