"""Test payments are paid by a simulated bank, through the doors that real news comes in by: every way, every case."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import httpx2
import pytest

import emvco
from paygate.banks.slips.picture import MiniQr
from paygate.core.errors import NotFound
from paygate.services import accounts, endpoints, installation, keys, ledger, merchants, payments, simulator
from paygate.services.slips import look
from tests.faces.conftest import Gateway
from tests.servers import Server
from tests.services.helpers import sql

V1 = "/api/v1"
VIAS = ("notice", "callback", "slip")


async def made(gateway: Gateway, amount: float = 150, key: str = "", **fields: object) -> dict[str, Any]:
    answer = await gateway.ask(
        "POST", f"{V1}/payment/create", {"amount": amount, **fields}, key=key or gateway.world.test_key
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["transaction"]
    return found


async def pay(gateway: Gateway, payment: dict[str, Any], key: str = "", **wish: object) -> httpx2.Response:
    path = f"{V1}/test/payment/{payment['id']}/pay"
    return await gateway.ask("POST", path, wish, key=key or gateway.world.test_key)


async def outcome(gateway: Gateway, payment: dict[str, Any], **wish: object) -> tuple[list[str], str, str | None]:
    """What became of it, the payment's status then, and what was odd."""
    answer = await pay(gateway, payment, **wish)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["transfer"]["status"] == "TOLD" and told["transaction"]["id"] == payment["id"]
    return told["transfer"]["outcomes"], told["transaction"]["status"], told["transaction"]["exception"]


async def events(gateway: Gateway, payment: dict[str, Any]) -> list[str]:
    rows = await sql(
        gateway.ctx,
        "SELECT type, body FROM events WHERE subject_id = $1::uuid AND mode = 'test' ORDER BY sequence",
        payment["id"],
    )
    return [row["type"] for row in rows]


async def settled(gateway: Gateway) -> int:
    """What test credits settled, in satang; the books are checked as well."""
    report = await ledger.check(gateway.ctx)
    assert not report.differences, report
    [row] = await sql(
        gateway.ctx,
        "SELECT coalesce(sum(amount_satang), 0)::bigint AS n FROM credits WHERE mode = 'test' AND state = 'SETTLED'",
    )
    return int(row["n"])


@pytest.fixture(autouse=True)
async def ready(gateway: Gateway) -> None:
    """The platform's test account, as every start makes it, and somebody who hears of events."""
    await installation.check(gateway.ctx)
    await endpoints.add(gateway.ctx, merchant_id=gateway.world.merchant_id, url="http://127.0.0.1:9/hook", mode="test")


# --- every way -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("via", VIAS)
async def test_the_exact_amount_pays_by_every_way_and_the_books_have_it(gateway: Gateway, via: str) -> None:
    payment = await made(gateway)
    assert await outcome(gateway, payment, via=via) == (["PAID"], "PAID", None)
    told = await events(gateway, payment)
    assert told[0] == "payment.created" and told[-1] == "payment.success"
    assert await settled(gateway) == 15_000
    [credit] = await sql(gateway.ctx, "SELECT * FROM credits WHERE mode = 'test'")
    assert credit["rank"] == {"notice": "C", "callback": "A", "slip": "B"}[via]
    [heard] = await sql(gateway.ctx, "SELECT channel FROM observations WHERE mode = 'test'")
    assert heard["channel"] == {"notice": "sms", "callback": "bridge", "slip": "slip"}[via]
    [owed] = await sql(
        gateway.ctx,
        "SELECT -sum(amount_satang)::bigint AS n FROM entries"
        " WHERE mode = 'test' AND account = 'payable' AND merchant_id = $1",
        gateway.world.merchant_id,
    )
    assert owed["n"] == round((payment["netAmount"]) * 100)
    [due] = await sql(
        gateway.ctx,
        "SELECT count(*) AS n FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE e.type = 'payment.success' AND e.mode = 'test'",
    )
    assert due["n"] == 1


