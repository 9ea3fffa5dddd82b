"""What the operator does with merchants' people, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.people import May
from paygate.faces.dashboard import admin_people as people
from paygate.faces.dashboard import answers, team_answers
from paygate.faces.dashboard.own_money_operations import MERCHANT
from paygate.faces.dashboard.team_operations import BAD_ROLE, INVITATION, MEMBER, NO_MEMBER
from paygate.services.team import LAST_OWNER
from paygate.wire.operations import PERSON, Handler, Operation, Part, json_body, reply

TAG = "merchants"
SESSION = Part("sessionId", "The login's id.", {"type": "string"}, "ses_06nz0nc5vj7r4gjx7c79l6za")
NO_MERCHANT = errors.NotFound("There is no merchant mer_0cqh3kz9t2w4e.")
NOT_THEM = (
    errors.Forbidden("The password is not right.", field="password"),
    errors.CodeRequired(),
    errors.TooManyTries(12),
    errors.InvalidInput("password is required.", field="password"),
)

OPERATIONS: Mapping[Handler, Operation] = {
    people.listed: Operation(
        id="listUsers",
        tag=TAG,
        summary="Who may log in: admins and merchants' people",
        who=PERSON,
        may=May.OPERATE,
        query=people.WHOSE,
        replies=(reply(200, "They, the oldest first.", people.AnyUsers),),
        refusals=(errors.InvalidInput("owner must be central, or a merchant's id.", field="owner"),),
    ),
    people.team_shown: Operation(
        id="getTeam",
        tag=TAG,
        summary="A merchant's team and its open invitations",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        replies=(reply(200, "All of them.", team_answers.Team),),
        refusals=(NO_MERCHANT,),
    ),
    people.invite: Operation(
        id="inviteAnyMember",
        tag=TAG,
        summary="Invite somebody to a merchant's team",
        about="The link is good for seven days, once; an older one for the same address is worthless. Hand it over"
        " yourself. The answer is the same for an address that logs in elsewhere, whose link makes nothing.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(people.NEW_INVITATION),
        replies=(reply(201, "They are invited.", team_answers.Invited),),
        refusals=(
            *NOT_THEM,
            BAD_ROLE,
            NO_MERCHANT,
            errors.Conflict("They are in your team already.", field="email"),
        ),
    ),
    people.revoke: Operation(
        id="revokeAnyInvitation",
        tag=TAG,
        summary="Revoke an invitation to a merchant's team",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, INVITATION),
        replies=(reply(200, "Its link is worthless.", answers.Success),),
        refusals=(errors.NotFound("There is no open invitation ivt_06nz0nc5vj7r4gjx7c79l6za."),),
    ),
    people.change_role: Operation(
        id="changeAnyRole",
        tag=TAG,
        summary="Give one of a merchant's people another role",
        about="It counts from their next request on. The last owner stays one.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, MEMBER),
        body=json_body(people.NEW_ROLE),
        replies=(reply(200, "They have it.", team_answers.Member),),
        refusals=(*NOT_THEM, BAD_ROLE, NO_MEMBER, errors.Conflict(LAST_OWNER)),
    ),
    people.remove: Operation(
        id="removeAnyMember",
        tag=TAG,
        summary="Take somebody out of a merchant's team",
        about="Their logins are over at once, and their address is free again. The last owner stays.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, MEMBER),
        replies=(reply(200, "They are out.", answers.Success),),
        refusals=(NO_MEMBER, errors.Conflict(LAST_OWNER)),
    ),
    people.disable: Operation(
        id="disableMember",
        tag=TAG,
        summary="Keep one of a merchant's people out",
        about="From their next request on, until they are let in again.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, MEMBER),
        replies=(reply(200, "They are out.", team_answers.Member),),
        refusals=(NO_MEMBER,),
    ),
    people.enable: Operation(
        id="enableMember",
        tag=TAG,
        summary="Let one of a merchant's people in again",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, MEMBER),
        replies=(reply(200, "They may log in.", team_answers.Member),),
        refusals=(NO_MEMBER,),
    ),
    people.session_list: Operation(
        id="listMemberLogins",
        tag=TAG,
        summary="Where one of a merchant's people is logged in",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, MEMBER),
        replies=(reply(200, "The one used last first.", answers.Logins),),
        refusals=(NO_MEMBER,),
    ),
    people.session_end_all: Operation(
        id="endMemberLogins",
        tag=TAG,
        summary="End all logins of one of a merchant's people",
        about="Their tokens are worthless at once.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, MEMBER),
        replies=(reply(200, "They are over.", people.EndedLogins),),
        refusals=(NO_MEMBER,),
    ),
    people.session_end: Operation(
        id="endMemberLogin",
        tag=TAG,
        summary="End one login of one of a merchant's people",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, MEMBER, SESSION),
        replies=(reply(200, "It is over.", people.EndedLogins),),
        refusals=(NO_MEMBER, errors.NotFound("There is no open session ses_06nz0nc5vj7r4gjx7c79l6za.")),
    ),
}
