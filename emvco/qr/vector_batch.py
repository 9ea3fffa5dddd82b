"""Blocks of texts of one template to pictures, with NumPy."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emvco.qr import svg, terminal
from emvco.qr.codewords import CRC_TAG, Template, shape, template_for
from emvco.qr.colours import Look
from emvco.qr.symbol import Options, utf8
from emvco.qr.tables import VERSION_MAX as TABLES_MAX
from emvco.qr.vector import DRAWN_AT_ONCE, OFFSET, Octets, Scratch, Words, lines_of
from emvco.qr.vector_codes import Group, Lookup, vector_tables
from emvco.qr.vector_png import VectorPng, cut, vector_png

_PICTURES: Final = frozenset(("png", "data_url"))
_WORTH_VECTORS: Final = 24  # Fewer texts of a template are drawn as fast one by one.
_CLASSES: Final = np.frombuffer(shape(bytes(range(256))), np.uint8)
_CRC_TAG: Final = np.frombuffer(CRC_TAG, np.uint8)
_GAP: Final = 11  # As after each line of `emvco.qr.board`.


class VectorBatch:
    """Draws for one stream, with one set of options."""

    def __init__(self, format: str, options: Options) -> None:
        self._format = format
        self._options = options
        self._scratch = Scratch()

    def draw(self, texts: list[str], results: list[object | None]) -> int:
        """Put what `Symbol.<format>()` gives into *results*; None stays where the single engine does as well.

        Returns how many it drew. Raises SymbolError if one of them cannot be drawn.
        """
        count = 0
        plain = "".join(texts).isascii()
        known: list[str] | list[bytes] = texts if plain else [utf8(text) for text in texts]
        lengths = np.fromiter(map(len, known), np.intp, len(known))
        for length in np.unique(lengths):
            places = np.flatnonzero(lengths == length)
            if length == 0 or len(places) < _WORTH_VECTORS:
                continue
            chosen = texts if len(places) == len(texts) else [texts[place] for place in places.tolist()]
            octets = np.frombuffer("".join(chosen).encode(), np.uint8).reshape(len(chosen), -1)
            for template, part in self._templates(octets):
                if template.version > TABLES_MAX or len(part) < _WORTH_VECTORS:
                    continue
                drawn = self._drawn(template, octets[part])
                for place, result in zip(places[part].tolist(), drawn, strict=False):
                    results[place] = result
                count += len(drawn)
        return count

    def _templates(self, octets: Octets) -> Iterator[tuple[Template, NDArray[np.intp]]]:
        """Of texts of one length in UTF-8: their templates, and which texts have them."""
        left = np.arange(len(octets))
        shapes = _wide(octets)[:, None] if self._options.mode == "byte" else _shapes(octets)
        while len(left):
            template = template_for(octets[left[0]].tobytes(), self._options.mode, self._options.error)
            same = (shapes[left] == shapes[left[0]]).all(axis=1)
            yield template, left[same]
            left = left[~same]

    def _drawn(self, template: Template, octets: Octets) -> list[object]:
        writer = None
        if self._format in _PICTURES:
            writer = vector_png(template.version, self._options.error, self._options.scale, self._options.border)
            if writer is None:
                return []  # No template for this scale and border.
        tables = vector_tables(template.version, self._options.error)
        group = Group(template, octets)
        boards = Lookup(group, tables.boards)
        files = None if writer is None else Lookup(group, writer.table)
        results: list[object] = []
        for start in range(0, len(octets), DRAWN_AT_ONCE):
            end = min(start + DRAWN_AT_ONCE, len(octets))
            raw = boards.sums(start, end, self._scratch)
            masks = self._masks(template.version, raw)
            raw ^= tables.final_words[masks]
            if writer is None or files is None:
                results += self._shown(template.version, raw)
            else:
                results += self._written(writer, raw, files.sums(start, end, self._scratch), masks)
        return results

    def _masks(self, version: int, raw: Words) -> NDArray[np.intp]:
        if self._options.mask is not None:
            return np.full(len(raw), self._options.mask, np.intp)
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
            look = Look(self._options.scale, self._options.border)
            return [svg.write(one, look) for one in cut(lines.reshape(len(boards), -1))]
        lines_of_all = cut(modules.reshape(-1, size))
        rows = [tuple(lines_of_all[i : i + size]) for i in range(0, len(lines_of_all), size)]
        if self._format == "rows":
            return list(rows)
        return [terminal.write(one, self._options.border, ansi=True) for one in rows]


def _wide(octets: Octets) -> Octets:
    """Whether a text is not ASCII."""
    highest: Octets = np.bitwise_or.reduce(octets, axis=1)
    return highest >> np.uint8(7)


def _shapes(octets: Octets) -> Octets:
    """`codewords.shape` of each text; and whether it is ASCII."""
    length = octets.shape[1]
    shapes = np.empty((len(octets), length + 1), np.uint8)
    np.take(_CLASSES, octets, out=shapes[:, :length], mode="clip")
    shapes[:, length] = _wide(octets)
    if length >= 8:
        is_crc = (octets[:, -8:-4] == _CRC_TAG).all(axis=1)
        is_crc &= (shapes[:, length - 4 : length] != ord("B")).all(axis=1)
        shapes[is_crc, length - 4 : length] = ord("A")
    return shapes


def _modules(boards: Words, size: int) -> Octets:
    """(codes, rows, modules), 1 is dark."""
    rows = np.ascontiguousarray(boards[:, :size] >> np.uint64(OFFSET)).view(np.uint8).reshape(len(boards), size, 8)
    return np.unpackbits(rows, axis=2, count=size, bitorder="little")
