"""The policy table and the list of attacks, row by row: what decides each, over HTTP against the real stack.

ROWS and ATTACKS name the test of each row; those that no other file has are below. A name that is no test fails.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paygate.core import ids
from paygate.services import accounts, sources, statement_files
from tests.banks import slip_pictures
from tests.faces.conftest import Gateway
from tests.faces.slips import Slips, new_slip, slip_gateway, upload
from tests.faces.test_notices import phone_for, sms
from tests.services.helpers import sql
from tests.services.sheets import Row, sheet

__all__ = ["slip_gateway"]  # A fixture.

MINUTE = timedelta(minutes=1)
HERE, SLIPS, NOTICES = "tests.faces.test_policy_table", "tests.faces.test_v1_slips", "tests.faces.test_notices"
BANKS, BRIDGE = "tests.faces.test_bank_callbacks", "tests.faces.test_bank_in"
BROWSERS, ACCESS = "tests.faces.test_v1_browsers", "tests.faces.test_v1_slip_access"

ROWS: Mapping[str, tuple[str, ...]] = {
    "A or B: exact satang, receiver, time in window, unused reference: PAID": (
        f"{SLIPS}:test_a_slip_with_the_exact_amount_the_right_receiver_and_time_pays",
        f"{BRIDGE}:test_a_signed_credit_pays_and_its_repeat_is_a_duplicate",
        f"{BANKS}:test_a_payment_that_scb_confirms_is_paid",
    ),
    "C: exact satang, own account, money in, one payment and one credit: PAID, up to a ceiling": (
        f"{NOTICES}:test_a_notice_pays_the_payment_that_waits_for_it_and_its_repeat_changes_nothing",
        f"{HERE}:test_a_notice_above_the_ceiling_waits_until_the_slip_confirms_it",
    ),
    "the same evidence again for the same payment: the same answer, no second webhook": (
        f"{SLIPS}:test_the_same_slip_again_for_the_same_payment_is_the_same_answer_and_no_second_event",
    ),
    "a reference that another payment used: DUPLICATE, the payment stays open": (
        f"{SLIPS}:test_a_slip_that_paid_another_payment_is_rejected_and_the_payment_stays_open",
    ),
    "a lower amount: UNDERPAID, review": (
        f"{SLIPS}:test_another_amount_is_never_paid_and_goes_to_a_person",
        f"{HERE}:test_too_little_under_a_bills_reference_is_shown_and_too_much_pays_where_the_merchant_wants_it",
    ),
    "a higher amount: not by itself, unless the merchant allows it: OVERPAID": (
        f"{SLIPS}:test_another_amount_is_never_paid_and_goes_to_a_person",
        f"{HERE}:test_too_little_under_a_bills_reference_is_shown_and_too_much_pays_where_the_merchant_wants_it",
    ),
    "another receiver: WRONG_RECEIVER": (
        f"{SLIPS}:test_money_for_another_account_is_rejected_and_uses_up_no_reference",
    ),
    "a receiver of whom too little is shown: review": (
        f"{SLIPS}:test_a_receiver_that_shows_too_little_goes_to_a_person",
        f"{NOTICES}:test_money_on_an_account_that_the_text_does_not_show_is_for_a_person",
    ),
    "a slip older than the payment: STALE_SLIP": (f"{SLIPS}:test_an_old_slip_of_the_same_payer_and_price_is_stale",),
    "within grace after expiry, the amount still held: PAID, LATE": (
        f"{SLIPS}:test_a_slip_within_grace_after_expiry_pays_late",
        f"{BANKS}:test_late_money_is_still_the_customers",
    ),
    "later than grace, or cancelled: review, never dropped": (
        f"{SLIPS}:test_money_later_than_grace_is_kept_and_goes_to_a_person",
        "tests.faces.test_v1_slip_events:test_money_that_waits_for_a_person_is_told_to_whom_it_can_only_be_for",
    ),
    "a credit that fits several payments: AMBIGUOUS, review": (
        f"{SLIPS}:test_a_credit_that_fits_several_payments_goes_to_a_person",
    ),
    "a credit that fits none: ORPHAN, kept, tried again": (
        f"{BRIDGE}:test_money_that_nobody_asked_for_is_an_orphan",
        f"{HERE}:test_money_that_came_a_moment_before_its_payment_pays_it",
    ),
    "two equal credits, one payment: the second is an orphan to be refunded": (
        f"{BANKS}:test_money_that_comes_twice_settles_once",
        f"{NOTICES}:test_two_real_credits_of_one_amount_in_one_minute_stay_two",
    ),
    "money out, OTP, promotion, failed, unread: ignored and counted, or asked about": (
        f"{NOTICES}:test_attack_12_what_is_no_money_on_this_account_is_ignored_and_kept",
        f"{NOTICES}:test_a_text_that_nobody_understands_is_reviewed_once_with_its_words",
    ),
    "an unknown sender, a bad signature, nonce or clock: 401, and a counter": (
        f"{NOTICES}:test_attack_12_a_notice_that_the_phone_did_not_sign_is_401_and_leaves_no_trace",
        f"{HERE}:test_what_no_source_signed_is_counted",
    ),
    "pending, not found yet, bank down, too many requests: VERIFYING, asked again": (
        f"{SLIPS}:test_without_an_answer_it_is_being_verified_and_the_payment_waits",
    ),
    "not found at the last try: NOT_FOUND, may be handed in again": (
        f"{SLIPS}:test_not_found_to_the_end_is_rejected_and_may_be_handed_in_again",
    ),
    "the verifier refuses our key or quota: VERIFYING and an alarm, never PAID": (
        f"{SLIPS}:test_a_verifier_that_never_answers_leaves_it_to_a_person_and_nothing_is_paid",
        f"{HERE}:test_a_verifier_that_refuses_us_is_counted_and_nothing_is_paid",
    ),
    "an unsigned callback: the bank is asked, PAID only when it agrees": (
        f"{BANKS}:test_the_banks_facts_count_and_not_the_claims",
        f"{BANKS}:test_a_qr_that_kbank_has_no_money_for_pays_nothing",
    ),
    "money after EXPIRED from the bank: PAID, LATE": (f"{BANKS}:test_late_money_is_still_the_customers",),
    "reversed: REVERSED, event and alarm, history kept": (
        f"{BANKS}:test_money_that_scb_took_back_is_reversed",
        f"{BANKS}:test_a_void_at_kbank_is_a_reversal",
    ),
    "notice and slip of one credit: merged, one payment": (
        f"{SLIPS}:test_bridge_and_slip_of_one_transfer_are_one_credit",
        f"{HERE}:test_a_notice_above_the_ceiling_waits_until_the_slip_confirms_it",
    ),
    "a statement that lacks a PAID credit: an alarm, no un-paying": (
        f"{HERE}:test_a_statement_without_the_money_of_a_paid_payment_alarms_and_changes_nothing",
    ),
}

ATTACKS: Mapping[int, tuple[str, ...]] = {
    1: (f"{HERE}:test_attack_01_what_is_painted_on_a_slip_is_not_read",),
    2: (
        f"{SLIPS}:test_attack_02_an_invented_qr_reaches_no_verifier",
        f"{SLIPS}:test_attack_02_a_record_of_another_transfer_is_not_believed",
    ),
    3: (f"{HERE}:test_attack_03_the_code_of_another_real_slip_pays_nothing",),
    4: (
        f"{SLIPS}:test_attack_04_one_slip_at_two_payments_two_merchants_and_in_other_letters",
        f"{SLIPS}:test_attack_04_another_encoding_of_the_picture_is_the_same_slip",
    ),
    5: (
        f"{SLIPS}:test_money_for_another_account_is_rejected_and_uses_up_no_reference",
        f"{SLIPS}:test_a_receiver_that_shows_too_little_goes_to_a_person",
    ),
    6: (f"{SLIPS}:test_an_old_slip_of_the_same_payer_and_price_is_stale",),
    7: (f"{HERE}:test_attack_07_parts_that_add_up_pay_nothing_by_themselves",),
    8: (f"{SLIPS}:test_attack_08_foreign_money_is_never_paid",),
    9: (f"{BANKS}:test_money_that_was_taken_back_before_we_heard_pays_nothing",),
    10: (
        f"{SLIPS}:test_attack_10_two_payers_race_with_one_slip",
        f"{SLIPS}:test_attack_10_a_double_submit_asks_once_and_answers_twice",
    ),
    11: (
        f"{SLIPS}:test_attack_11_a_transfer_that_a_merchants_own_bridge_told_of_pays_no_second_order",
        f"{SLIPS}:test_attack_11_a_slip_that_paid_pays_no_second_order_by_the_merchants_own_bridge",
    ),
    12: (
        f"{NOTICES}:test_attack_12_the_same_signed_body_replayed_pays_once",
        f"{NOTICES}:test_a_forged_notice_that_does_not_know_the_balance_pays_nothing",
    ),
    13: (
        f"{BANKS}:test_who_has_no_key_cannot_make_us_ask",
        f"{BANKS}:test_what_the_bank_does_not_know_is_asked_again_and_never_believed",
    ),
    14: (f"{NOTICES}:test_attack_14_a_mail_counts_only_when_its_server_found_it_signed_by_the_bank",),
    15: (f"{ACCESS}:test_attack_15_hostile_files_are_400_and_nothing_is_written_or_fetched",),
    16: (
        f"{SLIPS}:test_attack_02_a_record_of_another_transfer_is_not_believed",
        "tests.outbound.test_vendors:test_a_certificate_that_nobody_vouches_for_is_refused",
    ),
    17: (
        f"{SLIPS}:test_attack_17_five_slips_and_twenty_pictures_are_the_most",
        f"{SLIPS}:test_attack_17_racing_uploads_do_not_pass_the_limit",
    ),
    18: (
        f"{BROWSERS}:test_an_address_has_twenty_open_payments_and_not_one_more",
        f"{BROWSERS}:test_browsers_hold_half_of_a_price_and_the_server_has_the_rest",
    ),
    19: (f"{HERE}:test_attack_19_nobody_gets_anothers_money_by_its_amount",),
    20: (
        "tests.journey.test_review:"
        "test_attack_20_what_an_insider_pays_by_hand_has_a_name_a_reason_and_an_unchangeable_row",
    ),
    21: (f"{NOTICES}:test_attack_21_a_payers_name_changes_nothing",),
}


def test_every_row_and_every_attack_has_its_test() -> None:
    assert (len(ROWS), list(ATTACKS)) == (24, list(range(1, 22)))
    for named in [name for names in (*ROWS.values(), *ATTACKS.values()) for name in names]:
        module, _, name = named.partition(":")
        assert callable(getattr(importlib.import_module(module), name, None)), named


def says(ref: str, baht: float = 150, at: datetime | None = None, **also: Any) -> dict[str, Any]:
    """What the operator's own bridge tells of a transfer."""
    occurred_at = (at or datetime.now(UTC)).isoformat()
    return {"amount": baht, "occurredAt": occurred_at, "transRef": ref, "sendingBank": "004", **also}


