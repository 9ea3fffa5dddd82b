"""What a payment costs."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.fees import CENTRAL_PLANS, PLAN_FEE_BPS, Vat, charge, share
from paygate.core.money import baht

AMOUNTS = st.integers(100, 50_000_000)
RATES = st.integers(0, 10_000)


def rounded(value: Decimal) -> int:
    """Half up to a whole satang, by another way than the code's."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def test_the_seeds_150_00_on_pro_gives_3_00_and_147_00() -> None:
    costs = charge(15_000, PLAN_FEE_BPS["pro"])
    assert costs.fee_satang == 300
    assert baht(15_000 - costs.fee_satang) == 147


@pytest.mark.parametrize(
    ("plan", "fee_satang"), [("free", 450), ("basic", 375), ("pro", 300), ("enterprise", 225), ("platform", 0)]
)
def test_each_plan_has_its_rate(plan: str, fee_satang: int) -> None:
    assert charge(15_000, PLAN_FEE_BPS[plan]).fee_satang == fee_satang


def test_only_free_uses_the_central_account() -> None:
    assert {"free"} == CENTRAL_PLANS


@pytest.mark.parametrize(
    ("amount", "bps", "fee"), [(150, 300, 5), (149, 300, 4), (117, 300, 4), (116, 300, 3), (25, 200, 1), (24, 200, 0)]
)
def test_half_a_satang_is_rounded_up(amount: int, bps: int, fee: int) -> None:
    assert share(amount, bps) == fee


@given(AMOUNTS, RATES)
def test_the_fee_is_the_exact_share_rounded_half_up_once(amount: int, bps: int) -> None:
    assert share(amount, bps) == rounded(Decimal(amount) * bps / 10_000)


@given(AMOUNTS, RATES)
def test_the_fee_is_never_negative_nor_more_than_the_amount(amount: int, bps: int) -> None:
    assert 0 <= share(amount, bps) <= amount


@given(AMOUNTS, RATES)
def test_without_vat_there_is_a_fee_and_no_tax(amount: int, bps: int) -> None:
    costs = charge(amount, bps)
    assert (costs.fee_bps, costs.vat_bps, costs.vat_satang) == (bps, 0, 0)


@given(AMOUNTS, RATES)
def test_exclusive_vat_comes_on_top_of_the_same_fee(amount: int, bps: int) -> None:
    plain, taxed = charge(amount, bps), charge(amount, bps, Vat.EXCLUSIVE)
    assert taxed.fee_satang == plain.fee_satang
    assert taxed.vat_satang == rounded(Decimal(plain.fee_satang) * 7 / 100)
    assert taxed.vat_bps == 700


@given(AMOUNTS, RATES)
def test_inclusive_vat_is_taken_out_of_the_same_fee_to_the_satang(amount: int, bps: int) -> None:
    plain, taxed = charge(amount, bps), charge(amount, bps, Vat.INCLUSIVE)
    assert taxed.fee_satang + taxed.vat_satang == plain.fee_satang
    assert taxed.vat_satang == rounded(Decimal(plain.fee_satang) * 7 / 107)
    assert taxed.fee_satang >= 0


def test_vat_of_a_fee_of_3_00_by_hand() -> None:
    assert charge(15_000, 200, Vat.EXCLUSIVE).vat_satang == 21
    inclusive = charge(15_000, 200, Vat.INCLUSIVE)
    assert (inclusive.fee_satang, inclusive.vat_satang) == (280, 20)
