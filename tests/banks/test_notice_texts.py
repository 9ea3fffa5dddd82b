"""Sentences that the banks are known or likely to write, beside those of the shared examples: which are money in, and
which are none. Digits and names are invented; every credit is of 150.00 baht at ten o'clock."""

# ruff: noqa: E501  # A bank's sentence stands on one line.
from __future__ import annotations

from datetime import datetime

import pytest

from paygate.banks import notices
from paygate.banks.notices.text import BANGKOK, moment

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=BANGKOK)
RECEIVED = datetime(2026, 11, 20, 10, 5, tzinfo=BANGKOK)

# What a text has beside the amount: b a balance of 1,150.00, m the own account, t its time.
MONEY_IN = [
    ("KBank", "tbm", "20/11/69 10:00 บช X-1234 เงินเข้า 150.00 คงเหลือ 1,150.00 บ."),
    ("KBank", "tbm", "20/11/2569 10:00 บช X-1234 เงินเข้า 150.00 คงเหลือ 1,150.00 บ."),
    ("KBank", "tbm", "20/11/69 10:00 บช X-1234 เงินเข้า 150.00 จาก X-5678 คงเหลือ 1,150.00 บ."),
    ("KBank", "tbm", "20/11/69 10:00 บช X-1234 รับโอนจากพร้อมเพย์ 150.00 คงเหลือ 1,150.00 บ."),
    ("KBank", "tbm", "20/11/69 10:00 บช X-1234 เงินเข้าพร้อมเพย์ 150.00 คงเหลือ 1,150.00 บ."),
    ("KBank", "tbm", "20/11/26 10:00 A/C X-1234 Transfer in 150.00 Outstanding Balance 1,150.00 Baht"),
    ("KBank", "tbm", "20/11/26 10:00 A/C X-1234 Received transfer from X-5678 150.00 Outstanding Balance 1,150.00 Baht"),
    ("com.kasikorn.retail.mbanking.wap", "tm", "รายการเงินเข้า บัญชี xxx-x-x1234-x จำนวนเงิน 150.00 บาท วันที่ 20 พ.ย. 2569 10:00 น."),
    ("com.kasikorn.retail.mbanking.wap", "tm", "Deposit Transaction Account xxx-x-x1234-x Amount 150.00 Baht Date 20 Nov 26 10:00"),
    ("com.kasikorn.retail.mbanking.wap", "tm", "Money In\nAccount xxx-x-x1234-x Amount 150.00 Baht on 20 Nov 26 10:00"),
    ("com.kasikorn.retail.mbanking.wap", "tm", "Deposit\nAccount xxx-x-x1234-x Amount 150.00 Baht 20 Nov 26 10:00 AM"),
    ("com.kasikornbank.makebykbank", "", "คุณได้รับเงิน 150.00 บาท จาก นาย ก"),
    ("027777777", "tbm", "20/11@10:00 150.00 จากKBNK/x123456เข้าx234567 ใช้ได้1,150.00บ"),
    ("027777777", "tbm", "20/11@10:00 150.00 โอนจากMR SOMCHAI JAIDEEเข้าx234567 ใช้ได้1,150.00บ"),
    ("027777777", "tbm", "เงินโอน 150.00บ เข้าบ/ชx234567 20/11@10:00 ใช้ได้ 1,150.00บ"),
    ("027777777", "tbm", "เงิน 150.00บ เข้าบ/ชx234567 ทางPROMPTPAY 20/11@10:00 ใช้ได้ 1,150.00บ"),
    ("027777777", "tbm", "เงิน 150.00บ เข้าบ/ชx234567 ผ่านMOBILE 20/11@10:00 ใช้ได้ 1,150.00บ"),
    ("027777777", "tbm", "เงิน 150.00บ เข้าบ/ชx234567 ผ่าน ATM/CDM 20/11@10:00 ใช้ได้ 1,150.00บ"),
    ("027777777", "tbm", "Transfer from KBNK/x123456 amount THB 150.00 to your account x234567 via MOBILE on 20/11@10:00. Available balance is THB 1,150.00."),
    ("027777777", "tbm", "Cash/transfer deposit amount THB 150.00 to your account x234567 on 20/11@10:00. Available balance is THB 1,150.00."),
    ("027777777", "tbm", "Cash/transfer deposit amount THB 150.00 via CDM to your account x234567 on 20/11@10:00. Available balance is THB 1,150.00."),
    ("SCBQRAlert", "tm", "150.00 บ.จากKBNK X6163 ชำระผ่านQR เข้า076111400050101 20/11@10:00"),
    ("SCBQRAlert", "tm", "150.00 บ.จากGSBA xX163X ชำระผ่านQR เข้า076111400050101 20/11@10:00"),
    ("027777777", "tm", "150.00 บ.จากxBorder ชำระผ่านQR เข้า076111400050101 20/11@10:00"),
    ("SCBQRAlert", "tm", "150.00 บ. จาก KBNK X6163 ชำระผ่าน QR เข้า 076111400050101 20/11@10:00"),
    ("027777777", "m", "เงินเข้าบ/ช x234567 จำนวน THB150.00 จาก KBNK"),
    ("com.scb.phone", "tm", "รายการเงินเข้า\nคุณได้รับเงิน 150.00 บาท จาก นาย สมชาย ใ เข้าบัญชี xxx-x-x4567-x เมื่อ 20 พ.ย. 2569 - 10:00"),
    ("com.scb.phone", "tm", "Money in\nYou have received THB 150.00 from MR SOMCHAI to account xxx-x-x4567-x on 20 Nov 2026 - 10:00"),
    ("com.scb.phone", "tm", "เงินเข้า 150.00 บาท เข้าบัญชี xxx-xxx567-8 จาก นาย สมชาย 20 พ.ย. 2569 - 10:00"),
    ("com.scb.phone", "tm", "You have received THB 150.00 via PromptPay from KTB / xxxxxx9439 to account xxxxxx4567 on 20 Nov 2026 - 10:00"),
    ("com.scb.phone", "tm", "You've received 150.00 THB from MR SOMCHAI to your account xxx-x-x4567-x on 20 Nov 2026 at 10:00"),
    ("scbeasynet@scb.co.th", "tm", "SCB Easy App: You have received money via PromptPay\nFrom: KTB / x9439\nTo account: x234567\nAmount (THB): 150.00\nDate/Time: 20 Nov 2026 - 10:00"),
    ("Krungthai", "tbm", "20-11-69@10:00 บช X12345X:เงินเข้า +150.00 บ. ใช้ได้ 1,150.00 บ."),
    ("Krungthai", "tbm", "20-11@10:00 บช X12345X:เงินเข้า +150.00 บ. ใช้ได้ 1,150.00 บ."),
    ("Krungthai", "tbm", "20-11-26@10:00 Acct X12345X: Transfer In +150.00 THB Avail 1,150.00 THB"),
    ("Krungthai", "tbm", "20-11-26@10:00 บช X12345X:รับโอนพร้อมเพย์ +150.00 บ. ใช้ได้ 1,150.00 บ."),
    ("Krungthai", "tbm", "20-11-26@10:00 บช X12345X:เงินเข้าพร้อมเพย์ +150.00 บ. ใช้ได้ 1,150.00 บ."),
    ("jp.naver.line.android: Krungthai Connext", "tbm", "เงินเข้า: 150.00 บาท เข้าบัญชี XX2345 เมื่อ 20/11/69 10:00 ยอดเงินที่ใช้ได้ 1,150.00 บาท"),
    ("ktbcs.netbank", "m", "ได้รับ +150.00 บาท เข้าบัญชี XXXX234X จากบัญชี กสิกรไทย xxx-x-xx805-8"),
    ("ktbcs.netbank", "", "Received +150.00 THB to PromptPay from account SCB xxx-x-xx805-8"),
    ("BANGKOKBANK", "bm", "ฝาก/โอนเงินเข้าบ/ชX1234 ผ่านATM 150.00บ ใช้ได้ 1,150.00บ"),
    ("BANGKOKBANK", "bm", "เงินเข้าบ/ชX1234 150.00บ เงินในบ/ชใช้ได้1,150.00บ"),
    ("BANGKOKBANK", "bm", "เงินโอนเข้าบ/ชX1234จากKBANKผ่านMB 150.00บ เงินในบ/ชใช้ได้1,150.00บ"),
    ("BANGKOKBANK", "bm", "Deposit/transfer to a/c X1234 via MB 150.00B. Avail. bal. 1,150.00B"),
    ("BANGKOKBANK", "bm", "PromptPay transfer to A/C X1234 via MB Bt150.00. Available Bt1,150.00"),
    ("BANGKOKBANK", "tbm", "เงินโอนเข้าบ/ชX1234 ผ่านระบบ 150.00บ ใช้ได้ 1,150.00บ@10:00"),
    ("BANGKOKBANK", "tbm", "เงินโอนเข้าบ/ชX1234ผ่านระบบ 150.00บ ใช้ได้1,150.00บ@10:00"),
    ("com.bbl.mobilebanking", "", "Money transferred in\nYou have received 150.00 THB from PromptPay"),
    ("com.bbl.mobilebanking", "tm", "You received a transfer of THB 150.00 to account 123-4-xxx333-4 from MR SOMCHAI on 20 Nov 2026 10:00"),
    ("com.bbl.mobilebanking", "tm", "มีเงินโอนเข้าบัญชี 123-4-xxx333-4 จำนวน 150.00 บาท จาก นาย ก เมื่อ 20 พ.ย. 69 10:00"),
    ("Krungsri", "tbm", "โอนเข้า xxx123456x  150.00 เหลือ 1,150.00 (20/11/69,10:00)"),
    ("Krungsri", "tbm", "ฝากเข้า xxx123456x 150.00 เหลือ 1,150.00 (20/11/69,10:00)"),
    ("Krungsri", "tbm", "รับโอนพร้อมเพย์ xxx123456x 150.00 เหลือ 1,150.00 (20/11/69,10:00)"),
    ("Krungsri", "tbm", "Transfer In xxx123456x 150.00 Bal 1,150.00 (20/11/26,10:00)"),
    ("Krungsri", "tbm", "Transferred in xxx123456x THB 150.00 Balance THB 1,150.00 (20/11/26,10:00)"),
    ("TTB", "tbm", "มีเงิน150.00บ.โอนเข้าบ/ชxx1234เหลือ1,150.00บ.20/11/26@10:00"),
    ("TTB", "tbm", "You have received 150.00 Baht to account xx1234. Available balance 1,150.00 Baht. 20/11/26@10:00"),
    ("TTB", "tbm", "มีเงิน150.00บ.โอนเข้าบ/ชxx1234จากKBANK X2871เหลือ1,150.00บ.20/11/26@10:00"),
    ("com.mobilife.gsb.mymo", "tbm", "Money In: Deposit/Transfer 150.00 Baht from account KBNK 0013XXXX1945 to account GSBA 0204XXXX0743 on 20 Nov 2026 at 10:00 Balance 1,150.00 Baht"),
    ("BAAC", "tbm", "20/11/69 10:00:00 บัญชี x1234 รับโอนพร้อมเพย์ จำนวน 150.00 บาท ยอดเงินคงเหลือ 1,150.00 บาท"),
    ("BAAC", "tbm", "20/11/26 10:00:00 A/C x1234 Transfer in PromptPay amount 150.00 Baht Balance 1,150.00 Baht"),
    ("th.co.truemoney.wallet", "", "คุณได้รับเงินจำนวน 150.00 บาท จาก สมชาย ใ***"),
    ("th.co.truemoney.wallet", "", "You received 150.00 Baht from SOMCHAI J***"),
    ("KBank", "tm", "Payment received 150.00 THB to account x1234 on 20/11/26 10:00"),
    ("th.co.truemoney.wallet", "", "ได้รับเงินเข้าวอลเล็ท 150.00 บาท จากธนาคารกสิกรไทย"),
    ("th.co.truemoney.wallet", "", "รับเงินพร้อมเพย์สำเร็จ\nคุณได้รับเงิน 150.00 บาท จาก SOMCHAI J."),
    ("jp.naver.line.android: KBank Live", "tbm", "รายการเงินเข้า 20 พ.ย. 69 10:00 น. เข้าบัญชี xxx-x-x1234-x จำนวนเงิน 150.00 บาท ยอดเงินคงเหลือ 1,150.00 บาท"),
    ("jp.naver.line.android: KBank Live", "tbm", "Money In 20 Nov 26 10:00 To account xxx-x-x1234-x Amount 150.00 Baht Available balance 1,150.00 Baht"),
    ("jp.naver.line.android: LINE BK", "tm", "ฝาก/รับโอนเงิน 150.00 บาท รับโอนเงิน 20 พ.ย. 69 10:00 เข้าบัญชี บัญชีหลัก(xxx-x-x1234-x)"),
    ("jp.naver.line.android: SCB Connect", "tbm", "เงินเข้า 150.00 บาท บัญชี x4567 จาก KBANK x1234 เมื่อ 20/11/2569 10:00 น. ยอดเงินที่ใช้ได้ 1,150.00 บาท"),
    ("jp.naver.line.android: SCB Connect", "tm", "คุณมีเงินเข้า 150.00 บาท บัญชี xxx-xxx567-8 วันที่ 20 พ.ย. 2569 เวลา 10:00 น."),
]  # fmt: skip

