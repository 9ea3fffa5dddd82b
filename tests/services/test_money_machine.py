"""Paid, taken back, settled and refunded in whatever order: the balance is what happened, and never below zero."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.services.money_machine import Money


def test_no_order_of_payouts_refunds_and_reversals_makes_or_loses_money(dsn: str) -> None:
    class Here(Money):
        pass

    Here.dsn = dsn
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
