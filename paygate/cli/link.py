"""`paygate link`: prices with an address, for anybody to pay."""

from __future__ import annotations

from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, read_baht_option, read_id, table
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.events import timestamp
from paygate.core.keys import Mode
from paygate.core.links import redirect_url
from paygate.core.money import show
from paygate.db.payment_links import LinkPage, PaymentLink
from paygate.services import own_merchant, payment_links
from paygate.services.context import Context
from paygate.services.payment_links import PREFIX, NewLink

MOST = 1_000


@click.group()
def link() -> None:
    """Payment links: prices with an address, for anybody to pay."""


@link.command(
    epilog=examples(
        'paygate link create --merchant mer_0c... --amount 150 --description "Two coffees"',
        "paygate link create --merchant mer_0c... --amount 40.50 --test --json",
    )
)
@click.option("--merchant", required=True, help="The merchant's id.")
@click.option("--amount", required=True, help="What everybody pays, in baht.")
@click.option("--description", help="What it is for; payers read it.")
@click.option("--callback-url", help="Where the payer goes when it is paid.")
@click.option("--expiry-minutes", type=click.IntRange(1, 1_440), help="How long a payment of it may be paid.")
@click.option("--test", is_flag=True, help="For trying: no money moves.")
@json_option
def create(
    merchant: str,
    amount: str,
    description: str | None,
    callback_url: str | None,
    expiry_minutes: int | None,
    test: bool,
    as_json: bool,
) -> None:
    """Make a payment link."""
    owner = (ids.read_merchant(merchant), _mode(test))
    amount_satang = read_baht_option(amount)
    if description is not None and len(description) > 500:
        raise click.BadParameter("at most 500 characters", param_hint="--description")

    async def work(ctx: Context) -> tuple[PaymentLink, str]:
        _, choices = await own_merchant.show(ctx, owner[0])
        checked = redirect_url({"callbackUrl": callback_url}, "callbackUrl", choices.callback_domains)
        made = await payment_links.add(ctx, owner, NewLink(amount_satang, description, checked, expiry_minutes))
        return made, ctx.public_url

    _tell(*run(work), as_json)


@link.command(
    "list", epilog=examples("paygate link list --merchant mer_0c...", "paygate link list --merchant mer_0c... --test")
)
@click.option("--merchant", required=True, help="The merchant's id.")
@click.option("--test", is_flag=True, help="Those for trying.")
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True)
@json_option
def list_(merchant: str, test: bool, limit: int, as_json: bool) -> None:
    """List a merchant's links, newest first."""
    owner = (ids.read_merchant(merchant), _mode(test))

    async def work(ctx: Context) -> tuple[list[PaymentLink], str]:
        return await payment_links.listed(ctx, owner, LinkPage(limit)), ctx.public_url

    found, base = run(work)
    rows = [
        [ids.show(PREFIX, one.id), show(one.amount_satang), "on" if one.active else "off", one.description or ""]
        for one in found
    ]
    lines = table(["LINK", "BAHT", "STATE", "FOR"], rows)
    emit({"paymentLinks": [_shape(one, base) for one in found]}, lines, as_json=as_json)


@link.command(epilog=examples("paygate link off plink_01... --merchant mer_0c..."))
@click.argument("link_id")
@click.option("--merchant", required=True, help="The merchant's id.")
@click.option("--test", is_flag=True, help="One of those for trying.")
@json_option
def off(link_id: str, merchant: str, test: bool, as_json: bool) -> None:
    """Take a link out of use; its payments stay as they are."""
    _switch(link_id, merchant, test, active=False, as_json=as_json)


@link.command(epilog=examples("paygate link on plink_01... --merchant mer_0c..."))
@click.argument("link_id")
@click.option("--merchant", required=True, help="The merchant's id.")
@click.option("--test", is_flag=True, help="One of those for trying.")
@json_option
def on(link_id: str, merchant: str, test: bool, as_json: bool) -> None:
    """Put a link back into use."""
    _switch(link_id, merchant, test, active=True, as_json=as_json)


def _switch(link_id: str, merchant: str, test: bool, *, active: bool, as_json: bool) -> None:
    owner, found_id = (ids.read_merchant(merchant), _mode(test)), read_id(PREFIX, link_id)

    async def work(ctx: Context) -> tuple[PaymentLink, str]:
        return await payment_links.switch(ctx, owner, found_id, active=active), ctx.public_url

    _tell(*run(work), as_json)


def _tell(found: PaymentLink, base: str, as_json: bool) -> None:
    shape = _shape(found, base)
    state = "" if found.active else " (off)"
    lines = [f"{show(found.amount_satang)} baht{state}: {shape['url']}"]
    emit(shape, lines, as_json=as_json)


def _mode(test: bool) -> Mode:
    return "test" if test else "live"


def _shape(found: PaymentLink, base: str) -> dict[str, Any]:
    name = ids.show(PREFIX, found.id)
    return {
        "paymentLinkId": name,
        "url": f"{base}/link/{name}",
        "amountSatang": found.amount_satang,
        "description": found.description,
        "callbackUrl": found.callback_url,
        "expiryMinutes": found.expiry_minutes,
        "active": found.active,
        "mode": found.mode,
        "createdAt": timestamp(found.created_at),
    }
