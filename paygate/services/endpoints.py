"""Endpoints: where a merchant hears of events, and the secret that signs them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from paygate.core import events, ids, webhooks
from paygate.core.errors import Bug, Conflict, InvalidInput, NotFound
from paygate.core.events import EVENT_TYPES, Announcement
from paygate.core.formats import FORMATS, spoken_in
from paygate.core.keys import Mode
from paygate.db import endpoints, merchants
from paygate.db.endpoints import Endpoint
from paygate.db.events import tell_one
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.outbound import check_url
from paygate.outbound.addresses import OwnAddresses, parse
from paygate.services import audit
from paygate.services.context import Context
from paygate.services.once import Answered, once, unanswered
from paygate.services.payments import Replayed

ALL_EVENTS = "*"
PORTS = {"http": 80, "https": 443}
MODES: tuple[Mode, ...] = ("live", "test")

MOST_ENDPOINTS = 32
"""Of one merchant in one mode: each event writes a delivery for each."""

MAX_DESCRIPTION = 200

OVERLAP = timedelta(hours=24)
"""How long the old secret signs beside the new one."""


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint with the secret that it was just given: shown once."""

    endpoint: Endpoint
    secret: str = field(repr=False)

    @property
    def id(self) -> UUID:
        """The endpoint's id."""
        return self.endpoint.id

    @property
    def url(self) -> str:
        """Where it is, in normal form."""
        return self.endpoint.url


@dataclass(frozen=True, slots=True)
class Wish:
    """A new endpoint as a merchant asks for it; *events* are event types, or "*" for all."""

    url: str
    events: Sequence[str] = (ALL_EVENTS,)
    body_format: str = "paygate"
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be different. None: as it is; an empty description: none.

    `enabled` False needs no reason, but may have one.
    """

    url: str | None = None
    events: Sequence[str] | None = None
    description: str | None = None
    enabled: bool | None = None
    reason: str | None = None


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
    description: str | None = None,
    actor: audit.By = audit.CLI,
) -> WithSecret:
    """`create` without an Idempotency-Key."""
    done = await create(ctx, merchant_id, mode, Wish(url, events, body_format, description), None, unanswered, actor)
    return _value(done)


async def create(
    ctx: Context,
    merchant_id: int,
    mode: Mode,
    wish: Wish,
    claim: Claim | None,
    answer: Callable[[WithSecret], tuple[int, bytes]],
    actor: audit.By = audit.CLI,
) -> Answered[WithSecret] | Replayed:
    """A new endpoint.

    Raises InvalidInput (url: not a receiver that may be reached, events, format), NotFound (merchant), Conflict (there
    are MOST_ENDPOINTS already).
    """
    url, wanted = _url(ctx, wish.url, mode), read_events(wish.events)
    if wish.body_format not in FORMATS:
        raise InvalidInput(f"format must be one of {', '.join(FORMATS)}.", field="format")
    _require_words(wanted, wish.body_format)
    endpoint_id, secret = ctx.new_id(), webhooks.new_secret(secrets.token_bytes(32))
    sealed = ctx.seal(secret, purpose(endpoint_id))

    async def work(conn: Conn) -> WithSecret:
        count = await endpoints.count(conn, merchant_id, mode)
        if count is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        if count >= MOST_ENDPOINTS:
            raise Conflict(f"There are {MOST_ENDPOINTS} endpoints already; delete one that is not used any more.")
        made = await endpoints.insert(
            conn,
            merchant_id=merchant_id,
            mode=mode,
            endpoint_id=endpoint_id,
            url=url,
            events=wanted,
            body_format=wish.body_format,
            description=wish.description or None,
            secret=sealed,
        )
        shown = {"url": _without_query(url), "events": list(wanted), "format": wish.body_format}
        await _log(ctx, conn, actor, "webhook.add", (merchant_id, mode, endpoint_id), after=shown)
        return WithSecret(made, secret)

    return await once(ctx, claim, answer, work)


def read_events(events: Sequence[str]) -> tuple[str, ...]:
    """Event types without repetitions; "*" makes the others superfluous. Raises InvalidInput (events)."""
    if not events:
        raise InvalidInput("Name at least one event, or * for all.", field="events")
    for event in events:
        if event != ALL_EVENTS and event not in EVENT_TYPES:
            raise InvalidInput(f"There is no event {event!r}; there are {', '.join(EVENT_TYPES)}.", field="events")
    return (ALL_EVENTS,) if ALL_EVENTS in events else tuple(dict.fromkeys(events))


async def list_endpoints(ctx: Context, merchant_id: int, mode: Mode | None = None) -> list[Endpoint]:
    """All endpoints of a merchant (in one mode), disabled ones too. Raises NotFound when there is no such merchant."""
    async with ctx.db.connection() as conn:
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        return await endpoints.listed(conn, merchant_id, (mode,) if mode else MODES)


async def get(ctx: Context, merchant_id: int, mode: Mode, endpoint_id: UUID) -> Endpoint:
    """One endpoint. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return _found(await endpoints.get(conn, merchant_id, mode, endpoint_id), endpoint_id)


