"""`paygate test pay`: the bank of the test mode, typed."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from paygate.core import keys as key_forms
from paygate.db import keys
from paygate.services import installation, payments
from paygate.services.context import Context
from paygate.services.drafts import NewPayment
from paygate.services.payments import Done
from tests.cli.conftest import Answer, Paygate
from tests.services.helpers import sql
from tests.worlds import World


async def sell(ctx: Context, key: str, amount_satang: int = 15_000) -> UUID:
    """A payment made with *key*."""
    read = key_forms.read(key)
    assert read is not None
    async with ctx.db.connection() as conn:
        principal = await keys.authenticate(conn, read.hash)
    assert principal is not None
    done = await payments.create(ctx, principal, NewPayment(amount_satang), None, lambda _: (201, b""))
    assert isinstance(done, Done)
    return done.payment.id


async def test_a_test_payment_is_paid_from_the_command_line_and_a_live_one_is_not(
    ctx: Context, world: World, inside: Paygate
) -> None:
    await installation.check(ctx)

    async def say(*arguments: Any) -> Answer:
        return await asyncio.to_thread(inside, "test", "pay", *map(str, arguments))

    first = await say(await sell(ctx, world.test_key))
    assert first.status == 0 and "PAID: the payment is paid" in first.out and "The payment is PAID." in first.out
    told = (await say(await sell(ctx, world.test_key), "--via", "notice", "--duplicate", "--late", "--json")).json
    assert (told["outcomes"], told["status"], told["via"]) == (["PAID", "DUPLICATE"], "PAID", "notice")
    short = (await say(await sell(ctx, world.test_key), "--via", "slip", "--amount", "149.25", "--json")).json
    assert (short["outcomes"], short["status"], short["amount"]) == (["REVIEW"], "PENDING", 149.25)
    later = await say(await sell(ctx, world.test_key), "--delay", 600, "--by", "malee")
    assert "a running server or worker tells of it then" in later.out and "The payment is PENDING." in later.out
    [row] = await sql(ctx, "SELECT count(*) AS n FROM simulated_transfers WHERE run_at IS NOT NULL")
    assert row["n"] == 1
    [row] = await sql(ctx, "SELECT count(*) AS n FROM audit_log WHERE action = 'simulator.pay' AND actor = 'cli:malee'")
    assert row["n"] == 1
    live = await say(await sell(ctx, world.secret_key))
    assert live.status == 1 and "This is a live payment" in live.err
    unknown = await say("01900000-0000-7000-8000-000000000000")
    assert unknown.status == 1 and "No such payment." in unknown.err


@pytest.mark.parametrize("wrong", [("--via", "pigeon"), ("--delay", "-1"), ("--amount", "0"), ("--amount", "x")])
def test_what_cannot_be_played_is_said_in_a_line(inside: Paygate, wrong: tuple[str, str]) -> None:
    answer = inside("test", "pay", "01900000-0000-7000-8000-000000000000", *wrong)
    assert answer.status != 0 and answer.err
