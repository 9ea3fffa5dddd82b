"""People decide between everything else that happens, in any order: the books and the log agree all the same."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from paygate.core.errors import Conflict, InvalidInput
from paygate.core.reviews import Action
from paygate.services import audit, evidence, ledger, reviews
from paygate.services.review_actions import Wish
from tests.services.helpers import now, sql
from tests.services.machine import NEVER, PRICES, WHICH, World

# A person may pay with several credits, and with money that the payment did not hold the amount for.
STILL_NEVER = {
    what: NEVER[what]
    for what in (
        "unassigned money that nobody was asked about",
        "settled money that somebody is still asked about",
        "an event told twice or out of turn",
        "a slot that ends at another moment than the skew after its hold",
        "an event without its delivery",
    )
} | {
    "a credit that settled a payment which is not paid": """
        SELECT c.id FROM credits c LEFT JOIN payments p ON p.id = c.payment_id
         WHERE c.state = 'SETTLED' AND p.status IS DISTINCT FROM 'PAID'""",
    "money that a person put aside and that paid": """
        SELECT id FROM credits WHERE state IN ('REFUND_DUE', 'REVERSED') AND payment_id IS NOT NULL""",
    "a decision without its row in the log": """
        SELECT count(*) FROM reviews WHERE resolved_by IS NOT NULL AND resolution <> 'combine'
        HAVING count(*) > (SELECT count(*) FROM audit_log WHERE action LIKE 'review.%')""",
}

OTHERS = "SELECT id, amount_satang FROM credits WHERE state = 'UNASSIGNED' AND id IS DISTINCT FROM $1 ORDER BY id"


class Reviewed(World):
    """The shop, and a person who decides."""

    @precondition(lambda self: self.sold)
    @rule(which=WHICH, payment=WHICH, act=WHICH, any_action=st.sampled_from([False] * 4 + [True]), said=st.booleans())
    def a_person_decides(self, which: int, payment: int, act: int, any_action: bool, said: bool) -> None:
        waiting = self.run(sql(self.ctx, "SELECT merchant_id, id FROM reviews WHERE closed_at IS NULL ORDER BY id"))
        if not waiting:
            self.hear(20_001, timedelta(hours=5), True)
            return
        review = waiting[which % len(waiting)]
        detail = self.run(reviews.get(self.ctx, review["merchant_id"], review["id"]))
        choice = tuple(Action) if any_action else detail.actions
        action = choice[act % len(choice)]
        others, amount = [], detail.credit.amount_satang if detail.credit else 0
        statuses = self.statuses()
        unpaid = [p for p in self.sold if statuses[p.id] != "PAID"] or self.sold
        if action == "match":
            unpaid = [p for p in unpaid if p.payable_satang <= amount] or unpaid
        target = unpaid[payment % len(unpaid)] if action in ("match", "combine", "pay-cancelled", "fail") else None
        if action in ("combine", "pay-cancelled"):
            for row in self.run(sql(self.ctx, OTHERS, detail.review.credit_id)):
                if target and amount < target.payable_satang:
                    others.append(row["id"])
                    amount += row["amount_satang"]
        wish = Wish(
            action, "cli:somchai", "seen", target and target.id, tuple(others), amount if said and amount else None
        )
        try:
            done = self.run(reviews.resolve(self.ctx, review["merchant_id"], review["id"], wish))
        except (Conflict, InvalidInput):
            after = self.run(reviews.get(self.ctx, review["merchant_id"], review["id"]))
            assert after.review.closed_at is None and after.credit == detail.credit
        else:
            assert action in detail.actions and done.action is action

    @rule(parts=st.lists(st.sampled_from([3_000, 7_000, 7_001]), min_size=2, max_size=3))
    def pay_in_parts(self, parts: list[int]) -> None:
        for amount in parts:
            self.hear(amount, timedelta(0), True)

    @rule(price=PRICES)
    def pay_too_late_for_anything(self, price: int) -> None:
        self.hear(price, timedelta(hours=5), True)

    @invariant()
    def nothing_is_wrong(self) -> None:
        if not hasattr(self, "ctx"):
            return
        for what, question in STILL_NEVER.items():
            assert self.run(sql(self.ctx, question)) == [], what
        report = self.run(ledger.check(self.ctx))
        assert report.balanced, report.differences

    def hear(self, amount_satang: int, ago: timedelta, reference: bool) -> evidence.Outcome:
        seen = self.shop.says(amount_satang, at=now() - ago, reference="new" if reference else None)
        self.heard.append(seen)
        return self.run(evidence.record(self.ctx, seen))

    def teardown(self) -> None:
        if hasattr(self, "ctx"):
            assert self.run(audit.verify(self.ctx)).whole
        super().teardown()


def test_no_order_of_decisions_breaks_the_books(dsn: str) -> None:
    class Here(Reviewed):
        pass

    Here.dsn = dsn
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
