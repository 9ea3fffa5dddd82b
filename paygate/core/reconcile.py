"""Which line of a bank's statement is which credit that we know. Pure: lists in, pairs and leftovers out.

Equal lines and equal credits are paired as many as there are of both, in the order of time, so that the same lists
give the same pairs; what is equal is never counted twice and never taken for one.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from paygate.core.clusters import best_pairs
from paygate.core.credits import BANGKOK, MERGE_WINDOW, CreditState
from paygate.core.statements import Line, Statement

NOON = time(12, 0, tzinfo=BANGKOK)
LATE_BOOKING = timedelta(hours=3)  # What comes in so shortly before midnight may be booked on the next day.
EVENING = time(21, 0)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """An incoming line. `digest` is of its facts and its number among equal ones, so that the same line of another
    file is known as the same, and equal lines of one file as several."""

    line: Line
    digest: bytes

    @property
    def occurred_at(self) -> datetime:
        """When the money moved; noon of the day when the statement tells no time."""
        return self.line.at or datetime.combine(self.line.day, NOON)

    @property
    def days(self) -> tuple[date, ...]:
        """The days on which it may have happened."""
        return (self.line.day,) if self.line.value_day is None else (self.line.day, self.line.value_day)

    def moments(self) -> Iterable[datetime]:
        """The moments at which it may have happened, when the statement tells a time."""
        at = self.line.at
        return () if at is None else (datetime.combine(day, at.timetz()) for day in self.days)


@dataclass(frozen=True, slots=True)
class Known:
    """A credit that we know. `told` are the statement lines that speak of it: (digest, when)."""

    id: UUID
    amount_satang: int
    occurred_at: datetime
    state: CreditState
    day_only: bool = False
    balance_satang: int | None = None
    ref1: str | None = None
    references: frozenset[str] = frozenset()
    told: tuple[tuple[bytes, datetime], ...] = ()
    payment_merchant_id: int | None = None
    payment_id: UUID | None = None
    reason: str | None = None

    @property
    def day(self) -> date:
        """The day in Bangkok."""
        return self.occurred_at.astimezone(BANGKOK).date()

    @property
    def counts(self) -> bool:
        """Whether it claims that money is there: not what may be a duplicate, nor what was taken back."""
        return self.state in (CreditState.SETTLED, CreditState.UNASSIGNED)


@dataclass(frozen=True, slots=True)
class Pair:
    """A line and the credit that it speaks of."""

    entry: Entry
    known: Known


@dataclass(slots=True)
class Pairing:
    """What became of all lines and credits. `differs`: one reference or balance, two amounts. `news`: lines never
    heard of. `left`: credits without a line."""

    pairs: list[Pair] = field(default_factory=list)
    differs: list[Pair] = field(default_factory=list)
    news: list[Entry] = field(default_factory=list)
    left: list[Known] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cover:
    """The time that a statement speaks of without a gap: `[since, until)`, and how much of it can be `checked`:
    a credit in that part has to be in this statement or in an earlier one."""

    since: datetime
    until: datetime
    checked_since: datetime
    checked_until: datetime


def entries(statement: Statement) -> list[Entry]:
    """The incoming lines with their digests."""
    seen: Counter[tuple[object, ...]] = Counter()
    found = []
    for line in statement.incoming:
        when = line.at.isoformat() if line.at else None, line.day.isoformat()
        facts = (*when, line.amount_satang, line.balance_satang, line.reference, line.ref1, line.ref2, line.text)
        seen[facts] += 1
        told = repr((*facts, seen[facts])).encode("utf-8", "surrogatepass")
        found.append(Entry(line, hashlib.sha256(told).digest()))
    return found


def pair(found: Sequence[Entry], known: Sequence[Known]) -> Pairing:
    """Pair lines with credits: the same words first, then the same reference, the same balance, the nearest in time
    within ten minutes, at last the same day where a time is missing. Amounts are equal to the satang in every pair."""
    pairing = Pairing()
    lines_of: dict[int, list[Entry]] = defaultdict(list)
    credits_of: dict[int, list[Known]] = defaultdict(list)
    for entry in found:
        lines_of[entry.line.amount_satang].append(entry)
    for credit in known:
        credits_of[credit.amount_satang].append(credit)
    rest: list[Entry] = []
    for amount_satang in sorted(lines_of.keys() | credits_of.keys()):
        table = _Table(lines_of.get(amount_satang, []), credits_of.get(amount_satang, []))
        table.pair()
        pairing.pairs += table.pairs
        rest += table.entries
        pairing.left += table.known
    _set_differing_apart(pairing, rest)
    order = {entry.digest: place for place, entry in enumerate(found)}
    for pairs in (pairing.pairs, pairing.differs):
        pairs.sort(key=lambda one: order[one.entry.digest])
    pairing.news.sort(key=lambda one: order[one.digest])
    pairing.left.sort(key=lambda one: (one.occurred_at, one.id))
    return pairing


class _Table:
    """The lines and credits of one amount that wait for a partner."""

    def __init__(self, found: Sequence[Entry], known: Sequence[Known]) -> None:
        self.entries = sorted(found, key=lambda one: (one.occurred_at, one.line.number))
        self.known = sorted(known, key=lambda one: (one.occurred_at, one.id))
        self.pairs: list[Pair] = []

    def pair(self) -> None:
        """All passes, the surest first."""
        self._same_words()
        if not (self.entries and self.known):
            return
        self._same_reference()
        self._same_balance()
        for counting in (True, False):  # What may be a duplicate gets a line that nothing surer explains.
            self._near(counting)
        self._on_the_day()
        self._next_day()

    def _take(self, pairs: Sequence[Pair]) -> None:
        if pairs:
            lines, credits = {one.entry.digest for one in pairs}, {one.known.id for one in pairs}
            self.entries = [one for one in self.entries if one.digest not in lines]
            self.known = [one for one in self.known if one.id not in credits]
            self.pairs += pairs

    def _same_words(self) -> None:
        of = {digest: one for one in self.known for digest, _ in one.told}
        self._take([Pair(one, of[one.digest]) for one in self.entries if one.digest in of])

    def _same_reference(self) -> None:
        of = {ref: one for one in reversed(self.known) for ref in one.references}
        self._once((one, of.get(one.line.reference or "")) for one in self.entries)

    def _same_balance(self) -> None:
        of: dict[tuple[date, int], Known] = {}
        for one in reversed(self.known):
            if one.balance_satang is not None:
                for day in (one.day - DAY, one.day + DAY, one.day):
                    of[day, one.balance_satang] = one
        balanced = [one for one in self.entries if one.line.balance_satang is not None]
        self._once((one, of.get((one.line.day, one.line.balance_satang or 0))) for one in balanced)

    def _once(self, couples: Iterable[tuple[Entry, Known | None]]) -> None:
        used: set[UUID] = set()
        pairs = []
        for entry, one in couples:
            if one is not None and one.id not in used and _days_apart(entry, one) <= 1 and _agree(entry, one):
                used.add(one.id)
                pairs.append(Pair(entry, one))
        self._take(pairs)

    def _near(self, counting: bool) -> None:
        timed = [one for one in self.entries if one.line.at is not None]
        credits = [one for one in self.known if one.counts is counting and not one.day_only]
        if not (timed and credits):
            return
        found = best_pairs(
            timed,
            credits,
            first=[one.occurred_at.timestamp() for one in timed],
            second=[one.occurred_at.timestamp() for one in credits],
            reach=MERGE_WINDOW.total_seconds() + 60,
            apart=_apart,
        )
        self._take([Pair(*one) for one in found])
        moved = [one for one in self.entries if one.line.at is not None and one.line.value_day is not None]
        self._take(_nearest(moved, [one for one in self.known if one.counts is counting and not one.day_only]))

    def _on_the_day(self) -> None:
        dayless = [one for one in self.entries if one.line.at is None]
        self._take(_by_day(dayless, self.known, lambda one: one.days))
        self._take(_by_day(self.entries, [one for one in self.known if one.day_only], lambda one: one.days))

    def _next_day(self) -> None:
        """Money of the evening that was booked on the next day."""
        late = [one for one in self.known if one.occurred_at.astimezone(BANGKOK).time() >= EVENING]
        dayless = [one for one in self.entries if one.line.at is None]
        self._take(_by_day(dayless, late, lambda one: (one.line.day - DAY,)))


def _days_apart(entry: Entry, known: Known) -> int:
    return min(abs((day - known.day).days) for day in entry.days)


def _agree(entry: Entry, known: Known) -> bool:
    """Whether nothing that both say differs."""
    line = entry.line
    if line.balance_satang is not None and known.balance_satang is not None:
        return line.balance_satang == known.balance_satang
    return line.ref1 is None or known.ref1 is None or line.ref1 == known.ref1


def _apart(entry: Entry, known: Known) -> float | None:
    """Seconds between them as far as the line's minute tells; None when they are not the same.

    A credit that another statement told of has its minute already: a line of another minute is another credit.
    """
    if not _agree(entry, known):
        return None
    timed_tales = [at for _, at in known.told if at.astimezone(BANGKOK).timetz() != NOON]
    if timed_tales:
        same = any(at.replace(second=0) == told.replace(second=0) for at in entry.moments() for told in timed_tales)
        return 0.0 if same else None
    apart = []
    for at in entry.moments():
        end = at + (MINUTE if at.second == 0 else timedelta())
        after, before = (known.occurred_at - end).total_seconds(), (at - known.occurred_at).total_seconds()
        apart.append(max(after, before, 0.0))
    nearest = min(apart, default=None)
    return nearest if nearest is not None and nearest <= MERGE_WINDOW.total_seconds() else None


def _nearest(found: Sequence[Entry], known: Sequence[Known]) -> list[Pair]:
    """Each line with the nearest credit that is left."""
    used: set[UUID] = set()
    pairs = []
    for entry in found:
        near = [(d, one) for one in known if one.id not in used and (d := _apart(entry, one)) is not None]
        if near:
            _, best = min(near, key=lambda one: (one[0], one[1].occurred_at, one[1].id))
            used.add(best.id)
            pairs.append(Pair(entry, best))
    return pairs


_SUREST = (CreditState.SETTLED, CreditState.UNASSIGNED, CreditState.REVERSED, CreditState.POSSIBLE_DUPLICATE)


def _by_day(found: Sequence[Entry], known: Sequence[Known], days: Callable[[Entry], Iterable[date]]) -> list[Pair]:
    """Each line with a credit of its day, where the line or the credit has no time; the surest credit first."""
    of_day: dict[date, list[Known]] = defaultdict(list)
    for one in sorted(known, key=lambda one: (bool(one.told), _SUREST.index(one.state), one.occurred_at, one.id)):
        of_day[one.day].append(one)
    pairs = []
    for entry in found:
        best = next((c for day in days(entry) for c in of_day.get(day, ()) if _same_day(entry, c)), None)
        if best is not None:
            of_day[best.day].remove(best)
            pairs.append(Pair(entry, best))
    return pairs


def _same_day(entry: Entry, known: Known) -> bool:
    """Whether a day is all that tells them apart. Tales of minutes were compared before."""
    dayless = entry.line.at is None or known.day_only
    return dayless and _agree(entry, known)


def cover(statement: Statement, now: datetime, earlier: Sequence[Cover] = ()) -> Cover | None:
    """What *statement* speaks of, at *now*; None for one without lines or period.

    A whole first day only when the file says its period or its opening balance, a whole last day only when that is
    over; else from the first line to the last. At both ends a margin is left to the neighbour, unless *earlier*
    statements of the account reach up to this one: then the check goes on where theirs ended.
    """
    days = [*(line.day for line in statement.lines), *(statement.period or ())]
    if not days:
        return None
    moments = [line.at for line in statement.lines if line.at is not None]
    timed = bool(moments) and len(moments) == len(statement.lines)
    first = datetime.combine(min(days), time(), BANGKOK)
    last = datetime.combine(max(days), time(), BANGKOK)
    whole_first = statement.period is not None or statement.opening_balance_satang is not None
    whole_last = statement.period is not None or statement.closing_balance_satang is not None
    since = first if whole_first else min(moments) if timed else first + DAY
    until = last if not timed else max(moments)
    if whole_last and last + DAY <= now:
        until = last + DAY
    checked_since = since + MERGE_WINDOW
    checked_until = until - (MERGE_WINDOW if timed and until != last + DAY else LATE_BOOKING)
    before = [one for one in earlier if one.since <= since <= one.until]
    if before:
        checked_since = min(checked_since, max(one.checked_until for one in before))
    if until <= since:
        return None
    return Cover(since, until, checked_since, max(checked_since, checked_until))


def missing(left: Iterable[Known], covered: Cover | None) -> list[Known]:
    """The credits that have to be in the statement and are in none."""
    if covered is None:
        return []
    return [
        one
        for one in left
        if one.counts and not one.told and covered.checked_since <= one.occurred_at < covered.checked_until
    ]


def _set_differing_apart(pairing: Pairing, rest: Sequence[Entry]) -> None:
    """Lines and credits that one reference, or one balance at one time, joins in spite of their amounts."""
    by_ref = {ref: credit for credit in pairing.left for ref in credit.references}
    by_balance = {(credit.day, credit.balance_satang): credit for credit in pairing.left if credit.balance_satang}
    used: set[UUID] = set()
    for entry in rest:
        line = entry.line
        one: Known | None = by_ref.get(line.reference or "")
        if one is None and line.balance_satang is not None:
            one = by_balance.get((line.day, line.balance_satang))
            if one is not None and line.at is not None and abs(one.occurred_at - line.at) > MERGE_WINDOW:
                one = None
        if one is not None and one.id not in used and _days_apart(entry, one) <= 1:
            used.add(one.id)
            pairing.differs.append(Pair(entry, one))
        else:
            pairing.news.append(entry)
    pairing.left = [credit for credit in pairing.left if credit.id not in used]
