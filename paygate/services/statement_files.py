"""Statement files: read and compared at once (command line), or kept until a worker compares them (sources)."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from paygate import telemetry
from paygate.banks import statements as formats
from paygate.banks.statements import KIND, Profile
from paygate.core import ids
from paygate.core.errors import InvalidInput, NotFound, Refused, Unavailable
from paygate.core.statement_reports import LISTED, Report
from paygate.db import accounts, statement_files
from paygate.db.pool import Conn
from paygate.db.sources import Source
from paygate.db.statement_files import Stored, Waiting
from paygate.db.statements import Book
from paygate.services import audit, reconcile
from paygate.services.context import Context
from paygate.services.reconcile import Progress, Subject

__all__ = ["KIND", "MAX_POST_BYTES", "Accepted", "accept", "get", "prune", "run", "work"]

MAX_POST_BYTES = 16 << 20
READ_AT_ONCE_BYTES = 1 << 20
"""A file up to this size is read before it is accepted, so that nonsense is refused at the door."""
LEASE_S = 600.0
TRIES = 5
KEPT = timedelta(days=400)
"""Reports are kept for a business year and some weeks."""
LONGEST_NAME = 200

log = telemetry.logger("services.statements")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that was taken in; `statement_id` finds its report."""

    statement_id: UUID


async def run(
    ctx: Context,
    about: Subject,
    raw: bytes,
    *,
    name: str = "",
    profile: Profile | None = None,
    keep_profile: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
) -> Report:
    """Read a file, compare it and keep the report; with *dry_run* nothing is written.

    Without *profile* the columns are those that were kept for the account (*keep_profile*), if any. Raises
    InvalidInput and TooLarge for what cannot be read.
    """
    report, _ = await _compared(ctx, about, raw, name[:LONGEST_NAME], profile, dry_run, progress)
    if dry_run:
        return report

    async def keep(conn: Conn) -> UUID | None:
        if profile is not None and keep_profile:
            await statement_files.keep_profile(conn, about.book, profile.dumps())
        kept = await _done(conn, ctx, about.book, report, None)
        account = about.account["accountId"]
        await audit.append(
            conn,
            ctx,
            merchant_id=about.book.merchant_id,
            actor=audit.CLI,
            action="statement.read",
            subject=f"account:{account}" if kept is None else f"statement:{ids.show('stm', kept)}",
            after={"account": account, "name": report.file, "sha256": report.digest.hex()},
        )
        return kept

    statement_id = await ctx.db.transaction(keep)
    report.statement_id = None if statement_id is None else ids.show("stm", statement_id)
    return report


async def _compared(
    ctx: Context, about: Subject, raw: bytes, name: str, profile: Profile | None, dry_run: bool, progress: Progress
) -> tuple[Report, Profile | None]:
    if profile is None:
        async with ctx.db.connection() as conn:
            kept = await statement_files.profile(conn, about.book)
        profile = None if kept is None else Profile.of(kept)
    statement = await asyncio.to_thread(formats.read, raw, name or None, profile)
    report = await reconcile.reconcile(ctx, about, statement, raw, name=name, dry_run=dry_run, progress=progress)
    return report, profile


async def _done(conn: Conn, ctx: Context, book: Book, report: Report, lease_id: UUID | None) -> UUID | None:
    return await statement_files.done(
        conn,
        book,
        statement_id=ctx.new_id(),
        digest=report.digest,
        name=report.file,
        cover=report.cover,
        report=report.dumps(LISTED),
        lease_id=lease_id,
    )


async def accept(ctx: Context, source: Source, raw: bytes) -> Accepted:
    """Take in a file that a source sent; a worker compares it. The same file again is the one that is there.

    Raises InvalidInput for a small file that cannot be read; what is wrong with a large one its report says.
    """
    book = reconcile.book_of(source.merchant_id, source.mode, source.receiving_id)
    await _look(ctx, book, raw)
    new_id, digest = ctx.new_id(), hashlib.sha256(raw).digest()

    async def work(conn: Conn) -> UUID:
        return await statement_files.queue(conn, book, statement_id=new_id, digest=digest, name="", raw=raw)

    found = await ctx.db.transaction(work)
    ctx.wake()
    return Accepted(found)


