"""Deadlines, money that came before its payment, and forgotten keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from paygate.core.credits import Observation
from paygate.db.pool import Database
from paygate.services import evidence
from paygate.services.context import Context
from paygate.services.evidence import Word
from paygate.workers import expire, prune, recheck
from tests.workers.world import (
    MERCHANT,
    execute,
    make_delivery,
    make_endpoint,
    make_merchant,
    make_payment,
    make_principal,
    pass_deadline,
    receiver,
    rows,
    told,
    until,
    value,
    working,
)


@pytest.fixture(autouse=True)
async def merchant(ctx: Context) -> None:
    await make_merchant(ctx)


@pytest.fixture
async def others(ctx: Context, dsn: str) -> AsyncIterator[list[Context]]:
    """Three more processes' worth of contexts."""
    made = [await Database.open(dsn, size=4) for _ in range(3)]
    yield [Context(db, ctx.key, ctx.public_url, webhook_allow_networks=ctx.webhook_allow_networks) for db in made]
    for db in made:
        await db.close()


async def test_the_log_of_tries_is_forgotten_after_ninety_days_and_the_events_stay(ctx: Context) -> None:
    event_id = await make_delivery(ctx, endpoint_id := await make_endpoint(ctx, "https://shop.example/"))
    await execute(
        ctx,
        """INSERT INTO attempts (merchant_id, mode, event_id, endpoint_id, attempt, at, latency_ms)
           SELECT $3, 'live', $1, $2, n, now() - n * interval '1 day', 5 FROM generate_series(80, 99) n""",
        event_id,
        endpoint_id,
        MERCHANT,
    )
    await prune.work(ctx)
    assert await value(ctx, "SELECT max(attempt) FROM attempts") == 89
    assert await value(ctx, "SELECT count(*) FROM events") == 1


async def test_several_sweepers_announce_each_expired_payment_once(ctx: Context, others: list[Context]) -> None:
    principal = await make_principal(ctx)
    payments = [await make_payment(ctx, principal, 10_000 + i) for i in range(20)]
    alive = await make_payment(ctx, principal, 99_000)
    for payment in payments:
        await pass_deadline(ctx, payment)
    await asyncio.gather(*(expire.work(one) for one in (ctx, *others) for _ in range(5)))
    announced = await rows(ctx, "SELECT subject_id FROM events WHERE type = 'payment.expired'")
    assert sorted(row["subject_id"] for row in announced) == sorted(payment.id for payment in payments)
    assert await value(ctx, "SELECT status FROM payments WHERE id = $1", alive.id) == "PENDING"


async def test_a_passed_deadline_reaches_the_merchant(ctx: Context, others: list[Context]) -> None:
    principal = await make_principal(ctx)
    async with receiver() as sink, working(ctx, *others):
        await make_endpoint(ctx, sink.url)
        payment = await make_payment(ctx, principal)
        await pass_deadline(ctx, payment)

        async def heard() -> bool:
            return len(sink.heard) == 2

        await until(heard)
    assert sorted(told(one) for one in sink.heard) == ["payment.created", "payment.expired"]


async def test_money_that_came_first_is_decided_though_the_payments_process_died(
    ctx: Context, others: list[Context]
) -> None:
    principal = await make_principal(ctx)
    receiving_id = principal.accounts[0].receiving_id
    source_id = ctx.new_id()
    await execute(
        ctx,
        """INSERT INTO sources (merchant_id, mode, id, receiving_id, kind, trust, secret)
           VALUES (0, 'live', $1, $2, 'generic', 'host', '')""",
        source_id,
        receiving_id,
    )
    seen = Observation(
        merchant_id=0,
        mode="live",
        receiving_id=receiving_id,
        source_id=source_id,
        trust="host",
        namespace="bank:014",
        reference="REF-ก่อน",
        amount_satang=15_000,
        occurred_at=datetime.now(UTC),
        rank="A",
        digest=bytes(32),
    )
    assert (await evidence.record(ctx, seen)).word is Word.ORPHAN

    def dies() -> None:
        raise ConnectionResetError("killed between the commit and the decision")

    dying = replace(ctx, wake=dies)
    with pytest.raises(ConnectionResetError):
        await make_payment(dying, principal)
    assert await value(ctx, "SELECT status FROM payments") == "PENDING"
    assert await value(ctx, "SELECT recheck_at FROM credits") is not None
    await recheck.work(ctx)
    assert await value(ctx, "SELECT status FROM payments") == "PENDING"  # Too young: the process may be at it.
    async with working(ctx, *others):
        await until(lambda: value(ctx, "SELECT status = 'PAID' FROM payments"))
    assert await value(ctx, "SELECT count(*) FROM events WHERE type = 'payment.success'") == 1
    assert await value(ctx, "SELECT count(*) FROM credits WHERE recheck_at IS NOT NULL") == 0


async def test_expired_idempotency_keys_are_forgotten_and_others_kept(ctx: Context) -> None:
    await execute(
        ctx,
        """INSERT INTO idempotency_keys (merchant_id, mode, credential, path, key, fingerprint, created_at, expires_at)
           SELECT 1, 'live', 'secret', 'POST /x', 'k' || n, decode(repeat('00', 32), 'hex'), now(),
                  now() + CASE WHEN n <= 1500 THEN interval '-1 s' ELSE interval '1 h' END
             FROM generate_series(1, 1510) n""",
    )
    assert await prune.work(ctx) is True
    assert await prune.work(ctx) is False
    assert await value(ctx, "SELECT count(*) FROM idempotency_keys") == 10
