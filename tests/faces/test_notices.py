"""Bank notices as a phone forwards them, over HTTP: what each pays, and what an attacker or a bad line can do."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from paygate.banks.notices.text import BANGKOK
from paygate.cli.main import cli
from paygate.core import ids
from paygate.services import accounts, evidence, sources
from paygate.workers import finish, prune
from tests.faces.conftest import Gateway
from tests.servers import SECRET_KEY
from tests.services.helpers import sql

MINUTE = timedelta(minutes=1)


@dataclass
class Phone:
    """A phone that forwards the texts of SCB, about the account 406-1-23456-7."""

    gateway: Gateway
    source: str
    secret: str

    async def send(self, *said: dict[str, Any], listed: bool = False, **how: Any) -> Any:
        """What the host answers to one notice, or to an array of them."""
        body = list(said) if listed or len(said) > 1 else said[0]
        answer = await self.gateway.tell(body, source=self.source, **{"secret": self.secret, **how})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def rows(self, columns: str = "*") -> list[Any]:
        async with self.gateway.ctx.db.connection() as conn:
            return list(await conn.fetch(f"SELECT {columns} FROM notices ORDER BY id"))

    async def reviews(self) -> list[tuple[str, str]]:
        async with self.gateway.ctx.db.connection() as conn:
            rows = await conn.fetch("SELECT reason, detail FROM reviews ORDER BY opened_at, id")
        return [(row["reason"], row["detail"]) for row in rows]

    async def count(self, table: str) -> int:
        return (await self.gateway.counts())[table]


@pytest.fixture
async def phone(gateway: Gateway) -> Phone:
    return await phone_for(gateway, gateway.world.account_id)


async def phone_for(gateway: Gateway, account_id: Any) -> Phone:
    made = await sources.add(gateway.ctx, account_id=account_id, kind="notice")
    return Phone(gateway, ids.show("src", made.id), made.secret)


def sms(
    amount: str = "150.00",
    balance: str | None = "1,150.00",
    *,
    at: datetime | None = None,
    account: str = "x234567",
    payer: str = "KTB/x129439",
    **also: Any,
) -> dict[str, Any]:
    """An SMS of SCB about money in."""
    moved = (at or datetime.now(UTC)).astimezone(BANGKOK)
    rest = f" ใช้ได้{balance}บ" if balance else ""
    text = f"{moved:%d/%m@%H:%M} {amount} จาก{payer}เข้า{account}{rest}"
    return {"text": text, "sender": "027777777", "receivedAt": datetime.now(UTC).isoformat(), **also}


def push(
    amount: str = "150.00", *, at: datetime | None = None, account: str = "xxxxxx4567", **also: Any
) -> dict[str, Any]:
    """The app's notice about the same; it has no balance."""
    moved = (at or datetime.now(UTC)).astimezone(BANGKOK)
    months = ["ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."]
    when = f"{moved.day} {months[moved.month - 1]} {moved.year + 543} - {moved:%H:%M}"
    text = f"คุณได้รับเงิน {amount} บาท ผ่านรายการพร้อมเพย์จาก KTB / xxxxxx9439 เข้าบัญชี {account} เมื่อ {when}"
    return {"text": text, "sender": "com.scb.phone", "receivedAt": datetime.now(UTC).isoformat(), **also}


def other(text: str, sender: str = "SCB", **also: Any) -> dict[str, Any]:
    return {"text": text, "sender": sender, "receivedAt": datetime.now(UTC).isoformat(), **also}


async def test_a_notice_pays_the_payment_that_waits_for_it_and_its_repeat_changes_nothing(
    phone: Phone, gateway: Gateway
) -> None:
    made, said = await gateway.create(), sms()
    assert await phone.send(said) == {"received": True, "outcome": "PAID", "transactionId": made["id"]}
    before = await gateway.counts()
    for _ in range(2):
        assert await phone.send(said) == {"received": True, "outcome": "DUPLICATE", "transactionId": made["id"]}
    assert await gateway.counts() == before
    [row] = await phone.rows()
    assert (row["kind"], row["bank"], row["told"], row["outcome"]) == ("credit", "SCB", 3, "PAID")
    assert (row["amount_satang"], row["balance_satang"], row["account_mask"]) == (15_000, 115_000, "x234567")


