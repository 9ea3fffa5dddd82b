"""What the rows above a statement's table say: whose account it is, and which days it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from paygate.banks.statements import cells

ACCOUNT = re.compile(r"เลขที่บัญชี|หมายเลขบัญชี|บัญชีเลขที่|account\s*(no|number|#)|a/c\s*no|acct")
NUMBER = re.compile(r"(?<![\w/])[0-9xX*][0-9xX*\- ]{4,24}[0-9xX*](?![\w/])", re.ASCII)
PERIOD = re.compile(r"รอบ|ระหว่าง|ตั้งแต่|ช่วง|period|from|statement date|date range")
DAY = re.compile(
    r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|\d{1,2}\s*[ก-๙.]{3,12}\s*\d{2,4}|\d{1,2}[\s-][a-z]{3,9}[\s-]\d{2,4}",
    re.IGNORECASE,
)


def title_facts(rows: Sequence[Sequence[str]]) -> tuple[str | None, tuple[date, date] | None]:
    """(account number, (first day, last day)), each None when no title says it. A number may have `x` for digits."""
    account: str | None = None
    period: tuple[date, date] | None = None
    for row in rows:
        text = cells.plain("  ".join(row))
        lower = text.lower()
        if account is None and (label := ACCOUNT.search(lower)):
            account = _number(text[label.end() :])
        if period is None and PERIOD.search(lower):
            days = [found[0] for match in DAY.finditer(text) if (found := cells.day_and_rest(match[0]))]
            if len(days) == 2 and days[0] <= days[1]:
                period = days[0], days[1]
    return account, period


def _number(text: str) -> str | None:
    for match in NUMBER.finditer(text):
        number = re.sub(r"[\s*-]", lambda m: "x" if m[0] == "*" else "", match[0]).lower()
        if 6 <= len(number) <= 20 and sum(c.isdigit() for c in number) >= 3:
            return number
    return None
