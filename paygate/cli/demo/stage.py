"""What the demo plays on: a folder, a real server process, and a shop that hears webhooks."""

from __future__ import annotations

import http.client
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from paygate.core.errors import PayGateError
from paygate.settings import KNOWN

MARK = "this-is-a-paygate-demo.txt"
LOCAL = "127.0.0.0/8"
START_S = 60.0
STOP_S = 30.0
CALL_S = 15.0
POLL_S = 0.02
LOG_TAIL_LINES = 8


class DemoFailed(PayGateError):
    """A step of the demo did not work; the text says why."""

    default = "The demo failed."


def settings_environ(folder: Path, **chosen: str) -> dict[str, str]:
    """This process's environment without its PayGate settings, those of an .env file included, but with *chosen*.

    Else the demo would play in somebody's real database.
    """
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PAYGATE_")}
    # Empty means absent, and goes before the .env file.
    hidden = dict.fromkeys((KNOWN | {"BASE_URL"}) - {"PAYGATE_PG_BIN"}, "")
    kept = {name: os.environ[name] for name in ("PAYGATE_PG_BIN",) if name in os.environ}
    ours = {"PAYGATE_DATA_DIR": str(folder), "PAYGATE_WEBHOOK_ALLOW_NETWORKS": LOCAL}
    return environ | hidden | kept | ours | chosen


@contextmanager
def data_folder(wanted: Path | None) -> Iterator[Path]:
    """The folder to play in: *wanted*, which stays, or a temporary one. Raises DemoFailed for anybody else's folder."""
    if wanted is None:
        folder = Path(tempfile.mkdtemp(prefix="paygate-demo-"))
        folder.chmod(0o755)  # Root may have to run PostgreSQL as somebody else; secrets in it are 0600.
    else:
        folder = wanted.absolute()
        _claim(folder)
    try:
        yield folder
    finally:
        if wanted is None:
            shutil.rmtree(folder, ignore_errors=True)


def _claim(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark = folder / MARK
        if not mark.exists():
            if any(folder.iterdir()):
                raise DemoFailed(
                    f"{folder} is not empty and no demo made it. Name a new folder: a demo would add its accounts to"
                    " whatever is in there."
                )
            mark.write_text("`paygate demo` plays in this folder. No real payments here.\n", encoding="utf-8")
    except OSError as error:
        raise DemoFailed(f"The folder {folder} cannot be used: {error.strerror or error}.") from error


class ServerProcess:
    """`paygate serve` on a free port, as an operator runs it; its log is in `log`."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "serve.log"
        self.base = ""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, heed: Callable[[], None]) -> None:
        """Start it and wait until it says that it is ready. Raises DemoFailed with the end of its log, and what *heed*
        raises, which is called while it waits."""
        command = [sys.executable, "-m", "paygate", "serve", "--port", "0", "--data", str(self._folder), "--json"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=settings_environ(self._folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is ours to hear; the server is told to stop when its time comes.
            )
        deadline = time.monotonic() + START_S
        self.base = self._read_address(deadline, heed)
        while not self._is_ready():
            heed()
            self.check(deadline)
            time.sleep(POLL_S)

    def check(self, deadline: float | None = None) -> None:
        """Raises DemoFailed when it has ended, or is not ready by the deadline."""
        if self._process is None or self._process.poll() is not None:
            raise DemoFailed(f"The server ended by itself.{self._said()}")
        if deadline is not None and time.monotonic() > deadline:
            raise DemoFailed(f"The server was not ready after {START_S:.0f} s.{self._said()}")

    def stop(self) -> int:
        """SIGTERM, and its exit status. Raises DemoFailed when it does not end."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        try:
            if process.poll() is None:
                process.terminate()
            return process.wait(STOP_S)
        except subprocess.TimeoutExpired as error:
            raise DemoFailed(f"The server did not stop within {STOP_S:.0f} s.{self._said()}") from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _read_address(self, deadline: float, heed: Callable[[], None]) -> str:
        process = self._process
        if process is None or process.stdout is None:
            raise DemoFailed("The server was not started.")
        while not select.select([process.stdout], [], [], 0.1)[0]:
            heed()
            self.check(deadline)
        line = process.stdout.readline()
        try:
            return str(json.loads(line)["url"])
        except (ValueError, KeyError) as error:
            raise DemoFailed(f"The server could not start.{self._said()}") from error

    def _is_ready(self) -> bool:
        try:
            return call(self.base, "GET", "/api/health/ready")[0] == 200
        except DemoFailed:
            return False

    def _said(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        except OSError:
            lines = []
        return "\n".join(["", *lines])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def call(
    base: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """One HTTP request, past any proxy: status and JSON, decimals exact. Raises DemoFailed without an answer."""
    url = urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=CALL_S)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read(), parse_float=Decimal)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DemoFailed(f"{method} {path} got no good answer: {error}.") from error
    finally:
        connection.close()


def expect(wanted: int, answer: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    """The JSON of an answer with the status *wanted*. Raises DemoFailed with what the server said instead."""
    status, said = answer
    if status != wanted:
        raise DemoFailed(f"The server answered {status} instead of {wanted}: {said.get('message', said)}")
    return said


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that came in; header names in lower case."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> str:
        """What it says it is."""
        return self.headers.get("x-webhook-event", "")

    def is_of(self, event: str, transaction_id: str) -> bool:
        """Whether it tells of *event* of that payment."""
        if self.event != event:
            return False
        try:
            return bool(json.loads(self.body)["data"]["transactionId"] == transaction_id)
        except (ValueError, KeyError, TypeError):
            return False


class Shop:
    """A merchant's server on a free port of this machine: takes webhooks, answers 200, keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[Delivery] = []
        self.on_delivery: Callable[[Delivery], None] | None = None
        self._came = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"

    def wait(self, event: str, transaction_id: str, timeout_s: float, heed: Callable[[], None]) -> Delivery:
        """The first delivery of *event* of that payment. Raises DemoFailed when none comes in time, and what *heed*
        raises, which is called while it waits."""
        deadline = time.monotonic() + timeout_s
        with self._came:
            while True:
                for one in self.heard:
                    if one.is_of(event, transaction_id):
                        return one
                if time.monotonic() > deadline:
                    got = ", ".join(one.event for one in self.heard) or "nothing"
                    raise DemoFailed(f"No webhook {event} came within {timeout_s:.0f} s; what came: {got}.")
                self._came.wait(0.1)
                heed()

    def _take(self, delivery: Delivery) -> None:
        with self._came:
            self.heard.append(delivery)
            self._came.notify_all()
        if self.on_delivery is not None:
            self.on_delivery(delivery)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                shop._take(Delivery({name.lower(): text for name, text in self.headers.items()}, body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """The demo tells of what arrives in its own way."""

        return Handler

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="shop", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
