"""PNG (ISO/IEC 15948): greyscale, one bit a pixel, no filter, one IDAT. Five hundred bytes for a payment code."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from struct import pack
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_DARK_TO_BIT: Final = bytes.maketrans(b"\x00\x01", b"10")  # Greyscale: 0 is black.


def write(rows: Sequence[bytes], scale: int, border: int) -> bytes:
    """The file. *rows* of modules (1 is dark), *scale* pixels a module, *border* modules of white around."""
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
    header = pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(b"".join(lines), 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(data, zlib.crc32(name)))
