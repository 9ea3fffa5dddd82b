"""What is read and answered about plans, their rates, and merchants' own receiving accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.answers import Done, Moment
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.shapes import Shape
from paygate.db.accounts import Account
from paygate.faces.dashboard.answers import MerchantId
from paygate.faces.dashboard.shapes import CODE, PRESENT_PASSWORD
from paygate.services import inputs, plans, receiving
from paygate.services.plans import PLANS

TEXT = 100


def _biller(given: Fields) -> str | None:
    value = declare.text("billerId", TEXT, "").read(given)
    try:
        return None if value is None else inputs.biller(value)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="billerId") from error


PLAN = declare.needed(
    declare.choice("plan", PLANS, "free: by the central account; the others: by the merchant's own.", example="pro"),
    f"plan must be one of {', '.join(PLANS)}.",
)
FEE_BPS = declare.whole("feeBps", 0, plans.MAX_BPS, "In hundredths of a percent; absent: the plan's rate.", example=180)
RATE_BPS = declare.whole("feeBps", 0, plans.MAX_BPS, "In hundredths of a percent; absent: what the setting says.")
VALID_FROM = declare.moment("validFrom", "From when on; absent: from now on.", example="2099-01-01T00:00:00+07:00")
PROMPTPAY = declare.text("promptpay", TEXT, "PromptPay ID: mobile, tax ID or e-wallet.", example="0899999999")
BILLER_ID = declare.custom("billerId", _biller, {"type": "string"}, "Or a biller ID of 15 digits.")
BANK = declare.text("bank", TEXT, "Code of the bank behind it, 3 digits.", example="004")
NUMBER = declare.text("number", TEXT, "Number of the bank account behind it.", example="1234567890")
NAME = declare.text("name", TEXT, "Account holder, as the payer's bank shows it.", example="ร้านกาแฟ")
ACCOUNT = (PROMPTPAY, BILLER_ID, BANK, NUMBER, NAME)
CONFIRMED = (PRESENT_PASSWORD, CODE)

PLAN_CHANGE = Shape("PlanChange", "A plan for a merchant.", (PLAN, FEE_BPS, VALID_FROM, *ACCOUNT, *CONFIRMED))
RATE_CHANGE = Shape("RateChange", "What a plan costs.", (RATE_BPS, VALID_FROM, *CONFIRMED))
ACCOUNT_CHANGE = Shape(
    "AccountChange", "Where money shall arrive; what is absent stays as it is.", (*ACCOUNT, *CONFIRMED)
)


def account_wish(given: Mapping[str, JsonValue]) -> receiving.Wish:
    """Where money shall arrive. Raises InvalidInput, naming the field."""
    return receiving.Wish(
        promptpay=PROMPTPAY.read(given),
        biller_id=BILLER_ID.read(given),
        bank=BANK.read(given),
        number=NUMBER.read(given),
        name=NAME.read(given),
    )


def plan_wish(given: Mapping[str, JsonValue]) -> plans.Wish:
    """A plan for a merchant. Raises InvalidInput, naming the field."""
    return plans.Wish(PLAN.read(given), FEE_BPS.read(given), VALID_FROM.read(given), account_wish(given))


# --- out -----------------------------------------------------------------------------------------------------------

PlanName = Annotated[
    str, Meta(description="free, basic, pro, enterprise.", extra_json_schema={"enum": list(PLANS)}, examples=["pro"])
]
RateOf = Annotated[
    str,
    Meta(
        description="Who says so: the merchant's own rate, the operator's word for the plan, or the setting.",
        extra_json_schema={"enum": ["merchant", "rates", "setting"]},
    ),
]


class OwnAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's own receiving account."""

    id: Annotated[str, Meta(description="This version's id.", examples=["acc_06nz0nc5vj7r4gjx7c79l6za"])]
    promptpay: Annotated[str | None, Meta(description="PromptPay ID, as the QR carries it.")]
    billerId: Annotated[str | None, Meta(description="Biller ID.")]
    bank: Annotated[str | None, Meta(description="The bank behind it.", examples=["004"])]
    number: Annotated[str | None, Meta(description="Its number.", examples=["1234567890"])]
    name: Annotated[str, Meta(description="Its holder.", examples=["ร้านกาแฟ"])]
    createdAt: Annotated[Moment, Meta(description="Since when money arrives there.")]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A plan from a moment on."""

    plan: PlanName
    feeBps: Annotated[int | None, Meta(description="A rate of the merchant's own; null: the plan's.")]
    validFrom: Annotated[Moment, Meta(description="From when on.")]


class PlanStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Which plan a merchant is on."""

    merchantId: MerchantId
    plan: PlanName
    feeBps: Annotated[int | None, Meta(description="A rate of its own, in basis points; null: the plan's.")]
    rateBps: Annotated[int, Meta(description="What a new payment costs, in basis points.", examples=[200])]
    rateOf: RateOf
    coming: Annotated[list[Terms], Meta(description="What was decided for later.")]
    before: Annotated[list[Terms], Meta(description="What was decided before; the last one is in force.")]
    account: Annotated[OwnAccount | None, Meta(description="Its own account; null: it has none.")]
    success: Done = True


class PlanRate(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan costs from a moment on."""

    feeBps: Annotated[int | None, Meta(description="In basis points; null: what the setting says.")]
    validFrom: Annotated[Moment, Meta(description="From when on.")]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and what it costs."""

    plan: PlanName
    rateBps: Annotated[int, Meta(description="In basis points.", examples=[200])]
    rateOf: RateOf
    coming: Annotated[list[PlanRate], Meta(description="What was said for later.")]


class Plans(msgspec.Struct, frozen=True):
    """All plans."""

    plans: list[Plan]


class Receiving(msgspec.Struct, frozen=True):
    """Where a merchant's money arrives on a direct plan."""

    account: OwnAccount | None
    success: Done = True


def account(found: Account | None) -> OwnAccount | None:
    """An account as its owner and the operator see it."""
    if found is None:
        return None
    return OwnAccount(
        id=ids.show("acc", found.id),
        promptpay=found.proxy,
        billerId=found.biller_id,
        bank=found.bank_code,
        number=found.number,
        name=found.name,
        createdAt=timestamp(found.created_at),
    )


def standing(found: plans.Standing) -> PlanStanding:
    """A merchant's plan as the operator sees it."""
    said = [(one.begun, Terms(plan=one.plan, feeBps=one.fee_bps, validFrom=timestamp(one.valid_from)))
            for one in found.terms]  # fmt: skip
    return PlanStanding(
        merchantId=ids.show_merchant(found.merchant.merchant_id),
        plan=found.merchant.plan,
        feeBps=found.merchant.fee_bps,
        rateBps=found.rate_bps,
        rateOf=found.rate_of,
        coming=[terms for begun, terms in said if not begun],
        before=[terms for begun, terms in said if begun],
        account=account(found.account),
    )


def rates(found: Sequence[plans.Rates]) -> Plans:
    """All plans and what they cost."""
    return Plans(
        [
            Plan(
                plan=one.plan,
                rateBps=one.bps,
                rateOf=one.rate_of,
                coming=[PlanRate(feeBps=r.fee_bps, validFrom=timestamp(r.valid_from)) for r in one.coming],
            )
            for one in found
        ]
    )
