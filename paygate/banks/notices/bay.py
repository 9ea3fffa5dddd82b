"""Krungsri (Bank of Ayudhya): SMS with (d/m/yy,HH:MM), Buddhist and unpadded; KMA notices."""

from __future__ import annotations

from paygate.banks.notices import common
from paygate.banks.notices.forms import Form
from paygate.banks.notices.text import AMOUNT, BALANCE, MASK, MOMENT, S

_NAMES = r"Krungsri|KMA|BAY|กรุงศรี"
_START = rf"(?:(?:{_NAMES}){S}:?{S})?"
_CAME = (
    r"(?:(?:โอนเข้า|ฝากเข้า|เงินเข้า|รับโอน|ฝากเงิน|ฝาก)(?:พร้อมเพย์)?"
    r"|(?:transfer(?:red)?[ -]in|money deposit|money in|deposit|received|credit)(?: (?:via )?promptpay)?)"
)

FORMS = (
    # "โอนเข้า xxx421710x  461.97 เหลือ 2,371.62 (17/5/68,16:27)"
    Form(
        rf"{_START}{_CAME}{S}:?{S}(?:(?:บช\.?|บ/ช|บัญชี|a/c|to a/c|to){S})?{MASK}{S}{AMOUNT}",
        (BALANCE, MOMENT),
        ("moment", "balance"),
    ),
    *common.forms(_NAMES),
)
