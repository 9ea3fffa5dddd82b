"""The system log. Requests are noted in memory (`Journal`) and written down together, now and then; the rest is known
already: acts by the audit log, payments and payouts by their events, webhooks by their deliveries.

A request waits for no commit of this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from paygate import telemetry
from paygate.core import ids
from paygate.core.errors import Unavailable
from paygate.core.system_log import RANKS, Key, Level, Line, Place, Source, of_request
from paygate.db import system_log as rows
from paygate.db.pool import Conn
from paygate.db.system_log import Act, Delivery, Event, Wanted
from paygate.services.context import Context

KEPT_FOR = timedelta(days=30)
MOST_KEPT = 100_000
"""Of one merchant and mode."""

PRUNED_AT_ONCE = 10_000
_LEVELS: Mapping[str, Level] = {"DELIVERED": "info", "DUE": "warn", "DEAD": "error"}
_PREFIXES = {"settlement": "stl", "refund": "rfd", "account": "acc"}  # Payments and plans have their UUID.
_STATES = {"DELIVERED": "delivered", "DUE": "failed, and is tried again", "DEAD": "was given up"}

log = telemetry.logger("services.system_log")


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked for. Times are half-open."""

    limit: int = 50
    level: Level | None = None
    source: Source | None = None
    request_id: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    before: Place | None = None


async def keep(ctx: Context) -> None:
    """Write down what this process noted. Raises Unavailable; then it stays in memory for the next time."""
    journal = ctx.journal
    async with journal.writing:
        taken = journal.take()
        if not taken:
            return
        try:
            await ctx.db.transaction(lambda conn: rows.write(conn, journal.kept(taken)))
        except BaseException:
            journal.give_back(taken)
            raise


async def keep_last(ctx: Context) -> None:
    """`keep` at the end of a process: when the database is away, it is lost, and the log says so."""
    try:
        await keep(ctx)
    except Unavailable as error:
        log.warning("the last requests are missing from the system log", reason=error.message)


async def listed(ctx: Context, merchant_id: int, mode: str, page: Page) -> list[Line]:
    """Lines of one merchant (0: the operator's own, and of requests by nobody), newest first. Raises Unavailable.

    What this process noted is among them; what others did, a little later.
    """
    await keep(ctx)
    async with ctx.db.connection() as conn:
        now = await rows.now(conn)
        start = page.to_at or now + timedelta(days=1)
        wanted = Wanted(
            merchant_id,
            mode,
            max(filter(None, (page.from_at, now - KEPT_FOR))),
            page.limit,
            page.level,
            page.source,
            page.request_id,
        )
        found: list[Line] = []
        for stream, read in _STREAMS.items():
            if _asked_for(stream, page):
                found += await read(conn, wanted, page.before.before(RANKS[stream]) if page.before else (start, (0, 0)))
    found.sort(key=lambda line: (line.at, -line.rank, line.key), reverse=True)
    return found[: page.limit]


async def prune(ctx: Context, limit: int) -> int:
    """Forget what is older than KEPT_FOR; how many."""
    return await ctx.db.transaction(lambda conn: rows.prune(conn, KEPT_FOR, limit))


async def prune_surplus(ctx: Context) -> int:
    """Forget the oldest of whoever has more than MOST_KEPT; how many, PRUNED_AT_ONCE at most."""
    return await ctx.db.transaction(lambda conn: rows.prune_surplus(conn, MOST_KEPT, PRUNED_AT_ONCE))


# --- what each table has to say ------------------------------------------------------------------------------------


def _asked_for(stream: str, page: Page) -> bool:
    """Whether lines of *stream* may be among those that are asked for."""
    if stream == "http":
        return page.source in {None, "http", "error"}
    if page.source not in {None, stream} or (page.request_id is not None and stream != "audit"):
        return False
    return stream == "webhook" or page.level in {None, "info"}


async def _requests(conn: Conn, wanted: Wanted, before: tuple[datetime, Key]) -> list[Line]:
    return [of_request(row.at, row.id, row.facts, row.times) for row in await rows.requests(conn, wanted, before)]


async def _acts(conn: Conn, wanted: Wanted, before: tuple[datetime, Key]) -> list[Line]:
    return [_act(wanted.mode, row) for row in await rows.acts(conn, wanted, before)]


async def _events(conn: Conn, wanted: Wanted, before: tuple[datetime, Key]) -> list[Line]:
    return [_event(wanted.mode, row) for row in await rows.events(conn, wanted, before)]


async def _deliveries(conn: Conn, wanted: Wanted, before: tuple[datetime, Key]) -> list[Line]:
    return [_delivery(wanted.mode, row) for row in await rows.deliveries(conn, wanted, before)]


def _act(mode: str, row: Act) -> Line:
    return Line(
        row.at,
        RANKS["audit"],
        (row.id, 0),
        f"aud_{row.id}",
        mode,
        "info",
        "audit",
        f"{row.action} {row.subject}",
        request_id=row.request_id,
        actor=row.actor,
        credential=row.credential,
        subject=row.subject,
    )


def _event(mode: str, row: Event) -> Line:
    kind = row.type.partition(".")[0]
    prefix = _PREFIXES.get(kind)
    subject = ids.show(prefix, row.subject_id) if prefix else str(row.subject_id)
    return Line(
        row.created_at,
        RANKS["payment"],
        (row.id.int, 0),
        ids.show("wh", row.id),
        mode,
        "info",
        "payment",
        f"{row.type} {subject}",
        subject=f"{kind}:{subject}",
    )


def _delivery(mode: str, row: Delivery) -> Line:
    event, endpoint = ids.show("wh", row.event_id), ids.show("we", row.endpoint_id)
    said = f"HTTP {row.status}" if row.status is not None else row.error
    tries = f"after {row.attempts} tries" if row.attempts > 1 else ""
    return Line(
        row.created_at,
        RANKS["webhook"],
        (row.event_id.int, row.endpoint_id.int),
        f"{event}.{endpoint}",
        mode,
        _LEVELS[row.state],
        "webhook",
        " ".join(filter(None, (row.type, "to", endpoint, _STATES[row.state], tries, f"({said})" if said else ""))),
        status=row.status,
        took_ms=row.latency_ms,
        subject=f"event:{event}",
    )


_STREAMS: Mapping[str, Callable[[Conn, Wanted, tuple[datetime, Key]], Awaitable[list[Line]]]] = {
    "http": _requests,
    "audit": _acts,
    "payment": _events,
    "webhook": _deliveries,
}
