"""A small picture in the middle of a symbol: a shop's own sign. Only at level H, whose correction makes up for it.

The mark is a PNG of 8 bits a channel, not interlaced. It stands on a light square of an odd number of whole modules, a
fifth of the side and one module more at most: 6 % of the symbol, where level H can lose 30 % of any block.
"""

from __future__ import annotations

import zlib
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct, unpack
from typing import Final

from emvco.errors import SymbolError
from emvco.qr import png
from emvco.qr.colours import Look, rgb_pair
from emvco.qr.png import Rgb

SIDE_MAX: Final = 512
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_HEADER: Final = Struct(">IIBBBBB")


@dataclass(frozen=True, slots=True)
class Picture:
    """Red, green, blue and opacity of every pixel, four bytes each, row after row."""

    width: int
    height: int
    pixels: bytes


def box(size: int) -> int:
    """Modules to a side of the square that is cleared in a symbol of this size."""
    side = size // 5 + 1
    return side if side % 2 else side - 1


def require_h(error: str) -> None:
    """Raise SymbolError at any other level."""
    if error != "H":
        raise SymbolError("mark_needs_h", message="a mark in the middle needs error correction level H")


def svg_image(mark: bytes, size: int, border: int, light: str) -> str:
    """What goes on top of the strokes; in modules."""
    read(mark)
    side = box(size)
    at = border + (size - side) // 2
    data = b2a_base64(mark, newline=False).decode("ascii")
    return (
        f'<path fill="{light}" d="M{at} {at}h{side}v{side}h-{side}z"/>'
        f'<image x="{at}.5" y="{at}.5" width="{side - 1}" height="{side - 1}" href="data:image/png;base64,{data}"/>'
    )


def write_png(mark: bytes, rows: Sequence[bytes], look: Look) -> bytes:
    """The symbol in true colour with the mark on it."""
    size, scale, border = len(rows), look.scale, look.border
    dark, light = rgb_pair(look.dark, look.light)
    side = box(size)
    colours = bytes(light) * scale, bytes(dark) * scale
    margin = colours[0] * border
    first = (size - side) // 2
    lines: list[bytes] = []
    for number, row in enumerate(rows):
        inside = first <= number < first + side
        shown = row[:first] + bytes(side) + row[first + side :] if inside else row
        lines += [margin + b"".join(map(colours.__getitem__, shown)) + margin] * scale
    top = scale // 2
    length = (side - 1) * scale
    for number, line in enumerate(_scaled(read(mark), length, light)):
        y = first * scale + top + number
        x = 3 * ((border + first) * scale + top)
        lines[y] = lines[y][:x] + line + lines[y][x + len(line) :]
    width = (size + 2 * border) * scale
    quiet = [bytes(light) * width] * (border * scale)
    return png.file(width, 8, 2, zlib.compress(b"".join(b"\0" + line for line in (*quiet, *lines, *quiet)), 6))


def read(data: bytes) -> Picture:
    """The pixels of a PNG. Raises SymbolError if it is none, or of a kind that is not read here."""
    if not isinstance(data, bytes):
        raise SymbolError("bad_mark", message="a mark is the bytes of a PNG")
    return _pixels(data)


@lru_cache(maxsize=8)
def _pixels(data: bytes) -> Picture:
    try:
        return _read(data)
    except (ValueError, IndexError, KeyError, zlib.error) as wrong:
        raise SymbolError(
            "bad_mark", message="a mark is a PNG of 8 bits a channel, not interlaced, of 512 pixels a side at most"
        ) from wrong


def _read(data: bytes) -> Picture:
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("not a PNG")
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at + 12 <= len(data):
        (length,) = unpack(">I", data[at : at + 4])
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        chunks[name] = chunks.get(name, b"") + body
        at += 12 + length
    width, height, depth, kind, _, _, interlaced = _HEADER.unpack(chunks[b"IHDR"][: _HEADER.size].ljust(_HEADER.size))
    if depth != 8 or interlaced or not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        raise ValueError("not of this kind")
    channels = _CHANNELS[kind]
    stride = width * channels
    raw = zlib.decompressobj().decompress(chunks[b"IDAT"], height * (stride + 1))
    if len(raw) != height * (stride + 1):
        raise ValueError("too short")
    octets = b"".join(_unfiltered(raw, stride, channels))
    return Picture(width, height, _rgba(octets, kind, chunks))


def _unfiltered(raw: bytes, stride: int, step: int) -> list[bytearray]:
    """ISO/IEC 15948, 9.2."""
    lines: list[bytearray] = []
    above = bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        if kind > 4:
            raise ValueError("unknown filter")
        for i in range(stride if kind else 0):
            left, corner = (line[i - step], above[i - step]) if i >= step else (0, 0)
            up = above[i]
            guess = (left, up, (left + up) // 2, _paeth(left, up, corner))[kind - 1]
            line[i] = line[i] + guess & 0xFF
        lines.append(line)
        above = line
    return lines


def _paeth(left: int, up: int, corner: int) -> int:
    distances = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    return (left, up, corner)[distances.index(min(distances))]


def _rgba(octets: bytes, kind: int, chunks: dict[bytes, bytes]) -> bytes:
    if kind == 6:
        return octets
    if kind == 2:
        return b"".join(octets[i : i + 3] + b"\xff" for i in range(0, len(octets), 3))
    if kind == 4:
        return b"".join(octets[i : i + 1] * 3 + octets[i + 1 : i + 2] for i in range(0, len(octets), 2))
    if kind == 0:
        return b"".join(bytes((value, value, value, 255)) for value in octets)
    palette, opacity = chunks[b"PLTE"], chunks.get(b"tRNS", b"").ljust(256, b"\xff")
    entries = [palette[3 * i : 3 * i + 3] + opacity[i : i + 1] for i in range(len(palette) // 3)]
    return b"".join(entries[value] for value in octets)


def _scaled(picture: Picture, side: int, light: Rgb) -> list[bytes]:
    """Lines of side * side pixels on the ground: the mark as large as fits, its shape kept, averaged over areas."""
    width = max(1, min(side, side * picture.width // picture.height))
    height = max(1, min(side, side * picture.height // picture.width))
    left, top = (side - width) // 2, (side - height) // 2
    ground = bytes(light)
    lines = [ground * side for _ in range(side)]
    for y in range(height):
        ys = _covered(y, height, picture.height)
        pixels = b"".join(_mixed(picture, _covered(x, width, picture.width), ys, light) for x in range(width))
        lines[top + y] = ground * left + pixels + ground * (side - left - width)
    return lines


def _covered(place: int, places: int, length: int) -> range:
    start = place * length // places
    return range(start, max(start + 1, (place + 1) * length // places))


def _mixed(picture: Picture, xs: range, ys: range, light: Rgb) -> bytes:
    """The mean of an area, laid on the ground."""
    sums, opacity, count = [0, 0, 0], 0, len(xs) * len(ys)
    for y in ys:
        for x in xs:
            at = 4 * (y * picture.width + x)
            alpha = picture.pixels[at + 3]
            opacity += alpha
            for i in range(3):
                sums[i] += picture.pixels[at + i] * alpha
    return bytes((sums[i] + light[i] * (255 * count - opacity)) // (255 * count) for i in range(3))
