from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core import fields
from paygate.core.errors import InvalidInput

READERS: list[Callable[[Any, str], object]] = [
    lambda given, name: fields.text(given, name, 10),
    lambda given, name: fields.pattern(given, name, re.compile("[A-Z]{1,5}"), "1 to 5 letters"),
    lambda given, name: fields.whole(given, name, 1, 10),
    fields.metadata,
    fields.email,
    fields.moment,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(JSON)
def test_whatever_is_given_is_read_or_refused_by_its_name(value: object) -> None:
    for reader in READERS:
        try:
            reader({"x": value}, "x")
        except InvalidInput as refusal:
            assert refusal.field == "x" and "x" in refusal.message


def test_null_and_absent_are_the_same() -> None:
    for reader in READERS:
        assert reader({}, "x") == reader({"x": None}, "x")


def test_a_boolean_is_not_a_whole_number() -> None:
    with pytest.raises(InvalidInput, match="whole number"):
        fields.whole({"n": True}, "n", 0, 1)


def test_metadata_is_kept_as_javascript_would_print_it_up_to_16_kib() -> None:
    assert fields.metadata({"metadata": {"b": 1, "10": "ก", "2": None}}) == '{"2":null,"10":"ก","b":1}'
    room = fields.MAX_METADATA_BYTES - len('{"k":""}')
    assert len(fields.metadata({"metadata": {"k": "x" * room}})) == fields.MAX_METADATA_BYTES
    for too_much in ("x" * (room + 1), "ก" * (room // 3 + 1)):
        with pytest.raises(InvalidInput, match="16384 bytes"):
            fields.metadata({"metadata": {"k": too_much}})


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T10:00:00+07:00", "2026-11-20T10:00:00+0700", "2026-11-20t03:00:00z", "2026-11-20 03:00:00.000Z",
     "2026-11-20T03:00Z", "2026-11-20T03:00:00.000000000Z", "2026-11-19T15:00:00-12:00"],
)  # fmt: skip
def test_one_moment_has_many_spellings(text: str) -> None:
    assert fields.read_moment(text) == datetime(2026, 11, 20, 3, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_that_is_written_is_read_back(at: datetime) -> None:
    assert fields.read_moment(at.isoformat()) == at


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-20", "2026-11-20T10:00:00", "20261120T100000Z", "2026-W47-5T10:00Z", "2026-02-29T10:00Z", "1e3",
     "2026-11-20T25:00Z", "2026-11-20T10:00:00+7", "2026-11-20T10:00:00+07:00\n", "๒๐๒๖-11-20T10:00Z",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)  # fmt: skip
def test_what_has_no_offset_or_does_not_exist_is_no_moment(text: str) -> None:
    assert fields.read_moment(text) is None


def test_a_day_begins_in_bangkok() -> None:
    assert fields.read_day("2026-11-20") == datetime(2026, 11, 19, 17, tzinfo=UTC)
    for text in ("2026-02-30", "20261120", "2026-11-20 ", "0001-01-01"):
        assert fields.read_day(text) is None


@given(JSON)
def test_a_body_is_an_object_or_refused(value: object) -> None:
    raw = json.dumps(value).encode()
    if isinstance(value, dict) and "\\u0000" not in raw.decode() and "\\ud" not in raw.decode():
        assert fields.json_object(raw) == value
    elif not isinstance(value, dict):
        with pytest.raises(InvalidInput):
            fields.json_object(raw)
