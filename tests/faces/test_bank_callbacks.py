"""Callbacks of SCB and KBank over HTTP, with a bank that can be asked: what is believed, and what is not."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx2
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from paygate import telemetry
from paygate.core import ids
from paygate.core.credits import Channel
from paygate.core.errors import InvalidInput
from paygate.core.keys import Mode
from paygate.db.accounts import Account
from paygate.services import accounts, callbacks, evidence, ledger, merchants, sources
from paygate.services.context import Context
from paygate.services.evidence import Word
from paygate.workers import prune
from paygate.workers.inquire import Inquirer
from tests.banks.vendors import BILLER, KBANK_MERCHANT, KBankBook, Paid, ScbBook, VendorServer
from tests.faces.conftest import serving
from tests.servers import Server
from tests.services.helpers import says

DEADLINE_S = 30.0
TXID = "20260520Ab3dEfGh1jKlMno"
SCB_OK = {"resCode": "00", "resDesc": "success", "transactionId": TXID}
KBANK_OK = {"statusCode": "00", "errorCode": None, "errorDesc": None}


class Gate:
    """An account with a biller ID at SCB, a merchant on it, and a source for the bank's callbacks."""

    def __init__(self, ctx: Context, bank: VendorServer, kind: str) -> None:
        self.ctx, self.bank, self.kind = ctx, bank, kind
        self.client: httpx2.AsyncClient
        self.key = ""
        self.url = ""
        self.account: Account

    async def make(self, mode: Mode = "live") -> None:
        scb = self.kind == "scb"
        self.account = await accounts.add(
            self.ctx,
            owner=0,
            biller_id=BILLER,
            bank="014" if scb else "004",
            number="4061234567",
            name="บริษัท เพย์เกต จำกัด",
        )
        merchant = await merchants.create(self.ctx, email="s@example.com", name="ร้าน", plan="free", approve=True)
        self.key = merchant.live_secret_key
        merchant_id = None if scb else KBANK_MERCHANT
        source = await sources.add(self.ctx, account_id=self.account.id, kind=self.kind, bank_merchant=merchant_id)
        self.url = source.url.removeprefix(self.ctx.public_url)

    async def sell(self, ref1: str = "INV1", amount: float = 150, **more: Any) -> str:
        body = {"amount": amount, "promptpayRef1": ref1, **more}
        answer = await self.client.post("/api/v1/payment/create", json=body, headers={"X-API-Key": self.key})
        assert answer.status_code == 201, answer.text
        payment_id: str = answer.json()["transaction"]["id"]
        return payment_id

    async def calls(self, body: object, url: str | None = None) -> httpx2.Response:
        """The bank calls."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post(url or self.url, content=raw, headers={"Content-Type": "application/json"})

    async def sql(self, statement: str, *values: Any) -> list[Any]:
        async with self.ctx.db.connection() as conn:
            return list(await conn.fetch(statement, *values))

    async def standing(self, payment_id: str) -> tuple[str, str | None]:
        [row] = await self.sql("SELECT status, exception FROM payments WHERE id = $1", ids.read_uuid(payment_id))
        return row["status"], row["exception"]

    async def hints(self) -> list[str]:
        return [row["state"] for row in await self.sql("SELECT state FROM bank_hints ORDER BY created_at, id")]

    async def reviews(self) -> list[tuple[str, bool]]:
        return [
            (r["reason"], r["alarm"]) for r in await self.sql("SELECT reason, alarm FROM reviews ORDER BY opened_at")
        ]

    async def until(self, wanted: Callable[[], Awaitable[object]]) -> None:
        """Wait until *wanted* holds."""
        deadline = time.monotonic() + DEADLINE_S
        while not await wanted():
            assert time.monotonic() < deadline, (await self.sql("SELECT state, detail, attempts FROM bank_hints"),)
            await asyncio.sleep(0.02)

    async def closed(self, *states: str) -> None:
        """Wait until every claim is closed; as these, in the order in which they came."""

        async def none_open() -> bool:
            return "OPEN" not in await self.hints()

        await self.until(none_open)
        assert await self.hints() == list(states)

    async def asked(self, questions: int) -> None:
        """Wait until the bank was asked so often and the answer is kept."""

        async def kept() -> bool:
            told = await self.sql("SELECT 1 FROM bank_hints WHERE state = 'OPEN' AND lease_id IS NOT NULL")
            return len(self.bank.asked) >= questions and not told

        await self.until(kept)

    async def now_due(self) -> None:
        """As if the pause before the next question were over."""
        await self.sql("UPDATE bank_hints SET run_at = now() WHERE state = 'OPEN'")
        self.ctx.wake()


@pytest.fixture
def scb() -> Iterator[VendorServer]:
    with VendorServer("scb") as bank:
        bank.inquiries = ScbBook()
        yield bank


@pytest.fixture
def book(scb: VendorServer) -> ScbBook:
    assert isinstance(scb.inquiries, ScbBook)
    return scb.inquiries


@pytest.fixture
async def gate(ctx: Context, dsn: str, scb: VendorServer) -> AsyncIterator[Gate]:
    async for made in gates(ctx, dsn, scb, "scb"):
        yield made


@pytest.fixture
async def kgate(ctx: Context, dsn: str) -> AsyncIterator[Gate]:
    with VendorServer("kbank") as bank:
        bank.inquiries = KBankBook()
        async for made in gates(ctx, dsn, bank, "kbank"):
            yield made


async def gates(ctx: Context, dsn: str, bank: VendorServer, kind: str) -> AsyncIterator[Gate]:
    gate = Gate(ctx, bank, kind)
    await gate.make()
    env = {**bank.env, "PAYGATE_NO_WORKER": "0", "PAYGATE_SLIP_VERIFIERS": ""}
    async with (
        serving(dsn, **env) as base,
        httpx2.AsyncClient(base_url=base, timeout=30, trust_env=False) as client,
    ):
        gate.client = client
        yield gate
    report = await ledger.check(ctx)
    assert report.balanced, report.differences


def days_of(at: datetime) -> list[str]:
    """The days on which SCB is asked about a payment of this moment: two within half an hour of Bangkok's midnight."""
    bangkok = at + timedelta(hours=7)
    return sorted({(bangkok + near).date().isoformat() for near in (-timedelta(minutes=30), timedelta(minutes=30))})