async def test_nothing_said_is_the_exact_amount_by_a_signed_callback(gateway: Gateway) -> None:
    payment = await made(gateway, 99.5)
    answer = await gateway.ask("POST", f"{V1}/test/payment/{payment['id']}/pay", None, key=gateway.world.test_key)
    told = answer.json()["transfer"]
    assert (told["via"], told["amount"], told["outcomes"]) == ("callback", 99.5, ["PAID"])
    assert told["reference"].startswith("TEST") and told["text"] is None


@pytest.mark.parametrize("via", VIAS)
async def test_evidence_that_is_told_twice_pays_once(gateway: Gateway, via: str) -> None:
    payment = await made(gateway)
    outcomes, status, _ = await outcome(gateway, payment, via=via, duplicate=True)
    assert (outcomes, status) == (["PAID", "PAID" if via == "slip" else "DUPLICATE"], "PAID")
    assert (await events(gateway, payment)).count("payment.success") == 1
    assert await settled(gateway) == 15_000
    [credits] = await sql(gateway.ctx, "SELECT count(*) AS n FROM credits WHERE mode = 'test'")
    assert credits["n"] == 1


@pytest.mark.parametrize("via", ["notice", "callback"])
async def test_a_payer_who_pays_twice_is_paid_once_and_the_second_money_waits(gateway: Gateway, via: str) -> None:
    payment = await made(gateway)
    assert (await outcome(gateway, payment, via=via))[0] == ["PAID"]
    outcomes, status, _ = await outcome(gateway, payment, via=via)
    assert (outcomes, status) == (["ORPHAN"], "PAID")
    assert "payment.verification" in await events(gateway, payment)
    [second] = await sql(gateway.ctx, "SELECT reason FROM credits WHERE mode = 'test' AND state = 'UNASSIGNED'")
    assert second["reason"] == "ALREADY_PAID" and await settled(gateway) == 15_000


async def test_a_second_slip_for_a_paid_payment_is_refused_in_words(gateway: Gateway) -> None:
    payment = await made(gateway)
    await outcome(gateway, payment, via="slip")
    answer = (await pay(gateway, payment, via="slip")).json()["transfer"]
    assert answer["outcomes"] == ["REFUSED"] and "already paid" in answer["detail"]


@pytest.mark.parametrize(("amount", "word"), [(149.25, "UNDERPAID"), (151.25, "OVERPAID")])
@pytest.mark.parametrize("via", VIAS)
async def test_too_little_or_too_much_never_pays(gateway: Gateway, via: str, amount: float, word: str) -> None:
    """A slip says for which payment it is; a transfer of another amount without one is nobody's, as in life."""
    payment = await made(gateway)
    outcomes, status, _ = await outcome(gateway, payment, via=via, amount=amount)
    assert (outcomes, status) == (["REVIEW" if via == "slip" else "ORPHAN"], "PENDING")
    assert await settled(gateway) == 0
    [credit] = await sql(gateway.ctx, "SELECT reason FROM credits WHERE mode = 'test'")
    assert credit["reason"] == (word if via == "slip" else "ORPHAN")
    assert ("payment.verification" in await events(gateway, payment)) == (via == "slip")
    assert (await outcome(gateway, payment, via="callback"))[:2] == (["PAID"], "PAID")


@pytest.mark.parametrize(("amount", "word"), [(149, "UNDERPAID"), (151, "OVERPAID")])
async def test_a_bill_payment_names_its_payment_by_reference_whatever_the_amount(
    gateway: Gateway, amount: float, word: str
) -> None:
    await accounts.add(
        gateway.ctx, owner=0, promptpay="0823456789", biller_id="010553612345601", name="Biller", test=True
    )
    payment = await made(gateway, promptpayRef1="INV7")
    assert await outcome(gateway, payment, amount=amount) == (["REVIEW"], "PENDING", word)
    assert "payment.verification" in await events(gateway, payment)
    other = await made(gateway, promptpayRef1="INV8")
    assert await outcome(gateway, other, via="slip") == (["PAID"], "PAID", None)


