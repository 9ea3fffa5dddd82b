"""`paygate user`: people who log in, and help for those who cannot."""

from __future__ import annotations

from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, moment, owner_text, read_id, read_owner, table
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.people import TEAM_ROLES
from paygate.db.invitations import Invitation
from paygate.db.users import User
from paygate.services import audit, sessions, team, totp, user_links, users
from paygate.services.context import Context


@click.group()
def user() -> None:
    """People who log in: admins, and those of merchants."""


@user.command("list", epilog=examples("paygate user list", "paygate user list --merchant mer_0c... --json"))
@click.option("--merchant", help="Only people of this merchant; `central`: admins.")
@json_option
def list_(merchant: str | None, as_json: bool) -> None:
    """List who may log in."""
    owner = None if merchant is None else read_owner(merchant)
    found = run(lambda ctx: users.list_users(ctx, owner))
    rows = [[u.email, u.role, owner_text(u.merchant_id), _state(u), "on" if u.totp_secret else "off"] for u in found]
    emit(
        {"users": [_shape(u) for u in found]},
        table(["E-MAIL", "ROLE", "MERCHANT", "STATE", "TOTP"], rows),
        as_json=as_json,
    )


@user.command(epilog=examples("paygate user reset owner@shop.example", "paygate user reset owner@shop.example --json"))
@click.argument("email")
@json_option
def reset(email: str, as_json: bool) -> None:
    """Make a link with which EMAIL sets a new password within the hour. Hand it over yourself; it works once."""

    async def work(ctx: Context) -> user_links.Link:
        return await user_links.reset(ctx, await users.find(ctx, email), audit.CLI)

    link = run(work)
    answer = {"url": link.url, "token": link.token, "expiresAt": link.expires_at}
    emit(answer, [f"For {email}, until {moment(link.expires_at)}, once:", link.url], as_json=as_json)


@user.command("reset-totp", epilog=examples("paygate user reset-totp owner@shop.example"))
@click.argument("email")
@json_option
def reset_totp(email: str, as_json: bool) -> None:
    """Turn one-time codes off for EMAIL, who lost phone and recovery codes; all their logins end."""

    async def work(ctx: Context) -> None:
        await totp.reset(ctx, await users.find(ctx, email), audit.CLI)

    run(work)
    emit({"email": email, "totp": False}, [f"{email} logs in without a code now."], as_json=as_json)


@user.command(epilog=examples("paygate user disable clerk@shop.example"))
@click.argument("email")
@json_option
def disable(email: str, as_json: bool) -> None:
    """Keep EMAIL out, from their next request on."""
    _disable(email, as_json, disabled=True)


@user.command(epilog=examples("paygate user enable clerk@shop.example"))
@click.argument("email")
@json_option
def enable(email: str, as_json: bool) -> None:
    """Let EMAIL in again."""
    _disable(email, as_json, disabled=False)


@user.command("sessions", epilog=examples("paygate user sessions owner@shop.example --json"))
@click.argument("email")
@json_option
def sessions_(email: str, as_json: bool) -> None:
    """List where EMAIL is logged in."""

    async def work(ctx: Context) -> list[dict[str, Any]]:
        found = await users.find(ctx, email)
        return [
            {
                "sessionId": ids.show("ses", one.id),
                "address": one.address,
                "userAgent": one.user_agent,
                "createdAt": one.created_at,
                "lastUsedAt": one.refreshed_at,
                "expiresAt": one.expires_at,
            }
            for one in await sessions.listed(ctx, found.merchant_id, found.id)
        ]

    found = run(work)
    rows = [[one["sessionId"], one["address"] or "", moment(one["lastUsedAt"]), one["userAgent"]] for one in found]
    emit({"sessions": found}, table(["SESSION", "FROM", "LAST USED", "BROWSER"], rows), as_json=as_json)


@user.command(
    epilog=examples(
        "paygate user logout owner@shop.example", "paygate user logout owner@shop.example --session ses_01..."
    )
)
@click.argument("email")
@click.option("--session", "session_id", help="This login only; without it, all of them.")
@json_option
def logout(email: str, session_id: str | None, as_json: bool) -> None:
    """End EMAIL's logins: their tokens are worthless at once."""
    which = read_id("ses", session_id) if session_id is not None else None

    async def work(ctx: Context) -> int:
        found = await users.find(ctx, email)
        return await sessions.revoke(ctx, found.merchant_id, found.id, which, audit.CLI)

    ended = run(work)
    emit({"email": email, "ended": ended}, [f"Logins of {email} ended: {ended}."], as_json=as_json)


