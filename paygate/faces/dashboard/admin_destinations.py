"""Where a merchant's settlements go, said by the operator on its behalf, and its place in the API's document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import errors, fields, ids
from paygate.core.answers import Done, Moment
from paygate.core.events import timestamp
from paygate.core.people import May
from paygate.db.destinations import Destination
from paygate.faces.dashboard import own_money, shapes
from paygate.faces.dashboard.answers import MerchantId
from paygate.faces.dashboard.names import known_as
from paygate.faces.dashboard.own_money_operations import MERCHANT
from paygate.services import destinations, totp
from paygate.wire.operations import PERSON, Handler, Operation, json_body, reply


class PayoutPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a merchant's settlements go, in full."""

    promptpay: Annotated[str | None, Meta(description="The PromptPay ID.", examples=["0066899999999"])]
    bank: Annotated[str | None, Meta(description="The bank's code.", examples=["014"])]
    account: Annotated[str | None, Meta(description="The account's number.", examples=["4061234567"])]
    name: Annotated[str, Meta(description="Who holds it.", examples=["ร้านกาแฟ"])]
    usableAt: Annotated[Moment, Meta(description="From when on it may be used.")]


class MerchantDestination(msgspec.Struct, frozen=True, kw_only=True):
    """Where a merchant's settlements go; null until somebody said so."""

    merchantId: MerchantId
    destination: PayoutPlace | None
    success: Done = True


async def show(request: Request) -> Response:
    """GET /api/admin/merchants/{id}/payout-destination: null until somebody said where."""
    await wire.person(request, May.OPERATE)
    merchant_id = _merchant_id(request)
    return wire.json_answer(_shown(merchant_id, await destinations.in_force(wire.context(request), merchant_id)))


async def change(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/payout-destination: the first one at once, a change after 24 hours."""
    who, ctx, merchant_id = await wire.person(request, May.OPERATE), wire.context(request), _merchant_id(request)
    given = fields.json_object(await wire.body(request))
    with known_as(number="account"):
        wanted = destinations.read(
            own_money.PROMPTPAY.read(given),
            own_money.BANK.read(given),
            own_money.ACCOUNT.read(given),
            own_money.NAME.read(given),
        )
    await totp.confirm(ctx, who, shapes.PRESENT_PASSWORD.read(given), shapes.CODE.read(given))
    return wire.json_answer(_shown(merchant_id, await destinations.change(ctx, merchant_id, wanted, actor=who.actor)))


def _merchant_id(request: Request) -> int:
    return ids.read_merchant(request.path_params["merchant_id"])


def _shown(merchant_id: int, found: Destination | None) -> MerchantDestination:
    place = None
    if found is not None:
        place = PayoutPlace(
            promptpay=found.proxy,
            bank=found.bank_code,
            account=found.number,
            name=found.name,
            usableAt=timestamp(found.usable_at),
        )
    return MerchantDestination(merchantId=ids.show_merchant(merchant_id), destination=place)


NO_MERCHANT = errors.NotFound("There is no merchant mer_0cqh3kz9t2w4e.")
OPERATIONS: Mapping[Handler, Operation] = {
    show: Operation(
        id="getMerchantDestination",
        tag="merchants",
        summary="Where a merchant's settlements go",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        replies=(reply(200, "There.", MerchantDestination),),
        refusals=(NO_MERCHANT,),
    ),
    change: Operation(
        id="changeMerchantDestination",
        tag="merchants",
        summary="Say where a merchant's settlements shall go",
        about="On its behalf. The first one may be used at once; a change waits 24 hours, in which nothing is"
        " approved. The same place again changes nothing.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(own_money.NEW_DESTINATION),
        replies=(reply(200, "There from now on.", MerchantDestination),),
        refusals=(
            NO_MERCHANT,
            errors.InvalidInput("name is required.", field="name"),
            errors.Forbidden("The password is not right.", field="password"),
            errors.CodeRequired(),
            errors.TooManyTries(12),
        ),
    ),
}
