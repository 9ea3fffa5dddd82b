"""`paygate merchant`, as far as it is an operator's duty: payouts that must stand still."""

from __future__ import annotations

import click

from paygate.cli.output import emit, examples, json_option, moment, person, table
from paygate.cli.payouts import BY
from paygate.cli.session import run
from paygate.core import ids
from paygate.services import freezes

WHY = click.option("--reason", required=True, help="Why, in your words; the merchant does not read it.")


@click.command(
    epilog=examples(
        'paygate merchant freeze mer_0c... --reason "Bank of Ayudhya, case 4711"',
        'paygate merchant freeze mer_0c... --reason "Payers complain" --by Malee --json',
    )
)
@click.argument("merchant_id")
@WHY
@BY
@json_option
def freeze(merchant_id: str, reason: str, by: str | None, as_json: bool) -> None:
    """Let a merchant's settlements and refunds stand still at once; payments go on."""
    number = ids.read_merchant(merchant_id)
    done = run(lambda ctx: freezes.freeze(ctx, number, reason, person(by)))
    answer = {"merchantId": merchant_id, "frozen": True, "reason": done.reason, "since": done.at, "by": done.by}
    emit(answer, [f"Payouts of {merchant_id} are frozen: {done.reason}"], as_json=as_json)


@click.command(epilog=examples('paygate merchant unfreeze mer_0c... --reason "The case is closed"'))
@click.argument("merchant_id")
@WHY
@BY
@json_option
def unfreeze(merchant_id: str, reason: str, by: str | None, as_json: bool) -> None:
    """Let a merchant's payouts go on."""
    number = ids.read_merchant(merchant_id)
    run(lambda ctx: freezes.thaw(ctx, number, reason, person(by)))
    emit({"merchantId": merchant_id, "frozen": False}, [f"Payouts of {merchant_id} go on."], as_json=as_json)


@click.command(epilog=examples("paygate merchant frozen", "paygate merchant frozen --json"))
@json_option
def frozen(as_json: bool) -> None:
    """List the merchants whose payouts stand still."""
    found = run(freezes.listed)
    rows = [[ids.show_merchant(one.merchant_id), moment(one.at), one.by, one.reason] for one in found]
    answer = [
        {"merchantId": ids.show_merchant(one.merchant_id), "reason": one.reason, "since": one.at, "by": one.by}
        for one in found
    ]
    emit({"merchants": answer}, table(["MERCHANT", "SINCE", "BY", "REASON"], rows), as_json=as_json)