# Money out, interest, fees, cheques that may come back, refunds, one-time codes, whole baht without satang: never a credit.
NO_CREDIT = [
    ("unread", "KBank", "20/11/69 10:00 บช X-1234 ฝากเช็ค 150.00 คงเหลือ 1,150.00 บ."),
    ("unread", "KBank", "20/11/69 10:00 บช X-1234 รับดอกเบี้ย 15.00 คงเหลือ 1,150.00 บ."),
    ("unread", "KBank", "20/11/69 10:00 บช X-1234 ดอกเบี้ยเงินฝาก 15.00 คงเหลือ 1,150.00 บ."),
    ("ignored", "KBank", "20/11/69 10:00 หักบช X-1234 ค่าธรรมเนียม 15.00 คงเหลือ 1,150.00 บ."),
    ("ignored", "KBank", "20/11/69 10:00 บช X-1234 ค่าธรรมเนียม SMS 15.00 คงเหลือ 1,150.00 บ."),
    ("unread", "KBank", "20/11/69 10:00 บช X-1234 เงินเดือนเข้า 15,000.00 คงเหลือ 16,150.00 บ."),
    ("unread", "KBank", "20/11/69 10:00 บช X-1234 คืนเงิน 150.00 คงเหลือ 1,150.00 บ."),
    ("ignored", "KBank", "20/11/26 10:00 A/C X-1234 Withdrawal 150.00 Outstanding Balance 1,150.00 Baht"),
    ("ignored", "KBank", "20/11/26 10:00 A/C X-1234 Transfer to X-5678 150.00 Outstanding Balance 1,150.00 Baht"),
    ("unread", "KBank", "20/11/69 10:00 บช X-1234 เงินเข้า 150 คงเหลือ 1,150.00 บ."),
    ("ignored", "com.kasikorn.retail.mbanking.wap", "Transfer/Withdrawal\nAccount xxx-x-x1234-x Amount 150.00 Baht 20 Nov 26 10:00"),
    ("ignored", "027777777", "ถอน/โอนเงิน 150.00บ จากบ/ชx234567 ผ่านENET 20/11@10:00 ใช้ได้ 1,150.00บ"),
    ("unread", "027777777", "PromptPay x1234 amount THB 150.00 to your account x234567 on 20/11@10:00 Available balance is THB 1,150.00."),
    ("ignored", "Krungthai", "20-11@10:00 บช X12345X:เงินออก -150.00 บ. ใช้ได้ 1,150.00 บ."),
    ("ignored", "Krungthai", "20-11-26@10:00 Acct X12345X: Withdraw -150.00 THB Avail 1,150.00 THB"),
    ("unread", "Krungthai", "20-11-26@10:00 บช X12345X:ดอกเบี้ย +1.50 บ. ใช้ได้ 1,150.00 บ."),
    ("unread", "Krungthai", "20-11-26@10:00 บช X12345X:เช็คเข้า +150.00 บ. ใช้ได้ 1,150.00 บ."),
    ("ignored", "ktbcs.netbank", "โอนเงินสำเร็จ -150.00 บาท จากบัญชี xxx-x-xx805-8"),
    ("unread", "BANGKOKBANK", "ฝาก/โอนเงินเข้าบ/ชX1234 ผ่านMobile Banking 150.00บ ใช้ได้ 1,150.00บ"),
    ("unread", "BANGKOKBANK", "Deposit to A/C X1234 from PromptPay via MB Bt150.00 Available balance Bt1,150.00"),
    ("unread", "BANGKOKBANK", "ฝากเช็คเข้าบ/ชX1234 150.00บ ใช้ได้ 1,150.00บ"),
    ("unread", "BANGKOKBANK", "ดอกเบี้ยเข้าบ/ชX1234 15.00บ ใช้ได้ 1,150.00บ"),
    ("unread", "BANGKOKBANK", "เช็คคืนบ/ชX1234 150.00บ"),
    ("ignored", "Krungsri", "โอนออก xxx123456x 150.00 เหลือ 1,150.00 (20/11/69,10:00)"),
    ("ignored", "Krungsri", "ถอน xxx123456x 150.00 เหลือ 1,150.00 (20/11/69,10:00)"),
    ("ignored", "Krungsri", "Withdraw xxx123456x 150.00 Bal 1,150.00 (20/11/26,10:00)"),
    ("unread", "Krungsri", "ดอกเบี้ยเข้า xxx123456x 15.00 เหลือ 1,150.00 (20/11/69,10:00)"),
    ("unread", "TTB", "มีเงิน150.00บ.เข้าบ/ชxx1234ผ่านพร้อมเพย์เหลือ1,150.00บ.20/11/26@10:00"),
    ("ignored", "TTB", "ถอน/โอน/จ่าย150.00บ.จากบ/ชxx1234เหลือ1,150.00บ.20/11/26@10:00"),
    ("ignored", "TTB", "Withdrawal of 150.00 Baht from account xx1234. Available balance 1,150.00 Baht. 20/11/26@10:00"),
    ("ignored", "com.mobilife.gsb.mymo", "เงินออก: มีการถอน/โอนเงิน 150.00 บาท จากบัญชี GSBA 0204XXXX0743 เข้าบัญชี KBNK 0013XXXX1945 วันที่ 20 พ.ย. 2569 เวลา 10:00 น. คงเหลือ 1,150.00 บาท"),
    ("unread", "com.mobilife.gsb.mymo", "เงินเข้า: มีการรับเงินพร้อมเพย์ 150.00 บาท จากบัญชี KBNK 0013XXXX1945 เข้าบัญชี GSBA 0204XXXX0743 วันที่ 20 พ.ย. 2569 เวลา 10:00 น. คงเหลือ 1,150.00 บาท"),
    ("ignored", "BAAC", "20/11/69 10:00:00 บัญชี x1234 ถอนเงิน จำนวน 150.00 บาท ยอดเงินคงเหลือ 1,150.00 บาท"),
    ("unread", "BAAC", "20/11/69 10:00:00 บัญชี x1234 ดอกเบี้ยเงินฝาก จำนวน 1.50 บาท ยอดเงินคงเหลือ 1,150.00 บาท"),
    ("unread", "th.co.truemoney.wallet", "เติมเงินเข้าวอลเล็ท 150.00 บาท สำเร็จ"),
    ("ignored", "th.co.truemoney.wallet", "คุณโอนเงิน 150.00 บาท ให้ สมชาย สำเร็จ"),
    ("ignored", "th.co.truemoney.wallet", "คุณได้ส่งเงิน 150.00 บาท ให้ นาย ก สำเร็จ"),
    ("ignored", "th.co.truemoney.wallet", "You sent 150.00 THB to SOMCHAI J."),
    ("ignored", "KBank", "รับเงินคืน 5% เมื่อใช้จ่ายผ่านบัตร"),
    ("ignored", "GSB", "ยอดเงินคงเหลือ 1,150.00 บาท ณ 20/11/69"),
    ("unread", "KTB", "ลูกค้าชำระเงิน 150.00 บาท ผ่าน QR เข้าบัญชี XX1234"),
    ("unread", "KBank", "มีรายการชำระเงินเข้า 150.00 บาท บัญชี x1234"),
    ("unread", "BAY", "QR Payment was received: 150.00 THB, account x1234"),
    ("ignored", "KBank", "ชำระเงินเข้าบัตรเครดิต x1234 จำนวน 150.00 บาท สำเร็จ"),
    ("ignored", "SCB", "Payment of THB 150.00 received for credit card x1234. Thank you"),
    ("ignored", "KTB", "โอนเงิน 150.00 บาท เข้าบัญชี x9999 สำเร็จ"),
    ("unread", "SCBQRAlert", "150.00 บ.จากKBNK X6163 ชำระผ่านQR ร้านตัวอย่าง 076111400050101"),
    ("unread", "th.co.truemoney.wallet", "ได้รับเงินคืน 150.00 บาท จาก 7-Eleven"),
    ("ignored", "jp.naver.line.android: KBank Live", "รายการเงินออก 20 พ.ย. 69 10:00 น. จากบัญชี xxx-x-x1234-x จำนวนเงิน -150.00 บาท ยอดเงินคงเหลือ 1,150.00 บาท"),
    ("ignored", "KBank", "รหัส OTP ของคุณคือ 123456 (Ref: ABCD) สำหรับรับเงินเข้า 150.00 บาท"),
    ("unread", "KBank", "20/11/69 10:00 บช X-1234 เงินเข้า 150.00 คงเหลือ 1,150.00 บ. K-Contact Center 02-8888888"),
    ("ignored", "KBank", "คืนเงินเข้าบัตร x1234 150.00 บาท จาก SHOP 20/11/69"),
    ("ignored", "KBank", "ยอดใช้จ่ายบัตรเครดิต X-1234 จำนวน 150.00 บาท ที่ LAZADA คงเหลือ 1,150.00 บ."),
]  # fmt: skip


