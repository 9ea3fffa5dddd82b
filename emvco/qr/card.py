"""The payment card that payers know: header band, QR, amount, who is paid. And a poster of it for the counter.

SVG, drawn here; no logo of anybody. Text is text, set by whoever shows the file, with Thai faces first: so tone marks
and vowels stand where the font's own rules put them. Widths can only be estimated without a font; names that would not
fit are set smaller, then on two lines, and never cut off.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

from emvco.errors import SymbolError
from emvco.payload import parse
from emvco.qr import svg
from emvco.qr.board import board_of
from emvco.qr.codewords import Mode
from emvco.qr.spec import ErrorLevel
from emvco.qr.symbol import Symbol, render

Language = Literal["th", "en"]
Paper = Literal["A5", "A6"]

FONTS: Final = "Sarabun, 'Noto Sans Thai', Thonburi, 'Leelawadee UI', system-ui, sans-serif"
BAND: Final = "#113566"
_INK: Final = "#0B1F3A"
_QUIET_INK: Final = "#4A5872"
_LINE: Final = "#D5DCE6"
_NAME_MAX: Final = 100
_PAPER_MM: Final[dict[str, tuple[int, int]]] = {"A5": (148, 210), "A6": (105, 148)}

_WORDS: Final[dict[str, dict[str, str]]] = {
    "th": {
        "account": "ชื่อบัญชี",
        "reference": "อ้างอิง",
        "open": "ใส่จำนวนเงินในแอปธนาคาร",
        "scan": "สแกนเพื่อจ่าย",
        "one": "เปิดแอปธนาคารใดก็ได้ แล้วเลือกสแกน",
        "two": "สแกน QR นี้",
        "three": "ตรวจชื่อบัญชีและจำนวนเงิน แล้วยืนยัน",
    },
    "en": {
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

    def svg(self) -> str:
        """The card, 360 units wide, as an SVG document; also inside an HTML page."""
        words = _WORDS[self.language]
        parts = [_band(360, 64, 24, radius=12), _code(self.symbol, 28, 68, 304)]
        y = 366
        if self.amount_satang is None:
            y += 24
            parts.append(_text(180, y, 16, words["open"], _QUIET_INK))
        else:
            y += 38
            (money,), size = _fitted(baht(self.amount_satang), 320, 40, 20)
            parts.append(_text(180, y, size, money, _INK, bold=True))
        if self.name:
            y += 34
            parts.append(_text(180, y, 14, words["account"], _QUIET_INK))
            lines, size = _fitted(self.name, 312, 20, 12)
            for line in lines:
                y += round(size * 1.6)
                parts.append(_text(180, y, size, line, _INK, bold=True))
        if self.reference:
            y += 28
            parts.append(_text(180, y, 14, f"{words['reference']} {self.reference}", _QUIET_INK))
        height = y + 28
        frame = f'<rect x="0.5" y="0.5" width="359" height="{height - 1}" rx="12" fill="#fff" stroke="{_LINE}"/>'
        return _document(f'width="360" height="{height}" viewBox="0 0 360 {height}"', self._title(), [frame, *parts])

    def poster(self, paper: Paper = "A5") -> str:
        """One printed page for a counter, as an SVG document in millimetres. Raises SymbolError for other papers."""
        if paper not in _PAPER_MM:
            raise SymbolError("unknown_paper", message="the paper is A5 or A6")
        width, height = _PAPER_MM[paper]
        words = _WORDS[self.language]
        # Laid out once, 148 units wide: A6 is A5 at 1 : sqrt(2), to a unit.
        bottom = _number(148 * height / width)
        parts = [f'<rect width="148" height="{bottom}" fill="#fff"/>', _band(148, 27, 10.5)]
        y = 39.0
        if self.name:
            lines, size = _fitted(self.name, 132, 9, 5)
            for line in lines:
                parts.append(_text(74, y, size, line, _INK, bold=True))
                y += size * 1.5
        side = min(166 - y if self.amount_satang is None else 153 - y, 140)
        parts.append(_code(self.symbol, 74 - side / 2, y - 5, side))
        y += side - 2
        if self.amount_satang is not None:
            (money,), size = _fitted(baht(self.amount_satang), 132, 14, 8)
            parts.append(_text(74, y + 6, size, money, _INK, bold=True))
            y += 12
        parts.append(_text(74, y + 6, 8, words["scan"], BAND, bold=True))
        for number, step in enumerate(("one", "two", "three"), 1):
            y += 8
            parts.append(_text(74, y + 8, 5, f"{number}. {words[step]}", _QUIET_INK))
        if self.reference:
            parts.append(_text(74, 205, 4, f"{words['reference']} {self.reference}", _QUIET_INK))
        page = f'width="{width}mm" height="{height}mm" viewBox="0 0 148 {bottom}"'
        return _document(page, self._title(), parts)

    def _title(self) -> str:
        said = ["Thai QR Payment"]
        if self.amount_satang is not None:
            said.append(baht(self.amount_satang))
        if self.name:
            said.append(self.name)
        return ", ".join(said)


def card(
    payload: str,
    amount_satang: int | None = None,
    name: str | None = None,
    *,
    reference: str | None = None,
    language: Language = "th",
    mode: Mode = "byte",
    error: ErrorLevel = "M",
) -> Card:
    """The card of a payment code.

    The amount shown is the payload's own; *amount_satang* is for codes without one, and must not contradict it. *name*
    is the account's name as the bank will show it, *reference* a line below. Raises EmvcoError if the payload is not a
    sound payment code, SymbolError for anything else.
    """
    inside = parse(payload).amount_satang
    if inside is not None and amount_satang not in {None, inside}:
        raise SymbolError("wrong_amount", path="54", message="the payload asks for another amount")
    amount = inside if inside is not None else amount_satang
    if amount is not None and (type(amount) is not int or amount <= 0):
        raise SymbolError("bad_amount", message="an amount is a positive number of satang")
    if language not in _WORDS:
        raise SymbolError("unknown_language", message="the language is th or en")
    symbol = render(payload, mode=mode, error=error)
    return Card(symbol, amount, _line("name", name), _line("reference", reference), language)


def baht(amount_satang: int) -> str:
    """`฿1,234.50`."""
    return f"฿{amount_satang // 100:,}.{amount_satang % 100:02d}"


def _line(what: str, text: str | None) -> str | None:
    """One line of text, with single spaces. Raises SymbolError."""
    if text is None:
        return None
    line = " ".join(text.split())
    if len(line) > _NAME_MAX:
        raise SymbolError(f"long_{what}", _NAME_MAX, message=f"the {what} is {_NAME_MAX} characters at most")
    for i, character in enumerate(line):
        if unicodedata.category(character) in {"Cc", "Cs", "Cn"} or character in "\ufffe\uffff":
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
            total += 0.6
        else:
            total += 0.74 if character.isupper() or character in "mwMW@%" else 0.62
    return total


def _fitted(text: str, width: float, size: float, least: float) -> tuple[list[str], float]:
    """Lines and font size such that the text fits: smaller first, then on two lines, then smaller still."""
    wanted = _width(text)
    if wanted * size <= width or wanted * least * 1.2 <= width:
        return [text], min(size, round(width / wanted, 1))
    cuts = [i for i, character in enumerate(text) if character == " "]
    if not cuts:
        return [text], round(width / wanted, 1)
    cut = min(cuts, key=lambda i: max(_width(text[:i]), _width(text[i + 1 :])))
    lines = [text[:cut], text[cut + 1 :]]
    return lines, min(size, round(width / max(map(_width, lines)), 1))


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _text(x: float, y: float, size: float, text: str, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" font-size="{_number(size)}"{weight} fill="{colour}">'
        f"{escape(text, quote=False)}</text>"
    )


def _band(width: float, height: float, size: float, radius: float = 0) -> str:
    """The header along the top; its upper corners may be round."""
    r = radius
    corners = f"M0 {height}V{r}a{r} {r} 0 0 1 {r} {-r}H{width - r}a{r} {r} 0 0 1 {r} {r}V{height}z"
    path = f'<path fill="{BAND}" d="{corners if r else f"M0 0h{width}v{height}H0z"}"/>'
    return path + _text(width / 2, height / 2 + size * 0.35, size, "THAI QR PAYMENT", "#fff", bold=True)


def _code(symbol: Symbol, x: float, y: float, side: float) -> str:
    """The symbol with its quiet zone in a square."""
    border = symbol.border
    modules = symbol.size + 2 * border
    lines = board_of(symbol.version).lines(symbol.board)
    return (
        f'<g transform="translate({_number(x)} {_number(y)}) scale({side / modules:.5f})" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{modules}v{modules}H0z"/>'
        f'<path stroke="#000" d="{svg.path(lines, border)}"/></g>'
    )


def _document(page: str, title: str, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {page} role="img" font-family="{FONTS}" text-anchor="middle">'
        f"<title>{escape(title, quote=False)}</title>{''.join(parts)}</svg>\n"
    )
