"""Sentences that several banks write, or may write: after those that are a bank's own."""

from __future__ import annotations

from typing import Final

from paygate.banks.notices.forms import FROM, LEADING_NAME, REFERENCE, VIA, Form, either_order
from paygate.banks.notices.text import ACCOUNT, AMOUNT, BALANCE, MASK, MOMENT, S

_CAME_TH: Final = (
    r"(?:เงินเข้า|เงินโอนเข้า|เงินฝากเข้า|โอนเงินเข้า|โอนเข้า|ฝากเงินเข้า|ฝากเข้า|ฝาก/โอนเงินเข้า|ฝาก/โอนเงิน|ฝาก/รับโอนเงิน"
    r"|รับโอนเงิน|รับโอน|รับเงินโอน|รับเงิน|รับชำระเงิน|รับชำระ)"
)
CAME_TH: Final = rf"(?:คุณ)?(?:ได้|มีรายการ|มีการ|มี|รายการ)?{_CAME_TH}(?:{S}(?:ผ่าน(?:รายการ)?)?พร้อมเพย์)?"
CAME_EN: Final = (
    r"(?:(?:you(?:'ve| have)?|we have|there is an?|an?) )?(?:(?:successfully )?received"
    r"|(?:incoming|inward) (?:transfer|funds)|transfer(?:red)?[ -]in|money[ -]in|money deposit|cash deposit"
    r"|deposit(?:ed)?/transfer|deposit(?:ed)?|credit(?:ed)?|cr|promptpay (?:received|deposit|credit|in)"
    r"|payment received)"
    r"(?: (?:an? )?(?:transfer|transaction|money|payment))?"
)
_DONE_EN: Final = r"(?:received|credited|deposited|transferred)"
# A notification's title, before a body that says the same again.
TITLE: Final = (
    rf"(?:[\[(]|(?:แจ้งเตือน|แจ้ง){S}(?:รายการ)?{S})?(?:(?:รายการ)?(?:เงินเข้า|รับโอนเงิน|รับโอน|รับเงิน)(?:บัญชี|พร้อมเพย์)?"
    rf"{S}-?{S}(?:สำเร็จ)?!?[ :]"
    rf"|(?:money in|money received|money transferred in|deposit|incoming transfer|transfer received)[ :!-]{{1,3}})?"
)
_SUM: Final = rf"(?:จำนวน(?:เงิน)?|ยอด(?:เงิน)?|amount(?:ing)?(?: to)?|of|for){S}(?:\(บาท\))?{S}:?{S}"
TO_ACCOUNT: Final = rf"(?:(?:โอน)?เข้า(?:ที่)?|(?:in)?to)?{S}(?:your )?{ACCOUNT}"
TO_PROMPTPAY: Final = rf"(?:เข้า|(?:in)?to){S}(?:your )?(?:พร้อมเพย์|promptpay)(?:{S}{MASK})?"


def forms(names: str) -> tuple[Form, ...]:
    """The common sentences of a bank that may begin with one of *names*, a pattern."""
    start = rf"(?:<?(?:{names})>?{S}[:\-]?{S})?{TITLE}"
    credited = rf"(?:has been |have been |was |is )?{_DONE_EN}(?: in)?(?: to)? (?:your )?{ACCOUNT}"
    return (
        *either_order(rf"{start}{CAME_TH}{S}:?{S}(?:เข้า)?{ACCOUNT}{S}(?:{_SUM})?{AMOUNT}", FROM, VIA, REFERENCE),
        *either_order(rf"{start}{CAME_TH}(?:บัญชี)?{S}:?{S}(?:{_SUM})?{AMOUNT}", TO_ACCOUNT, FROM, VIA, REFERENCE),
        *either_order(rf"{start}{CAME_TH}(?:บัญชี)?{S}:?{S}(?:{_SUM})?{AMOUNT}", TO_PROMPTPAY, FROM, VIA, REFERENCE),
        *either_order(rf"{start}{CAME_EN}{S}:?{S}(?:{_SUM})?{AMOUNT}", TO_ACCOUNT, FROM, VIA, REFERENCE),
        *either_order(rf"{start}{CAME_EN}{S}:?{S}(?:{_SUM})?{AMOUNT}", VIA, TO_ACCOUNT, FROM, REFERENCE),
        *either_order(rf"{start}{CAME_EN}{S}:?{S}(?:{_SUM})?{AMOUNT}", TO_PROMPTPAY, FROM, VIA, REFERENCE),
        *either_order(
            rf"{start}{CAME_EN} (?:in)?to (?:your )?{ACCOUNT}{S}(?:via \w+{S})?(?:{_SUM})?{AMOUNT}",
            FROM,
            VIA,
            REFERENCE,
        ),
        *either_order(rf"{start}{AMOUNT} {credited}", FROM, VIA, REFERENCE),
        # "เงินโอนจาก KBNK ยอด THB100.00 เข้าบ/ช X-1234"
        Form(
            rf"{start}เงินโอน{S}จาก{S}{LEADING_NAME}{S}ยอด{S}{AMOUNT}{S}เข้า{S}{ACCOUNT}", (MOMENT, BALANCE), closed=True
        ),
        Form(rf"{start}เงินโอน{S}ยอด{S}{AMOUNT}{S}เข้า{S}{ACCOUNT}", (FROM, MOMENT, BALANCE)),
        # The moment first, then the account: "11-09-26@02:08 บช X78388X: เงินเข้า +180.00 บ. ใช้ได้ 451.21 บ."
        Form(
            rf"(?:{names}{S}:?{S})?(?:{MOMENT} )?{ACCOUNT}{S}:?{S}(?:{CAME_TH}|{CAME_EN}){S}:?{S}(?:{_SUM})?{AMOUNT}",
            (BALANCE, FROM),
        ),
    )