@pytest.mark.parametrize("via", VIAS)
async def test_money_that_comes_after_the_qr_ran_out_pays_late(gateway: Gateway, via: str) -> None:
    payment = await made(gateway)
    assert await outcome(gateway, payment, via=via, late=True) == (["PAID"], "PAID", "LATE")
    assert (await events(gateway, payment)) == [
        "payment.created",
        "payment.expired",
        "payment.success",
    ] or via == "slip"
    assert await settled(gateway) == 15_000


async def test_late_once_more_is_late_still_and_a_cancelled_payment_waits_for_a_person(gateway: Gateway) -> None:
    expired = await made(gateway)
    assert (await outcome(gateway, expired, amount=1, late=True))[:2] == (["ORPHAN"], "EXPIRED")
    assert await outcome(gateway, expired, late=True) == (["PAID"], "PAID", "LATE")
    assert (await events(gateway, expired)).count("payment.expired") == 1
    gone = await made(gateway, 77)
    await gateway.ask("POST", f"{V1}/payment/{gone['id']}/cancel", key=gateway.world.test_key)
    assert (await outcome(gateway, gone))[:2] == (["REVIEW"], "CANCELLED")


async def only_account(gateway: Gateway, bank: str) -> None:
    """A test account at *bank*, and no other."""
    account = await accounts.add(
        gateway.ctx, owner=0, promptpay="0891111111", bank=bank, number="4061234522", name=f"Bank {bank}", test=True
    )
    statement = "UPDATE accounts SET retired_at = now() WHERE mode = 'test' AND retired_at IS NULL AND id <> $1"
    await sql(gateway.ctx, statement, account.id)


@pytest.mark.parametrize(
    ("bank", "name"),
    [("004", "KBANK"), ("014", "SCB"), ("006", "KTB"), ("002", "BBL"), ("025", "BAY"), ("011", "TTB"), ("030", "GSB")],
)
async def test_a_notice_is_the_text_of_the_accounts_own_bank_with_a_balance_that_follows(
    gateway: Gateway, bank: str, name: str
) -> None:
    await only_account(gateway, bank)
    for amount in (20_000, 1, 20_000):  # Above what a notice without a balance may pay.
        payment = await made(gateway, amount)
        assert (await outcome(gateway, payment, via="notice"))[:2] == (["PAID"], "PAID")
    rows = await sql(gateway.ctx, "SELECT DISTINCT bank FROM notices WHERE mode = 'test'")
    assert [row["bank"] for row in rows] == [name]


async def test_where_no_text_of_the_accounts_bank_is_read_a_notice_is_refused_and_other_ways_pay(
    gateway: Gateway,
) -> None:
    await only_account(gateway, "022")
    payment = await made(gateway)
    refused = await pay(gateway, payment, via="notice")
    assert (refused.status_code, refused.json()["field"]) == (400, "via") and "022" in refused.json()["message"]
    assert (await outcome(gateway, payment, via="slip"))[:2] == (["PAID"], "PAID")


async def test_a_direct_merchants_own_test_account_is_paid_alike(gateway: Gateway) -> None:
    shop = await merchants.create(
        gateway.ctx, email="d@example.com", name="Direct", plan="basic", promptpay="0899999999", approve=True
    )
    for via in VIAS:
        payment = await made(gateway, 40, shop.test_secret_key)
        told = (await pay(gateway, payment, shop.test_secret_key, via=via)).json()
        assert (told["transfer"]["outcomes"], told["transaction"]["status"]) == (["PAID"], "PAID"), via


# --- slips that are drawn only -------------------------------------------------------------------------------------


