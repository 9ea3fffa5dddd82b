from __future__ import annotations

from datetime import date, datetime

import pytest

from paygate.banks.statements import read
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput
from paygate.core.statements import Direction, Trouble
from tests.banks.statements import samples

IN, OUT = Direction.IN, Direction.OUT


def test_mt940_tells_directions_days_references_and_balances() -> None:
    found = read(samples.MT940.encode())
    assert [(line.direction, line.amount_satang) for line in found.lines] == [
        (IN, 15_025),
        (OUT, 5_000),
        (OUT, 20_000),
        (IN, 1_050),
    ]
    assert found.problems == ()
    first, second, third, _ = found.lines
    assert (first.number, first.at, first.day, first.value_day) == (6, None, date(2026, 5, 1), None)
    assert (first.reference, first.text) == ("BK0000001", "INCOMING TRANSFER FROM SOMEBODY")
    assert (second.day, second.value_day) == (date(2026, 5, 2), date(2026, 5, 1))
    assert third.reference == "CUST01"
    assert (found.account_number, found.opening_balance_satang, found.closing_balance_satang) == (
        "4061234567",
        100_000,
        91_075,
    )
    assert (found.format, found.period) == ("mt940", (date(2026, 5, 1), date(2026, 5, 2)))


def test_an_mt940_whose_lines_do_not_make_its_closing_balance_says_so() -> None:
    found = read(samples.MT940.replace("910,75", "910,76").encode())
    assert [(p.number, p.trouble) for p in found.problems] == [(12, Trouble.BALANCE)]


def test_one_bad_line_of_mt940_is_a_problem_with_its_number() -> None:
    raw = samples.MT940.replace("D200,00N", "D2oo,00N").replace("910,75", "999,00")
    found = read(raw.encode())
    assert [(p.number, p.trouble) for p in found.problems] == [(10, Trouble.ROW)]
    assert len(found.lines) == 3


def test_what_a_bad_line_of_mt940_says_is_written_to_no_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    read(samples.MT940.replace("D200,00NTRFCUST01", "SOMCHAI JAIDEE").encode())
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")


def test_mt940_of_other_money_or_several_accounts_is_not_taken_for_baht() -> None:
    found = read(samples.MT940.replace("THB", "USD").encode())
    assert {p.trouble for p in found.problems} == {Trouble.FOREIGN} and found.lines == ()
    both = read((samples.MT940.replace("THB", "USD") + samples.MT940).encode())
    assert len(both.lines) == 4 and {line.number for line in both.lines} == {19, 22, 23, 24}
    with pytest.raises(InvalidInput, match="several accounts"):
        read((samples.MT940 + samples.MT940.replace("4061234567", "9999999999")).encode())


def test_camt_tells_entries_batches_and_what_is_only_pending() -> None:
    found = read(samples.CAMT.encode())
    assert [(line.direction, line.amount_satang, line.reference) for line in found.lines] == [
        (IN, 15_025, "BK0000001"),
        (IN, 6_000, "T1"),
        (IN, 4_000, "T2"),
        (OUT, 3_000, None),
    ]
    first = found.lines[0]
    assert first.at == datetime(2026, 5, 1, 8, 15, tzinfo=BANGKOK) and first.value_day == date(2026, 5, 2)
    assert (first.text, first.ref1) == ("Coffee", "INV001")
    assert (found.account_number, found.problems, found.format) == ("4061234567", (), "camt053")
    assert found.period == (date(2026, 5, 1), date(2026, 5, 2))


def test_a_camt_whose_entries_do_not_make_its_closing_balance_says_so() -> None:
    found = read(samples.CAMT.replace("1220.25", "1220.26").encode())
    assert [p.trouble for p in found.problems] == [Trouble.BALANCE]


@pytest.mark.parametrize(
    "old, new, trouble",
    [
        ('<Amt Ccy="THB">30.00', '<Amt Ccy="USD">30.00', Trouble.FOREIGN),
        ('<Amt Ccy="THB">30.00', '<Amt Ccy="THB">30.001', Trouble.ROW),
        ('<Amt Ccy="THB">30.00', '<Amt Ccy="THB">1e3', Trouble.ROW),
        ("<CdtDbtInd>DBIT", "<CdtDbtInd>SOME", Trouble.ROW),
    ],
)
def test_an_entry_that_cannot_be_read_is_told(old: str, new: str, trouble: Trouble) -> None:
    found = read(samples.CAMT.replace(old, new).encode())
    assert [(p.number, p.trouble) for p in found.problems if p.number] == [(3, trouble)]
    assert len(found.lines) == 3


def test_hostile_xml_is_refused() -> None:
    bomb = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Document>&b;</Document>'
    outside = '<!DOCTYPE d SYSTEM "file:///etc/passwd"><Document/>'
    deep = "<Document><BkToCstmrStmt>" + "<a>" * 5000 + "</a>" * 5000 + "</BkToCstmrStmt></Document>"
    for raw in (bomb, outside, deep, "<Document>", "<html><body><p>x</p></body></html>", samples.CAMT[:900]):
        with pytest.raises(InvalidInput):
            read(raw.encode())
