"""The payment card that payers know: header band, QR, amount, who is paid. And a poster of it for the counter.

Drawn here; no logo of anybody. In the SVG text is text, set by whoever shows the file, with Thai faces first: so tone
marks and vowels stand where the font's own rules put them. Widths can only be estimated without a font; names that
would not fit are set smaller, then on two lines, and never cut off. The PNG is the same drawing, set in Sarabun.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from math import ceil, cos, pi, sin
from typing import Final, Literal

from emvco.errors import SymbolError
from emvco.fields import DIRECTIONS
from emvco.payload import Payload, parse
from emvco.qr import picture
from emvco.qr.codewords import Mode
from emvco.qr.mark import read as read_mark
from emvco.qr.mark import require_h
from emvco.qr.scene import Band, Code, Disc, Ground, Item, Scene, Sign, Text
from emvco.qr.spec import ErrorLevel
from emvco.qr.symbol import Symbol, render
from emvco.qr.typeset import can_break

Language = Literal["th", "en"]
Paper = Literal["A5", "A6"]

BAND: Final = "#113566"
_INK: Final = "#0B1F3A"
_QUIET_INK: Final = "#4A5872"
_LINE: Final = "#D5DCE6"
_NAME_MAX: Final = 100
_LEADING: Final = 1.9  # From line to line of a name, in font sizes: Thai marks stand high above and hang deep below.
_READABLE: Final = 10.0  # Units of the card; a PNG cannot be zoomed into as an SVG can.
PNG_SCALE_MAX: Final = 10
_PAPER_MM: Final[dict[str, tuple[int, int]]] = {"A5": (148, 210), "A6": (105, 148)}

_WORDS: Final[dict[str, dict[str, str]]] = {
    "th": {
        "promptpay": "พร้อมเพย์ PromptPay",
        "account": "ชื่อบัญชี",
        "reference": "อ้างอิง",
        "open": "ใส่จำนวนเงินในแอปธนาคาร",
        "scan": "สแกนเพื่อจ่าย",
        "one": "เปิดแอปธนาคารใดก็ได้ แล้วเลือกสแกน",
        "two": "สแกน QR นี้",
        "three": "ตรวจชื่อบัญชีและจำนวนเงิน แล้วยืนยัน",
    },
    "en": {
        "promptpay": "PromptPay",
        "account": "Account name",
        "reference": "Reference",
        "open": "Enter the amount in your bank app",
        "scan": "Scan to pay",
        "one": "Open any bank app and choose scan",
        "two": "Scan this QR",
        "three": "Check the name and the amount, then confirm",
    },
}


@dataclass(frozen=True, slots=True)
class Card:
    """What a payment card says. `amount_satang` None leaves the amount to the payer."""

    symbol: Symbol
    amount_satang: int | None
    name: str | None
    reference: str | None
    language: Language
    shop: str | None = None
    mark: bytes | None = None

    def svg(self) -> str:
        """The card, 360 units wide, as an SVG document; also inside an HTML page."""
        return self._card(0).svg()

    def png(self, *, scale: int = 3) -> bytes:
        """The card as a PNG file, 360 pixels times *scale* (1 to 10) wide, with a font of ours.

        Modules are whole pixels, so the code may be a little smaller than in the SVG. Text is never set smaller than
        can be read: what does not fit then is cut and ends in an ellipsis. Characters that are neither Thai nor Latin
        are empty boxes. Equal input gives equal bytes for one version of Pillow and of uharfbuzz each, whatever the
        host has installed. Raises SymbolError: bad_scale, and missing_library if either is not installed.
        """
        if type(scale) is not int or not 1 <= scale <= PNG_SCALE_MAX:
            raise SymbolError("bad_scale", message=f"the scale of a card is 1 to {PNG_SCALE_MAX}")
        return picture.png(self._card(_READABLE), scale)

    def poster(self, paper: Paper = "A5") -> str:
        """One printed page for a counter, as an SVG document in millimetres. Raises SymbolError for other papers."""
        width, height = _paper_mm(paper)
        return self._poster(width, height, 0).svg(f"{width}mm", f"{height}mm")

    def poster_png(self, paper: Paper = "A5", *, dpi: int = 300) -> bytes:
        """The same page as a PNG file of *dpi* (72 to 600) dots an inch. Raises SymbolError as `png` does."""
        width, height = _paper_mm(paper)
        if type(dpi) is not int or not 72 <= dpi <= 600:
            raise SymbolError("bad_dpi", message="a poster has 72 to 600 dots an inch")
        return picture.png(self._poster(width, height, 3), width / 148 * dpi / 25.4, dpi)

    def _card(self, least: float) -> Scene:
        """Laid out 360 units wide, no text smaller than *least*."""
        words = _WORDS[self.language]
        items: list[Item] = [*_band(360, 64, 24, 12)]
        y = 68.0
        if self.shop:
            y += 30
            items.append(Text(180, y, max(_shrunk(self.shop, 320, 18), least), self.shop, _INK, 320, bold=True))
            y += 6  # What hangs below the line is not in the code's quiet zone.
        items.append(Code(self.symbol, 28, y, 304, self.mark))
        y += 316
        items += _promptpay(180, y, words["promptpay"])
        y += 8
        if self.amount_satang is None:
            y += 24
            items.append(Text(180, y, 16, words["open"], _QUIET_INK, 320))
        else:
            y += 38
            (money,), size = _fitted(baht(self.amount_satang), 320, 40, 20)
            items.append(Text(180, y, size, money, _INK, 320, bold=True))
        if self.name:
            y += 34
            items.append(Text(180, y, 14, words["account"], _QUIET_INK, 320))
            lines, size = _fitted(self.name, 312, 20, 12)
            size = max(size, least)
            for number, line in enumerate(lines):
                y += ceil(size * _LEADING) if number else round(size * 1.6)
                items.append(Text(180, y, size, line, _INK, 312, bold=True))
        if self.reference:
            y += 28
            said = f"{words['reference']} {self.reference}"
            items.append(Text(180, y, max(_shrunk(said, 320, 14), least), said, _QUIET_INK, 320))
        return Scene(360, y + 28, self._title(), (Ground(_LINE, 12), *items))

    def _poster(self, width_mm: int, height_mm: int, least: float) -> Scene:
        """Laid out once, 148 units wide: A6 is A5 at 1 : sqrt(2), to a unit."""
        words = _WORDS[self.language]
        items: list[Item] = [Ground(), *_band(148, 27, 10.5)]
        y = 39.0
        if self.name:
            lines, size = _fitted(self.name, 132, 9, 5)
            size = max(size, least)
            y = max(y, 31 + size * 1.25)  # Thai marks stand high above a line, and the band ends at 27.
            for line in lines:
                items.append(Text(74, y, size, line, _INK, 132, bold=True))
                y += size * _LEADING
            y -= size * (_LEADING - 1.5)
            y += max(0.0, 5.5 - size)  # The code's white ground begins 5 above: room for what hangs below a line.
        side = min(166 - y if self.amount_satang is None else 151 - y, 140)
        items.append(Code(self.symbol, 74 - side / 2, y - 5, side, self.mark))
        y += side - 2
        if self.amount_satang is not None:
            (money,), size = _fitted(baht(self.amount_satang), 132, 14, 8)
            items.append(Text(74, y + 6, size, money, _INK, 132, bold=True))
            y += 14
        items.append(Text(74, y + 6, 8, words["scan"], BAND, 132, bold=True))
        for count, step in enumerate(("one", "two", "three"), 1):
            y += 8
            items.append(Text(74, y + 8, 5, f"{count}. {words[step]}", _QUIET_INK, 140))
        if self.reference:
            said = f"{words['reference']} {self.reference}"
            items.append(Text(74, 205, max(_shrunk(said, 132, 4), least), said, _QUIET_INK, 132))
        return Scene(148, 148 * height_mm / width_mm, self._title(), tuple(items))

    def _title(self) -> str:
        said = ["Thai QR Payment"]
        if self.amount_satang is not None:
            said.append(baht(self.amount_satang))
        if self.name:
            said.append(self.name)
        return ", ".join(said)


def card(
    payload: str | Payload,
    amount_satang: int | None = None,
    name: str | None = None,
    *,
    reference: str | None = None,
    language: Language = "th",
    mode: Mode = "byte",
    error: ErrorLevel = "M",
    shop: str | None = None,
    mark: bytes | None = None,
) -> Card:
    """The card of a payment code.

    The amount shown is the code's own: *amount_satang* is put into a code without one, and must not contradict one that
    is there. *name* is the account's name as the bank will show it, *reference* a line below,
    *shop* one above, for whom it is. *mark*: a PNG in the middle of the code, at level H. Raises EmvcoError if the
    payload is not a sound code, SymbolError if it is no Thai payment, and for anything else.
    """
    if amount_satang is not None and (type(amount_satang) is not int or amount_satang <= 0):
        raise SymbolError("bad_amount", message="an amount is a positive number of satang")
    read = parse(payload)
    payload = str(read)
    if read.kind not in {"promptpay", "bill_payment"}:
        raise SymbolError("not_payable", message="the code is not a Thai payment")
    amount = read.amount_satang
    if amount is not None and amount_satang not in {None, amount}:
        raise SymbolError("wrong_amount", path="54", message="the payload asks for another amount")
    if amount is None and amount_satang is not None:
        payload, amount = str(read.with_amount(amount_satang)), amount_satang
    if not isinstance(language, str) or language not in _WORDS:
        raise SymbolError("unknown_language", message="the language is th or en")
    symbol = render(payload, mode=mode, error=error)
    if mark is not None:
        require_h(error)
        read_mark(mark)
    lines = _line("name", name), _line("reference", reference)
    return Card(symbol, amount, *lines, language, _line("shop", shop), mark)


def baht(amount_satang: int) -> str:
    """`฿1,234.50`."""
    return f"฿{amount_satang // 100:,}.{amount_satang % 100:02d}"


def _line(what: str, text: str | None) -> str | None:
    """One line of text, with single spaces. Raises SymbolError."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise SymbolError(f"bad_{what}", message=f"the {what} is text")
    line = " ".join(text.split())
    if len(line) > _NAME_MAX:
        raise SymbolError(f"long_{what}", _NAME_MAX, message=f"the {what} is {_NAME_MAX} characters at most")
    for i, character in enumerate(line):
        if unicodedata.category(character) in {"Cc", "Cs", "Cn"} or character in DIRECTIONS:
            raise SymbolError(f"bad_{what}", i, message=f"the {what} has a character that cannot be shown")
    return line or None


