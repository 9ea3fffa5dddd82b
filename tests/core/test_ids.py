"""Identifiers: inside, outside, and what is none."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core import ids
from paygate.core.errors import NotFound

MOMENTS = st.integers(0, (1 << 48) - 1)
TAILS = st.binary(min_size=10, max_size=10)
PREFIXES = st.sampled_from(["acc", "src", "wh", "pi", "key", "ep"])
EXAMPLE = UUID("0193f0a1-7c3e-7d5a-9abc-0123456789ab")


@given(MOMENTS, TAILS)
def test_an_id_says_version_7_and_its_moment(now_ms: int, tail: bytes) -> None:
    made = ids.uuid7(now_ms, tail)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == now_ms


@given(MOMENTS, MOMENTS, TAILS, TAILS)
def test_ids_and_their_texts_are_ordered_by_time(one_ms: int, other_ms: int, one: bytes, other: bytes) -> None:
    if one_ms == other_ms:
        return
    first, second = ids.uuid7(one_ms, one), ids.uuid7(other_ms, other)
    assert (first < second) == (one_ms < other_ms)
    assert (ids.show("wh", first) < ids.show("wh", second)) == (one_ms < other_ms)
    assert (str(first) < str(second)) == (one_ms < other_ms)


@given(TAILS, TAILS)
def test_every_random_bit_that_fits_makes_another_id(one: bytes, other: bytes) -> None:
    same = int.from_bytes(one, "big") % (1 << 74) == int.from_bytes(other, "big") % (1 << 74)
    assert (ids.uuid7(1, one) == ids.uuid7(1, other)) == same


@given(PREFIXES, st.uuids())
def test_what_is_shown_is_read_back(prefix: str, value: UUID) -> None:
    text = ids.show(prefix, value)
    assert text.startswith(f"{prefix}_")
    assert len(text) == len(prefix) + 1 + 26
    assert ids.read(prefix, text) == value


@given(PREFIXES, st.uuids())
def test_a_plain_uuid_is_read_too_in_any_case(prefix: str, value: UUID) -> None:
    assert ids.read(prefix, str(value)) == value
    assert ids.read(prefix, str(value).upper()) == value
    assert ids.read_uuid(str(value)) == value


@given(st.uuids(), PREFIXES, PREFIXES)
def test_another_prefix_is_another_kind_of_thing(value: UUID, one: str, other: str) -> None:
    if one != other:
        with pytest.raises(NotFound):
            ids.read(other, ids.show(one, value))


@given(st.text())
def test_junk_is_not_found(text: str) -> None:
    for read in (lambda: ids.read("acc", text), lambda: ids.read_uuid(text), lambda: ids.read_merchant(text)):
        with pytest.raises(NotFound):
            read()


@given(st.text(alphabet="0123456789abcdefABCDEF-_+ {}ghiLOU", min_size=36, max_size=36))
def test_a_uuid_has_one_form_whatever_python_would_take(text: str) -> None:
    try:
        value = ids.read_uuid(text)
    except NotFound:
        return
    assert str(value) == text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "+193f0a1-7c3e-7d5a-9abc-0123456789ab",
        " 193f0a1-7c3e-7d5a-9abc-0123456789ab",
        "0193_0a1-7c3e-7d5a-9abc-0123456789ab",
        "0x93f0a1-7c3e-7d5a-9abc-0123456789ab",
        "0193f0a1-7c3e-7d5a-9abc-0123456789a ",
        "0193f0a1-7c3e-7d5a-9abc-0123456789a\n",
        "{193f0a1-7c3e-7d5a-9abc-0123456789a}",
        "0193f0a1-7c3e-7d5a-9abc-๐123456789ab",
        "0193f0a17c3e7d5a9abc0123456789ab",
        "urn:uuid:0193f0a1-7c3e-7d5a-9abc-0123456789ab",
    ],
)
def test_the_liberties_of_pythons_uuid_are_not_taken(text: str) -> None:
    with pytest.raises(NotFound):
        ids.read_uuid(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acc",
        "acc_",
        "acc_" + "0" * 25,
        "acc_" + "0" * 27,
        "acc_" + "z" * 26,  # 130 bits.
        "acc_8" + "0" * 25,  # 2**128 exactly.
        "acc_" + "u" * 26,  # Not a digit of Crockford's.
        "acc_" + "0" * 25 + "A",  # One form only: lower case.
        "ACC_" + "0" * 26,
        "acc-" + "0" * 26,
    ],
)
def test_a_shown_id_has_one_form(text: str) -> None:
    with pytest.raises(NotFound):
        ids.read("acc", text)


def test_the_largest_id_fits() -> None:
    assert ids.read("acc", "acc_7" + "z" * 25) == UUID(int=(1 << 128) - 1)


@given(st.integers(0, (1 << 63) - 1))
def test_a_merchants_number_is_shown_and_read_back(number: int) -> None:
    assert ids.read_merchant(ids.show_merchant(number)) == number


@given(st.integers(0, (1 << 41) - 1), st.binary(min_size=4, max_size=4))
def test_a_new_merchants_number_fits_a_bigint_and_is_ordered_by_time(now_ms: int, tail: bytes) -> None:
    number = ids.merchant_number(now_ms, tail)
    assert 0 <= number < 1 << 63
    assert number >> 22 == now_ms


@pytest.mark.parametrize("text", ["mer_8000000000000", "mer_zzzzzzzzzzzzz", "mer_1", "1", "", "mer_" + "0" * 12 + "U"])
def test_what_is_no_merchants_number_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        ids.read_merchant(text)