async def status(gateway: Gateway, made: Mapping[str, Any]) -> tuple[str, str | None]:
    read = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    return read["status"], read["exception"]


async def metric(gateway: Gateway, line: str) -> bool:
    return line in (await gateway.client.get("/metrics")).text


async def test_a_notice_above_the_ceiling_waits_until_the_slip_confirms_it(slip_gateway: Slips) -> None:
    gateway = slip_gateway.gateway
    phone = await phone_for(gateway, gateway.world.account_id)
    made, slip, at = await gateway.create(amount=6_000), new_slip(), datetime.now(UTC)
    assert (await phone.send(sms("6,000.00", None, at=at)))["outcome"] == "REVIEW"
    assert await status(gateway, made) == ("PENDING", None)
    waits = (await slip_gateway.read(made))["verification"]
    assert (waits["status"], waits["reason"]) == ("REVIEW", None)  # Why is no business of a payer.
    page = (await gateway.client.get(f"/pay/{made['id']}?lang=en")).text
    assert "A person is looking at your payment." in page
    assert waits["message"]["en"] in page
    slip_gateway.bank.knows(slip, 6_000, at)
    assert await slip_gateway.outcome(made, slip) == ("PAID", None)
    assert await sql(slip_gateway.ctx, "SELECT rank, state FROM credits") == [("B", "SETTLED")]


