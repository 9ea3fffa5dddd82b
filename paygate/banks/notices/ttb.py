"""ttb (once TMB and Thanachart): SMS and ttb touch notices; Gregorian two-digit years, hardly a blank."""

from __future__ import annotations

from paygate.banks.notices import common
from paygate.banks.notices.forms import FROM, Form
from paygate.banks.notices.text import ACCOUNT, AMOUNT, BALANCE, MOMENT, S

_NAMES = r"ttb(?: touch)?|TMB(?:Bank)?|ทีทีบี"
_START = rf"(?:(?:{_NAMES}){S}:?{S})?(?:แจ้งรายการเงินเข้าบัญชี{S}-?{S}สำเร็จ |deposit notification[ :-]{{1,3}})?"

FORMS = (
    # "มีเงิน61.43บ.โอนเข้าบ/ชxx6331เหลือ42,154.24บ.24/05/25@11:42"
    Form(
        rf"{_START}มี(?:รายการ)?เงิน(?:สด)?{S}{AMOUNT}{S}(?:โอน|ฝาก)?เข้า{S}{ACCOUNT}",
        (FROM, BALANCE, MOMENT),
        ("balance", "moment"),
    ),
    # "Deposit amount 100.00 Baht to account xx5304.Available balance 200.00 Baht.20/05/19@21:39"
    Form(
        rf"{_START}(?:you(?:'ve| have)? received|(?:cash )?deposit|transfer|incoming transfer)(?: amount| of)?{S}"
        rf"{AMOUNT}{S}(?:has been )?(?:transferred |deposited )?(?:in)?to (?:your )?{ACCOUNT}",
        (FROM, BALANCE, MOMENT),
        ("balance", "moment"),
    ),
    *common.forms(_NAMES),
)
