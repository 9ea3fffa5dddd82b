import io
import sys
from itertools import product

import pytest
import zxingcpp
from PIL import Image

import emvco
from emvco import SymbolError
from emvco.qr import card
from emvco.qr.scene import Text

uharfbuzz = pytest.importorskip("uharfbuzz", reason="uharfbuzz is not installed")

from emvco.qr import typeset  # noqa: E402

PAYLOAD = emvco.promptpay_payload("0812345678", 123_450)
OPEN = emvco.promptpay_payload("0812345678")
BAND = (0x11, 0x35, 0x66)


def opened(png):
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def glyph_names(text, *, bold=False):
    return [typeset._font(bold).glyph_to_string(glyph) for glyph, _, _ in typeset._shaped(text, bold)[0]]


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("mode", ["byte", "compact"])
def test_the_code_on_the_picture_is_read_as_the_payload(scale, mode):
    for payload in (PAYLOAD, OPEN, emvco.bill_payment_payload("099400016550100", "ABCDEF1234567890", "REF2", 99)):
        made = card(payload, name="ร้านน้ำปั่น", reference="INV-7", mode=mode)
        (code,) = zxingcpp.read_barcodes(opened(made.png(scale=scale)))
        assert code.text == payload


def test_a_poster_is_as_large_as_the_paper_and_is_read_as_the_payload():
    for paper, inches in (("A5", (5.83, 8.27)), ("A6", (4.13, 5.83))):
        image = opened(card(PAYLOAD, name="ร้านน้ำปั่น").poster_png(paper, dpi=150))
        assert [side / 150 for side in image.size] == pytest.approx(inches, abs=0.01)
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.02)
        assert [code.text for code in zxingcpp.read_barcodes(image)] == [PAYLOAD]


def test_the_picture_has_the_size_and_the_colours_of_the_svg():
    made = card(PAYLOAD, name="ร้านน้ำปั่น", reference="INV-7")
    for scale in (1, 3):
        image = opened(made.png(scale=scale))
        assert f'viewBox="0 0 {image.width // scale} {image.height // scale}"' in made.svg()
        assert image.width == 360 * scale
        assert image.getpixel((30 * scale, 32 * scale)) == BAND
        assert image.getpixel((0, 0)) == (255, 255, 255)
        assert image.getpixel((image.width // 2, 66 * scale)) == (255, 255, 255)


def test_equal_cards_are_equal_bytes():
    first = card(PAYLOAD, name="ร้านน้ำปั่น").png()
    typeset._shaped.cache_clear()
    typeset._font.cache_clear()
    assert card(PAYLOAD, name="ร้านน้ำปั่น").png() == first


def test_the_amount_is_drawn_with_its_sign_and_commas():
    assert ".notdef" not in glyph_names("฿1,234.50", bold=True)
    lower = opened(card(PAYLOAD).png(scale=1)).crop((0, 372, 360, 420))
    other = opened(card(emvco.promptpay_payload("0812345678", 123_451)).png(scale=1)).crop((0, 372, 360, 420))
    assert lower.tobytes() != other.tobytes()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("น้ำ", ["uni0E19", "uni0E4D0E49", "uni0E32"]),  # The tone mark above the ring, both above the consonant.
        ("ที่", ["uni0E17", "uni0E35", "uni0E48.small"]),
        ("กี้", ["uni0E01", "uni0E35", "uni0E49.small"]),
        ("ปู่", ["uni0E1B", "uni0E39", "uni0E48.narrow"]),  # Beside the ascender.
        ("ฝี่", ["uni0E1D", "uni0E35.narrow", "uni0E48.small"]),
        ("ญู", ["yoYingthai.less", "uni0E39"]),  # Without what hangs below.
        ("ฐู", ["thoThanthai.less", "uni0E39"]),
    ],
)
@pytest.mark.parametrize("bold", [False, True])
def test_thai_marks_take_the_shapes_that_stand_right(text, names, bold):
    assert glyph_names(text, bold=bold) == names


@pytest.mark.parametrize("bold", [False, True])
def test_no_tone_mark_touches_the_vowel_below_it(bold):
    font = typeset._font(bold)
    for consonant, vowel, tone in product("กขคงจชญฎฐณดทนบปผฝพฟมยรลวศสหฬอฮ", "\u0e34\u0e35\u0e36\u0e37\u0e31", "่้๊๋"):
        (_, _, _), (vowel_id, _, vowel_up), (tone_id, _, tone_up) = typeset._shaped(consonant + vowel + tone, bold)[0]
        vowel_top = vowel_up + font.get_glyph_extents(vowel_id).y_bearing
        tone = font.get_glyph_extents(tone_id)
        assert tone_up + tone.y_bearing + tone.height > vowel_top, consonant + vowel


