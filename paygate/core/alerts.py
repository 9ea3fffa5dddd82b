"""When the operator is told of an alarm, and when not again: an alarm that stands is no news every minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

QUIET = timedelta(hours=1)
"""Between two messages about one alarm of one account, but for the one that it is over."""
REMINDED = timedelta(days=1)
"""An alarm that stands is told again after so long."""
BACKOFF_S = (30.0, 120.0, 600.0, 1_800.0, 3_600.0)
PATIENCE = timedelta(hours=24)
"""After so long a message is given up: LINE knows a message again for as long, and the reminder is due."""


class Word(StrEnum):
    """What is told."""

    RAISED = "RAISED"
    MORE = "MORE"
    STILL = "STILL"
    OVER = "OVER"
    TEST = "TEST"


@dataclass(frozen=True, slots=True)
class State:
    """What the operator knows of an alarm."""

    standing: bool = False
    told_count: int = 0
    told_at: datetime | None = None


def decide(known: State, count: int, now: datetime) -> Word | None:
    """What is to be told, if anything, when there is *count* of an alarm."""
    silent = None if known.told_at is None else now - known.told_at
    if count == 0:
        return Word.OVER if known.standing else None
    if not known.standing:
        return None if silent is not None and silent < QUIET else Word.RAISED
    if silent is None or silent < QUIET:
        return None
    if count > known.told_count:
        return Word.MORE
    return Word.STILL if silent >= REMINDED else None


def after(known: State, word: Word, count: int, now: datetime) -> State:
    """What the operator knows once *word* is told. The end of an alarm does not begin the quiet hour anew."""
    if word is Word.OVER:
        return State(False, 0, known.told_at)
    return State(True, count, now)


def next_try_s(failures: int) -> float:
    """How long to wait after so many failures."""
    return BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]
