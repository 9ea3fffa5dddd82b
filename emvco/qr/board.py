"""A symbol as one integer, and the penalty of its eight masks on that integer.

A *board* holds every module twice: bit `1 + line * W + place`, lines 0 to n-1 being the rows from the top and lines n
to 2n-1 the columns from the left, W = n + 11. So runs in rows and runs in columns are found by the same operations, and
nothing is ever transposed. The 11 bits after each line and bit 0 are 0: they are the quiet zone for the search of
finder look-alikes, and with them 2W bits are a whole number of bytes, which `emvco.qr.affine` needs.

**The rule for the mask.** ISO/IEC 18004:2015, 7.8.3 can be read in several ways; libraries differ. Ours is segno's
reading: the penalty is taken of the whole symbol after masking, before format and version information and the dark
module are set (they count as light). N1: a run of k >= 5 equal modules costs k - 2. N2: every 2x2 block of one colour
costs 3. N3: 1:0:1:1:1:0:1 preceded or followed by four light modules (outside the symbol all is light) costs 40 once,
and one that overlaps the one counted before it costs nothing. N4: 10 for every full 5 % that the share of dark modules
is away from 50 %. The lowest sum wins, among equals the lowest mask number.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from emvco.qr import spec
from emvco.qr.spec import Cell, ErrorLevel

# Three finder patterns have three rows and three columns each that look like 1011101 beside the quiet zone.
LEAST_N3: Final = 18 * 40
_TO_MODULES: Final = bytes.maketrans(b"01", b"\x00\x01")


class Board:
    """What boards of one version have in common. Immutable after construction, free to share between threads."""

    def __init__(self, version: int) -> None:
        n = self.size = spec.side(version)
        width = self.width = n + 11
        self.version = version
        self.bits = 1 + 2 * n * width
        self._rows_mask = (1 << 1 + n * width) - 1
        self._upper_mask = (1 << 1 + (n - 1) * width) - 1
        every = self._every = (1 << self.bits) - 1
        gaps = sum(((1 << n - 1) - 1) << 1 + line * width for line in range(2 * n))
        self._gaps = gaps  # Bits that are "this module and the next one in its line"; at the edges are the others.
        self._edges = every ^ gaps
        self._starts = sum(((1 << n - 6) - 1) << 1 + line * width for line in range(2 * n))
        self.balance = [10 * int(abs(float(k) / (n * n) * 100 - 50) / 5) for k in range(n * n + 1)]

        base = self.of(cell for cell, dark in spec.function_cells(version).items() if dark)
        data = spec.data_cells(version)
        self.patterns = [base ^ self.of(c for c in data if spec.is_masked(mask, *c)) for mask in range(8)]
        # The differences of a board are linear in it: what the mask adds to them is known beforehand.
        self._masks = [(mask, *self._linear(p, 0)) for mask, p in enumerate(self.patterns)]

    def of(self, cells: Iterable[Cell]) -> int:
        """The board on which just these cells are dark."""
        n, width = self.size, self.width
        bits = bytearray(b"0" * self.bits)
        top = self.bits - 2  # Of bit 1 in a string that begins with the highest bit.
        for row, column in cells:
            bits[top - row * width - column] = bits[top - (n + column) * width - row] = 49
        return int(bits, 2)

    def of_rows(self, cells: Iterable[Cell]) -> int:
        """The same without its columns."""
        return self.of(cells) & self._rows_mask

    def _linear(self, board: int, edges: int) -> tuple[int, int, int, int, int, int]:
        """Changes along lines (here, one on, one back), in the upper rows, and between rows (here, one on)."""
        changes = (board ^ board >> 1) & self._gaps | edges
        rows = board & self._rows_mask
        between = (rows ^ rows >> self.width) & self._upper_mask
        before = changes << 1 & self._every
        return changes, changes >> 1, before, changes & self._upper_mask, between, between >> 1

    def penalty(self, board: int) -> int:
        """Of one masked board, by the definition."""
        return self._n12(board) + self._n3(board) + self._n4(board)

    def _n12(self, board: int) -> int:
        d, d1, db, upper, between, between1 = self._linear(board, self._edges)
        other = d | d1
        other |= other >> 2
        runs = self.bits - 3 * other.bit_count() + 2 * (db | other).bit_count()
        return runs + 3 * (self._upper_mask.bit_length() - (upper | between | between1).bit_count())

    def _n3(self, board: int) -> int:
        d, d1, *_ = self._linear(board, self._edges)
        both = d & d1
        found = board & self._starts & both & both >> 4
        found ^= found & (d | d1) >> 2
        dark = board | board >> 1
        dark |= dark >> 2
        found ^= found & dark >> 7 & dark << 4
        found ^= found & (found << 4 | found << 6)
        return 40 * found.bit_count()

    def _n4(self, board: int) -> int:
        return self.balance[(board & self._rows_mask).bit_count()]

    def best_mask(self, raw: int) -> tuple[int, int]:
        """The mask with the lowest penalty for unmasked codewords *raw*, and the board masked with it.

        The sum of `penalty`, written out: this is where a symbol's time goes. N3 and N4 are looked at where the rest is
        lowest, and then only as long as there is a chance.
        """
        d_raw, d1_raw, db_raw, upper_raw, between_raw, between1_raw = self._linear(raw, self._edges)
        starts, rows_mask, balance, patterns = self._starts, self._rows_mask, self.balance, self.patterns
        flat = self.bits + 3 * self._upper_mask.bit_length() + LEAST_N3
        candidates = []
        for mask, d, d1, db, upper, between, between1 in self._masks:
            d ^= d_raw
            d1 ^= d1_raw
            any2 = d | d1
            after2 = any2 >> 2
            any4 = any2 | after2
            split = upper ^ upper_raw | between ^ between_raw | between1 ^ between1_raw
            least = flat + 2 * (db ^ db_raw | any4).bit_count() - 3 * (any4.bit_count() + split.bit_count())
            candidates.append((least, mask, d, d1, after2))
        candidates.sort()
        best, chosen, chosen_board = 1 << 60, 8, 0
        for least, mask, d, d1, after2 in candidates:
            if least > best:
                break
            board = raw ^ patterns[mask]
            both = d & d1
            found = both & both >> 4 & starts & board
            found ^= found & after2
            dark = board | board >> 1
            dark |= dark >> 2
            found ^= found & dark >> 7 & dark << 4
            found ^= found & (found << 4 | found << 6)
            cost = least - LEAST_N3 + 40 * found.bit_count() + balance[(board & rows_mask).bit_count()]
            if cost < best or (cost == best and mask < chosen):
                best, chosen, chosen_board = cost, mask, board
        return chosen, chosen_board

    def lines(self, board: int) -> bytes:
        """The rows as text, `0` light and `1` dark, each followed by its gap of eleven `0`."""
        return format((board & self._rows_mask) >> 1, f"0{self.size * self.width}b").encode()[::-1]

    def rows(self, board: int) -> tuple[bytes, ...]:
        """The modules from top to bottom, one byte each, 1 is dark."""
        modules, n, width = self.lines(board).translate(_TO_MODULES), self.size, self.width
        return tuple([modules[i : i + n] for i in range(0, n * width, width)])

    def place(self, codewords: bytes) -> int:
        """The unmasked board of the final sequence of codewords, data and correction."""
        cells = spec.data_cells(self.version)
        bits = format(int.from_bytes(codewords, "big"), f"0{len(codewords) * 8}b")
        return self.of(cell for cell, bit in zip(cells, bits, strict=False) if bit == "1")


@lru_cache(maxsize=12)
def board_of(version: int) -> Board:
    """The boards of one version; a few are kept. Up to 40 KB for version 10, 500 KB for version 40."""
    return Board(version)


@lru_cache(maxsize=256)
def information(version: int, level: ErrorLevel, mask: int) -> int:
    """Format and version information and the dark module, as a board to be added at the end."""
    return board_of(version).of(spec.information_cells(version, level, mask))
