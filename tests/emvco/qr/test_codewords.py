import random

import pytest

import emvco
from emvco import SymbolError
from emvco.qr import spec
from emvco.qr.codewords import shape, template_for

STATIC = emvco.promptpay_payload("0812345678")


def segments(template):
    """(mode, start, end) of a template, its cut undone."""
    found = []
    for mode, start, end, _, header_bits in template.pieces:
        if header_bits:
            found.append((mode, start, end))
        else:
            found[-1] = (mode, found[-1][1], end)
    return found


def bits_read(data, version):
    """A reader of data codewords, written from the standard: the text, and what follows it."""
    bits = "".join(f"{byte:08b}" for byte in data)
    at = 0
    text = b""
    column = (version + 7) // 17

    def take(count):
        nonlocal at
        at += count
        return int(bits[at - count : at], 2)

    alphanumeric = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    while len(bits) - at >= 4 and (mode := take(4)):
        if mode == 7:
            assert take(8) == 26
        elif mode == 4:
            text += bytes(take(8) for _ in range(take((8, 16, 16)[column])))
        elif mode == 2:
            count = take((9, 11, 13)[column])
            for _ in range(count // 2):
                text += bytes(alphanumeric[i] for i in divmod(take(11), 45))
            text += bytes([alphanumeric[take(6)]]) if count % 2 else b""
        else:
            count = take((10, 12, 14)[column])
            for width in [3] * (count // 3) + ([count % 3] if count % 3 else []):
                text += f"{take(width * 3 + 1):0{width}d}".encode()
    return text, bits[at:]


@pytest.mark.parametrize("mode", ["byte", "compact"])
@pytest.mark.parametrize("level", "LMQH")
def test_codewords_say_the_text_and_then_pad_as_the_standard_says(mode, level):
    random_ = random.Random(1)
    for alphabet in ("0123456789", "ABC123", "ab12CD", "กA1", "0000000000A", "0123456789a"):
        for length in (*range(1, 50), 74, 90, 130):
            raw = "".join(random_.choices(alphabet, k=length)).encode()
            template = template_for(raw, mode, level)
            data = template.encode(raw)
            assert len(data) == spec.data_codewords(template.version, level)
            text, rest = bits_read(data, template.version)
            assert text == raw
            fill = len(rest) % 8
            assert rest[:fill] == "0" * fill
            pads = bytes(int(rest[i : i + 8], 2) for i in range(fill, len(rest), 8))
            assert pads == (b"\xec\x11" * len(pads))[: len(pads)]


def test_the_static_code_is_numeric_and_alphanumeric_in_version_3():
    template = template_for(STATIC.encode(), "compact", "M")
    assert (len(STATIC), template.version) == (74, 3)
    assert segments(template) == [("N", 0, 20), ("A", 20, 21), ("N", 21, 64), ("A", 64, 74)]


def test_one_alphanumeric_segment_is_kept_where_mixing_gains_no_version():
    text = emvco.promptpay_payload("0812345678", 123_456)
    assert segments(template_for(text.encode(), "compact", "M")) == [("A", 0, len(text))]


def test_the_crc_never_decides_about_segments():
    body = STATIC[:-4]
    assert shape((body + "1234").encode()) == shape((body + "A0F1").encode())
    templates = {template_for((body + crc).encode(), "compact", "M") for crc in ("0000", "1234", "A0F1", "FFFF")}
    assert len(templates) == 1
    # Only at the end, and only if it can be one.
    assert shape(b"63041234X") != shape(b"6304A234X")
    assert shape(b"6304abcd") == b"NNNNBBBB"


def cheapest(classes, version):
    """Bits of the best segmentation, by trying all."""
    column = (version + 7) // 17
    best = {0: 0}
    for end in range(1, len(classes) + 1):
        options = []
        for start in range(end):
            length, part = end - start, set(classes[start:end])
            options.append(best[start] + 4 + (8, 16, 16)[column] + 8 * length)
            if part <= set("NA"):
                options.append(best[start] + 4 + (9, 11, 13)[column] + length // 2 * 11 + length % 2 * 6)
            if part <= set("N"):
                digits = length // 3 * 10 + (0, 4, 7)[length % 3]
                options.append(best[start] + 4 + (10, 12, 14)[column] + digits)
        best[end] = min(options)
    return best[len(classes)]


def test_no_segmentation_is_shorter():
    random_ = random.Random(4)
    example = {"N": "7", "A": "K", "B": "k"}
    for _ in range(150):
        classes = "".join(random_.choice("NAB") * random_.randrange(1, 16) for _ in range(random_.randrange(1, 7)))
        template = template_for("".join(map(example.get, classes)).encode(), "compact", "L")
        least = cheapest(classes, template.version)
        used = template.head_bits + template.tail_bits
        assert used >= least
        if len(segments(template)) > 1:
            assert used == least
        smaller = template.version - 1
        assert smaller == 0 or cheapest(classes, smaller) > spec.data_codewords(smaller, "L") * 8


@pytest.mark.parametrize(
    ("level", "mode", "most"),
    [("L", "byte", 2953), ("H", "byte", 1273), ("L", "compact", 7089), ("H", "compact", 3057)],
)
def test_the_largest_symbol_holds_what_table_7_says(level, mode, most):
    assert template_for(b"7" * most, mode, level).version == 40
    with pytest.raises(SymbolError) as caught:
        template_for(b"7" * (most + 1), mode, level)
    assert caught.value.code == "too_long"
