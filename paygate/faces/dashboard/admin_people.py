"""Merchants' people in the operator's hands: invited, given a role, removed, kept out, and where they are logged in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.answers import Done, Moment
from paygate.core.canonical import JsonValue
from paygate.core.errors import NotFound
from paygate.core.events import timestamp
from paygate.core.people import May, Person
from paygate.core.shapes import Shape
from paygate.faces.dashboard import answers, owners, shapes, team_answers
from paygate.faces.dashboard import team_shapes as team_in
from paygate.faces.dashboard.names import once_answer
from paygate.services import merchants, sessions, team, totp, users
from paygate.services.audit import PLATFORM
from paygate.services.team import Invited

NEW_INVITATION = Shape(
    "MemberInvitation",
    "Somebody who shall join a merchant's team.",
    (shapes.EMAIL, team_in.ROLE, shapes.PRESENT_PASSWORD, shapes.CODE),
)
NEW_ROLE = Shape("MemberRole", "Another role.", (team_in.ROLE, shapes.PRESENT_PASSWORD, shapes.CODE))
WHOSE = Shape("UserQuery", "Whose people.", (owners.ANY_OWNER,))


class AnyUser(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may log in, and for whom."""

    id: answers.UserId
    owner: Annotated[str, Meta(description="`central`: an admin; else the merchant.", examples=["mer_0cqh3kz9t2w4e"])]
    email: answers.Email
    role: answers.Role
    totp: Annotated[bool, Meta(description="Whether one-time codes are on.")]
    hasPassword: Annotated[bool, Meta(description="false: they need a reset link first.")]
    disabledAt: Annotated[Moment | None, Meta(description="Since when they may not log in.")]
    createdAt: Annotated[Moment, Meta(description="When they were made.")]


class AnyUsers(msgspec.Struct, frozen=True):
    """Who may log in, the oldest first; at most 10,000."""

    users: list[AnyUser]


class EndedLogins(msgspec.Struct, frozen=True):
    """Logins that are over."""

    ended: Annotated[int, Meta(description="How many.", examples=[2])]
    success: Done = True


async def listed(request: Request) -> Response:
    """GET /api/admin/users: everybody, or with `owner` the admins or a merchant's people."""
    await wire.person(request, May.OPERATE)
    owner = owners.ANY_OWNER.read(wire.query(request))
    found = await users.list_users(wire.context(request), owner)
    return wire.json_answer(
        AnyUsers(
            [
                AnyUser(
                    id=ids.show("usr", one.id),
                    owner=owners.show(one.merchant_id),
                    email=one.email,
                    role=one.role,
                    totp=one.totp_secret is not None,
                    hasPassword=one.password_hash is not None,
                    disabledAt=timestamp(one.disabled_at),
                    createdAt=timestamp(one.created_at),
                )
                for one in found
            ]
        )
    )


async def team_shown(request: Request) -> Response:
    """GET /api/admin/merchants/{id}/team: the members, and the open invitations."""
    await wire.person(request, May.OPERATE)
    ctx, merchant_id = wire.context(request), _merchant_id(request)
    await merchants.show(ctx, merchant_id)
    found = await team.show(ctx, merchant_id)
    members = [shapes.user(one) for one in found.members]
    return wire.json_answer(team_answers.Team(members, [team_in.invitation(one) for one in found.invitations]))


