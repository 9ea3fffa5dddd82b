"""PNG files without a compressor: file = template xor (one bit for every dark module), then two checksums.

A module is one byte of pixels if scale and depth multiply to 8 (scale 8 at 1 bit a pixel, 4 at 2, 2 at 4, 1 at 8), so
`emvco.qr.deflate` can give every module one bit of the file. Adler-32 follows from three sums over the dark modules.
About 9 microseconds and 480 bytes for a payment code, against 130 and 430 with zlib.
"""

from __future__ import annotations

import zlib
from binascii import hexlify
from functools import lru_cache
from struct import pack
from typing import Final

from emvco.qr import deflate, png
from emvco.qr.board import Board, board_of

SCALES: Final = (1, 2, 4, 8)
ADLER: Final = 65521


def _spread_of(parity: int) -> bytes:
    """For a hexadecimal digit: its four bits, each moved to every second place."""
    digits = {ord(f"{value:x}"): value for value in range(16)}
    return bytes(sum((digits.get(digit, 0) >> i & 1) << 2 * i + parity for i in range(4)) for digit in range(256))


_SPREAD: Final = (_spread_of(0), _spread_of(1))
_COUNT: Final = bytes(byte.bit_count() for byte in range(256))
_INSIDE: Final = bytes(sum(i for i in range(8) if byte >> i & 1) for byte in range(256))


def _places(bits: bytes) -> tuple[int, int]:
    """How many bits are set, and the sum of their places, modulo Adler's prime; the highest byte stands first.

    Adler-32 is itself the quickest sum: of n numbers it gives 1 + their sum, and n + the sum of number times (n - i).
    """
    adler = zlib.adler32(bits.translate(_COUNT))
    count = (adler & 0xFFFF) - 1
    octets = (adler >> 16) - len(bits) - count
    return count, 8 * octets + (zlib.adler32(bits.translate(_INSIDE)) & 0xFFFF) - 1


class AffinePng:
    """The PNG writer for one version, scale and border. Immutable after construction."""

    def __init__(self, board: Board, scale: int, border: int, stream: deflate.Stream) -> None:
        n = self.size = board.size
        side = (n + 2 * border) * scale
        stride = 1 + n + 2 * border
        pixels = (b"\0" + b"\xff" * (n + 2 * border)) * side
        packed = b"\x78\x01" + stream.data + pack(">I", zlib.adler32(pixels))
        self.template = png.file(side, 8 // scale, 0, packed)
        start = png.IDAT_AT
        self.crc_from = start + 4
        self.adler_at = start + 8 + len(packed) - 4
        first_bit = (start + 8 + 2) * 8 + stream.first
        at = self.turned_at = first_bit // 8
        self._shift = first_bit % 8 // 2
        self._spread = _SPREAD[first_bit & 1]
        self._length = (n * board.width + self._shift + 7) // 8
        self.turned_length = 2 * self._length
        end = at + self.turned_length
        self._before = self.template[:at]
        self._zeros = bytes(at - self.crc_from), bytes(self.adler_at + 4 - end)
        self._middle = int.from_bytes(self.template[at:end], "little")
        self._after = self.template[end : self.adler_at]
        self._tail = self.template[self.adler_at + 8 :]
        self._crc_before = zlib.crc32(self.template[self.crc_from : at])

        # A dark module (row, column) turns `scale` bytes from 255 to 0. In Adler's second sum a byte weighs as many as
        # there are bytes from it to the end: w - row * by_row - column * by_column for the scale bytes together.
        self.adler_sums = 1 + sum(pixels), sum((len(pixels) - i) * byte for i, byte in enumerate(pixels)) + len(pixels)
        self.scale = scale
        self.weight = (
            scale * len(pixels) - scale * (border * scale * stride + 1 + border) - stride * scale * (scale - 1) // 2
        )
        self.by_row = scale * scale * stride
        self.by_column = scale
        self._rows = board.of_rows((r, c) for r in range(n) for c in range(n))
        # In a board's rows a module stands at bit row * W + column, in its columns at column * W + row. So the two sums
        # of places give those of rows and columns, as far as Adler's arithmetic modulo a prime needs them.
        self._columns_from = 1 + n * board.width
        width, inverse = board.width, pow(board.width**2 - 1, -1, ADLER)
        by_rows = 255 * (width * self.by_row - self.by_column) * inverse % ADLER
        by_columns = 255 * (width * self.by_column - self.by_row) * inverse % ADLER
        by_dark = (-255 * self.weight - self._shift * by_rows) % ADLER
        self._second = self.adler_sums[1] % ADLER, by_dark, by_rows, by_columns
        self._first = self.adler_sums[0] % ADLER, -255 * scale

    def _adler(self, dark: int, rows: int, columns: int) -> int:
        """Of the pixels: *dark* modules, and the sums of their places in the rows (as shifted) and in the columns."""
        start, by_dark = self._first
        first = (start + by_dark * dark) % ADLER
        start, by_dark, by_rows, by_columns = self._second
        return (start + by_dark * dark + by_rows * rows + by_columns * columns) % ADLER << 16 | first

    def turned(self, board: int) -> bytes:
        """The bits of the file, from byte `turned_at` on, that the dark modules turn."""
        return self._turned(self._lines(board)).to_bytes(self.turned_length, "little")

    def _lines(self, board: int) -> bytes:
        """The rows, where they fall on whole bytes of the file (boards begin with bit 1); the highest byte first."""
        return ((board & self._rows) << self._shift >> 1).to_bytes(self._length, "big")

    def _turned(self, lines: bytes) -> int:
        """Each bit moved to every second place: a hexadecimal digit becomes a byte."""
        return int.from_bytes(hexlify(lines).translate(self._spread), "big")

    def crc_of(self, turned: bytes) -> int:
        """Of the chunk, were all of it 0 but for *turned*."""
        return zlib.crc32(self._zeros[0] + turned + self._zeros[1])

    def write(self, board: int) -> bytes:
        """The file of one final board."""
        lines = self._lines(board)
        dark, rows = _places(lines)
        _, columns = _places((board >> self._columns_from).to_bytes(self._length, "big"))
        middle = (self._turned(lines) ^ self._middle).to_bytes(self.turned_length, "little")
        body = middle + self._after + self._adler(dark, rows, columns).to_bytes(4, "big")
        return self._before + body + zlib.crc32(body, self._crc_before).to_bytes(4, "big") + self._tail


@lru_cache(maxsize=32)
def affine_png(version: int, scale: int, border: int) -> AffinePng | None:
    """The writer, or None where the ordinary path must do: other scales, no border, or a very wide one."""
    if scale not in SCALES:
        return None
    board = board_of(version)
    stream = deflate.stream(board.size, scale, border, 2 * board.width)
    return None if stream is None else AffinePng(board, scale, border, stream)
