"""Plans, rates, and merchants' own receiving accounts: what the operator decides, and what an owner may.

Whoever changes any of it shows password and code again: it decides where money goes.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.canonical import JsonValue
from paygate.core.people import May, Person
from paygate.faces.dashboard import plan_shapes as shapes
from paygate.faces.dashboard.shapes import CODE, PRESENT_PASSWORD
from paygate.services import plans, receiving, totp


async def show(request: Request) -> Response:
    """GET /api/admin/merchants/{id}/plan"""
    await wire.person(request, May.OPERATE)
    return wire.json_answer(shapes.standing(await plans.show(wire.context(request), _merchant_id(request))))


async def change(request: Request) -> Response:
    """PUT /api/admin/merchants/{id}/plan: from now on, or from `validFrom` on."""
    who, given = await _confirmed_body(request, May.OPERATE)
    merchant_id, wish = _merchant_id(request), shapes.plan_wish(given)
    await _confirm(request, who, given)
    return wire.json_answer(
        shapes.standing(await plans.change(wire.context(request), merchant_id, wish, actor=who.actor))
    )


async def withdraw(request: Request) -> Response:
    """DELETE /api/admin/merchants/{id}/plan: what was decided for later."""
    who = await wire.person(request, May.OPERATE)
    done = await plans.withdraw(wire.context(request), _merchant_id(request), actor=who.actor)
    return wire.json_answer(shapes.standing(done))


async def change_account(request: Request) -> Response:
    """PUT /api/admin/merchants/{id}/account: where a direct merchant's money arrives."""
    who, given = await _confirmed_body(request, May.OPERATE)
    return await _change_account(request, who, given, _merchant_id(request))


async def rates(request: Request) -> Response:
    """GET /api/admin/plans: what each costs."""
    await wire.person(request, May.OPERATE)
    return wire.json_answer(shapes.rates(await plans.rates(wire.context(request))))


async def set_rate(request: Request) -> Response:
    """PUT /api/admin/plans/{plan}: what it costs from now on, or from `validFrom` on."""
    who, given = await _confirmed_body(request, May.OPERATE)
    plan = shapes.PLAN.read(request.path_params)
    bps, valid_from = shapes.RATE_BPS.read(given), shapes.VALID_FROM.read(given)
    await _confirm(request, who, given)
    done = await plans.set_rate(wire.context(request), plan, bps, valid_from, actor=who.actor)
    return wire.json_answer(shapes.rates(done))


async def show_own(request: Request) -> Response:
    """GET /api/merchant/account. For owners."""
    who = await wire.person(request, May.MOVE_MONEY)
    found = await receiving.show(wire.context(request), who.merchant_id)
    return wire.json_answer(shapes.Receiving(shapes.account(found)))


async def change_own(request: Request) -> Response:
    """PUT /api/merchant/account. For owners."""
    who, given = await _confirmed_body(request, May.MOVE_MONEY)
    return await _change_account(request, who, given, who.merchant_id)


async def _change_account(request: Request, who: Person, given: dict[str, JsonValue], merchant_id: int) -> Response:
    wish = shapes.account_wish(given)
    await _confirm(request, who, given)
    done = await receiving.change(wire.context(request), merchant_id, wish, actor=who.actor)
    return wire.json_answer(shapes.Receiving(shapes.account(done)))


async def _confirmed_body(request: Request, act: May) -> tuple[Person, dict[str, JsonValue]]:
    return await wire.person(request, act), fields.json_object(await wire.body(request))


async def _confirm(request: Request, who: Person, given: dict[str, JsonValue]) -> None:
    await totp.confirm(wire.context(request), who, PRESENT_PASSWORD.read(given), CODE.read(given))


def _merchant_id(request: Request) -> int:
    return ids.read_merchant(request.path_params["merchant_id"])
