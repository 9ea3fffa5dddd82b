"""The audit chain: what is hashed, and what a walk notices."""

from __future__ import annotations

import doctest
import hashlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Interface, ip_address
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paygate.core import audit
from paygate.core.audit import Head, Record, Sealed, canonical, digest, dumps, faults_at_end, faults_of, genuine
from paygate.core.errors import Bug

AT = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.builds(
    Record,
    merchant_id=st.integers(0, 2**63 - 1),
    id=st.just(1),
    at=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),
    actor=TEXTS,
    action=TEXTS,
    subject=TEXTS,
    before=st.none() | VALUES.map(dumps),
    after=st.none() | VALUES.map(dumps),
    address=st.none() | st.ip_addresses(),
    prev_hash=st.just(b""),
    request_id=st.none() | TEXTS,
    credential=st.none() | TEXTS,
)


def chain(*records: Record) -> list[Sealed]:
    """The records as rows 1, 2, 3... of one chain."""
    rows: list[Sealed] = []
    for number, record in enumerate(records, 1):
        record = replace(record, id=number, prev_hash=rows[-1].hash if rows else b"")
        rows.append(Sealed(record, digest(record)))
    return rows


def walked(rows: list[Sealed], head: Head | None, seal: str = "seal") -> list[str]:
    """What a walk finds wrong."""
    before, found = None, []
    for row in rows:
        found += faults_of(before, row)
        before = row
    return found + list(faults_at_end(before, head, seal))


def head_of(rows: list[Sealed]) -> Head:
    return Head(41, rows[-1].record.id, rows[-1].hash, "seal")


def test_the_documented_example_is_true() -> None:
    assert doctest.testmod(audit).failed == 0


def test_the_hash_is_sha256_of_sorted_compact_json() -> None:
    record = Record(
        41, 2, AT, "cli", "a", "ร้าน", '{"b": null, "a": [1, true]}', None, ip_address("2001:db8::1"), b"\x01\xff"
    )
    text = (
        '{"action":"a","actor":"cli","address":"2001:0db8:0000:0000:0000:0000:0000:0001",'
        '"at":"2026-11-20T05:00:00.000000Z","before":{"a":[1,true],"b":null},"id":2,"merchantId":41,'
        '"prevHash":"01ff","subject":"ร้าน"}'
    )
    assert canonical(record) == text.encode()
    assert digest(record) == hashlib.sha256(text.encode()).digest()


def test_a_column_that_came_later_changes_nothing_in_rows_without_it_and_all_in_those_with_it() -> None:
    old = Record(41, 2, AT, "key:key_1", "a", "s", None, '{"requestId": "req_1"}', None, b"")
    assert b'"after":{"requestId":"req_1"},"at"' in canonical(old) and b"credential" not in canonical(old)
    new = replace(old, after=None, request_id="req_1", credential="sk_live_...a1b2")
    assert canonical(new) == (
        b'{"action":"a","actor":"key:key_1","at":"2026-11-20T05:00:00.000000Z","credential":"sk_live_...a1b2","id":2,'
        b'"merchantId":41,"prevHash":"","requestId":"req_1","subject":"s"}'
    )


def test_a_json_null_is_not_an_absent_value() -> None:
    record = Record(41, 1, AT, "cli", "a", "s", None, None, None, b"")
    assert digest(record) != digest(replace(record, before="null"))


def test_values_become_plain_and_floats_are_refused() -> None:
    moment = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    given_ = {"at": moment, "id": UUID(int=1), "set": {"b", "a"}, "tuple": (1, None)}
    assert dumps(given_) == (
        '{"at":"2026-11-20T12:00:00.000000Z","id":"00000000-0000-0000-0000-000000000001","set":["a","b"],"tuple":[1,null]}'
    )
    with pytest.raises(Bug):
        dumps({"amount": 1.5})


