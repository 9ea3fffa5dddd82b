"""Slips in rows: leases, kills, workers beside each other, what is kept and forgotten, and what a person decides."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import emvco
from paygate.banks.slips import ErrorKind, Party, SlipFacts, SlipRef, VerifierError
from paygate.banks.transport import Http
from paygate.core.errors import SlipRefused
from paygate.core.payments import Payment, Status
from paygate.db import slips as rows
from paygate.services import slip_outcomes, slips
from paygate.services.context import Context
from paygate.services.slip_outcomes import Verification
from paygate.services.slips import Given
from paygate.workers import prune, verify
from tests.services.helpers import MINUTE, PRICE, Shop, assert_balanced, now, open_shop, sql

DAY = timedelta(days=1)


class Bank:
    """A verifier of our own: third parties write such ones. It knows `slips`, and counts the questions."""

    name = "bank-of-tests"

    def __init__(self, promptpay: str) -> None:
        self.promptpay = promptpay
        self.known: dict[str, tuple[int, datetime]] = {}
        self.failure = VerifierError(ErrorKind.NOT_FOUND, provider=self.name)
        self.asked = 0
        self.stops_at: asyncio.Event | None = None

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        self.asked += 1
        if self.stops_at is not None:
            await self.stops_at.wait()
        if slip.trans_ref not in self.known:
            raise self.failure
        amount_satang, at = self.known[slip.trans_ref]
        mobile = f"0{self.promptpay[4:]}"
        receiver = Party("ร้าน", None, None, "MSISDN", f"{mobile[:3]}-xxx-{mobile[6:]}")
        return SlipFacts(
            self.name, None, slip.sending_bank, None, slip.trans_ref, at, amount_satang, "THB", Party("นาย ก"), receiver
        )


class NoHttp:
    """A way to vendors that nobody of these tests takes."""

    async def send(self, *_: object, **__: object) -> None:
        raise AssertionError("nothing goes out here")


@pytest.fixture
async def shop(ctx: Context) -> Shop:
    shop = await open_shop(ctx)
    ctx.verifiers = (Bank(shop.account.proxy or ""),)
    ctx.http = NoHttp()  # type: ignore[assignment]
    return shop


def bank(ctx: Context) -> Bank:
    [one] = ctx.verifiers
    assert isinstance(one, Bank)
    return one


def given(number: int = 1, picture: bytes | None = b"JPEG") -> Given:
    return replace(slips.read_text(emvco.slip_payload("004", f"0161{number:010d}")), picture=picture)


def transfers(ctx: Context, number: int = 1, amount_satang: int = PRICE, at: datetime | None = None) -> None:
    bank(ctx).known[f"0161{number:010d}"] = (amount_satang, at or datetime.now(UTC))


def answer(payment: Payment, verification: Verification) -> tuple[int, bytes]:
    return 200, f"{verification.status} {verification.reason}".encode()


async def hand_in(ctx: Context, payment: Payment, number: int = 1, picture: bytes | None = b"JPEG") -> str:
    done = await slips.hand_in(ctx, payment, given(number, picture), None, answer)
    return done.body.decode()


async def row(ctx: Context) -> rows.Slip:
    [found] = await sql(ctx, "SELECT id FROM slips")
    async with ctx.db.connection() as conn:
        slip = await rows.find(conn, found["id"])
    assert slip is not None
    return slip


async def due(ctx: Context) -> None:
    await sql(ctx, "UPDATE slips SET run_at = now() - interval '1 s' WHERE run_at IS NOT NULL")


async def standing_of(ctx: Context, shop: Shop, payment: Payment) -> tuple[str, bool]:
    found = await shop.get(payment)
    return found.status, found.verifying


# --- leases and kills ----------------------------------------------------------------------------------------------


async def test_a_request_that_dies_while_it_asks_leaves_the_slip_to_a_worker(ctx: Context, shop: Shop) -> None:
    payment = await shop.sell()
    bank(ctx).stops_at = asyncio.Event()
    request = asyncio.create_task(hand_in(ctx, payment))
    while not bank(ctx).asked:
        await asyncio.sleep(0.01)
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    assert await standing_of(ctx, shop, payment) == ("PENDING", True)
    bank(ctx).stops_at = None
    transfers(ctx)
    assert await slips.ask_due(ctx, 8) == 0  # Its lease is not over.
    await due(ctx)
    assert await slips.ask_due(ctx, 8) == 1
    assert await standing_of(ctx, shop, payment) == ("PAID", False)
    await assert_balanced(ctx)


async def test_a_kill_between_the_payment_and_the_slips_row_comes_to_the_same_end(ctx: Context, shop: Shop) -> None:
    payment = await shop.sell()
    await hand_in(ctx, payment)
    # The money was taken in under the slip's reference, and nobody lived to write the slip's outcome.
    await shop.hears(reference=f"0161{1:010d}", namespace="bank:004")
    assert ((await row(ctx)).outcome, (await shop.get(payment)).status) == ("VERIFYING", "PAID")
    asked = bank(ctx).asked
    await due(ctx)
    await slips.ask_due(ctx, 8)
    assert ((await row(ctx)).outcome, bank(ctx).asked) == ("PAID", asked)  # Known already: nobody is asked.
    assert len(await sql(ctx, "SELECT 1 FROM events WHERE type = 'payment.success'")) == 1
    await assert_balanced(ctx)


async def test_who_lost_the_lease_writes_nothing(ctx: Context, shop: Shop) -> None:
    payment = await shop.sell()
    freely = bank(ctx).stops_at = asyncio.Event()
    slow = asyncio.create_task(hand_in(ctx, payment))
    while not bank(ctx).asked:
        await asyncio.sleep(0.01)
    await sql(ctx, "UPDATE slips SET lease_id = $1", ctx.new_id())  # A successor has it.
    freely.set()
    assert (await slow).startswith("VERIFYING")
    slip = await row(ctx)
    assert slip.last_error is None and slip.lease_id is not None
    assert await standing_of(ctx, shop, payment) == ("PENDING", True)


async def test_workers_beside_each_other_ask_once(ctx: Context, shop: Shop, crowd: Context) -> None:
    payments = [await shop.sell(PRICE + 1_000 * n) for n in range(6)]
    for n, payment in enumerate(payments):
        await hand_in(ctx, payment, n)
        transfers(ctx, n, payment.payable_satang)
    await due(ctx)
    asked = bank(ctx).asked
    crowd.verifiers, crowd.http = ctx.verifiers, ctx.http
    await asyncio.gather(*(verify.work(crowd) for _ in range(5)))
    assert bank(ctx).asked - asked == 6
    assert [(await shop.get(payment)).status for payment in payments] == ["PAID"] * 6
    await assert_balanced(ctx)


async def test_a_slip_that_breaks_its_workers_gets_to_a_person(ctx: Context, shop: Shop) -> None:
    payment = await shop.sell()
    await hand_in(ctx, payment)
    await sql(ctx, "UPDATE slips SET attempts = $1", slips.MOST_TRIES)
    await due(ctx)
    await verify.work(ctx)
    assert (await row(ctx)).outcome == "REVIEW"
    [review] = await sql(ctx, "SELECT reason, alarm FROM reviews")
    assert (review["reason"], review["alarm"]) == ("SLIP_UNVERIFIED", True)


async def test_one_slip_that_fails_does_not_stop_the_others(ctx: Context, shop: Shop) -> None:
    first, second = await shop.sell(), await shop.sell(PRICE + 1_000)
    await hand_in(ctx, first, 1)
    await hand_in(ctx, second, 2)
    await due(ctx)
    bank(ctx).known["0161" + "1".rjust(10, "0")] = (PRICE, None)  # type: ignore[assignment]
    transfers(ctx, 2, second.payable_satang)
    await verify.work(ctx)
    assert (await shop.get(second)).status == "PAID"
    assert (await shop.get(first)).status == "PENDING"


async def test_a_payment_with_two_slips_waits_for_the_last_of_them(ctx: Context, shop: Shop) -> None:
    payment = await shop.sell()
    await hand_in(ctx, payment, 1)
    await hand_in(ctx, payment, 2)
    bank(ctx).failure = VerifierError(ErrorKind.NOT_SLIP, provider="x")
    await sql(ctx, "UPDATE slips SET run_at = now() WHERE trans_ref = '0161' || lpad('1', 10, '0')")
    await slips.ask_due(ctx, 1)
    assert await standing_of(ctx, shop, payment) == ("PENDING", True)
    await due(ctx)
    await slips.ask_due(ctx, 1)
    assert await standing_of(ctx, shop, payment) == ("PENDING", False)


async def test_the_deadline_moves_once_and_with_it_the_hold_on_the_amount(ctx: Context, shop: Shop) -> None:
    payment = await shop.sell()
    await hand_in(ctx, payment, 1)
    after_one = (await shop.get(payment)).expires_at
    await hand_in(ctx, payment, 2)
    assert (await shop.get(payment)).expires_at == after_one
    assert 89 * MINUTE < after_one - now() <= 90 * MINUTE
    [held] = await sql(ctx, "SELECT until_at, (SELECT max(busy_until) FROM slots) AS busy FROM reservations")
    assert held["until_at"] == after_one + 60 * MINUTE < held["busy"]


# --- what is kept --------------------------------------------------------------------------------------------------


async def reviewed(ctx: Context, shop: Shop) -> rows.Slip:
    """A slip that waits for a person: its bank says another amount."""
    payment = await shop.sell()
    transfers(ctx, 1, PRICE - 100)
    assert await hand_in(ctx, payment) == "REVIEW UNDERPAID"
    return await row(ctx)


async def kept(ctx: Context) -> tuple[bool, bool]:
    [found] = await sql(ctx, "SELECT picture IS NOT NULL AS picture, facts IS NOT NULL AS facts FROM slips")
    return found["picture"], found["facts"]


async def test_pictures_and_names_are_forgotten_after_the_days_that_the_operator_set(ctx: Context, shop: Shop) -> None:
    payment = await shop.sell()
    transfers(ctx)
    assert await hand_in(ctx, payment) == "PAID None"
    ctx.keep_evidence_days = 7
    await prune.work(ctx)
    assert await kept(ctx) == (True, True)
    await sql(ctx, "UPDATE slips SET decided_at = decided_at - interval '8 days'")
    await prune.work(ctx)
    assert await kept(ctx) == (False, False)
    assert (await row(ctx)).trans_ref  # What it was stays known.


async def test_a_slip_that_waits_for_a_person_keeps_its_picture_until_then(ctx: Context, shop: Shop) -> None:
    ctx.keep_evidence_days = 0
    slip = await reviewed(ctx, shop)
    await sql(ctx, "UPDATE slips SET decided_at = decided_at - interval '900 days'")
    await prune.work(ctx)
    assert await kept(ctx) == (True, True)
    async with ctx.db.connection() as conn:
        evidence = await rows.evidence(conn, slip)
    assert evidence.picture == b"JPEG" and evidence.facts is not None
    assert (evidence.facts["amountSatang"], evidence.facts["payerName"]) == (PRICE - 100, "นาย ก")
    await sql(ctx, "UPDATE reviews SET closed_at = now(), resolution = 'reject'")
    await prune.work(ctx)
    assert await kept(ctx) == (False, False)


async def test_an_operator_who_keeps_nothing_has_no_picture_of_what_is_decided(ctx: Context, shop: Shop) -> None:
    ctx.keep_evidence_days = 0
    payment = await shop.sell()
    transfers(ctx)
    assert await hand_in(ctx, payment) == "PAID None"
    assert (await kept(ctx))[0] is False


# --- what is shown ----------------------------------------------------------------------------------


async def test_a_slip_whose_money_is_decided_again_later_shows_as_paid(ctx: Context, shop: Shop) -> None:
    """An orphan's slip is in review; when its money pays after all, the payer is told so."""
    payment = await shop.sell()
    slip = await reviewed(ctx, shop)
    paid = replace(payment, status=Status.PAID, credit_id=slip.credit_id)
    assert slip_outcomes.shown(paid, slip).status == "PAID"
    other = replace(slip, credit_id=ctx.new_id())
    assert slip_outcomes.shown(paid, other).status == "REVIEW"


# --- limits --------------------------------------------------------------------------------------------------------


async def test_handing_a_slip_in_again_after_not_found_counts(ctx: Context, shop: Shop) -> None:
    payment = await shop.sell()
    for _ in range(5):
        assert (await hand_in(ctx, payment)).startswith("VERIFYING")
        await sql(ctx, "UPDATE slips SET attempts = 7")
        await due(ctx)
        await slips.ask_due(ctx, 1)
        assert (await row(ctx)).reason == "NOT_FOUND"
    with pytest.raises(SlipRefused) as refused:
        await hand_in(ctx, payment)
    assert refused.value.reason == "TOO_MANY_SLIPS"
    assert (await row(ctx)).handed == 5
