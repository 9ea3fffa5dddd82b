"""What the calls about fee invoices answer."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from paygate.core.answers import TRANSACTION, Baht, Done, Moment
from paygate.faces.dashboard.answers import MerchantId
from paygate.faces.dashboard.stats_answers import Day


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """The fees of a month."""

    id: Annotated[
        str, Meta(description="The invoice's id.", pattern="^inv_", examples=["inv_06nz0nc5vj7r4gjx7c79l6za00"])
    ]
    merchantId: MerchantId
    merchantName: Annotated[str, Meta(description="Whose it is.", examples=["ร้านกาแฟ"])]
    number: Annotated[str, Meta(description="Without gaps, per merchant.", examples=["INV-0001"])]
    month: Annotated[str, Meta(description="The month in Bangkok.", examples=["2026-11"])]
    status: Annotated[
        str,
        Meta(
            description="Where it stands today.",
            examples=["OPEN"],
            extra_json_schema={"enum": ["OPEN", "OVERDUE", "PAID"]},
        ),
    ]
    fee: Annotated[Baht, Meta(description="Fees without VAT, in baht.")]
    vat: Annotated[Baht, Meta(description="VAT on them, in baht.")]
    credit: Annotated[Baht, Meta(description="What was paid too much before, in baht.")]
    withheld: Annotated[Baht, Meta(description="Tax that was withheld of it, in baht, by its certificate.")]
    certificate: Annotated[str | None, Meta(description="Number of that certificate (50 Tawi).", examples=["12/2569"])]
    taxNumber: Annotated[
        str | None, Meta(description="Number of the tax invoice, where VAT is charged.", examples=["TAX-000001"])
    ]
    toPay: Annotated[Baht, Meta(description="What is left to pay, in baht.")]
    dueOn: Annotated[Day, Meta(description="Until when it is to be paid.")]
    issuedAt: Annotated[Moment, Meta(description="When it was issued.")]
    paidAt: Annotated[Moment | None, Meta(description="When it was paid.")]


class InvoiceDay(msgspec.Struct, frozen=True, kw_only=True):
    """What an invoice is for: the payments of a day, and what they cost."""

    day: Annotated[Day, Meta(description="In Bangkok, when the money moved.")]
    payments: Annotated[int, Meta(description="So many were paid, less those that the bank took back.", examples=[12])]
    amount: Annotated[Baht, Meta(description="Their amounts, in baht.")]
    fee: Annotated[Baht, Meta(description="Fees, less what reversals and refunds gave back, in baht.")]
    vat: Annotated[Baht, Meta(description="VAT on them, in baht.")]


class OneInvoice(msgspec.Struct, frozen=True):
    """One invoice, and day by day what it is for."""

    invoice: Invoice
    days: Annotated[list[InvoiceDay], Meta(description="Their fees and VAT sum to the invoice's.")]
    success: Done = True


class Invoices(msgspec.Struct, frozen=True):
    """Invoices, the newest first."""

    invoices: list[Invoice]


class InvoicePayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that pays an invoice."""

    success: Done = True
    transactionId: Annotated[str, Meta(description="The payment's id.", examples=[TRANSACTION])]
    payableAmount: Annotated[Baht, Meta(description="What the QR asks for, in baht.")]
    qrPayload: Annotated[str, Meta(description="The text of the QR.", examples=["00020101021229370016A000000677"])]
    paymentUrl: Annotated[
        str, Meta(description="The page on which to pay.", examples=[f"https://pay.example/pay/{TRANSACTION}"])
    ]
    expiresAt: Annotated[Moment, Meta(description="Until when it may be paid.")]
