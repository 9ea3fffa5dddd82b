"""QRs of the test mode, like a bank's specimen notes: they say TEST, and name a wallet and a biller that nobody has.

So no bank moves money for one, whatever account a payment is booked on: `TEST` is the payee's name in the text (tag
59), and stands in the middle of the picture, which level H makes up for.
"""

from __future__ import annotations

import functools
from binascii import b2a_base64
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import emvco
from emvco import qr
from emvco.billpayment import BillPayment
from emvco.builder import build
from emvco.merchant import Merchant
from emvco.promptpay import PromptPay, Proxy
from emvco.qr import typeset

WALLET: Final = "0" * 15
BILLER: Final = "0" * 15
NAME: Final = "TEST"
_SIDE: Final = 144  # Of the mark, in pixels: two for each of those it is mostly drawn with.
_GROUND: Final = (255, 223, 138)
_INK: Final = (61, 44, 0)


def transfer(amount_satang: int | None) -> str:
    """The text of a QR that asks for a transfer to nobody's wallet."""
    return build(PromptPay(Proxy("ewallet", WALLET)), amount_satang=amount_satang, merchant=Merchant(NAME))


def bill(ref1: str, ref2: str | None, amount_satang: int | None) -> str:
    """The text of a QR that asks for a bill payment to nobody, with these references."""
    return build(BillPayment(BILLER, ref1, ref2), amount_satang=amount_satang, merchant=Merchant(NAME))


def like(payload: str) -> str:
    """The specimen of a sound payment QR: the same amount and references, to nobody."""
    read = emvco.parse(payload)
    if read.bill_payment is not None:
        return bill(read.bill_payment.ref1, read.bill_payment.ref2, read.amount_satang)
    return transfer(read.amount_satang)


@dataclass(frozen=True, slots=True)
class Picture:
    """A payment's QR as it is shown: a specimen has the mark in its middle."""

    symbol: qr.Symbol
    mark: bytes | None

    def png(self) -> bytes:
        """As a PNG file."""
        return self.symbol.png(mark=self.mark)

    def svg(self) -> str:
        """As an SVG document."""
        return self.symbol.svg(mark=self.mark)

    def data_url(self) -> str:
        """The PNG as a `data:` URL."""
        return "data:image/png;base64," + b2a_base64(self.png(), newline=False).decode("ascii")


def picture(payload: str, *, test: bool, scale: int = 8) -> Picture:
    """The QR of *payload*, of the test mode or not, so many pixels to a module."""
    return Picture(qr.render(payload, error="H" if test else "M", scale=scale), mark() if test else None)


@functools.cache
def mark() -> bytes:
    """The word TEST on yellow, as a PNG."""
    library = typeset.library("PIL.Image")
    image = library.new("RGB", (_SIDE, _SIDE), _GROUND)
    size = (_SIDE - 16) / typeset.width(NAME, bold=True)
    ink = typeset.ink(NAME, _SIDE / 2, _SIDE / 2 + size * 0.35, size, bold=True)
    image.paste(_INK, (ink.left, ink.top), library.frombytes("L", (ink.width, ink.height), ink.cover))
    out = BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()