# --- SCB -----------------------------------------------------------------------------------------------------------


async def test_a_payment_that_scb_confirms_is_paid(gate: Gate, book: ScbBook) -> None:
    payment = await gate.sell()
    book.paid.append(paid := Paid(TXID, "INV1"))
    answer = await gate.calls(paid.confirmation)
    assert (answer.status_code, answer.json()) == (200, SCB_OK)
    await gate.closed("CONFIRMED")
    assert await gate.standing(payment) == ("PAID", None)
    [credit] = await gate.sql(
        """SELECT c.rank, c.ref1, c.sending_bank, c.payer_account, r.trust, r.namespace, r.ref, o.channel
             FROM credits c JOIN credit_refs r ON r.credit_id = c.id JOIN observations o ON o.credit_id = c.id"""
    )
    assert tuple(credit) == ("A", "INV1", "014", "0123456789", "host", "bank:014", TXID, "callback")
    [hint] = await gate.sql("SELECT * FROM bank_hints")
    assert "0123456789" not in str(dict(hint)) and "สมมุติ" not in str(dict(hint))
    for asked in gate.bank.asked:
        assert asked.query["billerId"] == BILLER and "amount" not in asked.query
    assert [asked.query["transactionDate"] for asked in gate.bank.asked] == days_of(paid.at)


async def test_amounts_may_be_numbers_and_most_fields_absent(gate: Gate, book: ScbBook) -> None:
    payment = await gate.sell()
    book.paid.append(Paid(TXID, "INV1"))
    bare = {"transactionId": TXID, "amount": 150.0, "billPaymentRef1": "inv1"}
    assert (await gate.calls(bare)).json() == SCB_OK
    await gate.closed("CONFIRMED")
    assert (await gate.standing(payment))[0] == "PAID"


async def test_the_same_callback_again_and_again_is_one_claim(gate: Gate, book: ScbBook) -> None:
    payment = await gate.sell()
    book.paid.append(paid := Paid(TXID, "INV1"))
    answers = await asyncio.gather(*(gate.calls(paid.confirmation) for _ in range(3)))
    await gate.closed("CONFIRMED")
    answers.append(await gate.calls(paid.confirmation))
    assert [answer.json() for answer in answers] == [SCB_OK] * 4
    assert await gate.standing(payment) == ("PAID", None)
    [row] = await gate.sql("SELECT heard, (SELECT count(*) FROM credits) AS credits FROM bank_hints")
    assert row["credits"] == 1 and 2 <= row["heard"] <= 4
    assert len(gate.bank.asked) == len(days_of(paid.at))
    assert await gate.reviews() == []


