"""Whether what a source says is news: PRODUCT.md, "References" and "Merging"."""

from __future__ import annotations

from datetime import timedelta

import pytest

from paygate.core.credits import MERGE_WINDOW, Channel, Credit, CreditState, Heard, Sameness, compatible, recognise
from tests.core.samples import (
    MINUTE,
    NOON,
    OTHER_ACCOUNT,
    OTHER_SOURCE,
    SOURCE,
    TICK,
    credit,
    seen,
    uid,
)

WHEN = NOON + MINUTE


def told(**changes: object) -> Credit:
    """A credit that SOURCE told of, with a reference."""
    return credit(
        **{"references": (("bank:004", "REF-1"),), "heard_from": (Heard(SOURCE, "bridge", b"d" * 32),)} | changes
    )


def hearsay(**changes: object) -> Credit:
    """A credit that OTHER_SOURCE told of, without a reference."""
    return credit(**{"heard_from": (Heard(OTHER_SOURCE, "bridge", b"x" * 32),)} | changes)


# --- references


def test_a_reference_that_nobody_had_is_news() -> None:
    assert recognise(seen(), None, []) == (Sameness.NEW, None)


def test_the_same_reference_with_the_same_facts_is_the_same_credit() -> None:
    assert recognise(seen(digest=b"e" * 32), told(), []) == (Sameness.SAME, told())


def test_another_source_with_the_same_reference_speaks_of_the_same_credit() -> None:
    assert recognise(seen(source_id=OTHER_SOURCE), told(), []) == (Sameness.SAME, told())


@pytest.mark.parametrize(
    "differing",
    [
        {"amount_satang": 15_001},
        {"receiving_id": OTHER_ACCOUNT},
        {"occurred_at": WHEN + MERGE_WINDOW + TICK},
        {"occurred_at": WHEN - MERGE_WINDOW - TICK},
    ],
)
def test_the_same_reference_with_other_facts_is_a_contradiction(differing: dict[str, object]) -> None:
    assert recognise(seen(**differing), told(), []) == (Sameness.CONTRADICTION, told())


@pytest.mark.parametrize("apart", [MERGE_WINDOW, -MERGE_WINDOW, timedelta(0)])
def test_clocks_of_two_tales_may_differ_by_the_whole_window(apart: timedelta) -> None:
    assert recognise(seen(occurred_at=WHEN + apart), told(), [])[0] is Sameness.SAME


def test_another_reference_is_another_credit_however_alike() -> None:
    assert recognise(seen(reference="REF-2", source_id=OTHER_SOURCE), None, [told()]) == (Sameness.NEW, None)
    assert recognise(seen(reference="REF-2", digest=b"e" * 32), None, [told()]) == (Sameness.NEW, None)


def test_the_reference_decides_before_any_likeness() -> None:
    other = hearsay(id=uid(0xC9))
    assert recognise(seen(), told(), [other]) == (Sameness.SAME, told())


# --- the same words


def test_the_same_words_of_the_same_source_are_the_same_credit() -> None:
    known = hearsay(heard_from=(Heard(SOURCE, "bridge", b"d" * 32),))
    assert recognise(seen(reference=None), None, [known]) == (Sameness.SAME, known)


def test_the_same_words_win_over_another_credit_that_fits() -> None:
    known, other = hearsay(heard_from=(Heard(SOURCE, "bridge", b"d" * 32),)), hearsay(id=uid(0xC9))
    assert recognise(seen(reference=None), None, [other, known]) == (Sameness.SAME, known)


def test_other_words_of_the_same_source_are_another_credit() -> None:
    known = hearsay(heard_from=(Heard(SOURCE, "bridge", b"x" * 32),))
    assert recognise(seen(reference=None), None, [known]) == (Sameness.NEW, None)


def test_the_same_words_of_another_source_prove_nothing_by_themselves() -> None:
    known = hearsay(heard_from=(Heard(OTHER_SOURCE, "bridge", b"d" * 32),), balance_satang=1)
    assert recognise(seen(reference=None, balance_satang=2), None, [known]) == (Sameness.NEW, None)


# --- merging


def test_a_tale_without_reference_attaches_to_the_only_credit_that_fits() -> None:
    assert recognise(seen(reference=None, source_id=OTHER_SOURCE), None, [told()]) == (Sameness.LIKE, told())


def test_a_reference_attaches_to_the_only_tale_without_one() -> None:
    assert recognise(seen(), None, [hearsay()]) == (Sameness.LIKE, hearsay())


def test_two_credits_that_fit_are_for_a_person() -> None:
    sameness, _ = recognise(seen(reference=None), None, [hearsay(), hearsay(id=uid(0xC9))])
    assert sameness is Sameness.DOUBTFUL


def test_a_credit_that_does_not_fit_does_not_make_the_other_doubtful() -> None:
    other = hearsay(id=uid(0xC9), balance_satang=99_999)
    assert recognise(seen(reference=None, balance_satang=1), None, [other, hearsay()]) == (Sameness.LIKE, hearsay())


@pytest.mark.parametrize("apart", [MERGE_WINDOW, -MERGE_WINDOW])
def test_ten_minutes_either_way_may_be_one_credit_and_a_tick_more_may_not(apart: timedelta) -> None:
    beyond = apart + (TICK if apart > timedelta(0) else -TICK)
    assert compatible(seen(reference=None, occurred_at=WHEN + apart), hearsay())
    assert not compatible(seen(reference=None, occurred_at=WHEN + beyond), hearsay())


