"""An invoice as a page to print."""

from __future__ import annotations

from paygate.core import money
from paygate.core.credits import BANGKOK
from paygate.services.context import Seller
from paygate.services.invoices import Shown
from paygate.web.pages import LANGUAGES, text

__all__ = ["LANGUAGES", "printable"]


def printable(found: Shown, lang: str, seller: Seller | None = None) -> str:
    """The whole page, in Thai or English. With VAT and a *seller* it is a tax invoice."""
    invoice = found.invoice
    before = ("credit" if invoice.credit_satang > 0 else "carried", -invoice.credit_satang)
    rows = [("fee", invoice.fee_satang), ("vat", invoice.vat_satang), before, ("withheld", -invoice.withheld_satang)]
    if invoice.paid_at is None:
        rows.append(("received", -invoice.received_satang))
    return text(
        "invoice.html",
        lang,
        "invoice",
        number=invoice.number,
        tax_number=invoice.tax_number,
        seller=seller,
        certificate=invoice.certificate,
        merchant=found.merchant_name,
        month=f"{invoice.month:%m/%Y}",
        issued=f"{invoice.issued_at.astimezone(BANGKOK):%d/%m/%Y}",
        due=f"{invoice.due_on:%d/%m/%Y}",
        rows=[(name, money.show(satang)) for name, satang in rows if satang or name == "fee"],
        to_pay=money.show(invoice.to_pay_satang),
        status=found.status,
    )
