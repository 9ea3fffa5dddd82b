"""PNG files of many symbols at once, with NumPy: what `emvco.qr.affine` does, over arrays.

The body of the file and even its CRC are linear in the codewords, so they too are looked up and added.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emvco.qr.affine import ADLER, AffinePng, affine_png
from emvco.qr.spec import ErrorLevel
from emvco.qr.vector import Octets, Words
from emvco.qr.vector_codes import spanned, vector_tables

_KEPT: Final = 4
_building = Lock()


class VectorPng:
    """PNG files of one version, level, scale and border. As large as the `VectorTables`."""

    def __init__(self, version: int, level: ErrorLevel, writer: AffinePng) -> None:
        self._writer = writer
        tables = vector_tables(version, level)
        self.table = spanned(self._changes(tables.bits))
        self._finals = self._changes(tables.finals)
        self._template = np.frombuffer(writer.template, np.uint8)
        covered = writer.template[writer.crc_from : writer.adler_at]
        self._crc = np.uint32(zlib.crc32(covered + bytes(4)))
        nothing = zlib.crc32(bytes(len(covered) + 4))
        flips = [[bytes(i) + bytes([value]) + bytes(3 - i) for value in range(256)] for i in range(4)]
        before = zlib.crc32(bytes(len(covered)))
        self._adler_crc = np.array([[zlib.crc32(flip, before) ^ nothing for flip in row] for row in flips], np.uint32)
        n = writer.size
        weights = np.zeros((2 * n, 3), np.float32)  # Sums stay below 2**24: exact.
        weights[:n, 0] = 1
        weights[:n, 1] = weights[n:, 2] = np.arange(n)
        self._weights = weights

    def _changes(self, boards: list[int]) -> Words:
        """What each board turns in the body of the file (padded to words), and in its CRC (the last four bytes)."""
        writer = self._writer
        words = (writer.turned_length + 4 + 7) // 8
        nothing = writer.crc_of(bytes(writer.turned_length))
        rows = bytearray()
        for board in boards:
            turned = writer.turned(board)
            rows += turned.ljust(words * 8 - 4, b"\0") + (writer.crc_of(turned) ^ nothing).to_bytes(4, "little")
        return np.frombuffer(bytes(rows), np.uint64).reshape(len(boards), words)

    def write(self, boards: Words, turned: Words, masks: NDArray[np.intp]) -> list[bytes]:
        """The files of final boards, given also as the sums of `table` for their codewords."""
        writer = self._writer
        dark, rows, columns = (np.bitwise_count(boards).astype(np.float32) @ self._weights).astype(np.int64).T
        adler = self._adler(dark, rows, columns)
        turned ^= self._finals[masks]
        octets = turned.view(np.uint8)
        crc = self._crc ^ octets[:, -4:].copy().view(np.uint32)[:, 0]
        for i in range(4):
            crc ^= self._adler_crc[i][adler[:, i]]
        files = np.empty((len(boards), len(self._template)), np.uint8)
        files[:] = self._template
        at, end = writer.turned_at, writer.adler_at
        files[:, at : at + writer.turned_length] ^= octets[:, : writer.turned_length]
        files[:, end : end + 4] = adler
        files[:, end + 4 : end + 8] = crc.astype(">u4").view(np.uint8).reshape(-1, 4)
        return cut(files)

    def _adler(self, dark: NDArray[np.int64], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Octets:
        writer = self._writer
        weighted = rows * writer.by_row + columns * writer.by_column
        first = (writer.adler_sums[0] - 255 * writer.scale * dark) % ADLER
        second = (writer.adler_sums[1] - 255 * (writer.weight * dark - weighted)) % ADLER
        return (second << 16 | first).astype(">u4").view(np.uint8).reshape(-1, 4)


def cut(rows: Octets) -> list[bytes]:
    """Each row of a two-dimensional array as bytes."""
    joined, width = rows.tobytes(), rows.shape[1]
    return [joined[i : i + width] for i in range(0, len(joined), width)]


@lru_cache(maxsize=_KEPT)
def _vector_png(version: int, level: ErrorLevel, scale: int, border: int) -> VectorPng | None:
    writer = affine_png(version, scale, border)
    return None if writer is None else VectorPng(version, level, writer)


def vector_png(version: int, level: ErrorLevel, scale: int, border: int) -> VectorPng | None:
    """Built once even if many threads ask at the same time. None where there is no template."""
    with _building:
        return _vector_png(version, level, scale, border)
