"""Whatever happens in whatever order: one credit pays one payment, once, and the books agree."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.services.machine import World


def test_no_order_of_events_breaks_a_payment(dsn: str) -> None:
    class Here(World):
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
