"""A bank's statement of one account, as read from whatever file the bank gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Direction(StrEnum):
    """Which way the money went, seen from the account."""

    IN = "in"
    OUT = "out"


class Trouble(StrEnum):
    """What is wrong with a place in the file."""

    ROW = "ROW"  # It looks like a transaction and cannot be read whole.
    DIRECTION = "DIRECTION"  # Nothing says whether the money came or went.
    BALANCE = "BALANCE"  # The balance does not follow from the one before: a row is missing, or wrong.
    REPEATED = "REPEATED"  # The same row a second time: it is not counted.
    FOREIGN = "FOREIGN"  # Not baht.


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should look at. `number` is the line of the file (0: the file as a whole)."""

    number: int
    trouble: Trouble
    message: str


@dataclass(frozen=True, slots=True)
class Line:
    """One movement. `number` is the line of the file (of CAMT: the entry), counted from 1.

    `at` is None when the statement tells no time of day; it is as exact as the statement, often the whole minute.
    `day` is the day of booking in Bangkok, `value_day` that of value where it differs. `reference` is the bank's.
    """

    number: int
    at: datetime | None
    day: date
    amount_satang: int
    direction: Direction
    balance_satang: int | None = None
    text: str = ""
    channel: str | None = None
    reference: str | None = None
    ref1: str | None = None
    ref2: str | None = None
    value_day: date | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, its lines oldest first. `period` are the first and last day that the file says it is about.

    `account_number` is as printed: digits, perhaps with `x` for hidden ones.
    """

    lines: tuple[Line, ...]
    problems: tuple[Problem, ...] = ()
    account_number: str | None = None
    opening_balance_satang: int | None = None
    closing_balance_satang: int | None = None
    period: tuple[date, date] | None = None
    format: str = "csv"

    @property
    def incoming(self) -> tuple[Line, ...]:
        """The lines that brought money."""
        return tuple(line for line in self.lines if line.direction is Direction.IN)
