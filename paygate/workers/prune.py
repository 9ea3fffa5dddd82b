"""What need not be kept for ever is forgotten, a little at a time."""

from __future__ import annotations

from datetime import timedelta

from paygate.db import (
    attempts,
    balances,
    callbacks,
    idempotency,
    invitations,
    limits,
    notices,
    sessions,
    slips,
    throttles,
    user_links,
)
from paygate.services import alerts, dossiers, refund_links, statement_files, system_log, visitors
from paygate.services.context import Context

AT_ONCE = 1_000
"""Rows of one transaction: few enough that nobody waits behind it."""


BUCKETS_AT_ONCE = 10_000
"""Each look at the rate limits' buckets begins at the first one."""


PICTURES_AT_ONCE = 100
"""Pictures are large."""

BALANCES_KEPT = timedelta(days=30)
"""News of a bank that is older than this follows from nothing that we would still want to know."""


CLAIMS_KEPT = timedelta(days=30)
"""What a callback claimed, and what the bank said of it: long enough to find out why a payment was not confirmed."""


TRIES_KEPT = timedelta(days=90)
"""What was sent to receivers of webhooks and what they answered; the events themselves stay."""


SESSIONS_KEPT = timedelta(days=30)
"""Of a login that is over it is still known for so long that its network is one of its person's own."""


async def work(ctx: Context) -> bool:
    """Forget a batch of each: keys, balances, claims, logins, texts, reports, addresses...; whether there are more."""
    age = timedelta(days=ctx.keep_evidence_days)
    forgotten = (
        await ctx.db.transaction(lambda conn: idempotency.prune(conn, AT_ONCE)),
        await ctx.db.transaction(lambda conn: balances.prune(conn, BALANCES_KEPT, AT_ONCE)),
        await ctx.db.transaction(lambda conn: notices.forget(conn, age, AT_ONCE)),
        await ctx.db.transaction(lambda conn: callbacks.prune(conn, CLAIMS_KEPT, AT_ONCE)),
        await ctx.db.transaction(lambda conn: attempts.prune(conn, TRIES_KEPT, AT_ONCE)),
        await ctx.db.transaction(lambda conn: sessions.prune(conn, SESSIONS_KEPT, AT_ONCE)),
        await ctx.db.transaction(lambda conn: user_links.prune(conn, AT_ONCE)),
        await ctx.db.transaction(lambda conn: invitations.prune(conn, AT_ONCE)),
        await ctx.db.transaction(lambda conn: throttles.prune(conn, AT_ONCE)),
        await statement_files.prune(ctx, AT_ONCE),
        await alerts.prune(ctx, AT_ONCE),
        await dossiers.prune(ctx, AT_ONCE),
        await refund_links.forget(ctx, AT_ONCE),
        await visitors.forget(ctx, AT_ONCE),
        await system_log.prune(ctx, AT_ONCE),
    )
    surplus = await system_log.prune_surplus(ctx)
    buckets = await ctx.db.transaction(lambda conn: limits.prune(conn, BUCKETS_AT_ONCE))
    pictures = await ctx.db.transaction(lambda conn: slips.prune(conn, age, PICTURES_AT_ONCE))
    more = (pictures == PICTURES_AT_ONCE, buckets == BUCKETS_AT_ONCE, surplus == system_log.PRUNED_AT_ONCE)
    return AT_ONCE in forgotten or any(more)
