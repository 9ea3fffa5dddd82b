"""A line of Thai or Latin text as grey pixels, in Sarabun (SIL OFL 1.1, in `fonts/`), the same on every host.

HarfBuzz places the glyphs: Thai needs the font's own rules for tone marks above vowels and beside ascenders, and Pillow
knows them only where FriBiDi happens to be installed. uharfbuzz brings HarfBuzz and its rasteriser in its wheel.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module, resources
from typing import Any, Final

from emvco.errors import SymbolError

_FILES: Final = {False: "Sarabun-Regular.ttf", True: "Sarabun-SemiBold.ttf"}
ELLIPSIS: Final = "…"
_LEADING_VOWELS: Final = "เแโใไ"
_FOLLOWING: Final = "ะาำๅๆฯ"  # Thai that belongs to what stands before, but does not stand above or below it.


@dataclass(frozen=True, slots=True)
class Ink:
    """How far each pixel of a rectangle is covered, 0 to 255, from its upper left corner at (*left*, *top*)."""

    left: int
    top: int
    width: int
    height: int
    cover: bytes


def library(name: str) -> Any:
    """An optional library. Raises SymbolError if it is not installed."""
    try:
        return import_module(name)
    except ImportError as missing:
        message = "cards as PNG need Pillow and uharfbuzz: pip install pillow uharfbuzz"
        raise SymbolError("missing_library", message=message) from missing


@lru_cache(maxsize=2)
def _font(bold: bool) -> Any:
    """A HarfBuzz font, scaled to its own units."""
    harfbuzz = library("uharfbuzz")
    return harfbuzz.Font(harfbuzz.Face(resources.files("emvco.qr").joinpath("fonts", _FILES[bold]).read_bytes()))


@lru_cache(maxsize=256)
def _shaped(text: str, bold: bool) -> tuple[tuple[tuple[int, int, int], ...], int]:
    """Glyphs as (id, x, y), and the advance of all, in units of the font."""
    harfbuzz, font = library("uharfbuzz"), _font(bold)
    buffer = harfbuzz.Buffer()
    buffer.add_str(text)
    thai = any("\u0e00" <= character <= "\u0e7f" for character in text)
    # Said, not guessed: HarfBuzz takes a language that is not given from the host's locale.
    buffer.direction, buffer.script, buffer.language = "ltr", "Thai" if thai else "Latn", "th" if thai else "en"
    harfbuzz.shape(font, buffer)
    glyphs, x = [], 0
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        glyphs.append((info.codepoint, x + position.x_offset, position.y_offset))
        x += position.x_advance
    return tuple(glyphs), x


def width(text: str, *, bold: bool = False) -> float:
    """In font sizes. Raises SymbolError as `library` does."""
    return float(_shaped(text, bold)[1] / _font(bold).face.upem)


def can_break(text: str, place: int) -> bool:
    """May a line end before this character? No letter loses a mark or a vowel."""
    following, last = text[place], text[place - 1]
    is_part = unicodedata.category(following) in {"Mn", "Mc", "Me", "Cf"} or following in _FOLLOWING
    return not is_part and last not in _LEADING_VOWELS and unicodedata.category(last) != "Cf"


def cut(text: str, room: float, *, bold: bool = False) -> str:
    """*text*, or as much of its beginning as fits into *room* font sizes with an ellipsis; no syllable loses a mark."""
    if width(text, bold=bold) <= room:
        return text
    for end in range(len(text) - 1, 0, -1):
        if not can_break(text, end):
            continue
        shorter = text[:end].rstrip() + ELLIPSIS
        if width(shorter, bold=bold) <= room:
            return shorter
    return ELLIPSIS


def ink(text: str, x: float, y: float, size: float, *, bold: bool = False) -> Ink:
    """*text* of *size* pixels, its middle at *x* and its baseline at *y*, both counted from the upper left corner."""
    font = _font(bold)
    glyphs, advance = _shaped(text, bold)
    unit = size / font.face.upem
    start = x - advance * unit / 2
    draw = library("uharfbuzz").RasterDraw()
    for glyph, right, up in glyphs:
        draw.transform = (unit, 0.0, 0.0, unit, start + right * unit, up * unit - y)
        draw.draw_glyph(font, glyph)
    image = draw.render()
    if image is None:
        raise SymbolError("no_memory", message="there is no memory to draw the text")
    extents, rows = image.extents, image.buffer
    lines = [rows[i * extents.stride : i * extents.stride + extents.width] for i in range(extents.height)]
    top = -(extents.y_origin + extents.height)
    return Ink(extents.x_origin, top, extents.width, extents.height, b"".join(reversed(lines)))
