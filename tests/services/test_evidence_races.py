"""Evidence at once with evidence, cancels, sweepers and creations, and cut off anywhere: whole or not there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from paygate.core.errors import Unavailable
from paygate.db.pool import Database
from paygate.services import evidence, payments
from paygate.services.context import Context
from tests.services.helpers import (
    CREATED,
    HELD,
    MINUTE,
    OPEN,
    PAID,
    PAID_LINES,
    PRICE,
    SUCCESS,
    assert_balanced,
    booked,
    credits,
    facts,
    open_shop,
    shift,
    sql,
)

# ---------------------------------------------------------------------------------------------- at once


async def test_fifty_identical_credits_at_once_pay_once(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    payment = await shop.sell()
    seen = shop.says()
    outcomes = await asyncio.gather(*(evidence.record(crowd, seen) for _ in range(50)))
    assert sorted({o.word for o in outcomes}) == ["DUPLICATE", "PAID"]
    assert sum(o.word == "PAID" for o in outcomes) == 1
    assert {o.payment_id for o in outcomes} == {payment.id}
    assert await facts(ctx, payment) == PAID
    assert await booked(ctx) == [("payment.paid", PAID_LINES)]
    await assert_balanced(ctx)


async def test_fifty_different_credits_at_once_pay_once(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    payment = await shop.sell()
    outcomes = await asyncio.gather(*(shop.hears() for _ in range(50)))
    assert sorted(o.word for o in outcomes) == ["ORPHAN"] * 49 + ["PAID"]
    assert await facts(ctx, payment) == replace(PAID, events=(*PAID.events, *[HELD] * 49))
    assert len(await booked(ctx)) == 50
    await assert_balanced(ctx)


async def test_one_reference_with_fifty_amounts_at_once_pays_one_payment(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    sold = [await shop.sell(PRICE + 100 * n) for n in range(50)]
    outcomes = await asyncio.gather(*(shop.hears(p.payable_satang, reference="SAME") for p in sold))
    assert sorted(o.word for o in outcomes) == ["PAID"] + ["REVIEW"] * 49
    assert [(await facts(ctx, p)).status for p in sold].count("PAID") == 1
    await assert_balanced(ctx)


async def test_fifty_amounts_at_once_under_one_bill_reference_pay_once(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd, biller=True, overpay="accept")
    payment = await shop.sell(ref1="INV1")
    outcomes = await asyncio.gather(*(shop.hears(PRICE + n - 25, ref1="INV1") for n in range(50)))
    assert [o.word for o in outcomes].count("PAID") == 1
    assert (await facts(ctx, payment)).status == "PAID"
    await assert_balanced(ctx)


@pytest.mark.parametrize("biller", [False, True], ids=["by amount", "by reference"])
async def test_a_credit_racing_a_cancel_pays_or_waits_for_a_person(ctx: Context, crowd: Context, biller: bool) -> None:
    shop = await open_shop(crowd, biller=biller, overpay="accept")
    for turn in range(20):
        ref = {"ref1": f"INV{turn}"} if biller else {}
        payment = await shop.sell(PRICE + 100 * turn, **ref)
        amount = payment.payable_satang + (7 if biller and turn % 2 else 0)  # A larger amount is another lock.
        both = (shop.hears(amount, **ref), shop.cancel(payment))
        credit, cancelled = await asyncio.gather(*(both if turn % 2 else reversed(both)), return_exceptions=True)
        if not turn % 2:
            credit, cancelled = cancelled, credit
        status = (await facts(ctx, payment)).status
        assert isinstance(credit, evidence.Outcome)
        assert (credit.word, status) in {("PAID", "PAID"), ("REVIEW", "CANCELLED")}
        assert isinstance(cancelled, payments.Done) == (status == "CANCELLED")
    await assert_balanced(ctx)


async def test_a_credit_racing_the_sweeper_pays(ctx: Context, crowd: Context) -> None:
    shop = await open_shop(crowd)
    for turn in range(20):
        payment = await shop.sell(PRICE + 100 * turn)
        await shift(ctx, payment, 16 * MINUTE)
        _, outcome, _ = await asyncio.gather(
            payments.expire(crowd), shop.hears(payment.payable_satang), payments.expire(crowd)
        )
        assert outcome == evidence.Outcome(evidence.Word.PAID, payment.id)
        after = await facts(ctx, payment)
        assert (after.status, after.exception) == ("PAID", "LATE")
        assert [kind for kind, _ in after.events].count("payment.expired") <= 1
    await assert_balanced(ctx)


@pytest.mark.parametrize("tagging", ["auto", "off", "bill"])
async def test_a_credit_racing_its_payments_creation_is_never_left_an_orphan(
    ctx: Context, crowd: Context, tagging: str
) -> None:
    bill = tagging == "bill"
    shop = await open_shop(crowd, tagging="auto" if bill else tagging, biller=bill)
    for turn in range(30):
        ref = {"ref1": f"INV{turn}"} if bill else {}
        amount = PRICE + 100 * turn
        if turn % 3:
            await sql(ctx, "INSERT INTO slots VALUES ('live', $1, $2)", shop.account.receiving_id, amount)
        payment, _ = await asyncio.gather(shop.sell(amount, **ref), shop.hears(amount, **ref))
        assert payment.payable_satang == amount
        assert (await facts(ctx, payment)).status == "PAID", turn
    await assert_balanced(ctx)


# ---------------------------------------------------------------------------------------------- cut anywhere


async def test_a_transaction_cut_anywhere_is_whole_or_not_there(ctx: Context, dsn: str) -> None:
    """Its own connection is killed while it works; then the evidence comes again."""
    shop = await open_shop(ctx)
    chance = random.Random(7)
    dying = Context(await Database.open(dsn, size=1), ctx.key, ctx.public_url)
    cut = 0
    for turn in range(40):
        payment = await shop.sell(PRICE + 100 * turn)
        seen = shop.says(payment.payable_satang)
        pid = await _pid(dying)
        work = asyncio.create_task(evidence.record(dying, seen))
        await asyncio.sleep(chance.random() * 0.02)
        await sql(ctx, "SELECT pg_terminate_backend($1)", pid)
        try:
            await work
        except Unavailable:
            cut += 1
        after = await facts(ctx, payment)
        journals = await sql(ctx, "SELECT 1 FROM journals WHERE subject_id = $1", payment.id)
        heard = await sql(ctx, "SELECT 1 FROM observations WHERE digest = $1", seen.digest)
        whole = after.status == "PAID"
        assert (len(after.events), len(journals), len(heard)) == ((2, 1, 1) if whole else (1, 0, 0))
        outcome = await evidence.record(ctx, seen)
        assert outcome == evidence.Outcome(evidence.Word.DUPLICATE if whole else evidence.Word.PAID, payment.id)
        assert (await facts(ctx, payment)).events == (CREATED, SUCCESS)
    await dying.db.close()
    assert cut > 5
    await assert_balanced(ctx)


async def _pid(ctx: Context) -> int:
    while True:
        try:
            [row] = await sql(ctx, "SELECT pg_backend_pid() AS pid")
        except Unavailable:  # The connection that was killed last.
            continue
        return int(row["pid"])


class Mortal:
    """A real connection that breaks in place of its question number *life* + 1."""

    def __init__(self, conn: Any, life: int) -> None:
        self.conn, self.life = conn, life

    def __getattr__(self, name: str) -> Any:
        self.live()
        return getattr(self.conn, name)

    def live(self) -> None:
        if self.life == 0:
            self.conn.terminate()
        self.life -= 1


@pytest.mark.parametrize("life", range(5))
async def test_a_process_that_dies_between_two_questions_leaves_nothing(ctx: Context, life: int) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    seen = shop.says()

    class Dying:
        async def transaction(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
            async def cut_short(conn: Any) -> Any:
                mortal = Mortal(conn, life)
                result = await work(mortal)
                mortal.live()  # In place of COMMIT.
                return result

            return await ctx.db.transaction(cut_short)

    with pytest.raises(Unavailable):
        await evidence.record(Context(Dying(), ctx.key, ctx.public_url), seen)  # type: ignore[arg-type]
    assert await facts(ctx, payment) == OPEN
    assert await credits(ctx) == []
    assert await booked(ctx) == []
    assert (await evidence.record(ctx, seen)).word == "PAID"
    assert await facts(ctx, payment) == PAID
    await assert_balanced(ctx)
