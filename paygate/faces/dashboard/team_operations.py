"""What the calls about a team do, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.people import May
from paygate.faces.dashboard import answers, team, team_answers
from paygate.faces.dashboard import team_shapes as shapes
from paygate.services import user_links
from paygate.services.team import LAST_OWNER
from paygate.wire.operations import ANYBODY, PERSON, Handler, Operation, Part, json_body, reply

TAG = "team"
MEMBER = Part("userId", "The person's id.", {"type": "string"}, "usr_06nz0nc5vj7r4gjx7c79l6za")
INVITATION = Part("invitationId", "The invitation's id.", {"type": "string"}, "ivt_06nz0nc5vj7r4gjx7c79l6za")
NO_MEMBER = errors.NotFound("There is no user usr_06nz0nc5vj7r4gjx7c79l6za.")
BAD_ROLE = errors.InvalidInput("role must be one of viewer, staff, owner.", field="role")

OPERATIONS: Mapping[Handler, Operation] = {
    team.listed: Operation(
        id="listTeam",
        tag=TAG,
        summary="The team and its open invitations",
        who=PERSON,
        may=May.SEE_TEAM,
        replies=(reply(200, "All of them.", team_answers.Team),),
    ),
    team.invite: Operation(
        id="inviteMember",
        tag=TAG,
        summary="Invite somebody",
        about="The link is good for seven days, once; an older one for the same address is worthless. The answer is the"
        " same for an address that logs in elsewhere, whose link makes nothing.",
        who=PERSON,
        may=May.CHANGE_TEAM,
        body=json_body(shapes.NEW_INVITATION),
        replies=(reply(201, "They are invited.", team_answers.Invited),),
        refusals=(BAD_ROLE, errors.Conflict("They are in your team already.", field="email")),
        idempotent=True,
    ),
    team.revoke: Operation(
        id="revokeInvitation",
        tag=TAG,
        summary="Revoke an invitation",
        who=PERSON,
        may=May.CHANGE_TEAM,
        path=(INVITATION,),
        replies=(reply(200, "Its link is worthless.", answers.Success),),
        refusals=(errors.NotFound("There is no open invitation ivt_06nz0nc5vj7r4gjx7c79l6za."),),
    ),
    team.accept: Operation(
        id="acceptInvitation",
        tag=TAG,
        summary="Join, by an invitation's link",
        about="Afterwards they log in at `/api/auth/login`.",
        who=ANYBODY,
        body=json_body(shapes.ACCEPTANCE),
        replies=(reply(200, "They are in the team.", answers.Success),),
        refusals=(
            errors.Unauthorized(user_links.WORTHLESS),
            errors.InvalidInput("The password must have 10 to 1024 characters.", field="newPassword"),
            errors.TooManyTries(12),
        ),
    ),
    team.change_role: Operation(
        id="changeRole",
        tag=TAG,
        summary="Give somebody another role",
        about="It counts from their next request on. The last owner stays one.",
        who=PERSON,
        may=May.CHANGE_TEAM,
        path=(MEMBER,),
        body=json_body(shapes.NEW_ROLE),
        replies=(reply(200, "They have it.", team_answers.Member),),
        refusals=(BAD_ROLE, NO_MEMBER, errors.Conflict(LAST_OWNER)),
    ),
    team.remove: Operation(
        id="removeMember",
        tag=TAG,
        summary="Take somebody out of the team",
        about="Their logins are over at once. The last owner stays.",
        who=PERSON,
        may=May.CHANGE_TEAM,
        path=(MEMBER,),
        replies=(reply(200, "They are out.", answers.Success),),
        refusals=(NO_MEMBER, errors.Conflict(LAST_OWNER)),
    ),
}