async def test_one_credit_told_by_sms_and_by_the_app_is_one(phone: Phone, gateway: Gateway) -> None:
    made = await gateway.create()
    first, second = await phone.send(push()), await phone.send(sms())
    assert (first["outcome"], second["outcome"]) == ("PAID", "DUPLICATE")
    assert second["transactionId"] == made["id"]
    assert (await phone.count("credits"), await phone.count("observations")) == (1, 2)


async def test_two_real_credits_of_one_amount_in_one_minute_stay_two(phone: Phone, gateway: Gateway) -> None:
    await gateway.create()
    at = datetime.now(UTC)
    told = [
        await phone.send(one)
        for one in (sms(at=at), push(at=at, nonce="a"), sms(balance="1,300.00", at=at), push(at=at, nonce="b"))
    ]
    assert [one["outcome"] for one in told] == ["PAID", "DUPLICATE", "ORPHAN", "ORPHAN"]
    assert await phone.count("credits") == 2


async def test_a_text_without_a_clock_that_is_shown_again_is_the_same_credit_by_its_balance(
    phone: Phone, gateway: Gateway
) -> None:
    text = "เงิน 150.00บ เข้าบ/ชx234567 ใช้ได้ 1,150.00บ"
    first = await gateway.create()
    assert (await phone.send(other(text, nonce="1")))["transactionId"] == first["id"]
    second = await gateway.create()
    for nonce in ("2", "3"):
        again = {"received": True, "outcome": "DUPLICATE", "transactionId": first["id"]}
        assert await phone.send(other(text, nonce=nonce)) == again
    assert (await phone.send(other(text.replace("1,150", "1,300"), nonce="4")))["transactionId"] == second["id"]
    assert await phone.count("credits") == 2


async def test_texts_without_time_and_balance_are_told_apart_by_the_nonce(phone: Phone, gateway: Gateway) -> None:
    await gateway.create()
    text = "Money in +THB 150.00 to a/c x234567 from MALI S."
    one, two = other(text, nonce="1"), other(text, nonce="2")
    assert (await phone.send(one))["outcome"] == "PAID"
    again = {**one, "receivedAt": (datetime.now(UTC) + MINUTE).isoformat()}
    assert (await phone.send(again))["outcome"] == "DUPLICATE"  # Sent again, an hour later even.
    assert (await phone.send(two))["outcome"] == "ORPHAN"
    assert await phone.count("credits") == 2


async def test_a_text_that_was_cut_off_and_the_whole_of_it_are_one_credit(phone: Phone, gateway: Gateway) -> None:
    await gateway.create()
    whole = sms()
    cut = {**whole, "text": whole["text"].partition(" ใช้ได้")[0] + " ใช้...", "nonce": "cut"}
    assert (await phone.send(cut))["outcome"] == "PAID"
    assert (await phone.send(whole))["outcome"] == "DUPLICATE"
    assert await phone.count("credits") == 1
    assert [row["truncated"] for row in await phone.rows()] == [True, False]


async def test_an_array_has_an_outcome_for_each_and_the_weightiest_is_the_answer(
    phone: Phone, gateway: Gateway
) -> None:
    made = await gateway.create()
    told = await phone.send(other("OTP 123456"), sms(), other("อะไรก็ไม่รู้"))
    assert told == {
        "received": True,
        "outcome": "PAID",
        "transactionId": made["id"],
        "outcomes": [
            {"outcome": "IGNORED", "transactionId": None},
            {"outcome": "PAID", "transactionId": made["id"]},
            {"outcome": "REVIEW", "transactionId": None},
        ],
    }
    assert len((await phone.send(other("OTP 1"), listed=True))["outcomes"]) == 1


