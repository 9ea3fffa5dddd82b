from __future__ import annotations

from datetime import date, datetime

import pytest

from paygate.banks.statements import Profile, read
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput, TooLarge
from paygate.core.statements import Direction, Line, Statement, Trouble
from tests.banks.statements import samples

IN, OUT = Direction.IN, Direction.OUT


def at(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute, second, tzinfo=BANGKOK)


def money(statement: Statement) -> list[tuple[Direction, int]]:
    return [(line.direction, line.amount_satang) for line in statement.lines]


def troubles(statement: Statement) -> list[tuple[int, Trouble]]:
    return [(problem.number, problem.trouble) for problem in statement.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "utf-16"])
def test_one_column_of_money_gets_its_sign_from_the_balance_in_every_encoding(encoding: str) -> None:
    found = read(samples.KBANK.encode(encoding))
    assert money(found) == [(IN, 15_025), (OUT, 20_000), (IN, 123_456), (IN, 15_025)]
    assert [line.at for line in found.lines] == [at(1, 8, 15), at(1, 9, 30), at(2, 23, 59), at(3, 0, 0)]
    assert found.problems == ()
    assert (found.account_number, found.opening_balance_satang) == ("4061234567", 100_000)
    assert found.period == (date(2026, 5, 1), date(2026, 5, 3))
    first = found.lines[0]
    assert (first.number, first.channel, first.balance_satang) == (9, "K PLUS", 115_025)
    assert first.text == "รับโอนเงิน จาก X1234 นาย ทดสอบ ก++"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp874"])
def test_two_columns_buddhist_years_and_the_newest_first(encoding: str) -> None:
    found = read(samples.SCB.encode(encoding))
    assert money(found) == [(IN, 200_000), (OUT, 65_000), (IN, 9_950)]
    assert [line.at for line in found.lines] == [at(1, 7, 0, 10), at(2, 18, 0), at(3, 10, 5, 30)]
    assert (found.account_number, found.problems) == ("xxxxx7890x", ())


def test_a_signed_column_with_times_of_their_own() -> None:
    found = read(samples.TTB.encode())
    assert money(found) == [(IN, 50_000), (OUT, 1_500), (IN, 100_000)]
    assert [line.at for line in found.lines] == [at(1, 9, 0), at(1, 9, 15), at(2, 21, 40)]
    assert found.problems == ()


def test_a_marker_beside_the_amount_and_days_without_a_time() -> None:
    found = read(samples.BAY.encode("cp874"))
    assert money(found) == [(IN, 100_050), (OUT, 30_000)]
    assert [(line.at, line.day) for line in found.lines] == [(at(1, 8, 0), date(2026, 5, 1)), (None, date(2026, 5, 2))]
    assert [line.reference for line in found.lines] == ["TX0001", "TX0002"]


def test_a_missing_row_is_a_break_of_the_balance_with_its_line() -> None:
    rows = [row for row in samples.SCB.splitlines(keepends=True) if "650.00" not in row]
    found = read("".join(rows).encode())
    assert troubles(found) == [(3, Trouble.BALANCE)]
    assert "2,099.50" in found.problems[0].message and "1,449.50" in found.problems[0].message
    assert money(found) == [(IN, 200_000), (IN, 9_950)]


@pytest.mark.parametrize(
    "row",
    [
        "01/05/2026,10:00,รับโอน,,1.234.5,100.00",
        "01/05/2026,10:00,รับโอน,,100.005,100.00",
        "01/05/2026,10:00,รับโอน,,1e3,100.00",
        "01/05/2026,10:00,รับโอน,,-100.00,100.00",
        "01/05/2026,10:00,รับโอน,50.00,100.00,100.00",
        "01/05/2026,10:00,รับโอน,,100.00,1OO.00",
        "01/05/2026,25:00,รับโอน,,100.00,100.00",
        "31/02/2026,10:00,รับโอน,,100.00,100.00",
        "05/13/2026,10:00,รับโอน,,100.00,100.00",
        "1/5/55,10:00,รับโอน,,100.00,100.00",
        ",10:00,รับโอน,,100.00,100.00",
        "01/05/2026,10:00,รับโอน,,,100.00",
    ],
)
def test_a_row_that_cannot_be_read_whole_is_told_and_is_no_money(row: str) -> None:
    head = "date,time,description,withdrawal,deposit,balance\n"
    found = read(f"{head}{row}\n02/05/2026,11:00,รับโอน,,5.00,105.00\n".encode())
    assert troubles(found) == [(2, Trouble.ROW)]
    assert money(found) == [(IN, 500)]


def test_what_payers_write_makes_no_row_vanish() -> None:
    for text in ("ยอดยกมา", "รวม total ยอดยกไป", "closing balance", 'say "hello', "date description deposit balance"):
        cell = '"' + text.replace('"', '""') + '"'
        raw = f"date,description,details,deposit,balance\n01/05/2026,รับโอน,{cell},100.00,300.00\n".encode()
        assert money(read(raw)) == [(IN, 10_000)], text


