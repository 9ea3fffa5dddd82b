"""The examples of the published guide, verbatim but for host and key, against the running server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.sdk.conftest import Host
from tests.sdk.languages import environment, runtime
from tests.servers import free_port

API = "https://paygate-production-f1e9.up.railway.app"
PAGE = "https://paygate-gules.vercel.app"
KEY = "sk_live_xxxxxxxxxxxxxxxxxxxx"

APP_JS = """
const PayGate = require('./paygate-node.js'); // Point to the downloaded file

const paygate = new PayGate('sk_live_xxxxxxxxxxxxxxxxxxxx');

async function createOrder() {
 try {
 const payment = await paygate.createPayment({
 amount: 150.00,
 orderId: 'ORDER-12345',
 description: 'Premium Subscription'
 });

 const txId = payment.transaction.id;
 console.log('Transaction ID:', txId);
 console.log('Checkout URL:', 'https://paygate-gules.vercel.app/pay/' + txId);
 } catch (error) {
 console.error('Error:', error.message);
 }
}

createOrder();
"""
CHECKOUT_PHP = """<?php
require_once 'PayGate.php'; // Include the downloaded file

$paygate = new PayGate('sk_live_xxxxxxxxxxxxxxxxxxxx');

try {
 $payment = $paygate->createPayment(150.00, 'ORDER-12345', 'Premium Subscription');

 // Redirect user to payment page
 $txId = $payment['transaction']['id'];
 header('Location: https://paygate-gules.vercel.app/pay/' . $txId);
 exit;
} catch (Exception $e) {
 echo 'Error: ' . $e->getMessage();
}
?>"""
APP_PY = """
from PayGate import PayGate

paygate = PayGate('sk_live_xxxxxxxxxxxxxxxxxxxx')

try:
 payment = paygate.create_payment(
 amount=150.00,
 order_id='ORDER-12345',
 description='Premium Subscription'
 )
 tx_id = payment['transaction']['id']
 print(f"Transaction ID: {tx_id}")
 print(f"Checkout URL: https://paygate-gules.vercel.app/pay/{tx_id}")
except Exception as e:
 print(f"Error: {e}")
"""
CREATE_JS = """
(async () => {
const response = await fetch('https://paygate-production-f1e9.up.railway.app/api/v1/payment/create', {
 method: 'POST',
 headers: {
 'X-API-Key': 'sk_live_xxxxxxxxxxxx',
 'Content-Type': 'application/json'
 },
 body: JSON.stringify({
 amount: 150.00,
 orderId: 'ORDER-12345',
 description: 'Premium Subscription'
 })
});

const data = await response.json();
console.log('Transaction ID:', data.transaction.id);
console.log('QR Code:', data.transaction.qrCode);
console.log('Checkout URL:', 'https://paygate-gules.vercel.app/pay/' + data.transaction.id);
})();
"""


def prepare(host: Host, name: str, text: str) -> None:
    """Put the example beside the downloaded libraries, with this host and the merchant's key in it."""
    filled = text.replace(PAGE, host.base).replace(API, host.base)
    (host.folder / name).write_text(re.sub(r"sk_live_x+", host.world.secret_key, filled), encoding="utf-8")


def ran(host: Host, language: str, name: str, text: str) -> str:
    """What the example prints."""
    prepare(host, name, text)
    env = environment(PYTHONDONTWRITEBYTECODE="1")
    command = [runtime(language), name]
    done = subprocess.run(command, cwd=host.folder, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert not done.stderr, done.stderr
    return done.stdout


@contextmanager
def php_site(folder: Path) -> Iterator[str]:
    """PHP's own web server on *folder*: its address."""
    port = free_port()
    command = [runtime("php"), "-S", f"127.0.0.1:{port}", "-t", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment()) as site:
        assert site.stderr is not None
        assert b"started" in site.stderr.readline()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            site.terminate()


def test_the_examples_of_the_libraries_make_payments(host: Host) -> None:
    uuid = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    told = rf"Transaction ID: ({uuid})\nCheckout URL: {re.escape(host.base)}/pay/\1\n"
    assert re.fullmatch(told, ran(host, "node", "app.js", APP_JS))
    assert re.fullmatch(told, ran(host, "python", "app.py", APP_PY))
    prepare(host, "checkout.php", CHECKOUT_PHP)
    with php_site(host.folder) as site:
        answer = httpx2.get(f"{site}/checkout.php", trust_env=False, follow_redirects=False, timeout=30)
    assert answer.status_code == 302 and re.fullmatch(rf"{re.escape(host.base)}/pay/{uuid}", answer.headers["location"])


def test_the_first_example_without_a_library_makes_a_payment(host: Host) -> None:
    said = ran(host, "node", "create-payment.js", CREATE_JS)
    assert re.search(r"^QR Code: data:image/png;base64,", said, re.M) and f"Checkout URL: {host.base}/pay/" in said


def test_an_error_is_an_exception_with_a_message(host: Host) -> None:
    wrong = "sk_live_of_nobody"
    for language, name, text in [("node", "a.js", APP_JS), ("php", "a.php", CHECKOUT_PHP), ("python", "a.py", APP_PY)]:
        broken = text.replace(KEY, wrong)
        (host.folder / name).write_text(broken, encoding="utf-8")
        done = subprocess.run(
            [runtime(language), name], cwd=host.folder, env=environment(), capture_output=True, text=True, timeout=60
        )
        assert "Error: This API key is not valid." in done.stdout + done.stderr
