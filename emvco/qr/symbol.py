"""One QR symbol, ISO/IEC 18004, and the ways to see it. The only module that knows the engine, which is segno.

EMVCo MPM asks for byte mode whatever the text, and for ECI 000026 (UTF-8) as soon as one character is not ASCII.
"""

from __future__ import annotations

from binascii import b2a_base64
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

import segno

from emvco.errors import SymbolError
from emvco.qr import png, svg, terminal

Mode = Literal["byte"]
ErrorLevel = Literal["L", "M", "Q", "H"]

SCALE_MAX: Final = 100
BORDER_MAX: Final = 40
# A payment is looked at several times (the answer, its PNG, its SVG, the page) within its minutes: the matrix is what
# costs. About 2 KB each.
_MATRICES_KEPT: Final = 512


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR symbol: immutable, safe to share between threads; equal input gives equal bytes.

    `version` 1 to 40, `mask` 0 to 7, `scale` pixels to a module, `border` modules of quiet zone around.
    """

    text: str
    version: int
    mask: int
    error: ErrorLevel
    scale: int
    border: int
    _rows: tuple[bytes, ...] = field(repr=False)

    @property
    def size(self) -> int:
        """Modules to a side, without the quiet zone."""
        return len(self._rows)

    @property
    def width(self) -> int:
        """Pixels to a side of the PNG and the SVG, quiet zone included."""
        return (len(self._rows) + 2 * self.border) * self.scale

    def rows(self) -> tuple[bytes, ...]:
        """The modules from top to bottom, without the quiet zone: one byte each, 1 is dark and 0 is light."""
        return self._rows

    def png(self) -> bytes:
        """A PNG file: greyscale, one bit a pixel."""
        return png.write(self._rows, self.scale, self.border)

    def svg(self) -> str:
        """An SVG document, which can also stand inside an HTML page."""
        return svg.write(self._rows, self.scale, self.border)

    def terminal(self, *, ansi: bool = True) -> str:
        """Lines for a terminal, two modules to a character, the quiet zone included; ends without a line break.

        With *ansi* the colours are set, dark on light whatever the terminal's own. Without, it is plain text for a
        terminal of light text on a dark ground.
        """
        return terminal.write(self._rows, self.border, ansi=ansi)

    def data_url(self) -> str:
        """The PNG as a `data:` URL for an HTML page or a JSON answer."""
        return "data:image/png;base64," + b2a_base64(self.png(), newline=False).decode("ascii")


def render(
    text: str,
    *,
    mode: Mode = "byte",
    error: ErrorLevel = "M",
    scale: int = 8,
    border: int = 4,
    mask: int | None = None,
) -> Symbol:
    """Draw *text* as a QR symbol of the smallest version that holds it.

    `error` is the correction level, never raised silently. `mask` 0 to 7 forces one; None takes the one with the
    lowest penalty. `scale` is 1 to 100 pixels a module, `border` 0 to 40 modules (the standard asks for 4).
    Raises SymbolError.
    """
    if mode != "byte":
        raise SymbolError("unknown_mode", message="the mode is byte")
    if error not in {"L", "M", "Q", "H"}:
        raise SymbolError("unknown_level", message="the error correction level is L, M, Q or H")
    _require_range("scale", scale, 1, SCALE_MAX)
    _require_range("border", border, 0, BORDER_MAX)
    if mask is not None:
        _require_range("mask", mask, 0, 7)
    version, chosen, rows = _matrix(text, error, mask)
    return Symbol(text, version, chosen, error, scale, border, rows)


def _require_range(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise SymbolError(f"bad_{name}", message=f"{name} is {low} to {high}")


@lru_cache(maxsize=_MATRICES_KEPT)
def _matrix(text: str, error: ErrorLevel, mask: int | None) -> tuple[int, int, tuple[bytes, ...]]:
    """Version, mask and modules."""
    if not text:
        raise SymbolError("empty", message="there is nothing to draw")
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise SymbolError("not_unicode", wrong.start, message="a lone surrogate is not a character") from None
    wide = not text.isascii()
    encoding = "utf-8" if wide else None
    try:
        code = segno.make(
            text, mode="byte", error=error, mask=mask, micro=False, boost_error=False, encoding=encoding, eci=wide
        )
    except segno.DataOverflowError:
        raise SymbolError("too_long", message=f"the text does not fit into a symbol of level {error}") from None
    return int(code.version), int(code.mask), tuple(bytes(row) for row in code.matrix)
