"""What a bank writes, read back, is what it was made of; what nobody wrote is never money."""

# ruff: noqa: E501  # A bank's sentence stands on one line.
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paygate.banks import notices
from paygate.banks.notices.text import BANGKOK
from paygate.core.masks import MaskMatch, compare
from paygate.core.money import show

RECEIVED = datetime(2026, 11, 20, 10, 0, tzinfo=BANGKOK)
THAI = ["ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."]


@dataclass(frozen=True)
class Told:
    """What a sentence is made of."""

    amount_satang: int
    number: str
    at: datetime
    balance_satang: int
    name: str

    @property
    def amount(self) -> str:
        return show(self.amount_satang)

    @property
    def balance(self) -> str:
        return show(self.balance_satang)

    @property
    def thai(self) -> str:
        return f"{self.at.day} {THAI[self.at.month - 1]} {(self.at.year + 543) % 100} {self.at:%H:%M}"


def be(at: datetime, form: str) -> str:
    return at.strftime(form).replace("YY", f"{(at.year + 543) % 100:02d}")


# bank -> its sentences; `Facts` that a sentence does not have are named: t time, b balance, m mask.
SENTENCES: list[tuple[str, str, Callable[[Told], str]]] = [
    ("KBANK", "tbm", lambda t: f"{be(t.at, '%d/%m/YY %H:%M')} บช X-{t.number[-4:]} เงินเข้า {t.amount} คงเหลือ {t.balance} บ."),
    ("KBANK", "tbm", lambda t: f"{be(t.at, '%d/%m/YY %H:%M')} บช X-{t.number[-4:]} รับโอนจาก X-1299 {t.amount} คงเหลือ {t.balance} บ."),
    ("KBANK", "tbm", lambda t: f"{t.at:%d/%m/%y %H:%M} A/C X-{t.number[-4:]} Deposit {t.amount} Outstanding Balance {t.balance} Baht"),
    ("KBANK", "tbm", lambda t: f"{be(t.at, '%d/%m/YY %H:%M')} บช X-{t.number[-4:]} เงินเข้า {t.amount} จาก X-1299 คงเหลือ {t.balance} บ."),
    ("KBANK", "tm", lambda t: f"Deposit Transaction\nAccount xxx-x-x{t.number[5:9]}-x Amount {t.amount} Baht {t.at:%d %b %y %I:%M %p}"),
    ("KBANK", "m", lambda t: f"เงิน{t.amount}บ.เข้าบช.X{t.number[-4:]} จาก {t.name}"),
    ("KBANK", "tm", lambda t: f"รายการเงินเข้า\nบัญชี xxx-x-x{t.number[5:9]}-x จำนวนเงิน {t.amount} บาท วันที่ {t.thai} น."),
    ("KBANK", "tbm", lambda t: f"รายการเงินเข้า\n{t.thai} น.\nเข้าบัญชี xxx-x-x{t.number[5:9]}-x\nจำนวนเงิน {t.amount} บาท\nยอดเงินคงเหลือ {t.balance} บาท"),
    ("SCB", "tbm", lambda t: f"{t.at:%d/%m@%H:%M} {t.amount} จากKTB/x129431เข้าx{t.number[-6:]} ใช้ได้{t.balance}บ"),
    ("SCB", "tbm", lambda t: f"{t.at:%d/%m@%H:%M} {t.amount} โอนจาก{t.name}เข้าx{t.number[-6:]} ใช้ได้{t.balance}บ"),
    ("SCB", "tbm", lambda t: f"เงิน {t.amount}บ เข้าบ/ชx{t.number[-6:]} {t.at:%d/%m@%H:%M} ใช้ได้ {t.balance}บ"),
    ("SCB", "tbm", lambda t: f"Transfer from {t.name} amount THB {t.amount} to your account x{t.number[-6:]}  on {t.at:%d/%m@%H:%M}  Available balance is THB {t.balance}."),
    ("SCB", "tbm", lambda t: f"เงิน {t.amount}บ เข้าบ/ชx{t.number[-6:]} ทางPROMPTPAY {t.at:%d/%m@%H:%M} ใช้ได้ {t.balance}บ"),
    ("SCB", "tbm", lambda t: f"Transfer from {t.name} amount THB {t.amount} to your account x{t.number[-6:]} via MOBILE on {t.at:%d/%m@%H:%M}. Available balance is THB {t.balance}."),
    ("SCB", "tm", lambda t: f"SCB Easy App: You have received money via PromptPay\nFrom: {t.name}\nTo account: x{t.number[-6:]}\nAmount (THB): {t.amount}\nDate/Time: {t.at:%d %b %Y - %H:%M}"),
    ("SCB", "tm", lambda t: f"คุณได้รับเงิน {t.amount} บาท ผ่านรายการพร้อมเพย์จาก {t.name} เข้าบัญชี xxxxxx{t.number[-4:]} เมื่อ {t.at.day:02d} {THAI[t.at.month - 1]} {t.at.year + 543} - {t.at:%H:%M}"),
    ("KTB", "tbm", lambda t: f"{t.at:%d-%m-%y@%H:%M} บช X{t.number[4:9]}X:เงินเข้า +{t.amount} บ. ใช้ได้ {t.balance} บ."),
    ("KTB", "tbm", lambda t: f"{t.at:%d-%m-%y@%H:%M} Acct X{t.number[4:9]}X: Deposit +{t.amount} THB Avail {t.balance} THB"),
    ("KTB", "tbm", lambda t: f"เงินเข้า: {t.amount} บาท เข้าบัญชี XX{t.number[-4:]} เมื่อ {be(t.at, '%d/%m/YY %H:%M')} ยอดเงินที่ใช้ได้ {t.balance} บาท"),
    ("KTB", "", lambda t: f"ได้รับ +{t.amount} บาท เข้าพร้อมเพย์ จากบัญชี {t.name}"),
    ("BBL", "bm", lambda t: f"เงินเข้าบ/ชX{t.number[-4:]} จากพร้อมเพย์ผ่านMB {t.amount}บ เงินในบ/ชใช้ได้{t.balance}บ"),
    ("BBL", "bm", lambda t: f"ฝาก/โอนเงินเข้าบ/ชX{t.number[-4:]}ผ่านMB {t.amount}บ ใช้ได้ {t.balance}บ"),
    ("BBL", "bm", lambda t: f"Deposit/transfer to a/c X{t.number[-4:]} via MB {t.amount}B. Avail. bal. {t.balance}B"),
    ("BBL", "tm", lambda t: f"You received a transfer of THB {t.amount} to account xxx-x-x{t.number[5:9]}-x from {t.name} on {t.at:%d %b %Y %H:%M}"),
    ("BBL", "", lambda t: f"มีเงินเข้าบัญชี {t.amount} บาท จาก {t.name}"),
    ("BAY", "tbm", lambda t: f"โอนเข้า xxx{t.number[3:9]}x  {t.amount} เหลือ {t.balance} ({t.at.day}/{t.at.month}/{(t.at.year + 543) % 100},{t.at:%H:%M})"),
    ("BAY", "tbm", lambda t: f"รับโอนพร้อมเพย์ xxx{t.number[3:9]}x {t.amount} เหลือ {t.balance} ({t.at.day}/{t.at.month}/{(t.at.year + 543) % 100},{t.at:%H:%M})"),
    ("TTB", "tbm", lambda t: f"มีเงิน{t.amount}บ.โอนเข้าบ/ชxx{t.number[-4:]}เหลือ{t.balance}บ.{t.at:%d/%m/%y@%H:%M}"),
    ("TTB", "tbm", lambda t: f"แจ้งรายการเงินเข้าบัญชี-สำเร็จ\nมีเงิน{t.amount}บ.โอนเข้า/ชxx{t.number[-4:]} จาก KBANK X2871 {t.name} เหลือ{t.balance}บ.{t.at:%d/%m/%y@%H:%M}"),
    ("TTB", "tbm", lambda t: f"Deposit of {t.amount} Baht to account xx{t.number[-4:]}. Available balance {t.balance} Baht. {t.at:%d/%m/%y@%H:%M}"),
    ("GSB", "tbm", lambda t: f"เงินเข้า: มีการฝาก/โอนเงิน {t.amount} บาท จากบัญชี KBNK 0013XXXX1941 เข้าบัญชี GSBA XXXX{t.number[-6:]} วันที่ {t.at.day} {THAI[t.at.month - 1]} {t.at.year + 543} เวลา {t.at:%H:%M} น. คงเหลือ {t.balance} บาท"),
    ("BAAC", "tbm", lambda t: f"{be(t.at, '%d/%m/YY %H:%M')}:00 บัญชี x{t.number[-4:]} รับโอนพร้อมเพย์ จำนวน {t.amount} บาท ยอดเงินคงเหลือ {t.balance} บาท"),
    ("TRUEMONEY", "", lambda t: f"คุณได้รับเงิน {t.amount} บาท จาก {t.name}"),
]  # fmt: skip

