"""`paygate webhook`: where merchants hear of events, and the secrets that sign them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from paygate.cli import webhook_log
from paygate.cli.output import emit, examples, json_option, moment, read_id, table
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.errors import Bug
from paygate.core.formats import FORMATS
from paygate.db.endpoints import Endpoint
from paygate.services import endpoints
from paygate.services.context import Context
from paygate.services.endpoints import Change, WithSecret
from paygate.services.once import Answered

KEEP_IT = "Keep the secret: it signs every delivery and is not shown again."


@click.group()
def webhook() -> None:
    """Webhook endpoints of merchants, and what became of their webhooks."""


for command in (webhook_log.events, webhook_log.deliveries, webhook_log.redeliver):
    webhook.add_command(command)


@webhook.command(
    epilog=examples(
        "paygate webhook add --merchant mer_0c... --url https://shop.example.com/webhook",
        "paygate webhook add --merchant mer_0c... --url https://shop.example.com/w --events payment.success --test",
        "paygate webhook add --merchant mer_0c... --url https://shop.example.com/stripe --format stripe",
    )
)
@click.option("--merchant", required=True, help="The merchant's id.")
@click.option("--url", required=True, help="Where to send events: https, unless the operator allows the network.")
@click.option(
    "--events",
    multiple=True,
    default=("*",),
    help='Event types, separated by commas or repeated; "*" is all, the default.',
)
@click.option("--format", "body_format", type=click.Choice(FORMATS), default="paygate", show_default=True)
@click.option("--description", help="Words of your own, so that you know it again.")
@click.option("--test", is_flag=True, help="For events of test keys; without it, of live keys.")
@json_option
def add(
    merchant: str,
    url: str,
    events: tuple[str, ...],
    body_format: str,
    description: str | None,
    test: bool,
    as_json: bool,
) -> None:
    """Add an endpoint. Its secret is shown this once."""
    merchant_id = ids.read_merchant(merchant)
    new = run(
        lambda ctx: endpoints.add(
            ctx,
            merchant_id=merchant_id,
            url=url,
            events=_names(events),
            body_format=body_format,
            mode="test" if test else "live",
            description=description,
        )
    )
    answer = {"endpointId": ids.show("we", new.id), "secret": new.secret}
    lines = [f"Endpoint {answer['endpointId']}: {new.url}", f"  secret  {new.secret}", KEEP_IT]
    emit(answer, lines, as_json=as_json)


@webhook.command("list", epilog=examples("paygate webhook list --merchant mer_0c..."))
@click.option("--merchant", required=True, help="The merchant's id.")
@json_option
def list_(merchant: str, as_json: bool) -> None:
    """List a merchant's endpoints, without their secrets."""
    merchant_id = ids.read_merchant(merchant)
    found = run(lambda ctx: endpoints.list_endpoints(ctx, merchant_id))
    rows = [[ids.show("we", e.id), e.mode, _state(e), e.format, ",".join(e.events), e.url] for e in found]
    lines = table(["ENDPOINT", "MODE", "STATE", "FORMAT", "EVENTS", "URL"], rows)
    emit({"endpoints": [_shape(e) for e in found]}, lines, as_json=as_json)


@webhook.command(epilog=examples("paygate webhook show we_01..."))
@click.argument("endpoint_id")
@json_option
def show(endpoint_id: str, as_json: bool) -> None:
    """Show one endpoint, without its secret."""
    _tell(run(lambda ctx: _found(ctx, endpoint_id)), as_json)


@webhook.command(
    epilog=examples(
        "paygate webhook update we_01... --url https://shop.example.com/new",
        "paygate webhook update we_01... --events payment.success,payment.expired",
    )
)
@click.argument("endpoint_id")
@click.option("--url", help="Where to send events from now on.")
@click.option("--events", multiple=True, help='Event types, separated by commas or repeated; "*" is all.')
@click.option("--description", help='Words of your own; "" for none.')
@json_option
def update(endpoint_id: str, url: str | None, events: tuple[str, ...], description: str | None, as_json: bool) -> None:
    """Change what an endpoint hears, and where it is."""
    _change(endpoint_id, Change(url=url, events=_names(events) or None, description=description), as_json)


@webhook.command(epilog=examples('paygate webhook disable we_01... --reason "moving to another host"'))
@click.argument("endpoint_id")
@click.option("--reason", default="Disabled by the operator.", help="Shown to the merchant.")
@json_option
def disable(endpoint_id: str, reason: str, as_json: bool) -> None:
    """Tell an endpoint nothing more. What waits for it is given up when its time comes."""
    _change(endpoint_id, Change(enabled=False, reason=reason), as_json)


