"""The daily close: a day stays open while books and bank differ, and no day is closed before the one before it."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, time, timedelta

import pytest

from paygate.core import ids
from paygate.core.alarms import Alarm
from paygate.core.closes import evenings, last_over, read_day
from paygate.core.credits import BANGKOK
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.ledger import Account, Journal
from paygate.core.statements import Direction, Line, Statement
from paygate.db import bookings
from paygate.db import closes as rows
from paygate.services import accounts, alarms, audit, closes
from paygate.services.closes import Seen
from paygate.services.context import Context
from paygate.services.settlement_desk import SETTLEMENTS
from tests.services.helpers import Shop, assert_balanced, now, open_shop, sql
from tests.services.payouts import ask, shop_with
from tests.services.sheets import Row, compare

DAY = timedelta(days=1)
A, B = "cli:somchai", "cli:malee"
OVER = last_over(now())


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), BANGKOK)


async def arrives(shop: Shop, day: date, satang: int) -> None:
    """Money that nobody waits for: it is in the books all the same."""
    await shop.hears(satang, at=noon(day))


async def pays_out(ctx: Context, shop: Shop, day: date, satang: int) -> None:
    """A completed payout of that day."""
    lines = ((Account.PAYOUT_CLEARING, satang), (Account.BANK_CENTRAL, -satang))
    found = Journal(shop.principal.merchant_id, "live", "payout.confirmed", ctx.new_id(), noon(day), lines)
    await ctx.db.transaction(lambda conn: bookings.book(conn, found, ctx.new_id(), noon(day)))


async def close(ctx: Context, shop: Shop, **more: object) -> Seen:
    [seen] = await closes.run(ctx, shop.account.id, actor=more.pop("actor", A), **more)  # type: ignore[arg-type]
    return seen


async def test_a_day_closes_once_the_bank_has_what_the_books_say(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await arrives(shop, OVER, 50_000)
    await arrives(shop, OVER, 20_000)
    await arrives(shop, OVER - DAY, 99_900)  # Of another day,
    await arrives(shop, OVER + DAY, 77_700)  # and of this one, which is not over.
    await pays_out(ctx, shop, OVER, 30_000)
    seen = await close(ctx, shop, opening_satang=100_000)
    assert (seen.state, seen.told_by, seen.close and seen.close.run_by) == ("OPEN", None, A)
    assert seen.figures is not None and seen.figures.books_satang == 140_000
    seen = await close(ctx, shop, day=OVER, bank_satang=139_975)
    assert (seen.state, seen.told_by) == ("OPEN", A)
    assert seen.figures is not None and seen.figures.difference_satang == -25
    seen = await closes.explain(ctx, shop.account.id, OVER, -25, "The bank's fee", B)
    assert (seen.state, [m.reason for m in seen.movements]) == ("OPEN", ["The bank's fee"])  # A person closes, by run.
    seen = await close(ctx, shop, actor=B)
    assert (seen.state, seen.close and seen.close.run_by, seen.changed) == ("CLOSED", B, False)
    again = await close(ctx, shop)
    assert (again.close and again.close.run_by) == B  # Closed once, by whoever did.
    with pytest.raises(Conflict, match="is closed"):
        await closes.explain(ctx, shop.account.id, OVER, 5, "late", A)
    with pytest.raises(Conflict, match="is closed"):
        await close(ctx, shop, day=OVER, bank_satang=1)
    acts = [row.record.action for row in await audit.list_records(ctx, 0)]
    assert acts == ["close.run", "close.explain", "close.balance"]


async def test_no_day_closes_before_the_one_before_it(ctx: Context) -> None:
    shop = await open_shop(ctx)
    first = OVER - 3 * DAY
    await close(ctx, shop, day=first, opening_satang=0, bank_satang=0)
    await arrives(shop, first + DAY, 10_000)
    await arrives(shop, first + 2 * DAY, 5_000)
    await close(ctx, shop, day=first + 2 * DAY, bank_satang=15_000)
    seen = await close(ctx, shop, day=OVER, bank_satang=15_000)
    assert (seen.day, seen.state) == (first + DAY, "OPEN")  # Nobody said what the bank had that evening.
    assert [one.figures.day for one in await closes.history(ctx, shop.account.id)] == [first + DAY, first]
    seen = await close(ctx, shop, day=first + DAY, bank_satang=10_000)
    assert (seen.day, seen.state) == (first + DAY, "CLOSED")
    seen = await close(ctx, shop)
    assert (seen.day, seen.state) == (OVER, "CLOSED")  # The others follow by themselves.
    days = [(one.figures.day, one.state) for one in await closes.history(ctx, shop.account.id)]
    assert days == [(OVER - n * DAY, "CLOSED") for n in range(4)]
    with pytest.raises(Conflict, match="not over"):
        await close(ctx, shop, day=OVER + DAY)
    with pytest.raises(Conflict, match="begins with"):
        await close(ctx, shop, opening_satang=5)


async def test_a_statement_tells_every_evening_and_stands_above_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx)
    day = OVER - 2 * DAY
    await compare(
        ctx,
        shop,
        Row(noon(day - DAY), 1_000, balance=50_000),
        Row(noon(day), 20_000, balance=70_000),
        Row(noon(day) + timedelta(hours=2), -30_000, balance=40_000),
        Row(noon(OVER), 2_500, balance=42_500),
    )
    with pytest.raises(Conflict, match=r"400\.00 THB"):
        await close(ctx, shop, day=day, bank_satang=1)
    seen = await close(ctx, shop, day=day)
    assert seen.figures is not None and (seen.figures.opening_satang, seen.told_by) == (50_000, "statement")
    assert (seen.state, seen.figures.difference_satang) == ("OPEN", -30_000)  # What went out is not in the books yet.
    await pays_out(ctx, shop, day, 30_000)
    seen = await close(ctx, shop)
    assert (seen.day, seen.state) == (OVER, "CLOSED")  # A day without a line has the evening of the one before it.


async def test_news_of_a_closed_day_is_told_of_and_changes_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx)
    assert (await close(ctx, shop, day=OVER, opening_satang=700, bank_satang=700)).state == "CLOSED"
    await arrives(shop, OVER, 100)
    [seen] = await closes.show(ctx, shop.account.id, OVER)
    assert (seen.state, seen.changed) == ("CLOSED", True)
    assert seen.close is not None and seen.close.figures.in_satang == 0


async def test_payouts_leave_from_the_first_account_and_money_of_other_owners_is_none_of_this(ctx: Context) -> None:
    first, second = await open_shop(ctx), await open_shop(ctx)
    direct = await open_shop(ctx, plan="pro")
    await pays_out(ctx, second, OVER, 30_000)
    await arrives(second, OVER, 500)
    seen = await close(ctx, first, opening_satang=30_000, day=OVER, bank_satang=0)
    assert (seen.state, seen.figures and seen.figures.out_satang) == ("CLOSED", 30_000)
    seen = await close(ctx, second, opening_satang=0, day=OVER, bank_satang=500)
    assert (seen.state, seen.figures and seen.figures.out_satang) == ("CLOSED", 0)
    with pytest.raises(NotFound):
        await close(ctx, direct)
    assert {one.account.receiving_id for one in await closes.show(ctx)} == {
        first.account.receiving_id,
        second.account.receiving_id,
    }


async def test_a_payout_counts_for_the_account_that_it_left_from_and_came_back_to(ctx: Context) -> None:
    first = await open_shop(ctx)
    second = await shop_with(ctx, 100_000)
    other = (await accounts.list_accounts(ctx, 0))[-1]
    assert other.receiving_id == second.account.receiving_id != first.account.receiving_id
    left: dict[str, int] = {}
    for name, account_id in (("S-1", None), ("S-2", other.id), ("S-3", other.id)):
        one = await ask(ctx, second, 10_000)
        await SETTLEMENTS.approve(ctx, one.id, A)
        await SETTLEMENTS.claim(ctx, one.id, A)
        if name == "S-3":
            for wrong in (ctx.new_id(), (await open_shop(ctx, plan="pro")).account.id):
                with pytest.raises(InvalidInput) as refused:
                    await SETTLEMENTS.complete(ctx, one.id, A, name, account_id=wrong)
                assert refused.value.field == "accountId"
        done = await SETTLEMENTS.complete(ctx, one.id, A, name, account_id=account_id)
        assert done.paid_from == (other if account_id else first.account).receiving_id
        left[name] = 10_000
    await SETTLEMENTS.bounce(ctx, one.id, A, "closed")
    today = OVER + DAY
    async with ctx.db.connection() as conn:
        out = [
            (await rows.figures(conn, one.receiving_id, today, 0, pays=place == 0)).out_satang
            for place, one in enumerate(await rows.accounts(conn))
        ]
    assert out[:2] == [10_000, 10_000]  # S-3 went out and came back.
    [row] = await sql(ctx, "SELECT after FROM audit_log WHERE action = 'settlement.complete' ORDER BY id DESC LIMIT 1")
    assert json.loads(row["after"])["paid_from"] == ids.show("acc", other.id)
    await assert_balanced(ctx)


async def test_what_nobody_knows_or_says_rightly_is_refused(ctx: Context) -> None:
    shop = await open_shop(ctx)
    with pytest.raises(Conflict, match="Nobody knows"):
        await close(ctx, shop)
    [seen] = await closes.show(ctx)
    assert (seen.figures, seen.day) == (None, OVER)
    for wrong in ({"opening_satang": 1}, {"bank_satang": 1, "day": OVER}):
        with pytest.raises(InvalidInput):
            await closes.run(ctx, actor=A, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        await close(ctx, shop, bank_satang=1)
    for satang, words in ((0, "x"), (5, " ")):
        with pytest.raises(InvalidInput):
            await closes.explain(ctx, shop.account.id, OVER, satang, words, A)
    assert not await sql(ctx, "SELECT 1 FROM daily_closes UNION ALL SELECT 1 FROM bank_movements")


async def test_twenty_people_at_once_close_a_day_once(crowd: Context) -> None:
    shop = await open_shop(crowd)
    await close(crowd, shop, day=OVER - DAY, opening_satang=0, bank_satang=0)
    await arrives(shop, OVER, 500)
    await asyncio.gather(*(close(crowd, shop, day=OVER, actor=f"cli:{n}") for n in range(20)))
    assert [one.state for one in await closes.history(crowd, shop.account.id)] == ["OPEN", "CLOSED"]
    await closes.run(crowd, shop.account.id, day=OVER, bank_satang=500, actor=B)
    await asyncio.gather(*(close(crowd, shop, day=OVER, actor=f"cli:{n}") for n in range(20)))
    rows = [row.record.action for row in await audit.list_records(crowd, 0)]
    assert rows.count("close.run") == 2  # The day before, and this one.


async def test_a_day_that_waits_too_long_is_an_alarm(ctx: Context) -> None:
    shop = await open_shop(ctx)

    async def late() -> list[int]:
        async with ctx.db.connection() as conn:
            return [one.count for one in await alarms.look(conn, 0) if one.alarm is Alarm.DAY_OPEN]

    assert await late() == [0]  # Whoever never closed a day does not want to.
    await close(ctx, shop, day=OVER - 5 * DAY, opening_satang=0, bank_satang=0)
    [days] = await late()
    assert days in {4, 5}  # The last one is not late before noon.
    assert (await close(ctx, shop, day=OVER - 4 * DAY, bank_satang=0)).state == "CLOSED"
    assert await late() == [days - 1]


def test_evenings_of_a_statement() -> None:
    day = date(2026, 11, 20)

    def line(number: int, on: date, balance: int | None) -> Line:
        return Line(number, None, on, 100, Direction.IN, balance)

    lines = (line(1, day, 500), line(2, day, 600), line(3, day + 2 * DAY, 700), line(4, day + 4 * DAY, None))
    told = Statement(lines, closing_balance_satang=900, period=(day, day + 6 * DAY))
    later = datetime.combine(day + 30 * DAY, time(), BANGKOK)
    balances = [600, 600, 700, 700, 900, 900, 900]
    assert evenings(told, later) == [(day + n * DAY, satang) for n, satang in enumerate(balances)]
    assert evenings(told, noon(day + DAY)) == [(day, 600)]  # The other days were not over yet.
    assert evenings(Statement(lines[:2]), noon(day)) == []
    assert evenings(Statement(()), later) == []


@pytest.mark.parametrize(
    "text", ["", "2026-2-1", "2026-02-30", "0001-01-01", "9999-12-31", "20261128", "2026-11-28T00"]
)
def test_a_day_is_written_in_one_way(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_day(text)
    assert refused.value.field == "day"
