"""Endpoints: where a merchant hears of events, and the secret that signs them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

from paygate.core import ids, webhooks
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import EVENT_TYPES
from paygate.core.keys import Mode
from paygate.db import endpoints, merchants
from paygate.db.endpoints import Endpoint
from paygate.db.pool import Conn
from paygate.outbound import check_url
from paygate.services import audit
from paygate.services.context import Context

FORMATS = ("paygate", "gateway", "stripe")
WRITTEN_FORMATS = ("paygate",)  # The bodies that this version can write.
ALL_EVENTS = "*"
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint that was just made: its secret is shown once."""

    id: UUID
    url: str
    secret: str = field(repr=False)


def purpose(endpoint_id: UUID) -> str:
    """What an endpoint's secret is sealed for."""
    return f"endpoint:{endpoint_id}"


async def add(
    ctx: Context,
    *,
    merchant_id: int,
    url: str,
    events: Sequence[str] = (ALL_EVENTS,),
    body_format: str = "paygate",
    mode: Mode = "live",
    actor: str = audit.CLI,
) -> NewEndpoint:
    """A new endpoint; *events* are event types, or "*" for all.

    Raises InvalidInput (url: not a receiver that may be reached, events, format), NotFound (merchant).
    """
    checked = check_url(url, live=mode == "live", allow_networks=ctx.webhook_allow_networks)
    if _origin(checked) == _origin(ctx.public_url):
        raise InvalidInput("The URL is this gateway's own address.", field="url")
    wanted = read_events(events)
    if body_format not in FORMATS:
        raise InvalidInput(f"The format is one of {', '.join(FORMATS)}.", field="format")
    if body_format not in WRITTEN_FORMATS:
        raise InvalidInput(f"This version does not write the format {body_format} yet.", field="format")
    endpoint_id, secret = ctx.new_id(), webhooks.new_secret(secrets.token_bytes(32))
    sealed = ctx.seal(secret, purpose(endpoint_id))

    async def work(conn: Conn) -> None:
        await _require(conn, merchant_id)
        await endpoints.insert(
            conn,
            merchant_id=merchant_id,
            mode=mode,
            endpoint_id=endpoint_id,
            url=checked,
            events=wanted,
            body_format=body_format,
            secret=sealed,
        )
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=actor,
            action="webhook.add",
            subject=f"endpoint:{ids.show('we', endpoint_id)}",
            after={"mode": mode, "url": _without_query(checked), "events": wanted, "format": body_format},
        )

    await ctx.db.transaction(work)
    return NewEndpoint(endpoint_id, checked, secret)


def read_events(events: Sequence[str]) -> tuple[str, ...]:
    """Event types without repetitions; "*" makes the others superfluous. Raises InvalidInput (events)."""
    if not events:
        raise InvalidInput("Name at least one event, or * for all.", field="events")
    for event in events:
        if event != ALL_EVENTS and event not in EVENT_TYPES:
            raise InvalidInput(f"There is no event {event!r}; there are {', '.join(EVENT_TYPES)}.", field="events")
    return (ALL_EVENTS,) if ALL_EVENTS in events else tuple(dict.fromkeys(events))


async def list_endpoints(ctx: Context, merchant_id: int) -> Sequence[Endpoint]:
    """All endpoints of a merchant, disabled ones too. Raises NotFound when there is no such merchant."""
    async with ctx.db.connection() as conn:
        await _require(conn, merchant_id)
        return await endpoints.listed(conn, merchant_id)


async def disable(ctx: Context, merchant_id: int, endpoint_id: UUID, reason: str) -> None:
    """Tell an endpoint nothing more. Raises NotFound."""

    async def work(conn: Conn) -> None:
        if not await endpoints.disable(conn, merchant_id, endpoint_id, reason):
            raise NotFound(f"There is no endpoint {ids.show('we', endpoint_id)}.")

    await ctx.db.transaction(work)


async def _require(conn: Conn, merchant_id: int) -> None:
    if await merchants.get(conn, merchant_id) is None:
        raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")


def _without_query(url: str) -> str:
    """What may be told of a URL: its query may hold a token."""
    return urlsplit(url)._replace(query="").geturl()


def _origin(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return (parts.hostname or "").removesuffix("."), parts.port or PORTS.get(parts.scheme, 0)
