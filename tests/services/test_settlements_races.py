"""Many at once: one balance is taken once, one payout is paid by one person, and a kill leaves nothing by halves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from paygate.core.errors import Conflict, InsufficientBalance, WrongState
from paygate.core.payouts import Settlement
from paygate.services import reversals
from paygate.services.context import Context
from paygate.services.settlement_desk import SETTLEMENTS
from tests.services import a_payer
from tests.services.helpers import assert_balanced, now, sql
from tests.services.payouts import A, B, ask, available, sell_and_pay, shop_with

WAIT_S = 30.0


async def all_at_once(*work: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*work, return_exceptions=True)


async def test_fifty_requests_at_once_take_what_is_there_and_not_a_satang_more(crowd: Context) -> None:
    shop = await shop_with(crowd, 100_000)  # 970.00 are the shop's: nine times 100.00.
    done = await all_at_once(*(ask(crowd, shop, 10_000) for _ in range(50)))
    assert sum(isinstance(one, Settlement) for one in done) == 9
    assert sum(isinstance(one, InsufficientBalance) for one in done) == 41
    assert await available(crowd, shop) == (7_000, 90_000, 0)
    await assert_balanced(crowd)


async def test_a_reversal_beside_requests_never_takes_the_same_money_twice(crowd: Context) -> None:
    shop = await shop_with(crowd, 100_000)
    at = now()
    payment = await shop.sell(100_000)
    await shop.hears(payment.payable_satang, at=at, reference="T-1")
    gone = shop.says(payment.payable_satang, at=at, reference="T-1")
    await all_at_once(*(ask(crowd, shop, 20_000) for _ in range(12)), reversals.reverse(crowd, gone))
    await assert_balanced(crowd)  # Nothing below zero, whoever came first.
    [row] = await sql(crowd, "SELECT count(*) AS n FROM settlements")
    assert 4 <= row["n"] <= 9
    await sell_and_pay(shop, 10_000)
    await assert_balanced(crowd)


async def test_of_many_operators_at_one_payout_one_gets_it_and_one_reference_completes_it_once(crowd: Context) -> None:
    shop = await shop_with(crowd, 100_000)
    one, two = await ask(crowd, shop, 20_000), await ask(crowd, shop, 20_000)
    people = [f"cli:{n}" for n in range(10)]
    approved = await all_at_once(*(SETTLEMENTS.approve(crowd, one.id, by) for by in people))
    assert sum(isinstance(done, Settlement) for done in approved) == 1
    claimed = await all_at_once(*(SETTLEMENTS.claim(crowd, one.id, by) for by in people))
    assert sum(isinstance(done, Settlement) for done in claimed) == 1
    assert sum(isinstance(done, Conflict) for done in claimed) == 9
    await SETTLEMENTS.approve(crowd, two.id, A)
    await SETTLEMENTS.claim(crowd, two.id, B)
    ended = await all_at_once(
        *(SETTLEMENTS.complete(crowd, which.id, A, "REF-1") for which in (one, two) for _ in range(5))
    )
    paid = {done.id for done in ended if isinstance(done, Settlement)}
    assert len(paid) == 1
    assert all(isinstance(done, Settlement | Conflict) for done in ended)
    rows = await sql(crowd, "SELECT type, count(*) AS n FROM events WHERE type LIKE 'settlement.%' GROUP BY type")
    assert {row["type"]: row["n"] for row in rows} == {"settlement.created": 2, "settlement.completed": 1}
    await assert_balanced(crowd)


async def test_a_request_and_its_rejection_race_to_one_end(crowd: Context) -> None:
    shop = await shop_with(crowd, 100_000)
    one = await ask(crowd, shop, 50_000)
    done = await all_at_once(
        *(SETTLEMENTS.approve(crowd, one.id, by) for by in (A, B)),
        *(SETTLEMENTS.reject(crowd, one.id, by, "no") for by in (A, B)),
    )
    assert all(isinstance(result, Settlement | WrongState) for result in done)
    assert (await SETTLEMENTS.show(crowd, one.id)).payout.status == "REJECTED"  # Approved or not: it was not claimed.
    assert await available(crowd, shop) == (97_000, 0, 0)
    await assert_balanced(crowd)


async def test_a_kill_inside_each_step_leaves_it_undone_and_the_next_try_does_it_once(ctx: Context, dsn: str) -> None:
    """Each step is stopped where all but its audit row is written, killed there, and then done in peace."""
    shop = await shop_with(ctx, 100_000)

    async def killed(step: str, *values: Any) -> None:
        """SIGKILL while it waits for the head of the audit log, which is taken last."""
        before = await state(ctx)
        async with ctx.db.connection() as conn, conn.transaction():
            await conn.execute("SELECT 1 FROM audit_heads FOR UPDATE")
            process = a_payer.start(dsn, step, *values)
            async with asyncio.timeout(WAIT_S):
                while not await waiting(ctx):
                    assert process.exitcode is None
                    await asyncio.sleep(0.01)
            process.kill()
            process.join()
        async with asyncio.timeout(WAIT_S):
            while await others(ctx):
                await asyncio.sleep(0.01)
        assert await state(ctx) == before

    await killed("request", shop.principal.merchant_id, 50_000)
    one = await ask(ctx, shop, 50_000)
    for step, *values in (
        ("approve", A),
        ("claim", A),
        ("release", A, "nothing sent"),
        ("claim", B),
        ("complete", B, "REF-1"),
        ("bounce", B, "closed"),
    ):
        await killed(step, one.id, *values)
        await a_payer.STEPS[step](ctx, one.id, *values)
        await assert_balanced(ctx)
    assert await available(ctx, shop) == (97_000, 0, 0)
    types = [row["type"] for row in await sql(ctx, "SELECT type FROM events WHERE subject_id = $1", one.id)]
    assert sorted(types) == ["settlement.completed", "settlement.created", "settlement.rejected"]


async def state(ctx: Context) -> list[Any]:
    """All that a step may change."""
    return await sql(
        ctx,
        """SELECT (SELECT jsonb_agg(s) FROM settlements s) AS settlements, (SELECT count(*) FROM journals) AS journals,
                  (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM audit_log) AS acts,
                  (SELECT count(*) FROM payout_references) AS refs""",
    )


async def waiting(ctx: Context) -> bool:
    """Whether somebody waits for the audit log."""
    rows = await sql(
        ctx,
        """SELECT 1 FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%audit_heads%'""",
    )
    return bool(rows)


async def others(ctx: Context) -> bool:
    """Whether a killed command's transaction is still open."""
    rows = await sql(
        ctx,
        """SELECT 1 FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'""",
    )
    return bool(rows)
