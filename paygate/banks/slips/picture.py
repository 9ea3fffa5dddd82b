"""Codes in pictures from strangers: photographs and screenshots. Nothing here opens an address or believes a word.

What is written on a slip proves nothing, so only its mini QR is read: the key with which a bank is asked. Measured on
synthetic slips (scaled, rotated, blurred, photographed): zxing-cpp restricted to QR finds as much as with every kind
of code, ten times quicker; a second look at twice and three times the size is worth its time only after a failure.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import zxingcpp
from PIL import Image

import emvco
from emvco import banks
from paygate.core.errors import InvalidInput

MAX_SLIP_BYTES = 5 * 1_048_576
MAX_SLIP_PIXELS = 25_000_000
MAX_PIXELS = 50_000_000  # For `paygate decode`, whose pictures are the operator's own.
SLIP_FORMATS = ("JPEG", "PNG", "WEBP")
FORMATS = (*SLIP_FORMATS, "GIF", "BMP", "TIFF")
LARGER = (2, 3)
MAX_PAYLOAD_CHARS = 256
KEPT_SIDE_PIXELS = 1_280
KEPT_BYTES = 262_144
KEPT_QUALITIES = (65, 45, 30)
TRUEMONEY = "TMN"  # Stands for the sending bank of a TrueMoney slip, which names none.
_ORIENTATION = 0x0112  # EXIF 2.3, tag 274.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
# Pillow's words for damaged files; a hostile one can make its parsers stumble in all of these ways.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)


class Blank(StrEnum):
    """Why a picture or a text holds no slip."""

    NO_QR = "NO_QR"
    PAYMENT_QR_NOT_SLIP = "PAYMENT_QR_NOT_SLIP"  # The QR that was to be paid, instead of the proof that it was.
    NOT_A_SLIP = "NOT_A_SLIP"  # Another QR, a damaged or an invented one.
    UNKNOWN_BANK = "UNKNOWN_BANK"
    SEVERAL_SLIPS = "SEVERAL_SLIPS"


@dataclass(frozen=True, slots=True)
class MiniQr:
    """The mini QR of a slip, its CRC sound and its bank known. `sending_bank` is TRUEMONEY for TrueMoney's."""

    payload: str
    sending_bank: str
    trans_ref: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture of a slip shows, and the picture as it may be kept: drawn anew, without anything it carried."""

    slip: MiniQr | Blank
    kept: bytes


def read_codes(content: bytes) -> list[str]:
    """The text of each code of any kind in a picture, as written in it; empty when there is none.

    Raises InvalidInput (file) for what is no picture of FORMATS, is damaged, or has more than MAX_PIXELS.
    """
    with opened(content, FORMATS, MAX_PIXELS) as picture:
        grey = _grey(picture)
    return _texts(zxingcpp.read_barcodes(grey, text_mode=zxingcpp.TextMode.Plain))


def see_slip(content: bytes) -> Seen:
    """Find the slip in a picture that a payer sent.

    Raises InvalidInput (file) for what is no JPEG, PNG or WebP, is damaged, or has more than MAX_SLIP_PIXELS.
    """
    with opened(content, SLIP_FORMATS, MAX_SLIP_PIXELS) as picture:
        picture.draft("L", picture.size)  # JPEG is unpacked in grey at once: half the time.
        turn = _UPRIGHT.get(_orientation(picture) or 0)
        grey = _grey(picture)
        if turn is not None:
            grey = grey.transpose(turn)
        slip = _slip_of(grey)
        return Seen(slip, _kept(grey))


def slip_among(texts: Sequence[str]) -> MiniQr | Blank:
    """The one slip among the codes of a picture, or why there is none."""
    found, blanks = dict[tuple[str, str], MiniQr](), set[Blank]()
    for text in texts:
        one = read_slip(text)
        if isinstance(one, Blank):
            blanks.add(one)
        else:
            found.setdefault((one.sending_bank, one.trans_ref), one)
    if len(found) > 1:
        return Blank.SEVERAL_SLIPS
    for slip in found.values():
        return slip
    order = (Blank.UNKNOWN_BANK, Blank.PAYMENT_QR_NOT_SLIP, Blank.NOT_A_SLIP)
    return next((blank for blank in order if blank in blanks), Blank.NO_QR)


def read_slip(text: str) -> MiniQr | Blank:
    """The slip that a code's text is, or why it is none.

    >>> read_slip("0041000600000101030040220013071152533APM077365102TH91048134")
    MiniQr(payload='0041000600000101030040220013071152533APM077365102TH91048134', sending_bank='004', \
trans_ref='013071152533APM07736')
    >>> read_slip("hello")
    <Blank.NOT_A_SLIP: 'NOT_A_SLIP'>
    """
    seen = emvco.detect(text) if len(text) <= MAX_PAYLOAD_CHARS else None
    payload = seen.payload if seen else None
    if seen is None or payload is None:
        return Blank.NOT_A_SLIP
    if seen.kind == "slip" and (slip := payload.slip) is not None:
        if not slip.bank_code or not slip.reference.isascii() or not 1 <= len(slip.reference) <= 25:
            return Blank.NOT_A_SLIP
        known = banks.find(slip.bank_code)
        if known is None or known.code != slip.bank_code:
            return Blank.UNKNOWN_BANK
        return MiniQr(str(payload), slip.bank_code, slip.reference)
    if seen.kind == "truemoney_slip" and (wallet := payload.truemoney_slip) is not None:
        return MiniQr(str(payload), TRUEMONEY, wallet.transaction_id)
    return Blank.NOT_A_SLIP if payload.is_slip else Blank.PAYMENT_QR_NOT_SLIP


@contextmanager
def opened(content: bytes, formats: tuple[str, ...], most_pixels: int) -> Iterator[Image.Image]:
    """The picture, its size checked before anything is unpacked; whatever goes wrong with it inside is InvalidInput."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # Our own limit is lower.
            with Image.open(io.BytesIO(content), formats=formats) as picture:
                width, height = picture.size
                if width * height > most_pixels:
                    message = f"The picture has more than {most_pixels // 1_000_000} megapixels."
                    raise InvalidInput(message, field="file")
                yield picture
    except (*_DAMAGED, Image.DecompressionBombError) as error:
        names = ["WebP" if name == "WEBP" else name for name in formats]
        message = f"The file is not a readable {', '.join(names[:-1])} or {names[-1]} picture."
        raise InvalidInput(message, field="file") from error


