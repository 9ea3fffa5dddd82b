"""The life of one payment: every status with every event, the clock, the quarantines, the payable amounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.errors import Conflict, WrongState
from paygate.core.fees import Vat, charge
from paygate.core.payments import (
    QUARANTINE_OTHER,
    QUARANTINE_PAID,
    TRANSITIONS,
    VERIFYING_TIME,
    CancelAsked,
    Event,
    FundsDiffer,
    FundsHeld,
    FundsMatched,
    FundsReversed,
    MarkedFailed,
    Oddity,
    Payment,
    PersonPaid,
    SlipAccepted,
    SlipDecided,
    Status,
    TimePassed,
    advance,
    oddity,
    payable_amounts,
    standing,
)
from tests.core.samples import MINUTE, NOON, TICK, credit, direct, ended, paid, payment, uid

EVENTS: tuple[type[Event], ...] = get_args(Event)
PAIRS = list(product(Status, EVENTS))
DEADLINE = NOON + 15 * MINUTE


def standing_at(status: Status) -> Payment:
    """A payment whose row has this status."""
    if status is Status.PENDING:
        return payment()
    return paid() if status is Status.PAID else ended(status)


def happening(kind: type[Event], at: datetime) -> Event:
    """An event of this kind."""
    if kind is FundsMatched:
        return FundsMatched(at, credit(amount_satang=15_000))
    if kind is FundsDiffer:
        return FundsDiffer(at, 14_000)
    if kind is PersonPaid:
        return PersonPaid(at, (credit(),))
    if kind is FundsReversed:
        return FundsReversed(at, (credit(),), 14_550)
    return kind(at)  # type: ignore[call-arg]


def moment(status: Status, kind: type[Event]) -> datetime:
    """When it happens: after the deadline where the status or the event says so, else before it."""
    return DEADLINE + MINUTE if status is Status.EXPIRED or kind is TimePassed else NOON + MINUTE


@pytest.mark.parametrize(("status", "kind"), list(TRANSITIONS))
def test_a_pair_of_the_table_leads_where_the_table_says(status: Status, kind: type[Event]) -> None:
    before = standing_at(status)
    step = advance(before, happening(kind, moment(status, kind)))
    assert step.after.status is TRANSITIONS[status, kind]
    assert step.after.sequence == before.sequence + 1
    assert step.before is before


@pytest.mark.parametrize(("status", "kind"), [pair for pair in PAIRS if pair not in TRANSITIONS])
def test_a_pair_that_is_not_in_the_table_is_refused_and_changes_nothing(status: Status, kind: type[Event]) -> None:
    before = standing_at(status)
    copy = replace(before)
    with pytest.raises(WrongState) as refused:
        advance(before, happening(kind, moment(status, kind)))
    assert before == copy
    assert refused.value.status == status
    assert status in refused.value.message


def test_the_table_knows_only_real_statuses_and_events() -> None:
    assert set(TRANSITIONS) <= set(PAIRS)
    assert Status.PENDING not in {target for (status, _), target in TRANSITIONS.items() if status is not Status.PENDING}


def test_nothing_but_money_makes_a_payment_paid_and_nothing_leaves_paid() -> None:
    makers = {kind for (status, kind), target in TRANSITIONS.items() if target is Status.PAID is not status}
    assert makers == {FundsMatched, PersonPaid}
    assert {pair: target for pair, target in TRANSITIONS.items() if pair[0] is Status.PAID} == {
        (Status.PAID, kind): Status.PAID for kind in (FundsReversed, FundsHeld, SlipDecided)
    }


def test_a_cancelled_or_failed_payment_is_paid_by_a_person_alone() -> None:
    ended_ways = {pair[1] for pair in TRANSITIONS if pair[0] in (Status.CANCELLED, Status.FAILED)}
    assert ended_ways == {PersonPaid, FundsHeld, SlipDecided}
    for kind in (FundsHeld, SlipDecided):  # These tell, and move nothing.
        assert {status for status in Status if TRANSITIONS[status, kind] is not status} == set()


@pytest.mark.parametrize("status", [Status.PENDING, Status.EXPIRED])
def test_only_what_a_payment_froze_survives_every_step(status: Status) -> None:
    moving = {
        "status",
        "exception",
        "sequence",
        "received_satang",
        "credit_id",
        "verifying",
        "expires_at",
        "paid_at",
        "closed_at",
        "extended",
    }
    before = standing_at(status)
    for pair_status, kind in TRANSITIONS:
        if pair_status is status:
            after = advance(before, happening(kind, moment(status, kind))).after
            changed = {name for name in before.__slots__ if getattr(before, name) != getattr(after, name)}
            assert changed <= moving


# --- the clock


@given(st.timedeltas(timedelta(days=-1), timedelta(days=1)))
def test_an_open_payment_is_expired_from_its_deadline_on_whoever_looks(later: timedelta) -> None:
    at = DEADLINE + later
    assert standing(payment(), at) is (Status.EXPIRED if at >= DEADLINE else Status.PENDING)


@pytest.mark.parametrize(
    ("at", "expected"),
    [(DEADLINE - TICK, Status.PENDING), (DEADLINE, Status.EXPIRED), (DEADLINE + TICK, Status.EXPIRED)],
)
def test_the_deadline_itself_is_too_late(at: datetime, expected: Status) -> None:
    assert standing(payment(), at) is expected


@pytest.mark.parametrize("status", [Status.PAID, Status.EXPIRED, Status.CANCELLED, Status.FAILED])
def test_time_moves_nothing_that_has_ended(status: Status) -> None:
    assert standing(standing_at(status), DEADLINE + timedelta(days=365)) is status


def test_a_cancel_after_the_deadline_is_refused_even_if_nobody_announced_the_expiry() -> None:
    with pytest.raises(WrongState) as refused:
        advance(payment(), CancelAsked(DEADLINE))
    assert refused.value.status == Status.EXPIRED
    assert advance(payment(), CancelAsked(DEADLINE - TICK)).after.status is Status.CANCELLED


def test_a_cancel_waits_for_the_slip_that_is_being_checked() -> None:
    with pytest.raises(WrongState) as refused:
        advance(payment(verifying=True), CancelAsked(NOON + MINUTE))
    assert refused.value.status == "VERIFYING"


def test_money_ends_the_checking_of_a_slip() -> None:
    assert not advance(payment(verifying=True), FundsMatched(NOON + MINUTE, credit())).after.verifying


# --- what a step means


def test_money_in_time_pays_and_announces_and_books_once() -> None:
    at = NOON + 2 * MINUTE
    step = advance(payment(), FundsMatched(at, credit()))
    after = step.after
    assert (after.status, after.exception) == (Status.PAID, None)
    assert (after.paid_at, after.closed_at) == (NOON + MINUTE, at)
    assert (after.credit_id, after.received_satang) == (credit().id, 15_000)
    assert step.event_type == "payment.success"
    assert step.journal is not None
    assert step.journal.subject_id == after.id


def test_late_money_is_still_the_customers_money_and_says_late() -> None:
    arrived = credit(occurred_at=DEADLINE)
    step = advance(ended(Status.EXPIRED), FundsMatched(DEADLINE + MINUTE, arrived))
    assert (step.after.status, step.after.exception) == (Status.PAID, Oddity.LATE)
    assert step.after.closed_at == DEADLINE


def test_late_news_of_money_in_time_is_not_late_money() -> None:
    step = advance(ended(Status.EXPIRED), FundsMatched(DEADLINE + 30 * MINUTE, credit(occurred_at=DEADLINE - TICK)))
    assert step.after.exception is None


def test_money_after_the_deadline_is_late_whether_or_not_the_expiry_was_announced() -> None:
    step = advance(payment(), FundsMatched(DEADLINE + MINUTE, credit(occurred_at=DEADLINE + TICK)))
    assert (step.after.status, step.after.exception) == (Status.PAID, Oddity.LATE)


def test_too_much_weighs_more_than_too_late() -> None:
    assert oddity(payment(), (credit(amount_satang=15_001, occurred_at=DEADLINE),)) is Oddity.OVERPAID


def test_overpaid_shows_what_really_arrived() -> None:
    step = advance(payment(), FundsMatched(NOON + MINUTE, credit(amount_satang=20_000)))
    assert (step.after.exception, step.after.received_satang) == (Oddity.OVERPAID, 20_000)


@pytest.mark.parametrize(("amount", "expected"), [(14_999, Oddity.UNDERPAID), (15_001, Oddity.OVERPAID)])
@pytest.mark.parametrize("status", [Status.PENDING, Status.EXPIRED])
def test_another_amount_is_shown_and_decides_nothing(status: Status, amount: int, expected: Oddity) -> None:
    before = standing_at(status)
    step = advance(before, FundsDiffer(moment(status, FundsDiffer), amount))
    assert (step.after.status, step.after.exception) == (status, expected)
    assert step.after.received_satang == amount
    assert (step.event_type, step.journal, step.until_at) == ("payment.verification", None, None)
    assert (step.after.credit_id, step.after.paid_at) == (None, None)


@pytest.mark.parametrize(
    ("received", "shown"),
    [
        (14_000, Oddity.UNDERPAID),
        (15_000, Oddity.UNDERPAID),  # In full, but in parts: a person combines them.
        (15_001, Oddity.OVERPAID),
    ],
)
def test_all_parts_together_are_shown(received: int, shown: Oddity) -> None:
    of = payment(received_satang=10_000, exception=Oddity.UNDERPAID)
    after = advance(of, FundsDiffer(NOON + MINUTE, received)).after
    assert (after.received_satang, after.exception) == (received, shown)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    ("late", "until"),
    [
        (timedelta(0), DEADLINE + 60 * MINUTE),
        (50 * MINUTE, DEADLINE + 60 * MINUTE),
        (50 * MINUTE + TICK, DEADLINE + 60 * MINUTE + TICK),
        (180 * MINUTE, DEADLINE + 190 * MINUTE),
    ],
)
def test_a_late_payment_is_held_until_the_later_of_its_two_quarantines(
    late: timedelta, until: datetime, announced: bool
) -> None:
    of = ended(Status.EXPIRED) if announced else payment()
    assert advance(of, FundsMatched(DEADLINE + late, credit())).until_at == until


def test_expiry_is_dated_to_the_deadline_however_late_it_is_announced() -> None:
    step = advance(payment(), TimePassed(DEADLINE + timedelta(hours=5)))
    assert (step.after.status, step.after.closed_at) == (Status.EXPIRED, DEADLINE)
    assert (step.event_type, step.journal) == ("payment.expired", None)


def test_a_cancel_is_announced_and_books_nothing() -> None:
    step = advance(payment(), CancelAsked(NOON + MINUTE))
    assert (step.after.status, step.after.closed_at) == (Status.CANCELLED, NOON + MINUTE)
    assert (step.event_type, step.journal) == ("payment.cancelled", None)


def test_a_direct_payment_without_a_fee_has_nothing_to_book() -> None:
    step = advance(direct(fee_bps=0, fee_satang=0), FundsMatched(NOON + MINUTE, credit(merchant_id=41)))
    assert step.journal is None
    assert step.after.status is Status.PAID


# --- quarantines


def test_the_quarantines_are_ten_minutes_and_sixty() -> None:
    minutes = [quarantine / MINUTE for quarantine in (QUARANTINE_PAID, QUARANTINE_OTHER)]
    assert minutes == [10, 60]


@pytest.mark.parametrize(
    ("event", "until"),
    [
        (FundsMatched(NOON + 3 * MINUTE, credit()), NOON + 13 * MINUTE),
        (CancelAsked(NOON + 3 * MINUTE), NOON + 63 * MINUTE),
        (TimePassed(DEADLINE + 3 * MINUTE), DEADLINE + 60 * MINUTE),
    ],
)
def test_each_end_keeps_the_amount_for_its_quarantine(event: Event, until: datetime) -> None:
    assert advance(payment(), event).until_at == until


# --- payable amounts


def test_auto_prefers_the_exact_amount_and_then_adds_a_tag() -> None:
    assert list(payable_amounts(15_000, "auto", 450, 100)) == [15_000, *range(15_001, 15_100)]


def test_add_always_tags() -> None:
    assert list(payable_amounts(15_000, "add", 450, 100)) == list(range(15_001, 15_100))


def test_subtract_always_takes_a_tag_off() -> None:
    assert list(payable_amounts(15_000, "subtract", 450, 100)) == list(range(14_999, 14_900, -1))


def test_off_asks_for_the_exact_amount_alone() -> None:
    assert list(payable_amounts(15_000, "off", 450, 100)) == [15_000]


def test_subtract_never_goes_under_one_baht() -> None:
    assert list(payable_amounts(150, "subtract", 5, 100)) == list(range(149, 99, -1))
    assert list(payable_amounts(101, "subtract", 3, 100)) == [100]
    assert list(payable_amounts(100, "subtract", 3, 100)) == []


def test_a_fee_above_the_price_leaves_only_amounts_that_cover_it() -> None:
    assert list(payable_amounts(10_000, "off", 10_700, 100)) == []
    assert list(payable_amounts(1_000, "auto", 1_070, 100)) == list(range(1_070, 1_100))


@given(
    amount=st.integers(100, 50_000_000),
    tagging=st.sampled_from(["auto", "add", "subtract", "off"]),
    bps=st.integers(0, 10_000),
    vat=st.sampled_from(Vat),
)
def test_no_payable_amount_is_under_one_baht_or_under_the_fee_or_further_than_a_tag(
    amount: int, tagging: str, bps: int, vat: Vat
) -> None:
    costs = charge(amount, bps, vat)
    fee = costs.fee_satang + costs.vat_satang
    amounts = payable_amounts(amount, tagging, fee, 100)
    assert len(set(amounts)) == len(amounts)
    assert all(payable >= 100 and payable >= fee and abs(payable - amount) <= 99 for payable in amounts)
    for payable in amounts[:1]:
        made = payment(
            amount_satang=amount, payable_satang=payable, fee_satang=costs.fee_satang, vat_satang=costs.vat_satang
        )
        assert made.net_satang == payable - fee >= 0


@given(st.integers(100, 50_000_000))
def test_tags_are_all_there_for_an_ordinary_fee(amount: int) -> None:
    fee = charge(amount, 300).fee_satang
    assert len(payable_amounts(amount, "auto", fee, 100)) == 100
    assert len(payable_amounts(amount, "add", fee, 100)) == 99


def test_the_net_amount_is_what_was_booked_less_fee_and_vat() -> None:
    assert payment(id=uid(2), payable_satang=15_007, fee_satang=450, vat_satang=32).net_satang == 14_525


def test_a_slip_keeps_a_payment_open_once_for_ninety_minutes_and_its_amount_with_it() -> None:
    first = advance(payment(), SlipAccepted(NOON + MINUTE))
    assert first.after.expires_at == NOON + MINUTE + VERIFYING_TIME
    assert first.until_at == first.after.expires_at + QUARANTINE_OTHER
    assert (first.after.verifying, first.after.extended) == (True, True)
    second = advance(replace(first.after, verifying=False), SlipAccepted(NOON + 30 * MINUTE))
    assert second.after.expires_at == first.after.expires_at
    assert second.until_at is None


def test_a_slip_never_shortens_a_long_deadline() -> None:
    long = payment(expires_at=NOON + timedelta(days=1))
    assert advance(long, SlipAccepted(NOON + MINUTE)).after.expires_at == long.expires_at


def test_a_slip_for_an_expired_payment_is_checked_and_leaves_it_expired() -> None:
    step = advance(payment(), SlipAccepted(DEADLINE + MINUTE))
    assert (step.after.expires_at, step.after.verifying, step.after.extended) == (DEADLINE, True, False)
    assert standing(step.after, DEADLINE + MINUTE) is Status.EXPIRED


def test_a_slip_that_was_decided_gives_the_cancel_back() -> None:
    step = advance(payment(verifying=True), SlipDecided(NOON + MINUTE))
    assert advance(step.after, CancelAsked(NOON + 2 * MINUTE)).after.status is Status.CANCELLED


def test_a_person_may_combine_parts_and_what_is_too_much_is_told() -> None:
    parts = (credit(amount_satang=9_000, booked=True), credit(id=uid(0xC2), amount_satang=7_000, booked=True))
    step = advance(ended(Status.CANCELLED), PersonPaid(NOON + 20 * MINUTE, parts))
    assert (step.after.status, step.after.exception) == (Status.PAID, Oddity.OVERPAID)
    assert (step.after.received_satang, step.after.credit_id) == (16_000, parts[0].id)
    assert step.journal is not None
    assert dict(step.journal.lines) == {"suspense": 15_000, "payable": -14_550, "fee_revenue": -450}


def test_parts_that_are_not_enough_pay_nothing() -> None:
    with pytest.raises(Conflict, match=r"1\.00 THB are missing"):
        advance(payment(), PersonPaid(NOON + MINUTE, (credit(amount_satang=14_900),)))


def test_a_failed_payment_keeps_the_quarantine_of_its_first_end() -> None:
    step = advance(ended(Status.EXPIRED), MarkedFailed(DEADLINE + 30 * MINUTE))
    assert (step.after.status, step.after.closed_at) == (Status.FAILED, DEADLINE)
    assert (step.until_at, step.event_type) == (DEADLINE + QUARANTINE_OTHER, "payment.failed")


def test_reversed_money_takes_what_the_merchant_has_and_the_rest_is_owed() -> None:
    step = advance(paid(), FundsReversed(NOON + 20 * MINUTE, (credit(booked=True),), 10_000))
    assert (step.after.status, step.after.exception) == (Status.PAID, Oddity.REVERSED)
    assert step.event_type == "payment.refunded"
    assert step.journal is not None
    assert dict(step.journal.lines) == {
        "bank_central": -15_000,
        "payable": 10_000,
        "receivable": 4_550,
        "fee_revenue": 450,
    }


def test_a_reversal_happens_once() -> None:
    with pytest.raises(WrongState):
        advance(paid(exception=Oddity.REVERSED), FundsReversed(NOON, (credit(),), 0))
