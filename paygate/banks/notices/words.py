"""Why a text that no sentence of its bank fits is no credit: or that nobody can say, and a person must look."""

from __future__ import annotations

import re
from dataclasses import dataclass

from paygate.banks.notices.text import ACCOUNT, BALANCE, MASK, MOMENT, OUT_AMOUNT, SATANG, S

NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
OUTGOING = "OUTGOING"
FAILED = "FAILED"


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


_CREDIT = _any(
    r"[0-9]\s?(?:บ\.?|บาท)\s?จาก(?!\s?(?:บ/ช|บช|บัญชี))",  # Of whom, before how: "150.00 บ.จากKBNK X6163 ชำระผ่านQR".
    r"เงินเข้า|รับโอน|รับชำระ|โอนเข้า|รับเงิน|เข้าบัญชี|เข้าบ/ช|เข้าบช|ฝากเงิน|ฝาก/โอน|ฝากเข้า|ได้รับ",
    r"\breceived\b|\bdeposit|\bcredited\b|\btransfer(?:red)?[ -]in\b|\bmoney in\b|\bto your (?:account|a/c)",
)
_OUT = _any(
    r"หัก(?!อก)|เงินออก|โอนออก|ถอน|โอนเงิน(?!เข้า)|โอนไป|โอน/|(?<!ลูกค้า)ชำระ(?!เงินเข้า(?!บัตร))|จ่าย|ตัดบัญชี|ตัดเงิน|ซื้อ|ค่าธรรมเนียม|ค่าบริการ|เติมเงินมือถือ|ส่งเงิน|จากบัญชี",
    r"\bwithdraw|\btransfer(?:red)?(?: (?:thb|baht|bt|฿)?\s?[\d,.]+(?: (?:thb|baht))?)? to (?!your)",
    r"\btransfer(?:red)? out|\bmoney out|\byou(?:'ve| have)? sent\b",
    r"\bpayment\b(?! (?:has been |was )?received)",
    r"\bpaid\b|\bpurchase|\bspen[dt]|\bfee\b|\bdebit|\bdr\b|\bcard (?:charge|spend)",
    rf"-\s?(?:THB|฿)?\s?{SATANG}",
)
_OTP = _any(r"\bOTP\b", r"รหัส(?:ผ่าน|ยืนยัน|ลับ|อ้างอิง)", r"one[- ]time|verification code|\bTAC\b|\bPIN\b")
_FAILED = _any(
    r"ไม่สำเร็จ|ล้มเหลว|ปฏิเสธ|ถูกยกเลิก|ยกเลิกรายการ|คืนเงินให้ผู้โอน|ดึงเงินคืน|ขัดข้อง",
    r"\bfail|\bunsuccessful|\bnot successful|\brejected|\bdeclined|\breversed|\breversal|\bcancel",
)
_FAILED_AT_END = re.compile(
    rf"(?:{_FAILED.pattern})[a-z]{{0,6}}(?:\s*(?:แล้ว|ระบบ|กรุณา|โปรด|เนื่องจาก|คืนเงิน|please|due|because)[^0-9]{{0,60}})?[\s.!]*$",
    re.IGNORECASE,
)
_REFUND = _any(r"คืนเงิน|เครดิตคืน", r"\brefund|\bchargeback|\bcashback")
_CARD = _any(r"บัตร", r"\bcard\b")
_SCHEDULED = _any(
    r"ล่วงหน้า|ตั้งรายการ|ตั้งโอน|ตั้งเวลาโอน|รายการอัตโนมัติจะ|จะถูกโอน",
    r"\bscheduled?\b|\bstanding order|\bfuture[- ]dated|\bwill be (?:credited|transferred|deposited)",
)
_REQUEST = _any(
    r"เรียกเก็บ|ขอเงิน|ขอให้โอน|กรุณาชำระ|กรุณายืนยัน|ครบกำหนด|ใบแจ้งหนี้",
    r"\brequest(?:s|ed)?\b|\bbill due|\binvoice\b|\bplease pay",
)
_LOGIN = _any(
    r"เข้าสู่ระบบ|เข้าใช้งาน|อุปกรณ์ใหม่|เปลี่ยนรหัส", r"\blog(?:ged)?[ -]?(?:in|on)\b|\bsign(?:ed)?[ -]?in\b|\bnew device"
)
_PROMOTION = _any(
    r"พิเศษ|สมัคร|คลิก|โปรโมชั่น|โปรโมชัน|สินเชื่อ|เงินกู้|กู้เงิน|ส่วนลด|ลุ้น|แคมเปญ|ฟรี|คะแนน|สิทธิ|วงเงิน|รับเครดิต|ดาวน์โหลด",
    r"[0-9]\s?%|https?:|www\.|bit\.ly|\bpromo|\boffer\b|\bapply\b|\bclick|\bloan\b|\bpoints\b|\bwin\b|\bfree\b|\bcashback|\bdiscount",
)
_MASKED = re.compile(rf"{ACCOUNT}|[x*•●]-?[0-9]{{3}}", re.IGNORECASE)
_BALANCE = re.compile(BALANCE, re.IGNORECASE)
_ONLY_BALANCE = re.compile(
    rf"(?:[^0-9]{{0,40}}?)(?:(?:{ACCOUNT})[\s:]{{0,3}})?(?:ของคุณ|ปัจจุบัน|{S})*"
    rf"{BALANCE.replace('?P<balance>', '?:')}[^0-9]{{0,20}}(?:{MOMENT.replace('?P<moment>', '?:')})?[^0-9]{{0,10}}$",
    re.IGNORECASE,
)
_AMOUNT = re.compile(OUT_AMOUNT, re.IGNORECASE)
_MOMENT = re.compile(rf"(?<![0-9]){MOMENT}", re.IGNORECASE)
_OWN = re.compile(
    rf"(?<!ไปยัง)(?<!ไปยัง )(?<!เข้า)(?<!to )(?:(?:หัก|จาก|from (?:your )?)?{ACCOUNT}"
    rf"|(?:จากบัญชี[^0-9]{{0,30}}?\(|โอนออก{S}|transfer out{S}){MASK.replace('mask', 'bare')})",
    re.IGNORECASE,
)


