"""A machine that sells, pays, takes back, settles, refunds, changes plans and invoices fees in any order, and a model.

It knows nothing of journals: what a merchant has and owes follows from what happened to its payments, payouts and
invoices alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paygate.core import refund_links as signed
from paygate.core.credits import Observation
from paygate.core.errors import Conflict, InsufficientBalance, InvalidInput
from paygate.core.fees import Vat
from paygate.core.payments import Payment
from paygate.core.payouts import OPEN, PayoutStatus
from paygate.core.principals import ReceivingAccount
from paygate.core.sealing import SealingKey
from paygate.db import keys
from paygate.db.pool import Database
from paygate.services import (
    evidence,
    invoices,
    ledger,
    monthly,
    plans,
    receiving,
    refund_links,
    refunds,
    reversals,
    settlements,
)
from paygate.services import withholding as tax
from paygate.services.context import Context, SettlementRules
from paygate.services.once import unanswered
from paygate.services.payouts import Desk, Place
from paygate.services.refund_desk import REFUNDS
from paygate.services.refunds import Wish
from paygate.services.settlement_desk import SETTLEMENTS
from paygate.services.withholding import Certificate
from tests.servers import SECRET_KEY
from tests.services.helpers import Shop, now, says, sql
from tests.services.machine import MADE
from tests.services.payouts import A, B, settle_to, shop_with
from tests.services.test_invoices import MONTH, month_ago

T = TypeVar("T")
WHICH = st.integers(min_value=0, max_value=50)
BACK = (PayoutStatus.REJECTED, PayoutStatus.CANCELLED, PayoutStatus.RETURNED, PayoutStatus.EXPIRED)
TABLES = (
    *(
        "refunds",
        "settlements",
        "payout_references",
        "balances",
        "tax_invoices",
        "fee_invoice_days",
        "fee_invoices",
        *MADE,
    ),
    *("merchant_plans", "accounts", "account_directory"),
)
BOOKED = "SELECT subject_id FROM journals WHERE merchant_id = 0 AND kind = 'invoice.paid'"
BALANCE = """SELECT coalesce(sum(amount_satang), 0)::bigint AS n FROM entries
              WHERE merchant_id = $1 AND account = ANY ($2::text[])"""
OWN = receiving.Wish(promptpay="0899999999", bank="004", number="1234567890")
HERS = Place("0066811112222", None, None, "x")
PLANS = [("free", None), ("free", 120), ("pro", None), ("enterprise", None), ("pro", 175)]

# Who may do what next to a payout, and nobody anything else.
NEXT = {
    "WAITING": ("give", "ask", "lapse", "reject", "cancel"),
    "REQUESTED": ("approve", "reject", "cancel", "ask"),
    "APPROVED": ("claim", "reject"),
    "PAYING": ("complete", "release"),
    "COMPLETED": ("bounce",),
}


@dataclass(frozen=True)
class Paid:
    """A payment, and the bank's word about its money."""

    payment: Payment
    news: Observation


