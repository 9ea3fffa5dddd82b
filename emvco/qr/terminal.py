"""Half-block characters: the upper half of a character is one row of modules, the lower half the next.

A QR code is dark on light, and few bank apps read the reverse. So with ANSI colours ink and paper are set outright (16
and 231 of the 256 colours: black and white in every theme). Without them the light modules are drawn, since terminals
mostly write light on dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# By (upper, lower), 1 is dark. With colours the ink is black; without, the ink is the terminal's and stands for light.
_INK_IS_DARK: Final = {(1, 1): "█", (1, 0): "▀", (0, 1): "▄", (0, 0): " "}
_INK_IS_LIGHT: Final = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
_COLOURS: Final = "\x1b[38;5;16;48;5;231m"
_RESET: Final = "\x1b[0m"


def write(rows: Sequence[bytes], border: int, *, ansi: bool) -> str:
    """The lines, without a line break at the end. *rows* of modules (1 is dark), *border* modules of light around."""
    width = len(rows) + 2 * border
    quiet = bytes(width)
    side = bytes(border)
    lines = [quiet] * border + [side + row + side for row in rows] + [quiet] * border
    if len(lines) % 2:
        # The last lower half is outside the symbol: light under colours, the terminal's own ground without.
        lines.append(quiet if ansi else b"\x01" * width)
    glyphs = _INK_IS_DARK if ansi else _INK_IS_LIGHT
    before, after = (_COLOURS, _RESET) if ansi else ("", "")
    return "\n".join(
        before + "".join(map(glyphs.__getitem__, zip(lines[i], lines[i + 1], strict=True))) + after
        for i in range(0, len(lines), 2)
    )
