"""How many times the database is asked. Each question is a round trip: the price of a payment at a distance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from paygate.core.credits import Observation
from paygate.db import credits
from paygate.db import payments as rows
from paygate.db.pool import Database, in_transaction
from paygate.db.reservations import TAKE, TAKE_FOR_BROWSER
from paygate.db.steps import WRITE
from paygate.services import evidence
from paygate.services.context import Context
from paygate.services.payments import Done, Replayed
from tests.services.helpers import MINUTE, now, open_shop, shift

FRAME = ("BEGIN", "COMMIT", "ROLLBACK")
Count = Callable[[Awaitable[Any]], Awaitable[tuple[Any, int]]]


@pytest.fixture
async def asked(ctx: Context, dsn: str) -> AsyncIterator[Count]:
    """Do something with one connection and count the questions it asked, BEGIN and COMMIT apart."""
    everything = ctx.db
    ctx.db = await Database.open(dsn, size=1)
    questions: list[str] = []

    def listen(record: Any) -> None:
        if not record.query.startswith(FRAME):
            questions.append(record.query)

    async def count(work: Awaitable[Any]) -> tuple[Any, int]:
        async with ctx.db.connection() as conn:
            await conn.fetchval("SELECT cardinality($1::bigint[]) + cardinality($2::text[])", [], [])
            conn.add_query_logger(listen)
        questions.clear()
        result = await work
        return result, len(questions)

    yield count
    await ctx.db.close()
    ctx.db = everything


async def test_the_counter_counts(ctx: Context, asked: Count) -> None:
    async def ask() -> None:
        async with ctx.db.connection() as conn, conn.transaction():
            await conn.fetchval("SELECT 1")
            await conn.execute("SELECT 2")

    assert (await asked(ask()))[1] == 2


@pytest.mark.parametrize("keyed", [False, True], ids=["without a key", "with a key"])
@pytest.mark.parametrize("tagging", ["auto", "add", "subtract", "off", "bill"])
async def test_creating_a_payment_asks_at_most_twice(ctx: Context, asked: Count, tagging: str, keyed: bool) -> None:
    bill = tagging == "bill"
    shop = await open_shop(ctx, tagging="auto" if bill else tagging, biller=bill)
    for turn in range(3):  # The price is new, then known, then the amount has been used before.
        claim = shop.key(f"k{turn}") if keyed else None
        done, count = await asked(shop.create(10_000, claim, ref1=f"INV{turn}" if bill else None))
        assert isinstance(done, Done)
        assert count <= 2
        if turn == 1:
            await shift(ctx, done.payment, 80 * MINUTE)


async def test_statements_are_short_enough_to_be_prepared_once_a_connection() -> None:
    longest = max(
        len(statement.text)
        for statement in (TAKE, TAKE_FOR_BROWSER, rows.INSERT, rows.CANDIDATES, credits.KNOWN, WRITE)
    )
    assert longest < 15 * 1024  # asyncpg's limit: a longer one is prepared, a further round trip, at each use.


async def test_repeating_a_request_asks_at_most_twice(ctx: Context, asked: Count) -> None:
    shop = await open_shop(ctx)
    await shop.sell(10_000, shop.key("k"))
    repeated, count = await asked(shop.create(10_000, shop.key("k")))
    assert isinstance(repeated, Replayed)
    assert count <= 2


async def test_deciding_a_credit_asks_at_most_four_times(ctx: Context, asked: Count) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    seen = shop.says(payment.payable_satang)
    for observation, word in (
        (seen, "PAID"),
        (seen, "DUPLICATE"),
        (shop.says(payment.payable_satang), "ORPHAN"),
        (shop.says(777, reference=seen.reference), "REVIEW"),
        (shop.says(888, at=now() + 60 * MINUTE), "REVIEW"),
    ):
        outcome, count = await asked(evidence.record(ctx, observation))
        assert outcome.word == word
        assert count <= 4


async def test_deciding_a_credit_by_reference_asks_at_most_four_times(ctx: Context, asked: Count) -> None:
    shop = await open_shop(ctx, biller=True)
    await shop.sell(ref1="INV1")
    for amount, word in (14_000, "REVIEW"), (15_000, "PAID"), (15_000, "ORPHAN"):
        outcome, count = await asked(shop.hears(amount, ref1="INV1"))
        assert outcome.word == word
        assert count <= 4


async def test_deciding_a_credit_again_asks_at_most_four_times(ctx: Context, asked: Count) -> None:
    shop = await open_shop(ctx)
    await shop.hears(15_000)
    [credit_id] = [row["id"] for row in await _rows(ctx, "SELECT id FROM credits")]
    outcome, count = await asked(evidence.decide_again(ctx, 0, "live", credit_id))
    assert outcome.word == "ORPHAN"
    assert count <= 4


async def test_the_answer_is_rendered_between_two_questions_and_nothing_else_is_done_there(ctx: Context) -> None:
    """What a face does in `answer` is pure; QR pictures, network and waiting for workers come after the commit."""
    shop = await open_shop(ctx)
    woken: list[bool] = []
    ctx.wake = lambda: woken.append(in_transaction())
    await shop.sell(10_000)
    await shop.hears(10_000)
    assert woken
    assert not any(woken)


async def test_payments_of_two_merchants_on_two_accounts_wait_for_no_row_of_each_other(ctx: Context) -> None:
    one, other = await open_shop(ctx, plan="pro"), await open_shop(ctx, plan="pro")
    theirs = await other.sell()
    async with ctx.db.connection() as conn, conn.transaction():
        payment = await one.sell()
        for observation in (one.says(payment.payable_satang),):
            await _record_on(conn, ctx, observation)
        await conn.execute("SET LOCAL lock_timeout = '50ms'")
        assert (await other.hears(theirs.payable_satang)).word == "PAID"
        assert await other.sell()


async def _record_on(conn: Any, ctx: Context, seen: Observation) -> None:
    """Decide a credit in a transaction that stays open."""

    class Held:
        async def transaction(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
            return await work(conn)

    held = Context(Held(), ctx.key, ctx.public_url)  # type: ignore[arg-type]
    assert (await evidence.record(held, seen)).word == "PAID"


async def _rows(ctx: Context, statement: str) -> list[Any]:
    async with ctx.db.connection() as conn:
        return list(await conn.fetch(statement))