async def upload(ctx: Context, account_id: UUID, raw: bytes, *, name: str, actor: str) -> Accepted:
    """Take in a file that a person hands over for an account (any version of it); a worker compares it.

    The same file again is the one that is there. Raises NotFound (account); InvalidInput, TooLarge as `accept` does.
    """
    about = await reconcile.subject(ctx, account_id)
    await _look(ctx, about.book, raw)
    new_id, digest = ctx.new_id(), hashlib.sha256(raw).digest()

    async def work(conn: Conn) -> UUID:
        shown = name[:LONGEST_NAME]
        found = await statement_files.queue(conn, about.book, statement_id=new_id, digest=digest, name=shown, raw=raw)
        await audit.append(
            conn,
            ctx,
            merchant_id=about.book.merchant_id,
            actor=actor,
            action="statement.upload",
            subject=f"statement:{ids.show('stm', found)}",
            after={"account": ids.show("acc", account_id), "name": shown, "sha256": digest.hex()},
        )
        return found

    found = await ctx.db.transaction(work)
    ctx.wake()
    return Accepted(found)


async def _look(ctx: Context, book: Book, raw: bytes) -> None:
    """Refuse a small file that cannot be read."""
    if len(raw) <= READ_AT_ONCE_BYTES:
        async with ctx.db.connection() as conn:
            kept = await statement_files.profile(conn, book)
        await asyncio.to_thread(formats.read, raw, None, None if kept is None else Profile.of(kept))


async def work(ctx: Context) -> bool:
    """Compare the next file that waits; whether there was one. A worker that dies leaves it to the next."""
    lease_id = ctx.new_id()
    waiting = await ctx.db.transaction(lambda conn: statement_files.claim(conn, lease_id, LEASE_S))
    if waiting is None:
        return False
    try:
        if waiting.attempts > TRIES:
            raise InvalidInput(f"It was begun {TRIES} times and never finished.")
        about = await _subject(ctx, waiting)
        report, _ = await _compared(ctx, about, waiting.raw, waiting.name, None, False, lambda done, total: None)
    except Unavailable:
        raise
    except Refused as refusal:
        error = refusal.message
        await ctx.db.transaction(lambda conn: statement_files.failed(conn, waiting, lease_id, error))
        log.warning("a statement cannot be read", statement=ids.show("stm", waiting.id), reason=error)
        return True
    await ctx.db.transaction(lambda conn: _done(conn, ctx, about.book, report, lease_id))
    counts = {finding: found["count"] for finding, found in report.as_json(0)["counts"].items()}
    log.info("a statement was compared", statement=ids.show("stm", waiting.id), clean=report.clean, **counts)
    return True


async def _subject(ctx: Context, waiting: Waiting) -> Subject:
    async with ctx.db.connection() as conn:
        versions = await accounts.of_owner(conn, waiting.merchant_id, "test" if waiting.mode == "test" else "live")
    found = next((version for version in versions if version.receiving_id == waiting.receiving_id), None)
    if found is None:
        raise InvalidInput("The account is gone.")
    return await reconcile.subject(ctx, found.id)


async def get(ctx: Context, statement_id: UUID, merchant_id: int | None = None) -> Stored:
    """A statement with its report; of *merchant_id* alone unless that is None. Raises NotFound."""
    async with ctx.db.connection() as conn:
        found = await statement_files.get(conn, statement_id, merchant_id)
    if found is None:
        raise NotFound(f"There is no statement {ids.show('stm', statement_id)}.")
    return found


async def prune(ctx: Context, most: int) -> int:
    """Forget reports that nobody needs any more, at most so many; how many."""
    return await ctx.db.transaction(lambda conn: statement_files.prune(conn, KEPT, most))
