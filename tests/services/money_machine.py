"""A machine that sells, pays, takes back, settles and refunds in any order, beside a model of a few sums.

The model knows nothing of journals: what a merchant has follows from what happened to its payments and payouts alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paygate.core.errors import Conflict, InsufficientBalance, InvalidInput
from paygate.core.payments import Payment
from paygate.core.payouts import OPEN, PayoutStatus
from paygate.core.sealing import SealingKey
from paygate.db.pool import Database
from paygate.services import ledger, refunds, reversals, settlements
from paygate.services.context import Context, SettlementRules
from paygate.services.once import unanswered
from paygate.services.payouts import Desk, Place
from paygate.services.refund_desk import REFUNDS
from paygate.services.refunds import Wish
from paygate.services.settlement_desk import SETTLEMENTS
from tests.servers import SECRET_KEY
from tests.services.helpers import Shop, now, sql
from tests.services.machine import MADE
from tests.services.payouts import A, B, settle_to, shop_with

T = TypeVar("T")
WHICH = st.integers(min_value=0, max_value=50)
BACK = (PayoutStatus.REJECTED, PayoutStatus.CANCELLED, PayoutStatus.RETURNED)
TABLES = ("refunds", "settlements", "payout_references", "balances", *MADE)

# Who may do what next to a payout, and nobody anything else.
NEXT = {
    "REQUESTED": ("approve", "reject", "cancel"),
    "APPROVED": ("claim", "reject"),
    "PAYING": ("complete", "release"),
    "COMPLETED": ("bounce",),
}


class Money(RuleBasedStateMachine):
    """One Free shop. `dsn` is set by the test."""

    dsn: str

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.paid: list[tuple[Payment, datetime]] = []
        self.told_only: set[UUID] = set()
        self.reversed: set[UUID] = set()
        self.out: list[tuple[Desk[Any], UUID]] = []
        self.references = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(fee_back=st.booleans(), two=st.booleans())
    def open(self, fee_back: bool, two: bool) -> None:
        async def opened() -> Shop:
            db = await Database.open(self.dsn, size=2)
            ctx = Context(db, SealingKey.of(SECRET_KEY), "http://127.0.0.1")
            ctx.settlements = SettlementRules(refund_fee=fee_back, second_above_satang=50_000 if two else None)
            async with db.connection() as conn, conn.transaction():
                for table in TABLES:
                    await conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # The books let nothing go.
                    await conn.execute(f"DELETE FROM {table}")
                    await conn.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            shop = await shop_with(ctx, place=False, tagging="auto")
            await settle_to(ctx, shop)
            return shop

        self.shop = self.run(opened())
        self.ctx = self.shop.ctx
        self.key = (self.shop.principal.merchant_id, "live")

    def teardown(self) -> None:
        if hasattr(self, "ctx"):
            self.run(self.ctx.db.close())
        self.loop.close()

    # ------------------------------------------------------------------------------------ what happens

    @rule(price=st.sampled_from([10_000, 33_333, 100_000]), rank=st.sampled_from(["A", "A", "C"]))
    def sell_and_be_paid(self, price: int, rank: str) -> None:
        payment, at = self.run(self.shop.sell(price)), now()
        outcome = self.run(self.shop.hears(payment.payable_satang, at=at, reference=f"T-{payment.id}", rank=rank))
        if outcome.word == "PAID":
            self.paid.append((payment, at))
            self.told_only |= {payment.id} if rank == "C" else set()

    @precondition(lambda self: self.told_only)
    @rule()
    def a_statement_confirms(self) -> None:
        self.run(sql(self.ctx, "UPDATE credits SET confirmed_at = now() WHERE confirmed_at IS NULL"))
        self.told_only.clear()

    @precondition(lambda self: self.paid)
    @rule(which=WHICH)
    def the_bank_takes_back(self, which: int) -> None:
        payment, at = self.paid[which % len(self.paid)]
        seen = self.shop.says(payment.payable_satang, at=at, reference=f"T-{payment.id}")
        self.run(reversals.reverse(self.ctx, seen))
        self.reversed.add(payment.id)
        self.told_only.discard(payment.id)

    @rule(amount=st.sampled_from([10_000, 25_000, 90_000]))
    def settle(self, amount: int) -> None:
        before = self.run(settlements.balance(self.ctx, *self.key))
        try:
            done: Any = self.run(settlements.request(self.ctx, *self.key, amount, None, unanswered, "key:m"))
        except InsufficientBalance:
            assert amount > before.available_satang
        else:
            assert amount <= before.available_satang
            self.out.append((SETTLEMENTS, done.value.id))

    @precondition(lambda self: self.paid)
    @rule(which=WHICH, amount=st.sampled_from([None, 100, 9_999, 33_333]), advance=st.booleans())
    def refund(self, which: int, amount: int | None, advance: bool) -> None:
        payment, _ = self.paid[which % len(self.paid)]
        wish = Wish(amount, payee=Place("0066811112222", None, None, "x"), advance=advance)
        try:
            done: Any = self.run(refunds.request(self.ctx, *self.key, payment.id, wish, None, unanswered, "key:m"))
        except InsufficientBalance:
            assert not advance
        except (Conflict, InvalidInput):
            taken = sum(one["amount_satang"] for one in self.refunds_of(payment.id))
            assert payment.id in self.reversed or taken + (amount or 1) > payment.payable_satang
        else:
            self.out.append((REFUNDS, done.value.id))

    @precondition(lambda self: self.out)
    @rule(which=WHICH, choice=WHICH)
    def somebody_goes_on(self, which: int, choice: int) -> None:
        desk, payout_id = self.out[which % len(self.out)]
        payout = self.run(desk.show(self.ctx, payout_id)).payout
        verbs = NEXT.get(payout.status, ())
        if not verbs:
            return
        verb = verbs[choice % len(verbs)]
        try:
            self.run(self.act(desk, payout, verb))
        except Conflict as refused:  # The same person twice, or money that the bank took back meanwhile.
            assert verb in ("approve", "claim"), refused
            assert "another person" in str(refused) or getattr(payout, "payment_id", None) in self.reversed, refused

    async def act(self, desk: Desk[Any], payout: Any, verb: str) -> None:
        if verb == "cancel":
            module: Any = settlements if desk is SETTLEMENTS else refunds
            await module.cancel(self.ctx, *self.key, payout.id, None, unanswered, "key:m")
        elif verb == "complete":
            self.references += 1
            await desk.complete(self.ctx, payout.id, B, f"REF-{self.references}")
        elif verb in ("reject", "release", "bounce"):
            await getattr(desk, verb)(self.ctx, payout.id, B, "why")
        elif verb == "approve":
            await desk.approve(self.ctx, payout.id, A if payout.approved_by is None else B)
        else:
            await desk.claim(self.ctx, payout.id, B)

    # ------------------------------------------------------------------------------------ what always holds

    @invariant()
    def the_books_balance(self) -> None:
        if hasattr(self, "ctx"):
            report = self.run(ledger.check(self.ctx))
            assert report.balanced, report.differences

    @invariant()
    def the_balance_is_what_happened(self) -> None:
        if not hasattr(self, "ctx"):
            return
        has = self.run(settlements.balance(self.ctx, *self.key))
        rows = self.run(sql(self.ctx, "SELECT status, amount_satang FROM settlements"))
        asked = sum(row["amount_satang"] for row in rows if row["status"] not in BACK)
        position = -asked
        back = self.refunds_of()
        for payment, _ in self.paid:
            mine = [row for row in back if row["payment_id"] == payment.id]
            if payment.id in self.reversed:
                position -= sum(row["amount_satang"] for row in mine)
            else:
                position += payment.net_satang - sum(row["amount_satang"] - row["fee_satang"] for row in mine)
        assert has.payable_satang - has.shortfall_satang == position
        held = sum(row["amount_satang"] for row in [*rows, *back] if row["status"] in OPEN)
        assert has.held_satang == held
        pending = sum(payment.net_satang for payment, _ in self.paid if payment.id in self.told_only)
        assert has.available_satang == max(0, position - pending)

    def refunds_of(self, payment_id: UUID | None = None) -> list[Any]:
        """Refunds whose money is gone or set aside."""
        return self.run(
            sql(
                self.ctx,
                """SELECT payment_id, status, amount_satang, fee_returned_satang + vat_returned_satang AS fee_satang
                     FROM refunds
                    WHERE status NOT IN ('REJECTED', 'CANCELLED', 'RETURNED')
                      AND ($1::uuid IS NULL OR payment_id = $1)""",
                payment_id,
            )
        )
