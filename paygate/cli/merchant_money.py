"""`paygate merchant`, as far as it is about a merchant's money: where it goes, and statements."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, person, table
from paygate.cli.payouts import place_text
from paygate.cli.session import run
from paygate.core import ids, money
from paygate.core.credits import BANGKOK
from paygate.core.events import timestamp
from paygate.db.monthly import Line, Sums
from paygate.services import destinations, monthly
from paygate.services.payouts import Place


@click.command(
    "payout-destination",
    epilog=examples(
        "paygate merchant payout-destination mer_0c...",
        'paygate merchant payout-destination mer_0c... --promptpay 0899999999 --name "ร้านกาแฟ"',
        'paygate merchant payout-destination mer_0c... --bank 014 --number 4061234567 --name "ร้านกาแฟ"',
    ),
)
@click.argument("merchant_id")
@click.option("--promptpay", help="A PromptPay ID: mobile, national or tax ID, or e-wallet.")
@click.option("--bank", help="Code of a bank, 3 digits (014 is SCB), with --number.")
@click.option("--number", help="Account number.")
@click.option("--name", help="Who holds it; the operator's bank shows it before money is sent.")
@click.option("--by", help="Who acts; without it, the user of this host.")
@json_option
def payout_destination(
    merchant_id: str,
    promptpay: str | None,
    bank: str | None,
    number: str | None,
    name: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Show where a merchant's settlements go, or say where they shall go. A change may be used after 24 hours."""
    owner = ids.read_merchant(merchant_id)
    if promptpay is None and bank is None and number is None and name is None:
        place = run(lambda ctx: destinations.in_force(ctx, owner))
    else:
        if name is None:
            raise click.UsageError("--name is needed: who holds the account.")
        wanted = destinations.read(promptpay, bank, number, name)
        place = run(lambda ctx: destinations.change(ctx, owner, wanted, actor=person(by)))
    answer: dict[str, Any] = {"merchantId": merchant_id, "destination": None}
    lines = ["The merchant has said nowhere yet where its money shall go."]
    if place is not None:
        shown = {"promptpay": place.proxy, "bank": place.bank_code, "number": place.number, "name": place.name}
        answer["destination"] = shown | {"usableAt": place.usable_at}
        goes_to = place_text(Place(place.proxy, place.bank_code, place.number, place.name))
        lines = [f"Money goes to {goes_to}, usable from {timestamp(place.usable_at)} on."]
    emit(answer, lines, as_json=as_json)


@click.command(
    epilog=examples(
        "paygate merchant statement mer_0c... 2026-11",
        "paygate merchant statement mer_0c... 2026-11 --output november.csv",
        "paygate merchant statement mer_0c... 2026-11 --json",
    )
)
@click.argument("merchant_id")
@click.argument("month")
@click.option("--test", is_flag=True, help="Of test mode.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Every booking, as CSV, to this file.")
@json_option
def statement(merchant_id: str, month: str, test: bool, output: Path | None, as_json: bool) -> None:
    """Show a merchant's month: opening and closing balance, and what changed it, as the ledger has it."""
    number, mode = ids.read_merchant(merchant_id), "test" if test else "live"
    wanted = monthly.read_month(month)
    if output is None:
        found = run(lambda ctx: monthly.statement(ctx, number, mode, wanted))
    else:
        with output.open("w", encoding="utf-8-sig", newline="") as file:
            write = csv.writer(file).writerow
            write(("happenedAt", "kind", "subject", "balance", "owed"))
            found = run(lambda ctx: monthly.statement(ctx, number, mode, wanted, lambda line: write(_cells(line))))
    rows = [[kind, str(count), *_sums(sums)] for kind, (count, sums) in found.kinds.items()]
    rows = [["opening", "", *_sums(found.opening)], *rows, ["closing", "", *_sums(found.closing)]]
    lines = table([month, "BOOKINGS", f"{'BALANCE':>16}", f"{'OWED':>16}"], rows)
    lines += [f"Every booking is in {output}."] if output else []
    answer = {
        "merchantId": merchant_id,
        "mode": mode,
        "month": month,
        "opening": _sums_shape(found.opening),
        "changes": {kind: {"bookings": count, **_sums_shape(sums)} for kind, (count, sums) in found.kinds.items()},
        "closing": _sums_shape(found.closing),
        "currency": "THB",
    }
    emit(answer, lines, as_json=as_json)


def _sums(sums: Sums) -> list[str]:
    return [f"{money.show(sums.has_satang):>16}", f"{money.show(sums.owes_satang):>16}"]


def _sums_shape(sums: Sums) -> dict[str, Any]:
    return {"balance": money.baht(sums.has_satang), "owed": money.baht(sums.owes_satang)}


def _cells(line: Line) -> tuple[object, ...]:
    at = line.happened_at.astimezone(BANGKOK).isoformat(timespec="seconds")
    return at, line.kind, line.subject_id, money.baht(line.has_satang), money.baht(line.owes_satang)
