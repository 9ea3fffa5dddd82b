"""One Idempotency-Key, one effect: together with it in one commit, or neither."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from paygate.core.errors import IdempotencyBusy, IdempotencyMismatch, InvalidInput, NotFound, WrongState
from paygate.db import idempotency
from paygate.services import payments
from paygate.services.context import Context
from paygate.services.payments import Done, Replayed
from tests.services.helpers import Shop, answer, assert_balanced, open_shop, sql


async def count(ctx: Context, table: str) -> int:
    return int((await sql(ctx, f"SELECT count(*) AS n FROM {table}"))[0]["n"])


async def test_the_same_request_again_is_given_the_same_answer(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first = await shop.create(10_000, shop.key("k"))
    assert isinstance(first, Done)
    for _ in range(3):
        assert await shop.create(10_000, shop.key("k")) == Replayed(first.status, first.body)
    assert await count(ctx, "payments") == await count(ctx, "events") == 1


async def test_another_body_under_the_key_is_refused(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.create(10_000, shop.key("k"))
    with pytest.raises(IdempotencyMismatch):
        await shop.create(20_000, shop.key("k", b"other"))
    assert await count(ctx, "payments") == 1


async def test_a_key_is_its_merchants_its_modes_its_credentials_and_its_paths(ctx: Context) -> None:
    shop, other, test = await open_shop(ctx), await open_shop(ctx), await open_shop(ctx, mode="test")
    key = shop.key("k")
    for claim in (key, replace(key, credential="public"), replace(key, path="POST /x")):
        assert isinstance(await shop.create(10_000, claim), Done)
    assert isinstance(await other.create(10_000, other.key("k")), Done)
    twin = Shop(ctx, replace(test.principal, merchant_id=shop.principal.merchant_id), test.sources)
    assert isinstance(await twin.create(10_000, twin.key("k")), Done)
    assert isinstance(await shop.create(10_000, shop.key("K")), Done)


async def test_fifty_requests_with_one_key_at_once_make_one_payment(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    done = await asyncio.gather(*(shop.create(10_000, shop.key("k")) for _ in range(50)))
    assert sum(isinstance(d, Done) for d in done) == 1
    assert len({(d.status, d.body) for d in done}) == 1
    assert await count(ctx, "payments") == await count(ctx, "reservations") == await count(ctx, "events") == 1
    await assert_balanced(ctx)


async def test_requests_with_two_bodies_under_one_key_at_once_make_one_payment(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    work = [shop.create(10_000 + 100 * (n % 2), shop.key("k", b"%d" % (n % 2))) for n in range(20)]
    done = await asyncio.gather(*work, return_exceptions=True)
    assert sum(isinstance(d, Done) for d in done) == 1
    assert sum(isinstance(d, Replayed) for d in done) == 9
    assert sum(isinstance(d, IdempotencyMismatch) for d in done) == 10
    assert await count(ctx, "payments") == 1


async def test_a_failed_request_leaves_no_key(ctx: Context) -> None:
    shop = await open_shop(ctx)
    with pytest.raises(InvalidInput):
        await shop.create(10_000, shop.key("k"), ref1="INV1")
    with pytest.raises(NotFound):
        await payments.cancel(ctx, shop.principal, uuid4(), shop.key("k"), answer)
    assert await count(ctx, "idempotency_keys") == 0
    assert isinstance(await shop.create(10_000, shop.key("k", b"other")), Done)


async def test_a_request_that_fails_while_it_is_answered_leaves_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx)

    def fail(_: object) -> tuple[int, bytes]:
        raise RuntimeError("no answer")

    with pytest.raises(RuntimeError):
        await payments.create(ctx, shop.principal, payments.NewPayment(10_000), shop.key("k"), fail)
    for table in ("payments", "idempotency_keys", "reservations", "slots"):
        assert await count(ctx, table) == 0


async def test_a_key_is_new_after_its_day(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first = await shop.create(10_000, shop.key("k"))
    await sql(ctx, "UPDATE idempotency_keys SET expires_at = now() + interval '1 minute'")
    assert isinstance(await shop.create(10_000, shop.key("k")), Replayed)
    await sql(ctx, "UPDATE idempotency_keys SET expires_at = now()")
    second = await shop.create(20_000, shop.key("k", b"other"))
    assert isinstance(second, Done)
    assert second.body != first.body
    assert await shop.create(20_000, shop.key("k", b"other")) == Replayed(second.status, second.body)
    [left] = await sql(ctx, "SELECT expires_at - now() > interval '23 hours' AS fresh FROM idempotency_keys")
    assert left["fresh"]


async def test_keys_are_forgotten_after_their_day_and_no_sooner(ctx: Context) -> None:
    shop = await open_shop(ctx)
    for n in range(5):
        await shop.create(10_000, shop.key(f"k{n}"))
    await sql(ctx, "UPDATE idempotency_keys SET expires_at = now() WHERE key < 'k3'")
    async with ctx.db.connection() as conn:
        assert [await idempotency.prune(conn, 2) for _ in range(3)] == [2, 1, 0]
    assert await count(ctx, "idempotency_keys") == 2


async def test_a_key_whose_work_is_under_way_is_busy(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.create(10_000, shop.key("k"))
    await sql(ctx, "UPDATE idempotency_keys SET status = NULL, answer = NULL")
    with pytest.raises(IdempotencyBusy):
        await shop.create(10_000, shop.key("k"))


async def test_stored_answers_are_sealed(ctx: Context) -> None:
    shop = await open_shop(ctx)
    done = await shop.create(10_000, shop.key("k"))
    [row] = await sql(ctx, "SELECT answer FROM idempotency_keys")
    assert done.body not in bytes(row["answer"])
    assert b"payable" not in bytes(row["answer"])


async def test_cancelling_with_a_key_is_answered_the_same_again(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    claim = replace(shop.key("c"), path="POST cancel")
    done = await shop.cancel(payment, claim)
    assert isinstance(done, Done)
    assert await shop.cancel(payment, claim) == Replayed(done.status, done.body)
    with pytest.raises(IdempotencyMismatch):
        await shop.cancel(payment, replace(claim, fingerprint=bytes(32)))


async def test_a_cancel_that_is_refused_leaves_no_key(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shop.hears(payment.payable_satang)
    with pytest.raises(WrongState):
        await shop.cancel(payment, shop.key("c"))
    assert await count(ctx, "idempotency_keys") == 0


async def test_a_replayed_request_announces_nothing_and_takes_no_amount(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.create(10_000, shop.key("k"))
    before = [tuple(row) for row in await sql(ctx, "SELECT * FROM slots")]
    await shop.create(10_000, shop.key("k"))
    assert [tuple(row) for row in await sql(ctx, "SELECT * FROM slots")] == before
    assert await count(ctx, "deliveries") == 1
