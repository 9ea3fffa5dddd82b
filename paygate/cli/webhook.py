"""`paygate webhook`: where merchants hear of events."""

from __future__ import annotations

import click

from paygate.cli.output import emit, examples, json_option, table
from paygate.cli.session import run
from paygate.core import ids
from paygate.services import endpoints


@click.group()
def webhook() -> None:
    """Webhook endpoints of merchants."""


@webhook.command(
    epilog=examples(
        "paygate webhook add --merchant mer_0c... --url https://shop.example.com/webhook",
        "paygate webhook add --merchant mer_0c... --url https://shop.example.com/w --events payment.success --test",
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
@click.option("--format", "body_format", type=click.Choice(endpoints.FORMATS), default="paygate", show_default=True)
@click.option("--test", is_flag=True, help="For events of test keys; without it, of live keys.")
@json_option
def add(merchant: str, url: str, events: tuple[str, ...], body_format: str, test: bool, as_json: bool) -> None:
    """Add an endpoint. Its secret is shown this once."""
    merchant_id = ids.read_merchant(merchant)
    wanted = [name for text in events for part in text.split(",") if (name := part.strip())]
    new = run(
        lambda ctx: endpoints.add(
            ctx,
            merchant_id=merchant_id,
            url=url,
            events=wanted,
            body_format=body_format,
            mode="test" if test else "live",
        )
    )
    answer = {"endpointId": ids.show("we", new.id), "secret": new.secret}
    lines = [
        f"Endpoint {answer['endpointId']}: {new.url}",
        f"  secret  {new.secret}",
        "Keep the secret: it signs every delivery and is not shown again.",
    ]
    emit(answer, lines, as_json=as_json)


@webhook.command("list", epilog=examples("paygate webhook list --merchant mer_0c..."))
@click.option("--merchant", required=True, help="The merchant's id.")
@json_option
def list_(merchant: str, as_json: bool) -> None:
    """List a merchant's endpoints, without their secrets."""
    merchant_id = ids.read_merchant(merchant)
    found = run(lambda ctx: endpoints.list_endpoints(ctx, merchant_id))
    answer = [
        {
            "endpointId": ids.show("we", e.id),
            "mode": e.mode,
            "url": e.url,
            "events": list(e.events),
            "format": e.format,
            "disabledReason": e.disabled_reason,
            "createdAt": e.created_at,
        }
        for e in found
    ]
    rows = [[ids.show("we", e.id), e.mode, e.disabled_reason or "in use", ",".join(e.events), e.url] for e in found]
    emit({"endpoints": answer}, table(["ENDPOINT", "MODE", "STATE", "EVENTS", "URL"], rows), as_json=as_json)