class Money(RuleBasedStateMachine):
    """One shop, which begins on the free plan. `dsn` is set by the test."""

    dsn: str

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.paid: list[Paid] = []
        self.fees_paid: list[Paid] = []
        self.told_only: set[UUID] = set()
        self.reversed: set[UUID] = set()
        self.out: list[tuple[Desk[Any], UUID]] = []
        self.references = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(fee_back=st.booleans(), two=st.booleans(), vat=st.sampled_from(Vat))
    def open(self, fee_back: bool, two: bool, vat: Vat) -> None:
        async def opened() -> Shop:
            db = await Database.open(self.dsn, size=2)
            ctx = Context(db, SealingKey.of(SECRET_KEY), "http://127.0.0.1")
            ctx.settlements = SettlementRules(refund_fee=fee_back, second_above_satang=50_000 if two else None)
            ctx.vat = vat
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
        self.places: dict[UUID, ReceivingAccount] = {self.shop.account.receiving_id: self.shop.account}

    def teardown(self) -> None:
        if hasattr(self, "ctx"):
            self.run(self.ctx.db.close())
        self.loop.close()

    # ------------------------------------------------------------------------------------ what happens

    @rule(price=st.sampled_from([10_000, 33_333, 100_000]), rank=st.sampled_from(["A", "A", "C"]))
    def sell_and_be_paid(self, price: int, rank: str) -> None:
        payment = self.run(self.shop.sell(price))
        news = self.news_of(payment, now(), rank)
        if self.run(evidence.record(self.ctx, news)).word == "PAID":
            self.paid.append(Paid(payment, news))
            self.told_only |= {payment.id} if rank == "C" and payment.flow == "central" else set()

    def news_of(self, payment: Payment, at: datetime, rank: Any = "A") -> Observation:
        account = self.places[payment.receiving_id]
        return says(
            *(account, self.ctx.new_id(), payment.payable_satang), at=at, reference=f"T-{payment.id}", rank=rank
        )

    @rule(which=st.sampled_from(PLANS), later=st.booleans())
    def the_plan_changes(self, which: tuple[str, int | None], later: bool) -> None:
        plan, bps = which
        moment = now() + timedelta(days=30) if later else None
        wish = plans.Wish(plan, bps, moment, receiving.NOTHING if plan == "free" else OWN)
        self.run(plans.withdraw(self.ctx, self.key[0], actor=A))
        before = self.run(plans.show(self.ctx, self.key[0]))
        standing = self.run(plans.change(self.ctx, self.key[0], wish, actor=A))
        in_force = (before.merchant.plan, before.merchant.fee_bps) if later else which
        assert (standing.merchant.plan, standing.merchant.fee_bps) == in_force
        self.run(self.as_of_now())

    async def as_of_now(self) -> None:
        """The shop as its next request finds it."""
        async with self.ctx.db.connection() as conn:
            found = await keys.as_merchant(conn, self.key[0], "live", "secret")
        assert found is not None
        self.shop.principal = found
        self.places |= {account.receiving_id: account for account in found.accounts}

    @precondition(lambda self: self.told_only)
    @rule()
    def a_statement_confirms(self) -> None:
        self.run(sql(self.ctx, "UPDATE credits SET confirmed_at = now() WHERE confirmed_at IS NULL"))
        self.told_only.clear()

    @precondition(lambda self: self.paid)
    @rule(which=WHICH)
    def the_bank_takes_back(self, which: int) -> None:
        one = self.paid[which % len(self.paid)]
        self.run(reversals.reverse(self.ctx, one.news))
        self.reversed.add(one.payment.id)
        self.told_only.discard(one.payment.id)

    # ------------------------------------------------------------------------------------ fees, month by month

    @rule()
    def a_month_ends(self) -> None:
        self.run(month_ago(self.ctx))
        self.run(sql(self.ctx, "UPDATE fee_invoices SET month = (month - interval '20 years')::date"))
        for made in self.run(invoices.issue(self.ctx, MONTH, A)):
            assert made.to_pay_satang >= 100 and (made.tax_number is not None) == (made.vat_satang > 0)

    def invoice(self, which: int, *, unpaid: bool = False) -> Any:
        found = self.run(invoices.list_invoices(self.ctx, merchant_id=self.key[0], unpaid=unpaid))
        return found[which % len(found)].invoice if found else None

    @rule(which=WHICH, booked=st.sampled_from([True, True, False]))
    def an_invoice_is_paid(self, which: int, booked: bool) -> None:
        invoice = self.invoice(which, unpaid=True)
        if invoice is None:
            return
        payment = self.run(invoices.pay(self.ctx, invoice.id))
        news = self.news_of(payment, now())
        assert self.run(evidence.record(self.ctx, news)).word == "PAID"
        self.fees_paid.append(Paid(payment, news))
        if booked:
            self.run(invoices.settle_paid(self.ctx))

    @precondition(lambda self: self.fees_paid)
    @rule(which=WHICH)
    def the_bank_takes_fees_back(self, which: int) -> None:
        one = self.fees_paid[which % len(self.fees_paid)]
        self.run(reversals.reverse(self.ctx, one.news))
        self.reversed.add(one.payment.id)

    @rule(which=WHICH, satang=st.sampled_from([None, None, 100, 350]), back=st.sampled_from([False, False, True]))
    def tax_is_withheld_or_the_certificate_corrected(self, which: int, satang: int | None, back: bool) -> None:
        invoice = self.invoice(which)
        if invoice is None:
            return
        certificate = None if back else Certificate("1/2569", date(2026, 1, 5), satang)
        try:
            self.run(tax.record(self.ctx, invoice.id, certificate, actor=A))
        except (Conflict, InvalidInput):  # More than the fee, or too little would be left.
            assert certificate is not None and invoice.to_pay_satang + invoice.withheld_satang < 5_000

    @rule()
    def the_statement_is_the_ledger(self) -> None:
        for month in (MONTH, monthly.read_month(f"{now() + timedelta(hours=7):%Y-%m}")):
            found = self.run(monthly.statement(self.ctx, *self.key, month))
            has = sum(sums.has_satang for _, sums in found.kinds.values())
            owes = sum(sums.owes_satang for _, sums in found.kinds.values())
            assert found.opening.has_satang + has == found.closing.has_satang
            assert found.opening.owes_satang + owes == found.closing.owes_satang
        assert (found.closing.has_satang, found.closing.owes_satang) == (
            -self.balance_of("payable", "held", "payout_clearing"),
            self.balance_of("receivable"),
        )

    # ------------------------------------------------------------------------------------ money out

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
    @rule(which=WHICH, amount=st.sampled_from([None, 100, 9_999, 33_333]), advance=st.booleans(), asks=st.booleans())
    def refund(self, which: int, amount: int | None, advance: bool, asks: bool) -> None:
        payment = self.paid[which % len(self.paid)].payment
        wish = Wish(amount, payee=None if asks else HERS, advance=advance, ask_payer=asks)
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
        if verb == "ask" and desk is SETTLEMENTS:
            return  # Whoever settles knows where to.
        try:
            self.run(self.act(desk, payout, verb))
        except Conflict as refused:  # The same person twice, or money that the bank took back meanwhile.
            assert verb in ("approve", "claim", "give"), refused
            assert "another person" in str(refused) or getattr(payout, "payment_id", None) in self.reversed, refused

    async def act(self, desk: Desk[Any], payout: Any, verb: str) -> None:
        if verb == "cancel":
            module: Any = settlements if desk is SETTLEMENTS else refunds
            await module.cancel(self.ctx, *self.key, payout.id, None, unanswered, "key:m")
        elif verb == "ask":
            await refund_links.ask(self.ctx, *self.key, payout.id, None, unanswered, "key:m")
        elif verb == "give":
            await refund_links.give(self.ctx, signed.make(self.ctx.key, payout), HERS)
        elif verb == "lapse":
            over = "UPDATE refunds SET link_until = now() - interval '1 s' WHERE id = $1"
            await sql(self.ctx, over, payout.id)
            await refund_links.lapse(self.ctx, 10)
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
        fees = 0
        for payment in (one.payment for one in self.paid):
            mine = [row for row in back if row["payment_id"] == payment.id]
            if payment.flow == "direct":
                given_back = sum(row["fee_satang"] for row in mine)
                fees += 0 if payment.id in self.reversed else payment.fee_satang + payment.vat_satang - given_back
            elif payment.id in self.reversed:
                position -= sum(row["amount_satang"] for row in mine)
            else:
                position += payment.net_satang - sum(row["amount_satang"] - row["fee_satang"] for row in mine)
        assert has.payable_satang - has.shortfall_satang == position
        ours = [row for row in back if row["flow"] == "central"]
        held = sum(row["amount_satang"] for row in [*rows, *ours] if row["status"] in ("WAITING", *OPEN))
        assert has.held_satang == held
        pending = sum(one.payment.net_satang for one in self.paid if one.payment.id in self.told_only)
        assert has.available_satang == max(0, position - pending)
        assert has.payable_satang >= 0 and has.held_satang >= 0
        assert self.balance_of("receivable") - has.shortfall_satang == fees - self.paid_for_fees()

    def paid_for_fees(self) -> int:
        """What was paid for invoices, by money that is booked and that the bank left, or by certificates."""
        booked = {row["subject_id"] for row in self.run(sql(self.ctx, BOOKED))}
        kept = [one.payment for one in self.fees_paid if one.payment.id in booked - self.reversed]
        [row] = self.run(sql(self.ctx, "SELECT coalesce(sum(withheld_satang), 0)::bigint AS n FROM fee_invoices"))
        return sum(payment.payable_satang for payment in kept) + int(row["n"])

    def balance_of(self, *accounts: str) -> int:
        [row] = self.run(sql(self.ctx, BALANCE, self.key[0], list(accounts)))
        return int(row["n"])

    def refunds_of(self, payment_id: UUID | None = None) -> list[Any]:
        """Refunds whose money is gone or set aside."""
        return self.run(
            sql(
                self.ctx,
                """SELECT payment_id, status, flow, amount_satang,
                          fee_returned_satang + vat_returned_satang AS fee_satang
                     FROM refunds
                    WHERE status NOT IN ('REJECTED', 'CANCELLED', 'RETURNED', 'EXPIRED')
                      AND ($1::uuid IS NULL OR payment_id = $1)""",
                payment_id,
            )
        )