def _orientation(picture: Image.Image) -> int | None:
    try:
        turned = picture.getexif().get(_ORIENTATION)
    except _DAMAGED:
        return None  # Broken metadata: the picture itself may be good.
    return turned if isinstance(turned, int) else None


def _grey(picture: Image.Image) -> Image.Image:
    """In grey, what is transparent as paper."""
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        coloured = picture.convert("RGBA")
        paper = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(paper, coloured).convert("L")
    return picture.convert("L")


def _slip_of(grey: Image.Image) -> MiniQr | Blank:
    """The slip among the QR codes of a picture. While none of those that were read is one, the picture is drawn larger:
    a slip that is not sharp may stand beside another code that is."""
    found: list[str] = []
    for scale in (1, *LARGER):
        width, height = grey.width * scale, grey.height * scale
        if width * height > MAX_PIXELS:
            break
        looked_at = grey if scale == 1 else grey.resize((width, height), Image.Resampling.BICUBIC)
        found += _texts(zxingcpp.read_barcodes(looked_at, formats=_QR, text_mode=zxingcpp.TextMode.Plain))
        if (slip := slip_among(found)) is Blank.SEVERAL_SLIPS or isinstance(slip, MiniQr):
            return slip
    return slip_among(found)


def _texts(codes: Iterable[zxingcpp.Barcode]) -> list[str]:
    return [one.text for one in codes if one.text]


def _kept(grey: Image.Image) -> bytes:
    """The picture drawn anew as a JPEG of at most KEPT_BYTES, for the person who may have to look at it."""
    side = KEPT_SIDE_PIXELS
    while True:
        small = grey.copy()
        small.thumbnail((side, side))
        small.info.clear()  # Pillow would write a comment of the original again.
        for quality in KEPT_QUALITIES:
            out = io.BytesIO()
            small.save(out, "JPEG", quality=quality)
            if out.tell() <= KEPT_BYTES:
                return out.getvalue()
        side //= 2
