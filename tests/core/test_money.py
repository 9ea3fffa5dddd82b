"""Money between the JSON text of strangers and satang."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.canonical import dumps, loads
from paygate.core.errors import InvalidInput
from paygate.core.money import MAX_AMOUNT_SATANG, MIN_AMOUNT_SATANG, baht, satang_from_json, show


def satang(text: str, **limits: int) -> int:
    """The way of an amount: JSON text of the request, parsed, read."""
    body = loads(f'{{"amount": {text}}}')
    assert isinstance(body, dict)
    return satang_from_json(body["amount"], **limits)


AMOUNTS = st.integers(MIN_AMOUNT_SATANG, MAX_AMOUNT_SATANG)


@given(AMOUNTS)
def test_every_amount_with_two_decimals_is_read_to_the_satang(amount: int) -> None:
    assert satang(f"{amount // 100}.{amount % 100:02d}") == amount


@given(AMOUNTS)
def test_what_is_printed_at_the_edge_is_read_back_as_the_same_satang(amount: int) -> None:
    assert satang(dumps(baht(amount))) == amount


@given(st.integers(-(10**14), 10**14))
def test_baht_are_exact_whatever_the_size_or_sign(amount: int) -> None:
    assert baht(amount) * 100 == amount
    assert isinstance(baht(amount), Decimal)


@given(st.integers(-(10**14), 10**14))
def test_people_read_two_decimals_and_thousands(amount: int) -> None:
    text = show(amount)
    assert text[-3] == "."
    assert int(text.replace(",", "").replace(".", "")) == amount


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("150", 15_000),
        ("150.0", 15_000),
        ("150.00", 15_000),
        ("150.5", 15_050),
        ("0.3", 30),
        ("1.01", 101),
        ("1.1", 110),
        ("500000", 50_000_000),
        ("500000.00", 50_000_000),
        ("4.35", 435),  # A float would make 434.99999999999994 of it.
        ("1.15", 115),
        ("8.29", 829),
    ],
)
def test_plain_numbers_are_read(text: str, expected: int) -> None:
    assert satang(text, low=1) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1e2",
        "1E2",
        "1.5e2",
        "1e-2",
        "1e308",
        "1.005",
        "1.000",
        "0.1e1",
        '"150"',
        '"150.00"',
        '""',
        "true",
        "false",
        "null",
        "[150]",
        '{"value": 150}',
        "0",
        "-0",
        "0.00",
        "-0.0",
        "-150",
        "-150.00",
        "0.99",
        "500000.01",
        "500001",
        "9" * 20,
        "9" * 300,
        "9" * 400,
        "1" + "0" * 14 + ".00",
        "1" + "0" * 20 + ".00",
        "1." + "0" * 30,
        "0.30000000000000004",  # 0.1 + 0.2 of a float.
        '"๑๕๐"',
    ],
)
def test_anything_else_is_refused_with_the_field_named(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        satang(text)
    assert refused.value.field == "amount"


@pytest.mark.parametrize(
    "text", ["๑๕๐", "１５０", "NaN", "Infinity", "-Infinity", "+150", ".5", "1.", "0150", "1,5", "0x9"]
)
def test_what_is_no_json_number_never_becomes_money(text: str) -> None:
    with pytest.raises(InvalidInput):
        satang(text)


@pytest.mark.parametrize("value", [150.0, 1.5, Decimal("150"), b"150", object()])
def test_a_float_or_any_other_type_is_never_money(value: object) -> None:
    with pytest.raises(InvalidInput, match="JSON number"):
        satang_from_json(value)


@pytest.mark.parametrize("true", [True, False])
def test_a_boolean_is_not_the_number_that_python_takes_it_for(true: bool) -> None:
    with pytest.raises(InvalidInput, match="JSON number"):
        satang_from_json(true, low=0)


def test_a_missing_amount_says_that_it_is_required() -> None:
    with pytest.raises(InvalidInput, match="price is required"):
        satang_from_json(None, field="price")


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_both_limits_belong_to_what_is_allowed(amount: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    text = f"{amount // 100}.{amount % 100:02d}"
    if low <= amount <= high:
        assert satang(text, low=low, high=high) == amount
    else:
        with pytest.raises(InvalidInput, match="at least" if amount < low else "at most"):
            satang(text, low=low, high=high)


@given(st.text(alphabet="0123456789.-+eE", max_size=12))
def test_no_number_is_read_as_another_value_than_it_has(text: str) -> None:
    try:
        amount = satang(text, low=1, high=10**15)
    except InvalidInput:
        return
    assert Decimal(text) * 100 == amount
