"""What the native face does about money out, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.scopes import Scope
from paygate.faces.v1 import settlement_answers as answers
from paygate.faces.v1 import settlements
from paygate.wire.operations import MERCHANT, Handler, Operation, Part, json_body, reply

TAG = "money out"
SETTLEMENT = Part("settlementId", "The settlement's id.", {"type": "string"}, answers.SETTLEMENT)
NO_SETTLEMENT = errors.NotFound("No such settlement.")

OPERATIONS: Mapping[Handler, Operation] = {
    settlements.balance: Operation(
        id="getBalance",
        tag=TAG,
        summary="What you may take out, and what waits",
        who=MERCHANT,
        scope=Scope.SETTLEMENTS_READ,
        replies=(reply(200, "The balance.", answers.Balance),),
    ),
    settlements.create: Operation(
        id="createSettlement",
        tag=TAG,
        summary="Take money out",
        about="The amount is set aside at once; the operator pays it to your payout destination. Live keys only.",
        who=MERCHANT,
        scope=Scope.SETTLEMENTS_WRITE,
        body=json_body(settlements.NEW_SETTLEMENT),
        replies=(reply(201, "It was asked for.", answers.SettlementMade),),
        refusals=(
            errors.InvalidInput("amount must be at least 100.00 THB.", field="amount"),
            errors.InsufficientBalance("970.00 THB are available.", field="amount"),
            errors.Conflict("Payouts of this merchant are frozen. Ask the operator."),
        ),
        idempotent=True,
    ),
    settlements.listed: Operation(
        id="listSettlements",
        tag=TAG,
        summary="Settlements, newest first",
        who=MERCHANT,
        scope=Scope.SETTLEMENTS_READ,
        query=settlements.LISTED,
        replies=(reply(200, "A page.", answers.Settlements),),
    ),
    settlements.get: Operation(
        id="getSettlement",
        tag=TAG,
        summary="One settlement",
        who=MERCHANT,
        scope=Scope.SETTLEMENTS_READ,
        path=(SETTLEMENT,),
        replies=(reply(200, "The settlement.", answers.SettlementMade),),
        refusals=(NO_SETTLEMENT,),
    ),
    settlements.cancel: Operation(
        id="cancelSettlement",
        tag=TAG,
        summary="Cancel a settlement that nobody approved yet",
        about="The money is available again. Cancelling again is no error.",
        who=MERCHANT,
        scope=Scope.SETTLEMENTS_WRITE,
        path=(SETTLEMENT,),
        replies=(reply(200, "It is cancelled.", answers.SettlementMade),),
        refusals=(NO_SETTLEMENT, errors.WrongState("APPROVED", "cancelled", what="settlement")),
        idempotent=True,
    ),
}
