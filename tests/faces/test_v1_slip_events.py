"""The merchant hears how evidence about a payment stands, in the words that its payer sees: `payment.verification`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from paygate.core.reviews import Action
from paygate.services import reviews
from paygate.services.context import Context
from paygate.services.review_actions import Wish
from tests.faces.conftest import Gateway
from tests.faces.slips import Slips, new_slip, slip_gateway
from tests.services.helpers import sql

__all__ = ["slip_gateway"]  # A fixture.


async def told(ctx: Context, made: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What its merchant heard since it was made: event and status; or status, what evidence, its outcome, reason."""
    rows = await sql(
        ctx, "SELECT sequence, body FROM events WHERE subject_id = $1 ORDER BY sequence OFFSET 1", UUID(made["id"])
    )
    heard = [json.loads(row["body"]) for row in rows]
    sequences = [row["sequence"] for row in rows]
    assert sequences == sorted(set(sequences)) == [event["data"]["sequence"] for event in heard]
    lines: list[tuple[Any, ...]] = []
    for event in heard:
        said = event["data"].get("verification")
        assert (said is not None) is (event["event"] == "payment.verification")
        if said is None:
            lines.append((event["event"], event["data"]["status"]))
            continue
        assert said["message"]["th"] and said["message"]["en"] and said["at"] == event["timestamp"]
        lines.append((event["data"]["status"], said["evidence"], said["status"], said["reason"]))
    return lines


async def test_each_outcome_of_a_slip_is_told_to_the_merchant_in_order(slip_gateway: Slips) -> None:
    bank, gateway, ctx = slip_gateway.bank, slip_gateway.gateway, slip_gateway.ctx
    paid, slip = await gateway.create(), new_slip()
    bank.knows(slip, 150)
    await slip_gateway.send(paid, slip)
    checking = ("PENDING", "slip", "VERIFYING", None)
    assert await told(ctx, paid) == [checking, ("payment.success", "PAID")]

    again = await gateway.create()
    await slip_gateway.send(again, slip)
    assert await told(ctx, again) == [checking, ("PENDING", "slip", "REJECTED", "DUPLICATE")]

    less = await gateway.create()
    other = new_slip()
    bank.knows(other, 100)
    await slip_gateway.send(less, other)
    assert (await told(ctx, less))[-1] == ("PENDING", "slip", "REVIEW", "UNDERPAID")
    read = await slip_gateway.read(less)
    [event] = await sql(
        ctx, "SELECT body FROM events WHERE subject_id = $1 ORDER BY sequence DESC LIMIT 1", UUID(less["id"])
    )
    said = json.loads(event["body"])["data"]["verification"]
    assert {name: said[name] for name in ("status", "reason", "message")} == {
        name: read["verification"][name] for name in ("status", "reason", "message")
    }

    [page] = (await reviews.list_reviews(ctx, 0)).reviews
    await reviews.resolve(ctx, 0, page.review.id, Wish(Action.REJECT, "cli:somchai", "not ours"))
    assert (await told(ctx, less))[-1] == ("PENDING", "slip", "REJECTED", "NOT_ACCEPTED")


async def test_a_slip_decided_after_the_payment_was_paid_otherwise_is_still_told(slip_gateway: Slips) -> None:
    made, slip = await slip_gateway.gateway.create(), new_slip()
    slip_gateway.bank.fails(slip, "slip_pending")
    assert (await slip_gateway.send(made, slip)).status_code == 202
    credit = {"amount": 150, "occurredAt": datetime.now(UTC).isoformat(), "transRef": "another", "sendingBank": "014"}
    assert (await slip_gateway.gateway.tell(credit)).json()["outcome"] == "PAID"
    slip_gateway.bank.knows(slip, 150, amount={"amount": 150, "local": {"amount": 4, "currency": "840"}})
    await slip_gateway.worker()
    assert await told(slip_gateway.ctx, made) == [
        ("PENDING", "slip", "VERIFYING", None),
        ("payment.success", "PAID"),
        ("PAID", "slip", "REJECTED", "WRONG_CURRENCY"),
    ]


async def test_money_that_waits_for_a_person_is_told_to_whom_it_can_only_be_for(gateway: Gateway) -> None:
    made = await gateway.create()
    assert (await gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")).status_code == 200
    for transfer in ("one", "two"):
        credit = {
            "amount": 150,
            "occurredAt": datetime.now(UTC).isoformat(),
            "transRef": transfer,
            "sendingBank": "014",
        }
        assert (await gateway.tell(credit)).json()["outcome"] == "REVIEW"
    held = ("CANCELLED", "money", "REVIEW", "CANCELLED")
    assert await told(gateway.ctx, made) == [("payment.cancelled", "CANCELLED"), held, held]
    # The payer sees it too, until a person has decided about all of it.
    for left in (2, 1, 0):
        read = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["verification"]
        assert (read is not None) is (left > 0)
        if read is not None:
            assert (read["status"], read["reason"]) == ("REVIEW", "CANCELLED")
            assert read["message"]["en"].startswith("Money for this payment arrived")
            first = (await reviews.list_reviews(gateway.ctx, 0)).reviews[0].review
            await reviews.resolve(gateway.ctx, 0, first.id, Wish(Action.REFUND_ORPHAN, "cli:somchai", "sent back"))


async def test_without_a_verifier_the_merchant_hears_once_that_a_person_looks(gateway: Gateway) -> None:
    made = await gateway.create()
    await gateway.ask("POST", f"/api/v1/payment/{made['id']}/slip", {"payload": new_slip()})
    assert await told(gateway.ctx, made) == [("PENDING", "slip", "REVIEW", "SLIP_UNVERIFIED")]
