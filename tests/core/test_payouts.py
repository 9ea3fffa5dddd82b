"""The life of a payout, as a table, and the Thai calendar that promises its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest

from paygate.core.calendar import is_business_day, promised_on, read_holidays
from paygate.core.credits import BANGKOK
from paygate.core.errors import Conflict, InvalidInput, WrongState
from paygate.core.payouts import (
    NO_ACCOUNT,
    TRANSITIONS,
    AccountAsked,
    AccountGiven,
    Approved,
    Balance,
    Bounced,
    Cancelled,
    Claimed,
    Confirmed,
    Event,
    Lapsed,
    PayoutStatus,
    Refund,
    Rejected,
    Released,
    Settlement,
    advance,
    requested,
)
from paygate.services.holidays import known

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
PLACE = UUID(int=9)
ASKED = Settlement(
    merchant_id=41,
    mode="live",
    id=UUID(int=1),
    amount_satang=150_000,
    status=PayoutStatus.REQUESTED,
    sequence=1,
    approved_by=None,
    second_by=None,
    claimed_by=None,
    claimed_at=None,
    bank_reference=None,
    reason=None,
    created_at=AT,
    completed_at=None,
    paid_from=None,
    destination_id=None,
    promised_on=date(2026, 11, 23),
)
REFUND = Refund(
    **{
        name: getattr(ASKED, name)
        for name in ASKED.__dataclass_fields__
        if name not in ("destination_id", "promised_on")
    },
    payment_id=UUID(int=2),
    flow="central",
    fee_returned_satang=3_000,
    vat_returned_satang=210,
    shortfall_satang=5_000,
    words=None,
    payee=None,
)
EVENTS: dict[type[Event], Event] = {
    AccountAsked: AccountAsked(AT, AT + timedelta(days=14)),
    AccountGiven: AccountGiven(AT, b"sealed"),
    Lapsed: Lapsed(AT),
    Approved: Approved(AT, "a", PLACE, two_needed=False),
    Rejected: Rejected(AT, "a", "why"),
    Cancelled: Cancelled(AT),
    Claimed: Claimed(AT, "b"),
    Released: Released(AT, "b", "not sent"),
    Confirmed: Confirmed(AT, "b", "REF1"),
    Bounced: Bounced(AT, "b", "closed"),
}


def after(*events: Event) -> Settlement:
    one = ASKED
    for event in events:
        one = advance(one, event).after
    return one


def test_every_event_has_an_example() -> None:
    assert set(EVENTS) == set(get_args(Event))


def test_what_the_table_does_not_allow_is_refused_with_the_status() -> None:
    for status, kind, payout in product(PayoutStatus, EVENTS, (ASKED, REFUND, replace(REFUND, flow="direct"))):
        one: Any = replace(payout, status=status)
        others = (AccountAsked, AccountGiven) if payout is ASKED else ()  # Whoever settles knows where to.
        locked = status is PayoutStatus.APPROVED and kind is AccountAsked and one.ours
        if (status, kind) in TRANSITIONS and kind not in others and not locked:
            assert advance(one, EVENTS[kind]).after.status is TRANSITIONS[status, kind]
            continue
        with pytest.raises(WrongState) as refused:
            advance(one, EVENTS[kind])
        assert refused.value.status == status


def test_above_the_limit_two_different_people_approve_one_destination_that_the_first_of_them_froze() -> None:
    first = advance(ASKED, Approved(AT, "somchai", PLACE, two_needed=True))
    assert (first.after.status, first.after.approved_by, first.after.destination_id) == ("REQUESTED", "somchai", PLACE)
    assert first.journal is None
    with pytest.raises(Conflict, match="another person"):
        advance(first.after, Approved(AT, "somchai", PLACE, two_needed=True))
    second = advance(first.after, Approved(AT, "malee", PLACE, two_needed=True)).after
    assert (second.status, second.second_by, second.destination_id) == ("APPROVED", "malee", PLACE)
    other = UUID(int=7)
    anew = advance(first.after, Approved(AT, "malee", other, two_needed=True)).after
    assert (anew.status, anew.approved_by, anew.second_by, anew.destination_id) == ("REQUESTED", "malee", None, other)
    done = advance(anew, Approved(AT, "somchai", other, two_needed=True)).after
    assert (done.status, done.approved_by, done.second_by) == ("APPROVED", "malee", "somchai")


def test_every_way_through_books_each_satang_back_or_out_of_the_bank() -> None:
    paths = {
        "rejected": [Rejected],
        "cancelled": [Cancelled],
        "rejected after approval": [Approved, Rejected],
        "paid": [Approved, Claimed, Confirmed],
        "paid at the second attempt": [Approved, Claimed, Released, Claimed, Confirmed],
        "bounced": [Approved, Claimed, Confirmed, Bounced],
    }
    sums: dict[str, dict[str, int]] = {}
    for name, path in paths.items():
        total: dict[str, int] = {}
        one, journals = ASKED, [j for j in (requested(ASKED),) if j]
        for kind in path:
            step = advance(one, EVENTS[kind])
            one = step.after
            journals += [step.journal] if step.journal else []
        assert len({(j.kind, j.part) for j in journals}) == len(journals)  # Booked once each, by the database's key.
        for account, satang in (line for j in journals for line in j.lines):
            total[account] = total.get(account, 0) + satang
        sums[name] = {account: satang for account, satang in total.items() if satang}
    gone = {"payable": 150_000, "bank_central": -150_000}
    assert sums == {name: gone if name.startswith("paid") else {} for name in paths}


def test_a_refund_that_waits_for_its_payer_holds_its_money_until_it_goes_on_or_is_over() -> None:
    paths = {
        "given": [AccountGiven],
        "asked again": [AccountAsked, AccountGiven, AccountAsked],
        "lapsed": [AccountAsked, Lapsed],
        "cancelled": [Cancelled],
        "rejected": [AccountGiven, AccountAsked, Rejected],
        "paid": [AccountGiven, Approved, Claimed, Confirmed],
    }
    held: dict[str, int] = {}
    for name, path in paths.items():
        one: Refund = replace(REFUND, status=PayoutStatus.WAITING, link_number=1, link_until=AT)
        journals = [requested(one)]
        for kind in path:
            step = advance(one, EVENTS[kind])
            one = step.after
            journals.append(step.journal)
        lines = [line for journal in journals if journal for line in journal.lines]
        held[name] = -sum(satang for account, satang in lines if account == "held")
        assert (one.payee is None) is (path[-1] is AccountAsked or AccountGiven not in path or path[-1] is Rejected)
    assert held == {"given": 150_000, "asked again": 150_000, "lapsed": 0, "cancelled": 0, "rejected": 0, "paid": 0}
    asked = advance(replace(REFUND, approved_by="a", payee=b"x"), EVENTS[AccountAsked]).after
    assert (asked.approved_by, asked.payee, asked.link_number) == (None, None, 1)
    lapsed = advance(asked, EVENTS[Lapsed])
    assert (lapsed.event_type, lapsed.after.reason) == ("refund.failed", NO_ACCOUNT)


def test_a_released_claim_is_nobodys_and_a_new_claim_is_somebody_elses() -> None:
    one = after(EVENTS[Approved], EVENTS[Claimed], EVENTS[Released])
    assert (one.status, one.claimed_by, one.claimed_at, one.reason) == ("APPROVED", None, None, None)
    assert advance(one, Claimed(AT, "malee")).after.claimed_by == "malee"


def test_what_is_available_is_never_negative_and_waits_for_what_is_owed_and_unconfirmed() -> None:
    assert Balance(100_00, 0, 0, 30_00).available_satang == 70_00
    assert Balance(100_00, 0, 20_00, 30_00).available_satang == 50_00
    assert Balance(10_00, 0, 0, 30_00).available_satang == 0
    assert Balance(10_00, 0, 0, 30_00).pending_review_satang == 10_00
    assert Balance(10_00, 0, 50_00, 30_00).pending_review_satang == 0


@pytest.mark.parametrize(
    ("asked", "promised"),
    [
        ("2026-11-20T10:00", "2026-11-23"),  # Friday: Monday.
        ("2026-11-20T22:59", "2026-11-23"),
        ("2026-11-20T23:00", "2026-11-24"),  # After the cut-off it counts for Monday.
        ("2026-11-21T09:00", "2026-11-24"),  # Saturday counts for Monday.
        ("2026-12-04T09:00", "2026-12-08"),  # Monday the 7th is a holiday.
        ("2026-12-30T09:00", "2027-01-04"),  # The year ends.
        ("2026-04-10T09:00", "2026-04-16"),  # Songkran.
    ],
)
def test_the_promised_day_is_the_next_business_day_in_bangkok(asked: str, promised: str) -> None:
    at = datetime.fromisoformat(asked).replace(tzinfo=BANGKOK).astimezone(UTC)
    assert promised_on(at, time(23, 0), known()) == date.fromisoformat(promised)


def test_the_holidays_that_come_along_are_weekdays_of_two_years() -> None:
    assert {day.year for day in known()} == {2026, 2027}
    assert all(day.weekday() < 5 and name for day, name in known().items())
    assert len(known()) == 37
    assert is_business_day(date(2026, 11, 20), known())
    assert not any(is_business_day(day, known()) for day in known())


def test_a_line_that_is_no_day_is_refused_by_its_number() -> None:
    assert read_holidays("# remark\n\n2026-01-01 New Year # why\n") == {date(2026, 1, 1): "New Year"}
    with pytest.raises(InvalidInput, match="Line 2"):
        read_holidays("2026-01-01 A\n2026-02-30 B")


def test_a_day_is_added_to_the_promise_by_each_holiday_more() -> None:
    friday = datetime(2026, 11, 20, 3, tzinfo=UTC)
    monday = date(2026, 11, 23)
    assert promised_on(friday, time(23), {monday}) == monday + timedelta(days=1)
