"""KBank: SMS (Buddhist years; in older ones no blanks), K PLUS notices, KBank Live and LINE BK on LINE."""

from __future__ import annotations

from paygate.banks.notices import common
from paygate.banks.notices.forms import FROM, LEADING_NAME, NAME, REFERENCE, Form
from paygate.banks.notices.text import ACCOUNT, AMOUNT, BALANCE, MASK, MASKED, MOMENT, S

_NAMES = r"K[- ]?BANK(?: Live)?|K ?PLUS|KASIKORNBANK|กสิกรไทย|ธ\.กสิกรไทย|LINE BK"
_START = rf"(?:(?:{_NAMES}){S}:?{S})?"
_TITLE = r"(?:แจ้งเตือน)?(?:รายการ)?(?:เงินเข้า|รับโอนเงิน|deposit|money in|incoming transfer|transfer in)(?: transaction)?"
_SMS = rf"{_START}(?:{MOMENT} )?(?:(?:บช\.?|บ/ช|a/c){S})?{MASK}{S}:?{S}"
_SUM = rf"(?:จำนวนเงิน|จำนวน|amount){S}:?{S}"
_CAME_EN = r"(?:deposit|credit(?:ed)?|transfer(?:red)? in|received(?: transfer)?)"

FORMS = (
    # "17/05/68 16:28 บช X-8379 เงินเข้า 411.72 คงเหลือ 5,302.72 บ."
    Form(
        rf"{_SMS}(?:เงินเข้า|รับโอน(?:เงิน)?|เงินโอนเข้า|ฝากเงิน|ฝาก)(?:{S}(?:ผ่าน|จาก)?พร้อมเพย์)?{S}{AMOUNT}",
        (BALANCE,),
        ("moment", "balance"),
    ),
    # The same with the payer's account before the balance.
    Form(
        rf"{_SMS}(?:เงินเข้า|รับโอน(?:เงิน)?|เงินโอนเข้า){S}{AMOUNT}{S}จาก{S}(?P<payer>{MASKED})",
        (BALANCE,),
        ("moment", "balance"),
    ),
    # "12/01/69 15:43 บช X-9555 รับโอนจาก X-4201 2.00 คงเหลือ 33.86 บ."
    Form(rf"{_SMS}รับโอนจาก{S}(?P<payer>{MASKED}){S}{AMOUNT}", (BALANCE,), ("moment", "balance")),
    Form(rf"{_SMS}รับโอนจาก{S}{LEADING_NAME} {AMOUNT}", (BALANCE,), ("moment", "balance"), closed=True),
    # "20/11/69 10:00 A/C X-1234 Received from X-5678 100.00 Outstanding Balance 1,100.00 Baht"
    Form(rf"{_SMS}{_CAME_EN}{S}{AMOUNT}", (BALANCE,), ("moment", "balance")),
    Form(
        rf"{_SMS}(?:{_CAME_EN}|transfer) from{S}(?:a/c{S})?(?P<payer>{MASKED}){S}{AMOUNT}",
        (BALANCE,),
        ("moment", "balance"),
    ),
    Form(
        rf"{_SMS}(?:{_CAME_EN}|transfer) from {LEADING_NAME} {AMOUNT}", (BALANCE,), ("moment", "balance"), closed=True
    ),
    # "เงิน99.36บ.เข้าบช.X7868 จาก ..."
    Form(rf"{_START}เงิน{S}{AMOUNT}{S}(?:โอน)?เข้า{S}{ACCOUNT}", (FROM, MOMENT, BALANCE), ("mask",)),
    # "รายการเงินเข้า บัญชี xxx-x-x0752-x จำนวนเงิน 1.00 บาท วันที่ 12 ก.ย. 69 17:39 น.": the title is the direction.
    Form(
        rf"{_START}{_TITLE}[ :]{{1,2}}{ACCOUNT}{S}{_SUM}{AMOUNT}",
        (MOMENT, FROM, BALANCE),
        ("moment",),
    ),
    # KBank Live: "รายการเงินเข้า 26 ส.ค. 69 15:07 น. เข้าบัญชี xxx-x-x5827-x จำนวนเงิน 200.00 บาท ยอดเงินคงเหลือ ..."
    Form(
        rf"{_START}{_TITLE} {MOMENT} (?:เข้าบัญชี|to account|บัญชี){S}:?{S}{MASK}{S}{_SUM}{AMOUNT}",
        (FROM, BALANCE),
        ("balance",),
    ),
    Form(
        rf"{_START}{_TITLE} {MOMENT} (?:จากบัญชี|จาก|from)(?: account)?{S}:?{S}{LEADING_NAME}"
        rf" (?:เข้าบัญชี|to account){S}:?{S}{MASK}{S}{_SUM}{AMOUNT}",
        (BALANCE,),
        ("balance",),
        closed=True,
    ),
    # LINE BK: "ฝาก/รับโอนเงิน 91.00 บาท รับโอนเงิน 19 ธ.ค. 68 14:40 เข้าบัญชี บัญชีหลัก(xxx-x-x9443-x)"
    Form(
        rf"{_START}(?:ฝาก/รับโอนเงิน|รับโอนเงิน|เงินเข้า){S}{AMOUNT}(?: (?:รับโอนเงิน|ฝากเงิน))? {MOMENT}"
        rf" เข้าบัญชี[^0-9]{{0,40}}?{MASK}",
        (BALANCE,),
    ),
    # "KBANK: รับโอน 500.37 บ. บช xxx1234 จาก ... Ref.ABC123 29/01 14:30"
    Form(rf"{_START}รับโอน{S}{AMOUNT}{S}{ACCOUNT}{S}จาก{S}{NAME}", (REFERENCE, MOMENT, BALANCE)),
    *common.forms(_NAMES),
)
