"""The daily close: whether a bank account has, at the end of a Bangkok day, what the books say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput
from paygate.core.statements import Statement

DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 2000, 2199
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
GRACE = timedelta(hours=12)  # After a day is over: from then on an open one is an alarm.


@dataclass(frozen=True, slots=True)
class Figures:
    """A day of an account, in satang. `bank` None: the bank has not said what it had in the evening."""

    day: date
    opening_satang: int
    in_satang: int
    out_satang: int
    other_satang: int
    bank_satang: int | None

    @property
    def books_satang(self) -> int:
        """What the account has in the evening, as the books say."""
        return self.opening_satang + self.in_satang - self.out_satang + self.other_satang

    @property
    def difference_satang(self) -> int | None:
        """What the bank has more than the books; None while it has not said."""
        return None if self.bank_satang is None else self.bank_satang - self.books_satang

    @property
    def agrees(self) -> bool:
        """Whether the day may be closed."""
        return self.difference_satang == 0


def read_day(text: str) -> date:
    """A Bangkok day, `2026-11-28`. Raises InvalidInput (day).

    >>> read_day("2026-11-28")
    datetime.date(2026, 11, 28)
    """
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidInput("day must be a day of Bangkok, like 2026-11-28.", field="day")
    return day


def bounds(day: date) -> tuple[datetime, datetime]:
    """A Bangkok day as `[since, until)`."""
    since = datetime.combine(day, time(), BANGKOK)
    return since, since + DAY


def last_over(now: datetime) -> date:
    """The last Bangkok day that is over."""
    return now.astimezone(BANGKOK).date() - DAY


def evenings(statement: Statement, now: datetime) -> Sequence[tuple[date, int]]:
    """The balances of a statement at the end of each day that it speaks of and that is over.

    A day without a line has the balance of the day before; a day whose last line has no balance has none.
    """
    last: dict[date, int | None] = {}
    for line in statement.lines:
        last[line.day] = line.balance_satang
    if not last:
        return []
    end = max(last)
    if last[end] is None:
        last[end] = statement.closing_balance_satang
    if statement.period is not None:
        end = max(end, statement.period[1])
    found, balance = [], None
    day, over = min(last), last_over(now)
    while day <= min(end, over):
        balance = last.get(day, balance)
        if balance is not None:
            found.append((day, balance))
        day += DAY
    return found
