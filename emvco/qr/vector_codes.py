"""Texts of one template to boards, with NumPy: what `emvco.qr.tables` does, over arrays.

A merchant's codes differ in few places. Only the groups of characters that differ within the batch are encoded, and
only the codewords that differ are looked up.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emvco.qr.board import board_of, information
from emvco.qr.codewords import ALPHANUMERIC, Piece, Template
from emvco.qr.spec import ErrorLevel
from emvco.qr.tables import tables_of
from emvco.qr.vector import Octets, Scratch, Words, to_words

_KEPT: Final = 4
_WORTH_WIDE: Final = 1024  # From so many texts on, tables of whole codewords pay for being made.
_building = Lock()

_HALVES: Final = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))
_VALUE: Final = np.zeros(256, np.uint32)
_VALUE[np.frombuffer(ALPHANUMERIC, np.uint8)] = np.arange(45)
_DIGITS: Final = (0, 4, 7, 10)


class VectorTables:
    """`Tables` as an array: halves of data codewords, values of a half, words. 2 MB for 5-M, 8 MB for 10-L."""

    def __init__(self, version: int, level: ErrorLevel) -> None:
        board = board_of(version)
        self.bits = [half[1 << bit] for half in tables_of(version, level).halves for bit in range(4)]
        self.boards = spanned(to_words(board, self.bits))
        self.finals = [pattern ^ information(version, level, mask) for mask, pattern in enumerate(board.patterns)]
        self.final_words = to_words(board, self.finals)


def spanned(bits: Words) -> Words:
    """(halves * 4, words) of single bits to (halves, 16, words) of all values."""
    words = bits.shape[1]
    single = bits.reshape(-1, 4, words)
    table = np.zeros((len(single), 16, words), np.uint64)
    for bit in range(4):
        width = 1 << bit
        table[:, width : 2 * width] = table[:, :width] ^ single[:, bit, None, :]
    return table


@lru_cache(maxsize=_KEPT)
def _vector_tables(version: int, level: ErrorLevel) -> VectorTables:
    return VectorTables(version, level)


def vector_tables(version: int, level: ErrorLevel) -> VectorTables:
    """Built once even if many threads ask at the same time."""
    with _building:
        return _vector_tables(version, level)


class Group:
    """Texts of one template, as (texts, bytes): the codewords of the first, and those that differ in others."""

    def __init__(self, template: Template, octets: Octets) -> None:
        self.codes = len(octets)
        first = template.encode(octets[0].tobytes())
        self.halves = np.frombuffer(first.hex().encode().translate(_HALVES), np.uint8)
        differs = (octets != octets[0]).any(axis=0)
        changes: dict[int, NDArray[np.uint32]] = {}
        at = 0
        for piece in template.pieces:
            at += piece[4]
            for start, end, bits in _characters(piece):
                if differs[start:end].any():
                    _add_change(changes, at, bits, _value(piece[0], octets[:, start:end]))
                at += bits
        self.varying = {place: change.astype(np.uint8) ^ first[place] for place, change in changes.items()}


def _characters(piece: Piece) -> list[tuple[int, int, int]]:
    """Groups of characters that are encoded together: start, end, bits."""
    mode, start, end, _, _ = piece
    if mode == "B":
        return [(i, i + 1, 8) for i in range(start, end)]
    if mode == "A":
        return [(i, min(i + 2, end), 11 if i + 2 <= end else 6) for i in range(start, end, 2)]
    return [(i, min(i + 3, end), _DIGITS[min(end - i, 3)]) for i in range(start, end, 3)]


def _value(mode: str, characters: Octets) -> NDArray[np.uint32]:
    """The number that stands for a group of characters, text by text."""
    if mode == "B":
        return characters[:, 0].astype(np.uint32)
    base = np.uint32(45 if mode == "A" else 10)
    value = _VALUE[characters[:, 0]]
    for column in range(1, characters.shape[1]):
        value = value * base + _VALUE[characters[:, column]]
    return value


def _add_change(changes: dict[int, NDArray[np.uint32]], at: int, bits: int, value: NDArray[np.uint32]) -> None:
    """Spread what changes in a number of *bits* bits, from bit *at* on, over the codewords that it touches."""
    change = (value ^ value[0]) << np.uint32(32 - bits - at % 8)
    for i in range((at % 8 + bits + 7) // 8):
        part = change >> np.uint32(24 - 8 * i) & np.uint32(0xFF)
        place = at // 8 + i
        changes[place] = changes[place] ^ part if place in changes else part


class Lookup:
    """The sum of all codewords' entries in one table, for any part of a group."""

    def __init__(self, group: Group, table: Words) -> None:
        fixed = np.ones(len(group.halves), bool)
        for place in group.varying:
            fixed[2 * place : 2 * place + 2] = False
        places = np.flatnonzero(fixed)
        self._same = np.bitwise_xor.reduce(table[places, group.halves[places]], axis=0)
        self._entries: list[tuple[Words, NDArray[np.integer]]] = []
        for place, values in group.varying.items():
            upper, lower = table[2 * place], table[2 * place + 1]
            if group.codes >= _WORTH_WIDE:
                self._entries.append(((upper[:, None] ^ lower[None]).reshape(256, -1), values))
            else:
                self._entries += [(upper, values >> np.uint8(4)), (lower, values & np.uint8(15))]

    def sums(self, start: int, end: int, scratch: Scratch) -> Words:
        """(codes, words) of the texts from *start* to *end*."""
        total = np.empty((end - start, len(self._same)), np.uint64)
        total[:] = self._same
        entry = scratch.words("entry", total.shape)
        for table, values in self._entries:
            np.take(table, values[start:end], axis=0, out=entry, mode="clip")
            total ^= entry
        return total
