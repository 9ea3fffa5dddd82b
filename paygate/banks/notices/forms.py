"""How a bank's sentence is put together from pieces, and read back: from its first word, each piece in its place.

A payer's name is whatever stands between two pieces and is never looked into: the sentence must go on, in the bank's
order, to its very end. What a tray cut off is read as far as it goes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from paygate.banks.notices.text import BALANCE, MOMENT, SATANG, S

NAME: Final = r"(?P<payer>.{1,120}?)"  # Behind the amount: as little as lets the rest be read to its end.
LEADING_NAME: Final = r"(?P<payer>.{1,160})"  # Before it: as much as does, so that the last amount counts.
FROM: Final = rf"(?:ส่งจาก|โอนจาก|จาก|from|by|ผู้โอน|ผู้ส่ง){S}(?:บัญชี{S}|account{S}|a/c{S})?:?{S}{NAME}"
VIA: Final = rf"(?:ผ่าน|via|through|ช่องทาง){S}(?:รายการ|บริการ|ช่องทาง)?{S}[^\s0-9][\w./&+-]{{0,24}}"
REFERENCE: Final = rf"(?:ref(?:erence)?(?:{S}(?:no|id))?|อ้างอิง|รหัสอ้างอิง|เลขที่รายการ|รหัส){S}[.:#]*{S}[\w-]{{3,40}}"
DONE: Final = r"(?:รับเงินสำเร็จ|สำเร็จ(?:แล้ว)?|เรียบร้อย(?:แล้ว)?|successful(?:ly)?)"
HELP: Final = r"(?:สอบถาม|โทร|ติดต่อ|หากไม่ได้|if in doubt|call|uid)(?:(?![0-9]{1,2}:[0-9]{2}|" + SATANG + r")[^@]){0,80}"
SEPARATOR: Final = r"[\s.,;|]{0,4}"
_END = r"[\s.,!\)\]]*$"
ELLIPSIS: Final = re.compile(r"\s?(?:…|\.{2,})$")
# Without an ellipsis only what is plainly the beginning of a further piece counts as cut off.
_OPENINGS = (
    *("จากบัญชี", "จาก", "เข้าบัญชี", "เมื่อวันที่", "วันที่", "เวลา", "ยอดเงินคงเหลือ", "ยอดเงินที่ใช้ได้", "คงเหลือ", "เหลือ"),
    *("ใช้ได้", "เงินในบ/ชใช้ได้", "ผ่านรายการ", "ผ่าน", "จำนวนเงิน", "from", "to account", "to your account", "on"),
    *("available balance", "avai. bal. is", "avail bal", "outstanding balance", "balance", "ref", "via"),
)


def _begun(words: str) -> str:
    """A pattern for every beginning of *words*: "on" -> o(?:n)?"""
    pattern = ""
    for character in reversed(words):
        pattern = re.escape(character) + (f"(?:{pattern})?" if pattern else "")
    return pattern


_OPENED = "|".join(map(_begun, _OPENINGS))
_CUT = rf"{SEPARATOR}(?:(?:{_OPENED})(?:{S}:?{S}[0-9A-Za-z*•/@:., -]{{0,40}})?|[0-9/@:.,-]{{1,16}})?"


@dataclass(frozen=True, slots=True)
class Found:
    """What a sentence was made of: the pieces that are there, as text."""

    pieces: Mapping[str, str]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of sentence that says that money came in.

    `head` must be there; each of `tail` follows, in order, or is left out. `whole` are the pieces (mask, moment,
    balance) that the bank always writes: without one of them the text was cut off. A `closed` form has a payer's name
    before the amount or the account; it is read only when nothing is cut off it and nothing stands behind it.
    """

    head: str
    tail: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    closed: bool = False

    def read(self, line: str) -> Found | None:
        """What *line*, normalised, says in this form, to its end; None when it is not of this form."""
        if ELLIPSIS.search(line):
            return None
        closing = _END if self.closed else f"(?:{SEPARATOR}{DONE})?(?:{SEPARATOR}{HELP})?{_END}"
        match = _compiled(self._pattern + closing).match(line)
        return match and self._found(match, cut=False)

    def read_cut(self, line: str) -> Found | None:
        """The same for a line that may have been cut off after the head, with or without an ellipsis."""
        if self.closed:
            return None
        torn = ELLIPSIS.search(line)
        line = line[: torn.start()] if torn else line
        match = _compiled(f"{self._pattern}{_CUT}$").match(line)
        if match is None and torn:
            match = _compiled(rf"{self._pattern}(?![0-9xX*•●]).{{0,60}}$").match(line)
        return match and self._found(match, cut=True)

    @property
    def _pattern(self) -> str:
        return self.head + "".join(
            f"{SEPARATOR}{piece}" if self._needed(piece) else f"(?:{SEPARATOR}{piece})?" for piece in self.tail
        )

    def _needed(self, piece: str) -> bool:
        """Behind a name that takes in all it can, and the amount, the bank's last piece must stand: else the name would
        take in the amount, and the balance pass for it."""
        named_first = 0 <= self.head.find("(?P<payer>") < self.head.find("(?P<amount>")
        return self.closed and named_first and any(f"(?P<{name}>" in piece for name in self.whole)

    def _found(self, match: re.Match[str], *, cut: bool) -> Found:
        pieces = {name: value.strip() for name, value in match.groupdict().items() if value and value.strip()}
        if cut:
            if "mask" in pieces and match.end("mask") == match.end():
                del pieces["mask"]  # Its last digits may be missing.
            for name in ("moment", "balance"):
                if name in pieces and "payer" in pieces and match.start(name) > match.start("payer"):
                    del pieces[name]  # The name may have been made to look like the end of the sentence.
        return Found(pieces, cut or any(name not in pieces for name in self.whole))


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def either_order(head: str, *tail: str, whole: tuple[str, ...] = ()) -> tuple[Form, Form]:
    """A form whose sentence ends with the moment and the balance, one way round or the other."""
    return Form(head, (*tail, MOMENT, BALANCE), whole), Form(head, (*tail, BALANCE, MOMENT), whole)