async def test_what_the_bank_does_not_know_is_asked_again_and_never_believed(gate: Gate, book: ScbBook) -> None:
    payment = await gate.sell()
    book.says_none_with_404 = True
    assert (await gate.calls(Paid(TXID, "INV1").confirmation)).json() == SCB_OK
    await gate.asked(1)
    [row] = await gate.sql("SELECT extract(epoch FROM run_at - now())::float8 AS pause_s, state FROM bank_hints")
    assert row["state"] == "OPEN" and 1 < row["pause_s"] <= 5.6
    assert await gate.standing(payment) == ("PENDING", None)
    await gate.sql("UPDATE bank_hints SET asked_since = now() - interval '91 minutes'")
    await gate.now_due()
    await gate.closed("UNCONFIRMED")
    assert await gate.standing(payment) == ("PENDING", None)
    assert (await gate.reviews(), await gate.sql("SELECT 1 FROM credits")) == ([], [])


async def test_an_unconfirmed_claim_that_comes_again_is_asked_about_anew(gate: Gate, book: ScbBook) -> None:
    payment, paid = await gate.sell(), Paid(TXID, "INV1")
    await gate.calls(paid.confirmation)
    await gate.asked(1)
    await gate.sql(
        """UPDATE bank_hints SET state = 'UNCONFIRMED', run_at = NULL, lease_id = NULL, closed_at = now(),
                  asked_since = now() - interval '2 hours'"""
    )
    book.paid.append(paid)
    await gate.calls(paid.confirmation)
    await gate.closed("CONFIRMED")
    assert (await gate.standing(payment))[0] == "PAID"


async def test_the_bank_may_know_a_little_later(gate: Gate, book: ScbBook) -> None:
    payment, paid = await gate.sell(), Paid(TXID, "INV1")
    await gate.calls(paid.confirmation)
    await gate.asked(1)
    book.paid.append(paid)
    await gate.now_due()
    await gate.closed("CONFIRMED")
    assert (await gate.standing(payment))[0] == "PAID"


async def test_a_claim_of_more_money_than_came_pays_nothing(gate: Gate, book: ScbBook) -> None:
    payment, paid = await gate.sell(), Paid(TXID, "INV1", "1.00")
    book.paid.append(paid)
    await gate.calls(replace(paid, amount="150.00").confirmation)
    await gate.closed("CONTRADICTED")
    assert await gate.standing(payment) == ("PENDING", "UNDERPAID")
    assert sorted(await gate.reviews()) == [("CALLBACK_UNCONFIRMED", True), ("UNDERPAID", False)]


async def test_the_banks_facts_count_and_not_the_claims(gate: Gate, book: ScbBook) -> None:
    payment, paid = await gate.sell(), Paid(TXID, "INV1")
    book.paid.append(paid)
    await gate.calls(replace(paid, amount="99999.00").confirmation)
    await gate.closed("CONTRADICTED")
    assert await gate.standing(payment) == ("PAID", None)
    assert await gate.reviews() == [("CALLBACK_UNCONFIRMED", True)]
    await gate.calls(paid.confirmation)
    await gate.closed("CONTRADICTED", "CONFIRMED")
    assert len(await gate.sql("SELECT 1 FROM credits")) == 1


async def test_a_forged_transaction_beside_a_true_one_confirms_nothing_of_its_own(gate: Gate, book: ScbBook) -> None:
    payment = await gate.sell()
    book.paid.append(Paid(TXID, "INV1"))
    await gate.calls(Paid("20260520forged", "INV1").confirmation)
    await gate.asked(1)
    assert (await gate.standing(payment), await gate.hints()) == (("PAID", None), ["OPEN"])
    await gate.sql("UPDATE bank_hints SET asked_since = now() - interval '91 minutes'")
    await gate.now_due()
    await gate.closed("CONTRADICTED")
    assert await gate.reviews() == [("CALLBACK_UNCONFIRMED", True)]
    assert len(await gate.sql("SELECT 1 FROM credits")) == 1


async def test_another_billers_payment_is_not_even_asked_about(gate: Gate) -> None:
    await gate.sell()
    await gate.calls(Paid(TXID, "INV1", biller="099400016550199").confirmation)
    await gate.closed("CONTRADICTED")
    assert gate.bank.asked == []
    assert await gate.reviews() == [("CALLBACK_UNCONFIRMED", True)]


