"""The slip of a simulated transfer, as a bank's app would save it: TEST in large letters, and its mini QR."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import emvco
from emvco import qr
from emvco.qr import picture
from emvco.qr.card import baht
from emvco.qr.scene import Band, Code, Ground, Item, Scene, Text
from paygate.core.credits import BANGKOK

_BAND, _INK, _SOFT, _LINE = "#7a4b00", "#0B1F3A", "#4A5872", "#D5DCE6"
_SCALE = 2
_WIDTH = 360


@dataclass(frozen=True, slots=True)
class SpecimenSlip:
    """What a slip says: of these only bank and reference, in its mini QR, are ever read."""

    sending_bank: str
    reference: str
    amount_satang: int
    occurred_at: datetime
    payer: str
    receiver: str


def png(slip: SpecimenSlip) -> bytes:
    """The slip as a PNG file; equal slips give equal bytes."""
    return picture.png(_scene(slip), _SCALE)


def _scene(slip: SpecimenSlip) -> Scene:
    payload = emvco.slip_payload(slip.sending_bank, slip.reference)
    at = slip.occurred_at.astimezone(BANGKOK)
    middle = _WIDTH / 2
    items: list[Item] = [
        Ground(_LINE, 12),
        Band(64, _BAND, 12),
        Text(middle, 41, 24, "TEST SLIP สลิปทดสอบ", "#fff", 320, bold=True),
        Text(middle, 100, 14, "โอนเงินสำเร็จ (จำลอง)", _SOFT, 320),
        Text(middle, 144, 36, baht(slip.amount_satang), _INK, 320, bold=True),
    ]
    y = 176.0
    for label, value in (
        ("จาก From", slip.payer),
        ("ถึง To", slip.receiver),
        ("เวลา Time", f"{at:%d/%m/%Y %H:%M:%S}"),
        ("อ้างอิง Ref.", slip.reference),
    ):
        items.append(Text(middle, y, 12, label, _SOFT, 320))
        items.append(Text(middle, y + 19, 15, value, _INK, 320, bold=True))
        y += 48
    items.append(Code(qr.render(payload, error="M"), middle - 76, y - 14, 152))
    items.append(Text(middle, y + 156, 13, "ไม่มีเงินจริง No money moved", _BAND, 320, bold=True))
    return Scene(_WIDTH, y + 180, "TEST SLIP", tuple(items))