# Where a payer's name stands: behind these words, up to the next number or word of the bank.
_NAME_SLOT = re.compile(
    r"((?:จาก|โดย|ผู้โอน|\bfrom\b|\bby\b)[\s:]{0,3})"
    r"(?:(?!เข้า|จำนวน|เมื่อ|วันที่|คงเหลือ|ใช้ได้|บัญชี| on | to | amount)[^0-9]){1,80}",
    re.IGNORECASE,
)
_NAMELIKE = re.compile(r"[A-Z][A-Za-z]*[\s.!]*$")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a text about money that left says, as far as it can be seen."""

    amount: str | None
    mask: str | None
    balance: str | None
    moment: str | None


def reason_of(line: str) -> str:
    """Why *line*, which fits no sentence of money in, is none: a code word, or NOT_UNDERSTOOD.

    Words for money out that come before any for money in make it OUTGOING. A text that begins as a credit does, with
    an account, is never taken for an advertisement because of a word in it. A payer's name in it is not looked at.
    """
    opens = _CREDIT.search(line)
    if opens and _AMOUNT.search(line):
        line = line[: opens.start()] + _NAME_SLOT.sub(r"\1", line[opens.start() :])
    if _OTP.search(line):
        return "OTP"
    if _FAILED.search(line):
        return FAILED
    if _REFUND.search(line) and _CARD.search(line):
        return "CARD_REFUND"
    if _SCHEDULED.search(line):
        return "SCHEDULED"
    if _LOGIN.search(line):
        return "LOGIN"
    came, went = _CREDIT.search(line), _OUT.search(line)
    if went and (came is None or went.start() < came.start()):
        return "REQUEST" if _REQUEST.search(line) and not _AMOUNT.match(line, went.end()) else OUTGOING
    if came and _MASKED.search(line):
        return NOT_UNDERSTOOD
    if _REQUEST.search(line):
        return "REQUEST"
    if _PROMOTION.search(line):
        return "PROMOTION"
    if came is None and _ONLY_BALANCE.match(line):
        return "BALANCE_ONLY"
    return NOT_UNDERSTOOD


def says_failed(line: str, payer: str | None) -> bool | None:
    """Whether a sentence that reads as a credit was taken back at its end; None: a name holds such a word."""
    if _FAILED_AT_END.search(line):
        # A word with a capital at the end of a name is more likely part of it than the bank's: a person looks.
        named = payer is not None and line.rstrip(" .!").endswith(payer.rstrip(" .!"))
        return None if named and _NAMELIKE.search(line) else True
    return None if payer is not None and _FAILED.search(payer) else False


def claims_money(line: str) -> bool:
    """Whether a stranger's text is made to look like money in."""
    return bool(_CREDIT.search(line) and re.search(SATANG, line))


def outgoing(line: str) -> Outgoing:
    """The facts of a text about money that left: its amount, the own account and the balance."""
    balances = list(_BALANCE.finditer(line))
    inside = [match.span() for match in balances]
    amounts = (match for match in _AMOUNT.finditer(line) if not any(a <= match.start() < b for a, b in inside))
    first = next(amounts, None)
    own, at = _OWN.search(line), _MOMENT.search(line)
    return Outgoing(
        amount=first["amount"] if first else None,
        mask=(own["mask"] or own["bare"]) if own else None,
        balance=balances[-1]["balance"] if balances else None,
        moment=at["moment"] if at else None,
    )
