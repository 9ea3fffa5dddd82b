"""SVG 1.1: a white square and one stroked path, a run of dark modules to a stroke. Two kilobytes for a payment code."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby


def write(rows: Sequence[bytes], scale: int, border: int) -> str:
    """The document. *rows* of modules (1 is dark), *scale* pixels a module, *border* modules of white around."""
    side = len(rows) + 2 * border
    # Strokes are one unit wide and lie on the middle of their row: hence the half.
    strokes = "".join(f"M{border} {border + y}.5{_strokes(row)}" for y, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side * scale}" height="{side * scale}" '
        f'viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path stroke="#000" d="{strokes}"/></svg>\n'
    )


def _strokes(row: bytes) -> str:
    """One row as relative commands: h draws dark modules, m skips light ones; light ones at the end say nothing."""
    commands = []
    for dark, run in groupby(row.rstrip(b"\x00")):
        length = len(list(run))
        commands.append(f"h{length}" if dark else f"m{length} 0")
    return "".join(commands)
