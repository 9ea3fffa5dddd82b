"""What a merchant's people do with its settings, keys and payments, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from paygate.core import errors
from paygate.core import shapes as declare
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import answers, own, payments
from paygate.faces.dashboard import own_shapes as shapes
from paygate.wire.operations import PERSON, Handler, Operation, Part, json_body, reply
from paygate.wire.people import MODES

TAG = "dashboard"
KEY = Part("keyId", "The key's id.", {"type": "string"}, "key_06nz0nc5vj7r4gjx7c79l6za")
MODE = declare.choice("mode", MODES, "live (the default), or test: no money moves.", example="test")
IN_MODE = Shape("ModeQuery", "In which mode.", (MODE,))
BAD_MODE = errors.InvalidInput("mode must be one of live, test.", field="mode")
TOO_SMALL = errors.InvalidInput("amount must be at least 1.00 THB.", field="amount")

OPERATIONS: Mapping[Handler, Operation] = {
    payments.create_link: Operation(
        id="createLink",
        tag=TAG,
        summary="Make a payment link",
        about="The amount in the answer is text: the shortest decimal.",
        who=PERSON,
        may=May.MAKE_PAYMENTS,
        query=IN_MODE,
        body=json_body(shapes.NEW_LINK),
        replies=(reply(201, "The link.", answers.PaymentLink),),
        refusals=(TOO_SMALL, BAD_MODE, errors.SlotsExhausted(retry_after_s=600), errors.NoAccount()),
        idempotent=True,
    ),
    own.show: Operation(
        id="getOwnMerchant",
        tag=TAG,
        summary="One's own merchant",
        who=PERSON,
        may=May.SEE_MERCHANT,
        replies=(reply(200, "The merchant.", answers.Own),),
    ),
    own.update: Operation(
        id="updateOwnMerchant",
        tag=TAG,
        summary="Change one's own merchant",
        about="What is absent stays.",
        who=PERSON,
        may=May.CHANGE_MERCHANT,
        body=json_body(shapes.CHANGE),
        replies=(reply(200, "It is changed.", answers.Own),),
        refusals=(errors.InvalidInput("The name must be one line of 1 to 100 characters.", field="name"),),
    ),
    own.key_list: Operation(
        id="listKeys",
        tag=TAG,
        summary="All API keys",
        about="Of both modes, revoked ones too; a secret one shows its ends alone.",
        who=PERSON,
        may=May.HANDLE_KEYS,
        replies=(reply(200, "All of them.", answers.ApiKeys),),
    ),
    own.key_create: Operation(
        id="createKey",
        tag=TAG,
        summary="Make an API key",
        about="It is shown in this answer alone (and in the one that is kept for the Idempotency-Key).",
        who=PERSON,
        may=May.HANDLE_KEYS,
        query=IN_MODE,
        body=json_body(shapes.NEW_KEY, required=False),
        replies=(reply(201, "It was made.", answers.NewApiKey),),
        refusals=(errors.InvalidInput("kind must be one of secret, public.", field="kind"), BAD_MODE),
        idempotent=True,
    ),
    own.key_revoke: Operation(
        id="revokeKey",
        tag=TAG,
        summary="Revoke an API key",
        about="Worthless from the next request on.",
        who=PERSON,
        may=May.HANDLE_KEYS,
        path=(KEY,),
        replies=(reply(200, "It is worthless.", answers.Success),),
        refusals=(errors.NotFound("There is no key key_06nz0nc5vj7r4gjx7c79l6za."),),
    ),
}


def in_person(native: Operation, act: May) -> Operation:
    """A native operation at an address for people who may do *act*."""
    query = Shape(
        f"{native.id}Query", "Which ones, and in which mode.", (*(native.query.fields if native.query else ()), MODE)
    )
    return replace(
        native,
        id=f"{native.id}InPerson",
        tag=TAG,
        who=PERSON,
        scope=None,
        may=act,
        query=query,
        refusals=(*native.refusals, BAD_MODE),
    )