def _width(text: str) -> float:
    """Estimated, in font sizes; rather too wide. Marks above and below take no room."""
    total = 0.0
    for character in text:
        if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
            continue
        if unicodedata.east_asian_width(character) in "WF":
            total += 1.0
        elif character in " .,:;'|!il()[]-เแโใไ":
            total += 0.36
        elif character in "0123456789":
            total += 0.7
        elif character in "mwMW@%":
            total += 1.1
        else:
            total += 0.78 if character.isupper() else 0.68
    return max(total, 0.36)  # A mark alone is seen, too.


def _fitted(text: str, width: float, size: float, least: float) -> tuple[list[str], float]:
    """Lines and font size such that the text fits: smaller first, then on two lines, then smaller still."""
    wanted = _width(text)
    if wanted * size <= width or wanted * least * 1.2 <= width:
        return [text], min(size, round(width / wanted, 1))
    lines, found = [text], width / wanted
    # At a space, and where there is none or a half is too long all the same, between two letters.
    for cuts in (
        [i for i, character in enumerate(text) if character == " "],
        [i for i in range(1, len(text)) if can_break(text, i)],
    ):
        halves = [[text[:i].rstrip(), text[i:].lstrip()] for i in cuts] if len(lines) == 1 or found < least else []
        best = min(halves, key=lambda pair: max(map(_width, pair)), default=lines)
        if width / max(map(_width, best)) > found:
            lines, found = best, width / max(map(_width, best))
    return lines, min(size, int(found * 10) / 10)


