"""Reading what a bank or vendor answers: untrusted JSON, in which anything may be missing or of another kind.

Whatever cannot be read for certain raises Unreadable: it is asked again or shown to a person, never believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from paygate.core import canonical
from paygate.core.canonical import JsonNumber, JsonValue
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput, PayGateError
from paygate.core.fields import has_controls, read_moment

Record: TypeAlias = Mapping[str, JsonValue]

BAHT = frozenset({"764", "THB"})  # ISO 4217, number and letters.
MAX_WORDS = 200
MAX_REFERENCE = 50
MAX_TRANSACTION_ID = 128
_AMOUNT = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,2})0*)?", re.ASCII)
_BANK = re.compile(r"[0-9]{3}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
_DAY_TIME = re.compile(r"[0-9]{14}", re.ASCII)


class Unreadable(PayGateError):
    """The answer is not of the documented shape."""

    default = "The answer is not of the documented shape."


def parsed(body: bytes) -> JsonValue:
    """JSON with its numbers' text kept; None for anything else."""
    try:
        return canonical.loads(body)
    except InvalidInput:
        return None


def record(value: object, what: str = "the answer") -> Record:
    """A JSON object. Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable(f"There is no object where {what} should be.")
    return value


def optional(value: object) -> Record:
    """A JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def code(value: object) -> str:
    """A vendor's code as text, numbers too; empty for what is none. Safe to log."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and _CODE.fullmatch(text) else ""


def satang(value: object) -> int:
    """Baht as a JSON number or as text: exact to the satang, more than nothing. Raises Unreadable."""
    if isinstance(value, JsonNumber):
        text = value.text
    elif isinstance(value, int | str) and not isinstance(value, bool):
        text = str(value)
    else:
        raise Unreadable("There is no amount.")
    match = _AMOUNT.fullmatch(text)
    found = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
    if not found:
        raise Unreadable("The amount is not one of whole satang.")
    return found


def currency(code_given: object, country: object = None) -> str:
    """THB for 764, THB, or nothing said of a transfer in Thailand; else what is said, as it is."""
    said = str(code_given).strip().upper() if isinstance(code_given, int | str) else ""
    abroad = country.strip().upper() if isinstance(country, str) else ""
    if said in BAHT or (not said and abroad in {"", "TH", "THA"}):
        return "THB"
    return said[:8] or abroad[:8]


def moment(value: object) -> datetime:
    """ISO 8601 with its offset, in UTC. Raises Unreadable."""
    found = read_moment(value) if isinstance(value, str) else None
    if found is None:
        raise Unreadable("There is no time with an offset.")
    return found


def bangkok(day: object, time: object) -> datetime:
    """`20250514` and `20:05:48` of Thailand, in UTC. Raises Unreadable."""
    digits = f"{day}{time}".replace(":", "").replace("-", "") if isinstance(day, str) and isinstance(time, str) else ""
    try:
        if not _DAY_TIME.fullmatch(digits):
            raise ValueError(digits)
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=BANGKOK).astimezone(UTC)
    except ValueError:
        raise Unreadable("There is no date and time.") from None


def bank(value: object) -> str | None:
    """A BOT code of 3 digits, if it is one."""
    return value if isinstance(value, str) and _BANK.fullmatch(value) else None


def words(value: object, longest: int = MAX_WORDS) -> str | None:
    """A name or a mask, cut at *longest*; None for nothing, and for what is no text."""
    return (value.strip()[:longest] or None) if isinstance(value, str) else None


def reference(value: object) -> str | None:
    """A bill-payment reference as banks echo it: capitals, no blanks around. Raises Unreadable for what cannot be."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_REFERENCE or has_controls(value):
        raise Unreadable("A reference is not one.")
    return value.strip().upper() or None


def transaction_id(value: object) -> str:
    """The bank's own id of a transfer; case matters. Raises Unreadable."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip() or not text.isprintable() or len(text) > MAX_TRANSACTION_ID:
        raise Unreadable("There is no transaction id.")
    return text.strip()
