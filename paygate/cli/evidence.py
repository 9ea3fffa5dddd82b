"""`paygate evidence`: what is known, for a bank or the police."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from paygate.cli.output import emit, examples, json_option, person, read_id
from paygate.cli.payouts import BY
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.closes import DAY, bounds, read_day
from paygate.services import exports
from paygate.services.exports import Scope


@click.group()
def evidence() -> None:
    """Evidence for a bank or the police."""


@evidence.command(
    epilog=examples(
        'paygate evidence export --payment 0190... --reason "Police, case 123/2569" --output case.zip',
        'paygate evidence export --credit crd_01... --reason "Bank of Ayudhya asks" --output case.zip',
        'paygate evidence export --merchant mer_0c... --from 2026-11-01 --to 2026-11-30 --reason "..." --output a.zip',
    )
)
@click.option("--merchant", help="All of a merchant's payments of some days.")
@click.option("--from", "first", help="The first day, in Bangkok.")
@click.option("--to", "last", help="The last day, in Bangkok.")
@click.option("--payment", help="One payment.")
@click.option("--credit", help="One arrival of money.")
@click.option("--reason", required=True, help="Who asks, and why; it stands in the file and in the audit log.")
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Write the ZIP here.")
@BY
@json_option
def export(
    merchant: str | None,
    first: str | None,
    last: str | None,
    payment: str | None,
    credit: str | None,
    reason: str,
    output: Path,
    by: str | None,
    as_json: bool,
) -> None:
    """Write all that is known about a payment, a credit, or a merchant's days, as one ZIP."""
    scope = Scope(
        merchant_id=ids.read_merchant(merchant) if merchant else None,
        since=bounds(read_day(first))[0] if first else None,
        until=bounds(read_day(last))[0] + DAY if last else None,
        payment_id=ids.read_uuid(payment) if payment else None,
        credit_id=read_id("crd", credit) if credit else None,
    )
    done = run(lambda ctx: exports.make(ctx, scope, reason, person(by)))
    with done.file, open(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        shutil.copyfileobj(done.file, file)
    told = ", ".join(f"{count} {name}" for name, count in done.counts.items() if count)
    lines = [f"{output}: {told or 'nothing'}.", f"SHA-256 of its manifest: {done.manifest_sha256}"]
    emit({"file": str(output), "rows": done.counts, "manifestSha256": done.manifest_sha256}, lines, as_json=as_json)
