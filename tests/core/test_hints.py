"""What a bank says beside what its callback claimed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from paygate.core.hints import Arrival, Finding, Hint, weigh

AT = datetime(2026, 5, 20, 5, tzinfo=UTC)
HINT = Hint("T1aB", "099400016550100", 15_000, AT, "INV1", "TABLE7")
TRUE = Arrival("T1aB", "bank:014", "099400016550100", 15_000, AT, "THB", "INV1", "TABLE7")
PAYEES = ("099400016550100", "099400016550199")


def test_what_the_bank_says_as_well_is_true() -> None:
    weighed = weigh(HINT, [TRUE], PAYEES)
    assert (weighed.finding, weighed.told) == (Finding.TRUE, (TRUE,))
    assert weigh(replace(HINT, ref2=None, payee=None), [TRUE], PAYEES).finding is Finding.TRUE
    assert weigh(HINT, [replace(TRUE, ref2=None)], PAYEES).finding is Finding.TRUE
    assert weigh(HINT, [replace(TRUE, reversed=True)], PAYEES).finding is Finding.TRUE


def test_what_the_bank_does_not_know_is_nothing() -> None:
    assert weigh(HINT, [], PAYEES).finding is Finding.NOTHING


@pytest.mark.parametrize(
    ("change", "believed", "word"),
    [
        ({"amount_satang": 100}, True, "1.00 THB"),
        ({"ref1": "INV2"}, True, "ref1"),
        ({"ref2": "TABLE8"}, True, "ref2"),
        ({"payee": "099400016550177"}, False, "099400016550177"),
        ({"payee": None}, False, "nobody"),
        ({"currency": "840"}, False, "840"),
    ],
)
def test_other_facts_make_the_hint_false_and_the_banks_own_count(
    change: dict[str, object], believed: bool, word: str
) -> None:
    other = replace(TRUE, **change)  # type: ignore[arg-type]
    weighed = weigh(HINT, [other], PAYEES)
    assert weighed.finding is Finding.FALSE
    assert weighed.told == ((other,) if believed else ())
    assert word in weighed.detail


def test_another_payment_of_the_same_reference_is_believed_and_confirms_nothing() -> None:
    sibling = replace(TRUE, transaction_id="T2")
    stranger = replace(TRUE, transaction_id="T3", ref1="INV9")
    weighed = weigh(HINT, [sibling, stranger], PAYEES)
    assert (weighed.finding, weighed.told) == (Finding.OTHERS, (sibling,))
    weighed = weigh(HINT, [sibling, TRUE], PAYEES)
    assert (weighed.finding, weighed.told) == (Finding.TRUE, (sibling, TRUE))


def test_the_case_of_a_transaction_id_matters() -> None:
    assert weigh(HINT, [replace(TRUE, transaction_id="t1ab")], PAYEES).finding is Finding.OTHERS
