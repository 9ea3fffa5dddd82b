"""`paygate log list`: what a server's requests came to, read beside it on the command line."""

from __future__ import annotations

from collections.abc import Callable

import httpx2

from paygate.core import ids
from tests.cli.conftest import Paygate
from tests.servers import Server
from tests.worlds import World


def test_a_refused_request_is_found_on_the_command_line(
    world: World, server: Callable[..., Server], paygate: Paygate
) -> None:
    running = server("--no-worker")
    headers = {"X-API-Key": world.secret_key}
    refused = httpx2.post(f"{running.base}/api/v1/payment/create", json={}, headers=headers, trust_env=False)
    unknown = httpx2.get(f"{running.base}/nowhere", trust_env=False)
    running.stop()  # What it noted last it writes as it ends.
    owner = ids.show_merchant(world.merchant_id)
    request_id = refused.headers["request-id"]
    [line] = paygate("log", "list", "--owner", owner, "--request", request_id, "--json").json["logs"]
    assert (line["level"], line["status"], line["requestId"]) == ("warn", 400, request_id)
    assert line["credential"] == f"sk_live_...{world.secret_key[-4:]}"
    told = paygate("log", "list", "--owner", owner, "--source", "http").out
    assert "POST /api/v1/payment/create: 400 INVALID_REQUEST (amount)" in told and request_id in told
    central = paygate("log", "list", "--level", "warn").out
    assert "GET an unknown address: 404 NOT_FOUND" in central and unknown.headers["request-id"] in central
    assert "There are none." in paygate("log", "list", "--owner", owner, "--test", "--source", "http").out
    wrong = paygate("log", "list", "--from", "yesterday")
    assert wrong.status == 1 and "--from is a day in Bangkok" in wrong.err
