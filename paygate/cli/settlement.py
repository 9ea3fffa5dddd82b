"""`paygate settlement`: merchants' money on its way out."""

from __future__ import annotations

import click

from paygate.cli.output import examples, json_option, person, read_baht_option, read_id
from paygate.cli.payouts import BY, add_verbs, tell
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.events import settlement_data
from paygate.core.payouts import Settlement
from paygate.services import settlements
from paygate.services.once import Answered, unanswered
from paygate.services.settlement_desk import SETTLEMENTS


@click.group()
def settlement() -> None:
    """Settlements: asked for, approved, claimed by one person, paid in the bank's app, completed."""


@settlement.command(epilog=examples("paygate settlement request mer_0c... 1500.00"))
@click.argument("merchant_id")
@click.argument("amount")
@BY
@json_option
def request(merchant_id: str, amount: str, by: str | None, as_json: bool) -> None:
    """Ask for a merchant's money on its behalf."""
    number, satang = ids.read_merchant(merchant_id), read_baht_option(amount)
    done = run(lambda ctx: settlements.request(ctx, number, "live", satang, None, unanswered, person(by)))
    tell(SETTLEMENTS, settlement_data, _value(done), as_json)


@settlement.command(epilog=examples("paygate settlement cancel stl_01..."))
@click.argument("settlement_id")
@BY
@json_option
def cancel(settlement_id: str, by: str | None, as_json: bool) -> None:
    """Cancel a settlement on the merchant's behalf, before it is approved."""
    number = read_id("stl", settlement_id)
    one = run(lambda ctx: SETTLEMENTS.show(ctx, number)).payout
    done = run(lambda ctx: settlements.cancel(ctx, one.merchant_id, one.mode, one.id, None, unanswered, person(by)))
    tell(SETTLEMENTS, settlement_data, _value(done), as_json)


add_verbs(settlement, SETTLEMENTS, settlement_data)


def _value(done: object) -> Settlement:
    if isinstance(done, Answered) and isinstance(done.value, Settlement):
        return done.value
    raise click.ClickException("A call without an Idempotency-Key has no kept answer.")
