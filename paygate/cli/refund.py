"""`paygate refund`: money back to payers."""

from __future__ import annotations

from collections.abc import Awaitable

import click

from paygate.cli.output import emit, examples, json_option, person, read_baht_option, read_id
from paygate.cli.payouts import BY, add_verbs, tell
from paygate.cli.session import run
from paygate.core import ids, money
from paygate.core.events import refund_data, timestamp
from paygate.core.payouts import Refund
from paygate.services import payments, refund_links, refunds
from paygate.services.context import Context
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
        "paygate refund request 01998c... --ask-payer",
    )
)
@click.argument("payment_id")
@click.option("--amount", help="A part, in baht; without it, all that is left.")
@click.option("--reason", help="Why, in the merchant's words.")
@click.option("--promptpay", help="Where the payer wants it: a PromptPay ID,")
@click.option("--bank", help="or a bank's code, 3 digits, with --number.")
@click.option("--number", help="Account number.")
@click.option("--name", help="Who holds it.")
@click.option(
    "--ask-payer/--no-ask-payer",
    default=None,
    help="Make a link where the payer says where to; the default when nothing is said of live money that you pay.",
)
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
    ask_payer: bool | None,
    advance: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Give money of a payment back, on the merchant's behalf."""
    payment_number = ids.read_uuid(payment_id)
    satang = None if amount is None else read_baht_option(amount)
    wish = Wish(satang, reason, refunds.read_payee(promptpay, bank, number, name), advance, ask_payer)
    payment = run(lambda ctx: payments.public(ctx, payment_number))
    key = (payment.merchant_id, payment.mode, payment.id)
    _tell_linked(run(lambda ctx: _linked(ctx, refunds.request(ctx, *key, wish, None, unanswered, person(by)))), as_json)


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


@refund.command("ask-payer", epilog=examples("paygate refund ask-payer rfd_01..."))
@click.argument("refund_id")
@BY
@json_option
def ask_payer(refund_id: str, by: str | None, as_json: bool) -> None:
    """Make a link where the payer says where the money shall go. Older links are worthless then."""
    number = read_id("rfd", refund_id)
    one = run(lambda ctx: REFUNDS.show(ctx, number)).payout
    key = (one.merchant_id, one.mode, one.id)
    _tell_linked(run(lambda ctx: _linked(ctx, refund_links.ask(ctx, *key, None, unanswered, person(by)))), as_json)


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


async def _linked(ctx: Context, doing: Awaitable[object]) -> tuple[Refund, str | None]:
    one = _value(await doing)
    return one, refund_links.link_of(ctx, one)


def _tell_linked(done: tuple[Refund, str | None], as_json: bool) -> None:
    """A refund, and the link for its payer."""
    one, url = done
    if url is None:
        tell(REFUNDS, refund_data, one, as_json)
        return
    until = timestamp(one.link_until)
    name, amount = ids.show("rfd", one.id), money.show(one.amount_satang)
    lines = [
        f"Refund {name}: {one.status}, {amount} THB.",
        f"Give this to its payer, and to nobody else; it is good until {until}:",
        f"  {url}",
    ]
    emit({**refund_data(one), "payeeUrl": url, "payeeUntil": until}, lines, as_json=as_json)


def _value(done: object) -> Refund:
    if isinstance(done, Answered) and isinstance(done.value, Refund):
        return done.value
    raise click.ClickException("A call without an Idempotency-Key has no kept answer.")
