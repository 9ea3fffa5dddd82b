"""A wrong program is refused by the database as well: each CHECK, each unique key, the append-only books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from paygate.db.pool import Conn
from tests.db.rows import GOOD, MERCHANT, NOON, PAID, SETTLED, book, put, uid
from tests.postgres import Databases

NEEDED = ("merchants", "users", "payments", "credits", "events", "endpoints", "journals")
CHECK, UNIQUE, FOREIGN, NULL, FROZEN = (
    asyncpg.CheckViolationError,
    asyncpg.UniqueViolationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.NotNullViolationError,
    asyncpg.RestrictViolationError,
)


@pytest.fixture(scope="module")
def refusing(databases: Databases) -> Iterator[str]:
    """One database for the file; each test rolls back what it wrote."""
    made = databases.create()
    yield made
    databases.drop(made)


@pytest.fixture
async def conn(refusing: str) -> AsyncIterator[Conn]:
    """A connection in a transaction that is rolled back."""
    conn = await asyncpg.connect(refusing)
    transaction = conn.transaction()
    await transaction.start()
    yield conn
    await transaction.rollback()
    await conn.close()


async def world(conn: Conn, but: str) -> None:
    """The rows that others refer to, except the table under test."""
    for table in NEEDED if but != "merchants" else ():
        if table != but:
            await put(conn, table)


@pytest.mark.parametrize("table", GOOD)
async def test_a_good_row_is_taken(conn: Conn, table: str) -> None:
    await world(conn, table)
    await put(conn, table)


@pytest.mark.parametrize(("table", "changes"), [("payments", PAID), ("credits", SETTLED)])
async def test_what_is_paid_is_taken_with_all_its_facts(conn: Conn, table: str, changes: dict[str, Any]) -> None:
    await world(conn, table)
    await put(conn, table, **changes)


BAD_PAYMENTS: dict[str, dict[str, Any]] = {
    "a payable amount under 1.00": {"amount_satang": 100, "payable_satang": 99, "fee_satang": 0},
    "an amount of nothing": {"amount_satang": 0},
    "a tag of a whole baht up": {"payable_satang": 15_100},
    "a tag of a whole baht down": {"payable_satang": 14_900},
    "a net under nothing": {"fee_satang": 15_001},
    "a net under nothing with VAT": {"fee_satang": 14_500, "vat_satang": 501},
    "a negative fee": {"fee_satang": -1},
    "a negative VAT": {"vat_satang": -1},
    "a rate above 100 %": {"fee_bps": 10_001},
    "a deadline before the beginning": {"expires_at": NOON},
    "a central payment on a merchant's account": {"owner_id": MERCHANT},
    "a direct payment on the central account": {"flow": "direct"},
    "a payment on a third party's account": {"flow": "direct", "owner_id": 99},
    "ref2 without ref1": {"ref2": "A"},
    "a reference in lower case": {"ref1": "inv1"},
    "a reference of 21 characters": {"ref1": "A" * 21},
    "an empty order": {"order_id": ""},
    "a mode that is none": {"mode": "sandbox"},
    "a status that is none": {"status": "DONE", "closed_at": NOON},
    "an oddity that is none": {"exception": "ODD"},
    "a sequence of zero": {"sequence": 0},
    "PAID without a credit": PAID | {"credit_id": None},
    "PAID without a moment": PAID | {"paid_at": None},
    "PAID without an end": PAID | {"closed_at": None},
    "PAID without what arrived": PAID | {"received_satang": None},
    "a credit without PAID": {"credit_id": uid(2)},
    "a moment of payment without PAID": {"paid_at": NOON},
    "PENDING with an end": {"closed_at": NOON},
    "EXPIRED without an end": {"status": "EXPIRED"},
    "CANCELLED with a credit": PAID | {"status": "CANCELLED"},
}
BAD_CREDITS: dict[str, dict[str, Any]] = {
    "a credit of nothing": {"amount_satang": 0},
    "money that went out": {"amount_satang": -1},
    "a rank that is none": {"rank": "E"},
    "SETTLED without a payment": {"state": "SETTLED"},
    "UNASSIGNED with a payment": SETTLED | {"state": "UNASSIGNED"},
    "a payment without its merchant": SETTLED | {"payment_merchant_id": None},
    "a payment without its part": SETTLED | {"part": None},
    "a payment without a moment": SETTLED | {"settled_at": None},
    "part zero": SETTLED | {"part": 0},
    "a booked credit of a direct account": {"merchant_id": MERCHANT},
    "a booked possible duplicate": {"state": "POSSIBLE_DUPLICATE"},
    "money to be sent back that paid": SETTLED | {"state": "REFUND_DUE"},
    "a state that is none": {"state": "GONE"},
}
BAD_ROWS: dict[str, dict[str, dict[str, Any]]] = {
    "payments": BAD_PAYMENTS,
    "credits": BAD_CREDITS,
    "merchants": {
        "a merchant that is the platform": {"plan": "platform"},
        "a plan that is none": {"plan": "gold"},
        "no name": {"name": ""},
        "a QR that lives for two days": {"expiry_minutes": 2_880},
        "PENDING but approved": {"status": "PENDING"},
        "APPROVED but never approved": {"approved_at": None},
        "a negative number": {"merchant_id": -1},
    },
    "users": {
        "an admin of a merchant": {"role": "admin"},
        "an owner of the platform": {"merchant_id": 0},
        "a mail address in capitals": {"email": "Owner@example.com"},
        "no mail address": {"email": "owner"},
    },
    "user_links": {"a hash that is none": {"token_hash": b"short"}, "a link for something else": {"kind": "login"}},
    "throttles": {"a key that is none": {"key": b"short"}, "tries of something else": {"kind": "guess"}},
    "api_keys": {
        "a hash that is none": {"key_hash": b"short"},
        "a readable secret key": {"public_key": "sk_live_x"},
        "an unreadable public key": {"kind": "public"},
    },
    "accounts": {
        "an account that nobody can pay to": {"proxy": None, "proxy_kind": None},
        "a PromptPay ID of no kind": {"proxy_kind": None},
        "a number without its bank": {"number": "4061234567"},
        "a test account with real money": {"mode": "test"},
        "a live account without any": {"virtual": True},
        "a biller ID of 13 digits": {"biller_id": "0105500000000"},
    },
    "reservations": {
        "a hold that ends before it begins": {"until_at": NOON},
        "a bill that takes an amount": {"ref1": "INV1"},
    },
    "credit_refs": {"an empty reference": {"ref": ""}},
    "observations": {"a digest that is none": {"digest": b"d"}},
    "audit_heads": {"a chain that ends before it begins": {"last_id": -1}},
    "reviews": {
        "a person's reason without the person": {"resolve_reason": "x", "closed_at": NOON, "resolution": "match"},
        "a person who decided nothing yet": {"resolved_by": "cli:x"},
        "closed without a resolution": {"closed_at": NOON},
        "resolved but open": {"resolution": "settled"},
    },
    "journals": {"a kind that is none": {"kind": "payment.lost"}},
    "endpoints": {
        "an endpoint that hears nothing": {"events": []},
        "an old secret for ever": {"old_secret": b"sealed"},
        "disabled without a reason": {"disabled_at": NOON},
    },
    "deliveries": {"due and finished": {"finished_at": NOON}, "delivered but not finished": {"state": "DELIVERED"}},
    "settlements": {
        "test money paid out": {"mode": "test"},
        "approved to nowhere": {"status": "APPROVED"},
        "nothing": {"amount_satang": 0},
    },
    "refunds": {"nothing": {"amount_satang": 0}, "a negative fee": {"fee_returned_satang": -1}},
    "idempotency_keys": {
        "a status without an answer": {"status": 201},
        "a key of 256 characters": {"key": "k" * 256},
        "an empty key": {"key": ""},
    },
    "slips": {
        "being checked but never again": {"run_at": None},
        "decided but in the queue": {"outcome": "REJECTED"},
        "checked without a reference": {"payload": None, "sending_bank": None, "trans_ref": None},
        "a reference of no bank": {"sending_bank": None},
        "a reference that nothing said": {"payload": None},
        "handed in never": {"handed": 0},
        "decided but in somebody's hands": {
            "outcome": "PAID",
            "run_at": None,
            "decided_at": NOON,
            "lease_id": uid(0xB),
        },
    },
}
CASES = [(table, what, changes) for table, rows in BAD_ROWS.items() for what, changes in rows.items()]


@pytest.mark.parametrize(("table", "what", "changes"), CASES, ids=[f"{t}: {what}" for t, what, _ in CASES])
async def test_a_row_that_cannot_be_is_refused(conn: Conn, table: str, what: str, changes: dict[str, Any]) -> None:
    await world(conn, table)
    with pytest.raises(CHECK):
        await put(conn, table, **changes)


# --- one credit, one payment, one reference, one booking


async def test_two_credits_cannot_settle_one_part_of_a_payment(conn: Conn) -> None:
    await world(conn, "credits")
    await put(conn, "credits", **SETTLED)
    await put(conn, "credits", id=uid(0x22), **SETTLED | {"part": 2})  # A person may combine parts.
    with pytest.raises(UNIQUE):
        await put(conn, "credits", id=uid(0x23), **SETTLED)


async def test_a_reference_is_used_up_once_and_case_makes_it_another(conn: Conn) -> None:
    await world(conn, "")
    await put(conn, "credit_refs")
    for changes in ({"ref": "ref-1"}, {"namespace": "bank:014"}, {"trust": str(uid(0x13))}, {"mode": "test"}):
        await put(conn, "credit_refs", **changes)
    with pytest.raises(UNIQUE):
        await put(conn, "credit_refs", merchant_id=MERCHANT, credit_id=uid(0x22))


async def test_a_subject_is_booked_once_under_one_kind(conn: Conn) -> None:
    await world(conn, "")
    await put(conn, "journals", id=uid(0x44), kind="payment.reversed")
    with pytest.raises(UNIQUE):
        await put(conn, "journals", id=uid(0x45))


async def test_an_event_happens_once_in_a_payments_life(conn: Conn) -> None:
    await world(conn, "")
    with pytest.raises(UNIQUE):
        await put(conn, "events", id=uid(0x66))


async def test_one_endpoint_gets_an_event_once(conn: Conn) -> None:
    await world(conn, "")
    await put(conn, "deliveries")
    with pytest.raises(UNIQUE):
        await put(conn, "deliveries")


async def test_one_question_about_a_credit_is_open_at_a_time(conn: Conn) -> None:
    await world(conn, "")
    await put(conn, "reviews", closed_at=NOON, resolution="superseded")
    await put(conn, "reviews", id=uid(0x33))
    with pytest.raises(UNIQUE):
        await put(conn, "reviews", id=uid(0x34))


async def test_every_conflict_under_a_reference_is_asked_about(conn: Conn) -> None:
    await world(conn, "")
    await put(conn, "reviews")
    for number in (0x33, 0x34):
        await put(conn, "reviews", id=uid(number), reason="REFERENCE_CONFLICT", alarm=True)


async def test_one_credit_pays_one_payment(conn: Conn) -> None:
    await world(conn, "")
    await put(conn, "payments", id=uid(0x20), **PAID)
    with pytest.raises(UNIQUE, match="payments_credit"):
        await put(conn, "payments", id=uid(0x21), **PAID)


# --- what is made is frozen

FROZEN_PAYMENT: dict[str, Any] = {
    "merchant_id": 42,
    "mode": "test",
    "id": uid(0x20),
    "amount_satang": 15_001,
    "payable_satang": 15_001,
    "fee_bps": 299,
    "fee_satang": 449,
    "vat_bps": 700,
    "vat_satang": 31,
    "account_id": uid(0x92),
    "receiving_id": uid(0x93),
    "ref1": "OTHER",
    "qr_payload": "000202",
}
FROZEN_ACCOUNT: dict[str, Any] = {
    "id": uid(0x92),
    "receiving_id": uid(0x93),
    "proxy": "0066899999999",
    "biller_id": "010554000000000",
    "bank_code": "014",
    "number": "4061234567",
    "name": "Another",
    "amount_tagging": "off",
    "virtual": True,
    "created_at": NOON,
}


async def change(conn: Conn, table: str, **changes: Any) -> None:
    """Update the good row of *table*."""
    places = ", ".join(f"{column} = ${number}" for number, column in enumerate(changes, 1))
    await conn.execute(f"UPDATE {table} SET {places}", *changes.values())


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("payments", *item) for item in FROZEN_PAYMENT.items()] + [("accounts", *item) for item in FROZEN_ACCOUNT.items()],
)
async def test_what_a_row_was_made_with_is_frozen(conn: Conn, table: str, column: str, value: Any) -> None:
    await put(conn, "merchants")
    await put(conn, table)
    where = "" if table == "payments" else " WHERE id = $2"
    with pytest.raises(FROZEN, match=f"change of {table} is refused"):
        await conn.execute(f"UPDATE {table} SET {column} = $1{where}", value, *([GOOD[table]["id"]] if where else []))


ENDS: dict[str, dict[str, Any]] = {
    "PAID": PAID,
    "EXPIRED": {"status": "EXPIRED", "closed_at": NOON},
    "CANCELLED": {"status": "CANCELLED", "closed_at": NOON},
    "FAILED": {"status": "FAILED", "closed_at": NOON},
}
NO_END: dict[str, Any] = dict.fromkeys(("paid_at", "closed_at", "credit_id", "received_satang"))


@pytest.mark.parametrize("end", ENDS)
async def test_an_end_is_an_end(conn: Conn, end: str) -> None:
    await world(conn, "payments")
    await put(conn, "payments", **ENDS[end])
    with pytest.raises(FROZEN, match="change of payments is refused"):
        await change(conn, "payments", **NO_END | {"status": "PENDING"})


@pytest.mark.parametrize("other", ["EXPIRED", "CANCELLED", "FAILED"])
async def test_what_is_paid_stays_paid(conn: Conn, other: str) -> None:
    await world(conn, "payments")
    await put(conn, "payments", **PAID)
    with pytest.raises(FROZEN, match="change of payments is refused"):
        await change(conn, "payments", **NO_END | ENDS[other])


@pytest.mark.parametrize("end", ["EXPIRED", "CANCELLED", "FAILED"])
async def test_money_still_pays_what_had_ended_without_it(conn: Conn, end: str) -> None:
    await world(conn, "payments")
    await put(conn, "payments", **ENDS[end])
    await change(conn, "payments", **PAID)


async def test_an_account_can_be_retired(conn: Conn) -> None:
    await put(conn, "accounts")
    await change(conn, "accounts", retired_at=NOON)


# --- whose


@pytest.mark.parametrize("table", ["users", "payments", "credits", "api_keys", "settlements"])
async def test_nothing_belongs_to_a_merchant_that_is_not_there(conn: Conn, table: str) -> None:
    stranger = {"flow": "direct", "owner_id": 999} if table == "payments" else {}
    with pytest.raises(FOREIGN):
        await put(conn, table, merchant_id=999, **stranger, **({"booked": False} if table == "credits" else {}))


@pytest.mark.parametrize("column", ["mode", "trust", "namespace", "ref"])
async def test_no_part_of_a_reference_is_unknown(conn: Conn, column: str) -> None:
    await world(conn, "")
    with pytest.raises(NULL):
        await put(conn, "credit_refs", **{column: None})


# --- the books


PAID_LINES = (("bank_central", 15_000), ("payable", -14_550), ("fee_revenue", -450))


async def test_a_journal_that_sums_to_zero_is_taken(conn: Conn) -> None:
    await world(conn, "")
    await book(conn, *PAID_LINES)


@pytest.mark.parametrize(
    "lines",
    [
        (("bank_central", 15_000),),
        (("bank_central", 15_000), ("payable", -14_999)),
        (("bank_central", 15_000), ("payable", 15_000)),
    ],
)
async def test_a_journal_that_does_not_sum_to_zero_is_refused(conn: Conn, lines: tuple[tuple[str, int], ...]) -> None:
    await world(conn, "")
    with pytest.raises(CHECK, match="does not sum to zero"):
        await book(conn, *lines)


async def test_two_wrong_journals_do_not_balance_each_other(conn: Conn) -> None:
    await world(conn, "")
    await put(conn, "journals", id=uid(0x44), kind="correction")
    with pytest.raises(CHECK, match="does not sum to zero"):
        await conn.execute(
            """INSERT INTO entries VALUES ($1, 'live', $2, 1, 'payable', 5), ($1, 'live', $3, 1, 'payable', -5)""",
            MERCHANT,
            uid(4),
            uid(0x44),
        )


async def test_a_line_added_later_is_refused(conn: Conn) -> None:
    await world(conn, "")
    await book(conn, *PAID_LINES)
    with pytest.raises(CHECK, match="does not sum to zero"):
        await conn.execute("INSERT INTO entries VALUES ($1, 'live', $2, 9, 'payable', -1)", MERCHANT, uid(4))


async def test_lines_added_later_are_refused_even_if_they_sum_to_zero(conn: Conn) -> None:
    await world(conn, "")
    await book(conn, *PAID_LINES)
    with pytest.raises(FROZEN, match="is written already"):
        await conn.execute(
            """INSERT INTO entries VALUES ($1, 'live', $2, 8, 'payable', -5), ($1, 'live', $2, 9, 'fee_revenue', 5)""",
            MERCHANT,
            uid(4),
        )


async def test_several_journals_are_written_in_one_statement(conn: Conn) -> None:
    await world(conn, "")
    await put(conn, "journals", id=uid(0x44), kind="correction")
    await conn.execute(
        """INSERT INTO entries SELECT $1, 'live', j, l, 'payable', 5 - 10 * (l - 1)
             FROM unnest($2::uuid[]) j, generate_series(1, 2) l""",
        MERCHANT,
        [uid(4), uid(0x44)],
    )


@pytest.mark.parametrize("lines", [(("cash", 1), ("payable", -1)), (("payable", 0), ("held", 0))])
async def test_a_line_has_an_account_of_the_chart_and_an_amount(conn: Conn, lines: tuple[tuple[str, int], ...]) -> None:
    await world(conn, "")
    with pytest.raises(CHECK):
        await book(conn, *lines)


async def test_lines_without_a_journal_are_refused(conn: Conn) -> None:
    await world(conn, "")
    with pytest.raises(FOREIGN):
        await book(conn, *PAID_LINES, journal=uid(0x99))


@pytest.mark.parametrize("table", ["journals", "entries", "audit_log"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET merchant_id = merchant_id",
        "UPDATE {} SET merchant_id = merchant_id WHERE false",
        "DELETE FROM {}",
        "DELETE FROM {} WHERE false",
        "TRUNCATE {} CASCADE",
    ],
)
async def test_what_is_append_only_is_never_changed_not_even_by_the_owner(
    conn: Conn, table: str, statement: str
) -> None:
    await world(conn, "")
    await book(conn, *PAID_LINES)
    await put(conn, "audit_log")
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await conn.execute(statement.format(table))
