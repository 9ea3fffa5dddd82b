"""The system log: written beside the requests, bounded, read in pages over all that has something to say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from paygate import telemetry
from paygate.core.errors import Unavailable
from paygate.core.system_log import Facts, Line, Place
from paygate.services import audit, journal, system_log
from paygate.services.context import Context
from paygate.services.system_log import Page
from paygate.workers import prune
from tests.services.helpers import sql
from tests.workers.world import MERCHANT, make_delivery, make_endpoint, make_merchant

FACTS = Facts(MERCHANT, "live", "req_1", "POST", "/x/1", "/x/{id}", 400, 12, "INVALID_INPUT", "amount")


@pytest.fixture(autouse=True)
async def merchant(ctx: Context) -> None:
    await make_merchant(ctx)


async def lines(ctx: Context, merchant_id: int = MERCHANT, mode: str = "live", **wishes: object) -> list[Line]:
    return await system_log.listed(ctx, merchant_id, mode, Page(**wishes))  # type: ignore[arg-type]


async def test_requests_wait_in_memory_and_are_written_together_with_the_time_they_were_at(ctx: Context) -> None:
    clock = 1_000.0
    ctx.journal = journal.Journal(ctx.new_id, lambda: clock)
    for number in range(3):
        ctx.journal.note(replace(FACTS, request_id=f"req_{number}"))
        clock += 10
    assert await sql(ctx, "SELECT 1 FROM system_log") == []
    await system_log.keep(ctx)
    await system_log.keep(ctx)
    rows = await sql(ctx, "SELECT request_id, (clock_timestamp() - at) AS age FROM system_log ORDER BY at")
    assert [row["request_id"] for row in rows] == ["req_0", "req_1", "req_2"]
    assert [round(row["age"].total_seconds()) // 10 for row in rows] == [3, 2, 1]


async def test_of_a_flood_some_are_rows_of_their_own_and_the_rest_are_counted(ctx: Context) -> None:
    for number in range(1_000):
        status = 429 if number % 2 else 400
        ctx.journal.note(replace(FACTS, status=status, path=f"/x/{number}"))
    ctx.journal.note(replace(FACTS, merchant_id=0))
    ctx.journal.note(replace(FACTS, mode="test"))
    found = await lines(ctx, limit=100)
    assert len(found) == journal.ALONE + 2 and sum(one.times for one in found) == 1_000
    assert {one.path for one in found if one.times > 1} == {"/x/{id}"}
    assert len(await lines(ctx, 0)) == len(await lines(ctx, mode="test")) == 1


async def test_while_the_database_is_away_the_first_wait_and_the_rest_is_counted_in_the_log(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise Unavailable()

    telemetry.configure("info")
    monkeypatch.setattr(journal, "MOST", 5)
    with monkeypatch.context() as patch:
        patch.setattr(ctx.db, "transaction", away)
        for number in range(4):
            ctx.journal.note(replace(FACTS, request_id=f"req_{number}"))
        with pytest.raises(Unavailable):
            await system_log.keep(ctx)
        for number in range(4, 8):
            ctx.journal.note(replace(FACTS, request_id=f"req_{number}"))
    with capture_logs() as said:
        await system_log.keep(ctx)
    kept = {row["request_id"] for row in await sql(ctx, "SELECT request_id FROM system_log")}
    assert kept == {f"req_{number}" for number in range(5)}
    assert [(line["event"], line["requests"]) for line in said] == [("requests were not kept in the system log", 3)]


async def test_a_repeat_after_a_commit_whose_answer_was_lost_writes_nothing_twice(ctx: Context) -> None:
    ctx.journal.note(FACTS)
    taken = ctx.journal.take()
    for _ in range(2):
        ctx.journal.give_back(taken)
        await system_log.keep(ctx)
    assert len(await lines(ctx)) == 1


async def test_what_is_being_written_at_this_moment_is_waited_for(ctx: Context) -> None:
    ctx.journal.note(FACTS)
    writing = asyncio.create_task(system_log.keep(ctx))
    await asyncio.sleep(0)
    assert len(await lines(ctx)) == 1
    await writing


async def make_everything(ctx: Context) -> None:
    """Lines of every source, many of one moment."""
    endpoint_id = await make_endpoint(ctx, "https://shop.example/")
    for _ in range(4):
        await make_delivery(ctx, endpoint_id)
    await sql(
        ctx,
        """UPDATE deliveries SET finished_at = CASE WHEN n.state <> 'DUE' THEN now() END, state = n.state, attempts = 3,
                  failures = CASE n.state WHEN 'DELIVERED' THEN 0 ELSE 3 END
             FROM (SELECT event_id, (ARRAY['DUE', 'DELIVERED', 'DEAD', 'DEAD'])[row_number() OVER ()] AS state
                     FROM deliveries) n
            WHERE n.event_id = deliveries.event_id""",
    )
    for action in ("webhook.add", "key.create", "key.revoke"):
        after = {"mode": "test" if action == "key.revoke" else "live"}
        await ctx.db.transaction(
            lambda conn, action=action, after=after: audit.append(  # type: ignore[misc]
                conn, ctx, merchant_id=MERCHANT, actor="cli", action=action, subject="s", after=after
            )
        )
    for status in (201, 400, 429, 500):
        ctx.journal.note(replace(FACTS, status=status, reason=None, field=None))
    await system_log.keep(ctx)
    moment = "(date_trunc('minute', now()) - interval '1 minute')"
    await sql(ctx, f"UPDATE system_log SET at = {moment} WHERE status < 429")
    await sql(ctx, f"UPDATE deliveries SET created_at = {moment}")
    await sql(ctx, f"UPDATE events SET created_at = {moment}")


async def test_pages_over_all_sources_have_every_line_once_in_one_order(ctx: Context) -> None:
    await make_everything(ctx)
    whole = await lines(ctx, limit=100)
    assert {one.source for one in whole} == {"http", "error", "audit", "payment", "webhook"}
    assert [one.at for one in whole] == sorted((one.at for one in whole), reverse=True)
    assert len({one.id for one in whole}) == len(whole) == 4 + 2 + 4 + 4
    for limit in (1, 2, 3, 5):
        seen: list[Line] = []
        before = None
        while page := await lines(ctx, limit=limit, before=before):
            seen += page
            before = Place(page[-1].at, page[-1].rank, page[-1].key)
        assert seen == whole


async def test_a_line_has_one_level_and_one_source_and_is_found_by_both(ctx: Context) -> None:
    await make_everything(ctx)
    whole = await lines(ctx, limit=100)
    assert {(one.source, one.level) for one in whole} == {
        *(("http", "info"), ("http", "warn"), ("error", "error"), ("audit", "info"), ("payment", "info")),
        *(("webhook", "info"), ("webhook", "warn"), ("webhook", "error")),
    }
    for source in (None, "http", "error", "audit", "payment", "webhook"):
        for level in (None, "info", "warn", "error"):
            wanted = [one for one in whole if source in (None, one.source) and level in (None, one.level)]
            assert await lines(ctx, limit=100, source=source, level=level) == wanted, (source, level)
    [failing] = [one for one in whole if one.source == "webhook" and one.level == "warn"]
    assert "failed, and is tried again after 3 tries" in failing.message


async def test_a_request_is_found_by_its_id_with_what_it_did(ctx: Context) -> None:
    await make_everything(ctx)
    telemetry.bind(request_id="req_9")
    await ctx.db.transaction(
        lambda conn: audit.append(conn, ctx, merchant_id=MERCHANT, actor="cli", action="a", subject="s")
    )
    telemetry.clear()
    ctx.journal.note(replace(FACTS, request_id="req_9", status=201))
    assert {one.source for one in await lines(ctx, request_id="req_9")} == {"http", "audit"}
    assert await lines(ctx, request_id="req_none") == []


async def test_modes_and_merchants_are_apart(ctx: Context) -> None:
    await make_everything(ctx)
    assert [one.message for one in await lines(ctx, mode="test")] == ["key.revoke s"]
    assert await lines(ctx, 0) == []


async def test_it_is_forgotten_after_thirty_days_and_nobody_keeps_more_than_their_share(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        ctx.journal.note(replace(FACTS, request_id=f"req_{number}"))
        ctx.journal.note(replace(FACTS, request_id=f"req_{number}", merchant_id=0))
    await system_log.keep(ctx)
    await sql(
        ctx,
        "UPDATE system_log SET at = at - substr(request_id, 5)::int * interval '5 days' WHERE merchant_id = $1",
        MERCHANT,
    )
    await prune.work(ctx)
    left = "SELECT array_agg(request_id ORDER BY request_id) AS ids FROM system_log WHERE merchant_id = $1"
    assert (await sql(ctx, left, MERCHANT))[0]["ids"] == [f"req_{number}" for number in range(6)]
    monkeypatch.setattr(system_log, "MOST_KEPT", 4)
    monkeypatch.setattr(system_log, "PRUNED_AT_ONCE", 3)
    while await prune.work(ctx):
        pass
    assert (await sql(ctx, left, MERCHANT))[0]["ids"] == [f"req_{number}" for number in range(4)]
    assert len((await sql(ctx, left, 0))[0]["ids"]) == 4
    assert timedelta(days=29) < system_log.KEPT_FOR
