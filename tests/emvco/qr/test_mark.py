import base64
import io
import re
import zlib

import pytest
import zxingcpp
from PIL import Image, ImageDraw

import emvco
from emvco import SymbolError
from emvco.qr import mark, render

PAYLOAD = emvco.promptpay_payload("0812345678", 15_000)


def picture(mode="RGBA", size=(64, 64), **options):
    """A red disc on nothing."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((0, 0, size[0] - 1, size[1] - 1), fill=(200, 16, 46, 255), outline=(0, 0, 80, 255))
    out = io.BytesIO()
    image.convert(mode).save(out, "PNG", **options)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L", "LA", "P"])
def test_a_mark_is_drawn_and_the_code_still_read(mode):
    for text in ("x", PAYLOAD, "a" * 119):
        symbol = render(text, error="H", scale=6)
        image = Image.open(io.BytesIO(symbol.png(mark=picture(mode))))
        assert image.size == (symbol.width, symbol.width)
        (code,) = zxingcpp.read_barcodes(image.convert("L"))
        assert code.text == text
        assert image.tobytes() != Image.open(io.BytesIO(symbol.png())).convert("RGB").tobytes()


@pytest.mark.parametrize("version", range(1, 11))
def test_at_most_six_percent_of_the_modules_are_covered(version):
    size = 17 + 4 * version
    side = mark.box(size)
    assert side % 2 == 1
    assert 0.02 < side**2 / size**2 < 0.06


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L", "LA", "P"])
@pytest.mark.parametrize("size", [(1, 1), (5, 9), (64, 40)])
def test_pixels_are_read_as_another_reader_reads_them(mode, size):
    data = picture(mode, size)
    found = mark.read(data)
    assert (found.width, found.height) == size
    assert found.pixels == Image.open(io.BytesIO(data)).convert("RGBA").tobytes()


def test_every_filter_of_png_is_read():
    noise = Image.effect_noise((40, 40), 60).convert("RGB")
    for options in ({}, {"optimize": True}, {"compress_level": 0}):
        out = io.BytesIO()
        noise.save(out, "PNG", **options)
        assert mark.read(out.getvalue()).pixels == noise.convert("RGBA").tobytes()


def test_the_svg_carries_the_mark_on_a_light_square():
    data = picture()
    symbol = render(PAYLOAD, error="H")
    svg = symbol.svg(mark=data, light="#fffff0")
    assert base64.b64decode(re.search(r'href="data:image/png;base64,([^"]+)"', svg)[1]) == data
    side = mark.box(symbol.size)
    assert svg.index(f'd="M{4 + (symbol.size - side) // 2} ') > svg.index('stroke="#000"')


def test_the_mark_keeps_its_shape():
    symbol = render(PAYLOAD, error="H", scale=10)
    wide = Image.new("RGB", (100, 20), (255, 0, 0))
    out = io.BytesIO()
    wide.save(out, "PNG")
    image = Image.open(io.BytesIO(symbol.png(mark=out.getvalue())))
    red = [(x, y) for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) == (255, 0, 0)]
    width = max(x for x, _ in red) - min(x for x, _ in red) + 1
    height = max(y for _, y in red) - min(y for _, y in red) + 1
    assert (width, height) == ((mark.box(symbol.size) - 1) * 10, (mark.box(symbol.size) - 1) * 2)
    assert len(red) == width * height


@pytest.mark.parametrize("how", ["png", "svg"])
@pytest.mark.parametrize("error", ["L", "M", "Q"])
def test_a_mark_needs_level_h(how, error):
    with pytest.raises(SymbolError) as caught:
        getattr(render("x", error=error), how)(mark=picture())
    assert caught.value.code == "mark_needs_h"


GOOD = picture()


def refiltered(kind):
    """The good one, but that its first line says it has another filter."""
    at = GOOD.index(b"IDAT")
    length = int.from_bytes(GOOD[at - 4 : at], "big")
    lines = bytearray(zlib.decompress(GOOD[at + 4 : at + 4 + length]))
    lines[0] = kind
    packed = zlib.compress(lines)
    return GOOD[: at - 4] + len(packed).to_bytes(4, "big") + b"IDAT" + packed + bytes(4) + GOOD[at + 8 + length :]


@pytest.mark.parametrize("how", ["png", "svg"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg/>",
        GOOD[:40],
        refiltered(5),
        GOOD[:60],
        GOOD.replace(b"IDAT", b"xDAT"),
        GOOD[:24] + b"\x10" + GOOD[25:],
        GOOD[:28] + b"\x01" + GOOD[29:],
        GOOD[:16] + b"\x00\x00\x02\x01" + GOOD[20:],
    ],
)
def test_what_is_no_mark_is_refused(how, data):
    with pytest.raises(SymbolError) as caught:
        getattr(render("x", error="H"), how)(mark=data)
    assert caught.value.code == "bad_mark"
