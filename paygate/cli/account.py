"""`paygate account`: where money arrives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

import emvco
from paygate.cli.output import emit, examples, json_option, moment, owner_text, read_id, read_owner, table
from paygate.cli.session import run
from paygate.core import ids, money
from paygate.core.alarms import Alarm
from paygate.db.accounts import Account
from paygate.services import accounts
from paygate.services.accounts import Capacity, Share


@click.group()
def account() -> None:
    """Receiving accounts: the operator's central ones, and those of merchants on a direct plan."""


@account.command(
    epilog=examples(
        'paygate account add --owner central --promptpay 0812345678 --bank 014 --number 4061234567 --name "My Co Ltd"',
        'paygate account add --owner mer_0c... --promptpay 0899999999 --bank 004 --number 1234567890 --name "ร้านกาแฟ"',
        'paygate account add --owner central --biller-id 099400016550100 --name "My Co Ltd"',
    )
)
@click.option("--owner", required=True, help="central, or a merchant's id.")
@click.option("--promptpay", help="PromptPay ID: mobile, national or tax ID, or e-wallet.")
@click.option("--bank", help="Code of the bank that keeps the account, 3 digits (014 is SCB).")
@click.option("--number", help="Account number; what the bank tells is compared with it.")
@click.option("--name", required=True, help="Account holder, as the payer's bank shows it.")
@click.option("--biller-id", help="Biller ID of 15 digits, for bill-payment QRs with references.")
@click.option(
    "--amount-tagging",
    type=click.Choice(accounts.AMOUNT_TAGGINGS),
    default="auto",
    show_default=True,
    help="How payments of one amount are told apart: by satang when needed, not at all, always up, always down.",
)
@click.option("--test", is_flag=True, help="A virtual account for test keys.")
@json_option
def add(
    owner: str,
    promptpay: str | None,
    bank: str | None,
    number: str | None,
    name: str,
    biller_id: str | None,
    amount_tagging: str,
    test: bool,
    as_json: bool,
) -> None:
    """Add an account; for an account that the owner has already, a new version of it."""
    owner_id = read_owner(owner)
    added = run(
        lambda ctx: accounts.add(
            ctx,
            owner=owner_id,
            promptpay=promptpay,
            bank=bank,
            number=number,
            name=name,
            biller_id=biller_id,
            amount_tagging=amount_tagging,
            test=test,
        )
    )
    account_id = ids.show("acc", added.id)
    lines = [
        f"Account {account_id}: {_receives(added)}.",
        f"Next: paygate source add --account {account_id} --kind generic",
        "Until a source speaks for it, no payment is made on it while another account has one.",
    ]
    emit({"accountId": account_id}, lines, as_json=as_json)


@account.command(epilog=examples("paygate account retire acc_01..."))
@click.argument("account_id")
@json_option
def retire(account_id: str, as_json: bool) -> None:
    """Make no new payments on an account. Open ones still match; adding it again brings it back."""
    number = read_id("acc", account_id)
    run(lambda ctx: accounts.retire(ctx, number))
    emit({"accountId": account_id, "retired": True}, [f"Account {account_id} takes no new payments."], as_json=as_json)


@account.command(epilog=examples("paygate account pause acc_01..."))
@click.argument("account_id")
@json_option
def pause(account_id: str, as_json: bool) -> None:
    """Make no new payments on an account until you resume it. Open ones stay payable, and match."""
    number = read_id("acc", account_id)
    done = run(lambda ctx: accounts.pause(ctx, number))
    left = done.taking
    more = f"{left} of its owner's accounts take new payments." if left else NONE_LEFT
    emit(_shared(done), [f"Account {account_id} is paused. {more}"], as_json=as_json)


@account.command(epilog=examples("paygate account resume acc_01..."))
@click.argument("account_id")
@json_option
def resume(account_id: str, as_json: bool) -> None:
    """Make payments on a paused account again."""
    number = read_id("acc", account_id)
    done = run(lambda ctx: accounts.resume(ctx, number))
    emit(_shared(done), [f"Account {account_id} {_taking(done.account)}."], as_json=as_json)


@account.command(epilog=examples("paygate account weight acc_01... 3"))
@click.argument("account_id")
@click.argument("weight", type=click.IntRange(1, accounts.MOST_WEIGHT))
@json_option
def weight(account_id: str, weight: int, as_json: bool) -> None:
    """Say how much of new payments an account gets: 3 beside an account of weight 1 is three of four."""
    number = read_id("acc", account_id)
    done = run(lambda ctx: accounts.weigh(ctx, number, weight))
    emit(_shared(done), [f"Account {account_id} {_taking(done.account)}."], as_json=as_json)