IGNORED = [
    ("ถอน/โอนเงิน 150.00บ บ/ชx234567 18/05@12:29 ใช้ได้657.53บ", "SCB", "OUTGOING"),
    ("<SCB> OTP 771204 Ref HJKL for transfer THB 150.00 to x4567 within 5 min.", "SCB", "OTP"),
    ("พิเศษ! สมัครสินเชื่อวันนี้ รับเงินเข้าบัญชีทันที 150.00 บาท คลิก", "SCB", "PROMOTION"),
    ("รายการเงินเข้า 150.00 บาท ไม่สำเร็จ ระบบคืนเงินให้ผู้โอนแล้ว", "SCB", "FAILED"),
    ("ตั้งรายการโอนเงินล่วงหน้า 150.00 บาท เข้าบัญชี x4567 วันที่ 30 พ.ย. 2599 สำเร็จ", "SCB", "SCHEDULED"),
    ("Refund of THB 150.00 for card purchase posted to card ending 4567", "SCB", "CARD_REFUND"),
    ("Money in +THB 150.00 to a/c x234567 from MALI S.", "0812345678", "SPOOFED"),
    ("Money in +THB 150.00 to a/c x234567 from MALI S.", "SCB <scb@example.com>", "SPOOFED"),
    ("17/05/69 16:28 บช X-4567 เงินเข้า 150.00 คงเหลือ 8,437.27 บ.", "KBank", "OTHER_BANK"),
    ("Money in +THB 150.00 to a/c x234568 from MALI S.", "SCB", "OTHER_ACCOUNT"),
]


async def test_attack_12_what_is_no_money_on_this_account_is_ignored_and_kept(phone: Phone, gateway: Gateway) -> None:
    await gateway.create()
    for text, sender, _ in IGNORED:
        said = other(text, sender)
        for _ in range(2):
            assert await phone.send(said) == {"received": True, "outcome": "IGNORED", "transactionId": None}, text
    kept = [(row["reason"], row["outcome"], row["told"]) for row in await phone.rows()]
    assert kept == [(reason, "IGNORED", 2) for _, _, reason in IGNORED]
    assert (await phone.count("credits"), await phone.reviews()) == (0, [])


async def test_attack_12_a_notice_that_the_phone_did_not_sign_is_401_and_leaves_no_trace(
    phone: Phone, gateway: Gateway
) -> None:
    await gateway.create()
    before, said, now = await gateway.counts(), sms(), time.time()
    for how in (
        {"secret": "whsec_wrong"},
        {"at": now - 400},
        {"at": now + 400},
        {"secret": gateway.world.source_secret},
    ):
        answer = await gateway.tell(said, source=phone.source, **{"secret": phone.secret, **how})
        assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHORIZED")
    assert await gateway.counts() == before


async def test_attack_12_the_same_signed_body_replayed_pays_once(phone: Phone, gateway: Gateway) -> None:
    made = [await gateway.create(), await gateway.create(amount=151)]
    said = sms()
    told = await asyncio.gather(*(phone.send(said) for _ in range(6)))
    assert sorted(one["outcome"] for one in told) == ["DUPLICATE"] * 5 + ["PAID"]
    assert {one["transactionId"] for one in told} == {made[0]["id"]}
    assert await phone.count("credits") == 1


NAMES = [
    "เงินเข้า 9,999.00",
    "ก เข้าx111111 ใช้ได้5.00บ",
    "9,999.00 จากKTB/x1เข้าx234567 ใช้ได้5.00บ",
    "amount THB 9,999.00 to your account x234567 on 01/01@00:01",
    "OTP พิเศษ คลิก",
]


async def test_attack_21_a_payers_name_changes_nothing(phone: Phone, gateway: Gateway) -> None:
    dear = await gateway.create(amount=9_999)
    for place, name in enumerate(NAMES):
        made = await gateway.create(amount=150 + place)
        told = await phone.send(sms(f"{150 + place}.00", None, payer=name))
        assert (told["outcome"], told["transactionId"]) == ("PAID", made["id"]), name
    status = await gateway.ask("GET", f"/api/v1/payment/{dear['id']}")
    assert status.json()["transaction"]["status"] == "PENDING"