async def test_a_bank_that_tells_of_another_biller_or_currency_is_not_believed(gate: Gate, book: ScbBook) -> None:
    payment, claim = await gate.sell(), Paid(TXID, "INV1")
    book.paid += [replace(claim, biller="099400016550199")]
    await gate.calls(claim.confirmation)
    await gate.closed("CONTRADICTED")
    book.paid[:] = [replace(claim, transaction_id="20260520other", currency="840")]
    await gate.calls(replace(claim, transaction_id="20260520other").confirmation)
    await gate.closed("CONTRADICTED", "CONTRADICTED")
    assert await gate.standing(payment) == ("PENDING", None)
    assert await gate.sql("SELECT 1 FROM credits") == []


async def test_callbacks_may_come_in_any_order(gate: Gate, book: ScbBook) -> None:
    payments = [await gate.sell(f"INV{n}") for n in range(5)]
    book.paid += [Paid(f"20260520x{n}", f"INV{n}") for n in range(5)]
    for paid in reversed(book.paid):
        await gate.calls(paid.confirmation)
    await gate.closed(*["CONFIRMED"] * 5)
    assert {await gate.standing(payment) for payment in payments} == {("PAID", None)}


async def test_money_that_comes_twice_settles_once(gate: Gate, book: ScbBook) -> None:
    payment = await gate.sell()
    book.paid += [Paid("20260520one", "INV1"), Paid("20260520two", "INV1")]
    for paid in book.paid:
        await gate.calls(paid.confirmation)
    await gate.closed("CONFIRMED", "CONFIRMED")
    assert await gate.standing(payment) == ("PAID", None)
    states = [row["state"] for row in await gate.sql("SELECT state FROM credits ORDER BY state")]
    assert states == ["SETTLED", "UNASSIGNED"]
    assert await gate.reviews() == [("ALREADY_PAID", False)]


async def test_late_money_is_still_the_customers(gate: Gate, book: ScbBook) -> None:
    payment = await gate.sell()
    back = "interval '20 minutes'"
    await gate.sql(f"UPDATE payments SET created_at = created_at - {back}, expires_at = expires_at - {back}")
    await gate.sql(f"UPDATE reservations SET from_at = from_at - {back}, until_at = until_at - {back}")
    book.paid.append(paid := Paid(TXID, "INV1"))
    await gate.calls(paid.confirmation)
    await gate.closed("CONFIRMED")
    assert await gate.standing(payment) == ("PAID", "LATE")


async def test_money_that_scb_took_back_is_reversed(gate: Gate, book: ScbBook) -> None:
    payment = await gate.sell()
    book.paid.append(paid := Paid(TXID, "INV1"))
    await gate.calls(paid.confirmation)
    await gate.closed("CONFIRMED")
    book.paid[:] = [replace(paid, reverse_flag="R")]
    await gate.calls({**paid.confirmation, "billPaymentRef2": None, "transactionDateandTime": None})
    await gate.closed("CONFIRMED", "CONFIRMED")
    assert await gate.standing(payment) == ("PAID", "REVERSED")
    assert await gate.reviews() == [("REVERSED", True)]


async def test_money_that_was_taken_back_before_we_heard_pays_nothing(gate: Gate, book: ScbBook) -> None:
    payment = await gate.sell()
    book.paid.append(paid := Paid(TXID, "INV1", reverse_flag="R"))
    await gate.calls(paid.confirmation)
    await gate.closed("CONFIRMED")
    assert await gate.standing(payment) == ("PENDING", None)
    assert await gate.reviews() == [("REVERSED", True)]


@pytest.mark.parametrize(
    "trouble",
    [
        [web.Response(status=500)],
        [web.Response(status=503, body=b"<html>busy")],
        [web.Response(body=b"\xff\x00garbage")],
        [web.Response(body=b'{"status":{"code":1000},"data":{"not":"a list"}}')],
        [web.Response(body=b'{"status":{"code":1000},"data":[{"transactionId":"x"}]}')],
        [web.Response(status=429, headers={"Retry-After": "30"})],
        [None, None],
    ],
)
async def test_a_bank_in_trouble_is_asked_again(gate: Gate, book: ScbBook, trouble: list[Any]) -> None:
    payment, paid = await gate.sell(), Paid(TXID, "INV1")
    book.paid.append(paid)
    gate.bank.script = trouble
    await gate.calls(paid.confirmation)
    await gate.asked(len(trouble))
    assert (await gate.standing(payment), await gate.hints()) == (("PENDING", None), ["OPEN"])
    await gate.now_due()
    await gate.closed("CONFIRMED")
    assert await gate.standing(payment) == ("PAID", None)


