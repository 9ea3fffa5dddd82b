"""Bank texts: each bank's sentences, in Thai and English, and all that only looks like them.

`notices.json` has the formats of texts that banks sent, with invented digits and names.
"""

# ruff: noqa: E501  # A bank's sentence stands on one line.
from __future__ import annotations

import doctest
import json
import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paygate.banks import notices
from paygate.banks.notices import forms, senders, text
from paygate.banks.notices.text import BANGKOK, moment, normalise

X3 = "X" * 3  # Written out it is a word of the house.
RECEIVED = datetime(2026, 11, 20, 10, 0, tzinfo=BANGKOK)
SAMPLES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("notices.json").read_text(encoding="utf-8"))


def test_the_examples_of_the_docstrings_are_true() -> None:
    assert [doctest.testmod(module).failed for module in (text, senders)] == [0, 0]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s['bank']}-{s['kind']}-{s['text'][:24]}")
def test_texts_of_banks_are_read(sample: dict[str, Any]) -> None:
    said = sample["occurredAt"]
    at = datetime.fromisoformat(said) if said and len(said) > 20 else RECEIVED
    found = notices.read(sample["text"], sample["bank"], at)
    assert found.kind == ("credit" if sample["direction"] == "in" else "ignored"), found
    if sample["direction"] == "none":
        assert (found.direction, found.amount_satang) == ("none", None)
        return
    assert (found.direction, found.amount_satang) == (sample["direction"], sample["amountSatang"])
    assert found.balance_satang == sample["balanceSatang"]
    if sample["accountTail"] and sample["kind"] != "card":
        assert re.sub(r"\D", "", found.account_mask or "").endswith(sample["accountTail"])
    if said and said.startswith("--"):
        assert found.occurred_at.isoformat()[4:16] == said[1:]
        assert found.occurred_at <= RECEIVED
    elif said:
        assert found.occurred_at.isoformat().startswith(said[:16])