async def test_the_slip_it_draws_is_a_picture_that_pays_when_a_person_hands_it_in(gateway: Gateway) -> None:
    payment = await made(gateway)
    found = await payments.public(gateway.ctx, UUID(payment["id"]))
    wish = simulator.Play(via="slip", draw_only=True)
    done = await simulator.play(gateway.ctx, found, found.id, wish, None, lambda _, t: (200, t.id.bytes), "test")
    assert await settled(gateway) == 0
    picture = await simulator.slip(gateway.ctx, found, UUID(bytes=done.body))
    given = await look(picture)
    assert isinstance(given.slip, MiniQr) and given.slip.sending_bank == "004"
    answer = await gateway.client.post(
        f"{V1}/payment/{payment['id']}/slip",
        files={"file": ("slip.png", picture, "image/png")},
        headers={"X-Client-Secret": payment["clientSecret"]},
    )
    assert answer.json()["verification"] == "PAID", answer.text
    live = await payments.public(gateway.ctx, UUID((await gateway.create())["id"]))
    with pytest.raises(NotFound):
        await simulator.slip(gateway.ctx, live, UUID(bytes=done.body))
    with pytest.raises(NotFound):
        await simulator.history(gateway.ctx, live)


async def test_a_slip_of_anothers_simulator_or_an_invented_one_pays_nothing(gateway: Gateway) -> None:
    stranger = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    theirs, mine = await made(gateway, 60, stranger.test_secret_key), await made(gateway, 70)
    await pay(gateway, theirs, stranger.test_secret_key, via="slip", delaySeconds=600)
    [row] = await sql(gateway.ctx, "SELECT reference FROM simulated_transfers")
    for reference in (row["reference"], "TEST0000000000000000"):
        answer = await gateway.ask(
            "POST",
            f"{V1}/payment/{mine['id']}/slip",
            {"payload": emvco.slip_payload("004", reference)},
            key=gateway.world.test_key,
        )
        assert (answer.json()["verification"], answer.json()["reason"]) == ("REVIEW", "SLIP_UNVERIFIED")


# --- who may, and what it never touches ----------------------------------------------------------------------------


async def test_a_live_payment_is_refused_and_nothing_is_touched(gateway: Gateway) -> None:
    live, tried = await gateway.create(), await made(gateway)
    stranger = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    read_only = await keys.create(
        gateway.ctx,
        merchant_id=gateway.world.merchant_id,
        kind="secret",
        mode="test",
        grant=keys.Grant(("payments:read",)),
    )
    before = await gateway.counts()
    for payment, key, status in (
        (live, gateway.world.secret_key, 403),
        (live, gateway.world.test_key, 404),
        (tried, gateway.world.secret_key, 404),
        (tried, stranger.test_secret_key, 404),
        (tried, gateway.world.test_public_key, 403),
        (tried, read_only.text, 403),
        ({"id": "01900000-0000-7000-8000-000000000000"}, gateway.world.test_key, 404),
    ):
        answer = await pay(gateway, payment, key)
        assert answer.status_code == status, answer.text
    assert await gateway.counts() == before
    read = await gateway.ask("GET", f"{V1}/payment/{live['id']}")
    assert read.json()["transaction"]["status"] == "PENDING"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": "150"}, "amount"),
        ({"amount": 1.005}, "amount"),
        ({"amount": 10**12}, "amount"),
        ({"delaySeconds": -1}, "delaySeconds"),
        ({"delaySeconds": 86_401}, "delaySeconds"),
        ({"duplicate": 1}, "duplicate"),
        ({"late": "yes"}, "late"),
        ({"via": "carrier pigeon"}, "via"),
    ],
)
async def test_what_cannot_be_played_is_refused_by_its_field(
    gateway: Gateway, wish: dict[str, object], field: str
) -> None:
    payment = await made(gateway)
    answer = await pay(gateway, payment, **wish)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    [row] = await sql(gateway.ctx, "SELECT count(*) AS n FROM simulated_transfers")
    assert row["n"] == 0


