"""The mini QR out of pictures as payers send them, and what hostile files come to."""

from __future__ import annotations

import io
import random
import struct
import zlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import emvco
from paygate.banks.slips import picture
from paygate.banks.slips.picture import Blank, MiniQr, Seen
from paygate.core.errors import InvalidInput
from tests.banks import slip_pictures as made

SLIPS = 6
TEXT = made.payload(1)
PAYMENT = emvco.promptpay_payload("0812345678", 15000)
SMALL = {"width": 480, "height": 800, "side": 200}


def read(content: bytes) -> str | Blank:
    """The payload that a picture shows, or why none."""
    slip = picture.see_slip(content).slip
    return slip.payload if isinstance(slip, MiniQr) else slip


@pytest.mark.parametrize("condition", made.CONDITIONS)
def test_slips_are_read_at_the_measured_rate_and_never_wrongly(condition: str) -> None:
    distort, quality, share = made.CONDITIONS[condition]
    right = 0
    for seed in range(SLIPS):
        text, dice = made.payload(seed), random.Random(seed)
        drawn = distort(made.slip(text, seed=seed, side=dice.randint(190, 280)), dice)
        content = made.as_file(drawn, quality=quality) if quality else made.as_file(drawn, "PNG")
        found = read(content)
        assert found in (text, Blank.NO_QR)
        right += found == text
    assert right >= share * SLIPS


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_kind_of_picture_that_phones_make_is_read(kind: str) -> None:
    assert read(made.as_file(made.slip(TEXT, **SMALL), kind)) == TEXT


@pytest.mark.parametrize("orientation", range(9))
def test_a_photo_turned_by_its_exif_is_read_and_kept_upright(orientation: int) -> None:
    tall = made.slip(TEXT, **SMALL)
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen = picture.see_slip(made.as_file(tall, exif=exif))
    assert isinstance(seen.slip, MiniQr) and seen.slip.payload == TEXT
    kept = Image.open(io.BytesIO(seen.kept))
    assert (kept.width > kept.height) is (orientation in {5, 6, 7, 8})
    assert not kept.getexif() and "exif" not in kept.info


def test_what_is_kept_is_drawn_anew_small_and_says_nothing_else() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    noise = Image.effect_noise((3000, 4000), 90)
    content = made.as_file(noise, quality=70, exif=exif, comment=b"<script>alert(1)</script>") + b"<?php evil(); ?>"
    seen = picture.see_slip(content)
    assert len(seen.kept) <= picture.KEPT_BYTES
    assert max(Image.open(io.BytesIO(seen.kept)).size) <= picture.KEPT_SIDE_PIXELS
    for word in (b"secret", b"script", b"php"):
        assert word not in seen.kept


def test_a_transparent_slip_lies_on_paper() -> None:
    grey = made.code(TEXT, 240)
    clear = Image.new("RGBA", grey.size, (0, 0, 0, 255))
    clear.putalpha(grey.point(lambda value: 255 - value))
    assert read(made.as_file(clear, "PNG")) == TEXT


SEVERAL: list[tuple[str, tuple[str, ...], str | Blank]] = [
    ("one slip twice", (TEXT, TEXT), TEXT),
    ("two slips", (TEXT, made.payload(2)), Blank.SEVERAL_SLIPS),
    ("a slip beside a link", ("https://example.com/line", TEXT), TEXT),
    ("a slip beside the payment's QR", (PAYMENT, TEXT), TEXT),
    ("the payment's QR instead", (PAYMENT,), Blank.PAYMENT_QR_NOT_SLIP),
    ("a bill's QR instead", (emvco.bill_payment_payload("099400016550100", "INV1"),), Blank.PAYMENT_QR_NOT_SLIP),
    ("a link instead", ("https://line.me/ti/p/abc",), Blank.NOT_A_SLIP),
    ("nothing", (), Blank.NO_QR),
]


@pytest.mark.parametrize(("texts", "expected"), [case[1:] for case in SEVERAL], ids=[case[0] for case in SEVERAL])
def test_all_codes_of_a_picture_count(texts: tuple[str, ...], expected: str | Blank) -> None:
    assert read(made.as_file(made.slip(*texts, side=240))) == expected