def test_the_window_is_ten_minutes() -> None:
    assert timedelta(minutes=10) == MERGE_WINDOW


def test_different_balances_never_merge() -> None:
    assert not compatible(seen(reference=None, balance_satang=100), hearsay(balance_satang=101))


def test_the_same_balance_merges() -> None:
    assert compatible(seen(reference=None, balance_satang=100), hearsay(balance_satang=100))


@pytest.mark.parametrize(("ours", "theirs"), [(None, 100), (100, None), (0, None), (None, None)])
def test_a_missing_balance_says_nothing(ours: int | None, theirs: int | None) -> None:
    assert compatible(seen(reference=None, balance_satang=ours), hearsay(balance_satang=theirs))


def test_a_balance_of_zero_is_a_balance() -> None:
    assert not compatible(seen(reference=None, balance_satang=0), hearsay(balance_satang=1))
    assert compatible(seen(reference=None, balance_satang=0), hearsay(balance_satang=0))


def test_two_references_are_never_joined_by_likeness() -> None:
    assert not compatible(seen(reference="REF-2", source_id=OTHER_SOURCE), told())
    assert not compatible(seen(reference="ref-1", source_id=OTHER_SOURCE), told())  # Case matters.


def test_a_channel_tells_each_credit_once() -> None:
    assert not compatible(seen(reference=None, source_id=SOURCE), told())


# --- references of several namespaces


@pytest.mark.parametrize(("theirs", "ours"), [("source:x", "bank:014"), ("bank:014", "source:x"), ("a", "b")])
def test_two_channels_with_references_of_different_namespaces_are_doubtful(theirs: str, ours: str) -> None:
    known = told(references=((theirs, "T1"),))
    tale = seen(source_id=OTHER_SOURCE, namespace=ours, reference="B99")
    assert recognise(tale, None, [known]) == (Sameness.DOUBTFUL, known)


def test_a_credit_has_one_reference_of_a_bank_so_another_banks_is_another_credit() -> None:
    known = told(references=(("bank:004", "T1"), ("source:x", "T1")))
    tale = seen(source_id=OTHER_SOURCE, namespace="bank:014", reference="B99")
    assert recognise(tale, None, [known]) == (Sameness.NEW, None)


@pytest.mark.parametrize(("first", "then"), [("source:x", "bank:014"), ("bank:014", "source:x")])
def test_one_source_that_names_the_sending_bank_once_and_once_not_tells_of_one_credit(first: str, then: str) -> None:
    known = told(references=((first, "T1"),))
    again = seen(namespace=then, reference="T1", digest=b"e" * 32)
    assert recognise(again, None, [known]) == (Sameness.SAME, known)


def test_the_same_reference_of_two_banks_is_two_credits_of_one_source() -> None:
    again = seen(namespace="bank:014", reference="REF-1", digest=b"e" * 32)
    assert recognise(again, None, [told()]) == (Sameness.NEW, None)


def test_another_source_with_the_same_word_in_its_own_namespace_is_only_like_it() -> None:
    known = told(references=(("source:x", "T1"),))
    tale = seen(source_id=OTHER_SOURCE, namespace="source:y", reference="T1")
    assert recognise(tale, None, [known]) == (Sameness.DOUBTFUL, known)


def test_what_may_itself_be_a_duplicate_takes_in_nothing_that_has_a_reference() -> None:
    doubtful = hearsay(state=CreditState.POSSIBLE_DUPLICATE)
    assert recognise(seen(), None, [doubtful]) == (Sameness.NEW, None)
    assert recognise(seen(reference=None), None, [doubtful]) == (Sameness.LIKE, doubtful)


# --- channels, cut-off texts, days


def sms(**changes: object) -> Credit:
    """A credit that SOURCE's phone told of by SMS, without a reference."""
    return credit(**{"heard_from": (Heard(SOURCE, "sms", b"s" * 32),)} | changes)


def test_another_channel_of_the_same_source_may_tell_of_the_same_credit() -> None:
    assert recognise(seen(reference=None, channel=Channel.PUSH), None, [sms()]) == (Sameness.LIKE, sms())


def test_the_same_channel_tells_of_each_credit_once() -> None:
    assert recognise(seen(reference=None, channel=Channel.SMS), None, [sms()]) == (Sameness.NEW, None)


def test_the_same_channel_may_tell_once_whole_and_once_cut_off() -> None:
    cut = seen(reference=None, channel=Channel.SMS, partial=True)
    assert recognise(cut, None, [sms()]) == (Sameness.LIKE, sms())
    both = sms(heard_from=(*sms().heard_from, Heard(SOURCE, "sms", b"p" * 32, partial=True)))
    assert recognise(cut, None, [both]) == (Sameness.NEW, None)


def test_what_is_known_to_the_day_is_like_nothing() -> None:
    assert not compatible(seen(day_only=True), hearsay())
    assert not compatible(seen(), hearsay(day_only=True))


def test_a_reference_of_the_same_bangkok_day_is_the_same_credit_where_only_the_day_is_known() -> None:
    evening = told(occurred_at=NOON + 11 * 60 * MINUTE)  # 23:00 in Bangkok.
    assert recognise(seen(day_only=True, occurred_at=NOON), evening, []) == (Sameness.SAME, evening)
    next_day = told(occurred_at=NOON + 13 * 60 * MINUTE)
    assert recognise(seen(day_only=True, occurred_at=NOON), next_day, []) == (Sameness.CONTRADICTION, next_day)
