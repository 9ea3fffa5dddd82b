"""The operator is told of alarms: what is news goes to the outbox, what is in it goes out, each message once as far as
the channel lets us say so. A kill anywhere loses nothing: a message is claimed for a minute, and known by its id."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from paygate import telemetry
from paygate.core import alerts as core
from paygate.core import ids
from paygate.core.alarms import Alarm
from paygate.core.alerts import Word
from paygate.core.errors import Conflict
from paygate.db import accounts
from paygate.db import alerts as rows
from paygate.db.alerts import Alert
from paygate.db.pool import Conn, in_transaction
from paygate.outbound import OutboundError
from paygate.services import alarms, audit
from paygate.services.alarms import Raised
from paygate.services.alert_channels import send as tell
from paygate.services.audit import By
from paygate.services.context import Context
from paygate.services.words import words

if TYPE_CHECKING:
    from paygate.outbound import VendorClient

CENTRAL = 0
LIVE = "live"
TEST = "test"
LEASE = timedelta(seconds=60)
"""Four times the longest try, and the longest that a kill -9 delays a message."""
AT_ONCE = 20
KEPT = timedelta(days=90)
MAX_ERROR = 300

log = telemetry.logger("services.alerts")


async def watch(ctx: Context) -> int:
    """Put what is news about the central accounts' alarms into the outbox; how many messages."""
    if not ctx.alerts.ready:
        return 0

    async def work(conn: Conn) -> int:
        seen = {(one.alarm, one.receiving_id): one for one in await alarms.look(conn, CENTRAL) if one.mode == LIVE}
        interesting = {key for key, one in seen.items() if one.count}
        for alarm, receiving_id in await rows.standing(conn):
            if alarm in set(Alarm):
                interesting.add((Alarm(alarm), receiving_id))
        told = 0
        for alarm, receiving_id in sorted(interesting):
            told += await _look(ctx, conn, alarm, receiving_id, seen.get((alarm, receiving_id)))
        return told

    return await ctx.db.transaction(work)


async def send_due(ctx: Context, http: VendorClient, only: Sequence[UUID] | None = None) -> bool:
    """Send what is due; whether there was as much as fits into one go."""
    lease_id = ctx.new_id()
    due = await ctx.db.transaction(lambda conn: rows.claim(conn, lease_id, LEASE, AT_ONCE, only))
    await asyncio.gather(*(_send(ctx, http, one, lease_id) for one in due))
    return len(due) == AT_ONCE


async def listed(ctx: Context, limit: int = 50) -> list[Alert]:
    """What the operator was told, the newest first."""
    async with ctx.db.connection() as conn:
        return await rows.listed(conn, limit)


async def test(ctx: Context, actor: By) -> list[UUID]:
    """A message by each channel that is set up. Raises Conflict when there is none."""
    ready = ctx.alerts.ready
    if not ready:
        raise Conflict("No way of telling is set up: see PAYGATE_ALERT_... in docs/operator.md.")
    new_ids = [ctx.new_id() for _ in ready]

    async def work(conn: Conn) -> None:
        said, now = words("alerts", ctx.alerts.language), await rows.clock(conn)
        for alert_id, channel in zip(new_ids, ready, strict=True):
            await rows.insert(
                conn,
                alert_id=alert_id,
                alarm=TEST,
                word=Word.TEST,
                channel=channel,
                account_id=None,
                count=0,
                title=said["test"],
                body=f"{said['test_do']}\n{ctx.public_url}",
                now=now,
            )
        await audit.append(
            conn, ctx, merchant_id=CENTRAL, actor=actor, action="alert.test", subject="alert", after={"by": list(ready)}
        )

    await ctx.db.transaction(work)
    ctx.wake()
    return new_ids


async def prune(ctx: Context, limit: int) -> int:
    """Forget old messages; how many."""
    return await ctx.db.transaction(lambda conn: rows.prune(conn, KEPT, limit))


async def _look(ctx: Context, conn: Conn, alarm: Alarm, receiving_id: UUID, raised: Raised | None) -> int:
    """One alarm of one account: what is told of it, behind the lock of what was told before."""
    known = await rows.lock_state(conn, alarm, receiving_id)
    now, count = await rows.clock(conn), raised.count if raised else 0
    word = core.decide(known, count, now)
    if word is None:
        return 0
    await rows.set_state(conn, alarm, receiving_id, core.after(known, word, count, now))
    title, body = await _text(ctx, conn, alarm, word, count if count else known.told_count, raised)
    channels = ctx.alerts.of(alarm)
    for channel in channels:
        await rows.insert(
            conn,
            alert_id=ctx.new_id(),
            alarm=alarm,
            word=word,
            channel=channel,
            account_id=raised.account_id if raised else None,
            count=count,
            title=title,
            body=body,
            now=now,
        )
    return len(channels)


async def _text(
    ctx: Context, conn: Conn, alarm: Alarm, word: Word, count: int, raised: Raised | None
) -> tuple[str, str]:
    said = words("alerts", ctx.alerts.language)
    title = said[word.lower()].format(what=said[alarm].format(count=count))
    lines = [said["over_do" if word is Word.OVER else f"{alarm}_do"]]
    account = None if raised is None else await accounts.find(conn, raised.account_id)
    if account is not None:
        lines.insert(0, said["account"].format(name=account.name, id=ids.show("acc", account.id)))
    return title, "\n".join([*lines, ctx.public_url])


async def _send(ctx: Context, http: VendorClient, alert: Alert, lease_id: UUID) -> None:
    account = None if alert.account_id is None else ids.show("acc", alert.account_id)
    try:
        await tell(ctx.alerts, http, alert, account, in_transaction)
    except OutboundError as error:
        words_of, pause = error.message[:MAX_ERROR], timedelta(seconds=core.next_try_s(alert.failures + 1))
        log.warning("an alert was not taken", channel=alert.channel, alarm=alert.alarm, reason=words_of)
        await ctx.db.transaction(lambda conn: rows.failed(conn, alert.id, lease_id, words_of, pause))
        return
    await ctx.db.transaction(lambda conn: rows.sent(conn, alert.id, lease_id))
