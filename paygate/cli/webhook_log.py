"""`paygate webhook events|deliveries|redeliver`: what became of webhooks, and sending them again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import click

from paygate.cli.output import emit, examples, json_option, moment, read_id, table
from paygate.cli.session import run
from paygate.core import fields, ids
from paygate.core.errors import Bug, InvalidInput
from paygate.core.events import EVENT_TYPES, PAYMENT_EVENTS
from paygate.core.keys import Mode
from paygate.db.redeliveries import Span
from paygate.db.webhook_log import Delivery, DeliveryPage, Event, EventPage, Tried
from paygate.services import endpoints, webhook_log
from paygate.services.context import Context
from paygate.services.once import Answered

STATES = {"pending": "DUE", "delivered": "DELIVERED", "failed": "DEAD"}
_WORDS = {inside: word.upper() for word, inside in STATES.items()}
MOST = 100


@click.command(
    epilog=examples(
        "paygate webhook events --merchant mer_0c...",
        "paygate webhook events --merchant mer_0c... --type payment.success --limit 5 --json",
    )
)
@click.option("--merchant", required=True, help="The merchant's id.")
@click.option("--type", "event_type", type=click.Choice(EVENT_TYPES), help="Of this type alone.")
@click.option("--transaction", help="About this payment alone.")
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True)
@click.option("--test", is_flag=True, help="Of test mode; without it, live.")
@json_option
def events(
    merchant: str, event_type: str | None, transaction: str | None, limit: int, test: bool, as_json: bool
) -> None:
    """List what happened, the newest first."""
    merchant_id = ids.read_merchant(merchant)
    about = ids.read_uuid(transaction) if transaction else None
    page = EventPage(limit=limit, type=event_type, subject_id=about)
    found = run(lambda ctx: webhook_log.events(ctx, merchant_id, _mode(test), page))
    rows = [
        [ids.show("wh", e.id), moment(e.created_at, seconds=True), e.type, str(e.subject_id), str(e.sequence)]
        for e in found
    ]
    lines = table(["EVENT", "AT", "TYPE", "ABOUT", "SEQUENCE"], rows)
    emit({"events": [_event(e) for e in found]}, lines, as_json=as_json)


@click.command(
    epilog=examples(
        "paygate webhook deliveries --merchant mer_0c... --state failed",
        "paygate webhook deliveries --endpoint we_01... --json",
    )
)
@click.option("--merchant", help="The merchant's id; not needed with --endpoint.")
@click.option("--endpoint", help="To this endpoint alone.")
@click.option("--event", help="Of this event alone.")
@click.option("--state", type=click.Choice(list(STATES)), help="In this state alone.")
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True)
@click.option("--test", is_flag=True, help="Of test mode; without it, live.")
@json_option
def deliveries(
    merchant: str | None,
    endpoint: str | None,
    event: str | None,
    state: str | None,
    limit: int,
    test: bool,
    as_json: bool,
) -> None:
    """List deliveries with each of their tries, the newest first."""
    page = DeliveryPage(
        limit=limit,
        endpoint_id=read_id("we", endpoint) if endpoint else None,
        event_id=read_id("wh", event) if event else None,
        state=STATES[state] if state else None,
    )

    async def work(ctx: Context) -> list[Delivery]:
        merchant_id, mode = await _whose(ctx, merchant, page.endpoint_id, test=test)
        return await webhook_log.deliveries(ctx, merchant_id, mode, page)

    found = run(work)
    rows = [
        [
            ids.show("wh", d.event_id),
            moment(d.created_at, seconds=True),
            d.type,
            _WORDS[d.state],
            str(d.attempts),
            _last(d),
            d.url,
        ]
        for d in found
    ]
    lines = table(["EVENT", "AT", "TYPE", "STATE", "TRIES", "LAST", "URL"], rows)
    emit({"deliveries": [_delivery(d) for d in found]}, lines, as_json=as_json)


@click.command(
    epilog=examples(
        "paygate webhook redeliver wh_01... --merchant mer_0c...",
        "paygate webhook redeliver --endpoint we_01... --from 2026-11-20",
        "paygate webhook redeliver --merchant mer_0c... --from 2026-11-20T10:00:00+07:00 --to 2026-11-21 --all",
    )
)
@click.argument("event_id", required=False)
@click.option("--merchant", help="The merchant's id; not needed with --endpoint.")
@click.option("--endpoint", help="To this endpoint alone; without it, to all that want such events.")
@click.option("--from", "from_text", help="Without an event: what happened from then on, a Bangkok day or a time.")
@click.option("--to", "to_text", help="And before then (a day: to its end); now, when not given.")
@click.option("--all", "everything", is_flag=True, help="Not only what failed: all of it, delivered or missed.")
@click.option("--test", is_flag=True, help="Of test mode; without it, live.")
@json_option
def redeliver(
    event_id: str | None,
    merchant: str | None,
    endpoint: str | None,
    from_text: str | None,
    to_text: str | None,
    everything: bool,
    test: bool,
    as_json: bool,
) -> None:
    """Send an event again, or what happened in a span of time. The bytes are the same, the schedule begins anew."""
    if (event_id is None) == (from_text is None):
        raise click.UsageError("Name an event, or --from when.")
    endpoint_id = read_id("we", endpoint) if endpoint else None

    async def work(ctx: Context) -> int:
        merchant_id, mode = await _whose(ctx, merchant, endpoint_id, test=test)
        if event_id is not None:
            return await _one(ctx, merchant_id, mode, read_id("wh", event_id), endpoint_id)
        span = Span(_moment(from_text, "from", 0), _moment(to_text, "to", 1), endpoint_id)
        return await _span(ctx, merchant_id, mode, span, everything=everything)

    queued = run(work)
    emit(
        {"queued": queued},
        [f"{queued} {'delivery is' if queued == 1 else 'deliveries are'} on the way."],
        as_json=as_json,
    )


async def _one(ctx: Context, merchant_id: int, mode: Mode, event_id: UUID, endpoint_id: UUID | None) -> int:
    done = await webhook_log.redeliver(ctx, merchant_id, mode, event_id, endpoint_id)
    if not isinstance(done, Answered):
        raise Bug("A call without an Idempotency-Key was answered from memory.")
    return len(done.value.endpoint_ids)


async def _span(ctx: Context, merchant_id: int, mode: Mode, span: Span, *, everything: bool) -> int:
    """All of it, a page after the other."""
    queued = 0
    while True:
        done = await webhook_log.redeliver_span(ctx, merchant_id, mode, span, everything=everything)
        if not isinstance(done, Answered):
            raise Bug("A call without an Idempotency-Key was answered from memory.")
        queued += done.value.deliveries
        if not done.value.more:
            return queued
        span = Span(span.from_at, span.to_at, span.endpoint_id, done.value.after)


async def _whose(ctx: Context, merchant: str | None, endpoint_id: UUID | None, *, test: bool) -> tuple[int, Mode]:
    if merchant is not None:
        return ids.read_merchant(merchant), _mode(test)
    if endpoint_id is None:
        raise click.UsageError("Name a --merchant or an --endpoint.")
    return await endpoints.owner(ctx, endpoint_id)


def _mode(test: bool) -> Mode:
    return "test" if test else "live"


def _moment(text: str | None, name: str, days: int) -> datetime:
    if text is None:
        return datetime.now(UTC) + timedelta(minutes=1)
    day = fields.read_day(text)
    at = day + timedelta(days=days) if day else fields.read_moment(text)
    if at is None:
        raise InvalidInput(f"--{name} is a day in Bangkok (2026-11-20) or a time with its offset from UTC.", field=name)
    return at


def _last(d: Delivery) -> str:
    if not d.tries:
        return "-"
    last = d.tries[-1]
    return f"{last.status} in {last.latency_ms} ms" if last.status is not None else last.error or "-"


def _event(e: Event) -> dict[str, Any]:
    return {
        "eventId": ids.show("wh", e.id),
        "type": e.type,
        "transactionId": str(e.subject_id) if e.type in PAYMENT_EVENTS else None,
        "sequence": e.sequence,
        "createdAt": e.created_at,
        "body": e.body,
    }


def _delivery(d: Delivery) -> dict[str, Any]:
    return {
        "eventId": ids.show("wh", d.event_id),
        "type": d.type,
        "endpointId": ids.show("we", d.endpoint_id),
        "url": d.url,
        "format": d.format,
        "state": _WORDS[d.state],
        "nextAttemptAt": d.run_at if d.state == "DUE" else None,
        "createdAt": d.created_at,
        "finishedAt": d.finished_at,
        "requestBody": d.body,
        "attempts": [_try(t) for t in d.tries],
    }


def _try(t: Tried) -> dict[str, Any]:
    return {
        "attempt": t.attempt,
        "at": t.at,
        "status": t.status,
        "latencyMs": t.latency_ms,
        "error": t.error,
        "requestHeaders": t.request_headers.splitlines(),
        "responseHeaders": t.response_headers.splitlines(),
        "responseBody": t.response_head,
    }
