"""A merchant's people: invited by a link, given a role, removed. There is always an owner.

Whoever changes a team holds the merchant's row first, so that two owners who demote each other come one after another.
An invitation tells nobody whether its address logs in elsewhere: the link is made all the same, and when it is used
nothing happens to the address that is taken, as with a registration.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from paygate.core import ids, networks, tokens
from paygate.core.errors import Bug, Conflict, InvalidInput, NotFound, Unauthorized
from paygate.core.people import TEAM_ROLES, Role
from paygate.db import invitations, merchants, users
from paygate.db.invitations import Invitation
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.users import User
from paygate.services import audit, inputs, passwords, proofs, user_links
from paygate.services import users as people
from paygate.services.context import Context
from paygate.services.once import Answered, once, unanswered
from paygate.services.payments import Replayed

PREFIX = "join"
GOOD_FOR = timedelta(days=7)
MOST_PEOPLE = 100
"""Of one merchant, invited ones among them."""
LAST_OWNER = "This is the merchant's last owner: make somebody else an owner first."


@dataclass(frozen=True, slots=True)
class Team:
    """Who may log in for a merchant, and who was asked to."""

    members: Sequence[User]
    invitations: Sequence[Invitation]


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was just made. Its link is shown once, and hands over the place in the team."""

    invitation: Invitation
    token: str = field(repr=False)
    url: str = field(repr=False)


async def show(ctx: Context, merchant_id: int) -> Team:
    """A merchant's people and its open invitations, both from the oldest."""
    async with ctx.db.connection() as conn:
        return Team(
            await users.listed(conn, merchant_id, people.MOST_LISTED),
            await invitations.listed(conn, merchant_id, MOST_PEOPLE),
        )


async def invite(ctx: Context, merchant_id: int, *, email: str, role: str, actor: str) -> Invited:
    """See `invite_once`."""
    done = await invite_once(
        ctx, merchant_id, email=email, role=role, actor=actor, client=None, claim=None, answer=unanswered
    )
    if isinstance(done, Replayed):
        raise Bug("Without an Idempotency-Key there is no kept answer.")
    return done.value


async def invite_once(
    ctx: Context,
    merchant_id: int,
    *,
    email: str,
    role: str,
    actor: str,
    client: str | None,
    claim: Claim | None,
    answer: Callable[[Invited], tuple[int, bytes]],
) -> Answered[Invited] | Replayed:
    """A link with which *email* joins as *role* within GOOD_FOR; older ones for the same address are worthless.

    Raises InvalidInput (email, role), NotFound (merchant), Conflict (email: they are in the team already; or the team
    is full); as `once` does.
    """
    address, wanted, invitation_id = inputs.email(email), read_role(role), ctx.new_id()
    token = tokens.make(ctx.key, PREFIX, merchant_id, invitation_id, secrets.token_bytes(tokens.RANDOM_BYTES))

    async def work(conn: Conn) -> Invited:
        await _hold(conn, merchant_id)
        members = await users.listed(conn, merchant_id, people.MOST_LISTED)
        if any(one.email == address for one in members):
            raise Conflict("They are in your team already.", field="email")
        asked = [one for one in await invitations.listed(conn, merchant_id, MOST_PEOPLE) if one.email != address]
        if len(members) + len(asked) >= MOST_PEOPLE:
            raise Conflict(f"A team has at most {MOST_PEOPLE} people, invited ones among them.")
        made = await invitations.insert(
            conn,
            merchant_id=merchant_id,
            invitation_id=invitation_id,
            email=address,
            role=wanted,
            token_hash=tokens.digest(token),
            invited_by=actor,
            good_for=GOOD_FOR,
        )
        told = {"email": address, "role": wanted, "until": made.expires_at.isoformat()}
        await _log(ctx, conn, merchant_id, actor, "team.invite", made, told, client)
        return Invited(made, token, user_links.url(ctx, token))

    return await once(ctx, claim, answer, work)


async def revoke(ctx: Context, merchant_id: int, invitation_id: UUID, actor: str, client: str | None = None) -> None:
    """Make an open invitation worthless. Raises NotFound."""

    async def work(conn: Conn) -> None:
        gone = await invitations.revoke(conn, merchant_id, invitation_id)
        if gone is None:
            raise NotFound(f"There is no open invitation {ids.show('ivt', invitation_id)}.")
        await _log(ctx, conn, merchant_id, actor, "team.revoke", gone, {"email": gone.email, "revoked": True}, client)

    await ctx.db.transaction(work)