def _shrunk(text: str, width: float, size: float) -> float:
    return min(size, round(width / _width(text), 1))


def _paper_mm(paper: str) -> tuple[int, int]:
    if not isinstance(paper, str) or paper not in _PAPER_MM:
        raise SymbolError("unknown_paper", message="the paper is A5 or A6")
    return _PAPER_MM[paper]


def _arc(x: float, y: float, radius: float, first: float, last: float) -> tuple[tuple[float, float], ...]:
    """Points of a part of a circle, angles in quarters of a turn, clockwise from the right."""
    turns = [(first + (last - first) * n / 8) * pi / 2 for n in range(9)]
    return tuple((round(x + radius * cos(turn), 2), round(y + radius * sin(turn), 2)) for turn in turns)


# Two arrows in a frame, 44 by 28: money that goes to and fro. Drawn by us.
_FRAME: Final = (*_arc(6, 6, 5, 2, 3), *_arc(38, 6, 5, 3, 4), *_arc(38, 22, 5, 0, 1), *_arc(6, 22, 5, 1, 2), (1.0, 6.0))
_ARROWS: Final = (
    _FRAME,
    ((8.0, 14.0), (36.0, 14.0)),
    ((27.0, 8.0), (36.0, 14.0), (27.0, 20.0)),
    ((17.0, 8.0), (8.0, 14.0), (17.0, 20.0)),
)
_P: Final = ((7.0, 15.0), (7.0, 5.5), *_arc(11, 8.5, 3, 3, 5), (7.0, 11.5))  # Within 20 by 20.
_SAID: Final = "THAI QR PAYMENT"
_SAID_WIDE: Final = 9.0  # In font sizes, as it is: what is estimated is too wide to stand beside a sign.


def _band(width: float, height: float, size: float, radius: float = 0) -> tuple[Band, Sign, Text]:
    """The header: its sign and what it says."""
    unit = size / 22
    sign, gap, said = 44 * unit, size / 2, size * _SAID_WIDE
    left = (width - sign - gap - said) / 2
    return (
        Band(height, BAND, radius),
        Sign(left, height / 2 - 14 * unit, unit, _ARROWS, 2.2, "#fff"),
        Text(left + sign + gap + said / 2, height / 2 + size * 0.35, size, _SAID, "#fff", width, bold=True),
    )


def _promptpay(x: float, y: float, words: str) -> tuple[Disc, Sign, Text]:
    """PromptPay's name, and a mark for it that we drew; *y* is the words' baseline."""
    wide = _width(words) * 14 * 0.85
    left = x - (wide + 22) / 2
    return (
        Disc(left + 8, y - 5, 8, BAND),
        Sign(left, y - 13, 0.8, (_P,), 2, "#fff"),
        Text(left + 22 + wide / 2, y, 14, words, BAND, 300, bold=True),
    )
