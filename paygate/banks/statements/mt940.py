"""SWIFT MT940: the grammar of each field is that of the `mt-940` library, its place in the file is ours to keep.

The library reads a whole file or nothing; here each field is given to it alone, so that one bad line is a problem
with its number instead of a refused month. It tells no time of day.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from mt940 import models, tags

from paygate.banks.statements.table import MAX_ROWS, decode
from paygate.core.errors import InvalidInput, TooLarge
from paygate.core.money import show
from paygate.core.statements import Direction, Line, Problem, Statement, Trouble

CURRENCY = "THB"
LONGEST_FIELD = 2_000
LONGEST_TEXT = 300
MAX_BAHT = Decimal(10) ** 13
FIELD = re.compile(r":(\d{2}[A-Z]?):")
START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{[1-5]:.{0,400}?)?:20:", re.DOTALL)
MONEY = re.compile(r"\d{1,13},\d{0,2}", re.ASCII)
NO_REFERENCE = {"NONREF", "NOTPROVIDED", "NOREF"}
REVERSALS_OUT = {"D", "RC"}  # A debit, and a credit taken back.

# The library writes each line that it cannot read to its log, payers' names and all.
logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)

_LINE, _BALANCE = tags.Statement(), tags.FinalOpeningBalance()


@dataclass(slots=True)
class _Reading:
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)
    opening_satang: int | None = None
    running_satang: int | None = None
    closing_satang: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    started: bool = False  # Whether lines came since the last opening balance.
    foreign: bool = False  # Whether that was of other money: its lines are not used.


def looks_like(raw: bytes) -> bool:
    """Whether it begins like an MT940 message."""
    return START.match(raw[:2_000]) is not None and b":60" in raw


def read(raw: bytes) -> Statement:
    """The statement in one or more messages about one account in baht. Raises InvalidInput and TooLarge."""
    reading = _Reading()
    for number, tag, value in _fields(decode(raw)):
        if tag == "25":
            reading.accounts.add(re.sub(r"[\s/-]", "", value.split("\n", 1)[0]))
        elif tag in ("60F", "60M", "62F", "62M"):
            _balance(reading, number, tag, value)
        elif tag == "61":
            _line(reading, number, value)
        elif tag == "86" and reading.lines and reading.started:
            _details(reading, value)
    if len(reading.accounts) > 1:
        raise InvalidInput("There are statements of several accounts in this file: send one account at a time.")
    if not reading.lines and not reading.problems and reading.opening_satang is None:
        raise InvalidInput("There is no transaction in this file.")
    days = [line.day for line in reading.lines]
    period = None
    if reading.last_day is not None:
        period = min([*days, reading.last_day]), max([*days, reading.last_day])
    account = next(iter(reading.accounts), None)
    lines = tuple(sorted(reading.lines, key=lambda line: line.day))
    return Statement(
        lines,
        tuple(reading.problems),
        account or None,
        reading.opening_satang,
        reading.closing_satang,
        period,
        "mt940",
    )


def _fields(text: str) -> list[tuple[int, str, str]]:
    """(line, tag, value) of each field; a value goes on until the next tag or the end of its message."""
    found: list[tuple[int, str, str]] = []
    parts: list[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if match := FIELD.match(line):
            if len(found) >= 2 * MAX_ROWS:
                raise TooLarge(f"A statement may have {MAX_ROWS:,} lines.")
            parts = [line[match.end() :]]
            found.append((number, match[1], parts[0]))
        elif line.startswith(("-}", "{")) or line.strip() == "-":
            parts = None
        elif parts is not None and sum(map(len, parts)) < LONGEST_FIELD:
            parts.append(line)
            found[-1] = (found[-1][0], found[-1][1], "\n".join(parts))
    return found


def _parsed(tag: tags.Tag, value: str) -> dict[str, Any] | None:
    """The parts of a field by the library's grammar and arithmetic; None when they do not fit."""
    transactions = models.Transactions()
    transactions.data["opening_balance"] = models.Balance("C", "0", None, currency=CURRENCY)
    try:
        return dict(tag(transactions, dict(tag.parse(transactions, value))))
    except (RuntimeError, ValueError, ArithmeticError, TypeError, AttributeError):
        return None


