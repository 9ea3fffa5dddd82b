"""Slips over HTTP, against a verifier on this host: each row of the policy table and each attack that a slip can be."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

import emvco
from paygate.core.reviews import Action
from paygate.services import accounts, evidence, merchants, sources
from paygate.services import reviews as queue
from paygate.services.context import Context
from paygate.services.review_actions import Wish
from tests.banks import slip_pictures
from tests.faces.conftest import Gateway
from tests.faces.slips import Slips, new_slip, slip_gateway, upload
from tests.services.helpers import sql
from tests.slip_bank import SlipBank, received_by

__all__ = ["slip_gateway"]  # A fixture.

MINUTE = timedelta(minutes=1)


async def reviews(ctx: Context) -> list[tuple[str, bool, bool, bool]]:
    """(reason, alarm, shows a slip, has a credit) of the open ones."""
    rows = await sql(ctx, "SELECT * FROM reviews WHERE closed_at IS NULL ORDER BY opened_at, id")
    return [(r["reason"], r["alarm"], r["slip_id"] is not None, r["credit_id"] is not None) for r in rows]


# --- the policy table ----------------------------------------------------------------------------------------------


async def test_a_slip_with_the_exact_amount_the_right_receiver_and_time_pays(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    answer = await slip_gateway.send(made, slip)
    body = answer.json()
    assert (answer.status_code, body["verification"], body["reason"]) == (200, "PAID", None)
    assert body["message"] == {"th": "ได้รับเงินเรียบร้อยแล้ว ขอบคุณ", "en": "Your payment has arrived. Thank you."}
    assert (body["transaction"]["status"], body["transaction"]["receivedAmount"]) == ("PAID", 150)
    read = await slip_gateway.read(made)
    assert (read["status"], read["verification"]["status"]) == ("PAID", "PAID")
    [credit] = await sql(slip_gateway.ctx, "SELECT rank, payer_name, sending_bank, confirmed_at FROM credits")
    assert (credit["rank"], credit["payer_name"], credit["sending_bank"]) == ("B", "นาย ทดสอบ ร", "004")
    assert credit["confirmed_at"] is not None
    events = await sql(
        slip_gateway.ctx, "SELECT type FROM events WHERE subject_id = $1 ORDER BY created_at", made["id"]
    )
    assert [row["type"] for row in events] == ["payment.created", "payment.verification", "payment.success"]


async def test_a_photo_of_the_slip_pays_like_its_text(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    photo = slip_pictures.as_file(slip_pictures.slip(slip, side=220).rotate(7, expand=True))
    answer = await upload(slip_gateway, made, photo)
    assert (answer.status_code, answer.json()["verification"]) == (200, "PAID"), answer.text
    [row] = await sql(slip_gateway.ctx, "SELECT picture FROM slips")
    assert row["picture"].startswith(b"\xff\xd8\xff") and len(row["picture"]) < len(photo)


async def test_the_same_slip_again_for_the_same_payment_is_the_same_answer_and_no_second_event(
    slip_gateway: Slips,
) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    for _ in range(8):
        assert await slip_gateway.outcome(made, slip) == ("PAID", None)
    assert slip_gateway.bank.asked == [slip]
    assert len(await sql(slip_gateway.ctx, "SELECT 1 FROM events WHERE type = 'payment.success'")) == 1


async def test_a_slip_that_paid_another_payment_is_rejected_and_the_payment_stays_open(slip_gateway: Slips) -> None:
    first, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    assert await slip_gateway.outcome(first, slip) == ("PAID", None)
    second = await slip_gateway.gateway.create()
    assert await slip_gateway.outcome(second, slip) == ("REJECTED", "DUPLICATE")
    assert slip_gateway.bank.asked == [slip]  # What is known needs no paid question.
    read = await slip_gateway.read(second)
    assert (read["status"], read["verification"]["reason"]) == ("PENDING", "DUPLICATE")
    assert (await slip_gateway.gateway.ask("POST", f"/api/v1/payment/{second['id']}/cancel")).status_code == 200


@pytest.mark.parametrize(("baht", "reason"), [(149.99, "UNDERPAID"), (1, "UNDERPAID"), (150.01, "OVERPAID")])
async def test_another_amount_is_never_paid_and_goes_to_a_person(slip_gateway: Slips, baht: float, reason: str) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, baht)
    assert await slip_gateway.outcome(made, slip) == ("REVIEW", reason)
    assert (await slip_gateway.read(made))["status"] == "PENDING"
    assert await reviews(slip_gateway.ctx) == [(reason, False, True, True)]
    [credit] = await sql(slip_gateway.ctx, "SELECT amount_satang, state, reason, booked, rank FROM credits")
    assert tuple(credit) == (round(baht * 100), "UNASSIGNED", reason, True, "B")  # It is money, in suspense.
    [review] = await sql(slip_gateway.ctx, "SELECT detail, candidates::text FROM reviews")
    assert f"{baht:.2f} THB" in review["detail"] and made["id"] in review["candidates"]
    assert await slip_gateway.outcome(made, slip) == ("REVIEW", reason)
    assert len(await sql(slip_gateway.ctx, "SELECT 1 FROM credits")) == 1


async def test_two_slips_of_parts_are_combined_by_a_person(slip_gateway: Slips) -> None:
    ctx, made = slip_gateway.ctx, await slip_gateway.gateway.create()
    for part in (100, 50):
        slip = new_slip()
        slip_gateway.bank.knows(slip, part)
        assert await slip_gateway.outcome(made, slip) == ("REVIEW", "UNDERPAID")
    first, second = (await queue.list_reviews(ctx, 0)).reviews
    assert first.review.credit_id and second.review.credit_id
    wish = Wish(Action.COMBINE, "cli:somchai", "two parts", UUID(made["id"]), (second.review.credit_id,))
    await queue.resolve(ctx, 0, first.review.id, wish)
    read = await slip_gateway.read(made)
    assert (read["status"], read["receivedAmount"], read["verification"]["status"]) == ("PAID", 150, "PAID")


async def test_a_slip_of_another_amount_pays_whoever_held_it(slip_gateway: Slips) -> None:
    holder, other, slip = await slip_gateway.gateway.create(amount=151), await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 151)
    assert await slip_gateway.outcome(other, slip) == ("REJECTED", "DUPLICATE")  # As a notice of it would have.
    assert [(await slip_gateway.read(made))["status"] for made in (holder, other)] == ["PAID", "PENDING"]


async def test_money_that_a_slip_told_of_is_asked_about_with_its_payment_whatever_else_tells_of_it(
    slip_gateway: Slips,
) -> None:
    ctx, made, slip, at = slip_gateway.ctx, await slip_gateway.gateway.create(), new_slip(), datetime.now(UTC)
    told = {"amount": 100, "occurredAt": at.isoformat()}
    assert (await slip_gateway.gateway.tell(told)).json()["outcome"] == "ORPHAN"
    slip_gateway.bank.knows(slip, 100, at)
    assert await slip_gateway.outcome(made, slip) == ("REVIEW", "UNDERPAID")
    [credit] = await sql(ctx, "SELECT merchant_id, mode, id FROM credits")
    await evidence.decide_again(ctx, *credit)
    [review] = await sql(ctx, "SELECT reason, candidates::text FROM reviews WHERE closed_at IS NULL")
    assert review["reason"] == "UNDERPAID" and made["id"] in review["candidates"]


async def test_money_for_another_account_is_rejected_and_uses_up_no_reference(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150, receiver=received_by("014", "xxx-x-x9456-x"))
    assert await slip_gateway.outcome(made, slip) == ("REJECTED", "WRONG_RECEIVER")
    assert await sql(slip_gateway.ctx, "SELECT 1 FROM credit_refs") == []
    assert await reviews(slip_gateway.ctx) == []


UNKNOWN: dict[str, dict[str, Any]] = {
    "two digits": received_by("014", "xxx-x-xxx56-x"),
    "a name only": received_by("014", None),
    "another bank with the same digits": received_by("004", "xxx-x-x3456-x"),
    "proxy fits and account does not": received_by("014", "xxx-x-x9999-x", "081-xxx-5678"),
}


@pytest.mark.parametrize("receiver", UNKNOWN.values(), ids=UNKNOWN)
async def test_a_receiver_that_shows_too_little_goes_to_a_person(slip_gateway: Slips, receiver: dict[str, Any]) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150, receiver=receiver)
    assert await slip_gateway.outcome(made, slip) == ("REVIEW", "RECEIVER_UNKNOWN")
    assert await reviews(slip_gateway.ctx) == [("RECEIVER_UNKNOWN", False, True, False)]


async def test_the_promptpay_id_alone_tells_the_receiver(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    receiver = received_by(None, None, "081-xxx-5678")
    slip_gateway.bank.knows(slip, 150, receiver=receiver)
    assert await slip_gateway.outcome(made, slip) == ("PAID", None)


async def test_an_old_slip_of_the_same_payer_and_price_is_stale(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150, datetime.now(UTC) - 3 * MINUTE)
    assert await slip_gateway.outcome(made, slip) == ("REJECTED", "STALE_SLIP")
    assert await sql(slip_gateway.ctx, "SELECT 1 FROM credit_refs") == []


async def test_a_clock_that_is_a_minute_late_is_no_reason(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150, datetime.now(UTC) - MINUTE)
    assert await slip_gateway.outcome(made, slip) == ("PAID", None)


async def test_a_transfer_from_the_future_goes_to_a_person_with_an_alarm(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150, datetime.now(UTC) + 5 * MINUTE)
    assert await slip_gateway.outcome(made, slip) == ("REVIEW", "IN_FUTURE")
    assert await reviews(slip_gateway.ctx) == [("IN_FUTURE", True, True, False)]


async def age(ctx: Context, made: dict[str, Any], back: timedelta) -> None:
    """As if the payment had been made *back* earlier."""
    for statement in (
        "UPDATE payments SET created_at = created_at - $2::interval, expires_at = expires_at - $2 WHERE id = $1",
        "UPDATE reservations SET from_at = from_at - $2::interval, until_at = until_at - $2 WHERE payment_id = $1",
    ):
        await sql(ctx, statement, made["id"], back)


async def test_a_slip_within_grace_after_expiry_pays_late(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    await age(slip_gateway.ctx, made, 30 * MINUTE)
    assert (await slip_gateway.read(made))["status"] == "EXPIRED"
    slip_gateway.bank.knows(slip, 150)
    assert await slip_gateway.outcome(made, slip) == ("PAID", None)
    read = await slip_gateway.read(made)
    assert (read["status"], read["exception"]) == ("PAID", "LATE")


async def test_a_slip_of_money_that_came_in_time_pays_without_a_flag_however_late_it_is_handed_in(
    slip_gateway: Slips,
) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    await age(slip_gateway.ctx, made, timedelta(hours=5))
    slip_gateway.bank.knows(slip, 150, datetime.now(UTC) - timedelta(hours=5) + MINUTE)
    assert await slip_gateway.outcome(made, slip) == ("PAID", None)
    read = await slip_gateway.read(made)
    assert (read["status"], read["exception"]) == ("PAID", None)


async def test_money_later_than_grace_is_kept_and_goes_to_a_person(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    await age(slip_gateway.ctx, made, timedelta(hours=5))
    slip_gateway.bank.knows(slip, 150)
    verification, reason = await slip_gateway.outcome(made, slip)
    assert (verification, reason) == ("REVIEW", "ORPHAN")
    assert await reviews(slip_gateway.ctx) == [("ORPHAN", False, True, True)]
    assert (await slip_gateway.read(made))["status"] == "EXPIRED"


async def test_a_credit_that_fits_several_payments_goes_to_a_person(slip_gateway: Slips) -> None:
    made, _ = await slip_gateway.gateway.create(), await slip_gateway.gateway.create()  # Tagging is off.
    slip = new_slip()
    slip_gateway.bank.knows(slip, 150)
    assert await slip_gateway.outcome(made, slip) == ("REVIEW", "AMBIGUOUS")
    assert await reviews(slip_gateway.ctx) == [("AMBIGUOUS", False, True, True)]


@pytest.mark.parametrize(
    ("message", "status"),
    [("slip_not_found", 404), ("slip_pending", 404), ("server_error", 500), ("quota_exceeded", 403),
     ("unauthorized", 401), ("a word of tomorrow", 418)],
)  # fmt: skip
async def test_without_an_answer_it_is_being_verified_and_the_payment_waits(
    slip_gateway: Slips, message: str, status: int
) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.fails(slip, message, status)
    answer = await slip_gateway.send(made, slip)
    assert (answer.status_code, answer.json()["verification"]) == (202, "VERIFYING")
    assert "quota" not in answer.text and "key" not in answer.json()["message"]["en"]
    cancelled = await slip_gateway.gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (409, "VERIFYING")
    before, read = datetime.fromisoformat(made["expiresAt"]), await slip_gateway.read(made)
    assert timedelta(minutes=70) < datetime.fromisoformat(read["expiresAt"]) - before <= timedelta(minutes=90)
    assert (read["status"], read["verification"]["status"]) == ("PENDING", "VERIFYING")
    [row] = await sql(slip_gateway.ctx, "SELECT run_at - now() AS pause, attempts, lease_id FROM slips")
    assert timedelta(seconds=20) < row["pause"] <= timedelta(seconds=30)
    assert (row["attempts"], row["lease_id"]) == (1, None)
    # The bank knows it now.
    slip_gateway.bank.knows(slip, 150)
    await slip_gateway.worker()
    assert (await slip_gateway.read(made))["status"] == "PAID"
    assert await slip_gateway.outcome(made, slip) == ("PAID", None)


async def test_not_found_to_the_end_is_rejected_and_may_be_handed_in_again(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    assert await slip_gateway.outcome(made, slip) == ("VERIFYING", None)
    pauses = []
    for _ in range(6):
        [row] = await sql(slip_gateway.ctx, "SELECT run_at - now() AS pause, outcome FROM slips")
        assert row["outcome"] == "VERIFYING"
        pauses.append(round(row["pause"] / timedelta(seconds=30)))
        await slip_gateway.worker()
    assert pauses == [1, 2, 4, 10, 20, 30]  # 30 s, 1, 2, 5, 10, 15 min.
    read = await slip_gateway.read(made)
    assert (read["verification"]["status"], read["verification"]["reason"]) == ("REJECTED", "NOT_FOUND")
    assert await reviews(slip_gateway.ctx) == []
    # It is free again, and so is the slip.
    slip_gateway.bank.knows(slip, 150)
    assert await slip_gateway.outcome(made, slip) == ("PAID", None)


@pytest.mark.parametrize(("message", "alarm"), [("quota_exceeded", True), ("server_error", False), ("new", False)])
async def test_a_verifier_that_never_answers_leaves_it_to_a_person_and_nothing_is_paid(
    slip_gateway: Slips, message: str, alarm: bool
) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.fails(slip, message, 500)
    assert await slip_gateway.outcome(made, slip) == ("VERIFYING", None)
    for _ in range(9):
        assert (await slip_gateway.read(made))["verification"]["status"] == "VERIFYING"
        await slip_gateway.worker()
    assert (await slip_gateway.read(made))["verification"]["status"] == "REVIEW"
    assert await reviews(slip_gateway.ctx) == [("SLIP_UNVERIFIED", alarm, True, False)]


async def test_after_ninety_minutes_it_ends_whatever_pauses_the_vendor_wished_for(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.fails(slip, "server_error", 500)
    await slip_gateway.outcome(made, slip)
    await sql(slip_gateway.ctx, "UPDATE slips SET handed_at = handed_at - interval '91 minutes'")
    await slip_gateway.worker()
    assert (await slip_gateway.read(made))["verification"]["status"] == "REVIEW"


async def test_a_slip_never_pays_whoever_did_not_hold_the_amount(slip_gateway: Slips) -> None:
    """The slip names X; the money is that of Y, who held the amount when it moved."""
    gateway, ctx = slip_gateway.gateway, slip_gateway.ctx
    late = await gateway.create()
    await age(ctx, late, timedelta(hours=3))  # Its hold is over,
    holder = await gateway.create()  # and now somebody else has the amount.
    slip = new_slip()
    slip_gateway.bank.knows(slip, 150)
    assert await slip_gateway.outcome(late, slip) == ("REJECTED", "DUPLICATE")
    assert (await slip_gateway.read(holder))["status"] == "PAID"
    assert (await slip_gateway.read(late))["status"] == "EXPIRED"


# --- notice and slip -----------------------------------------------------------------------------------------------


async def test_bridge_and_slip_of_one_transfer_are_one_credit(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip("014")
    at, reference = datetime.now(UTC), emvco.parse(slip).slip.reference  # type: ignore[union-attr]
    told = {"amount": 150, "occurredAt": at.isoformat(), "sendingBank": "014", "transRef": reference}
    assert (await slip_gateway.gateway.tell(told)).json()["outcome"] == "PAID"
    slip_gateway.bank.knows(slip, 150, at)
    assert await slip_gateway.outcome(made, slip) == ("PAID", None)  # This very transfer paid it.
    assert slip_gateway.bank.asked == []
    refused = await slip_gateway.send(made, new_slip())
    assert (refused.status_code, refused.json()["reason"]) == (409, "PAID_ALREADY")
    assert refused.json()["payerMessage"]["th"]


async def test_a_slip_whose_money_was_told_of_before_pays_once(slip_gateway: Slips) -> None:
    made, slip, at = await slip_gateway.gateway.create(), new_slip(), datetime.now(UTC)
    slip_gateway.bank.fails(slip, "slip_pending")
    assert await slip_gateway.outcome(made, slip) == ("VERIFYING", None)
    told = {"amount": 150, "occurredAt": at.isoformat(), "sendingBank": None, "transRef": None}
    assert (await slip_gateway.gateway.tell(told)).json()["outcome"] == "PAID"
    assert (await slip_gateway.read(made))["verification"]["status"] == "PAID"
    slip_gateway.bank.knows(slip, 150, at)
    await slip_gateway.worker()
    assert len(await sql(slip_gateway.ctx, "SELECT 1 FROM credits")) == 1
    [row] = await sql(slip_gateway.ctx, "SELECT outcome FROM slips")
    assert row["outcome"] == "PAID"


async def test_slip_and_bridge_at_the_same_moment_pay_once(slip_gateway: Slips) -> None:
    for _ in range(4):
        made, slip, at = await slip_gateway.gateway.create(), new_slip("014"), datetime.now(UTC)
        slip_gateway.bank.knows(slip, 150, at)
        reference = emvco.parse(slip).slip.reference  # type: ignore[union-attr]
        told = {"amount": 150, "occurredAt": at.isoformat(), "sendingBank": "014", "transRef": reference}
        answer, _ = await asyncio.gather(slip_gateway.send(made, slip), slip_gateway.gateway.tell(told))
        assert answer.json()["verification"] == "PAID"
        assert (await slip_gateway.read(made))["status"] == "PAID"
    assert len(await sql(slip_gateway.ctx, "SELECT 1 FROM credits")) == 4
    assert len(await sql(slip_gateway.ctx, "SELECT 1 FROM events WHERE type = 'payment.success'")) == 4


# --- attacks -------------------------------------------------------------------------------------------------------


async def test_attack_02_an_invented_qr_reaches_no_verifier(slip_gateway: Slips) -> None:
    made, good = await slip_gateway.gateway.create(), new_slip()
    bad_sum = good[:-4] + ("0000" if good[-4:] != "0000" else "1111")
    for text, reason in (
        (bad_sum, "NOT_A_SLIP"),
        (emvco.slip_payload("999", "mamauishigure"), "UNKNOWN_BANK"),
        (made["qrPayload"], "PAYMENT_QR_NOT_SLIP"),
        ("https://line.me/ti/p/x", "NOT_A_SLIP"),
    ):
        assert await slip_gateway.outcome(made, text) == ("REJECTED", reason)
    assert slip_gateway.bank.asked == []


async def test_attack_02_a_record_of_another_transfer_is_not_believed(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150, transRef="0161000000000XyZ99")
    assert await slip_gateway.outcome(made, slip) == ("VERIFYING", None)


async def test_attack_04_one_slip_at_two_payments_two_merchants_and_in_other_letters(slip_gateway: Slips) -> None:
    gateway, ctx = slip_gateway.gateway, slip_gateway.ctx
    other = await merchants.create(ctx, email="other@example.com", name="Other", plan="free", approve=True)
    mine, slip = await gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    assert await slip_gateway.outcome(mine, slip) == ("PAID", None)
    answer = await gateway.ask("POST", "/api/v1/payment/create", {"amount": 150}, key=other.live_secret_key)
    theirs = answer.json()["transaction"]
    again = await slip_gateway.send(theirs, slip, key=other.live_secret_key)
    assert (again.json()["verification"], again.json()["reason"]) == ("REJECTED", "DUPLICATE")
    swapped = emvco.parse(slip).slip.reference.swapcase()  # type: ignore[union-attr]
    other_case = emvco.slip_payload("004", swapped)  # Another reference, then: its bank does not know it.
    answer = await slip_gateway.send(theirs, other_case, key=other.live_secret_key)
    assert answer.json()["verification"] == "VERIFYING"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_attack_04_another_encoding_of_the_picture_is_the_same_slip(slip_gateway: Slips, kind: str) -> None:
    first, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    assert await slip_gateway.outcome(first, slip) == ("PAID", None)
    second = await slip_gateway.gateway.create()
    picture = slip_pictures.as_file(slip_pictures.slip(slip, side=220, width=600, height=900), kind)
    answer = await upload(slip_gateway, second, picture)
    assert (answer.json()["verification"], answer.json()["reason"]) == ("REJECTED", "DUPLICATE")


async def test_attack_08_foreign_money_is_never_paid(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150, amount={"amount": 150, "local": {"amount": 150, "currency": "USD"}})
    assert (await slip_gateway.outcome(made, slip))[0] != "PAID"
    assert (await slip_gateway.read(made))["status"] == "PENDING"


async def test_attack_10_two_payers_race_with_one_slip(slip_gateway: Slips) -> None:
    gateway, ctx = slip_gateway.gateway, slip_gateway.ctx
    await accounts.add(
        ctx,
        owner=0,
        promptpay="0812345678",
        bank="014",
        number="4061234567",
        name="บริษัท เพย์เกต จำกัด",
        amount_tagging="auto",
    )
    for _ in range(3):
        one, other, slip = await gateway.create(amount=80), await gateway.create(amount=80), new_slip()
        slip_gateway.bank.knows(slip, one["payableAmount"])
        answers = await asyncio.gather(*(slip_gateway.send(made, slip) for made in (one, other, one, other)))
        assert [answers[n].status_code in (200, 202) for n in range(4)] == [True] * 4
        assert (await slip_gateway.read(one))["status"] == "PAID"
        assert (await slip_gateway.read(other))["status"] == "PENDING"
    assert len(await sql(ctx, "SELECT 1 FROM credits WHERE state = 'SETTLED'")) == 3


async def test_attack_10_a_double_submit_asks_once_and_answers_twice(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    answers = await asyncio.gather(*(slip_gateway.send(made, slip) for _ in range(5)))
    assert {answer.json()["verification"] for answer in answers} <= {"PAID", "VERIFYING"}
    assert slip_gateway.bank.asked == [slip]
    assert await slip_gateway.outcome(made, slip) == ("PAID", None)


async def test_attack_17_five_slips_and_twenty_pictures_are_the_most(slip_gateway: Slips) -> None:
    made = await slip_gateway.gateway.create()
    for _ in range(5):
        assert (await slip_gateway.send(made, new_slip())).status_code == 202
    refused = await slip_gateway.send(made, new_slip())
    assert (refused.status_code, refused.json()["error"], refused.json()["reason"]) == (
        409, "CONFLICT", "TOO_MANY_SLIPS"
    )  # fmt: skip
    assert len(slip_gateway.bank.asked) == 5
    other = await slip_gateway.gateway.create()
    for _ in range(20):
        assert await slip_gateway.outcome(other, "no slip") == ("REJECTED", "NOT_A_SLIP")
    assert (await slip_gateway.send(other, "no slip")).status_code == 409
    assert (await upload(slip_gateway, other, b"not even read")).status_code == 409


async def test_attack_17_racing_uploads_do_not_pass_the_limit(slip_gateway: Slips) -> None:
    made = await slip_gateway.gateway.create()
    answers = await asyncio.gather(*(slip_gateway.send(made, new_slip()) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [409] * 7
    assert len(slip_gateway.bank.asked) == 5


@dataclass
class Direct:
    """A merchant with an account and a bridge of its own."""

    slips: Slips
    key: str
    source: Any

    async def create(self) -> dict[str, Any]:
        answer = await self.slips.gateway.ask("POST", "/api/v1/payment/create", {"amount": 150}, key=self.key)
        made: dict[str, Any] = answer.json()["transaction"]
        return made

    async def bridge_tells(self, slip: str, at: datetime) -> str:
        reference = emvco.parse(slip).slip.reference  # type: ignore[union-attr]
        told = {"amount": 150, "occurredAt": at.isoformat(), "sendingBank": "004", "transRef": reference}
        heard = await self.slips.gateway.tell(told, secret=self.source.secret, source=str(self.source.id))
        outcome: str = heard.json()["outcome"]
        return outcome

    async def sends(self, made: dict[str, Any], slip: str, at: datetime) -> tuple[str, str | None]:
        self.slips.bank.knows(slip, 150, at, receiver=received_by("004", "xxx-x-x2333-x"))
        body = (await self.slips.send(made, slip, key=self.key)).json()
        return body["verification"], body["reason"]


@pytest.fixture
async def direct(ctx: Context, slip_gateway: Slips) -> Direct:
    shop = await merchants.create(
        ctx, email="pro@example.com", name="Pro", plan="pro", promptpay="0899999999", approve=True
    )
    account = await accounts.add(
        ctx,
        owner=shop.merchant_id,
        promptpay="0899999999",
        bank="004",
        number="1112223334",
        name="Pro",
        amount_tagging="off",
    )
    source = await sources.add(ctx, account_id=account.id, kind="generic")
    return Direct(slip_gateway, shop.live_secret_key, source)


async def test_attack_11_a_transfer_that_a_merchants_own_bridge_told_of_pays_no_second_order(direct: Direct) -> None:
    """Its bridge's references are its own, the verifier's are everybody's: the transfer is one all the same."""
    one, slip, at = await direct.create(), new_slip(), datetime.now(UTC)
    assert await direct.bridge_tells(slip, at) == "PAID"
    two = await direct.create()
    assert await direct.sends(two, slip, at) == ("REJECTED", "DUPLICATE")
    assert await direct.sends(one, slip, at) == ("PAID", None)


