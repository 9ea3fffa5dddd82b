import io
import re
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image

import emvco
from emvco import EmvcoError, SymbolError
from emvco.qr import card

_PNG = io.BytesIO()
Image.new("RGB", (16, 16), (200, 30, 30)).save(_PNG, "PNG")
MARK = _PNG.getvalue()
PAYLOAD = emvco.promptpay_payload("0812345678", 123_450)
OPEN = emvco.promptpay_payload("0812345678")
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def read_back(svg):
    """What a scanner reads in the strokes of the symbol."""
    group = next(ElementTree.fromstring(svg).iter(f"{SVG}g"))
    ground, strokes = (path.get("d") for path in group.iter(f"{SVG}path"))
    side = int(re.fullmatch(r"M0 0h(\d+)v\1H0z", ground)[1])
    image = Image.new("L", (side, side), 255)
    x = y = 0
    for command, first, second in re.findall(r"([Mmh])([\d.]+)(?: ([\d.]+))?", strokes):
        if command == "M":
            x, y = int(first), int(float(second))
        elif command == "m":
            x += int(first)
        else:
            image.paste(0, (x, y, x + int(first), y + 1))
            x += int(first)
    (code,) = zxingcpp.read_barcodes(image.resize((side * 4, side * 4), Image.Resampling.NEAREST))
    return code.text


@pytest.mark.parametrize("mode", ["byte", "compact"])
def test_the_card_shows_the_code_the_amount_and_the_name(mode):
    made = card(PAYLOAD, name="ร้านกาแฟปู่ย่า", reference="INV-7", mode=mode)
    for svg in (made.svg(), made.poster(), made.poster("A6")):
        assert read_back(svg) == PAYLOAD
        assert {"THAI QR PAYMENT", "฿1,234.50", "ร้านกาแฟปู่ย่า", "อ้างอิง INV-7"} <= set(texts(svg))
        assert "'Noto Sans Thai'" in svg


def test_a_code_without_amount_asks_for_it():
    assert "ใส่จำนวนเงินในแอปธนาคาร" in texts(card(OPEN).svg())
    assert "Enter the amount in your bank app" in texts(card(OPEN, language="en").svg())
    assert not any("฿" in text for text in texts(card(OPEN).svg() + "\n"))
    assert "฿20.00" in texts(card(OPEN, 2_000).svg())


def test_the_card_never_says_another_amount_than_the_code():
    assert "฿1,234.50" in texts(card(PAYLOAD, 123_450).svg())
    with pytest.raises(SymbolError) as caught:
        card(PAYLOAD, 123_451)
    assert caught.value.code == "wrong_amount"


def test_a_payload_that_is_none_is_refused():
    with pytest.raises(EmvcoError):
        card(PAYLOAD[:-1] + "0")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"amount_satang": 0}, "bad_amount"),
        ({"amount_satang": 1.5}, "bad_amount"),
        ({"name": "x" * 101}, "long_name"),
        ({"name": "a\x00b"}, "bad_name"),
        ({"reference": "a\ud800"}, "bad_reference"),
        ({"shop": "x" * 101}, "long_shop"),
        ({"mark": MARK}, "mark_needs_h"),
        ({"mark": b"no picture", "error": "H"}, "bad_mark"),
        ({"language": "de"}, "unknown_language"),
        ({"error": "X"}, "unknown_level"),
    ],
)
def test_what_cannot_stand_on_a_card_is_refused(options, code):
    with pytest.raises(SymbolError) as caught:
        card(OPEN, **options)
    assert caught.value.code == code


def test_an_unknown_paper_is_refused():
    with pytest.raises(SymbolError) as caught:
        card(OPEN).poster("A4")
    assert caught.value.code == "unknown_paper"


def test_markup_in_a_name_is_text():
    made = card(OPEN, name='<script>alert("1")</script> & Söhne')
    for svg in (made.svg(), made.poster()):
        assert "<script" not in svg
        assert "Söhne" in " ".join(texts(svg))


@pytest.mark.parametrize("name", ["W" * 100, "กั่ว " * 20, "บริษัท น้ำพริกป้าแจ๋ว ก๋วยเตี๋ยวเรือ จำกัด (สาขาที่ ๒)", "x", "東京" * 20])
def test_no_name_is_cut_off_and_none_is_wider_than_the_card(name):
    from emvco.qr.card import _width

    svg = card(OPEN, name=name).svg()
    shown = [element for element in ElementTree.fromstring(svg).iter(f"{SVG}text") if element.get("font-weight")][2:]
    assert "".join(element.text for element in shown).replace(" ", "") == "".join(name.split())
    assert all(_width(element.text) * float(element.get("font-size")) <= 313 for element in shown)


@pytest.mark.parametrize("name", ["\u0301", "\u200b"])
def test_a_name_of_marks_alone_can_be_drawn(name):
    assert name in texts(card(OPEN, name=name).svg())
    assert name in texts(card(OPEN, name=name).poster())


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_card_with_a_mark_and_a_shop_is_read_and_shows_both(language):
    made = card(PAYLOAD, name="บริษัท กาแฟ", shop="ร้านกาแฟ", mark=MARK, error="H", language=language)
    assert texts(made.svg())[1:3] == ["ร้านกาแฟ", "พร้อมเพย์ PromptPay" if language == "th" else "PromptPay"]
    [image] = ElementTree.fromstring(made.svg()).iter(f"{SVG}image")
    assert image.get("href").startswith("data:image/png;base64,")
    for picture in (made.png(), made.png(scale=1), made.poster_png("A6", dpi=150)):
        shown = Image.open(io.BytesIO(picture)).convert("RGB")
        (code,) = zxingcpp.read_barcodes(shown)
        assert code.text == PAYLOAD
        assert (200, 30, 30) in {colour for _, colour in shown.getcolors(1_000_000)}


def test_a_long_reference_is_set_smaller():
    for svg in (card(OPEN, reference="W" * 100).svg(), card(OPEN, reference="W" * 100).poster()):
        *_, shown = ElementTree.fromstring(svg).iter(f"{SVG}text")
        assert float(shown.get("font-size")) * 80 <= float(ElementTree.fromstring(svg).get("viewBox").split()[2])


def test_the_poster_is_as_large_as_the_paper():
    made = card(OPEN)
    for paper, width, height in (("A5", 148, 210), ("A6", 105, 148)):
        root = ElementTree.fromstring(made.poster(paper))
        assert (root.get("width"), root.get("height")) == (f"{width}mm", f"{height}mm")
        box = [float(number) for number in root.get("viewBox").split()]
        assert box[2] / box[3] == pytest.approx(width / height, abs=1e-4)