@user.command(
    epilog=examples(
        "paygate user invite clerk@shop.example --merchant mer_0c... --role staff",
        "paygate user invite clerk@shop.example --merchant mer_0c... --role viewer --json",
    )
)
@click.argument("email")
@click.option("--merchant", required=True, help="Whose team.")
@click.option("--role", required=True, type=click.Choice(TEAM_ROLES), help="What they may.")
@json_option
def invite(email: str, merchant: str, role: str, as_json: bool) -> None:
    """Make a link with which EMAIL joins a merchant's team within a week. Hand it over yourself; it works once."""
    owner = ids.read_merchant(merchant)
    made = run(lambda ctx: team.invite(ctx, owner, email=email, role=role, actor=audit.CLI))
    answer = {**_invitation(made.invitation), "url": made.url, "token": made.token}
    until = moment(made.invitation.expires_at)
    emit(answer, [f"For {made.invitation.email} as {role}, until {until}, once:", made.url], as_json=as_json)


@user.command(epilog=examples("paygate user invitations --merchant mer_0c..."))
@click.option("--merchant", required=True, help="Whose team.")
@json_option
def invitations(merchant: str, as_json: bool) -> None:
    """List who was invited and has not come yet."""
    owner = ids.read_merchant(merchant)
    found = run(lambda ctx: team.show(ctx, owner)).invitations
    rows = [[ids.show("ivt", one.id), one.email, one.role, moment(one.expires_at), one.invited_by] for one in found]
    lines = table(["INVITATION", "E-MAIL", "ROLE", "UNTIL", "BY"], rows)
    emit({"invitations": [_invitation(one) for one in found]}, lines, as_json=as_json)


@user.command(epilog=examples("paygate user uninvite ivt_01... --merchant mer_0c..."))
@click.argument("invitation_id")
@click.option("--merchant", required=True, help="Whose team.")
@json_option
def uninvite(invitation_id: str, merchant: str, as_json: bool) -> None:
    """Make an invitation worthless."""
    number, owner = read_id("ivt", invitation_id), ids.read_merchant(merchant)
    run(lambda ctx: team.revoke(ctx, owner, number, audit.CLI))
    emit({"invitationId": invitation_id, "revoked": True}, [f"{invitation_id} is worthless."], as_json=as_json)


@user.command("role", epilog=examples("paygate user role clerk@shop.example owner"))
@click.argument("email")
@click.argument("role", type=click.Choice(TEAM_ROLES))
@json_option
def role_(email: str, role: str, as_json: bool) -> None:
    """Give EMAIL another role in its merchant's team. A team has always an owner."""

    async def work(ctx: Context) -> User:
        found = await users.find(ctx, email)
        return await team.change_role(ctx, found.merchant_id, found.id, role, audit.CLI)

    emit(_shape(run(work)), [f"{email} is {role}."], as_json=as_json)


@user.command(epilog=examples("paygate user remove clerk@shop.example"))
@click.argument("email")
@json_option
def remove(email: str, as_json: bool) -> None:
    """Take EMAIL out of its merchant's team, from the next request on. A team has always an owner."""

    async def work(ctx: Context) -> None:
        found = await users.find(ctx, email)
        await team.remove(ctx, found.merchant_id, found.id, audit.CLI)

    run(work)
    emit({"email": email, "removed": True}, [f"{email} is in no team any more."], as_json=as_json)


def _invitation(one: Invitation) -> dict[str, Any]:
    return {
        "invitationId": ids.show("ivt", one.id),
        "email": one.email,
        "role": one.role,
        "invitedBy": one.invited_by,
        "createdAt": one.created_at,
        "expiresAt": one.expires_at,
    }


def _disable(email: str, as_json: bool, *, disabled: bool) -> None:
    async def work(ctx: Context) -> None:
        await users.disable(ctx, await users.find(ctx, email), disabled=disabled)

    run(work)
    lines = [f"{email} may {'not log in any more' if disabled else 'log in'}."]
    emit({"email": email, "disabled": disabled}, lines, as_json=as_json)


def _state(u: User) -> str:
    if u.disabled_at is not None:
        return "disabled"
    return "may log in" if u.password_hash is not None else "no password yet"


def _shape(u: User) -> dict[str, Any]:
    return {
        "userId": ids.show("usr", u.id),
        "email": u.email,
        "role": u.role,
        "merchantId": owner_text(u.merchant_id),
        "totp": u.totp_secret is not None,
        "hasPassword": u.password_hash is not None,
        "disabledAt": u.disabled_at,
        "createdAt": u.created_at,
    }
