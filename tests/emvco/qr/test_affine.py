"""PNG files without a compressor: every reader must find the modules in them."""

import io
import random
import zlib

import pytest
import zxingcpp
from PIL import Image

from emvco.qr import deflate, png, spec
from emvco.qr.affine import affine_png
from emvco.qr.board import board_of


def noise(version, seed=0):
    return board_of(version).place(random.Random(seed).randbytes(spec.raw_bits(version) // 8))


def grey(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.size, image.convert("L").tobytes()


def chunks(data):
    """Of a PNG file, checked: signature, lengths, checksums."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert int.from_bytes(data[at + 8 + length : at + 12 + length], "big") == zlib.crc32(name + body)
        found.append((name, body))
        at += 12 + length
    return found


@pytest.mark.parametrize("border", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("version", range(1, 11))
def test_the_pixels_are_those_of_the_ordinary_path(version, scale, border):
    writer = affine_png(version, scale, border)
    if writer is None:
        assert (scale, border) == (1, 1)
        return
    for board in (0, noise(version), noise(version, 1), *board_of(version).patterns[:2]):
        ordinary = png.write(board_of(version).rows(board), scale, border)
        assert grey(writer.write(board)) == grey(ordinary)


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_chunks_and_both_checksums_are_right(scale):
    for version in (1, 5, 10):
        data = affine_png(version, scale, 4).write(noise(version))
        names, bodies = zip(*chunks(data), strict=True)
        assert names == (b"IHDR", b"IDAT", b"IEND")
        inflater = zlib.decompressobj()
        pixels = inflater.decompress(bodies[1])
        assert inflater.eof  # Which includes the Adler-32.
        assert not inflater.unused_data
        assert len(pixels) == (spec.side(version) + 9) * (spec.side(version) + 8) * scale


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_other_readers_accept_the_file(scale):
    pypng = pytest.importorskip("png")
    for version in range(1, 11):
        board = noise(version)
        width, height, rows, info = pypng.Reader(bytes=affine_png(version, scale, 4).write(board)).asDirect()
        side = (spec.side(version) + 8) * scale
        assert (width, height, info["greyscale"]) == (side, side, True)
        modules = board_of(version).rows(board)
        for y, row in enumerate(rows):
            inside = 4 <= y // scale < 4 + len(modules)
            expected = bytes(4) + (modules[y // scale - 4] if inside else bytes(len(modules))) + bytes(4)
            assert bytes(pixel == 0 for pixel in row[::scale]) == expected


def test_a_scanner_reads_every_scale():
    from emvco.qr import render

    for scale in (2, 4, 8):
        (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(render("สวัสดี", scale=scale).png())).convert("L"))
        assert code.text == "สวัสดี"


def test_a_payment_code_is_small():
    assert len(affine_png(4, 8, 4).template) < 500
    assert len(affine_png(5, 8, 4).template) < 580


@pytest.mark.parametrize(("version", "scale", "border"), [(4, 3, 4), (4, 16, 4), (4, 8, 0), (4, 1, 1), (10, 8, 10)])
def test_what_has_no_template_takes_the_ordinary_path(version, scale, border):
    assert affine_png(version, scale, border) is None


def test_both_huffman_codes_are_complete():
    for size in range(21, 58, 4):
        for scale in (1, 2, 4, 8):
            found = deflate.stream(size, scale, 4, 2 * (size + 11))
            assert found is not None
            literals, distances = codes_of(found.data)
            for lengths in (literals, distances):
                assert sum(2**-length for length in lengths if length) == 1


def codes_of(data):
    """The code lengths in the header of a dynamic block, read by RFC 1951, 3.2.7."""
    bits = int.from_bytes(data, "little")

    def take(count):
        nonlocal bits
        value = bits & (1 << count) - 1
        bits >>= count
        return value

    assert (take(1), take(2)) == (1, 2)
    literals, distances, used = take(5) + 257, take(5) + 1, take(4) + 4
    order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
    lengths = dict(zip(order, [take(3) for _ in range(used)], strict=False))
    assert sum(2**-length for length in lengths.values() if length) == 1
    codes, code, last = {}, 0, 0
    for symbol, length in sorted((item for item in lengths.items() if item[1]), key=lambda item: (item[1], item[0])):
        code <<= length - last
        last = length
        codes[length, code] = symbol
        code += 1
    found = []
    while len(found) < literals + distances:
        code = length = 0
        while (length, code) not in codes:
            code, length = code << 1 | take(1), length + 1
        symbol = codes[length, code]
        if symbol < 16:
            found.append(symbol)
        elif symbol == 17:
            found += [0] * (take(3) + 3)
        else:
            assert symbol == 18
            found += [0] * (take(7) + 11)
    return found[:literals], found[literals:]
