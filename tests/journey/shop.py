"""A merchant's server: keeps every webhook that it is sent."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

WAIT_S = 30.0


class Shop:
    """Listens on a free port of this machine. `heard` has (event, headers in lower case, body) in order of arrival."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self._news = threading.Condition()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with shop._news:
                    shop.heard.append((headers["x-webhook-event"], headers, body))
                    shop._news.notify_all()
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing to say."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def wait(self, event: str, count: int = 1) -> tuple[dict[str, str], bytes]:
        """The first delivery of *event*, once there are *count* of them."""
        with self._news:
            arrived = self._news.wait_for(lambda: sum(e == event for e, _, _ in self.heard) >= count, WAIT_S)
        assert arrived, f"{event} did not arrive {count} times in {WAIT_S} s; heard {[e for e, _, _ in self.heard]}"
        return next((headers, body) for e, headers, body in self.heard if e == event)

    def wait_for_all(self, payment_ids: set[str]) -> None:
        """Wait until each of these payments was told to be paid, at least once."""

        def missing() -> set[str]:
            told = [json.loads(body)["data"]["transactionId"] for e, _, body in self.heard if e == "payment.success"]
            return payment_ids - set(told)

        with self._news:
            assert self._news.wait_for(lambda: not missing(), WAIT_S), f"never told: {missing()}"

    def __enter__(self) -> Shop:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
