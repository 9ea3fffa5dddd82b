"""Logins: coming in, staying in, going out; passwords and one-time codes."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from emvco import qr
from paygate import wire
from paygate.core import fields, ids
from paygate.core.canonical import JsonValue
from paygate.faces.dashboard import answers, shapes
from paygate.services import merchants, sessions, totp, user_links


async def register(request: Request) -> Response:
    """POST /api/auth/register: 201, and the merchant waits for approval; the same answer for a known address."""
    given = await _at_the_door(request)
    await merchants.register(
        wire.context(request),
        email=shapes.EMAIL.read(given),
        password=shapes.PASSWORD.read(given),
        name=shapes.NAME.read(given),
        client=wire.client_address(request),
    )
    return wire.json_answer(answers.Waiting(), 201)


async def login(request: Request) -> Response:
    """POST /api/auth/login: for a merchant's people."""
    return await _login(request, admin=False)


async def admin_login(request: Request) -> Response:
    """POST /api/auth/admin/login: for the operator's."""
    return await _login(request, admin=True)


async def refresh(request: Request) -> Response:
    """POST /api/auth/refresh: another pair; the old refresh token is used up."""
    token = shapes.REFRESH_TOKEN.read(await _at_the_door(request))
    return wire.json_answer(
        shapes.signed_in(await sessions.refresh(wire.context(request), token, wire.client(request)))
    )


async def logout(request: Request) -> Response:
    """POST /api/auth/logout: this login is over; with `{"everywhere": true}` all of the person's are."""
    who, raw = await wire.anybody(request), await wire.body(request)
    everywhere = bool(raw.strip()) and shapes.EVERYWHERE.read(fields.json_object(raw)) is True
    await sessions.logout(wire.context(request), who, wire.client_address(request), everywhere=everywhere)
    return wire.json_answer(answers.Success())


async def me(request: Request) -> Response:
    """GET /api/auth/me"""
    return wire.json_answer(answers.WhoAmI(shapes.me(await wire.anybody(request))))


async def session_list(request: Request) -> Response:
    """GET /api/auth/sessions: one's own."""
    who = await wire.anybody(request)
    found = await sessions.listed(wire.context(request), who.merchant_id, who.user_id)
    return wire.json_answer(shapes.logins(found, who))


async def session_end(request: Request) -> Response:
    """DELETE /api/auth/sessions/{id}: one of one's own."""
    who, session_id = await wire.anybody(request), ids.read("ses", request.path_params["session_id"])
    await sessions.revoke(
        wire.context(request), who.merchant_id, who.user_id, session_id, who.actor, wire.client_address(request)
    )
    return wire.json_answer(answers.Success())


async def change_password(request: Request) -> Response:
    """POST /api/auth/password: `password`, `newPassword`, and `code` where one-time codes are on."""
    who, given = await wire.anybody(request), await _given(request)
    await sessions.change_password(
        wire.context(request),
        who,
        shapes.PASSWORD.read(given),
        shapes.NEW_PASSWORD.read(given),
        shapes.CODE.read(given),
        wire.client_address(request),
    )
    return wire.json_answer(answers.Success())


async def reset_password(request: Request) -> Response:
    """POST /api/auth/password/reset: `token` of a link, and `newPassword`."""
    given = await _at_the_door(request)
    token, new = shapes.LINK_TOKEN.read(given), shapes.NEW_PASSWORD.read(given)
    await user_links.set_password(wire.context(request), token, new, wire.client_address(request))
    return wire.json_answer(answers.Success())


async def totp_setup(request: Request) -> Response:
    """POST /api/auth/totp/setup: a secret for the app, in force once `enable` has seen a code of it."""
    who, given = await wire.anybody(request), await _given(request)
    offer = await totp.offer(wire.context(request), who, shapes.PASSWORD.read(given), shapes.CODE.read(given))
    picture = await asyncio.to_thread(lambda: qr.render(offer.uri, error="M").data_url())
    return wire.json_answer(answers.TotpOffer(secret=offer.secret, otpauthUrl=offer.uri, qrCode=picture))


async def totp_enable(request: Request) -> Response:
    """POST /api/auth/totp/enable: `code`; recovery codes, shown this once."""
    who, given = await wire.anybody(request), await _given(request)
    code = shapes.FIRST_CODE.read(given)
    codes = await totp.enable(wire.context(request), who, code, wire.client_address(request))
    return wire.json_answer(answers.RecoveryCodes(list(codes)))


async def totp_recovery(request: Request) -> Response:
    """POST /api/auth/totp/recovery-codes: ten new ones."""
    who, given = await wire.anybody(request), await _given(request)
    codes = await totp.renew_recovery(
        wire.context(request),
        who,
        shapes.PASSWORD.read(given),
        shapes.CODE.read(given),
        wire.client_address(request),
    )
    return wire.json_answer(answers.RecoveryCodes(list(codes)))


async def totp_disable(request: Request) -> Response:
    """POST /api/auth/totp/disable: not for admins."""
    who, given = await wire.anybody(request), await _given(request)
    await totp.disable(
        wire.context(request),
        who,
        shapes.PASSWORD.read(given),
        shapes.CODE.read(given),
        wire.client_address(request),
    )
    return wire.json_answer(answers.Success())


async def _login(request: Request, *, admin: bool) -> Response:
    given = await _at_the_door(request)
    done = await sessions.login(
        wire.context(request),
        email=shapes.EMAIL.read(given),
        password=shapes.PASSWORD.read(given),
        code=shapes.CODE.read(given),
        admin=admin,
        client=wire.client(request),
    )
    return wire.json_answer(shapes.signed_in(done))


async def _at_the_door(request: Request) -> dict[str, JsonValue]:
    """What somebody says who is nobody yet."""
    await wire.count_address(request)
    return await _given(request)


async def _given(request: Request) -> dict[str, JsonValue]:
    return fields.json_object(await wire.body(request))
