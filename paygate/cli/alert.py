"""`paygate alert`: what the operator is told of by LINE, mail or webhook."""

from __future__ import annotations

import click

from paygate.cli.output import emit, examples, json_option, moment, person, table
from paygate.cli.payouts import BY
from paygate.cli.session import run
from paygate.core import ids
from paygate.db.alerts import Alert
from paygate.db.pool import in_transaction
from paygate.outbound import VendorClient
from paygate.services import alerts
from paygate.services.context import Context


@click.group()
def alert() -> None:
    """Alerts: alarms that are told by LINE, mail or webhook (PAYGATE_ALERT_...)."""


@alert.command("list", epilog=examples("paygate alert list", "paygate alert list --limit 200 --json"))
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List what was told, the newest first, and whether it was taken."""
    found = run(lambda ctx: alerts.listed(ctx, limit))
    rows = [[moment(one.created_at), one.channel, one.state, one.title, one.last_error or ""] for one in found]
    lines = table(["AT", "BY", "STATE", "WHAT", "LAST ERROR"], rows)
    emit({"alerts": [_shape(one) for one in found]}, lines, as_json=as_json)


@alert.command(epilog=examples("paygate alert test", "paygate alert test --json"))
@BY
@json_option
def test(by: str | None, as_json: bool) -> None:
    """Send a message by each channel that is set up, now."""

    async def work(ctx: Context) -> list[Alert]:
        made = await alerts.test(ctx, person(by))
        http = VendorClient(in_transaction=in_transaction)
        try:
            await alerts.send_due(ctx, http, made)
        finally:
            await http.close()
        return [one for one in await alerts.listed(ctx, 1_000) if one.id in made]

    found = run(work)
    lines = [f"{one.channel}: {one.state}{f', {one.last_error}' if one.last_error else ''}" for one in found]
    emit({"alerts": [_shape(one) for one in found]}, lines, as_json=as_json)
    if any(one.state != "SENT" for one in found):
        raise SystemExit(1)


def _shape(one: Alert) -> dict[str, object]:
    return {
        "id": str(one.id),
        "alarm": one.alarm,
        "word": one.word,
        "channel": one.channel,
        "accountId": None if one.account_id is None else ids.show("acc", one.account_id),
        "count": one.count,
        "title": one.title,
        "body": one.body,
        "state": one.state,
        "failures": one.failures,
        "lastError": one.last_error,
        "createdAt": one.created_at,
        "sentAt": one.sent_at,
    }
