"""Days on which Thai banks work. All days are Bangkok days."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput

SATURDAY = 5
_LINE = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s+(.*))?", re.ASCII)


def read_holidays(text: str) -> dict[date, str]:
    """Lines of a day and its name, `2026-01-01 New Year's Day`; `#` begins a remark. Raises InvalidInput."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        match = _LINE.fullmatch(line)
        try:
            found[date.fromisoformat(match[1] if match else line)] = (match and match[2]) or ""
        except ValueError:
            raise InvalidInput(f"Line {number} is not a day and its name: {line}") from None
    return found


def is_business_day(day: date, holidays: Collection[date]) -> bool:
    """Whether banks work on *day*."""
    return day.weekday() < SATURDAY and day not in holidays


def business_day_from(day: date, holidays: Collection[date]) -> date:
    """*day*, or the next one on which banks work."""
    while not is_business_day(day, holidays):
        day += timedelta(days=1)
    return day


def promised_on(asked_at: datetime, cutoff: time, holidays: Collection[date]) -> date:
    """T+1: the business day after the one that a request counts for. After *cutoff*, or when banks rest, it counts for
    the next business day."""
    local = asked_at.astimezone(BANGKOK)
    day = local.date() if local.time() < cutoff else local.date() + timedelta(days=1)
    return business_day_from(business_day_from(day, holidays) + timedelta(days=1), holidays)
