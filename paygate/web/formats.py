"""Money and moments as people read them: Bangkok time, in Thai with the Buddhist year."""

from __future__ import annotations

from datetime import datetime

from paygate.banks.notices.text import BANGKOK
from paygate.core.money import show

THAI_MONTHS = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")
ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def baht(amount_satang: int) -> str:
    """`฿1,234.50`."""
    return f"฿{show(amount_satang)}"


def moment(at: datetime, lang: str, *, clock: bool = True) -> str:
    """`20 พ.ย. 2569 14:05 น.`, `20 Nov 2026, 14:05`; Bangkok time, the day alone without a clock."""
    here = at.astimezone(BANGKOK)
    if lang == "th":
        day = f"{here.day} {THAI_MONTHS[here.month - 1]} {here.year + 543}"
        return f"{day} {here:%H:%M} น." if clock else day
    day = f"{here.day} {ENGLISH_MONTHS[here.month - 1]} {here.year}"
    return f"{day}, {here:%H:%M}" if clock else day