async def test_a_long_outage_ends_with_a_person_and_not_in_silence(gate: Gate) -> None:
    await gate.sell()
    gate.bank.script = [web.Response(status=500) for _ in range(10)]
    await gate.calls(Paid(TXID, "INV1").confirmation)
    await gate.asked(1)
    await gate.sql("UPDATE bank_hints SET asked_since = now() - interval '91 minutes'")
    await gate.now_due()
    await gate.asked(2)
    assert await gate.hints() == ["OPEN"]  # Not known and not asked are two things.
    await gate.sql("UPDATE bank_hints SET asked_since = now() - interval '73 hours'")
    await gate.now_due()
    await gate.closed("UNCONFIRMED")
    assert await gate.reviews() == [("CALLBACK_UNCONFIRMED", True)]


async def test_who_has_no_key_cannot_make_us_ask(gate: Gate, ctx: Context) -> None:
    body = Paid(TXID, "INV1").confirmation
    bare, _, _ = gate.url.partition("?")
    generic = await sources.add(ctx, account_id=gate.account.id, kind="generic")
    other = f"/api/bank/{ids.show('src', generic.id)}"
    for url in (bare, f"{bare}?key=", f"{bare}?key=wrong", f"{gate.url}x", f"{bare}?key=%C3%A9", f"{other}?key=x"):
        answer = await gate.calls(body, url)
        assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHORIZED"), url
    assert (await gate.calls(body, "/api/bank/src_nope?key=x")).status_code == 404
    await gate.sql("UPDATE sources SET disabled_at = now() WHERE kind = 'scb'")
    assert (await gate.calls(body)).status_code == 404
    assert (await gate.hints(), gate.bank.asked) == ([], [])


async def test_what_is_no_callback_is_refused_in_the_banks_form_and_not_kept(gate: Gate) -> None:
    good = Paid(TXID, "INV1").confirmation
    bad: list[object] = [b"", b"{", b"[]", b"null", b"\xff", b"[" * 70_000, b" " * 70_000]
    for name in ("transactionId", "amount", "billPaymentRef1"):
        wrong: list[object] = [None, "", [], {}, True]
        bad += [{**good, name: value} for value in wrong]
    bad += [{**good, "amount": amount} for amount in ("0", "-1", "1.005", "NaN", "1e2", 0, "๑๐๐")]
    bad += [{**good, "billPaymentRef1": "x" * 51}, {**good, "transactionDateandTime": "yesterday"}]
    bad += [{**good, "transactionId": "x" * 129}, {**good, "transactionId": "a\nb"}]
    for body in bad:
        answer = await gate.calls(body)
        assert answer.status_code == 400, body
        assert answer.json()["resCode"] == "99" and set(answer.json()) == {"resCode", "resDesc"}
    assert await gate.hints() == []


async def test_a_flood_is_stopped_before_the_database_is_full(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "MOST_OPEN", 3)
    monkeypatch.setattr(callbacks, "MOST_HOURLY", 5)
    claims = [Paid(f"20260520n{n}", "INV1").confirmation for n in range(8)]
    for claim in claims[:3]:
        assert (await gate.calls(claim)).status_code == 200
    answer = await gate.calls(claims[3])
    assert (answer.status_code, answer.json()["resCode"], answer.headers["Retry-After"]) == (503, "99", "60")
    assert (await gate.calls(claims[0])).status_code == 200  # What is known already takes no room.
    await gate.asked(3)
    await gate.sql("UPDATE bank_hints SET asked_since = now() - interval '91 minutes'")
    await gate.now_due()
    await gate.closed(*["UNCONFIRMED"] * 3)
    assert [(await gate.calls(claim)).status_code for claim in claims[3:6]] == [200, 200, 503]


