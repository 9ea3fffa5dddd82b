"""Whatever layout a statement is written in, it reads back to the same lines; whatever bytes come, nothing breaks."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from paygate.banks.statements import read
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput, TooLarge
from paygate.core.money import show
from paygate.core.statements import Direction
from tests.banks.statements import samples

START = datetime(2026, 5, 1, 0, 0, tzinfo=BANGKOK)
THAI_MONTHS = ["ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."]
DAYS = {
    "d/m/Y": lambda d: d.strftime("%d/%m/%Y"),
    "d-m-y": lambda d: d.strftime("%d-%m-%y"),
    "Y-m-d": lambda d: d.isoformat(),
    "d/m/BE": lambda d: f"{d.day}/{d.month}/{d.year + 543}",
    "d/m/be": lambda d: f"{d.day:02}/{d.month:02}/{(d.year + 543) % 100}",
    "thai": lambda d: f"{d.day} {THAI_MONTHS[d.month - 1]} {d.year + 543}",
    "english": lambda d: d.strftime("%d %b %Y"),
}
HEADERS = {
    "th": ["วันที่", "เวลา", "รายการ", "ถอนเงิน", "ฝากเงิน", "จำนวนเงิน", "Dr/Cr", "ยอดคงเหลือ", "รายละเอียด"],
    "en": ["Date", "Time", "Description", "Withdrawal", "Deposit", "Amount", "DR/CR", "Balance", "Details"],
}
Money = tuple[datetime, int, Direction]


@dataclass(frozen=True)
class Layout:
    """How a statement is written."""

    day: str
    language: str
    delimiter: str
    encoding: str
    columns: str  # two, signed, mark, bare
    balance: bool
    time: str  # own, behind
    titles: int
    newest_first: bool
    opening: bool
    totals: bool
    thousands: bool


layouts = st.builds(
    Layout,
    day=st.sampled_from(sorted(DAYS)),
    language=st.sampled_from(["th", "en"]),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8-sig", "utf-8", "cp874", "utf-16"]),
    columns=st.sampled_from(["two", "signed", "mark", "bare"]),
    balance=st.booleans(),
    time=st.sampled_from(["own", "behind"]),
    titles=st.integers(0, 8),
    newest_first=st.booleans(),
    opening=st.booleans(),
    totals=st.booleans(),
    thousands=st.booleans(),
)
moves = st.lists(
    st.tuples(st.integers(1, 3000), st.integers(1, 10**9), st.sampled_from(list(Direction))), min_size=1, max_size=25
)
notes = st.text(st.characters(codec="cp874", exclude_categories=["Cc"]), max_size=30)


def written(layout: Layout, told: list[Money], note: str, opening_satang: int) -> bytes:
    """The statement as this bank writes it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=layout.delimiter, lineterminator="\r\n")
    date_, time_, text, withdrawal, deposit, amount, mark, balance, details = HEADERS[layout.language]
    two = layout.columns == "two"
    head = [date_, *([time_] if layout.time == "own" else []), text]
    head += [withdrawal, deposit] if two else [amount]
    head += [*([mark] if layout.columns == "mark" else []), *([balance] if layout.balance else []), details]
    for n in range(layout.titles):
        writer.writerow([f"Bank of Examples {n}", "Statement"])
    writer.writerow(head)
    rows, running = [], opening_satang
    for at, satang, direction in told:
        running += satang if direction is Direction.IN else -satang
        baht = show(satang) if layout.thousands else f"{satang // 100}.{satang % 100:02}"
        day, clock = DAYS[layout.day](at.date()), at.strftime("%H:%M")
        row = [day, clock] if layout.time == "own" else [f"{day} {clock}"]
        row.append("Transfer in" if direction is Direction.IN else "Transfer out")
        if two:
            row += ["", baht] if direction is Direction.IN else [baht, ""]
        elif layout.columns == "signed":
            row.append(("+" if direction is Direction.IN else "-") + baht)
        else:
            row.append(baht)
        row += [*(["CR" if direction is Direction.IN else "DR"] if layout.columns == "mark" else [])]
        row += [*([show(running)] if layout.balance else []), note]
        rows.append(row)
    first = [
        DAYS[layout.day](START.date()),
        *([""] if layout.time == "own" else []),
        "ยอดยกมา",
        *[""] * (2 if two else 1),
    ]
    first += [*([""] if layout.columns == "mark" else []), *([show(opening_satang)] if layout.balance else []), ""]
    body = [*([first] if layout.opening and layout.balance else []), *rows]
    writer.writerows(reversed(body) if layout.newest_first else body)
    if layout.totals:
        writer.writerow(["รวม / Total", *[""] * (len(head) - 2), ""])
    return out.getvalue().encode(layout.encoding)


@settings(max_examples=150, deadline=None)
@given(layouts, moves, notes, st.integers(0, 10**9))
def test_a_statement_in_any_layout_reads_back_to_the_same_lines(
    layout: Layout, moved: list[tuple[int, int, Direction]], note: str, opening_satang: int
) -> None:
    at, told = START + timedelta(hours=1), []
    for minutes, satang, direction in moved:
        at += timedelta(minutes=minutes)
        told.append((at, satang, direction))
    found = read(written(layout, told, note, opening_satang))
    assert [(line.at, line.amount_satang, line.direction) for line in found.lines] == told
    assert found.problems == ()
    if layout.balance and layout.opening:
        assert found.opening_balance_satang == opening_satang


def test_every_way_to_write_a_day_reads_back() -> None:
    for write in DAYS.values():
        for n in range(0, 900, 7):
            day = date(2025, 1, 1) + timedelta(days=n)
            [line] = read(f"date,deposit\n{write(day)},1.00\n".encode()).lines
            assert line.day == day


fragments = st.sampled_from(
    [samples.KBANK, samples.SCB, samples.TTB, samples.BAY, samples.MT940, samples.CAMT, "date,amount,balance\n"]
)


@settings(max_examples=150, deadline=None)
@given(fragments, st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=5), st.floats(0, 1))
@example(samples.CAMT, [], 0.5)
def test_a_statement_with_broken_bytes_is_read_or_refused(
    text: str, wounds: list[tuple[float, bytes]], end: float
) -> None:
    raw = bytearray(text.encode())
    for where, bytes_ in wounds:
        place = int(where * len(raw))
        raw[place : place + len(bytes_)] = bytes_
    for one in (bytes(raw), bytes(raw[: int(end * len(raw))])):
        try:
            read(one)
        except (InvalidInput, TooLarge) as refusal:
            assert refusal.message


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda t: t.encode("utf-16"))))
def test_arbitrary_bytes_are_refused_in_words(raw: bytes) -> None:
    for one in (raw, b"<?xml" + raw, b":20:X\n:60F:" + raw, b"date,deposit\n" + raw):
        try:
            read(one)
        except (InvalidInput, TooLarge) as refusal:
            assert refusal.message
