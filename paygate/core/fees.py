"""What a payment costs the merchant. Computed once, at creation, and frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PLAN_FEE_BPS = {"platform": 0, "free": 300, "basic": 250, "pro": 200, "enterprise": 150}
CENTRAL_PLANS = frozenset({"free"})


class Vat(StrEnum):
    """How value-added tax on the fee is charged."""

    NONE = "none"
    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


VAT_BPS = 700


@dataclass(frozen=True, slots=True)
class Charge:
    """Fee and VAT of one payment, in satang, with the rates they were made with."""

    fee_bps: int
    fee_satang: int
    vat_bps: int = 0
    vat_satang: int = 0


def share(amount_satang: int, bps: int) -> int:
    """*amount_satang* x *bps* / 10,000, rounded half up to a satang, as Thai tax documents do."""
    return (amount_satang * bps + 5_000) // 10_000


def charge(amount_satang: int, fee_bps: int, vat: Vat = Vat.NONE) -> Charge:
    """The fee on an order of *amount_satang*, rounded once; the tax is rounded, the rest subtracted."""
    fee = share(amount_satang, fee_bps)
    if vat is Vat.NONE:
        return Charge(fee_bps, fee)
    if vat is Vat.EXCLUSIVE:
        return Charge(fee_bps, fee, VAT_BPS, share(fee, VAT_BPS))
    tax = (2 * fee * VAT_BPS + 10_000 + VAT_BPS) // (2 * (10_000 + VAT_BPS))
    return Charge(fee_bps, fee - tax, VAT_BPS, tax)
