"""What the operator does by API with merchants' people, and that it is over for them at once."""

from __future__ import annotations

from paygate.core import ids
from paygate.services import audit, merchants
from tests.faces.conftest import Gateway
from tests.faces.people import make_admin, make_person
from tests.faces.test_dashboard_plans import sure
from tests.services.helpers import sql

UNKNOWN = "mer_0cqh3kz9t2w4e"
PLATFORM = ids.show_merchant(0)


def way(gateway: Gateway) -> str:
    return f"/api/admin/merchants/{ids.show_merchant(gateway.world.merchant_id)}"


async def user_id(gateway: Gateway, email: str) -> str:
    [row] = await sql(gateway.ctx, "SELECT id FROM users WHERE email = $1", email)
    return ids.show("usr", row["id"])


async def test_the_operator_invites_somebody_who_joins_and_takes_an_invitation_back(gateway: Gateway) -> None:
    admin, path = await make_admin(gateway), f"{way(gateway)}/invitations"
    wish = {"email": "new@shop.example", "role": "staff"}
    for wrong, field in (({"role": "staff"}, "email"), ({"email": "a@b.co"}, "role"), (wish | {"role": "x"}, "role")):
        refused = await admin.ask("POST", path, wrong)
        assert (refused.status_code, refused.json()["field"]) == (400, field), wrong
    refused = await admin.ask("POST", path, wish | {"password": "not this"})
    assert (refused.status_code, refused.json()["field"]) == (403, "password")
    made = await admin.ask("POST", path, wish | sure(admin))
    assert made.status_code == 201, made.text
    token = made.json()["url"].partition("#")[2]
    joined = await gateway.ask(
        "POST", "/api/team/accept", {"token": token, "newPassword": "another horse battery"}, key=None
    )
    assert joined.status_code == 200, joined.text
    again = await admin.ask("POST", path, {"email": "late@shop.example", "role": "viewer"} | sure(admin))
    team = (await admin.ask("GET", f"{way(gateway)}/team")).json()
    assert {one["email"]: one["role"] for one in team["members"]}["new@shop.example"] == "staff"
    [waits] = team["invitations"]
    assert waits == again.json()["invitation"] and waits["invitedBy"].startswith("user:usr_")
    assert (await admin.ask("DELETE", f"{path}/{waits['id']}")).is_success
    assert (await admin.ask("DELETE", f"{path}/{waits['id']}")).status_code == 404
    token = again.json()["url"].partition("#")[2]
    late = await gateway.ask(
        "POST", "/api/team/accept", {"token": token, "newPassword": "another horse battery"}, key=None
    )
    assert late.status_code == 401
    for nobody in (UNKNOWN, PLATFORM):
        assert (await admin.ask("GET", f"/api/admin/merchants/{nobody}/team")).status_code == 404


async def test_a_role_a_removal_and_a_disabled_login_bite_at_the_next_request(gateway: Gateway) -> None:
    admin, me = await make_admin(gateway), gateway.world.merchant_id
    clerk = await (await make_person(gateway, "clerk@shop.example", "owner")).login()
    path = f"{way(gateway)}/users/{await user_id(gateway, clerk.email)}"
    assert (await clerk.ask("GET", "/api/audit")).is_success  # Owners may.
    assert (await admin.ask("PATCH", path, {"role": "viewer"})).json()["field"] == "password"
    changed = await admin.ask("PATCH", path, {"role": "viewer"} | sure(admin))
    assert changed.json()["member"]["role"] == "viewer"
    assert (await clerk.ask("GET", "/api/audit")).status_code == 403
    off = await admin.ask("POST", f"{path}/disable")
    assert off.json()["member"]["disabledAt"]
    assert (await clerk.ask("GET", "/api/team")).status_code == 401
    assert (await clerk.try_login()).status_code == 401
    on = await admin.ask("POST", f"{path}/enable")
    assert on.json()["member"]["disabledAt"] is None
    await clerk.login()
    assert (await admin.ask("DELETE", path)).is_success
    assert (await clerk.ask("GET", "/api/team")).status_code == 401
    assert (await admin.ask("DELETE", path)).status_code == 404
    log = {one.record.action: one.record.actor for one in await audit.list_records(gateway.ctx, me)}
    mine = {log[act] for act in ("team.role", "user.disable", "user.enable", "team.remove")}
    assert len(mine) == 1 and mine.pop().startswith("user:usr_")


