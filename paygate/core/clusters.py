"""Two lists of moments, paired as many as possible and as near as possible."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

One = TypeVar("One")
Other = TypeVar("Other")

MOST_STEPS = 1_000_000
"""Beyond this many comparisons the first that fits is taken, which still pairs as many."""


def best_pairs(
    ones: Sequence[One],
    others: Sequence[Other],
    *,
    first: Sequence[float],
    second: Sequence[float],
    reach: float,
    apart: Callable[[One, Other], float | None],
) -> list[tuple[One, Other]]:
    """Pairs of *ones* and *others* in the order of time, each at most once: as many as there can be, of those the
    nearest. *first* and *second* are their moments, ascending; *apart* is their distance, None when they do not fit,
    as beyond *reach*.
    """
    lows = [bisect_left(second, at - reach) for at in first]
    highs = [bisect_right(second, at + reach) for at in first]
    if sum(high - low + 1 for low, high in zip(lows, highs, strict=True)) > MOST_STEPS:
        return _first_fit(ones, others, lows, highs, apart)
    # best[i][j - lows[i]]: (pairs, -distance) of ones[:i + 1] with others[:j]; steps say how it came about.
    rows: list[tuple[int, list[tuple[int, float]], list[str]]] = []
    for i, one in enumerate(ones):
        low, high = lows[i], highs[i]
        best: list[tuple[int, float]] = []
        steps: list[str] = []
        for j in range(low, high + 1):
            value, step = _value(rows, i - 1, j), "skip"
            if j > low:
                if best[-1] > value:
                    value, step = best[-1], "left"
                distance = apart(one, others[j - 1])
                if distance is not None:
                    pairs, cost = _value(rows, i - 1, j - 1)
                    if (pairs + 1, cost - distance) > value:
                        value, step = (pairs + 1, cost - distance), "pair"
            best.append(value)
            steps.append(step)
        rows.append((low, best, steps))
    return _walked_back(ones, others, rows)


def _value(rows: Sequence[tuple[int, list[tuple[int, float]], list[str]]], i: int, j: int) -> tuple[int, float]:
    if i < 0:
        return 0, 0.0
    low, best, _ = rows[i]
    return best[min(max(j - low, 0), len(best) - 1)]


def _walked_back(
    ones: Sequence[One], others: Sequence[Other], rows: Sequence[tuple[int, list[tuple[int, float]], list[str]]]
) -> list[tuple[One, Other]]:
    pairs: list[tuple[One, Other]] = []
    j = len(others)
    for i in range(len(ones) - 1, -1, -1):
        low, best, steps = rows[i]
        j = min(j, low + len(best) - 1)
        while steps[j - low] == "left":
            j -= 1
        if steps[j - low] == "pair":
            pairs.append((ones[i], others[j - 1]))
            j -= 1
    return pairs[::-1]


def _first_fit(
    ones: Sequence[One],
    others: Sequence[Other],
    lows: Sequence[int],
    highs: Sequence[int],
    apart: Callable[[One, Other], float | None],
) -> list[tuple[One, Other]]:
    pairs: list[tuple[One, Other]] = []
    start = 0
    for i, one in enumerate(ones):
        for j in range(max(start, lows[i]), highs[i]):
            if apart(one, others[j]) is not None:
                pairs.append((one, others[j]))
                start = j + 1
                break
    return pairs
