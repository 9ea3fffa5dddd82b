"""Bad weather between a shop and PayGate: what the libraries try again, what they do not, and with which key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.sdk.conftest import Host
from tests.sdk.languages import FILES, Sdk, SdkError

NOW = {"Retry-After": "0"}
FINE = (201, {}, {"success": True, "transaction": {"id": "x"}})
DROP = (0, {}, None)
Answer = tuple[int, dict[str, str], Any]


class Weather:
    """A server that answers as `coming` says, one after the other; `heard` has (method, path, key, body)."""

    def __init__(self) -> None:
        self.coming: list[Answer] = []
        self.heard: list[tuple[str, str, str | None, bytes]] = []
        weather = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                weather.heard.append((self.command, self.path, self.headers.get("idempotency-key"), body))
                status, headers, content = weather.coming.pop(0)
                if not status:
                    self.close_connection = True
                    return
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(raw))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PATCH = do_DELETE = answer

            def log_message(self, format: str, *args: object) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def expect(self, *answers: Answer) -> None:
        """What comes next; what was heard before is forgotten."""
        self.coming, self.heard = list(answers), []


@pytest.fixture(scope="module")
def weather() -> Iterator[Weather]:
    """The server, for all tests of this file."""
    made = Weather()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def client(host: Host, language: str, weather: Weather) -> Iterator[Sdk]:
    """A client of the bad weather."""
    with Sdk(language, host.folder / FILES[language], "sk_live_x", baseUrl=f"{weather.base}/") as made:
        yield made


def refusal(code: str, status: int, **headers: str) -> Answer:
    """An answer as the API refuses."""
    return status, headers, {"error": code, "message": "no", "requestId": "req_1"}


def test_what_may_have_failed_by_chance_is_sent_again_with_the_same_key(client: Sdk, weather: Weather) -> None:
    for first in (
        refusal("UNAVAILABLE", 503, **NOW),
        refusal("CONFLICT", 409, **NOW),
        refusal("RATE_LIMITED", 429, **NOW),
    ):
        weather.expect(first, (502, NOW, b"<html>"), FINE)
        assert client.create_payment(amount=1)["transaction"]["id"] == "x"
        assert len(weather.heard) == 3 and len(set(weather.heard)) == 1
        assert weather.heard[0][2]
    weather.expect(DROP, FINE)
    client.create_payment("mine", amount=1)
    assert [key for _, _, key, _ in weather.heard] == ["mine", "mine"]


def test_what_will_not_change_is_told_at_once(client: Sdk, weather: Weather) -> None:
    waits = {"Retry-After": "60"}
    for answer, name in [
        (refusal("CONFLICT", 409), "Conflict"),
        (refusal("CONFLICT", 409, **waits), "Conflict"),
        (refusal("RATE_LIMITED", 429, **waits), "RateLimit"),
        (refusal("INSUFFICIENT_BALANCE", 409), "InsufficientBalance"),
        (refusal("PAYLOAD_TOO_LARGE", 413), "InvalidRequest"),
        (refusal("SOMETHING_NEW", 403), "Forbidden"),
        ((302, {"Location": f"{weather.base}/elsewhere"}, b""), ""),  # The key goes nowhere else.
        ((200, {}, b"<html>"), "Server"),
        ((418, {}, b"[1]"), ""),
    ]:
        weather.expect(answer)
        with pytest.raises(SdkError) as caught:
            client.create_payment(amount=1)
        assert caught.value.name in {name, name or "PayGate"}, (answer, caught.value.told)
        assert caught.value.told["known"] and len(weather.heard) == 1
        if answer[1] == waits:
            assert caught.value.told["retryAfter"] == 60


def test_the_last_of_three_tries_is_told(client: Sdk, weather: Weather) -> None:
    weather.expect(*[refusal("UNAVAILABLE", 503, **NOW)] * 3)
    error = client.refused("getPayment", "x")
    assert (error.name, error.told["status"], error.told["requestId"]) == ("Server", 503, "req_1")
    assert [(method, path, key) for method, path, key, _ in weather.heard] == [("GET", "/api/v1/payment/x", None)] * 3


def test_a_delete_is_sent_once_for_its_second_answer_would_mislead(client: Sdk, weather: Weather) -> None:
    weather.expect(DROP)
    assert client.refused("deleteWebhookEndpoint", "we_1").name == "Network"
    weather.expect(refusal("SERVER_ERROR", 500, **NOW))
    assert client.refused("deleteWebhookEndpoint", "we_1").name == "Server"


def test_no_retries_when_none_are_wanted(client: Sdk, weather: Weather) -> None:
    client.renew("sk_live_x", baseUrl=weather.base, maxRetries=0)
    weather.expect(DROP)
    assert client.refused("getPayment", "x").name == "Network"
    assert len(weather.heard) == 1


def test_a_payment_is_watched_over_broken_lines_until_it_is_over(client: Sdk, weather: Weather) -> None:
    def said(*statuses: str) -> Answer:
        events = [f'event: status\r\ndata: {{"transaction": {{"status": "{status}"}}}}\r\n\r\n' for status in statuses]
        return 200, {"Content-Type": "text/event-stream"}, (": ping\r\n\r\n" + "".join(events)).encode()

    weather.expect(refusal("UNAVAILABLE", 503, **NOW), said("PENDING"), said("PENDING", "PAID", "PENDING"))
    heard = client.call("watchPayment", "x")
    told = [heard] if client.language == "php" else heard  # PHP hands each to a function, and returns the last.
    assert told[-1] == {"transaction": {"status": "PAID"}}
    assert client.language == "php" or [one["transaction"]["status"] for one in told] == ["PENDING", "PENDING", "PAID"]
    assert [path for _, path, _, _ in weather.heard] == ["/api/v1/payment/x/events"] * 3
