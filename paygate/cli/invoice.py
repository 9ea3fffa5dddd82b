"""`paygate invoice`: fees of merchants on direct plans, month by month."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from emvco import qr
from paygate.cli.output import emit, examples, json_option, moment, person, read_baht_option, read_id, table
from paygate.cli.session import run
from paygate.core import ids, money
from paygate.core.invoices import Invoice
from paygate.services import invoices, monthly, withholding
from paygate.services.context import Context
from paygate.services.invoices import Shown
from paygate.services.withholding import Certificate
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
        f"{_baht(payment.payable_satang)}, until {moment(payment.expires_at)}.",
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

    async def drawn(ctx: Context) -> str:
        return printable(await invoices.show(ctx, number), lang, ctx.settlements.seller)

    output.write_text(run(drawn), encoding="utf-8")
    emit({"output": str(output)}, [f"The invoice is in {output}."], as_json=as_json)


@invoice.command(
    epilog=examples(
        "paygate invoice withhold inv_01... --certificate 12/2569 --date 2026-12-05",
        "paygate invoice withhold inv_01... --certificate 12/2569 --date 2026-12-05 --amount 300.00",
        "paygate invoice withhold inv_01... --withdraw",
    )
)
@click.argument("invoice_id")
@click.option("--certificate", help="Number of the merchant's certificate (50 Tawi).")
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="Its date.")
@click.option("--amount", help="What was withheld, in baht; without it, 3 % of the fee without VAT.")
@click.option("--withdraw", is_flag=True, help="Nothing was withheld after all.")
@click.option("--by", help="Who acts; without it, the user of this host.")
@json_option
def withhold(
    invoice_id: str,
    certificate: str | None,
    on: datetime | None,
    amount: str | None,
    withdraw: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Record the tax that a merchant withheld of an invoice: it is paid by its certificate and a transfer of the rest.
    Said again, it takes the place of what was said."""
    number = read_id("inv", invoice_id)
    if withdraw == (certificate is not None or on is not None or amount is not None):
        raise click.UsageError("Say --certificate and --date, or --withdraw.")
    given = None
    if not withdraw:
        if certificate is None or on is None:
            raise click.UsageError("--certificate and --date go together.")
        given = Certificate(certificate, on.date(), read_baht_option(amount) if amount else None)
    done = run(lambda ctx: withholding.record(ctx, number, given, actor=person(by)))
    left_satang = 0 if done.invoice.paid_at is not None else done.invoice.to_pay_satang
    told = f"Withheld: {_baht(done.invoice.withheld_satang)}. Left to pay: {_baht(left_satang)}."
    emit(_shown(done), [told], as_json=as_json)


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
        "withheld": money.baht(one.withheld_satang),
        "certificate": one.certificate,
        "certificateOn": one.certificate_on.isoformat() if one.certificate_on else None,
        "taxNumber": one.tax_number,
        "received": money.baht(one.received_satang),
        "toPay": money.baht(one.to_pay_satang),
        "dueOn": one.due_on.isoformat(),
        "issuedAt": one.issued_at,
        "paidAt": one.paid_at,
    }
