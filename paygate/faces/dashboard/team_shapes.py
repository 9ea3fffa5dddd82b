"""What the calls about a team read, and how an invitation is shown."""

from __future__ import annotations

from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.events import timestamp
from paygate.core.people import TEAM_ROLES
from paygate.core.shapes import Shape
from paygate.db.invitations import Invitation
from paygate.faces.dashboard import shapes, team_answers

ROLE = declare.needed(
    declare.choice("role", TEAM_ROLES, "A viewer looks, staff works, an owner decides.", example="staff"),
    "role is required.",
)
NEW_INVITATION = Shape("NewInvitation", "Somebody who shall join.", (shapes.EMAIL, ROLE))
ACCEPTANCE = Shape("Acceptance", "A password, by an invitation's link.", (shapes.LINK_TOKEN, shapes.NEW_PASSWORD))
NEW_ROLE = Shape("NewRole", "Another role.", (ROLE,))


def invitation(found: Invitation) -> team_answers.Invitation:
    """An open invitation."""
    return team_answers.Invitation(
        id=ids.show("ivt", found.id),
        email=found.email,
        role=found.role,
        invitedBy=found.invited_by,
        createdAt=timestamp(found.created_at),
        expiresAt=timestamp(found.expires_at),
    )
