"""`paygate balance`: what a merchant has with us."""

from __future__ import annotations

import click

from paygate.cli.output import emit, examples, json_option
from paygate.cli.session import run
from paygate.core import ids, money
from paygate.services import settlements


@click.command(epilog=examples("paygate balance mer_0c...", "paygate balance mer_0c... --json"))
@click.argument("merchant_id")
@click.option("--test", is_flag=True, help="Of test mode.")
@json_option
def balance(merchant_id: str, test: bool, as_json: bool) -> None:
    """Show what a merchant may take out, what is on its way, and what waits for more than a bank's notice."""
    number = ids.read_merchant(merchant_id)
    has = run(lambda ctx: settlements.balance(ctx, number, "test" if test else "live"))
    lines = [
        f"available       {money.show(has.available_satang):>16} THB",
        f"held            {money.show(has.held_satang):>16} THB  asked for, not yet paid",
        f"pending review  {money.show(has.pending_review_satang):>16} THB  bank notices alone told of it",
    ]
    if has.shortfall_satang > 0:
        lines.append(f"owed to us      {money.show(has.shortfall_satang):>16} THB  kept from what is available")
    if has.frozen_reason:
        lines.append(f"Payouts are frozen: {has.frozen_reason}")
    answer = {
        "merchantId": merchant_id,
        "available": money.baht(has.available_satang),
        "held": money.baht(has.held_satang),
        "pendingReview": money.baht(has.pending_review_satang),
        "shortfall": money.baht(max(has.shortfall_satang, 0)),
        "frozenReason": has.frozen_reason,
        "currency": "THB",
    }
    emit(answer, lines, as_json=as_json)