def _satang(amount: Any) -> int | None:
    """Exact satang of the library's amount, without its sign."""
    number = getattr(amount, "amount", amount)
    if not isinstance(number, Decimal) or not number.is_finite() or abs(number) >= MAX_BAHT:
        return None
    satang = abs(number) * 100
    return int(satang) if satang == satang.to_integral_value() else None


def _balance(reading: _Reading, number: int, tag: str, value: str) -> None:
    value = value.split("\n", 1)[0].strip()
    parsed = _parsed(_BALANCE, value) if MONEY.fullmatch(value[10:]) else None
    balance = parsed["final_opening_balance"] if parsed else None
    satang = None if balance is None else _satang(balance.amount)
    if balance is None or satang is None:
        reading.problems.append(Problem(number, Trouble.ROW, f"The balance of field {tag} cannot be read."))
        return
    reading.foreign = balance.amount.currency != CURRENCY
    if reading.foreign:
        message = f"A balance in {balance.amount.currency!r}: lines of other money than baht are not used."
        reading.problems.append(Problem(number, Trouble.FOREIGN, message))
        reading.started, reading.running_satang = False, None
        return
    satang = -satang if value[:1].upper() == "D" else satang
    expected = reading.running_satang
    if expected is not None and expected != satang:
        message = f"The balance should be {show(expected)} and is {show(satang)}: a line is missing before, or wrong."
        reading.problems.append(Problem(number, Trouble.BALANCE, message))
    reading.running_satang = satang
    day = date(balance.date.year, balance.date.month, balance.date.day)
    if tag.startswith("60"):
        reading.started = True
        if reading.opening_satang is None:
            reading.opening_satang = satang
        reading.first_day = min(reading.first_day or day, day)
    else:
        reading.closing_satang = satang
        reading.last_day = max(reading.last_day or day, day)


def _line(reading: _Reading, number: int, value: str) -> None:
    if reading.foreign:
        return
    reading.started = True
    parsed = _parsed(_LINE, value)
    amount_text = re.match(r"\d{6}(?:\d{4}|\s{4})?R?[CD][A-Z]?[\n ]?([\d,]*)", value, re.ASCII | re.IGNORECASE)
    satang = None if parsed is None else _satang(parsed["amount"])
    if parsed is None or satang is None or amount_text is None or not MONEY.fullmatch(amount_text[1]):
        reading.problems.append(Problem(number, Trouble.ROW, "The statement line cannot be read. It is not used."))
        reading.running_satang = None
        return
    if satang == 0:
        return
    mark = str(parsed["status"]).upper()
    direction = Direction.OUT if mark in REVERSALS_OUT else Direction.IN
    value_day = date(parsed["date"].year, parsed["date"].month, parsed["date"].day)
    booked = parsed.get("entry_date")
    day = date(booked.year, booked.month, booked.day) if booked else value_day
    if reading.running_satang is not None:
        reading.running_satang += satang if direction is Direction.IN else -satang
    reading.lines.append(
        Line(
            number,
            None,
            day,
            satang,
            direction,
            None,
            _joined(parsed.get("extra_details")),
            None,
            _reference(parsed.get("bank_reference")) or _reference(parsed.get("customer_reference")),
            value_day=value_day if value_day != day else None,
        )
    )


def _details(reading: _Reading, value: str) -> None:
    last = reading.lines[-1]
    reading.lines[-1] = replace(last, text=_joined(f"{last.text} {value}"))


def _joined(text: object) -> str:
    return " ".join(str(text or "").split())[:LONGEST_TEXT]


def _reference(text: object) -> str | None:
    found = str(text or "").strip()
    return None if not found or found.upper() in NO_REFERENCE or not found.isprintable() else found
