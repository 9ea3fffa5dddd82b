"""Coming in, staying in, going out, over real HTTP: nobody is told too much, and whatever ends ends at once."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta

import jwt
import pytest

from paygate.core import ids, tokens
from paygate.services import audit, merchants, passwords, sessions, user_links, users
from tests.faces.conftest import Gateway
from tests.faces.people import ADMIN, OWNER, PASSWORD, Someone, make_admin, make_person


async def forget_tries(gateway: Gateway) -> None:
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("DELETE FROM throttles")


async def actions(gateway: Gateway, merchant_id: int) -> list[str]:
    return [row.record.action for row in await audit.list_records(gateway.ctx, merchant_id)]


async def test_somebody_registers_waits_is_approved_and_is_suspended(gateway: Gateway) -> None:
    form = {"email": "New@Shop.example", "password": PASSWORD, "name": "ร้านใหม่"}
    answer = await gateway.ask("POST", "/api/auth/register", form, key=None)
    assert (answer.status_code, answer.json()) == (201, {"success": True, "status": "PENDING"})
    owner = await Someone(gateway, "new@shop.example").login()
    me = (await owner.ask("GET", "/api/auth/me")).json()["user"]
    assert (me["role"], me["merchant"]["name"], me["merchant"]["status"]) == ("owner", "ร้านใหม่", "PENDING")
    admin = await make_admin(gateway)
    waiting = (await admin.ask("GET", "/api/admin/merchants?status=pending")).json()
    assert [one["id"] for one in waiting["merchants"]] == [me["merchant"]["id"]] and waiting["hasMore"] is False
    path = f"/api/admin/merchants/{me['merchant']['id']}"
    refused = await admin.ask("POST", f"{path}/approve")
    assert (refused.status_code, refused.json()["error"]) == (409, "CONFLICT") and "taxId" in refused.json()["message"]
    done = await admin.ask("POST", f"{path}/approve", {"unchecked": "My own shop"})
    assert (done.status_code, done.json()["merchant"]["status"]) == (200, "APPROVED")
    assert (await owner.ask("GET", "/api/auth/me")).json()["user"]["merchant"]["status"] == "APPROVED"
    unsaid = await admin.ask("POST", f"{path}/suspend", {})
    assert (unsaid.status_code, unsaid.json()["field"]) == (400, "reason")
    why = {"reason": "Sells what it may not"}
    assert (await admin.ask("POST", f"{path}/suspend", why)).json()["merchant"]["status"] == "SUSPENDED"
    refused = await owner.try_login()
    assert (refused.status_code, refused.json()["error"]) == (403, "FORBIDDEN")
    again = await gateway.ask("POST", "/api/auth/refresh", {"refreshToken": owner.refresh_token}, key=None)
    assert again.status_code == 403
    log = await audit.list_records(gateway.ctx, ids.read_merchant(me["merchant"]["id"]))
    acts = [(row.record.action, row.record.actor.split("_")[0]) for row in reversed(log)]
    assert acts[0] == ("merchant.register", "user:usr") and acts[-1] == ("merchant.suspend", "user:usr")
    assert log[0].record.after is not None and "Sells what it may not" in log[0].record.after
    assert (await audit.verify(gateway.ctx)).whole


async def test_a_known_address_registers_nothing_and_is_told_the_same(gateway: Gateway) -> None:
    form = {"email": "shop@example.com", "password": PASSWORD, "name": "Somebody"}
    before = await gateway.counts()
    answer = await gateway.ask("POST", "/api/auth/register", form, key=None)
    assert (answer.status_code, answer.json()) == (201, {"success": True, "status": "PENDING"})
    after = await gateway.counts()
    assert {name for name in after if after[name] != before[name]} == {"throttles"}
    for wrong in ({"email": "x"}, {"password": "short"}, {"name": ""}, {"password": None}, {"email": 5}):
        refused = await gateway.ask("POST", "/api/auth/register", form | wrong, key=None)
        assert (refused.status_code, refused.json()["field"]) == (400, next(iter(wrong)))
    for _ in range(5):
        answer = await gateway.ask("POST", "/api/auth/register", form, key=None)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 300


async def test_nobody_learns_from_a_login_whether_an_address_is_known(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []
    compare = passwords._verify

    def counted(password_hash: str, material: bytes) -> bool:
        worked.append(password_hash[:30])  # Kind and cost: `$argon2id$v=19$m=19456,t=2,p=1`.
        return compare(password_hash, material)

    monkeypatch.setattr(passwords, "_verify", counted)
    owner = await make_person(gateway, OWNER, "owner")
    await users.create_admin(gateway.ctx, email=ADMIN, password=PASSWORD)
    tries = {
        "wrong password": {"password": "not this one"},
        "unknown": {"email": "nobody@shop.example"},
        "no address": {"email": "\ud7ff'; --"},
        "no password yet": {"email": "shop@example.com"},
        "at the wrong door": {"email": ADMIN},
    }
    told = set()
    for wrong in tries.values():
        await forget_tries(gateway)
        answer = await owner.try_login(**wrong)
        told.add((answer.status_code, answer.json()["error"], answer.json()["message"]))
    assert told == {(401, "UNAUTHORIZED", sessions.WRONG)}
    # Each is the same work: one password hashed, at the same cost.
    assert worked == ["$argon2id$v=19$m=19456,t=2,p=1"] * len(tries)


async def test_tries_are_counted_by_network_and_by_person_in_the_database(gateway: Gateway) -> None:
    owner = await make_person(gateway, OWNER, "owner")
    answers = await asyncio.gather(*(owner.try_login(password=f"wrong one {i}") for i in range(8)))
    assert sorted(one.status_code for one in answers) == [401] * 5 + [429] * 3
    refused = next(one for one in answers if one.status_code == 429)
    assert refused.json()["error"] == "RATE_LIMITED" and 1 <= int(refused.headers["retry-after"]) <= 12
    assert '"login";q=5;w=60' in refused.headers["ratelimit-policy"]
    assert '"login";r=0;t=' in refused.headers["ratelimit"]
    assert (await owner.try_login()).status_code == 429  # The right password does not get past it.
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("DELETE FROM throttles WHERE kind = 'address'")
        assert await conn.fetchval("SELECT count(*) FROM throttles WHERE kind = 'account'") == 1
    for _ in range(6):  # Good ones do not count.
        await owner.login()
    # From elsewhere ten wrong ones fill up the person's own count, and not that of where they always come from.
    elsewhere = [await _outcome(gateway, f"203.0.113.{i}", OWNER, "wrong password") for i in range(1, 13)]
    assert elsewhere == ["Unauthorized"] * 5 + ["TooManyTries"] * 7
    assert await _outcome(gateway, "203.0.113.77", OWNER, PASSWORD) == "TooManyTries"
    await owner.login()


async def _outcome(gateway: Gateway, address: str, email: str, password: str) -> str:
    client = sessions.Client(address)
    try:
        await sessions.login(gateway.ctx, email=email, password=password, code=None, admin=False, client=client)
    except Exception as error:
        return type(error).__name__
    return "in"


async def test_a_token_is_worth_nothing_after_logout_and_a_used_refresh_token_ends_the_login(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    first = owner.token, owner.refresh_token
    answer = await gateway.ask("POST", "/api/auth/refresh", {"refreshToken": first[1]}, key=None)
    assert answer.status_code == 200 and set(answer.json()) == {"token", "refreshToken", "expiresIn", "user"}
    assert answer.json()["expiresIn"] == 600
    owner.take(answer)
    assert (await owner.ask("GET", "/api/auth/me")).status_code == 200
    stolen = await gateway.ask("POST", "/api/auth/refresh", {"refreshToken": first[1]}, key=None)
    assert (stolen.status_code, stolen.json()["error"]) == (401, "UNAUTHORIZED")
    for token in (first[0], owner.token):
        assert (await owner.ask("GET", "/api/auth/me", token=token)).status_code == 401
    refresh = {"refreshToken": owner.refresh_token}
    assert (await gateway.ask("POST", "/api/auth/refresh", refresh, key=None)).status_code == 401
    assert "user.token-reused" in await actions(gateway, gateway.world.merchant_id)

    await owner.login()
    other = await Someone(gateway, OWNER).login()
    assert (await owner.ask("POST", "/api/auth/logout")).json() == {"success": True}
    assert (await owner.ask("GET", "/api/auth/me")).status_code == 401
    refresh = {"refreshToken": owner.refresh_token}
    assert (await gateway.ask("POST", "/api/auth/refresh", refresh, key=None)).status_code == 401
    assert (await other.ask("GET", "/api/auth/me")).status_code == 200
    await owner.login()
    assert (await owner.ask("POST", "/api/auth/logout", {"everywhere": True})).status_code == 200
    assert (await other.ask("GET", "/api/auth/me")).status_code == 401
    log = await audit.list_records(gateway.ctx, gateway.world.merchant_id, action="user.logout")
    everywhere = [json.loads(one.record.after or "")["everywhere"] for one in log]
    assert everywhere == [True, False] and {str(one.record.address) for one in log} == {"127.0.0.1"}


async def test_one_refresh_token_used_many_times_at_once_is_good_once_at_most(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    body = {"refreshToken": owner.refresh_token}
    answers = await asyncio.gather(*(gateway.ask("POST", "/api/auth/refresh", body, key=None) for _ in range(10)))
    assert sorted(one.status_code for one in answers) == [200] + [401] * 9
    good = next(one for one in answers if one.status_code == 200)
    assert (await owner.ask("GET", "/api/auth/me", token=good.json()["token"])).status_code == 401


async def test_only_our_own_tokens_of_the_right_kind_and_age_are_taken(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    claims = jwt.decode(owner.token, options={"verify_signature": False})
    key = sessions._key(gateway.ctx)
    bad = [
        "x", "a.b.c", owner.token[:-4], owner.refresh_token, gateway.world.secret_key,
        jwt.encode(claims, "another key of thirty-two characters!", algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims | {"aud": "paygate:elsewhere"}, key, algorithm="HS256"),
        jwt.encode(claims | {"mer": "mer_0000000000000"}, key, algorithm="HS256"),
        jwt.encode(claims | {"mer": 5}, key, algorithm="HS256"),
        jwt.encode(claims | {"exp": "soon"}, key, algorithm="HS256"),
        jwt.encode({k: v for k, v in claims.items() if k != "sid"}, key, algorithm="HS256"),
        jwt.encode(claims | {"exp": claims["iat"]}, key, algorithm="HS256"),
    ]  # fmt: skip
    for token in bad:
        answer = await owner.ask("GET", "/api/auth/me", token=token)
        assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHORIZED"), token
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert claims["exp"] - claims["iat"] == 600
    assert (await gateway.ask("GET", "/api/v1/transactions", key=owner.token)).status_code == 401
    invented = tokens.make(
        type(gateway.ctx.key).of("another key of thirty-two characters!"), "rt", 1, gateway.ctx.new_id(), bytes(16)
    )
    for text in ("", "x", owner.token, invented, owner.refresh_token.replace("rt_", "link_"), 5):
        answer = await gateway.ask("POST", "/api/auth/refresh", {"refreshToken": text}, key=None)
        assert answer.status_code in (400, 401), text
    assert (await owner.ask("GET", "/api/auth/me")).status_code == 200


async def test_the_databases_clock_ends_a_login_and_an_admins_ends_sooner(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    admin = await make_admin(gateway)
    async with gateway.ctx.db.connection() as conn:
        rows = {
            row["merchant_id"] > 0: row["expires_at"] - row["created_at"]
            for row in await conn.fetch("SELECT merchant_id, created_at, expires_at FROM sessions")
        }
        assert rows == {True: timedelta(days=14), False: timedelta(hours=2)}
        await conn.execute("UPDATE sessions SET created_at = created_at - interval '11.5 hours'")
        refreshed = {"refreshToken": admin.refresh_token}
        assert (await gateway.ask("POST", "/api/auth/refresh", refreshed, key=None)).is_success
        left = await conn.fetchval("SELECT expires_at - clock_timestamp() FROM sessions WHERE merchant_id = 0")
        assert timedelta(minutes=25) < left < timedelta(minutes=31)  # Twelve hours in all, whatever is done.
        await conn.execute("UPDATE sessions SET expires_at = clock_timestamp()")
    for someone in (owner, admin):
        refresh = {"refreshToken": someone.refresh_token}
        assert (await gateway.ask("POST", "/api/auth/refresh", refresh, key=None)).status_code == 401


async def test_an_admin_can_do_nothing_without_one_time_codes(gateway: Gateway) -> None:
    admin = await make_admin(gateway, codes=False)
    refused = await admin.ask("GET", "/api/admin/merchants")
    assert (refused.status_code, "one-time codes" in refused.json()["message"]) == (403, True)
    offer = await admin.ask("POST", "/api/auth/totp/setup", {"password": "not this one"})
    assert (offer.status_code, offer.json()["field"]) == (403, "password")
    codes = await admin.set_up_codes()
    assert len(set(codes)) == 10 and all(len(code) == 29 for code in codes)
    assert (await admin.ask("GET", "/api/admin/merchants")).status_code == 200
    asked = await admin.try_login()
    assert (asked.status_code, asked.json()["error"]) == (401, "TOTP_REQUIRED")
    wrong = await admin.try_login(code="000000")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "TOTP_REQUIRED")
    good = admin.code()
    assert (await admin.try_login(code=good)).status_code == 200
    assert (await admin.try_login(code=good)).status_code == 401  # Once.
    recovery = codes[0].upper().replace("-", " ")
    assert (await admin.try_login(code=recovery)).status_code == 200
    assert (await admin.try_login(code=codes[0])).status_code == 401
    off = await admin.ask("POST", "/api/auth/totp/disable", {"password": PASSWORD, "code": codes[1]})
    assert off.status_code == 403
    fresh = await admin.ask("POST", "/api/auth/totp/recovery-codes", {"password": PASSWORD, "code": codes[1]})
    assert len(fresh.json()["recoveryCodes"]) == 10
    await forget_tries(gateway)
    assert (await admin.try_login(code=codes[2])).status_code == 401
    assert (await admin.try_login(code=fresh.json()["recoveryCodes"][2])).status_code == 200


async def test_an_owner_may_turn_codes_on_and_off_and_the_secret_is_sealed(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    nothing = await owner.ask("POST", "/api/auth/totp/enable", {"code": "123456"})
    assert nothing.status_code == 409
    offer = (await owner.ask("POST", "/api/auth/totp/setup", {"password": PASSWORD})).json()
    assert offer["otpauthUrl"].startswith("otpauth://totp/PayGate:") and offer["qrCode"].startswith("data:image/png")
    assert (await owner.try_login()).status_code == 200  # Not in force before its first code.
    other = await Someone(gateway, OWNER).login()
    await owner.set_up_codes()
    assert (await other.ask("GET", "/api/auth/me")).status_code == 401
    assert (await owner.ask("GET", "/api/auth/me")).json()["user"]["totp"] is True
    async with gateway.ctx.db.connection() as conn:
        stored = bytes(await conn.fetchval("SELECT totp_secret FROM users WHERE email = $1", OWNER))
    assert owner.secret and owner.secret.encode() not in stored
    bare = await owner.ask("POST", "/api/auth/totp/disable", {"password": PASSWORD})
    assert bare.json()["error"] == "TOTP_REQUIRED"
    off = await owner.ask("POST", "/api/auth/totp/disable", {"password": PASSWORD, "code": owner.code()})
    assert off.status_code == 200
    owner.secret = None
    await owner.login()


async def test_guessing_codes_with_a_stolen_token_is_stopped(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    body = {"password": "guess", "newPassword": "another password"}
    statuses = [(await owner.ask("POST", "/api/auth/password", body)).status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]


async def test_another_password_ends_the_other_logins(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    other = await Someone(gateway, OWNER).login()
    short = await owner.ask("POST", "/api/auth/password", {"password": PASSWORD, "newPassword": "short"})
    assert (short.status_code, short.json()["field"]) == (400, "newPassword")
    done = await owner.ask("POST", "/api/auth/password", {"password": PASSWORD, "newPassword": "another password"})
    assert done.status_code == 200
    assert (await owner.ask("GET", "/api/auth/me")).status_code == 200
    assert (await other.ask("GET", "/api/auth/me")).status_code == 401
    assert (await owner.try_login()).status_code == 401
    owner.password = "another password"
    await owner.login()


async def test_no_admin_resets_another_one_as_if_they_were_a_merchants_person(gateway: Gateway) -> None:
    admin, other = await make_admin(gateway), "second@paygate.example"
    await users.create_admin(gateway.ctx, email=other, password=PASSWORD)
    user_id = ids.show("usr", (await users.find(gateway.ctx, other)).id)
    for act in ("reset-link", "reset-totp"):
        path = f"/api/admin/merchants/{ids.show_merchant(0)}/users/{user_id}/{act}"
        refused = await admin.ask("POST", path, {"password": PASSWORD, "code": admin.code()})
        assert (refused.status_code, refused.json()["error"]) == (404, "NOT_FOUND")


async def test_a_reset_link_sets_a_password_once_and_ends_every_login(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    admin = await make_admin(gateway)
    merchant = ids.show_merchant(gateway.world.merchant_id)
    people = (await admin.ask("GET", f"/api/admin/merchants/{merchant}")).json()["users"]
    user_id = next(one["id"] for one in people if one["email"] == OWNER)
    path = f"/api/admin/merchants/{merchant}/users/{user_id}/reset-link"
    assert (await admin.ask("POST", path, {"password": PASSWORD})).json()["error"] == "TOTP_REQUIRED"
    first = (await admin.ask("POST", path, {"password": PASSWORD, "code": admin.code()})).json()["url"]
    found = await users.find(gateway.ctx, OWNER)
    token = (await user_links.reset(gateway.ctx, found, audit.CLI)).token  # A newer one takes the older one's place.
    for text, status in ((first.partition("#")[2], 401), (token[:-1], 401), (token, 200), (token, 401)):
        body = {"token": text, "newPassword": "a new password"}
        assert (await gateway.ask("POST", "/api/auth/password/reset", body, key=None)).status_code == status
    assert (await owner.ask("GET", "/api/auth/me")).status_code == 401
    owner.password = "a new password"
    await owner.login()
    late = (await user_links.reset(gateway.ctx, found, audit.CLI)).token
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE user_links SET expires_at = clock_timestamp() WHERE used_at IS NULL")
    body = {"token": late, "newPassword": "a new password"}
    assert (await gateway.ask("POST", "/api/auth/password/reset", body, key=None)).status_code == 401


async def test_logins_are_listed_and_ended_one_by_one(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    other = await Someone(gateway, OWNER).login()
    stranger = await (await make_person(gateway, "staff@shop.example", "staff")).login()
    listed = (await owner.ask("GET", "/api/auth/sessions")).json()["sessions"]
    assert [one["current"] for one in listed] == [False, True] and listed[0]["address"] == "127.0.0.1"
    their = (await stranger.ask("GET", "/api/auth/sessions")).json()["sessions"][0]["id"]
    assert (await owner.ask("DELETE", f"/api/auth/sessions/{their}")).status_code == 404
    assert (await owner.ask("DELETE", f"/api/auth/sessions/{listed[0]['id']}")).status_code == 200
    assert (await owner.ask("DELETE", f"/api/auth/sessions/{listed[0]['id']}")).status_code == 404
    assert (await other.ask("GET", "/api/auth/me")).status_code == 401
    assert (await stranger.ask("GET", "/api/auth/me")).status_code == 200


async def test_whoever_is_disabled_is_out_at_once(gateway: Gateway) -> None:
    owner = await (await make_person(gateway, OWNER, "owner")).login()
    found = await users.find(gateway.ctx, OWNER)
    await users.disable(gateway.ctx, found, disabled=True)
    assert (await owner.ask("GET", "/api/auth/me")).status_code == 401
    assert (await owner.try_login()).json()["message"] == sessions.WRONG
    await users.disable(gateway.ctx, found, disabled=False)
    assert (await owner.ask("GET", "/api/auth/me")).status_code == 401
    await owner.login()


@pytest.mark.parametrize("role", ["owner", "staff", "viewer"])
async def test_nobody_of_a_merchant_is_an_admin(gateway: Gateway, role: str) -> None:
    someone = await (await make_person(gateway, OWNER, role)).login()
    merchant = ids.show_merchant(gateway.world.merchant_id)
    user = ids.show("usr", (await users.find(gateway.ctx, OWNER)).id)
    for method, path in (
        ("GET", "/api/admin/merchants"),
        ("GET", f"/api/admin/merchants/{merchant}"),
        ("POST", f"/api/admin/merchants/{merchant}/approve"),
        ("POST", f"/api/admin/merchants/{merchant}/suspend"),
        ("POST", f"/api/admin/merchants/{merchant}/users/{user}/reset-link"),
        ("POST", f"/api/admin/merchants/{merchant}/users/{user}/reset-totp"),
    ):
        answer = await someone.ask(method, path, {"password": PASSWORD} if method == "POST" else None)
        assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN"), path
        assert (await gateway.ask(method, path, key=None)).status_code == 401


async def test_a_suspended_merchants_keys_are_403_and_its_open_payments_stay_payable(gateway: Gateway) -> None:
    made = await gateway.create(amount=120)
    await merchants.suspend(gateway.ctx, gateway.world.merchant_id, "why")
    for key in (gateway.world.secret_key, gateway.world.test_key):
        assert (await gateway.ask("GET", "/api/v1/transactions", key=key)).status_code == 403
    said = {"amount": 120.0, "occurredAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "transRef": "T-1"}
    assert (await gateway.tell(said)).json()["outcome"] == "PAID"
    headers = {"X-Client-Secret": made["clientSecret"]}
    seen = await gateway.ask("GET", f"/api/v1/payment/{made['id']}", key=None, headers=headers)
    assert seen.json()["transaction"]["status"] == "PAID"
