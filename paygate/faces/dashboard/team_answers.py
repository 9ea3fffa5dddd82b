"""What the calls about a team answer."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from paygate.core.answers import Done, Moment
from paygate.faces.dashboard.answers import Email, Role, User


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was asked to join and may still do so."""

    id: Annotated[
        str, Meta(description="The invitation's id.", pattern="^ivt_", examples=["ivt_06nz0nc5vj7r4gjx7c79l6za"])
    ]
    email: Email
    role: Role
    invitedBy: Annotated[
        str,
        Meta(description="Who asked them, as the audit log has it.", examples=["user:usr_06nz0nc5vj7r4gjx7c79l6za"]),
    ]
    createdAt: Annotated[Moment, Meta(description="When they were asked.")]
    expiresAt: Annotated[Moment, Meta(description="Until when the link is good.")]


class Team(msgspec.Struct, frozen=True):
    """Who may log in for a merchant, and who was invited; the oldest first."""

    members: list[User]
    invitations: list[Invitation]


class Member(msgspec.Struct, frozen=True):
    """One of the team after a change."""

    member: User
    success: Done = True


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that was just made."""

    success: Done = True
    invitation: Invitation
    url: Annotated[
        str,
        Meta(
            description="The link, shown this once: whoever has it joins. Hand it over yourself.",
            examples=["https://pay.example/account/password#join_x"],
        ),
    ]