async def accept(ctx: Context, text: str, password: str, client: str | None) -> None:
    """Use an invitation up: whoever was invited logs in with *password* from now on, and may what it says.

    For an address that logs in somewhere already nothing is made, and nobody is told so. Raises Unauthorized when the
    link was used or revoked, is over or never was; InvalidInput (newPassword), TooManyTries.
    """
    token = tokens.read(ctx.key, PREFIX, text)
    if token is None:
        raise Unauthorized(user_links.WORTHLESS)
    trial = await proofs.registration(ctx, client)
    user_id, hashed = ctx.new_id(), await passwords.hash_password(password, "newPassword")

    async def work(conn: Conn) -> bool:
        await _hold(conn, token.merchant_id)
        used = await invitations.use(conn, token.merchant_id, token.row_id, token.hash)
        if used is None:
            raise Unauthorized(user_links.WORTHLESS)
        if await users.taken(conn, used.email):
            return False
        await people.insert(
            conn,
            merchant_id=token.merchant_id,
            user_id=user_id,
            email=used.email,
            password_hash=hashed,
            role=used.role,
        )
        await audit.append(
            conn,
            ctx,
            merchant_id=token.merchant_id,
            actor=audit.Actor(f"user:{ids.show('usr', user_id)}", networks.address(client)),
            action="team.join",
            subject=f"user:{ids.show('usr', user_id)}",
            after={"email": used.email, "role": used.role, "invitation": ids.show("ivt", used.id)},
        )
        return True

    if await ctx.db.transaction(work):
        await proofs.was_good(ctx, trial)


async def change_role(
    ctx: Context, merchant_id: int, user_id: UUID, role: str, actor: str, client: str | None = None
) -> User:
    """Another role, from the person's next request on. Raises InvalidInput (role), NotFound, Conflict (last owner)."""
    wanted = read_role(role)

    async def work(conn: Conn) -> User:
        user = await _member(conn, merchant_id, user_id)
        if user.role == wanted:
            return user
        if wanted != "owner":
            await _keep_an_owner(conn, user)
        await users.set_role(conn, user, wanted)
        after = (await people.held(conn, merchant_id, user_id)).user
        await people.log(ctx, conn, after, actor, "team.role", {"role": user.role}, {"role": wanted}, client)
        return after

    return await ctx.db.transaction(work)


async def remove(ctx: Context, merchant_id: int, user_id: UUID, actor: str, client: str | None = None) -> None:
    """Out of the team, from the person's next request on; their address is free again. Raises NotFound, Conflict (last
    owner)."""

    async def work(conn: Conn) -> None:
        user = await _member(conn, merchant_id, user_id)
        await _keep_an_owner(conn, user)
        await users.remove(conn, user)
        await people.log(ctx, conn, user, actor, "team.remove", {"role": user.role}, {"removed": True}, client)

    await ctx.db.transaction(work)


def read_role(text: str) -> Role:
    """A role of a merchant's people. Raises InvalidInput (role)."""
    for role in TEAM_ROLES:
        if text == role:
            return role
    raise InvalidInput(f"role must be one of {', '.join(TEAM_ROLES)}.", field="role")


async def _hold(conn: Conn, merchant_id: int) -> None:
    if merchant_id == people.PLATFORM or not await merchants.lock(conn, merchant_id):
        raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")


async def _member(conn: Conn, merchant_id: int, user_id: UUID) -> User:
    await _hold(conn, merchant_id)
    return (await people.held(conn, merchant_id, user_id)).user


async def _keep_an_owner(conn: Conn, user: User) -> None:
    if user.role == "owner" and user.disabled_at is None and not await users.other_owners(conn, user):
        raise Conflict(LAST_OWNER)


async def _log(
    ctx: Context,
    conn: Conn,
    merchant_id: int,
    actor: str,
    action: str,
    about: Invitation,
    after: Mapping[str, object],
    client: str | None,
) -> None:
    await audit.append(
        conn,
        ctx,
        merchant_id=merchant_id,
        actor=audit.Actor(actor, networks.address(client)),
        action=action,
        subject=f"invitation:{ids.show('ivt', about.id)}",
        after=after,
    )
