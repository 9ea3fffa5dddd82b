"""Money for a cancelled payment, from the bank's word to a person's decision and the merchant's webhook."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2

from paygate.core.webhooks import stamp
from paygate.services.context import Context
from tests.journey.shop import Shop
from tests.servers import Server
from tests.worlds import make_world


async def test_attack_20_what_an_insider_pays_by_hand_has_a_name_a_reason_and_an_unchangeable_row(
    ctx: Context, server: Callable[..., Server]
) -> None:
    running = server()
    with Shop() as shop:
        world = await make_world(ctx, hook=shop.url, tagging="auto")

        def paygate(*args: str) -> Any:
            done = subprocess.run(
                [sys.executable, "-m", "paygate", *args, "--json"], env=running.env, capture_output=True, check=True
            )
            return json.loads(done.stdout)

        def credit(reference: str) -> dict[str, Any]:
            now = datetime.now(UTC)
            body = json.dumps(
                {"amount": 150.00, "occurredAt": now.isoformat(), "sendingBank": "004", "transRef": reference}
            )
            signed = {"X-PayGate-Signature": stamp([world.source_secret], int(now.timestamp()), body.encode())}
            url = f"{running.base}/api/bank/{world.source}"
            return dict(httpx2.post(url, content=body, headers=signed, trust_env=False).json())

        with httpx2.Client(base_url=running.base, headers={"X-API-Key": world.secret_key}, trust_env=False) as api:
            payment = api.post("/api/v1/payment/create", json={"amount": 150.00}).json()["transaction"]["id"]
            assert api.post(f"/api/v1/payment/{payment}/cancel").status_code == 200
            # The payer pays all the same: never dropped, never paid by itself.
            assert credit("T1")["outcome"] == "REVIEW"
            assert api.get(f"/api/v1/payment/{payment}").json()["transaction"]["status"] == "CANCELLED"
            [review] = paygate("review", "list")["reviews"]
            assert review["reason"] == "CANCELLED"
            shown = paygate("review", "show", review["reviewId"])
            assert [candidate["transactionId"] for candidate in shown["candidates"]] == [payment]
            done = paygate("review", "resolve", review["reviewId"], "--action", "pay-cancelled", "--payment", payment,
                           "--reason", "ลูกค้าโอนแล้ว", "--by", "somchai")  # fmt: skip
            assert done["status"] == "PAID"
            _, body = shop.wait("payment.success")
            assert json.loads(body)["data"]["transactionId"] == payment
            assert api.get(f"/api/v1/payment/{payment}").json()["transaction"]["status"] == "PAID"
            assert credit("T1")["outcome"] == "DUPLICATE"
        assert [event for event, _, _ in shop.heard].count("payment.success") == 1
        [record] = [one for one in paygate("audit", "list")["records"] if one["action"].startswith("review.")]
        assert (record["actor"], record["after"]["reason"]) == ("cli:somchai", "ลูกค้าโอนแล้ว")
        assert paygate("audit", "verify")["whole"] and paygate("ledger", "check")["balanced"]
