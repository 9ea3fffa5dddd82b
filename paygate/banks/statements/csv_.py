"""CSV as Thai banks and spreadsheets write it: titles above, totals below, one or two columns of money.

Nothing about money is guessed. A row with a day or an amount that cannot be read whole is a problem with its line
number; a row with both is a line, whatever its text says, since payers write texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from paygate.banks.statements import cells, chain, table
from paygate.banks.statements.chain import Draft
from paygate.banks.statements.columns import Layout, Profile, Role, roles_of
from paygate.banks.statements.titles import title_facts
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput
from paygate.core.statements import Direction, Line, Problem, Statement, Trouble

LONGEST_TEXT = 300
LONGEST_REFERENCE = 64
MAX_PROBLEMS = 1_000
TALLEST_ROW = 20

OPENING = re.compile(r"ยอดยกมา|ยอดเงินยกมา|beginning balance|opening balance|brought forward|balance b/?f|\bb/f\b")
CLOSING = re.compile(r"ยอดยกไป|ยอดเงินยกไป|closing balance|ending balance|carried forward|balance c/?f|\bc/f\b")

IN_MARKS = {"cr", "c", "credit", "in", "+", "ฝาก", "เงินเข้า", "รับ", "เครดิต", "deposit", "ฝากเงิน", "รับเงิน"}
OUT_MARKS = {"dr", "d", "debit", "out", "-", "ถอน", "เงินออก", "จ่าย", "เดบิต", "withdrawal", "ถอนเงิน", "จ่ายเงิน"}
# The bank's own word at the start of a description. Anything else is not a hint.
IN_HINT = re.compile(
    r"(รับโอน|รับเงิน|เงินเข้า|เงินโอนเข้า|โอนเข้า|โอนเงินเข้า|ฝาก|รับดอกเบี้ย|ดอกเบี้ยรับ|deposit|transfer deposit|transfer in"
    r"|transfer from|received|receive|cash deposit|interest|incoming|credit|promptpay in|refund)"
)
OUT_HINT = re.compile(
    r"(โอนเงิน(?!เข้า)|โอนออก|เงินออก|ถอน|หัก|จ่าย|ชำระ|ค่าธรรมเนียม|ซื้อ|withdraw|transfer withdrawal|transfer out"
    r"|transfer to|payment|paid|fee|purchase|cash withdrawal|outgoing|debit|bill payment|direct debit)"
)


@dataclass(slots=True)
class _Reading:
    """What has been read so far. `signed`: the amount column writes signs out."""

    layout: Layout
    signed: bool
    drafts: list[Draft] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    opening_satang: int | None = None
    closing_satang: int | None = None

    def trouble(self, number: int, message: str, trouble: Trouble = Trouble.ROW) -> None:
        """Note a row that cannot be read."""
        self.problems.append(Problem(number, trouble, message))


def read(raw: bytes, profile: Profile) -> Statement:
    """The statement in a CSV file. Raises InvalidInput when no header is found or nothing in it is a transaction."""
    text = table.decode(raw, profile.encoding)
    delimiter, layout = table.find_layout(text, profile)
    rows = table.rows_of(text, delimiter)
    titles, body = rows[: layout.first_row], rows[layout.first_row :]
    layout = _with_marks(layout, [row for _, row in body])
    reading = _Reading(layout, _is_signed(layout, [row for _, row in body]))
    for number, row in body:
        _take(reading, number, row)
    if not reading.drafts and not reading.problems:
        raise InvalidInput("There is no transaction in this file.")
    ordered = chain.in_order(reading.drafts)
    lines, breaks = chain.settle(ordered, reading.opening_satang)
    account, period = title_facts([cells_ for _, cells_ in titles])
    problems = sorted([*reading.problems, *breaks], key=lambda problem: problem.number)
    return Statement(tuple(lines), tuple(problems), account, reading.opening_satang, reading.closing_satang, period)


def _with_marks(layout: Layout, body: Sequence[Sequence[str]]) -> Layout:
    """A column called "type" is one of marks only if marks stand in it; else it is the bank's word."""
    if Role.MARK not in layout.places:
        return layout
    told = {layout.cell(row, Role.MARK).strip().lower() for row in body} - {""}
    if told & (IN_MARKS | OUT_MARKS):
        return layout
    places = dict(layout.places)
    places[Role.TEXT] = (*places.pop(Role.MARK), *places.get(Role.TEXT, ()))
    return Layout(places, layout.first_row)


