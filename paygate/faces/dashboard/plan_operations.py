"""Plans, rates and merchants' own accounts, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.people import May
from paygate.faces.dashboard import admin_plans, plan_shapes
from paygate.services.plans import PLANS
from paygate.wire.operations import PERSON, Handler, Operation, Part, json_body, reply

MERCHANTS, DASHBOARD = "merchants", "dashboard"
MERCHANT = Part("merchantId", "The merchant's id.", {"type": "string"}, "mer_0cqh3kz9t2w4e")
PLAN = Part("plan", "Which one.", {"type": "string", "enum": list(PLANS)}, "pro")
NO_MERCHANT = errors.NotFound("There is no merchant mer_0cqh3kz9t2w4e.")
NOT_THEM = (
    errors.Forbidden("The password is not right.", field="password"),
    errors.CodeRequired(),
    errors.TooManyTries(12),
    errors.InvalidInput("password is required.", field="password"),
)
TAKEN = errors.Conflict("This account is already registered by another owner.", field="number")
SAID = errors.Conflict("Something was said for that moment already.", field="validFrom")
ABOUT_ACCOUNT = (
    "QRs that are out still match. The merchant is told by `account.changed`. A new bank account is heard of once it"
    " has a source."
)

OPERATIONS: Mapping[Handler, Operation] = {
    admin_plans.show: Operation(
        id="getPlan",
        tag=MERCHANTS,
        summary="Which plan a merchant is on",
        about="With what is to come, and its own account.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        replies=(reply(200, "Its plan.", plan_shapes.PlanStanding),),
        refusals=(NO_MERCHANT,),
    ),
    admin_plans.change: Operation(
        id="changePlan",
        tag=MERCHANTS,
        summary="Put a merchant on a plan",
        about="From now on or from a moment to come; payments keep what they were made with. A direct plan needs the"
        " merchant's own PromptPay or biller ID and the bank account behind it. `plan.changed` tells the merchant.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(plan_shapes.PLAN_CHANGE),
        replies=(reply(200, "It is decided.", plan_shapes.PlanStanding),),
        refusals=(*NOT_THEM, NO_MERCHANT, SAID),
    ),
    admin_plans.withdraw: Operation(
        id="withdrawPlan",
        tag=MERCHANTS,
        summary="Forget the plans that are to come",
        about="The one in force goes on.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        replies=(reply(200, "They are forgotten.", plan_shapes.PlanStanding),),
        refusals=(NO_MERCHANT,),
    ),
    admin_plans.change_account: Operation(
        id="changeMerchantAccount",
        tag=MERCHANTS,
        summary="Say where a direct merchant's money arrives",
        about=ABOUT_ACCOUNT,
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(plan_shapes.ACCOUNT_CHANGE),
        replies=(reply(200, "It is changed.", plan_shapes.Receiving),),
        refusals=(*NOT_THEM, NO_MERCHANT, TAKEN),
    ),
    admin_plans.rates: Operation(
        id="listPlans",
        tag=MERCHANTS,
        summary="What each plan costs",
        who=PERSON,
        may=May.OPERATE,
        replies=(reply(200, "All plans.", plan_shapes.Plans),),
    ),
    admin_plans.set_rate: Operation(
        id="setPlanRate",
        tag=MERCHANTS,
        summary="Say what a plan costs",
        about="Merchants with a rate of their own keep it, and payments theirs.",
        who=PERSON,
        may=May.OPERATE,
        path=(PLAN,),
        body=json_body(plan_shapes.RATE_CHANGE),
        replies=(reply(200, "It is decided.", plan_shapes.Plans),),
        refusals=(*NOT_THEM, SAID),
    ),
    admin_plans.show_own: Operation(
        id="getOwnAccount",
        tag=DASHBOARD,
        summary="Where one's own money arrives",
        about="For owners: on a direct plan it is used, on the free plan it waits.",
        who=PERSON,
        may=May.MOVE_MONEY,
        replies=(reply(200, "The account.", plan_shapes.Receiving),),
    ),
    admin_plans.change_own: Operation(
        id="changeOwnAccount",
        tag=DASHBOARD,
        summary="Change where one's own money arrives",
        about="For owners. " + ABOUT_ACCOUNT,
        who=PERSON,
        may=May.MOVE_MONEY,
        body=json_body(plan_shapes.ACCOUNT_CHANGE),
        replies=(reply(200, "It is changed.", plan_shapes.Receiving),),
        refusals=(*NOT_THEM, TAKEN),
    ),
}
