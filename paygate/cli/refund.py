"""`paygate refund`: money back to payers."""

from __future__ import annotations

import click

from paygate.cli.output import examples, json_option, person, read_baht_option, read_id
from paygate.cli.payouts import BY, add_verbs, tell
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.events import refund_data
from paygate.core.payouts import Refund
from paygate.services import payments, refunds
from paygate.services.once import Answered, unanswered
from paygate.services.refund_desk import REFUNDS
from paygate.services.refunds import Wish


@click.group()
def refund() -> None:
    """Refunds: asked for, approved, claimed by one person, paid in the bank's app, completed."""


@refund.command(
    epilog=examples(
        'paygate refund request 01998c... --reason "Wrong size" --promptpay 0899999999 --name "สมชาย ใจดี"',
        "paygate refund request 01998c... --amount 50.00 --bank 014 --number 4061234567 --name Somchai",
        "paygate refund request 01998c... --advance",
    )
)
@click.argument("payment_id")
@click.option("--amount", help="A part, in baht; without it, all that is left.")
@click.option("--reason", help="Why, in the merchant's words.")
@click.option("--promptpay", help="Where the payer wants it: a PromptPay ID,")
@click.option("--bank", help="or a bank's code, 3 digits, with --number.")
@click.option("--number", help="Account number.")
@click.option("--name", help="Who holds it.")
@click.option("--advance", is_flag=True, help="Pay what the merchant has too little; it owes it from then on.")
@BY
@json_option
def request(
    payment_id: str,
    amount: str | None,
    reason: str | None,
    promptpay: str | None,
    bank: str | None,
    number: str | None,
    name: str | None,
    advance: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Give money of a payment back, on the merchant's behalf."""
    payment_number = ids.read_uuid(payment_id)
    satang = None if amount is None else read_baht_option(amount)
    wish = Wish(satang, reason, refunds.read_payee(promptpay, bank, number, name), advance)
    payment = run(lambda ctx: payments.public(ctx, payment_number))
    key = (payment.merchant_id, payment.mode, payment.id)
    done = run(lambda ctx: refunds.request(ctx, *key, wish, None, unanswered, person(by)))
    tell(REFUNDS, refund_data, _value(done), as_json)


@refund.command(epilog=examples('paygate refund payee rfd_01... --promptpay 0899999999 --name "สมชาย ใจดี"'))
@click.argument("refund_id")
@click.option("--promptpay", help="A PromptPay ID,")
@click.option("--bank", help="or a bank's code, 3 digits, with --number.")
@click.option("--number", help="Account number.")
@click.option("--name", required=True, help="Who holds it.")
@BY
@json_option
def payee(
    refund_id: str,
    promptpay: str | None,
    bank: str | None,
    number: str | None,
    name: str,
    by: str | None,
    as_json: bool,
) -> None:
    """Say where the payer wants the money, before it is approved."""
    refund_number = read_id("rfd", refund_id)
    place = refunds.read_payee(promptpay, bank, number, name)
    if place is None:
        raise click.UsageError("Say where: --promptpay, or --bank and --number.")
    one = run(lambda ctx: REFUNDS.show(ctx, refund_number)).payout
    key = (one.merchant_id, one.mode, one.id)
    done = run(lambda ctx: refunds.say_payee(ctx, *key, place, None, unanswered, person(by)))
    tell(REFUNDS, refund_data, _value(done), as_json)


@refund.command(epilog=examples("paygate refund cancel rfd_01..."))
@click.argument("refund_id")
@BY
@json_option
def cancel(refund_id: str, by: str | None, as_json: bool) -> None:
    """Cancel a refund on the merchant's behalf, before it is approved."""
    number = read_id("rfd", refund_id)
    one = run(lambda ctx: REFUNDS.show(ctx, number)).payout
    key = (one.merchant_id, one.mode, one.id)
    done = run(lambda ctx: refunds.cancel(ctx, *key, None, unanswered, person(by)))
    tell(REFUNDS, refund_data, _value(done), as_json)


add_verbs(refund, REFUNDS, refund_data)


def _value(done: object) -> Refund:
    if isinstance(done, Answered) and isinstance(done.value, Refund):
        return done.value
    raise click.ClickException("A call without an Idempotency-Key has no kept answer.")
