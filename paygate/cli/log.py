"""`paygate log`: what became of requests, payments and webhooks, for whoever looks for a mistake."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, moment, read_owner, table
from paygate.cli.session import run
from paygate.core import fields
from paygate.core.errors import InvalidInput
from paygate.core.system_log import LEVELS, SOURCES, Level, Line, Source
from paygate.services import system_log
from paygate.services.system_log import Page


@click.group("log")
def log() -> None:
    """The system log: requests that were refused, failed or changed something, payments, webhooks, acts of people."""


@log.command(
    "list",
    epilog=examples(
        "paygate log list --owner mer_0c... --level warn",
        "paygate log list --owner mer_0c... --request req_0123456789abcdef01234567 --json",
        "paygate log list --level error --from 2026-11-20",
    ),
)
@click.option("--owner", default="central", show_default=True, help="Whose: a merchant's id; central: nobody's.")
@click.option("--level", type=click.Choice(LEVELS), help="Only what is as bad as this.")
@click.option("--source", type=click.Choice(SOURCES), help="Only what is about this.")
@click.option("--request", "request_id", help="Only what this request did: the Request-Id of an answer.")
@click.option("--from", "from_text", help="From then on: a Bangkok day, or a time with its offset.")
@click.option("--to", "to_text", help="Before then; a day: to its end.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option("--test", is_flag=True, help="Of test mode; without it, live.")
@json_option
def list_(
    owner: str,
    level: Level | None,
    source: Source | None,
    request_id: str | None,
    from_text: str | None,
    to_text: str | None,
    limit: int,
    test: bool,
    as_json: bool,
) -> None:
    """List what happened in the last 30 days, the latest first."""
    merchant_id = read_owner(owner)
    page = Page(limit, level, source, request_id, _moment(from_text, "from", 0), _moment(to_text, "to", 1))
    found = run(lambda ctx: system_log.listed(ctx, merchant_id, "test" if test else "live", page))
    rows = [[moment(one.at, seconds=True), one.level, one.source, one.message, one.request_id or "-"] for one in found]
    lines = table(["WHEN", "LEVEL", "ABOUT", "WHAT", "REQUEST"], rows)
    emit({"logs": [_shape(one) for one in found]}, lines, as_json=as_json)


def _moment(text: str | None, name: str, days: int) -> datetime | None:
    if text is None:
        return None
    day = fields.read_day(text)
    at = day + timedelta(days=days) if day else fields.read_moment(text)
    if at is None:
        raise InvalidInput(f"--{name} is a day in Bangkok (2026-11-20) or a time with its offset from UTC.", field=name)
    return at


def _shape(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "at": line.at,
        "level": line.level,
        "source": line.source,
        "message": line.message,
        "mode": line.mode,
        "requestId": line.request_id,
        "method": line.method,
        "path": line.path,
        "status": line.status,
        "durationMs": line.took_ms,
        "actor": line.actor,
        "credential": line.credential,
        "subject": line.subject,
        "times": line.times,
    }
