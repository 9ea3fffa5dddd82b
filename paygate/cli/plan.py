"""`paygate plan`: which plan a merchant is on, what plans cost, and from when on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, moment, person, table
from paygate.cli.session import run
from paygate.core import fields, ids, money
from paygate.core.errors import InvalidInput
from paygate.services import plans, receiving
from paygate.services.plans import PLANS, Rates, Standing, Wish

WORDS = {"merchant": "its own rate", "rates": "paygate plan rate", "setting": "the setting"}
DEFAULT = "default"


@click.group()
def plan() -> None:
    """Plans: free takes money by the central account, the others by the merchant's own PromptPay ID."""


@plan.command(epilog=examples("paygate plan show mer_0c...", "paygate plan show mer_0c... --json"))
@click.argument("merchant_id")
@json_option
def show(merchant_id: str, as_json: bool) -> None:
    """Show a merchant's plan, what a payment costs it, and what is to come."""
    number = ids.read_merchant(merchant_id)
    _tell(run(lambda ctx: plans.show(ctx, number)), as_json)


@plan.command(
    "set",
    epilog=examples(
        "paygate plan set mer_0c... pro --promptpay 0899999999 --bank 004 --number 1234567890",
        "paygate plan set mer_0c... enterprise --from 2027-01-01",
        "paygate plan set mer_0c... pro --fee-bps 180",
        "paygate plan set mer_0c... free",
    ),
)
@click.argument("merchant_id")
@click.argument("name", metavar="PLAN", type=click.Choice(PLANS))
@click.option("--fee-bps", type=int, help="A rate of its own, in hundredths of a percent; without it, the plan's.")
@click.option("--from", "since", help="From that day (2027-01-01, Bangkok) or moment on; without it, from now on.")
@click.option("--promptpay", help="Where money shall arrive: mobile, tax ID or e-wallet; without it, as it is.")
@click.option("--biller-id", help="Or a biller ID of 15 digits.")
@click.option("--bank", help="Code of the bank behind it, 3 digits (014 is SCB), with --number.")
@click.option("--number", help="Account number; what the bank tells is compared with it.")
@click.option("--account-name", help="Account holder, as the payer's bank shows it; without it, the shop's name.")
@click.option("--by", help="Who acts; without it, the user of this host.")
@json_option
def set_(
    merchant_id: str,
    name: str,
    fee_bps: int | None,
    since: str | None,
    promptpay: str | None,
    biller_id: str | None,
    bank: str | None,
    number: str | None,
    account_name: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Put a merchant on a plan. Payments that are made keep their rate and their account."""
    owner = ids.read_merchant(merchant_id)
    account = receiving.Wish(promptpay, biller_id, bank, number, account_name)
    wish = Wish(name, fee_bps, _moment(since), account)
    _tell(run(lambda ctx: plans.change(ctx, owner, wish, actor=person(by))), as_json)


@plan.command(epilog=examples("paygate plan withdraw mer_0c..."))
@click.argument("merchant_id")
@click.option("--by", help="Who acts; without it, the user of this host.")
@json_option
def withdraw(merchant_id: str, by: str | None, as_json: bool) -> None:
    """Forget what was decided for later: the plan in force goes on."""
    owner = ids.read_merchant(merchant_id)
    _tell(run(lambda ctx: plans.withdraw(ctx, owner, actor=person(by))), as_json)


@plan.command(
    epilog=examples(
        "paygate plan account mer_0c...",
        "paygate plan account mer_0c... --promptpay 0812345678",
        "paygate plan account mer_0c... --promptpay 0812345678 --bank 014 --number 4061234567",
    )
)
@click.argument("merchant_id")
@click.option("--promptpay", help="Mobile, tax ID or e-wallet.")
@click.option("--biller-id", help="A biller ID of 15 digits.")
@click.option("--bank", help="Code of the bank behind it, 3 digits, with --number.")
@click.option("--number", help="Account number.")
@click.option("--account-name", help="Account holder.")
@click.option("--by", help="Who acts; without it, the user of this host.")
@json_option
def account(
    merchant_id: str,
    promptpay: str | None,
    biller_id: str | None,
    bank: str | None,
    number: str | None,
    account_name: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Show where a direct merchant's money arrives, or change it: what is not said stays as it is. QRs that are out
    still match. A new bank account needs a source of its own (`paygate source add`)."""
    owner, wish = ids.read_merchant(merchant_id), receiving.Wish(promptpay, biller_id, bank, number, account_name)
    if not wish.empty:
        run(lambda ctx: receiving.change(ctx, owner, wish, actor=person(by)))
    _tell(run(lambda ctx: plans.show(ctx, owner)), as_json)


@plan.command(epilog=examples("paygate plan rates", "paygate plan rates --json"))
@json_option
def rates(as_json: bool) -> None:
    """Show what each plan costs, and who says so."""
    _tell_rates(run(plans.rates), as_json)


@plan.command(
    epilog=examples(
        "paygate plan rate pro 190",
        "paygate plan rate pro 210 --from 2027-01-01",
        "paygate plan rate pro default",
    )
)
@click.argument("name", metavar="PLAN", type=click.Choice(PLANS))
@click.argument("bps")
@click.option("--from", "since", help="From that day (2027-01-01, Bangkok) or moment on; without it, from now on.")
@click.option("--by", help="Who acts; without it, the user of this host.")
@json_option
def rate(name: str, bps: str, since: str | None, by: str | None, as_json: bool) -> None:
    """Say what a plan costs, in hundredths of a percent; `default`: what PAYGATE_FEE_BPS_... says."""
    if bps != DEFAULT and not (bps.isascii() and bps.isdigit() and len(bps) <= 5):
        raise click.UsageError("BPS is hundredths of a percent, like 190, or default.")
    wanted = None if bps == DEFAULT else int(bps)
    _tell_rates(run(lambda ctx: plans.set_rate(ctx, name, wanted, _moment(since), actor=person(by))), as_json)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    found = fields.read_day(text) or fields.read_moment(text)
    if found is None:
        raise InvalidInput("--from is a day like 2027-01-01, or a moment like 2027-01-01T00:00:00+07:00.")
    return found


def _tell(one: Standing, as_json: bool) -> None:
    merchant, place = one.merchant, one.account
    lines = [f"{merchant.name}: {merchant.plan}, {_percent(one.rate_bps)} a payment ({WORDS[one.rate_of]})."]
    lines += [f"From {moment(t.valid_from)} on: {t.plan}, {_own(t.fee_bps)}." for t in one.coming]
    if place is not None:
        named = " ".join(filter(None, (place.proxy, place.biller_id and f"biller {place.biller_id}")))
        behind = f", bank {place.bank_code} {place.number}" if place.number else ", no bank account said yet"
        lines.append(f"Its own account: {named}{behind}, {place.name}.")
    has = one.has
    lines.append(
        f"With us: {money.show(has.payable_satang)} THB, {money.show(has.held_satang)} on its way out;"
        f" it owes {money.show(max(has.shortfall_satang, 0))} for money taken back."
    )
    emit(_shape(one), lines, as_json=as_json)


def _shape(one: Standing) -> dict[str, Any]:
    place = one.account
    return {
        "merchantId": ids.show_merchant(one.merchant.merchant_id),
        "plan": one.merchant.plan,
        "feeBps": one.merchant.fee_bps,
        "rateBps": one.rate_bps,
        "rateOf": one.rate_of,
        "coming": [{"plan": t.plan, "feeBps": t.fee_bps, "validFrom": t.valid_from} for t in one.coming],
        "account": place
        and {
            "accountId": ids.show("acc", place.id),
            "promptPayId": place.proxy,
            "billerId": place.biller_id,
            "bank": place.bank_code,
            "number": place.number,
            "name": place.name,
        },
    }


def _tell_rates(found: list[Rates], as_json: bool) -> None:
    rows = [
        [
            one.plan,
            _percent(one.bps),
            WORDS[one.rate_of],
            ", ".join(f"{_own(r.fee_bps)} from {moment(r.valid_from)}" for r in one.coming),
        ]
        for one in found
    ]
    answer = [
        {
            "plan": one.plan,
            "rateBps": one.bps,
            "rateOf": one.rate_of,
            "coming": [{"feeBps": r.fee_bps, "validFrom": r.valid_from} for r in one.coming],
        }
        for one in found
    ]
    emit({"plans": answer}, table(["PLAN", "RATE", "WHO SAYS SO", "LATER"], rows), as_json=as_json)


def _percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d} %"


def _own(bps: int | None) -> str:
    return "the plan's rate" if bps is None else _percent(bps)