async def test_the_amount_of_another_shops_open_test_payment_is_not_to_be_had(gateway: Gateway) -> None:
    stranger = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    theirs, mine = await made(gateway, 88, stranger.test_secret_key), await made(gateway, 150)
    for via in VIAS:
        answer = await pay(gateway, mine, amount=88, via=via)
        assert (answer.status_code, answer.json()["field"]) == (400, "amount")
    read = await gateway.ask("GET", f"{V1}/payment/{theirs['id']}", key=stranger.test_secret_key)
    assert read.json()["transaction"]["status"] == "PENDING"
    own = await made(gateway, 66)
    assert (await outcome(gateway, mine, amount=66))[0] == ["PAID_OTHER"]
    read = await gateway.ask("GET", f"{V1}/payment/{own['id']}", key=gateway.world.test_key)
    assert read.json()["transaction"]["status"] == "PAID"


async def test_a_payment_has_so_many_transfers_and_no_more(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator, "MOST_TRANSFERS", 2)
    payment = await made(gateway)
    answers = [(await pay(gateway, payment, amount=1 + n)).status_code for n in range(3)]
    assert answers == [200, 200, 409]


async def test_who_played_stands_in_the_log(gateway: Gateway) -> None:
    payment = await made(gateway)
    await pay(gateway, payment, via="notice")
    [row] = await sql(gateway.ctx, "SELECT actor, subject, after FROM audit_log WHERE action = 'simulator.pay'")
    assert row["actor"].startswith("key:key_") and row["subject"] == f"payment:{payment['id']}"
    assert json.loads(row["after"])["via"] == "notice"


# --- one key, one transfer -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("via", VIAS)
async def test_twenty_times_at_once_under_one_key_is_one_transfer_and_one_answer(gateway: Gateway, via: str) -> None:
    payment, key = await made(gateway), {"Idempotency-Key": f"pay {via}"}
    path = f"{V1}/test/payment/{payment['id']}/pay"

    async def ask(body: object) -> httpx2.Response:
        return await gateway.ask("POST", path, body, key=gateway.world.test_key, headers=key)

    answers: Sequence[httpx2.Response] = await asyncio.gather(*(ask({"via": via}) for _ in range(20)))
    good = [one for one in answers if one.status_code != 409]
    assert len({one.content for one in good}) == 1 and good[0].json()["transfer"]["outcomes"] == ["PAID"]
    assert all(one.json()["error"] == "CONFLICT" for one in answers if one.status_code == 409)
    again = await ask({"via": via})
    assert again.headers["idempotent-replayed"] == "true" and again.content == good[0].content
    assert (await ask({"via": via, "amount": 1})).status_code == 422
    [row] = await sql(gateway.ctx, "SELECT count(*) AS n FROM simulated_transfers")
    assert row["n"] == 1 and await settled(gateway) == 15_000


async def test_a_key_whose_request_died_finds_the_transfer_that_was_ordered(gateway: Gateway) -> None:
    payment, key = await made(gateway), {"Idempotency-Key": "cut short"}
    path = f"{V1}/test/payment/{payment['id']}/pay"
    first = await gateway.ask("POST", path, {}, key=gateway.world.test_key, headers=key)
    await sql(
        gateway.ctx,
        "UPDATE idempotency_keys SET status = NULL, answer = NULL, lease_until = now() WHERE key = 'cut short'",
    )
    again = await gateway.ask("POST", path, {}, key=gateway.world.test_key, headers=key)
    assert (again.status_code, again.content) == (200, first.content) and await settled(gateway) == 15_000