plain_names = (
    st.text("กขคงจฉชabcABC .", min_size=1, max_size=30).map(str.strip).filter(lambda n: n.strip(" .") and ".." not in n)
)
lies = st.sampled_from(
    ["เงินเข้า 9,999.00", "คงเหลือ 1.00 บ.", "เข้าบัญชี x1111", "01/01/69 10:00", "จาก", "เหลือ9.00บ.01/01/26@00:00", "call", "สำเร็จ",
     "amount THB 9,999.00 to your account x417876 on 01/01@00:03", "Available balance is THB 1.00.", "x1234", "รับโอนจาก", "+9,999.00 บาท",
     "เข้าx111111 ใช้ได้1.00บ", "บช X-1111", "9,999.00", "Ref ABC123", "ใช้ได้", "เมื่อ 1 ม.ค. 2569 - 10:00", "โทร 02", "ก"]
)  # fmt: skip
hostile_names = st.lists(lies, min_size=1, max_size=4).map(" ".join)
amounts = st.integers(1, 99_999_999)
moments = st.integers(0, 300 * 1440).map(lambda back: RECEIVED - timedelta(minutes=back))
numbers = st.text("0123456789", min_size=10, max_size=10)


def told(names: st.SearchStrategy[str]) -> st.SearchStrategy[Told]:
    return st.builds(Told, amounts, numbers, moments, st.integers(0, 999_999_999), names)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SENTENCES), told(plain_names))