# (sender, text, amount, mask, time or None, balance)
MORE: list[tuple[str, str, int, str | None, str | None, int | None]] = [
    ("027777777", "เงิน 402.71บ เข้าบ/ชx913074 18/05@14:45 ใช้ได้ 6,302.39บ", 40271, "x913074", "05-18T14:45", 630239),
    ("SCB", "08/09@10:46 100.00 โอนจากMALEE JAIDเข้าx304012 ใช้ได้2,375.46บ", 10000, "x304012", "09-08T10:46", 237546),
    (
        "SCB",
        "Cash/transfer deposit amount THB 200.00 via ATM to your A/C x314137 on 15/04@03:47 Avai. Bal. is THB 48,673.47.",
        20000, "x314137", "04-15T03:47", 4867347,
    ),
    ("SCB", "Transfer amount THB 100.00 to your account x216298 on 30/04@15:40.", 10000, "x216298", "04-30T15:40", None),
    (
        "SCB",
        "Transfer from MALEE  JAI amount THB 5,000.00 to your account x314137 on 13/04@01:24.  Avai. Bal. is THB 86,187.47.",
        500000, "x314137", "04-13T01:24", 8618747,
    ),
    (
        "SCB Connect",
        "[รายการเงินเข้า 1,000.00 บาท เข้าบัญชี xxx-xxx123-4 วันที่ 01/11/2026 @10:00 ยอดเงินที่ใช้ได้ 5,000.00 บาท]",
        100000, "xxx-xxx123-4", "11-01T10:00", 500000,
    ),
    (
        "com.scb.phone",
        "You have received 69.89 Baht via PromptPay from KTB / xxxxxx6148 to account xxxxxx1183 on 17 May 2026 - 16:28",
        6989, "xxxxxx1183", "05-17T16:28", None,
    ),
    ("Krungthai", "17-05@16:27 บชX51589X:เงินเข้า 50.34บ ใช้ได้ 11,911.89บ", 5034, "X51589X", "05-17T16:27", 1191189),
    ("ktbcs.netbank", f"ได้รับ +59.84 บาท เข้าพร้อมเพย์ จากบัญชี ไทยพาณิชย์ {X3}-X-XX815-8", 5984, None, None, None),
    (
        "ktbcs.netbank",
        f"ได้รับ +500.00 บาท เข้าบัญชี {X3}-X-XX127-1 จากบัญชี กสิกรไทย {X3}-X-XX516-5\nรับเงินสำเร็จ\nUID:10290",
        50000, f"{X3}-X-XX127-1", None, None,
    ),
    (
        "Krungthai Connext",
        "เงินเข้า: 1,000.20 บาท เข้าบัญชี XX5168 เมื่อ 27/08/69 10:49 ยอดเงินที่ใช้ได้ 5,401.93 บาท",
        100020, "XX5168", "08-27T10:49", 540193,
    ),
    ("KBank", "KBank:17/05/69 16:27 บช X-9126 เงินเข้า 999.63 คงเหลือ 8,236.90 บ.", 99963, "X-9126", "05-17T16:27", 823690),
    ("KBank", "17/05/69 16:27 บช X-9126 รับโอนผ่านพร้อมเพย์ 9.63 คงเหลือ 8,236.90 บ.", 963, "X-9126", "05-17T16:27", 823690),
    ("com.ktb.customer.qr", "ได้รับชำระเงิน 150.00 บาท จาก MALEE J.", 15000, None, None, None),
    ("BBL", "ฝาก/โอนเงินเข้าบ/ชX3801ผ่านMB จากต่างธนาคาร 1,000.00บ ใช้ได้ 1,000.39บ", 100000, "X3801", None, 100039),
    ("KBank", "24/10 12:34 บช X-123156 รับโอนจาก X-614321 1,234.56 คงเหลือ", 123456, "X-123156", "10-24T12:34", None),
    (
        "com.kasikorn.retail.mbanking.wap",
        "K PLUS\nรายการเงินเข้า\nบัญชี xxx-x-x1491-x จำนวนเงิน 10.00 บาท วันที่ 7 ส.ค. 69 10:49 น. ยอดเงินคงเหลือ 1,116.56 บาท",
        1000, "xxx-x-x1491-x", "08-07T10:49", 111656,
    ),
    ("KBank", "เงิน11,111.00บ.เข้าบช.X7168 ส่งจาก UOBT PIB", 1111100, "X7168", None, None),
    ("KBank", "05/11/26 18:16 A/C X-8199 Deposit 100.00 Outstanding Balance 500.00 Baht", 10000, "X-8199", "11-05T18:16", 50000),
    (
        "KBank",
        "05/11/26 18:16 A/C X-8199 Received transfer from X-1231 100.00 Outstanding Balance 500.00 Baht.",
        10000, "X-8199", "11-05T18:16", 50000,
    ),
    ("BBL", "BBL: Received ฿5,000.00 Acct xxx7190 From บริษัท ABC Ref.RCV001", 500000, "xxx7190", None, None),
    ("BBL", "Deposit/transfer to your account X1231 via MB of Bt 5,000.00, available balance Bt 15,000.00", 500000, "X1231", None, 1500000),
    ("BBL", "PromptPay transfer to your A/C X1921 via MB 10,000.00Bt, Available balance 75,509.90Bt", 1000000, "X1921", None, 7550990),
    (
        "GSB",
        "Deposit: There is a deposit/transfer of ฿74.76 from account KBNK 0013XXXX1941 to account GSBA 0204XXXX0741"
        " on 24 May 2026 at 15:04. Balance 2,702.93 Baht",
        7476, "0204XXXX0741", "05-24T15:04", 270293,
    ),
    ("Krungsri", "Transfer in xxx171203x 150.62 Bal 7,420.57 (17/5/26,16:27)", 15062, "xxx171203x", "05-17T16:27", 742057),
    ("Krungsri", "Krungsri: เงินเข้า ฿750.00 บช xxx6781 จาก นายส่ง Ref KMA001", 75000, "xxx6781", None, None),
    ("TMBBank", "มีเงิน 100.00บ.เข้าบ/ชxx4481เหลือ 500.00 บ.09/09/26@15:16", 10000, "xx4481", "09-09T15:16", 50000),
    ("ttb", "ttb: CR THB 900.00 A/C *1231 From นายทดสอบ Ref TTB001", 90000, "*1231", None, None),
    ("BAAC", "ธกส: รับโอน 5,000.00 บ. บช xxx7891 จาก นายทดสอบ Ref.BAAC001", 500000, "xxx7891", None, None),
    ("th.co.truemoney.wallet", "คุณได้รับเงินโอน 320.00 บาท เลขที่รายการ 500099281721", 32000, None, None, None),
    ("TrueMoney", "You have received 100.00 THB from MALEE J.", 10000, None, None, None),
]  # fmt: skip