async def test_a_text_that_nobody_understands_is_reviewed_once_with_its_words(phone: Phone) -> None:
    said = other("เงินเข้าแบบใหม่ที่ไม่มีใครรู้จัก 150.00", nonce="n")
    for _ in range(3):
        assert await phone.send(said) == {"received": True, "outcome": "REVIEW", "transactionId": None}
    [(reason, detail)] = await phone.reviews()
    assert reason == "UNREAD_NOTICE"
    assert said["text"] in detail


async def test_money_on_an_account_that_the_text_does_not_show_is_for_a_person(phone: Phone, gateway: Gateway) -> None:
    await gateway.create()
    for text in ("เงินเข้า 150.00 บาท จาก นาย ก", "Money in +THB 150.00 to a/c xxx-xx67 from MALI S."):
        assert (await phone.send(other(text)))["outcome"] == "REVIEW"
    assert [reason for reason, _ in await phone.reviews()] == ["RECEIVER_UNKNOWN"] * 2
    assert await phone.count("credits") == 0


async def test_attack_14_a_mail_counts_only_when_its_server_found_it_signed_by_the_bank(
    phone: Phone, gateway: Gateway
) -> None:
    made = await gateway.create()
    moved = datetime.now(BANGKOK)
    text = (
        "SCB Easy App: คุณได้รับเงินผ่านรายการพร้อมเพย์\nจาก: KBANK / x1234\nเข้าบัญชี: x4567\nจำนวน (บาท): 150.00\n"
        f"วัน/เวลา: {moved:%d/%m}/{moved.year + 543} - {moved:%H:%M}"
    )
    for results in (
        None,
        "mx.example.com; dkim=fail header.d=scb.co.th",
        "mx.example.com; dkim=pass header.d=evil.com; dmarc=fail header.from=scb.co.th",
        "mx.example.com; dkim=pass header.d=scb.co.th.evil.com",
    ):
        said = other(text, "scbeasynet@scb.co.th", authenticationResults=results, nonce=str(results))
        assert (await phone.send(said))["outcome"] == "REVIEW"
    good = "mx.example.com; dkim=pass header.i=@scb.co.th header.s=x; dmarc=pass header.from=scb.co.th"
    said = other(text, "SCB Easy <scbeasynet@scb.co.th>", authenticationResults=good, nonce="good")
    assert (await phone.send(said))["transactionId"] == made["id"]


async def test_a_notice_from_before_new_year_finds_who_held_the_amount_then(phone: Phone, gateway: Gateway) -> None:
    made = await gateway.create()
    async with gateway.ctx.db.connection() as conn:
        back = "interval '40 minutes'"
        await conn.execute(f"UPDATE payments SET created_at = created_at - {back}, expires_at = expires_at - {back}")
        await conn.execute(f"UPDATE reservations SET from_at = from_at - {back}, until_at = until_at - {back}")
    told = await phone.send(sms(at=datetime.now(UTC) - 39 * MINUTE))  # The phone was offline.
    assert (told["outcome"], told["transactionId"]) == ("PAID", made["id"])


async def test_money_out_moves_the_balance_that_the_next_notice_must_follow_from(
    phone: Phone, gateway: Gateway
) -> None:
    now = datetime.now(UTC)
    moved = [(now - back * MINUTE).astimezone(BANGKOK) for back in (3, 2)]
    await phone.send(sms("10.00", "1,000.00", at=moved[0]))
    await phone.send(other(f"ถอน/โอนเงิน 400.00บ บ/ชx234567 {moved[1]:%d/%m@%H:%M} ใช้ได้600.00บ"))
    made = await gateway.create()
    assert (await phone.send(sms("150.00", "750.00")))["transactionId"] == made["id"]


