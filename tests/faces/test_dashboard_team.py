"""A merchant's team over real HTTP: invited, joined, given another role, removed; and always with an owner."""

from __future__ import annotations

import asyncio

import pytest

from paygate.core import ids
from paygate.services import audit, merchants, team, users
from tests.faces.conftest import Gateway
from tests.faces.people import PASSWORD, Someone, make_person
from tests.services.helpers import sql

NEW = "new@shop.example"


async def an_owner(gateway: Gateway, email: str = "owner1@shop.example") -> Someone:
    return await (await make_person(gateway, email, "owner")).login()


async def join(gateway: Gateway, url: str, password: str = PASSWORD) -> int:
    token = url.partition("#")[2]
    body = {"token": token, "newPassword": password}
    return (await gateway.ask("POST", "/api/team/accept", body, key=None)).status_code


async def user_id(gateway: Gateway, email: str) -> str:
    return ids.show("usr", (await users.find(gateway.ctx, email)).id)


async def test_somebody_is_invited_joins_works_and_is_removed(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    made = await owner.ask("POST", "/api/team/invitations", {"email": "New@Shop.example", "role": "staff"})
    assert made.status_code == 201, made.text
    invitation, url = made.json()["invitation"], made.json()["url"]
    assert (invitation["email"], invitation["role"]) == (NEW, "staff") and "/account/password#join_" in url
    listed = (await owner.ask("GET", "/api/team")).json()
    assert listed["invitations"] == [invitation] and url.partition("#")[2] not in str(listed)
    assert {"owner1@shop.example"} <= {one["email"] for one in listed["members"]}

    assert await join(gateway, url) == 200
    assert await join(gateway, url) == 401  # Once.
    clerk = await Someone(gateway, NEW).login()
    assert (await clerk.ask("GET", "/api/auth/me")).json()["user"]["role"] == "staff"
    assert (await clerk.ask("POST", "/api/payment/create-link", {"amount": 40})).status_code == 201
    assert (await owner.ask("GET", "/api/team")).json()["invitations"] == []

    path = f"/api/team/{await user_id(gateway, NEW)}"
    changed = await owner.ask("PATCH", path, {"role": "viewer"})
    assert (changed.status_code, changed.json()["member"]["role"]) == (200, "viewer")
    assert (await clerk.ask("POST", "/api/payment/create-link", {"amount": 40})).status_code == 403
    assert (await clerk.ask("GET", "/api/transactions")).status_code == 200
    assert (await owner.ask("DELETE", path)).json() == {"success": True}
    assert (await clerk.ask("GET", "/api/transactions")).status_code == 401
    refreshed = await gateway.ask("POST", "/api/auth/refresh", {"refreshToken": clerk.refresh_token}, key=None)
    assert (refreshed.status_code, (await clerk.try_login()).status_code) == (401, 401)
    assert (await owner.ask("DELETE", path)).status_code == 404

    log = [row.record for row in await audit.list_records(gateway.ctx, gateway.world.merchant_id)]
    acts = [row.action for row in log if row.action.startswith("team.")]
    assert acts == ["team.remove", "team.role", "team.join", "team.invite"]
    assert all(row.actor.startswith("user:usr_") and row.address for row in log if row.action in acts)
    assert (await audit.verify(gateway.ctx)).whole
    again = await owner.ask("POST", "/api/team/invitations", {"email": NEW, "role": "owner"})
    assert await join(gateway, again.json()["url"]) == 200  # Their address was free again.
    assert (await users.find(gateway.ctx, NEW)).role == "owner"


async def test_a_link_is_worthless_once_revoked_replaced_or_over_and_says_which_to_nobody(gateway: Gateway) -> None:
    owner = await an_owner(gateway)

    async def invite(role: str = "staff") -> tuple[str, str]:
        made = (await owner.ask("POST", "/api/team/invitations", {"email": NEW, "role": role})).json()
        return made["invitation"]["id"], made["url"]

    _, replaced = await invite()
    revoked_id, revoked = await invite("viewer")
    assert len((await owner.ask("GET", "/api/team")).json()["invitations"]) == 1
    assert (await owner.ask("DELETE", f"/api/team/invitations/{revoked_id}")).status_code == 200
    assert (await owner.ask("DELETE", f"/api/team/invitations/{revoked_id}")).status_code == 404
    over_id, over = await invite()
    await sql(gateway.ctx, "UPDATE invitations SET expires_at = now() WHERE ended_at IS NULL")
    assert (await owner.ask("GET", "/api/team")).json()["invitations"] == []
    assert (await owner.ask("DELETE", f"/api/team/invitations/{over_id}")).status_code == 404
    answers = set()
    for url in (replaced, revoked, over, "https://x/#join_", "https://x/#link_" + "A" * 75, over[:-3] + "AAA"):
        body = {"token": url.partition("#")[2], "newPassword": PASSWORD}
        answer = await gateway.ask("POST", "/api/team/accept", body, key=None)
        answers.add((answer.status_code, answer.json()["message"]))
    assert len(answers) == 1 and {status for status, _ in answers} == {401}
    assert (await sql(gateway.ctx, "SELECT count(*) AS n FROM users WHERE email = $1", NEW))[0]["n"] == 0


async def test_an_invitation_tells_nobody_who_logs_in_elsewhere(gateway: Gateway) -> None:
    other = await merchants.create(
        gateway.ctx, email="known@else.example", name="Other", plan="free", password=PASSWORD, approve=True
    )
    owner = await an_owner(gateway)
    answers = []
    for email in ("known@else.example", "nobody@else.example"):
        made = await owner.ask("POST", "/api/team/invitations", {"email": email, "role": "viewer"})
        joined = await join(gateway, made.json()["url"], "another password")
        shape = {name: type(value) for name, value in made.json()["invitation"].items()}
        answers.append((made.status_code, shape, joined))
    assert answers[0] == answers[1] and answers[0][2] == 200
    known = await users.find(gateway.ctx, "known@else.example")
    assert known.merchant_id == other.merchant_id and known.role == "owner"
    assert (await Someone(gateway, "known@else.example").login()).token
    assert (await Someone(gateway, "nobody@else.example", "another password").login()).token
    mine = await owner.ask("POST", "/api/team/invitations", {"email": "owner1@shop.example", "role": "viewer"})
    assert (mine.status_code, mine.json()["field"]) == (409, "email")  # Whoever asks sees them in the list anyway.
    for wrong, field in (({"email": "x", "role": "staff"}, "email"), ({"email": NEW, "role": "admin"}, "role")):
        refused = await owner.ask("POST", "/api/team/invitations", wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, field)


async def test_a_team_keeps_an_owner_though_two_demote_each_other_at_once(gateway: Gateway) -> None:
    merchant_id = gateway.world.merchant_id
    for one in await users.list_users(gateway.ctx, merchant_id):
        await team.remove(gateway.ctx, merchant_id, one.id, "cli") if one.role != "owner" else None
    first, second = await an_owner(gateway), await an_owner(gateway, "owner2@shop.example")
    for one in await users.list_users(gateway.ctx, merchant_id):
        if one.email not in {first.email, second.email}:
            await team.remove(gateway.ctx, merchant_id, one.id, "cli")
    ways = {one.email: f"/api/team/{await user_id(gateway, one.email)}" for one in (first, second)}
    done = await asyncio.gather(
        first.ask("PATCH", ways[second.email], {"role": "staff"}),
        second.ask("PATCH", ways[first.email], {"role": "staff"}),
    )
    assert sorted(one.status_code for one in done) in ([200, 403], [200, 409])
    left = [one for one in await users.list_users(gateway.ctx, merchant_id) if one.role == "owner"]
    assert len(left) == 1
    last = first if left[0].email == first.email else second
    for method, body in (("PATCH", {"role": "viewer"}), ("DELETE", None)):
        refused = await last.ask(method, ways[last.email], body)
        assert (refused.status_code, "last owner" in refused.json()["message"]) == (409, True)
    await users.disable(gateway.ctx, await users.find(gateway.ctx, last.email), disabled=True)
    # The operator may keep even the last owner out, and then nobody is kept for their sake.
    await team.remove(gateway.ctx, merchant_id, left[0].id, "cli")


async def test_an_invitation_under_an_idempotency_key_is_one_link(gateway: Gateway) -> None:
    owner = await an_owner(gateway)
    headers = {"Authorization": f"Bearer {owner.token}", "Idempotency-Key": "new clerk"}
    wish = {"email": NEW, "role": "staff"}
    first, again = [await gateway.ask("POST", "/api/team/invitations", wish, key=None, headers=headers) for _ in "12"]
    assert first.status_code == 201 and first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert await join(gateway, again.json()["url"]) == 200


async def test_a_team_has_an_end(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "MOST_PEOPLE", 4)
    owner = await an_owner(gateway)
    have = len((await owner.ask("GET", "/api/team")).json()["members"])
    answers = [
        (await owner.ask("POST", "/api/team/invitations", {"email": f"a{n}@b.co", "role": "viewer"})).status_code
        for n in range(5 - have)
    ]
    assert answers == [201] * (4 - have) + [409]
