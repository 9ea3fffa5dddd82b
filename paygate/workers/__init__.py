"""The work that nobody waits for: webhooks go out, deadlines pass, doubtful money is looked at again, slips are asked
about, banks are asked about their callbacks, old keys are forgotten. Any number of processes may run it on one
database."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from paygate.db.pool import in_transaction
from paygate.outbound import Outbound
from paygate.services import metrics, system_log
from paygate.services.context import Context
from paygate.workers import count, expire, finish, invoice, journal, lapse, prune, recheck, simulate, statements, verify
from paygate.workers.alert import Teller
from paygate.workers.deliver import Deliverer
from paygate.workers.inquire import Inquirer
from paygate.workers.loop import Bell, Chore, Outage, tend

__all__ = ["count_only", "run"]

DELIVER_S = 0.5
EXPIRE_S = 1.0
RECHECK_S = 1.0
VERIFY_S = 1.0
INQUIRE_S = 1.0
SIMULATE_S = 1.0
FINISH_S = 15.0
PRUNE_S = 3_600.0
STATEMENTS_S = 2.0
INVOICE_S = 60.0
LAPSE_S = 30.0
ISSUE_S = 3_600.0
ALARM_S = 60.0
ALERT_S = 5.0
COUNT_S = 10.0
JOURNAL_S = 2.0
PACE_S = 0.02  # A rush of payments rings the bell at every commit: look for work this often at most.


async def run(ctx: Context, stop: asyncio.Event) -> None:
    """Do all chores of this process until *stop* is set and the work in hand is finished (a webhook under way may take
    its 15 s). Sets `ctx.wake` meanwhile, so that a commit of this process is acted upon at once.

    A database that is away is waited for, and no chore ever ends because something went wrong in it.
    """
    bell, callback, outage, was_wake = Bell(), Bell(), Outage(), ctx.wake

    def wake() -> None:
        bell.ring()
        callback.ring()

    async with Outbound(
        allow_networks=ctx.webhook_allow_networks,
        own_addresses=[*own_addresses(ctx.public_url), *([ctx.listening] if ctx.listening else [])],
        in_transaction=in_transaction,
    ) as outbound:
        deliverer, teller = Deliverer(ctx, outbound, bell), Teller(ctx)
        chores = [
            Chore("deliver", DELIVER_S, deliverer.work, bell, PACE_S),
            Chore("expire", EXPIRE_S, lambda: expire.work(ctx)),
            Chore("recheck", RECHECK_S, lambda: recheck.work(ctx)),
            Chore("verify", VERIFY_S, lambda: verify.work(ctx)),
            Chore("simulate", SIMULATE_S, lambda: simulate.work(ctx)),
            Chore("inquire", INQUIRE_S, Inquirer(ctx).work, callback, PACE_S),
            Chore("finish", FINISH_S, lambda: finish.work(ctx)),
            Chore("prune", PRUNE_S, lambda: prune.work(ctx)),
            Chore("statements", STATEMENTS_S, lambda: statements.work(ctx)),
            Chore("invoice", INVOICE_S, lambda: invoice.work(ctx)),
            Chore("issue", ISSUE_S, lambda: invoice.issue(ctx)),
            Chore("lapse", LAPSE_S, lambda: lapse.work(ctx)),
            Chore("alarm", ALARM_S, teller.look),
            Chore("alert", ALERT_S, teller.work),
            Chore("count", COUNT_S, lambda: count.work(ctx)),
            Chore("journal", JOURNAL_S, lambda: journal.work(ctx)),
        ]
        ctx.wake = wake
        try:
            async with asyncio.TaskGroup() as group:
                for chore in chores:
                    group.create_task(tend(chore, stop, outage), name=chore.name)
                await stop.wait()
                for chore in chores:
                    chore.bell.ring()
            await deliverer.finish()
        finally:
            ctx.wake = was_wake
            await deliverer.abandon()
            await teller.close()
            await metrics.keep_last(ctx)
            await system_log.keep_last(ctx)


async def count_only(ctx: Context, stop: asyncio.Event) -> None:
    """Keep what this process counts and notes until *stop* is set; for servers that leave the work to others."""
    chores = [
        Chore("count", COUNT_S, lambda: count.work(ctx)),
        Chore("journal", JOURNAL_S, lambda: journal.work(ctx)),
    ]
    outage = Outage()
    tasks = [asyncio.create_task(tend(chore, stop, outage), name=chore.name) for chore in chores]
    try:
        await stop.wait()
        for chore in chores:
            chore.bell.ring()
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await metrics.keep_last(ctx)
        await system_log.keep_last(ctx)


def own_addresses(public_url: str) -> list[tuple[str, int]]:
    """Where this gateway itself answers, as far as its public URL says so by address: no webhook may go there."""
    url = urlsplit(public_url)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    if host == "localhost":
        return [("127.0.0.1", port), ("::1", port)]
    is_address = ":" in host or host.replace(".", "").isdigit()
    return [(host, port)] if is_address else []
