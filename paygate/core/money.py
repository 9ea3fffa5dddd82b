"""Money is an integer number of satang. Baht exist at the edges only, as text and as exact decimals."""

from __future__ import annotations

import re
from decimal import Decimal

from paygate.core.canonical import JsonNumber
from paygate.core.errors import InvalidInput

MIN_AMOUNT_SATANG = 100
MAX_AMOUNT_SATANG = 50_000_000
BAHT = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]{1,2}))?", re.ASCII)


def satang_from_json(
    value: object, *, field: str = "amount", low: int = MIN_AMOUNT_SATANG, high: int = MAX_AMOUNT_SATANG
) -> int:
    """Baht as a JSON number -> satang. *value* comes from `canonical.loads`: an int or a JsonNumber with its text.

    Raises InvalidInput, naming *field*, for anything but a plain number with at most two decimals between *low* and
    *high* satang: strings, booleans, exponents (`1e2`), `1.005`, zero, negatives.
    """
    if value is None:
        raise InvalidInput(f"{field} is required: a number of baht.", field=field)
    if isinstance(value, bool) or not isinstance(value, int | JsonNumber):
        raise InvalidInput(f"{field} must be a JSON number of baht, for example 150.00.", field=field)
    text = value.text if isinstance(value, JsonNumber) else str(value)
    match = BAHT.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{field} must be a plain number with at most two decimals.", field=field)
    sign, whole, cents = match.groups()
    if len(whole) > 15:
        raise InvalidInput(f"{field} must be at most {show(high)} THB.", field=field)
    satang = int(whole) * 100 + int((cents or "").ljust(2, "0"))
    if sign or satang < low:
        raise InvalidInput(f"{field} must be at least {show(low)} THB.", field=field)
    if satang > high:
        raise InvalidInput(f"{field} must be at most {show(high)} THB.", field=field)
    return satang


def read_baht(text: str) -> int | None:
    """Baht as people type them, `150` or `99.50`, in satang; None for anything else."""
    match = BAHT.fullmatch(text)
    if match is None or match[1] or len(match[2]) > 15:
        return None
    return int(match[2]) * 100 + int((match[3] or "").ljust(2, "0"))


def baht(satang: int) -> Decimal:
    """Satang -> the shortest exact decimal of baht: 15000 -> 150, 14750 -> 147.5."""
    if satang % 100 == 0:
        return Decimal(satang // 100)
    if satang % 10 == 0:
        return Decimal(satang // 10).scaleb(-1)
    return Decimal(satang).scaleb(-2)


def show(satang: int) -> str:
    """Satang as people read it: 123450 -> `1,234.50`."""
    sign = "-" if satang < 0 else ""
    whole, cents = divmod(abs(satang), 100)
    return f"{sign}{whole:,}.{cents:02d}"