async def test_too_little_under_a_bills_reference_is_shown_and_too_much_pays_where_the_merchant_wants_it(
    gateway: Gateway,
) -> None:
    ctx = gateway.ctx
    biller = await accounts.add(
        ctx, owner=0, biller_id="099400016550100", bank="014", number="4061234567", name="บริษัท เพย์เกต จำกัด"
    )
    assert biller.receiving_id == gateway.world.receiving_id
    made = await gateway.create(promptpayRef1="INV1")
    assert (await gateway.tell(says("T1", 100, ref1="INV1"))).json()["outcome"] == "REVIEW"
    read = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    assert (read["status"], read["exception"], read["receivedAmount"]) == ("PENDING", "UNDERPAID", 100)
    assert (await gateway.tell(says("T2", 150, ref1="INV1"))).json()["outcome"] == "PAID"
    asked = await gateway.create(promptpayRef1="INV2")
    assert (await gateway.tell(says("T3", 151, ref1="INV2"))).json()["outcome"] == "REVIEW"
    assert await status(gateway, asked) == ("PENDING", "OVERPAID")
    await sql(ctx, "UPDATE merchants SET overpay = 'accept' WHERE merchant_id = $1", gateway.world.merchant_id)
    kept = await gateway.create(promptpayRef1="INV3")
    assert (await gateway.tell(says("T4", 151, ref1="INV3"))).json()["outcome"] == "PAID"
    assert await status(gateway, kept) == ("PAID", "OVERPAID")