def _is_signed(layout: Layout, body: Sequence[Sequence[str]]) -> bool:
    found = (cells.amount(layout.cell(row, Role.AMOUNT)) for row in body if layout.cell(row, Role.AMOUNT))
    return any(amount is not None and amount[0] < 0 for amount in found)


def _take(reading: _Reading, number: int, row: Sequence[str]) -> None:
    """One row: a line, a balance at the ends, a problem, or nothing of interest."""
    layout = reading.layout
    date_cell, words = layout.cell(row, Role.DATE), _text(layout, row, (Role.TEXT, Role.DETAILS)).lower()
    dated = cells.day_and_rest(date_cell[:60])
    money = [layout.cell(row, role) for role in (Role.AMOUNT, Role.IN, Role.OUT)]
    has_money = not all(cells.is_empty(cell) or _zero(cell) for cell in money)
    whole = " ".join(cell for cell in row if cell).lower()
    if any(cell.count("\n") > TALLEST_ROW for cell in row):
        reading.trouble(number, "A cell goes over many lines: a quotation mark is not closed. The row is not used.")
        return
    named = bool(OPENING.search(whole) or CLOSING.search(whole))
    if not has_money or (named and (dated is None or _opens(reading, row))):
        _balance_row(reading, number, row, whole, dated is not None)
        return
    if dated is None:
        _undated(reading, number, row, date_cell, money)
        return
    _line(reading, number, row, dated, words)


def _opens(reading: _Reading, row: Sequence[str]) -> bool:
    """Whether this first row only brings the balance forward, and its bank writes it into a column of money as well."""
    layout = reading.layout
    balance = cells.amount(layout.cell(row, Role.BALANCE))
    written = [cells.amount(layout.cell(row, role)) for role in (Role.AMOUNT, Role.IN, Role.OUT)]
    named = OPENING.fullmatch(_text(layout, row, (Role.TEXT,)).lower())
    return bool(named) and not reading.drafts and balance is not None and balance in written


def _zero(cell: str) -> bool:
    found = cells.amount(cell)
    return found is not None and found[0] == 0


def _balance_row(reading: _Reading, number: int, row: Sequence[str], whole: str, dated: bool) -> None:
    """A row without money of its own: the balance brought forward or carried on, or a note."""
    found = cells.amount(reading.layout.cell(row, Role.BALANCE))
    if found is None:
        found = next((value for cell in reversed(row) if (value := cells.amount(cell)) is not None), None)
    if OPENING.search(whole):
        if found is not None and reading.opening_satang is None:  # The next page brings forward once more.
            reading.opening_satang = _with_sign(found)
    elif CLOSING.search(whole):
        reading.closing_satang = None if found is None else _with_sign(found)
    elif dated and not cells.is_empty(reading.layout.cell(row, Role.BALANCE)):
        reading.trouble(number, "A row with a day and a balance, but without an amount. The row is not used.")


def _with_sign(found: tuple[int, str | None]) -> int:
    return -found[0] if found[1] == "DR" and found[0] > 0 else found[0]


def _undated(reading: _Reading, number: int, row: Sequence[str], date_cell: str, money: Sequence[str]) -> None:
    """Money without a day: totals and headers of the next page are passed over, anything else is told."""
    if len(roles_of(row)) >= 2 or not any(cells.amount(cell) is not None for cell in money):
        if any(char.isdigit() for char in date_cell) and cells.is_empty(date_cell) is False:
            reading.trouble(number, "The day cannot be read. The row is not used.")
        return
    if cells.is_empty(date_cell) and re.search(r"รวม|total|สรุป|summary", " ".join(row).lower()):
        return
    if cells.is_empty(date_cell):
        reading.trouble(number, "An amount without a day. The row is not used.")
    elif not re.match(r"\W*(รวม|ยอดรวม|total|grand total|sub ?total|จำนวน|สรุป)", cells.plain(date_cell).lower()):
        reading.trouble(number, "The day cannot be read. The row is not used.")


