"""One delivery's way through the outbox: claimed, sent, kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from uuid import UUID

import pytest

from paygate.core import ids
from paygate.core.errors import Bug
from paygate.core.webhooks import RETRY_DELAYS_S, new_secret
from paygate.db.deliveries import Due
from paygate.outbound import Outbound
from paygate.services import deliveries
from paygate.services.context import Context
from tests.workers.world import (
    MERCHANT,
    SECRET,
    TEXT,
    delivery,
    execute,
    make_delivery,
    make_endpoint,
    make_merchant,
    receiver,
    rows,
    says,
    tries,
    value,
    verified,
)


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    async with Outbound(allow_networks=(ip_network("127.0.0.0/8"),), total_timeout_s=2.0) as client:
        yield client


@pytest.fixture(autouse=True)
async def merchant(ctx: Context) -> None:
    await make_merchant(ctx)


async def claimed(ctx: Context, rooms: dict[UUID, int] | None = None, limit: int = 64) -> tuple[Due, ...]:
    return (await deliveries.claim(ctx, rooms=rooms or {}, new_room=8, limit=limit)).due


async def send_once(ctx: Context, outbound: Outbound) -> bool:
    [due] = await claimed(ctx)
    return await deliveries.record(ctx, due, await deliveries.send(ctx, outbound, due))


async def test_a_delivery_carries_its_events_bytes_and_three_good_signatures(ctx: Context, outbound: Outbound) -> None:
    async with receiver() as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        assert await send_once(ctx, outbound)
    [heard] = sink.heard
    assert heard.body == TEXT.encode()
    assert heard.headers["x-webhook-event"] == "payment.success"
    assert heard.event_id == ids.show("wh", event_id)
    assert set(verified(heard).values()) == {True}
    stands = await delivery(ctx, event_id)
    assert (stands["state"], stands["attempts"], stands["lease_id"]) == ("DELIVERED", 1, None)
    assert stands["finished_at"] is not None
    [attempt] = await tries(ctx, event_id)
    assert (attempt["attempt"], attempt["status"], attempt["response_head"], attempt["error"]) == (1, 200, "ok", None)


async def test_during_a_rotation_both_secrets_sign(ctx: Context, outbound: Outbound) -> None:
    old = new_secret(bytes(32))
    async with receiver() as sink:
        endpoint_id = await make_endpoint(ctx, sink.url)
        sealed = ctx.seal(old, f"endpoint:{endpoint_id}")
        await execute(ctx, "UPDATE endpoints SET old_secret = $1, old_until = now() + interval '1 h'", sealed)
        await make_delivery(ctx, endpoint_id)
        await send_once(ctx, outbound)
        await execute(ctx, "UPDATE endpoints SET old_until = now() - interval '1 s'")
        await make_delivery(ctx, endpoint_id)
        await send_once(ctx, outbound)
    during, after = sink.heard
    assert all(verified(during, SECRET).values())
    assert verified(during, old) == {"X-Webhook-Signature": False, "webhook-signature": True, "Stripe-Signature": True}
    assert all(verified(after, SECRET).values())
    assert not any(verified(after, old).values())


async def test_failures_follow_the_schedule_and_then_the_delivery_is_dead(ctx: Context, outbound: Outbound) -> None:
    async with receiver(says(500, b"bro\x00ken \xff")) as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        for pause_s in RETRY_DELAYS_S:
            assert await send_once(ctx, outbound)
            stands = await delivery(ctx, event_id)
            assert stands["state"] == "DUE"
            assert pause_s * 0.9 - 1 <= stands["wait_s"] <= pause_s * 1.1
            assert await claimed(ctx) == ()
            await execute(ctx, "UPDATE deliveries SET run_at = now()")
        assert await send_once(ctx, outbound)
    stands = await delivery(ctx, event_id)
    assert (stands["state"], stands["attempts"]) == ("DEAD", 10)
    assert stands["finished_at"] is not None
    log = await tries(ctx, event_id)
    assert [attempt["attempt"] for attempt in log] == list(range(1, 11))
    assert {attempt["status"] for attempt in log} == {500}
    assert {attempt["response_head"] for attempt in log} == {"bro\ufffdken \ufffd"}
    assert len(sink.heard) == 10
    assert {heard.event_id for heard in sink.heard} == {ids.show("wh", event_id)}


async def test_a_longer_pause_asked_for_by_the_receiver_is_granted(ctx: Context, outbound: Outbound) -> None:
    async with receiver(says(429, b"", Retry_After="120")) as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        await send_once(ctx, outbound)
    assert 118 <= (await delivery(ctx, event_id))["wait_s"] <= 120


async def test_gone_ends_the_delivery_and_disables_the_endpoint(ctx: Context, outbound: Outbound) -> None:
    async with receiver(says(410)) as sink:
        endpoint_id = await make_endpoint(ctx, sink.url)
        event_id = await make_delivery(ctx, endpoint_id)
        assert await send_once(ctx, outbound)
        waiting = await make_delivery(ctx, endpoint_id)
        done = await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)
    assert (await delivery(ctx, event_id))["state"] == "DEAD"
    [endpoint] = await rows(ctx, "SELECT * FROM endpoints")
    assert endpoint["disabled_at"] is not None
    assert "410" in endpoint["disabled_reason"]
    assert (done.due, done.buried) == ((), 1)
    stands = await delivery(ctx, waiting)
    assert (stands["state"], stands["attempts"]) == ("DEAD", 0)
    assert len(sink.heard) == 1


async def test_a_redirect_is_a_failure_and_is_not_followed(ctx: Context, outbound: Outbound) -> None:
    async with receiver() as target, receiver(says(302, b"", Location=target.url)) as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        await send_once(ctx, outbound)
    assert (await delivery(ctx, event_id))["state"] == "DUE"
    [attempt] = await tries(ctx, event_id)
    assert (attempt["status"], attempt["error"]) == (302, "Redirects are not followed.")
    assert target.heard == []


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://127.0.0.1:1/hook", "Connection refused"),
        ("https://10.0.0.1/hook", "private address"),
        ("http://example.com:0/", "port"),
    ],
)
async def test_no_answer_is_a_failure_with_its_reason(ctx: Context, outbound: Outbound, url: str, word: str) -> None:
    event_id = await make_delivery(ctx, await make_endpoint(ctx, url))
    await send_once(ctx, outbound)
    assert (await delivery(ctx, event_id))["state"] == "DUE"
    [attempt] = await tries(ctx, event_id)
    assert attempt["status"] is None
    assert word in attempt["error"]
    assert "whsec" not in attempt["error"]


async def test_an_event_that_cannot_be_written_in_a_format_is_a_failed_try_and_holds_nothing_up(
    ctx: Context, outbound: Outbound
) -> None:
    """Its payment is not there: nothing is sent in other words instead."""
    async with receiver() as sink:
        await make_delivery(ctx, await make_endpoint(ctx, sink.url, form="stripe"))
        good = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        dues = {due.format: due for due in await claimed(ctx)}
        with pytest.raises(Bug):
            await deliveries.send(ctx, outbound, dues["stripe"])
        assert await deliveries.record(ctx, dues["paygate"], await deliveries.send(ctx, outbound, dues["paygate"]))
    assert [heard.event_id for heard in sink.heard] == [ids.show("wh", good)]


async def test_only_the_first_kilobyte_of_an_answer_is_kept(ctx: Context, outbound: Outbound) -> None:
    async with receiver(says(200, "ก".encode() * 5_000)) as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        await send_once(ctx, outbound)
    head = (await tries(ctx, event_id))[0]["response_head"]
    assert head == "ก" * 341 + "\ufffd"


async def test_an_endpoint_fails_since_its_first_failure_until_its_next_success(
    ctx: Context, outbound: Outbound
) -> None:
    async with receiver(says(503)) as sink:
        endpoint_id = await make_endpoint(ctx, sink.url)
        event_id = await make_delivery(ctx, endpoint_id)
        await send_once(ctx, outbound)
        since = await value(ctx, "SELECT failing_since FROM endpoints")
        assert since is not None
        await execute(ctx, "UPDATE deliveries SET run_at = now()")
        await send_once(ctx, outbound)
        assert await value(ctx, "SELECT failing_since FROM endpoints") == since
        sink.answer = says(204, b"")
        await execute(ctx, "UPDATE deliveries SET run_at = now()")
        await send_once(ctx, outbound)
    assert await value(ctx, "SELECT failing_since FROM endpoints") is None
    assert (await delivery(ctx, event_id))["state"] == "DELIVERED"


# --- the lease -----------------------------------------------------------------------------------------------------


async def test_a_claim_is_nobody_elses_until_its_lease_ends(ctx: Context) -> None:
    event_id = await make_delivery(ctx, await make_endpoint(ctx, "https://example.com/"))
    [first] = await claimed(ctx)
    assert await claimed(ctx) == ()
    stands = await delivery(ctx, event_id)
    assert (stands["attempts"], stands["lease_id"]) == (1, first.lease_id)
    assert 25 < stands["wait_s"] <= 30
    await execute(ctx, "UPDATE deliveries SET run_at = now()")
    [second] = await claimed(ctx)
    assert (second.attempt, second.event_id) == (2, event_id)
    assert second.lease_id != first.lease_id


async def test_a_late_worker_logs_its_try_but_does_not_overwrite_its_successor(
    ctx: Context, outbound: Outbound
) -> None:
    async with receiver(says(500)) as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        [late] = await claimed(ctx)
        await execute(ctx, "UPDATE deliveries SET run_at = now()")
        [successor] = await claimed(ctx)
        bad = await deliveries.send(ctx, outbound, late)
        sink.answer = says(200)
        good = await deliveries.send(ctx, outbound, successor)
    assert await deliveries.record(ctx, late, bad) is False
    assert (await delivery(ctx, event_id))["lease_id"] == successor.lease_id
    assert await deliveries.record(ctx, successor, good) is True
    assert await deliveries.record(ctx, late, bad) is False
    assert (await delivery(ctx, event_id))["state"] == "DELIVERED"
    assert [(t["attempt"], t["status"]) for t in await tries(ctx, event_id)] == [(1, 500), (2, 200)]


async def test_a_delivery_that_never_ends_is_given_up(ctx: Context) -> None:
    endpoint_id = await make_endpoint(ctx, "https://example.com/")
    event_id = await make_delivery(ctx, endpoint_id, attempts=deliveries.MOST_UNFINISHED)
    done = await deliveries.claim(ctx, rooms={}, new_room=8, limit=64)
    assert (done.due, done.buried) == ((), 1)
    assert (await delivery(ctx, event_id))["state"] == "DEAD"


async def test_tries_that_kills_cut_short_cost_no_turn_of_the_schedule(ctx: Context, outbound: Outbound) -> None:
    async with receiver(says(500)) as sink:
        event_id = await make_delivery(ctx, await make_endpoint(ctx, sink.url))
        for _ in range(15):  # Fifteen workers die with it in their hands.
            assert len(await claimed(ctx)) == 1
            await execute(ctx, "UPDATE deliveries SET run_at = now()")
        assert await send_once(ctx, outbound)
        stands = await delivery(ctx, event_id)
        assert (stands["state"], stands["attempts"]) == ("DUE", 16) and 3 <= stands["wait_s"] <= 6
        for _ in range(9):
            await execute(ctx, "UPDATE deliveries SET run_at = now()")
            await claimed(ctx)
            await execute(ctx, "UPDATE deliveries SET run_at = now()")
            assert (await delivery(ctx, event_id))["state"] == "DUE"
            assert await send_once(ctx, outbound)
    assert (await delivery(ctx, event_id))["state"] == "DEAD"
    assert len(await tries(ctx, event_id)) == 10


async def test_what_many_kills_cut_short_comes_back_more_slowly_and_is_not_lost(ctx: Context) -> None:
    event_id = await make_delivery(ctx, await make_endpoint(ctx, "https://example.com/"))
    for turn in range(50):
        assert len(await claimed(ctx)) == 1
        wait_s = (await delivery(ctx, event_id))["wait_s"]
        assert 25 < wait_s <= 30 if turn < deliveries.MANY_UNFINISHED else 595 < wait_s <= 600
        await execute(ctx, "UPDATE deliveries SET run_at = now()")


async def test_ten_workers_at_once_claim_each_delivery_once(ctx: Context) -> None:
    endpoints = [await make_endpoint(ctx, "https://example.com/") for _ in range(4)]
    made = {await make_delivery(ctx, endpoint_id) for endpoint_id in endpoints for _ in range(20)}
    got: list[UUID] = []

    async def work() -> None:
        while due := await claimed(ctx):
            got.extend(one.event_id for one in due)

    await asyncio.gather(*(work() for _ in range(10)))
    got += [one.event_id for one in await claimed(ctx, limit=1_000)]
    assert len(got) == len(set(got))
    assert set(got) <= made
    assert len(got) >= 4 * 8


# --- fairness ------------------------------------------------------------------------------------------------------


async def test_a_claim_takes_from_each_endpoint_what_it_has_room_for(ctx: Context) -> None:
    full, narrow, new = [await make_endpoint(ctx, "https://example.com/") for _ in range(3)]
    for endpoint_id in (full, narrow, new):
        for _ in range(10):
            await make_delivery(ctx, endpoint_id)
    due = await claimed(ctx, {full: 0, narrow: 1})
    took = [one.endpoint_id for one in due]
    assert (took.count(full), took.count(narrow), took.count(new)) == (0, 1, 8)


async def test_when_room_is_short_everybodys_first_goes_before_anybodys_second(ctx: Context) -> None:
    old, young = [await make_endpoint(ctx, "https://example.com/") for _ in range(2)]
    for _ in range(10):
        await make_delivery(ctx, old)
    await execute(ctx, "UPDATE deliveries SET run_at = run_at - $1::interval", timedelta(hours=1))
    await make_delivery(ctx, young)
    due = await claimed(ctx, limit=2)
    assert [one.endpoint_id for one in due] == [old, young]


async def test_an_endpoint_known_to_fail_is_asked_once(ctx: Context) -> None:
    endpoint_id = await make_endpoint(ctx, "https://example.com/")
    await execute(ctx, "UPDATE endpoints SET failing_since = now()")
    for _ in range(5):
        await make_delivery(ctx, endpoint_id)
    assert len(await claimed(ctx)) == 1


async def test_a_claim_does_not_read_through_a_long_queue(ctx: Context) -> None:
    """Ten thousand deliveries of an endpoint without room cost a probe of the index, not ten thousand rows."""
    long, short = [await make_endpoint(ctx, "https://example.com/") for _ in range(2)]
    await execute(
        ctx,
        """WITH made AS (
           INSERT INTO events (merchant_id, mode, id, type, subject_id, sequence, body, created_at)
           SELECT $1, 'live', gen_random_uuid(), 'payment.success', gen_random_uuid(), 1, '{}', now()
             FROM generate_series(1, 10000) RETURNING id)
           INSERT INTO deliveries (merchant_id, mode, event_id, endpoint_id, run_at, created_at)
           SELECT $1, 'live', id, $2, now() - interval '1 h', now() FROM made""",
        MERCHANT,
        long,
    )
    event_id = await make_delivery(ctx, short)
    await execute(ctx, "ANALYZE deliveries")
    [due] = await claimed(ctx, {long: 0})
    assert due.event_id == event_id
