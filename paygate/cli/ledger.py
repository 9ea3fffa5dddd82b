"""`paygate ledger`: do the books agree with what happened?"""

from __future__ import annotations

import click

from paygate.cli.output import emit, examples, json_option
from paygate.cli.session import run
from paygate.core import money
from paygate.services import ledger as books


@click.group()
def ledger() -> None:
    """The double-entry ledger."""


@ledger.command(epilog=examples("paygate ledger check", "paygate ledger check --json"))
@json_option
def check(as_json: bool) -> None:
    """Compare ledger, payments and credits. Exit status 1 when they differ."""
    report = run(books.check)
    lines = [f"{mode:4}  {account:16} {money.show(satang):>20} THB" for mode, account, satang in report.balances]
    lines += [
        f"WRONG  {d.what}: merchant {d.merchant_id}, {d.mode}, {d.subject}: expected {d.expected}, found {d.found}"
        for d in report.differences
    ]
    lines.append("The books are balanced." if report.balanced else f"{len(report.differences)} things are wrong.")
    emit(report.as_json(), lines, as_json=as_json)
    if not report.balanced:
        raise SystemExit(1)
