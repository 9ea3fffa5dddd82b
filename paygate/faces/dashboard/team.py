"""A merchant's team: who is in it, who was invited, and what each may."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.people import May
from paygate.faces.dashboard import answers, shapes, team_answers
from paygate.faces.dashboard import team_shapes as team_in
from paygate.faces.dashboard.names import once_answer
from paygate.services import team
from paygate.services.team import Invited


async def listed(request: Request) -> Response:
    """GET /api/team: the members, and the open invitations."""
    who = await wire.person(request, May.SEE_TEAM)
    found = await team.show(wire.context(request), who.merchant_id)
    members = [shapes.user(one) for one in found.members]
    return wire.json_answer(team_answers.Team(members, [team_in.invitation(one) for one in found.invitations]))


async def invite(request: Request) -> Response:
    """POST /api/team/invitations: 201, and a link to hand over, shown this once."""
    who, raw = await wire.person(request, May.CHANGE_TEAM), await wire.body(request)
    given = fields.json_object(raw)

    def answer(made: Invited) -> tuple[int, bytes]:
        shown = team_in.invitation(made.invitation)
        return 201, wire.encode(team_answers.Invited(url=made.url, invitation=shown))

    done = await team.invite_once(
        wire.context(request),
        who.merchant_id,
        email=shapes.EMAIL.read(given),
        role=team_in.ROLE.read(given),
        actor=who.actor,
        client=wire.client_address(request),
        claim=wire.claim_of(request, who, raw),
        answer=answer,
    )
    return once_answer(done)


async def revoke(request: Request) -> Response:
    """DELETE /api/team/invitations/{id}: its link is worthless."""
    who = await wire.person(request, May.CHANGE_TEAM)
    invitation_id = ids.read("ivt", request.path_params["invitation_id"])
    await team.revoke(wire.context(request), who.merchant_id, invitation_id, who.actor, wire.client_address(request))
    return wire.json_answer(answers.Success())


async def accept(request: Request) -> Response:
    """POST /api/team/accept: `token` of an invitation's link, and `newPassword`."""
    await wire.count_address(request)
    given = fields.json_object(await wire.body(request))
    token, new = shapes.LINK_TOKEN.read(given), shapes.NEW_PASSWORD.read(given)
    await team.accept(wire.context(request), token, new, wire.client_address(request))
    return wire.json_answer(answers.Success())


async def change_role(request: Request) -> Response:
    """PATCH /api/team/{id}: `role`, from the person's next request on."""
    who, given = await wire.person(request, May.CHANGE_TEAM), fields.json_object(await wire.body(request))
    role, user_id = team_in.ROLE.read(given), ids.read("usr", request.path_params["user_id"])
    after = await team.change_role(
        wire.context(request), who.merchant_id, user_id, role, who.actor, wire.client_address(request)
    )
    return wire.json_answer(team_answers.Member(shapes.user(after)))


async def remove(request: Request) -> Response:
    """DELETE /api/team/{id}: out, from the person's next request on."""
    who, user_id = await wire.person(request, May.CHANGE_TEAM), ids.read("usr", request.path_params["user_id"])
    await team.remove(wire.context(request), who.merchant_id, user_id, who.actor, wire.client_address(request))
    return wire.json_answer(answers.Success())
