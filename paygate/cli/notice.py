"""`paygate notice`: what a bank's text says, without storing it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from paygate.banks import notices
from paygate.banks.notices import Notice
from paygate.cli.output import emit, examples, json_option
from paygate.core.fields import read_moment
from paygate.core.money import show

WHY = {
    "OUTGOING": "Money that left the account.",
    "OTP": "A one-time password or code.",
    "PROMOTION": "An advertisement.",
    "FAILED": "A transfer that failed or was taken back.",
    "SCHEDULED": "A transfer of the future.",
    "CARD_REFUND": "Money back to a card, not to the account.",
    "BALANCE_ONLY": "A balance and nothing more.",
    "REQUEST": "Somebody asks for money.",
    "LOGIN": "A login or a change of settings.",
    "UNKNOWN_SENDER": "The sender is on no bank's list.",
    "SPOOFED": "It looks like money in, but the sender is on no bank's list.",
    "NOT_UNDERSTOOD": "The bank is known, the text is not: it would go to the review queue.",
}


@click.command(
    epilog=examples(
        'paygate notice --sender KBANK --text "17/05/68 16:28 บช X-1234 เงินเข้า 100.27 คงเหลือ 8,437.27 บ."',
        'paygate notice --sender com.scb.phone --text "$TEXT" --received-at 2026-11-20T10:00:00+07:00 --json',
    )
)
@click.option("--text", required=True, help="The text of the SMS, notification, LINE message or mail.")
@click.option("--sender", required=True, help="Who wrote it: SMS id, app package, LINE account, mail address or bank.")
@click.option("--received-at", metavar="TIME", help="When the phone got it, with its offset. Default: now.")
@json_option
def notice(text: str, sender: str, received_at: str | None, as_json: bool) -> None:
    """Say what a bank's text would be read as. It is not stored, and no database is needed.

    The exit status is 0, whatever the text is.
    """
    at = read_moment(received_at) if received_at is not None else datetime.now(UTC)
    if at is None:
        raise click.BadParameter("a time like 2026-11-20T10:00:00+07:00 is wanted.", param_hint="--received-at")
    found = notices.read(text, sender, at)
    emit(notices.facts(found), _lines(found), as_json=as_json)


def _lines(found: Notice) -> list[str]:
    """What was read, for people."""
    facts: dict[str, Any] = notices.facts(found)
    head = {"credit": "Money in", "ignored": "Ignored", "unread": "Not understood"}[found.kind]
    lines = [head if found.reason is None else f"{head}: {WHY[found.reason]}"]
    shown = {
        "bank": f"{found.bank} ({found.bank_code or 'wallet'}), {found.channel}" if found.bank else None,
        "amount": f"{show(found.amount_satang)} THB" if found.amount_satang is not None else None,
        "account": found.account_mask,
        "from": found.counterparty,
        "time": f"{facts['occurredAt']}{' (when it was received)' if found.time_source == 'received' else ''}",
        "balance": f"{show(found.balance_satang)} THB" if found.balance_satang is not None else None,
        "cut off": "yes" if found.truncated else None,
    }
    return [*lines, *(f"  {name:<9}{value}" for name, value in shown.items() if value is not None)]
