"""A DEFLATE stream (RFC 1951) of a symbol's pixels in which every module owns one bit at a place known beforehand.

One block with its own Huffman codes. The bytes 0xFF (light) and 0x00 (dark) have the codes 01 and 00, so a module that
is one byte wide is one bit. A row of modules is its n literals; everything else (the other pixel rows of the same
modules, the margins, the filter bytes) repeats the pixel row above, at one fixed distance. The code lengths are chosen
such that the stream of a row is exactly as long as a line of `emvco.qr.board`, twice. Both Huffman codes are complete:
strict inflaters ask for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import groupby, product

# RFC 1951, 3.2.5: first length or distance of each code, and the number of extra bits.
_LENGTHS = tuple(
    (257 + i, base, extra)
    for i, (base, extra) in enumerate(
        [(length, 0) for length in range(3, 11)]
        + [(3 + (4 + i % 4 << i // 4), i // 4) for i in range(4, 24)]
        + [(258, 0)]
    )
)
_DISTANCES = tuple((i, 1 + (i if i < 2 else 2 + i % 2 << i // 2 - 1), max(i // 2 - 1, 0)) for i in range(30))
_LONGEST = 258
_CODE_LENGTH_MAX = 15
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)


@dataclass(frozen=True, slots=True)
class Stream:
    """`data` is the stream of an all-light symbol; bit `first + row * row_bits + 2 * column` is a module's."""

    data: bytes
    first: int


class _Bits:
    def __init__(self) -> None:
        self.value = 0
        self.length = 0

    def put(self, value: int, bits: int) -> None:
        self.value |= value << self.length
        self.length += bits

    def code(self, code: tuple[int, int]) -> None:
        """Huffman codes go from their highest bit."""
        for i in range(code[1] - 1, -1, -1):
            self.put(code[0] >> i & 1, 1)