@pytest.mark.parametrize("case", MORE, ids=lambda case: case[1][:40])
def test_other_sentences_of_the_same_banks_are_read(
    case: tuple[str, str, int, str | None, str | None, int | None],
) -> None:
    sender, written, amount_satang, mask, at, balance_satang = case
    for one in (written, written.replace(" ", "\u00a0"), written.translate({0x30 + i: 0x0E50 + i for i in range(10)})):
        found = notices.read(one, sender, RECEIVED)
        assert (found.kind, found.amount_satang, found.account_mask) == ("credit", amount_satang, mask), found
        assert found.balance_satang == balance_satang
        said = found.occurred_at.isoformat()[5:16] if found.time_source == "text" else None
        assert said == at


OUT_OR_NOTHING = [
    ("SCB", "ถอน/โอนเงิน 10,000.00บ บ/ชx813473 18/05@12:29 ใช้ได้657.53บ", "OUTGOING"),
    ("SCB", "4,000.00 Baht transferred to นาย ก ข, if in doubt call 027776780", "OUTGOING"),
    ("SCB", "หักค่าธรรมเนียมอัตโนมัติ 10.00 บ. จาก บ/ช x314011 วันที่ 01/11 เวลา 10:00", "OUTGOING"),
    ("KTB", "Transfer 17,175.00 THB to KTB-XXXXXX61569 was successful", "OUTGOING"),
    ("Krungthai Connext", "เงินออก: -1.00 บาท จากบัญชี XX5148 เมื่อ 02/08/69 18:01 ยอดเงินที่ใช้ได้ 5,466.93 บาท", "OUTGOING"),
    ("BBL", "BBL: Transfer Out ฿2,000.00 Acct xxx7190 To นายรับ Ref.TFR002", "OUTGOING"),
    ("BBL", "Withdrawal/transfer/payment from your account X1231 via MB of Bt 5,000.00, available balance Bt 1.00", "OUTGOING"),
    ("BAY", "โอนออก xxx171203x 150.62 เหลือ 7,420.57 (17/5/68,16:27)", "OUTGOING"),
    ("TTB", "โอนเงิน13,000.00บ.ไปยังเบอร์มือถือXX3181 เหลือ680.31บ.17/05/25@16:34", "OUTGOING"),
    ("BAAC", "20/05/68 17:52:48 บัญชี x9516 โอนเงิน จำนวน 10.00 บาท ยอดเงินคงเหลือ 10.39 บาท", "OUTGOING"),
    ("KBANK", "05/11/26 18:16 A/C X-8199 Withdrawal 100.00 Outstanding Balance 500.00 Baht", "OUTGOING"),
    ("KBANK", "เงินเข้าบัญชี x-1231 จำนวน 150.00 บาท จาก นาย ก ไม่สำเร็จ", "FAILED"),
    ("SCB", "Money in +THB 250.00 to a/c x2831 from MALEE M. failed", "FAILED"),
    ("KBANK", "รหัส OTP 123456 สำหรับรับเงินเข้าบัญชี x1231 จำนวน 500.00 บาท", "OTP"),
    ("GSB", "สมัครวันนี้ รับเงินเข้าบัญชีทันที 5,000.00 บาท คลิก bit.ly/x", "PROMOTION"),
    ("KTB", "ตั้งเวลาโอนเงินเข้าบัญชี XX1231 จำนวน 500.00 บาท", "SCHEDULED"),
    ("SCB", "Scheduled transfer of THB 100.00 to your account x2831 on 30/11", "SCHEDULED"),
    ("BBL", "คืนเงิน 120.00 บาท เข้าบัตรเครดิต x4321", "CARD_REFUND"),
    ("TTB", "ร้านตัวอย่าง ขอเงิน 300.00 บาท จากคุณ", "REQUEST"),
    ("SCB", "You logged in to SCB Easy on 20/11/2026 10:00", "LOGIN"),
    ("KTB", "ยอดเงินที่ใช้ได้ 5,466.93 บาท", "BALANCE_ONLY"),
    ("0812345678", "17/05/69 16:27 บช X-9126 เงินเข้า 999.63 คงเหลือ 8,236.90 บ.", "SPOOFED"),
    ("KBANK <evil@example.com>", "17/05/69 16:27 บช X-9126 เงินเข้า 999.63 คงเหลือ 8,236.90 บ.", "SPOOFED"),
    ("jp.naver.line.android", "รายการเงินเข้า 26 ส.ค. 69 15:07 น. เข้าบัญชี xxx-x-x8912-x จำนวนเงิน 200.00 บาท", "SPOOFED"),
    ("แม่", "กินข้าวยัง", "UNKNOWN_SENDER"),
]  # fmt: skip


