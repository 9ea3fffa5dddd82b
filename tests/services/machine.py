"""A machine that does what merchants, payers, banks and clocks do, in any order, and looks at the rows after each step.

It has an event loop and a shop of its own for each run. Time moves by moving all rows of the shop into the past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paygate.core.credits import Observation
from paygate.core.errors import WrongState
from paygate.core.payments import Payment
from paygate.core.sealing import SealingKey
from paygate.db.pool import Database
from paygate.services import evidence, ledger, payments
from paygate.services.context import Context
from tests.servers import SECRET_KEY
from tests.services.helpers import MINUTE, Shop, now, open_shop, sql

T = TypeVar("T")
PRICES = st.sampled_from([10_000, 10_001, 20_000])  # The second is the first one's tag.
WHICH = st.integers(min_value=0, max_value=50)

MOVE = [
    """UPDATE payments SET created_at = created_at - $2::interval, expires_at = expires_at - $2,
              closed_at = closed_at - $2, paid_at = paid_at - $2 WHERE receiving_id = $1""",
    "UPDATE reservations SET from_at = from_at - $2::interval, until_at = until_at - $2 WHERE receiving_id = $1",
    "UPDATE slots SET busy_until = busy_until - $2::interval WHERE receiving_id = $1",
    """UPDATE credits SET occurred_at = occurred_at - $2::interval, recorded_at = recorded_at - $2,
              settled_at = settled_at - $2 WHERE receiving_id = $1""",
]

# What a run leaves behind, and the next one would find wrong again.
MADE = [
    *("entries", "journals", "reviews", "deliveries", "events", "observations", "credit_refs", "credits"),
    *("reservations", "slots", "payments"),
]

# Everything that must be nowhere in the rows. Each gives what is wrong.
NEVER = {
    "a payment with two credits": """
        SELECT payment_id FROM credits WHERE payment_id IS NOT NULL GROUP BY payment_id HAVING count(*) > 1""",
    "a paid payment that is not its credit's": """
        SELECT p.id FROM payments p LEFT JOIN credits c ON c.id = p.credit_id AND c.payment_id = p.id
         WHERE p.status = 'PAID' AND (c.id IS NULL OR c.amount_satang <> p.payable_satang)""",
    "a credit that settled a payment which is not paid": """
        SELECT c.id FROM credits c LEFT JOIN payments p ON p.id = c.payment_id AND p.credit_id = c.id
         WHERE c.state = 'SETTLED' AND p.status IS DISTINCT FROM 'PAID'""",
    "money that moved when its payment did not hold the amount": """
        SELECT c.id FROM credits c JOIN reservations r ON r.payment_id = c.payment_id
         WHERE c.occurred_at < r.from_at - interval '2 minutes'""",
    "money of another holder of the amount": """
        SELECT c.id FROM credits c JOIN reservations r ON r.receiving_id = c.receiving_id
         WHERE r.amount_satang = c.amount_satang AND r.exclusive AND r.payment_id <> c.payment_id
           AND c.occurred_at >= r.from_at AND c.occurred_at < r.until_at""",
    "unassigned money that nobody was asked about": """
        SELECT c.id FROM credits c WHERE c.state = 'UNASSIGNED' AND NOT EXISTS (
            SELECT 1 FROM reviews r WHERE r.credit_id = c.id AND r.reason = c.reason AND r.closed_at IS NULL)""",
    "settled money that somebody is still asked about": """
        SELECT r.id FROM reviews r JOIN credits c ON c.id = r.credit_id
         WHERE c.state = 'SETTLED' AND r.closed_at IS NULL AND NOT r.alarm""",
    "an event told twice or out of turn": """
        SELECT subject_id FROM events GROUP BY subject_id, sequence HAVING count(*) > 1
         UNION ALL
        SELECT subject_id FROM events WHERE type <> 'payment.verification' GROUP BY subject_id, type
        HAVING count(*) > 1""",
    "a slot that ends at another moment than the skew after its hold": """
        SELECT s.payment_id FROM slots s JOIN reservations r USING (payment_id)
         WHERE r.exclusive AND s.busy_until <> r.until_at + interval '2 minutes'""",
    "an event without its delivery": """
        SELECT e.id FROM events e WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id)""",
}


class World(RuleBasedStateMachine):
    """One shop. `dsn` is set by the test."""

    dsn: str

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.sold: list[Payment] = []
        self.heard: list[Observation] = []
        self.paid: set[Any] = set()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(plan=st.sampled_from(["free", "pro"]), tagging=st.sampled_from(["auto", "auto", "add"]))
    def open(self, plan: str, tagging: str) -> None:
        async def opened() -> Shop:
            db = await Database.open(self.dsn, size=2)
            ctx = Context(db, SealingKey.of(SECRET_KEY), "http://127.0.0.1")
            async with db.connection() as conn, conn.transaction():
                for table in MADE:
                    await conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # The books let nothing go.
                    await conn.execute(f"DELETE FROM {table}")
                    await conn.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return await open_shop(ctx, plan=plan, tagging=tagging)

        self.shop = self.run(opened())
        self.ctx = self.shop.ctx
        self.other = self.ctx.new_id()

    def teardown(self) -> None:
        if hasattr(self, "ctx"):
            self.run(self.ctx.db.close())
        self.loop.close()

    # ------------------------------------------------------------------------------------ what happens

    @rule(price=PRICES, expiry=st.sampled_from([1, 15, 120]))
    def sell(self, price: int, expiry: int) -> None:
        self.sold.append(self.run(self.shop.sell(price, expiry_minutes=expiry)))

    @precondition(lambda self: self.sold)
    @rule(which=WHICH, ago_s=st.sampled_from([0, 0, 0, 60, 600, 3_000]), reference=st.booleans())
    def pay(self, which: int, ago_s: int, reference: bool) -> None:
        """Money of a payment's amount moves, now or some time ago."""
        payment = self.sold[which % len(self.sold)]
        self.hear(payment.payable_satang, timedelta(seconds=ago_s), reference)

    @precondition(lambda self: self.heard)
    @rule(which=WHICH, off_s=st.sampled_from([-400, -5, 0, 5]), reference=st.sampled_from([None, "own", "bank"]))
    def another_channel_tells(self, which: int, off_s: int, reference: str | None) -> None:
        """A notice, or an inquiry, of money that was told of already: what is settled stays as it is."""
        first = self.heard[which % len(self.heard)]
        word = {"reference": None if reference is None else "new"}
        if reference == "own":
            word["namespace"] = "source:other"
        at = first.occurred_at + timedelta(seconds=off_s)
        tale = self.shop.says(first.amount_satang, at=at, source_id=self.other, **word)
        settled = self.settled()
        outcome = self.run(evidence.record(self.ctx, tale))
        assert settled <= self.settled()
        assert outcome.word in ("PAID", "DUPLICATE", "ORPHAN", "REVIEW")

    @rule(amount=PRICES, ago_s=st.sampled_from([0, 60, 100]))
    def pay_first_and_order_then(self, amount: int, ago_s: int) -> None:
        """Perhaps an orphan; then a payment of that price is made, and it is its if it got the amount."""
        outcome = self.hear(amount, timedelta(seconds=ago_s), True)
        payment = self.run(self.shop.sell(amount))
        self.sold.append(payment)
        if outcome.word == "ORPHAN" and payment.payable_satang == amount:
            assert self.run(self.shop.get(payment)).status == "PAID"

    @precondition(lambda self: self.heard)
    @rule(which=WHICH, times=st.integers(1, 5))
    def say_again(self, which: int, times: int) -> None:
        seen = self.heard[which % len(self.heard)]

        async def at_once() -> list[evidence.Outcome]:
            return await asyncio.gather(*(evidence.record(self.ctx, seen) for _ in range(times)))

        before = self.statuses()
        outcomes = self.run(at_once())
        assert sum(outcome.word == "PAID" for outcome in outcomes) <= 1
        changed = {key for key, status in self.statuses().items() if before[key] != status}
        assert len(changed) <= 1

    @precondition(lambda self: self.sold)
    @rule(which=WHICH, amounts=st.integers(2, 4))
    def pay_several_times_at_once(self, which: int, amounts: int) -> None:
        payment = self.sold[which % len(self.sold)]

        async def at_once() -> list[evidence.Outcome]:
            return await asyncio.gather(*(evidence.record(self.ctx, seen) for seen in told))

        told = [self.shop.says(payment.payable_satang) for _ in range(amounts)]
        self.heard += told
        assert sum(outcome.word == "PAID" for outcome in self.run(at_once())) <= 1

    @precondition(lambda self: self.sold)
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        payment = self.sold[which % len(self.sold)]
        before = self.run(self.shop.get(payment)).status
        try:
            self.run(self.shop.cancel(payment))
        except WrongState as e:
            assert before == e.status != "PENDING"
        else:
            assert before in ("PENDING", "CANCELLED")

    @rule(minutes=st.sampled_from([1, 5, 11, 16, 61, 80]))
    def time_passes(self, minutes: int) -> None:
        back = minutes * MINUTE

        async def move() -> None:
            async with self.ctx.db.connection() as conn, conn.transaction():
                for statement in MOVE:
                    await conn.execute(statement, self.shop.account.receiving_id, back)

        self.run(move())
        self.heard = [replace(seen, occurred_at=seen.occurred_at - back) for seen in self.heard]

    @rule()
    def sweep(self) -> None:
        self.run(payments.expire(self.ctx))
        assert self.run(payments.expire(self.ctx)) == 0

    # ------------------------------------------------------------------------------------ what never happens

    @invariant()
    def nothing_is_wrong(self) -> None:
        if not hasattr(self, "ctx"):
            return
        for what, question in NEVER.items():
            assert self.run(sql(self.ctx, question)) == [], what
        report = self.run(ledger.check(self.ctx))
        assert report.balanced, report.differences

    @invariant()
    def what_is_paid_stays_paid(self) -> None:
        if hasattr(self, "ctx"):
            paid = {key for key, status in self.statuses().items() if status == "PAID"}
            assert self.paid <= paid
            self.paid = paid

    # ------------------------------------------------------------------------------------ helpers

    def hear(self, amount_satang: int, ago: timedelta, reference: bool) -> evidence.Outcome:
        seen = self.shop.says(amount_satang, at=now() - ago, reference="new" if reference else None)
        self.heard.append(seen)
        outcome = self.run(evidence.record(self.ctx, seen))
        assert outcome.word in ("PAID", "ORPHAN", "REVIEW")
        assert (outcome.word == "PAID") <= (outcome.payment_id is not None)
        return outcome

    def settled(self) -> set[tuple[Any, Any]]:
        rows = self.run(sql(self.ctx, "SELECT id, payment_id FROM credits WHERE state = 'SETTLED'"))
        return {(row["id"], row["payment_id"]) for row in rows}

    def statuses(self) -> dict[Any, str]:
        rows = self.run(
            sql(self.ctx, "SELECT id, status FROM payments WHERE receiving_id = $1", self.shop.account.receiving_id)
        )
        return {row["id"]: row["status"] for row in rows}