def stream(size: int, scale: int, border: int, row_bits: int) -> Stream | None:
    """For pixel rows of 1 + size + 2 * border bytes, each module `scale` rows high. None if it cannot be done."""
    stride = 1 + size + 2 * border
    above = (border * scale - 1) * stride + 1 + border
    beside = (scale - 1) * stride + 1 + 2 * border
    below = (border * scale - 1) * stride + border
    if border < 1 or min(above, beside, below) < 3:
        return None
    distance = _find(_DISTANCES, stride)
    pieces = [_find(_LENGTHS, length) for length in _split(beside)]
    others = {_find(_LENGTHS, length)[0] for match in (above, below) for length in _split(match)}
    found = _code_lengths(pieces, others - {piece[0] for piece in pieces}, distance, row_bits - 2 * size)
    if found is None:
        return None
    literals, distances = found
    bits = _Bits()
    bits.put(1, 1)  # The last block,
    bits.put(2, 2)  # with codes of its own.
    if not _put_codes(bits, literals, distances):
        return None
    codes, distance_code = _canonical(literals), _canonical(distances)[distance[0]]

    def match(length: int) -> None:
        for part in _split(length):
            symbol, base, extra = _find(_LENGTHS, part)
            bits.code(codes[symbol])
            bits.put(part - base, extra)
            bits.code(distance_code)
            bits.put(stride - distance[1], distance[2])

    bits.code(codes[0])
    for _ in range(stride - 1):
        bits.code(codes[255])
    match(above)
    first = bits.length + 1  # The second bit of a literal tells dark from light.
    for _ in range(size):
        for _ in range(size):
            bits.code(codes[255])
        match(beside)
    for _ in range(size):
        bits.code(codes[255])
    match(below)
    bits.code(codes[256])
    return Stream(bits.value.to_bytes((bits.length + 7) // 8, "little"), first)


def _find(table: tuple[tuple[int, int, int], ...], value: int) -> tuple[int, int, int]:
    return next(row for row in reversed(table) if row[1] <= value)


def _split(length: int) -> list[int]:
    """A match as matches of 3 to 258 bytes."""
    parts = []
    while length > _LONGEST:
        parts.append(_LONGEST if length - _LONGEST >= 3 else _LONGEST - 3)
        length -= parts[-1]
    return [*parts, length]


def _code_lengths(
    pieces: list[tuple[int, int, int]], others: set[int], distance: tuple[int, int, int], bits: int
) -> tuple[dict[int, int], dict[int, int]] | None:
    """Lengths of both codes such that the matches beside a row of modules take *bits* bits."""
    symbols = sorted({piece[0] for piece in pieces})
    rare = [256, *sorted(others)]
    unit = 1 << _CODE_LENGTH_MAX  # Shares of the code space as integers; the two literals take half of it.
    fixed = sum(extra for _, _, extra in pieces) + len(pieces) * distance[2]
    best: tuple[int, dict[int, int], int] | None = None
    for reach in range(1, 12):
        for chosen in product(range(2, 13), repeat=len(symbols)):
            lengths = dict(zip(symbols, chosen, strict=True))
            if fixed + len(pieces) * reach + sum(lengths[piece[0]] for piece in pieces) != bits:
                continue
            left = unit // 2 - sum(unit >> length for length in chosen)
            rare_length = next((i for i in range(3, 14) if len(rare) * (unit >> i) <= left), None)
            if rare_length is not None and (best is None or max(rare_length, *chosen, reach) < best[0]):
                lengths |= dict.fromkeys(rare, rare_length)
                best = max(rare_length, *chosen, reach), lengths, reach
    if best is None:
        return None
    _, lengths, reach = best
    literals = {0: 2, 255: 2, **lengths}
    _complete(literals, range(257, 286), unit)
    distances = {distance[0]: reach}
    _complete(distances, range(30), unit)
    return literals, distances


def _complete(lengths: dict[int, int], symbols: range, unit: int) -> None:
    """Give the code space that is left to symbols that never occur."""
    left = unit - sum(unit >> length for length in lengths.values())
    unused = (symbol for symbol in symbols if symbol not in lengths)
    for length in range(1, _CODE_LENGTH_MAX + 1):
        while left >= unit >> length:
            lengths[next(unused)] = length
            left -= unit >> length


def _canonical(lengths: dict[int, int]) -> dict[int, tuple[int, int]]:
    """Code and length by symbol: RFC 1951, 3.2.2."""
    codes, code, last = {}, 0, 0
    for symbol, length in sorted(lengths.items(), key=lambda item: (item[1], item[0])):
        code <<= length - last
        last = length
        codes[symbol] = code, length
        code += 1
    return codes


def _put_codes(bits: _Bits, literals: dict[int, int], distances: dict[int, int]) -> bool:
    """The block's header: RFC 1951, 3.2.7. False if the code for the code lengths would be too deep."""
    first = [literals.get(i, 0) for i in range(max(literals) + 1)]
    second = [distances.get(i, 0) for i in range(max(distances) + 1)]
    runs = [run for length, group in groupby(first + second) for run in _runs(length, len(list(group)))]
    lengths = _huffman([symbol for symbol, _, _ in runs])
    if max(lengths.values()) > 7:
        return False
    codes = _canonical(lengths)
    order = [lengths.get(symbol, 0) for symbol in _ORDER]
    while order[-1] == 0:
        order.pop()
    bits.put(len(first) - 257, 5)
    bits.put(len(second) - 1, 5)
    bits.put(len(order) - 4, 4)
    for length in order:
        bits.put(length, 3)
    for symbol, extra, extra_bits in runs:
        bits.code(codes[symbol])
        bits.put(extra, extra_bits)
    return True


def _runs(length: int, count: int) -> list[tuple[int, int, int]]:
    """Code lengths as (symbol, extra, extra bits): zeros are counted, others repeated as they are."""
    runs = []
    while length == 0 and count >= 3:
        taken = min(count, 138)
        runs.append((18, taken - 11, 7) if taken >= 11 else (17, taken - 3, 3))
        count -= taken
    return runs + [(length, 0, 0)] * count


def _huffman(symbols: list[int]) -> dict[int, int]:
    """Code lengths by frequency. There are always two different symbols or more: a length and a gap."""
    heap: list[tuple[int, int, tuple[int, ...]]] = [
        (symbols.count(symbol), symbol, (symbol,)) for symbol in sorted(set(symbols))
    ]
    heapify(heap)
    lengths = dict.fromkeys(symbols, 0)
    while len(heap) > 1:
        a, b = heappop(heap), heappop(heap)
        for symbol in a[2] + b[2]:
            lengths[symbol] += 1
        heappush(heap, (a[0] + b[0], a[1], a[2] + b[2]))
    return lengths
