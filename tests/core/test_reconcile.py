"""Pairing lines with credits: nothing twice, nothing for free, as many as there can be."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import permutations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from paygate.core import clusters
from paygate.core.clusters import best_pairs
from paygate.core.credits import BANGKOK, CreditState
from paygate.core.reconcile import DAY, Cover, Entry, Known, Pairing, cover, entries, missing, pair
from paygate.core.statements import Direction, Line, Statement

START = datetime(2026, 5, 1, 10, 0, tzinfo=BANGKOK)


def line(minute: int | None, satang: int = 100, **more: object) -> Line:
    at = None if minute is None else START + timedelta(minutes=minute)
    values: dict[str, object] = {"number": 1, "at": at, "day": (at or START).date(), "amount_satang": satang}
    return Line(**(values | {"direction": Direction.IN} | more))  # type: ignore[arg-type]


def credit(n: int, minute: float, satang: int = 100, **more: object) -> Known:
    at = START + timedelta(minutes=minute)
    values: dict[str, object] = {"id": UUID(int=n), "amount_satang": satang, "occurred_at": at}
    return Known(**(values | {"state": CreditState.SETTLED} | more))  # type: ignore[arg-type]


def paired(lines: list[Line], known: list[Known]) -> tuple[list[Entry], Pairing]:
    found = entries(Statement(tuple(lines)))
    return found, pair(found, known)


def ids(pairing: Pairing) -> list[int]:
    return [one.known.id.int for one in pairing.pairs]


def test_the_nearest_credit_is_taken_and_the_other_is_left() -> None:
    _, pairing = paired([line(10)], [credit(1, 2), credit(2, 10), credit(3, 19)])
    assert ids(pairing) == [2] and [one.id.int for one in pairing.left] == [1, 3]


def test_as_many_are_paired_as_can_be_even_when_a_bank_is_minutes_behind() -> None:
    _, pairing = paired([line(3 * n + 3) for n in range(10)], [credit(n + 1, 3 * n) for n in range(10)])
    assert ids(pairing) == list(range(1, 11))


def test_ten_minutes_are_the_reach_and_the_lines_minute_counts_as_whole() -> None:
    assert ids(paired([line(0)], [credit(1, 11)])[1]) == [1]
    assert ids(paired([line(0)], [credit(1, 11.1)])[1]) == []
    assert ids(paired([line(0)], [credit(1, -10.1)])[1]) == []


def test_a_balance_or_a_reference_is_surer_than_time() -> None:
    known = [credit(1, 0, balance_satang=500), credit(2, 5, balance_satang=600)]
    assert ids(paired([line(5, balance_satang=500), line(0, balance_satang=600)], known)[1]) == [1, 2]
    named = [credit(1, 0), credit(2, 60, references=frozenset({"R"}))]
    assert ids(paired([line(0, reference="R")], named)[1]) == [2]


def test_different_balances_and_different_bills_are_never_one() -> None:
    assert ids(paired([line(0, balance_satang=1)], [credit(1, 0, balance_satang=2)])[1]) == []
    assert ids(paired([line(0, ref1="A")], [credit(1, 0, ref1="B")])[1]) == []


def test_what_may_be_a_duplicate_gets_a_line_last() -> None:
    doubtful = credit(1, 0, state=CreditState.POSSIBLE_DUPLICATE)
    assert ids(paired([line(0)], [doubtful, credit(2, 5)])[1]) == [2]
    assert ids(paired([line(0), line(0, number=2)], [doubtful, credit(2, 5)])[1]) in ([1, 2], [2, 1])


def test_a_line_of_a_day_takes_a_credit_of_that_day_or_of_the_evening_before() -> None:
    late = credit(1, 11 * 60)  # 21:00
    tomorrow = {"day": date(2026, 5, 2)}
    assert ids(paired([line(None)], [credit(1, 300)])[1]) == [1]
    assert ids(paired([line(None, **tomorrow)], [late])[1]) == [1]
    assert ids(paired([line(None, **tomorrow)], [credit(1, 10 * 60)])[1]) == []
    assert ids(paired([line(None, day=date(2026, 5, 3), value_day=date(2026, 5, 1))], [credit(1, 0)])[1]) == [1]


def test_a_credit_of_another_statement_has_its_minute() -> None:
    told = ((b"x" * 32, START),)
    assert ids(paired([line(1)], [credit(1, 0, told=told)])[1]) == []
    assert ids(paired([line(0, text="other words")], [credit(1, 4, told=told)])[1]) == [1]


def test_the_same_words_are_the_same_line_and_equal_lines_are_several() -> None:
    first, second = entries(Statement((line(0), line(0, number=2))))
    again = entries(Statement((line(0, number=7),)))
    assert first.digest == again[0].digest != second.digest


def test_one_reference_with_two_amounts_stands_apart() -> None:
    _, pairing = paired([line(0, 101, reference="R")], [credit(1, 0, 100, references=frozenset({"R"}))])
    assert [one.known.id.int for one in pairing.differs] == [1]
    assert not pairing.news and not pairing.left


lines_ = st.builds(
    line,
    st.one_of(st.none(), st.integers(0, 90)),
    st.sampled_from([100, 200]),
    balance_satang=st.one_of(st.none(), st.integers(0, 3)),
    text=st.sampled_from(["a", "b"]),
    reference=st.sampled_from([None, "R", "S"]),
)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Known]:
    return [
        credit(
            n + 1,
            draw(st.integers(-20, 110)),
            draw(st.sampled_from([100, 200])),
            balance_satang=draw(st.one_of(st.none(), st.integers(0, 3))),
            references=frozenset(draw(st.sets(st.sampled_from("RST"), max_size=1))),
            state=draw(st.sampled_from([CreditState.SETTLED, CreditState.UNASSIGNED, CreditState.POSSIBLE_DUPLICATE])),
        )
        for n in range(draw(st.integers(0, 12)))
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(lines_, max_size=12), ledgers())
def test_every_line_and_every_credit_is_told_of_once(lines: list[Line], known: list[Known]) -> None:
    found, pairing = paired(lines, known)
    joined = [*pairing.pairs, *pairing.differs]
    assert Counter(one.entry.digest for one in joined) + Counter(e.digest for e in pairing.news) == Counter(
        e.digest for e in found
    )
    assert sorted([*(one.known.id for one in joined), *(k.id for k in pairing.left)]) == [k.id for k in known]
    assert all(one.entry.line.amount_satang == one.known.amount_satang for one in pairing.pairs)
    assert pair(found, list(reversed(known))) == pairing


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 600), max_size=15))
def test_what_one_statement_made_known_every_later_one_knows(minutes: list[int]) -> None:
    found = entries(Statement(tuple(line(minute) for minute in sorted(minutes))))
    made = [credit(n + 1, 0, told=((e.digest, e.occurred_at),), occurred_at=e.occurred_at) for n, e in enumerate(found)]
    other_words = entries(Statement(tuple(line(minute, text="again") for minute in sorted(minutes))))
    for again in (found, other_words):
        pairing = pair(again, made)
        assert len(pairing.pairs) == len(found) and not pairing.news and not pairing.left


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=5), st.lists(st.integers(0, 30), max_size=5), st.integers(1, 12))
def test_pairs_are_as_many_and_as_near_as_any_order_could_make_them(
    ones: list[int], others: list[int], reach: int
) -> None:
    ones, others = sorted(ones), sorted(others)
    if len(ones) > len(others):
        ones, others = others, ones

    def apart(one: int, other: int) -> float | None:
        return abs(one - other) if abs(one - other) <= reach else None

    found = best_pairs(
        ones, others, first=[float(n) for n in ones], second=[float(n) for n in others], reach=reach, apart=apart
    )
    tries = []
    for order in permutations(others, len(ones)):
        distances = [apart(a, b) for a, b in zip(ones, order, strict=True)]
        good = [d for d in distances if d is not None]
        tries.append((len(good), -sum(good)))
    assert (len(found), -sum(abs(a - b) for a, b in found)) == max(tries)


def test_very_many_equal_lines_are_still_all_paired() -> None:
    many = clusters.MOST_STEPS // 700
    lines, known = [], []
    for n in range(many):
        at = START + timedelta(seconds=n)
        lines.append(line(0, at=at, number=n + 1))
        known.append(credit(n + 1, 0, occurred_at=at))
    assert len(paired(lines, known)[1].pairs) == many


def test_the_cover_leaves_its_ends_to_the_neighbours() -> None:
    now = START + 9 * DAY
    timed = Statement((line(0), line(120)))
    alone = cover(timed, now)
    assert alone == Cover(
        START, START + timedelta(hours=2), START + timedelta(minutes=10), START + timedelta(minutes=110)
    )
    earlier = Cover(START - DAY, START, START - DAY, START - timedelta(minutes=10))
    joined = cover(timed, now, [earlier])
    assert joined is not None and joined.checked_since == START - timedelta(minutes=10)
    apart = Cover(START - DAY, START - timedelta(minutes=1), START - DAY, START - timedelta(minutes=11))
    assert cover(timed, now, [apart]) == alone


def test_a_day_is_whole_when_the_statement_says_so_and_it_is_over() -> None:
    days = (date(2026, 5, 1), date(2026, 5, 2))
    midnight = START.replace(hour=0)
    whole = cover(Statement((line(None),), period=days), START + 9 * DAY)
    assert whole is not None and (whole.since, whole.until) == (midnight, midnight + 2 * DAY)
    assert whole.checked_until == midnight + 2 * DAY - timedelta(hours=3)
    running = cover(Statement((line(None),), period=days), midnight + DAY + timedelta(hours=5))
    assert running is not None and running.until == midnight + DAY
    assert cover(Statement((line(None),)), START + 9 * DAY) is None
    assert cover(Statement(()), START) is None


def test_only_money_that_counts_and_was_never_told_can_be_missing() -> None:
    covered = Cover(START, START + DAY, START, START + DAY)
    known = [
        credit(1, 5),
        credit(2, 5, state=CreditState.POSSIBLE_DUPLICATE),
        credit(3, 5, told=((b"x", START),)),
        credit(4, -5),
        credit(5, 1440),
    ]
    assert [one.id.int for one in missing(known, covered)] == [1]
    assert missing(known, None) == []
