"""SVG 1.1: a ground and one stroked path, a run of dark modules to a stroke. Two kilobytes for a payment code."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import Final

from emvco.qr.colours import BLACK, WHITE

# Rows are looked up in pieces: 2,048 possible ones of eleven modules each, as the gap between lines of a board is wide.
_PIECE: Final = 11


def write(lines: str, scale: int, border: int, dark: str = BLACK, light: str = WHITE) -> str:
    """The document. *lines* as `Board.lines` gives them, *scale* pixels a module, *border* modules of light around."""
    width = _width(len(lines))
    size = width - 11
    side = size + 2 * border
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side * scale}" height="{side * scale}" '
        f'viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="{light}" d="M0 0h{side}v{side}H0z"/><path stroke="{dark}" d="{path(lines, border)}"/></svg>\n'
    )


def path(lines: str, border: int) -> str:
    """The strokes: one unit wide, hence on the middle of their rows."""
    width = _width(len(lines))
    size = width - 11
    inner, last = _pieces()
    ends = range(_PIECE, size, _PIECE)
    parts: list[str] = []
    for row in range(size):
        start = row * width
        parts.append(f"M{border} {border + row}.5")
        parts += [inner[lines[start + end - _PIECE : start + end]] for end in ends]
        at = start + len(ends) * _PIECE
        parts.append(last[lines[at : at + _PIECE]])
    return "".join(parts)


@lru_cache(maxsize=64)
def _width(length: int) -> int:
    """Of a line with its gap, from size * (size + 11) characters."""
    return next(size + 11 for size in range(21, 178, 4) if size * (size + 11) == length)


@lru_cache(maxsize=1)
def _pieces() -> tuple[dict[str, str], dict[str, str]]:
    """Commands by eleven modules: h draws dark ones, m skips light ones. Light at the end of a line says nothing."""
    every = [format(i, "011b") for i in range(1 << _PIECE)]
    return {piece: _strokes(piece) for piece in every}, {piece: _strokes(piece.rstrip("0")) for piece in every}


def _strokes(piece: str) -> str:
    runs = [(module, len(list(run))) for module, run in groupby(piece)]
    return "".join(f"h{length}" if module == "1" else f"m{length} 0" for module, length in runs)