async def test_a_slip_of_the_same_transfer_merges_when_scb_sent_it(gate: Gate, book: ScbBook, ctx: Context) -> None:
    payment = await gate.sell()
    book.paid.append(paid := Paid(TXID, "INV1"))
    slip = says(receiving(gate), ctx.new_id(), 15_000, reference=TXID, ref1="INV1", channel=Channel.SLIP)
    assert (await evidence.record(ctx, slip)).word is Word.PAID
    await gate.calls(paid.confirmation)
    await gate.closed("CONFIRMED")
    assert await gate.standing(payment) == ("PAID", None)
    assert (len(await gate.sql("SELECT 1 FROM credits")), await gate.reviews()) == (1, [])


async def test_a_slip_of_another_bank_has_another_number_and_is_never_booked_twice(
    gate: Gate, book: ScbBook, ctx: Context
) -> None:
    payment = await gate.sell()
    book.paid.append(paid := Paid("223281535FI519467B006B112451946706", "INV1", sending_bank="004"))
    slip = says(
        receiving(gate), ctx.new_id(), 15_000, reference="016140120000APM00001", namespace="bank:004", ref1="INV1"
    )
    assert (await evidence.record(ctx, replace(slip, channel=Channel.SLIP))).word is Word.PAID
    await gate.calls(paid.confirmation)
    await gate.closed("CONFIRMED")
    assert await gate.standing(payment) == ("PAID", None)
    assert await gate.reviews() == [("POSSIBLE_DUPLICATE", False)]
    assert [row["booked"] for row in await gate.sql("SELECT booked FROM credits ORDER BY booked DESC")] == [True, False]


def receiving(gate: Gate) -> Any:
    """The account as the helpers want it."""

    class Account:
        owner_id = 0
        receiving_id = gate.account.receiving_id

    return Account()


async def test_two_workers_never_ask_about_one_claim_at_once(ctx: Context, scb: VendorServer) -> None:
    telemetry.configure("info")  # Another test may have made the log quieter.
    gate = Gate(ctx, scb, "scb")
    await gate.make()
    found = await sources.list_sources(ctx, 0)
    key = gate.url.partition("=")[2]
    for n in range(6):
        await callbacks.receive(ctx, found[0].id, key, json.dumps(Paid(f"20260520n{n}", "INV1").confirmation).encode())
    ctx.inquiries = {"scb": None}  # type: ignore[dict-item]
    batches = await asyncio.gather(*(callbacks.claim(ctx, 2) for _ in range(5)))
    taken = [due.id for batch in batches for due in batch]
    assert len(taken) == len(set(taken)) == 6


async def test_old_claims_are_forgotten_when_they_are_closed(ctx: Context, scb: VendorServer) -> None:
    gate = Gate(ctx, scb, "scb")
    await gate.make()
    found = await sources.list_sources(ctx, 0)
    key = gate.url.partition("=")[2]
    for n in range(3):
        await callbacks.receive(ctx, found[0].id, key, json.dumps(Paid(f"20260520n{n}", "INV1").confirmation).encode())
    await gate.sql(
        """UPDATE bank_hints SET state = 'CONFIRMED', run_at = NULL,
                  closed_at = now() - CASE transaction_id WHEN '20260520n0' THEN interval '31 days' ELSE '29 days' END
            WHERE transaction_id <> '20260520n2'"""
    )
    await gate.sql("UPDATE bank_hints SET created_at = now() - interval '1 year'")
    assert await prune.work(ctx) is False
    assert sorted(await gate.hints()) == ["CONFIRMED", "OPEN"]


async def test_without_the_banks_settings_claims_wait_and_nothing_is_believed(ctx: Context, scb: VendorServer) -> None:
    gate = Gate(ctx, scb, "scb")
    await gate.make()
    found = await sources.list_sources(ctx, 0)
    body = json.dumps(Paid(TXID, "INV1").confirmation).encode()
    assert await callbacks.receive(ctx, found[0].id, gate.url.partition("=")[2], body) == SCB_OK
    assert await callbacks.unanswerable(ctx) == {"scb"}
    inquirer = Inquirer(ctx)
    telemetry.configure("warning")  # Another test's server may have asked for less.
    with capture_logs() as told:
        assert [await inquirer.work() for _ in range(3)] == [False] * 3
    [warning] = told  # Once, and not again and again.
    assert (warning["log_level"], warning["kind"]) == ("warning", "scb") and "PAYGATE_SCB_KEY" in warning["missing"]
    assert await gate.hints() == ["OPEN"]


