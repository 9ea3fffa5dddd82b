import base64
import io
import re
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import emvco
from emvco import SymbolError
from emvco.qr import render

PAYLOAD = emvco.promptpay_payload("0812345678", 15_000)
BILL = emvco.bill_payment_payload("099400016550100", "A" * 20, "B" * 20, 999_999_999_999)
THAI = "00020101021129370016A0000006770101110113006681234567853037645802TH64290002TH0108ร้านกาแฟ0207กรุงเทพ63045A08"


def seen(picture):
    """What a scanner reads in a greyscale picture."""
    (code,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return code.text


def opened(png):
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def modules_of(image, symbol):
    """The middle pixel of every module, without the quiet zone."""
    scale, border = symbol.scale, symbol.border
    places = [(border + i) * scale + scale // 2 for i in range(symbol.size)]
    return tuple(bytes(0 if image.getpixel((x, y)) else 1 for x in places) for y in places)


@pytest.mark.parametrize("text", [PAYLOAD, BILL, THAI, emvco.promptpay_payload("0812345678"), "x", "a" * 500])
@pytest.mark.parametrize("error", ["L", "H"])
def test_a_scanner_reads_the_png(text, error):
    assert seen(opened(render(text, error=error).png()).convert("L")) == text


@pytest.mark.parametrize("scale", [1, 2, 3, 5, 8, 10])
@pytest.mark.parametrize("border", [0, 1, 4])
def test_every_pixel_of_the_png_is_its_module(scale, border):
    symbol = render(PAYLOAD, scale=scale, border=border)
    image = opened(symbol.png())
    # At scales 1, 2 and 4 a pixel is of 8, 4 or 2 bits: see emvco.qr.affine.
    assert (image.format, image.mode in {"1", "L"}, image.size) == ("PNG", True, (symbol.width, symbol.width))
    big = Image.new("L", (symbol.size + 2 * border,) * 2, 255)
    for y, row in enumerate(symbol.rows()):
        for x, dark in enumerate(row):
            if dark:
                big.putpixel((border + x, border + y), 0)
    expected = big.resize(image.size, Image.Resampling.NEAREST)
    assert image.convert("L").tobytes() == expected.tobytes()


def test_the_png_is_small_and_its_chunks_are_sound():
    png = render(PAYLOAD).png()
    assert len(png) < 700
    at, names = 8, []
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        body = png[at + 4 : at + 8 + length]
        assert int.from_bytes(png[at + 8 + length : at + 12 + length], "big") == zlib.crc32(body)
        names.append(body[:4])
        at += 12 + length
    assert names == [b"IHDR", b"IDAT", b"IEND"]


def test_the_data_url_is_the_png():
    symbol = render(PAYLOAD)
    head, _, data = symbol.data_url().partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data, validate=True) == symbol.png()


def rasterised(svg):
    """A tiny reader of our own SVG: the white square, then the strokes."""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])
    assert f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/>' in svg
    image = Image.new("L", (side, side), 255)
    x = y = 0
    for command, first, second in re.findall(
        r"([Mmh])([\d.]+)(?: ([\d.]+))?", re.search(r'stroke="#000" d="(.*?)"', svg)[1]
    ):
        if command == "M":
            x, y = int(first), int(second.removesuffix(".5"))
        elif command == "m":
            assert second == "0"
            x += int(first)
        else:
            for _ in range(int(first)):
                image.putpixel((x, y), 0)
                x += 1
    return image


@pytest.mark.parametrize("text", [PAYLOAD, BILL])
def test_the_svg_draws_the_same_modules(text):
    symbol = render(text, scale=3)
    svg = symbol.svg()
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" ')
    assert f'width="{symbol.width}" height="{symbol.width}"' in svg
    small = rasterised(svg)
    cropped = small.crop((4, 4, 4 + symbol.size, 4 + symbol.size))
    assert (
        tuple(
            bytes(0 if pixel else 1 for pixel in cropped.tobytes()[i : i + symbol.size])
            for i in range(0, symbol.size**2, symbol.size)
        )
        == symbol.rows()
    )
    assert seen(small.resize((small.width * 4,) * 2, Image.Resampling.NEAREST)) == text


@pytest.mark.parametrize("ansi", [True, False])
@pytest.mark.parametrize("border", [0, 1, 4])
def test_the_terminal_shows_the_same_modules(ansi, border):
    symbol = render(PAYLOAD, border=border)
    lines = symbol.terminal(ansi=ansi).split("\n")
    if ansi:
        assert all(line.startswith("\x1b[38;5;16;48;5;231m") and line.endswith("\x1b[0m") for line in lines)
        lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]
    side = symbol.size + 2 * border
    assert {len(line) for line in lines} == {side}
    halves = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    ink_is_dark = ansi
    shown = []
    for line in lines:
        for half in (0, 1):
            shown.append(bytes(halves[glyph][half] if ink_is_dark else 1 - halves[glyph][half] for glyph in line))
    inside = tuple(row[border : border + symbol.size] for row in shown[border : border + symbol.size])
    assert inside == symbol.rows()
    assert all(not any(row) for row in shown[:border] + shown[border + symbol.size : side])


