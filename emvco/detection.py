"""What did the camera see? One look at any text: a payment code, a slip, a barcode, or nothing of ours.

>>> detect("00020101021229370016A000000677010111011300668123456785303764540550.005802TH63045197").kind
'promptpay'
>>> detect("|099400016550100\\r020020411530\\r\\r0").kind
'barcode'
>>> detect("https://example.com") is None
True
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from emvco import barcode, fields
from emvco.barcode import Barcode
from emvco.errors import EmvcoError
from emvco.payload import Payload, parse
from emvco.reader import AROUND

DetectedKind = Literal["promptpay", "bill_payment", "slip", "truemoney_slip", "barcode", "emvco"]


class Detected(NamedTuple):
    """`kind`, and the code itself: `payload`, or `barcode` for the kind "barcode".

    "emvco" is a sound code of another scheme or country, or a Thai one that breaks the rules of its scheme: the views
    of `payload` say which.
    """

    kind: DetectedKind
    payload: Payload | None = None
    barcode: Barcode | None = None

    def __str__(self) -> str:
        return str(self.barcode if self.payload is None else self.payload)


def detect(text: str | Payload) -> Detected | None:
    """Recognise *text*, read leniently; None if it is no code of these kinds or its CRC is wrong. Never raises."""
    try:
        if not isinstance(text, str):
            text = fields.code_text(text)
        bare = text.strip(AROUND)
        if barcode.looks_like(bare):
            return Detected("barcode", barcode=barcode.read_barcode(bare))
        payload = parse(text, strict=False)
    except EmvcoError:
        return None
    return Detected(payload.kind, payload)