async def test_money_that_came_a_moment_before_its_payment_pays_it(gateway: Gateway) -> None:
    assert (await gateway.tell(says("T1", at=datetime.now(UTC) - MINUTE))).json()["outcome"] == "ORPHAN"
    made = await gateway.create()
    assert await status(gateway, made) == ("PAID", None)


async def test_what_no_source_signed_is_counted(gateway: Gateway) -> None:
    for _ in range(2):
        assert (await gateway.tell(says("T1"), secret="whsec_of_somebody_else")).status_code == 401
    assert (await gateway.tell(says("T1"), source=ids.show("src", gateway.ctx.new_id()))).status_code == 404
    seen = (await gateway.client.get("/metrics")).text
    assert 'paygate_sources_refused_total{reason="signature"} 2.0' in seen
    assert 'paygate_sources_refused_total{reason="unknown"} 1.0' in seen


async def test_a_verifier_that_refuses_us_is_counted_and_nothing_is_paid(slip_gateway: Slips) -> None:
    for message, status_code in (("quota_exceeded", 403), ("unauthorized", 401), ("server_error", 500)):
        made, slip = await slip_gateway.gateway.create(), new_slip()
        slip_gateway.bank.fails(slip, message, status_code)
        assert await slip_gateway.outcome(made, slip) == ("VERIFYING", None)
        assert await status(slip_gateway.gateway, made) == ("PENDING", None)
    for reason in ("quota", "auth", "upstream_down"):
        line = f'paygate_verifier_failures_total{{reason="{reason}",verifier="easyslip"}} 1.0'
        assert await metric(slip_gateway.gateway, line), reason


