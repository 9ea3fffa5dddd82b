"""A merchant that the operator makes, with its keys, and its place in the API's document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import errors, fields
from paygate.core import shapes as declare
from paygate.core.answers import Done
from paygate.core.errors import InvalidInput
from paygate.core.fees import CENTRAL_PLANS
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import answers, shapes
from paygate.faces.dashboard.names import once_answer
from paygate.faces.dashboard.plan_shapes import BANK, NUMBER, PLAN, PROMPTPAY
from paygate.services import merchants
from paygate.services.licence import NOTICE
from paygate.services.merchants import Made
from paygate.wire.operations import PERSON, Handler, Operation, json_body, reply

NEEDS_PROMPTPAY = "promptpay is required on a direct plan: it is where the merchant's money arrives."
APPROVE = declare.flag("approve", "true: it may take real payments at once; you know who it is.", example=True)
NEW = Shape(
    "MerchantToMake", "A merchant, and its owner.", (shapes.EMAIL, shapes.NAME, PLAN, PROMPTPAY, BANK, NUMBER, APPROVE)
)


class FirstKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The first keys of a merchant, shown this once."""

    liveSecretKey: Annotated[str, Meta(description="For its server.", examples=["sk_live_example"])]
    livePublicKey: Annotated[str, Meta(description="For its pages.", examples=["pk_live_example"])]
    testSecretKey: Annotated[str, Meta(description="For its server; no money moves.", examples=["sk_test_example"])]
    testPublicKey: Annotated[str, Meta(description="For its pages; no money moves.", examples=["pk_test_example"])]


class MadeMerchant(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant that was just made."""

    success: Done = True
    merchant: answers.Merchant
    keys: FirstKeys
    notice: Annotated[
        str | None, Meta(description="On the Free plan: which licence it needs, in short.", examples=[None])
    ]


async def create(request: Request) -> Response:
    """POST /api/admin/merchants: 201, and its four keys, shown this once."""
    who, raw = await wire.person(request, May.OPERATE), await wire.body(request)
    given = fields.json_object(raw)
    plan, promptpay = PLAN.read(given), PROMPTPAY.read(given)
    if plan not in CENTRAL_PLANS and promptpay is None:
        raise InvalidInput(NEEDS_PROMPTPAY, field="promptpay")
    done = await merchants.create_once(
        wire.context(request),
        email=shapes.EMAIL.read(given),
        name=shapes.NAME.read(given),
        plan=plan,
        promptpay=promptpay,
        bank=BANK.read(given),
        number=NUMBER.read(given),
        password=None,
        approve=APPROVE.read(given) is True,
        actor=who.actor,
        claim=wire.claim_of(request, who, raw),
        answer=_answer,
    )
    return once_answer(done)


def _answer(made: Made) -> tuple[int, bytes]:
    new = made.new
    shown = MadeMerchant(
        merchant=shapes.merchant(made.merchant),
        keys=FirstKeys(
            liveSecretKey=new.live_secret_key,
            livePublicKey=new.live_public_key,
            testSecretKey=new.test_secret_key,
            testPublicKey=new.test_public_key,
        ),
        notice=NOTICE if made.merchant.plan in CENTRAL_PLANS else None,
    )
    return 201, wire.encode(shown)


OPERATIONS: Mapping[Handler, Operation] = {
    create: Operation(
        id="createMerchant",
        tag="merchants",
        summary="Make a merchant, with its keys",
        about="On a direct plan its own PromptPay ID is needed, and the bank account behind it for what the bank tells"
        " (`lacks` says when it is missing). Its owner logs in once they have a link of `makeResetLink`.",
        who=PERSON,
        may=May.OPERATE,
        body=json_body(NEW),
        replies=(reply(201, "The merchant. Its keys are not shown again.", MadeMerchant),),
        refusals=(
            errors.InvalidInput(NEEDS_PROMPTPAY, field="promptpay"),
            errors.Conflict("Somebody already logs in with this e-mail address.", field="email"),
        ),
        idempotent=True,
    ),
}