@pytest.mark.parametrize(("sender", "written", "reason"), OUT_OR_NOTHING)
def test_what_is_not_money_in_is_ignored_and_says_why(sender: str, written: str, reason: str) -> None:
    found = notices.read(written, sender, RECEIVED)
    assert (found.kind, found.reason) == ("ignored", reason), found


UNREAD = [
    ("KBANK", "บัญชี xxx-x-x3281-x จำนวนเงิน 1.00 บาท วันที่ 12 ก.ย. 69 17:39 น."),  # In or out: the title says it.
    ("KBANK", "KBank Live แจ้งเตือนรายการเงินเข้า"),
    ("SCB", "เนื้อหาการแจ้งเตือนถูกซ่อน"),  # What Android shows of what it takes for a one-time code.
    ("TTB", "มีเงิน50บ.โอนเข้าบ/ชxx5441เหลือ17,081.71บ.24/05/25@11:42"),  # No decimals: never written so.
    ("BAY", "โอนเข้า xxx171203x 0.00 เหลือ 7,420.57 (17/5/68,16:27)"),
    ("KTB", "เงินเข้าบัญชีแบบใหม่ ยอด 10.00 XX1231 จาก นายสมัคร"),
    ("KBANK", "เงินเข้า 10.00 บาท จาก นายไม่สำเร็จ ใจดี"),  # A name, perhaps.
    ("KBANK", ""),
    ("KBANK", "เงินเข้า 10.00 บาท " + "x" * 5_000),
]


@pytest.mark.parametrize(("sender", "written"), UNREAD)
def test_a_text_of_a_known_bank_that_nobody_understands_is_unread(sender: str, written: str) -> None:
    assert (notices.read(written, sender, RECEIVED).kind, notices.read(written, sender, RECEIVED).reason) == (
        "unread",
        "NOT_UNDERSTOOD",
    )


@pytest.mark.parametrize(
    ("whole", "cuts"),
    [
        ("เงินเข้า: 1,000.20 บาท เข้าบัญชี XX5168 เมื่อ 27/08/69 10:49 ยอดเงินที่ใช้ได้ 5,401.93 บาท", (25, 46)),
        ("มีเงิน3.00บ.โอนเข้า/ชxx0261 จาก KBANK X2871 นาย ก เหลือ372.00บ.12/09/26@17:32", (30, 52)),
        ("17/05/69 16:27 บช X-9126 เงินเข้า 999.63 คงเหลือ 8,236.90 บ.", (40, 47)),
    ],
)
def test_a_text_that_was_cut_off_is_read_as_far_as_it_goes(whole: str, cuts: tuple[int, ...]) -> None:
    bank = {"เ": "KTB", "ม": "TTB", "1": "KBANK"}[whole[0]]
    full = notices.read(whole, bank, RECEIVED)
    assert not full.truncated
    for cut in cuts:
        for end in ("...", "…"):
            found = notices.read(whole[:cut] + end, bank, RECEIVED)
            assert (found.kind, found.amount_satang, found.truncated) == ("credit", full.amount_satang, True)
            assert found.account_mask in (full.account_mask, None)
            assert found.balance_satang in (full.balance_satang, None)


