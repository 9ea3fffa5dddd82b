"""How much of a payment can go back, what of the fee comes with it, and who pays for it."""

from __future__ import annotations

from dataclasses import dataclass

from paygate.core.errors import Conflict, InvalidInput, WrongState
from paygate.core.money import show
from paygate.core.payments import Oddity, Payment, Status
from paygate.core.payouts import Balance


@dataclass(frozen=True, slots=True)
class Share:
    """One refund in numbers: the amount, and the fee and VAT that the merchant gets back for it."""

    amount_satang: int
    fee_satang: int
    vat_satang: int


def share(
    payment: Payment, amount_satang: int | None, taken_satang: int, fee_taken: int, vat_taken: int, *, fee_back: bool
) -> Share:
    """The refund of *amount_satang* (None: all that is left) of *payment*, of which *taken_satang* went or goes back.

    The fee comes back by the same part, rounded down, so that all parts together give back all of it and never more.
    Raises WrongState (not PAID), Conflict (reversed; nothing left), InvalidInput (amount: above what is left).
    """
    if payment.status is not Status.PAID:
        raise WrongState(payment.status, "refunded")
    if payment.exception is Oddity.REVERSED:
        raise Conflict("The bank took this payment's money back already; there is nothing to refund.")
    left_satang = payment.payable_satang - taken_satang
    if left_satang == 0:
        raise Conflict("All of this payment was refunded already, or is being refunded.")
    amount = left_satang if amount_satang is None else amount_satang
    if amount > left_satang:
        raise InvalidInput(f"amount must be at most {show(left_satang)} THB: so much is left.", field="amount")
    if not fee_back:
        return Share(amount, 0, 0)
    whole = taken_satang + amount
    fee = payment.fee_satang * whole // payment.payable_satang - fee_taken
    vat = payment.vat_satang * whole // payment.payable_satang - vat_taken
    fee = min(max(fee, 0), amount)
    return Share(amount, fee, min(max(vat, 0), amount - fee))


def shortfall(wanted: Share, has: Balance) -> int:
    """What the merchant has too little for a central refund, in satang; 0: it fits."""
    needed = wanted.amount_satang - wanted.fee_satang - wanted.vat_satang
    return max(0, needed - has.available_satang)
