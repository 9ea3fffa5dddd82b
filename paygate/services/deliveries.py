"""Webhooks go out: due deliveries are claimed, sent once each outside any transaction, and what came of it is kept."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from paygate import telemetry
from paygate.core import events, ids, webhooks
from paygate.core.errors import Bug
from paygate.core.formats import render
from paygate.core.webhooks import Verdict
from paygate.db import attempts as results
from paygate.db import deliveries as rows
from paygate.db import event_bodies
from paygate.db.attempts import Attempt, Disabled
from paygate.db.deliveries import Claimed, Due
from paygate.db.event_bodies import Body
from paygate.db.events import announce
from paygate.db.pool import Conn
from paygate.outbound import OutboundError
from paygate.services.context import Context

if TYPE_CHECKING:
    from paygate.outbound import Answer, Outbound

LEASE_S = 30.0
"""Twice the longest request, and the longest that a kill -9 delays a delivery."""

MANY_UNFINISHED = 20
LONG_LEASE_S = 600.0
MOST_UNFINISHED = 200
"""A delivery that never ends may be what kills its workers, or was in the hands of many that were killed. After the
first number it comes back every ten minutes, so that it cannot keep the others from being sent; after the last one,
more than a day of kills, it is given up."""

PATIENCE_S = 5 * 86_400.0
"""An endpoint where nothing succeeded for so long is disabled."""

PATIENCE_OVER = "Every delivery failed for 5 days."
KEPT_ANSWER_BYTES = 1_024
KEPT_HEADERS_CHARS = 2_048
KEPT_ERROR_CHARS = 500

log = telemetry.logger("services.deliveries")


async def claim(ctx: Context, *, rooms: Mapping[UUID, int], new_room: int, limit: int) -> Claimed:
    """Claim due deliveries for LEASE_S; they must be sent at once. See db.deliveries.claim for the rooms."""
    lease_id = ctx.new_id()

    async def work(conn: Conn) -> Claimed:
        return await rows.claim(
            conn,
            lease_id,
            lease_s=LEASE_S,
            rooms=rooms,
            new_room=new_room,
            limit=limit,
            many_unfinished=MANY_UNFINISHED,
            long_lease_s=LONG_LEASE_S,
            most_unfinished=MOST_UNFINISHED,
        )

    claimed = await ctx.db.transaction(work)
    if claimed.buried:
        log.warning("webhooks given up: endpoint disabled, or never finished", deliveries=claimed.buried)
    if any(due.body is None for due in claimed.due):
        claimed = replace(claimed, due=await _with_bodies(ctx, claimed.due))
    return claimed


async def send(ctx: Context, outbound: Outbound, due: Due) -> Attempt:
    """One try over the network; says what shall become of the delivery. Raises Bug when its secret cannot be read."""
    if due.body is None:
        raise Bug(f"Event {due.event_id} could not be written in the format {due.format}.")
    body = due.body.encode()
    headers = webhooks.sign(
        _secrets(ctx, due),
        event_id=ids.show("wh", due.event_id),
        event_type=due.event_type,
        timestamp_s=int(due.claimed_at.timestamp()),
        body=body,
    )
    began_s = time.monotonic()
    try:
        answer = await outbound.post(due.url, headers, body, live=due.mode == "live")
    except OutboundError as error:
        attempt = failed(due, error.message, latency_ms=round((time.monotonic() - began_s) * 1_000))
    else:
        attempt = replace(_judged(due, answer), response_headers=_lines(answer.head))
    return replace(attempt, request_headers=_lines(headers))


def failed(due: Due, error: str, latency_ms: int = 0) -> Attempt:
    """A try without an answer: again by the schedule, or the end of it."""
    return _again(due, None, latency_ms, "", error[:KEPT_ERROR_CHARS], None)


async def record(ctx: Context, due: Due, attempt: Attempt) -> bool:
    """`record_all` of one try."""
    [ours] = await record_all(ctx, [(due, attempt)])
    return ours


async def record_all(ctx: Context, tries: Sequence[tuple[Due, Attempt]]) -> tuple[bool, ...]:
    """Keep what became of tries, in one commit: whether each delivery was still ours. Repeating it is harmless.

    Endpoints that are disabled by it are told of to the merchant's other endpoints, in the same commit.
    """

    async def work(conn: Conn) -> results.Recorded:
        recorded = await results.record(conn, tries, patience_s=PATIENCE_S, patience_over=PATIENCE_OVER)
        for one in recorded.disabled:
            await announce(conn, _disabled(ctx, one))
        return recorded

    recorded = await ctx.db.transaction(work)
    for (due, attempt), ours in zip(tries, recorded.ours, strict=True):
        _tell(due, attempt, ours=ours)
        if ours and (dwell := dwell_s(due, attempt)) is not None:
            telemetry.observe_webhook_dwell(dwell)
    for one in recorded.disabled:
        log.warning("webhook endpoint disabled", endpoint=ids.show("we", one.endpoint_id), reason=one.reason)
    if recorded.disabled:
        ctx.wake()
    return recorded.ours


def dwell_s(due: Due, attempt: Attempt) -> float | None:
    """From when an event happened until its receiver had it; None when it has not, or was sent again by hand."""
    if attempt.state != "DELIVERED" or due.again:
        return None
    return (due.claimed_at - due.created_at).total_seconds() + attempt.latency_ms / 1_000


def _tell(due: Due, attempt: Attempt, *, ours: bool) -> None:
    about = {
        "endpoint": ids.show("we", due.endpoint_id),
        "webhook": ids.show("wh", due.event_id),
        "attempt": due.attempt,
    }
    if not ours:
        log.warning("webhook answered after its lease had passed on", **about, status=attempt.status)
    elif attempt.state == "DELIVERED":
        log.debug("webhook delivered", **about, status=attempt.status, dwell_s=dwell_s(due, attempt))
    else:
        log.info("webhook failed", **about, status=attempt.status, error=attempt.error, state=attempt.state)


def _disabled(ctx: Context, one: Disabled) -> events.Announcement:
    return events.of_endpoint(
        "webhook.disabled",
        merchant_id=one.merchant_id,
        mode=one.mode,
        endpoint_id=one.endpoint_id,
        url=one.url,
        reason=one.reason,
        sequence=one.sequence,
        event_id=ctx.new_id(),
        at=one.at,
    )


# --- bodies in other formats ---------------------------------------------------------------------------------------


async def _with_bodies(ctx: Context, dues: Sequence[Due]) -> tuple[Due, ...]:
    """The same with their bodies, which are kept before they are first sent. What cannot be written stays without."""
    wanted = {(due.event_id, due.format): due for due in dues if due.body is None}
    events_of = {due.event_id: (due.merchant_id, due.mode, due.event_id) for due in wanted.values()}
    async with ctx.db.connection() as conn:
        facts = await event_bodies.facts(conn, list(events_of.values()), ctx.public_url)
    written = []
    for due in wanted.values():
        try:
            text = render(due.format, facts[due.event_id])
        except Exception:  # One that cannot be written is a failed try; the others go out.
            log.exception("a webhook could not be written", webhook=str(due.event_id), format=due.format)
            continue
        written.append(Body(due.merchant_id, due.mode, due.event_id, due.format, text))
    kept = await ctx.db.transaction(lambda conn: event_bodies.keep(conn, written))
    return tuple(
        due if due.body is not None else replace(due, body=kept.get((due.event_id, due.format))) for due in dues
    )


# --- one try -------------------------------------------------------------------------------------------------------


def _secrets(ctx: Context, due: Due) -> list[str]:
    sealed = [due.secret] if due.old_secret is None else [due.secret, due.old_secret]
    return [ctx.unseal(secret, f"endpoint:{due.endpoint_id}") for secret in sealed]


def _lines(headers: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {text}" for name, text in headers.items())[:KEPT_HEADERS_CHARS]


def _judged(due: Due, answer: Answer) -> Attempt:
    verdict = webhooks.judge(answer.status)
    head = answer.body_head[:KEPT_ANSWER_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")
    if verdict is Verdict.DELIVERED:
        return Attempt(answer.status, answer.latency_ms, head, None, "DELIVERED")
    if verdict is Verdict.GONE:
        reason = "The receiver answered 410 Gone."
        return Attempt(answer.status, answer.latency_ms, head, reason, "DEAD", disable=reason)
    error = "Redirects are not followed." if 300 <= answer.status <= 399 else None
    wish_s = webhooks.retry_after_s(answer.head.get("retry-after"), int(due.claimed_at.timestamp()))
    return _again(due, answer.status, answer.latency_ms, head, error, wish_s)


def _again(
    due: Due, status: int | None, latency_ms: int, head: str, error: str | None, retry_after_s: int | None
) -> Attempt:
    jitter = random.random()  # noqa: S311 - spreads load, guards nothing
    pause_s = webhooks.next_attempt(due.turn, jitter, retry_after_s)
    if pause_s is None:
        return Attempt(status, latency_ms, head, error, "DEAD")
    return Attempt(status, latency_ms, head, error, "DUE", pause_s)