async def test_a_claim_near_midnight_is_asked_about_on_both_days(gate: Gate, book: ScbBook) -> None:
    midnight = datetime(2026, 5, 20, 17, 0, tzinfo=UTC)  # Of Bangkok.
    for number, (at, days) in enumerate(
        [
            (midnight - timedelta(minutes=5), ["2026-05-20", "2026-05-21"]),
            (midnight + timedelta(minutes=5), ["2026-05-20", "2026-05-21"]),
            (midnight - timedelta(hours=5), ["2026-05-20"]),
        ]
    ):
        book.paid.append(paid := Paid(f"20260520m{number}", "INV9", at=at))
        gate.bank.asked.clear()
        await gate.calls(paid.confirmation)
        await gate.closed(*["CONFIRMED"] * (number + 1))
        assert [asked.query["transactionDate"] for asked in gate.bank.asked] == days


def test_a_kill_between_the_claim_and_the_answer_loses_nothing(
    dsn: str, server: Callable[..., Server], scb: VendorServer, book: ScbBook
) -> None:
    running = server("--no-worker", env=scb.env)
    env = {**os.environ, **running.env}
    paygate = cli(env, running)
    account = paygate("account", "add", "--owner", "central", "--biller-id", BILLER, "--name", "PayGate")["accountId"]
    shop = paygate("merchant", "create", "--email", "m@b.co", "--name", "Shop", "--plan", "free", "--approve")
    source = paygate("source", "add", "--account", account, "--kind", "scb")
    assert source["url"].endswith(f"?key={source['secret']}")
    running.kill()
    running = server(env=scb.env)
    with httpx2.Client(base_url=running.base, timeout=30, trust_env=False) as client:
        body = {"amount": 150, "promptpayRef1": "INV1"}
        made = client.post("/api/v1/payment/create", json=body, headers={"X-API-Key": shop["liveSecretKey"]}).json()
        paid = Paid(TXID, "INV1")
        scb.script = [20.0]
        url = source["url"][source["url"].index("/api/") :]
        assert client.post(url, json=paid.confirmation).json() == SCB_OK
    wait(lambda: len(scb.asked) == 1)
    running.kill()
    asyncio.run(rows(dsn, "UPDATE bank_hints SET run_at = now()"))
    scb.script = []
    book.paid.append(paid)
    running = server(env=scb.env)
    wait(lambda: asyncio.run(rows(dsn, "SELECT state FROM bank_hints")) == [("CONFIRMED",)])
    payments = asyncio.run(rows(dsn, "SELECT id::text, status FROM payments"))
    assert payments == [(made["transaction"]["id"], "PAID")]
    assert len(asyncio.run(rows(dsn, "SELECT 1 FROM credits"))) == 1


def cli(env: dict[str, str], running: Server) -> Callable[..., Any]:
    """`paygate ... --json`, as its JSON."""

    def run(*words: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "paygate", *words, "--json"],
            env=env,
            cwd=running.log.parent,
            capture_output=True,
            timeout=60,
            check=True,
        )
        return json.loads(done.stdout)

    return run


async def rows(dsn: str, statement: str) -> list[tuple[Any, ...]]:

    conn = await asyncpg.connect(dsn)
    found = [tuple(row) for row in await conn.fetch(statement)]
    await conn.close()
    return found


