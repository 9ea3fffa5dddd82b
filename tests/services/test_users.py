"""Admins and their passwords."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from paygate.core.errors import Conflict, InvalidInput
from paygate.services import merchants, users
from paygate.services.context import Context


async def test_an_admin_belongs_to_the_platform_and_has_an_argon2id_password(ctx: Context) -> None:
    admin_id = await users.create_admin(ctx, email="Root@Example.com", password="correct horse ก")
    async with ctx.db.connection() as conn:
        row = await conn.fetchrow("SELECT * FROM users")
        login = await conn.fetchrow("SELECT * FROM logins")
    assert (row["merchant_id"], row["id"], row["role"], row["email"]) == (0, admin_id, "admin", "root@example.com")
    assert (login["merchant_id"], login["user_id"], login["email"]) == (0, admin_id, "root@example.com")
    assert row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PasswordHasher().verify(row["password_hash"], "correct horse ก".encode())


async def test_an_address_in_use_and_a_short_password_are_refused(ctx: Context) -> None:
    await merchants.create(ctx, email="a@b.co", name="Shop", plan="free")
    with pytest.raises(Conflict) as taken:
        await users.create_admin(ctx, email="A@B.co", password="long enough")
    assert taken.value.field == "email"
    for field, said in [
        ("password", {"email": "c@d.co", "password": "too short"}),
        ("email", {"email": "c", "password": "long enough"}),
    ]:
        with pytest.raises(InvalidInput) as refused:
            await users.create_admin(ctx, **said)
        assert refused.value.field == field
    async with ctx.db.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM users WHERE role = 'admin'") == 0
