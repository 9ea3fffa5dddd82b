"""Whether a masked account number, PromptPay ID or name can be the one we know.

Banks hide digits in ways of their own: `X-5341` are the last four, `xxx-x-x3281-x` the sixth to ninth of ten,
`X153591X` the fourth to ninth. All of them are right when the mask is laid over the number from the right. Too few
digits prove nothing: that is UNKNOWN, never a match.

>>> compare("xxx-x-x3281-x", "0123432815")
<MaskMatch.MATCH: 'MATCH'>
>>> compare("X-5341", "0123432815")
<MaskMatch.DIFFERS: 'DIFFERS'>
>>> compare("XX49", "0123432849")
<MaskMatch.UNKNOWN: 'UNKNOWN'>
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

MIN_DIGITS = 3  # K PLUS and KBank's SMS have no more in common with each other; fewer fit too many accounts by chance.
MIN_LETTERS = 2
HIDDEN = "xX*•●"
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—]")
_MASK = re.compile(f"[0-9{HIDDEN}]+", re.ASCII)
_HEAD_AND_TAIL = re.compile(f"([0-9]+)[{HIDDEN}]+(?:[0-9{HIDDEN}]*[{HIDDEN}])?([0-9]*)", re.ASCII)
_MOBILE = re.compile(r"0066([0-9]{9})", re.ASCII)
_THAI_TITLES = (
    *("นางสาว", "น.ส.", "น.ส", "นาย", "นาง", "เด็กชาย", "เด็กหญิง", "ด.ช.", "ด.ญ.", "คุณ", "ดร.", "พระ"),
    *("บริษัท", "บจก.", "บจก", "บมจ.", "บมจ", "หจก.", "หจก", "ห้างหุ้นส่วนจำกัด", "ร้าน"),
)
_LATIN_TITLE = re.compile(r"(?:mr|mrs|ms|miss|master|khun|dr|nai|nang sao|nang|n\.s)\b\.?\s*")
_THAI = re.compile(r"[\u0e00-\u0e7f]")


class MaskMatch(StrEnum):
    """What a mask says about a number. Only MATCH is true: `if compare(mask, digits):`."""

    MATCH = "MATCH"
    DIFFERS = "DIFFERS"
    UNKNOWN = "UNKNOWN"  # Too few digits, or no mask at all.

    def __bool__(self) -> bool:
        return self is MaskMatch.MATCH


def last_four(digits: str) -> str:
    """A number as people may see it who know it already: `xxxxxx5341`."""
    return "x" * max(len(digits) - 4, 0) + digits[-4:]


def compare(mask: str, digits: str) -> MaskMatch:
    """Lay *mask* over *digits* from the right: every visible digit must be the same, and at least 3 must be visible.

    Hidden digits are x, X, *, • or ●; dashes and blanks are dropped from both. A mask that is longer than the number
    is UNKNOWN, unless a visible digit differs; so is one that holds anything else.

    >>> compare("X153591X", "9991535910"), compare("0204XXXX0741", "020411110741"), compare("ไม่มี", "0123456789")
    (<MaskMatch.MATCH: 'MATCH'>, <MaskMatch.MATCH: 'MATCH'>, <MaskMatch.UNKNOWN: 'UNKNOWN'>)
    """
    mask, digits = _SEPARATORS.sub("", mask), _SEPARATORS.sub("", digits)
    if not _MASK.fullmatch(mask) or not (digits.isascii() and digits.isdecimal()):
        return MaskMatch.UNKNOWN
    verdict = _laid(mask, digits)
    if len(mask) < len(digits) and (parts := _HEAD_AND_TAIL.fullmatch(mask)):
        # Its first digits may be those of the number, with a gap that is drawn too short.
        head, tail = parts.groups()
        agrees = digits.startswith(head) and digits.endswith(tail)
        if agrees is not bool(verdict):
            return MaskMatch.UNKNOWN
    return verdict


def _laid(mask: str, digits: str) -> MaskMatch:
    pairs = [(shown, real) for shown, real in zip(reversed(mask), reversed(digits), strict=False) if shown.isdecimal()]
    if any(shown != real for shown, real in pairs):
        return MaskMatch.DIFFERS
    if len(pairs) < MIN_DIGITS or len(mask) > len(digits):
        return MaskMatch.UNKNOWN
    return MaskMatch.MATCH


def same_proxy(mask: str, proxy: str) -> MaskMatch:
    """Compare a masked PromptPay ID with *proxy* as accounts hold it: 0066 and 9 digits for a mobile, else 13 or 15.

    A mobile may be shown as 08..., 668..., +668... or 00668....

    >>> same_proxy("081-xxx-5678", "0066812345678"), same_proxy("+66 81 xxx 5678", "0066812345678")
    (<MaskMatch.MATCH: 'MATCH'>, <MaskMatch.MATCH: 'MATCH'>)
    >>> same_proxy("x-xxxx-xxxx3-45-6", "0066812345678")
    <MaskMatch.DIFFERS: 'DIFFERS'>
    """
    bare = _SEPARATORS.sub("", mask).removeprefix("+")
    if mobile := _MOBILE.fullmatch(_SEPARATORS.sub("", proxy)):
        ahead = {11: "66", 13: "0066"}.get(len(bare), "0")
        proxy = ahead + mobile[1]
    return compare(bare, proxy)


def same_name(shown: str, configured: str) -> MaskMatch:
    """Compare the name that a bank shows, cut or starred as banks do, with the account's: the shorter begins the other.

    Titles, blanks and signs do not count. UNKNOWN when one is in Thai and the other is not, or too little is shown.
    A name is weak evidence: never settle anything by it alone.

    >>> same_name("นาย สมชาย ใ***", "สมชาย ใจดี"), same_name("MR. SOMCHAI J", "Somchai Jaidee")
    (<MaskMatch.MATCH: 'MATCH'>, <MaskMatch.MATCH: 'MATCH'>)
    >>> same_name("SOMCHAI J", "สมชาย ใจดี"), same_name("สมหญิง", "สมชาย ใจดี")
    (<MaskMatch.UNKNOWN: 'UNKNOWN'>, <MaskMatch.DIFFERS: 'DIFFERS'>)
    """
    one, other = _letters(shown), _letters(configured)
    if min(len(one), len(other)) < MIN_LETTERS or bool(_THAI.search(one)) is not bool(_THAI.search(other)):
        return MaskMatch.UNKNOWN
    return MaskMatch.MATCH if one.startswith(other) or other.startswith(one) else MaskMatch.DIFFERS


def _letters(name: str) -> str:
    """What of a name counts: no title, nothing after the first hidden letter, letters and digits only."""
    text = unicodedata.normalize("NFC", name).strip().casefold()
    text = re.split(r"[*•●]|x{2,}", text, maxsplit=1)[0]
    title = next((title for title in _THAI_TITLES if text.startswith(title)), "")
    text = (
        text[len(title) :].lstrip() if title else _LATIN_TITLE.sub("", text, count=1) if _begins_titled(text) else text
    )
    return "".join(c for c in text if unicodedata.category(c)[0] in "LMN")


def _begins_titled(text: str) -> bool:
    return _LATIN_TITLE.match(text) is not None
