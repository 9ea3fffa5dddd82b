"""What the native face does about payment links, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.scopes import Scope
from paygate.faces.v1 import link_shapes as shapes
from paygate.faces.v1 import links
from paygate.wire.operations import MERCHANT, Handler, Operation, Part, json_body, reply

TAG = "payment links"
LINK = Part("linkId", "The link's id.", {"type": "string"}, shapes.EXAMPLE)
NO_LINK = errors.NotFound(f"There is no payment link {shapes.EXAMPLE}.")
BAD_AMOUNT = errors.InvalidInput("amount is required: a number of baht.", field="amount")

OPERATIONS: Mapping[Handler, Operation] = {
    links.create: Operation(
        id="createPaymentLink",
        tag=TAG,
        summary="Make a payment link",
        about="A page with a fixed price for anybody to pay; a page of yours may name it in place of an amount.",
        who=MERCHANT,
        scope=Scope.PAYMENTS_WRITE,
        body=json_body(shapes.NEW_LINK),
        replies=(reply(201, "It was made.", shapes.LinkChanged),),
        refusals=(BAD_AMOUNT,),
        idempotent=True,
    ),
    links.listed: Operation(
        id="listPaymentLinks",
        tag=TAG,
        summary="Payment links",
        who=MERCHANT,
        scope=Scope.PAYMENTS_READ,
        query=shapes.LISTED_LINKS,
        replies=(reply(200, "The newest first.", shapes.Links),),
        refusals=(errors.InvalidInput("limit must be a whole number from 1 to 100.", field="limit"),),
    ),
    links.get: Operation(
        id="getPaymentLink",
        tag=TAG,
        summary="One payment link",
        who=MERCHANT,
        scope=Scope.PAYMENTS_READ,
        path=(LINK,),
        replies=(reply(200, "The link.", shapes.OneLink),),
        refusals=(NO_LINK,),
    ),
    links.update: Operation(
        id="updatePaymentLink",
        tag=TAG,
        summary="Switch a payment link off, or on",
        about="One that is off makes no payments; those that it has made stay as they are.",
        who=MERCHANT,
        scope=Scope.PAYMENTS_WRITE,
        path=(LINK,),
        body=json_body(shapes.LINK_CHANGE),
        replies=(reply(200, "It is so.", shapes.LinkChanged),),
        refusals=(errors.InvalidInput("active must be true or false.", field="active"), NO_LINK),
    ),
}