async def test_money_of_another_day_without_a_time_is_for_a_person(phone: Phone, gateway: Gateway) -> None:
    await gateway.create()
    day = datetime.now(BANGKOK) - timedelta(days=2)
    text = f"เงินเข้าบัญชี x-4567 จำนวน ฿150.00 จาก นาย ก เมื่อ {day:%d/%m}/{day.year + 543} ยอดเงินคงเหลือ ฿1,150.00"
    assert (await phone.send(other(text)))["outcome"] == "REVIEW"
    assert [reason for reason, _ in await phone.reviews()] == ["TIME_UNKNOWN"]


async def test_a_forged_notice_that_does_not_know_the_balance_pays_nothing(phone: Phone, gateway: Gateway) -> None:
    await phone.send(sms("10.00", "1,000.00", at=datetime.now(UTC) - 3 * MINUTE))
    await gateway.create()
    assert (await phone.send(sms("150.00", "99,999.00")))["outcome"] == "REVIEW"
    assert "BALANCE_BREAK" in [reason for reason, _ in await phone.reviews()]


async def alarms(phone: Phone, dsn: str) -> tuple[dict[str, float], list[dict[str, Any]], list[str]]:
    """What the operator sees of alarms: in the metrics, in `paygate account show --json`, and in its words."""
    families = text_string_to_metric_families((await phone.gateway.client.get("/metrics")).text)
    [family] = [one for one in families if one.name == "paygate_account_alarms"]
    account = ids.show("acc", phone.gateway.world.account_id)
    seen = {one.labels["alarm"]: one.value for one in family.samples if one.labels["account"] == account}
    env = {"PAYGATE_DATABASE_URL": dsn, "PAYGATE_SECRET_KEY": SECRET_KEY}
    told = [
        (await asyncio.to_thread(CliRunner().invoke, cli, ["account", "show", account, *more], env=env)).stdout
        for more in (["--json"], [])
    ]
    return seen, json.loads(told[0])["alarms"], [line for line in told[1].splitlines() if line.startswith("ALARM")]


async def test_a_broken_chain_of_balances_alarms_until_better_evidence_explains_it(
    phone: Phone, gateway: Gateway, dsn: str
) -> None:
    await phone.send(sms("10.00", "1,000.00", at=datetime.now(UTC) - 3 * MINUTE))
    made = await gateway.create()
    assert await alarms(phone, dsn) == ({"balance_break": 0, "unread_notices": 0, "day_open": 0}, [], [])
    at = datetime.now(UTC)
    assert (await phone.send(sms("150.00", "99,999.00", at=at)))["outcome"] == "REVIEW"
    seen, shown, lines = await alarms(phone, dsn)
    assert (seen["balance_break"], shown) == (1, [{"alarm": "balance_break", "count": 1}])
    assert len(lines) == 1 and "1 notices break the chain of balances" in lines[0]
    assert await sql(gateway.ctx, "SELECT 1 FROM reviews WHERE reason = 'BALANCE_BREAK' AND alarm") != []
    told = await gateway.tell({"amount": 150, "occurredAt": at.isoformat(), "transRef": "T1", "sendingBank": "014"})
    assert told.json() == {"received": True, "outcome": "PAID", "transactionId": made["id"]}
    assert (await alarms(phone, dsn))[0]["balance_break"] == 0


async def test_a_phone_whose_texts_can_no_longer_be_read_alarms(phone: Phone, gateway: Gateway, dsn: str) -> None:
    await phone.send(*[sms(f"{n}.00", f"{1000 + n}.00") for n in range(1, 16)])
    await phone.send(*[other(f"ข้อความใหม่ {n}") for n in range(4)])
    assert (await alarms(phone, dsn))[0] == {"balance_break": 0, "unread_notices": 0, "day_open": 0}
    await phone.send(*[other(f"รหัส OTP {n}") for n in range(60)])  # Those are read, and ignored.
    await phone.send(other("ข้อความใหม่ 4"))
    seen, shown, lines = await alarms(phone, dsn)
    assert (seen["unread_notices"], shown) == (5, [{"alarm": "unread_notices", "count": 5}])
    assert len(lines) == 1 and "5 of its latest texts could not be read" in lines[0]
    raised = await sql(gateway.ctx, "SELECT alarm FROM reviews WHERE reason = 'UNREAD_NOTICE' ORDER BY opened_at, id")
    assert [row["alarm"] for row in raised] == [False] * 4 + [True]


