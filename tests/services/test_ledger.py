"""The check of the books: quiet when all is well, and it names whatever is not."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from paygate.core.ledger import Account
from paygate.db import ledger as rows
from paygate.db.ledger import QUESTIONS
from paygate.services import ledger
from paygate.services.context import Context
from tests.services.helpers import MINUTE, open_shop, shift, sql

# What a person with a database password might do, and what the check calls it.
DAMAGE = {
    "payout and its booking differ": [
        """INSERT INTO settlements (merchant_id, mode, id, amount_satang, status, promised_on, created_at)
           SELECT merchant_id, mode, id, 10000, 'REQUESTED', now(), now() FROM payments LIMIT 1""",
    ],
    "balance below zero": [
        """INSERT INTO entries SELECT merchant_id, mode, journal_id, 9, 'payable', 1000000 FROM entries
            WHERE account = 'payable' LIMIT 1""",
    ],
    "settlement paid without its own reference, or not announced exactly once": [
        """INSERT INTO payout_destinations (merchant_id, id, number, name, created_at, usable_at)
           SELECT merchant_id, id, '4061234567', 'x', now(), now() FROM payments LIMIT 1""",
        """INSERT INTO settlements (merchant_id, mode, id, amount_satang, status, promised_on, created_at,
                                    destination_id, bank_reference)
           SELECT merchant_id, 'live', id, 10000, 'COMPLETED', now(), now(), id, 'REF-1' FROM payout_destinations""",
    ],
    "invoice and its payment differ": [
        """INSERT INTO fee_invoices (merchant_id, mode, id, number, month, fee_satang, vat_satang, due_on, issued_at,
                                     paid_at, payment_id)
           SELECT merchant_id, mode, id, 'INV-1', '2026-10-01', 375, 0, now(), now(), now(), id FROM payments
            LIMIT 1""",
    ],
    "payment and its refunds differ": [
        "UPDATE payments SET refunded_satang = 1 WHERE status = 'PAID'",
    ],
    "journal does not sum to zero": ["UPDATE entries SET amount_satang = amount_satang + 1 WHERE account = 'payable'"],
    "payment and its booking differ": [
        "UPDATE entries SET amount_satang = amount_satang + 1 WHERE account = 'payable'",
        "UPDATE entries SET amount_satang = amount_satang - 1 WHERE account = 'fee_revenue'",
    ],
    "journal about nothing": [
        "INSERT INTO journals (merchant_id, mode, id, kind, subject_id, happened_at, booked_at)"
        " SELECT merchant_id, mode, subject_id, kind, id, now(), now() FROM journals LIMIT 1"
    ],
    "parked money and its booking differ": [
        "UPDATE entries e SET amount_satang = amount_satang * 2 FROM journals j"
        " WHERE j.id = e.journal_id AND j.kind = 'credit.parked'"
    ],
    "paid payment without its credit": ["UPDATE payments SET credit_id = id WHERE status = 'PAID'"],
    "paid payment and the sum of its credits differ": [
        "UPDATE payments SET received_satang = received_satang + 1 WHERE status = 'PAID'"
    ],
    "settled credit without its payment": [
        "UPDATE credits SET state = 'SETTLED', payment_merchant_id = 1, payment_id = id, part = 1, settled_at = now()"
        " WHERE state = 'UNASSIGNED'"
    ],
    "credit booked wrongly or not at all": ["UPDATE credits SET booked = false WHERE state = 'UNASSIGNED'"],
    "bank and credits differ": ["UPDATE credits SET amount_satang = amount_satang + 1 WHERE state = 'UNASSIGNED'"],
    "suspense and unexplained money differ": [
        "UPDATE credits SET amount_satang = amount_satang + 1 WHERE state = 'UNASSIGNED'"
    ],
    "paid payment not announced exactly once": [
        "DELETE FROM deliveries",
        "DELETE FROM events WHERE type = 'payment.success'",
    ],
    "amount held by two payments at once": ["UPDATE reservations SET from_at = from_at - interval '1 day'"],
}


async def busy_day(ctx: Context) -> None:
    """A payment paid, one paid directly, one under a new holder of its amount, an orphan, a cancelled one."""
    shop = await open_shop(ctx)
    paid = await shop.sell(order_id="paid")
    await shop.hears(paid.payable_satang)
    await shift(ctx, paid, 60 * MINUTE)
    await shop.cancel(await shop.sell(order_id="cancelled"))
    await shop.sell(order_id="open")
    await shop.hears(77_777)
    direct = await open_shop(ctx, plan="basic")
    await direct.sell()
    await direct.hears()


async def test_the_books_of_nothing_are_balanced(ctx: Context) -> None:
    report = await ledger.check(ctx)
    assert report.balanced
    assert report.balances == ()
    assert report.counts == {"journals": 0, "payments": 0, "paid": 0, "credits": 0, "settlements": 0, "refunds": 0}


async def test_the_books_of_a_busy_day_are_balanced_and_tell_where_the_money_is(ctx: Context) -> None:
    await busy_day(ctx)
    report = await ledger.check(ctx)
    assert report.balanced, report.differences
    assert report.as_json() == {
        "balanced": True,
        "counts": {"journals": 3, "payments": 4, "paid": 2, "credits": 3, "settlements": 0, "refunds": 0},
        "balances": [
            {"mode": "live", "account": "bank_central", "satang": 15_000 + 77_777},
            {"mode": "live", "account": "fee_revenue", "satang": -450 - 375},
            {"mode": "live", "account": "payable", "satang": -14_550},
            {"mode": "live", "account": "receivable", "satang": 375},
            {"mode": "live", "account": "suspense", "satang": -77_777},
        ],
        "differences": [],
    }


def test_every_question_of_the_check_is_tried() -> None:
    assert set(QUESTIONS) == set(DAMAGE)


class Undo(Exception):
    """Roll the damage back."""


async def test_the_check_names_every_damage(ctx: Context) -> None:
    await busy_day(ctx)
    async with ctx.db.connection() as conn:
        for what, question in QUESTIONS.items():
            assert await rows.differences(conn, question) == []
            with pytest.raises(Undo):
                async with conn.transaction():
                    await damage(conn, what)
                    assert await rows.differences(conn, question), what
                    raise Undo


@pytest.mark.parametrize(
    ("kind", "accounts"),
    [
        ("payment.paid", ["payable", "fee_revenue"]),
        ("credit.parked", ["bank_central", "suspense"]),
        ("correction", ["payable", "receivable"]),
    ],
)
async def test_a_balanced_journal_about_nothing_is_named(ctx: Context, kind: str, accounts: list[str]) -> None:
    await busy_day(ctx)
    async with ctx.db.connection() as conn, conn.transaction():
        journal = await conn.fetchval(
            """INSERT INTO journals (merchant_id, mode, id, kind, subject_id, happened_at, booked_at)
               SELECT merchant_id, 'live', $1, $2, $1, now(), now() FROM payments LIMIT 1 RETURNING id""",
            ctx.new_id(),
            kind,
        )
        await conn.execute(
            """INSERT INTO entries SELECT j.merchant_id, j.mode, j.id, l.line, l.account, 100000 - 200000 * (l.line - 1)
                 FROM journals j, unnest($2::text[]) WITH ORDINALITY AS l (account, line) WHERE j.id = $1""",
            journal,
            accounts,
        )
    report = await ledger.check(ctx)
    assert not report.balanced
    assert "journal about nothing" in {line["what"] for line in report.as_json()["differences"]}


async def test_a_ledger_that_does_not_sum_to_zero_is_told_with_the_sum(ctx: Context) -> None:
    await busy_day(ctx)
    async with ctx.db.connection() as conn, conn.transaction():
        await damage(conn, "journal does not sum to zero")
    report = await ledger.check(ctx)
    assert not report.balanced
    told = report.as_json()
    assert told["balanced"] is False
    total = {"merchantId": "mer_0000000000000", "mode": "live", "subject": "all accounts", "expected": 0, "found": 1}
    assert {"what": "ledger does not sum to zero", **total} in told["differences"]
    assert {line["what"] for line in told["differences"]} >= {
        "journal does not sum to zero",
        "payment and its booking differ",
    }


async def damage(conn: Any, what: str) -> None:
    await conn.execute("ALTER TABLE entries DISABLE TRIGGER USER")
    for statement in DAMAGE[what]:
        assert not (await conn.execute(statement)).endswith(" 0"), what
    await conn.execute("ALTER TABLE entries ENABLE TRIGGER USER")


async def test_the_database_refuses_to_change_the_books(ctx: Context) -> None:
    await busy_day(ctx)
    for table in ("journals", "entries"):
        for change in ("UPDATE {} SET mode = 'live'", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
            with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
                await sql(ctx, change.format(table))


async def test_the_database_refuses_a_journal_that_does_not_sum_to_zero(ctx: Context) -> None:
    await busy_day(ctx)
    with pytest.raises(asyncpg.CheckViolationError, match="sum to zero"):
        await sql(
            ctx,
            """INSERT INTO entries SELECT merchant_id, mode, id, 9, 'suspense', 1 FROM journals LIMIT 1""",
        )


async def test_the_database_refuses_to_book_one_payment_twice(ctx: Context) -> None:
    await busy_day(ctx)
    with pytest.raises(asyncpg.UniqueViolationError, match="journals_once"):
        await sql(
            ctx,
            """INSERT INTO journals (merchant_id, mode, id, kind, subject_id, happened_at, booked_at)
               SELECT merchant_id, mode, $1, kind, subject_id, now(), now() FROM journals LIMIT 1""",
            ctx.new_id(),
        )


async def test_the_chart_of_accounts_is_the_databases(ctx: Context) -> None:
    [row] = await sql(
        ctx, "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = 'entries_account_check'"
    )
    assert all(f"'{account}'" in row["text"] for account in Account)
    assert row["text"].count("'") == 2 * len(Account)


async def test_platform_money_of_two_merchants_is_in_rows_of_their_own(ctx: Context) -> None:
    for _ in range(2):
        shop = await open_shop(ctx)
        await shop.sell()
        await shop.hears()
    lines = await sql(ctx, "SELECT merchant_id, account FROM entries WHERE account = 'fee_revenue'")
    assert len({row["merchant_id"] for row in lines}) == 2
    assert (await ledger.check(ctx)).balanced
