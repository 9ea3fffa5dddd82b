"""`paygate close`: the daily close of the central accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, moment, person, read_baht_option, read_id, table
from paygate.cli.payouts import BY
from paygate.cli.session import run
from paygate.core import ids, money
from paygate.core.closes import read_day
from paygate.core.errors import InvalidInput
from paygate.db.closes import Close
from paygate.services import closes
from paygate.services.closes import Seen

ACCOUNT = click.option("--account", "account_id", help="Only this account; any version of it.")
DAY = click.option("--day", help="A day in Bangkok, 2026-11-28.")


@click.group()
def close() -> None:
    """The daily close: a day of a central account is closed once the bank has what the books say."""


@close.command(epilog=examples("paygate close show", "paygate close show --account acc_01... --day 2026-11-28 --json"))
@ACCOUNT
@DAY
@json_option
def show(account_id: str | None, day: str | None, as_json: bool) -> None:
    """Show books and bank of the next day to be closed, or of a day."""
    number, wanted = _account(account_id), _day(day)
    tell(run(lambda ctx: closes.show(ctx, number, wanted)), as_json)


@close.command(
    "run",
    epilog=examples(
        "paygate close run",
        "paygate close run --account acc_01... --opening 12500.00",
        "paygate close run --account acc_01... --day 2026-11-28 --balance 98750.25 --by Malee",
    ),
)
@ACCOUNT
@DAY
@click.option("--opening", help="What the account had before its first close, in baht.")
@click.option("--balance", help="What the bank's app says of the evening of --day, in baht.")
@BY
@json_option
def run_(
    account_id: str | None, day: str | None, opening: str | None, balance: str | None, by: str | None, as_json: bool
) -> None:
    """Close every day that is over and in which books and bank agree; stop at the first one in which they do not."""
    number, wanted = _account(account_id), _day(day)
    first, evening = _satang("opening", opening), _satang("balance", balance)
    seen = run(
        lambda ctx: closes.run(ctx, number, day=wanted, opening_satang=first, bank_satang=evening, actor=person(by))
    )
    tell(seen, as_json)
    if any(one.state == "OPEN" for one in seen):
        raise SystemExit(1)


@close.command(
    epilog=examples(
        'paygate close explain --account acc_01... --day 2026-11-28 --amount -25.00 --reason "The bank\'s fee"',
        'paygate close explain --account acc_01... --day 2026-11-28 --amount 5000 --reason "Our own money"',
    )
)
@click.option("--account", "account_id", required=True, help="The account; any version of it.")
@click.option("--day", required=True, help="A day in Bangkok that is not closed, 2026-11-28.")
@click.option("--amount", required=True, help="What moved, in baht; -25.00 went out.")
@click.option("--reason", required=True, help="What it was.")
@BY
@json_option
def explain(account_id: str, day: str, amount: str, reason: str, by: str | None, as_json: bool) -> None:
    """Say what moved on an account and is nobody's payment or payout: the bank's fee, your own money."""
    number, wanted = read_id("acc", account_id), read_day(day)
    satang = -read_baht_option(amount[1:]) if amount.startswith("-") else read_baht_option(amount)
    seen = run(lambda ctx: closes.explain(ctx, number, wanted, satang, reason, person(by)))
    tell([seen], as_json)


@close.command(
    "list", epilog=examples("paygate close list acc_01...", "paygate close list acc_01... --limit 90 --json")
)
@click.argument("account_id")
@click.option("--limit", type=click.IntRange(1, 1000), default=31, show_default=True, help="At most so many days.")
@json_option
def list_(account_id: str, limit: int, as_json: bool) -> None:
    """List the days of an account, the last one first: who closed them, and when."""
    number = read_id("acc", account_id)
    found = run(lambda ctx: closes.history(ctx, number, limit))
    rows = [
        [
            f"{one.figures.day}",
            one.state,
            _baht(one.figures.books_satang),
            moment(one.run_at),
            one.run_by,
        ]
        for one in found
    ]
    lines = table(["DAY", "STATE", f"{'IN THE BOOKS':>14}", "AT", "BY"], rows)
    emit({"accountId": account_id, "days": [_closed(one) for one in found]}, lines, as_json=as_json)


def tell(seen: Sequence[Seen], as_json: bool) -> None:
    """Days, for people or programs."""
    lines: list[str] = []
    for one in seen:
        lines += [*([""] if lines else []), *_lines(one)]
    emit({"closes": [shape(one) for one in seen]}, lines or ["There is no central account."], as_json=as_json)


def _lines(seen: Seen) -> list[str]:
    head = f"{seen.day} of {ids.show('acc', seen.account.id)} {seen.account.name}: {seen.state}"
    if seen.close and seen.state == "CLOSED":
        head += f" by {seen.close.run_by} at {moment(seen.close.run_at)}"
    found = seen.figures
    if found is None:
        return [head, "  Nobody knows what it had the evening before: paygate close run --account ... --opening ..."]
    bank = "not known" if found.bank_satang is None else f"{_baht(found.bank_satang)}  says {seen.told_by}"
    lines = [
        head,
        f"  before          {_baht(found.opening_satang)}",
        f"  came in         {_baht(found.in_satang)}",
        f"  was paid out    {_baht(-found.out_satang)}",
        *(f"  {'explained':<14}  {_baht(m.amount_satang)}  {m.reason} ({m.told_by})" for m in seen.movements),
        f"  in the books    {_baht(found.books_satang)}",
        f"  at the bank     {bank:>14}",
    ]
    if found.bank_satang is None:
        lines.append("  Compare a statement (paygate reconcile), or say it: paygate close run --day ... --balance ...")
    elif found.difference_satang:
        lines.append(
            f"  DIFFERENCE      {_baht(found.difference_satang)}  explain it, or find the money: docs/operator.md"
        )
    if seen.changed:
        lines.append("  CHANGED: news that belongs to this day came after it was closed.")
    return lines


def shape(seen: Seen) -> dict[str, Any]:
    """A day, for programs."""
    found = seen.figures
    amounts: dict[str, Any] = dict.fromkeys(("opening", "in", "out", "explained", "books", "bank", "difference"))
    if found is not None:
        amounts |= {
            "opening": money.baht(found.opening_satang),
            "in": money.baht(found.in_satang),
            "out": money.baht(found.out_satang),
            "explained": money.baht(found.other_satang),
            "books": money.baht(found.books_satang),
        }
    if found is not None and found.bank_satang is not None:
        amounts |= {
            "bank": money.baht(found.bank_satang),
            "difference": money.baht(found.bank_satang - found.books_satang),
        }
    return {
        "accountId": ids.show("acc", seen.account.id),
        "day": seen.day.isoformat(),
        "state": seen.state,
        **amounts,
        "bankSaidBy": seen.told_by,
        "changed": seen.changed,
        "runAt": seen.close.run_at if seen.close else None,
        "runBy": seen.close.run_by if seen.close else None,
    }


def _closed(one: Close) -> dict[str, Any]:
    return {
        "day": one.figures.day.isoformat(),
        "state": one.state,
        "books": money.baht(one.figures.books_satang),
        "bank": None if one.figures.bank_satang is None else money.baht(one.figures.bank_satang),
        "runAt": one.run_at,
        "runBy": one.run_by,
    }


def _account(text: str | None) -> Any:
    return None if text is None else read_id("acc", text)


def _day(text: str | None) -> date | None:
    return None if text is None else read_day(text)


def _satang(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    found = money.read_baht(text.replace(",", ""))
    if found is None:
        raise InvalidInput(f"--{name} is baht, for example 12500.00.", field=name)
    return found


def _baht(satang: int) -> str:
    return f"{money.show(satang):>14}"