def _line(reading: _Reading, number: int, row: Sequence[str], dated: tuple[date, str], words: str) -> None:
    layout = reading.layout
    money = _money(reading, row)
    if isinstance(money, str):
        reading.trouble(number, money)
        return
    amount_satang, direction = money
    balance_cell = layout.cell(row, Role.BALANCE)
    balance = None if cells.is_empty(balance_cell) else cells.amount(balance_cell)
    if balance is None and not cells.is_empty(balance_cell):
        reading.trouble(number, "The balance cannot be read. The row is not used.")
        return
    moment = _moment(layout, row, dated)
    if isinstance(moment, str):
        reading.trouble(number, moment)
        return
    at_time, value_day = moment
    day = dated[0]
    line = Line(
        number,
        None if at_time is None else datetime.combine(day, at_time, BANGKOK),
        day,
        amount_satang,
        direction or Direction.IN,  # `chain.settle` decides what the row does not say.
        None if balance is None else _with_sign(balance),
        _text(layout, row, (Role.TEXT, Role.DETAILS)),
        cells.plain(layout.cell(row, Role.CHANNEL))[:LONGEST_TEXT] or None,
        _reference(layout, row, Role.REFERENCE, LONGEST_REFERENCE),
        _reference(layout, row, Role.REF1, 20),
        _reference(layout, row, Role.REF2, 20),
        value_day if value_day != day else None,
    )
    reading.drafts.append(Draft(line, direction, _hint(_text(layout, row, (Role.TEXT,)))))


def _money(reading: _Reading, row: Sequence[str]) -> tuple[int, Direction | None] | str:
    """The amount and its direction as the row says them, or what is wrong."""
    layout = reading.layout
    columns = [Role.IN, Role.OUT] if Role.IN in layout.places else [Role.AMOUNT]
    found: dict[Role, tuple[int, str | None]] = {}
    for role in columns:
        cell = layout.cell(row, role)
        if cells.is_empty(cell):
            continue
        value = cells.amount(cell)
        if value is None:
            return "The amount cannot be read. The row is not used."  # Not what stands there: it may be a name.
        if value[0] != 0:
            found[role] = value
    if len(found) != 1:
        return "Money in and money out in one row. The row is not used." if found else "The row has no amount."
    [(role, (satang, mark))] = found.items()
    said = _said(layout.cell(row, Role.MARK)) or ({"CR": Direction.IN, "DR": Direction.OUT}.get(mark or ""))
    if role is Role.IN:
        own = Direction.IN if satang > 0 else None
    elif role is Role.OUT:
        own = Direction.OUT  # Some banks write what goes out with a minus in its own column.
    elif satang < 0 or mark == "+":
        own = Direction.OUT if satang < 0 else Direction.IN
    else:
        own = Direction.IN if reading.signed and said is None else None
    if role is Role.IN and satang < 0:
        return "A negative amount of money in. The row is not used."
    if own is not None and said is not None and own is not said:
        return "The sign and the mark of the amount disagree. The row is not used."
    return abs(satang), own or said


def _said(mark: str) -> Direction | None:
    word = cells.plain(mark).lower().rstrip(".")
    return Direction.IN if word in IN_MARKS else Direction.OUT if word in OUT_MARKS else None


def _moment(layout: Layout, row: Sequence[str], dated: tuple[date, str]) -> tuple[time | None, date | None] | str:
    """The time of day, from its own column or behind the date, and the day of value; or what is wrong."""
    value = cells.day_and_rest(layout.cell(row, Role.VALUE_DATE)[:60])
    value_day = value[0] if value else None
    behind = dated[1].removesuffix("+07:00").strip()
    own = cells.plain(layout.cell(row, Role.TIME))
    if own and not cells.is_empty(own):
        at = cells.time_of_day(own)
        if at is not None:
            return at, value_day
        effective = cells.day_and_rest(own[:60])  # "Time/Eff.Date" holds one or the other.
        if effective is None:
            return "The time of day cannot be read. The row is not used."
        own_time = cells.time_of_day(effective[1]) if effective[1] else None
        return own_time, effective[0]
    if behind and not cells.is_empty(behind):
        at = cells.time_of_day(behind)
        if at is None:
            return "What stands behind the day is no time of day. The row is not used."
        return at, value_day
    return None, value_day


def _hint(word: str) -> Direction | None:
    word = word.lower()
    if IN_HINT.match(word):
        return Direction.IN
    return Direction.OUT if OUT_HINT.match(word) else None


def _text(layout: Layout, row: Sequence[str], roles: Sequence[Role]) -> str:
    places = [place for role in roles for place in layout.places.get(role, ())]
    found = " ".join(row[place] for place in places if place < len(row))
    return " ".join(cells.plain(found).split())[:LONGEST_TEXT]


def _reference(layout: Layout, row: Sequence[str], role: Role, longest: int) -> str | None:
    text = cells.plain(layout.cell(row, role))
    usable = 0 < len(text) <= longest and text.isprintable() and text.strip("-0") != ""
    return (text if role is Role.REFERENCE else text.upper()) if usable else None
