"""Government Savings Bank: MyMo notices, GSB NOW on LINE; the payer's account stands before one's own."""

from __future__ import annotations

from paygate.banks.notices import common
from paygate.banks.notices.forms import LEADING_NAME, Form
from paygate.banks.notices.text import AMOUNT, BALANCE, MASK, MASKED, MOMENT, S

_NAMES = r"GSB(?: ?NOW)?|MyMo|ออมสิน"
_START = rf"(?:(?:{_NAMES}){S}:?{S})?"
_HEAD = (
    rf"{_START}(?:เงินเข้า|deposit|money in)?{S}:?{S}(?:(?:มีการ)?ฝาก/โอนเงิน|คุณได้รับเงิน(?:โอน)?"
    rf"|there is a deposit/transfer of|deposit/transfer(?: of)?|of|you(?:'ve| have)? received)?{S}{AMOUNT}"
)
_OWN = rf"(?:เข้าบัญชี|to (?:your )?account){S}(?:GSBA?{S})?{MASK}"
_PAYER = rf"(?P<payer>[A-Z]{{3,5}}{S}{MASKED})"

FORMS = (
    # "เงินเข้า: มีการฝาก/โอนเงิน 23.29 บาท จากบัญชี KBNK 1140XXXX4836 เข้าบัญชี GSBA 1713XXXX1230 วันที่ ... คงเหลือ ..."
    Form(rf"{_HEAD}{S}(?:จากบัญชี|from account){S}{_PAYER}", (_OWN, MOMENT, BALANCE), ("mask", "moment", "balance")),
    Form(
        rf"{_HEAD}{S}(?:จากบัญชี|จาก|from account|from){S}{LEADING_NAME}{S}{_OWN}",
        (MOMENT, BALANCE),
        ("moment", "balance"),
        closed=True,
    ),
    Form(
        rf"{_START}(?:เงินเข้า|deposit|money in){S}:{S}(?:มีการ)?(?:ฝาก/โอนเงิน)?{S}{AMOUNT}",
        (_OWN, MOMENT, BALANCE),
        ("mask", "moment", "balance"),
    ),
    *common.forms(_NAMES),
)