BAD: list[tuple[Callable[[dict[str, Any]], object], str | None]] = [
    (lambda one: {**one, "text": None}, "text"),
    (lambda one: {**one, "text": 5}, "text"),
    (lambda one: {**one, "text": "x" * 4_001}, "text"),
    (lambda one: {**one, "sender": ""}, "sender"),
    (lambda one: {**one, "sender": "x" * 201}, "sender"),
    (lambda one: {**one, "receivedAt": None}, "receivedAt"),
    (lambda one: {**one, "receivedAt": "20/11/2569 10:00"}, "receivedAt"),
    (lambda one: {**one, "receivedAt": "2026-11-20T10:00:00"}, "receivedAt"),
    (lambda one: {**one, "receivedAt": (datetime.now(UTC) + 420 * MINUTE).isoformat()}, "receivedAt"),
    (lambda one: {**one, "nonce": 5}, "nonce"),
    (lambda one: [], None),
    (lambda one: [one] * 101, None),
    (lambda one: [one, 5], "[1]"),
    (lambda one: [one, {**one, "sender": None}], "[1].sender"),
    (lambda one: "text", None),
    (lambda one: b"{", None),
]


async def test_what_cannot_be_read_is_400_names_the_field_and_keeps_nothing(phone: Phone, gateway: Gateway) -> None:
    before = await gateway.counts()
    for spoil, field in BAD:
        answer = await gateway.tell(spoil(sms()), source=phone.source, secret=phone.secret)
        assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_REQUEST"), answer.text
        assert answer.json().get("field") == field
    assert await gateway.counts() == before


async def test_unknown_fields_do_not_matter_and_neither_do_strange_characters(phone: Phone, gateway: Gateway) -> None:
    made = await gateway.create()
    said = sms(device={"battery": 5}, nonce=None)
    said["text"] = "\u200b" + said["text"].replace(" ", "\u00a0")
    assert (await phone.send(said))["transactionId"] == made["id"]


async def test_a_dry_run_shows_the_reading_and_keeps_nothing(phone: Phone, gateway: Gateway) -> None:
    await gateway.create()
    before = await gateway.counts()
    path = f"{phone.source}?dryRun=1"
    told = await gateway.tell(sms(account="x234567"), source=path, secret=phone.secret)
    reading = told.json()["reading"]
    assert (told.json()["dryRun"], reading["kind"], reading["amountSatang"]) == (True, "credit", 15_000)
    assert (reading["account"], reading["bank"], reading["reason"]) == ("MATCH", "SCB", None)
    two = await gateway.tell([sms(account="x234568"), other("OTP 1")], source=path, secret=phone.secret)
    assert [one["reason"] for one in two.json()["readings"]] == ["OTHER_ACCOUNT", "OTP"]
    assert (await gateway.tell(sms(), source=path, secret="wrong")).status_code == 401
    bridge = await gateway.tell({"amount": 150}, source=f"{gateway.world.source}?dryRun=1")
    assert (bridge.status_code, bridge.json()["field"]) == (400, "dryRun")
    assert await gateway.counts() == before


async def test_a_notice_about_any_version_of_the_account_counts(phone: Phone, gateway: Gateway) -> None:
    made = await gateway.create()
    await accounts.add(
        gateway.ctx,
        owner=0,
        promptpay="0812345678",
        bank="014",
        number="4061234567",
        name="ชื่อใหม่",
        amount_tagging="off",
    )
    assert (await phone.send(sms()))["transactionId"] == made["id"]


