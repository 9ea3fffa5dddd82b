"""Masks as banks draw them, laid over the number they may belong to."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core import masks
from paygate.core.masks import MaskMatch, compare, same_name, same_proxy

MATCH, DIFFERS, UNKNOWN = MaskMatch.MATCH, MaskMatch.DIFFERS, MaskMatch.UNKNOWN


def test_the_examples_of_the_docstrings_are_true() -> None:
    assert doctest.testmod(masks).failed == 0


@pytest.mark.parametrize(
    ("mask", "number", "verdict"),
    [
        ("X-5349", "1234565349", MATCH),  # KBank's SMS: the last four.
        ("xxx-x-x3287-x", "1234532871", MATCH),  # K PLUS: digits 6 to 9.
        ("xxx-x-x3287-x", "1234563287", DIFFERS),
        ("X153594X", "0001535940", MATCH),  # KBank's SMS of 2018: digits 4 to 9.
        ("x997010", "1111997010", MATCH),  # SCB: the last six.
        ("X29499X", "1111294991", MATCH),  # Krungthai: digits 5 to 9.
        ("xxx170203x", "1111702030", MATCH),  # Krungsri.
        ("0204XXXX0743", "020400000743", MATCH),  # GSB: first and last four.
        ("0204XX0743", "020400000743", UNKNOWN),  # The gap may be drawn too short.
        ("0204XX0743", "111100001743", DIFFERS),
        ("123-4-56789-0", "1234567890", MATCH),  # Nothing hidden.
        ("xx10", "1111997010", UNKNOWN),
        ("xx11", "1111997010", DIFFERS),
        ("xxxxxxxxxxxx5349", "1234565349", UNKNOWN),  # Longer than the number.
        ("99991234565349", "1234565349", UNKNOWN),
        ("99991234565348", "1234565349", DIFFERS),
        ("", "1234565349", UNKNOWN),
        ("xxxxxxxxxx", "1234565349", UNKNOWN),
        ("•••• 5349", "1234565349", MATCH),
        ("XX55...", "1234565349", UNKNOWN),
        ("๕๓๔๙", "1234565349", UNKNOWN),
        ("X-5349", "", UNKNOWN),
    ],
)
def test_a_mask_is_laid_over_the_number_from_the_right(mask: str, number: str, verdict: MaskMatch) -> None:
    assert compare(mask, number) is verdict
    assert bool(compare(mask, number)) is (verdict is MATCH)


NUMBERS = st.text("0123456789", min_size=10, max_size=15)


@given(NUMBERS, st.data())
def test_a_number_matches_every_mask_of_itself_that_shows_three_digits(number: str, data: st.DataObject) -> None:
    shown = data.draw(st.sets(st.integers(0, len(number) - 1)))
    mask = "".join(c if i in shown else data.draw(st.sampled_from("xX*•●")) for i, c in enumerate(number))
    dashed = "-".join(mask[i : i + 4] for i in range(0, len(mask), 4))
    for one in (mask, dashed):
        assert compare(one, number) is (MATCH if len(shown) >= 3 else UNKNOWN)


@given(NUMBERS, st.data())
def test_one_wrong_visible_digit_is_a_difference(number: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(number) - 3))
    wrong = data.draw(st.integers(start, len(number) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != number[wrong]]))
    mask = "x" * start + number[start:wrong] + digit + number[wrong + 1 :]
    assert compare(mask, number) is DIFFERS
    if start:
        assert compare("X" + mask[start:], number) is DIFFERS


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_compared_without_an_error(mask: str, other: str) -> None:
    assert compare(mask, other) in MaskMatch
    assert same_proxy(mask, other) in MaskMatch
    assert same_name(mask, other) in MaskMatch


@pytest.mark.parametrize(
    ("mask", "proxy", "verdict"),
    [
        ("0812345678", "0066812345678", MATCH),
        ("66812345678", "0066812345678", MATCH),
        ("0066812345678", "0066812345678", MATCH),
        ("xxx-xxx-5678", "0066812345678", MATCH),
        ("xxxxxxxxx5678", "0066812345678", MATCH),
        ("08x-xxx-5679", "0066812345678", DIFFERS),
        ("X-2958", "0066812342958", MATCH),
        ("x-xxxx-xxxx1-23-4", "1234567891234", MATCH),
        ("x-xxxx-xxxx1-23-4", "1234567891235", DIFFERS),
        ("140000812345678", "140000812345678", MATCH),
        ("x78", "0066812345678", UNKNOWN),
    ],
)
def test_a_promptpay_id_is_known_by_any_of_its_forms(mask: str, proxy: str, verdict: MaskMatch) -> None:
    assert same_proxy(mask, proxy) is verdict


@pytest.mark.parametrize(
    ("shown", "configured", "verdict"),
    [
        ("น.ส. สมหญิง จ", "นางสาวสมหญิง จริงใจ", MATCH),
        ("MRS. ANN B.", "Ann Brown", MATCH),
        ("MISS ANN BROWN", "ANN B***", MATCH),
        ("บจก. กาแฟดี", "บริษัท กาแฟดี จำกัด", MATCH),
        ("MSOMCHAI", "SOMCHAI", DIFFERS),  # Not a title.
        ("***", "สมชาย ใจดี", UNKNOWN),
        ("นาย ส", "สมชาย ใจดี", UNKNOWN),
    ],
)
def test_names_are_compared_without_titles_as_far_as_they_are_shown(
    shown: str, configured: str, verdict: MaskMatch
) -> None:
    assert same_name(shown, configured) is verdict
