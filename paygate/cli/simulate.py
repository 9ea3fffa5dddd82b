"""`paygate test`: plays the bank for payments of the test mode."""

from __future__ import annotations

import click

from paygate.cli.output import emit, examples, json_option, moment, person, read_baht_option
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.events import timestamp
from paygate.core.money import baht, show
from paygate.core.payments import Payment
from paygate.db.simulated import Transfer
from paygate.services import payments, simulator
from paygate.services.context import Context
from paygate.services.simulator import MOST_DELAY_S, VIAS, Play

MEANS = {
    "PAID": "the payment is paid",
    "DUPLICATE": "known already, nothing changed",
    "ORPHAN": "nobody asks for this amount: kept aside for a person",
    "REVIEW": "a person decides",
    "REJECTED": "the slip cannot be used",
    "VERIFYING": "the slip is being checked",
    "IGNORED": "no money on this account",
    "PAID_OTHER": "another payment of this amount is paid",
    "REFUSED": "not taken",
}


@click.group()
def test() -> None:
    """The test mode: a bank that does what you say, with no money."""


@test.command(
    epilog=examples(
        "paygate test pay 01998c...",
        "paygate test pay 01998c... --via slip --amount 149.00",
        "paygate test pay 01998c... --via notice --duplicate --delay 30 --json",
    )
)
@click.argument("payment_id")
@click.option("--amount", help="In baht; without it, just what the QR asks for.")
@click.option("--via", type=click.Choice(VIAS), default="callback", show_default=True, help="How the bank tells of it.")
@click.option("--duplicate", is_flag=True, help="The same evidence is told twice.")
@click.option("--late", is_flag=True, help="The QR runs out first.")
@click.option(
    "--delay",
    type=click.IntRange(0, MOST_DELAY_S),
    default=0,
    help="Seconds until the money moves; a server tells of it.",
)
@click.option("--by", help="Who acts; without it, the user of this host.")
@json_option
def pay(
    payment_id: str,
    amount: str | None,
    via: str,
    duplicate: bool,
    late: bool,
    delay: int,
    by: str | None,
    as_json: bool,
) -> None:
    """Let money arrive for a test payment, as the bank of a live one would tell of it. Live payments are refused."""
    wish = Play(
        via=next(known for known in VIAS if known == via),
        amount_satang=None if amount is None else read_baht_option(amount),
        delay_s=delay,
        duplicate=duplicate,
        late=late,
    )
    payment_number, who = ids.read("pi", payment_id), person(by)
    seen: list[tuple[Payment, Transfer]] = []

    def keep(payment: Payment, transfer: Transfer) -> tuple[int, bytes]:
        seen.append((payment, transfer))
        return 200, b""

    async def work(ctx: Context) -> None:
        payment = await payments.public(ctx, payment_number)
        await simulator.play(ctx, payment, payment.id, wish, None, keep, who)

    run(work)
    payment, transfer = seen[-1]
    answer = {
        "id": ids.show("sim", transfer.id),
        "via": transfer.via,
        "amount": baht(transfer.amount_satang),
        "movesAt": timestamp(transfer.occurred_at),
        "outcomes": list(transfer.outcomes),
        "detail": transfer.detail or None,
        "payment": str(payment.id),
        "status": payment.status,
    }
    emit(answer, _lines(payment, transfer), as_json=as_json)


def _lines(payment: Payment, transfer: Transfer) -> list[str]:
    lines = [f"{show(transfer.amount_satang)} THB by {transfer.via}, reference {transfer.reference}"]
    if transfer.told_at is None:
        lines.append(
            f"  moves at {moment(transfer.occurred_at, seconds=True)}: a running server or worker tells of it then"
        )
    lines += [f"  {outcome}: {MEANS.get(outcome, 'see the review queue')}" for outcome in transfer.outcomes]
    if transfer.detail:
        lines.append(f"  {transfer.detail}")
    return [*lines, f"The payment is {payment.status}{f' ({payment.exception})' if payment.exception else ''}."]