@pytest.mark.parametrize(("sender", "has", "text"), MONEY_IN, ids=range(len(MONEY_IN)))
def test_a_sentence_of_a_bank_reads_as_the_money_it_tells_of(sender: str, has: str, text: str) -> None:
    found = notices.read(text, sender, RECEIVED)
    assert (found.kind, found.amount_satang, found.truncated) == ("credit", 15_000, False)
    assert found.balance_satang == (115_000 if "b" in has else None)
    assert (found.account_mask is not None) is ("m" in has)
    assert (found.occurred_at, found.time_source) == ((TEN, "text") if "t" in has else (RECEIVED, "received"))


@pytest.mark.parametrize(("kind", "sender", "text"), NO_CREDIT, ids=range(len(NO_CREDIT)))
def test_what_is_no_payment_is_ignored_or_left_to_a_person(kind: str, sender: str, text: str) -> None:
    assert notices.read(text, sender, RECEIVED).kind == kind


@pytest.mark.parametrize(
    ("clock", "hour"),
    [("12:05 AM", 0), ("1:05 a.m.", 1), ("12:05 PM", 12), ("1:05pm", 13), ("13:05 PM", 13), ("13:05", 13)],
)
def test_a_clock_may_have_halves_of_a_day(clock: str, hour: int) -> None:
    found = moment(f"19 Nov 2026 {clock}", RECEIVED)
    assert found is not None and (found[0].day, found[0].hour, found[0].minute, found[1]) == (19, hour, 5, "text")
