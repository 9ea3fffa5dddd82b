"""Codewords to boards by table: Reed-Solomon, interleaving, placement and masking are all linear over GF(2).

So for one version and level, the unmasked board is the exclusive or of one board for every data codeword's two halves.
Tables are built when first asked for (2 to 60 ms) and the last few are kept (1.4 MB for 5-M, 9 MB for 10-L, and at most
7 and 15 MB for places that vary from code to code).
Above version 10 tables do not pay: codewords are corrected, interleaved and placed as the standard says it.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import getitem, xor
from threading import Lock
from typing import Final

from emvco.qr import spec
from emvco.qr.board import board_of
from emvco.qr.codewords import Template, pack
from emvco.qr.spec import ErrorLevel

VERSION_MAX: Final = 10
_TABLES_KEPT: Final = 8
_WIDE_KEPT: Final = 56  # Places in a table; 7 MB for 5-M, 15 MB for 10-L.
_HEADS_KEPT: Final = 4096
_STEMS_KEPT: Final = 1024
_PADDINGS_KEPT: Final = 1024

_HALVES: Final = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))
_building = Lock()


def data_bit_cells(version: int, level: ErrorLevel) -> list[list[list[int]]]:
    """By data codeword and bit (highest first): the indexes in `spec.data_cells` that this bit turns."""
    places, corrections = spec.interleave(version, level)
    degree = len(corrections[0])
    poly = spec.generator(degree)
    result: list[list[list[int]]] = []
    for place, correction in zip(places, corrections, strict=True):
        rest = poly  # x^degree; the codeword before counts for one power more.
        block: list[list[list[int]]] = []
        for at in reversed(place):
            block.append([_turned(at, correction, spec.scaled(rest, 0x80 >> bit), bit) for bit in range(8)])
            rest = spec.remainder_step(rest, poly)
        result += reversed(block)
    return result


def _turned(at: int, correction: list[int], factors: tuple[int, ...], bit: int) -> list[int]:
    cells = [at * 8 + bit]
    for target, factor in zip(correction, factors, strict=True):
        cells += [target * 8 + i for i in range(8) if factor & 0x80 >> i]
    return cells


class Tables:
    """Sixteen boards for each half of each data codeword; and 256 for some that are wanted often."""

    def __init__(self, version: int, level: ErrorLevel) -> None:
        board = board_of(version)
        n, width = board.size, board.width
        cells = [1 << 1 + r * width + c | 1 << 1 + (n + c) * width + r for r, c in spec.data_cells(version)]
        self.halves: list[list[int]] = []
        for bits in data_bit_cells(version, level):
            basis = [reduce(xor, [cells[i] for i in turned]) for turned in bits]
            for half in (basis[3::-1], basis[:3:-1]):
                table = [0]
                for single in half:
                    table += [single ^ other for other in table]
                self.halves.append(table)
        self._wide: dict[int, list[int]] = {}
        self._varying: dict[tuple[int, int], list[list[int]]] = {}

    def board(self, codewords: bytes, at: int = 0) -> int:
        """What *codewords*, the first of them being data codeword number *at*, add to the board."""
        halves = codewords.hex().encode().translate(_HALVES)
        return reduce(xor, map(getitem, self.halves[2 * at : 2 * at + len(halves)], halves), 0)

    def varying(self, codewords: bytes, at: int) -> int:
        """The same, for codewords that differ from code to code: whole ones are looked up, as far as there is room."""
        tables = self._varying.get((at, len(codewords)))
        if tables is None:
            tables = self._widened(at, len(codewords))
            if tables is None:
                return self.board(codewords, at)
        return reduce(xor, map(getitem, tables, codewords), 0)

    def _widened(self, at: int, length: int) -> list[list[int]] | None:
        with _building:
            missing = [place for place in range(at, at + length) if place not in self._wide]
            if len(self._wide) + len(missing) > _WIDE_KEPT:
                return None
            for place in missing:
                upper, lower = self.halves[2 * place : 2 * place + 2]
                self._wide[place] = [high ^ low for high in upper for low in lower]
            tables = self._varying[at, length] = [self._wide[place] for place in range(at, at + length)]
            return tables


@lru_cache(maxsize=_TABLES_KEPT)
def _tables(version: int, level: ErrorLevel) -> Tables:
    return Tables(version, level)


def tables_of(version: int, level: ErrorLevel) -> Tables:
    """Built once even if many threads ask at the same time."""
    with _building:
        return _tables(version, level)


@lru_cache(maxsize=_HEADS_KEPT)
def _head(template: Template, head: bytes) -> tuple[int, int]:
    """Of texts that begin with *head*: the board without the codewords of the tail, and the bits left over."""
    board, over = _stem(template, head[: template.stem_cut])
    bits = over << template.head_bits - template.stem_bits | pack(head, template.branch)
    whole, left = template.stem_bits >> 3, template.head_bits & 7
    codewords = (bits >> left).to_bytes((template.head_bits >> 3) - whole, "big")
    tables = tables_of(template.version, template.level)
    return board ^ tables.varying(codewords, whole), bits & (1 << left) - 1


@lru_cache(maxsize=_STEMS_KEPT)
def _stem(template: Template, stem: bytes) -> tuple[int, int]:
    """Of texts that begin with *stem*: the board of its whole codewords and of the padding, and the bits left over."""
    bits = pack(stem, template.stem)
    whole, left = divmod(template.stem_bits, 8)
    board = tables_of(template.version, template.level).board((bits >> left).to_bytes(whole, "big"))
    return board ^ _padding(template), bits & (1 << left) - 1


@lru_cache(maxsize=_PADDINGS_KEPT)
def _padding(template: Template) -> int:
    return tables_of(template.version, template.level).board(template.pads, template.used)


def raw_board(template: Template, raw: bytes) -> int:
    """The unmasked board of a text in UTF-8."""
    if template.version > VERSION_MAX:
        return _placed(template, raw)
    board, over = _head(template, raw[: template.cut])
    whole = template.head_bits >> 3
    bits = (over << template.tail_bits | pack(raw, template.tail)) << template.fill
    tail = bits.to_bytes(template.used - whole, "big")
    return board ^ tables_of(template.version, template.level).varying(tail, whole)


def _placed(template: Template, raw: bytes) -> int:
    return board_of(template.version).place(final_sequence(template.version, template.level, template.encode(raw)))


def final_sequence(version: int, level: ErrorLevel, data: bytes) -> bytes:
    """Data codewords with their correction, blocks interleaved: 7.6."""
    places, corrections = spec.interleave(version, level)
    sequence = bytearray(spec.raw_bits(version) // 8)
    start = 0
    for place, correction in zip(places, corrections, strict=True):
        block = data[start : start + len(place)]
        start += len(place)
        for i, byte in zip(place + correction, block + spec.remainder(block, len(correction)), strict=True):
            sequence[i] = byte
    return bytes(sequence)