# --- later ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("via", VIAS)
async def test_money_that_moves_later_is_a_row_until_the_workers_tell_of_it(gateway: Gateway, via: str) -> None:
    payment = await made(gateway)
    answer = await pay(gateway, payment, via=via, delaySeconds=90, duplicate=True)
    assert answer.status_code == 202 and answer.json()["transfer"]["status"] == "SCHEDULED"
    assert answer.json()["transaction"]["status"] == "PENDING"
    assert await simulator.tell_due(gateway.ctx, 10) == 0
    # Its time comes: within what clocks may differ by, so that a text with a time in it need not be written anew.
    await sql(gateway.ctx, "UPDATE simulated_transfers SET run_at = now()")
    told = await asyncio.gather(*(simulator.tell_due(gateway.ctx, 10) for _ in range(4)))
    assert sum(told) == 1
    [row] = await sql(gateway.ctx, "SELECT outcomes, run_at, told_at FROM simulated_transfers")
    assert row["outcomes"] == ["PAID", "PAID" if via == "slip" else "DUPLICATE"]
    assert row["run_at"] is None and row["told_at"] is not None
    assert await settled(gateway) == 15_000
    assert (await events(gateway, payment)).count("payment.success") == 1


@pytest.mark.parametrize("via", VIAS)
async def test_a_kill_after_the_telling_tells_again_and_changes_nothing(gateway: Gateway, via: str) -> None:
    payment = await made(gateway)
    await outcome(gateway, payment, via=via)
    lost = "UPDATE simulated_transfers SET run_at = now(), told_at = NULL, outcomes = '{}'"
    await sql(gateway.ctx, lost)
    assert await simulator.tell_due(gateway.ctx, 10) == 1
    [row] = await sql(gateway.ctx, "SELECT outcomes, attempts FROM simulated_transfers")
    assert (row["outcomes"], row["attempts"]) == (["PAID"], 2)
    assert (await events(gateway, payment)).count("payment.success") == 1 and await settled(gateway) == 15_000


async def test_what_cannot_be_told_is_given_up_and_says_so(gateway: Gateway) -> None:
    payment = await made(gateway)
    await pay(gateway, payment, delaySeconds=60)
    await sql(gateway.ctx, "UPDATE simulated_transfers SET run_at = now(), attempts = $1", simulator.MOST_TRIES)
    await simulator.tell_due(gateway.ctx, 10)
    [row] = await sql(gateway.ctx, "SELECT outcomes, detail FROM simulated_transfers")
    assert row["outcomes"] == ["REFUSED"] and "could not be told" in row["detail"]
    await sql(gateway.ctx, "UPDATE sources SET disabled_at = now() WHERE mode = 'test'")
    assert (await outcome(gateway, payment))[0] == ["REFUSED"]


async def test_two_workers_and_a_kill_bring_delayed_money_once(
    gateway: Gateway, dsn: str, server: Callable[..., Server]
) -> None:
    """Real processes: one is killed while it may be telling, the other goes on."""
    paid = [await made(gateway, 100 + number) for number in range(12)]
    for number, payment in enumerate(paid):
        answer = await pay(
            gateway, payment, via=VIAS[number % 3], delaySeconds=1 + number % 3, duplicate=number % 2 == 0
        )
        assert answer.status_code == 202
    running = [await asyncio.to_thread(server) for _ in range(2)]
    deadline = time.monotonic() + 60
    while not (await sql(gateway.ctx, "SELECT 1 FROM simulated_transfers WHERE attempts > 0")):
        assert time.monotonic() < deadline, "nothing was told"
        await asyncio.sleep(0.01)
    await asyncio.to_thread(running[0].kill)
    await sql(  # Time passes: a dead process's lease ends.
        gateway.ctx,
        "UPDATE simulated_transfers SET run_at = least(run_at, now() + interval '2 seconds') WHERE told_at IS NULL",
    )
    while await sql(gateway.ctx, "SELECT 1 FROM simulated_transfers WHERE told_at IS NULL"):
        assert time.monotonic() < deadline, "not all was told"
        await asyncio.sleep(0.05)
    rows = await sql(gateway.ctx, "SELECT status FROM payments WHERE mode = 'test'")
    assert [row["status"] for row in rows] == ["PAID"] * 12
    assert await settled(gateway) == sum(10_000 + 100 * number for number in range(12))
    [row] = await sql(gateway.ctx, "SELECT count(*) AS n FROM events WHERE mode = 'test' AND type = 'payment.success'")
    assert row["n"] == 12
