"""The example shops, each as a process of its own: bought from, paid, told by a real webhook."""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from tests.house.sources import ROOT
from tests.javascript import missing
from tests.sdk.conftest import Host
from tests.sdk.languages import environment, runtime
from tests.servers import free_port

SHOPS = ("flask", "express", "php", "nextjs")
WAIT_S = 60.0
LIBRARY = {
    "flask": ("PayGate.py", "PayGate.py"),
    "express": ("paygate-node.js", "paygate-node.js"),
    "php": ("PayGate.php", "PayGate.php"),
    "nextjs": ("paygate-node.mjs", "lib/paygate-node.mjs"),
}


def command(shop: str, folder: Path, port: int) -> list[str]:
    """How the shop is started; the test is skipped where what it needs is not there."""
    if shop == "flask":
        if importlib.util.find_spec("flask") is None:
            missing("Flask is not installed: its example was not run")
        return [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(port)]
    if shop == "php":
        return [runtime("php"), "-S", f"127.0.0.1:{port}", "index.php"]
    if shop == "nextjs":
        shutil.copy(Path(__file__).parent / "next_harness.mjs", folder)
        return [runtime("node"), "next_harness.mjs"]
    if subprocess.run(
        [runtime("node"), "-e", "require.resolve('express')"], capture_output=True, timeout=60
    ).returncode:
        missing("the npm package express is not there (see tests/javascript.py)")
    return [runtime("node"), "app.js"]


@contextmanager
def running(shop: str, host: Host, folder: Path, port: int, secret: str) -> Iterator[httpx2.Client]:
    """The shop with the library that the server gave it, and a buyer's browser at it."""
    shutil.copytree(ROOT / "examples" / shop, folder, dirs_exist_ok=True)
    served, place = LIBRARY[shop]
    (folder / place).write_bytes(httpx2.get(f"{host.base}/sdk/{served}", trust_env=False).content)
    env = environment(
        PAYGATE_KEY=host.world.secret_key,
        WEBHOOK_SECRET=secret,
        PORT=str(port),
        ORDERS_FILE=str(folder / "orders.json"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    log = folder / "shop.log"
    with log.open("wb") as said:
        process = subprocess.Popen(command(shop, folder, port), cwd=folder, env=env, stdout=said, stderr=said)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as browser:
            until(lambda: answers(browser, process, log), "the shop does not open")
            yield browser
    finally:
        process.terminate()
        process.wait(20)


def answers(browser: httpx2.Client, process: subprocess.Popen[bytes], log: Path) -> bool:
    """Whether the shop is open."""
    assert process.poll() is None, log.read_text()
    try:
        return browser.get("/orders/none").status_code == 404
    except httpx2.HTTPError:
        return False


def until(holds: Callable[[], bool], problem: str) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, problem
        time.sleep(0.05)


def pay(host: Host, amount: float, reference: str) -> None:
    """The money arrives, as the bank's bridge says."""
    now = datetime.now(UTC)
    body = json.dumps(
        {"amount": amount, "occurredAt": now.isoformat(), "sendingBank": "004", "transRef": reference}
    ).encode()
    stamp = int(now.timestamp())
    mac = hmac.new(host.world.source_secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-PayGate-Signature": f"t={stamp},v1={mac}"}
    told = httpx2.post(
        f"{host.base}/api/bank/{host.world.source}", content=body, headers=headers, trust_env=False
    ).json()
    assert told["outcome"] == "PAID", told


@pytest.mark.parametrize("shop", SHOPS)
def test_an_example_sells_and_marks_its_order_paid_by_a_verified_webhook(shop: str, host: Host, tmp_path: Path) -> None:
    port = free_port()
    keyed = {"X-API-Key": host.world.secret_key}
    with httpx2.Client(base_url=f"{host.base}/api/v1", headers=keyed, trust_env=False, timeout=30) as api:
        made = api.post("/webhooks/endpoints", json={"url": f"http://127.0.0.1:{port}/webhook"}).json()["endpoint"]
        with running(shop, host, tmp_path / shop, port, made["secret"]) as browser:
            bought = browser.post("/buy")
            assert bought.status_code == 303, bought.text
            match = re.fullmatch(rf"{re.escape(host.base)}/pay/([0-9a-f-]{{36}})", bought.headers["location"])
            assert match
            payment = api.get(f"/payment/{match[1]}").json()["transaction"]
            assert payment["amount"] == 150 and payment["callbackUrl"].endswith(f"/orders/{payment['orderId']}")
            order = f"/orders/{payment['orderId']}"
            assert browser.get(order).json()["status"] == "WAITING"

            forged = {
                "event": "payment.success",
                "webhookId": "wh_1",
                "data": {"orderId": payment["orderId"], "amount": 150},
            }
            headers = {"webhook-id": "wh_1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
            assert browser.post("/webhook", json=forged, headers=headers).status_code == 401
            assert browser.get(order).json()["status"] == "WAITING"

            pay(host, payment["payableAmount"], f"X-{shop}")
            until(lambda: browser.get(order).json()["status"] == "PAID", "the shop was not told")
        api.delete(f"/webhooks/endpoints/{made['id']}")
