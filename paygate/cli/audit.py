"""`paygate audit`: who did what, and whether the log of it is whole."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, moment, read_owner, table
from paygate.cli.session import run
from paygate.core.audit import Sealed
from paygate.core.events import timestamp
from paygate.services import audit as log


@click.group()
def audit() -> None:
    """The audit log: every act on money or access, each row bound to the one before it."""


@audit.command(epilog=examples("paygate audit verify", "paygate audit verify --json"))
@json_option
def verify(as_json: bool) -> None:
    """Read the whole log and say what was changed, taken out or put in. Exit status 1 when anything was.

    Keep the heads that it prints elsewhere: a log that ends before a head that you kept was rolled back.
    """
    report = run(lambda ctx: log.verify(ctx, _progress if sys.stderr.isatty() else None))
    lines = table(
        ["CHAIN", "ROWS", "HEAD"], [[log.owner(h.merchant_id), str(h.last_id), h.last_hash.hex()] for h in report.heads]
    )
    lines += [
        f"WRONG  {log.owner(f.merchant_id)}, {'the end' if f.row is None else f'row {f.row}'}: {f.what}."
        for f in report.faults
    ]
    lines.append(
        f"The log is whole: {report.rows} rows." if report.whole else f"{len(report.faults)} things are wrong."
    )
    emit(report.as_json(), lines, as_json=as_json)
    if not report.whole:
        raise SystemExit(1)


@audit.command(
    "list",
    epilog=examples(
        "paygate audit list",
        "paygate audit list --owner mer_0c... --limit 20",
        "paygate audit list --before 120 --json",
    ),
)
@click.option("--owner", default="central", show_default=True, help="Whose log: central, or a merchant's id.")
@click.option("--action", help="Only one kind of act, for example merchant.approve.")
@click.option("--subject", help="Only what was done to this, for example merchant:mer_0c...")
@click.option("--before", type=click.IntRange(min=1), help="Only rows with a smaller number.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@json_option
def list_(owner: str, action: str | None, subject: str | None, before: int | None, limit: int, as_json: bool) -> None:
    """List what was done, the latest first."""
    merchant_id = read_owner(owner)
    found = run(
        lambda ctx: log.list_records(ctx, merchant_id, before_id=before, action=action, subject=subject, limit=limit)
    )
    rows = [
        [
            str(r.record.id),
            moment(r.record.at, seconds=True),
            " ".join(filter(None, (r.record.actor, r.record.credential))),
            r.record.action,
            r.record.subject,
        ]
        for r in found
    ]
    emit({"records": [_shape(r) for r in found]}, table(["ROW", "WHEN", "WHO", "WHAT", "TO"], rows), as_json=as_json)


def _shape(row: Sealed) -> dict[str, Any]:
    record = row.record
    return {
        "row": record.id,
        "at": timestamp(record.at),
        "actor": record.actor,
        "action": record.action,
        "subject": record.subject,
        "before": None if record.before is None else json.loads(record.before),
        "after": None if record.after is None else json.loads(record.after),
        "address": None if record.address is None else str(record.address),
        "requestId": record.request_id,
        "credential": record.credential,
        "hash": row.hash.hex(),
    }


def _progress(done: int, total: int) -> None:
    click.echo(f"\r{done:,} of {total:,} rows", err=True, nl=done >= total)
