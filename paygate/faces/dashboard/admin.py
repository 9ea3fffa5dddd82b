"""What the operator does with merchants and their people."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.canonical import JsonValue
from paygate.core.errors import NotFound
from paygate.core.events import timestamp
from paygate.core.people import May, Person
from paygate.db.users import User
from paygate.faces.dashboard import answers, shapes
from paygate.services import merchants, totp, user_links, users
from paygate.services.audit import PLATFORM
from paygate.services.context import Context


async def merchant_list(request: Request) -> Response:
    """GET /api/admin/merchants: newest first; `status`, `q`, `limit`, `cursor`."""
    await wire.person(request, May.OPERATE)
    page = shapes.merchant_page(wire.query(request))
    found = await merchants.page(wire.context(request), replace(page, limit=page.limit + 1))
    return wire.json_answer(shapes.merchants(found, page.limit))


async def merchant(request: Request) -> Response:
    """GET /api/admin/merchants/{id}: with its people."""
    await wire.person(request, May.OPERATE)
    ctx, merchant_id = wire.context(request), _merchant_id(request)
    found = shapes.merchant(await merchants.show(ctx, merchant_id))
    people = [shapes.user(user) for user in await users.list_users(ctx, merchant_id)]
    return wire.json_answer(answers.MerchantWithPeople(found, people))


async def approve(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/approve: it may take real payments from now on; repeat is harmless."""
    who, raw = await wire.person(request, May.OPERATE), await wire.body(request)
    reason = shapes.UNCHECKED.read(fields.json_object(raw)) if raw.strip() else None
    done = await merchants.approve(wire.context(request), _merchant_id(request), unchecked=reason, actor=who.actor)
    return wire.json_answer(answers.MerchantChanged(shapes.merchant(done)))


async def suspend(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/suspend: its keys and people get 403 from now on; open payments stay payable."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    reason = shapes.REASON.read(given)
    done = await merchants.suspend(wire.context(request), _merchant_id(request), reason, actor=who.actor)
    return wire.json_answer(answers.MerchantChanged(shapes.merchant(done)))


async def reset_link(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/users/{id}/reset-link: `password` and `code` of the admin; a link for an hour."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    ctx, user = wire.context(request), await _user(request)
    await _confirm(ctx, who, given)
    link = await user_links.reset(ctx, user, who.actor)
    return wire.json_answer(answers.Link(url=link.url, expiresAt=timestamp(link.expires_at)), 201)


async def reset_totp(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/users/{id}/reset-totp: for somebody who lost phone and recovery codes."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    ctx, user = wire.context(request), await _user(request)
    await _confirm(ctx, who, given)
    await totp.reset(ctx, user, who.actor)
    return wire.json_answer(answers.Success())


async def _confirm(ctx: Context, who: Person, given: dict[str, JsonValue]) -> None:
    await totp.confirm(ctx, who, shapes.PRESENT_PASSWORD.read(given), shapes.CODE.read(given))


def _merchant_id(request: Request) -> int:
    return ids.read_merchant(request.path_params["merchant_id"])


async def _user(request: Request) -> User:
    """Somebody of a merchant's. Admins are nobody's people here: none of them may become another one."""
    merchant_id = _merchant_id(request)
    if merchant_id == PLATFORM:
        raise NotFound("No such merchant.")
    return await users.get(wire.context(request), merchant_id, ids.read("usr", request.path_params["user_id"]))