def wait(wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not wanted():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- KBank ---------------------------------------------------------------------------------------------------------

QR = {"txnStatus": "PAID", "txnNo": "26440008", "txnAmount": "150.00", "reference1": "INV1"}
UID = "PTR202605200001"


def kbank_says(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"partnerTxnUid": UID, "partnerId": "PTR0000001", "statusCode": "00"}
    said |= {"errorCode": None, "errorDesc": None}
    said |= {"merchantId": KBANK_MERCHANT, "txnAmount": 150.0, "txnCurrencyCode": "THB", "loyaltyId": None}
    return said | {"txnNo": "26440008", "additionalInfo": None} | changes


def qrs(gate: Gate) -> dict[str, dict[str, Any]]:
    assert isinstance(gate.bank.inquiries, KBankBook)
    return gate.bank.inquiries.qrs


async def test_a_payment_that_kbank_confirms_is_paid_once(kgate: Gate) -> None:
    payment = await kgate.sell()
    qrs(kgate)[UID] = QR
    answers = [await kgate.calls(kbank_says()) for _ in range(3)]
    assert [answer.json() for answer in answers] == [KBANK_OK] * 3
    await kgate.closed("CONFIRMED")
    assert await kgate.standing(payment) == ("PAID", None)
    [ref] = await kgate.sql("SELECT trust, namespace, ref FROM credit_refs")
    assert tuple(ref) == ("host", f"kbank:{KBANK_MERCHANT}", UID)
    assert kgate.bank.asked[0].content["merchantId"] == KBANK_MERCHANT


@pytest.mark.parametrize("state", ["REQUESTED", "EXPIRED", "CANCELLED"])
async def test_a_qr_that_kbank_has_no_money_for_pays_nothing(kgate: Gate, state: str) -> None:
    payment = await kgate.sell()
    qrs(kgate)[UID] = {**QR, "txnStatus": state}
    assert (await kgate.calls(kbank_says())).json() == KBANK_OK
    await kgate.asked(1)
    assert (await kgate.standing(payment), await kgate.hints()) == (("PENDING", None), ["OPEN"])


async def test_a_qr_that_kbank_does_not_know_or_knows_otherwise(kgate: Gate) -> None:
    payment = await kgate.sell()
    await kgate.calls(kbank_says(partnerTxnUid="PTRunknown"))
    await kgate.asked(1)
    assert await kgate.hints() == ["OPEN"]
    qrs(kgate)[UID] = {**QR, "txnAmount": 1}
    await kgate.calls(kbank_says())

    async def contradicted() -> bool:
        return "CONTRADICTED" in await kgate.hints()

    await kgate.until(contradicted)
    assert await kgate.standing(payment) == ("PENDING", "UNDERPAID")


async def test_a_void_at_kbank_is_a_reversal(kgate: Gate) -> None:
    payment = await kgate.sell()
    qrs(kgate)[UID] = QR
    await kgate.calls(kbank_says())
    await kgate.closed("CONFIRMED")
    qrs(kgate)[UID] = {**QR, "txnStatus": "VOIDED"}
    await kgate.calls(kbank_says(txnAmount="150.00", merchantId=None))
    await kgate.closed("CONFIRMED", "CONFIRMED")
    assert await kgate.standing(payment) == ("PAID", "REVERSED")


async def test_kbanks_own_errors(kgate: Gate) -> None:
    await kgate.sell()
    assert (await kgate.calls(kbank_says(statusCode="10", errorCode="qr_expired"))).json() == KBANK_OK
    assert await kgate.hints() == []
    for body in ({}, kbank_says(txnAmount=None), kbank_says(partnerTxnUid=None), [1]):
        answer = await kgate.calls(body)
        assert answer.status_code == 400
        said = answer.json()
        assert (said["statusCode"], said["errorCode"]) == ("10", "invalid_request") and said["errorDesc"]
    await kgate.calls(kbank_says(merchantId="KB999"))
    await kgate.closed("CONTRADICTED")
    assert kgate.bank.asked == []


async def test_an_answer_about_another_qr_is_not_believed(kgate: Gate) -> None:
    payment = await kgate.sell()
    qrs(kgate)[UID] = {**QR, "origPartnerTxnUid": "PTRother"}
    await kgate.calls(kbank_says())
    await kgate.asked(1)
    assert (await kgate.standing(payment), await kgate.hints()) == (("PENDING", None), ["OPEN"])


# --- making the sources --------------------------------------------------------------------------------------------


async def test_a_source_for_a_bank_wants_an_account_that_it_can_tell_of(ctx: Context) -> None:
    bare = await accounts.add(ctx, owner=0, promptpay="0812345678", bank="014", number="4061234567", name="A")
    other = await accounts.add(ctx, owner=0, biller_id=BILLER, bank="002", number="4061234568", name="B")
    refused = [
        (bare, "scb", None, "account", "biller"),
        (other, "scb", None, "account", "014"),
        (other, "scb", "KB1", "bank_merchant", "kbank only"),
        (bare, "kbank", None, "bank_merchant", "merchant id"),
        (bare, "kbank", "KB1", "account", "004"),
        (bare, "kbank", "KB-1/x", "bank_merchant", "KB102057149704"),
    ]
    for account, kind, merchant, field, word in refused:
        with pytest.raises(InvalidInput) as error:
            await sources.add(ctx, account_id=account.id, kind=kind, bank_merchant=merchant)
        assert error.value.field == field and word in error.value.message, (kind, merchant)
    assert await sources.list_sources(ctx) == []
