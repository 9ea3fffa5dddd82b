"""Boards and masks of many symbols at once, with NumPy: what `emvco.qr.board` does, over arrays.

Here a board is 2n words of 64 bits: rows, then columns, module p of a line at bit p + 4 (the four zeros below are quiet
zone), hence versions 1 to 10. What is kept is built once and never changed; the `Scratch` is the caller's own.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emvco.qr.board import LEAST_N3, Board, board_of

Words = NDArray[np.uint64]
Octets = NDArray[np.uint8]

OFFSET: Final = 4
# So many codes at a time that the arrays of a penalty (lines x codes) stay in a core's second cache.
DRAWN_AT_ONCE: Final = 768
_CHOSEN_AT_ONCE: Final = 512


def _u(value: int) -> np.uint64:
    return np.uint64(value)


class Scratch:
    """Arrays that are used again and again by one thread: allocating them anew costs as much as filling them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, type[np.generic]], NDArray[np.generic]] = {}

    def words(self, name: str, shape: tuple[int, ...]) -> Words:
        """An array of whatever content."""
        return self._array(name, shape, np.uint64)  # type: ignore[return-value]

    def octets(self, name: str, shape: tuple[int, ...]) -> Octets:
        """An array of whatever content."""
        return self._array(name, shape, np.uint8)  # type: ignore[return-value]

    def _array(self, name: str, shape: tuple[int, ...], kind: type[np.generic]) -> NDArray[np.generic]:
        size = prod(shape)
        kept = self._kept.get((name, kind))
        if kept is None or kept.size < size:
            kept = self._kept[name, kind] = np.empty(size, kind)
        return kept[:size].reshape(shape)


def to_words(board: Board, boards: list[int]) -> Words:
    """Boards as integers to (boards, lines) words."""
    n, width = board.size, board.width
    length = (board.bits + 7) // 8
    packed = np.frombuffer(b"".join(one.to_bytes(length, "little") for one in boards), np.uint8)
    bits = np.unpackbits(packed.reshape(len(boards), length), axis=1, bitorder="little")
    padded = np.zeros((len(boards), 2 * n, 64), np.uint8)
    lines = bits[:, 1 : 1 + 2 * n * width].reshape(len(boards), 2 * n, width)
    padded[:, :, OFFSET : OFFSET + n] = lines[:, :, :n]
    return np.packbits(padded, axis=2, bitorder="little").view(np.uint64)[:, :, 0]


