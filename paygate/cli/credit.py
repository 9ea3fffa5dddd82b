"""`paygate credit`: money that arrived."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from paygate.cli.output import emit, examples, json_option, moment, owner_text, read_id, read_owner, table
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.credits import Credit, CreditState
from paygate.core.money import baht, show
from paygate.db.credits import Page
from paygate.services import credits

OWNER = click.option("--owner", default="central", show_default=True, help="Whose: central, or a merchant's id.")


@click.group()
def credit() -> None:
    """Money that arrived: on which account, when, from whom, and what became of it."""


@credit.command(
    "list",
    epilog=examples(
        "paygate credit list",
        "paygate credit list --state UNASSIGNED",
        "paygate credit list --account acc_01... --json",
    ),
)
@OWNER
@click.option("--mode", type=click.Choice(credits.MODES), default="live", show_default=True, help="Of this mode.")
@click.option("--account", help="Only of this account.")
@click.option("--state", type=click.Choice([s.value for s in CreditState], case_sensitive=False), help="Only those.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@json_option
def list_(owner: str, mode: str, account: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List money that arrived, the latest first."""
    account_id: UUID | None = None if account is None else read_id("acc", account)
    wanted = Page(read_owner(owner), mode, limit, state=CreditState(state.upper()) if state else None)
    found = run(lambda ctx: credits.page(ctx, wanted, account_id))
    rows = [
        [
            ids.show("crd", one.id),
            moment(one.occurred_at),
            f"{show(one.amount_satang):>14}",
            one.state,
            one.rank,
            name or "",
        ]
        for one, name in found
    ]
    lines = table(["CREDIT", "MOVED", f"{'AMOUNT':>14}", "STATE", "RANK", "PAYER"], rows)
    emit({"credits": [{**_shape(one), "payerName": name} for one, name in found]}, lines, as_json=as_json)


@credit.command("show", epilog=examples("paygate credit show crd_01...", "paygate credit show crd_01... --json"))
@click.argument("credit_id")
@OWNER
@json_option
def show_(credit_id: str, owner: str, as_json: bool) -> None:
    """Show one arrival of money, with who told of it."""
    number, owner_id = read_id("crd", credit_id), read_owner(owner)
    found = run(lambda ctx: credits.show(ctx, owner_id, number))
    one, payer = found.credit, found.payer
    lines = [
        f"Credit {ids.show('crd', one.id)}: {one.state}, {show(one.amount_satang)} THB.",
        f"  moved      {moment(one.occurred_at)}",
        *([f"  payment    {one.payment_id}"] if one.payment_id else []),
        *(
            [f"  from       {payer.sending_bank or ''} {payer.name or ''} {payer.account or ''}".rstrip()]
            if payer
            else []
        ),
        *(f"  reference  {namespace} {ref}" for namespace, ref in one.references),
        *(f"  told by    {told.channel}, rank {told.rank}" for told in found.told),
    ]
    answer = {
        **_shape(one),
        "payer": payer and {"bank": payer.sending_bank, "name": payer.name, "account": payer.account},
        "told": [{"channel": told.channel, "rank": told.rank, "observedAt": told.observed_at} for told in found.told],
    }
    emit(answer, lines, as_json=as_json)


def _shape(one: Credit) -> dict[str, Any]:
    return {
        "creditId": ids.show("crd", one.id),
        "owner": owner_text(one.merchant_id),
        "mode": one.mode,
        "amount": baht(one.amount_satang),
        "occurredAt": one.occurred_at,
        "state": one.state,
        "reason": one.reason,
        "rank": one.rank,
        "transactionId": one.payment_id and str(one.payment_id),
        "references": [ref for _, ref in one.references],
    }
