"""One QR symbol, ISO/IEC 18004, and the ways to see it."""

from __future__ import annotations

from binascii import b2a_base64
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from emvco.errors import InputError, SymbolError
from emvco.fields import Written, code_text
from emvco.qr import mark as marks
from emvco.qr import png, svg, terminal
from emvco.qr.affine import affine_png
from emvco.qr.board import board_of, information
from emvco.qr.codewords import Mode, template_for
from emvco.qr.colours import BLACK, WHITE, Look, rgb_pair
from emvco.qr.spec import ErrorLevel
from emvco.qr.tables import raw_board

SCALE_MAX: Final = 100
BORDER_MAX: Final = 40
_MODES: Final = frozenset(("byte", "compact"))
_LEVELS: Final = frozenset(("L", "M", "Q", "H"))
# A payment is looked at several times (the answer, its PNG, its SVG, the page) within its minutes. About 1 KB each.
_SYMBOLS_KEPT: Final = 512


@dataclass(frozen=True, slots=True, init=False)
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
    board: int = field(repr=False)  # As `emvco.qr.board` lays it out.

    def __init__(
        self, text: str, version: int, mask: int, error: ErrorLevel, scale: int, border: int, board: int
    ) -> None:
        # What a frozen dataclass does by itself takes three times as long.
        _put_text(self, text)
        _put_version(self, version)
        _put_mask(self, mask)
        _put_error(self, error)
        _put_scale(self, scale)
        _put_border(self, border)
        _put_board(self, board)

    @property
    def size(self) -> int:
        """Modules to a side, without the quiet zone."""
        return 17 + 4 * self.version

    @property
    def width(self) -> int:
        """Pixels to a side of the PNG and the SVG, quiet zone included."""
        return (self.size + 2 * self.border) * self.scale

    def rows(self) -> tuple[bytes, ...]:
        """The modules from top to bottom, without the quiet zone: one byte each, 1 is dark and 0 is light."""
        return board_of(self.version).rows(self.board)

    def modules(self) -> bytes:
        """The same in one piece: size * size bytes, row after row."""
        return b"".join(self.rows())

    def png(self, *, dark: str = BLACK, light: str = WHITE, mark: bytes | None = None) -> bytes:
        """A PNG file. Black on white is greyscale, other colours (`#rgb`, `#rrggbb`) a palette of two.

        *mark* is a small picture for the middle, itself a PNG; it needs level H (see `emvco.qr.mark`). Raises
        SymbolError for colours that scanners cannot tell apart and for marks that cannot be drawn.
        """
        if dark is BLACK and light is WHITE and mark is None:
            affine = affine_png(self.version, self.scale, self.border)
            if affine is not None:
                return affine.write(self.board)
        if mark is not None:
            marks.require_h(self.error)
            return marks.write_png(mark, self.rows(), Look(self.scale, self.border, dark, light))
        return png.write(self.rows(), self.scale, self.border, *rgb_pair(dark, light))

    def svg(self, *, dark: str = BLACK, light: str = WHITE, mark: bytes | None = None) -> str:
        """An SVG document, which can also stand inside an HTML page. Colours and mark as in `png`."""
        if not (dark is BLACK and light is WHITE):
            rgb_pair(dark, light)
        image = ""
        if mark is not None:
            marks.require_h(self.error)
            image = marks.svg_image(mark, self.size, self.border, light)
        look = Look(self.scale, self.border, dark, light)
        return svg.write(board_of(self.version).lines(self.board), look, image)

    def terminal(self, *, ansi: bool = True) -> str:
        """Lines for a terminal, two modules to a character, the quiet zone included; ends without a line break.

        With *ansi* the colours are set, dark on light whatever the terminal's own. Without, it is plain text for a
        terminal of light text on a dark ground.
        """
        return terminal.write(self.rows(), self.border, ansi=ansi)

    def data_url(self) -> str:
        """The PNG as a `data:` URL for an HTML page or a JSON answer."""
        return "data:image/png;base64," + b2a_base64(self.png(), newline=False).decode("ascii")


_put_text, _put_version, _put_mask, _put_error, _put_scale, _put_border, _put_board = (
    getattr(Symbol, name).__set__ for name in Symbol.__slots__
)


def render(
    text: str | Written,
    mode: Mode = "byte",
    error: ErrorLevel = "M",
    scale: int = 8,
    border: int = 4,
    mask: int | None = None,
) -> Symbol:
    """Draw *text*, or the code that was read of it, as a QR symbol of the smallest version that holds it.

    `mode` "byte" is what EMVCo asks for; "compact" uses numeric and alphanumeric segments where that makes the symbol
    smaller. Text that is not ASCII is declared as UTF-8 (ECI 26) in both. `error` is the correction level, never raised
    silently. `mask` 0 to 7 forces one; None takes the one with the lowest penalty, by the rule in `emvco.qr.board`.
    `scale` is 1 to 100 pixels a module, `border` 0 to 40 modules (the standard asks for 4). Raises SymbolError.
    """
    if not isinstance(text, str):
        try:
            text = code_text(text)
        except InputError:
            raise SymbolError("not_text", message="a symbol is drawn of text") from None
    check_options(mode, error, scale, border, mask)
    version, chosen, board = _drawn(text, mode, error, mask)
    return Symbol(text, version, chosen, error, scale, border, board)


class Options(NamedTuple):
    """The keyword arguments of `render`."""

    mode: Mode
    error: ErrorLevel
    scale: int
    border: int
    mask: int | None


def check_options(mode: str, error: str, scale: int, border: int, mask: int | None) -> None:
    """Raise SymbolError unless they are what `render` takes."""
    if not isinstance(mode, str) or mode not in _MODES:
        raise SymbolError("unknown_mode", message="the mode is byte or compact")
    if not isinstance(error, str) or error not in _LEVELS:
        raise SymbolError("unknown_level", message="the error correction level is L, M, Q or H")
    _require_range("scale", scale, 1, SCALE_MAX)
    _require_range("border", border, 0, BORDER_MAX)
    if mask is not None:
        _require_range("mask", mask, 0, 7)


def _require_range(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise SymbolError(f"bad_{name}", message=f"{name} is {low} to {high}")


def utf8(text: str) -> bytes:
    """The bytes of a text that can be drawn. Raises SymbolError."""
    if not text:
        raise SymbolError("empty", message="there is nothing to draw")
    try:
        return text.encode()
    except UnicodeEncodeError as wrong:
        raise SymbolError("not_unicode", wrong.start, message="a lone surrogate is not a character") from None


@lru_cache(maxsize=_SYMBOLS_KEPT)
def _drawn(text: str, mode: Mode, error: ErrorLevel, mask: int | None) -> tuple[int, int, int]:
    """Version, mask and final board."""
    raw = utf8(text)
    template = template_for(raw, mode, error)
    version = template.version
    board = board_of(version)
    plain = raw_board(template, raw)
    if mask is None:
        mask, masked = board.best_mask(plain)
    else:
        masked = plain ^ board.patterns[mask]
    return version, mask, masked ^ information(version, error, mask)