def test_a_mask_at_the_very_cut_is_not_believed() -> None:
    found = notices.read("เงินเข้า: 1,000.20 บาท เข้าบัญชี XX51...", "KTB", RECEIVED)
    assert (found.kind, found.account_mask, found.truncated) == ("credit", None, True)


@pytest.mark.parametrize(
    ("sender", "bank", "channel"),
    [
        ("KBank", "KBANK", "sms"), ("k bank", "KBANK", "sms"), ("004", "KBANK", "sms"), ("ธนาคารกสิกรไทย", "KBANK", "sms"),
        ("KBank Live", "KBANK", "line"), ("jp.naver.line.android: KBank Live", "KBANK", "line"),
        ("COM.SCB.PHONE", "SCB", "push"), ("scbeasynet@scb.co.th", "SCB", "mail"), ("Krungthai", "KTB", "sms"),
        ("BANGKOKBANK", "BBL", "sms"), ("ธ.ก.ส.", "BAAC", "sms"), ("truemoney wallet", "TRUEMONEY", "sms"),
    ],
)  # fmt: skip
def test_a_bank_is_known_by_all_its_names(sender: str, bank: str, channel: str) -> None:
    found = senders.find(sender)
    assert found is not None
    assert (found.bank, found.channel) == (bank, channel)


@pytest.mark.parametrize(
    "sender",
    ["", " ", "KBANK1", "MYKBANK", "0812345678", "+66812345678", "jp.naver.line.android", "com.scb.phone.evil",
     "scbeasynet@scb.co.th.evil.com", "SCB <x@evil.com>", "scbeasynet@scb.co.th <x@evil.com>", "๐๐๔"],
)  # fmt: skip
def test_nobody_else_is_a_bank(sender: str) -> None:
    assert senders.find(sender) is None


@pytest.mark.parametrize(
    ("said", "received", "at", "source"),
    [
        ("17/05/68 16:28", "2026-01-01T00:00", "2025-05-17T16:28:00", "text"),
        ("17/05/25@16:28", "2026-01-01T00:00", "2025-05-17T16:28:00", "text"),
        ("17/5/70,16:28", "2027-06-01T00:00", "2027-05-17T16:28:00", "text"),
        ("31/12@23:59", "2027-01-01T00:02", "2026-12-31T23:59:00", "text"),  # The year is the one before.
        ("01/01@00:04", "2027-01-01T00:02", "2027-01-01T00:04:00", "text"),  # The bank's clock is ahead.
        ("01/01@00:09", "2027-01-01T00:02", "2026-01-01T00:09:00", "text"),
        ("29/02@10:00", "2026-11-20T10:00", "2024-02-29T10:00:00", "text"),
        ("31 ธ.ค. 2569 23:59 น.", "2027-01-01T00:02", "2026-12-31T23:59:00", "text"),
        ("1 มกราคม 2570 เวลา 00:01", "2027-01-01T00:02", "2027-01-01T00:01:00", "text"),
        ("12 Sep 2026 17:39", "2027-01-01T00:02", "2026-09-12T17:39:00", "text"),
        ("26/09/2569", "2026-11-20T10:00", "2026-09-26T12:00:00", "day"),
        ("20/11/2569", "2026-11-20T10:00", "2026-11-20T10:00:00", "received"),
        ("เวลา 23:58", "2027-01-01T00:02", "2026-12-31T23:58:00", "text"),
    ],
)
def test_buddhist_and_christian_years_no_year_and_no_time(said: str, received: str, at: str, source: str) -> None:
    here = datetime.fromisoformat(f"{received}:00+07:00")
    found = moment(said, here)
    assert found is not None
    assert (found[0].isoformat(), found[1]) == (f"{at}+07:00", source)
    assert moment(said, here.astimezone(text.timezone(timedelta(hours=-5)))) == found


@pytest.mark.parametrize(
    "said", ["31/02/69 10:00", "17/13/69 10:00", "99/99@10:00", "17 ก.ฟ. 69 10:00", "เวลา 25:00", "10"]
)
def test_a_day_that_does_not_exist_is_no_moment(said: str) -> None:
    assert moment(said, RECEIVED) is None


