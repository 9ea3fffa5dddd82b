"""From text to data codewords (ISO/IEC 18004, 7.4): which segments, which version, which bits.

Two modes. `byte` is what EMVCo MPM asks for: one byte segment, led by ECI 000026 (UTF-8) as soon as one character is
not ASCII. `compact` uses numeric and alphanumeric segments, which makes payment codes smaller by one to three versions.

A `Template` is everything that is equal for all texts of one shape. The shape is a byte mode text's length, and a
compact text's character classes; there the CRC always counts as alphanumeric, so that neither segments nor version of a
merchant's codes jump when a CRC happens to be all digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from emvco.errors import SymbolError
from emvco.qr import spec
from emvco.qr.spec import ErrorLevel

Mode = Literal["byte", "compact"]

_INDICATOR: Final = {"N": 0b0001, "A": 0b0010, "B": 0b0100}
_COUNT_BITS: Final = {"N": (10, 12, 14), "A": (9, 11, 13), "B": (8, 16, 16)}  # Table 3: versions to 9, to 26, to 40.
_ECI_UTF8: Final = (0b0111 << 8 | 26, 12)

ALPHANUMERIC: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_ONE: Final = {value: i for i, value in enumerate(ALPHANUMERIC)}
# The eleven bits of two characters as text: to join them is quicker than to shift a growing number.
_PAIR: Final = {(a, b): f"{i * 45 + j:011b}" for a, i in _ONE.items() for b, j in _ONE.items()}
_CLASS: Final = bytes(ord("N" if 48 <= c <= 57 else "A" if c in _ONE else "B") for c in range(256))
CRC_TAG: Final = b"6304"

# What varies in one merchant's codes is their end: an amount below ten million baht, tag 58 (6) and tag 63 (8).
_TAIL: Final = 24
# And what most merchants' codes have in common: all that stands before the PromptPay or biller ID (36 or 40).
_STEM: Final = 36

Piece = tuple[str, int, int, int, int]
"""Mode, start, end (in UTF-8 bytes), value of the header, bits of the header."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """How texts of one shape become codewords.

    The text is cut at byte `cut`. The bits of what is before (`head_bits` of them) can be kept for the next text that
    begins alike; `stem` is as much of that, up to byte `stem_cut`, as texts of many merchants have in common, and
    `branch` the rest. `used` data codewords carry text, terminator and `fill` in all; pad codewords follow up to
    `capacity`.
    """

    version: int
    level: ErrorLevel
    stem_cut: int
    cut: int
    stem: tuple[Piece, ...]
    branch: tuple[Piece, ...]
    tail: tuple[Piece, ...]
    stem_bits: int
    head_bits: int
    tail_bits: int
    fill: int
    used: int
    capacity: int

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The whole text."""
        return self.stem + self.branch + self.tail

    @property
    def pads(self) -> bytes:
        """The pad codewords at the end: 7.4.10."""
        missing = self.capacity - self.used
        return (b"\xec\x11" * (missing // 2 + 1))[:missing]

    def encode(self, raw: bytes) -> bytes:
        """All data codewords of a text (in UTF-8) of this shape."""
        bits = pack(raw, self.pieces)
        return (bits << self.fill).to_bytes(self.used, "big") + self.pads


def pack(raw: bytes, pieces: tuple[Piece, ...]) -> int:
    """The bits of *pieces* of the text, headers included, as one number."""
    bits = 0
    for mode, start, end, header, header_bits in pieces:
        bits = bits << header_bits | header
        if mode == "B":
            bits = bits << 8 * (end - start) | int.from_bytes(raw[start:end], "big")
        elif mode == "A":
            pairs = [_PAIR[pair] for pair in zip(raw[start:end:2], raw[start + 1 : end : 2], strict=False)]
            if pairs:
                bits = bits << 11 * len(pairs) | int("".join(pairs), 2)
            if end - start & 1:
                bits = bits << 6 | _ONE[raw[end - 1]]
        else:
            for i in range(start, end, 3):
                group = raw[i : min(i + 3, end)]
                bits = bits << 3 * len(group) + 1 | int(group)
    return bits


def template_for(raw: bytes, mode: Mode, level: ErrorLevel) -> Template:
    """The template of a text in UTF-8. Raises SymbolError if no version holds it."""
    if mode == "byte":
        return _byte_template(len(raw), not raw.isascii(), level)
    return _compact_template(shape(raw), not raw.isascii(), level)


def shape(raw: bytes) -> bytes:
    """The classes of the characters: N numeric, A alphanumeric, B neither."""
    classes = raw.translate(_CLASS)
    if raw[-8:-4] == CRC_TAG and b"B" not in classes[-4:]:
        return classes[:-4] + b"AAAA"
    return classes


@lru_cache(maxsize=1024)
def _byte_template(length: int, wide: bool, level: ErrorLevel) -> Template:
    for version in range(1, spec.VERSION_MAX + 1):
        segments = [("B", 0, length)]
        if _bits_of(segments, wide, version) <= spec.data_codewords(version, level) * 8:
            return _template(segments, wide, version, level)
    raise SymbolError("too_long", message=f"the text does not fit into a symbol of level {level}")


@lru_cache(maxsize=1024)
def _compact_template(classes: bytes, wide: bool, level: ErrorLevel) -> Template:
    """Of the smallest version; in that, one segment for all if this is enough."""
    single = [("N" if b"A" not in classes else "A", 0, len(classes))]
    if b"B" in classes:
        single = [("B", 0, len(classes))]
    for version in range(1, spec.VERSION_MAX + 1):
        room = spec.data_codewords(version, level) * 8
        if _bits_of(single, wide, version) <= room:
            return _template(single, wide, version, level)
        if (
            _least_bits(classes, wide) <= room
            and _bits_of(mixed := _best_segments(classes, _range_of(version)), wide, version) <= room
        ):
            return _template(mixed, wide, version, level)
    raise SymbolError("too_long", message=f"the text does not fit into a symbol of level {level}")


def _range_of(version: int) -> int:
    return (version + 7) // 17


def _text_bits(mode: str, length: int) -> int:
    if mode == "B":
        return 8 * length
    if mode == "A":
        return length // 2 * 11 + length % 2 * 6
    return length // 3 * 10 + (0, 4, 7)[length % 3]


def _bits_of(segments: list[tuple[str, int, int]], wide: bool, version: int) -> int:
    bits = _ECI_UTF8[1] if wide else 0
    for mode, start, end in segments:
        if end - start >= 1 << (count := _COUNT_BITS[mode][_range_of(version)]):
            return 1 << 30
        bits += 4 + count + _text_bits(mode, end - start)
    return bits


def _least_bits(classes: bytes, wide: bool) -> int:
    """No segmentation needs less: spares the search in versions that are hopeless."""
    numeric, other = classes.count(b"N"), classes.count(b"B")
    return (12 if wide else 0) + numeric * 10 // 3 + (len(classes) - numeric - other) * 11 // 2 + 8 * other


@lru_cache(maxsize=256)
def _best_segments(classes: bytes, version_range: int) -> list[tuple[str, int, int]]:
    """The segments with the fewest bits: a shortest path over (character, mode), in sixths of a bit."""
    modes = "BAN"
    head = [(4 + _COUNT_BITS[mode][version_range]) * 6 for mode in modes]
    never = 1 << 60
    costs = {ord("N"): (48, 33, 20), ord("A"): (48, 33, never), ord("B"): (48, never, never)}
    best = head[:]
    steps: list[list[int]] = []
    for character in classes:
        inside = [best[j] + cost for j, cost in enumerate(costs[character])]
        come_from = [0, 1, 2]
        after = inside[:]
        for j in range(3):
            for k in range(3):
                # A segment that ends is rounded up to whole bits; the next one begins with its header.
                turned = (inside[k] + 5) // 6 * 6 + head[j]
                if turned < after[j]:
                    after[j], come_from[j] = turned, k
        steps.append(come_from)
        best = after
    # `best[j]` may have paid for a header that nothing follows: the last character's own mode is what counts.
    mode = min(range(3), key=lambda j: inside[j])
    path = [mode]
    for come_from in reversed(steps[:-1]):
        mode = come_from[mode]
        path.append(mode)
    path.reverse()
    cuts = [i for i in range(len(path)) if i == 0 or path[i] != path[i - 1]]
    return [(modes[path[a]], a, b) for a, b in zip(cuts, [*cuts[1:], len(path)], strict=True)]


def _template(segments: list[tuple[str, int, int]], wide: bool, version: int, level: ErrorLevel) -> Template:
    pieces: list[Piece] = []
    for mode, start, end in segments:
        count = _COUNT_BITS[mode][_range_of(version)]
        pieces.append((mode, start, end, _INDICATOR[mode] << count | end - start, 4 + count))
    if wide:
        mode, start, end, header, bits = pieces[0]
        pieces[0] = (mode, start, end, _ECI_UTF8[0] << bits | header, bits + _ECI_UTF8[1])
    end = segments[-1][2]
    cut = _cut(segments, max(end - _TAIL, 0))
    stem_cut = _cut(segments, min(cut, _STEM))
    head, tail = _divided(pieces, cut)
    stem, branch = _divided(head, stem_cut)
    stem_bits, branch_bits, tail_bits = map(_piece_bits, (stem, branch, tail))
    head_bits = stem_bits + branch_bits
    capacity = spec.data_codewords(version, level)
    # The terminator is four zero bits, or as many as there is room for; then zeros to the end of the codeword.
    used = (min(capacity * 8, head_bits + tail_bits + 4) + 7) // 8
    fill = used * 8 - head_bits - tail_bits
    return Template(
        version,
        level,
        stem_cut,
        cut,
        tuple(stem),
        tuple(branch),
        tuple(tail),
        stem_bits,
        head_bits,
        tail_bits,
        fill,
        used,
        capacity,
    )


def _cut(segments: list[tuple[str, int, int]], wanted: int) -> int:
    """The last place at or before *wanted* where a group of characters begins."""
    mode, start, _ = next(segment for segment in segments if segment[1] <= wanted < segment[2])
    return wanted - (wanted - start) % {"B": 1, "A": 2, "N": 3}[mode]


def _divided(pieces: list[Piece], cut: int) -> tuple[list[Piece], list[Piece]]:
    """What is before the cut, and what is behind it; a header stands before the first of its characters."""
    before = [piece for piece in pieces if piece[2] <= cut]
    behind = [piece for piece in pieces if piece[1] >= cut]
    for mode, start, end, header, bits in pieces:
        if start < cut < end:
            before.append((mode, start, cut, header, bits))
            behind.insert(0, (mode, cut, end, 0, 0))
    return before, behind


def _piece_bits(pieces: list[Piece]) -> int:
    return sum(bits + _text_bits(mode, end - start) for mode, start, end, _, bits in pieces)
