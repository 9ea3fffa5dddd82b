"""Which payment a credit pays: one test for each row of the policy table that concerns credits, and its boundaries.

Rows are those of the facts about matching, section 8; each test says which.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.credits import SKEW, Credit
from paygate.core.matching import ALARMING, ORPHANS, Candidate, Decision, Match, Reason, Unmatched, decide, names
from paygate.core.payments import Payment, Status
from tests.core.samples import MINUTE, NOON, OTHER_ACCOUNT, TICK, credit, ended, holder, paid, payment, uid

NOW = NOON + 2 * MINUTE
DEADLINE = NOON + 15 * MINUTE
QUARANTINE_ENDS = NOON + 75 * MINUTE


def by_amount(arrived: Credit, *holders: Candidate, now: datetime | None = None) -> Decision:
    """The decision on a credit without references."""
    return decide(arrived, [], holders, now or max(NOW, arrived.occurred_at))


def by_reference(
    arrived: Credit, *named: Candidate, now: datetime | None = None, accept: tuple[int, ...] = ()
) -> Decision:
    """The decision on a credit with the references of these payments."""
    return decide(arrived, named, [], now or max(NOW, arrived.occurred_at), accept_overpaid=accept)


def reason(decision: Decision) -> Reason:
    """Why it did not pay."""
    assert isinstance(decision, Unmatched)
    return decision.reason


def payee(decision: Decision) -> Payment:
    """What it pays."""
    assert isinstance(decision, Match), decision
    return decision.payment


def billed(**changes: object) -> Payment:
    """A bill payment: found by reference."""
    return payment(**{"ref1": "INV1", "ref2": "SHOP"} | changes)


def bill_credit(**changes: object) -> Credit:
    """A credit whose bank echoed the references."""
    return credit(**{"ref1": "INV1", "ref2": "SHOP"} | changes)


# --- exact satang, receiver match, time in window: PAID


def test_exact_money_in_time_pays_its_holder() -> None:
    assert payee(by_amount(credit(), holder())) == payment()


def test_exact_money_with_the_reference_pays_the_payment_that_it_names() -> None:
    assert payee(by_reference(bill_credit(), holder(billed()))) == billed()


def test_a_reference_is_believed_before_an_amount() -> None:
    other = holder(payment(id=uid(2)))
    assert payee(decide(bill_credit(), [holder(billed())], [other], NOW)) == billed()


# --- who held the amount when the money moved, not when the news arrived


def test_late_news_pays_whoever_held_the_amount_when_the_money_moved() -> None:
    first = holder(ended(Status.EXPIRED), until_at=NOON + 30 * MINUTE)
    second = holder(payment(id=uid(2), created_at=NOON + 30 * MINUTE, expires_at=NOON + 45 * MINUTE))
    now = NOON + 40 * MINUTE
    assert payee(by_amount(credit(occurred_at=NOON + MINUTE), first, second, now=now)).id == uid(1)
    assert payee(by_amount(credit(occurred_at=NOON + 31 * MINUTE), first, second, now=now)).id == uid(2)


def test_at_the_moment_of_handing_over_the_amount_belongs_to_the_next() -> None:
    handover = NOON + 30 * MINUTE
    first = holder(ended(Status.EXPIRED), until_at=handover)
    second = holder(payment(id=uid(2), created_at=handover, expires_at=NOON + 45 * MINUTE))
    now = NOON + 40 * MINUTE
    assert payee(by_amount(credit(occurred_at=handover - TICK), first, second, now=now)).id == uid(1)
    assert payee(by_amount(credit(occurred_at=handover), first, second, now=now)).id == uid(2)


# --- the hold is [from, until): boundaries to the microsecond


@pytest.mark.parametrize(
    ("at", "pays"),
    [
        (NOON - SKEW - TICK, False),
        (NOON - SKEW, True),
        (NOON - TICK, True),
        (NOON, True),
        (DEADLINE - TICK, True),
        (DEADLINE, True),
        (QUARANTINE_ENDS - TICK, True),
        (QUARANTINE_ENDS, False),
    ],
)
def test_a_hold_reaches_from_two_minutes_before_creation_to_the_end_of_the_quarantine(at: datetime, pays: bool) -> None:
    decision = by_amount(credit(occurred_at=at), holder(), now=max(NOW, at))
    assert isinstance(decision, Match) == pays


def test_the_skew_is_two_minutes() -> None:
    assert timedelta(minutes=2) == SKEW


@given(st.timedeltas(timedelta(hours=-3), timedelta(hours=3)))
def test_a_sole_holder_is_paid_exactly_inside_its_hold_and_the_skew_before_it(offset: timedelta) -> None:
    at = NOON + offset
    decision = by_amount(credit(occurred_at=at), holder(), now=at)
    assert isinstance(decision, Match) == (NOON - SKEW <= at < QUARANTINE_ENDS)


def test_a_real_holder_goes_before_one_that_only_the_skew_would_reach() -> None:
    before = holder(paid(), until_at=NOON + 10 * MINUTE)
    after = holder(payment(id=uid(2), created_at=NOON + 10 * MINUTE, expires_at=NOON + 25 * MINUTE))
    decision = by_amount(credit(occurred_at=NOON + 10 * MINUTE - TICK), before, after, now=NOON + 11 * MINUTE)
    assert reason(decision) is Reason.ALREADY_PAID


def test_a_bank_whose_clock_is_behind_pays_what_it_paid_when_nobody_held_it_before() -> None:
    made = payment(created_at=NOON + 10 * MINUTE, expires_at=NOON + 25 * MINUTE)
    assert payee(by_amount(credit(occurred_at=NOON + 9 * MINUTE), holder(made), now=NOON + 11 * MINUTE)) == made


# --- within grace after expiry: PAID, marked late by core.payments


@pytest.mark.parametrize("late", [timedelta(0), MINUTE, 60 * MINUTE - TICK])
@pytest.mark.parametrize("announced", [True, False])
def test_late_money_within_the_grace_pays_whether_or_not_the_expiry_was_announced(
    late: timedelta, announced: bool
) -> None:
    of = ended(Status.EXPIRED) if announced else payment()
    assert payee(by_amount(credit(occurred_at=DEADLINE + late), holder(of))) == of


def test_late_money_of_a_bill_pays_within_the_grace() -> None:
    of = billed(status=Status.EXPIRED, closed_at=DEADLINE)
    assert payee(by_reference(bill_credit(occurred_at=DEADLINE + MINUTE), holder(of))) == of


# --- later than grace, or cancelled: a person


def test_money_after_the_grace_by_amount_is_nobodys() -> None:
    arrived = credit(occurred_at=QUARANTINE_ENDS)
    assert by_amount(arrived, holder(ended(Status.EXPIRED))) == Unmatched(Reason.ORPHAN)


def test_money_after_the_grace_by_reference_is_too_late() -> None:
    of = holder(billed(status=Status.EXPIRED, closed_at=DEADLINE))
    decision = by_reference(bill_credit(occurred_at=QUARANTINE_ENDS), of)
    assert decision == Unmatched(Reason.TOO_LATE, (of,))


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.FAILED])
def test_money_for_a_cancelled_or_failed_payment_is_for_a_person_even_if_it_moved_before(status: Status) -> None:
    of = holder(ended(status, closed_at=NOON + 5 * MINUTE), until_at=NOON + 65 * MINUTE)
    for minute in (1, 4, 6, 64):
        decision = by_amount(credit(occurred_at=NOON + minute * MINUTE), of)
        assert decision == Unmatched(Reason.CANCELLED, (of,))


def test_money_for_a_cancelled_bill_is_for_a_person() -> None:
    of = holder(billed(status=Status.CANCELLED, closed_at=NOON + MINUTE))
    assert reason(by_reference(bill_credit(), of)) is Reason.CANCELLED


# --- stale, future


def test_a_bill_paid_before_the_payment_existed_is_stale() -> None:
    decision = by_reference(bill_credit(occurred_at=NOON - SKEW - TICK), holder(billed()))
    assert reason(decision) is Reason.STALE
    assert isinstance(by_reference(bill_credit(occurred_at=NOON - SKEW), holder(billed())), Match)


def test_money_older_than_every_hold_is_an_orphan() -> None:
    assert reason(by_amount(credit(occurred_at=NOON - timedelta(days=1)), holder())) is Reason.ORPHAN


def test_money_from_the_future_is_never_believed() -> None:
    arrived = credit(occurred_at=NOW + SKEW + TICK)
    assert by_amount(arrived, holder(), now=NOW) == Unmatched(Reason.IN_FUTURE, (holder(),))
    assert isinstance(by_amount(credit(occurred_at=NOW + SKEW), holder(), now=NOW), Match)


def test_a_reference_does_not_excuse_the_future() -> None:
    arrived = bill_credit(occurred_at=NOW + SKEW + TICK)
    assert reason(by_reference(arrived, holder(billed()), now=NOW)) is Reason.IN_FUTURE


def test_the_future_raises_an_alarm() -> None:
    assert Reason.IN_FUTURE in ALARMING
    assert Reason.REFERENCE_CONFLICT in ALARMING


# --- amount lower, amount higher


def test_less_is_underpaid_and_says_by_which_payment() -> None:
    of = holder(billed())
    assert by_reference(bill_credit(amount_satang=14_999), of) == Unmatched(Reason.UNDERPAID, (of,), billed())


def test_more_is_overpaid_for_a_person() -> None:
    of = holder(billed())
    assert by_reference(bill_credit(amount_satang=15_001), of) == Unmatched(Reason.OVERPAID, (of,), billed())


def test_more_pays_where_the_merchant_accepts_it() -> None:
    assert payee(by_reference(bill_credit(amount_satang=15_001), holder(billed()), accept=(41,))) == billed()


def test_accepting_more_is_one_merchants_choice_and_not_anothers() -> None:
    assert reason(by_reference(bill_credit(amount_satang=15_001), holder(billed()), accept=(42,))) is Reason.OVERPAID


def test_accepting_more_never_accepts_less() -> None:
    assert reason(by_reference(bill_credit(amount_satang=14_999), holder(billed()), accept=(41,))) is Reason.UNDERPAID


def test_a_cancelled_bill_with_another_amount_is_cancelled_first() -> None:
    of = holder(billed(status=Status.CANCELLED, closed_at=NOON + MINUTE))
    decision = by_reference(bill_credit(amount_satang=14_999), of)
    assert decision == Unmatched(Reason.CANCELLED, (of,))


# --- receiver


def test_a_reference_of_a_payment_on_another_account_is_the_wrong_account() -> None:
    of = holder(billed(receiving_id=OTHER_ACCOUNT))
    assert by_reference(bill_credit(), of) == Unmatched(Reason.WRONG_ACCOUNT, (of,))


def test_of_two_payments_with_a_reference_the_one_on_this_account_counts() -> None:
    elsewhere = holder(billed(id=uid(2), receiving_id=OTHER_ACCOUNT))
    assert payee(by_reference(bill_credit(), elsewhere, holder(billed()))) == billed()


# --- several, already paid, none


def test_two_open_payments_of_one_amount_are_ambiguous() -> None:
    one, other = holder(), holder(payment(id=uid(2)))
    assert by_amount(credit(), one, other) == Unmatched(Reason.AMBIGUOUS, (one, other))


@pytest.mark.parametrize(
    ("moved", "created", "certain"),
    [
        (timedelta(0), timedelta(seconds=59, microseconds=999_999), False),  # 12:00: which second, nobody says.
        (timedelta(0), timedelta(minutes=1), True),
        (timedelta(seconds=5), timedelta(seconds=5, milliseconds=3), False),
        (timedelta(seconds=5), timedelta(seconds=6), True),
        (timedelta(seconds=5, microseconds=1), timedelta(seconds=5, milliseconds=3), True),
    ],
)
def test_whole_minutes_and_seconds_stand_for_all_of_them(moved: timedelta, created: timedelta, certain: bool) -> None:
    one, other = holder(), holder(payment(id=uid(2), created_at=NOON + created))
    decision = by_amount(credit(occurred_at=NOON + moved), one, other)
    assert decision == (Match(one.payment) if certain else Unmatched(Reason.AMBIGUOUS, (one, other)))


def test_two_open_bills_with_one_reference_are_ambiguous() -> None:
    one, other = holder(billed()), holder(billed(id=uid(2)))
    assert reason(by_reference(bill_credit(), one, other)) is Reason.AMBIGUOUS


def test_a_sole_open_payment_wins_over_finished_ones_of_its_amount() -> None:
    others = [
        holder(ended(Status.EXPIRED, id=uid(2), expires_at=NOON + TICK)),
        holder(paid(id=uid(3), closed_at=NOON + TICK)),
        holder(ended(Status.CANCELLED, id=uid(4), closed_at=NOON + TICK)),
    ]
    assert payee(by_amount(credit(), *others, holder())) == payment()


def test_late_money_that_may_be_either_of_two_expired_payments_is_ambiguous() -> None:
    one, other = holder(ended(Status.EXPIRED)), holder(ended(Status.EXPIRED, id=uid(2)))
    assert reason(by_amount(credit(occurred_at=DEADLINE + MINUTE), one, other)) is Reason.AMBIGUOUS


def test_late_money_beside_a_paid_payment_of_the_same_amount_is_ambiguous() -> None:
    one, other = holder(ended(Status.EXPIRED)), holder(paid(id=uid(2)))
    assert reason(by_amount(credit(occurred_at=DEADLINE + MINUTE), one, other)) is Reason.AMBIGUOUS


def test_two_equal_credits_for_one_payment_the_second_is_to_be_refunded() -> None:
    of = holder(paid(), until_at=NOON + 11 * MINUTE)
    assert by_amount(credit(id=uid(0xC2)), of) == Unmatched(Reason.ALREADY_PAID, (of,))
    assert Reason.ALREADY_PAID in ORPHANS


def test_a_bill_that_has_its_money_is_not_paid_twice() -> None:
    of = holder(paid(ref1="INV1", ref2="SHOP"))
    assert reason(by_reference(bill_credit(id=uid(0xC2)), of)) is Reason.ALREADY_PAID


def test_money_that_nobody_held_is_an_orphan_without_candidates() -> None:
    assert by_amount(credit()) == Unmatched(Reason.ORPHAN)
    assert Reason.ORPHAN in ORPHANS


def test_an_unknown_reference_whose_amount_is_held_is_for_a_person() -> None:
    of = holder()
    assert by_amount(credit(ref1="NOBODYS"), of) == Unmatched(Reason.UNKNOWN_REFERENCE, (of,))


def test_an_unknown_reference_whose_amount_nobody_held_is_an_orphan() -> None:
    assert reason(by_amount(credit(ref1="NOBODYS"))) is Reason.ORPHAN
    assert reason(by_amount(credit(ref1="NOBODYS", occurred_at=QUARANTINE_ENDS), holder())) is Reason.ORPHAN


# --- references of bill payments


@pytest.mark.parametrize(
    ("ref1", "ref2", "named"),
    [
        ("INV1", "SHOP", True),
        ("INV1", None, True),  # A bank may leave out ref2.
        ("INV1", "OTHER", False),
        ("inv1", "SHOP", False),
        ("INV2", "SHOP", False),
        (None, "SHOP", False),
        (None, None, False),
    ],
)
def test_references_name_a_payment_exactly(ref1: str | None, ref2: str | None, named: bool) -> None:
    assert names(ref1, ref2, billed()) == named


def test_a_second_reference_that_the_payment_never_had_does_not_name_it() -> None:
    assert not names("INV1", "SHOP", payment(ref1="INV1"))
    assert not names(None, None, payment())


def test_the_exact_amount_goes_before_others_of_its_reference() -> None:
    one, other = holder(billed()), holder(billed(id=uid(2), payable_satang=10_000))
    assert payee(by_reference(bill_credit(), other, one)) == billed()


def test_several_merchants_with_one_reference_are_for_a_person() -> None:
    one, other = holder(billed()), holder(billed(id=uid(2), merchant_id=42))
    assert by_reference(bill_credit(), one, other) == Unmatched(Reason.AMBIGUOUS, (one, other))
    finished = holder(paid(ref1="INV1", ref2="SHOP", id=uid(3), merchant_id=42))
    assert reason(by_reference(bill_credit(), one, finished)) is Reason.AMBIGUOUS
    assert reason(by_reference(bill_credit(amount_satang=1), one, other)) is Reason.AMBIGUOUS


# --- bills of the same amount


def beside(arrived: Credit, holders: list[Candidate], *bills: Candidate, now: datetime = NOW) -> Decision:
    """The decision on a credit without references, with bill payments of its amount on the account."""
    return decide(arrived, [], holders, now, bills=bills)


def test_money_without_a_reference_beside_a_bill_of_its_amount_is_ambiguous() -> None:
    transfer, bill = holder(), holder(billed(id=uid(2)))
    assert beside(credit(), [transfer], bill) == Unmatched(Reason.AMBIGUOUS, (transfer, bill))


def test_money_without_a_reference_that_only_bills_wait_for_misses_its_reference() -> None:
    bill = holder(billed())
    assert beside(credit(), [], bill) == Unmatched(Reason.REFERENCE_MISSING, (bill,))


@pytest.mark.parametrize("of", [paid(), ended(Status.CANCELLED)])
def test_money_of_a_finished_transfer_beside_an_open_bill_may_be_the_bills(of: Payment) -> None:
    transfer, bill = holder(of), holder(billed(id=uid(2)))
    assert beside(credit(), [transfer], bill) == Unmatched(Reason.AMBIGUOUS, (transfer, bill))


@pytest.mark.parametrize(
    "of", [paid(ref1="INV1"), ended(Status.CANCELLED, ref1="INV1"), ended(Status.FAILED, ref1="INV1")]
)
def test_a_bill_that_cannot_be_paid_is_no_rival(of: Payment) -> None:
    assert payee(beside(credit(), [holder()], holder(of))) == payment()


@pytest.mark.parametrize(("at", "rivals"), [(NOON - SKEW - TICK, False), (NOON - SKEW, True), (QUARANTINE_ENDS, False)])
def test_a_bill_is_a_rival_while_it_holds_its_reference(at: datetime, rivals: bool) -> None:
    decision = beside(credit(occurred_at=at), [], holder(billed()), now=max(NOW, at))
    assert reason(decision) is (Reason.REFERENCE_MISSING if rivals else Reason.ORPHAN)


def test_a_reference_that_names_nobody_is_not_missing() -> None:
    assert reason(beside(credit(ref1="NOBODYS"), [], holder(billed()))) is Reason.ORPHAN


# --- rivals that ended


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.FAILED])
def test_who_was_open_when_the_money_moved_and_ended_since_is_a_rival(status: Status) -> None:
    gone = holder(ended(status, id=uid(2), closed_at=NOON + MINUTE + TICK))
    assert by_amount(credit(), holder(), gone) == Unmatched(Reason.AMBIGUOUS, (holder(), gone))
    before = holder(ended(status, id=uid(2), closed_at=NOON + MINUTE))
    assert payee(by_amount(credit(), holder(), before)) == payment()


def test_a_cancelled_bill_of_the_reference_is_a_rival() -> None:
    gone = holder(billed(id=uid(2), status=Status.CANCELLED, closed_at=NOON + 2 * MINUTE))
    assert reason(by_reference(bill_credit(), holder(billed()), gone)) is Reason.AMBIGUOUS


# --- nothing is certain that is not


STATUSES = st.sampled_from(Status)


@given(st.lists(STATUSES, max_size=4), st.timedeltas(timedelta(minutes=-10), timedelta(minutes=100)))
def test_whatever_holds_an_amount_only_an_open_or_expired_holder_is_ever_paid(
    statuses: list[Status], offset: timedelta
) -> None:
    holders = []
    for number, status in enumerate(statuses, 1):
        if status is Status.PENDING:
            holders.append(holder(payment(id=uid(number))))
        else:
            holders.append(holder(paid(id=uid(number)) if status is Status.PAID else ended(status, id=uid(number))))
    decision = by_amount(credit(occurred_at=NOON + offset), *holders, now=NOON + offset)
    if isinstance(decision, Match):
        assert decision.payment.status in (Status.PENDING, Status.EXPIRED)
        assert sum(c.payment.status in (Status.PENDING, Status.EXPIRED) for c in holders) == 1
    else:
        assert all(c in holders for c in decision.candidates)
        assert decision.reason is Reason.ORPHAN or decision.candidates
