"""What the native face does about refunds, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.answers import TRANSACTION
from paygate.core.scopes import Scope
from paygate.faces.v1 import refund_answers as answers
from paygate.faces.v1 import refunds
from paygate.services.refund_links import USED
from paygate.wire.operations import MERCHANT, Handler, Operation, Part, Who, json_body, reply
from paygate.wire.refunds import NEW_PAYEE

TAG = "refunds"
PAYMENT = Part("paymentId", "The payment's id.", {"type": "string", "format": "uuid"}, TRANSACTION)
REFUND = Part("refundId", "The refund's id.", {"type": "string"}, answers.REFUND)
PAYER = (*MERCHANT, Who.CLIENT_SECRET)
STRANGER = errors.Unauthorized(refunds.STRANGER)
NO_REFUND = errors.NotFound("No such refund.")
DONE = (reply(200, "The refund as it stands now.", answers.RefundMade),)

OPERATIONS: Mapping[Handler, Operation] = {
    refunds.create: Operation(
        id="createRefund",
        tag=TAG,
        summary="Give a payment back, all of it or a part",
        about="Never more than is left. PromptPay has no way back: somebody pays it by hand. Without a `payee` it is"
        " WAITING, and `payeeUrl` is the page where the payer says where to. In test mode it is COMPLETED at once,"
        " unless you ask the payer.",
        who=MERCHANT,
        scope=Scope.REFUNDS_WRITE,
        path=(PAYMENT,),
        body=json_body(refunds.NEW_REFUND, required=False),
        replies=(reply(201, "It was asked for.", answers.RefundMade),),
        refusals=(
            errors.InvalidInput("amount must be at most 150.00 THB: so much is left.", field="amount"),
            errors.NotFound("No such payment."),
            errors.WrongState("PENDING", "refunded"),
            errors.InvalidInput("askPayer must be true or false.", field="askPayer"),
            errors.InsufficientBalance("97.00 THB are available.", field="amount"),
            errors.Conflict("All of this payment was refunded already, or is being refunded."),
        ),
        idempotent=True,
    ),
    refunds.listed: Operation(
        id="listRefunds",
        tag=TAG,
        summary="Refunds, newest first",
        who=MERCHANT,
        scope=Scope.REFUNDS_READ,
        query=refunds.LISTED,
        replies=(reply(200, "A page.", answers.Refunds),),
    ),
    refunds.get: Operation(
        id="getRefund",
        tag=TAG,
        summary="One refund",
        about="For its payer, with the end of `payeeUrl` as `X-Client-Secret`: the amount, the shop, and what was said,"
        " masked.",
        who=PAYER,
        scope=Scope.REFUNDS_READ,
        path=(REFUND,),
        replies=(reply(200, "The refund.", answers.RefundMade, answers.PayersRefundSeen),),
        refusals=(NO_REFUND, STRANGER),
    ),
    refunds.cancel: Operation(
        id="cancelRefund",
        tag=TAG,
        summary="Cancel a refund that nobody approved yet",
        about="What was set aside for it is available again. Cancelling again is no error.",
        who=MERCHANT,
        scope=Scope.REFUNDS_WRITE,
        path=(REFUND,),
        replies=DONE,
        refusals=(NO_REFUND, errors.WrongState("APPROVED", "cancelled", what="refund")),
        idempotent=True,
    ),
    refunds.say_payee: Operation(
        id="sayPayee",
        tag=TAG,
        summary="Say where the payer wants the money",
        about="The payer may say it too, with the end of `payeeUrl` as `X-Client-Secret`: once, with the holder's name;"
        " the same account again is no error. You hear `refund.account_given`.",
        who=PAYER,
        scope=Scope.REFUNDS_WRITE,
        path=(REFUND,),
        body=json_body(NEW_PAYEE),
        replies=(reply(200, "The refund as it stands now.", answers.RefundMade, answers.PayersRefundSeen),),
        refusals=(
            STRANGER,
            errors.Conflict(USED),
            errors.InvalidInput("payee is required.", field="payee"),
            NO_REFUND,
            errors.WrongState("PAYING", "sent elsewhere", what="refund"),
        ),
        idempotent=True,
    ),
    refunds.ask_payer: Operation(
        id="askPayer",
        tag=TAG,
        summary="Ask the payer where the money shall go",
        about="A new link, good for some days; one that was made before is worthless, and what was said before is"
        " forgotten. Not of what the operator approved already.",
        who=MERCHANT,
        scope=Scope.REFUNDS_WRITE,
        path=(REFUND,),
        replies=DONE,
        refusals=(NO_REFUND, errors.WrongState("APPROVED", "put to its payer", what="refund")),
        idempotent=True,
    ),
    refunds.complete: Operation(
        id="completeRefund",
        tag=TAG,
        summary="Say that you paid a refund yourself",
        about="Of a payment that arrived on your own account (a direct plan).",
        who=MERCHANT,
        scope=Scope.REFUNDS_WRITE,
        path=(REFUND,),
        body=json_body(refunds.PAID),
        replies=DONE,
        refusals=(
            errors.InvalidInput("bankReference is required.", field="bankReference"),
            NO_REFUND,
            errors.Conflict("The operator pays this refund from the central account."),
        ),
        idempotent=True,
    ),
}
