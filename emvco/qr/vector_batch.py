"""Blocks of texts of one template to pictures, with NumPy."""

from __future__ import annotations

from binascii import b2a_base64
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emvco.qr import svg, terminal
from emvco.qr.codewords import Template
from emvco.qr.spec import ErrorLevel
from emvco.qr.vector import DRAWN_AT_ONCE, OFFSET, Octets, Scratch, Words, lines_of
from emvco.qr.vector_codes import Group, Lookup, vector_tables
from emvco.qr.vector_png import VectorPng, cut, vector_png

_PICTURES: Final = frozenset(("png", "data_url"))
_GAP: Final = 11  # As after each line of `emvco.qr.board`.


class VectorBatch:
    """Draws for one stream, with one set of options."""

    def __init__(self, format: str, error: ErrorLevel, scale: int, border: int, mask: int | None) -> None:
        self._format = format
        self._error = error
        self._scale = scale
        self._border = border
        self._mask = mask
        self._scratch = Scratch()

    def draw(self, template: Template, texts: list[bytes]) -> list[object] | None:
        """What `Symbol.<format>()` gives for each text (in UTF-8), or None if the ordinary path must do."""
        writer = None
        if self._format in _PICTURES:
            writer = vector_png(template.version, self._error, self._scale, self._border)
            if writer is None:
                return None
        tables = vector_tables(template.version, self._error)
        group = Group(template, texts)
        boards = Lookup(group, tables.boards)
        files = None if writer is None else Lookup(group, writer.table)
        results: list[object] = []
        for start in range(0, len(texts), DRAWN_AT_ONCE):
            end = min(start + DRAWN_AT_ONCE, len(texts))
            raw = boards.sums(start, end, self._scratch)
            masks = self._masks(template.version, raw)
            raw ^= tables.final_words[masks]
            if writer is None or files is None:
                results += self._shown(template.version, raw)
            else:
                results += self._written(writer, raw, files.sums(start, end, self._scratch), masks)
        return results

    def _masks(self, version: int, raw: Words) -> NDArray[np.intp]:
        if self._mask is not None:
            return np.full(len(raw), self._mask, np.intp)
        return lines_of(version).best_masks(raw, self._scratch)

    def _written(self, writer: VectorPng, boards: Words, turned: Words, masks: NDArray[np.intp]) -> list[object]:
        files = writer.write(boards, turned, masks)
        if self._format == "png":
            return list(files)
        return ["data:image/png;base64," + b2a_base64(file, newline=False).decode("ascii") for file in files]

    def _shown(self, version: int, boards: Words) -> list[object]:
        size = 17 + 4 * version
        modules = _modules(boards, size)
        if self._format == "modules":
            return list(cut(modules.reshape(len(boards), -1)))
        if self._format == "svg":
            lines = np.full((len(boards), size, size + _GAP), ord("0"), np.uint8)
            lines[:, :, :size] += modules
            return [svg.write(one, self._scale, self._border) for one in cut(lines.reshape(len(boards), -1))]
        lines_of_all = cut(modules.reshape(-1, size))
        rows = [tuple(lines_of_all[i : i + size]) for i in range(0, len(lines_of_all), size)]
        if self._format == "rows":
            return list(rows)
        return [terminal.write(one, self._border, ansi=True) for one in rows]


def _modules(boards: Words, size: int) -> Octets:
    """(codes, rows, modules), 1 is dark."""
    rows = np.ascontiguousarray(boards[:, :size] >> np.uint64(OFFSET)).view(np.uint8).reshape(len(boards), size, 8)
    return np.unpackbits(rows, axis=2, count=size, bitorder="little")