async def test_the_last_owner_stays_and_nobody_is_reached_by_another_merchants_address(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    new = await merchants.create(gateway.ctx, email="o@shop.example", name="Other", plan="free", approve=True)
    other = f"/api/admin/merchants/{ids.show_merchant(new.merchant_id)}/users"
    owner = await user_id(gateway, "o@shop.example")
    for refused in (
        await admin.ask("DELETE", f"{other}/{owner}"),
        await admin.ask("PATCH", f"{other}/{owner}", {"role": "staff"} | sure(admin)),
    ):
        assert refused.status_code == 409 and "last owner" in refused.json()["message"]
    for wrong in (f"{way(gateway)}/users/{owner}", f"/api/admin/merchants/{PLATFORM}/users/{owner}"):
        assert (await admin.ask("DELETE", wrong)).status_code == 404
        assert (await admin.ask("GET", f"{wrong}/sessions")).status_code == 404
        assert (await admin.ask("POST", f"{wrong}/disable")).status_code == 404
    myself = await user_id(gateway, admin.email)
    assert (await admin.ask("POST", f"/api/admin/merchants/{PLATFORM}/users/{myself}/disable")).status_code == 404
    assert (await admin.ask("DELETE", f"/api/admin/merchants/{PLATFORM}/users/{myself}/sessions")).status_code == 404


async def test_the_operator_sees_where_somebody_is_logged_in_and_ends_it(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    clerk = await (await make_person(gateway, "clerk@shop.example", "staff")).login()
    path = f"{way(gateway)}/users/{await user_id(gateway, clerk.email)}/sessions"
    for _ in "12":
        await clerk.login()
    found = (await admin.ask("GET", path)).json()["sessions"]
    assert len(found) == 3 and not any(one["current"] for one in found)
    mine = (await clerk.ask("GET", "/api/auth/sessions")).json()["sessions"]
    [here] = [one["id"] for one in mine if one["current"]]
    assert (await admin.ask("DELETE", f"{path}/{here}")).json() == {"ended": 1, "success": True}
    assert (await clerk.ask("GET", "/api/team")).status_code == 401
    assert (await admin.ask("DELETE", f"{path}/{here}")).status_code == 404
    assert (await admin.ask("DELETE", path)).json()["ended"] == 2
    assert (await admin.ask("GET", path)).json()["sessions"] == []


async def test_who_may_log_in_is_listed_for_everybody_for_the_operator_or_for_one_merchant(gateway: Gateway) -> None:
    admin = await make_admin(gateway)
    await make_person(gateway, "clerk@shop.example", "staff")
    path, merchant = "/api/admin/users", ids.show_merchant(gateway.world.merchant_id)
    everybody = (await admin.ask("GET", path)).json()["users"]
    [one] = (await admin.ask("GET", f"{path}?owner=central")).json()["users"]
    assert (one["email"], one["owner"], one["role"], one["totp"], one["hasPassword"]) == (
        admin.email,
        "central",
        "admin",
        True,
        True,
    )
    theirs = (await admin.ask("GET", f"{path}?owner={merchant}")).json()["users"]
    assert {who["owner"] for who in theirs} == {merchant} and len(theirs) + 1 == len(everybody)
    assert "clerk@shop.example" in {who["email"] for who in theirs}
    assert (await admin.ask("GET", f"{path}?owner=x")).json()["field"] == "owner"