@account.command("list", epilog=examples("paygate account list", "paygate account list --owner central --json"))
@click.option("--owner", help="central, or a merchant's id; without it, all.")
@json_option
def list_(owner: str | None, as_json: bool) -> None:
    """List the accounts in force."""
    owner_id = None if owner is None else read_owner(owner)
    found = run(lambda ctx: accounts.list_accounts(ctx, owner_id))
    rows = [
        [ids.show("acc", a.id), owner_text(a.merchant_id), a.mode, _receives(a), _bank(a), _part(a), a.name]
        for a in found
    ]
    lines = table(["ACCOUNT", "OWNER", "MODE", "RECEIVES BY", "BANK ACCOUNT", "NEW PAYMENTS", "NAME"], rows)
    emit({"accounts": [_shape(a) for a in found]}, lines, as_json=as_json)


@account.command(epilog=examples("paygate account show acc_01...", "paygate account show acc_01... --json"))
@click.argument("account_id")
@json_option
def show(account_id: str, as_json: bool) -> None:
    """Show how full an account is, who says what arrives on it, and what is wrong with that."""
    number = read_id("acc", account_id)
    seen = run(lambda ctx: accounts.capacity(ctx, number))
    a = seen.account
    free = f", the first is free at {_at(seen.free_at)}." if seen.free_at else "."
    prices = [[money.show(f.price_satang), str(f.held), str(f.free)] for f in seen.fullest]
    speakers = [[ids.show("src", s.id), s.kind, "off" if s.disabled else "on", _at(s.heard_at)] for s in seen.sources]
    lines = [
        f"{a.name} ({owner_text(a.merchant_id)}, {a.mode}): {_receives(a)}, bank account {_bank(a)}.",
        f"Amount tagging {a.amount_tagging}; {'retired' if a.retired_at else f'in force; {_taking(a)}'}.",
        f"{seen.open_payments} open payments; {seen.held_amounts} amounts held{free}",
        *[f"ALARM: {ALARMS[one.alarm].format(one.count)}" for one in seen.alarms],
        *["", *table(["PRICE", "HELD", "FREE"], prices)],
        *["", *table(["SOURCE", "KIND", "STATE", "LAST HEARD FROM"], speakers)],
    ]
    emit(_capacity(seen), lines, as_json=as_json)


def _capacity(seen: Capacity) -> dict[str, Any]:
    return {
        **_shape(seen.account),
        "retiredAt": seen.account.retired_at,
        "openPayments": seen.open_payments,
        "heldAmounts": seen.held_amounts,
        "firstFreeAt": seen.free_at,
        "fullestPrices": [{"priceSatang": f.price_satang, "held": f.held, "free": f.free} for f in seen.fullest],
        "sources": [
            {"sourceId": ids.show("src", s.id), "kind": s.kind, "disabled": s.disabled, "lastHeardAt": s.heard_at}
            for s in seen.sources
        ],
        "alarms": [{"alarm": one.alarm, "count": one.count} for one in seen.alarms],
    }


ALARMS = {
    Alarm.BALANCE_BREAK: "{} notices break the chain of balances: one before them is missing, or they are forged."
    " See paygate review list --reason BALANCE_BREAK",
    Alarm.DAY_OPEN: "{} days are over and not closed: books and bank differ, or nobody looked. See paygate close show",
    Alarm.UNREAD_NOTICES: "{} of its latest texts could not be read: the bank writes anew, or the phone hides them."
    " See paygate review list --reason UNREAD_NOTICE",
}


NONE_LEFT = "NONE of its owner's accounts takes new payments now: they are refused with 409."


def _taking(a: Account) -> str:
    return f"takes new payments, with weight {a.weight}" if a.paused_at is None else f"paused since {_at(a.paused_at)}"


def _part(a: Account) -> str:
    return f"weight {a.weight}" if a.paused_at is None else "paused"


def _shared(done: Share) -> dict[str, Any]:
    return {**_shape(done.account), "accountsThatTakePayments": done.taking}


def _at(at: datetime | None) -> str:
    return moment(at, seconds=True) if at else "never"


def _receives(a: Account) -> str:
    parts = []
    if a.proxy and a.proxy_kind:
        parts.append(f"PromptPay {emvco.normalise_proxy(a.proxy).display}")
    if a.biller_id:
        parts.append(f"biller {a.biller_id}")
    return ", ".join(parts)


def _bank(a: Account) -> str:
    return f"{a.bank_code} {a.number}" if a.number else "not known"


def _shape(a: Account) -> dict[str, Any]:
    return {
        "accountId": ids.show("acc", a.id),
        "receivingId": str(a.receiving_id),
        "owner": owner_text(a.merchant_id),
        "mode": a.mode,
        "promptpay": a.proxy,
        "promptpayKind": a.proxy_kind,
        "billerId": a.biller_id,
        "bank": a.bank_code,
        "number": a.number,
        "name": a.name,
        "amountTagging": a.amount_tagging,
        "virtual": a.virtual,
        "weight": a.weight,
        "pausedAt": a.paused_at,
        "createdAt": a.created_at,
    }
