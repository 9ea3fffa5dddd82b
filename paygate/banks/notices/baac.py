"""BAAC: SMS with seconds and Buddhist years, the account before what happened."""

from __future__ import annotations

from paygate.banks.notices import common
from paygate.banks.notices.forms import FROM, Form
from paygate.banks.notices.text import AMOUNT, BALANCE, MASK, MOMENT, S

_NAMES = r"BAAC(?: Mobile)?|ธกส\.?|ธ\.ก\.ส\."
_START = rf"(?:(?:{_NAMES}){S}:?{S})?"
_CAME = (
    r"(?:(?:รับโอน|เงินโอนเข้า|โอนเข้า|เงินเข้า|ฝากเงินสด|ฝากเงิน|ฝาก)(?:เงิน)?(?:พร้อมเพย์|ต่างธนาคาร|ต่างสาขา)?"
    r"|(?:transfer[ -]in|deposit|received|credit(?:ed)?)(?: (?:via )?promptpay)?|promptpay (?:in|received|deposit))"
)

FORMS = (
    # "20/05/68 17:52:48 บัญชี x9576 รับโอนพร้อมเพย์ จำนวน 10.00 บาท ยอดเงินคงเหลือ 10.39 บาท"
    Form(
        rf"{_START}(?:{MOMENT} )?(?:บัญชี|บ/ช|บช\.?|a/c|account){S}{MASK}{S}:?{S}{_CAME}{S}"
        rf"(?:จำนวน(?:เงิน)?|amount)?{S}{AMOUNT}",
        (BALANCE, FROM),
        ("moment", "balance"),
    ),
    *common.forms(_NAMES),
)
