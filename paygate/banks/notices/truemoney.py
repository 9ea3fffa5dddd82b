"""TrueMoney wallet: notices of money received from a person, a bank or PromptPay. They never name the own wallet."""

from __future__ import annotations

from paygate.banks.notices import common
from paygate.banks.notices.forms import FROM, REFERENCE, Form, either_order
from paygate.banks.notices.text import AMOUNT, BALANCE, MOMENT, S

_NAMES = r"true ?money(?: wallet)?|ทรูมันนี่(?: วอลเล็ท)?"
_START = rf"(?:(?:{_NAMES}){S}:?{S})?{common.TITLE}"
_WALLET = rf"(?:เข้า(?:สู่)?|(?:in)?to){S}(?:your )?(?:บัญชี)?{S}(?:ทรูมันนี่|true ?money)?{S}(?:วอลเล็[ทต]|wallet)?(?:{S}ของคุณ)?"

FORMS = (
    # "คุณได้รับเงิน 100.00 บาท จาก ...", "You have received 100.00 THB from ..."
    *either_order(
        rf"{_START}(?:(?:คุณ)?(?:ได้)?รับเงิน(?:โอน)?(?:จำนวน)?|you(?:'ve| have)? received|received){S}:?{S}{AMOUNT}",
        _WALLET,
        FROM,
        REFERENCE,
    ),
    # The same with the wallet first: "ได้รับเงินเข้าวอลเล็ท 100.00 บาท จาก ..."
    *either_order(rf"{_START}(?:คุณ)?(?:ได้)?รับเงิน(?:โอน)?{S}{_WALLET}{S}(?:จำนวน)?{S}{AMOUNT}", FROM, REFERENCE),
    Form(rf"{_START}(?:เงินเข้า|money in){S}:?{S}{AMOUNT}", (_WALLET, FROM, REFERENCE, MOMENT, BALANCE)),
    *common.forms(_NAMES),
)
