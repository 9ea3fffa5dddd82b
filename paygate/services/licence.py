"""The Free plan needs a licence in Thailand, or may; an operator who has none switches it off.

With it off no merchant comes onto the central account and no live payment is made there. What is there goes on:
payments that are open stay payable, and settlements and refunds bring merchants' money home.
"""

from __future__ import annotations

from paygate.core.errors import Conflict, Forbidden, NoAccount
from paygate.core.fees import CENTRAL_PLANS
from paygate.core.principals import Principal
from paygate.services.context import Context

NOTICE = (
    "On the Free plan merchants' money arrives on YOUR account. Under the Payment Systems Act B.E. 2560 (2017)"
    " receiving payments on behalf of others, payment facilitating and acquiring need a licence from the Minister of"
    " Finance on the advice of the Bank of Thailand. A QR of the merchant's own PromptPay ID (the other plans) holds no"
    " money of others. This is no legal advice: ask before you take real payments. PAYGATE_FREE_PLAN=off switches the"
    " Free plan off."
)
OFF = "The Free plan is off on this host: its operator keeps no money of merchants."


def require_plan(ctx: Context, plan: str) -> None:
    """Raise Conflict when no merchant may come onto *plan*."""
    if not ctx.free_plan and plan in CENTRAL_PLANS:
        raise Conflict(f"{OFF} Choose another plan.", field="plan")


def require_registration(ctx: Context) -> None:
    """Raise Forbidden when nobody may register: whoever does begins on the Free plan."""
    if not ctx.free_plan:
        raise Forbidden("New merchants are made by the operator of this host: ask there.")


def require_payments(ctx: Context, principal: Principal) -> None:
    """Raise NoAccount when no real payment may be made for a merchant, because of its plan."""
    if not ctx.free_plan and principal.mode == "live" and principal.plan in CENTRAL_PLANS:
        raise NoAccount(
            f"{OFF} Test mode works; for real payments ask the operator for a plan with your own PromptPay ID."
        )
