"""A bank's statement against our credits: what both know is confirmed, what only the bank knows becomes a credit, what
only we know raises an alarm. The same file again, or another one about the same days, changes nothing.

The work goes in steps of its own transactions, so that it may be killed anywhere and begun again.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from paygate.banks.statements import RANK
from paygate.core import ids
from paygate.core.credits import MERGE_WINDOW, Channel, CreditState, Observation, voice
from paygate.core.errors import InvalidInput, NotFound, Unavailable
from paygate.core.ledger import PLATFORM
from paygate.core.money import show
from paygate.core.reconcile import DAY, NOON, Cover, Entry, Known, Pair, Pairing, cover, entries, missing, pair
from paygate.core.statement_reports import Finding, Report, Row, of_credit, of_line, rivals
from paygate.core.statements import Statement
from paygate.db import accounts, statement_files, statements
from paygate.db.pool import Conn
from paygate.db.statements import Book, Told
from paygate.services import closes, evidence
from paygate.services.context import Context
from paygate.services.evidence import Word

AT_ONCE = 1_000
"""Lines of one transaction: it holds their amounts, and whoever wants one waits for so long."""
ANALYZE_AFTER = (0, 3, 15)
"""Chunks of new rows after which the database counts anew."""
PAGE = 5_000
ROUNDS = 3
MOST_DAYS = 400
FEWEST_DIGITS = 3
KEPT_BALANCES = timedelta(days=2)

Progress = Callable[[int, int], None]
"""(steps done, of how many)"""


@dataclass(frozen=True, slots=True)
class Subject:
    """The account that a statement is about, and what is shown of it."""

    book: Book
    account: dict[str, str]
    number: str | None


async def subject(ctx: Context, account_id: UUID) -> Subject:
    """The real account behind *account_id* (any version of it). Raises NotFound."""
    async with ctx.db.connection() as conn:
        account = await accounts.find(conn, account_id)
    if account is None:
        raise NotFound(f"There is no account {ids.show('acc', account_id)}.")
    shown = {"accountId": ids.show("acc", account.id), "mode": account.mode, "name": account.name}
    if account.number:
        shown["number"] = f"{'x' * (len(account.number) - 4)}{account.number[-4:]}"
    return Subject(book_of(account.merchant_id, account.mode, account.receiving_id), shown, account.number)


def book_of(merchant_id: int, mode: str, receiving_id: UUID) -> Book:
    """An account as statements know it: they all speak with one voice, by whatever way they came."""
    return Book(merchant_id, mode, receiving_id, voice(f"statement:{mode}:{receiving_id}"))


def check_account(statement: Statement, number: str | None) -> None:
    """Raise InvalidInput when the statement names another account. A hidden digit says nothing; fewer than three
    visible ones neither."""
    told = re.search(r"[0-9x]+$", statement.account_number or "")
    if told is None or number is None:
        return
    couples = [(a, b) for a, b in zip(reversed(told[0]), reversed(number), strict=False) if a != "x"]
    if len(couples) >= FEWEST_DIGITS and any(a != b for a, b in couples):
        raise InvalidInput(f"This is a statement of account {statement.account_number}, not of this one.")


@dataclass(slots=True)
class _Run:
    """One statement under way."""

    ctx: Context
    book: Book
    report: Report
    progress: Progress
    pairing: Pairing
    done: int = 0
    absorbed: set[UUID] = field(default_factory=set)  # Credits without a line at first, that have one now.

    def step(self, count: int) -> None:
        """Tell how far it is."""
        self.done += count
        total = len(self.pairing.pairs) + len(self.pairing.news)
        self.progress(min(self.done, total), total)


def _silent(done: int, total: int) -> None:
    """Nobody watches."""


async def reconcile(
    ctx: Context,
    about: Subject,
    statement: Statement,
    raw: bytes,
    *,
    name: str = "",
    dry_run: bool = False,
    progress: Progress = _silent,
) -> Report:
    """Compare a statement with the account's credits and write what follows; with *dry_run* nothing is written.

    Lines that we know confirm their credits. Lines never heard of become credits: as any news they may pay the payment
    that held the amount, else they wait for a person. Credits that have to be in the statement and are in none raise
    an alarm; no payment is undone. Raises InvalidInput when the statement names another account, or goes over more
    than MOST_DAYS, and Unavailable while other statements of the account get in the way again and again.
    """
    check_account(statement, about.number)
    days = [line.day for line in statement.incoming]
    if days and (max(days) - min(days)).days > MOST_DAYS:
        raise InvalidInput(f"The statement goes over more than {MOST_DAYS} days: send it in parts.")
    digest = hashlib.sha256(raw).digest()
    book = about.book
    found = await asyncio.to_thread(entries, statement)
    covered = await _cover(ctx, book, statement, digest)
    report = Report(statement, about.account, name, digest, covered, dry_run)
    for _ in range(ROUNDS):
        known = await _known(ctx, book, statement, covered)
        run = _Run(ctx, book, report, progress, await asyncio.to_thread(pair, found, known))
        if dry_run or await _confirm(run, run.pairing.pairs):
            break
    else:
        raise Unavailable("Another statement of this account is being compared. Try again.")
    if dry_run:
        report.rows += [of_line(Finding.NEVER_HEARD, entry) for entry in run.pairing.news]
    else:
        await _news(run, run.pairing.news, known)
        await _note_balances(run)
        if book.merchant_id == PLATFORM and book.mode == "live":
            await closes.note_statement(ctx, book.receiving_id, statement)
    _tell_pairs(run)
    await _tell_left(run)
    return report


async def _cover(ctx: Context, book: Book, statement: Statement, digest: bytes) -> Cover | None:
    async with ctx.db.connection() as conn:
        now = await statements.clock(conn)
        alone = cover(statement, now)
        earlier = await statement_files.covers(conn, book, alone.since, digest) if alone else ()
    return cover(statement, now, earlier)


async def _known(ctx: Context, book: Book, statement: Statement, covered: Cover | None) -> list[Known]:
    moments = [
        datetime.combine(day, NOON)
        for line in statement.incoming
        for day in (line.day, line.value_day)
        if day is not None and abs((day - line.day).days) <= MOST_DAYS
    ]
    if covered is not None:
        moments += [covered.checked_since, covered.until]
    if not moments:
        return []
    async with ctx.db.connection() as conn:
        return await statements.between(conn, book, min(moments) - 2 * DAY, max(moments) + 2 * DAY, PAGE)


async def _confirm(run: _Run, pairs: Sequence[Pair]) -> bool:
    """What both know: written for the lines that did not say so before. False when another statement was quicker with
    a credit, so that all has to be compared anew."""
    unspoilt = True
    for start in range(0, len(pairs), AT_ONCE):
        chunk = pairs[start : start + AT_ONCE]
        told = [_told(one) for one in chunk if not _said(one)]
        if told:

            async def work(conn: Conn, told: Sequence[Told] = told) -> int:
                await statements.enter(conn, run.book)
                return await statements.confirm(conn, run.book, told)

            unspoilt = await run.ctx.db.transaction(work) == len(told) and unspoilt
        run.step(len(chunk))
    return unspoilt


def _said(one: Pair) -> bool:
    return any(digest == one.entry.digest for digest, _ in one.known.told)


def _told(one: Pair) -> Told:
    entry, known = one.entry, one.known
    return Told(known.id, entry.digest, entry.occurred_at, entry.line.balance_satang, tales=len(known.told))


async def _news(run: _Run, news: Sequence[Entry], known: Sequence[Known]) -> None:
    """What only the bank knows. Lines of which only the day is known are compared once more when credits came
    meanwhile; the rest is decided one by one, as any news is."""
    rest = await _park(run, news, known)
    for _ in range(ROUNDS):
        dayless = [entry for entry in rest if entry.line.at is None and entry.line.ref1 is None]
        if not dayless:
            break
        fresh = await _known(run.ctx, run.book, run.report.statement, run.report.cover)
        untold = [one for one in fresh if not one.told]
        again = await asyncio.to_thread(pair, dayless, untold)
        if not await _confirm(run, again.pairs):
            continue
        run.absorbed |= {one.known.id for one in again.pairs}
        run.report.rows += [_row_of(one, newly=True) for one in again.pairs]
        settled = {one.entry.digest for one in again.pairs}
        parked = await _park(run, again.news, fresh)
        left = {one.digest for one in parked}
        rest = [
            entry for entry in rest if entry not in dayless or (entry.digest not in settled and entry.digest in left)
        ]
    for entry in rest:
        await _record(run, entry)
        run.step(1)


async def _park(run: _Run, news: Sequence[Entry], known: Sequence[Known]) -> list[Entry]:
    """Make credits of the lines whose fate is certain; the others."""
    left: dict[int, list[UUID]] = {}
    for one in known:
        if not one.told:
            left.setdefault(one.amount_satang, []).append(one.id)
    rest: list[Entry] = []
    for start in range(0, len(news), AT_ONCE):
        chunk = news[start : start + AT_ONCE]
        told = [_new(run.ctx, entry) for entry in chunk]
        amounts = {entry.line.amount_satang for entry in chunk if entry.line.at is None}
        left_ids = [credit_id for amount_satang in sorted(amounts) for credit_id in left.get(amount_satang, ())]

        async def work(conn: Conn, told: Sequence[Told] = told, left_ids: Sequence[UUID] = left_ids) -> dict[int, UUID]:
            await statements.enter(conn, run.book, [one.amount_satang for one in told])
            return await statements.park(conn, run.book, told, left_ids)

        parked = await run.ctx.db.transaction(work)
        if start // AT_ONCE in ANALYZE_AFTER:
            await run.ctx.db.transaction(statements.analyze)
        for place, entry in enumerate(chunk):
            if place in parked:
                reason = "TIME_UNKNOWN" if entry.line.at is None else "ORPHAN"
                row = of_line(Finding.WITHOUT_PAYMENT, entry, reason=reason, newly=True)
                run.report.rows.append(replace(row, credit_id=parked[place]))
            else:
                rest.append(entry)
        run.step(len(parked))
    return rest


def _new(ctx: Context, entry: Entry) -> Told:
    line = entry.line
    return Told(
        ctx.new_id(),
        entry.digest,
        entry.occurred_at,
        line.balance_satang,
        line.amount_satang,
        line.at is None,
        line.ref1,
        line.ref2,
        ctx.new_id(),
        ctx.new_id(),
    )


async def _record(run: _Run, entry: Entry) -> None:
    """One line as a piece of evidence like any other: it may pay."""
    book, line = run.book, entry.line
    outcome = await evidence.record(
        run.ctx,
        Observation(
            merchant_id=book.merchant_id,
            mode=book.mode,
            receiving_id=book.receiving_id,
            source_id=book.source_id,
            rank=RANK,
            amount_satang=line.amount_satang,
            occurred_at=entry.occurred_at,
            trust="host" if book.merchant_id == PLATFORM else str(book.receiving_id),
            namespace=f"source:{book.source_id}",
            reference=None,  # What a statement calls a reference may be a payer's text, or the same every month.
            digest=entry.digest,
            ref1=line.ref1,
            ref2=line.ref2,
            balance_satang=line.balance_satang,
            channel=Channel.STATEMENT,
            day_only=line.at is None,
        ),
    )
    if outcome.credit_id is not None:
        run.absorbed.add(outcome.credit_id)
    paid = outcome.word is Word.PAID or (outcome.word is Word.DUPLICATE and outcome.payment_id is not None)
    row = of_line(Finding.MATCHED if paid else Finding.WITHOUT_PAYMENT, entry, newly=True)
    reason = None if paid else outcome.word.value
    run.report.rows.append(
        replace(row, credit_id=outcome.credit_id, payment_id=outcome.payment_id if paid else None, reason=reason)
    )


def _tell_pairs(run: _Run) -> None:
    run.report.rows += [_row_of(one, newly=not _said(one)) for one in run.pairing.pairs]
    run.report.rows.sort(key=lambda row: (row.line is None, row.line or 0, row.day))


def _row_of(one: Pair, *, newly: bool) -> Row:
    if one.known.payment_id is not None or one.known.state is CreditState.REVERSED:
        reason = "REVERSED" if one.known.state is CreditState.REVERSED else None
        return of_line(Finding.MATCHED, one.entry, one.known, reason=reason, newly=newly)
    return of_line(Finding.WITHOUT_PAYMENT, one.entry, one.known, reason=one.known.reason, newly=newly)


async def _tell_left(run: _Run) -> None:
    """Credits that the statement lacks, or has with another amount: rows of the report, and alarms."""
    pairing, covered = run.pairing, run.report.cover
    left = [one for one in pairing.left if one.id not in run.absorbed]
    lacking = {one.id for one in missing(left, covered)}
    taken = rivals(left, (one.known for one in pairing.pairs), MERGE_WINDOW.total_seconds())
    alarms: list[tuple[Known, str]] = []
    for one in left:
        if one.id in taken and (one.id in lacking or one.state is CreditState.POSSIBLE_DUPLICATE) and not one.told:
            run.report.rows.append(of_credit(Finding.DUPLICATE, one, other_id=taken[one.id]))
            words = f"The statement has one line for this and for credit {taken[one.id]}."
        elif one.id in lacking:
            run.report.rows.append(of_credit(Finding.MISSING, one))
            words = "The bank's statement of that time does not have this money."
        else:
            continue
        if one.id in lacking:
            alarms.append((one, words + _doubts(run.report.statement)))
    for pair_ in pairing.differs:
        ours = pair_.known.amount_satang
        row = of_line(Finding.DIFFERS, pair_.entry, pair_.known, other_satang=ours, reason=pair_.known.reason)
        run.report.rows.append(row)
        if pair_.known.counts and not pair_.known.told:
            amount = show(pair_.entry.line.amount_satang)
            alarms.append(
                (pair_.known, f"Line {pair_.entry.line.number} of the bank's statement has {amount} instead.")
            )
    if alarms and not run.report.dry_run:
        await _alarm(run, alarms)


def _doubts(statement: Statement) -> str:
    count = len(statement.problems)
    return f" {count} places of the statement could not be read: look there first." if count else ""


async def _alarm(run: _Run, alarms: Sequence[tuple[Known, str]]) -> None:
    for start in range(0, len(alarms), AT_ONCE):
        rows = [
            (run.ctx.new_id(), one.id, words, hashlib.sha256(b"missing" + one.id.bytes).digest())
            for one, words in alarms[start : start + AT_ONCE]
        ]

        async def work(conn: Conn, rows: list[tuple[UUID, UUID, str, bytes]] = rows) -> None:
            await statements.enter(conn, run.book)
            await statements.alarm(conn, run.book, rows)

        await run.ctx.db.transaction(work)


async def _note_balances(run: _Run) -> None:
    """The balances of all lines, in and out: notices are compared with them."""
    points = [
        (line.at, line.balance_satang)
        for line in run.report.statement.lines
        if line.at is not None and line.balance_satang is not None
    ]
    if not points:
        return
    recent_at = max(at for at, _ in points) - KEPT_BALANCES
    for start in range(0, len(points), PAGE):
        chunk = points[start : start + PAGE]

        async def work(conn: Conn, chunk: Sequence[tuple[datetime, int]] = chunk) -> None:
            await statements.note_balances(conn, run.book, chunk, recent_at)

        await run.ctx.db.transaction(work)
    run.ctx.wake()
