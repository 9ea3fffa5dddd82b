"""SVG 1.1: a ground and one stroked path, a run of dark modules to a stroke. Two kilobytes for a payment code."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from struct import Struct
from typing import Final

from emvco.qr.colours import Look

# Rows are looked up in pieces of eleven modules; the gap between lines of a board has room for the last one.
_PIECE: Final = 11
_GAP: Final = 11


def write(lines: bytes, look: Look, on_top: str = "") -> str:
    """The document. *lines* as `Board.lines` gives them, *on_top* elements in units of modules."""
    side = _layout(len(lines), look.border)[0] + 2 * look.border
    pixels = side * look.scale
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{pixels}" height="{pixels}" '
        f'viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="{look.light}" d="M0 0h{side}v{side}H0z"/>'
        f'<path stroke="{look.dark}" d="{path(lines, look.border)}"/>{on_top}</svg>\n'
    )


def path(lines: bytes, border: int) -> str:
    """The strokes, one unit wide; the first row's begin at (border, border + 0.5)."""
    _, count, cutter, moves = _layout(len(lines), border)
    inner, last = _pieces()
    pieces = cutter.unpack(lines)
    parts = [""] * ((count + 1) * len(moves))
    parts[0 :: count + 1] = moves
    for i in range(count):
        known = last if i == count - 1 else inner
        parts[i + 1 :: count + 1] = [known[piece] for piece in pieces[i::count]]
    return "".join(parts)


@lru_cache(maxsize=64)
def _layout(length: int, border: int) -> tuple[int, int, Struct, list[str]]:
    """Of size * (size + gap) characters: size, pieces to a line, what cuts them, and each row's first command."""
    size = next(size for size in range(21, 178, 4) if size * (size + _GAP) == length)
    count = -(-size // _PIECE)
    cutter = Struct((f"{_PIECE}s" * count + f"{size + _GAP - count * _PIECE}x") * size)
    # Strokes lie on the middle of their row: hence the half.
    return size, count, cutter, [f"M{border} {border + row}.5" for row in range(size)]


@lru_cache(maxsize=1)
def _pieces() -> tuple[dict[bytes, str], dict[bytes, str]]:
    """Commands by eleven modules: h draws dark ones, m skips light ones. Light at the end of a line says nothing."""
    every = [format(i, "011b") for i in range(1 << _PIECE)]
    inner = {piece.encode(): _strokes(piece) for piece in every}
    return inner, {piece.encode(): _strokes(piece.rstrip("0")) for piece in every}


def _strokes(piece: str) -> str:
    runs = [(module, len(list(run))) for module, run in groupby(piece)]
    return "".join(f"h{length}" if module == "1" else f"m{length} 0" for module, length in runs)
