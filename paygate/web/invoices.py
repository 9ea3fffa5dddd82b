"""An invoice as a page to print."""

from __future__ import annotations

from paygate.core import money
from paygate.core.credits import BANGKOK
from paygate.services.invoices import Shown
from paygate.web.pages import LANGUAGES, text

__all__ = ["LANGUAGES", "printable"]


def printable(found: Shown, lang: str) -> str:
    """The whole page, in Thai or English."""
    invoice = found.invoice
    rows = [("fee", invoice.fee_satang), ("vat", invoice.vat_satang), ("credit", -invoice.credit_satang)]
    return text(
        "invoice.html",
        lang,
        "invoice",
        number=invoice.number,
        merchant=found.merchant_name,
        month=f"{invoice.month:%m/%Y}",
        issued=f"{invoice.issued_at.astimezone(BANGKOK):%d/%m/%Y}",
        due=f"{invoice.due_on:%d/%m/%Y}",
        rows=[(name, money.show(satang)) for name, satang in rows if satang or name == "fee"],
        to_pay=money.show(invoice.to_pay_satang),
        status=found.status,
    )