def test_money_of_which_nothing_says_where_it_went_is_not_used() -> None:
    found = read(b"date,description,amount\n01/05/2026,something,100.00\n02/05/2026,Transfer in,50.00\n")
    assert money(found) == [(IN, 5_000)]
    assert troubles(found) == [(2, Trouble.DIRECTION)]


def test_words_that_the_balance_contradicts_are_not_believed() -> None:
    raw = b"date,description,amount,balance\n01/05/2026,Deposit,100.00,100.00\n01/05/2026,Transfer in,40.00,60.00\n"
    found = read(raw)
    assert money(found) == [(IN, 10_000)]
    assert troubles(found) == [(3, Trouble.DIRECTION)]


def test_a_row_that_stands_there_twice_is_counted_once_unless_the_balance_counts_it() -> None:
    head = "date,time,description,withdrawal,deposit,balance\n"
    row = "01/05/2026,10:00,x,,100.00,100.00\n"
    back = "01/05/2026,10:00,x,100.00,,0.00\n"
    assert troubles(read((head + row + row).encode())) == [(3, Trouble.REPEATED)]
    assert money(read((head + row + row).encode())) == [(IN, 10_000)]
    assert money(read((head + row + back + row).encode())) == [(IN, 10_000), (OUT, 10_000), (IN, 10_000)]


def test_without_balances_equal_rows_are_several_credits() -> None:
    raw = b"date,time,description,deposit\n" + b"01/05/2026,10:00,x,100.00\n" * 3
    assert money(read(raw)) == [(IN, 10_000)] * 3


def test_a_profile_names_the_columns_that_the_header_does_not() -> None:
    raw = b"A;B;C;D\n2026-05-01;x;;12.00\n2026-05-01;y;3.00;\n"
    with pytest.raises(InvalidInput):
        read(raw)
    for told in ("date=0,text=1,out=2,in=3", '{"date": "a", "text": "B", "out": "C", "in": "D"}'):
        profile = Profile.of(told)
        assert money(read(raw, None, profile)) == [(IN, 1_200), (OUT, 300)]
        assert Profile.of(profile.dumps()) == profile
    no_header = Profile.of("date=0,text=1,out=2,in=3,header=0,delimiter=;")
    assert money(read(raw.split(b"\n", 1)[1], None, no_header)) == [(IN, 1_200), (OUT, 300)]


@pytest.mark.parametrize("told", ["colour=1", "date", "date=", "header=x", "encoding=klingon", "{bad", "delimiter=ab"])
def test_a_profile_that_says_nothing_useful_is_refused(told: str) -> None:
    with pytest.raises(InvalidInput):
        Profile.of(told)


def test_one_column_for_the_time_or_the_day_of_value() -> None:
    raw = "Date,Time/Eff.Date,Descriptions,Withdrawal/Deposit,Outstanding Balance\n"
    raw += "02-05-26,01-05-26,Transfer in,100.00,100.00\n02-05-26,08:00,Transfer in,100.00,200.00\n"
    first, second = read(raw.encode()).lines
    assert (first.day, first.value_day, first.at) == (date(2026, 5, 2), date(2026, 5, 1), None)
    assert (second.value_day, second.at) == (None, at(2, 8, 0))


def test_what_is_no_statement_says_what_to_send_instead() -> None:
    for raw, word in (
        (b"PK\x03\x04rest", "CSV"),
        (b"%PDF-1.7", "PDF"),
        (b"", "no row names"),
        (b"\x00" * 99, "no row"),
    ):
        with pytest.raises(InvalidInput, match=word):
            read(raw, "may.csv")


def test_too_many_lines_and_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paygate.banks.statements.MAX_BYTES", 100)
    with pytest.raises(TooLarge):
        read(b"x" * 101)


def test_a_line_is_what_the_statement_says() -> None:
    [line] = read(b"date,description,deposit,ref1,ref2\n2026-05-01T10:00:00+07:00,x,1.00,ab1,7\n").lines
    assert line == Line(2, at(1, 10, 0), date(2026, 5, 1), 100, IN, text="x", ref1="AB1", ref2="7")


@pytest.mark.parametrize(
    ("out", "into"), [("เดบิต", "เครดิต"), ("จำนวนเงินเดบิต", "จำนวนเงินเครดิต"), ("หักบัญชี", "เข้าบัญชี"), ("Debit", "Credit")]
)
def test_the_two_columns_of_money_are_known_by_any_of_their_names(out: str, into: str) -> None:
    found = read(
        f"วันที่,เวลา,รายการ,{out},{into},ยอดคงเหลือ\n01/05/2569,08:00,โอน,,150.00,1150.00\n01/05/2569,09:00,ถอน,50.00,,1100.00\n".encode()
    )
    assert money(found) == [(IN, 15_000), (OUT, 5_000)]
    assert found.problems == ()