async def test_without_a_number_the_promptpay_id_is_compared_and_never_differs_for_certain(gateway: Gateway) -> None:
    account = await accounts.add(
        gateway.ctx, owner=gateway.world.merchant_id, promptpay="0891112222", bank=None, number=None, name="ร้าน",
        amount_tagging="off",
    )  # fmt: skip
    phone = await phone_for(gateway, account.id)
    path = f"{phone.source}?dryRun=1"
    shown = [other(f"Money in +THB 150.00 to a/c {mask} from MALI S.") for mask in ("x2222", "x234567")]
    told = await gateway.tell(shown, source=path, secret=phone.secret)
    assert [one["account"] for one in told.json()["readings"]] == ["MATCH", "UNKNOWN"]


async def test_a_shops_qr_alert_shows_the_biller_id_which_must_be_the_accounts(gateway: Gateway) -> None:
    account = await accounts.add(
        gateway.ctx, owner=gateway.world.merchant_id, promptpay=None, bank="014", number="4069876543", name="ร้าน",
        biller_id="076111400050101", amount_tagging="off",
    )  # fmt: skip
    phone = await phone_for(gateway, account.id)
    said = [
        other(f"150.00 บ.จากKBNK X6163 ชำระผ่านQR เข้า{biller} 20/11@10:05", "SCBQRAlert")
        for biller in ("076111400050101", "076111400050102")
    ]
    told = await gateway.tell(said, source=f"{phone.source}?dryRun=1", secret=phone.secret)
    assert [(one["kind"], one["account"]) for one in told.json()["readings"]] == [
        ("credit", "MATCH"),
        ("credit", "DIFFERS"),
    ]
    without = await phone_for(gateway, gateway.world.account_id)  # This account has none: nobody can say.
    assert (await without.send(said[0]))["outcome"] == "REVIEW"


async def test_texts_and_names_are_forgotten_after_their_time_and_those_of_closed_reviews(
    phone: Phone, gateway: Gateway
) -> None:
    await phone.send(sms(), other("อะไรก็ไม่รู้"), other("อะไรอีก"))
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE reviews SET closed_at = opened_at, resolution = 'x' WHERE detail LIKE '%อะไรอีก%'")
    await prune.work(gateway.ctx)
    assert all(row["text"] for row in await phone.rows())
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE notices SET heard_at = heard_at - interval '31 days'")
        await conn.execute("UPDATE reviews SET closed_at = closed_at - interval '31 days'")
    await prune.work(gateway.ctx)
    assert [(row["text"], row["counterparty"]) for row in await phone.rows()] == [(None, None)] * 3
    assert sorted(bool(detail) for reason, detail in await phone.reviews() if reason == "UNREAD_NOTICE") == [
        False,
        True,
    ]


async def test_a_notice_that_could_not_be_decided_at_once_is_decided_by_the_chore(
    phone: Phone, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await gateway.create()

    async def die(*_: Any) -> Any:
        raise RuntimeError("no deciding now")

    whole = evidence.record
    monkeypatch.setattr(evidence, "record", die)
    with pytest.raises(AssertionError):
        await phone.send(sms())
    monkeypatch.setattr(evidence, "record", whole)
    assert [(row["kind"], row["outcome"]) for row in await phone.rows()] == [("credit", None)]
    assert not await finish.work(gateway.ctx)  # The request that brought it may still be at it.
    assert await phone.count("credits") == 0
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE notices SET heard_at = heard_at - interval '31 s'")
    for _ in range(2):
        await finish.work(gateway.ctx)
    assert [row["outcome"] for row in await phone.rows()] == ["PAID"]
    read = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    assert (read["status"], await phone.count("observations")) == ("PAID", 1)
    [credit] = await sql(gateway.ctx, "SELECT payer_name, payer_account, balance_satang FROM credits")
    assert tuple(credit) == ("KTB/x129439", "x129439", 115_000)


async def test_nothing_that_was_said_is_written_to_the_log(
    phone: Phone, gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    await phone.send(sms(payer="SECRETNAME"))
    out = capsys.readouterr()
    assert "SECRETNAME" not in out.out + out.err
    assert json.dumps("x234567") not in out.err