async def owner(ctx: Context, endpoint_id: UUID) -> tuple[int, Mode]:
    """Whose an endpoint is, and in which mode: for the operator. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return _found(await endpoints.owner(conn, endpoint_id), endpoint_id)


async def update(
    ctx: Context, merchant_id: int, mode: Mode, endpoint_id: UUID, change: Change, actor: audit.By = audit.CLI
) -> Endpoint:
    """Change an endpoint. Disabling keeps the first moment and reason; enabling forgets past failures.

    What waits for a disabled endpoint is given up when its time comes; it can be sent again. Raises NotFound,
    InvalidInput.
    """
    url = None if change.url is None else _url(ctx, change.url, mode)
    wanted = None if change.events is None else read_events(change.events)

    async def work(conn: Conn) -> Endpoint:
        now = _found(await endpoints.lock(conn, merchant_id, mode, endpoint_id), endpoint_id)
        if wanted is not None:
            _require_words(wanted, now.format)
        reason = now.disabled_reason
        if change.enabled is not None:
            reason = None if change.enabled else reason or change.reason or "Disabled by its owner."
        description = now.description if change.description is None else change.description or None
        after = replace(
            now,
            url=url or now.url,
            events=wanted or now.events,
            description=description,
            disabled_reason=reason,
        )
        place = (merchant_id, mode, endpoint_id)
        await _log(ctx, conn, actor, "webhook.update", place, before=_shown(now), after=_shown(after))
        return _found(await endpoints.update(conn, after), endpoint_id)

    return await ctx.db.transaction(work)


async def disable(ctx: Context, merchant_id: int, mode: Mode, endpoint_id: UUID, reason: str) -> Endpoint:
    """Tell an endpoint nothing more. Raises NotFound."""
    return await update(ctx, merchant_id, mode, endpoint_id, Change(enabled=False, reason=reason))


async def delete(ctx: Context, merchant_id: int, mode: Mode, endpoint_id: UUID, actor: audit.By = audit.CLI) -> None:
    """Tell an endpoint nothing more, and show it no more; the log of its deliveries stays. Raises NotFound."""

    async def work(conn: Conn) -> None:
        if not await endpoints.delete(conn, merchant_id, mode, endpoint_id):
            raise _unknown(endpoint_id)
        await _log(ctx, conn, actor, "webhook.delete", (merchant_id, mode, endpoint_id))

    await ctx.db.transaction(work)


async def rotate(
    ctx: Context,
    merchant_id: int,
    mode: Mode,
    endpoint_id: UUID,
    claim: Claim | None = None,
    answer: Callable[[WithSecret], tuple[int, bytes]] = unanswered,
    actor: audit.By = audit.CLI,
) -> Answered[WithSecret] | Replayed:
    """Give an endpoint a new secret. For OVERLAP the old one signs beside it, as far as headers have room for two.

    A rotation within another's overlap ends the older one: two secrets sign at most. Raises NotFound.
    """
    secret = webhooks.new_secret(secrets.token_bytes(32))
    sealed = ctx.seal(secret, purpose(endpoint_id))

    async def work(conn: Conn) -> WithSecret:
        found = await endpoints.rotate(conn, merchant_id, mode, endpoint_id, sealed, OVERLAP)
        endpoint = _found(found, endpoint_id)
        await _log(ctx, conn, actor, "webhook.rotate", (merchant_id, mode, endpoint_id))
        return WithSecret(endpoint, secret)

    return await once(ctx, claim, answer, work)


async def send_test(
    ctx: Context,
    merchant_id: int,
    mode: Mode,
    endpoint_id: UUID,
    claim: Claim | None = None,
    answer: Callable[[Announcement], tuple[int, bytes]] = unanswered,
) -> Answered[Announcement] | Replayed:
    """Send `webhook.test` to one endpoint, whatever it wants to hear. Raises NotFound, Conflict (it is disabled)."""
    event_id = ctx.new_id()

    async def work(conn: Conn) -> Announcement:
        about = _found(await endpoints.count_event(conn, merchant_id, mode, endpoint_id), endpoint_id)
        if about.disabled:
            raise Conflict("The endpoint is disabled; enable it first.")
        event = events.of_endpoint(
            "webhook.test",
            merchant_id=merchant_id,
            mode=mode,
            endpoint_id=endpoint_id,
            url=about.url,
            reason=None,
            sequence=about.sequence,
            event_id=event_id,
            at=about.at,
        )
        await tell_one(conn, event, endpoint_id)
        return event

    done = await once(ctx, claim, answer, work)
    ctx.wake()
    return done


def _url(ctx: Context, url: str, mode: Mode) -> str:
    checked = check_url(url, live=mode == "live", allow_networks=ctx.webhook_allow_networks)
    if _leads_back(ctx, checked):
        raise InvalidInput("The URL is this gateway's own address.", field="url")
    return checked


def _leads_back(ctx: Context, url: str) -> bool:
    """Whether it names this gateway, as far as that can be told without a network; the sender looks again."""
    host, port = _origin(url)
    if (host, port) == _origin(ctx.public_url):
        return True
    if ctx.listening is None:
        return False
    try:
        address = parse("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False  # A name: what is behind it is seen at the connection.
    return OwnAddresses([ctx.listening]).holds(address, port)


def _require_words(wanted: Sequence[str], body_format: str) -> None:
    """Asking for what will never come is a mistake that should be told at once."""
    mute = [event for event in wanted if event != ALL_EVENTS and body_format not in spoken_in(event)]
    if mute:
        raise InvalidInput(f"The format {body_format} has no words for {', '.join(mute)}.", field="events")


Thing = TypeVar("Thing")


def _found(thing: Thing | None, endpoint_id: UUID) -> Thing:
    if thing is None:
        raise _unknown(endpoint_id)
    return thing


def _unknown(endpoint_id: UUID) -> NotFound:
    return NotFound(f"There is no endpoint {ids.show('we', endpoint_id)}.")


def _value(done: Answered[WithSecret] | Replayed) -> WithSecret:
    if isinstance(done, Replayed):
        raise Bug("A call without an Idempotency-Key was answered from memory.")
    return done.value


def _origin(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return (parts.hostname or "").removesuffix("."), parts.port or PORTS.get(parts.scheme, 0)


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    """What the audit log keeps of an endpoint."""
    return {
        "url": _without_query(endpoint.url),
        "events": list(endpoint.events),
        "disabled_reason": endpoint.disabled_reason,
    }


async def _log(
    ctx: Context,
    conn: Conn,
    actor: audit.By,
    action: str,
    place: tuple[int, Mode, UUID],
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    merchant_id, mode, endpoint_id = place
    subject = f"endpoint:{ids.show('we', endpoint_id)}"
    await audit.append(
        conn,
        ctx,
        merchant_id=merchant_id,
        actor=actor,
        action=action,
        subject=subject,
        before=before,
        after={"mode": mode, **(after or {})},
    )


def _without_query(url: str) -> str:
    """What may be told of a URL: its query may hold a token."""
    return urlsplit(url)._replace(query="").geturl()
