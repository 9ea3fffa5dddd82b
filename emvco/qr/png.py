"""PNG (ISO/IEC 15948) with zlib: any scale, any border, any two colours. No filter, one IDAT."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from struct import pack
from typing import Final

Rgb = tuple[int, int, int]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_GREYSCALE: Final = 0
_PALETTE: Final = 3
_DARK_TO_BIT: Final = bytes.maketrans(b"\x00\x01", b"10")  # Greyscale: 0 is black.
_BLACK: Final = (0, 0, 0)
_WHITE: Final = (255, 255, 255)

IDAT_AT: Final = 33
"""Where IDAT begins in a file without a palette: after the signature and IHDR."""


def write(rows: Sequence[bytes], scale: int, border: int, dark: Rgb = _BLACK, light: Rgb = _WHITE) -> bytes:
    """The file. *rows* of modules (1 is dark), *scale* pixels a module, *border* modules of light around."""
    width = (len(rows) + 2 * border) * scale
    stride = (width + 7) // 8
    spare = stride * 8 - width
    margin = b"1" * (border * scale)
    quiet = (b"\x00" + b"\xff" * stride) * (border * scale)
    lines = [quiet]
    for row in rows:
        bits = row.translate(_DARK_TO_BIT)
        if scale > 1:
            bits = bits.replace(b"1", b"1" * scale).replace(b"0", b"0" * scale)
        pixels = int(b"%b%b%b%b" % (margin, bits, margin, b"1" * spare), 2).to_bytes(stride, "big")
        lines.append((b"\x00" + pixels) * scale)
    lines.append(quiet)
    packed = zlib.compress(b"".join(lines), 6)
    if (dark, light) == (_BLACK, _WHITE):
        return file(width, 1, _GREYSCALE, packed)
    return file(width, 1, _PALETTE, packed, bytes(dark + light))


def file(width: int, depth: int, colour_type: int, packed: bytes, palette: bytes = b"") -> bytes:
    """A square picture from its zlib stream."""
    header = pack(">IIBBBBB", width, width, depth, colour_type, 0, 0, 0)
    chunks = [_chunk(b"IHDR", header), _chunk(b"PLTE", palette)] if palette else [_chunk(b"IHDR", header)]
    return b"".join((_SIGNATURE, *chunks, _chunk(b"IDAT", packed), _chunk(b"IEND", b"")))


def _chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(data, zlib.crc32(name)))
