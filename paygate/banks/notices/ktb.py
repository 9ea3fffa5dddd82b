"""Krungthai: SMS (Gregorian two-digit years), Krungthai Connext on LINE, Krungthai NEXT notices."""

from __future__ import annotations

from paygate.banks.notices import common
from paygate.banks.notices.forms import FROM, NAME, Form
from paygate.banks.notices.text import ACCOUNT, AMOUNT, BALANCE, MASK, MOMENT, S

_NAMES = r"Krungthai(?: (?:Connext|NEXT))?|KTB|ktbcs\.netbank|กรุงไทย"
_START = rf"(?:(?:{_NAMES}){S}:?{S})?"
_FROM_ACCOUNT = rf"(?:จากบัญชี|จาก|from account|from){S}{NAME}"

FORMS = (
    # "11-09-18@02:08 บช X78388X:เงินเข้า +180.00 บ. ใช้ได้ 451.21 บ."
    Form(
        rf"{_START}{MOMENT} (?:บช\.?|บ/ช|acct\.?|a/c){S}{MASK}{S}:?{S}"
        rf"(?:เงินโอนเข้า|เงินเข้า|รับโอน|ฝากเงิน|deposit|transfer[ -]in|received){S}:?{S}{AMOUNT}",
        (BALANCE,),
        ("balance",),
    ),
    # Connext: "เงินเข้า: 1,000.20 บาท เข้าบัญชี XX6695 เมื่อ 27/08/69 10:49 ยอดเงินที่ใช้ได้ 6,314.80 บาท"
    Form(
        rf"{_START}(?:เงินเข้า|money in|deposit){S}:{S}{AMOUNT}{S}(?:เข้า|(?:in)?to ){S}{ACCOUNT}",
        (MOMENT, BALANCE, FROM),
        ("moment", "balance"),
    ),
    # NEXT: "ได้รับ +59.84 บาท เข้าพร้อมเพย์ จากบัญชี ไทยพาณิชย์ xxx-x-xx805-8": the account shown is the payer's.
    Form(rf"{_START}{common.TITLE}(?:ได้รับ|received){S}{AMOUNT}{S}{common.TO_PROMPTPAY}", (_FROM_ACCOUNT, MOMENT)),
    Form(rf"{_START}{common.TITLE}(?:ได้รับ|received){S}{AMOUNT}{S}{common.TO_ACCOUNT}", (_FROM_ACCOUNT, MOMENT)),
    *common.forms(_NAMES),
)
