"""ISO/IEC 18004:2015 in tables and formulas: what a QR symbol is made of, versions 1 to 40. Pure integers."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

ErrorLevel = Literal["L", "M", "Q", "H"]

VERSION_MAX: Final = 40
LEVELS: Final[tuple[ErrorLevel, ...]] = ("L", "M", "Q", "H")

# Table 9: error correction codewords of a block, and the number of blocks; index is the version.
# fmt: off
_EC_PER_BLOCK: Final[dict[ErrorLevel, tuple[int, ...]]] = {
    "L": (0, 7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30,
          30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30),
    "M": (0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28,
          28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28),
    "Q": (0, 13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30, 28, 30,
          30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30),
    "H": (0, 17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, 30, 30, 30, 30, 30,
          30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30),
}
_BLOCKS: Final[dict[ErrorLevel, tuple[int, ...]]] = {
    "L": (0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17,
          18, 19, 19, 20, 21, 22, 24, 25),
    "M": (0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29,
          31, 33, 35, 37, 38, 40, 43, 45, 47, 49),
    "Q": (0, 1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34, 34, 35, 38,
          40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68),
    "H": (0, 1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37, 40, 42, 45,
          48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81),
}
# fmt: on
_LEVEL_BITS: Final[dict[ErrorLevel, int]] = {"L": 1, "M": 0, "Q": 3, "H": 2}

Cell = tuple[int, int]
"""(row, column), from the upper left corner."""


def side(version: int) -> int:
    """Modules to a side."""
    return 17 + 4 * version


def raw_bits(version: int) -> int:
    """Modules that carry codewords or remainder bits: table 1, data modules."""
    bits = (16 * version + 128) * version + 64
    if version >= 2:
        aligned = version // 7 + 2
        bits -= (25 * aligned - 10) * aligned - 55
        if version >= 7:
            bits -= 36
    return bits


def data_codewords(version: int, level: ErrorLevel) -> int:
    """Codewords for data: table 7."""
    return raw_bits(version) // 8 - _EC_PER_BLOCK[level][version] * _BLOCKS[level][version]


def block_lengths(version: int, level: ErrorLevel) -> tuple[list[int], int]:
    """Data codewords of each block, shorter blocks first, and the error correction codewords that every block has."""
    blocks, correction = _BLOCKS[level][version], _EC_PER_BLOCK[level][version]
    total = raw_bits(version) // 8
    short = blocks - total % blocks
    length = total // blocks - correction
    return [length + (block >= short) for block in range(blocks)], correction


def interleave(version: int, level: ErrorLevel) -> tuple[list[list[int]], list[list[int]]]:
    """Where codewords go in the final sequence (7.6): by block, the places of its data and of its correction."""
    lengths, correction = block_lengths(version, level)
    data: list[list[int]] = [[] for _ in lengths]
    place = 0
    for i in range(max(lengths)):
        for block, length in enumerate(lengths):
            if i < length:
                data[block].append(place)
                place += 1
    blocks = len(lengths)
    return data, [[place + i * blocks + block for i in range(correction)] for block in range(blocks)]


# --- Reed-Solomon over GF(256), 0x11D ---------------------------------------------------------------------------------


def _powers() -> tuple[list[int], list[int]]:
    exp, log = [0] * 510, [0] * 256
    value = 1
    for i in range(255):
        exp[i] = exp[i + 255] = value
        log[value] = i
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return exp, log


_EXP, _LOG = _powers()


def _times(a: int, b: int) -> int:
    return _EXP[_LOG[a] + _LOG[b]] if a and b else 0


@lru_cache(maxsize=32)
def generator(degree: int) -> tuple[int, ...]:
    """The generator polynomial without its leading 1, highest power first (annex A)."""
    poly = [0] * (degree - 1) + [1]
    for root in range(degree):
        factor = _EXP[root]
        poly = [_times(c, factor) ^ (poly[i + 1] if i + 1 < degree else 0) for i, c in enumerate(poly)]
    return tuple(poly)


def remainder_step(rest: tuple[int, ...], poly: tuple[int, ...]) -> tuple[int, ...]:
    """*rest* times x, modulo the generator."""
    head = rest[0]
    return tuple(a ^ _times(c, head) for a, c in zip((*rest[1:], 0), poly, strict=True))


def scaled(poly: tuple[int, ...], factor: int) -> tuple[int, ...]:
    """*poly* times a constant."""
    return tuple(_times(c, factor) for c in poly)


def remainder(data: bytes, degree: int) -> bytes:
    """The error correction codewords of one block."""
    poly = generator(degree)
    rest = bytes(degree)
    rows = _product_rows(degree)
    for byte in data:
        row = rows[byte ^ rest[0]]
        rest = (int.from_bytes(rest[1:] + b"\0", "big") ^ row).to_bytes(len(poly), "big")
    return rest


@lru_cache(maxsize=8)
def _product_rows(degree: int) -> tuple[int, ...]:
    poly = generator(degree)
    return tuple(int.from_bytes(bytes(_times(c, factor) for c in poly), "big") for factor in range(256))


# --- Function patterns (6.3) and the order of the codewords (7.7.3) ---------------------------------------------------


def alignment_centres(version: int) -> list[int]:
    """Row and column coordinates of alignment patterns: annex E."""
    if version == 1:
        return []
    count = version // 7 + 2
    step = (version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
    last = side(version) - 7
    return [6, *(last - i * step for i in range(count - 2, -1, -1))]


@lru_cache(maxsize=16)
def function_cells(version: int) -> dict[Cell, bool]:
    """Every cell that carries no codeword; True is dark. Format and version information are reserved, hence light."""
    n = side(version)
    cells: dict[Cell, bool] = {}
    for i in range(n):
        cells[6, i] = cells[i, 6] = i % 2 == 0
    for row, column in ((3, 3), (3, n - 4), (n - 4, 3)):
        for dr in range(-4, 5):
            for dc in range(-4, 5):
                if 0 <= row + dr < n and 0 <= column + dc < n:
                    cells[row + dr, column + dc] = max(abs(dr), abs(dc)) not in {2, 4}
    centres = alignment_centres(version)
    corners = {(6, 6), (6, n - 7), (n - 7, 6)}
    for centre in ((row, column) for row in centres for column in centres):
        if centre not in corners:
            for dr in range(-2, 3):
                for dc in range(-2, 3):
                    cells[centre[0] + dr, centre[1] + dc] = max(abs(dr), abs(dc)) != 1
    for pair in format_cells(n):
        cells[pair[0]] = cells[pair[1]] = False
    cells[n - 8, 8] = False
    if version >= 7:
        for first, second in version_cells(n):
            cells[first] = cells[second] = False
    return cells


def format_cells(n: int) -> list[tuple[Cell, Cell]]:
    """The two places of each of the 15 format bits, lowest first (7.9)."""
    upper = [
        (0, 8),
        (1, 8),
        (2, 8),
        (3, 8),
        (4, 8),
        (5, 8),
        (7, 8),
        (8, 8),
        (8, 7),
        *((8, 14 - i) for i in range(9, 15)),
    ]
    return [(upper[i], (8, n - 1 - i) if i < 8 else (n - 15 + i, 8)) for i in range(15)]


def version_cells(n: int) -> list[tuple[Cell, Cell]]:
    """The two places of each of the 18 version bits, lowest first (7.10)."""
    return [((n - 11 + i % 3, i // 3), (i // 3, n - 11 + i % 3)) for i in range(18)]


@lru_cache(maxsize=16)
def data_cells(version: int) -> tuple[Cell, ...]:
    """The cells in the order in which codeword bits, highest first, fill them; then the remainder bits."""
    n, taken = side(version), function_cells(version)
    cells = []
    for right in (*range(n - 1, 6, -2), 5, 3, 1):
        rows = range(n - 1, -1, -1) if (right + 1) & 2 == 0 else range(n)
        cells += [(row, column) for row in rows for column in (right, right - 1) if (row, column) not in taken]
    return tuple(cells)


def is_masked(mask: int, row: int, column: int) -> bool:
    """Whether data mask *mask* turns this cell: table 10."""
    match mask:
        case 0:
            return (row + column) % 2 == 0
        case 1:
            return row % 2 == 0
        case 2:
            return column % 3 == 0
        case 3:
            return (row + column) % 3 == 0
        case 4:
            return (row // 2 + column // 3) % 2 == 0
        case 5:
            return row * column % 2 + row * column % 3 == 0
        case 6:
            return (row * column % 2 + row * column % 3) % 2 == 0
        case _:
            return ((row + column) % 2 + row * column % 3) % 2 == 0


def information_cells(version: int, level: ErrorLevel, mask: int) -> set[Cell]:
    """Dark cells of format information, version information and the dark module: what comes after the masking."""
    n = side(version)
    word = _format_word(level, mask)
    dark = {cell for i, pair in enumerate(format_cells(n)) if word >> i & 1 for cell in pair}
    dark.add((n - 8, 8))
    if version >= 7:
        word = _version_word(version)
        dark |= {cell for i, pair in enumerate(version_cells(n)) if word >> i & 1 for cell in pair}
    return dark


def _format_word(level: ErrorLevel, mask: int) -> int:
    data = _LEVEL_BITS[level] << 3 | mask
    rest = data
    for _ in range(10):
        rest = rest << 1 ^ (rest >> 9) * 0x537
    return (data << 10 | rest) ^ 0x5412


def _version_word(version: int) -> int:
    rest = version
    for _ in range(12):
        rest = rest << 1 ^ (rest >> 11) * 0x1F25
    return version << 12 | rest
