"""What stands in one cell: money, a day, a time of day. Thai banks write each in several ways."""

from __future__ import annotations

import re
from datetime import date, time
from functools import lru_cache

LONGEST_AMOUNT = 40
MAX_SATANG = 10**15
OLDEST_YEAR, NEWEST_YEAR = 1990, 2100

DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙−–—\u00a0\u202f\t", "0123456789---   ")
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")

_AMOUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2})0*)?", re.ASCII)
_CURRENCY = re.compile(r"฿|THB|บาท|บ\.", re.IGNORECASE)
_MARK_AT_END = re.compile(r"(?<![A-Z])(CR|DR|C|D)\.?$", re.IGNORECASE)

_THAI_MONTHS = (
    ("มค", "มกราคม"),
    ("กพ", "กุมภาพันธ์"),
    ("มีค", "มีนาคม"),
    ("เมย", "เมษายน"),
    ("พค", "พฤษภาคม"),
    ("มิย", "มิถุนายน"),
    ("กค", "กรกฎาคม"),
    ("สค", "สิงหาคม"),
    ("กย", "กันยายน"),
    ("ตค", "ตุลาคม"),
    ("พย", "พฤศจิกายน"),
    ("ธค", "ธันวาคม"),
)
_MONTHS = {name: number for number, names in enumerate(_THAI_MONTHS, 1) for name in names} | {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}

_DAY_FIRST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([/.-]?)(\d{2})\2(\d{2})", re.ASCII)
_MONTH_NAMED = re.compile(r"(\d{1,2})[\s/.-]*([ก-๙.]+|[a-z]+)[\s/.,-]*(\d{4}|\d{2})", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?\s*(?:น\.?|([ap])\.?m\.?)?", re.IGNORECASE)
_LINK = re.compile(r"\s*(?:[T@,-]|เวลา)?\s*", re.IGNORECASE)


def plain(text: str) -> str:
    """Thai digits as Arabic ones, dashes as minus, no invisible characters, single blanks."""
    if text.isascii() and "\t" not in text:
        return text.strip()
    return INVISIBLE.sub("", text.translate(DIGITS)).strip()


def is_empty(text: str) -> bool:
    """Whether a cell says nothing: empty, or a dash where a number could be."""
    return plain(text).strip("-") == ""


def amount(text: str) -> tuple[int, str | None] | None:
    """Baht in a cell as (signed satang, mark): the mark is "CR" or "DR" when one stands with the number, "+" or "-"
    for a sign that is written out. None for what is no amount with at most two decimals.
    """
    if len(text) > LONGEST_AMOUNT:
        return None
    rest = _CURRENCY.sub("", plain(text)).strip()
    mark: str | None = None
    if found := _MARK_AT_END.search(rest):
        mark, rest = found[1][0].upper() + "R", rest[: found.start()].strip()
    negative = False
    if rest.startswith("(") and rest.endswith(")"):
        negative, rest, mark = True, rest[1:-1].strip(), mark or "-"
    elif rest[:1] in ("-", "+"):
        negative, mark, rest = rest[0] == "-", mark or rest[0], rest[1:].strip()
    elif rest[-1:] == "-":
        negative, rest, mark = True, rest[:-1].strip(), mark or "-"
    match = _AMOUNT.fullmatch(rest)
    if match is None:
        return None
    satang = int(match[1].replace(",", "")) * 100 + int((match[2] or "").ljust(2, "0"))
    if satang >= MAX_SATANG:
        return None
    return (-satang if negative else satang), mark


@lru_cache(maxsize=4096)
def day_and_rest(text: str) -> tuple[date, str] | None:
    """The day at the start of *text*, and what follows it. None when none starts there.

    Day before month, as everywhere in Thailand. Buddhist years: four digits from 2400 on, two digits from 60 on.
    """
    text = plain(text)
    for pattern, order in ((_YEAR_FIRST, "ymd"), (_DAY_FIRST, "dmy"), (_MONTH_NAMED, "dny")):
        match = pattern.match(text)
        if match is None:
            continue
        rest = text[match.end() :]
        if rest[:1].isdigit():
            continue
        if order == "dny":
            day, month, year = match[1], _month(match[2]), match[3]
        else:
            day, month, year = match[4 if order == "ymd" else 1], int(match[3]), match[1 if order == "ymd" else 4]
        found = _day(year, month, int(day))
        return None if found is None else (found, _LINK.sub("", rest, count=1))
    return None


def _month(name: str) -> int | None:
    if name[0].isascii():
        return _MONTHS.get(name[:3].lower())
    return _MONTHS.get(name.replace(".", ""))


def _day(year_text: str, month: int | None, day: int) -> date | None:
    year = int(year_text)
    if len(year_text) == 2:
        if 50 < year < 60:
            return None  # Neither 2051-2059 nor 2551-2559 is a year that statements are made of today.
        year = 2500 + year - 543 if year >= 60 else 2000 + year
    elif year >= 2400:
        year -= 543
    if month is None or not OLDEST_YEAR <= year <= NEWEST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def time_of_day(text: str) -> time | None:
    """`17:39`, `17:39:05`, `17.39 น.`, `5:39 PM`; None for anything else. A time zone is not read."""
    match = _TIME.fullmatch(plain(text))
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[4].lower() == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return time(hour, minute, second)
