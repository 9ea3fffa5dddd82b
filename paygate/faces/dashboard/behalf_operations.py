"""What the operator asks for on a merchant's behalf, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.answers import TRANSACTION
from paygate.core.people import May
from paygate.faces.dashboard import admin_behalf as behalf
from paygate.faces.dashboard.admin_money_answers import OnePayout
from paygate.faces.dashboard.admin_money_operations import REFUND, SETTLEMENT, TAG
from paygate.faces.dashboard.own_money_operations import MERCHANT
from paygate.wire.operations import PERSON, Handler, Operation, Part, json_body, reply
from paygate.wire.refunds import NEW_PAYEE

PAYMENT = Part("paymentId", "The payment's id.", {"type": "string", "format": "uuid"}, TRANSACTION)
NO_SETTLEMENT = errors.NotFound(f"There is no settlement {SETTLEMENT.example}.")
NO_REFUND = errors.NotFound(f"There is no refund {REFUND.example}.")
NOW = (reply(200, "The refund as it stands now.", behalf.AskedRefund),)

OPERATIONS: Mapping[Handler, Operation] = {
    behalf.settle: Operation(
        id="requestAnySettlement",
        tag=TAG,
        summary="Ask for a merchant's money on its behalf",
        about="The amount is set aside at once; it is approved and paid as one that the merchant asked for.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(behalf.NEW_SETTLEMENT),
        replies=(reply(201, "It was asked for.", OnePayout),),
        refusals=(
            errors.InvalidInput("amount must be at least 100.00 THB.", field="amount"),
            errors.NotFound("There is no merchant mer_0cqh3kz9t2w4e."),
            errors.InsufficientBalance("97.00 THB are available.", field="amount"),
            errors.Conflict("Payouts of this merchant are frozen. Ask the operator."),
        ),
        idempotent=True,
    ),
    behalf.cancel_settlement: Operation(
        id="cancelAnySettlement",
        tag=TAG,
        summary="Cancel a settlement on a merchant's behalf",
        about="Before somebody approved it. The money is the merchant's again. Cancelling again is no error.",
        who=PERSON,
        may=May.OPERATE,
        path=(SETTLEMENT,),
        replies=(reply(200, "It stands so now.", OnePayout),),
        refusals=(NO_SETTLEMENT, errors.WrongState("APPROVED", "cancelled", what="settlement")),
        idempotent=True,
    ),
    behalf.refund: Operation(
        id="createAnyRefund",
        tag=TAG,
        summary="Give a payment back on a merchant's behalf",
        about="As `createRefund`; `payeeUrl` is for the payer alone. With `advance` the operator pays what the merchant"
        " has too little: the merchant owes it, and its next payout nets it.",
        who=PERSON,
        may=May.OPERATE,
        path=(PAYMENT,),
        body=json_body(behalf.NEW_REFUND, required=False),
        replies=(reply(201, "It was asked for.", behalf.AskedRefund),),
        refusals=(
            errors.InvalidInput("amount must be at most 150.00 THB: so much is left.", field="amount"),
            errors.InvalidInput("advance must be true or false.", field="advance"),
            errors.NotFound("No such payment."),
            errors.WrongState("PENDING", "refunded"),
            errors.InsufficientBalance("97.00 THB are available.", field="amount"),
            errors.Conflict("All of this payment was refunded already, or is being refunded."),
        ),
        idempotent=True,
    ),
    behalf.cancel_refund: Operation(
        id="cancelAnyRefund",
        tag=TAG,
        summary="Cancel a refund on a merchant's behalf",
        about="Before somebody approved it. What was set aside is available again. Cancelling again is no error.",
        who=PERSON,
        may=May.OPERATE,
        path=(REFUND,),
        replies=NOW,
        refusals=(NO_REFUND, errors.WrongState("APPROVED", "cancelled", what="refund")),
        idempotent=True,
    ),
    behalf.say_payee: Operation(
        id="sayAnyPayee",
        tag=TAG,
        summary="Say where a payer wants a refund",
        about="Before it is approved. A link that the payer has is worthless then.",
        who=PERSON,
        may=May.OPERATE,
        path=(REFUND,),
        body=json_body(NEW_PAYEE),
        replies=NOW,
        refusals=(
            NO_REFUND,
            errors.InvalidInput("payee is required.", field="payee"),
            errors.WrongState("PAYING", "sent elsewhere", what="refund"),
        ),
        idempotent=True,
    ),
    behalf.ask_payer: Operation(
        id="askAnyPayer",
        tag=TAG,
        summary="A new link where a refund's payer says where to",
        about="Give it to the payer and to nobody else. Older links are worthless.",
        who=PERSON,
        may=May.OPERATE,
        path=(REFUND,),
        replies=NOW,
        refusals=(NO_REFUND, errors.WrongState("APPROVED", "asked about", what="refund")),
        idempotent=True,
    ),
}
