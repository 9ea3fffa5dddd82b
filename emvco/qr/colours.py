"""Two colours that a scanner can tell apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from emvco.errors import SymbolError
from emvco.qr.png import Rgb

BLACK: Final = "#000"
WHITE: Final = "#fff"
# Cameras binarise by brightness. Below 3:1 (as WCAG 2.2, 1.4.11) bad light or a worn print takes the code away.
CONTRAST_MIN: Final = 3.0
_COLOUR: Final = re.compile(r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Look:
    """What does not depend on the modules: *scale* pixels a module, *border* modules of light around, colours."""

    scale: int
    border: int
    dark: str = BLACK
    light: str = WHITE


def rgb(colour: str) -> Rgb:
    """`#rgb` or `#rrggbb` as three numbers. Raises SymbolError."""
    if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
        raise SymbolError("bad_colour", message="a colour is #rgb or #rrggbb")
    return _rgb(colour)


@lru_cache(maxsize=256)
def _rgb(colour: str) -> Rgb:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def rgb_pair(dark: str, light: str) -> tuple[Rgb, Rgb]:
    """Both as numbers. Raises SymbolError if the dark one is not dark enough beside the light one."""
    pair = rgb(dark), rgb(light)
    if (_luminance(pair[1]) + 0.05) / (_luminance(pair[0]) + 0.05) < CONTRAST_MIN:
        raise SymbolError("low_contrast", message="modules must be clearly darker than what is around them")
    return pair


def _luminance(colour: Rgb) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