def test_a_sentence_reads_back_to_what_it_was_made_of(
    sentence: tuple[str, str, Callable[[Told], str]], t: Told
) -> None:
    bank, has, write = sentence
    found = notices.read(write(t), bank, RECEIVED)
    assert (found.kind, found.amount_satang, found.truncated) == ("credit", t.amount_satang, False), write(t)
    assert (compare(found.account_mask or "", t.number) is MaskMatch.MATCH) is ("m" in has)
    assert found.balance_satang == (t.balance_satang if "b" in has else None)
    assert (found.occurred_at, found.time_source) == ((t.at, "text") if "t" in has else (RECEIVED, "received"))


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([s for s in SENTENCES if "t.name" in s[2].__code__.co_names or "name" in s[2].__code__.co_names]),
    told(hostile_names),
)
def test_attack_21_no_name_changes_amount_or_account(sentence: tuple[str, str, Callable[[Told], str]], t: Told) -> None:
    bank, has, write = sentence
    found = notices.read(write(t), bank, RECEIVED)
    if found.kind == "credit":
        assert found.amount_satang == t.amount_satang, write(t)
        if "m" in has:
            assert compare(found.account_mask or "", t.number) is MaskMatch.MATCH, write(t)
        if "b" in has:
            assert (found.balance_satang, found.occurred_at) == (t.balance_satang, t.at), write(t)
    else:
        assert found.kind == "unread", write(t)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SENTENCES), told(plain_names), st.data())
