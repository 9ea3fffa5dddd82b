"""Bangkok Bank: SMS without any date, Bualuang mBanking notices."""

from __future__ import annotations

from paygate.banks.notices import common
from paygate.banks.notices.forms import Form
from paygate.banks.notices.text import ACCOUNT, AMOUNT, BALANCE, MOMENT, S

_NAMES = r"BBL|Bangkok ?Bank|Bualuang(?: mBanking)?|กรุงเทพ"
_START = rf"(?:(?:{_NAMES}){S}:?{S})?"
_THROUGH = r"(?:[A-Za-z][\w./-]{0,15}?|ระบบ)"

FORMS = (
    # "เงินเข้าบ/ชX4878 จากพร้อมเพย์ผ่านMB 10,000.00บ เงินในบ/ชใช้ได้26,618.81บ"; some end with a time: "@07:15"
    Form(
        rf"{_START}(?:ฝาก/โอนเงินเข้า|ฝากเงินเข้า|โอนเงินเข้า|เงินโอนเข้า|เงินเข้า){S}{ACCOUNT}"
        rf"(?:{S}จาก{S}(?P<payer>[^\s0-9]{{2,30}}?))?(?:{S}ผ่าน{S}{_THROUGH})?(?:{S}จาก{S}[^\s0-9]{{2,30}}?)?{S}{AMOUNT}",
        (BALANCE, MOMENT),
        ("balance",),
    ),
    # "Deposit/transfer to your account X1234 via MB of Bt 5,000.00, available balance Bt 15,000.00"
    Form(
        rf"{_START}(?P<payer>promptpay )?(?:(?:cash )?deposit|transfer|deposit/transfer|credit)"
        rf"(?: (?:in)?to)(?: your)? {ACCOUNT}(?:{S}(?:via|through) {_THROUGH})? (?:of |for |amount )?{AMOUNT}",
        (BALANCE, MOMENT),
        ("balance",),
    ),
    *common.forms(_NAMES),
)
