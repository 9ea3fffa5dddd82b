"""Webhooks go out: due deliveries are claimed, sent once each outside any transaction, and what came of it is kept."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from uuid import UUID

from paygate import telemetry
from paygate.core import ids, webhooks
from paygate.core.webhooks import RETRY_DELAYS_S, Verdict
from paygate.db import deliveries as rows
from paygate.db.deliveries import Attempt, Claimed, Due
from paygate.db.pool import Conn
from paygate.outbound import Answer, Outbound, OutboundError
from paygate.services.context import Context

LEASE_S = 30.0
"""Twice the longest request, and the longest that a kill -9 delays a delivery."""

MOST_CLAIMS = 2 * (len(RETRY_DELAYS_S) + 1)
"""A delivery claimed this often without an end breaks its workers: it is given up rather than sent for ever."""

KEPT_ANSWER_BYTES = 1_024
KEPT_ERROR_CHARS = 500

log = telemetry.logger("services.deliveries")


async def claim(ctx: Context, *, rooms: Mapping[UUID, int], new_room: int, limit: int) -> Claimed:
    """Claim due deliveries for LEASE_S; they must be sent at once. See db.deliveries.claim for the rooms."""
    lease_id = ctx.new_id()

    async def work(conn: Conn) -> Claimed:
        return await rows.claim(
            conn, lease_id, lease_s=LEASE_S, rooms=rooms, new_room=new_room, limit=limit, most_claims=MOST_CLAIMS
        )

    claimed = await ctx.db.transaction(work)
    if claimed.buried:
        log.warning("webhooks given up: endpoint disabled, or never finished", deliveries=claimed.buried)
    return claimed


async def send(ctx: Context, outbound: Outbound, due: Due) -> Attempt:
    """One try over the network; says what shall become of the delivery. Raises Bug when its secret cannot be read."""
    if due.format != "paygate":
        error = f"Endpoints of format {due.format!r} are not served by this version."
        return Attempt(None, 0, "", error, "DEAD")
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
        return failed(due, error.message, latency_ms=round((time.monotonic() - began_s) * 1_000))
    return _judged(due, answer)


def failed(due: Due, error: str, latency_ms: int = 0) -> Attempt:
    """A try without an answer: again by the schedule, or the end of it."""
    return _again(due, None, latency_ms, "", error[:KEPT_ERROR_CHARS], None)


async def record(ctx: Context, due: Due, attempt: Attempt) -> bool:
    """Keep what became of a try; whether the delivery was still ours. Repeating it is harmless."""
    dwell = await ctx.db.transaction(lambda conn: rows.record(conn, due, attempt))
    if dwell is not None and attempt.state == "DELIVERED":
        telemetry.observe_webhook_dwell(dwell.total_seconds())
    about = {
        "endpoint": ids.show("we", due.endpoint_id),
        "webhook": ids.show("wh", due.event_id),
        "attempt": due.attempt,
    }
    if dwell is None:
        log.warning("webhook answered after its lease had passed on", **about, status=attempt.status)
    elif attempt.disable is not None:
        log.warning("webhook endpoint disabled", **about, reason=attempt.disable)
    elif attempt.state != "DELIVERED":
        log.info("webhook failed", **about, status=attempt.status, error=attempt.error, state=attempt.state)
    return dwell is not None


def _secrets(ctx: Context, due: Due) -> list[str]:
    sealed = [due.secret] if due.old_secret is None else [due.secret, due.old_secret]
    return [ctx.unseal(secret, f"endpoint:{due.endpoint_id}") for secret in sealed]


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
    pause_s = webhooks.next_attempt(due.attempt, jitter, retry_after_s)
    if pause_s is None:
        return Attempt(status, latency_ms, head, error, "DEAD")
    return Attempt(status, latency_ms, head, error, "DUE", pause_s)
