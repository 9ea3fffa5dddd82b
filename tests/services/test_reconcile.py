"""Statements against credits, on real rows."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta

import pytest

from paygate.core.credits import BANGKOK, Channel
from paygate.core.errors import InvalidInput
from paygate.core.statements import Trouble
from paygate.services import evidence, payments, reconcile, statement_files
from paygate.services.context import Context
from paygate.services.evidence import Word
from tests.services.helpers import (
    MINUTE,
    PRICE,
    assert_balanced,
    booked,
    credits,
    facts,
    now,
    open_shop,
    reviews,
    shift,
    sql,
)
from tests.services.sheets import Row, ago, compare, counts, everything, sheet

DAY = timedelta(days=1)


async def confirmed(ctx: Context) -> list[bool]:
    return [
        r["yes"] for r in await sql(ctx, "SELECT confirmed_at IS NOT NULL AS yes FROM credits ORDER BY occurred_at")
    ]


async def test_a_line_confirms_the_credit_that_a_notice_told_of(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shop.hears(rank="C", channel=Channel.SMS, reference=None)
    assert await confirmed(ctx) == [False]
    report = await compare(ctx, shop, Row(ago(0), balance=50_000))
    assert (counts(report), report.clean) == ({"matched": 1}, True)
    assert report.rows[0].payment_id == payment.id and report.rows[0].newly
    assert await confirmed(ctx) == [True]
    [row] = await sql(ctx, "SELECT balance_satang, rank FROM credits")
    assert (row["balance_satang"], row["rank"]) == (50_000, "C")


async def test_the_same_file_twice_changes_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.sell()
    await shop.hears()
    rows = [Row(ago(0)), Row(ago(0), 7_700), Row(ago(0), 7_700), Row(ago(3), 9_900, day=ago(0)), Row(None, 5_500)]
    first = await compare(ctx, shop, *rows)
    before = await everything(ctx)
    again = await compare(ctx, shop, *rows)
    assert await everything(ctx) == before
    assert counts(first) == counts(again) == {"matched": 1, "withoutPayment": 4}
    assert not any(row.newly for row in again.rows)
    assert first.statement_id == again.statement_id
    await assert_balanced(ctx)


async def test_a_line_never_heard_of_pays_whoever_held_the_amount(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shift(ctx, payment, 2 * DAY)
    await payments.expire(ctx)
    at = (payment.created_at - 2 * DAY + MINUTE).replace(microsecond=0)
    report = await compare(ctx, shop, Row(at))
    assert counts(report) == {"matched": 1}
    assert (await facts(ctx, payment)).status == "PAID"
    assert await confirmed(ctx) == [True]
    await assert_balanced(ctx)


async def test_money_of_nobody_is_booked_to_suspense_and_waits_for_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx)
    report = await compare(ctx, shop, Row(ago(9), 5_000), Row(ago(8), 5_000), Row(ago(7), 6_000))
    assert counts(report) == {"withoutPayment": 3}
    assert {row.reason for row in report.rows} == {"ORPHAN"} and all(row.newly for row in report.rows)
    assert [reason for _, reason, _ in await credits(ctx)] == ["ORPHAN"] * 3
    lines = sorted(line["bank_central"] for _, line in await booked(ctx))
    assert lines == [5_000, 5_000, 6_000] and {kind for kind, _ in await booked(ctx)} == {"credit.parked"}
    assert [review.reason for review in await reviews(ctx)] == ["ORPHAN"] * 3
    await assert_balanced(ctx)


async def test_money_of_nobody_on_a_merchants_own_account_is_not_booked(ctx: Context) -> None:
    shop = await open_shop(ctx, plan="pro")
    await compare(ctx, shop, Row(ago(9), 5_000), Row(None, 6_000))
    assert [state for state, _, _ in await credits(ctx)] == ["UNASSIGNED"] * 2
    assert await booked(ctx) == []
    owners = {row["merchant_id"] for row in await sql(ctx, "SELECT merchant_id FROM reviews")}
    assert owners == {shop.principal.merchant_id}


async def test_an_orphan_of_a_statement_is_decided_again_like_any_other(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await compare(ctx, shop, Row(ago(0)))
    payment = await shop.sell()
    assert (await facts(ctx, payment)).status == "PAID"
    await assert_balanced(ctx)


async def test_a_paid_payment_that_the_statement_lacks_is_an_alarm_and_stays_paid(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shop.hears()
    await sql(ctx, "UPDATE credits SET occurred_at = date_trunc('second', occurred_at) - interval '2 days'")
    before = await facts(ctx, payment)
    around = [Row(ago(2 * 1440 + 90), 100), Row(ago(2 * 1440 - 90), 100)]
    for _ in range(2):
        report = await compare(ctx, shop, *around)
        assert counts(report) == {"missing": 1, "withoutPayment": 2}
        assert await facts(ctx, payment) == before and before.status == "PAID"
        [alarm] = [r for r in await reviews(ctx) if r.reason == "MISSING_IN_STATEMENT"]
        assert (alarm.alarm, alarm.resolution, alarm.candidates) == (True, None, (str(payment.id),))
    [row] = await sql(ctx, "SELECT occurred_at FROM credits WHERE amount_satang = $1", PRICE)
    await compare(ctx, shop, Row(row["occurred_at"]))
    [answered] = [r for r in await reviews(ctx) if r.reason == "MISSING_IN_STATEMENT"]
    assert answered.resolution == "superseded"


async def test_only_what_the_statement_covers_whole_can_be_missing_in_it(ctx: Context) -> None:
    shop = await open_shop(ctx)
    for minutes in (200, 109, 11):
        await shop.hears(1_000 + minutes, at=ago(minutes))
    report = await compare(ctx, shop, Row(ago(100), 1), Row(ago(20), 1))
    assert counts(report) == {"withoutPayment": 2}
    shifted = await compare(ctx, shop, Row(ago(120), 2), Row(ago(20), 2))
    assert [row.amount_satang for row in shifted.rows if row.finding == "missing"] == [1_109]


async def test_the_next_statement_checks_what_was_too_near_to_the_end_of_the_last(ctx: Context) -> None:
    shop = await open_shop(ctx)
    hour = ago(60)
    await shop.hears(1_001, at=hour - 2 * MINUTE)
    first = await compare(ctx, shop, Row(hour - 60 * MINUTE, 1), Row(hour, 1))
    assert "missing" not in counts(first)
    gap = await compare(ctx, shop, Row(hour + MINUTE, 2), Row(hour + 50 * MINUTE, 2))
    assert "missing" not in counts(gap)
    second = await compare(ctx, shop, Row(hour, 1), Row(hour + 40 * MINUTE, 3))
    assert counts(second)["missing"] == 1


async def test_equal_lines_and_equal_credits_are_paired_one_by_one(ctx: Context) -> None:
    shop = await open_shop(ctx)
    for minutes in (3, 2, 1):
        await shop.hears(at=ago(minutes))
    report = await compare(ctx, shop, *[Row(ago(minutes)) for minutes in (3, 2, 1)])
    assert len({row.credit_id for row in report.rows}) == 3 and len(await credits(ctx)) == 3
    more = await compare(ctx, shop, *[Row(ago(minutes), text="other words") for minutes in (3, 2, 1, 0)])
    assert len(await credits(ctx)) == 4
    assert len({row.credit_id for row in more.rows}) == 4
    await assert_balanced(ctx)


async def test_overlapping_files_know_the_lines_of_each_other(ctx: Context) -> None:
    shop = await open_shop(ctx)
    lines = [Row(ago(50 - n), 1_000 + n % 3, balance=100_000 + 5_000 * n) for n in range(12)]
    await compare(ctx, shop, *lines[:8])
    await compare(ctx, shop, *lines[4:])
    await compare(ctx, shop, *reversed(lines))
    assert len(await credits(ctx)) == 12
    await assert_balanced(ctx)


async def test_two_statements_without_balances_keep_equal_money_of_other_minutes_apart(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await compare(ctx, shop, Row(ago(30)), Row(ago(10)))
    await compare(ctx, shop, Row(ago(5)), Row(ago(0)))
    assert len(await credits(ctx)) == 4


async def test_a_line_without_a_time_confirms_a_credit_of_its_day_and_else_asks_a_person(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    other = await shop.sell(20_000)
    await shop.hears()
    report = await compare(ctx, shop, Row(None), Row(None, other.payable_satang))
    assert counts(report) == {"matched": 1, "withoutPayment": 1}
    assert report.of(report.rows[0].finding)[0].payment_id == payment.id
    [review] = [r for r in await reviews(ctx) if r.reason == "TIME_UNKNOWN"]
    assert review.candidates == (str(other.id),)
    assert (await facts(ctx, other)).status == "PENDING"
    assert [line for _, line in await booked(ctx)][-1] == {"bank_central": 20_000, "suspense": -20_000}
    await assert_balanced(ctx)


async def test_one_reference_and_two_amounts_is_told_and_not_booked_twice(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.hears(reference="REF00001", at=ago(5))
    report = await compare(ctx, shop, Row(ago(5), PRICE + 1, reference="REF00001"))
    assert counts(report) == {"amountDiffers": 1}
    [row] = report.rows
    assert (row.amount_satang, row.other_satang) == (PRICE + 1, PRICE)
    assert len(await credits(ctx)) == 1
    assert "MISSING_IN_STATEMENT" in [r.reason for r in await reviews(ctx)]


async def test_one_balance_and_two_amounts_is_told(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.hears(reference=None, balance_satang=77_777, at=ago(5))
    report = await compare(ctx, shop, Row(ago(4), PRICE + 100, balance=77_777))
    assert counts(report) == {"amountDiffers": 1}


async def test_two_credits_for_one_line_are_told_as_such(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.hears(at=ago(31))
    await shop.hears(at=ago(29))
    report = await compare(ctx, shop, Row(ago(60), 1), Row(ago(31)), Row(ago(5), 1))
    assert counts(report) == {"duplicate": 1, "withoutPayment": 3}
    assert [r.alarm for r in await reviews(ctx) if r.reason == "MISSING_IN_STATEMENT"] == [True]


async def test_balances_tell_equal_credits_apart(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.hears(reference=None, balance_satang=30_000, at=ago(5))
    await shop.hears(reference=None, balance_satang=45_000, at=ago(4), source_id=ctx.new_id())
    report = await compare(ctx, shop, Row(ago(5), balance=45_000), Row(ago(4), balance=30_000))
    assert counts(report) == {"withoutPayment": 2}
    assert len(await credits(ctx)) == 2
    first = report.rows[0]
    [row] = await sql(ctx, "SELECT balance_satang FROM credits WHERE id = $1", first.credit_id)
    assert (first.line, row["balance_satang"]) == (2, 45_000)


async def test_a_dry_run_writes_nothing(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.hears()
    before = await everything(ctx)
    report = await compare(ctx, shop, Row(ago(0)), Row(ago(0), 7_000), dry_run=True)
    assert await everything(ctx) == before
    assert counts(report) == {"withoutPayment": 1, "neverHeard": 1}
    assert await sql(ctx, "SELECT 1 FROM statements") == []


def test_a_statement_of_another_account_is_refused() -> None:
    statement = statement_files.formats.read(b"Account No.,406-1-99999-7\n" + sheet(Row(ago(0))))
    reconcile.check_account(statement, None)
    reconcile.check_account(statement, "4061999997")
    with pytest.raises(InvalidInput, match="not of this one"):
        reconcile.check_account(statement, "4061234567")


def test_a_masked_account_number_is_compared_by_position() -> None:
    raw = b"Account No.,xxx-x-x3456-x\n" + sheet(Row(ago(0)))
    statement = statement_files.formats.read(raw)
    reconcile.check_account(statement, "4061234567")
    with pytest.raises(InvalidInput):
        reconcile.check_account(statement, "4061234667")


async def test_two_runs_of_one_file_at_once_book_each_line_once(crowd: Context) -> None:
    shop = await open_shop(crowd)
    lines = [Row(ago(60), 1_000 + n) for n in range(30)] + [Row(ago(60), 5_000)] * 5 + [Row(None, 6_000)] * 5
    await asyncio.gather(*(compare(crowd, shop, *lines) for _ in range(4)))
    assert len(await credits(crowd)) == 40
    await assert_balanced(crowd)


async def test_two_statements_at_once_do_not_take_one_credit_for_two_lines(crowd: Context) -> None:
    shop = await open_shop(crowd)
    for n in range(12):
        await shop.hears(1_000 + n, at=ago(5))
    early = [Row(ago(7), 1_000 + n) for n in range(12)]
    late = [Row(ago(3), 1_000 + n) for n in range(12)]
    await asyncio.gather(compare(crowd, shop, *early), compare(crowd, shop, *late))
    assert len(await credits(crowd)) == 24
    [told] = await sql(crowd, "SELECT count(*) FROM observations WHERE channel = 'statement'")
    assert told["count"] == 24
    await assert_balanced(crowd)


async def test_a_statement_over_years_is_refused(ctx: Context) -> None:
    shop = await open_shop(ctx)
    with pytest.raises(InvalidInput, match="in parts"):
        await compare(ctx, shop, Row(ago(0)), Row(ago(500 * 1440)))


async def test_a_credit_that_is_told_of_meanwhile_is_not_booked_a_second_time(crowd: Context) -> None:
    shop = await open_shop(crowd)
    lines = [Row(ago(5), 1_000 + n) for n in range(40)] + [Row(None, 2_000 + n) for n in range(40)]
    notices = [shop.hears(1_000 + n, at=ago(5)) for n in range(40)]
    notices += [shop.hears(2_000 + n, at=ago(0)) for n in range(40)]
    await asyncio.gather(compare(crowd, shop, *lines), *notices)
    [timed] = await sql(crowd, "SELECT count(*) FROM credits WHERE NOT day_only AND amount_satang < 2000")
    assert timed["count"] == 40
    again = await compare(crowd, shop, *lines)
    assert not any(row.newly for row in again.rows)
    await assert_balanced(crowd)


async def test_a_payment_made_meanwhile_gets_its_money(crowd: Context) -> None:
    shop = await open_shop(crowd)
    lines = [Row(ago(0), 10_000 + 200 * n) for n in range(20)]
    sales = [shop.sell(10_000 + 200 * n) for n in range(20)]
    _, *made = await asyncio.gather(compare(crowd, shop, *lines), *sales)
    await compare(crowd, shop, *lines)
    found = [await facts(crowd, payment) for payment in made]
    assert {one.status for one in found} == {"PAID"}
    await assert_balanced(crowd)


async def test_a_statement_repairs_the_chain_that_a_notice_broke(ctx: Context) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    await shop.hears(100, rank="C", channel=Channel.SMS, reference=None, balance_satang=10_100, at=ago(9))
    told = {"rank": "C", "channel": Channel.SMS, "reference": None, "balance_satang": 95_000}
    assert (await shop.hears(at=now(), **told)).word is Word.REVIEW
    assert (await reviews(ctx))[-1].reason == "BALANCE_BREAK"
    rows = [Row(ago(9), 100, balance=10_100), Row(ago(4), 69_900, balance=80_000), Row(ago(0), balance=95_000)]
    await compare(ctx, shop, *rows)
    for row in await sql(ctx, "SELECT merchant_id, mode, id FROM credits WHERE recheck_at IS NOT NULL"):
        await evidence.decide_again(ctx, row["merchant_id"], row["mode"], row["id"])
    assert (await facts(ctx, payment)).status == "PAID"
    await assert_balanced(ctx)


async def test_bill_payment_references_of_a_line_find_their_payment(ctx: Context) -> None:
    shop = await open_shop(ctx, biller=True)
    payment = await shop.sell(ref1="INV1")
    report = await compare(ctx, shop, Row(ago(0), payment.payable_satang, ref1="INV1"), Row(ago(0), 999, ref1="NOBODY"))
    assert counts(report) == {"matched": 1, "withoutPayment": 1}
    assert (await facts(ctx, payment)).status == "PAID"


async def test_problems_of_the_file_make_the_report_unclear(ctx: Context) -> None:
    shop = await open_shop(ctx)
    await shop.hears()
    raw = sheet(Row(ago(0))) + b"01/05/2026,10:00,Transfer in,1.2.3,,,,\n"
    report = await compare(ctx, shop, raw=raw)
    assert not report.clean and [p.trouble for p in report.statement.problems] == [Trouble.ROW]


async def test_a_kept_profile_reads_the_next_file(ctx: Context) -> None:
    shop = await open_shop(ctx)
    raw = f"A;B\n{datetime.combine(now().date(), time(), BANGKOK):%Y-%m-%d};12.00\n".encode()
    with pytest.raises(InvalidInput):
        await compare(ctx, shop, raw=raw)
    profile = statement_files.Profile.of("date=A,in=B")
    await compare(ctx, shop, raw=raw, profile=profile, keep_profile=True)
    report = await compare(ctx, shop, raw=raw + b"\n")
    assert len(report.rows) == 1 and len(await credits(ctx)) == 1
