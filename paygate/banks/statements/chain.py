"""Balances that follow from one another tell the order of the rows, the sign of an amount, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import pairwise

from paygate.core.money import show
from paygate.core.statements import Direction, Line, Problem, Trouble


@dataclass(frozen=True, slots=True)
class Draft:
    """A row that was read. `direction` is what the row itself says; `hint` what the bank's words suggest."""

    line: Line
    direction: Direction | None
    hint: Direction | None = None


def in_order(drafts: Sequence[Draft]) -> list[Draft]:
    """The rows oldest first: as the balances say, else as the days do; as they stand when nothing says so."""
    down = sum(_follows(one, other) for one, other in pairwise(drafts))
    up = sum(_follows(other, one) for one, other in pairwise(drafts))
    if down != up:
        newest_first = up > down
    else:
        moments = [_moment(draft.line) for draft in drafts]
        falls = sum(later < earlier for earlier, later in pairwise(moments))
        rises = sum(later > earlier for earlier, later in pairwise(moments))
        newest_first = falls > rises
    return list(reversed(drafts)) if newest_first else list(drafts)


def _moment(line: Line) -> tuple[date, time]:
    return line.day, line.at.time() if isinstance(line.at, datetime) else time()


def _follows(before: Draft, after: Draft) -> bool:
    balance, was = after.line.balance_satang, before.line.balance_satang
    if balance is None or was is None:
        return False
    step = balance - was
    if after.direction is None:
        return abs(step) == after.line.amount_satang
    return step == _signed(after.line.amount_satang, after.direction)


def _signed(amount_satang: int, direction: Direction) -> int:
    return amount_satang if direction is Direction.IN else -amount_satang


def settle(drafts: Sequence[Draft], opening_satang: int | None) -> tuple[list[Line], list[Problem]]:
    """Lines with their directions, from *drafts* oldest first, and what does not add up.

    A direction that the row does not say is the balance's step, and only where there is none what the bank's words
    suggest. A row whose words and step differ, or that neither explains, is not used. A row that says all that an
    earlier one said, where the balance makes no step for it, is that row again.
    """
    lines: list[Line] = []
    problems: list[Problem] = []
    balance = opening_satang
    told: set[tuple[object, ...]] = set()
    for draft in drafts:
        line = draft.line
        step = None if line.balance_satang is None or balance is None else line.balance_satang - balance
        facts = (line.at, line.day, line.amount_satang, draft.direction, line.balance_satang, line.text, line.reference)
        if step == 0 and facts in told:
            problems.append(Problem(line.number, Trouble.REPEATED, "The same row stands above: it is counted once."))
            continue
        told.add(facts)
        direction, problem = _directed(draft, step, balance)
        if problem is not None:
            problems.append(problem)
        if direction is not None:
            lines.append(replace(line, direction=direction))
        if line.balance_satang is not None:
            balance = line.balance_satang
        elif balance is not None:
            balance = balance + _signed(line.amount_satang, direction) if direction is not None else None
    return lines, problems


def _directed(draft: Draft, step: int | None, balance: int | None) -> tuple[Direction | None, Problem | None]:
    line, direction = draft.line, draft.direction
    by_step = None
    if step is not None and abs(step) == line.amount_satang:
        by_step = Direction.IN if step > 0 else Direction.OUT
    if direction is None:
        if by_step is None:
            direction = draft.hint
        elif draft.hint in (None, by_step):
            direction = by_step
        else:
            return None, Problem(line.number, Trouble.DIRECTION, _CONTRADICTED.format(show(line.amount_satang)))
        if direction is None:
            return None, Problem(line.number, Trouble.DIRECTION, _UNKNOWN.format(show(line.amount_satang)))
    if step is None or balance is None or step == _signed(line.amount_satang, direction):
        return direction, None
    expected = balance + _signed(line.amount_satang, direction)
    found = line.balance_satang or 0
    return direction, Problem(line.number, Trouble.BALANCE, _BREAK.format(show(expected), show(found)))


_UNKNOWN = "Nothing says whether {} came in or went out. The row is not used."
_CONTRADICTED = "The words and the balance disagree whether {} came in or went out. The row is not used."
_BREAK = "The balance should be {} and is {}: a row is missing before this one, or one is wrong."
