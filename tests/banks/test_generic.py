from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.banks import generic
from paygate.core.credits import Observation
from paygate.core.errors import InvalidInput

ACCOUNT, SOURCE = UUID(int=1), UUID(int=2)
CREDIT: dict[str, Any] = {"amount": 150.5, "occurredAt": "2026-11-20T10:00:00+07:00"}


def read(**changes: Any) -> Observation:
    raw = json.dumps(CREDIT | changes).encode()
    return generic.read(raw, merchant_id=0, mode="live", receiving_id=ACCOUNT, source_id=SOURCE, trust="host")


def test_the_least_that_a_bridge_can_say_is_amount_and_time() -> None:
    seen = read()
    assert (seen.amount_satang, seen.occurred_at) == (15050, datetime(2026, 11, 20, 3, tzinfo=UTC))
    assert (seen.rank, seen.reference, seen.namespace) == ("A", None, f"source:{SOURCE}")
    assert (seen.sending_bank, seen.ref1, seen.ref2, seen.payer_name, seen.payer_account) == (None,) * 5


def test_a_reference_is_the_sending_banks_and_keeps_its_case() -> None:
    seen = read(sendingBank="014", transRef="aB1")
    assert (seen.namespace, seen.reference) == ("bank:014", "aB1")


def test_echoed_references_are_capitals_and_empty_ones_are_none() -> None:
    seen = read(ref1=" inv1 ", ref2="", payerName="", payerAccount="")
    assert (seen.ref1, seen.ref2, seen.payer_name, seen.payer_account) == ("INV1", None, None, None)


@pytest.mark.parametrize("change", [
    {"amount": 150.51}, {"occurredAt": "2026-11-20T10:00:01+07:00"}, {"transRef": "x"}, {"sendingBank": "004"},
    {"ref1": "A"}, {"ref2": "A"}, {"payerName": "A"}, {"payerAccount": "A"},
])  # fmt: skip
def test_the_digest_changes_with_every_fact(change: dict[str, Any]) -> None:
    assert read(**change).digest != read().digest


def test_the_digest_is_of_the_facts_and_not_of_their_spelling() -> None:
    assert read(occurredAt="2026-11-20T03:00:00Z", ref1=None, unknown="x").digest == read().digest


@given(st.integers(1, generic.HIGH_SATANG))
def test_every_amount_is_read_to_the_satang(satang: int) -> None:
    raw = f'{{"amount":{satang // 100}.{satang % 100:02d},"occurredAt":"2026-11-20T10:00:00Z"}}'.encode()
    seen = generic.read(raw, merchant_id=0, mode="live", receiving_id=ACCOUNT, source_id=SOURCE, trust="host")
    assert seen.amount_satang == satang


@given(st.binary(max_size=200))
def test_junk_is_refused_and_never_breaks(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        generic.read(raw, merchant_id=0, mode="live", receiving_id=ACCOUNT, source_id=SOURCE, trust="host")