@pytest.mark.parametrize(
    ("beside", "expected"),
    [("https://lin.ee/abcd", TEXT), (PAYMENT, TEXT), (made.payload(2), made.payload(2))],
)
def test_a_sharp_code_of_another_kind_does_not_hide_a_blurred_slip(beside: str, expected: str) -> None:
    blurred = made.CONDITIONS["blur 2.5"][0](made.slip(TEXT, side=200), random.Random(0))
    alone = made.as_file(blurred, "PNG")
    assert picture.read_codes(alone) == [] and read(alone) == TEXT  # Only when it is drawn larger.
    blurred.paste(made.code(beside, 320).convert("RGB"), (60, 60))
    assert read(made.as_file(blurred, "PNG")) == expected


WRONG_CRC = TEXT[:-4] + ("0000" if TEXT[-4:] != "0000" else "0001")
TEXTS: list[tuple[str, Blank]] = [
    (WRONG_CRC, Blank.NOT_A_SLIP),
    (emvco.slip_payload("999", "mamauishigure"), Blank.UNKNOWN_BANK),
    (emvco.slip_payload("123", "ABC"), Blank.UNKNOWN_BANK),
    (PAYMENT, Blank.PAYMENT_QR_NOT_SLIP),
    ("|099400016550100\r020020411530\r\r0", Blank.NOT_A_SLIP),
    ("0" * 5000, Blank.NOT_A_SLIP),
    ("", Blank.NOT_A_SLIP),
    ("ก" * 60, Blank.NOT_A_SLIP),
    (TEXT + "9104ABCD", Blank.NOT_A_SLIP),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_an_invented_or_foreign_code_stops_at_the_gate(text: str, expected: Blank) -> None:
    assert picture.read_slip(text) is expected


def test_a_reference_keeps_its_capitals_and_its_bank() -> None:
    slip = picture.read_slip(emvco.slip_payload("014", "202601AbCdEf01aBcDeF"))
    assert slip == MiniQr(emvco.slip_payload("014", "202601AbCdEf01aBcDeF"), "014", "202601AbCdEf01aBcDeF")


def test_a_truemoney_slip_is_known_as_one() -> None:
    text = emvco.truemoney_slip_payload("P2P", "TXID1234567890", date(2026, 5, 31))
    assert picture.read_slip(text) == MiniQr(text, picture.TRUEMONEY, "TXID1234567890")


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_slip_or_a_reason(text: str) -> None:
    assert isinstance(picture.read_slip(text), Blank | MiniQr)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, body: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


GOOD = made.as_file(made.slip(TEXT, **SMALL))
HOSTILE: dict[str, bytes] = {
    "nothing at all": b"",
    "text": b"this is my slip, honestly",
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "a page": b"<html><script>alert(1)</script></html>",
    "a GIF": made.as_file(made.slip(TEXT, **SMALL), "GIF"),
    "a BMP": made.as_file(made.slip(TEXT, **SMALL), "BMP"),
    "a TIFF": made.as_file(made.slip(TEXT, **SMALL), "TIFF"),
    "a PDF": b"%PDF-1.7\n1 0 obj<<>>endobj",
    "a ZIP before a picture": b"PK\x03\x04" + GOOD,
    "half a JPEG": GOOD[: len(GOOD) // 2],
    "half a PNG": made.as_file(made.slip(TEXT, **SMALL), "PNG")[:3000],
    "half a WebP": made.as_file(made.slip(TEXT, **SMALL), "WEBP")[:3000],
    "the head of a JPEG": GOOD[:20],
    "the signature of a PNG": b"\x89PNG\r\n\x1a\n",
    "a PNG that says it is huge": png_of(60_000, 60_000),
    "a PNG too large by a row": png_of(5_000, 5_001),
    "a bomb of zeros": png_of(30_000, 30_000, b"\0" * 4_000_000),
    "a PNG without pixels": png_of(0, 0),
    "a PNG with a bomb of text": png_of(10, 10)[:33]
    + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 80_000_000))
    + png_of(10, 10)[33:],
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_or_damaged_file_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        picture.see_slip(content)
    assert refused.value.field == "file"
    assert "picture" in refused.value.message


def test_what_hides_behind_a_picture_is_left_behind() -> None:
    seen = picture.see_slip(GOOD + b"PK\x03\x04evil")
    assert isinstance(seen.slip, MiniQr) and b"evil" not in seen.kept


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_a_picture_with_changed_bytes_is_read_or_refused_and_never_breaks(place: int, change: bytes) -> None:
    content = GOOD[:place] + change + GOOD[place + len(change) :]
    try:
        assert isinstance(picture.see_slip(content), Seen)
    except InvalidInput as error:
        assert error.field == "file"
