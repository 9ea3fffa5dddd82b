"""`paygate reconcile`: a bank's statement against what PayGate knows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from paygate.banks.statements import MAX_BYTES, Profile
from paygate.cli.output import examples, json_option, moment, read_id
from paygate.cli.reconcile import page
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.errors import InvalidInput, TooLarge
from paygate.core.money import show
from paygate.core.statement_reports import Finding, Report
from paygate.services import reconcile as comparing
from paygate.services import statement_files
from paygate.services.context import Context
from paygate.services.reconcile import Progress

DIFFERENT, UNREADABLE = 1, 2
BAR_FROM_LINES = 2_000
SHOWN = 20
WORDS = {
    Finding.MATCHED: "matched with a payment",
    Finding.WITHOUT_PAYMENT: "credit without a payment",
    Finding.NEVER_HEARD: "would be new credits",
    Finding.MISSING: "MISSING in the statement",
    Finding.DIFFERS: "amount differs",
    Finding.DUPLICATE: "two credits, one line",
}


@click.command(
    epilog=examples(
        "paygate reconcile may.csv --account acc_01...",
        "paygate reconcile may.csv --account acc_01... --columns date=0,time=1,out=3,in=4,balance=5 --keep-columns",
        "paygate reconcile may.mt940 --account acc_01... --dry-run --html report.html",
        "paygate reconcile --report stm_01...",
    )
)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--account", help="The account's id, from `paygate account list`.")
@click.option("--columns", help="Which column is what, where the header does not say: date=0,in=Money In,balance=5")
@click.option("--keep-columns", is_flag=True, help="Use these columns from now on, for this account's sources as well.")
@click.option("--dry-run", is_flag=True, help="Compare, and write nothing.")
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to print.")
@click.option("--report", "report_id", help="Show the report of a statement that a source sent.")
@json_option
def reconcile(
    file: Path | None,
    account: str | None,
    columns: str | None,
    keep_columns: bool,
    dry_run: bool,
    html_file: Path | None,
    report_id: str | None,
    as_json: bool,
) -> None:
    """Compare a bank's statement (CSV, MT940, CAMT.053) with the account's credits.

    What both know is confirmed, what only the bank knows becomes a credit, and a paid payment that the bank does not
    know raises an alarm. Exit status: 0 all is clear, 1 something needs a person, 2 the file cannot be read.
    """
    if report_id is not None:
        _stored(report_id, html_file, as_json)
        return
    if file is None or account is None:
        raise click.UsageError("Give a FILE and --account, or --report.")
    account_id = read_id("acc", account)
    try:
        profile = Profile.of(columns) if columns else None
        raw = _bytes(file)
        report = run(lambda ctx: _compare(ctx, account_id, raw, file.name, profile, keep_columns, dry_run))
    except (InvalidInput, TooLarge) as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(UNREADABLE)
    if html_file is not None:
        html_file.write_text(page.render(report.as_json()), encoding="utf-8")
    click.echo(report.dumps() if as_json else "\n".join(_lines(report)))
    sys.exit(0 if report.clean else DIFFERENT)


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise TooLarge(f"{file.name}: A statement may have {MAX_BYTES >> 20} MiB.")
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file}: {error.strerror}.") from error


async def _compare(
    ctx: Context, account_id: Any, raw: bytes, name: str, profile: Profile | None, keep: bool, dry_run: bool
) -> Report:
    about = await comparing.subject(ctx, account_id)
    with _bar() as progress:
        return await statement_files.run(
            ctx, about, raw, name=name, profile=profile, keep_profile=keep, dry_run=dry_run, progress=progress
        )


@contextmanager
def _bar() -> Iterator[Progress]:
    """A bar on stderr, for long files on a terminal."""
    bars: list[Any] = []

    def progress(done: int, total: int) -> None:
        if not bars and total >= BAR_FROM_LINES and sys.stderr.isatty():
            bars.append(click.progressbar(length=total, label="Comparing", file=sys.stderr))
            bars[0].__enter__()
        if bars:
            bars[0].update(done - bars[0].pos)

    try:
        yield progress
    finally:
        if bars:
            bars[0].__exit__(None, None, None)


def _lines(report: Report) -> list[str]:
    statement = report.statement
    head = f"{report.file}: {statement.format}, {len(statement.incoming)} credits among {len(statement.lines)} lines"
    found = [head + (" (dry run: nothing was written)" if report.dry_run else "")]
    for finding in Finding:
        rows = report.of(finding)
        if rows or finding is Finding.MATCHED:
            total = show(sum(row.amount_satang for row in rows))
            found.append(f"{len(rows):>8}  {WORDS[finding]:26} {total:>18} THB")
    if statement.problems:
        found.append(f"{len(statement.problems):>8}  places that need a look")
    for finding in (Finding.MISSING, Finding.DIFFERS, Finding.DUPLICATE, Finding.WITHOUT_PAYMENT, Finding.NEVER_HEARD):
        rows = report.of(finding)
        for row in rows[:SHOWN]:
            place = (
                f"line {row.line}" if row.line else f"credit {ids.show('crd', row.credit_id)}" if row.credit_id else "?"
            )
            when = moment(row.at) if row.at else row.day.isoformat()
            why = f"  {row.reason}" if row.reason else ""
            payment = f"  payment {row.payment_id}" if row.payment_id else ""
            found.append(f"{finding.value}: {place}  {when}  {show(row.amount_satang)}{why}{payment}")
        if len(rows) > SHOWN:
            found.append(f"{finding.value}: and {len(rows) - SHOWN} more; --json or --html has them all.")
    found += [f"problem: line {p.number}  {p.message}" for p in statement.problems[:SHOWN]]
    if len(statement.problems) > SHOWN:
        found.append(f"problem: and {len(statement.problems) - SHOWN} more.")
    if report.clean:
        found.append("All is clear.")
    elif not report.dry_run:
        found.append("What needs a person is in the review queue.")
    if report.of(Finding.NEVER_HEARD):
        found.append("Without --dry-run these become credits, and pay the payments that they fit.")
    elif report.rows and not any(row.newly for row in report.rows):
        found.append("Nothing in it was new: what it tells was known before.")
    if report.statement_id:
        found.append(f"Report {report.statement_id}")
    return found


def _stored(report_id: str, html_file: Path | None, as_json: bool) -> None:
    statement_id = read_id("stm", report_id)
    stored = run(lambda ctx: statement_files.get(ctx, statement_id))
    if stored.report is None:
        click.echo(f"{report_id}: {stored.state}. {stored.error or ''}".rstrip())
        sys.exit(UNREADABLE if stored.state == "FAILED" else 0)
    found = page.load(stored.report) | {"statementId": ids.show("stm", stored.id)}
    if html_file is not None:
        html_file.write_text(page.render(found), encoding="utf-8")
    if as_json:
        click.echo(page.dump(found))
    else:
        counts = {name: count["count"] for name, count in found["counts"].items() if count["count"]}
        click.echo("\n".join(f"{count:>8}  {name}" for name, count in counts.items()) or "An empty statement.")
    sys.exit(0 if found["clean"] else DIFFERENT)
