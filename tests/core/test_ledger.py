"""The books: what each case means in lines, and that lines always sum to zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.errors import Bug
from paygate.core.fees import Vat, charge
from paygate.core.ledger import PLATFORM, Account, Journal, credit_parked, journal, payment_paid
from tests.core.samples import MERCHANT, MINUTE, NOON, credit, direct, payment, uid


def lines(booked: Journal | None) -> dict[str, int]:
    """account -> satang; each account has one line."""
    assert booked is not None
    assert len({account for account, _ in booked.lines}) == len(booked.lines)
    assert all(amount != 0 for _, amount in booked.lines)
    return {str(account): amount for account, amount in booked.lines}


def test_a_paid_central_payment_owes_the_merchant_the_net() -> None:
    booked = payment_paid(payment(), credit())
    assert lines(booked) == {"bank_central": 15_000, "payable": -14_550, "fee_revenue": -450}


def test_platform_legs_carry_the_merchants_number_and_the_moneys_day() -> None:
    booked = payment_paid(payment(), credit())
    assert booked is not None
    assert (booked.merchant_id, booked.mode, booked.kind) == (MERCHANT, "live", "payment.paid")
    assert (booked.subject_id, booked.happened_at) == (payment().id, NOON + MINUTE)


def test_a_tag_is_the_merchants_gain_or_loss_and_never_the_fees() -> None:
    tagged = payment(payable_satang=15_007)
    assert lines(payment_paid(tagged, credit(amount_satang=15_007)))["payable"] == -(15_007 - 450)
    tagged = payment(payable_satang=14_993)
    assert lines(payment_paid(tagged, credit(amount_satang=14_993)))["payable"] == -(14_993 - 450)


def test_vat_has_its_own_line() -> None:
    booked = payment_paid(payment(vat_bps=700, vat_satang=32), credit())
    assert lines(booked) == {"bank_central": 15_000, "payable": -14_518, "fee_revenue": -450, "vat_payable": -32}


def test_without_a_fee_everything_is_the_merchants() -> None:
    booked = payment_paid(payment(fee_bps=0, fee_satang=0), credit())
    assert lines(booked) == {"bank_central": 15_000, "payable": -15_000}


def test_money_that_was_parked_comes_out_of_suspense() -> None:
    booked = payment_paid(payment(), credit(booked=True))
    assert lines(booked) == {"suspense": 15_000, "payable": -14_550, "fee_revenue": -450}


def test_the_excess_of_an_overpaid_payment_goes_to_suspense() -> None:
    booked = payment_paid(payment(), credit(amount_satang=20_000))
    assert lines(booked) == {"bank_central": 20_000, "suspense": -5_000, "payable": -14_550, "fee_revenue": -450}


def test_the_excess_of_parked_money_stays_in_suspense() -> None:
    booked = payment_paid(payment(), credit(amount_satang=20_000, booked=True))
    assert lines(booked) == {"suspense": 15_000, "payable": -14_550, "fee_revenue": -450}


def test_a_direct_payment_books_the_fee_alone() -> None:
    booked = payment_paid(direct(), credit(merchant_id=MERCHANT))
    assert lines(booked) == {"receivable": 300, "fee_revenue": -300}


def test_a_direct_payment_books_fee_and_vat() -> None:
    booked = payment_paid(direct(vat_bps=700, vat_satang=21), credit(merchant_id=MERCHANT))
    assert lines(booked) == {"receivable": 321, "fee_revenue": -300, "vat_payable": -21}


def test_a_direct_payment_without_a_fee_books_nothing() -> None:
    assert payment_paid(direct(fee_satang=0), credit(merchant_id=MERCHANT)) is None


def test_a_direct_merchants_overpayment_never_touches_our_bank_or_suspense() -> None:
    booked = payment_paid(direct(), credit(merchant_id=MERCHANT, amount_satang=20_000))
    assert lines(booked) == {"receivable": 300, "fee_revenue": -300}


def test_money_on_a_central_account_that_nothing_explains_is_parked_under_the_platform() -> None:
    booked = credit_parked(credit())
    assert lines(booked) == {"bank_central": 15_000, "suspense": -15_000}
    assert booked is not None
    assert (booked.merchant_id, booked.kind, booked.subject_id) == (PLATFORM, "credit.parked", credit().id)


def test_a_direct_orphan_posts_nothing() -> None:
    assert credit_parked(credit(merchant_id=MERCHANT)) is None


def test_less_money_than_asked_for_is_never_booked_as_paid() -> None:
    with pytest.raises(Bug):
        payment_paid(payment(), credit(amount_satang=14_999))


@given(
    amount=st.integers(100, 50_000_000),
    tag=st.integers(-99, 99),
    excess=st.integers(0, 10_000_000),
    bps=st.integers(0, 9_000),
    vat=st.sampled_from(Vat),
    parked=st.booleans(),
    central=st.booleans(),
)
def test_whatever_is_paid_sums_to_zero_and_nobody_gains_a_satang(
    amount: int, tag: int, excess: int, bps: int, vat: Vat, parked: bool, central: bool
) -> None:
    costs = charge(amount, bps, vat)
    charged = costs.fee_satang + costs.vat_satang
    payable = max(amount + tag, 100, charged)
    make = payment if central else direct
    of = make(amount_satang=amount, payable_satang=payable, fee_satang=costs.fee_satang, vat_satang=costs.vat_satang)
    booked = payment_paid(of, credit(amount_satang=payable + excess, booked=parked and central))
    if booked is None:
        assert not central
        assert charged == 0
        return
    found = lines(booked)
    assert sum(found.values()) == 0
    assert found.get("fee_revenue", 0) == -costs.fee_satang
    assert found.get("vat_payable", 0) == -costs.vat_satang
    assert found.get("payable", 0) == (-of.net_satang if central else 0)
    assert found.get("receivable", 0) == (0 if central else charged)
    assert not central or found.get("bank_central", 0) == (0 if parked else payable + excess)


@given(st.lists(st.tuples(st.sampled_from(Account), st.integers(-1000, 1000)), max_size=6))
def test_lines_that_do_not_sum_to_zero_are_no_journal(some: list[tuple[Account, int]]) -> None:
    head = (1, "live", "correction", uid(9), NOON)
    real = [line for line in some if line[1]]
    if real and sum(amount for _, amount in real) == 0:
        assert journal(*head, *some).lines == tuple(real)
    else:
        with pytest.raises(Bug):
            journal(*head, *some)
