"""What a new payment will be, before it has an amount of its own: costs, deadline, the accounts it may go to.

Shared by one payment (`services.payments`) and many (`services.batches`). Nothing here asks the database.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

import emvco
from paygate.core import ids
from paygate.core.credits import SKEW
from paygate.core.errors import Bug, InvalidInput, NoAccount
from paygate.core.fees import Charge, charge
from paygate.core.money import MIN_AMOUNT_SATANG
from paygate.core.payments import QUARANTINE_OTHER, Payment, Status, payable_amounts
from paygate.core.principals import Principal, ReceivingAccount
from paygate.db.reservations import Taken, Wish
from paygate.services import licence, specimens
from paygate.services.context import Context

PROXY_KINDS: dict[str, Literal["mobile", "national_id", "ewallet"]] = {
    "mobile": "mobile",
    "national_id": "national_id",
    "ewallet": "ewallet",
}


@dataclass(frozen=True, slots=True)
class NewPayment:
    """What a merchant asks for, already checked. `metadata` is canonical JSON text."""

    amount_satang: int
    order_id: str | None = None
    description: str | None = None
    metadata: str = "{}"
    customer_email: str | None = None
    callback_url: str | None = None
    cancel_url: str | None = None
    expiry_minutes: int | None = None
    ref1: str | None = None
    ref2: str | None = None
    amount_source: str = "server"
    renews_id: UUID | None = None
    link_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A payment to be: who asks, for what, its id and costs, and the accounts that can take it, the first one first."""

    principal: Principal
    new: NewPayment
    id: UUID
    costs: Charge
    expiry: timedelta
    accounts: Sequence[ReceivingAccount]

    @property
    def hold(self) -> timedelta:
        """How long its amount is nobody else's, from when it is taken."""
        return self.expiry + QUARANTINE_OTHER + SKEW


def draft(ctx: Context, principal: Principal, new: NewPayment) -> Draft:
    """A draft with a fresh id. Raises NoAccount, InvalidInput (a reference without a biller ID)."""
    licence.require_payments(ctx, principal)
    payment_id = ctx.new_id()
    rate = principal.fee_bps if principal.fee_bps is not None else ctx.plan_fee_bps[principal.plan]
    return Draft(
        principal=principal,
        new=new,
        id=payment_id,
        costs=charge(new.amount_satang, rate, ctx.vat),
        expiry=timedelta(minutes=new.expiry_minutes or principal.expiry_minutes),
        accounts=_usable(principal, new, payment_id),
    )


def wish(made: Draft, account: ReceivingAccount) -> Wish:
    """What *made* may take of *account*. Raises InvalidInput when the order is too small for the account's tagging."""
    exclusive = account.amount_tagging != "off" and not _by_bill(account, made.new)
    tagging = account.amount_tagging if exclusive else "off"
    charge_satang = made.costs.fee_satang + made.costs.vat_satang
    amounts = payable_amounts(made.new.amount_satang, tagging, charge_satang, MIN_AMOUNT_SATANG)
    if not amounts:
        raise InvalidInput("amount is too small for the receiving account's amounts and fee.", field="amount")
    return Wish(account, amounts, exact=tagging == "auto", exclusive=exclusive)


def wishes(made: Draft) -> list[Wish]:
    """What *made* may take of each account. Raises InvalidInput when its amount is too small for all of them."""
    found, refused = [], InvalidInput("amount is too small.", field="amount")
    for account in made.accounts:
        try:
            found.append(wish(made, account))
        except InvalidInput as error:
            refused = error
    if not found:
        raise refused
    return found


def payment(made: Draft, account: ReceivingAccount, taken: Taken) -> Payment:
    """The payment, now that it has taken an amount of *account*."""
    principal, new, costs = made.principal, made.new, made.costs
    ref1, ref2 = new.ref1, new.ref2
    if _by_bill(account, new):
        ref1 = ref1 or own_reference(made.id)
    payload = _payload(made, account, ref1, ref2, taken.amount_satang)
    return Payment(
        merchant_id=principal.merchant_id,
        mode=principal.mode,
        id=made.id,
        order_id=new.order_id,
        description=new.description,
        metadata=new.metadata,
        customer_email=new.customer_email,
        callback_url=new.callback_url,
        cancel_url=new.cancel_url,
        amount_source=new.amount_source,
        amount_satang=new.amount_satang,
        payable_satang=taken.amount_satang,
        fee_bps=costs.fee_bps,
        fee_satang=costs.fee_satang,
        vat_bps=costs.vat_bps,
        vat_satang=costs.vat_satang,
        flow="central" if account.owner_id == 0 else "direct",
        owner_id=account.owner_id,
        account_id=account.id,
        receiving_id=account.receiving_id,
        ref1=ref1,
        ref2=ref2,
        qr_payload=payload,
        status=Status.PENDING,
        exception=None,
        sequence=1,
        received_satang=None,
        credit_id=None,
        verifying=False,
        created_at=taken.at,
        expires_at=taken.at + made.expiry,
        paid_at=None,
        closed_at=None,
        renews_id=new.renews_id,
        link_id=new.link_id,
    )


def _payload(made: Draft, account: ReceivingAccount, ref1: str | None, ref2: str | None, amount_satang: int) -> str:
    """The QR's text; in the test mode one that moves no money, whatever the account is."""
    if made.principal.mode == "test":
        return specimens.transfer(amount_satang) if ref1 is None else specimens.bill(ref1, ref2, amount_satang)
    if ref1 is not None:
        return emvco.bill_payment_payload(account.biller_id or "", ref1, ref2, amount_satang)
    return emvco.promptpay_payload(_proxy(account), amount_satang)


def _usable(principal: Principal, new: NewPayment, payment_id: UUID) -> Sequence[ReceivingAccount]:
    """The accounts that can take this payment, in an order of its own, so that a pool fills evenly, or by weight."""
    if not principal.accounts:
        raise NoAccount()
    fitting = [a for a in principal.accounts if (a.biller_id if new.ref1 else a.proxy or a.biller_id)]
    if not fitting:
        raise InvalidInput("The receiving account has no biller ID for bill-payment references.", field="promptpayRef1")
    # Money on an account that no source speaks for would not be heard of: such an account is the last resort.
    fitting = [a for a in fitting if a.heard] or fitting
    if len({a.weight for a in fitting}) > 1:
        # Each is drawn next as often as its weight says (Efraimidis and Spirakis): an order, not only a first one.
        dice = random.Random(payment_id.int)  # noqa: S311 - it shares out, it keeps no secret.
        return sorted(fitting, key=lambda a: -math.log(1.0 - dice.random()) / a.weight)
    start = payment_id.int % len(fitting)
    return [*fitting[start:], *fitting[:start]]


def own_reference(payment_id: UUID) -> str:
    """The bill-payment reference of a payment whose merchant gave none."""
    return ids.show("", payment_id)[-20:].upper()


def _by_bill(account: ReceivingAccount, new: NewPayment) -> bool:
    return new.ref1 is not None or account.proxy is None


def _proxy(account: ReceivingAccount) -> emvco.Proxy:
    kind = PROXY_KINDS.get(account.proxy_kind or "")
    if kind is None or account.proxy is None:
        raise Bug(f"Account {account.id} has no PromptPay ID.")
    return emvco.Proxy(kind, account.proxy)