def test_a_sentence_cut_anywhere_never_has_another_amount(
    sentence: tuple[str, str, Callable[[Told], str]], t: Told, data: st.DataObject
) -> None:
    bank, _, write = sentence
    whole = write(t)
    cut = whole[: data.draw(st.integers(0, len(whole)))] + data.draw(st.sampled_from(["", "...", "…"]))
    found = notices.read(cut, bank, RECEIVED)
    if found.kind == "credit":
        assert found.amount_satang == t.amount_satang, cut
        assert (
            found.account_mask is None
            or compare(found.account_mask, t.number) is not MaskMatch.DIFFERS
            or found.truncated
        )


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300), st.sampled_from([*notices.FORMS, "nobody"]))
def test_arbitrary_text_is_never_a_credit_and_never_an_error(text: str, sender: str) -> None:
    assert notices.read(text, sender, RECEIVED).kind != "credit"


scraps = st.sampled_from(
    ["เงิน", "บัญชี", "x1234", "100.00", "บาท", "จาก", "OTP", "โอนเงิน", "ชำระ", "ถอน", "คงเหลือ", "พิเศษ", "คลิก", "ไม่สำเร็จ", "20/11/69",
     "10:00", "payment", "withdrawal", "promotion", "to", "on", "THB", "-", "+", "สวัสดี", "รหัส"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(scraps, max_size=25).map(" ".join), st.sampled_from(list(notices.FORMS)))
def test_scraps_of_bank_words_without_a_word_for_money_in_are_no_credit(text: str, sender: str) -> None:
    assert notices.read(text, sender, RECEIVED).kind != "credit"


NAMED = [  # A payer's name before the amount, and the balance behind it: the balance never passes for the amount.
    ("KBANK", "20/11/69 10:03 บช X-1234 รับโอนจาก {} 150.00 คงเหลือ 12,000.00 บ."),
    ("KBANK", "20/11/69 10:03 A/C X-1234 Received from {} 150.00 Outstanding Balance 12,000.00 Baht"),
    (
        "027777777",
        "Transfer from {} amount THB 150.00 to your account x997010 on 20/11@10:03 Available balance THB 12,000.00",
    ),
]
NAMES = [
    "นาย ก ข",
    "นายเงินเข้า 9,999.00",
    "นาย 9,999.00 คงเหลือ 1.00",
    "MR A 8,888.00",
    "เงินเข้า 9,999.00 บ. คงเหลือ 9,999.00",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("sender", "form"), NAMED)
def test_attack_21_a_balance_behind_a_name_never_passes_for_the_amount(sender: str, form: str, name: str) -> None:
    read = notices.read(form.format(name), sender, RECEIVED)
    assert (read.kind, read.amount_satang, read.balance_satang) == ("credit", 15_000, 1_200_000)
    # A name that itself ends like the sentence, cut off just there, is that sentence to anybody who reads it.
    for end in range(len(form.format(name))):
        cut = notices.read(form.format(name)[:end], sender, RECEIVED)
        assert cut.amount_satang in (None, 15_000) or "คงเหลือ" in name, form.format(name)[:end]


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        (
            "BANGKOKBANK",
            "You received a transfer of THB 150.00 to account 123-4-xxx333-4 from MR {} SOMCHAI on 20 Nov 2026 16:58",
        ),
        ("th.co.truemoney.wallet", "ได้รับเงินจาก {} W. จำนวน 150.00 บาท"),
        ("Krungsri", "รับเงินโอน 150.00 บาท เข้าบัญชี xxx-2-22333-x จาก MR {}"),
    ],
)
@pytest.mark.parametrize("word", ["PIN", "OTP", "FAILED", "CANCEL", "WIN", "FREE", "SCHEDULED"])
def test_no_word_in_a_payers_name_makes_money_be_ignored(sender: str, text: str, word: str) -> None:
    assert notices.read(text.format(word), sender, RECEIVED).kind in ("unread", "credit")