@webhook.command(epilog=examples("paygate webhook enable we_01..."))
@click.argument("endpoint_id")
@json_option
def enable(endpoint_id: str, as_json: bool) -> None:
    """Let an endpoint hear again. What it missed: `paygate webhook redeliver --from ... --all`."""
    _change(endpoint_id, Change(enabled=True), as_json)


@webhook.command(epilog=examples("paygate webhook delete we_01..."))
@click.argument("endpoint_id")
@json_option
def delete(endpoint_id: str, as_json: bool) -> None:
    """Delete an endpoint. The log of what it heard stays."""

    async def work(ctx: Context) -> None:
        number = read_id("we", endpoint_id)
        await endpoints.delete(ctx, *await endpoints.owner(ctx, number), number)

    run(work)
    shown = ids.show("we", read_id("we", endpoint_id))
    emit({"endpointId": shown, "deleted": True}, [f"Endpoint {shown} is deleted."], as_json=as_json)


@webhook.command(epilog=examples("paygate webhook rotate we_01..."))
@click.argument("endpoint_id")
@json_option
def rotate(endpoint_id: str, as_json: bool) -> None:
    """Give an endpoint a new secret, shown this once. For 24 hours the old one signs beside it."""

    async def work(ctx: Context) -> WithSecret:
        number = read_id("we", endpoint_id)
        done = await endpoints.rotate(ctx, *await endpoints.owner(ctx, number), number)
        if not isinstance(done, Answered):
            raise Bug("A call without an Idempotency-Key was answered from memory.")
        return done.value

    new = run(work)
    answer = {
        "endpointId": ids.show("we", new.id),
        "secret": new.secret,
        "oldSecretUntil": new.endpoint.old_until,
    }
    lines = [
        f"Endpoint {answer['endpointId']}: {new.url}",
        f"  secret  {new.secret}",
        KEEP_IT,
    ]
    if new.endpoint.old_until is not None:
        lines.append(f"The old one signs beside it until {moment(new.endpoint.old_until)}.")
    emit(answer, lines, as_json=as_json)


@webhook.command(epilog=examples("paygate webhook test we_01...", "paygate webhook deliveries --endpoint we_01..."))
@click.argument("endpoint_id")
@json_option
def test(endpoint_id: str, as_json: bool) -> None:
    """Send webhook.test to an endpoint. A running server or worker delivers it; `deliveries` shows what came of it."""

    async def work(ctx: Context) -> str:
        number = read_id("we", endpoint_id)
        done = await endpoints.send_test(ctx, *await endpoints.owner(ctx, number), number)
        if not isinstance(done, Answered):
            raise Bug("A call without an Idempotency-Key was answered from memory.")
        return ids.show("wh", done.value.id)

    event_id = run(work)
    emit({"eventId": event_id}, [f"Event {event_id} is on its way."], as_json=as_json)


def _names(events: Sequence[str]) -> list[str]:
    return [name for text in events for part in text.split(",") if (name := part.strip())]


async def _found(ctx: Context, endpoint_id: str) -> Endpoint:
    number = read_id("we", endpoint_id)
    return await endpoints.get(ctx, *await endpoints.owner(ctx, number), number)


def _change(endpoint_id: str, change: Change, as_json: bool) -> None:
    async def work(ctx: Context) -> Endpoint:
        number = read_id("we", endpoint_id)
        return await endpoints.update(ctx, *await endpoints.owner(ctx, number), number, change)

    _tell(run(work), as_json)


def _tell(e: Endpoint, as_json: bool) -> None:
    shape = _shape(e)
    lines = [f"{name:<16}{_text(text)}" for name, text in shape.items() if text is not None]
    emit(shape, lines, as_json=as_json)


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _state(e: Endpoint) -> str:
    return e.disabled_reason or ("failing" if e.failing_since else "in use")


def _shape(e: Endpoint) -> dict[str, Any]:
    return {
        "endpointId": ids.show("we", e.id),
        "mode": e.mode,
        "url": e.url,
        "events": list(e.events),
        "format": e.format,
        "description": e.description,
        "status": "enabled" if e.disabled_at is None else "disabled",
        "disabledAt": e.disabled_at,
        "disabledReason": e.disabled_reason,
        "failingSince": e.failing_since,
        "oldSecretUntil": e.old_until,
        "createdAt": e.created_at,
    }
