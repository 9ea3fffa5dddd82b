"""The tour: one payment from the operator's first command to the merchant's webhook, as users do it."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import httpx2
import zxingcpp
from PIL import Image

import emvco
from paygate.core.webhooks import stamp, verify_delivery
from tests.journey.shop import Shop
from tests.servers import Server


def test_a_payment_is_made_paid_booked_and_told_once(server: Callable[..., Server]) -> None:
    running = server()

    def paygate(*args: str) -> dict[str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "paygate", *args, "--json"],
            env=running.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return dict(json.loads(done.stdout))

    # The operator: an account that collects, a merchant, a bridge that says what arrived; the merchant: an endpoint.
    account = paygate("account", "add", "--owner", "central", "--promptpay", "0812345678", "--bank", "014",
                      "--number", "4061234567", "--name", "ร้านกลาง")  # fmt: skip
    merchant = paygate("merchant", "create", "--email", "shop@b.co", "--name", "Shop", "--plan", "free", "--approve")
    source = paygate("source", "add", "--account", account["accountId"], "--kind", "generic")
    headers = {"X-API-Key": merchant["liveSecretKey"]}
    with Shop() as shop, httpx2.Client(base_url=running.base, headers=headers, trust_env=False) as api:
        hook = paygate("webhook", "add", "--merchant", merchant["merchantId"], "--url", shop.url)

        # The merchant's server asks for 150 baht; the QR that comes back says so, to the account.
        answer = api.post("/api/v1/payment/create", json={"amount": 150.00, "orderId": "A-1", "metadata": {"โต๊ะ": 7}})
        payment = answer.json()["transaction"]
        picture = base64.b64decode(payment["qrCode"].removeprefix("data:image/png;base64,"))
        code = emvco.parse(zxingcpp.read_barcode(Image.open(io.BytesIO(picture))).text)
        assert (answer.status_code, payment["status"], payment["fee"], payment["netAmount"]) == (
            201,
            "PENDING",
            4.5,
            145.5,
        )
        assert code.amount_satang == 15000 and code.promptpay.proxy.display == "081-234-5678"

        # The money arrives, and the bank's bridge says so, twice.
        def credit(reference: str) -> dict[str, str]:
            now = datetime.now(UTC)
            body = json.dumps(
                {"amount": 150.00, "occurredAt": now.isoformat(), "sendingBank": "004", "transRef": reference}
            )
            headers = {"X-PayGate-Signature": stamp([source["secret"]], int(now.timestamp()), body.encode())}
            return dict(httpx2.post(source["url"], content=body, headers=headers, trust_env=False).json())

        assert credit("T1aB") == {"received": True, "outcome": "PAID", "transactionId": payment["id"]}
        assert credit("T1aB") == {"received": True, "outcome": "DUPLICATE", "transactionId": payment["id"]}

        # The merchant is told, once, in bytes that verify in every way; and can ask.
        headers, body = shop.wait("payment.success")
        assert all(verify_delivery(hook["secret"], headers, body, int(headers["webhook-timestamp"])).values())
        assert json.loads(body)["data"] | {"netAmount": 145.5, "metadata": {"โต๊ะ": 7}} == json.loads(body)["data"]
        assert api.get("/api/v1/payment/order/A-1").json()["transaction"]["status"] == "PAID"
        assert [event for event, _, _ in shop.heard] == ["payment.created", "payment.success"]

    # The books: the bank has 150.00, the merchant is owed 145.50, the platform earned 4.50.
    books = paygate("ledger", "check")
    balances = {line["account"]: line["satang"] for line in books["balances"]}  # type: ignore[index]
    assert books["balanced"] and balances == {"bank_central": 15000, "payable": -14550, "fee_revenue": -450}