def test_a_payers_name_that_says_money_came_changes_nothing() -> None:  # Facts 7, attack 21.
    """A name is never looked into, wherever the bank puts it."""
    hostile = "เงินเข้า 9,999.00 คงเหลือ 8.00บ.01/01/26@00:00"
    ttb = notices.read(
        f"มีเงิน3.00บ.โอนเข้า/ชxx0261 จาก KBANK X2871 {hostile} เหลือ372.00บ.12/09/26@17:32", "TTB", RECEIVED
    )
    assert (ttb.amount_satang, ttb.balance_satang, ttb.account_mask) == (300, 37200, "xx0261")
    assert ttb.occurred_at.isoformat() == "2026-09-12T17:32:00+07:00"
    name = "A amount THB 9,999.00 to your account x111111 on 01/01@00:00 Available balance is THB 5.00. call"
    scb = notices.read(
        f"Transfer from {name} amount THB 1.00 to your account x417871 on 21/05@22:03 Available balance is THB 200.00.",
        "SCB",
        RECEIVED,
    )
    assert (scb.amount_satang, scb.balance_satang, scb.account_mask) == (100, 20000, "x417871")
    thai = notices.read("18/05@14:44 29.92 จากก เข้าx111111 ใช้ได้5.00บเข้าx997011 ใช้ได้10,121.23บ", "SCB", RECEIVED)
    assert (thai.amount_satang, thai.balance_satang, thai.account_mask) == (2992, 1012123, "x997011")
    torn = notices.read(f"มีเงิน3.00บ.โอนเข้า/ชxx0261 จาก {hostile} เห...", "TTB", RECEIVED)
    assert (torn.amount_satang, torn.balance_satang, torn.time_source) == (300, None, "received")


def test_a_mail_is_read_by_its_labels_and_the_last_ones_are_the_banks() -> None:
    def mail(name: str) -> str:
        return (
            f"เรียน คุณมาลี\nSCB Easy App: คุณได้รับเงินผ่านรายการพร้อมเพย์\nจาก: {name}\nเข้าบัญชี: x6781\n"
            "จำนวน (บาท): 1.00\nวัน/เวลา: 05 ม.ค. 2567 - 09:41\nขอแสดงความนับถือ ธนาคารไทยพาณิชย์ โทร 02 777 7777"
        )

    for name in (
        "KBANK / x1231",
        "KBANK / x1 เข้าบัญชี: x9999 จำนวน (บาท): 9,999.00 วัน/เวลา: 01 ม.ค. 2567 - 00:00",
    ):
        found = notices.read(mail(name), "SCB Easy <scbeasynet@scb.co.th>", RECEIVED)
        assert (found.kind, found.amount_satang, found.account_mask, found.channel) == ("credit", 100, "x6781", "mail")
        assert found.occurred_at.isoformat() == "2024-01-05T09:41:00+07:00"


def test_no_text_takes_long_to_read() -> None:
    pieces = [
        "จาก ",
        "จาก: ",
        "1,",
        "x-",
        "เงินเข้า ",
        "เข้าx123456",
        "100.00 ",
        "คงเหลือ ",
        "01/01 ",
        "ref abc ",
        "...",
        "(",
        " ",
    ]
    heads = ["", "เงินเข้า 1.00 บาท จาก ", "18/05@14:44 29.92 จาก", "Transfer from ", "คุณได้รับเงินผ่าน จาก: "]
    notices.read("x", "SCB", RECEIVED)
    took = []
    for head in heads:
        for piece in pieces:
            began = time.process_time()
            notices.read((head + piece * 4_000)[: text.MAX_CHARS], "SCB", RECEIVED)
            took.append(time.process_time() - began)
    assert max(took) < 2


def test_the_same_text_comes_out_of_every_way_to_write_it() -> None:
    assert normalise("เงินเข\u0e49า\u200b\t๑,๐๐๐.๕๐\u3000บาท") == "เงินเข้า 1,000.50 บาท"
    assert normalise("ส\u0e4d\u0e32เร็จ") == normalise("สำเร็จ")
    assert forms.ELLIPSIS.search(normalise("เห…"))