async def test_attack_11_a_slip_that_paid_pays_no_second_order_by_the_merchants_own_bridge(direct: Direct) -> None:
    one, slip, at = await direct.create(), new_slip(), datetime.now(UTC)
    assert await direct.sends(one, slip, at) == ("PAID", None)
    await direct.create()
    assert await direct.bridge_tells(slip, at) == "DUPLICATE"
    assert len(await sql(direct.slips.ctx, "SELECT 1 FROM credits")) == 1


async def test_a_slip_for_a_direct_merchant_is_reviewed_by_that_merchant(direct: Direct) -> None:
    made, slip = await direct.create(), new_slip()
    direct.slips.bank.knows(slip, 149, receiver=received_by("004", "xxx-x-x2333-x"))
    body = (await direct.slips.send(made, slip, key=direct.key)).json()
    assert (body["verification"], body["reason"]) == ("REVIEW", "UNDERPAID")
    [review] = await sql(direct.slips.ctx, "SELECT merchant_id, detail FROM reviews")
    assert review["merchant_id"] != 0 and "149.00 THB" in review["detail"]


# --- without a verifier --------------------------------------------------------------------------------------------


async def test_without_a_verifier_a_slip_goes_to_a_person_with_its_picture(gateway: Gateway) -> None:
    made, slip = await gateway.create(), new_slip()
    slips_of = Slips(gateway, SlipBank(), "")
    picture = slip_pictures.as_file(slip_pictures.slip(slip, side=220, width=600, height=900))
    answer = await upload(slips_of, made, picture)
    assert (answer.status_code, answer.json()["verification"], answer.json()["reason"]) == (
        200, "REVIEW", "SLIP_UNVERIFIED"
    )  # fmt: skip
    assert "เจ้าหน้าที่" in answer.json()["message"]["th"]
    assert await reviews(gateway.ctx) == [("SLIP_UNVERIFIED", False, True, False)]
    [row] = await sql(gateway.ctx, "SELECT * FROM slips")
    assert (row["sending_bank"], row["outcome"]) == ("004", "REVIEW") and row["picture"] is not None
    [review] = await sql(gateway.ctx, "SELECT merchant_id, slip_id, candidates FROM reviews")
    assert (review["merchant_id"], review["slip_id"]) == (0, row["id"])
    assert json.loads(review["candidates"])[0]["paymentId"] == made["id"]
    read = await slips_of.read(made)
    assert (read["status"], read["verification"]["status"]) == ("PENDING", "REVIEW")
    # It is decided, as far as we can: the merchant may cancel.
    assert (await gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")).status_code == 200


async def test_test_money_asks_no_paid_verifier(slip_gateway: Slips) -> None:
    key = slip_gateway.gateway.world.test_key
    await accounts.add(slip_gateway.ctx, owner=0, promptpay="0823456789", name="Test", amount_tagging="off", test=True)
    answer = await slip_gateway.gateway.ask("POST", "/api/v1/payment/create", {"amount": 150}, key=key)
    made = answer.json()["transaction"]
    sent = await slip_gateway.send(made, new_slip(), key=key)
    assert (sent.status_code, sent.json()["verification"]) == (200, "REVIEW")
    assert slip_gateway.bank.asked == []


async def test_a_truemoney_slip_goes_to_a_person(slip_gateway: Slips) -> None:
    made = await slip_gateway.gateway.create()
    slip = emvco.truemoney_slip_payload("P2P", "50001234567890", datetime.now(UTC).date())
    assert await slip_gateway.outcome(made, slip) == ("REVIEW", "SLIP_UNVERIFIED")
    assert slip_gateway.bank.asked == []