def test_what_is_too_long_ends_in_an_ellipsis_within_its_room():
    for text, bold in (("W" * 100, True), ("น้ำพริกป้าแจ๋ว" * 7, False), ("เก้าแม่" * 20, True)):
        cut = typeset.cut(text, 20, bold=bold)
        assert cut.endswith("…")
        assert text.startswith(cut[:-1])
        assert typeset.width(cut, bold=bold) <= 20
        assert text[len(cut) - 1] not in "่้๊๋็ิีึืุูัํำ"
        assert cut[-2] not in "เแโใไ"
    assert typeset.cut("ร้านน้ำ", 20) == "ร้านน้ำ"


@pytest.mark.parametrize(
    "name", ["W" * 100, "บริษัท น้ำพริกป้าแจ๋ว จำกัด (สาขาที่ ๒) " * 2, "東京" * 50, "\u0301", "\u200b", "สวัสดี ابت"]
)
def test_no_text_leaves_the_card(name):
    image = opened(card(OPEN, name=name, reference="W" * 100).png(scale=1))
    for x in (2, 10, 349, 357):
        assert {image.getpixel((x, y)) for y in range(80, image.height - 20)} == {(255, 255, 255)}


@pytest.mark.parametrize("scale", [0, 11, 1.5, True])
def test_a_scale_out_of_range_is_refused(scale):
    with pytest.raises(SymbolError) as caught:
        card(OPEN).png(scale=scale)
    assert caught.value.code == "bad_scale"


def test_a_poster_of_unknown_size_is_refused():
    for options, code in (({"paper": "A4"}, "unknown_paper"), ({"dpi": 71}, "bad_dpi"), ({"dpi": 601}, "bad_dpi")):
        with pytest.raises(SymbolError) as caught:
            card(OPEN).poster_png(**options)
        assert caught.value.code == code


@pytest.mark.parametrize("name", ["PIL.Image", "uharfbuzz"])
def test_a_missing_library_is_named_with_how_to_get_it(name, monkeypatch):
    typeset._font.cache_clear()
    typeset._shaped.cache_clear()
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SymbolError, match="pip install pillow uharfbuzz") as caught:
        card(OPEN).png()
    assert caught.value.code == "missing_library"
    assert card(OPEN).svg()


@pytest.mark.parametrize("shape", ["card", "poster"])
def test_two_lines_of_a_name_never_touch(shape):
    """The deepest mark of a line stays above the highest of the next, whatever letters stand there."""
    high = [
        c + vowel + tone for c, vowel, tone in product("กชญฎฐปฝฟฬว", ["", "ิ", "ี", "ึ", "ื", "ั", "็"], ["", "่", "้", "๊", "๋"])
    ]
    deep = [c + vowel for c, vowel in product("กญฎฏฐฤปgjpqy(,", ["", "ุ", "ู"]) if not (c.isascii() and vowel)]
    font = typeset._font(True)

    def reach(text):
        for glyph, _, up in typeset._shaped(text, True)[0]:
            box = font.get_glyph_extents(glyph)
            yield up + box.y_bearing, -(up + box.y_bearing + box.height)

    top = max(above for text in high for above, _ in reach(text)) / font.face.upem
    bottom = max(below for text in deep for _, below in reach(text)) / font.face.upem
    made = card(OPEN, name="บริษัท น้ำปู่ญู ที่กี่กู้ ฎฏุ ป้า ฝี่ ฟั้น จำกัด (มหาชน) สาขาเซ็นทรัลเวิลด์")
    scene = made._card(0) if shape == "card" else made._poster(148, 210, 0)
    first, second = [item for item in scene.items if isinstance(item, Text) and item.bold][
        -2 if shape == "card" else 1 :
    ][:2]
    assert first.text.startswith("บริษัท") and second.text.endswith("เวิลด์")
    assert (second.y - first.y) / first.size > top + bottom


@pytest.mark.parametrize("end", ["", "ๆ"])
def test_a_name_without_spaces_is_broken_between_syllables(end):
    name = "ร้านก๋วยเตี๋ยวเรืออยุธยาสูตรโบราณต้นตำรับคุณยายทองสุขสาขาตลาดน้ำดำเนินสะดวกจังหวัดราชบุรี" + end
    made = card(OPEN, name=name)
    for scene in (made._card(10), made._poster(148, 210, 3)):
        lines = [item for item in scene.items if isinstance(item, Text) and item.text in name]
        assert "".join(line.text for line in lines) == name and len(lines) == 2
        assert all(typeset.cut(line.text, line.room / line.size, bold=True) == line.text for line in lines)
        first, second = (line.text for line in lines)
        assert first[-1] not in "เแโใไ" and second[0] not in "ะาำๅๆฯ่้๊๋็ิีึืุูัํ์"
    assert typeset.can_break("น้ำ", 1) is typeset.can_break("น้ำ", 2) is typeset.can_break("เรือ", 1) is False
    assert typeset.can_break("กข", 1) is True


def test_few_spaces_at_the_edge_do_not_make_a_name_tiny():
    made = card(OPEN, name="ร้าน " + "ก๋วยเตี๋ยวเรืออยุธยา" * 4)
    sizes = [item.size for item in made._card(10).items if isinstance(item, Text) and item.bold][-2:]
    assert min(sizes) >= 12
