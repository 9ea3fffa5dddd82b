"""Receivers in JavaScript, run by Node on deliveries as they came in.

Where Node or a package is absent the test is skipped with the reason; PAYGATE_REQUIRE_ALL=1 makes that a failure.
`npm ci --prefix FOLDER` with the files of tests/node, and NODE_PATH=FOLDER/node_modules, bring the packages.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import pytest

Delivery = tuple[Mapping[str, str], bytes]

# The receiver of the seed's guide, verbatim (its line numbers left out); what goes before it stands in for Express:
# express.json() parses the body, and the answer's status is printed.
SEED_RECEIVER = """
const crypto = require('crypto');

function verifyWebhookSignature(payload, signature, secret) {
 const expectedSignature = crypto
 .createHmac('sha256', secret)
 .update(JSON.stringify(payload))
 .digest('hex');

 return signature === expectedSignature;
}

// Express.js example
app.post('/webhook', (req, res) => {
 const signature = req.headers['x-webhook-signature'];
 const isValid = verifyWebhookSignature(req.body, signature, process.env.WEBHOOK_SECRET);

 if (!isValid) {
 return res.status(401).json({ error: 'Invalid signature' });
 }

 console.log('Received:', req.body.event);
 res.json({ received: true });
});
"""
_EXPRESS = """
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const answers = [];
const app = { post(path, handler) {
  for (const { headers, body } of input) {
    let code = 200;
    const res = { status(c) { code = c; return res; }, json(value) { answers.push(code); } };
    handler({ headers, body: JSON.parse(body) }, res);
  }
} };
"""
_STANDARD = """
const { Webhook } = require('standardwebhooks');
const answers = JSON.parse(require('fs').readFileSync(0, 'utf8')).map(({ headers, body }) => {
  try { new Webhook(process.env.WEBHOOK_SECRET).verify(body, headers); return 200; } catch (error) { return 401; }
});
"""
_TOLD = "\nconsole.log(JSON.stringify(answers));"


def seed_receiver(deliveries: Sequence[Delivery], secret: str) -> list[int]:
    """What the seed's receiver answers to each delivery."""
    return _answers(_EXPRESS + SEED_RECEIVER, deliveries, secret)


def standard_webhooks(deliveries: Sequence[Delivery], secret: str) -> list[int]:
    """200 for each delivery that the published package for Node verifies, else 401."""
    found = subprocess.run([node(), "-e", "require.resolve('standardwebhooks')"], capture_output=True, timeout=60)
    if found.returncode:
        missing("the npm package standardwebhooks is not there (see tests/javascript.py)")
    return _answers(_STANDARD, deliveries, secret)


def _answers(script: str, deliveries: Sequence[Delivery], secret: str) -> list[int]:
    sent = [{"headers": {k.lower(): v for k, v in h.items()}, "body": b.decode()} for h, b in deliveries]
    done = subprocess.run(
        [node(), "-e", script + _TOLD],
        input=json.dumps(sent).encode(),
        capture_output=True,
        timeout=60,
        check=True,
        env={**os.environ, "WEBHOOK_SECRET": secret},
    )
    statuses: Any = json.loads(done.stdout.decode().splitlines()[-1])
    assert isinstance(statuses, list)
    return statuses


def node() -> str:
    """Where Node is."""
    return shutil.which("node") or missing("node is not installed: receivers in JavaScript were not run")


def missing(what: str) -> NoReturn:
    """Skip the test for want of *what*, or fail it where everything is wanted."""
    if os.environ.get("PAYGATE_REQUIRE_ALL") == "1":
        pytest.fail(f"{what}, and PAYGATE_REQUIRE_ALL=1 demands every check")
    pytest.skip(what)
