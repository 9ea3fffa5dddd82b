"""`paygate invoice`: fees of merchants on direct plans, month by month."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from emvco import qr
from paygate.cli.output import emit, examples, json_option, person, read_id, table
from paygate.cli.session import run
from paygate.core import ids, money
from paygate.core.events import timestamp
from paygate.core.invoices import Invoice
from paygate.services import invoices, monthly
from paygate.services.invoices import Shown
from paygate.web.invoices import LANGUAGES, printable


@click.group()
def invoice() -> None:
    """Fee invoices: issued after each month, paid to the central account."""


@invoice.command(epilog=examples("paygate invoice issue 2026-11", "paygate invoice issue 2026-11 --json"))
@click.argument("month")
@click.option("--by", help="Who acts; without it, the user of this host.")
@json_option
def issue(month: str, by: str | None, as_json: bool) -> None:
    """Issue the invoices of a month that is over. The server does so by itself; doing it again changes nothing."""
    wanted = monthly.read_month(month)
    made = run(lambda ctx: invoices.issue(ctx, wanted, person(by)))
    lines = [f"{ids.show_merchant(one.merchant_id)}  {one.number}  {_baht(one.to_pay_satang)}" for one in made]
    emit({"issued": [_shape(one) for one in made]}, lines or ["There was none to issue."], as_json=as_json)


@invoice.command(
    "list", epilog=examples("paygate invoice list", "paygate invoice list --overdue", "paygate invoice list --unpaid")
)
@click.option("--merchant", help="Only this merchant's.")
@click.option("--unpaid", is_flag=True, help="Only those that are not paid.")
@click.option("--overdue", is_flag=True, help="Only those whose day is over.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@json_option
def list_(merchant: str | None, unpaid: bool, overdue: bool, limit: int, as_json: bool) -> None:
    """List invoices, the newest first."""
    owner = ids.read_merchant(merchant) if merchant else None
    found = run(lambda ctx: invoices.list_invoices(ctx, merchant_id=owner, unpaid=unpaid, overdue=overdue, limit=limit))
    rows = [
        [
            ids.show("inv", one.invoice.id),
            one.invoice.number,
            f"{one.invoice.month:%Y-%m}",
            one.status,
            f"{money.show(one.invoice.to_pay_satang):>14}",
            one.invoice.due_on.isoformat(),
            one.merchant_name,
        ]
        for one in found
    ]
    lines = table(["INVOICE", "NUMBER", "MONTH", "STATUS", f"{'TO PAY':>14}", "DUE", "MERCHANT"], rows)
    emit({"invoices": [_shown(one) for one in found]}, lines, as_json=as_json)


@invoice.command(epilog=examples("paygate invoice pay inv_01...", "paygate invoice pay inv_01... --json"))
@click.argument("invoice_id")
@json_option
def pay(invoice_id: str, as_json: bool) -> None:
    """Make a payment for an invoice, to be scanned by the merchant: open for a day, without a fee."""
    number = read_id("inv", invoice_id)
    payment = run(lambda ctx: invoices.pay(ctx, number))
    lines = [
        qr.render(payment.qr_payload).terminal(ansi=sys.stdout.isatty()),
        f"{_baht(payment.payable_satang)}, until {timestamp(payment.expires_at)}.",
    ]
    answer = {
        "transactionId": str(payment.id),
        "payableAmount": money.baht(payment.payable_satang),
        "qrPayload": payment.qr_payload,
        "expiresAt": payment.expires_at,
    }
    emit(answer, lines, as_json=as_json)


@invoice.command(
    "print",
    epilog=examples(
        "paygate invoice print inv_01... --output invoice.html",
        "paygate invoice print inv_01... --output invoice.html --lang en",
    ),
)
@click.argument("invoice_id")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The HTML file.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="th", show_default=True, help="In which language.")
@json_option
def print_(invoice_id: str, output: Path, lang: str, as_json: bool) -> None:
    """Write an invoice as a page to print."""
    number = read_id("inv", invoice_id)
    found = run(lambda ctx: invoices.show(ctx, number))
    output.write_text(printable(found, lang), encoding="utf-8")
    emit({"output": str(output)}, [f"The invoice is in {output}."], as_json=as_json)


def _baht(satang: int) -> str:
    return f"{money.show(satang)} THB"


def _shown(one: Shown) -> dict[str, Any]:
    return {**_shape(one.invoice), "status": one.status, "merchantName": one.merchant_name}


def _shape(one: Invoice) -> dict[str, Any]:
    return {
        "invoiceId": ids.show("inv", one.id),
        "merchantId": ids.show_merchant(one.merchant_id),
        "number": one.number,
        "month": f"{one.month:%Y-%m}",
        "fee": money.baht(one.fee_satang),
        "vat": money.baht(one.vat_satang),
        "credit": money.baht(one.credit_satang),
        "toPay": money.baht(one.to_pay_satang),
        "dueOn": one.due_on.isoformat(),
        "issuedAt": one.issued_at,
        "paidAt": one.paid_at,
    }