async def invite(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/invitations: 201, and a link to hand over, shown this once."""
    who, given, merchant_id = await _who(request)
    email, role = shapes.EMAIL.read(given), team_in.ROLE.read(given)
    await _confirm(request, who, given)

    def answer(made: Invited) -> tuple[int, bytes]:
        shown = team_in.invitation(made.invitation)
        return 201, wire.encode(team_answers.Invited(url=made.url, invitation=shown))

    done = await team.invite_once(
        wire.context(request),
        merchant_id,
        email=email,
        role=role,
        actor=who.actor,
        client=wire.client_address(request),
        claim=None,
        answer=answer,
    )
    return once_answer(done)


async def revoke(request: Request) -> Response:
    """DELETE /api/admin/merchants/{id}/invitations/{id}: its link is worthless."""
    who, invitation_id = await wire.person(request, May.OPERATE), ids.read("ivt", request.path_params["invitation_id"])
    await team.revoke(
        wire.context(request), _merchant_id(request), invitation_id, who.actor, wire.client_address(request)
    )
    return wire.json_answer(answers.Success())


async def change_role(request: Request) -> Response:
    """PATCH /api/admin/merchants/{id}/users/{id}: `role`, from the person's next request on."""
    who, given, merchant_id = await _who(request)
    role, user_id = team_in.ROLE.read(given), _user_id(request)
    await _confirm(request, who, given)
    after = await team.change_role(
        wire.context(request), merchant_id, user_id, role, who.actor, wire.client_address(request)
    )
    return wire.json_answer(team_answers.Member(shapes.user(after)))


async def remove(request: Request) -> Response:
    """DELETE /api/admin/merchants/{id}/users/{id}: out, from the person's next request on."""
    who = await wire.person(request, May.OPERATE)
    await team.remove(
        wire.context(request), _merchant_id(request), _user_id(request), who.actor, wire.client_address(request)
    )
    return wire.json_answer(answers.Success())


async def disable(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/users/{id}/disable: kept out, from their next request on."""
    return await _switch(request, disabled=True)


async def enable(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/users/{id}/enable: they may log in again."""
    return await _switch(request, disabled=False)


async def session_list(request: Request) -> Response:
    """GET /api/admin/merchants/{id}/users/{id}/sessions: where they are logged in."""
    who, ctx = await wire.person(request, May.OPERATE), wire.context(request)
    user = await users.get(ctx, _merchant_id(request), _user_id(request))
    return wire.json_answer(shapes.logins(await sessions.listed(ctx, user.merchant_id, user.id), who))


async def session_end_all(request: Request) -> Response:
    """DELETE /api/admin/merchants/{id}/users/{id}/sessions: all of their logins end."""
    return await _end(request, None)


async def session_end(request: Request) -> Response:
    """DELETE /api/admin/merchants/{id}/users/{id}/sessions/{id}: this login ends."""
    return await _end(request, request.path_params["session_id"])


async def _end(request: Request, session_id: str | None) -> Response:
    who = await wire.person(request, May.OPERATE)
    which = None if session_id is None else ids.read("ses", session_id)
    ended = await sessions.revoke(
        wire.context(request), _merchant_id(request), _user_id(request), which, who.actor, wire.client_address(request)
    )
    return wire.json_answer(EndedLogins(ended))


async def _switch(request: Request, *, disabled: bool) -> Response:
    who, ctx = await wire.person(request, May.OPERATE), wire.context(request)
    user = await users.get(ctx, _merchant_id(request), _user_id(request))
    await users.disable(ctx, user, disabled=disabled, actor=who.actor)
    after = await users.get(ctx, user.merchant_id, user.id)
    return wire.json_answer(team_answers.Member(shapes.user(after)))


async def _who(request: Request) -> tuple[Person, dict[str, JsonValue], int]:
    who = await wire.person(request, May.OPERATE)
    return who, fields.json_object(await wire.body(request)), _merchant_id(request)


async def _confirm(request: Request, who: Person, given: dict[str, JsonValue]) -> None:
    await totp.confirm(wire.context(request), who, shapes.PRESENT_PASSWORD.read(given), shapes.CODE.read(given))


def _merchant_id(request: Request) -> int:
    """Raises NotFound for the platform, too: admins are no merchant's people."""
    text = request.path_params["merchant_id"]
    found = ids.read_merchant(text)
    if found == PLATFORM:
        raise NotFound(f"There is no merchant {text}.")
    return found


def _user_id(request: Request) -> UUID:
    return ids.read("usr", request.path_params["user_id"])