def first_bits(text, count):
    """The first data bits of a one-block symbol: upwards from the lower right corner, two columns, mask 0 taken off."""
    rows = render(text, error="L", mask=0).rows()
    last = len(rows) - 1
    places = [(last - i // 2, last - i % 2) for i in range(count)]
    return "".join(str(rows[y][x] ^ ((x + y) % 2 == 0)) for y, x in places)


def test_the_mode_is_byte_even_for_digits_and_capitals():
    assert first_bits("12345678", 12) == "0100" + "00001000"
    assert first_bits("ABC", 12) == "0100" + "00000011"
    # At level M version 5 holds 84 characters in byte mode, and 122 in alphanumeric mode.
    assert (len(PAYLOAD), render(PAYLOAD).version, render(PAYLOAD + "A").version) == (84, 5, 6)


def test_thai_text_is_declared_as_utf8_by_eci_26():
    assert first_bits("ก", 16) == "0111" + "00011010" + "0100"


def test_the_error_level_is_never_raised_silently():
    assert render("x", error="L").rows() != render("x", error="H").rows()


def test_a_forced_mask_is_used_and_read():
    pictures = set()
    for mask in range(8):
        symbol = render(PAYLOAD, mask=mask)
        assert symbol.mask == mask
        pictures.add(symbol.png())
        assert seen(opened(symbol.png()).convert("L")) == PAYLOAD
    assert len(pictures) == 8
    assert render(PAYLOAD).png() in pictures


def test_equal_input_gives_equal_bytes_in_every_thread():
    def draw(_):
        symbol = render(BILL)
        return symbol.png(), symbol.svg(), symbol.terminal(), symbol

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(draw, range(24)))) == 1


def test_a_symbol_cannot_be_changed():
    symbol = render(PAYLOAD)
    with pytest.raises(AttributeError):
        symbol.scale = 1
    assert isinstance(symbol.rows(), tuple)


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("", {}, "empty"),
        ("", {"mode": "compact"}, "empty"),
        ("A" * 5000, {"mode": "compact"}, "too_long"),
        ("a" * 3000, {}, "too_long"),
        ("\ud800", {}, "not_unicode"),
        ("x", {"mode": "kanji"}, "unknown_mode"),
        ("x", {"error": "X"}, "unknown_level"),
        ("x", {"scale": 0}, "bad_scale"),
        ("x", {"scale": 101}, "bad_scale"),
        ("x", {"scale": 1.5}, "bad_scale"),
        ("x", {"border": -1}, "bad_border"),
        ("x", {"border": True}, "bad_border"),
        ("x", {"mask": 8}, "bad_mask"),
    ],
)
def test_what_cannot_be_drawn_is_refused(text, options, code):
    with pytest.raises(SymbolError) as caught:
        render(text, **options)
    assert caught.value.code == code


@settings(max_examples=40, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
    | st.from_regex(r"[0-9A-Z $%*+./:-]{1,60}", fullmatch=True)
    | st.from_regex(r"[ก-๙]{1,30}", fullmatch=True),
    st.sampled_from(["byte", "compact"]),
    st.sampled_from("LMQH"),
)
def test_any_text_is_read_again(text, mode, error):
    assert seen(opened(render(text, mode=mode, error=error, scale=4).png()).convert("L")) == text


def test_compact_mode_makes_payment_codes_smaller():
    def versions(text):
        return render(text).version, render(text, mode="compact").version

    assert versions(PAYLOAD) == (5, 4)
    assert versions(emvco.promptpay_payload("0812345678")) == (5, 3)
    assert versions(BILL) == (8, 5)


def test_compact_codes_of_one_merchant_have_one_size_whatever_their_crc():
    codes = [emvco.promptpay_payload("0812345678", amount) for amount in range(100_000, 103_000)]
    assert any(code[-4:].isdigit() for code in codes)
    assert any(code[-4:].isalpha() for code in codes)
    assert {render(code, mode="compact", mask=0).version for code in codes} == {4}


def test_other_colours_are_drawn_and_read():
    symbol = render(PAYLOAD, scale=4)
    image = opened(symbol.png(dark="#113566", light="#ffe"))
    assert sorted(image.convert("RGB").getcolors()) == sorted(
        (count, {0: (255, 255, 238), 1: (17, 53, 102)}[dark])
        for dark, count in enumerate(
            (symbol.width**2 - 16 * sum(map(sum, symbol.rows())), 16 * sum(map(sum, symbol.rows())))
        )
    )
    assert seen(image.convert("L")) == PAYLOAD
    svg = symbol.svg(dark="#113566", light="#ffe")
    assert 'fill="#ffe"' in svg
    assert 'stroke="#113566"' in svg


@pytest.mark.parametrize("how", ["png", "svg"])
@pytest.mark.parametrize(
    ("colours", "code"),
    [
        ({"dark": "red"}, "bad_colour"),
        ({"dark": '#000"/><script>'}, "bad_colour"),
        ({"light": "#ffff"}, "bad_colour"),
        ({"light": 0xFFFFFF}, "bad_colour"),
        ({"dark": "#ffffff"}, "low_contrast"),
        ({"dark": "#ffffff", "light": "#000000"}, "low_contrast"),
        ({"dark": "#999"}, "low_contrast"),
    ],
)
def test_colours_that_no_scanner_tells_apart_are_refused(how, colours, code):
    with pytest.raises(SymbolError) as caught:
        getattr(render("x"), how)(**colours)
    assert caught.value.code == code