@pytest.mark.parametrize("text", ["1.0", '{"a":1e2}', "9" * 5_000, "[" * 50_000, "{"])
def test_what_is_never_written_is_not_genuine(text: str) -> None:
    record = Record(41, 1, AT, "cli", "a", "s", text, None, None, b"")
    assert not genuine(Sealed(record, bytes(32)))


def test_a_network_is_not_its_address() -> None:
    record = Record(41, 1, AT, "cli", "a", "s", None, None, ip_address("10.0.0.1"), b"")
    assert digest(record) != digest(replace(record, address=IPv4Interface("10.0.0.1/24")))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_an_untouched_chain_is_whole(records: list[Record]) -> None:
    rows = chain(*records)
    assert walked(rows, head_of(rows)) == []


def changed(name: str, value: Any, data: st.DataObject) -> Any:
    """Another value of the same column."""
    if isinstance(value, bytes):
        place, bit = data.draw(st.integers(0, max(len(value) - 1, 0))), data.draw(st.integers(0, 7))
        return bytes(b ^ (1 << bit) if i == place else b for i, b in enumerate(value)) or b"\x00"
    if isinstance(value, bool | int):
        return value ^ 1 << data.draw(st.integers(0, 40))
    if isinstance(value, datetime):
        return value + timedelta(microseconds=data.draw(st.integers(1, 10**9)))
    if isinstance(value, str):
        place = data.draw(st.integers(0, len(value)))
        return value[:place] + "\x01" + value[place:]
    if name in {"request_id", "credential"}:
        return data.draw(TEXTS)
    return data.draw(st.ip_addresses().filter(lambda other: other != value))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORDS, min_size=1, max_size=4), st.data())
def test_any_change_of_any_column_is_found(records: list[Record], data: st.DataObject) -> None:
    rows = chain(*records)
    head = head_of(rows)
    place = data.draw(st.integers(0, len(rows) - 1))
    row = rows[place]
    name = data.draw(st.sampled_from([*(f.name for f in fields(Record)), "hash"]))
    if name == "hash":
        rows[place] = Sealed(row.record, changed(name, row.hash, data))
    else:
        old = getattr(row.record, name)
        new = "null" if old is None and name in ("before", "after") else changed(name, old, data)
        rows[place] = Sealed(replace(row.record, **{name: new}), row.hash)
    assert walked(rows, head) != []


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORDS, min_size=2, max_size=5), st.data())
def test_a_row_taken_out_put_in_or_moved_is_found(records: list[Record], data: st.DataObject) -> None:
    rows = chain(*records)
    head, place = head_of(rows), data.draw(st.integers(0, len(rows) - 1))
    assert walked(rows[:place] + rows[place + 1 :], head) != []
    extra = Sealed(replace(rows[place].record, id=len(rows) + 1), rows[place].hash)
    assert walked([*rows, extra], head) != []
    genuine_extra = replace(rows[-1].record, id=len(rows) + 1, prev_hash=rows[-1].hash)
    assert walked([*rows, Sealed(genuine_extra, digest(genuine_extra))], head) != []


def test_a_chain_written_anew_is_found_by_its_seal() -> None:
    record = Record(41, 1, AT, "cli", "a", "s", None, None, None, b"")
    forged = chain(replace(record, actor="nobody"))
    assert walked(forged, head_of(forged), seal="another") == ["the head was not sealed by this installation"]


def test_what_is_wrong_is_said_in_words() -> None:
    record = Record(41, 1, AT, "cli", "a", "s", None, None, None, b"")
    rows = chain(record, record, record)
    head = head_of(rows)
    assert walked(rows[:1], head) == ["rows 2 to 3 are missing at the end"]
    assert walked(rows[2:], head) == ["rows 1 to 2 are missing before it"]
    assert walked([], head) == ["rows 1 to 3 are missing at the end"]
    assert walked(rows, None) == ["the chain has no head"]
    assert walked(rows, head_of(rows[:2])) == ["rows 3 to 3 stand behind the head"]
