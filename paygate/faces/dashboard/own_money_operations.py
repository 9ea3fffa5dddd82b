"""What the calls about payout destinations and months do, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.people import May
from paygate.faces.dashboard import own_money
from paygate.faces.dashboard import own_money_answers as answers
from paygate.wire.operations import PERSON, Handler, Operation, Part, json_body, reply

MERCHANT = Part("merchantId", "The merchant's id.", {"type": "string"}, "mer_0cqh3kz9t2w4e")
MONTH = Part("month", "The month in Bangkok.", {"type": "string"}, "2026-11")
BAD_MONTH = errors.InvalidInput("The month is like 2026-11.", field="month")
HERE = (reply(200, "The month.", answers.MonthStatement),)

OPERATIONS: Mapping[Handler, Operation] = {
    own_money.destination: Operation(
        id="getPayoutDestination",
        tag="dashboard",
        summary="Where one's settlements go",
        who=PERSON,
        may=May.SEE_MONEY,
        replies=(reply(200, "There.", answers.OwnDestination),),
    ),
    own_money.change_destination: Operation(
        id="changePayoutDestination",
        tag="dashboard",
        summary="Say where one's settlements shall go",
        about="The first one may be used at once; a change waits 24 hours, in which nothing is approved.",
        who=PERSON,
        may=May.MOVE_MONEY,
        body=json_body(own_money.NEW_DESTINATION),
        replies=(reply(200, "There from now on.", answers.OwnDestination),),
        refusals=(
            errors.InvalidInput("name is required.", field="name"),
            errors.Forbidden("The password is not right.", field="password"),
            errors.CodeRequired(),
            errors.TooManyTries(12),
        ),
    ),
    own_money.own_statement: Operation(
        id="getOwnStatement",
        tag="dashboard",
        summary="One's month in the books",
        who=PERSON,
        may=May.SEE_MONEY,
        path=(MONTH,),
        query=own_money.IN_MODE,
        replies=HERE,
        refusals=(BAD_MONTH,),
    ),
    own_money.statement: Operation(
        id="getMerchantStatement",
        tag="operator",
        summary="A merchant's month in the books",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, MONTH),
        query=own_money.IN_MODE,
        replies=HERE,
        refusals=(BAD_MONTH, errors.NotFound("There is no merchant mer_0cqh3kz9t2w4e.")),
    ),
}