class Lines:
    """Masks and their penalties for boards of one version, by the rule that `emvco.qr.board` states."""

    def __init__(self, version: int) -> None:
        board = self.board = board_of(version)
        n = self.size = board.size
        self.lines = 2 * n
        self.patterns = to_words(board, board.patterns)
        self._valid = _u(((1 << n - 1) - 1) << OFFSET)
        self._starts = _u(((1 << n - 6) - 1) << OFFSET)
        along = self.patterns ^ self.patterns >> _u(1)
        self._equal = (~along & self._valid)[:, :, None].copy()
        rows = self.patterns[:, :n]
        self._equal_below = (~(rows[:, :-1] ^ rows[:, 1:]) & self._valid)[:, :, None].copy()
        self._balance = np.array(board.balance, np.uint16)

    def best_masks(self, raw: Words, scratch: Scratch) -> NDArray[np.intp]:
        """Of unmasked boards (codes, lines): for each the mask with the lowest penalty."""
        codes = len(raw)
        costs = self._n12(np.ascontiguousarray(raw.T), scratch)
        # The rest costs as much again: look first where these two are lowest, then where they are next lowest, then
        # at all others, and each time only where there is still a chance.
        every = np.arange(codes)
        totals = np.full((8, codes), 0xFFFF, np.uint16)
        best = np.full(codes, 0xFFFF, np.uint16)
        for _ in range(2):
            lowest = costs.argmin(axis=0)
            places = np.flatnonzero(costs[lowest, every] <= best - np.uint16(LEAST_N3))
            masks = lowest[places]
            found = costs[masks, places] + self._n34(raw, places, masks, scratch)
            totals[masks, places] = found
            best[places] = np.minimum(best[places], found)
            costs[masks, places] = 0xFFFF
        masks, places = np.nonzero(costs <= best - np.uint16(LEAST_N3))
        totals[masks, places] = costs[masks, places] + self._n34(raw, places, masks, scratch)
        chosen: NDArray[np.intp] = totals.argmin(axis=0)
        return chosen

    def _n12(self, raw: Words, scratch: Scratch) -> NDArray[np.uint16]:
        """N1 + N2 by mask and code; *raw* is (lines, codes)."""
        n, shape = self.size, raw.shape
        along, equal, a, b = (scratch.words(name, shape) for name in ("along", "equal", "a", "b"))
        counts, more = scratch.octets("counts", shape), scratch.octets("more", shape)
        np.right_shift(raw, _u(1), out=along)
        along ^= raw
        along &= self._valid
        below = np.bitwise_xor(raw[: n - 1], raw[1:n], out=scratch.words("below", (n - 1, shape[1])))
        below &= self._valid
        costs = np.empty((8, shape[1]), np.uint16)
        for mask in range(8):
            np.bitwise_xor(along, self._equal[mask], out=equal)  # A module is like the next one in its line.
            np.right_shift(equal, _u(1), out=a)
            a &= equal
            np.right_shift(a, _u(2), out=b)
            a &= b  # Five in a row are alike.
            np.left_shift(a, _u(1), out=b)
            b ^= a
            np.bitwise_count(a, out=counts)
            counts += np.bitwise_count(b, out=more)  # A run of k has k - 4 such places and two ends: k - 2.
            square = np.bitwise_xor(below, self._equal_below[mask], out=b[: n - 1])
            square &= equal[: n - 1]
            square &= equal[1:n]
            squares = np.bitwise_count(square, out=more[: n - 1])
            squares *= np.uint8(3)
            counts[: n - 1] += squares
            np.add.reduce(counts, axis=0, dtype=np.uint16, out=costs[mask])
        return costs

    def _n34(
        self, raw: Words, places: NDArray[np.intp], masks: NDArray[np.intp], scratch: Scratch
    ) -> NDArray[np.uint16]:
        """N3 + N4 of chosen boards with chosen masks; *raw* is (codes, lines)."""
        costs = np.empty(len(places), np.uint16)
        for i in range(0, len(places), _CHOSEN_AT_ONCE):
            part = slice(i, i + _CHOSEN_AT_ONCE)
            shape = len(places[part]), self.lines
            boards, pattern = scratch.words("boards", shape), scratch.words("a", shape)
            np.take(raw, places[part], axis=0, out=boards, mode="clip")
            boards ^= np.take(self.patterns, masks[part], axis=0, out=pattern, mode="clip")
            costs[part] = self._n3(boards, scratch)
            dark = np.bitwise_count(boards[:, : self.size], out=scratch.octets("counts", (shape[0], self.size)))
            costs[part] += self._balance[_sums(dark)]
        return costs

    def _n3(self, boards: Words, scratch: Scratch) -> NDArray[np.uint16]:
        """N3 of masked boards (codes, lines)."""
        shape = boards.shape
        a, b, c, d = (scratch.words(name, shape) for name in ("a", "b", "c", "d"))
        np.right_shift(boards, _u(1), out=a)
        np.bitwise_or(boards, a, out=c)
        a ^= boards  # A module is not like the next one (nor is one at the end, which no start reaches).
        np.right_shift(a, _u(1), out=b)
        np.bitwise_and(a, b, out=d)
        b |= a
        np.right_shift(d, _u(4), out=a)
        d &= a
        d &= boards
        d &= self._starts
        b >>= _u(2)  # 1011101 begins at d where this is 0,
        np.right_shift(c, _u(2), out=a)
        c |= a  # something dark in four modules,
        np.right_shift(c, _u(7), out=a)
        c <<= _u(4)
        a &= c  # and counts where this is 0: four light ones after or before it.
        b |= a
        np.invert(b, out=b)
        d &= b
        counts = np.bitwise_count(d, out=scratch.octets("counts", shape))
        # One that overlaps the one before it does not count. Few lines have more than one at all.
        several = np.flatnonzero(counts > 1)
        found = d.reshape(-1)[several]
        found &= ~(found << _u(4) | found << _u(6))
        counts.reshape(-1)[several] = np.bitwise_count(found)
        total: NDArray[np.uint16] = _sums(counts)
        total *= np.uint16(40)
        return total


def _sums(counts: Octets) -> NDArray[np.uint16]:
    """Of each row, by way of floating point numbers, which are exact here and quicker to add up."""
    return (counts.astype(np.float32) @ np.ones(counts.shape[1], np.float32)).astype(np.uint16)


@lru_cache(maxsize=10)
def lines_of(version: int) -> Lines:
    """The masks of one version; small."""
    return Lines(version)
