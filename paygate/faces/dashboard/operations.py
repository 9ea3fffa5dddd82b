"""What the dashboard face does, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.people import May
from paygate.faces.dashboard import (
    admin,
    admin_destinations,
    admin_evidence_operations,
    admin_invoices,
    admin_merchants,
    admin_money_operations,
    admin_people_operations,
    admin_tax,
    answers,
    auth,
    behalf_operations,
    duties_operations,
    own_money_operations,
    own_operations,
    people_operations,
    plan_operations,
    shapes,
    team_operations,
)
from paygate.services import sessions, totp, user_links
from paygate.wire.operations import ANYBODY, PERSON, Handler, Operation, Part, json_body, reply

LOGINS, MERCHANTS = "logins", "merchants"
MERCHANT = Part("merchantId", "The merchant's id.", {"type": "string"}, "mer_0cqh3kz9t2w4e")
USER = Part("userId", "The person's id.", {"type": "string"}, "usr_06nz0nc5vj7r4gjx7c79l6za")
SESSION = Part("sessionId", "The login's id.", {"type": "string"}, "ses_06nz0nc5vj7r4gjx7c79l6za")
NO_MERCHANT = errors.NotFound("There is no merchant mer_0cqh3kz9t2w4e.")
NO_USER = errors.NotFound("There is no user usr_06nz0nc5vj7r4gjx7c79l6za.")
TRIES = errors.TooManyTries(12)
SHORT = errors.InvalidInput("The password must have 10 to 1024 characters.", field="newPassword")
MISSING = errors.InvalidInput("password is required.", field="password")
NOT_THEM = (errors.Forbidden("The password is not right.", field="password"), errors.CodeRequired(), TRIES, MISSING)
AT_THE_DOOR = (
    errors.Unauthorized(sessions.WRONG),
    errors.CodeRequired(),
    errors.Forbidden(sessions.SUSPENDED),
    TRIES,
    errors.InvalidInput("email is required.", field="email"),
)

LOGIN_OPERATIONS: Mapping[Handler, Operation] = {
    auth.register: Operation(
        id="register",
        tag=LOGINS,
        summary="Open a merchant's account",
        about="It waits for approval; its owner may log in at once. The answer is the same for a known address, for"
        " which nothing is made.",
        who=ANYBODY,
        body=json_body(shapes.NEW_MERCHANT),
        replies=(reply(201, "It waits for approval.", answers.Waiting),),
        refusals=(errors.InvalidInput("The e-mail address must look like name@example.com.", field="email"), TRIES),
    ),
    auth.login: Operation(
        id="login",
        tag=LOGINS,
        summary="Log in, as one of a merchant's people",
        who=ANYBODY,
        body=json_body(shapes.CREDENTIALS),
        replies=(reply(200, "They are in.", answers.LoggedIn),),
        refusals=AT_THE_DOOR,
    ),
    auth.admin_login: Operation(
        id="adminLogin",
        tag=LOGINS,
        summary="Log in, as an admin of the platform",
        about="Without one-time codes an admin can do nothing but set them up.",
        who=ANYBODY,
        body=json_body(shapes.CREDENTIALS),
        replies=(reply(200, "They are in.", answers.LoggedIn),),
        refusals=AT_THE_DOOR,
    ),
    auth.refresh: Operation(
        id="refreshLogin",
        tag=LOGINS,
        summary="Another pair of tokens",
        about="The refresh token is used up. One that was used before ends the login: somebody has a copy.",
        who=ANYBODY,
        body=json_body(shapes.REFRESH),
        replies=(reply(200, "The new pair.", answers.LoggedIn),),
        refusals=(
            errors.Unauthorized(sessions.OVER),
            errors.Forbidden(sessions.SUSPENDED),
            errors.InvalidInput("refreshToken is required.", field="refreshToken"),
        ),
    ),
    auth.logout: Operation(
        id="logout",
        tag=LOGINS,
        summary="Log out",
        about="Its tokens are worthless from the next request on.",
        who=PERSON,
        body=json_body(shapes.LOGOUT, required=False),
        replies=(reply(200, "It is over.", answers.Success),),
        refusals=(errors.InvalidInput("everywhere must be true or false.", field="everywhere"),),
    ),
    auth.me: Operation(
        id="whoAmI",
        tag=LOGINS,
        summary="Who is logged in",
        who=PERSON,
        replies=(reply(200, "They.", answers.WhoAmI),),
    ),
    auth.session_list: Operation(
        id="listLogins",
        tag=LOGINS,
        summary="Where one is logged in",
        who=PERSON,
        replies=(reply(200, "The one used last first.", answers.Logins),),
    ),
    auth.session_end: Operation(
        id="endLogin",
        tag=LOGINS,
        summary="End one of one's own logins",
        who=PERSON,
        path=(SESSION,),
        replies=(reply(200, "It is over.", answers.Success),),
        refusals=(errors.NotFound("There is no open session ses_06nz0nc5vj7r4gjx7c79l6za."),),
    ),
    auth.change_password: Operation(
        id="changePassword",
        tag=LOGINS,
        summary="Change one's password",
        about="The other logins end.",
        who=PERSON,
        body=json_body(shapes.PASSWORD_CHANGE),
        replies=(reply(200, "It is changed.", answers.Success),),
        refusals=(*NOT_THEM, SHORT),
    ),
    auth.reset_password: Operation(
        id="resetPassword",
        tag=LOGINS,
        summary="Set a password by a link",
        about="All of the person's logins end.",
        who=ANYBODY,
        body=json_body(shapes.PASSWORD_RESET),
        replies=(reply(200, "It is set.", answers.Success),),
        refusals=(errors.Unauthorized(user_links.WORTHLESS), SHORT),
    ),
    auth.totp_setup: Operation(
        id="setUpCodes",
        tag=LOGINS,
        summary="A secret for one-time codes",
        about="It counts once a code of it was shown; until then the one in force stays.",
        who=PERSON,
        body=json_body(shapes.CONFIRMATION),
        replies=(reply(200, "The secret.", answers.TotpOffer),),
        refusals=NOT_THEM,
    ),
    auth.totp_enable: Operation(
        id="turnCodesOn",
        tag=LOGINS,
        summary="Turn one-time codes on",
        about="The other logins end.",
        who=PERSON,
        body=json_body(shapes.FIRST),
        replies=(reply(200, "They are on.", answers.RecoveryCodes),),
        refusals=(
            errors.CodeRequired(totp.WRONG),
            errors.Conflict("No secret waits for its first code; ask for one first."),
            errors.InvalidInput("code is required.", field="code"),
            TRIES,
        ),
    ),
    auth.totp_recovery: Operation(
        id="renewRecoveryCodes",
        tag=LOGINS,
        summary="Ten new recovery codes",
        who=PERSON,
        body=json_body(shapes.CONFIRMATION),
        replies=(reply(200, "The new ones.", answers.RecoveryCodes),),
        refusals=(*NOT_THEM, errors.Conflict("One-time codes are off; turn them on first.")),
    ),
    auth.totp_disable: Operation(
        id="turnCodesOff",
        tag=LOGINS,
        summary="Turn one-time codes off",
        about="Admins may not. The other logins end.",
        who=PERSON,
        body=json_body(shapes.CONFIRMATION),
        replies=(reply(200, "They are off.", answers.Success),),
        refusals=NOT_THEM,
    ),
}

ADMIN_OPERATIONS: Mapping[Handler, Operation] = {
    admin.merchant_list: Operation(
        id="listMerchants",
        tag=MERCHANTS,
        summary="Merchants, newest first",
        who=PERSON,
        may=May.OPERATE,
        query=shapes.MERCHANTS,
        replies=(reply(200, "A page of them.", answers.Merchants),),
    ),
    admin.merchant: Operation(
        id="getMerchant",
        tag=MERCHANTS,
        summary="One merchant, with its people",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        replies=(reply(200, "The merchant.", answers.MerchantWithPeople),),
        refusals=(NO_MERCHANT,),
    ),
    admin.approve: Operation(
        id="approveMerchant",
        tag=MERCHANTS,
        summary="Let a waiting or suspended merchant work",
        about="Once it is known who it is (`getDossier`), or with the reason why that is not waited for.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(shapes.APPROVAL, required=False),
        replies=(reply(200, "It may.", answers.MerchantChanged),),
        refusals=(
            NO_MERCHANT,
            errors.Conflict("It is not known yet who this merchant is; missing: taxId, check."),
            errors.InvalidInput("unchecked must be a string.", field="unchecked"),
        ),
    ),
    admin.suspend: Operation(
        id="suspendMerchant",
        tag=MERCHANTS,
        summary="Stop a merchant",
        about="Its keys and its people are refused from the next request on; its open payments stay payable.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(shapes.SUSPENSION),
        replies=(reply(200, "It is stopped.", answers.MerchantChanged),),
        refusals=(NO_MERCHANT, errors.InvalidInput("reason is required.", field="reason")),
    ),
    admin.reset_link: Operation(
        id="makeResetLink",
        tag=MERCHANTS,
        summary="A link with which somebody sets a new password",
        about="Good for an hour, once. Hand it over yourself.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, USER),
        body=json_body(shapes.CONFIRMATION),
        replies=(reply(201, "The link.", answers.Link),),
        refusals=(*NOT_THEM, NO_USER),
    ),
    admin.reset_totp: Operation(
        id="resetCodes",
        tag=MERCHANTS,
        summary="Turn somebody's one-time codes off",
        about="For who lost phone and recovery codes. All their logins end.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, USER),
        body=json_body(shapes.CONFIRMATION),
        replies=(reply(200, "They are off.", answers.Success),),
        refusals=(*NOT_THEM, NO_USER),
    ),
}

OPERATIONS: Mapping[Handler, Operation] = {
    **LOGIN_OPERATIONS,
    **ADMIN_OPERATIONS,
    **duties_operations.OPERATIONS,
    **own_operations.OPERATIONS,
    **team_operations.OPERATIONS,
    **people_operations.OPERATIONS,
    **own_money_operations.OPERATIONS,
    **admin_money_operations.OPERATIONS,
    **admin_evidence_operations.OPERATIONS,
    **plan_operations.OPERATIONS,
    **admin_tax.OPERATIONS,
    **admin_destinations.OPERATIONS,
    **behalf_operations.OPERATIONS,
    **admin_invoices.OPERATIONS,
    **admin_people_operations.OPERATIONS,
    **admin_merchants.OPERATIONS,
}