async def test_a_statement_without_the_money_of_a_paid_payment_alarms_and_changes_nothing(gateway: Gateway) -> None:
    ctx, today = gateway.ctx, datetime.now(UTC)
    made = await gateway.create()
    assert (await gateway.tell(says("T1"))).json()["outcome"] == "PAID"
    moved = {"credits": ("occurred_at", "recorded_at", "settled_at"), "payments": ("created_at", "paid_at")}
    for table, columns in moved.items():  # It was three days ago.
        changes = ", ".join(f"{column} = {column} - interval '3 days'" for column in columns)
        await sql(ctx, f"UPDATE {table} SET {changes}")
    source = await sources.add(ctx, account_id=gateway.world.account_id, kind="statement")
    raw = sheet(
        *(Row(today - timedelta(days=days), 7_700) for days in (5, 1)),
        period=(today - timedelta(days=5), today - timedelta(days=1)),
    )
    answer = (await gateway.tell(raw, source=ids.show("src", source.id), secret=source.secret)).json()
    assert await statement_files.work(ctx)
    report = json.loads((await statement_files.get(ctx, ids.read("stm", answer["statementId"]))).report or "{}")
    assert report["counts"]["missing"] == {"count": 1, "amount": 150}
    alarms = await sql(ctx, "SELECT alarm FROM reviews WHERE reason = 'MISSING_IN_STATEMENT'")
    assert [row["alarm"] for row in alarms] == [True]
    assert await status(gateway, made) == ("PAID", None)


# --- attacks that no other file has ----------------------------------------------------------------------------------


async def test_attack_01_what_is_painted_on_a_slip_is_not_read(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 1.50)
    answer = await upload(slip_gateway, made, slip_pictures.as_file(slip_pictures.edited(slip, "150.00 บาท")))
    assert (answer.json()["verification"], answer.json()["reason"]) == ("REVIEW", "UNDERPAID")
    assert await status(slip_gateway.gateway, made) == ("PENDING", None)


@pytest.mark.parametrize("what", ["amount", "receiver", "time"])
async def test_attack_03_the_code_of_another_real_slip_pays_nothing(slip_gateway: Slips, what: str) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    other = {"bank": {"id": "004"}, "account": {"bank": {"type": "BANKAC", "account": "xxx-x-x9911-x"}}}
    match what:
        case "amount":
            slip_gateway.bank.knows(slip, 15_000)
        case "receiver":
            slip_gateway.bank.knows(slip, 150, receiver=other)
        case _:
            slip_gateway.bank.knows(slip, 150, datetime.now(UTC) - 60 * MINUTE)
    assert (await slip_gateway.outcome(made, slip))[0] in ("REVIEW", "REJECTED")
    assert (await status(slip_gateway.gateway, made))[0] == "PENDING"


async def test_attack_07_parts_that_add_up_pay_nothing_by_themselves(slip_gateway: Slips) -> None:
    made = await slip_gateway.gateway.create()
    for part in (100, 50, 149.99, 0.01):
        slip = new_slip()
        slip_gateway.bank.knows(slip, part)
        assert await slip_gateway.outcome(made, slip) == ("REVIEW", "UNDERPAID")
    assert (await status(slip_gateway.gateway, made))[0] == "PENDING"
    assert await sql(slip_gateway.ctx, "SELECT 1 FROM events WHERE type = 'payment.success'") == []


async def test_attack_19_nobody_gets_anothers_money_by_its_amount(slip_gateway: Slips) -> None:
    gateway = slip_gateway.gateway
    honest = await gateway.create()
    assert (await gateway.tell(says("T1", at=datetime.now(UTC) - 10 * MINUTE))).json()["outcome"] == "ORPHAN"
    thief = await gateway.create()
    assert await status(gateway, thief) == ("PENDING", None)  # It came before there was such a payment.
    assert (await slip_gateway.outcome(thief, new_slip()))[0] == "VERIFYING"  # No reference that a bank knows.
    await asyncio.gather(*(slip_gateway.worker() for _ in range(2)))
    assert [await status(gateway, made) for made in (honest, thief)] == [("PENDING", None)] * 2
