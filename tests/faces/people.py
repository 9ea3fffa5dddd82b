"""People at the dashboard's door, over HTTP: their logins, codes and tokens."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pyotp

from paygate.db import users as user_rows
from paygate.services import passwords, users
from tests.faces.conftest import Gateway

PASSWORD = "correct horse battery"
OWNER = "owner@shop.example"
ADMIN = "admin@paygate.example"


@dataclass
class Someone:
    """A person with what they carry; `ask` speaks for them."""

    gateway: Gateway
    email: str
    password: str = PASSWORD
    admin: bool = False
    secret: str | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    used_steps: set[int] = field(default_factory=set)

    async def ask(self, method: str, path: str, body: object = None, *, token: str | None = None) -> httpx2.Response:
        """One request with this person's access token, or another *token*."""
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return await self.gateway.ask(method, path, body, key=None, headers=headers)

    async def try_login(self, **fields: Any) -> httpx2.Response:
        """One try at the door; *fields* go before what is right."""
        path = "/api/auth/admin/login" if self.admin else "/api/auth/login"
        body = {"email": self.email, "password": self.password, **fields}
        return await self.gateway.ask("POST", path, body, key=None)

    async def login(self) -> Someone:
        """Come in."""
        answer = await self.try_login(**({"code": self.code()} if self.secret else {}))
        assert answer.status_code == 200, answer.text
        self.take(answer)
        return self

    def take(self, answer: httpx2.Response) -> None:
        """Keep the tokens of an answer."""
        self.token, self.refresh_token = answer.json()["token"], answer.json()["refreshToken"]

    async def set_up_codes(self) -> list[str]:
        """Turn one-time codes on; the recovery codes."""
        offer = await self.ask("POST", "/api/auth/totp/setup", {"password": self.password})
        assert offer.status_code == 200, offer.text
        self.secret = offer.json()["secret"]
        done = await self.ask("POST", "/api/auth/totp/enable", {"code": self.code()})
        assert done.status_code == 200, done.text
        codes: list[str] = done.json()["recoveryCodes"]
        return codes

    def code(self) -> str:
        """A code that is good now and was not used: of the step before, this one, or the next."""
        assert self.secret
        here = int(time.time()) // 30
        step = next(s for s in (here - 1, here, here + 1) if s > max(self.used_steps, default=0))
        self.used_steps.add(step)
        return pyotp.TOTP(self.secret).at(step * 30)


async def make_person(gateway: Gateway, email: str, role: str, merchant_id: int | None = None) -> Someone:
    """Somebody of a merchant (that of the world), not yet logged in."""
    ctx = gateway.ctx
    owner, hashed = merchant_id or gateway.world.merchant_id, await passwords.hash_password(PASSWORD)
    await ctx.db.transaction(
        lambda conn: user_rows.insert(
            conn, merchant_id=owner, user_id=ctx.new_id(), email=email, password_hash=hashed, role=role
        )
    )
    return Someone(gateway, email)


async def make_admin(gateway: Gateway, *, codes: bool = True) -> Someone:
    """An admin who is logged in, with a second factor unless told otherwise."""
    await users.create_admin(gateway.ctx, email=ADMIN, password=PASSWORD)
    admin = await Someone(gateway, ADMIN, admin=True).login()
    if codes:
        await admin.set_up_codes()
    return admin
