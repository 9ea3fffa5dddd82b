"""What the texts of all banks are made of: how they are cleaned, and the amounts, masks and moments in them."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Literal

Source = Literal["text", "day", "received"]
MAX_CHARS = 4_000  # The longest mail is a quarter of this; no bank's text is longer.
BANGKOK = timezone(timedelta(hours=7))  # Thailand has no daylight saving time.
AHEAD = timedelta(minutes=5)  # A bank's clock may be this much ahead of the phone's.

_DROPPED = dict.fromkeys(
    [0x00AD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
_ASCII = {0xFF01 + i: 0x21 + i for i in range(94)}  # Full-width forms.
_THAI_DIGITS = {0x0E50 + i: 0x30 + i for i in range(10)}
_DASHES = dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212], "-")
_CLEANED = _DROPPED | _ASCII | _THAI_DIGITS | _DASHES


def normalise(text: str) -> str:
    """One line of NFC text: invisible marks dropped, Thai and full-width digits as ASCII, blanks single.

    >>> normalise("เงินเข้า\\u200b  ๑๐.๕๐\\u00a0บาท\\n")
    'เงินเข้า 10.50 บาท'
    """
    cleaned = unicodedata.normalize("NFC", text[:MAX_CHARS].translate(_CLEANED))
    # Two ways to write SARA AM and SARA AE that look alike.
    cleaned = cleaned.replace("\u0e4d\u0e32", "\u0e33").replace("\u0e40\u0e40", "\u0e41")
    return " ".join("".join(c if c.isprintable() else " " for c in cleaned).split())


# Pieces of patterns; they are put together by forms.py. S is an optional blank: banks are sparing with them.
S = r"\s?"
CURRENCY = r"(?:THB|Baht|BHT|Bt\.?|B(?![A-Za-z])\.?|บาท|บ\.?|฿)"
_WHOLE = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,10})"
_ENDS = r"(?![0-9])(?![.,][0-9])"
SATANG = rf"{_WHOLE}\.[0-9]{{2}}{_ENDS}"
# Exactly two decimals, never a minus sign: an amount is bound to the words before it by the pattern it stands in.
AMOUNT = rf"[+]?{S}(?:{CURRENCY}{S})?[+]?(?P<amount>{SATANG})(?:{S}{CURRENCY})?"
OUT_AMOUNT = rf"[-]?{S}(?:{CURRENCY}{S})?[-]?(?P<amount>{SATANG})(?:{S}{CURRENCY})?"
BALANCE_WORDS = (
    r"(?:(?:และ|และมี)?(?:ยอด)?(?:เงิน)?(?:ที่|ใน(?:บ/ช|บัญชี))?(?:คงเหลือ|เหลือ|ใช้ได้)(?:ที่ใช้ได้|ในบัญชี|สุทธิ)?"
    r"|(?:your )?(?:outstanding|remaining|current|ledger|avail(?:able|\.)?|avai\.?) ?(?:balance|bal\.?)"
    r"|avail(?:able|\.)?|balance|bal\.?)"
)
BALANCE = (
    rf"{BALANCE_WORDS}{S}[:=]?{S}(?:is{S}|of{S})?(?:{CURRENCY}{S})?"
    rf"(?P<balance>{_WHOLE}(?:\.[0-9]{{2}})?{_ENDS})(?:{S}{CURRENCY})?"
)
_HIDDEN = r"xX*•●"
MASKED = rf"[{_HIDDEN}0-9](?:[-]?[{_HIDDEN}0-9]){{2,19}}(?![{_HIDDEN}0-9])(?![.,][0-9])"
MASK = rf"(?P<mask>{MASKED})"
ACCOUNT_WORDS = (
    r"(?:บัญชี|บ/ช|บช\.?|/ช|a/?c(?:ct|count)?\.?)(?:{S}(?:เลขที่|หมายเลข|no\.?|number|ลงท้าย(?:ด้วย)?|ending(?: in| with)?))?"
).replace("{S}", S)
ACCOUNT = rf"{ACCOUNT_WORDS}{S}(?:ของคุณ{S})?[:#]?{S}(?:[A-Z]{{3,5}}[ /]{S})?{MASK}"

_MONTHS: dict[str, int] = {}
_THAI = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")
_THAI_FULL = (
    *("มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน"),
    *("กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม"),
)
for _number in range(1, 13):
    _MONTHS |= {_THAI[_number - 1].replace(".", ""): _number, _THAI_FULL[_number - 1]: _number}
    _MONTHS |= {calendar.month_abbr[_number].lower(): _number, calendar.month_name[_number].lower(): _number}
# As short as it can be, since it stands in hundreds of patterns; _MONTHS decides.
_NAMED = (
    r"(?:(?:มี|มิ|เม|[มกพสตธ])\.?[คพย](?![ก-๙])\.?|[ก-๙]{3,8}(?:คม|ยน|พันธ์)"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?)"
)
_NUMERIC_DATE = r"[0-9]{1,2}[/-][0-9]{1,2}(?:[/-](?:[0-9]{4}|[0-9]{2}))?(?![0-9/-])"
_NAMED_DATE = rf"[0-9]{{1,2}}{S}(?:{_NAMED}),?{S}(?:[0-9]{{4}}|[0-9]{{2}})?(?![0-9])"
_CLOCK = rf"[0-9]{{1,2}}[:.][0-9]{{2}}(?::[0-9]{{2}})?(?![0-9:])(?:{S}(?:น\.?|[ap]\.?m\b\.?))?"
_BETWEEN = rf"{S}(?:@|,|-|เวลา|at)?{S}"
_ON = rf"(?:เมื่อ(?:วันที่)?|วันที่|วัน/เวลา|on|date)?{S}:?{S}[\(\[]?"
_DATED = rf"(?:{_NUMERIC_DATE}|{_NAMED_DATE})(?:{_BETWEEN}{_CLOCK})?"
MOMENT = rf"{_ON}(?<![0-9{_HIDDEN}/-])(?P<moment>{_DATED}|(?:เวลา|at|@){S}{_CLOCK})[\)\]]?"

_READ_DATE = re.compile(
    rf"(?P<day>[0-9]{{1,2}})(?:[/-](?P<number>[0-9]{{1,2}})(?:[/-](?P<year>[0-9]{{4}}|[0-9]{{2}}))?(?![0-9/-])"
    rf"|{S}(?P<name>{_NAMED}),?{S}(?P<year2>[0-9]{{4}}|[0-9]{{2}})?(?![0-9:.]))",
    re.IGNORECASE,
)
_AT = re.compile(r"(?:เวลา|at|@)?\s?[0-9]{1,2}[:.]", re.IGNORECASE)
_READ_CLOCK = re.compile(
    r"(?<![0-9])(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?(?![0-9])(?:\s?(?P<half>[ap])\.?m\b)?",
    re.IGNORECASE,
)


def satang(text: str) -> int:
    """An amount with two decimals (a balance may have none), in satang: `1,234.50` -> 123450."""
    whole, _, cents = text.replace(",", "").partition(".")
    return int(whole) * 100 + int(cents or "0")


def moment(text: str, received_at: datetime) -> tuple[datetime, Source] | None:
    """When *text* says that something happened, and how it is known; None for what is no moment.

    Years are Buddhist or Christian by section 3.1 of the facts: of two digits 51 and more are 25xx, four digits from
    2400 are Buddhist. Without a year the latest is taken that is not after *received_at*. A day
    without a clock is the moment of receipt if that was on this day, else noon. Bangkok time.

    >>> at = datetime(2026, 1, 1, 0, 3, tzinfo=BANGKOK)
    >>> moment("31/12@23:58", at)[0].isoformat(), moment("17 พ.ค. 2568 - 16:28", at)[0].isoformat()
    ('2025-12-31T23:58:00+07:00', '2025-05-17T16:28:00+07:00')
    """
    here = received_at.astimezone(BANGKOK)
    date = _READ_DATE.match(text)
    clock = _READ_CLOCK.search(text, date.end()) if date else _READ_CLOCK.search(text) if _AT.match(text) else None
    hour, minute, second = _clock(clock.groupdict()) if clock else (12, 0, 0)
    if date is None:
        return _latest(here, hour, minute, second) if clock else None
    parts = date.groupdict()
    month = int(parts["number"]) if parts["number"] else _MONTHS.get(parts["name"].replace(".", "").lower(), 0)
    year = parts["year"] or parts["year2"]
    years = [_year(int(year))] if year else [here.year + 1 - back for back in range(9)]  # A 29 February is rare.
    for one in years:
        try:
            at = datetime(one, month, int(parts["day"]), hour, minute, second, tzinfo=BANGKOK)
        except ValueError:
            continue
        if clock is None and at.date() == here.date():
            return here, "received"
        if year or at <= here + AHEAD:
            return at, "text" if clock else "day"
    return None


def _clock(parts: Mapping[str, str | None]) -> tuple[int, int, int]:
    hour, half = int(parts["hour"] or 0), (parts["half"] or "").lower()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour, int(parts["minute"] or 0), int(parts["second"] or 0)


def _latest(here: datetime, hour: int, minute: int, second: int) -> tuple[datetime, Source] | None:
    try:
        at = here.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        return None
    return (at if at <= here + AHEAD else at - timedelta(days=1)), "text"


def _year(year: int) -> int:
    if year < 100:
        return 2500 + year - 543 if year > 50 else 2000 + year
    return year - 543 if year >= 2400 else year
