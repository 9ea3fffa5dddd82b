"""SCB: SMS (no year in the date), SCB Easy notices and mail, SCB Connect on LINE."""

from __future__ import annotations

from paygate.banks.notices import common
from paygate.banks.notices.forms import FROM, LEADING_NAME, REFERENCE, VIA, Form
from paygate.banks.notices.text import ACCOUNT, ACCOUNT_WORDS, AMOUNT, BALANCE, MASK, MOMENT, S

_NAMES = r"SCB(?: ?Easy(?: App)?| Connect)?|ไทยพาณิชย์"
_START = rf"(?:<?(?:{_NAMES})>?{S}:?{S})?"
_BY = rf"(?:ทาง|ผ่าน){S}[A-Za-z][\w/-]{{0,24}}"  # The channel, as the bank calls it.
_TO = rf"to your (?:account|a/c){S}{MASK}"

FORMS = (
    # "18/05@14:44 78.87 จากKTB/x478308เข้าx882141 ใช้ได้41,474.70บ"
    Form(
        rf"{_START}{MOMENT} {AMOUNT}{S}(?:โอน|รับโอน|รับเงิน)?จาก{S}{LEADING_NAME}{S}เข้า{S}(?:(?:บ/ช|บัญชี){S})?{MASK}",
        (BALANCE,),
        ("balance",),
        closed=True,
    ),
    # The same, cut off by a tray.
    Form(
        rf"{_START}{MOMENT} {AMOUNT}{S}(?:โอน)?จาก{S}[A-Z]{{3,5}}/(?P<payer>x[0-9]{{3,10}}){S}เข้า{S}{MASK}",
        (BALANCE,),
        ("balance",),
    ),
    # "เงิน 088.98บ เข้าบ/ชx890124 18/05@14:45 ใช้ได้ 9,017.08บ"
    Form(
        rf"{_START}(?:เงินโอน/เงินเดือน|เงินโอน|เงินสด|เงิน){S}{AMOUNT}{S}(?:โอน)?เข้า{S}{ACCOUNT}",
        (_BY, MOMENT, BALANCE),
        ("moment",),
    ),
    # "Transfer from KTBA/x386097 amount THB 100.00 to your account x342529  on 21/05@22:03  Available balance is ..."
    Form(
        rf"{_START}transfer from {LEADING_NAME} amount {AMOUNT}{S}{_TO}",
        (VIA, MOMENT, BALANCE),
        ("moment",),
        closed=True,
    ),
    Form(
        rf"{_START}transfer from (?P<payer>[A-Z]{{3,5}}/x[0-9]{{3,10}}) amount {AMOUNT}",
        (_TO, VIA, MOMENT, BALANCE),
        ("moment",),
    ),
    Form(
        rf"{_START}(?:cash/)?(?:transfer|deposit)(?: deposit)? amount {AMOUNT}",
        (VIA, _TO, MOMENT, BALANCE),
        ("moment",),
    ),
    # SCB QR Alert, for shops: "98.58 บ.จากKBNK X6163 ชำระผ่านQR เข้า076111400050101 20/11@10:05"; the account shown is
    # the biller ID.
    Form(
        rf"{_START}{AMOUNT}{S}จาก{S}{LEADING_NAME}{S}ชำระผ่าน{S}QR(?:{S}code)?{S}เข้า{S}(?:(?:บ/ช|บัญชี){S})?{MASK}",
        (MOMENT, BALANCE),
        ("moment",),
        closed=True,
    ),
    # "คุณได้รับเงิน 98.58 บาท ผ่านรายการพร้อมเพย์จาก KTB / xxxxxx9135 เข้าบัญชี xxxxxx4150 เมื่อ 17 พ.ค. 2568 - 16:28"
    Form(
        rf"{_START}{common.TITLE}(?:คุณ)?ได้รับเงิน(?:โอน)?{S}{AMOUNT}{S}(?:ผ่าน(?:รายการ)?{S}\S{{1,30}}?{S})?จาก{S}{LEADING_NAME}{S}เข้า{ACCOUNT}",
        (MOMENT, BALANCE),
        ("moment",),
        closed=True,
    ),
    # The same in English.
    Form(
        rf"{_START}{common.TITLE}you(?:'ve| have)? received{S}{AMOUNT}(?: via promptpay)? from {LEADING_NAME}"
        rf" (?:in)?to (?:your )?{ACCOUNT}",
        (MOMENT, BALANCE),
        ("moment",),
        closed=True,
    ),
    # "SCB Easy: Money in +THB 250.00 to a/c x2834 from SIRI M. Ref: ... 28/09/2026 14:26. Avail Bal: 456,031.11"
    Form(rf"{_START}money in {AMOUNT} to {ACCOUNT_WORDS}{S}{MASK}", (FROM, REFERENCE, MOMENT, BALANCE)),
    # Mail, by its labels: the last ones are the bank's own, whatever the payer is called.
    Form(
        rf".{{0,400}}?(?:คุณ)?ได้รับเงิน(?:โอน)?.{{0,60}}?จาก{S}:{S}{LEADING_NAME} เข้าบัญชี{S}:{S}{MASK}"
        rf" จำนวน(?:เงิน)?{S}\(บาท\){S}:{S}{AMOUNT} {MOMENT}(?:(?!จำนวน{S}\(บาท\)).){{0,3000}}",
        closed=True,
    ),
    Form(
        rf".{{0,400}}?you(?:'ve| have)? received (?:money|a transfer|transfer).{{0,60}}?from{S}:{S}{LEADING_NAME}"
        rf" to account{S}:{S}{MASK}"
        rf" amount{S}\((?:THB|baht)\){S}:{S}{AMOUNT} (?:date/time{S}:{S})?{MOMENT}(?:(?!amount{S}\().){{0,3000}}",
        closed=True,
    ),
    *common.forms(_NAMES),
)
